//! Stopped, killed, damaged: a run goes on where it was, to the bit, or says why not.

use super::*;

#[test]
fn threads_do_not_show_in_the_bytes() {
    let (one, three) = (Run::new(), Run::new());
    let report = |run: &Run, threads| {
        run.go(&Config {
            threads,
            ..config()
        })
        .unwrap()
    };
    assert_eq!(report(&one, 1).files, report(&three, 3).files);
}

#[test]
fn stopped_and_resumed_equals_undisturbed_in_every_byte() {
    let bf16 = Config {
        precision: Precision::Bf16,
        ..config()
    };
    let muon = Config {
        optimizer: OptimizerKind::Muon,
        ..config()
    };
    let packed = Config {
        packing: Packing::BestFit,
        separate_documents: true,
        ..config()
    };
    for config in [config(), bf16, muon, packed] {
        let whole = Run::new();
        let expected = whole.go(&config).unwrap();
        let mut run = Run::new();
        for stop in [3, 7] {
            // 7 = 3 steps resumed + 4 further ones
            run.ctx.cancel_at = Some(stop);
            run.ctx
                .cancel
                .store(false, std::sync::atomic::Ordering::Relaxed);
            let error = run.go(&config).unwrap_err();
            assert!(error.downcast_ref::<Cancelled>().is_some(), "{error}");
            run.ctx = Context {
                inputs: run.ctx.inputs.clone(),
                ..context(&run.ctx.out)
            };
        }
        assert!(run.out().join("step-000007").exists());
        assert_eq!(run.go(&config).unwrap().files, expected.files);
        assert_eq!(run.metrics(), whole.metrics());
        // nothing left to do: the same again
        assert_eq!(run.go(&config).unwrap().files, expected.files);
    }
}

#[test]
fn a_kill_or_a_damaged_checkpoint_costs_steps_not_bytes() {
    let whole = Run::new();
    let expected = whole.go(&config()).unwrap();
    let run = Run::new();
    run.go(&config()).unwrap();
    // as if killed behind step 10, with step 12's checkpoint cut and a half-written one about
    let cut = run.out().join("step-000012/model.safetensors");
    let bytes = fs::read(&cut).unwrap();
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    fs::create_dir(run.out().join("step-000014.new")).unwrap();
    fs::rename(run.out().join("best"), run.out().join("best.old")).unwrap();
    assert_eq!(run.go(&config()).unwrap().files, expected.files);
    let messages = run.ctx.messages.lock().unwrap().join("\n");
    assert!(messages.contains("resuming at step 10"), "{messages}");
    assert!(!run.out().join("step-000014.new").exists());
}

#[test]
fn another_configuration_starts_anew() {
    let run = Run::new();
    run.go(&config()).unwrap();
    let other = Config {
        lr: 5e-3,
        ..config()
    };
    let report = run.go(&other).unwrap();
    let fresh = Run::new();
    assert_eq!(report.files, fresh.go(&other).unwrap().files);
}

#[test]
fn any_damage_to_a_checkpoint_is_passed_over() {
    let run = Run::new();
    let expected = run.go(&config()).unwrap();
    let newest = run.out().join("step-000012");
    let names: Vec<_> = fs::read_dir(&newest)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 8, "{names:?}");
    for name in &names {
        let path = newest.join(name);
        let whole = fs::read(&path).unwrap();
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 4;
        for damage in [Some(&whole[..whole.len() - 1]), Some(&flipped), None] {
            match damage {
                Some(bytes) => fs::write(&path, bytes).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            run.ctx.messages.lock().unwrap().clear();
            assert_eq!(run.go(&config()).unwrap().files, expected.files);
            let said = run.ctx.messages.lock().unwrap().join("\n");
            assert!(
                said.contains("passed over: ") && said.contains("step-000012"),
                "{said}"
            );
            assert!(said.contains("resuming at step 10"), "{said}");
        }
    }
}

#[test]
fn another_validation_set_is_refused() {
    let mut run = Run::new();
    let with = |run: &mut Run, hash: &str, shard: &str| {
        let input = run.ctx.inputs.get_mut("tokenize").unwrap();
        let name = "validation_hash".to_owned();
        input.manifest.stats.insert(name, json!(hash));
        let kept = input.manifest.kept.iter_mut();
        for entry in kept.filter(|shard| shard.path.starts_with("validation/")) {
            entry.hash = shard.to_owned();
        }
    };
    with(&mut run, "0011", "aa");
    run.go(&config()).unwrap();
    for dir in ["step-000012", BEST] {
        let state = fs::read(run.out().join(dir).join(STATE_FILE)).unwrap();
        let state: Value = serde_json::from_slice(&state).unwrap();
        assert_eq!(state["validation_hash"], "0011");
    }
    with(&mut run, "0022", "bb");
    let refused = run.go(&config()).unwrap_err().to_string();
    for part in ["step-000012", "0011", "0022"] {
        assert!(refused.contains(part), "{refused}");
    }
    assert!(run.out().join("step-000012").exists());
}
