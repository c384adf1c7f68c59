//! The members of a JSON object (RFC 8259) that are wanted, without building the others: a quick
//! way for what nearly all lines are. Whatever it is not sure of it leaves to serde_json, so that
//! both take and refuse the same.

use memchr::memchr2;
use serde::de::IgnoredAny;
use serde_json::{Deserializer, Map, Value};

/// Brackets in a value that is built: far fewer than the depth at which serde_json gives up.
const MAX_BRACKETS: usize = 100;
/// Words of eight bytes that are looked at one by one for what ends a run of plain text. In text
/// with many lines it is near; over a longer way a search by vectors is quicker.
const NEAR: usize = 8;

/// The wanted members of an object, the last one of each name; `None` if it takes another parser
/// to tell them, or that there are none.
pub(crate) fn members(json: &[u8], is_wanted: impl Fn(&str) -> bool) -> Option<Map<String, Value>> {
    let json = simdutf8::basic::from_utf8(json).ok()?;
    let mut scan = Scan { json, at: 0 };
    let mut object = Map::new();
    scan.space();
    scan.expect(b'{')?;
    scan.space();
    if scan.peek() == Some(b'}') {
        scan.at += 1;
    } else {
        loop {
            let name = scan.plain_string()?;
            scan.space();
            scan.expect(b':')?;
            scan.space();
            if is_wanted(name) {
                object.insert(name.to_owned(), scan.value()?);
            } else {
                scan.skip()?;
            }
            scan.space();
            let next = scan.peek()?;
            scan.at += 1;
            match next {
                b',' => scan.space(),
                b'}' => break,
                _ => return None,
            }
        }
    }
    scan.space();
    (scan.at == json.len()).then_some(object)
}

struct Scan<'a> {
    json: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn peek(&self) -> Option<u8> {
        self.json.as_bytes().get(self.at).copied()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn rest(&self) -> &'a str {
        self.json.get(self.at..).unwrap_or_default()
    }

    /// A string without escapes.
    fn plain_string(&mut self) -> Option<&'a str> {
        self.expect(b'"')?;
        let text = self.run()?;
        self.expect(b'"')?;
        Some(text)
    }

    /// Text of a string up to what is not simply itself.
    fn run(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let text = rest.get(..special(rest.as_bytes())?)?;
        self.at += text.len();
        Some(text)
    }

    fn string(&mut self) -> Option<String> {
        self.expect(b'"')?;
        let first = self.run()?;
        if self.expect(b'"').is_some() {
            return Some(first.to_owned());
        }
        let mut out = String::with_capacity(first.len() + self.rest().len());
        out.push_str(first);
        loop {
            let (c, length) = match self.peek()? {
                b'"' => break,
                b'\\' => escaped(self.rest())?,
                _ => return None,
            };
            out.push(c);
            self.at += length;
            out.push_str(self.run()?);
        }
        self.at += 1;
        if out.len() < out.capacity() / 4 * 3 {
            out.shrink_to_fit();
        }
        Some(out)
    }

    fn value(&mut self) -> Option<Value> {
        if self.peek()? == b'"' {
            return self.string().map(Value::String);
        }
        let start = self.at;
        self.skip()?;
        let value = self.json.as_bytes().get(start..self.at)?;
        let brackets = memchr::memchr2_iter(b'[', b'{', value).count();
        if brackets > MAX_BRACKETS {
            return None;
        }
        serde_json::from_slice(value).ok()
    }

    /// Goes over a value.
    fn skip(&mut self) -> Option<()> {
        let start = self.at;
        // Escapes are another's to check.
        if self.plain_string().is_some() {
            return Some(());
        }
        self.at = start;
        let mut values = Deserializer::from_slice(self.rest().as_bytes()).into_iter::<IgnoredAny>();
        values.next()?.ok()?;
        self.at += values.byte_offset();
        Some(())
    }
}

/// The place of the first quote, backslash or control character, which JSON has escaped.
fn special(bytes: &[u8]) -> Option<usize> {
    let (words, _) = bytes.as_chunks::<8>();
    let mut at = 0;
    for word in words.iter().take(NEAR) {
        let found = special_of_word(u64::from_le_bytes(*word));
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let rest = bytes.get(at..)?;
    let run = rest.get(..memchr2(b'"', b'\\', rest).unwrap_or(rest.len()))?;
    // Of all of them, so that it is done by vectors.
    let least = run.iter().fold(u8::MAX, |least, byte| least.min(*byte));
    let end = match least < 0x20 {
        true => run.iter().position(|byte| *byte < 0x20)?,
        false => run.len(),
    };
    (at + end < bytes.len()).then_some(at + end)
}

/// The highest bit of the first byte of eight that is a quote, a backslash or a control character;
/// of bytes behind it too, also where they are none (H. S. Warren, "Hacker's Delight", 6-1).
fn special_of_word(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word;
    let is = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    (is(b'"') | is(b'\\') | below(word, 0x20)) & (ONES << 7)
}

/// The character of an escape, and its length.
fn escaped(text: &str) -> Option<(char, usize)> {
    let c = match text.as_bytes().get(1)? {
        b'n' => '\n',
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b't' => '\t',
        b'r' => '\r',
        b'b' => '\x08',
        b'f' => '\x0c',
        b'u' => return unicode(text),
        _ => return None,
    };
    Some((c, 2))
}

/// The character of `\uXXXX`, or of two of them that are a surrogate pair, and their length.
fn unicode(escape: &str) -> Option<(char, usize)> {
    let high = unit(escape)?;
    if let Some(c) = char::from_u32(high) {
        return Some((c, 6));
    }
    let low = unit(escape.get(6..)?)?;
    let pair = (0xd800..0xdc00).contains(&high) && (0xdc00..0xe000).contains(&low);
    let code = 0x1_0000 + ((high & 0x3ff) << 10) + (low & 0x3ff);
    pair.then(|| char::from_u32(code))?.map(|c| (c, 12))
}

fn unit(escape: &str) -> Option<u32> {
    let digits = escape.strip_prefix("\\u")?.get(..4)?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u32::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quick(json: &[u8]) -> Option<Map<String, Value>> {
        members(json, |name| name != "skipped")
    }

    fn slow(json: &[u8]) -> serde_json::Result<Map<String, Value>> {
        let mut object: Map<String, Value> = serde_json::from_slice(json)?;
        object.remove("skipped");
        Ok(object)
    }

    /// What the quick way takes is what serde_json takes. Numbers that are too large are not looked
    /// for in what is only gone over.
    fn check(json: &[u8]) {
        if std::str::from_utf8(json).is_ok()
            && let Some(object) = quick(json)
        {
            match slow(json) {
                Ok(same) => assert_eq!(object, same, "{}", json.escape_ascii()),
                Err(error) => assert!(
                    error.to_string().starts_with("number out of range"),
                    "{error}: {}",
                    json.escape_ascii()
                ),
            }
        }
    }

    #[test]
    fn ordinary_lines_go_the_quick_way() {
        for json in [
            r#"{"text": "words", "n": 1, "skipped": [1, {"a": "b"}], "meta": {"url": "u"}}"#,
            r#"{}"#,
            " {\"a\":\"\\n\\t\\\"\\\\\\/\\b\\f\\r\\u4e2d\\ud83d\\ude00\" ,\"a\":null }\r",
            r#"{"skipped": "a\nb", "b": -1.5e3, "c": true}"#,
            r#"{"skipped": 1e4000}"#,
        ] {
            assert!(quick(json.as_bytes()).is_some(), "{json}");
            check(json.as_bytes());
        }
    }

    #[test]
    fn what_is_not_json_is_left_to_the_other() {
        for json in [
            &b""[..],
            b"{",
            b"[]",
            b"{\"a\":1,}",
            b"{\"a\":01}",
            b"{\"a\":\"\x01\"}",
            b"{\"a\":\"\xff\"}",
            b"{\"skipped\":\"\\x\"}",
            b"{\"a\":\"\\ud800\"}",
            b"{\"a\":\"\\u+123\"}",
            b"{\"a\":1}x",
            b"{\"a\":1}\x0c",
            b"{\"a\" 1}",
            b"{\"a\":\"b",
            b"{\"a\":\"b\\",
        ] {
            assert_eq!(quick(json), None, "{}", json.escape_ascii());
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(127), "]".repeat(127));
        check(deep.as_bytes());
    }

    #[test]
    fn what_ends_a_run_is_found_at_any_distance() {
        for length in 0..200 {
            for (place, byte) in
                (0..length).flat_map(|place| [b'"', b'\\', 0, 0x1f].map(|byte| (place, byte)))
            {
                let mut bytes = "aé中~\u{7f}!#[]".repeat(20).into_bytes();
                bytes.truncate(length);
                assert_eq!(special(&bytes), None);
                bytes[place] = byte;
                assert_eq!(special(&bytes), Some(place), "{byte:#x} of {length}");
                bytes.extend_from_slice(b"\"\\\x01");
                assert_eq!(special(&bytes), Some(place), "{byte:#x} of {length}");
            }
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<f64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            Just(Value::Null),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z\\\\\"]*", inner, 0..4)
                    .prop_map(|object| Value::Object(object.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn both_ways_read_the_same(
            object in prop::collection::btree_map("skipped|[a-z]{1,3}", value(), 0..5),
            at in any::<prop::sample::Index>(),
            with in any::<u8>(),
        ) {
            let mut json = serde_json::to_vec(&object).unwrap();
            prop_assert!(quick(&json).is_some());
            check(&json);
            let at = at.index(json.len());
            json[at] = with;
            check(&json);
            json.truncate(at);
            check(&json);
        }
    }
}
