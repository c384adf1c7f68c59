//! Which site a table belongs to.

use super::TABLES;
use crate::record::FileRef;

/// Sites with a domain of their own; all others are below `stackexchange.com`.
const OWN: &[&str] = &[
    "stackoverflow.com",
    "serverfault.com",
    "superuser.com",
    "askubuntu.com",
    "stackapps.com",
    "mathoverflow.net",
    "stackexchange.com",
];

/// A site of a dump.
pub(super) struct Site {
    /// What its tables share.
    pub group: String,
    /// Its domain, where names tell it.
    pub domain: Option<String>,
}

impl Site {
    /// By folder or archive, or else by the source's name and path.
    pub fn of(file: &FileRef) -> Self {
        let folder = file.file.rsplit_once('/').map_or("", |(folder, _)| folder);
        let group = without_ending(folder.trim_end_matches('!'));
        let config = &file.source.config;
        let whole = config.path.trim_end_matches('/');
        let candidates = [
            last(group),
            &config.name,
            last(without_ending(whole)),
            last(whole.rsplit_once('/').map_or("", |(folder, _)| folder)),
        ];
        let domain = candidates.into_iter().find_map(domain);
        Self {
            group: group.to_owned(),
            domain,
        }
    }
}

/// Whether a file is a table of a dump by its name: `Posts.xml.gz`, `stackoverflow.com-Posts.7z`.
pub(in crate::forum) fn is_table(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let stem = lower
        .split_once(".xml")
        .map_or(lower.as_str(), |(stem, _)| stem);
    if TABLES.contains(&stem) {
        return lower.contains(".xml");
    }
    let archive = lower
        .strip_suffix(".7z")
        .and_then(|stem| stem.rsplit_once('-'));
    archive.is_some_and(|(_, table)| TABLES.contains(&table))
}

/// The name of an archive or folder without `.7z` and without the table that it holds.
fn without_ending(name: &str) -> &str {
    let name = [".7z", ".zip", ".tar"]
        .iter()
        .find_map(|end| name.strip_suffix(end))
        .unwrap_or(name);
    match name.rsplit_once('-') {
        Some((site, table)) if TABLES.contains(&table.to_ascii_lowercase().as_str()) => site,
        _ => name,
    }
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn domain(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let known = OWN.iter().any(|own| {
        let before = name.strip_suffix(own);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    });
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    (known && plain).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_site() {
        assert_eq!(domain("askubuntu.com").as_deref(), Some("askubuntu.com"));
        assert_eq!(
            domain("meta.ai.stackexchange.com").as_deref(),
            Some("meta.ai.stackexchange.com")
        );
        assert_eq!(domain("notaskubuntu.com"), None);
        assert_eq!(
            without_ending("d/stackoverflow.com-Posts.7z"),
            "d/stackoverflow.com"
        );
        assert_eq!(without_ending("a-b"), "a-b");
        assert!(
            is_table("Posts.xml") && is_table("PostHistory.xml.zst") && !is_table("posts.html")
        );
    }
}
