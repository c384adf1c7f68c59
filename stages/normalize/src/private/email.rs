//! E-mail addresses (RFC 5321, as far as people write them).

use std::ops::Range;

use super::Item;
use crate::config::PrivateKind;

/// Longest local part and longest domain, in bytes (RFC 5321, 4.5.3.1).
const MAX_LOCAL: usize = 64;
const MAX_DOMAIN: usize = 255;

/// Last labels that are endings of files: `icon@2x.png` is no address.
const FILES: &[&str] = &[
    "png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "mjs", "ts", "json", "html", "htm",
    "php", "py", "rs", "txt", "md", "pdf", "zip", "gz", "yml", "yaml", "xml", "service", "timer",
    "socket", "mount", "target",
];

/// Top-level domains longer than four letters that people have addresses under; others of that
/// length are words of a program, such as `@dataclasses.dataclass`.
const LONG: &[&str] = &[
    "academy",
    "agency",
    "business",
    "center",
    "cloud",
    "company",
    "consulting",
    "design",
    "digital",
    "email",
    "events",
    "finance",
    "global",
    "group",
    "health",
    "hosting",
    "house",
    "international",
    "legal",
    "london",
    "media",
    "museum",
    "network",
    "online",
    "paris",
    "photography",
    "press",
    "school",
    "services",
    "social",
    "software",
    "solutions",
    "space",
    "store",
    "studio",
    "systems",
    "technology",
    "tokyo",
    "training",
    "travel",
    "university",
    "ventures",
    "website",
    "world",
    "app",
    "associates",
    "bank",
    "capital",
    "church",
    "clinic",
    "community",
    "dental",
    "education",
    "engineering",
    "enterprises",
    "expert",
    "foundation",
    "gallery",
    "games",
    "healthcare",
    "hotel",
    "industries",
    "institute",
    "kitchen",
    "management",
    "marketing",
    "ninja",
    "partners",
    "properties",
    "rentals",
    "restaurant",
    "science",
    "support",
    "today",
    "tools",
    "video",
    "works",
];

/// The address around an at sign, beginning no earlier than `done`.
pub(super) fn at(text: &str, at: usize, done: usize) -> Option<Item> {
    if let Some(item) = login(text, at, done) {
        return Some(item);
    }
    let start = local_start(text, at, done)?;
    let end = domain_end(text, at + 1)?;
    Some(Item {
        kind: PrivateKind::Email,
        range: Range { start, end },
    })
}

/// The password in an address: `https://ada:password@host/`.
fn login(text: &str, at: usize, done: usize) -> Option<Item> {
    let bytes = text.as_bytes();
    let inner = |b: &&u8| {
        b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'<' | b'>' | b'@' | b'(' | b')')
    };
    let head = bytes.get(done..at)?;
    let length = head
        .iter()
        .rev()
        .take(2 * MAX_LOCAL)
        .take_while(inner)
        .count();
    let head = text.get(at - length..at)?;
    let (_, user) = head.rsplit_once("://")?;
    let (user, password) = user.split_once(':')?;
    let known = matches!(
        password,
        "password" | "pass" | "secret" | "pwd" | "xxx" | "***"
    );
    let proper = user
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"._-%+".contains(&b))
        && password.len() >= 4
        && !password.contains('/')
        && !password.starts_with(['$', '{', '[', '%'])
        && !known
        && bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric);
    proper.then(|| Item {
        kind: PrivateKind::Secret,
        range: at - password.len()..at,
    })
}

/// An address written so that machines miss it: `ada (at) example (dot) com`, `ada[at]example.com`;
/// the sign in brackets stands at `at`.
pub(super) fn spelled(text: &str, at: usize, done: usize) -> Option<Item> {
    let head = text.get(done..at)?;
    let local_end = done + head.trim_end_matches(' ').len();
    let start = local_start(text, local_end, done)?;
    let mut plain = String::new();
    let mut end = at + 4;
    let mut rest = text.get(end..)?;
    for _ in 0..8 {
        let body = rest.trim_start_matches(' ');
        let label = body
            .bytes()
            .take(64)
            .take_while(|b| b.is_ascii_alphanumeric() || *b == b'-')
            .count();
        plain.push_str(body.get(..label)?);
        end += rest.len() - body.len() + label;
        rest = body.get(label..)?;
        let Some(dot) = dot(rest) else { break };
        plain.push('.');
        end += dot;
        rest = rest.get(dot..)?;
    }
    let proper = domain_end(&plain, 0) == Some(plain.len());
    proper.then_some(Item {
        kind: PrivateKind::Email,
        range: Range { start, end },
    })
}

/// Length of a dot, as a sign or spelled, that something follows.
fn dot(text: &str) -> Option<usize> {
    if let [b'.', b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9', ..] = text.as_bytes() {
        return Some(1);
    }
    let body = text.trim_start_matches(' ');
    let spelled = ["(dot)", "[dot]", "{dot}", "dot ", "(DOT)", "[DOT]", "DOT "];
    let length = spelled.iter().find(|sign| body.starts_with(**sign))?.len();
    Some(text.len() - body.len() + length)
}

fn local_start(text: &str, at: usize, done: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let is_local = |b: &u8| {
        b.is_ascii_alphanumeric()
            || matches!(b, b'.' | b'_' | b'%' | b'+' | b'-' | b'\'' | b'&' | b'=')
    };
    let head = bytes.get(done..at)?;
    let length = head
        .iter()
        .rev()
        .take(MAX_LOCAL + 1)
        .take_while(|b| is_local(b))
        .count();
    if length > MAX_LOCAL {
        return None;
    }
    let mut local = head.get(head.len() - length..)?;
    if let Some(equals) = local.iter().rposition(|b| matches!(b, b'=' | b'&')) {
        // A parameter of an address line: "to=ada@example.com".
        local = local.get(equals + 1..)?;
    }
    while let [first, rest @ ..] = local
        && !first.is_ascii_alphanumeric()
        && *first != b'_'
    {
        local = rest;
    }
    let proper = local.last().is_some_and(|b| *b != b'.') && !local.windows(2).any(|w| w == b"..");
    // A remote of git: a public name that everyone shares.
    let shared = local == b"git"
        && bytes
            .get(at..)
            .is_some_and(|tail| tail.iter().take(MAX_DOMAIN).any(|b| *b == b':'));
    (proper && !shared).then(|| at - local.len())
}

fn domain_end(text: &str, start: usize) -> Option<usize> {
    let tail = text.as_bytes().get(start..)?;
    let is_domain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    let mut length = tail
        .iter()
        .take(MAX_DOMAIN + 1)
        .take_while(|b| is_domain(b))
        .count();
    while length > 0 && matches!(tail.get(length - 1), Some(b'.' | b'-')) {
        length -= 1;
    }
    let domain = text.get(start..start + length)?;
    let proper = |label: &str| {
        (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    let (host, top) = domain.rsplit_once('.')?;
    let top = top.to_ascii_lowercase();
    let letters = top.bytes().all(|b| b.is_ascii_alphabetic());
    let short = (2..=4).contains(&top.len()) && letters;
    let top_is_name =
        short || LONG.contains(&top.as_str()) || (top.starts_with("xn--") && top.len() <= 24);
    let is_file = FILES.contains(&top.as_str());
    let goes_on = tail.get(length).is_some_and(|b| matches!(b, b'_' | b'@'));
    (length <= MAX_DOMAIN && top_is_name && !is_file && !goes_on && host.split('.').all(proper))
        .then_some(start + length)
}
