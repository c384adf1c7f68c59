//! html5ever's own tokenizer says what is right.

use std::cell::{Cell, RefCell};

use html5ever::TokenizerResult;
use html5ever::buffer_queue::BufferQueue;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::{RawKind, ScriptEscapeKind};
use html5ever::tokenizer::{TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts, TreeSink};
use proptest::prelude::*;
use scraper::{Html, HtmlTreeSink};

use super::{MAX_ATTRIBUTES, tokenize};

/// What a sink asks for after start tags.
#[derive(Clone, Copy, Debug)]
enum Requests {
    Nothing,
    /// What a tree builder asks for.
    ByName,
    /// Everything that can be asked for, in turn.
    InTurn,
}

/// Keeps tokens, with adjacent text in one piece and without parse errors.
struct Collected {
    requests: Requests,
    in_foreign_content: bool,
    start_tags: Cell<usize>,
    tokens: RefCell<Vec<Token>>,
    ended: Cell<bool>,
}

impl Collected {
    fn new(requests: Requests, in_foreign_content: bool) -> Self {
        Self {
            requests,
            in_foreign_content,
            start_tags: Cell::new(0),
            tokens: RefCell::default(),
            ended: Cell::new(false),
        }
    }

    fn answer(&self, name: &str) -> TokenSinkResult<()> {
        self.start_tags.set(self.start_tags.get() + 1);
        let kind = match (self.requests, name, self.start_tags.get() % 8) {
            (Requests::ByName, "plaintext", _) => return TokenSinkResult::Plaintext,
            (Requests::ByName, "title" | "textarea", _) => RawKind::Rcdata,
            (Requests::ByName, "style" | "iframe", _) => RawKind::Rawtext,
            (Requests::ByName, "script", _) => RawKind::ScriptData,
            (Requests::InTurn, _, 2) => RawKind::Rcdata,
            (Requests::InTurn, _, 3) => RawKind::Rawtext,
            (Requests::InTurn, _, 4) => RawKind::ScriptData,
            (Requests::InTurn, _, 5) => RawKind::ScriptDataEscaped(ScriptEscapeKind::Escaped),
            (Requests::InTurn, _, 6) => RawKind::ScriptDataEscaped(ScriptEscapeKind::DoubleEscaped),
            (Requests::InTurn, _, 7) => return TokenSinkResult::Script(()),
            _ => return TokenSinkResult::Continue,
        };
        TokenSinkResult::RawData(kind)
    }
}

impl TokenSink for Collected {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut tokens = self.tokens.borrow_mut();
        let mut answer = TokenSinkResult::Continue;
        match (&token, tokens.last_mut()) {
            (Token::ParseError(_), _) => return answer,
            (Token::CharacterTokens(text), _) if text.is_empty() => return answer,
            (Token::CharacterTokens(text), Some(Token::CharacterTokens(last))) => {
                last.push_tendril(text);
                return answer;
            }
            (Token::TagToken(tag), _) if tag.kind == TagKind::StartTag => {
                answer = self.answer(&tag.name);
            }
            _ => {}
        }
        tokens.push(token);
        answer
    }

    fn end(&self) {
        self.ended.set(true);
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.in_foreign_content
    }
}

/// Keeps parse errors from a sink: html5ever's tree builder takes one between `<pre>` and
/// `&#10;` for a token and then keeps the newline, which the standard drops.
struct WithoutErrors<S>(S);

impl<S: TokenSink> TokenSink for WithoutErrors<S> {
    type Handle = S::Handle;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<S::Handle> {
        match token {
            Token::ParseError(_) => TokenSinkResult::Continue,
            token => self.0.process_token(token, line),
        }
    }

    fn end(&self) {
        self.0.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.0
            .adjusted_current_node_present_but_not_in_html_namespace()
    }
}

fn html5ever_tokenize<S: TokenSink>(html: &str, sink: S) -> S {
    // Left to itself, html5ever drops a byte order mark behind every script too.
    let html = html.strip_prefix('\u{feff}').unwrap_or(html);
    let options = TokenizerOpts {
        discard_bom: false,
        ..TokenizerOpts::default()
    };
    let tokenizer = Tokenizer::new(sink, options);
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    while !matches!(tokenizer.feed(&input), TokenizerResult::Done) {}
    tokenizer.end();
    tokenizer.sink
}

fn tree_builder() -> TreeBuilder<<HtmlTreeSink as TreeSink>::Handle, HtmlTreeSink> {
    let options = TreeBuilderOpts {
        scripting_enabled: false,
        ..TreeBuilderOpts::default()
    };
    TreeBuilder::new(HtmlTreeSink::new(Html::new_document()), options)
}

fn tokens(html: &str, requests: Requests) -> Vec<Token> {
    let sink = Collected::new(requests, false);
    tokenize(html, &sink);
    sink.tokens.into_inner()
}

/// Compares tokens for all kinds of sinks, then trees.
fn assert_same(html: &str) {
    for requests in [Requests::Nothing, Requests::ByName, Requests::InTurn] {
        for in_foreign_content in [false, true] {
            let ours = Collected::new(requests, in_foreign_content);
            tokenize(html, &ours);
            let theirs = html5ever_tokenize(html, Collected::new(requests, in_foreign_content));
            assert_eq!(ours.tokens, theirs.tokens, "{html:?} {requests:?}");
            assert!(ours.ended.get());
        }
    }
    let ours = tree_builder();
    tokenize(html, &ours);
    let theirs = html5ever_tokenize(html, WithoutErrors(tree_builder())).0;
    let (ours, theirs) = (ours.sink.finish(), theirs.sink.finish());
    assert_eq!(ours.quirks_mode, theirs.quirks_mode, "{html:?}");
    assert_eq!(ours.html(), theirs.html(), "{html:?}");
}

/// Pages that end in the middle of something, at every place.
fn assert_same_however_cut(html: &str) {
    for (end, _) in html.char_indices() {
        assert_same(&html[..end]);
    }
    assert_same(html);
}

#[test]
fn text_and_references() {
    assert_same_however_cut(
        "\u{feff}\u{feff}a\r\nb\rc\n\r\n\0d < e <3 &amp &amp; &notit; &notin; &NotEqualTilde; \
         &nosuch; & &; &# &#; &#x; &#xg &#38 &#x26; &#x80; &#x81; &#0; &#xd800; &#x110000; \
         &#99999999999999999999; &CounterClockwiseContourIntegral; &é <pre>&#xAx",
    );
}

#[test]
fn tags() {
    assert_same_however_cut(
        "<A HREF=x?a=1&lt=2&lt;&amp ID = 'a&quot;\0b' id=2 é\0É='\u{e9}' =x=y / / a/b=/c/ \"q' \
         data-a-long-name data-A-long-NAME=\"1\r\n2\"x><br/></p id=1 /></ p></></1><1><Ab\0C>",
    );
}

#[test]
fn comments() {
    assert_same_however_cut(
        "<!----><!--><!---><!--a--b--!c--!-->d<!--\0-- >--!><!--<!--x--><!--<!-->y<!--!>-->\
         <!x\0>z<?php echo ?></?x><![CDATA[a\0]b]]c]]]>d<!>e<!-x-><!---!>--->f<!----!>",
    );
}

#[test]
fn doctypes() {
    assert_same_however_cut("<!DOCTYPE HTML PUBLIC \"-//W3C//DTD\0 HTML\r\n 4.01//EN\" 'x.dtd' >a");
    assert_same_however_cut("<!doctypeh\0tml system'x' y>a");
    for html in [
        "<!doctype>",
        "<!doctype html public>",
        "<!doctype html public\"a\"\"b\">",
        "<!doctype html public x>",
        "<!doctype html public 'a>b'>",
        "<!doctype html public 'a' x>",
        "<!doctype html publicsystem>",
        "<!doctype \0>",
        "<!doctype html \0 x>y",
    ] {
        assert_same(html);
    }
}

#[test]
fn raw_text() {
    assert_same_however_cut(
        "<title>a&amp;\0</titles></title/x></TITLE ><style>&amp;\0</ style></stylE></textarea>",
    );
    assert_same_however_cut(
        "<script>a<!--b</script x><script><!--<script>--</script>\0<script/--></script>\
         <script><!--<scripts></script><script><!--<script></script></script>",
    );
    assert_same("<script><!--></script><script><!---></script><h1></h1><plaintext>\0&amp;</a>");
}

#[test]
fn adjacent_text_is_one_token() {
    let counted = Cell::new(0);
    struct Counter<'a>(&'a Cell<usize>);
    impl TokenSink for Counter<'_> {
        type Handle = ();

        fn process_token(&self, _token: Token, _line: u64) -> TokenSinkResult<()> {
            self.0.set(self.0.get() + 1);
            TokenSinkResult::Continue
        }
    }
    tokenize("a &amp; b\r\n < c &nosuch; &#38; d", &Counter(&counted));
    assert_eq!(counted.get(), 2);
}

#[test]
fn surplus_attributes_are_dropped() {
    let mut html = String::from("<p");
    for number in 0..2 * MAX_ATTRIBUTES {
        html.push_str(&format!(" a{number}='>'"));
    }
    html.push_str("/>text");
    let tokens = tokens(&html, Requests::Nothing);
    let Some(Token::TagToken(tag)) = tokens.first() else {
        unreachable!("{tokens:?}");
    };
    assert_eq!(tag.attrs.len(), MAX_ATTRIBUTES);
    assert!(tag.self_closing);
    assert_eq!(
        tokens.get(1),
        Some(&Token::CharacterTokens(StrTendril::from_slice("text")))
    );
}

/// Much of what makes a difference somewhere.
#[rustfmt::skip]
const FRAGMENTS: &[&str] = &[
    "<", "</", ">", "/>", "/", "=", "\"", "'", "`", "!", "?", "-", "--", "<!", "<?", "<!--", "-->",
    "--!>", "<!doctype", " html", " PUBLIC", " system", "<![CDATA[", "]", "]]>",
    "&", ";", "&amp", "&amp;", "&not", "&notin", "&notit;", "&acE;", "&#", "&#x", "&#65", "&#x80;",
    "&#0;", "&#13;", "&#xA", "&#xD800;", "&#99999999999;", "&CounterClockwiseContourIntegral;",
    "\0", "\r", "\n", "\r\n", "\t", "\x0c", " ", "\u{feff}", "\u{85}", "é", "漢", "a", "B", "x1",
    "<a ", "<b>", "</b>", "<p>", "</p>", "<br/>", "<h1>", "</h1>", " id=", " ID='", " class=\"",
    "href=x?a=1&lt=2&copy", "a-very-long-name", "A-Very-Long-Name", "<script>", "<script",
    "<SCRIPT>", "</script", "</script>", "<title>", "</title", "</TITLE>", "<textarea>",
    "</textarea>", "<style>", "</style>", "<iframe>", "</iframe>", "<svg>", "</svg>", "<math>",
    "<mi>", "<desc>", "<pre>", "<table>", "<td>", "<select>", "<template>", "<frameset>",
    "<noscript>", "<meta charset=utf-8>", "<plaintext>",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn soup(fragments in prop::collection::vec(prop::sample::select(FRAGMENTS), 0..24)) {
        assert_same(&fragments.concat());
    }
}
