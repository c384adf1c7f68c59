//! Makes `data/languages.bin` from n-gram tables and word lists.
//!
//! - The n-gram tables of the lingua language models lie in the source folders of the crates
//!   `lingua-LANGUAGE-language-model` (Apache License 2.0), which `cargo fetch` puts into the
//!   registry's folder for any crate that depends on `lingua`.
//! - The word lists are those of Tesseract's models (Apache License 2.0), in Debian the packages
//!   `tesseract-ocr-LANGUAGE`. `combine_tessdata -u LANGUAGE.traineddata LANGUAGE.` takes a model
//!   apart, `dawg2wordlist LANGUAGE.lstm-unicharset LANGUAGE.lstm-word-dawg LANGUAGE.txt` makes a
//!   list of it.
//!
//! Run: `cargo run --release -p textmill-filter --example train_language_model -- REGISTRY_SRC_FOLDER WORD_LIST_FOLDER OUTPUT`

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::error::Error;
use std::path::Path;

use fst::{Map, Streamer};

/// Trigrams kept for each language.
const KEPT: usize = 3000;
/// Logarithm of the probability that any other trigram has.
const FLOOR: f64 = -12.0;
/// Units of a weight in one natural logarithm; as in `src/lang/ngram.rs`.
const SCALE: f64 = 28.0;

/// How much more often short words of a list occur: by this power of their length.
const SHORTNESS: f64 = 1.0;
/// Taken off the logarithms of probabilities that come from a word list: it has words of other
/// languages, too, and does not tell that these are rare.
const DISCOUNT: f64 = 0.3;

/// Languages that lingua knows and that share their script with others: lingua's name, code, and a
/// penalty for those that would otherwise take texts of a much more common relative.
const FROM_TABLES: &[(&str, &str, f64)] = &[
    ("afrikaans", "af", 3.0),
    ("albanian", "sq", 0.0),
    ("arabic", "ar", 0.0),
    ("azerbaijani", "az", 0.0),
    ("basque", "eu", 0.0),
    ("belarusian", "be", 0.0),
    ("bokmal", "no", 0.0),
    ("bosnian", "bs", 8.0),
    ("bulgarian", "bg", 0.0),
    ("catalan", "ca", 0.0),
    ("croatian", "hr", 0.0),
    ("czech", "cs", 0.0),
    ("danish", "da", 0.0),
    ("dutch", "nl", 0.0),
    ("english", "en", 0.0),
    ("esperanto", "eo", 6.0),
    ("estonian", "et", 0.0),
    ("finnish", "fi", 0.0),
    ("french", "fr", 0.0),
    ("ganda", "lg", 8.0),
    ("german", "de", 0.0),
    ("hebrew", "he", 0.0),
    ("hungarian", "hu", 0.0),
    ("icelandic", "is", 0.0),
    ("indonesian", "id", 0.0),
    ("irish", "ga", 0.0),
    ("italian", "it", 0.0),
    ("kazakh", "kk", 0.0),
    ("latin", "la", 8.0),
    ("latvian", "lv", 0.0),
    ("lithuanian", "lt", 0.0),
    ("macedonian", "mk", 0.0),
    ("malay", "ms", 3.0),
    ("maori", "mi", 8.0),
    ("mongolian", "mn", 0.0),
    ("nynorsk", "nn", 4.0),
    ("persian", "fa", 0.0),
    ("polish", "pl", 0.0),
    ("portuguese", "pt", 0.0),
    ("romanian", "ro", 0.0),
    ("russian", "ru", 0.0),
    ("serbian", "sr", 0.0),
    ("shona", "sn", 8.0),
    ("slovak", "sk", 0.0),
    ("slovene", "sl", 0.0),
    ("somali", "so", 4.0),
    ("sotho", "st", 8.0),
    ("spanish", "es", 0.0),
    ("swahili", "sw", 0.0),
    ("swedish", "sv", 0.0),
    ("tagalog", "tl", 0.0),
    ("tsonga", "ts", 8.0),
    ("tswana", "tn", 8.0),
    ("turkish", "tr", 0.0),
    ("ukrainian", "uk", 0.0),
    ("urdu", "ur", 0.0),
    ("vietnamese", "vi", 0.0),
    ("welsh", "cy", 0.0),
    ("xhosa", "xh", 8.0),
    ("yoruba", "yo", 8.0),
    ("zulu", "zu", 4.0),
];

/// Languages, or second scripts of languages, that have a word list: its name, code, penalty.
const FROM_WORDS: &[(&str, &str, f64)] = &[
    ("amh", "am", 0.0),
    ("asm", "as", 0.0),
    ("aze_cyrl", "az", 0.0),
    ("ben", "bn", 0.0),
    ("bre", "br", 8.0),
    ("cos", "co", 8.0),
    ("fao", "fo", 8.0),
    ("fry", "fy", 8.0),
    ("gla", "gd", 8.0),
    ("glg", "gl", 8.0),
    ("hat", "ht", 8.0),
    ("hin", "hi", 0.0),
    ("jav", "jv", 8.0),
    ("kir", "ky", 0.0),
    ("kmr", "ku", 8.0),
    ("ltz", "lb", 8.0),
    ("mlt", "mt", 8.0),
    ("mar", "mr", 0.0),
    ("nep", "ne", 0.0),
    ("oci", "oc", 8.0),
    ("pus", "ps", 0.0),
    ("que", "qu", 8.0),
    ("san", "sa", 8.0),
    ("snd", "sd", 0.0),
    ("sun", "su", 8.0),
    ("tgk", "tg", 0.0),
    ("tir", "ti", 0.0),
    ("ton", "to", 8.0),
    ("uig", "ug", 0.0),
    ("uzb", "uz", 4.0),
    ("uzb_cyrl", "uz", 0.0),
    ("yid", "yi", 0.0),
];

/// A trigram's key with the logarithm of its probability.
type Trigrams = Vec<(u64, f64)>;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [registry, lists, output] = arguments.as_slice() else {
        return Err(
            "give the registry's source folder, that of the word lists, and the file to write"
                .into(),
        );
    };
    let mut languages: BTreeMap<&str, (f64, Trigrams)> = BTreeMap::new();
    for (name, code, penalty) in FROM_TABLES {
        languages.insert(code, (*penalty, of_table(Path::new(registry), name)?));
    }
    let (_, serbian) = languages.entry("sr").or_default();
    serbian.extend(serbian.clone().into_iter().filter_map(in_latin));
    for (name, code, penalty) in FROM_WORDS {
        let more = of_words(&std::fs::read_to_string(
            Path::new(lists).join(format!("{name}.txt")),
        )?);
        let (_, trigrams) = languages.entry(code).or_insert((*penalty, Vec::new()));
        trigrams.extend(more);
    }
    let mut trigrams: BTreeMap<u64, Vec<(u8, u8)>> = BTreeMap::new();
    let mut file = vec![u8::try_from(languages.len())?];
    for (number, (code, (penalty, found))) in (0u8..).zip(&languages) {
        file.push(u8::try_from(code.len())?);
        file.extend(code.as_bytes());
        file.push((penalty * 2.0) as u8);
        for (trigram, probability) in found {
            let weight = ((probability - FLOOR) * SCALE).round().clamp(1.0, 255.0) as u8;
            trigrams.entry(*trigram).or_default().push((number, weight));
        }
    }
    write(&trigrams, &mut file)?;
    std::fs::write(output, &file)?;
    println!("{} trigrams, {} bytes", trigrams.len(), file.len());
    Ok(())
}

/// A trigram of Serbian in Latin letters, if none of its letters becomes two.
fn in_latin((trigram, probability): (u64, f64)) -> Option<(u64, f64)> {
    let from = "абвгдђежзијклмнопрстћуфхцчш";
    let to = "abvgdđežzijklmnoprstćufhcčš";
    let letters = (0..3).rev().map(|at| (trigram >> (21 * at)) & 0x1F_FFFF);
    let latin: Option<Vec<char>> = letters
        .map(|letter| {
            from.chars()
                .zip(to.chars())
                .find(|(from, _)| u64::from(*from) == letter)
        })
        .map(|pair| pair.map(|(_, to)| to))
        .collect();
    Some((key(latin?.into_iter()), probability))
}

fn write(
    trigrams: &BTreeMap<u64, Vec<(u8, u8)>>,
    file: &mut Vec<u8>,
) -> Result<(), Box<dyn Error>> {
    let mut before = 0;
    for (trigram, languages) in trigrams {
        write_integer(trigram - before, file);
        before = *trigram;
        file.push(u8::try_from(languages.len())?);
        file.extend(
            languages
                .iter()
                .flat_map(|&(number, weight)| [number, weight]),
        );
    }
    Ok(())
}

/// The commonest trigrams of a list of words. A list does not tell how often its words occur; that
/// short ones do so more often stands in for it.
fn of_words(list: &str) -> Trigrams {
    // Words in capitals are names and abbreviations, often of other languages.
    let small = |word: &&str| !word.chars().any(char::is_uppercase);
    let words: BTreeSet<&str> = list.lines().filter(small).collect();
    let mut counts: BTreeMap<u64, f64> = BTreeMap::new();
    for word in &words {
        let chars: Vec<char> = word.chars().collect();
        if chars.iter().any(|c| !c.is_alphabetic() && !is_mark(*c)) {
            continue;
        }
        let weight = (chars.len() as f64).powf(-SHORTNESS);
        for trigram in chars.windows(3) {
            *counts.entry(key(trigram.iter().copied())).or_default() += weight;
        }
    }
    let total: f64 = counts.values().sum();
    kept(
        counts
            .into_iter()
            .map(|(key, count)| (key, (count / total).ln() - DISCOUNT))
            .collect(),
    )
}

/// Vowel signs and such, which are letters to those who write them.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{591}'..='\u{5C7}' | '\u{610}'..='\u{61A}' | '\u{64B}'..='\u{65F}' | '\u{900}'..='\u{DFF}')
}

/// The commonest trigrams of a language of lingua's.
fn of_table(registry: &Path, name: &str) -> Result<Trigrams, Box<dyn Error>> {
    let prefix = format!("lingua-{name}-language-model-");
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(registry)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            folders.push(entry.path());
        }
    }
    folders.sort();
    let folder = folders
        .last()
        .ok_or_else(|| format!("no {prefix}* in {}", registry.display()))?;
    let table = Map::new(std::fs::read(folder.join("models/ngrams.fst"))?)?;
    // The tables give each n-gram's probability after its first n - 1 characters.
    let mut after: HashMap<Vec<u8>, f64> = HashMap::new();
    let mut stream = table.stream();
    while let Some((ngram, bits)) = stream.next() {
        after.insert(ngram.to_vec(), f64::from_bits(bits));
    }
    Ok(kept(
        after
            .keys()
            .filter_map(|ngram| joint(ngram, &after))
            .collect(),
    ))
}

fn kept(mut found: Trigrams) -> Trigrams {
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    found.truncate(KEPT);
    found
}

fn key(trigram: impl Iterator<Item = char>) -> u64 {
    trigram.fold(0, |key, c| key << 21 | u64::from(c))
}

/// Key and logarithm of the joint probability, if the n-gram is a trigram.
fn joint(ngram: &[u8], after: &HashMap<Vec<u8>, f64>) -> Option<(u64, f64)> {
    let text = std::str::from_utf8(ngram).ok()?;
    if text.chars().count() != 3 {
        return None;
    }
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let probability = ends
        .map(|end| after.get(&ngram[..end]))
        .sum::<Option<f64>>()?;
    Some((key(text.chars()), probability))
}

fn write_integer(mut value: u64, file: &mut Vec<u8>) {
    while value >= 0x80 {
        file.push((value & 0x7F) as u8 | 0x80);
        value >>= 7;
    }
    file.push(value as u8);
}
