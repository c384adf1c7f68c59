//! Differentially private fine-tuning.

use super::*;

fn private(out: &Path, options: &str) -> Command {
    let mut command = with_model(&["finetune", "--quiet", "--task", "sentiment"]);
    command.arg("--train").arg(sample("reviews.en.tsv"));
    command.arg("--out").arg(out);
    command.args(options.split_whitespace());
    command
}

#[test]
fn private_training_promises_what_the_budget_foretells() {
    let dir = tempfile::tempdir().unwrap();
    let rows = "--max-train 40 --max-test 20 --batch 8 --epochs 1";
    let teach = |name: &str, further: &str| {
        let out = dir.path().join(name);
        let said = succeed(&mut private(&out, &format!("{rows} {further}")));
        (said, out)
    };
    let (said, out) = teach("one", "--dp-noise 1.0 --dp-seed 3 --threads 1");
    let (_, other) = teach(
        "three",
        "--dp-noise 1.0 --dp-seed 3 --threads 3 --no-scratch",
    );
    let weights = |out: &Path| fs::read(out.join("model.safetensors")).unwrap();
    assert_eq!(weights(&out), weights(&other));
    let (_, other) = teach("system", "--dp-noise 1.0 --threads 2 --no-scratch");
    assert_ne!(weights(&out), weights(&other));

    let all = results(&out);
    let privacy = &all["outcome"]["privacy"];
    assert!(
        privacy["unit"].as_str().unwrap().starts_with("one row"),
        "{privacy}"
    );
    assert_eq!(privacy["steps"], 5);
    assert_eq!(privacy["rate"], 0.2);
    assert_eq!(privacy["seeded"], true);
    let mut budget = Command::new(env!("CARGO_BIN_EXE_textmill"));
    budget.args(["privacy", "budget", "--json", "--noise", "1.0"]);
    budget.args(["--rows", "40", "--batch", "8", "--epochs", "1"]);
    let budget: Value = serde_json::from_str(&succeed(&mut budget)).unwrap();
    for figure in ["epsilon", "delta", "noise", "rate", "steps"] {
        assert_eq!(budget[figure], privacy[figure], "{figure}");
    }
    let epsilon = privacy["epsilon"].as_f64().unwrap();
    assert!(privacy["epsilon_with_scratch"].as_f64().unwrap() > epsilon);
    let short = format!("(ε, δ) = ({:.2}, 1e-5)", (100.0 * epsilon).ceil() / 100.0);
    assert!(
        said.contains(&format!("differentially private: {short} after 5 steps")),
        "{said}"
    );
    assert!(
        said.contains(&format!("1 epochs; differentially private, {short}")),
        "{said}"
    );
    for part in [
        "not covered:",
        "--dp-seed is secret",
        "not private (its figures alone",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    // Neither the seed nor the training loss, which has no noise, is written.
    assert_eq!(all["settings"]["private"].get("seed"), None);
    assert_eq!(all["outcome"]["epochs"][0].get("loss"), None);

    let said = fails(&mut private(&dir.path().join("x"), "--dp-clip 0.5"));
    assert!(said.contains("--dp-epsilon"), "{said}");
    let said = fails(&mut private(
        &dir.path().join("x"),
        "--dp-epsilon 0.001 --no-scratch",
    ));
    assert!(said.contains("at best"), "{said}");
}
