//! Python's string functions, where the harness' prompts depend on their very details.

/// `str.isspace`: Unicode's white space and the four separators of ASCII.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// `str.strip`.
pub(super) fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// `str.rstrip`.
pub(super) fn rstrip(text: &str) -> &str {
    text.trim_end_matches(is_space)
}

/// `str.capitalize`: the first character in upper case, the others in lower case.
pub(super) fn capitalize(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first
            .to_uppercase()
            .chain(characters.as_str().to_lowercase().chars())
            .collect(),
        None => String::new(),
    }
}

/// `text[:-1]`.
pub(super) fn without_last(text: &str) -> &str {
    let mut characters = text.chars();
    characters.next_back();
    characters.as_str()
}

/// `text[0].lower() + text[1:]`.
pub(super) fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}

/// `re.sub("\\[.*?\\]", "", text)`: takes out what stands in brackets on one line.
pub(super) fn without_brackets(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, bracket)) = rest.split_once('[') {
        kept.push_str(before);
        let closed = bracket.split_once(']');
        match closed.filter(|(inside, _)| !inside.contains('\n')) {
            Some((_, behind)) => rest = behind,
            None => {
                kept.push('[');
                rest = bracket;
            }
        }
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    // each expectation is what Python 3.11 answers
    #[test]
    fn strings_are_treated_as_in_python() {
        assert_eq!(strip("\u{1f} a\u{3000}b \u{a0}"), "a\u{3000}b");
        assert_eq!(rstrip(" a \u{1c}"), " a");
        assert_eq!(capitalize("tHE Mill"), "The mill");
        assert_eq!(capitalize(""), "");
        assert_eq!(without_last("磨坊。"), "磨坊");
        assert_eq!(without_last(""), "");
        assert_eq!(lower_first("ÉTÉ"), "éTÉ");
    }

    #[test]
    fn brackets_are_taken_out_as_by_the_regular_expression() {
        for (text, expected) in [
            ("a [b] c [d]", "a  c "),
            ("a [b [c] d] e", "a  d] e"),
            ("a [b\nc] [d]", "a [b\nc] "),
            ("open [ and [x] on", "open  on"),
            ("]x[", "]x["),
        ] {
            assert_eq!(without_brackets(text), expected);
        }
    }
}
