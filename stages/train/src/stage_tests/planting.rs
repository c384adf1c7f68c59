//! Canaries, and what the mixture leaves out.

use super::*;
use textmill_privacy::{Canaries, Canary};

#[test]
fn canaries_are_planted_and_named() {
    let run = Run::new();
    let plain = run.go(&config()).unwrap();
    assert!(!run.out().join(CANARIES_FILE).exists());
    assert!(plain.files.iter().all(|file| file.path != CANARIES_FILE));

    let config = Config {
        canaries: Canaries {
            repeats: vec![1, 6],
            each: 2,
            ..Canaries::default()
        },
        ..config()
    };
    let run = Run::new();
    let planted = run.go(&config).unwrap();
    assert!(planted.files.iter().any(|file| file.path == CANARIES_FILE));
    let json = fs::read(run.out().join(CANARIES_FILE)).unwrap();
    let found: Vec<Canary> = serde_json::from_slice(&json).unwrap();
    assert_eq!(found, config.canaries.all(run.ctx.borrow().seed));
    // They are among what is learnt, and the same in another run.
    assert_ne!(planted.stats["train_loss"], plain.stats["train_loss"]);
    let again = Run::new();
    let again = again.go(&config).unwrap();
    let hashes = |report: &TaskReport| -> Vec<(String, String)> {
        let files = report.files.iter();
        files
            .map(|file| (file.path.clone(), file.hash.clone()))
            .collect()
    };
    assert_eq!(hashes(&again), hashes(&planted));
}

#[test]
fn what_the_mixture_leaves_out_stands_in_the_manifest() {
    let run = Run::new();
    // The documents of the fixture have the source "".
    let group = |source: &str| TokenGroup {
        side: Side::Train,
        source: source.to_owned(),
        lang: None,
        documents: 20,
        tokens: 800,
        bytes: 1600,
        repeated_tokens: 800,
    };
    let path = run.dir.path().join("tokenize").join(TokenGroup::FILE);
    let groups = serde_json::to_vec(&[group(""), group("news")]).unwrap();
    fs::write(path, groups).unwrap();
    let stats = |weight| {
        let config = Config {
            mixture: Mixture {
                sources: [("news".to_owned(), weight)].into(),
                ..Mixture::default()
            },
            ..config()
        };
        run.go(&config).unwrap().stats
    };
    assert_eq!(stats(0.0)["held_out"]["sources"], json!(["news"]));
    assert!(!stats(0.5).contains_key("held_out"));
}
