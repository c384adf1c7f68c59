//! What the benchmarks share: their texts, and CPU time.

use std::fs;

/// CPU time of this thread in seconds, by the kernel's own count.
pub fn cpu_seconds() -> f64 {
    let schedstat = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanoseconds = schedstat
        .split(' ')
        .next()
        .and_then(|n| n.parse::<u64>().ok());
    nanoseconds.expect("a number") as f64 / 1e9
}

/// The texts of a file of JSON lines.
pub fn texts(file: &str) -> Vec<String> {
    let lines = fs::read_to_string(file).expect("a file of JSON lines");
    let text = |line: &str| {
        let row: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        row["text"].as_str().expect("a text").to_owned()
    };
    lines.lines().map(text).collect()
}
