//! Words of a line: quotes for emphasis, tags, entities, external links.

use memchr::memchr;

use super::block::Blocks;
use super::characters::{decode, entity, is_wide, shifted};
use super::expand::{Aside, HOLE, MARK, MARK_END};
use super::tag::{self, Html};

/// Text that is not shown, until its tag closes.
struct Hidden {
    name: String,
    depth: usize,
}

/// Reads lines of words into the text of a block.
pub(super) struct Inline<'a> {
    asides: &'a [Aside],
    text: String,
    hidden: Option<Hidden>,
    /// Inside verse, whose lines stay.
    poem: bool,
    /// Where raised or lowered text begins.
    shifted: Option<usize>,
    /// Whether a line was added to the block.
    has_line: bool,
    /// Between the tags of a table or list of HTML, where indentation means nothing.
    pub in_html: bool,
}

/// What a line is read with.
struct Line<'l> {
    text: &'l str,
    at: usize,
    /// The bracket that ends the label of an external link.
    link_end: Option<usize>,
    no_bracket: bool,
    no_tag: bool,
    /// Quotes of three of which the first is an apostrophe.
    odd_quote: Option<usize>,
}

impl<'a> Inline<'a> {
    /// Before the first line.
    pub fn new(asides: &'a [Aside]) -> Self {
        Self {
            asides,
            text: String::new(),
            hidden: None,
            poem: false,
            shifted: None,
            has_line: false,
            in_html: false,
        }
    }

    /// Adds text that is no markup.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// The words of a text apart from the block's.
    pub fn words(&mut self, text: &str) -> String {
        struct Nothing;
        impl Blocks for Nothing {
            fn end_block(&mut self, _: &mut String) {}
            fn begin_item(&mut self, _: &mut String) {}
            fn lines(&mut self, text: &mut String, lines: &str) {
                text.push_str(lines);
            }
        }
        let before = std::mem::take(&mut self.text);
        self.has_line = false;
        self.line(text, &mut Nothing);
        self.has_line = false;
        self.hidden = None;
        self.shifted = None;
        std::mem::replace(&mut self.text, before)
    }

    /// Ends the block.
    pub fn end(&mut self, blocks: &mut impl Blocks) {
        self.hidden = None;
        self.shifted = None;
        self.has_line = false;
        blocks.end_block(&mut self.text);
    }

    /// Adds a line to the block.
    pub fn line(&mut self, text: &str, blocks: &mut impl Blocks) {
        if self.has_line {
            self.join(text);
        }
        self.has_line = true;
        let mut line = Line {
            text,
            at: 0,
            link_end: None,
            no_bracket: false,
            no_tag: false,
            odd_quote: odd_quote(text),
        };
        while let Some(rest) = text.get(line.at..).filter(|rest| !rest.is_empty()) {
            let special = rest.bytes().position(|byte| SPECIAL[usize::from(byte)]);
            let plain = rest.get(..special.unwrap_or(rest.len())).unwrap_or(rest);
            self.show(plain);
            line.at += plain.len();
            if special.is_some() {
                line.at += self.special(&mut line, blocks).max(1);
            }
        }
    }

    fn show(&mut self, text: &str) {
        if self.hidden.is_none() {
            self.text.push_str(text);
        }
    }

    /// Between the lines of a paragraph: a space, but none between characters of scripts without.
    fn join(&mut self, next: &str) {
        let next = next.trim_start_matches([' ', HOLE]).chars().next();
        let last = self.text.trim_end_matches([' ', HOLE]).chars().next_back();
        if self.poem {
            self.text.push('\n');
        } else if !(last.is_some_and(is_wide) && next.is_some_and(is_wide)) {
            self.text.push(' ');
        }
    }

    /// Reads what begins with a special byte; gives its bytes.
    fn special(&mut self, line: &mut Line, blocks: &mut impl Blocks) -> usize {
        let rest = line.text.get(line.at..).unwrap_or_default();
        match rest.bytes().next() {
            Some(b'\'') => self.quotes(rest, line),
            Some(b'<') => self.tag(rest, line, blocks),
            Some(b'&') => self.entity(rest),
            Some(b'[') => self.link(rest, line),
            Some(b']') if line.link_end == Some(line.at) => 1,
            Some(b'_') => self.switch(rest),
            Some(1) => self.aside(rest, blocks),
            _ => {
                self.show(rest.get(..1).unwrap_or_default());
                1
            }
        }
    }

    fn quotes(&mut self, rest: &str, line: &Line) -> usize {
        let count = rest.bytes().take_while(|byte| *byte == b'\'').count();
        let shown = match count {
            1 => 1,
            3 if line.odd_quote == Some(line.at) => 1,
            2 | 3 | 5 => 0,
            4 => 1,
            more => more - 5,
        };
        self.show(rest.get(..shown).unwrap_or_default());
        count
    }

    /// `__NOTOC__` and its like, also in other languages.
    fn switch(&mut self, rest: &str) -> usize {
        let word = rest.strip_prefix("__").and_then(|rest| {
            let head = rest.get(..rest.floor_char_boundary(80))?;
            let (word, _) = head.split_once("__")?;
            let known = word.chars().all(|c| {
                c.is_uppercase() || (c.is_alphabetic() && !c.is_ascii() && !c.is_lowercase())
            });
            (!word.is_empty() && known).then_some(word)
        });
        match word {
            Some(word) => word.len() + 4,
            None => {
                self.show("_");
                1
            }
        }
    }

    fn aside(&mut self, rest: &str, blocks: &mut impl Blocks) -> usize {
        let Some((number, _)) = rest
            .strip_prefix(MARK)
            .and_then(|rest| rest.split_once(MARK_END))
        else {
            return 1;
        };
        let used = number.len() + 2;
        if self.hidden.is_some() {
            return used;
        }
        match number
            .parse::<usize>()
            .ok()
            .and_then(|number| self.asides.get(number))
        {
            Some(Aside::Plain(text)) => decode(text, &mut self.text),
            Some(Aside::Lines(lines)) => {
                let mut decoded = String::with_capacity(lines.len());
                decode(lines, &mut decoded);
                blocks.lines(&mut self.text, &decoded);
                self.has_line = false;
            }
            None => {}
        }
        used
    }

    fn entity(&mut self, rest: &str) -> usize {
        match entity(rest) {
            Some((shown, used)) => {
                self.show(&shown);
                used
            }
            None => {
                self.show("&");
                1
            }
        }
    }

    /// `[http://example.org label]`
    fn link(&mut self, rest: &str, line: &mut Line) -> usize {
        let inner = rest.get(1..).unwrap_or_default();
        let schemes = [
            "http://", "https://", "//", "ftp://", "mailto:", "news:", "irc://", "ircs://", "tel:",
        ];
        let head = inner
            .get(..inner.floor_char_boundary(8))
            .unwrap_or_default()
            .to_ascii_lowercase();
        let is_address = schemes.iter().any(|scheme| head.starts_with(scheme));
        let close = match is_address && !line.no_bracket {
            true => memchr(b']', inner.as_bytes()),
            false => None,
        };
        line.no_bracket |= is_address && close.is_none();
        let Some(close) = close else {
            self.show("[");
            return 1;
        };
        let whole = inner.get(..close).unwrap_or_default();
        let end = whole.find(|c: char| c.is_whitespace() || matches!(c, '<' | '\'' | HOLE | '"'));
        match end {
            Some(end) if !whole.get(end..).unwrap_or_default().trim().is_empty() => {
                line.link_end = Some(line.at + 1 + close);
                let blank = whole.get(end..).unwrap_or_default();
                1 + end + (blank.len() - blank.trim_start().len())
            }
            _ => {
                self.text.push(HOLE);
                close + 2
            }
        }
    }

    fn tag(&mut self, rest: &str, line: &mut Line, blocks: &mut impl Blocks) -> usize {
        let closes = rest.as_bytes().get(1) == Some(&b'/');
        let name = tag::name(rest.get(1 + usize::from(closes)..).unwrap_or_default());
        let Some(html) = tag::html(name).or_else(|| tag::extension(name).map(|_| Html::Inline))
        else {
            self.show("<");
            return 1;
        };
        let end = match line.no_tag {
            true => None,
            false => memchr(b'>', rest.as_bytes()),
        };
        let Some(end) = end else {
            line.no_tag = true;
            // Its attributes go on in the next line.
            return if line.text.len() - line.at < 500 {
                rest.len()
            } else {
                1
            };
        };
        let attributes = rest.get(..end).unwrap_or_default();
        if self.hide(name, closes, attributes, html) {
            return end + 1;
        }
        self.html(html, closes, blocks);
        end + 1
    }

    /// Whether a tag stands in text that is not shown, or begins or ends one.
    fn hide(&mut self, name: &str, closes: bool, attributes: &str, html: Html) -> bool {
        if let Some(hidden) = &mut self.hidden {
            if hidden.name.eq_ignore_ascii_case(name) && !attributes.ends_with('/') {
                match closes {
                    true => hidden.depth = hidden.depth.saturating_sub(1),
                    false => hidden.depth += 1,
                }
                if hidden.depth == 0 {
                    self.hidden = None;
                }
            }
            return true;
        }
        let is_hidden = html == Html::ReadingBracket
            || (attributes.contains("display")
                && attributes.replace(' ', "").contains("display:none"));
        if !closes && is_hidden && !attributes.ends_with('/') {
            let name = name.to_owned();
            self.hidden = Some(Hidden { name, depth: 1 });
            return true;
        }
        false
    }

    fn html(&mut self, html: Html, closes: bool, blocks: &mut impl Blocks) {
        match html {
            Html::Inline | Html::ReadingBracket => {}
            Html::Break => self.text.push('\n'),
            Html::Block | Html::Row => {
                self.in_html = !closes;
                self.shifted = None;
                blocks.end_block(&mut self.text);
            }
            Html::Poem => {
                blocks.end_block(&mut self.text);
                self.has_line = false;
                self.poem = !closes;
            }
            Html::Item if closes => blocks.end_block(&mut self.text),
            Html::Item => blocks.begin_item(&mut self.text),
            Html::Cell if !closes && !self.text.trim().is_empty() => self.text.push_str(" | "),
            Html::Cell => {}
            Html::Reading => self.text.push(if closes { ')' } else { '(' }),
            Html::Superscript | Html::Subscript if !closes => self.shifted = Some(self.text.len()),
            Html::Superscript | Html::Subscript => self.shift(html == Html::Superscript),
        }
    }

    /// Digits that stand higher or lower become those of Unicode.
    fn shift(&mut self, is_raised: bool) {
        let Some(text) = self
            .shifted
            .take()
            .and_then(|start| self.text.get(start..).map(|text| (start, text)))
        else {
            return;
        };
        let (start, text) = text;
        if let Some(shifted) = shifted(text, is_raised) {
            self.text.truncate(start);
            self.text.push_str(&shifted);
        }
    }
}

/// Bytes that may begin markup.
static SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    special[b'\'' as usize] = true;
    special[b'<' as usize] = true;
    special[b'&' as usize] = true;
    special[b'[' as usize] = true;
    special[b']' as usize] = true;
    special[b'_' as usize] = true;
    special[1] = true;
    special
};

/// Where a quote of three is an apostrophe and one of two, because the line's quotes do not pair
/// otherwise: as MediaWiki's `doQuotes` chooses it.
fn odd_quote(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    let (mut bold, mut italic) = (0_usize, 0_usize);
    let (mut single, mut word, mut space) = (None, None, None);
    let mut at = memchr::memmem::find(bytes, b"''")?;
    loop {
        let count = bytes
            .get(at..)?
            .iter()
            .take_while(|byte| **byte == b'\'')
            .count();
        bold += usize::from(count >= 3);
        italic += usize::from(count == 2 || count >= 5);
        if count == 3 {
            let before = at.checked_sub(1).and_then(|before| bytes.get(before));
            let second = at.checked_sub(2).and_then(|second| bytes.get(second));
            match (before, second) {
                (Some(b' '), _) => space = space.or(Some(at)),
                (_, Some(b' ')) => single = single.or(Some(at)),
                _ => word = word.or(Some(at)),
            }
        }
        at += count;
        match memchr::memmem::find(bytes.get(at..)?, b"''") {
            Some(next) => at += next,
            None => break,
        }
    }
    let odd = !bold.is_multiple_of(2) && !italic.is_multiple_of(2);
    single.or(word).or(space).filter(|_| odd)
}
