//! Public IP addresses. Private, loopback, link-local and reserved ranges name nobody, and neither
//! do those for documentation (RFC 5737, RFC 3849, RFC 9637).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Item;
use super::context::{Context, Reach};
use super::number::Number;
use crate::config::PrivateKind;

/// Octets that a version number would rarely exceed.
const VERSION_LIKE: u8 = 30;

/// An IPv4 address, unless the words around it make it a version.
pub(super) fn v4(number: &Number, text: &str) -> Option<Item> {
    let number = &number.first_groups(4, text);
    let raw = text.get(number.range())?;
    let dotted = number.groups().len() == 4 && number.separated_by(text, ".");
    let head = text.as_bytes().get(..number.start())?;
    // "Chrome/120.0.1.2": a version; but "//198.51.100.7".
    let product = matches!(head, [.., last, b'/'] if last.is_ascii_alphanumeric());
    if !dotted || product || (number.goes_on(text) && !has_prefix_length(number, text)) {
        return None;
    }
    let address: Ipv4Addr = raw.parse().ok()?;
    if !is_public(address) {
        return None;
    }
    let before = Context::before(text, number.start(), Reach::Near);
    let small = address.octets().iter().all(|octet| *octet <= VERSION_LIKE);
    if before.version() || (small && !before.address()) {
        return None;
    }
    Some(Item {
        kind: PrivateKind::Ip,
        range: number.range(),
    })
}

/// A host with the length of its network's prefix: `198.51.100.7/24`. One that ends with zero
/// names the network.
fn has_prefix_length(number: &Number, text: &str) -> bool {
    let tail = text.get(number.end()..).unwrap_or_default();
    let Some(tail) = tail.strip_prefix('/') else {
        return false;
    };
    let digits = tail.bytes().take(3).take_while(u8::is_ascii_digit).count();
    let length = tail
        .get(..digits)
        .and_then(|length| length.parse::<u8>().ok());
    let goes_on = tail
        .as_bytes()
        .get(digits)
        .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'/');
    let network = text
        .get(number.range())
        .is_some_and(|raw| raw.ends_with(".0"));
    let before = text.as_bytes().get(..number.start()).unwrap_or_default();
    let continues = matches!(before, [.., last, b'.' | b'-'] if last.is_ascii_alphanumeric())
        || number.left_glued();
    length.is_some_and(|length| length <= 32) && !goes_on && !network && !continues
}

fn is_public(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || a == 0
        || a >= 224
        || (a == 100 && (64..128).contains(&b))
        || address.is_documentation()
        || (a == 192
            && (b == 0 && address.octets()[2] == 0 || b == 88 && address.octets()[2] == 99))
        || (a == 198 && (18..20).contains(&b)))
}

/// The IPv6 address around a colon: global unicast (2000::/3) only. Also says where to look on.
pub(super) fn v6_at(text: &str, at: usize, done: usize) -> (Option<Item>, usize) {
    let bytes = text.as_bytes();
    let part = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b':' | b'.');
    let head = bytes.get(done..at).unwrap_or_default();
    let left = head
        .iter()
        .rev()
        .take(5)
        .take_while(|b| b.is_ascii_hexdigit())
        .count();
    let right = bytes
        .get(at..)
        .unwrap_or_default()
        .iter()
        .take(45)
        .take_while(|b| part(b))
        .count();
    let (start, mut end) = (at - left, at + right);
    while end > at
        && matches!(bytes.get(end - 1), Some(b'.' | b':'))
        && !text.get(start..end).is_some_and(|t| t.ends_with("::"))
    {
        end -= 1;
    }
    let next = end.max(at + 1);
    let found = text
        .get(start..end)
        .filter(|_| left == 4)
        .and_then(|raw| v6(text, start, raw));
    (found, next)
}

fn v6(text: &str, start: usize, raw: &str) -> Option<Item> {
    let address: Ipv6Addr = raw.parse().ok()?;
    let bytes = text.as_bytes();
    let word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':' | b'.');
    let end = start + raw.len();
    let bounded = !start
        .checked_sub(1)
        .and_then(|i| bytes.get(i))
        .is_some_and(word)
        && !bytes
            .get(end)
            .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let [first, second, ..] = address.segments();
    let documentation =
        (first == 0x2001 && second == 0x0DB8) || (first == 0x3FFF && second < 0x1000);
    let global = first & 0xE000 == 0x2000 && !documentation;
    // An address that ends with zeros names a network.
    let host = !raw.ends_with("::");
    (bounded && global && host && raw.len() >= 7).then_some(Item {
        kind: PrivateKind::Ip,
        range: start..end,
    })
}
