//! What holds of any text, whatever is configured.

use proptest::prelude::*;

use super::*;

/// Pieces that meet in nasty ways: halves of entities, escapes, sequences and private data.
fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "&",
            "amp;",
            "&lt;",
            "#38;",
            "Ã",
            "¶",
            "â€",
            "™",
            "\u{93}",
            "\u{85}",
            "\u{1b}",
            "[0m",
            "]0;",
            "\u{7}",
            "\u{200b}",
            "\u{200d}",
            "\u{200c}",
            "\u{feff}",
            "👩",
            "e",
            "\u{301}",
            "\u{37e}",
            "ﬁ",
            "Ａ",
            "　",
            " ",
            "\t",
            "\r",
            "\n",
            "\n\n\n",
            "浣犲ソ",
            "ÄãºÃ",
            "锟斤拷",
            "Г",
            "├",
            "│",
            "13800138000",
            "@",
            "a@b.com",
            ".",
            "192.",
            "8.8.8.8",
            "+",
            "86",
            "-",
            "(",
            "555",
            ") ",
            "4111 1111 1111 1111",
            "DE89370400440532013000",
            "11010519491231002X",
            "::",
            "2001:4860::8888",
            "\u{fffd}",
            "?",
            "é",
            "中",
            "文",
            "\u{a0}",
            "\u{ad}",
            "\u{1a}",
            "П",
            "ﾊ",
            "ﾞ",
            "\u{e0041}",
            "က",
            "exam-\n",
            "ple",
            "\u{ad}\n",
            "‐\n",
            "well",
            "-",
            "，",
            "（",
            "）",
            "：",
            "ｶ",
            "ﾡ",
            "“",
            "—",
            "乾",
            "臺灣",
            "の",
            "后面",
            "AKIA2E0A8F3B244C9986",
            "token: ",
            "k3Jd92LsQp0vXz7TmN1b",
            "password=",
            "Hunter22!x",
            "-----BEGIN RSA PRIVATE KEY-----",
            "-----END RSA PRIVATE KEY-----",
            "passport ",
            "护照号",
            "E12345678",
            "(at)",
            " (dot) ",
            "https://u:",
            "/",
            "0211",
            "x\u{8}",
            "_",
            "&#173;",
            "&shy;",
            "電話：",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
        "[0-9 .@+:()-]{1,8}",
        (0x80u32..0x2600)
            .prop_filter_map("surrogate", char::from_u32)
            .prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// Every choice of the configuration.
fn choices() -> impl Strategy<Value = Config> {
    let forms = prop::sample::select(vec![Form::Nfc, Form::Nfkc, Form::None]);
    let key = prop::sample::select(vec!["", "a key"]);
    let flags = prop::array::uniform9(any::<bool>());
    let mask = prop::sample::subsequence(PrivateKind::ALL.to_vec(), 0..=PrivateKind::ALL.len());
    (forms, key, flags, mask).prop_map(|(form, key, flags, mask)| {
        let [
            repair,
            entities,
            full,
            half,
            quotes,
            dashes,
            chinese,
            hyphens,
            indent,
        ] = flags;
        let marks = |ascii| if ascii { Marks::Ascii } else { Marks::Keep };
        Config {
            form,
            repair_mojibake: repair,
            decode_entities: entities,
            fullwidth: if full { Width::Narrow } else { Width::Keep },
            halfwidth: if half {
                HalfWidth::Widen
            } else {
                HalfWidth::Keep
            },
            quotes: marks(quotes),
            dashes: marks(dashes),
            chinese: if chinese {
                Chinese::Simplified
            } else {
                Chinese::Keep
            },
            join_hyphens: hyphens,
            keep_indent: indent,
            mask,
            pseudonym_key: key.to_owned(),
            ..Config::default()
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn twice_is_once(text in nasty()) {
        let stage = stage();
        let (once, _) = stage.normalize(&text);
        let (twice, counts) = stage.normalize(&once);
        prop_assert_eq!(&once, &twice);
        prop_assert_eq!(counts, Counts::default());
    }

    #[test]
    fn twice_is_once_whatever_is_chosen(text in nasty(), config in choices()) {
        let stage = Normalize::new(&config).unwrap();
        let (once, _) = stage.normalize(&text);
        let (twice, counts) = stage.normalize(&once);
        prop_assert_eq!(&once, &twice);
        prop_assert_eq!(counts, Counts::default());
    }

    #[test]
    fn the_result_is_clean(text in nasty()) {
        let (clean, _) = stage().normalize(&text);
        let unwanted = ['\u{0}', '\r', '\u{1b}', '\u{feff}', '\u{202e}'];
        prop_assert!(!clean.contains(unwanted));
        let not_c1 = |c: char| !('\u{80}'..='\u{9f}').contains(&c);
        prop_assert!(clean.chars().all(not_c1));
        prop_assert!(!clean.contains("\n\n\n") && clean.trim_end() == clean);
    }
}
