//! Character and entity references, as HTML's names know them and as document types declare them.

use encoding_rs::WINDOWS_1252;
use html5ever::data::NAMED_ENTITIES;

/// Most entities taken from a document type.
const MAX_ENTITIES: usize = 256;
/// Longest replacement taken, in bytes.
const MAX_REPLACEMENT: usize = 1024;
/// Longest name of a reference, with `#`.
const MAX_NAME: usize = 40;

/// Entities that a document type declares. Those that refer to others are left out, so that none
/// grows: "billion laughs" stay laughs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entities(Vec<(String, String)>);

impl Entities {
    /// Reads `<!ENTITY name "value">` of a declaration.
    pub fn declare(&mut self, doctype: &str) {
        for part in doctype.split("<!ENTITY").skip(1) {
            let part = part.trim_start();
            let Some((name, rest)) = part.split_once(char::is_whitespace) else {
                continue;
            };
            let rest = rest.trim_start();
            let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
                continue;
            };
            let value = rest.get(1..).and_then(|rest| rest.split_once(quote));
            let Some((value, _)) = value else { continue };
            let refers = value.split('&').skip(1).any(|rest| !rest.starts_with('#'));
            if refers || value.len() > MAX_REPLACEMENT || self.0.len() >= MAX_ENTITIES {
                continue;
            }
            let mut decoded = String::new();
            push_decoded(value, &Self::default(), &mut decoded);
            self.0.push((name.to_owned(), decoded));
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(declared, _)| declared == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Writes text with its references resolved; what is no reference stays as it is, and control
/// characters that no XML may hold are left out.
pub(crate) fn push_decoded(text: &str, entities: &Entities, out: &mut String) {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
        let (before, from) = rest.split_at(at);
        push_clean(before, out);
        let end = from
            .bytes()
            .take(MAX_NAME + 2)
            .position(|byte| byte == b';');
        let resolved = end.and_then(|end| {
            let name = from.get(1..end)?;
            resolve(name, entities, out).then_some(end + 1)
        });
        let length = resolved.unwrap_or_else(|| {
            out.push('&');
            1
        });
        rest = from.get(length..).unwrap_or_default();
    }
    push_clean(rest, out);
}

fn push_clean(text: &str, out: &mut String) {
    let is_odd = |c: char| matches!(c, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}');
    for part in text.split(is_odd) {
        *out += part;
    }
}

fn resolve(name: &str, entities: &Entities, out: &mut String) -> bool {
    if let Some(number) = name.strip_prefix('#') {
        let Some(c) = character(number) else {
            return false;
        };
        push_clean(c.encode_utf8(&mut [0; 4]), out);
        return true;
    }
    // The document type wins: some redefine HTML's names to the same characters.
    if let Some(value) = entities.get(name) {
        *out += value;
        return true;
    }
    let named = named(name);
    out.extend(named.as_deref());
    named.is_some()
}

/// The characters of one of HTML's names (HTML standard, section 13.5).
pub(crate) fn named(name: &str) -> Option<String> {
    let (first, second) = NAMED_ENTITIES.get(format!("{name};").as_str())?;
    let characters = [*first, *second].map(|code| char::from_u32(code).filter(|c| *c != '\0'));
    let text: String = characters.into_iter().flatten().collect();
    (!text.is_empty()).then_some(text)
}

/// The character of a number; 0x80 to 0x9f mean windows-1252, as browsers read them.
fn character(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    let code = code.ok()?;
    match u8::try_from(code) {
        Ok(byte @ 0x80..=0x9f) => WINDOWS_1252
            .decode_without_bom_handling(&[byte])
            .0
            .chars()
            .next(),
        _ => char::from_u32(code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> String {
        let mut entities = Entities::default();
        entities.declare("!DOCTYPE r [<!ENTITY me \"M &#233;\"> <!ENTITY lol '&me;&me;'> <!ENTITY % p SYSTEM \"x\">]");
        let mut out = String::new();
        push_decoded(text, &entities, &mut out);
        out
    }

    #[test]
    fn references_of_all_kinds() {
        for (text, expected) in [
            ("a &amp; b &lt;", "a & b <"),
            ("&nbsp;&hellip;&#8230;&#x2026;", "\u{a0}………"),
            ("&#146;", "’"),
            ("&alpha;&Ouml;&acE;", "αÖ∾̳"),
            ("AT&T & &unknown; &", "AT&T & &unknown; &"),
            ("&me;", "M é"),
            ("&lol;", "&lol;"),
            ("\u{b}a\u{1}b&#0;&#xd800;", "ab&#xd800;"),
            ("&amp;nbsp;", "&nbsp;"),
        ] {
            assert_eq!(decode(text), expected, "{text}");
        }
    }
}
