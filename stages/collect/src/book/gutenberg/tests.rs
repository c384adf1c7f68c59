use proptest::prelude::*;

use super::{begins, decode, parse};
use crate::reader::testing::{read_bytes, source};

const HEAD: &str = "\u{feff}The Project Gutenberg EBook of Walks and\nDays, by Ann Author\n\nThis eBook is for the use of anyone anywhere at no cost and with\nalmost no restrictions whatsoever.\n\nTitle: Walks and Days\n       A Summer Book\n\nAuthor: Ann Author\n\nRelease Date: December 25, 2004 [EBook #12345]\n\nLanguage: English\n\nCharacter set encoding: ISO-8859-1\n\n*** START OF THIS PROJECT GUTENBERG EBOOK WALKS\nAND DAYS ***\n\n\n\n\nProduced by Somebody and the Online Distributed\nProofreading Team\n\n\n\n";
const FOOT: &str = "\n\n\nEnd of the Project Gutenberg EBook of Walks and Days, by Ann Author\n\n*** END OF THIS PROJECT GUTENBERG EBOOK WALKS AND DAYS ***\n\nUpdated editions will replace the previous one.\n";
const BODY: &str = "WALKS AND DAYS\n\n\n\nCHAPTER I\n\nThe Gate\n\n\nIt was the _first_ day of the summer, and the whole of the long valley\nlay open before us like a well-known book. To-day we were to walk as far\nas the mill, which nobody had seen for years, and the morn-\ning was full of light.[1] A well-\nknown path led down to it--\nor so we thought.\n\n[Footnote 1: The light of that morning was praised by everybody who\nsaw it.]\n\n[Illustration: The gate,\nfrom a drawing]\n\n  The road goes on,\n    The hills are near,\n  And all the long\n    Day is here.\n\nThe morning went, and with it went the mist that had been lying over the\nwater, so that we could see the mill at last, [Pg 12] grey and still, and\nits wheel, and the door that stood open.\n\n       *       *       *       *       *\n\nMill House,\nThe Valley.\nDear Friend,\n\n\n\nCHAPTER II\n\nThe second day was like the first, but for the rain, which began when we\nhad left the house and did not stop until the evening came.\n";

#[test]
fn a_book_without_its_head_and_licence() {
    let out = read_bytes(
        &source("auto"),
        "12345.txt",
        format!("{HEAD}{BODY}{FOOT}").replace('\n', "\r\n").into(),
    );
    assert_eq!(out.dropped, []);
    assert_eq!(
        out.bodies()[0],
        "<h3>WALKS AND DAYS</h3>\n<h3>CHAPTER I</h3>\n<p>The Gate</p>\n\
         <p>It was the first day of the summer, and the whole of the long valley lay open before us like a well-known book. To-day we were to walk as far as the mill, which nobody had seen for years, and the morning was full of light. A well-known path led down to it--or so we thought.</p>\n\
         <p>The road goes on,<br>\nThe hills are near,<br>\nAnd all the long<br>\nDay is here.</p>\n\
         <p>The morning went, and with it went the mist that had been lying over the water, so that we could see the mill at last, grey and still, and its wheel, and the door that stood open.</p>\n\
         <hr>\n<p>Mill House,<br>\nThe Valley.<br>\nDear Friend,</p>\n\
         <p>The light of that morning was praised by everybody who saw it.</p>\n\
         <h3>CHAPTER II</h3>\n\
         <p>The second day was like the first, but for the rain, which began when we had left the house and did not stop until the evening came.</p>"
    );
    let row = &out.kept[0];
    assert_eq!(row.title.as_deref(), Some("Walks and Days A Summer Book"));
    assert_eq!(row.author.as_deref(), Some("Ann Author"));
    assert_eq!(row.lang.as_deref(), Some("en"));
    assert_eq!(row.time.as_deref(), Some("2004-12-25T00:00:00Z"));
    assert_eq!(
        row.url.as_deref(),
        Some("https://www.gutenberg.org/ebooks/12345")
    );
    assert_eq!(row.license.as_deref(), Some("Public domain in the USA"));
}

#[test]
fn old_and_sister_heads() {
    let old = "The Project Gutenberg Etext of Old Tales, by A. B. Writer\n\nsmall print\n\n*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*\n\n\nThis etext was prepared by Someone.\n\n\nA tale.\n\nEnd of Project Gutenberg's Etext of Old Tales\n";
    let book = parse(old);
    assert_eq!(
        (book.title.as_deref(), book.author.as_deref()),
        (Some("Old Tales"), Some("A. B. Writer"))
    );
    assert_eq!(book.html, "<p>A tale.</p>");
    let australia = "Project Gutenberg Australia\n\nTitle: South\nAuthor: C. D.\neBook No.: 0100001.txt\nLanguage: English\n\nTo contact Project Gutenberg of Australia go to\nhttp://gutenberg.net.au\n\n\nThe sea.\n\nTHE END\n\nThis site is full of FREE ebooks - Project Gutenberg Australia\n";
    let book = parse(australia);
    assert_eq!(
        (book.title.as_deref(), book.html.as_str()),
        (Some("South"), "<p>The sea.</p>\n<p>THE END</p>")
    );
    let canada = "* A Distributed Proofreaders Canada eBook *\n\nThis eBook is made available at no cost\n\n_Title:_ North\n_Date of first publication:_ 1931\n_Author:_ E. F.\n_Faded Page eBook #20200101_\n\nThis eBook was produced by: Someone\n& others\n\n\nThe snow.\n\n[The end of _North_ by E. F.]\n";
    let book = parse(canada);
    assert_eq!(
        (book.title.as_deref(), book.time.as_deref()),
        (Some("North"), Some("1931-01-01T00:00:00Z"))
    );
    assert_eq!(book.html, "<p>The snow.</p>");
    assert_eq!(book.license, None);
}

#[test]
fn chinese_lines_are_joined_without_a_space() {
    let text = "第一回\u{3000}起頭\n\n話說天下大勢分久必合合久必分這是一句很長很長的話所以要換行\n才寫得完這一段文字的後半部分在下一行裏面繼續寫下去一直寫到\n最後。\n\n第二回\u{3000}再起\n\n又是一天。\n";
    let html = parse(text).html;
    assert_eq!(
        html,
        "<h3>第一回\u{3000}起頭</h3>\n<p>話說天下大勢分久必合合久必分這是一句很長很長的話所以要換行才寫得完這一段文字的後半部分在下一行裏面繼續寫下去一直寫到最後。</p>\n<h3>第二回\u{3000}再起</h3>\n<p>又是一天。</p>"
    );
    let (big5, _, _) = encoding_rs::BIG5.encode(text);
    assert_eq!(decode(&big5), text);
}

#[test]
fn aozora() {
    let text = "山の話\n作者 花子\n翻訳 太郎訳\n\n-------------------------------------------------------\n【テキスト中に現れる記号について】\n\n《》：ルビ\n（例）山《やま》\n-------------------------------------------------------\n\n［＃３字下げ］一［＃「一」は中見出し］\n\n\u{3000}山《やま》の上に｜白い雲《しろいくも》があった。※［＃「髟／兵」、U+9B02、1-2］と※［＃「口＋世」、第3水準1-1-1］。\n\u{3000}美しい［＃「美しい」に傍点］日。\n［＃改ページ］\n\n底本：「山」山書店\n入力：誰か\n";
    let book = parse(text);
    assert_eq!(
        book.html,
        "<h3>一</h3>\n<p>山の上に白い雲があった。鬂と〓。</p>\n<p>美しい日。</p>"
    );
    assert_eq!(
        (book.title.as_deref(), book.author.as_deref()),
        (Some("山の話"), Some("作者 花子"))
    );
    let (sjis, _, _) = encoding_rs::SHIFT_JIS.encode(text);
    assert!(begins(&sjis, &String::from_utf8_lossy(&sjis)));
    let out = read_bytes(&source("auto"), "a.txt", sjis.into_owned());
    assert_eq!(out.kept[0].lang.as_deref(), Some("ja"));
}

#[test]
fn verse_and_lines_that_are_paragraphs() {
    let verse = "Shall I compare thee to a summer's day?\nThou art more lovely and more temperate:\nRough winds do shake the darling buds of May,\nAnd summer's lease hath all too short a date.\n";
    assert_eq!(parse(&verse.repeat(3)).html.matches("<br>").count(), 11);
    let long = "A paragraph that stands on one line of the file, however long it may be, because nobody has ever wrapped it at all, in any way.\n";
    let html = parse(&format!("{long}\n{long}\n{long}")).html;
    assert_eq!(
        (html.matches("<p>").count(), html.matches("<br>").count()),
        (3, 0)
    );
}

#[test]
fn pages_are_taken_out_and_paragraphs_go_on() {
    let mut text = String::new();
    for page in 10..30 {
        text += &format!(
            "of the road that went on and on through the woods and over the hills to\nthe sea and back again, where nobody waited for them but the wind and\n\n{page}    THE LONG ROAD\n\n"
        );
    }
    let html = parse(&text).html;
    assert!(
        !html.contains("THE LONG ROAD") && !html.contains("12"),
        "{html}"
    );
    assert_eq!(html.matches("<p>").count(), 1);
}

#[test]
fn a_plain_text_is_no_book_of_gutenberg() {
    assert!(!begins(b"words", "A plain text, not more."));
    assert_eq!(
        read_bytes(&source("auto"), "a.txt", b"words".to_vec()).kept[0].media_type,
        "text/plain"
    );
    assert_eq!(
        read_bytes(&source("gutenberg"), "a.txt", b"  \n".to_vec()).rules(),
        ["collect.no_text"]
    );
    let lines = vec![b'\n'; super::MAX_LINES + 1];
    let out = read_bytes(&source("gutenberg"), "a.txt", lines);
    assert_eq!(out.rules(), ["collect.too_large"]);
}

proptest! {
    #[test]
    fn never_panics(text in "([A-Za-z,.\\[\\]{}_=*《》｜［］＃※第一回\u{3000} -]{0,30}\n{0,3}|\\*\\*\\* (START|END) OF THE PROJECT GUTENBERG|\\[(Footnote 1: |Illustration)|底本：\n){0,30}") {
        parse(&text);
    }

    #[test]
    fn no_word_is_lost(words in prop::collection::vec("[a-z]{2,9}", 30..200)) {
        let mut text = String::new();
        let mut column = 0;
        for word in &words {
            if column + word.len() > 60 {
                text.push('\n');
                column = 0;
            } else if column > 0 {
                text.push(' ');
            }
            text += word;
            column += word.len() + 1;
        }
        let html = parse(&text).html;
        let found = crate::markup::strip(&html);
        prop_assert_eq!(found.split(' ').collect::<Vec<_>>(), words);
    }
}
