//! Dataset folders of Hugging Face as they lie on disk: a cloned repository, the cache of the hub,
//! and what `save_to_disk` writes. Their files are read like any; here is what is around the data.

use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use crate::front_matter::FrontMatter;

/// Begins the small file that stands for a large one in a clone without Git LFS.
const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/v1";
/// Most bytes of a card that are read.
const MAX_CARD: u64 = 1 << 20;
/// Files that describe a dataset, by name.
const SIDECARS: [&str; 7] = [
    ".gitattributes",
    ".gitignore",
    "dataset_info.json",
    "dataset_infos.json",
    "dataset_dict.json",
    "state.json",
    "README.md",
];

/// What the card of a dataset says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Card {
    /// Its licence.
    pub license: Option<String>,
    /// Its language, if it is one.
    pub lang: Option<String>,
}

impl Card {
    /// Reads the card in a folder, if there is one.
    pub fn find(folder: &Path) -> Option<Self> {
        let folder = snapshot(folder).unwrap_or(folder.to_path_buf());
        let mut text = Vec::new();
        let file = File::open(folder.join("README.md")).ok()?;
        file.take(MAX_CARD).read_to_end(&mut text).ok()?;
        let text = String::from_utf8_lossy(&text);
        let (members, _) = FrontMatter::split(&text)?;
        Some(Self {
            license: members.word(&["license"]),
            lang: members.word(&["language"]),
        })
    }
}

/// Whether a file is the pointer of Git LFS to another.
pub(crate) fn is_lfs_pointer(head: &[u8]) -> bool {
    head.starts_with(LFS_POINTER)
}

/// A folder that is listed.
pub(crate) struct Folder {
    is_dataset: bool,
    /// In the hub's cache: the revision that is checked out.
    revision: Option<PathBuf>,
}

impl Folder {
    /// Finds out whether a folder holds a dataset: by the files of the hub's cache or of
    /// `save_to_disk`, or by its card.
    pub fn look(folder: &Path) -> Self {
        let markers = ["state.json", "dataset_dict.json", "dataset_infos.json"];
        let snapshot = snapshot(folder);
        let inner = snapshot.as_deref().unwrap_or(folder);
        let is_repository = || {
            let attributes = inner.join(".gitattributes");
            attributes.is_file() && Card::find(inner).is_some()
        };
        Self {
            is_dataset: snapshot.is_some()
                || markers.iter().any(|name| folder.join(name).is_file())
                || is_repository(),
            revision: snapshot
                .and_then(|snapshot| Some(snapshot.strip_prefix(folder).ok()?.to_path_buf())),
        }
    }

    /// Whether a file is beside the data of the cache: a blob, which a link leads to, or part of
    /// another revision.
    pub fn is_beside(&self, relative: &Path) -> bool {
        let revision = self.revision.as_ref();
        revision.is_some_and(|revision| !relative.starts_with(revision))
    }

    /// Whether a file describes a dataset, and holds none of its rows.
    pub fn is_sidecar(&self, relative: &Path) -> bool {
        self.is_dataset && is_sidecar(relative)
    }
}

/// Whether a file of a dataset describes it, and holds none of its rows.
fn is_sidecar(relative: &Path) -> bool {
    let name = relative.file_name().and_then(|name| name.to_str());
    let is_script = relative.extension().is_some_and(|ending| ending == "py");
    is_script || name.is_some_and(|name| SIDECARS.contains(&name))
}

/// The folder of the revision that a folder of the hub's cache has checked out.
fn snapshot(folder: &Path) -> Option<PathBuf> {
    let revision = std::fs::read_to_string(folder.join("refs/main")).ok()?;
    let revision = Path::new(revision.trim());
    let mut parts = revision.components();
    let is_name = matches!(
        (parts.next(), parts.next()),
        (Some(Component::Normal(_)), None)
    );
    let snapshot = folder.join("snapshots").join(revision);
    (is_name && snapshot.is_dir()).then_some(snapshot)
}

/// Where a link leads, if that is a blob of the same folder of the cache.
pub(crate) fn blob(link: &Path) -> Option<PathBuf> {
    let mut folders = link.ancestors().skip(1);
    let snapshots = folders.find(|folder| folder.ends_with("snapshots"))?;
    let blobs = snapshots.parent()?.join("blobs").canonicalize().ok()?;
    let target = link.canonicalize().ok()?;
    target.starts_with(&blobs).then_some(target)
}

/// Whether a file belongs to one of these splits, as `datasets` tells it by names: a word of the
/// path, such as `train` in `data/train-00000-of-00005.parquet`. Files of no split belong to
/// `train`.
pub(crate) fn is_in_split(relative: &Path, splits: &[String]) -> bool {
    const NAMES: [(&str, &[&str]); 3] = [
        ("train", &["train", "training"]),
        ("validation", &["validation", "valid", "dev", "val"]),
        ("test", &["test", "testing", "eval", "evaluation"]),
    ];
    if splits.is_empty() {
        return true;
    }
    let path = relative.to_string_lossy().to_lowercase();
    let words: Vec<&str> = path.split(|c: char| !c.is_alphanumeric()).collect();
    let has = |names: &[&str]| names.iter().any(|name| words.contains(name));
    let known = NAMES
        .iter()
        .find(|(_, names)| has(names))
        .map(|(name, _)| *name);
    let named = |split: &String| has(&[split.to_lowercase().as_str()]);
    let is_known = |split: &String| NAMES.iter().any(|(name, _)| name == split);
    let belongs = |split: &String| match is_known(split) {
        true => known.unwrap_or("train") == split,
        false => named(split),
    };
    splits.iter().any(belongs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_are_told_by_words_of_the_path() {
        let is_in = |path: &str, split: &str| is_in_split(Path::new(path), &[split.to_owned()]);
        for (path, split) in [
            ("data/train-00000-of-00005-abc.parquet", "train"),
            ("en/dev.jsonl", "validation"),
            ("test/data-00000-of-00001.arrow", "test"),
            ("a.csv", "train"),
            ("extra/a.csv", "extra"),
        ] {
            assert!(is_in(path, split), "{path}");
        }
        assert!(!is_in("data/test.csv", "train") && !is_in("latest.csv", "test"));
        assert!(is_in_split(Path::new("data/test.csv"), &[]));
    }

    #[test]
    fn sidecars_and_pointers() {
        assert!(is_sidecar(Path::new("train/state.json")) && is_sidecar(Path::new("a.py")));
        assert!(!is_sidecar(Path::new("train/a.json")));
        assert!(is_lfs_pointer(
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"
        ));
    }
}
