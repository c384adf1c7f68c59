//! Progress: a bar on a terminal, a line now and then in a log file.

use std::io::{IsTerminal, stderr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressStyle};
use textmill_schemas::Progress;

/// A log file gets a line this often.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// Shows how far a stage is.
pub struct Reporter {
    stage: &'static str,
    bar: Option<ProgressBar>,
    done: AtomicU64,
    total: AtomicU64,
    log: Mutex<Log>,
}

struct Log {
    last: Instant,
    start: Instant,
    message: String,
    quiet: bool,
}

impl Reporter {
    /// Starts reporting about a stage on standard error; `quiet` reports nothing.
    pub fn start(stage: &'static str, quiet: bool) -> Self {
        let bar = (!quiet && stderr().is_terminal()).then(|| {
            let style = ProgressStyle::with_template(
                "{prefix:>10} {bar:28.cyan/dim} {human_pos:>8}/{human_len:<8} {per_sec:>10} {elapsed:>4} {wide_msg:.dim}",
            );
            let bar = ProgressBar::new(0)
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
                .with_prefix(stage);
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        let now = Instant::now();
        Self {
            stage,
            bar,
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            log: Mutex::new(Log {
                last: now,
                start: now,
                message: String::new(),
                quiet,
            }),
        }
    }

    /// Takes the bar away, so that a closing line can stand in its place.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn log_line(&self) {
        let Ok(mut log) = self.log.try_lock() else {
            return;
        };
        if self.bar.is_some() || log.quiet || log.last.elapsed() < LOG_EVERY {
            return;
        }
        log.last = Instant::now();
        eprintln!(
            "{:>10}  {}/{} after {} {}",
            self.stage,
            HumanCount(self.done.load(Ordering::Relaxed)),
            HumanCount(self.total.load(Ordering::Relaxed)),
            HumanDuration(log.start.elapsed()),
            log.message
        );
    }
}

impl Progress for Reporter {
    fn add_total(&self, units: u64) {
        self.total.fetch_add(units, Ordering::Relaxed);
        if let Some(bar) = &self.bar {
            bar.inc_length(units);
        }
    }

    fn advance(&self, units: u64) {
        let before = self.done.fetch_add(units, Ordering::Relaxed);
        match &self.bar {
            Some(bar) => bar.inc(units),
            // Looking at the clock for every document would cost more than some stages do.
            None if before % 64 < units || units > 64 => self.log_line(),
            None => {}
        }
    }

    fn note(&self, text: &str) {
        let line = format!("{:>10}  {text}", self.stage);
        match &self.bar {
            Some(bar) => bar.println(line),
            None if self.log.lock().is_ok_and(|log| log.quiet) => {}
            None => eprintln!("{line}"),
        }
    }

    fn message(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(text.to_owned()),
            None => {
                if let Ok(mut log) = self.log.lock() {
                    text.clone_into(&mut log.message);
                }
                self.log_line();
            }
        }
    }
}
