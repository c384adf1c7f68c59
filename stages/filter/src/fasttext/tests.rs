use proptest::prelude::*;

use super::*;

/// Models that fastText 0.9.2 has trained on a few lines of text, as it saved and quantized them.
const MODELS: [(&str, &[u8]); 6] = [
    (
        "hierarchical.bin",
        include_bytes!("testdata/hierarchical.bin"),
    ),
    (
        "hierarchical.ftz",
        include_bytes!("testdata/hierarchical.ftz"),
    ),
    ("softmax.bin", include_bytes!("testdata/softmax.bin")),
    ("softmax.ftz", include_bytes!("testdata/softmax.ftz")),
    ("one_vs_all.bin", include_bytes!("testdata/one_vs_all.bin")),
    ("negative.bin", include_bytes!("testdata/negative.bin")),
];

fn read(bytes: &[u8]) -> Result<FastText, Damage> {
    FastText::read(bytes, bytes.len() as u64)
}

fn score(model: &FastText, text: &str) -> Vec<f32> {
    let mut hidden = Hidden::new(model);
    hidden.text(text);
    let mean = hidden
        .finish()
        .unwrap_or_else(|| vec![0.0; model.settings.dim]);
    model.probabilities(&mean)
}

#[test]
fn scores_are_those_of_the_reference() {
    let models = MODELS.map(|(name, bytes)| (name, read(bytes).unwrap()));
    let lines = include_str!("testdata/scores.tsv").lines().skip(1);
    let mut checked = 0;
    for line in lines {
        let fields: Vec<&str> = line.split('\t').collect();
        let [name, text, label, expected] = fields.as_slice() else {
            panic!("{line}")
        };
        let (_, model) = models.iter().find(|(known, _)| known == name).unwrap();
        let at = model.labels().position(|known| known == *label).unwrap();
        let found = score(model, &text.replace("\\t", "\t"))[at];
        // The reference adds 1e-5 at each logarithm, and leaves out what is hardly above that.
        let expected = expected.parse::<f32>().unwrap().max(0.0);
        assert!((found - expected).abs() < 4e-5, "{line}: {found}");
        checked += 1;
    }
    assert!(checked > 150);
}

#[test]
fn what_is_written_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.bin");
    let model = read(MODELS[0].1).unwrap();
    model.save(&path).unwrap();
    let again = FastText::load(&path).unwrap();
    assert_eq!(again.settings, model.settings);
    for text in ["the cat", "unbekannte wörter", ""] {
        assert_eq!(score(&again, text), score(&model, text));
    }
}

#[test]
fn errors_name_the_file_and_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.bin");
    let missing = FastText::load(&path).unwrap_err().to_string();
    assert!(
        missing.contains("model.bin") && missing.contains("cannot be read"),
        "{missing}"
    );
    std::fs::write(&path, b"no model, but a letter to a friend").unwrap();
    let foreign = FastText::load(&path).unwrap_err().to_string();
    assert!(foreign.contains("it is not a fastText model"), "{foreign}");
}

#[test]
fn models_that_are_cut_off_are_refused() {
    for (name, bytes) in MODELS {
        for length in (0..bytes.len()).step_by(7) {
            assert!(read(&bytes[..length]).is_err(), "{name} {length}");
        }
    }
}

#[test]
fn a_header_does_not_make_it_allocate() {
    let mut bytes = MODELS[2].1.to_vec();
    for (at, value) in [(8, i32::MAX), (40, i32::MAX), (64, i32::MAX)] {
        let before: [u8; 4] = bytes[at..at + 4].try_into().unwrap();
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        assert!(read(&bytes).is_err(), "{at}");
        bytes[at..at + 4].copy_from_slice(&before);
    }
}

proptest! {
    #[test]
    fn damage_never_panics(
        which in 0..MODELS.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        early in any::<bool>(),
        text in "[a-zé中 ]{0,30}",
    ) {
        let mut bytes = MODELS[which].1.to_vec();
        let reach = if early { 400 } else { bytes.len() };
        for (at, value) in changes {
            bytes[at.index(reach)] = value;
        }
        if let Ok(model) = read(&bytes) {
            score(&model, &text);
        }
    }

    #[test]
    fn hashes_extend_over_any_bytes(word in prop::collection::vec(any::<u8>(), 0..20)) {
        let by_definition = word.iter().fold(2_166_136_261_u32, |hash, &byte| {
            (hash ^ (byte as i8 as u32)).wrapping_mul(16_777_619)
        });
        prop_assert_eq!(hash(&word), by_definition);
    }
}
