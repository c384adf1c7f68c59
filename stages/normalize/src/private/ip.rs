//! Public IP addresses. Private, loopback, link-local and reserved ranges name nobody; the ranges
//! for documentation (RFC 5737, RFC 3849) are masked like public ones, since texts use them as such.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::number::Number;
use super::{Item, context};
use crate::config::PrivateKind;

/// Octets that a version number would rarely exceed.
const VERSION_LIKE: u8 = 30;

/// An IPv4 address, unless the words around it make it a version.
pub(super) fn v4(number: &Number, text: &str) -> Option<Item> {
    let number = &number.first_groups(4, text);
    let raw = text.get(number.range())?;
    let dotted = number.groups().len() == 4 && number.separated_by(text, ".");
    if !dotted || number.goes_on(text) {
        return None;
    }
    let address: Ipv4Addr = raw.parse().ok()?;
    if !is_public(address) {
        return None;
    }
    let before = context::before(text, number.start());
    let small = address.octets().iter().all(|octet| *octet <= VERSION_LIKE);
    if context::says_version(&before) || (small && !context::says_address(&before)) {
        return None;
    }
    Some(Item {
        kind: PrivateKind::Ip,
        range: number.range(),
    })
}

fn is_public(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || a == 0
        || a >= 224
        || (a == 100 && (64..128).contains(&b))
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
    let global = address
        .segments()
        .first()
        .is_some_and(|first| first & 0xE000 == 0x2000);
    // An address that ends with zeros names a network.
    let host = !raw.ends_with("::");
    (bounded && global && host && raw.len() >= 7).then_some(Item {
        kind: PrivateKind::Ip,
        range: start..end,
    })
}
