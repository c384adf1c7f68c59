//! The folder of a fine-tuned model.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tch::{Device, Tensor};
use textmill_model::{
    Architecture, CONFIG_FILE, Gpt, TOKENIZER_CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE,
    read_tensors, tokenizer_config, write_tensors,
};

use crate::Error;
use crate::learner::Learner;
use crate::recipe::{RECIPE_FILE, Recipe};

const TEMPLATE_FILE: &str = "chat_template.jinja";
/// Folder of the adapters alone, in PEFT's form.
const ADAPTER: &str = "adapter";

fn read_json(path: &Path) -> Result<Value, Error> {
    let json = fs::read(path).map_err(Error::io(path))?;
    serde_json::from_slice(&json).map_err(|error| Error::file(path, error))
}

pub(crate) fn write_json(path: &Path, value: &impl serde::Serialize) -> Result<(), Error> {
    let json = serde_json::to_vec_pretty(value).map_err(|error| Error::file(path, error))?;
    fs::write(path, json).map_err(Error::io(path))
}

/// Writes a fine-tuned model beside its recipe: a folder that textmill and transformers read, with
/// the tokenizer of `base`. Adapters are part of the weights, and stand by themselves in `adapter/`.
pub(crate) fn save(
    learner: &Learner,
    recipe: &Recipe,
    base: &Path,
    out: &Path,
) -> Result<(), Error> {
    fs::create_dir_all(out).map_err(Error::io(out))?;
    learner.gpt.save(out)?;
    if let Some(head) = &learner.head {
        let path = out.join(WEIGHTS_FILE);
        let mut tensors = read_tensors(&path)?;
        tensors.insert(
            recipe.head_name().to_owned(),
            head.f_detach()?.f_to_device(Device::Cpu)?,
        );
        write_tensors(
            &path,
            tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)),
        )?;
    }
    let config = learner.gpt.config();
    let path = out.join(CONFIG_FILE);
    let mut json = read_json(&path)?;
    let architecture = match config.architecture {
        Architecture::Llama => "LlamaForSequenceClassification",
        Architecture::Gpt2 => "GPT2ForSequenceClassification",
        // Theirs has a pooling layer before the head, which pre-training without next sentences
        // does not train: the folder stays one that transformers reads as it is.
        Architecture::Bert => "BertForMaskedLM",
    };
    for (key, value) in recipe.config(architecture, config.eot_id) {
        json[key] = value;
    }
    write_json(&path, &json)?;
    let (from, to) = (base.join(TOKENIZER_FILE), out.join(TOKENIZER_FILE));
    if from != to {
        fs::copy(&from, &to).map_err(Error::io(&from))?;
    }
    let settings = tokenizer_config(config, &read_json(&to)?);
    write_json(&out.join(TOKENIZER_CONFIG_FILE), &settings)?;
    if recipe.task == crate::Task::Instruct {
        let path = out.join(TEMPLATE_FILE);
        fs::write(&path, recipe.template()).map_err(Error::io(&path))?;
    }
    if let Some(lora) = &learner.lora {
        let dir = out.join(ADAPTER);
        fs::create_dir_all(&dir).map_err(Error::io(&dir))?;
        lora.save(&dir, &base.display().to_string(), config.architecture)?;
    }
    write_json(&out.join(RECIPE_FILE), recipe)
}

/// The head of a folder, for a recipe that has one.
pub(crate) fn head(folder: &Path, recipe: &Recipe, gpt: &Gpt) -> Result<Option<Tensor>, Error> {
    if recipe.outputs() == 0 {
        return Ok(None);
    }
    let path = folder.join(WEIGHTS_FILE);
    let name = recipe.head_name();
    let shape = [recipe.outputs(), gpt.config().width];
    let found = read_tensors(&path)?
        .remove(name)
        .filter(|head| head.size() == shape);
    let found = found.ok_or_else(|| {
        let problem = format!("has no `{name}` of shape {shape:?}, which {RECIPE_FILE} calls for");
        Error::file(&path, problem)
    })?;
    Ok(Some(found.f_to_device(gpt.device())?))
}
