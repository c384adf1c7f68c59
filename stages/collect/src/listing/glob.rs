//! The patterns of a source: of its path, `include` and `exclude`.

use std::path::{Path, PathBuf};

use globset::{Error, Glob, GlobBuilder, GlobMatcher, GlobSet, GlobSetBuilder};

/// What follows the folder before the first pattern.
pub(super) struct PathGlob {
    pattern: String,
    matcher: GlobMatcher,
}

impl PathGlob {
    /// Checks a pattern.
    pub fn new(pattern: String) -> Result<Self, Error> {
        let glob = GlobBuilder::new(&pattern).literal_separator(true).build()?;
        let matcher = glob.compile_matcher();
        Ok(Self { pattern, matcher })
    }

    /// Whether a file is meant.
    pub fn is_match(&self, relative: &Path) -> bool {
        self.matcher.is_match(relative)
    }

    /// Whether files below a folder can be meant.
    pub fn leads_below(&self, folder: &Path) -> bool {
        // Alternatives and classes may hold slashes, so that parts cannot be told.
        if self.pattern.contains(['{', '[']) {
            return true;
        }
        let mut parts = self.pattern.split('/');
        for name in folder {
            match parts.next() {
                Some(part) if part.contains("**") => return true,
                Some(part)
                    if Glob::new(part).is_ok_and(|glob| glob.compile_matcher().is_match(name)) => {}
                _ => return false,
            }
        }
        parts.next().is_some()
    }
}

/// Splits a glob into the folder before the first pattern and the rest; `None` without a pattern.
pub(super) fn split(path: &str) -> Option<(PathBuf, String)> {
    let first = path.find(['*', '?', '[', '{'])?;
    let (base, pattern) = match path.get(..first)?.rfind('/') {
        Some(0) => ("/", path.get(1..)?),
        Some(slash) => (path.get(..slash)?, path.get(slash + 1..)?),
        None => (".", path),
    };
    Some((PathBuf::from(base), pattern.to_owned()))
}

/// The patterns of `include` or `exclude`; the error is the pattern's.
pub(super) fn set(patterns: &[String]) -> Result<GlobSet, String> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern).map_err(|error| error.to_string())?);
    }
    set.build().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_that_may_hold_matches() {
        for (pattern, folder, expected) in [
            ("*.html", "a", false),
            ("*/*.html", "a", true),
            ("a/*.html", "b", false),
            ("**/*.html", "a/b/c", true),
            ("a/*/c/*.gz", "a/x", true),
            ("a/*/c/*.gz", "a/x/d", false),
            ("{a/b,c}/*.gz", "a", true),
        ] {
            let glob = PathGlob::new(pattern.to_owned()).unwrap();
            assert_eq!(
                glob.leads_below(Path::new(folder)),
                expected,
                "{pattern} {folder}"
            );
        }
    }
}
