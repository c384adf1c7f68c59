use std::fs;

use textmill_schemas::ShardWriter;

use super::*;

fn all(paths: &[PathBuf], threads: usize) -> (Vec<Text>, u64) {
    let texts = Texts::of(paths).unwrap();
    let each = |found: &mut Vec<(u64, Text)>, number, text| {
        found.push((number, text));
        Ok(())
    };
    let (states, passed_over) = texts.work(threads, Vec::new, each).unwrap();
    let mut found = states.concat();
    found.sort_by_key(|(number, _)| *number);
    assert!(
        found
            .iter()
            .map(|(number, _)| *number)
            .eq(0..found.len() as u64)
    );
    (
        found.into_iter().map(|(_, text)| text).collect(),
        passed_over,
    )
}

#[test]
fn lines_shards_and_plain_files_are_read_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let lines = "{\"text\":\"one\",\"lang\":\"en\",\"words\":1}\nnothing\n\n{\"id\":3}\n{\"text\":\"two\",\"source\":\"s\"}";
    fs::write(dir.path().join("a.jsonl"), lines).unwrap();
    fs::write(dir.path().join("b.txt"), b"three\xff\n").unwrap();
    fs::write(dir.path().join("empty.txt"), b"").unwrap();
    let mut writer = ShardWriter::<Document>::create(dir.path(), "c.parquet").unwrap();
    let document = Document {
        id: "x".into(),
        source: "web".into(),
        text: "four".into(),
        lang: Some("de".into()),
        ..Document::default()
    };
    writer.write(document).unwrap();
    writer.finish().unwrap();
    for threads in [1, 3] {
        let (texts, passed_over) = all(&[dir.path().to_path_buf()], threads);
        let found: Vec<&str> = texts.iter().map(|text| text.text.as_str()).collect();
        assert_eq!(found, ["one", "two", "three\u{fffd}\n", "four"]);
        assert_eq!(passed_over, 2);
        let folder = dir.path().display().to_string();
        let sources: Vec<&str> = texts.iter().map(|text| text.source.as_str()).collect();
        assert_eq!(sources, [&folder, "s", &folder, "web"]);
        assert_eq!((texts[0].words, texts[3].words), (Some(1), None));
        assert_eq!(texts[3].lang.as_deref(), Some("de"));
        assert!(texts[1].place.ends_with("a.jsonl:5"), "{}", texts[1].place);
    }
    assert!(Texts::of(&[dir.path().join("none")]).is_err());
}

#[test]
fn a_long_plain_file_is_cut_between_lines_or_characters() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("long.txt");
    for content in [
        "磨坊的水轮\n".repeat(200_000),
        "磨".repeat(1_000_000),
        format!("a{}", "🌊".repeat(600_000)),
        "b".repeat(3 << 20),
    ] {
        fs::write(&path, &content).unwrap();
        let (texts, _) = all(std::slice::from_ref(&path), 2);
        assert!(texts.len() > 2);
        assert!(texts.iter().all(|text| text.text.len() <= BATCH_BYTES));
        let joined: String = texts.iter().map(|text| text.text.as_str()).collect();
        assert!(joined == content);
        let ends = texts
            .iter()
            .rev()
            .skip(1)
            .all(|text| text.text.ends_with('\n'));
        assert_eq!(ends, content.contains('\n'));
    }
}

#[test]
fn an_error_in_a_thread_ends_the_work() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("bad.parquet"), "no shard").unwrap();
    let texts = Texts::of(&[dir.path().to_path_buf()]).unwrap();
    let error = texts.work(2, || (), |(), _, _| Ok(())).unwrap_err();
    assert!(format!("{error:#}").contains("bad.parquet"));
}
