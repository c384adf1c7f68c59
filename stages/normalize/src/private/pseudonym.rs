//! What stands in place of an item: a typed placeholder, or a pseudonym that the same item always
//! gets under the same key.

use std::net::IpAddr;

use crate::config::PrivateKind;

/// Letters of a pseudonym: 48 bits, so that a million items meet by chance once in 500 corpora.
const LENGTH: usize = 12;

/// Makes the placeholders of one configuration.
pub(crate) struct Placeholders {
    template: String,
    plain: [String; PrivateKind::ALL.len()],
    key: Option<[u8; 32]>,
}

impl Placeholders {
    pub fn new(template: &str, key: &str) -> Self {
        let context = "textmill 2026-11 normalize pseudonyms of private data";
        Self {
            template: template.to_owned(),
            plain: PrivateKind::ALL.map(|kind| template.replace("{kind}", kind.label())),
            key: (!key.is_empty()).then(|| blake3::derive_key(context, key.as_bytes())),
        }
    }

    /// Writes what stands in place of an item.
    pub fn write(&self, kind: PrivateKind, item: &str, out: &mut String) {
        match &self.key {
            None => out.push_str(self.plain.get(kind as usize).map_or("", String::as_str)),
            Some(key) => {
                let name = format!("{}_{}", kind.label(), pseudonym(key, kind, item));
                out.push_str(&self.template.replace("{kind}", &name));
            }
        }
    }
}

/// A keyed hash of the item (BLAKE3), in letters, which no recogniser takes for anything.
fn pseudonym(key: &[u8; 32], kind: PrivateKind, item: &str) -> String {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(kind.label().as_bytes());
    hasher.update(b"\0");
    hasher.update(canonical(kind, item).as_bytes());
    let letter = |nibble: u8| char::from(b'a' + nibble);
    let bytes = hasher.finalize();
    bytes
        .as_bytes()
        .iter()
        .flat_map(|byte| [letter(byte >> 4), letter(byte & 15)])
        .take(LENGTH)
        .collect()
}

/// One spelling for all the ways in which an item is written.
fn canonical(kind: PrivateKind, item: &str) -> String {
    let without = |keep: fn(&char) -> bool| item.chars().filter(keep).collect::<String>();
    match kind {
        PrivateKind::Email => item.to_lowercase(),
        PrivateKind::Ip => item
            .parse::<IpAddr>()
            .map_or_else(|_| item.to_owned(), |ip| ip.to_string()),
        PrivateKind::Phone => {
            let digits = without(char::is_ascii_digit);
            let national = digits
                .strip_prefix("0086")
                .or_else(|| digits.strip_prefix("86"));
            let mobile = national.filter(|rest| rest.len() == 11 && rest.starts_with('1'));
            mobile.map_or_else(|| digits.clone(), str::to_owned)
        }
        PrivateKind::ResidentId | PrivateKind::Card | PrivateKind::Iban | PrivateKind::Passport => {
            without(char::is_ascii_alphanumeric).to_ascii_uppercase()
        }
        PrivateKind::Secret => item.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(key: &str, kind: PrivateKind, item: &str) -> String {
        let mut out = String::new();
        Placeholders::new("<{kind}>", key).write(kind, item, &mut out);
        out
    }

    #[test]
    fn stable_by_item_and_key() {
        let one = of("k", PrivateKind::Email, "Ada@example.com");
        assert_eq!(one, of("k", PrivateKind::Email, "ada@example.com"));
        assert_ne!(one, of("other", PrivateKind::Email, "ada@example.com"));
        assert_ne!(one, of("k", PrivateKind::Email, "ida@example.com"));
        assert!(one.starts_with("<EMAIL_") && one.len() == "<EMAIL_>".len() + LENGTH);
        assert_eq!(
            of("k", PrivateKind::Phone, "+86 138-0013-8000"),
            of("k", PrivateKind::Phone, "13800138000")
        );
        assert_eq!(of("", PrivateKind::Ip, "8.8.8.8"), "<IP>");
    }
}
