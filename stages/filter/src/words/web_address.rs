//! What counts as a web address, for word splitting.

use super::classes::is_lower;

/// Whether `text` as a whole is a web or mail address: optional scheme, optional user, a host
/// name with a lower-case top-level domain or a public IPv4 address, optional port and path.
pub(super) fn is_web_address(text: &str) -> bool {
    if is_host_and_path(text) {
        return true;
    }
    if let Some((scheme, rest)) = text.split_once("://") {
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '+' | '-' | '.');
        if scheme.chars().all(fits) && scheme.chars().nth(1).is_some() && is_host_and_path(rest) {
            return true;
        }
    }
    // Every `@` may end the user's part; a host ends at the next one, so this stays linear.
    text.match_indices('@')
        .any(|(at, _)| at > 0 && is_host_and_path(&text[at + 1..]))
}

fn is_host_and_path(text: &str) -> bool {
    let end = text
        .find(|c: char| {
            matches!(c, ':' | '/' | '?' | '#' | '@') || (c.is_ascii() && !is_label(c) && c != '.')
        })
        .unwrap_or(text.len());
    let (host, rest) = text.split_at(end);
    (is_name(host) || is_public_ipv4(host)) && is_port_and_path(rest)
}

/// A character of a host name's label.
fn is_label(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '\u{A1}'..='\u{FFFF}')
}

fn is_name(host: &str) -> bool {
    let Some((labels, domain)) = host.rsplit_once('.') else {
        return false;
    };
    let length = domain.chars().take(64).count();
    let edge = |c: Option<char>| c.is_some_and(|c| is_label(c) && !matches!(c, '_' | '-'));
    (2..=63).contains(&length)
        && domain.chars().all(is_lower)
        && labels.split('.').all(|label| {
            edge(label.chars().next())
                && edge(label.chars().next_back())
                && label.chars().all(is_label)
                && label.chars().take(65).count() <= 64
        })
}

fn is_public_ipv4(host: &str) -> bool {
    host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| {
        let [a, _, _, d] = address.octets();
        let local = address.is_private() || address.is_loopback() || address.is_link_local();
        (1..=223).contains(&a) && (1..=254).contains(&d) && !local
    })
}

fn is_port_and_path(rest: &str) -> bool {
    let after_port = match rest.strip_prefix(':') {
        Some(port) => {
            let digits = port.bytes().take_while(u8::is_ascii_digit).count();
            if !(2..=5).contains(&digits) {
                return false;
            }
            &port[digits..]
        }
        None => rest,
    };
    after_port.is_empty() || after_port.starts_with(['/', '?', '#'])
}

#[cfg(test)]
mod tests {
    use super::is_web_address;

    #[test]
    fn tells_addresses_from_words() {
        for address in [
            "example.org",
            "https://example.org/x?y#z",
            "mailto:a.b@example.org",
            "8.8.8.8:53",
            "b.co:80/x",
            "中文.中国",
        ] {
            assert!(is_web_address(address), "{address}");
        }
        for word in [
            "a/b",
            "end.Begin",
            "10.0.0.1",
            "a:b",
            "http://localhost/",
            "x",
            "",
            "@example.org",
            "a..org",
            "3.14",
        ] {
            assert!(!is_web_address(word), "{word}");
        }
    }
}
