use super::*;

/// Sentences of two kinds, in English and Chinese, no two the same.
fn documents(good: bool) -> Vec<String> {
    let (subjects, rest, chinese) = match good {
        true => (
            ["The bridge", "A glacier", "The parliament", "Copper"],
            "was described in detail by several historians of the last century, who agree on its origin",
            "学者们在上个世纪详细地描述过它的来历，并且大多同意这一看法",
        ),
        false => (
            ["Cheap watches", "Best casino", "Hot deals", "Free bonus"],
            "click here now buy buy buy limited offer free shipping sign up win",
            "点击这里 立即购买 限时优惠 免费注册 加微信 送彩金",
        ),
    };
    let number = |at: usize| format!("{} {at} {rest} {}.", subjects[at % 4], at * 7);
    let with_chinese = |at: usize| format!("{at}{chinese}{}。", at * 3);
    (0..120)
        .map(number)
        .chain((0..120).map(with_chinese))
        .collect()
}

fn small() -> TrainOptions {
    TrainOptions {
        buckets: 5000,
        ..TrainOptions::default()
    }
}

#[test]
fn learns_to_tell_two_kinds_apart() {
    let (classifier, report) =
        Classifier::train(documents(true), documents(false), &small()).unwrap();
    assert_eq!(
        (report.good, report.bad, report.held_out.documents),
        (216, 216, 48)
    );
    assert!(report.held_out.accuracy > 0.95, "{report:?}");
    assert!(report.held_out.auc > 0.99, "{report:?}");
    for (good, bad) in [
        (
            "Historians agree on its origin in detail.",
            "Buy now, free bonus offer",
        ),
        ("学者们同意这一看法。", "立即注册，送彩金优惠"),
    ] {
        assert!(classifier.score(good) > 0.5 && classifier.score(bad) < 0.5);
    }
    assert_eq!(classifier.labels().collect::<Vec<_>>(), [GOOD, BAD]);
}

#[test]
fn the_same_documents_give_the_same_model() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = |name: &str, seed: u64| {
        let options = TrainOptions { seed, ..small() };
        let (classifier, _) =
            Classifier::train(documents(true), documents(false), &options).unwrap();
        classifier.save(&folder.path().join(name)).unwrap();
        std::fs::read(folder.path().join(name)).unwrap()
    };
    assert_eq!(bytes("a.bin", 1), bytes("b.bin", 1));
    assert_ne!(bytes("a.bin", 1), bytes("b.bin", 2));
}

#[test]
fn a_saved_model_scores_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.bin");
    let (classifier, _) = Classifier::train(documents(true), documents(false), &small()).unwrap();
    classifier.save(&path).unwrap();
    let again = Classifier::load(&path, None).unwrap();
    let bad = Classifier::load(&path, Some("bad")).unwrap();
    for text in ["The bridge and the offer", "学者们点击这里", "", "\0"] {
        assert_eq!(again.score(text), classifier.score(text));
        assert!((bad.score(text) + again.score(text) - 1.0).abs() < 1e-6);
    }
}

#[test]
fn foreign_models_split_as_fasttext_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/fasttext/testdata/softmax.bin");
    let classifier = Classifier::load(&path, Some("zh")).unwrap();
    assert!(classifier.score("猫 在 火车 上") > 0.5);
    assert!(classifier.score("the cat and the letter") < 0.5);
    let error = Classifier::load(&path, None).unwrap_err().to_string();
    assert!(
        error.contains("softmax.bin") && error.contains("__label__fr"),
        "{error}"
    );
}

#[test]
fn too_few_documents_and_odd_options_are_refused() {
    let train = |good: &[&str], options: &TrainOptions| {
        Classifier::train(good, ["a", "b"], options).map(|_| ())
    };
    let error = train(&["only one"], &small()).unwrap_err().to_string();
    assert!(error.contains("1 good documents"), "{error}");
    assert!(train(&["one", "two"], &small()).is_ok());
    for options in [
        TrainOptions {
            word_ngrams: 0,
            ..small()
        },
        TrainOptions {
            buckets: 0,
            ..small()
        },
        TrainOptions {
            held_out: 1.0,
            ..small()
        },
        TrainOptions {
            learning_rate: f32::NAN,
            ..small()
        },
        TrainOptions {
            epochs: 0,
            ..small()
        },
    ] {
        assert!(train(&["one", "two"], &options).is_err(), "{options:?}");
    }
}
