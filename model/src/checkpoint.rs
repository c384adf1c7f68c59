//! A model in a folder: model.safetensors under Hugging Face names, and config.json.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use tch::{Device, Tensor};

use crate::Error;
use crate::config::ModelConfig;
use crate::gpt::Gpt;
use crate::hugging_face;
use crate::tensors::{read_tensors, write_tensors};

/// File with the parameters.
pub const WEIGHTS_FILE: &str = "model.safetensors";
/// File with the architecture and sizes.
pub const CONFIG_FILE: &str = "config.json";
/// File with what transformers' `generate` does unless told otherwise.
pub const GENERATION_FILE: &str = "generation_config.json";
/// File that says, for models in several files, where each tensor is.
const INDEX_FILE: &str = "model.safetensors.index.json";
/// File with the vocabulary, which the trainer puts beside them.
pub const TOKENIZER_FILE: &str = "tokenizer.json";
/// File that tells transformers how to use it ([`crate::tokenizer_config`]).
pub const TOKENIZER_CONFIG_FILE: &str = "tokenizer_config.json";

impl Gpt {
    /// Writes model.safetensors, config.json and generation_config.json into an existing folder,
    /// synced.
    ///
    /// Names, shapes and configuration are those of the stock `LlamaForCausalLM`,
    /// `GPT2LMHeadModel` or `BertForMaskedLM`; the padding of the vocabulary is left out. The folder itself is not
    /// made atomic: write to a temporary one and rename it.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Safetensors`], with the file's name.
    pub fn save(&self, dir: &Path) -> Result<(), Error> {
        let mut named = Vec::new();
        for (name, view, transposed) in self.parts()? {
            let tensor = match transposed {
                true => view.f_transpose(0, 1)?,
                false => view,
            };
            named.push((name, tensor.f_to_device(Device::Cpu)?));
        }
        let tensors = named.iter().map(|(name, tensor)| (*name, tensor));
        write_tensors(&dir.join(WEIGHTS_FILE), tensors)?;

        write_json(
            &dir.join(CONFIG_FILE),
            &hugging_face::to_json(self.config()),
        )?;
        let generation = hugging_face::generation_config(self.config());
        write_json(&dir.join(GENERATION_FILE), &generation)
    }

    /// Reads a model from a folder with model.safetensors and config.json, its own or a stock
    /// GPT-2, Llama or BERT, in one file or in those that model.safetensors.index.json names;
    /// parameters become fp32.
    ///
    /// # Errors
    /// When a file is missing, damaged, does not fit the other, or asks for what the network
    /// does not have; the message names the file.
    pub fn load(dir: &Path, device: Device) -> Result<Self, Error> {
        let config = load_config(dir)?;
        let (path, tensors) = read_weights(dir)?;
        let gpt = Self::zeros(&config, device)?;
        for (name, mut view, transposed) in gpt.parts()? {
            let stored = find(&tensors, name).ok_or_else(|| Error::MissingTensor {
                path: path.clone(),
                name: name.to_owned(),
            })?;
            let stored = match transposed && stored.dim() == 2 {
                true => stored.f_transpose(0, 1)?,
                false => stored.shallow_clone(),
            };
            if stored.size() != view.size() {
                return Err(Error::Shape {
                    path,
                    name: name.to_owned(),
                    found: stored.size(),
                    expected: view.size(),
                });
            }
            view.f_copy_(&stored)?;
        }
        Ok(gpt)
    }
}

fn write_json(path: &Path, json: &serde_json::Value) -> Result<(), Error> {
    let json = serde_json::to_vec_pretty(json).map_err(Error::json(path))?;
    let mut file = File::create(path).map_err(Error::io(path))?;
    file.write_all(&json).map_err(Error::io(path))?;
    file.sync_all().map_err(Error::io(path))
}

/// All tensors of a folder, and the file that names them.
fn read_weights(dir: &Path) -> Result<(PathBuf, BTreeMap<String, Tensor>), Error> {
    #[derive(serde::Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, String>,
    }
    let (path, index) = (dir.join(WEIGHTS_FILE), dir.join(INDEX_FILE));
    if path.exists() || !index.exists() {
        let tensors = read_tensors(&path)?;
        return Ok((path, tensors));
    }
    let json = fs::read(&index).map_err(Error::io(&index))?;
    let parsed: Index = serde_json::from_slice(&json).map_err(Error::json(&index))?;
    let files: BTreeSet<String> = parsed.weight_map.into_values().collect();
    let mut tensors = BTreeMap::new();
    for file in files {
        // A name only: an index from elsewhere does not get to read other folders.
        let name = Path::new(&file).file_name().unwrap_or_default();
        tensors.extend(read_tensors(&dir.join(name))?);
    }
    Ok((index, tensors))
}

/// Reads the config.json of a model's folder.
///
/// # Errors
/// When it is missing, damaged, or asks for what the network does not have.
pub fn load_config(dir: &Path) -> Result<ModelConfig, Error> {
    let path = dir.join(CONFIG_FILE);
    let json = fs::read(&path).map_err(Error::io(&path))?;
    let json = serde_json::from_slice(&json).map_err(Error::json(&path))?;
    hugging_face::from_json(&path, json)
}

/// The original GPT-2 files lack the prefix that later ones have; the original BERT ones call the
/// parameters of norms otherwise, and those of bare encoders lack the prefix.
fn find<'a>(tensors: &'a BTreeMap<String, Tensor>, name: &str) -> Option<&'a Tensor> {
    let short = ["transformer.", "bert."].map(|prefix| name.strip_prefix(prefix));
    let names = std::iter::once(name).chain(short.into_iter().flatten());
    let old = |name: &str| match name.rsplit_once(".LayerNorm.")? {
        (layer, "weight") => Some(format!("{layer}.LayerNorm.gamma")),
        (layer, _) => Some(format!("{layer}.LayerNorm.beta")),
    };
    let mut all = names.flat_map(|name| [Some(name.to_owned()), old(name)]);
    all.find_map(|name| tensors.get(&name?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Architecture, Size};

    fn tiny(architecture: Architecture, tied: bool) -> Gpt {
        let mut config = ModelConfig::new(architecture, Size::ALL[0], 70, 12);
        (config.layers, config.width, config.feed_forward) = (2, 32, 96);
        (config.eot_id, config.tie_embeddings) = (Some(0), tied);
        Gpt::new(&config, 5, Device::Cpu).unwrap()
    }

    #[test]
    fn models_round_trip() {
        for architecture in Architecture::ALL {
            for tied in [true, false] {
                if !tied && architecture == Architecture::Bert {
                    continue; // there is none
                }
                let dir = tempfile::tempdir().unwrap();
                let gpt = tiny(architecture, tied);
                gpt.save(dir.path()).unwrap();
                let read = Gpt::load(dir.path(), Device::Cpu).unwrap();
                assert_eq!(read.config(), gpt.config());
                assert!(read.flat().equal(gpt.flat()));
            }
        }
    }

    #[test]
    fn files_have_the_stock_names_and_shapes() {
        let shapes = |architecture| -> BTreeMap<String, Vec<i64>> {
            let dir = tempfile::tempdir().unwrap();
            tiny(architecture, true).save(dir.path()).unwrap();
            let tensors = read_tensors(&dir.path().join(WEIGHTS_FILE)).unwrap();
            tensors
                .into_iter()
                .map(|(name, t)| (name, t.size()))
                .collect()
        };
        let llama = shapes(Architecture::Llama);
        assert_eq!(llama.len(), 2 + 2 * 9);
        assert_eq!(llama["model.embed_tokens.weight"], [70, 32]);
        assert_eq!(llama["model.layers.1.self_attn.k_proj.weight"], [32, 32]);
        assert_eq!(llama["model.layers.0.mlp.gate_proj.weight"], [96, 32]);
        assert_eq!(llama["model.layers.0.mlp.down_proj.weight"], [32, 96]);
        assert_eq!(llama["model.norm.weight"], [32]);
        let gpt2 = shapes(Architecture::Gpt2);
        assert_eq!(gpt2.len(), 4 + 2 * 12);
        assert_eq!(gpt2["transformer.h.0.attn.c_attn.weight"], [32, 96]);
        assert_eq!(gpt2["transformer.h.1.mlp.c_proj.weight"], [96, 32]);
        assert_eq!(gpt2["transformer.wpe.weight"], [12, 32]);
    }

    #[test]
    fn what_is_missing_or_does_not_fit_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let message = || Gpt::load(dir.path(), Device::Cpu).unwrap_err().to_string();
        assert!(message().contains("config.json"));
        tiny(Architecture::Llama, false).save(dir.path()).unwrap();
        let path = dir.path().join(WEIGHTS_FILE);
        let mut tensors = read_tensors(&path).unwrap();
        let norm = tensors.remove("model.norm.weight").unwrap();
        let write = |tensors: &BTreeMap<String, Tensor>| {
            write_tensors(&path, tensors.iter().map(|(n, t)| (n.as_str(), t))).unwrap();
        };
        write(&tensors);
        assert!(message().contains("`model.norm.weight` is missing"));
        tensors.insert("model.norm.weight".to_owned(), norm.narrow(0, 0, 7));
        write(&tensors);
        assert!(message().contains("[7]"));
        fs::remove_file(&path).unwrap();
        assert!(message().contains(WEIGHTS_FILE));
    }

    #[test]
    fn models_in_several_files_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let gpt = tiny(Architecture::Llama, false);
        gpt.save(dir.path()).unwrap();
        let path = dir.path().join(WEIGHTS_FILE);
        let mut map = serde_json::Map::new();
        for (number, (name, tensor)) in read_tensors(&path).unwrap().iter().enumerate() {
            let file = format!("model-{number:05}.safetensors");
            write_tensors(&dir.path().join(&file), [(name.as_str(), tensor)]).unwrap();
            map.insert(name.clone(), file.into());
        }
        fs::remove_file(&path).unwrap();
        let index = serde_json::json!({"metadata": {}, "weight_map": map});
        fs::write(dir.path().join(INDEX_FILE), index.to_string()).unwrap();
        let read = Gpt::load(dir.path(), Device::Cpu).unwrap();
        assert!(read.flat().equal(gpt.flat()));
        fs::remove_file(dir.path().join("model-00003.safetensors")).unwrap();
        let message = Gpt::load(dir.path(), Device::Cpu).unwrap_err().to_string();
        assert!(message.contains("model-00003.safetensors"), "{message}");
    }

    #[test]
    fn original_gpt2_names_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let gpt = tiny(Architecture::Gpt2, true);
        gpt.save(dir.path()).unwrap();
        let path = dir.path().join(WEIGHTS_FILE);
        let tensors = read_tensors(&path).unwrap();
        let short = tensors
            .iter()
            .map(|(name, tensor)| (name.strip_prefix("transformer.").unwrap(), tensor));
        write_tensors(&path, short).unwrap();
        let read = Gpt::load(dir.path(), Device::Cpu).unwrap();
        assert!(read.flat().equal(gpt.flat()));
    }
}
