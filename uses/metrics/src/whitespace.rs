//! White space as Python's `str` methods know it.

/// As `str.isspace`: Unicode's white space and the four information separators.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// As `str.split()`.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_space).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn information_separators_are_white_space() {
        let found: Vec<&str> = words("\u{1c}a\u{1f}b\u{a0}c\u{200b}d\u{3000}").collect();
        assert_eq!(found, ["a", "b", "c\u{200b}d"]);
    }
}
