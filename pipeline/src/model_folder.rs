//! The folder of a model, also by that of its run.

use std::convert::Infallible;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use textmill_model::CONFIG_FILE;

/// The folder with the parameters: the one named, or the best checkpoint of the run or training
/// that it is of.
pub fn of_model(named: &Path) -> Result<PathBuf> {
    let candidates = [
        named.to_path_buf(),
        named.join("best"),
        named.join("train").join("best"),
    ];
    match candidates.iter().find(|dir| dir.join(CONFIG_FILE).exists()) {
        Some(found) => Ok(found.clone()),
        None if !named.exists() => bail!("{}: no such folder", named.display()),
        None => bail!(
            "{}: holds no model; name a folder with config.json, model.safetensors and \
             tokenizer.json, or a run whose train stage is done",
            named.display()
        ),
    }
}

/// Reads a `--model`: the folder of a run stands for its best checkpoint. What is no folder of
/// either is left as it is, for the command to say what is missing in it.
pub fn model_folder(named: &str) -> Result<PathBuf, Infallible> {
    let named = Path::new(named);
    Ok(of_model(named).unwrap_or_else(|_| named.to_path_buf()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_stands_for_its_best_checkpoint() {
        let run = tempfile::tempdir().unwrap();
        let message = of_model(run.path()).unwrap_err().to_string();
        assert!(message.contains("holds no model"), "{message}");
        let best = run.path().join("train/best");
        std::fs::create_dir_all(&best).unwrap();
        std::fs::write(best.join(CONFIG_FILE), "{}").unwrap();
        for named in [run.path(), &run.path().join("train"), &best] {
            assert_eq!(of_model(named).unwrap(), best);
            assert_eq!(model_folder(named.to_str().unwrap()), Ok(best.clone()));
        }
        let message = of_model(&run.path().join("none")).unwrap_err().to_string();
        assert!(message.contains("no such folder"), "{message}");
        assert_eq!(model_folder("none"), Ok(PathBuf::from("none")));
    }
}
