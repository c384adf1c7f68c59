use std::path::PathBuf;

use tch::{Kind, Tensor};
use textmill_model::Gpt;
use textmill_schemas::NoProgress;

use super::*;
use crate::Error;
use crate::test_support::{ids, model, tokenizer};
use crate::workers::Workers;

const CONTEXT: i64 = 16;

fn watch() -> Watch<'static> {
    Watch {
        progress: &NoProgress,
        cancelled: &|| false,
    }
}

fn request(context: &[u32], continuation: &[u32]) -> Request {
    Request {
        context: context.to_vec(),
        continuation: continuation.to_vec(),
    }
}

/// Lengths below, at and beyond the context; some differ in their last token alone.
fn requests() -> Vec<Request> {
    let tokens = |from: u32, length: u32| (from..from + length).map(|i| i * i * 7 % 40).collect();
    let sized = |context, continuation| Request {
        context: tokens(3, context),
        continuation: tokens(90 + context, continuation),
    };
    let mut all = vec![
        sized(1, 1),
        sized(5, 3),
        sized(9, 7),
        sized(10, 7),
        sized(40, 16),
    ];
    all.extend((0..4).map(|letter| request(&[1, 2, 3], &[letter])));
    all.extend((0..4).map(|letter| request(&[1, 2], &[3, letter])));
    all.push(sized(5, 3));
    all
}

/// One by one, from whole logits.
fn plainly(gpt: &Gpt, request: &Request) -> LogLikelihood {
    let whole: Vec<i64> = request
        .context
        .iter()
        .chain(&request.continuation)
        .map(|&t| t.into())
        .collect();
    let read = &whole[..whole.len() - 1];
    let read = &read[read.len().saturating_sub(CONTEXT as usize)..];
    let logits = gpt.logits(&Tensor::from_slice(read).unsqueeze(0)).unwrap();
    let logs = logits
        .squeeze_dim(0)
        .to_kind(Kind::Double)
        .log_softmax(1, None::<Kind>);
    let mut found = LogLikelihood {
        sum: 0.0,
        is_greedy: true,
    };
    let first = read.len() - request.continuation.len();
    for (at, &token) in request.continuation.iter().enumerate() {
        let place = (first + at) as i64;
        found.sum += logs.double_value(&[place, token.into()]);
        found.is_greedy &= logs.get(place).argmax(0, false).int64_value(&[]) == i64::from(token);
    }
    found
}

#[test]
fn loglikelihoods_are_those_of_plain_logits() {
    let gpt = model(40, CONTEXT);
    let requests = requests();
    let mut reference = None;
    for (threads, batch) in [(1, 3), (3, 3), (2, 100)] {
        let mut workers = Workers::new(gpt.share().unwrap(), threads).unwrap();
        let found = loglikelihoods(&mut workers, &requests, batch, watch()).unwrap();
        for (request, found) in requests.iter().zip(&found) {
            let expected = plainly(&gpt, request);
            assert!(
                (found.sum - expected.sum).abs() < 1e-4,
                "{found:?} {expected:?}"
            );
            assert_eq!(found.is_greedy, expected.is_greedy);
        }
        match batch {
            3 => assert_eq!(reference.get_or_insert_with(|| found.clone()), &found),
            _ => assert_eq!(found.len(), requests.len()),
        }
    }
    // one of the letters is the likeliest token, and is found to be
    let greedy = |range: std::ops::Range<usize>| {
        let letters = &requests[range];
        letters
            .iter()
            .filter(|request| plainly(&gpt, request).is_greedy)
            .count()
    };
    assert!(greedy(5..9) <= 1);
}

#[test]
fn a_greedy_continuation_is_told() {
    let gpt = model(40, CONTEXT);
    let logits = gpt
        .logits(&Tensor::from_slice(&[1i64, 2, 3]).unsqueeze(0))
        .unwrap();
    let best = logits.select(1, -1).argmax(-1, false).int64_value(&[0]) as u32;
    let mut workers = Workers::new(gpt, 1).unwrap();
    let all = [
        request(&[1, 2, 3], &[best]),
        request(&[1, 2, 3], &[best ^ 1]),
    ];
    let found = loglikelihoods(&mut workers, &all, 8, watch()).unwrap();
    assert!(found[0].is_greedy && !found[1].is_greedy);
    assert!(found[0].sum > found[1].sum);
}

#[test]
fn requests_that_cannot_be_scored_are_refused() {
    let mut workers = Workers::new(model(40, CONTEXT), 1).unwrap();
    let mut problem = |request| {
        let all = [request];
        loglikelihoods(&mut workers, &all, 8, watch())
            .unwrap_err()
            .to_string()
    };
    assert!(problem(request(&[], &[1])).contains("document-end"));
    assert!(problem(request(&[1], &[])).contains("empty continuation"));
    assert!(problem(request(&[1], &[2; 17])).contains("17 tokens"));
    assert!(problem(request(&[40], &[1])).contains("token 40"));
    let broken = model(40, CONTEXT);
    let _ = broken.flat().shallow_clone().fill_(f64::NAN);
    let mut broken = Workers::new(broken, 1).unwrap();
    let error = loglikelihoods(&mut broken, &[request(&[1], &[2])], 8, watch()).unwrap_err();
    assert!(error.to_string().contains("training went wrong"), "{error}");
    let stopped = Watch {
        cancelled: &|| true,
        ..watch()
    };
    let error = loglikelihoods(&mut workers, &[request(&[1], &[2])], 8, stopped).unwrap_err();
    assert!(matches!(error, Error::Cancelled(_)));
}

#[test]
fn the_border_is_that_of_the_whole() {
    let tokenizer = tokenizer();
    let ids = |text: &str| ids(&tokenizer, text);
    let pair = |context: &str, continuation: &str| {
        encode_pair(&tokenizer, context, continuation, 0).unwrap()
    };
    // white space goes over to the continuation
    let found = pair("the mill \n", "turns");
    assert_eq!(found.context, ids("the mill"));
    assert_eq!(
        [found.context, found.continuation].concat(),
        ids("the mill \nturns")
    );
    assert_eq!(pair("the mill", " turns"), pair("the mill ", "turns"));
    // where the whole merges over the border, its tokens count
    let merged = pair("th", "e mill");
    assert_eq!(merged.context, ids("th"));
    assert_eq!(merged.continuation, ids("the mill")[merged.context.len()..]);
    // an empty context is the document-end token, but not twice
    assert_eq!(pair("", "mill"), request(&[0], &ids("mill")));
    assert_eq!(pair(" ", "mill"), request(&[0], &ids(" mill")));
    let marked = pair("", "<|endoftext|>mill");
    assert_eq!(marked, request(&[0], &ids("mill")));
}

/// What came of a task, and its items: task, row and choice.
type Asked = (Outcome, Vec<(String, usize, usize)>);

/// Runs a task with a random model.
fn ask(kind: &str, path: PathBuf, limit: usize) -> Result<Asked, Error> {
    let tokenizer = tokenizer();
    let gpt = model(tokenizer.get_vocab_size(true), CONTEXT);
    let mut workers = Workers::new(gpt, 2).unwrap();
    let mut model = LanguageModel {
        workers: &mut workers,
        tokenizer: &tokenizer,
        prefix: 0,
        batch: 3,
    };
    let task = Task {
        kind: kind.to_owned(),
        path,
        limit,
    };
    let mut items = Vec::new();
    let outcome = run::<Error>(&task, &mut model, watch(), &mut |item| {
        assert!(item.found.sum < 0.0 && !item.continuation.is_empty());
        items.push((item.task.to_owned(), item.doc, item.choice));
        Ok(())
    })?;
    Ok((outcome, items))
}

#[test]
fn malformed_rows_are_named_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rows.jsonl");
    let rows = "{\"query\": \"the mill\", \"choices\": [\"turns\", \"stands\"], \"gold\": 0}\n\
        \n{\"query\": 3}\nno JSON\n\
        {\"query\": \"q\", \"choices\": [\"the mill and the mill and the mill and the mill and it\"], \"gold\": 0}\n\
        {\"query\": \"a\", \"choices\": [\"b\", \"c\"], \"gold\": 1}\n";
    std::fs::write(&path, rows).unwrap();
    let (outcome, items) = ask("choice", path.clone(), 0).unwrap();
    let named = |doc, choice| ("choice".to_owned(), doc, choice);
    assert_eq!(items, [named(0, 0), named(0, 1), named(4, 0), named(4, 1)]);
    let lines: Vec<usize> = outcome.refused.iter().map(|refused| refused.line).collect();
    assert_eq!(lines, [3, 4, 5]);
    let said = outcome.refused[2].to_string();
    assert!(
        said.contains("rows.jsonl:5:") && said.contains("the model's context 16"),
        "{said}"
    );
    let scores = &outcome.scores;
    assert_eq!(
        (scores.documents, scores.refused, scores.chance),
        (2, 3, Some(0.5))
    );
    assert!(scores.acc_norm.is_some() && scores.perplexity.is_none() && scores.parts.is_empty());

    assert_eq!(
        ask("choice", path.clone(), 1).unwrap().0.scores.documents,
        1
    );
    let error = ask("hellaswag", dir.path().join("none.jsonl"), 0)
        .unwrap_err()
        .to_string();
    assert!(error.contains("none.jsonl"), "{error}");
    std::fs::write(&path, "{\"goal\": \"x\"}\n").unwrap();
    let error = ask("hellaswag", path, 0).unwrap_err().to_string();
    assert!(error.contains("line 1: lacks `ctx`"), "{error}");
}

#[test]
fn a_folder_is_a_task_of_parts() {
    let dir = tempfile::tempdir().unwrap();
    let test = dir.path().join("test");
    std::fs::create_dir(&test).unwrap();
    let head = "question,choice0,choice1,choice2,choice3,answer\n";
    std::fs::write(
        test.join("b_test.csv"),
        format!("{head}q,1,2,3,4,0\nr,1,2,3,4,1\n"),
    )
    .unwrap();
    std::fs::write(test.join("a_test.csv"), format!("{head}q,1,2,3,4,2\nr,1\n")).unwrap();
    let (outcome, items) = ask("mmlu", dir.path().to_path_buf(), 0).unwrap();
    let parts = &outcome.scores.parts;
    let names: Vec<&str> = parts.iter().map(|part| part.task.as_str()).collect();
    assert_eq!(names, ["mmlu_a", "mmlu_b"]);
    assert_eq!(
        (parts[0].documents, parts[0].refused, parts[1].documents),
        (1, 1, 2)
    );
    assert_eq!(
        (outcome.scores.documents, outcome.scores.chance),
        (3, Some(0.25))
    );
    assert_eq!(items.len(), 12);
    assert_eq!(items[4], ("mmlu_b".to_owned(), 0, 0));
}

#[test]
fn a_cloze_has_a_perplexity_and_no_chance() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lambada.jsonl");
    std::fs::write(
        &path,
        "{\"text\": \"the mill turns\"}\n{\"text\": \"stands\"}\n",
    )
    .unwrap();
    let scores = ask("lambada_openai", path, 0).unwrap().0.scores;
    assert!(scores.perplexity.unwrap() > 1.0 && scores.perplexity_stderr.is_some());
    assert_eq!(
        (scores.task.as_str(), scores.documents, scores.chance),
        ("lambada_openai", 2, None)
    );
}
