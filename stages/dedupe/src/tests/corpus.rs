//! Generated corpora with injected duplicates.

use textmill_schemas::Document;

use crate::shingles::mix;

/// In what the documents are written.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    English,
    Chinese,
    Mixed,
}

/// A document, and the id of the one that it was copied from.
pub struct Made {
    pub document: Document,
    pub copy_of: Option<String>,
}

/// A chain of pseudo-random numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(1);
        (mix(self.0) % limit as u64) as usize
    }
}

/// `originals` documents of 60 to 360 units; half of them are copied: a third of the copies only
/// in case and white space, the others with 0.2% to 6% of the units edited.
pub fn corpus(kind: Kind, originals: usize, seed: u64) -> Vec<Made> {
    let mut random = Random(mix(seed));
    let mut made = Vec::new();
    let mut originals_units = Vec::new();
    for i in 0..originals {
        let chinese = match kind {
            Kind::English => false,
            Kind::Chinese => true,
            Kind::Mixed => i % 2 == 1,
        };
        let length = 60 + random.below(300);
        let units: Vec<String> = (0..length).map(|_| unit(chinese, &mut random)).collect();
        made.push(Made {
            document: document(format!("o{i:04}"), chinese, &units),
            copy_of: None,
        });
        originals_units.push((chinese, units));
    }
    originals_units.truncate(originals / 2);
    for (i, (chinese, mut units)) in originals_units.into_iter().enumerate() {
        let mut copy = document(format!("c{i:04}"), chinese, &units);
        if i % 3 == 0 {
            copy.text = format!(" {}\n", copy.text.to_uppercase().replace(' ', " \n"));
        } else {
            let edits = 1.max(units.len() * (2 + random.below(58)) / 1000);
            for _ in 0..edits {
                let at = random.below(units.len());
                units[at] = unit(chinese, &mut random);
            }
            copy = document(copy.id, chinese, &units);
        }
        made.push(Made {
            document: copy,
            copy_of: Some(format!("o{i:04}")),
        });
    }
    made
}

/// One of 3,000 English-like words or of 3,000 Han characters, seldom ones seldom.
fn unit(chinese: bool, random: &mut Random) -> String {
    let rank = random.below(3000).min(random.below(3000));
    if chinese {
        return char::from_u32(0x4e00 + rank as u32 * 5)
            .unwrap()
            .to_string();
    }
    let syllables = [
        "ba", "con", "di", "er", "fo", "gal", "hin", "it", "jo", "kum", "le", "mor", "nau", "o",
        "pre", "qui",
    ];
    format!(
        "{}{}{}",
        syllables[rank % 16],
        syllables[rank / 16 % 16],
        syllables[rank / 256 % 16]
    )
}

fn document(id: String, chinese: bool, units: &[String]) -> Document {
    let sentences = units.chunks(12).map(|units| {
        if chinese {
            units.concat() + "。"
        } else {
            units.join(" ") + ". "
        }
    });
    Document {
        source: "made".into(),
        file: format!("{}.txt", id.get(..2).unwrap_or_default()),
        offset: id.get(1..).and_then(|n| n.parse().ok()).unwrap_or_default(),
        text: sentences.collect(),
        id,
        ..Document::default()
    }
}
