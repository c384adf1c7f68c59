//! Hashes of a checkpoint's files, by which one that was cut or altered is known.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use crate::Error;

/// File of the hashes in a checkpoint: BLAKE3 in hexadecimal by file name. It is written last.
pub(crate) const HASHES_FILE: &str = "hashes.json";

/// Writes down the hashes of all files in a folder.
pub(crate) fn seal(dir: &Path) -> Result<(), Error> {
    let mut hashes = BTreeMap::new();
    for entry in fs::read_dir(dir).map_err(Error::io(dir))? {
        let entry = entry.map_err(Error::io(dir))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != HASHES_FILE {
            hashes.insert(name, hash(&entry.path())?);
        }
    }
    let path = dir.join(HASHES_FILE);
    let json = serde_json::to_vec_pretty(&hashes).map_err(Error::json(&path))?;
    Ok(textmill_schemas::write_atomically(&path, &json)?)
}

/// Checks that a folder holds the files that were [`seal`]ed, to the bit.
///
/// # Errors
/// [`Error::Damaged`] names the first file that is missing or altered.
pub(crate) fn verify(dir: &Path) -> Result<(), Error> {
    let damaged = |name: &str, what| Error::Damaged {
        path: dir.join(name),
        what,
    };
    let read = fs::read(dir.join(HASHES_FILE));
    let json = read.map_err(|_| damaged(HASHES_FILE, "cannot be read"))?;
    let hashes: BTreeMap<String, String> =
        serde_json::from_slice(&json).map_err(|_| damaged(HASHES_FILE, "is not whole"))?;
    if hashes.is_empty() {
        return Err(damaged(HASHES_FILE, "names no file"));
    }
    for (name, expected) in &hashes {
        match hash(&dir.join(name)) {
            Err(_) => return Err(damaged(name, "cannot be read")),
            Ok(found) if found != *expected => {
                return Err(damaged(name, "is not as it was written"));
            }
            Ok(_) => {}
        }
    }
    Ok(())
}

fn hash(path: &Path) -> Result<String, Error> {
    let file = File::open(path).map_err(Error::io(path))?;
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file).map_err(Error::io(path))?;
    Ok(hasher.finalize().to_hex().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_damage_to_every_file_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let names = ["model.safetensors", "state.json", HASHES_FILE];
        for name in &names[..2] {
            fs::write(dir.path().join(name), name.repeat(1000)).unwrap();
        }
        seal(dir.path()).unwrap();
        verify(dir.path()).unwrap();
        for name in names {
            let path = dir.path().join(name);
            let whole = fs::read(&path).unwrap();
            let mut flipped = whole.clone();
            flipped[whole.len() / 2] ^= 1;
            for damage in [
                Some(&whole[..whole.len() - 1]),
                Some(&flipped),
                Some(&[]),
                None,
            ] {
                match damage {
                    Some(bytes) => fs::write(&path, bytes).unwrap(),
                    None => fs::remove_file(&path).unwrap(),
                }
                let found = verify(dir.path()).unwrap_err();
                assert!(matches!(found, Error::Damaged { .. }), "{name}: {found}");
            }
            fs::write(&path, &whole).unwrap();
            verify(dir.path()).unwrap();
        }
    }
}
