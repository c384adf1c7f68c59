//! Time, memory and the texts.

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde_json::Value;

/// A round of less tells little.
pub const AT_LEAST: Duration = Duration::from_secs(2);

/// Processor time of this process, user and system, of all its threads, in seconds.
pub fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Memory of this process in KiB: `VmRSS:` now, `VmHWM:` at most so far; 0 where the kernel does
/// not tell.
pub fn memory_kib(key: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kib.unwrap_or(0)
}

/// The `text` of each line of a file of JSON lines.
pub fn texts(path: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let file = File::open(path).map_err(|error| format!("{path}: {error}"))?;
    let mut texts = Vec::new();
    for line in BufReader::new(file).lines() {
        let row: Value = serde_json::from_str(&line?)?;
        texts.push(row["text"].as_str().unwrap_or_default().to_owned());
    }
    Ok(texts)
}
