//! What stands before a number or a token: the words that say what it is, from
//! `data/context_words.txt`.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// How far before an item a telling word may stand, in bytes.
#[derive(Clone, Copy)]
pub(super) enum Reach {
    Near = 36,
    Far = 56,
}

/// Kinds of telling words, by their sections in the file.
#[derive(Clone, Copy)]
enum Kind {
    Phone,
    Public,
    Card,
    Address,
    Version,
    Passport,
    NoPassport,
    Identity,
    Secret,
    Password,
    Digest,
}

/// Names of the sections, in the order of [`Kind`].
const SECTIONS: [&str; 11] = [
    "phone",
    "public",
    "card",
    "address",
    "version",
    "passport",
    "no_passport",
    "identity",
    "secret",
    "password",
    "digest",
];

/// All the words at once, and the kind of each.
struct Words {
    automaton: Option<AhoCorasick>,
    /// By pattern: the index of its kind, and whether it is ASCII.
    kinds: Vec<(usize, bool)>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let (mut patterns, mut kinds) = (Vec::new(), Vec::new());
    let mut kind = 0;
    for line in include_str!("../../data/context_words.txt").lines() {
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            kind = SECTIONS
                .iter()
                .position(|section| *section == name)
                .unwrap_or(0);
        } else if !line.starts_with('#') {
            for word in line
                .split(',')
                .map(str::trim)
                .filter(|word| !word.is_empty())
            {
                patterns.push(word);
                kinds.push((kind, word.is_ascii()));
            }
        }
    }
    let mut builder = AhoCorasick::builder();
    builder
        .kind(Some(AhoCorasickKind::DFA))
        .ascii_case_insensitive(true);
    Words {
        automaton: builder.build(patterns).ok(),
        kinds,
    }
});

/// The text before an item on the same line (in Chinese: in the same sentence), and how far before
/// the item the last word of each kind ends.
pub(super) struct Context<'t> {
    text: &'t str,
    gaps: [Option<usize>; SECTIONS.len()],
}

impl<'t> Context<'t> {
    /// What stands before `start`, as far back as `reach` says.
    pub fn before(text: &'t str, start: usize, reach: Reach) -> Self {
        let mut from = start.saturating_sub(reach as usize);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        let head = text.get(from..start).unwrap_or_default();
        let line = head
            .rsplit(['\n', '。', '！', '？'])
            .next()
            .unwrap_or_default();
        Self::of(line)
    }

    fn of(text: &'t str) -> Self {
        let mut gaps = [None; SECTIONS.len()];
        if let Some(automaton) = &WORDS.automaton {
            for found in automaton.find_overlapping_iter(text) {
                let Some((kind, ascii)) = WORDS.kinds.get(found.pattern().as_usize()) else {
                    continue;
                };
                if let Some(gap) = gaps.get_mut(*kind)
                    && (!ascii || stands_alone(text, found.start(), found.end()))
                {
                    // Later matches end nearer.
                    *gap = Some(text.len() - found.end());
                }
            }
        }
        Self { text, gaps }
    }

    fn gap(&self, kind: Kind) -> Option<usize> {
        self.gaps.get(kind as usize).copied().flatten()
    }

    /// A word for telephones stands nearer than one for public numbers.
    pub fn phone(&self) -> bool {
        let phone = self.gap(Kind::Phone);
        nearer(phone, self.gap(Kind::Public)) && nearer(phone, self.gap(Kind::Card))
    }

    /// A word for public numbers stands nearest.
    pub fn public(&self) -> bool {
        let public = self.gap(Kind::Public);
        public.is_some()
            && !nearer(self.gap(Kind::Phone), public)
            && !nearer(self.gap(Kind::Card), public)
    }

    /// A word for cards stands nearer than one for public numbers.
    pub fn card(&self) -> bool {
        nearer(self.gap(Kind::Card), self.gap(Kind::Public))
    }

    /// A word for identity cards.
    pub fn identity(&self) -> bool {
        self.gap(Kind::Identity).is_some()
    }

    /// A word for passports, and none since of something else.
    pub fn passport(&self) -> bool {
        let passport = self.gap(Kind::Passport);
        nearer(passport, self.gap(Kind::NoPassport)) && !nearer(self.gap(Kind::Phone), passport)
    }

    /// A word that makes four numbers with dots a version stands right before them.
    pub fn version(&self) -> bool {
        let version = self.gap(Kind::Version).filter(|gap| *gap <= 4);
        version.is_some() && !nearer(self.gap(Kind::Address), version)
    }

    /// A word that makes four numbers with dots an address.
    pub fn address(&self) -> bool {
        self.gap(Kind::Address).is_some()
    }

    /// How the words call a string a token, a key or a password, if they do.
    pub fn secret(&self) -> Option<Told> {
        let (secret, password) = (self.gap(Kind::Secret), self.gap(Kind::Password));
        let told = [secret, password].into_iter().flatten().min()?;
        if nearer(self.gap(Kind::Digest), Some(told)) {
            return None;
        }
        let gap = self.text.len() - without_joint(self.text).len();
        let direct = told <= gap && gap > 0;
        let password = password == Some(told);
        (direct || !password).then_some(Told { password, direct })
    }
}

/// How the words before a string call it a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// It is called a password.
    pub password: bool,
    /// The word stands right before it: `token = …`, "the password is …".
    pub direct: bool,
}

/// A context without what joins a name to its value: `DB_PASSWORD=`, "the password is: ".
fn without_joint(text: &str) -> &str {
    let sign = |c: char| !c.is_ascii_alphanumeric();
    let head = text.trim_end_matches(|c: char| {
        (c.is_ascii() && sign(c)) || matches!(c, '：' | '“' | '「' | '是' | '为' | '為')
    });
    let verbs = ["is", "was", "value", "bearer", "Bearer", "basic", "Basic"];
    let verb = verbs
        .iter()
        .find_map(|verb| head.strip_suffix(verb).filter(|head| head.ends_with(sign)));
    verb.map_or(head, |head| head.trim_end_matches(sign))
}

/// Whether an ASCII word does not go on to the left, and to the right only by an ending.
fn stands_alone(context: &str, start: usize, end: usize) -> bool {
    let bytes = context.as_bytes();
    let left = start.checked_sub(1).and_then(|i| bytes.get(i));
    let right = bytes.get(end..).unwrap_or_default();
    let tail = right.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    !left.is_some_and(u8::is_ascii_alphabetic)
        && matches!(
            right.get(..tail).unwrap_or_default(),
            b"" | b"s" | b"ed" | b"ing" | b"ephone" | b"no" | b"nr"
        )
}

fn nearer(a: Option<usize>, b: Option<usize>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a < b,
        (a, _) => a.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_counts() {
        assert!(Context::of("order 77, Phone: ").phone());
        assert!(Context::of("call us about order ").public());
        assert!(Context::of("my card number is ").card());
        assert!(Context::of("订单号：").public() && Context::of("手机：").phone());
        assert_eq!(
            Context::of("hotel with telescope ").gaps,
            [None; SECTIONS.len()]
        );
    }

    #[test]
    fn reaches_back_within_the_line() {
        assert_eq!(Context::before("Phone\nat 5", 9, Reach::Near).text, "at ");
        assert!(
            Context::before(&"汉".repeat(40), 120, Reach::Near)
                .text
                .len()
                <= Reach::Near as usize
        );
        assert!(Context::of("linux version ").version() && Context::of("upgraded to v").version());
        let server = Context::of("server v2 at ip ");
        assert!(server.address() && !server.version());
    }

    #[test]
    fn secrets_are_told() {
        let told = |text| Context::of(text).secret();
        assert_eq!(
            told("DB_PASSWORD="),
            Some(Told {
                password: true,
                direct: true
            })
        );
        assert_eq!(
            told("the token is: "),
            Some(Told {
                password: false,
                direct: true
            })
        );
        assert_eq!(
            told("the token of the job, "),
            Some(Told {
                password: false,
                direct: false
            })
        );
        assert_eq!(told("a secret commit "), None);
        assert_eq!(told("no words "), None);
    }

    #[test]
    fn every_section_has_words() {
        assert!(WORDS.automaton.is_some());
        assert!((0..SECTIONS.len()).all(|kind| WORDS.kinds.iter().any(|(k, _)| *k == kind)));
    }
}
