//! `textmill doctor`: does this machine have what a run needs?

use std::path::Path;

use anyhow::Result;
use sysinfo::{Disks, System};

use crate::cli::ConfigArgs;
use crate::config::Config;
use crate::output::sayln;

/// Free disk under which a run is likely to stop half-way.
const LOW_DISK: u64 = 2 << 30;
/// Memory under which the stages' buffers and the trainer do not fit.
const LOW_MEMORY: u64 = 2 << 30;

/// Prints what the machine offers, and how to mend what is missing.
pub fn doctor(args: &ConfigArgs) -> Result<()> {
    sayln!("textmill {}", env!("CARGO_PKG_VERSION"));
    libtorch();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    line(true, "cores", &cores.to_string());
    let mut system = System::new()?;
    system.refresh_memory();
    let (free, total) = (system.available_memory(), system.total_memory());
    line(
        free >= LOW_MEMORY,
        "memory",
        &format!("{} of {} free", gib(free), gib(total)),
    );
    let config = Config::load(&args.config, &args.overrides());
    let dir = match &config {
        Ok(config) => config.run.dir.clone(),
        Err(_) => ".".into(),
    };
    if let Some(free) = free_disk(&dir) {
        let text = format!("{} free for {}", gib(free), dir.display());
        line(free >= LOW_DISK, "disk", &text);
    }
    match config {
        Ok(_) => line(true, "configuration", &args.config.display().to_string()),
        Err(error) => line(false, "configuration", &format!("{error:#}")),
    }
    Ok(())
}

#[cfg(feature = "torch")]
fn libtorch() {
    let torch = textmill_model::doctor();
    let version = torch.version.as_deref().unwrap_or("unknown");
    let library = torch.library.as_deref().unwrap_or(Path::new("not found"));
    let mut text = format!("{version} at {}", library.display());
    if !torch.version_matches() {
        let expected = torch.expected;
        text.push_str(&format!(
            ", but this program is built for {expected}: run `make setup`"
        ));
    }
    line(torch.version_matches(), "libtorch", &text);
    let cuda = match (torch.cuda_available, torch.cuda_loaded) {
        (true, _) => format!("{} device(s); the first is used", torch.cuda_devices),
        (false, true) => "installed, but no GPU is seen; the CPU is used".to_owned(),
        (false, false) => "not installed (`make setup CUDA=1`); the CPU is used".to_owned(),
    };
    line(true, "CUDA", &cuda);
}

#[cfg(not(feature = "torch"))]
fn libtorch() {
    let text = "this build has none: the stages train and evaluate are missing";
    line(false, "libtorch", text);
}

fn line(good: bool, name: &str, text: &str) {
    let mark = if good { "ok  " } else { "LOOK" };
    sayln!("  {mark}  {name:<14} {text}");
}

fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
}

/// Free bytes on the disk that holds a path, or would.
fn free_disk(path: &Path) -> Option<u64> {
    let absolute = std::path::absolute(path).ok()?;
    let disks = Disks::new_with_refreshed_list().ok()?;
    disks
        .iter()
        .filter(|disk| absolute.starts_with(disk.mount_point()))
        .max_by_key(|disk| disk.mount_point().as_os_str().len())
        .map(sysinfo::Disk::available_space)
}
