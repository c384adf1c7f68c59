use proptest::prelude::*;

use crate::config::SourceConfig;
use crate::listing::Source;
use crate::reader::testing::{TestSource, read_bytes, source};
use crate::record::memory::Memory;

fn with(kind: &str, change: impl FnOnce(&mut SourceConfig)) -> TestSource {
    let mut source = source(kind);
    let mut config = source.source.config.clone();
    change(&mut config);
    source.source = Source::new(&config).unwrap();
    source
}

fn read(kind: &str, text: &str) -> Memory {
    read_bytes(&source(kind), "a", text.as_bytes().to_vec())
}

#[test]
fn separators_are_found() {
    for text in [
        "id,text,title\n1,\"a, b\",T\n",
        "sep=;\r\nid;Text;title\r\n1;a, b;T\r\n",
        "\u{feff}id|text|title\n1|a, b|T",
        "id\ttext\ttitle\n1\ta, b\tT\n\n",
        "\"id\",\"text\",\"title\"\r1,\"a, b\",T\r",
    ] {
        let out = read("csv", text);
        assert_eq!(
            (out.bodies(), out.rules()),
            (vec!["a, b"], vec![]),
            "{text}"
        );
        assert_eq!(out.kept[0].title.as_deref(), Some("T"));
    }
    let colon = with("csv", |config| config.delimiter = Some(':'));
    let out = read_bytes(&colon, "a", b"text:x\na,b:1".to_vec());
    assert_eq!(out.bodies(), ["a,b"]);
    assert_eq!(read("csv", "text\n\"a\n\nb\"\nc").bodies(), ["a\n\nb", "c"]);
}

#[test]
fn columns_that_are_not_known_are_one_row() {
    let out = read("csv", "id,satz\n1,a\n2,b\n");
    assert_eq!(out.rules(), ["collect.no_text"]);
    let detail = out.dropped[0].detail.as_deref().unwrap();
    assert!(
        detail.contains("id, satz") && detail.contains("`text_fields`"),
        "{detail}"
    );
    let named = with("csv", |config| config.text_fields = vec!["satz".into()]);
    let out = read_bytes(&named, "a", b"id,satz\n1,a\n2,b\n".to_vec());
    assert_eq!(out.bodies(), ["a", "b"]);
    let bare = with("tsv", |config| {
        config.columns = vec!["lang".into(), "text".into()]
    });
    for text in ["en\ta\nde\tb\n", "lang\ttext\nen\ta\nde\tb\n"] {
        let out = read_bytes(&bare, "a", text.as_bytes().to_vec());
        assert_eq!(out.bodies(), ["a", "b"]);
        assert_eq!(out.kept[1].lang.as_deref(), Some("de"));
    }
}

#[test]
fn uneven_rows_and_open_quotes_cost_their_rows_only() {
    let out = read("csv", "text,x\na,1\nb\nc,1,2\nd,1,\n,1\ne,1");
    assert_eq!(out.bodies(), ["a", "d", "e"]);
    let ragged = "collect.ragged_row";
    assert_eq!(out.rules(), [ragged, ragged, "collect.no_text"]);
    assert_eq!((out.dropped[0].offset, out.dropped[1].offset), (11, 13));
    assert!(
        out.dropped[0]
            .detail
            .as_deref()
            .unwrap()
            .starts_with("line 3: 1 values in 2")
    );
    for text in [
        "text,x\na,1\n\"b,2\nc,3\nd,4\n",
        "text,x\na,1\n\"b,2\nc,3\n\"d\",4\n",
    ] {
        let out = read("csv", text);
        assert_eq!(
            (out.bodies(), out.rules()),
            (vec!["a", "c", "d"], vec!["collect.invalid_csv"])
        );
        assert_eq!(out.dropped[0].offset, 11);
    }
    let inner = read(
        "csv",
        "text,x\n\"he said \"hi\" to\nher\",1\n\"\"\"q\"\"\",2\n",
    );
    assert_eq!(inner.bodies(), ["he said \"hi\" to\nher", "\"q\""]);
}

#[test]
fn quotes_between_tabs_may_mean_nothing() {
    let text = "text\tx\n\"Hello,\" he said.\t1\n\"open\t2\n\"two\nlines\"\t3\n\"in \"\"quotes\"\"\"\t4\n\"last\t5\n";
    let out = read("tsv", text);
    assert_eq!(out.rules(), [""; 0]);
    let expected = [
        "\"Hello,\" he said.",
        "\"open",
        "two\nlines",
        "in \"quotes\"",
        "\"last",
    ];
    assert_eq!(out.bodies(), expected);
}

#[test]
fn long_records_do_not_fill_the_memory() {
    let mut small = source("csv");
    small.settings.max_record = 1000;
    let long = "x\n".repeat(100_000);
    for (text, bodies) in [
        (format!("text,x\n\"{long}\",1\na,2\n"), vec!["a"]),
        (format!("text,x\n{},1\na,2\n", "y".repeat(5000)), vec!["a"]),
        (
            format!("text,x\n\"{}\na,2\n\"b\",3\nc,4\n", "y,".repeat(2000)),
            vec!["c"],
        ),
    ] {
        let out = read_bytes(&small, "a", text.into_bytes());
        assert_eq!(
            (out.rules(), out.bodies()),
            (vec!["collect.too_large"], bodies)
        );
    }
    let commas = format!("text,x\n{}\na,1\n", ",".repeat(100_000));
    assert_eq!(read("csv", &commas).rules(), ["collect.too_large"]);
}

#[test]
fn charsets_are_guessed_or_declared() {
    let text = "title,text\n标题,这是一段用来测试的中文文字\n第二,另外一段不同的文字内容\n";
    let expected = ["这是一段用来测试的中文文字", "另外一段不同的文字内容"];
    let gbk = encoding_rs::GBK.encode(text).0.into_owned();
    let utf16: Vec<u8> = format!("\u{feff}{text}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let declared = with("csv", |config| config.charset = Some("gb18030".into()));
    assert_eq!(
        read_bytes(&source("csv"), "a", gbk.clone()).bodies(),
        expected
    );
    assert_eq!(read_bytes(&source("csv"), "a", utf16).bodies(), expected);
    assert_eq!(read_bytes(&declared, "a", gbk).bodies(), expected);
    // The first bytes are ASCII alone.
    let rows = "plain,words\n".repeat(2000);
    let late = [b"text,x\n", rows.as_bytes(), b"caf\xe9 au lait,1\n"].concat();
    let out = read_bytes(&source("csv"), "a", late);
    assert_eq!(out.bodies().last(), Some(&"café au lait"));
}

fn values() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec(("[a-z,;\"\n\r\t|中]{0,12}[a-z]", "[^\\pC]{0,9}"), 1..12)
}

proptest! {
    #[test]
    fn what_the_csv_crate_writes_is_read(rows in values(), separator in prop::sample::select(vec![b',', b';', b'|', b'\t']), always in any::<bool>(), crlf in any::<bool>()) {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(separator)
            .quote_style(if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary })
            .terminator(if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') })
            .from_writer(Vec::new());
        writer.write_record(["text", "x"]).unwrap();
        for (text, x) in &rows {
            writer.write_record([text, x]).unwrap();
        }
        let out = read_bytes(&source("csv"), "a", writer.into_inner().unwrap());
        let texts: Vec<&str> = rows.iter().map(|(text, _)| text.as_str()).collect();
        prop_assert_eq!(out.bodies(), texts);
        prop_assert_eq!(out.dropped.len(), 0);
    }

    #[test]
    fn anything_ends_in_rows_of_their_own(kind in "csv|tsv", pieces in prop::collection::vec(prop::sample::select(vec!["text", "a", "\"", ",", "\t", "\n", "\r", ";", "\"\"", "\"\n", "\",\""]), 0..60)) {
        let text = format!("text,text\t\n{}", pieces.concat());
        let out = read(&kind, &text);
        let mut ids: Vec<_> = out.kept.iter().map(|row| &row.id).chain(out.dropped.iter().map(|row| &row.id)).collect();
        let rows = ids.len();
        ids.sort_unstable();
        ids.dedup();
        prop_assert_eq!(ids.len(), rows);
    }
}
