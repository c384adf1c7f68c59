//! The stage over whole sources: threads that span tables, archives and files.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use sevenz_rust2::{ArchiveEntry, ArchiveWriter};
use textmill_schemas::{CorpusStage, NoProgress, RawDocument, ShardReader, TaskContext};

use crate::{Collect, Config, SourceConfig};

/// Runs the stage over a folder: the kept rows, and the rules of those dropped.
fn run(
    folder: &Path,
    change: impl FnOnce(&mut Config),
) -> (Vec<RawDocument>, BTreeMap<String, u64>) {
    let source = SourceConfig {
        name: "s".into(),
        path: folder.display().to_string(),
        ..SourceConfig::default()
    };
    let mut config = Config {
        source: vec![source],
        ..Config::default()
    };
    change(&mut config);
    let stage = Collect::new(&config).unwrap();
    let out = tempfile::tempdir().unwrap();
    let (inputs, cancel) = (BTreeMap::new(), AtomicBool::new(false));
    let ctx = TaskContext {
        out: out.path(),
        inputs: &inputs,
        seed: 0,
        threads: 1,
        progress: &NoProgress,
        cancel: &cancel,
    };
    let (mut kept, mut dropped) = (Vec::new(), BTreeMap::new());
    for rank in 0..stage.world("read", &ctx).unwrap() {
        let report = stage.task("read", rank, &ctx).unwrap();
        for shard in &report.kept {
            let reader = ShardReader::open(&out.path().join(&shard.path)).unwrap();
            kept.extend(reader.flat_map(|group| group.unwrap()));
        }
        for (rule, count) in &report.dropped_rows {
            *dropped.entry(rule.clone()).or_default() += count;
        }
    }
    (kept, dropped)
}

fn archive(members: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ArchiveWriter::new(Cursor::new(Vec::new())).unwrap();
    for (name, content) in members {
        let content = Cursor::new(content.as_bytes());
        writer
            .push_archive_entry(ArchiveEntry::new_file(name), Some(content))
            .unwrap();
    }
    writer.finish().unwrap().into_inner()
}

const POSTS: &str =
    "<posts>\n<row Id=\"1\" PostTypeId=\"1\" Body=\"question\" OwnerUserId=\"5\" />\n</posts>";
const COMMENTS: &str =
    "<comments>\n<row Id=\"9\" PostId=\"1\" Text=\"@AnnLee comment\" UserId=\"6\" />\n</comments>";
const USERS: &str = "<users>\n<row Id=\"5\" DisplayName=\"Ann Lee\" />\n</users>";

#[test]
fn tables_in_one_archive_or_in_several_are_joined() {
    let one = tempfile::tempdir().unwrap();
    let all = [
        ("Comments.xml", COMMENTS),
        ("Posts.xml", POSTS),
        ("Users.xml", USERS),
    ];
    std::fs::write(one.path().join("askubuntu.com.7z"), archive(&all)).unwrap();
    let many = tempfile::tempdir().unwrap();
    for (name, content) in all {
        let table = name.trim_end_matches(".xml");
        let path = many.path().join(format!("askubuntu.com-{table}.7z"));
        std::fs::write(path, archive(&[(name, content)])).unwrap();
    }
    let (first, dropped) = run(one.path(), |_| {});
    assert!(dropped.is_empty(), "{dropped:?}");
    // Tasks of one file each would tear the tables apart.
    let (second, dropped) = run(many.path(), |config| config.task_bytes = 1);
    assert!(dropped.is_empty(), "{dropped:?}");
    for kept in [first, second] {
        let [row] = &kept[..] else { panic!("{kept:?}") };
        assert_eq!(
            row.url.as_deref(),
            Some("https://askubuntu.com/questions/1")
        );
        let body = String::from_utf8_lossy(&row.body);
        let author = row.author.as_deref().unwrap();
        assert!(body.contains(&format!(": @{author} comment")), "{body}");
    }
}

#[test]
fn memory_for_sorting_never_shows() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..3000)
        .map(|id| {
            let (kind, parent) = if id % 10 == 0 { (1, id) } else { (2, id - id % 10) };
            format!("<row Id=\"{id}\" PostTypeId=\"{kind}\" ParentId=\"{parent}\" Score=\"{}\" Body=\"text {id}.\" />\n", id % 7)
        })
        .collect();
    std::fs::write(
        folder.path().join("Posts.xml"),
        format!("<posts>\n{rows}</posts>"),
    )
    .unwrap();
    let (large, _) = run(folder.path(), |_| {});
    let (small, dropped) = run(folder.path(), |config| config.forum.sort_bytes = 2000);
    assert_eq!((large.len(), dropped.len()), (300, 0));
    assert_eq!(large, small);
}
