//! Word lists on made-up words.

use super::*;

fn lists(files: &[(&str, &str)]) -> Result<WordLists, Error> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    WordLists::load(folder.path())
}

#[test]
fn counts_by_language() {
    let lists = lists(&[
        ("en", "# made up\ndarn\nold goat\ngoat\nf*x\n"),
        ("zh.txt", "坏蛋\nsm\n"),
        ("ru", "чёрт\n"),
        ("ko", "바보\n"),
        ("README.md", "no list\n"),
        ("fr-CA-u-sd-caqc", "tabarnouche\n"),
    ])
    .unwrap();
    assert_eq!(
        lists.languages().collect::<Vec<_>>(),
        ["en", "ko", "ru", "zh"]
    );
    for (lang, text, count, first) in [
        ("en", "Darn it, DARN it!", 2, Some("darn")),
        ("en", "darning, undarn, darn2", 0, None),
        ("en", "darn_darn", 2, Some("darn")),
        ("en", "you old goat", 1, Some("old goat")),
        ("en", "an f*x here", 1, Some("f*x")),
        ("en", "darné", 0, None),
        ("en", "这个darn词", 1, Some("darn")),
        ("zh", "你这个坏蛋，坏蛋！", 2, Some("坏蛋")),
        ("zh", "small", 0, None),
        ("zh", "玩SM的", 1, Some("sm")),
        ("ru", "Чёрт! ЧЁРТ чёрт, чёрта", 3, Some("чёрт")),
        ("ko", "바보! 바보다", 1, Some("바보")),
        ("de", "darn", 0, None),
        ("en", "", 0, None),
    ] {
        assert_eq!(lists.count(text, lang), Hits { count, first }, "{text}");
    }
    assert_eq!(lists.count("darn it", "en").per_thousand(2), 500.0);
    assert_eq!(Hits::default().per_thousand(0), 0.0);
}

#[test]
fn errors_name_the_place() {
    assert!(
        lists(&[("README", "x")])
            .unwrap_err()
            .to_string()
            .contains("language code")
    );
    let message = lists(&[("en", "fine\n--\n")]).unwrap_err().to_string();
    assert!(message.contains("en, line 2: `--`"), "{message}");
    assert!(WordLists::load(Path::new("/nowhere")).is_err());
}

proptest::proptest! {
    #[test]
    fn agrees_with_whole_words(picks in proptest::collection::vec(0usize..5, 0..40)) {
        let words: Vec<&str> = picks.iter().map(|&p| ["darn", "darns", "goat", "中", "x"][p]).collect();
        let lists = lists(&[("en", "darn\ngoat\n")]).unwrap();
        let expected = picks.iter().filter(|&&p| p == 0 || p == 2).count();
        proptest::prop_assert_eq!(lists.count(&words.join(" "), "en").count, expected);
    }
}
