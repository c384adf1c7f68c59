//! Scores and texts of a small random model.

use std::sync::Arc;

use textmill_model::{Sampling, generate};
use tokio::sync::mpsc::unbounded_channel;

use super::*;
use crate::serve::pool::{Pool, Threads};
use crate::serve::test_support::{END, bytes_vocabulary, model};

fn task(prompts: &[&str]) -> Task {
    Task {
        prompts: prompts
            .iter()
            .map(|text| text.bytes().map(u32::from).collect())
            .collect(),
        n: 1,
        echo: false,
        logprobs: None,
        max_tokens: Some(8),
        sampling: Sampling {
            temperature: 0.0,
            ..Sampling::default()
        },
        stops: Vec::new(),
        stop_ids: vec![END],
    }
}

fn scoring(prompts: &[&str]) -> Task {
    Task {
        echo: true,
        logprobs: Some(2),
        max_tokens: Some(1),
        ..task(prompts)
    }
}

/// Text, tokens, end and count of each choice.
type Answers = Vec<(Piece, Option<Finish>, usize)>;

fn answers(gpt: &Gpt, task: Task, workers: usize) -> Answers {
    let threads = Threads { workers, each: 1 };
    let pool = Pool::start(gpt, &Arc::new(bytes_vocabulary()), threads).unwrap();
    let mut answers: Answers = vec![Default::default(); task.choices()];
    let mut events = pool.submit(task).unwrap();
    while let Some((choice, event)) = events.blocking_recv() {
        match event {
            Event::Piece(piece) => append(&mut answers[choice].0, piece),
            Event::End(finish, count) => {
                (answers[choice].1, answers[choice].2) = (Some(finish), count)
            }
            Event::Failed(error) => panic!("{error}"),
        }
    }
    answers
}

fn logs(piece: &Piece) -> Vec<f64> {
    piece
        .tokens
        .iter()
        .map(|token| token.log.map_or(0.0, f64::from))
        .collect()
}

#[test]
fn scores_are_those_of_reading_token_by_token() {
    let gpt = model(40);
    let text = "to score";
    let (piece, finish, count) = answers(&gpt, scoring(&[text]), 1).remove(0);
    assert_eq!(piece.tokens.len(), text.len() + 1);
    assert_eq!((finish.is_some(), count), (true, 1));
    assert_eq!(piece.tokens[0].log, None);
    assert!(piece.text.starts_with(text));
    let vocabulary = bytes_vocabulary();
    let computer = Computer {
        gpt: &gpt,
        vocabulary: &vocabulary,
    };
    let mut cache = None;
    for pair in piece.tokens.windows(2) {
        let logits = computer.extend(&mut cache, &[pair[0].id]).unwrap();
        let stepwise = judged(&logits, pair[1].id, 2).unwrap();
        let near = |a: f32, b: f32| assert!((a - b).abs() < 1e-4, "{a} {b}");
        near(stepwise.log.unwrap(), pair[1].log.unwrap());
        for (a, b) in stepwise.top.iter().zip(&pair[1].top) {
            assert_eq!(a.0, b.0);
            near(a.1, b.1);
        }
    }
}

#[test]
fn a_token_has_one_log_probability_and_is_always_named() {
    let gpt = model(40);
    for (k, task) in [(2, scoring(&["abc"])), (0, scoring(&["abc"]))] {
        let task = Task {
            logprobs: Some(k),
            ..task
        };
        let piece = &answers(&gpt, task, 1)[0].0;
        for token in &piece.tokens[1..] {
            let own = token.top.iter().find(|(id, _)| *id == token.id).unwrap();
            assert_eq!(Some(own.1), token.log);
            assert!(token.top.len() == k.max(1) || token.top.len() == k + 1);
        }
    }
}

#[test]
fn scores_of_a_batch_are_those_of_its_prompts() {
    let gpt = model(40);
    let prompts = [
        "one",
        "three",
        "",
        "a longer prompt of text",
        "four",
        "渡船",
    ];
    let together = answers(&gpt, scoring(&prompts), 3);
    for (prompt, (piece, _, _)) in prompts.iter().zip(&together) {
        let (alone, _, _) = &answers(&gpt, scoring(&[prompt]), 1)[0];
        assert_eq!(alone.text, piece.text);
        assert_eq!(piece.tokens.len(), prompt.len() + 1);
        for (a, b) in logs(alone).iter().zip(logs(piece)) {
            assert!((a - b).abs() < 1e-4);
        }
    }
    // To the bit the same on any number of threads.
    assert_eq!(together, answers(&gpt, scoring(&prompts), 1));
}

#[test]
fn greedy_text_is_that_of_the_library_and_its_scores_those_of_echo() {
    let gpt = model(40);
    let prompt = "Once";
    let mut with_logs = task(&[prompt]);
    (with_logs.logprobs, with_logs.stop_ids) = (Some(1), Vec::new());
    let (piece, finish, count) = answers(&gpt, with_logs, 1).remove(0);
    assert_eq!((finish, count), (Some(Finish::Length), 8));
    let ids: Vec<u32> = piece.tokens.iter().map(|token| token.id).collect();
    let sampling = Sampling {
        temperature: 0.0,
        max_new_tokens: 8,
        ..Sampling::default()
    };
    let start: Vec<u32> = prompt.bytes().map(u32::from).collect();
    let go_on = |_| std::ops::ControlFlow::Continue(());
    assert_eq!(ids, generate(&gpt, &start, &sampling, go_on).unwrap());
    let mut again = scoring(&[]);
    again.prompts = vec![[start.clone(), ids].concat()];
    let echoed = &answers(&gpt, again, 1)[0].0;
    for (a, b) in logs(&piece).iter().zip(&logs(echoed)[start.len()..]) {
        assert!((a - b).abs() < 1e-4);
    }
}

#[test]
fn sampled_texts_repeat_with_their_seed_and_differ_among_choices() {
    let gpt = model(40);
    let drawn = |seed| {
        let mut task = task(&["Once"]);
        (task.n, task.sampling.temperature, task.sampling.seed) = (3, 2.0, seed);
        answers(&gpt, task, 2)
    };
    let first = drawn(7);
    assert_eq!(first, drawn(7));
    assert_ne!(first, drawn(8));
    assert_ne!(first[0].0, first[1].0);
}

#[test]
fn a_text_ends_at_the_end_token_which_is_counted_but_not_written() {
    let gpt = model(40);
    let greedy = Task {
        logprobs: Some(1),
        stop_ids: Vec::new(),
        ..task(&["Once"])
    };
    let (whole, _, _) = answers(&gpt, greedy.clone(), 1).remove(0);
    let end = whole.tokens[3].id;
    let at = whole
        .tokens
        .iter()
        .position(|token| token.id == end)
        .unwrap();
    let ended = Task {
        stop_ids: vec![end],
        ..greedy
    };
    let (piece, finish, count) = answers(&gpt, ended.clone(), 1).remove(0);
    assert_eq!((finish, count), (Some(Finish::Stop), at + 1));
    assert_eq!(piece.tokens.len(), at + 1);
    assert!(whole.text.starts_with(&piece.text));
    // Scoring has an entry for it all the same: clients count on one behind the prompt.
    let mut scored = Task {
        echo: true,
        max_tokens: Some(1),
        ..ended
    };
    scored.prompts[0].extend(whole.tokens[..at].iter().map(|token| token.id));
    let entries = scored.prompts[0].len() + 1;
    let (piece, finish, _) = answers(&gpt, scored, 1).remove(0);
    assert_eq!((piece.tokens.len(), finish), (entries, Some(Finish::Stop)));
}

#[test]
fn a_text_ends_with_the_context() {
    let gpt = model(12);
    let long = Task {
        max_tokens: None,
        stop_ids: Vec::new(),
        ..task(&["12345678"])
    };
    let (_, finish, count) = answers(&gpt, long, 1).remove(0);
    assert_eq!((finish, count), (Some(Finish::Length), 5));
}

#[test]
fn an_empty_prompt_starts_behind_the_end_of_a_document() {
    let gpt = model(40);
    let mut behind = task(&[""]);
    behind.prompts = vec![vec![END]];
    let (empty, behind) = (answers(&gpt, task(&[""]), 1), answers(&gpt, behind, 1));
    assert_eq!(empty[0].0.text, behind[0].0.text);
    assert!(!empty[0].0.text.is_empty());
}

#[test]
fn nothing_is_computed_for_a_client_that_has_gone() {
    let gpt = model(40);
    let vocabulary = bytes_vocabulary();
    let computer = Computer {
        gpt: &gpt,
        vocabulary: &vocabulary,
    };
    let (events, mut receiver) = unbounded_channel();
    receiver.close();
    computer.generate(&task(&["Once"]), 0, &events).unwrap();
    assert!(receiver.try_recv().is_err());
}
