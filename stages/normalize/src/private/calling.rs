//! Calling codes (ITU-T E.164, list of assigned codes) and how many digits may follow each.

/// Codes of two digits: the code, fewest and most digits of a national number.
const TWO: &[(u32, usize, usize)] = &[
    (20, 8, 10),
    (27, 9, 9),
    (30, 10, 10),
    (31, 9, 9),
    (32, 8, 9),
    (33, 9, 9),
    (34, 9, 9),
    (36, 8, 9),
    (39, 6, 11),
    (40, 9, 9),
    (41, 9, 9),
    (43, 7, 13),
    (44, 9, 10),
    (45, 8, 8),
    (46, 7, 10),
    (47, 8, 8),
    (48, 9, 9),
    (49, 7, 13),
    (51, 8, 9),
    (52, 10, 11),
    (53, 8, 8),
    (54, 10, 11),
    (55, 10, 11),
    (56, 9, 9),
    (57, 8, 10),
    (58, 10, 10),
    (60, 8, 10),
    (61, 9, 9),
    (62, 8, 12),
    (63, 8, 10),
    (64, 8, 10),
    (65, 8, 8),
    (66, 8, 9),
    (81, 9, 10),
    (82, 8, 11),
    (84, 9, 10),
    (90, 10, 10),
    (91, 10, 10),
    (92, 9, 10),
    (93, 9, 9),
    (94, 9, 9),
    (95, 7, 10),
    (98, 10, 10),
];

/// Codes of three digits whose numbers have one length or two.
const THREE: &[(u32, usize, usize)] = &[
    (212, 9, 9),
    (213, 8, 9),
    (216, 8, 8),
    (218, 8, 10),
    (233, 9, 9),
    (234, 8, 10),
    (254, 9, 9),
    (255, 9, 9),
    (256, 9, 9),
    (351, 9, 9),
    (352, 6, 11),
    (353, 7, 9),
    (354, 7, 9),
    (358, 6, 12),
    (359, 8, 9),
    (370, 8, 8),
    (371, 8, 8),
    (372, 7, 8),
    (380, 9, 9),
    (385, 8, 9),
    (386, 8, 8),
    (420, 9, 9),
    (421, 9, 9),
    (852, 8, 8),
    (853, 8, 8),
    (855, 8, 9),
    (880, 8, 10),
    (886, 8, 9),
    (961, 7, 8),
    (962, 8, 9),
    (965, 8, 8),
    (966, 8, 9),
    (971, 8, 9),
    (972, 8, 9),
    (974, 8, 8),
    (977, 8, 10),
    (994, 9, 9),
    (995, 9, 9),
    (998, 9, 9),
];

/// Whether digits are a calling code and a national number of a length that it may have. A trunk
/// zero in parentheses, as in `+44 (0)20 …`, may be one digit more.
pub(super) fn is_international(digits: &str) -> bool {
    let code = |length: usize| {
        digits
            .get(..length)
            .and_then(|code| code.parse::<u32>().ok())
            .unwrap_or(0)
    };
    let fits = |length: usize, least: usize, most: usize| {
        let national = digits.get(length..).unwrap_or_default();
        let trunk = usize::from(national.starts_with('0'));
        (least..=most + trunk).contains(&national.len())
    };
    match digits.as_bytes() {
        [b'1', ..] => digits.len() == 11 && matches!(digits.as_bytes().get(1), Some(b'2'..=b'9')),
        [b'7', ..] => digits.len() == 11,
        [b'8', b'6', ..] => is_chinese(digits.get(2..).unwrap_or_default()),
        _ => {
            if let Some((_, least, most)) = TWO.iter().find(|(two, ..)| *two == code(2)) {
                return fits(2, *least, *most);
            }
            if let Some((_, least, most)) = THREE.iter().find(|(three, ..)| *three == code(3)) {
                return fits(3, *least, *most);
            }
            is_assigned(code(3)) && fits(3, 5, 11)
        }
    }
}

/// The other assigned codes of three digits.
fn is_assigned(code: u32) -> bool {
    matches!(code, 211..=299 | 350..=389 | 420..=429 | 500..=509 | 590..=599 | 670..=699 | 800 | 808 | 850..=889 | 960..=998)
        && !matches!(code, 214 | 215 | 217 | 219 | 259 | 270..=289 | 292..=296 | 384 | 388 | 422 | 424..=429)
        && !matches!(code, 671 | 684 | 693..=699 | 851 | 854 | 857..=869 | 871..=879 | 884 | 885 | 887 | 889)
        && !matches!(code, 969 | 978 | 980..=991 | 997)
}

/// A national number of mainland China, with the trunk zero or without.
fn is_chinese(national: &str) -> bool {
    let national = national.strip_prefix('0').unwrap_or(national);
    is_mobile(national)
        || ((9..=12).contains(&national.len()) && !national.starts_with('1'))
        || (national.starts_with("10") && (9..=12).contains(&national.len()))
}

/// A mobile number of mainland China: eleven digits, and a prefix that was given out.
pub(super) fn is_mobile(digits: &str) -> bool {
    let prefix = digits
        .get(..3)
        .and_then(|prefix| prefix.parse::<u32>().ok())
        .unwrap_or(0);
    let given = matches!(prefix, 130..=139 | 140 | 141 | 144..=149 | 150..=153 | 155..=159)
        || matches!(prefix, 162 | 165..=167 | 170..=178 | 180..=193 | 195..=199);
    digits.len() == 11 && given
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_lengths() {
        for good in [
            "12125550143",
            "442079460958",
            "4402079460958",
            "493012345678",
            "8613800138000",
            "8601062345678",
            "85223456789",
            "886912345678",
            "35312345678",
            "2348012345678",
        ] {
            assert!(is_international(good), "{good}");
        }
        for bad in [
            "11125550143",
            "44207946",
            "2101234567890",
            "999123456",
            "86138001380001234",
            "0123456789",
        ] {
            assert!(!is_international(bad), "{bad}");
        }
        assert!(TWO.is_sorted() && THREE.is_sorted());
    }
}
