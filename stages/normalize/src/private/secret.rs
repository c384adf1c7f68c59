//! Keys, tokens and passwords: those that a known prefix gives away, private key blocks, and random
//! strings beside a word such as "token".

use std::ops::Range;

use super::Item;
use super::context::{Context, Reach};
use crate::config::PrivateKind;

/// Longest token, and longest key block, in bytes.
const MAX_TOKEN: usize = 2048;
const MAX_BLOCK: usize = 16 * 1024;

/// Shortest token, and shortest password, in bytes.
const LEAST: usize = 8;

/// Characters that the rest of a known key is made of.
#[derive(Clone, Copy)]
enum Alphabet {
    /// Capitals and digits.
    Upper,
    /// Letters and digits.
    Alnum,
    /// Letters, digits, hyphen and underscore (base64url).
    Url,
    /// The same and dots, between the parts of a signed token.
    Dotted,
    /// Letters, digits and slashes.
    Path,
}

/// How the keys of a service begin, and how many characters follow at least and at most.
type Known = (&'static str, usize, usize, Alphabet);

/// Prefixes that the services publish so that leaked keys can be found.
const KNOWN: &[Known] = &[
    ("AKIA", 16, 16, Alphabet::Upper),
    ("ASIA", 16, 16, Alphabet::Upper),
    ("AIza", 35, 35, Alphabet::Url),
    ("GOCSPX-", 28, 28, Alphabet::Url),
    ("ya29.", 20, MAX_TOKEN, Alphabet::Dotted),
    ("LTAI", 12, 26, Alphabet::Alnum),
    ("AKID", 32, 36, Alphabet::Alnum),
    ("ghp_", 36, 255, Alphabet::Alnum),
    ("gho_", 36, 255, Alphabet::Alnum),
    ("ghu_", 36, 255, Alphabet::Alnum),
    ("ghs_", 36, 255, Alphabet::Alnum),
    ("ghr_", 36, 255, Alphabet::Alnum),
    ("github_pat_", 50, 255, Alphabet::Url),
    ("glpat-", 20, 64, Alphabet::Url),
    ("sk_live_", 16, 255, Alphabet::Alnum),
    ("sk_test_", 16, 255, Alphabet::Alnum),
    ("rk_live_", 16, 255, Alphabet::Alnum),
    ("rk_test_", 16, 255, Alphabet::Alnum),
    ("whsec_", 24, 255, Alphabet::Alnum),
    ("sk-", 20, 255, Alphabet::Url),
    ("xoxb-", 20, 255, Alphabet::Url),
    ("xoxp-", 20, 255, Alphabet::Url),
    ("xoxa-", 20, 255, Alphabet::Url),
    ("xoxr-", 20, 255, Alphabet::Url),
    ("xoxs-", 20, 255, Alphabet::Url),
    ("xapp-", 20, 255, Alphabet::Url),
    ("npm_", 36, 36, Alphabet::Alnum),
    ("pypi-", 50, MAX_TOKEN, Alphabet::Url),
    ("hf_", 30, 40, Alphabet::Alnum),
    ("gsk_", 40, 60, Alphabet::Alnum),
    ("nvapi-", 40, 80, Alphabet::Url),
    ("xai-", 40, 90, Alphabet::Alnum),
    ("dop_v1_", 64, 64, Alphabet::Alnum),
    ("SG.", 40, 90, Alphabet::Dotted),
    ("shpat_", 32, 32, Alphabet::Alnum),
    ("shpss_", 32, 32, Alphabet::Alnum),
    ("sq0csp-", 40, 50, Alphabet::Url),
    ("dckr_pat_", 20, 40, Alphabet::Url),
    ("PMAK-", 50, 70, Alphabet::Url),
    ("lin_api_", 32, 48, Alphabet::Alnum),
    ("rubygems_", 40, 64, Alphabet::Alnum),
    ("eyJ", 30, MAX_TOKEN, Alphabet::Dotted),
    ("hooks.slack.com/services/", 30, 80, Alphabet::Path),
];

/// The secret in the token around the digit (or known prefix) at `at`, beginning no earlier than
/// `done`. Also says where the token ends.
pub(super) fn at(text: &str, at: usize, done: usize) -> (Option<Item>, usize) {
    let token = token(text, at, done);
    let end = token.end;
    let range = if token.len() < LEAST {
        short_password(text, &token, done)
    } else {
        known(text, &token).or_else(|| told(text, &token, done))
    };
    let item = range.map(|range| Item {
        kind: PrivateKind::Secret,
        range,
    });
    let end = item.as_ref().map_or(end, |item| item.range.end);
    (item, end)
}

/// The key with a known prefix that begins at `at`.
pub(super) fn key(text: &str, at: usize) -> Option<Item> {
    let bytes = text.as_bytes();
    let before = at.checked_sub(1).and_then(|i| bytes.get(i));
    let tail = bytes
        .get(at..)
        .filter(|_| !before.is_some_and(u8::is_ascii_alphanumeric))?;
    let length = KNOWN.iter().find_map(|known| length_of(tail, known))?;
    Some(Item {
        kind: PrivateKind::Secret,
        range: at..at + length,
    })
}

/// Letters, digits and what stands between them in base64 and signed tokens, around a place.
fn token(text: &str, at: usize, done: usize) -> Range<usize> {
    let inner =
        |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'+' | b'/');
    let bytes = text.as_bytes();
    let head = bytes.get(done..at).unwrap_or_default();
    let left = head.iter().rev().take(MAX_TOKEN).take_while(inner).count();
    let tail = bytes.get(at..).unwrap_or_default();
    let mut right = tail.iter().take(MAX_TOKEN).take_while(inner).count();
    right += tail
        .iter()
        .skip(right)
        .take(2)
        .take_while(|b| **b == b'=')
        .count();
    let (mut start, mut end) = (at - left, at + right);
    while start < at && matches!(bytes.get(start), Some(b'.' | b'-' | b'+' | b'/')) {
        start += 1;
    }
    while end > at && matches!(bytes.get(end - 1), Some(b'.' | b'-')) {
        end -= 1;
    }
    start..end
}

/// A key with a known prefix, at the start of the token or behind one of its separators.
fn known(text: &str, token: &Range<usize>) -> Option<Range<usize>> {
    let bytes = text.get(token.clone())?.as_bytes();
    let begins = |index: &usize| {
        *index == 0 || matches!(bytes.get(index - 1), Some(b'.' | b'+' | b'/' | b'-'))
    };
    // What stands before a key is short: a host, a path, a name.
    (0..bytes.len().min(64)).filter(begins).find_map(|start| {
        let tail = bytes.get(start..)?;
        let length = KNOWN.iter().find_map(|known| length_of(tail, known))?;
        Some(token.start + start..token.start + start + length)
    })
}

fn length_of(tail: &[u8], known: &Known) -> Option<usize> {
    let (prefix, least, most, alphabet) = *known;
    let rest = tail.strip_prefix(prefix.as_bytes())?;
    let inner = |b: &&u8| match alphabet {
        Alphabet::Upper => b.is_ascii_uppercase() || b.is_ascii_digit(),
        Alphabet::Alnum => b.is_ascii_alphanumeric(),
        Alphabet::Url => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'),
        Alphabet::Path => b.is_ascii_alphanumeric() || **b == b'/',
        Alphabet::Dotted => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'),
    };
    let length = rest.iter().take_while(inner).count();
    let body = rest.get(..length)?;
    let goes_on = rest.get(length).is_some_and(u8::is_ascii_alphanumeric);
    // "sk-" begins words too ("sk-learn-compatible-estimator").
    let random = distinct(body) >= 6 && (!prefix.eq("sk-") || is_random(body));
    let signed = prefix != "eyJ" || body.iter().filter(|b| **b == b'.').count() == 2;
    ((least..=most).contains(&length) && !goes_on && random && signed)
        .then_some(prefix.len() + length)
}

/// A password in which a short token stands between further signs: `Sup3r$ecret`.
fn short_password(text: &str, token: &Range<usize>, done: usize) -> Option<Range<usize>> {
    let range = password(text, token, done);
    let letters = || {
        text.get(range.clone())
            .is_some_and(|value| value.bytes().any(|b| b.is_ascii_alphabetic()))
    };
    (range.len() >= LEAST && letters()).then_some(())?;
    let told = Context::before(text, range.start, Reach::Near).secret()?;
    let value = text.get(range.clone())?.as_bytes();
    (told.password && told.direct && is_password(value)).then_some(range)
}

/// A random string that the words before it call a token, a key or a password.
fn told(text: &str, token: &Range<usize>, done: usize) -> Option<Range<usize>> {
    let before = Context::before(text, token.start, Reach::Far);
    let told = before.secret()?;
    if told.password && told.direct {
        let range = password(text, token, done);
        let value = text.get(range.clone())?.as_bytes();
        return is_password(value).then_some(range);
    }
    let value = text.get(token.clone())?.as_bytes();
    let least = if told.direct { 16 } else { 24 };
    (value.len() >= least && is_random(value)).then(|| token.clone())
}

/// A password may hold further signs: it goes as far as spaces, quotation marks and commas.
fn password(text: &str, token: &Range<usize>, done: usize) -> Range<usize> {
    let bytes = text.as_bytes();
    let inner = |b: &&u8| {
        b.is_ascii_graphic()
            && !matches!(
                b,
                b'"' | b'\'' | b'`' | b',' | b';' | b'=' | b':' | b'<' | b'>'
            )
    };
    let head = bytes.get(done..token.start).unwrap_or_default();
    let left = head.iter().rev().take(32).take_while(inner).count();
    let tail = bytes.get(token.end..).unwrap_or_default();
    let right = tail.iter().take(64).take_while(inner).count();
    let mut end = token.end + right;
    while end > token.end && matches!(bytes.get(end - 1), Some(b'.' | b')' | b'?')) {
        end -= 1;
    }
    token.start - left..end
}

/// At least eight characters of two kinds or more, not one word with a number behind it.
fn is_password(value: &[u8]) -> bool {
    let signs = value
        .iter()
        .any(|b| b.is_ascii_punctuation() && !matches!(b, b'.' | b'-' | b'_' | b'/'));
    let mixed = changes(value) >= 3 || (signs && changes(value) >= 1);
    (LEAST..=128).contains(&value.len()) && distinct(value) >= 6 && mixed
}

/// Whether a string looks drawn at random: its entropy is near that of its alphabet, and letters,
/// capitals and digits take turns as they do not in names.
fn is_random(value: &[u8]) -> bool {
    let value = value.strip_suffix(b"==").unwrap_or(value);
    let hex = value
        .iter()
        .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f' | b'-'))
        || value
            .iter()
            .all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F' | b'-'));
    let alphabet: f64 = if hex { 16.0 } else { 36.0 };
    let most = alphabet.min(value.len() as f64).log2();
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let all_digits = digits == value.iter().filter(|b| b.is_ascii_alphanumeric()).count();
    digits > 0 && !all_digits && entropy(value) >= 0.75 * most && changes(value) * 6 >= value.len()
}

/// Shannon entropy of the bytes, in bits a byte.
fn entropy(value: &[u8]) -> f64 {
    let mut counts = [0u32; 256];
    for byte in value {
        counts[usize::from(*byte)] += 1;
    }
    let all = value.len() as f64;
    let shares = counts
        .iter()
        .filter(|n| **n > 0)
        .map(|n| f64::from(*n) / all);
    -shares.map(|share| share * share.log2()).sum::<f64>()
}

/// Places where a small letter, a capital or a digit follows one of another kind.
fn changes(value: &[u8]) -> usize {
    let kind = |b: u8| match b {
        b'0'..=b'9' => 1,
        b'A'..=b'Z' => 2,
        b'a'..=b'z' => 3,
        _ => 0,
    };
    let differ = |pair: &&[u8]| match pair {
        [a, b] => kind(*a) != 0 && kind(*b) != 0 && kind(*a) != kind(*b),
        _ => false,
    };
    value.windows(2).filter(differ).count()
}

fn distinct(value: &[u8]) -> usize {
    let mut seen = [false; 256];
    for byte in value {
        seen[usize::from(*byte)] = true;
    }
    seen.iter().filter(|seen| **seen).count()
}

/// The private key block (RFC 7468, OpenPGP armour) that begins with the dashes at `at`.
pub(super) fn block(text: &str, at: usize) -> Option<Item> {
    let mut limit = text.len().min(at + MAX_BLOCK);
    while !text.is_char_boundary(limit) {
        limit -= 1;
    }
    let block = text.get(at..limit)?;
    let label = block.strip_prefix("-----BEGIN ")?;
    let dash = label.bytes().take(40).position(|b| b == b'-')?;
    let (label, body) = label.split_at(dash);
    let body = body
        .strip_prefix("-----")
        .filter(|_| label.contains("PRIVATE KEY"))?;
    // The next dashes end the block, or begin another one.
    let dashes = body.find("-----");
    let stop = dashes.filter(|at| {
        body.get(*at..)
            .is_some_and(|tail| tail.starts_with("-----END "))
    });
    let end = match stop {
        Some(stop) => {
            let foot = body.get(stop + 9..)?;
            let close = foot.find("-----").filter(|close| *close <= 40)?;
            block.len() - foot.len() + close + 5
        }
        // Cut short: the lines of base64 that stand there.
        None => {
            let data = |b: &u8| b.is_ascii_alphanumeric() || b" \n\\+/=".contains(b);
            let length = body.bytes().take_while(data).count();
            let length = body.get(..length)?.trim_end().len();
            if length < 40 {
                return None;
            }
            block.len() - body.len() + length
        }
    };
    Some(Item {
        kind: PrivateKind::Secret,
        range: at..at + end,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn randomness() {
        for random in [
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzX3",
            "9f86d081884c7d659a2feaa0c55ad015",
            "k3Jd92LsQp0vXz7TmN1b",
        ] {
            assert!(is_random(random.as_bytes()), "{random}");
        }
        for plain in [
            "my-super-secret-token-2024",
            "0000000000000000000a",
            "authentication-service-v2",
        ] {
            assert!(!is_random(plain.as_bytes()), "{plain}");
        }
        assert!((entropy(b"abcd") - 2.0).abs() < 1e-9);
    }

    #[test]
    fn blocks_end_where_they_say() {
        let key = format!(
            "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----",
            "aB3d".repeat(30)
        );
        assert_eq!(
            block(&format!("{key} tail"), 0).unwrap().range,
            0..key.len()
        );
        let cut = key.split("\n-----END").next().unwrap();
        assert_eq!(block(cut, 0).unwrap().range, 0..cut.len());
        assert_eq!(block(&key.replace("RSA PRIVATE", "PUBLIC"), 0), None);
    }
}
