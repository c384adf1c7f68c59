use std::sync::Arc;

use arrow::array::builder::{ListBuilder, StringBuilder, StructBuilder};
use arrow::array::{
    ArrayRef, BinaryArray, LargeStringArray, RecordBatch, StringArray, StringViewArray,
    StructArray, TimestampMillisecondArray,
};
use arrow::datatypes::{DataType, Field};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;

use crate::config::SourceConfig;
use crate::listing::Source;
use crate::reader::testing::{read_bytes, source};

fn write(columns: Vec<(&str, ArrayRef)>, compression: Compression, group: usize) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_max_row_group_row_count(Some(group))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

fn texts(count: usize) -> ArrayRef {
    let texts = (0..count).map(|row| format!("text {row}"));
    Arc::new(StringArray::from_iter_values(texts))
}

#[test]
fn every_codec_and_type_of_text() {
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::BROTLI(Default::default()),
        Compression::ZSTD(Default::default()),
        Compression::LZ4_RAW,
    ] {
        let out = read_bytes(
            &source("auto"),
            "a",
            write(vec![("Text", texts(5))], compression, 2),
        );
        let offsets: Vec<u64> = out.kept.iter().map(|row| row.offset).collect();
        assert_eq!(offsets, [0, 1, 2, 3, 4], "{compression:?}");
    }
    let gbk = encoding_rs::GBK.encode("这是一段用来测试的中文文字").0;
    for (column, expected) in [
        (Arc::new(LargeStringArray::from(vec!["a"])) as ArrayRef, "a"),
        (Arc::new(StringViewArray::from(vec!["a"])), "a"),
        (Arc::new(BinaryArray::from(vec!["中".as_bytes()])), "中"),
        (
            Arc::new(BinaryArray::from(vec![&*gbk])),
            "这是一段用来测试的中文文字",
        ),
    ] {
        let bytes = write(vec![("content", column)], Compression::SNAPPY, 9);
        assert_eq!(
            read_bytes(&source("parquet"), "a", bytes).bodies(),
            [expected]
        );
    }
}

#[test]
fn nested_columns_lists_and_conversations() {
    let mut lists = ListBuilder::new(StringBuilder::new());
    lists.append_value([Some("a"), None, Some("b")]);
    let meta = StructArray::from(vec![(
        Arc::new(Field::new("url", DataType::Utf8, true)),
        Arc::new(StringArray::from(vec!["http://x/"])) as ArrayRef,
    )]);
    let time = TimestampMillisecondArray::from(vec![1_580_702_706_000]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("text", Arc::new(lists.finish())),
        ("meta", Arc::new(meta)),
        ("date", Arc::new(time)),
    ];
    let out = read_bytes(&source("auto"), "a", write(columns, Compression::SNAPPY, 9));
    assert_eq!(out.bodies(), ["a\nb"]);
    assert_eq!(out.kept[0].url.as_deref(), Some("http://x/"));
    assert_eq!(out.kept[0].time.as_deref(), Some("2020-02-03T04:05:06Z"));

    let fields = ["role", "content"].map(|name| Field::new(name, DataType::Utf8, true));
    let mut turns = ListBuilder::new(StructBuilder::from_fields(fields.to_vec(), 2));
    for (role, content) in [("user", "Hi"), ("assistant", "Hello")] {
        let turn = turns.values();
        turn.field_builder::<StringBuilder>(0)
            .unwrap()
            .append_value(role);
        turn.field_builder::<StringBuilder>(1)
            .unwrap()
            .append_value(content);
        turn.append(true);
    }
    turns.append(true);
    let columns: Vec<(&str, ArrayRef)> = vec![("messages", Arc::new(turns.finish()))];
    let out = read_bytes(&source("auto"), "a", write(columns, Compression::SNAPPY, 9));
    assert_eq!(out.bodies(), ["User: Hi\n\nAssistant: Hello"]);
}

#[test]
fn a_table_without_text_is_one_row_that_names_the_columns() {
    let bytes = write(
        vec![("satz", texts(3)), ("id", texts(3))],
        Compression::SNAPPY,
        9,
    );
    let out = read_bytes(&source("auto"), "a", bytes.clone());
    assert_eq!(out.rules(), ["collect.no_text"]);
    let detail = out.dropped[0].detail.as_deref().unwrap();
    assert!(
        detail.contains("satz, id") && detail.contains("`text_fields`"),
        "{detail}"
    );
    let mut named = source("auto");
    named.source = Source::new(&SourceConfig {
        text_fields: vec!["satz".into()],
        ..named.source.config.clone()
    })
    .unwrap();
    assert_eq!(read_bytes(&named, "a", bytes).kept.len(), 3);
}

#[test]
fn long_rows_and_damaged_groups_cost_their_rows_only() {
    let mut small = source("auto");
    small.settings.max_record = 100;
    let rows = StringArray::from(vec!["a".to_owned(), "x".repeat(200), "c".to_owned()]);
    let bytes = write(vec![("text", Arc::new(rows))], Compression::SNAPPY, 9);
    let out = read_bytes(&small, "a", bytes);
    assert_eq!(
        (out.bodies(), out.rules()),
        (vec!["a", "c"], vec!["collect.too_large"])
    );

    let mut bytes = write(
        vec![("text", texts(6))],
        Compression::ZSTD(Default::default()),
        2,
    );
    let frames: Vec<usize> = memchr::memmem::find_iter(&bytes, b"\x28\xb5\x2f\xfd").collect();
    bytes[frames[2]..frames[2] + 4].fill(0); // the second group's first page
    let out = read_bytes(&source("auto"), "a", bytes);
    let offsets: Vec<u64> = out.kept.iter().map(|row| row.offset).collect();
    assert_eq!(
        (offsets, out.rules()),
        (vec![0, 1, 4, 5], vec!["collect.corrupt"])
    );
    assert_eq!(out.dropped[0].offset, 2);
    assert_eq!(
        read_bytes(&source("auto"), "a", b"PAREnc-----PARE".to_vec()).rules(),
        ["collect.encrypted"]
    );
    assert_eq!(
        read_bytes(&source("auto"), "a", b"PAR1PAR1".to_vec()).rules(),
        ["collect.corrupt"]
    );
}

proptest! {
    #[test]
    fn damage_ends_in_rows(at in any::<prop::sample::Index>(), with in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut bytes = write(vec![("text", texts(20)), ("lang", texts(20))], Compression::SNAPPY, 8);
        let index = at.index(bytes.len());
        bytes[index] = with;
        read_bytes(&source("auto"), "a", bytes.clone());
        bytes.truncate(cut.index(bytes.len()));
        read_bytes(&source("parquet"), "a", bytes);
    }
}
