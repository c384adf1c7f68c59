//! What stands around a book: head, small print, licence; and what the head says.

use super::Book;
use super::language;
use crate::feed::date;

/// Lines that a head may take.
const HEAD_LINES: usize = 800;
/// Lines that a head without a mark at its end may take.
const SHORT_HEAD: usize = 200;
/// Lines of a licence or colophon without a mark at its beginning.
const FOOT_LINES: usize = 60;

/// Marks of a head, in lower case, anywhere in the first lines.
const BEGINS: &[&str] = &[
    "*** start of th",
    "***start of th",
    "the project gutenberg ebook",
    "the project gutenberg etext",
    "project gutenberg etext",
    "project gutenberg ebook of",
    "project gutenberg's",
    "this ebook is for the use of anyone anywhere",
    "project gutenberg australia",
    "project gutenberg of australia",
    "project gutenberg canada ebook",
    "distributed proofreaders canada ebook",
    "faded page ebook",
    "projekt gutenberg-de",
    "*** begin of this project gutenberg",
];
/// Sentences that only a head without a mark at its end holds.
const HEAD_SENTENCES: &[&str] = &[
    "gutenberg.net.au",
    "gutenberg.org.au",
    "project gutenberg of australia",
    "project gutenberg australia",
    "project gutenberg canada ebook",
    "faded page ebook",
    "fadedpage.com",
    "this ebook was produced by",
    "this ebook is made available at no cost",
    "a treasure-trove of literature",
    "projekt gutenberg-de",
    "gutenberg.ca",
    "pgdpcanada",
    "under the copyright laws of canada",
    "date first posted",
    "date last updated",
    "this ebook is for the use of anyone anywhere",
    "character set encoding",
    "ebook no.:",
    "please check the copyright status",
];
/// Beginnings of paragraphs right behind the head that say who made the file.
const CREDITS: &[&str] = &[
    "produced by",
    "e-text prepared by",
    "etext prepared by",
    "this etext was produced",
    "this ebook was produced",
    "this etext was prepared",
    "this e-text was prepared",
    "this etext was created",
    "prepared by",
    "transcribed from",
    "scanned by",
    "proofed by",
    "html version",
    "credits:",
    "updated:",
    "editorial note: project gutenberg",
    "note: project gutenberg",
    "note: images of the original",
    "(this file was produced from",
    "this file was produced from",
    "images generously made available",
    "original from",
    "release date:",
    "posting date:",
    "[this file was first posted",
    "[most recently updated",
    "[last updated",
    "[etext",
    "[ebook",
];

/// Whether a text begins with such a head.
pub(super) fn begins(text: &str) -> bool {
    let start: String = text.chars().take(4000).collect::<String>().to_lowercase();
    BEGINS.iter().any(|mark| start.contains(mark))
}

/// The head's statements, and the lines of the book.
pub(super) fn cut<'a>(lines: &[&'a str]) -> (Book, Vec<&'a str>) {
    let head = head_end(lines);
    let mut book = read_head(lines.get(..head).unwrap_or_default());
    let mut body: Vec<&str> = Vec::with_capacity(lines.len());
    // A file of several books has several licences.
    let mut inside = true;
    let mut rest = lines.get(head..).unwrap_or_default();
    while let Some((line, after)) = rest.split_first() {
        rest = after;
        if is_end(line) {
            inside = false;
        } else if let Some(length) = start_length(line, after) {
            inside = true;
            rest = after.get(length..).unwrap_or_default();
        } else if inside {
            body.push(line);
        }
    }
    if head > 0 {
        cut_credits(&mut body);
    }
    cut_foot(&mut body);
    if head > 0 && book.title.is_none() {
        book.title = body
            .iter()
            .find(|line| !line.trim().is_empty())
            .map(|line| line.trim().to_owned());
    }
    (book, body)
}

/// The number of lines of the head.
fn head_end(lines: &[&str]) -> usize {
    let first = lines.get(..lines.len().min(HEAD_LINES)).unwrap_or_default();
    let mut marks = first.iter().enumerate().filter_map(|(at, line)| {
        let after = first.get(at + 1..).unwrap_or_default();
        start_length(line, after).map(|length| at + 1 + length)
    });
    // The small print may hold one mark, and the text's own head another.
    if let Some(end) = marks.next_back() {
        return end;
    }
    // A short text's foot is not its head.
    let short = first
        .get(..SHORT_HEAD.min(lines.len() * 2 / 3))
        .unwrap_or_default();
    let sentence = short.iter().rposition(|line| {
        let line = line.to_lowercase();
        HEAD_SENTENCES.iter().any(|known| line.contains(known))
    });
    let Some(at) = sentence else {
        return 0;
    };
    let rest = short.get(at..).unwrap_or_default();
    at + rest
        .iter()
        .position(|line| line.trim().is_empty())
        .unwrap_or(rest.len())
}

/// Whether a head ends on this line; and how many more lines its mark takes.
fn start_length(line: &str, after: &[&str]) -> Option<usize> {
    if !line.contains(['S', 's', 'E', 'e']) || !line.trim_start().starts_with('*') {
        return None;
    }
    let lower = line.trim().to_lowercase();
    if lower.starts_with("*end*the small print") || lower.starts_with("*end the small print") {
        return Some(0);
    }
    let rest = lower.trim_start_matches(['*', ' ']);
    let starts = lower.starts_with("***")
        && (rest.starts_with("start of th") || rest.starts_with("begin of th"));
    if !(starts && rest.contains("gutenberg")) {
        return None;
    }
    if lower.ends_with("***") {
        return Some(0);
    }
    let close = after
        .iter()
        .take(4)
        .position(|line| line.trim_end().ends_with("***"));
    Some(close.map_or(0, |at| at + 1))
}

/// Whether the book ends before this line.
fn is_end(line: &str) -> bool {
    let trimmed = line.trim_start();
    if !trimmed.starts_with(['*', 'E', 'e', '<', '[']) {
        return false;
    }
    let lower = trimmed.to_lowercase();
    let rest = lower.trim_start_matches(['*', ' ', '[', '<']);
    let stars = lower.starts_with("***") || lower.starts_with("<<");
    let ends = rest.starts_with("end of th")
        || rest.starts_with("end of project")
        || rest.starts_with("end project");
    (ends && rest.contains("gutenberg")) || (stars && rest.starts_with("start: full license"))
}

/// Removes paragraphs among the first that say who produced the file; a title may stand before.
fn cut_credits(body: &mut Vec<&str>) {
    let mut at = 0;
    for _ in 0..12 {
        let blank = |line: &&str| line.trim().is_empty();
        let rest = body.get(at..).unwrap_or_default();
        let Some(start) = rest.iter().position(|line| !blank(line)) else {
            return;
        };
        let start = at + start;
        let length = body.iter().skip(start).position(blank);
        let end = length.map_or(body.len(), |length| start + length);
        let first = body
            .get(start)
            .map_or_else(String::new, |line| line.trim().to_lowercase());
        if CREDITS.iter().any(|known| first.starts_with(known)) {
            body.drain(at..end);
        } else {
            at = end;
        }
        if at > 60 {
            return;
        }
    }
}

/// Removes what sister projects write at the end.
fn cut_foot(body: &mut Vec<&str>) {
    let from = body.len().saturating_sub(FOOT_LINES);
    let foot = body.iter().skip(from).position(|line| {
        let line = line.trim().to_lowercase();
        let bracket = line.starts_with("[end of ") || line.starts_with("[the end of ");
        bracket
            || line.contains("project gutenberg australia")
            || line.contains("gutenberg.net.au")
            || line.contains("this site is full of free ebooks")
    });
    if let Some(at) = foot {
        body.truncate(from + at);
    }
}

fn read_head(head: &[&str]) -> Book {
    let mut book = Book::default();
    let mut released = None;
    let text = head.join("\n");
    let lower = text.to_lowercase();
    for (at, line) in head.iter().enumerate() {
        let clean = line.trim().trim_start_matches(['*', '_', ' ']);
        let Some((name, value)) = clean.split_once(':') else {
            continue;
        };
        // A long title goes on in the next lines, indented.
        let more = head
            .iter()
            .skip(at + 1)
            .take_while(|line| line.starts_with("  ") && !line.contains(':'));
        let value = value.trim_start_matches('_').trim();
        let value: Vec<&str> = std::iter::once(value)
            .chain(more.take(4).map(|line| line.trim()))
            .collect();
        let value = value.join(" ").trim().trim_matches('_').to_owned();
        if value.is_empty() {
            continue;
        }
        match name.trim().to_lowercase().as_str() {
            "title" => book.title = book.title.or(Some(value)),
            "author" | "authors" => book.author = book.author.or(Some(value)),
            "language" => book.lang = book.lang.or_else(|| language::code(&value)),
            "date of first publication" => book.time = book.time.or_else(|| date::rfc3339(&value)),
            "release date" | "posting date" | "date first posted" => {
                released = released.or_else(|| date::rfc3339(before_bracket(&value)));
            }
            _ => {}
        }
    }
    if book.title.is_none() {
        (book.title, book.author) = first_line(head);
    }
    book.time = book.time.or(released);
    book.url = number(&lower).map(|number| format!("https://www.gutenberg.org/ebooks/{number}"));
    let ours = lower.contains("project gutenberg")
        && !lower.contains("australia")
        && !lower.contains("canada");
    if ours && !lower.contains("copyrighted project gutenberg") {
        book.license = Some("Public domain in the USA".to_owned());
    }
    book
}

fn before_bracket(text: &str) -> &str {
    text.split('[')
        .next()
        .unwrap_or_default()
        .trim()
        .trim_end_matches(',')
}

/// Old heads have one line: "The Project Gutenberg Etext of Title, by Author".
fn first_line(head: &[&str]) -> (Option<String>, Option<String>) {
    let marks = [
        "Project Gutenberg Etext of ",
        "Project Gutenberg EBook of ",
        "Project Gutenberg eBook of ",
        "Project Gutenberg eBook, ",
        "Project Gutenberg's Etext of ",
        "Project Gutenberg's ",
    ];
    let title = head.iter().take(40).find_map(|line| {
        marks
            .iter()
            .find_map(|mark| line.split_once(mark))
            .map(|(_, title)| title.trim().trim_matches('*').trim())
    });
    let Some(title) = title.filter(|title| !title.is_empty()) else {
        return (None, None);
    };
    match title
        .rsplit_once(", by ")
        .or_else(|| title.rsplit_once(" by "))
    {
        Some((title, author)) => (Some(title.to_owned()), Some(author.to_owned())),
        None => (Some(title.to_owned()), None),
    }
}

/// The number of "[EBook #1342]".
fn number(lower: &str) -> Option<u32> {
    ["[ebook #", "[etext #", "[ebook#"].iter().find_map(|mark| {
        let (_, rest) = lower.split_once(mark)?;
        rest.split(|c: char| !c.is_ascii_digit())
            .next()?
            .parse()
            .ok()
    })
}
