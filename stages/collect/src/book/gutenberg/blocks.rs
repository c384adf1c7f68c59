//! Runs of lines between blank ones, and what they are.

use super::lines::{begin_as_verse, early_breaks, indent, is_cjk, width};

/// Lines without a blank one between them.
#[derive(Clone, Debug)]
pub(super) struct Block<'a> {
    pub lines: Vec<&'a str>,
    /// Blank lines before it.
    pub blanks: usize,
    /// Number of its first line.
    pub at: usize,
}

/// How a block is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A heading of a level.
    Heading(u8),
    /// A line of stars or dashes.
    Rule,
    /// Wrapped lines.
    Prose,
    /// Wrapped lines, indented.
    Quote,
    /// Lines that are lines: verse, addresses, lists.
    Lines,
    /// Lines whose columns matter.
    Table,
}

/// Words that parts of a book begin with, and the level of their heading.
const PARTS: &[(&str, u8)] = &[
    ("book", 2),
    ("part", 2),
    ("volume", 2),
    ("tome", 2),
    ("livre", 2),
    ("buch", 2),
    ("teil", 2),
    ("libro", 2),
    ("band", 2),
    ("act", 2),
    ("acte", 2),
    ("chapter", 3),
    ("chap.", 3),
    ("chapitre", 3),
    ("kapitel", 3),
    ("capitolo", 3),
    ("capítulo", 3),
    ("capitulo", 3),
    ("hoofdstuk", 3),
    ("luku", 3),
    ("canto", 3),
    ("scene", 3),
    ("scène", 3),
    ("letter", 3),
    ("stave", 3),
    ("section", 3),
    ("sonnet", 3),
    ("preface", 3),
    ("introduction", 3),
    ("contents", 3),
    ("epilogue", 3),
    ("prologue", 3),
    ("appendix", 3),
    ("dedication", 3),
    ("foreword", 3),
    ("conclusion", 3),
    ("table of contents", 3),
    ("footnotes", 3),
    ("notes", 3),
    ("index", 3),
    ("introductory", 3),
    ("author's note", 3),
    ("vorwort", 3),
    ("einleitung", 3),
    ("préface", 3),
    ("avant-propos", 3),
];

/// The blocks of a text. Chinese and Japanese paragraphs begin with an ideographic space, others
/// with an indent where no blank lines part them.
pub(super) fn blocks<'a>(lines: &[&'a str]) -> Vec<Block<'a>> {
    let (mut all, mut blanks): (Vec<Block>, usize) = (Vec::new(), 0);
    let mut open = false;
    for (at, line) in lines.iter().enumerate() {
        if line.trim().is_empty() {
            (open, blanks) = (false, blanks + 1);
            continue;
        }
        match all
            .last_mut()
            .filter(|_| open && !line.starts_with('\u{3000}'))
        {
            Some(block) => block.lines.push(line),
            None => all.push(Block {
                lines: vec![line],
                blanks,
                at,
            }),
        }
        (open, blanks) = (true, 0);
    }
    all.into_iter().flat_map(split_at_indents).collect()
}

/// Parts paragraphs that only an indented first line tells apart.
fn split_at_indents(block: Block) -> Vec<Block> {
    let indents: Vec<usize> = block.lines.iter().map(|line| indent(line)).collect();
    let margin = indents.iter().min().copied().unwrap_or(0);
    let starts: Vec<usize> = (1..indents.len())
        .filter(|at| {
            let here = indents.get(*at).copied().unwrap_or(0);
            let after = indents.get(at + 1).copied().unwrap_or(margin);
            let before = indents.get(at - 1).copied().unwrap_or(margin);
            (margin + 1..=margin + 8).contains(&here) && after == margin && before == margin
        })
        .collect();
    // Verse alternates as well; paragraphs have more lines than starts.
    if starts.is_empty() || starts.len() * 3 > indents.len() {
        return vec![block];
    }
    let (mut parts, mut from) = (Vec::new(), 0);
    for end in starts.into_iter().chain([block.lines.len()]) {
        let lines: Vec<&str> = block.lines.get(from..end).unwrap_or_default().to_vec();
        let blanks = if from == 0 { block.blanks } else { 0 };
        parts.push(Block {
            lines,
            blanks,
            at: block.at + from,
        });
        from = end;
    }
    parts
}

impl Block<'_> {
    /// What it is, in a text wrapped at a width (0 for one that is not).
    pub fn kind(&self, wrap: usize) -> Kind {
        let first = self.lines.first().map_or("", |line| line.trim());
        if self.lines.len() == 1 && is_rule(first) {
            return Kind::Rule;
        }
        if let Some(level) = self.heading(wrap) {
            return Kind::Heading(level);
        }
        if self.is_table() {
            return Kind::Table;
        }
        let pairs = self.lines.len().saturating_sub(1);
        let margin = self
            .lines
            .iter()
            .map(|line| indent(line))
            .min()
            .unwrap_or(0);
        let trimmed: Vec<&str> = self.lines.iter().map(|line| line.trim()).collect();
        if wrap == 0 {
            return if pairs == 0 { Kind::Prose } else { Kind::Lines };
        }
        if margin >= 2 && !first.starts_with(is_cjk) {
            // Its own width tells prose that was set narrower from verse.
            let own = trimmed.iter().map(|line| width(line)).max().unwrap_or(0);
            let prose = pairs >= 2 && own >= 45 && early_breaks(&trimmed, own) * 4 <= pairs;
            let one = pairs == 0 && width(first) + margin > 55 && margin < 8;
            return if prose || one {
                Kind::Quote
            } else {
                Kind::Lines
            };
        }
        let early = early_breaks(&trimmed, wrap);
        // Indented lines in between are verse, whatever their length.
        let stepped = self
            .lines
            .iter()
            .skip(1)
            .filter(|line| indent(line) > margin + 1)
            .count();
        let verse = begin_as_verse(&trimmed, wrap)
            || early * 2 > pairs
            || (pairs > 1 && stepped * 2 >= pairs);
        match verse {
            true if pairs > 0 => Kind::Lines,
            _ => Kind::Prose,
        }
    }

    fn heading(&self, wrap: usize) -> Option<u8> {
        let text = self
            .lines
            .iter()
            .map(|line| line.trim())
            .collect::<Vec<_>>()
            .join(" ");
        let longest = if wrap == 0 { 80 } else { wrap.max(60) };
        if self.lines.len() > 3 || width(&text) > longest || text.ends_with([',', ';']) {
            return None;
        }
        let lower = text.to_lowercase();
        let part = PARTS.iter().find(|(word, _)| {
            let rest = lower.strip_prefix(word);
            rest.is_some_and(|rest| is_number(rest) || (rest.is_empty() && self.blanks > 0))
        });
        if let Some((_, level)) = part {
            return Some(*level);
        }
        if let Some(level) = chinese_heading(&text) {
            return Some(level);
        }
        let apart = self.blanks >= 2 && self.lines.len() <= 2;
        let letters = text.chars().filter(|c| c.is_alphabetic()).count();
        let capitals = letters > 1
            && !text.chars().any(char::is_lowercase)
            && text.chars().any(char::is_uppercase);
        let numeral = text.trim_end_matches('.');
        let is_roman = !numeral.is_empty() && numeral.chars().all(|c| "IVXLC".contains(c));
        (apart && (capitals || is_roman)).then_some(3)
    }

    fn is_table(&self) -> bool {
        let columns = |line: &&&str| {
            let text = line.trim();
            text.contains("   ")
                || text.starts_with('|')
                || text.starts_with("+-")
                || text.contains(" . . . ")
                || text.contains("....")
        };
        let found = self.lines.iter().filter(columns).count();
        self.lines.len() >= 2 && found * 3 >= self.lines.len() * 2
    }
}

/// What follows the name of a part: a number, maybe with a title.
fn is_number(rest: &str) -> bool {
    let Some(rest) = rest.strip_prefix([' ', '\u{a0}']) else {
        return false;
    };
    let word = rest
        .trim_start()
        .split([' ', '.', ':', ',', '-', '—'])
        .next()
        .unwrap_or_default();
    let words = [
        "the", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve", "first", "second", "third", "fourth", "fifth", "sixth", "seventh",
        "eighth", "ninth", "tenth", "last",
    ];
    let roman = !word.is_empty() && word.chars().all(|c| "ivxlc".contains(c));
    let known = words.iter().skip(1).any(|known| *known == word);
    // "The part the second", but no sentence that begins with "Book the tickets".
    let the = word == "the"
        && rest.split_whitespace().nth(1).is_some_and(|next| {
            words
                .iter()
                .skip(13)
                .any(|known| next.trim_end_matches('.') == *known)
        });
    roman || known || the || (!word.is_empty() && word.chars().all(|c| c.is_ascii_digit()))
}

/// 第一回 …, 卷二, 序.
fn chinese_heading(text: &str) -> Option<u8> {
    if text.chars().count() > 40 || text.ends_with(['。', '，', '」', '”']) {
        return None;
    }
    let is_digit =
        |c: char| "〇零一二三四五六七八九十百千廿卅０１２３４５６７８９0123456789".contains(c);
    let plain = text.trim_start_matches(['\u{3000}', ' ', '【']);
    if let Some(rest) = plain.strip_prefix('第') {
        let after = rest.trim_start_matches(is_digit);
        let unit = after.chars().next().filter(|_| after.len() < rest.len())?;
        return match unit {
            '卷' | '部' | '編' | '编' | '篇' | '冊' | '册' => Some(2),
            '章' | '回' | '節' | '节' | '話' | '话' | '齣' | '折' => Some(3),
            _ => None,
        };
    }
    let rest = plain.strip_prefix(['卷', '巻'])?;
    let name = rest.trim_start_matches(is_digit);
    (name.len() < rest.len() || rest.starts_with(['上', '中', '下'])).then_some(2)
}

fn is_rule(text: &str) -> bool {
    let marks = text.chars().filter(|c| !c.is_whitespace());
    let is_mark = |c: char| "*-_=~•·.#＊―─—".contains(c);
    marks.clone().count() >= 3 && marks.clone().all(is_mark)
}
