//! The charset that a page declares in itself: the WHATWG prescan, and the XML declaration.

/// Bytes that are looked at. The standard says 1024; real pages declare later.
const PRESCAN: usize = 8192;

/// The label of the first declaration.
pub(super) fn label(body: &[u8]) -> Option<String> {
    let head = &body[..body.len().min(PRESCAN)];
    if head.trim_ascii_start().starts_with(b"<?xml") {
        let end = memchr::memchr(b'>', head).unwrap_or(head.len());
        if let Some(label) = value_after(&head[..end], b"encoding") {
            return Some(label);
        }
    }
    let mut at = 0;
    while let Some(start) = memchr::memchr(b'<', &head[at..]).map(|i| i + at) {
        let rest = &head[start..];
        if rest.starts_with(b"<!--") {
            at = start + 4 + find(&rest[4..], b"-->").unwrap_or(rest.len() - 4);
            continue;
        }
        at = start + 1;
        if starts_with_word(&rest[1..], b"meta") {
            let end = memchr::memchr(b'>', rest).unwrap_or(rest.len());
            if let Some(label) = value_after(&rest[..end], b"charset") {
                return Some(label);
            }
            at = start + end;
        }
    }
    None
}

fn starts_with_word(bytes: &[u8], word: &[u8]) -> bool {
    bytes
        .get(..word.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(word))
        && bytes
            .get(word.len())
            .is_some_and(|next| next.is_ascii_whitespace() || *next == b'/')
}

/// The value after `key =`, with or without quotes.
fn value_after(tag: &[u8], key: &[u8]) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let mut at = 0;
    while let Some(found) = find(&lower[at..], key) {
        at += found + key.len();
        let rest = lower[at..].trim_ascii_start();
        if let Some(value) = rest.strip_prefix(b"=") {
            let value = value.trim_ascii_start();
            let value = value
                .strip_prefix(b"\"")
                .or(value.strip_prefix(b"'"))
                .unwrap_or(value);
            let is_label = |b: &u8| b.is_ascii_alphanumeric() || b"-_:.+()".contains(b);
            let end = value
                .iter()
                .position(|b| !is_label(b))
                .unwrap_or(value.len());
            if end > 0 {
                return String::from_utf8(value[..end].to_vec()).ok();
            }
        }
    }
    None
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(haystack, needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_found_where_the_standard_looks() {
        let cases: [(&str, Option<&str>); 8] = [
            ("<meta charset=gbk>", Some("gbk")),
            ("<META CHARSET = 'Big5' />", Some("big5")),
            (
                r#"<meta http-equiv=Content-Type content="text/html; charset=Shift_JIS">"#,
                Some("shift_jis"),
            ),
            (
                "<?xml version='1.0' encoding='EUC-KR'?><a/>",
                Some("euc-kr"),
            ),
            (
                "<!-- <meta charset=gbk> --><meta charset=utf-8>",
                Some("utf-8"),
            ),
            ("<metadata charset=gbk>", None),
            ("<p>charset=gbk", None),
            ("<meta name=x content=charset>", None),
        ];
        for (page, expected) in cases {
            assert_eq!(label(page.as_bytes()).as_deref(), expected, "{page}");
        }
    }
}
