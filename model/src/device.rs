//! Which device computes, and what the machine offers.

use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::Serialize;
use tch::Device;

use crate::libtorch;

/// CUDA if this machine and the installed libtorch have it, else the CPU.
///
/// Call it before any other use of a tensor: libtorch decides at its first use whether it can
/// ever see a GPU.
#[must_use]
pub fn best_device() -> Device {
    load_cuda();
    Device::cuda_if_available()
}

/// What libtorch is, and what it sees.
#[derive(Clone, Debug, Serialize)]
pub struct Torch {
    /// The libtorch_cpu that this process runs with.
    pub library: Option<PathBuf>,
    /// Its version, as the file beside it says.
    pub version: Option<String>,
    /// The version that this program is built for.
    pub expected: &'static str,
    /// Whether libtorch's CUDA half could be loaded, with all that it needs
    /// (`make setup CUDA=1`).
    pub cuda_loaded: bool,
    /// Whether a GPU can be used.
    pub cuda_available: bool,
    /// Number of GPUs.
    pub cuda_devices: i64,
    /// Threads that one operation uses.
    pub threads: i32,
}

impl Torch {
    /// Whether the library is the one that the program is built for.
    #[must_use]
    pub fn version_matches(&self) -> bool {
        self.version.as_deref().is_some_and(libtorch::is_expected)
    }
}

/// Describes the libtorch in use, for `textmill doctor`.
#[must_use]
pub fn doctor() -> Torch {
    let cuda_loaded = load_cuda();
    let library = torch_cpu();
    Torch {
        version: library
            .as_deref()
            .and_then(Path::parent)
            .and_then(libtorch::version),
        cuda_loaded,
        library,
        expected: libtorch::expected(),
        cuda_available: tch::Cuda::is_available(),
        cuda_devices: tch::Cuda::device_count(),
        threads: tch::get_num_threads(),
    }
}

/// Loads libtorch's CUDA half, once, and says whether it is there.
///
/// The linker drops libtorch_cuda, of which no symbol is named, and without it libtorch reports
/// that there is no GPU. A CPU-only set-up lacks what that half needs, so it cannot simply be
/// linked.
fn load_cuda() -> bool {
    static LOADED: OnceLock<bool> = OnceLock::new();
    *LOADED.get_or_init(|| {
        let library = torch_cpu();
        let path = library.and_then(|l| CString::new(cuda_half(&l).as_os_str().as_bytes()).ok());
        path.is_some_and(|path| open_library(&path))
    })
}

#[expect(
    unsafe_code,
    reason = "dlopen runs the library's initialisers; there is no safe form"
)]
fn open_library(path: &CString) -> bool {
    // SAFETY: the path is NUL-terminated, and the library is libtorch's own other half. If it
    // cannot be loaded, CUDA stays unavailable, which `doctor` reports.
    let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL) };
    !handle.is_null()
}

fn cuda_half(torch_cpu: &Path) -> PathBuf {
    torch_cpu.with_file_name("libtorch_cuda.so")
}

/// Where the libtorch_cpu of this process lies, from the kernel's list of mapped files.
fn torch_cpu() -> Option<PathBuf> {
    let maps = fs::read_to_string("/proc/self/maps").ok()?;
    let line = maps
        .lines()
        .find(|line| line.ends_with("/libtorch_cpu.so"))?;
    Some(PathBuf::from(line.get(line.find('/')?..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_doctor_finds_the_library_it_runs_with() {
        let torch = doctor();
        assert!(torch.library.as_ref().unwrap().exists());
        assert!(torch.version_matches(), "{torch:?}");
        assert!(torch.threads > 0);
        assert_eq!(torch.cuda_available, best_device().is_cuda());
    }
}
