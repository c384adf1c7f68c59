//! Speed of the whole level `substrings` on one core: all five steps over generated English and
//! Chinese documents, a third of which hold a passage from elsewhere.
//!
//! To compare with: the README of <https://github.com/google-research/deduplicate-text-datasets>
//! (Lee et al. 2021) has the suffix array alone of LM1B, about 4 GB, take about two hours on one
//! thread, which is 0.6 MB/s.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use textmill_dedupe::shuffle::{ShuffleWriter, Sorted};
use textmill_dedupe::substrings::{
    Anchors, Config, Cutter, Windows, find_candidates, find_repeats,
};
use textmill_schemas::{Document, StageResult};

/// Bytes a second of that.
const PUBLISHED: f64 = 0.6e6;
const CORPUS_BYTES: u64 = 150_000_000;
const DOCUMENT_BYTES: usize = 4200;
const MEMORY: u64 = 256 << 20;
const PARTITIONS: usize = 8;
const SHARDS: usize = 2;
const SEED: u64 = 0;

fn main() -> StageResult<()> {
    for (name, chinese) in [("en", false), ("zh", true)] {
        let corpus = Corpus::new(chinese);
        let dir = std::env::temp_dir().join(format!("textmill-substrings-{}", std::process::id()));
        let times = Level::new(&corpus, &dir).run();
        std::fs::remove_dir_all(&dir)?;
        report(name, &times?);
    }
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        let peak = status.lines().find(|line| line.starts_with("VmHWM"));
        println!("peak memory of the process: {}", peak.unwrap_or_default());
    }
    Ok(())
}

/// What a run took and found.
#[derive(Default)]
struct Outcome {
    bytes: u64,
    steps: Vec<(&'static str, Duration)>,
    bytes_shuffled: u64,
    units_cut: u64,
}

fn report(language: &str, outcome: &Outcome) {
    let rate = |time: &Duration| outcome.bytes as f64 / 1e6 / time.as_secs_f64();
    let total: Duration = outcome.steps.iter().map(|(_, time)| *time).sum();
    for (step, time) in outcome.steps.iter().chain([&("all steps", total)]) {
        let (seconds, rate) = (time.as_secs_f64(), rate(time));
        println!("{language:8} {seconds:6.2} s {rate:8.1} MB/s  {step}");
    }
    let stage = format!("substrings, {language}");
    for (who, seconds) in [
        ("textmill", total.as_secs_f64()),
        ("Lee et al., published", outcome.bytes as f64 / PUBLISHED),
    ] {
        println!(
            "{}",
            serde_json::json!({"who": who, "stage": stage, "documents": Corpus::rows(), "bytes": outcome.bytes, "seconds": seconds})
        );
    }
    println!(
        "{language:8} {:.0} MB of text, {:.0} MB shuffled, {} units cut",
        outcome.bytes as f64 / 1e6,
        outcome.bytes_shuffled as f64 / 1e6,
        outcome.units_cut
    );
}

/// The level over a corpus, step by step. Documents are made when they are needed, outside of the
/// time, so that the memory of the process is that of the level.
struct Level<'a> {
    config: Config,
    corpus: &'a Corpus,
    dir: &'a Path,
    outcome: Outcome,
}

impl<'a> Level<'a> {
    fn new(corpus: &'a Corpus, dir: &'a Path) -> Self {
        Self {
            config: Config::default(),
            corpus,
            dir,
            outcome: Outcome::default(),
        }
    }

    fn run(mut self) -> StageResult<Outcome> {
        self.per_shard("anchors", |level, shard, clock| {
            let path = level.file("anchors", shard);
            let mut step = Anchors::create(&level.config, SEED, &path, PARTITIONS, MEMORY)?;
            level.documents(shard, clock, |row, document| {
                Ok(step.push(row, &document.text)?)
            })?;
            clock.time(|| Ok(step.finish()?))
        })?;
        self.per_partition("candidates", "anchors", |_, sorted, writer| {
            find_candidates(sorted, writer, shard_of, || Ok(()))
        })?;
        self.per_shard("windows", |level, shard, clock| {
            let path = level.file("windows", shard);
            let found = clock.time(|| level.open("candidates", PARTITIONS, shard))?;
            let mut step = Windows::create(&level.config, SEED, found, &path, PARTITIONS, MEMORY)?;
            level.documents(shard, clock, |row, document| {
                Ok(step.push(row, &document.text)?)
            })?;
            clock.time(|| Ok(step.finish()?))
        })?;
        self.per_partition("removals", "windows", |config, sorted, writer| {
            find_repeats(config, sorted, writer, shard_of, || Ok(()))
        })?;
        let (mut bytes, mut units) = (0, 0);
        self.per_shard("cut", |level, shard, clock| {
            let found = clock.time(|| level.open("removals", PARTITIONS, shard))?;
            let mut step = Cutter::new(&level.config, found)?;
            level.documents(shard, clock, |row, document| {
                bytes += document.text.len() as u64;
                units += step.cut(row, document)?.units;
                Ok(())
            })
        })?;
        (self.outcome.bytes, self.outcome.units_cut) = (bytes, units);
        for file in std::fs::read_dir(self.dir)? {
            self.outcome.bytes_shuffled += file?.metadata()?.len();
        }
        Ok(self.outcome)
    }

    fn per_shard(
        &mut self,
        name: &'static str,
        mut task: impl FnMut(&Self, usize, &mut Clock) -> StageResult<()>,
    ) -> StageResult<()> {
        let mut clock = Clock::default();
        for shard in 0..SHARDS {
            task(self, shard, &mut clock)?;
        }
        self.outcome.steps.push((name, clock.0));
        Ok(())
    }

    fn per_partition(
        &mut self,
        name: &'static str,
        input: &str,
        find: impl Fn(&Config, &mut Sorted<3>, &mut ShuffleWriter<2>) -> StageResult<u64>,
    ) -> StageResult<()> {
        let started = Instant::now();
        for partition in 0..PARTITIONS {
            let mut sorted = self.open(input, SHARDS, partition)?;
            let path = self.file(name, partition);
            let mut writer = ShuffleWriter::create(&path, SHARDS, MEMORY)?;
            find(&self.config, &mut sorted, &mut writer)?;
            writer.finish()?;
        }
        self.outcome.steps.push((name, started.elapsed()));
        Ok(())
    }

    fn file(&self, step: &str, rank: usize) -> PathBuf {
        self.dir.join(format!("{step}-{rank}"))
    }

    fn open<const N: usize>(
        &self,
        step: &str,
        files: usize,
        partition: usize,
    ) -> StageResult<Sorted<N>> {
        let files: Vec<PathBuf> = (0..files).map(|rank| self.file(step, rank)).collect();
        Ok(Sorted::open(&files, partition, MEMORY, self.dir)?)
    }

    fn documents(
        &self,
        shard: usize,
        clock: &mut Clock,
        mut f: impl FnMut(u64, &mut Document) -> StageResult<()>,
    ) -> StageResult<()> {
        let mut document = Document::default();
        let rows = Corpus::rows();
        for row in (0..rows).filter(|row| shard_of(*row) == shard) {
            document.text.clear();
            self.corpus.write(row, &mut document.text);
            clock.time(|| f(row, &mut document))?;
        }
        Ok(())
    }
}

fn shard_of(row: u64) -> usize {
    usize::from(row >= Corpus::rows() / SHARDS as u64).min(SHARDS - 1)
}

/// Adds up times.
#[derive(Default)]
struct Clock(Duration);

impl Clock {
    fn time<T>(&mut self, f: impl FnOnce() -> StageResult<T>) -> StageResult<T> {
        let started = Instant::now();
        let result = f();
        self.0 += started.elapsed();
        result
    }
}

/// Generated documents.
struct Corpus {
    chinese: bool,
    words: Vec<String>,
}

impl Corpus {
    fn new(chinese: bool) -> Self {
        let mut random = Random(1);
        let words = (0..40_000).map(|_| {
            let letters = 2 + random.below(9);
            let letter = |_| char::from_u32(0x61 + random.below(26) as u32);
            (0..letters).filter_map(letter).collect()
        });
        Self {
            chinese,
            words: words.collect(),
        }
    }

    fn rows() -> u64 {
        CORPUS_BYTES / DOCUMENT_BYTES as u64
    }

    /// A document of its own words, every third time with a passage that 20 others have too.
    fn write(&self, row: u64, text: &mut String) {
        let mut random = Random(row << 20);
        self.passage(&mut random, DOCUMENT_BYTES / 2, text);
        if row.is_multiple_of(3) {
            let mut random = Random(u64::MAX / 2 + row / 3 % (Self::rows() / 60));
            let length = 400 + random.below(1200) as usize;
            self.passage(&mut random, length, text);
        }
        self.passage(&mut random, DOCUMENT_BYTES / 2, text);
    }

    fn passage(&self, random: &mut Random, bytes: usize, text: &mut String) {
        let end = text.len() + bytes;
        let mut units = 0;
        while text.len() < end {
            // Frequent words are frequent.
            let rank = random.below(200) * random.below(200);
            units += 1;
            if self.chinese {
                text.extend(char::from_u32(0x4e00 + (rank / 8) as u32));
                text.push_str(if units % 12 == 0 { "，" } else { "" });
            } else {
                let word = self.words.get(rank as usize);
                text.push_str(word.map_or("", String::as_str));
                text.push_str(if units % 12 == 0 { ", " } else { " " });
            }
            text.push_str(if units % 60 == 0 { "\n\n" } else { "" });
        }
        text.push('\n');
    }
}

/// A chain of pseudo-random numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        let multiplied = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = multiplied.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}
