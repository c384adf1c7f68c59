//! What a stage costs: wall time, CPU time, peak memory.

use std::fs;
use std::time::Instant;

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};
use textmill_schemas::peak_memory;

/// Measures from its start until it is read.
pub struct Meter {
    start: Instant,
    cpu_at_start: f64,
}

/// What a [`Meter`] measured.
pub struct Cost {
    /// Wall time in seconds.
    pub wall_seconds: f64,
    /// User and system time of all threads, in seconds.
    pub cpu_seconds: f64,
    /// Peak resident memory in bytes, where the system tells (Linux).
    pub peak_memory_bytes: Option<u64>,
}

impl Meter {
    /// Starts measuring; on Linux this sets the process's memory peak back.
    pub fn start() -> Self {
        // Writing 5 sets VmHWM back (proc_pid_clear_refs(5)). Where that is refused, the peak is
        // that of the process so far: too high, never too low.
        let _ = fs::write("/proc/self/clear_refs", "5");
        Self {
            start: Instant::now(),
            cpu_at_start: cpu_seconds(),
        }
    }

    /// What was spent since the start.
    pub fn read(&self) -> Cost {
        Cost {
            wall_seconds: self.start.elapsed().as_secs_f64(),
            cpu_seconds: cpu_seconds() - self.cpu_at_start,
            peak_memory_bytes: peak_memory(),
        }
    }
}

fn cpu_seconds() -> f64 {
    let pid = Pid::from_u32(std::process::id());
    let Ok(mut system) = System::new() else {
        return 0.0;
    };
    system.refresh_processes_specifics(
        ProcessesToUpdate::Some(&[pid]),
        false,
        ProcessRefreshKind::nothing().with_cpu(),
    );
    let process = system.process(pid);
    process.map_or(0.0, |p| p.accumulated_cpu_time() as f64 / 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_and_memory_are_seen() {
        let meter = Meter::start();
        let mut block = vec![1_u8; 64 << 20];
        let begin = Instant::now();
        while begin.elapsed().as_millis() < 300 {
            for byte in block.iter_mut().step_by(4096) {
                *byte = byte.wrapping_mul(31).wrapping_add(7);
            }
        }
        let cost = meter.read();
        assert!(cost.wall_seconds >= 0.3);
        assert!(cost.cpu_seconds > 0.0, "{}", cost.cpu_seconds);
        if let Some(peak) = cost.peak_memory_bytes {
            assert!(peak >= block.len() as u64);
        }
    }
}
