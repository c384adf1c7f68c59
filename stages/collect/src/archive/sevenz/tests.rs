use std::io::Cursor;

use proptest::prelude::*;
use sevenz_rust2::{ArchiveEntry, ArchiveWriter};

use crate::reader::testing::{read_bytes, source};

fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ArchiveWriter::new(Cursor::new(Vec::new())).unwrap();
    for (name, content) in members {
        let entry = ArchiveEntry::new_file(name);
        writer
            .push_archive_entry(entry, Some(Cursor::new(*content)))
            .unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn members_are_read_like_files() {
    let bytes = archive(&[("a.txt", b"words"), ("../../b.md", b"# T"), ("c.txt", b"")]);
    let out = read_bytes(&source("auto"), "x.7z", bytes);
    assert_eq!(out.bodies(), ["words", "# T"]);
    assert_eq!(out.kept[1].file, "x.7z!/b.md");
    assert_eq!(out.rules(), ["collect.empty"]);
    let out = read_bytes(&source("auto"), "x.7z", archive(&[]));
    assert_eq!((out.kept.len(), out.rules()), (0, vec!["collect.empty"]));
}

#[test]
fn damage_ends_in_rows() {
    let text: Vec<u8> = (0..9000_u32)
        .flat_map(|i| i.to_string().into_bytes())
        .collect();
    let whole = archive(&[("a.txt", &text)]);
    for cut in [7, 33, whole.len() / 2, whole.len() - 1] {
        let out = read_bytes(&source("auto"), "x.7z", whole[..cut].to_vec());
        assert_eq!(out.kept.len(), 0);
        assert!(!out.dropped.is_empty(), "{cut}");
    }
    let mut corrupt = whole;
    corrupt[100] ^= 0x55;
    let out = read_bytes(&source("auto"), "x.7z", corrupt);
    assert!(
        out.kept.is_empty() && out.rules().contains(&"collect.corrupt"),
        "{:?}",
        out.dropped
    );
}

#[test]
fn bombs_stop() {
    let mut auto = source("auto");
    auto.settings.max_record = 1 << 20;
    let out = read_bytes(&auto, "x.7z", archive(&[("a.txt", &vec![b'a'; 16 << 20])]));
    assert_eq!(out.rules(), ["collect.bomb"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_damage_ends_in_rows(at in any::<prop::sample::Index>(), with in any::<u8>()) {
        let mut bytes = archive(&[("a.txt", b"some words"), ("b.txt", b"more words")]);
        let at = at.index(bytes.len());
        bytes[at] = with;
        let out = read_bytes(&source("auto"), "x.7z", bytes);
        prop_assert!(!out.kept.is_empty() || !out.dropped.is_empty());
    }
}
