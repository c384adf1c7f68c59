//! Makes `data/languages.bin` from the n-gram tables of the lingua language models.
//!
//! The tables lie in the source folders of the crates `lingua-LANGUAGE-language-model` (Apache
//! License 2.0), which `cargo fetch` puts into the registry's folder for any crate that depends on
//! `lingua`. Run: `cargo run --release -p textmill-filter --example train_language_model -- REGISTRY_SRC_FOLDER OUTPUT`

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::path::Path;

use fst::{Map, Streamer};

/// Trigrams kept for each language.
const KEPT: usize = 3000;
/// Logarithm of the probability that any other trigram has.
const FLOOR: f64 = -12.0;
/// Units of a weight in one natural logarithm; as in `src/lang/ngram.rs`.
const SCALE: f64 = 28.0;

/// Languages that share their script with others: lingua's name, code, and a penalty for those
/// that would otherwise take texts of a much more common relative.
const LANGUAGES: &[(&str, &str, f64)] = &[
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
    ("hindi", "hi", 0.0),
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
    ("malay", "ms", 2.0),
    ("maori", "mi", 8.0),
    ("marathi", "mr", 0.0),
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

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [registry, output] = arguments.as_slice() else {
        return Err("give the registry's source folder and the file to write".into());
    };
    let mut trigrams: BTreeMap<u64, Vec<(u8, u8)>> = BTreeMap::new();
    let mut file = vec![u8::try_from(LANGUAGES.len())?];
    for (number, (name, code, penalty)) in (0u8..).zip(LANGUAGES) {
        file.push(u8::try_from(code.len())?);
        file.extend(code.as_bytes());
        file.push((penalty * 2.0) as u8);
        for (trigram, probability) in commonest(Path::new(registry), name)? {
            let weight = ((probability - FLOOR) * SCALE).round().clamp(1.0, 255.0) as u8;
            trigrams.entry(trigram).or_default().push((number, weight));
        }
    }
    let mut before = 0;
    for (trigram, languages) in &trigrams {
        write_integer(trigram - before, &mut file);
        before = *trigram;
        file.push(u8::try_from(languages.len())?);
        file.extend(
            languages
                .iter()
                .flat_map(|&(number, weight)| [number, weight]),
        );
    }
    std::fs::write(output, &file)?;
    println!("{} trigrams, {} bytes", trigrams.len(), file.len());
    Ok(())
}

/// The commonest trigrams of a language with the logarithms of their probabilities.
fn commonest(registry: &Path, name: &str) -> Result<Vec<(u64, f64)>, Box<dyn Error>> {
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
    let mut found: Vec<(u64, f64)> = after
        .keys()
        .filter_map(|ngram| joint(ngram, &after))
        .collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    found.truncate(KEPT);
    Ok(found)
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
    let key = text.chars().fold(0, |key, c| key << 21 | u64::from(c));
    Some((key, probability))
}

fn write_integer(mut value: u64, file: &mut Vec<u8>) {
    while value >= 0x80 {
        file.push((value & 0x7F) as u8 | 0x80);
        value >>= 7;
    }
    file.push(value as u8);
}
