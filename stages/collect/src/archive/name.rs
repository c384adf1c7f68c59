//! Paths of members as rows show them.

use crate::record::FileRef;

/// Longest path that is shown, in characters; formats allow 64 KiB and more.
const LONGEST: usize = 1024;

/// The member's path below the archive's.
pub(super) fn joined(archive: &FileRef, shown: &str) -> String {
    format!("{}!/{shown}", archive.file)
}

/// A path with forward slashes that leads nowhere but down: without root, drive letter, `.`, `..`
/// and control characters.
pub(super) fn shown(name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    let mut shown = String::new();
    let mut length = 0;
    for part in name.split(['/', '\\']) {
        let drive =
            shown.is_empty() && matches!(part.as_bytes(), [b'A'..=b'Z' | b'a'..=b'z', b':']);
        if drive || matches!(part, "" | "." | "..") {
            continue;
        }
        if !shown.is_empty() {
            shown.push('/');
        }
        let left = LONGEST.saturating_sub(length);
        let visible = |c: char| {
            if c.is_control() {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            }
        };
        shown.extend(part.chars().take(left).map(visible));
        length += part.chars().count() + 1;
        if length >= LONGEST {
            shown.push('…');
            break;
        }
    }
    if shown.is_empty() {
        shown.push_str("unnamed");
    }
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_lead_nowhere_but_down() {
        for (name, expected) in [
            ("dir/a.html", "dir/a.html"),
            ("./dir//a", "dir/a"),
            ("/etc/passwd", "etc/passwd"),
            ("../../a", "a"),
            ("a/../../b", "a/b"),
            ("C:\\Windows\\a.txt", "Windows/a.txt"),
            ("..\\..\\a", "a"),
            ("a\0b\x1b[31m", "a\u{fffd}b\u{fffd}[31m"),
            ("", "unnamed"),
            ("/", "unnamed"),
            ("页/文.html", "页/文.html"),
        ] {
            assert_eq!(shown(name.as_bytes()), expected, "{name:?}");
        }
        assert_eq!(shown(&vec![b'a'; 70_000]).chars().count(), LONGEST + 1);
    }

    proptest! {
        #[test]
        fn never_out(name in prop::collection::vec(any::<u8>(), 0..60), parts in "[./\\\\:a-z]{0,40}") {
            for name in [&name[..], parts.as_bytes()] {
                let shown = shown(name);
                prop_assert!(!shown.is_empty() && !shown.starts_with('/') && !shown.contains('\\'));
                prop_assert!(shown.split('/').all(|part| !matches!(part, "" | "." | "..")));
                prop_assert!(!shown.chars().any(char::is_control));
            }
        }
    }
}
