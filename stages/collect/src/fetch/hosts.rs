//! Whose turn it is: one request at a time to a host, with a pause between two.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use textmill_schemas::Cancelled;

/// How often someone who waits looks whether the user asked to stop.
const LOOK: Duration = Duration::from_millis(50);

/// When a host may be asked next.
type Slot = Arc<Mutex<Option<Instant>>>;

/// The hosts that were asked.
#[derive(Default)]
pub(crate) struct Hosts {
    slots: Mutex<HashMap<String, Slot>>,
}

impl Hosts {
    /// Waits until a host may be asked, and asks. The pause after it is what `ask` returns beside
    /// its result. Nobody else asks this host meanwhile.
    pub fn turn<T>(
        &self,
        host: &str,
        cancel: &AtomicBool,
        ask: impl FnOnce() -> (T, Duration),
    ) -> Result<T, Cancelled> {
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(slots.entry(host.to_owned()).or_default())
        };
        let mut free = slot.lock().unwrap_or_else(PoisonError::into_inner);
        wait_until(*free, cancel)?;
        let (result, pause) = ask();
        *free = Instant::now().checked_add(pause);
        Ok(result)
    }
}

fn wait_until(time: Option<Instant>, cancel: &AtomicBool) -> Result<(), Cancelled> {
    loop {
        if cancel.load(Ordering::Relaxed) {
            return Err(Cancelled);
        }
        let left = time.map_or(Duration::ZERO, |time| {
            time.saturating_duration_since(Instant::now())
        });
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(LOOK));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn one_at_a_time_to_a_host() {
        let (hosts, never) = (Hosts::default(), AtomicBool::new(false));
        let (inside, together) = (AtomicUsize::new(0), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let asked = hosts.turn("a.example", &never, || {
                            if inside.fetch_add(1, Ordering::SeqCst) > 0 {
                                together.store(true, Ordering::SeqCst);
                            }
                            std::thread::yield_now();
                            inside.fetch_sub(1, Ordering::SeqCst);
                            ((), Duration::ZERO)
                        });
                        asked.unwrap();
                    }
                });
            }
        });
        assert!(!together.into_inner());
    }

    #[test]
    fn who_waits_can_be_stopped() {
        let (hosts, cancel) = (Hosts::default(), AtomicBool::new(false));
        let hour = Duration::from_secs(3600);
        hosts.turn("a.example", &cancel, || ((), hour)).unwrap();
        hosts.turn("b.example", &cancel, || ((), hour)).unwrap();
        cancel.store(true, Ordering::Relaxed);
        assert!(hosts.turn("a.example", &cancel, || ((), hour)).is_err());
    }
}
