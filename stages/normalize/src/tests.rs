use super::*;

mod properties;

fn stage() -> Normalize {
    Normalize::new(&Config::default()).unwrap()
}

fn normal(text: &str) -> String {
    stage().normalize(text).0.into_owned()
}

#[test]
fn clean_text_is_borrowed() {
    for text in [
        "Plain text.\n\nSecond paragraph, with “quotes”.",
        "中文文本，没有问题。",
        "Привет",
    ] {
        let (same, counts) = stage().normalize(text);
        assert!(matches!(same, Cow::Borrowed(_)), "{text}");
        assert_eq!(counts, Counts::default());
    }
}

#[test]
fn composes_and_counts() {
    let (text, counts) = stage().normalize("cafe\u{301}\r\n\r\n\r\n\r\nx\u{200b}y ﬁ");
    assert_eq!(text, "café\n\nxy fi");
    assert_eq!((counts.unicode, counts.invisible, counts.forms), (1, 1, 1));
    assert!(counts.spaces > 0 && counts.repaired() > 4);
}

#[test]
fn escapes_go_before_the_entities_they_hide_in() {
    assert_eq!(
        normal("\u{1b}[1mTom &am\u{0}p;amp; Jerry\u{1b}[0m"),
        "Tom & Jerry"
    );
}

#[test]
fn forms_by_configuration() {
    let with = |form| {
        let config = Config {
            form,
            ..Config::default()
        };
        Normalize::new(&config)
            .unwrap()
            .normalize("e\u{301} 10³")
            .0
            .into_owned()
    };
    assert_eq!(with(Form::Nfc), "é 10³");
    assert_eq!(with(Form::Nfkc), "é 103");
    assert_eq!(with(Form::None), "e\u{301} 10³");
}

#[test]
fn bad_placeholders_are_refused() {
    let with = |placeholder: &str| {
        let config = Config {
            placeholder: placeholder.to_owned(),
            ..Config::default()
        };
        Normalize::new(&config).err()
    };
    assert_eq!(with("[{kind}]"), None);
    assert!(matches!(
        with("<PII>"),
        Some(Error::PlaceholderWithoutKind(_))
    ));
    assert!(matches!(
        with("{kind}@example.com"),
        Some(Error::UnstablePlaceholder(_))
    ));
    assert!(matches!(
        with("{kind}  \u{200b}"),
        Some(Error::UnstablePlaceholder(_))
    ));
}

#[test]
fn changes_are_counted_by_kind_and_segments_given() {
    let document = Document {
        text: "schÃ¶n &amp; gut. An exam-\nple for ada@example.com. Ｏk\u{200b}".to_owned(),
        ..Document::default()
    };
    let Verdict::Keep(kept) = stage().process(document) else {
        panic!("dropped")
    };
    assert_eq!(kept.text, "schön & gut. An example\nfor <EMAIL>. Ok");
    let kinds = (
        kept.repaired_mojibake,
        kept.repaired_entities,
        kept.repaired_hyphens,
        kept.repaired_forms,
    );
    assert_eq!(kinds, (2, 1, 1, 1)); // "Ã¶" is two characters
    assert_eq!(
        (
            kept.repaired_invisible,
            kept.masked_email,
            kept.masked_phone
        ),
        (1, 1, 0)
    );
    assert_eq!((kept.repaired, kept.masked), (6, 1));
    assert_eq!((kept.words, kept.sentences), (7, 3));
    assert_eq!(kept.sentence_ends.last(), Some(&(kept.text.len() as u32)));
}

#[test]
fn chinese_is_simplified_by_choice() {
    let config = Config {
        chinese: Chinese::Simplified,
        ..Config::default()
    };
    let stage = Normalize::new(&config).unwrap();
    let document = |lang: &str| Document {
        lang: Some(lang.to_owned()),
        script: Some("Hant".to_owned()),
        text: "臺灣的發展".to_owned(),
        ..Document::default()
    };
    let of = |lang| match stage.process(document(lang)) {
        Verdict::Keep(kept) => (kept.text, kept.script.unwrap_or_default()),
        Verdict::Drop(_) => panic!("dropped"),
    };
    assert_eq!(of("zh"), ("台湾的发展".to_owned(), "Hans".to_owned()));
    assert_eq!(of("ja").0, "臺灣的發展");
    assert_eq!(normal("臺灣的發展"), "臺灣的發展");
}

#[test]
fn documents_are_counted_or_dropped() {
    let document = Document {
        title: Some("Title &amp;\nmore".to_owned()),
        text: "Mail ada@example.com\u{200b}".to_owned(),
        ..Document::default()
    };
    let Verdict::Keep(kept) = stage().process(document) else {
        panic!("dropped")
    };
    assert_eq!(kept.text, "Mail <EMAIL>");
    assert_eq!(kept.title.as_deref(), Some("Title & more"));
    assert_eq!((kept.repaired, kept.masked), (2, 1));
    let empty = Document {
        text: " \u{feff}\n\u{1b}[0m".to_owned(),
        ..Document::default()
    };
    let Verdict::Drop(reason) = stage().process(empty) else {
        panic!("kept")
    };
    assert_eq!(reason.rule, "normalize.empty");
}

#[test]
fn configuration_refuses_unknown_keys() {
    let known: Result<Config, _> =
        serde_json::from_str(r#"{"form": "nfkc", "mask": ["resident_id"]}"#);
    assert_eq!(known.unwrap().mask, [PrivateKind::ResidentId]);
    assert!(serde_json::from_str::<Config>(r#"{"forms": "nfkc"}"#).is_err());
}

/// What is quadratic takes minutes on these, and days where `examples/speed.rs --hostile` has seconds.
#[test]
fn hostile_lines_end() {
    let stage = stage();
    for unit in [
        "a",
        "7",
        "@",
        "&",
        "Ã",
        "中",
        "かな",
        "AKIA",
        "(at)",
        "a(at)",
        "-----BEGIN PRIVATE KEY-----",
        "eyJ",
        "token: a1B2",
        "password=",
        "passport A1",
        "//a:b@",
        "，",
        "a，",
        "ﾊﾞ",
        "ab-\nab\n",
        "\u{ad}\n",
        "a.",
        ".",
        "1,",
        "1 ",
        "1-",
        "( ",
        "（",
    ] {
        let text = unit.repeat(500_000 / unit.len());
        let _ = stage.process(Document {
            text,
            ..Document::default()
        });
    }
}
