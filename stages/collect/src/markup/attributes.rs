//! Attributes of a start tag: quoted in either way, not at all, or without a value.

/// The attributes in order, with values as they are written.
pub(crate) fn attributes(mut rest: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    std::iter::from_fn(move || {
        let is_name =
            |byte: &u8| !byte.is_ascii_whitespace() && !matches!(byte, b'=' | b'/' | b'"' | b'\'');
        let start = rest.iter().position(is_name)?;
        rest = rest.get(start..)?;
        let end = rest
            .iter()
            .position(|byte| !is_name(byte))
            .unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        rest = after.trim_ascii_start();
        let Some(after) = rest.strip_prefix(b"=") else {
            return Some((name, &b""[..]));
        };
        let after = after.trim_ascii_start();
        let (value, behind) = match after.split_first() {
            Some((quote @ (b'"' | b'\''), inside)) => match memchr::memchr(*quote, inside) {
                Some(end) => (inside.get(..end)?, inside.get(end + 1..)?),
                None => (inside, &b""[..]),
            },
            _ => {
                let end = after.iter().position(u8::is_ascii_whitespace);
                after.split_at(end.unwrap_or(after.len()))
            }
        };
        rest = behind;
        Some((name, value))
    })
}

/// The value of an attribute, whatever the case of its name; with a prefix only where `name` has
/// one.
pub(crate) fn attribute<'a>(all: &'a [u8], name: &str) -> Option<&'a [u8]> {
    attributes(all)
        .find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()))
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_all_kinds() {
        let text = b" a='1' B = \"2>\" c=3 d e=\"cut";
        let found: Vec<_> = attributes(text)
            .map(|(name, value)| format!("{}:{}", name.escape_ascii(), value.escape_ascii()))
            .collect();
        assert_eq!(found, ["a:1", "B:2>", "c:3", "d:", "e:cut"]);
        assert_eq!(attribute(text, "b"), Some(&b"2>"[..]));
        assert_eq!(attribute(text, "x"), None);
    }
}
