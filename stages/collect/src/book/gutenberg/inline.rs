//! Marks within paragraphs: emphasis, page numbers, pictures, notes.

/// What a bracket holds, by how it begins, in lower case; and whether its text is kept.
const BRACKETS: &[(&str, bool)] = &[
    ("illustration", false),
    ("illustrations", false),
    ("frontispiece", false),
    ("decoration", false),
    ("decorative", false),
    ("transcriber's note", false),
    ("transcriber’s note", false),
    ("transcriber note", false),
    ("transcribers' note", false),
    ("transcriber's notes", false),
    ("producer's note", false),
    ("tr. note", false),
    ("blank page", false),
    ("music", false),
    ("sidenote", false),
    ("side-note", false),
    ("page", false),
    ("pg", false),
    ("p.", false),
    ("greek", true),
    ("hebrew", true),
];

/// Removes the marks from the text of a paragraph; `notes` says whether the book has notes that
/// marks like [3] point to.
pub(super) fn clean(text: &str, notes: bool) -> String {
    let text = brackets(text, notes);
    let text = emphasis(&text, '_');
    let text = if is_bold(&text) {
        emphasis(&text, '=')
    } else {
        text
    };
    let mut out = String::with_capacity(text.len());
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out += word;
    }
    out
}

/// Removes what stands in brackets and is no text, and page numbers in braces.
fn brackets(text: &str, notes: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['[', '{']) {
        let (before, from) = rest.split_at(at);
        out += before;
        let Some(end) = close(from) else {
            out += from;
            return out;
        };
        let inner = from.get(1..end).unwrap_or_default();
        let attached = out.chars().last().is_some_and(|c| !c.is_whitespace());
        match kept(inner, from.starts_with('{'), notes && attached) {
            Some(text) if text.len() == inner.len() => out += from.get(..=end).unwrap_or_default(),
            Some(text) => out += text,
            None => {}
        }
        rest = from.get(end + 1..).unwrap_or_default();
    }
    out + rest
}

/// The text of a bracket that is kept: all of it, what stands behind its name, or nothing.
fn kept(inner: &str, brace: bool, is_mark: bool) -> Option<&str> {
    let trimmed = inner.trim();
    let lower: String = trimmed.chars().take(24).collect::<String>().to_lowercase();
    let digits = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_digit() || "ivxlc".contains(c))
    };
    if brace {
        let number = lower.trim_start_matches(['p', 'g', '.', ' ']);
        return if digits(number) { None } else { Some(inner) };
    }
    let short = trimmed.chars().count() <= 3;
    let letter = trimmed.chars().count() == 1 && trimmed.chars().all(char::is_uppercase);
    if is_mark
        && short
        && (trimmed
            .chars()
            .all(|c| c.is_ascii_digit() || "*†‡".contains(c))
            || letter)
    {
        return None;
    }
    for (name, keeps) in BRACKETS {
        let Some(rest) = lower.strip_prefix(name) else {
            continue;
        };
        let rest = rest.trim_start();
        let page = matches!(*name, "page" | "pg" | "p.");
        let fits = match page {
            true => digits(rest.trim_end_matches('.')),
            false => {
                rest.is_empty()
                    || rest.starts_with([':', ',', '-', '.', ';', '—', '(', '“', '"', '_'])
                    || rest.starts_with(|c: char| c.is_ascii_digit())
            }
        };
        if fits {
            let text = trimmed.split_once(':').map_or("", |(_, text)| text.trim());
            return keeps.then_some(text);
        }
    }
    Some(inner)
}

/// The bracket that closes the first one.
fn close(text: &str) -> Option<usize> {
    let mut depth = 0_u32;
    for (at, c) in text.char_indices() {
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// Removes a mark at the ends of words; inside of words and in rows of its own it is text.
fn emphasis(text: &str, mark: char) -> String {
    if !text.contains(mark) {
        return text.to_owned();
    }
    let chars: Vec<char> = text.chars().collect();
    let at = |at: Option<usize>| at.and_then(|at| chars.get(at)).copied().unwrap_or(' ');
    let mut out = String::with_capacity(text.len());
    for (index, c) in chars.iter().enumerate() {
        let (before, after) = (at(index.checked_sub(1)), at(index.checked_add(1)));
        let inside = before.is_ascii_alphanumeric() && after.is_ascii_alphanumeric();
        let row = before == mark || after == mark;
        let alone = before.is_whitespace() && after.is_whitespace();
        if *c != mark || inside || row || alone {
            out.push(*c);
        }
    }
    out
}

/// Whether equals signs come in pairs around words: =bold=.
fn is_bold(text: &str) -> bool {
    let count = text.matches('=').count();
    count > 0 && count.is_multiple_of(2) && !text.contains(" = ") && !text.contains("==")
}
