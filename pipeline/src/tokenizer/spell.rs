//! Tokens, made visible and harmless for a terminal.

use std::fmt::Write;

use crate::explore::escape;

/// Spaces, line ends and tabs as signs; bytes that are no character in hexadecimal; control and
/// invisible characters as escapes.
pub fn spell(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                ' ' => out.push('·'),
                '\n' => out.push('⏎'),
                '\t' => out.push('→'),
                character => out.push_str(&escape(character.encode_utf8(&mut [0; 4]))),
            }
        }
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _ = write!(out, "<{byte:02x}>");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn all_is_visible() {
        assert_eq!(spell(b" the\n\t\xe7\xa3"), "·the⏎→<e7><a3>");
        assert_eq!(
            spell("磨\u{1b}[31m\u{202e}".as_bytes()),
            "磨\\u{1b}[31m\\u{202e}"
        );
    }

    proptest! {
        #[test]
        fn no_control_character_is_left(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let spelled = spell(&bytes);
            prop_assert!(!spelled.chars().any(|c| c.is_control() || c == ' '));
        }
    }
}
