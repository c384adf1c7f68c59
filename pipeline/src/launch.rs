//! Finds libtorch where the dynamic loader will, checks its version, and starts the program.

use std::env;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

// The crate `model` would bring libtorch with it; its one file about versions does not.
#[path = "../../model/src/libtorch.rs"]
mod libtorch;

use libtorch::expected;

const LIBRARY: &str = "libtorch_cpu.so";
const PROGRAM: &str = "textmill-torch";

/// What keeps the program from starting, with the mend.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "libtorch {} is missing: {LIBRARY} is in none of {folders}; run `make setup`, or give its \
         folder in LD_LIBRARY_PATH",
        expected()
    )]
    Missing { folders: String },
    #[error(
        "{folder} holds libtorch {found}, but textmill is built for {}; run `make setup`, or take \
         that folder out of LD_LIBRARY_PATH",
        expected()
    )]
    Mismatch { folder: String, found: String },
    #[error("{program}: {source}; it belongs beside `textmill`: run `make build`")]
    Program { program: String, source: io::Error },
}

/// Becomes the program; returns only if that cannot be.
pub fn launch() -> Error {
    let here = match env::current_exe() {
        Ok(path) => path,
        Err(source) => {
            let program = PROGRAM.to_owned();
            return Error::Program { program, source };
        }
    };
    if let Err(error) = check(&folders(&here, env::var_os("LD_LIBRARY_PATH").as_deref())) {
        return error;
    }
    let program = here.with_file_name(PROGRAM);
    let mut arguments = env::args_os();
    let name = arguments.next().unwrap_or_else(|| "textmill".into());
    let source = Command::new(&program).arg0(name).args(arguments).exec();
    let program = program.display().to_string();
    Error::Program { program, source }
}

/// Where the loader looks: LD_LIBRARY_PATH, then the two run paths of .cargo/config.toml.
fn folders(here: &Path, library_path: Option<&std::ffi::OsStr>) -> Vec<PathBuf> {
    let given = library_path.map(|paths| env::split_paths(paths).collect::<Vec<_>>());
    let set_up = here.ancestors().skip(3).take(2);
    given
        .into_iter()
        .flatten()
        .filter(|folder| !folder.as_os_str().is_empty())
        .chain(set_up.map(|root| root.join(".libtorch/torch/lib")))
        .collect()
}

fn check(folders: &[PathBuf]) -> Result<(), Error> {
    let Some(folder) = folders.iter().find(|folder| folder.join(LIBRARY).exists()) else {
        let names: Vec<String> = folders.iter().map(|f| f.display().to_string()).collect();
        let folders = names.join(", ");
        return Err(Error::Missing { folders });
    };
    match libtorch::version(folder) {
        Some(found) if !libtorch::is_expected(&found) => Err(Error::Mismatch {
            folder: folder.display().to_string(),
            found,
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn install(root: &Path, version: &str) -> PathBuf {
        let lib = root.join("torch/lib");
        fs::create_dir_all(&lib).unwrap();
        fs::write(lib.join(LIBRARY), "").unwrap();
        fs::write(
            root.join("torch/version.py"),
            format!("from typing import Optional\n__version__ = '{version}'\n"),
        )
        .unwrap();
        lib
    }

    #[test]
    fn the_folders_are_those_of_the_loader() {
        let here = Path::new("/r/target/release/textmill");
        let found = folders(here, Some("/a::/b".as_ref()));
        let expected = ["/a", "/b", "/r/.libtorch/torch/lib", "/.libtorch/torch/lib"];
        assert_eq!(found, expected.map(PathBuf::from));
    }

    #[test]
    fn missing_and_foreign_libraries_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let wanted = format!("{}+cu130", expected());
        let right = install(&dir.path().join("right"), &wanted);
        let wrong = install(&dir.path().join("wrong"), "1.13.1");
        let absent = dir.path().join("absent");
        assert!(check(&[absent.clone(), right.clone()]).is_ok());
        let error = check(std::slice::from_ref(&absent))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("make setup") && error.contains("absent"),
            "{error}"
        );
        let error = check(&[wrong, right]).unwrap_err().to_string();
        assert!(
            error.contains("1.13.1") && error.contains(expected()),
            "{error}"
        );
        assert_eq!(error.lines().count(), 1);
    }
}
