//! Measures of lines.

/// Columns of a text; Chinese, Japanese and Korean characters take two.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(|c| if is_cjk(c) { 2 } else { 1 }).sum()
}

/// Columns before the text.
pub(super) fn indent(line: &str) -> usize {
    let blank = |c: &char| matches!(c, ' ' | '\t' | '\u{3000}' | '\u{a0}');
    let columns = |c| match c {
        '\t' => 8,
        '\u{3000}' => 2,
        _ => 1,
    };
    line.chars().take_while(blank).map(columns).sum()
}

/// Whether a character stands without spaces between words: ideographs, kana, full-width marks.
pub(super) fn is_cjk(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{303f}' | '\u{3040}'..='\u{30ff}' | '\u{3100}'..='\u{312f}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe4f}' | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}

/// The width at which a text is wrapped: that which nine of ten lines do not pass, of lines that
/// have another line of their paragraph below.
pub(super) fn wrap_width<'a>(blocks: impl Iterator<Item = &'a [&'a str]>) -> usize {
    let mut widths: Vec<usize> = Vec::new();
    for block in blocks.filter(|block| block.len() > 1) {
        let inner = block.get(..block.len() - 1).unwrap_or_default();
        widths.extend(inner.iter().map(|line| width(line.trim_end())));
    }
    widths.sort_unstable();
    widths.get(widths.len() * 9 / 10).copied().unwrap_or(0)
}

/// Lines that were broken before the width made it necessary: the first word of the next would
/// have had room. Wrapped prose has nearly none, verse has mostly such.
pub(super) fn early_breaks(lines: &[&str], wrap: usize) -> usize {
    let pairs = lines.iter().zip(lines.iter().skip(1));
    pairs
        .filter(|(line, next)| is_early(line, next, wrap))
        .count()
}

/// Whether the first word of `next` would have had room behind `line`.
pub(super) fn is_early(line: &str, next: &str, wrap: usize) -> bool {
    // Words are parted where they must be.
    let mut end = line.chars().rev();
    if end.next() == Some('-') && end.next().is_some_and(char::is_alphabetic) {
        return false;
    }
    let next = next.trim_start();
    let word = match next.chars().next() {
        // A mark may not stand at the start of a line, so a character or two is no proof.
        Some(first) if is_cjk(first) => 4,
        _ => {
            width(
                next.split([' ', '-', '\u{2014}'])
                    .next()
                    .unwrap_or_default(),
            ) + 1
        }
    };
    width(line) + word + 2 <= wrap
}

/// Whether lines begin as verse does: each with a capital. In prose that is chance, and German
/// has many, so that lines which fill the width need another proof.
pub(super) fn begin_as_verse(lines: &[&str], wrap: usize) -> bool {
    let rest = lines.get(1..).unwrap_or_default();
    let is_capital = |line: &&&str| {
        line.trim_start()
            .chars()
            .find(|c| c.is_alphabetic())
            .is_some_and(char::is_uppercase)
    };
    let capitals = rest.iter().filter(is_capital).count();
    let widest = lines
        .iter()
        .map(|line| width(line.trim()))
        .max()
        .unwrap_or(0);
    rest.len() >= 3 && capitals * 5 >= rest.len() * 4 && (wrap < 60 || widest * 5 < wrap * 4)
}
