//! What is known of a trained model: for the most part what its publisher declares.

/// A dataset that a model's publisher names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dataset {
    /// Its name, as declared.
    pub name: String,
    /// Its package URL, where it can be had at the same place.
    pub purl: Option<String>,
}

/// A model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Model {
    /// What it is for, as declared: `text-generation`.
    pub task: Option<String>,
    /// Its architecture: `llama`, `BertForMaskedLM`.
    pub architecture: Option<String>,
    /// Number of parameters.
    pub parameters: Option<u64>,
    /// The library it is for.
    pub library: Option<String>,
    /// Datasets it is declared to have been trained on.
    pub datasets: Vec<Dataset>,
    /// Models it is declared to be made from: name and package URL.
    pub bases: Vec<Dataset>,
    /// Formats that its files show by content.
    pub formats: Vec<String>,
    /// Files whose loading runs what they say.
    pub executable: Vec<String>,
    /// Files of which it is not known whether they are such.
    pub not_looked_into: u64,
}
