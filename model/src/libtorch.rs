//! Which libtorch there must be, and which one a folder holds.
//!
//! Plain files and strings: `textmill` compiles this file too, and reads it before libtorch is
//! loaded.

use std::fs;
use std::path::Path;

/// The libtorch that this program is built for; tch and libtorch are pinned as a pair.
pub(crate) fn expected() -> &'static str {
    include_str!("../libtorch-version.txt").trim()
}

/// Whether a version is the expected one; a suffix such as `+cu130` does not count.
pub(crate) fn is_expected(version: &str) -> bool {
    version.split('+').next() == Some(expected())
}

/// The version of the libtorch whose libraries lie in this folder. A wheel names it in
/// version.py, a release archive in build-version; both lie beside the folder.
pub(crate) fn version(libraries: &Path) -> Option<String> {
    let root = libraries.parent()?;
    if let Ok(version) = fs::read_to_string(root.join("build-version")) {
        return Some(version.trim().to_owned());
    }
    let python = fs::read_to_string(root.join("version.py")).ok()?;
    let line = python
        .lines()
        .find(|line| line.starts_with("__version__"))?;
    Some(line.split(['\'', '"']).nth(1)?.to_owned())
}
