//! What is known of a trained model: for the most part what its publisher declares.

/// A dataset or model that a model's publisher names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Dataset {
    /// Its name, as declared.
    pub name: String,
    /// Its package URL, where it can be had at the same place.
    pub purl: Option<String>,
    /// References of the components that it is, where it is here; set by [`super::Inventory::new`].
    pub here: Vec<String>,
}

/// What the headers of a file of tensors, or of several that are one model, come to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Weights {
    /// The file, or the first of several.
    pub file: String,
    /// How many elements the tensors have together.
    pub parameters: u64,
}

/// A model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Model {
    /// What it is for, as declared: `text-generation`.
    pub task: Option<String>,
    /// Its architecture: `llama`, `BertForMaskedLM`.
    pub architecture: Option<String>,
    /// The file whose header names the architecture, where nobody declares it.
    pub architecture_from: Option<String>,
    /// Number of parameters, as declared, or counted where all weights here have as many.
    pub parameters: Option<u64>,
    /// The number of parameters as it is declared in words: `8b`.
    pub parameters_text: Option<String>,
    /// What was counted in the headers of its files.
    pub counted: Vec<Weights>,
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

impl Model {
    /// The lines of what is known, each with the name of the property it is.
    pub(super) fn facts(&self) -> Vec<(&'static str, String)> {
        let number = |n: u64| if n == 0 { String::new() } else { n.to_string() };
        let mut all = vec![
            ("model-parameters", number(self.parameters.unwrap_or_default())),
            ("model-parameters-declared", self.parameters_text.clone().unwrap_or_default()),
            ("model-library", self.library.clone().unwrap_or_default()),
            ("model-formats", self.formats.join(", ")),
            ("model-files-that-run-when-loaded", self.executable.join(", ")),
            ("model-files-not-looked-into", number(self.not_looked_into)),
            ("model-architecture-from", self.architecture_from.clone().unwrap_or_default()),
        ];
        all.extend(self.counted.iter().map(|w| ("model-parameters-counted", format!("{}: {}", w.file, w.parameters))));
        all.retain(|(_, value)| !value.is_empty());
        all
    }
}
