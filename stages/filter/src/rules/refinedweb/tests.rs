//! Lines of several languages.

use super::*;

const PROSE: &str =
    "The quick brown fox jumps over the lazy dog, and then it sleeps for a while in the sun.";

/// What stays of a line between two others.
fn stays(line: &str, lang: &str) -> Option<String> {
    let text = format!("{PROSE}\n{line}\n{PROSE}");
    let found = rewrite(
        &text,
        Segmenter::of(lang),
        Phrases::of(lang),
        &Options::default(),
    );
    assert_eq!(found.removed.lines() > 0, found.text != text, "{line}");
    let middle = found
        .text
        .strip_prefix(PROSE)
        .unwrap()
        .strip_suffix(PROSE)
        .unwrap();
    middle
        .strip_prefix('\n')
        .and_then(|middle| middle.strip_suffix('\n'))
        .map(String::from)
}

#[test]
fn lines_go() {
    for (lang, line) in [
        ("en", "BREAKING NEWS FROM ALL OVER THE WORLD TODAY"),
        ("ru", "СРОЧНЫЕ НОВОСТИ СО ВСЕГО МИРА СЕГОДНЯ"),
        ("en", "  1234  "),
        ("en", "12:30 - 14:00"),
        ("en", "Introduction"),
        ("en", "3 likes"),
        ("en", "1.2K views · 15 comments"),
        ("en", "(10M views)"),
        ("en", "Comments (3)"),
        ("en", "READ MORE »"),
        ("en", "2 items in cart"),
        ("en", "Previous Post: How we built it"),
        ("en", "Sign in"),
        ("zh", "123人赞过"),
        ("zh", "阅读 1.2万"),
        ("zh", "阅读(1234) 评论(5)"),
        ("zh", "浏览次数：1234"),
        ("zh", "上一篇：论语言的起源"),
        ("zh", "下一篇"),
        ("zh", "展开全文 ▼"),
        ("zh", "【责任编辑：王小明】"),
        ("zh", "设为首页 | 加入收藏"),
        ("zh", "目录"),
        ("zh", "延伸閱讀"),
        ("ja", "いいね！ 12件"),
        ("ja", "続きを読む"),
        ("ja", "前の記事：東京の夏"),
        ("ja", "1,234回視聴"),
        ("ko", "댓글 12개"),
        ("ko", "더 보기"),
        ("de", "12 Kommentare"),
        ("de", "3 Artikel im Warenkorb"),
        ("fr", "Lire la suite…"),
        ("fr", "2 commentaires"),
        ("es", "Leer más »"),
        ("pt", "Deixe um comentário"),
        ("it", "Nessun commento"),
        ("ru", "Читать далее →"),
        ("ru", "5 комментариев"),
    ] {
        assert_eq!(stays(line, lang), None, "{line}");
    }
}

#[test]
fn lines_stay() {
    for (lang, line) in [
        ("en", PROSE),
        ("en", "NASA and ESA launch it"),
        ("en", "He counted 3 likes and was happy."),
        ("en", "3 minutes later she left"),
        ("en", "Home is where I want to be"),
        (
            "en",
            "We sign in the morning and read more in the evening, as all the others do here.",
        ),
        ("en", "| 12 | 13 |"),
        ("en", ""),
        ("en", "  "),
        ("en", "options. You can also view all"),
        ("en", "Log in the server to learn more"),
        ("zh", "他上一篇文章写得很好。"),
        ("zh", "全文共三章，每章两节。"),
        ("zh", "阅读是一种习惯，也是一种享受。"),
        ("zh", "2012年1月12日，北京下了大雪。"),
        ("zh", "评论家认为这部电影值得一看，全部评论都很好。"),
        ("ja", "会議には12人が出席した。"),
        ("ko", "그는 댓글을 12개 썼다."),
        ("de", "12 Kommentare später war er müde."),
        ("ru", "Москва и Санкт-Петербург"),
    ] {
        assert_eq!(stays(line, lang).as_deref(), Some(line), "{line}");
    }
}

#[test]
fn phrases_at_the_ends_are_cut_off() {
    for (lang, line, rest) in [
        (
            "en",
            "The new bridge has opened. Read more...",
            "The new bridge has opened.",
        ),
        ("en", "Sign-in | A day in the park", "A day in the park"),
        ("zh", "新大桥昨天正式通车…[查看全文]", "新大桥昨天正式通车…"),
        (
            "ja",
            "新しい橋が開通しました。続きを読む",
            "新しい橋が開通しました。",
        ),
        (
            "fr",
            "Le pont est ouvert. Lire la suite",
            "Le pont est ouvert.",
        ),
    ] {
        assert_eq!(stays(line, lang).as_deref(), Some(rest), "{line}");
    }
}

#[test]
fn counts_words_and_lines() {
    let text =
        "one two three four five six\n3 likes\nNEWS\n12\n\nseven eight. Read more\nHOT NEW OFFERS";
    let found = rewrite(
        text,
        Segmenter::Spaced,
        Phrases::of("en"),
        &Options::default(),
    );
    assert_eq!(found.text, "one two three four five six\n\nseven eight.");
    let expected = Removed {
        uppercase: 1,
        numerals: 1,
        counters: 1,
        single_words: 1,
        phrases: 0,
        cut: 1,
    };
    assert_eq!(found.removed, expected);
    assert_eq!((found.words, found.removed_words), (17, 9));
    assert!(found.removed_share() > MAX_REMOVED_WORDS);
    let none = Options {
        max_uppercase: 2.0,
        numerals: false,
        counters: false,
        single_words: false,
        phrase_line_words: 0,
    };
    let found = rewrite(text, Segmenter::Spaced, Phrases::of("en"), &none);
    assert!(matches!(found.text, Cow::Borrowed(_)));
    assert_eq!((found.removed.lines(), found.removed_words), (0, 0));
}

#[test]
fn unknown_languages_have_english_phrases() {
    assert_eq!(stays("Read more", "xx"), None);
    assert_eq!(stays("展开全文", "yue"), None);
}

proptest::proptest! {
    #[test]
    fn what_stays_is_of_the_text(text in "([a-zA-Z0-9 .,中文赞阅读全»|]{0,14}\n|read more\n|3 likes\n|\u{3000}İß\n){0,10}", unspaced: bool) {
        let lang = if unspaced { "zh" } else { "en" };
        let found = rewrite(&text, Segmenter::of(lang), Phrases::of(lang), &Options::default());
        proptest::prop_assert!(found.removed_words <= found.words);
        let mut left = text.split('\n');
        for line in found.text.split('\n').filter(|line| !line.is_empty()) {
            proptest::prop_assert!(left.any(|original| original.contains(line)), "{line:?} of {text:?}");
        }
    }
}
