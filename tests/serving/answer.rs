//! What is in an answer.

use serde_json::Value;

pub fn events(text: &str) -> Vec<Value> {
    let lines = text
        .split_terminator("\n\n")
        .map(|event| event.strip_prefix("data: ").unwrap());
    let mut lines: Vec<&str> = lines.collect();
    assert_eq!(lines.pop(), Some("[DONE]"));
    lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

pub fn text(answer: &Value) -> &str {
    answer["choices"][0]["text"].as_str().unwrap()
}

/// Log-probabilities of a choice; 0 for none.
pub fn logs(choice: &Value) -> Vec<f64> {
    let logs = choice["logprobs"]["token_logprobs"].as_array().unwrap();
    logs.iter().map(|log| log.as_f64().unwrap_or(0.0)).collect()
}

pub fn assert_near(a: &[f64], b: &[f64]) {
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() < 1e-4, "{a} {b}");
    }
}
