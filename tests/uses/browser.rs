//! A browser that is there, to open pages in.

use std::env;
use std::path::{Path, PathBuf};

/// As in the Makefile, which installs one.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// The one that `CHROME` names, else the first one there is.
pub fn browser() -> PathBuf {
    if let Some(named) = env::var_os("CHROME").filter(|name| !name.is_empty()) {
        return named.into();
    }
    let folders = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = env::split_paths(&folders).collect();
    let places = |name: &str| folders.iter().map(|dir| dir.join(name)).collect::<Vec<_>>();
    let mut all = NAMES.into_iter().flat_map(places);
    all.find(|path| Path::exists(path))
        .expect("no browser: `make test` installs chromium; CHROME=/path/to/one names another")
}
