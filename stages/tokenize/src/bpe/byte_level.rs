//! Bytes written as characters, as GPT-2's vocabulary files do: printable ones as themselves, the
//! others as the characters from U+0100 on.

/// The byte that a character stands for.
pub(crate) fn byte_of(character: char) -> Option<u8> {
    match u32::from(character) {
        code @ (0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff) => u8::try_from(code).ok(),
        code @ 0x100..=0x143 => others().nth((code - 0x100) as usize),
        _ => None,
    }
}

/// The bytes that stand for no character of their own, in order.
fn others() -> impl Iterator<Item = u8> {
    (0..=0x20).chain(0x7f..=0xa0).chain([0xad])
}

/// The bytes of a token, unless it has characters that stand for none.
pub(crate) fn bytes_of(token: &str) -> Option<Box<[u8]>> {
    token.chars().map(byte_of).collect()
}

/// Bytes as characters.
pub(crate) fn characters_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| character_of(*byte)).collect()
}

fn character_of(byte: u8) -> char {
    match byte {
        0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff => char::from(byte),
        other => {
            let place = others().take_while(|b| *b != other).count() as u32;
            char::from_u32(0x100 + place).unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokenizers::pre_tokenizers::byte_level::ByteLevel;

    #[test]
    fn all_bytes_have_a_character() {
        let alphabet = ByteLevel::alphabet();
        let mut bytes: Vec<u8> = alphabet.iter().filter_map(|c| byte_of(*c)).collect();
        bytes.sort_unstable();
        assert_eq!(bytes, (0..=255).collect::<Vec<u8>>());
        assert_eq!(byte_of('Ġ'), Some(b' '));
        assert_eq!(byte_of('Ċ'), Some(b'\n'));
        assert_eq!(byte_of('中'), None);
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(bytes_of(&characters_of(&all)).as_deref(), Some(&*all));
    }
}
