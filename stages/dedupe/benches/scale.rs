//! How the stage scales: signatures of millions of documents, made on the fly, go through every
//! step that follows; time, CPU time, memory and disk of each.
//!
//!     cargo bench -p textmill-dedupe --bench scale -- [--documents N] [--memory 2GiB] [--threads N] [--dir FOLDER]
#![allow(
    clippy::expect_used,
    reason = "a benchmark that cannot go on may stop so"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use textmill_dedupe::synthetic::{Synthetic, steps};
use textmill_dedupe::{Config, Dedupe, Verify};
use textmill_schemas::{
    CorpusStage, Manifest, NoProgress, ShardEntry, StageInput, TaskContext, TaskReport,
};

/// Documents of a shard, as in a corpus of pages of 4 kB.
const SHARD: u64 = 100_000;

struct Arguments {
    documents: u64,
    memory: String,
    threads: usize,
    dir: PathBuf,
}

fn main() {
    let arguments = parse();
    let config = Config {
        // Made-up documents have neither addresses nor texts.
        url: false,
        verify: Verify::Estimate,
        max_cluster: u64::MAX,
        memory_limit: arguments.memory.parse().expect("--memory, such as 2GiB"),
        ..Config::default()
    };
    let stage = Dedupe::new(&config).expect("the configuration");
    let inputs = BTreeMap::from([("filter".to_owned(), input(&arguments))]);
    let _ = fs::remove_dir_all(&arguments.dir);
    let cancel = AtomicBool::new(false);
    let ctx = TaskContext {
        out: &arguments.dir,
        inputs: &inputs,
        seed: 0,
        threads: arguments.threads,
        progress: &NoProgress,
        cancel: &cancel,
    };
    println!(
        "{} documents, memory limit {}, {} threads",
        arguments.documents, arguments.memory, arguments.threads
    );
    println!(
        "{:12} {:>9} {:>9} {:>11} {:>11} {:>11}",
        "step", "seconds", "CPU s", "CPU ns/doc", "peak MiB", "disk B/doc"
    );
    let made = Synthetic {
        exact: 100,
        near: 100,
        seed: 1,
    };
    let shards = inputs["filter"].manifest.kept.len();
    measure(&arguments, "signatures", shards, |rank| {
        made.sign(&stage, rank, &ctx).expect("signatures");
        TaskReport::default()
    });
    let mut total = TaskReport::default();
    for step in steps(&stage) {
        let world = stage.world(step, &ctx).expect("the step's tasks");
        total.merge(measure(&arguments, step, world, |rank| {
            stage.task(step, rank, &ctx).expect("the task")
        }));
    }
    for (name, value) in &total.stats {
        println!("{name}: {value}");
    }
    let _ = fs::remove_dir_all(&arguments.dir);
}

fn parse() -> Arguments {
    let mut arguments = Arguments {
        documents: 20_000_000,
        memory: "2GiB".to_owned(),
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        dir: Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/bench-scale"),
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_default();
        match word.as_str() {
            "--documents" => arguments.documents = value().parse().expect("a number"),
            "--memory" => arguments.memory = value(),
            "--threads" => arguments.threads = value().parse().expect("a number"),
            "--dir" => arguments.dir = PathBuf::from(value()),
            // What cargo adds.
            _ => {}
        }
    }
    arguments
}

/// Shards that say how many documents they hold, and are never opened.
fn input(arguments: &Arguments) -> StageInput {
    let mut manifest = Manifest::default();
    let mut left = arguments.documents;
    while left > 0 {
        let rows = left.min(SHARD);
        manifest.kept.push(ShardEntry {
            path: format!("part-{:05}.parquet", manifest.kept.len()),
            rows,
            ..ShardEntry::default()
        });
        left -= rows;
    }
    StageInput {
        dir: PathBuf::from("nowhere"),
        manifest,
    }
}

/// Runs the tasks of a step on all threads and prints what they cost.
fn measure(
    arguments: &Arguments,
    step: &str,
    tasks: usize,
    task: impl Fn(usize) -> TaskReport + Sync,
) -> TaskReport {
    // Sets the peak back (proc_pid_clear_refs(5)).
    let _ = fs::write("/proc/self/clear_refs", "5");
    let (started, cpu) = (Instant::now(), cpu_seconds());
    let (next, reports) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..arguments.threads {
            scope.spawn(|| {
                loop {
                    let rank = next.fetch_add(1, Ordering::Relaxed);
                    if rank >= tasks {
                        return;
                    }
                    let report = task(rank);
                    reports.lock().expect("no panic").insert(rank, report);
                }
            });
        }
    });
    let (seconds, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let documents = arguments.documents as f64;
    println!(
        "{step:12} {seconds:9.1} {cpu:9.1} {:11.0} {:11.0} {:11.0}",
        cpu * 1e9 / documents,
        peak_mebibytes(),
        size(&arguments.dir) as f64 / documents
    );
    let mut sum = TaskReport::default();
    for report in reports.into_inner().expect("no panic").into_values() {
        sum.merge(report);
    }
    sum
}

/// User and system time of the process.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which may hold spaces: fields 14 and 15 are the ticks, 100 a second.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks.filter_map(|n| n.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn peak_mebibytes() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    kibibytes.unwrap_or_default() / 1024.0
}

fn size(path: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(path) else {
        return fs::metadata(path).map_or(0, |data| data.len());
    };
    entries.flatten().map(|entry| size(&entry.path())).sum()
}
