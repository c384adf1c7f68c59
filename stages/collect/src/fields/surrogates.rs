//! Halves of surrogate pairs in the escapes of JSON strings.

/// JSON with U+FFFD for each escape that is half a surrogate pair; `None` when there is none.
pub(super) fn replaced(json: &[u8]) -> Option<Vec<u8>> {
    let mut mended: Option<Vec<u8>> = None;
    let mut at = 0;
    while let Some(found) = json.get(at..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        at += found;
        let width = match (unit(json, at), unit(json, at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                let mended = mended.get_or_insert_with(|| json.to_vec());
                if let Some(escape) = mended.get_mut(at..at + 6) {
                    escape.copy_from_slice(b"\\ufffd");
                }
                6
            }
            _ => 2, // a backslash that escapes another byte, perhaps a backslash
        };
        at += width;
    }
    mended
}

/// The code unit of an escape `\uXXXX` that begins here.
fn unit(json: &[u8], at: usize) -> Option<u16> {
    let digits = json.get(at..at + 6)?.strip_prefix(b"\\u")?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}
