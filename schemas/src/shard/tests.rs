//! Shards written and read.

use std::fs::File;

use proptest::prelude::*;

use super::*;
use crate::{Document, DocumentLoss, Dropped, IndexEntry, RawDocument, Tokens};

fn round_trip<R: Row + PartialEq + std::fmt::Debug>(rows: &[R]) -> ShardEntry {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = ShardWriter::<R>::create(dir.path(), "sub/part-00000.parquet").unwrap();
    for row in rows {
        writer.write(row.clone()).unwrap();
    }
    let entry = writer.finish().unwrap();
    let path = dir.path().join(&entry.path);
    assert_eq!(
        entry,
        ShardEntry {
            rows: entry.rows,
            ..ShardEntry::of_file(dir.path(), &entry.path).unwrap()
        }
    );
    let read = ShardReader::<R>::open(&path).unwrap();
    let read: Vec<R> = read.flat_map(|group| group.unwrap()).collect();
    assert_eq!(read, rows);
    entry
}

proptest! {
    #[test]
    fn documents_round_trip(
        texts in prop::collection::vec((".*", prop::option::of(".*"), any::<u64>(), prop::option::of(any::<u32>())), 0..20)
    ) {
        let rows: Vec<Document> = texts
            .into_iter()
            .map(|(text, lang, offset, cluster_size)| Document {
                id: format!("{offset:x}"), text, lang, offset, cluster_size,
                ..Document::default()
            })
            .collect();
        let entry = round_trip(&rows);
        prop_assert_eq!(entry.rows, rows.len() as u64);
        prop_assert_eq!(entry.hash, round_trip(&rows).hash);
    }

    #[test]
    fn other_rows_round_trip(body in prop::collection::vec(any::<u8>(), 0..200), tokens in prop::collection::vec(any::<u32>(), 0..50), value in prop::option::of(-1e9..1e9f64)) {
        round_trip(&[RawDocument { body, ..RawDocument::default() }, RawDocument::default()]);
        round_trip(&[IndexEntry { signature: tokens.clone(), ..IndexEntry::default() }]);
        round_trip(&[Tokens { tokens, bytes: 7, ..Tokens::default() }, Tokens::default()]);
        round_trip(&[Dropped { value, rule: "a.b".into(), ..Dropped::default() }]);
    }
}

#[test]
fn groups_are_cut_by_size() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = ShardWriter::<Document>::create(dir.path(), "part.parquet").unwrap();
    for _ in 0..5 {
        let text = "x".repeat(GROUP_BYTES / 2);
        writer
            .write(Document {
                text,
                ..Document::default()
            })
            .unwrap();
    }
    writer.finish().unwrap();
    let reader = ShardReader::<Document>::open(&dir.path().join("part.parquet")).unwrap();
    let sizes: Vec<usize> = reader.map(|group| group.unwrap().len()).collect();
    assert_eq!(sizes, [2, 2, 1]);
}

#[test]
fn further_metadata_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = ShardWriter::<Tokens>::create(dir.path(), "part.parquet").unwrap();
    writer.add_metadata("textmill.x", "{\"y\":1}".to_owned());
    writer.write(Tokens::default()).unwrap();
    writer.finish().unwrap();
    let reader = ShardReader::<Tokens>::open(&dir.path().join("part.parquet")).unwrap();
    assert_eq!(reader.rows(), 1);
    assert_eq!(reader.metadata("textmill.x"), Some("{\"y\":1}"));
    assert_eq!(reader.metadata("textmill.row"), Some("Tokens"));
    assert_eq!(reader.metadata("textmill.z"), None);
}

#[test]
fn columns_and_groups_that_are_not_asked_for_are_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = ShardWriter::<Document>::create(dir.path(), "part.parquet").unwrap();
    for number in 0..3_u64 {
        let document = Document {
            id: number.to_string(),
            offset: number,
            code_spans: vec![1, 2],
            text: "x".repeat(GROUP_BYTES),
            ..Document::default()
        };
        writer.write(document).unwrap();
    }
    writer.finish().unwrap();
    let open = || ShardReader::<Document>::open(&dir.path().join("part.parquet")).unwrap();
    let few = open().with_columns(&["id", "code_spans"]);
    let rows: Vec<Document> = few.flat_map(Result::unwrap).collect();
    let expected = |id: &str| Document {
        id: id.into(),
        code_spans: vec![1, 2],
        ..Document::default()
    };
    assert_eq!(rows, ["0", "1", "2"].map(expected));
    let mut reader = open().with_columns(&["offset"]);
    assert_eq!(reader.nth(1).unwrap().unwrap()[0].offset, 1);
    assert_eq!(reader.next().unwrap().unwrap()[0].offset, 2);
    assert!(reader.next().is_none());
}

#[test]
fn shards_older_than_a_column_are_read_with_its_default() {
    assert_eq!(Document::MAY_LACK, ["repetitions"]);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("old.parquet");
    let row = Tokens {
        id: "a".into(),
        tokens: vec![3],
        repetitions: 5,
        ..Tokens::default()
    };
    let batch = Tokens::to_batch(std::slice::from_ref(&row)).unwrap();
    let write = |column: &str| {
        let mut old = batch.clone();
        old.remove_column(old.schema().index_of(column).unwrap());
        let file = File::create(&path).unwrap();
        let mut writer = ArrowWriter::try_new(file, old.schema(), None).unwrap();
        writer.write(&old).unwrap();
        writer.close().unwrap();
    };
    write("repetitions");
    let mut reader = ShardReader::<Tokens>::open(&path).unwrap();
    let expected = Tokens {
        repetitions: 1,
        ..row.clone()
    };
    assert_eq!(reader.next().unwrap().unwrap(), [expected]);
    write("source");
    let error = ShardReader::<Tokens>::open(&path).err().unwrap();
    assert!(error.to_string().contains("`source`"), "{error}");
}

#[test]
fn a_shard_of_other_rows_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let writer = ShardWriter::<Tokens>::create(dir.path(), "part.parquet").unwrap();
    assert!(
        !dir.path().join("part.parquet").exists(),
        "no final name before finish"
    );
    writer.finish().unwrap();
    let error = ShardReader::<Document>::open(&dir.path().join("part.parquet"));
    let error = error.err().unwrap().to_string();
    assert!(
        error.contains("part.parquet") && error.contains("`file`"),
        "{error}"
    );
}

#[test]
fn every_column_is_documented() {
    for schema in [
        RawDocument::schema(),
        Document::schema(),
        Dropped::schema(),
        Tokens::schema(),
        IndexEntry::schema(),
        DocumentLoss::schema(),
    ] {
        for field in schema.fields() {
            assert!(field.metadata()["doc"].ends_with('.'), "{field:?}");
        }
    }
}
