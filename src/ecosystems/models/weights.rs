//! How many parameters a model has by the headers of its files, and which architecture they name: for what nobody declares.

use super::describe::format;
use super::format::Format;
use crate::artifact::{Artifact, Blobs, Descriptor};
use crate::error::{Error, Result};
use crate::report::{Model, Weights};
use crate::scan::tensors::{Counted, Form, count};
use std::collections::BTreeMap;
use std::io::BufReader;

/// Most files of one model whose headers are read.
const MOST: usize = 2000;

/// The model with what its files' headers say. What is declared stays: a header only says what nobody does.
pub(super) fn counted(mut model: Model, artifact: &Artifact, blobs: &dyn Blobs) -> Result<Model> {
    let mut all: BTreeMap<String, (String, u64)> = BTreeMap::new();
    let mut named = None;
    for (n, blob) in artifact.descriptors.iter().take(MOST).enumerate() {
        let Some(found) = header(blob, blobs)? else { continue };
        let file = blob.name.clone().unwrap_or_else(|| format!("file {n}"));
        named = named.or_else(|| Some((found.architecture?, file.clone())));
        let of_one = all.entry(together(&file)).or_insert((file, 0));
        of_one.1 = of_one.1.saturating_add(found.elements);
    }
    if let (None, Some((architecture, file))) = (&model.architecture, named) {
        (model.architecture, model.architecture_from) = (Some(architecture), Some(format!("the header of {file}")));
    }
    model.counted = all.into_values().map(|(file, parameters)| Weights { file, parameters }).collect();
    if let ([first, others @ ..], None) = (&model.counted[..], model.parameters) {
        // The same model may lie here in several forms; different ones have no number together.
        model.parameters = Some(first.parameters).filter(|n| others.iter().all(|other| other.parameters == *n));
    }
    Ok(model)
}

fn header(blob: &Descriptor, blobs: &dyn Blobs) -> Result<Option<Counted>> {
    let form = match format(blob, blobs) {
        Some(Format::Safetensors) => Form::Safetensors,
        Some(Format::Gguf) => Form::Gguf,
        _ => return Ok(None),
    };
    let Some(file) = blobs.open(&blob.digest)? else { return Ok(None) };
    count(form, &mut BufReader::new(file), blob.size).map_err(|e| Error::io("a file of tensors cannot be read", &e))
}

/// What the files of one model have in common: `model-00002-of-00005.safetensors` is one of five.
fn together(file: &str) -> String {
    let split = |file: &str| -> Option<(String, String)> {
        let (start, end) = file.rsplit_once("-of-")?;
        let (stem, number) = start.rsplit_once('-')?;
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        is_number(number).then(|| (stem.to_owned(), end.to_owned())).filter(|(_, end)| is_number(end.split('.').next().unwrap_or_default()))
    };
    split(file).map_or_else(|| file.to_owned(), |(stem, end)| format!("{stem}-of-{end}"))
}

#[cfg(test)]
mod tests {
    use super::together;

    #[test]
    fn parts_of_one_model_go_together() {
        assert_eq!(together("a/model-00001-of-00002.safetensors"), together("a/model-00002-of-00002.safetensors"));
        for alone in ["model.safetensors", "one-of-a-kind.gguf", "model-x-of-00002.gguf", "model-00001-of-.gguf"] {
            assert_eq!(together(alone), alone);
        }
    }
}
