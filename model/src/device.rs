//! Which device computes, and what the machine offers.

use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::Serialize;
use tch::Device;

/// The libtorch that this program is built for; tch and libtorch are pinned as a pair.
pub const LIBTORCH_VERSION: &str = "2.11.0";

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
    /// Whether libtorch's CUDA half is installed beside it (`make setup CUDA=1`).
    pub cuda_installed: bool,
    /// Whether a GPU can be used.
    pub cuda_available: bool,
    /// Number of GPUs.
    pub cuda_devices: i64,
    /// Threads that one operation uses.
    pub threads: i32,
}

impl Torch {
    /// Whether the library is the one that the program is built for; a suffix such as `+cu130`
    /// does not count.
    #[must_use]
    pub fn version_matches(&self) -> bool {
        let version = self.version.as_deref().unwrap_or_default();
        version.split('+').next() == Some(self.expected)
    }
}

/// Describes the libtorch in use, for `textmill doctor`.
#[must_use]
pub fn doctor() -> Torch {
    load_cuda();
    let library = torch_cpu();
    Torch {
        version: library.as_deref().and_then(version_of),
        cuda_installed: library.as_deref().is_some_and(|l| cuda_half(l).exists()),
        library,
        expected: LIBTORCH_VERSION,
        cuda_available: tch::Cuda::is_available(),
        cuda_devices: tch::Cuda::device_count(),
        threads: tch::get_num_threads(),
    }
}

/// Loads libtorch's CUDA half, once, where it is installed.
///
/// The linker drops libtorch_cuda, of which no symbol is named, and without it libtorch reports
/// that there is no GPU. A CPU-only set-up lacks the file, so it cannot simply be linked.
fn load_cuda() {
    static LOADED: OnceLock<()> = OnceLock::new();
    LOADED.get_or_init(|| {
        if let Some(cuda) = torch_cpu().as_deref().map(cuda_half)
            && cuda.exists()
            && let Ok(path) = CString::new(cuda.as_os_str().as_bytes())
        {
            open_library(&path);
        }
    });
}

#[expect(
    unsafe_code,
    reason = "dlopen runs the library's initialisers; there is no safe form"
)]
fn open_library(path: &CString) {
    // SAFETY: the path is NUL-terminated, and the library is libtorch's own other half. If it
    // cannot be loaded, CUDA stays unavailable, which `doctor` reports.
    unsafe {
        libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL);
    }
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

/// `__version__` in the wheel's version.py, or the content of a release archive's build-version.
fn version_of(torch_cpu: &Path) -> Option<String> {
    let root = torch_cpu.parent()?.parent()?;
    if let Ok(version) = fs::read_to_string(root.join("build-version")) {
        return Some(version.trim().to_owned());
    }
    let python = fs::read_to_string(root.join("version.py")).ok()?;
    let line = python
        .lines()
        .find(|line| line.starts_with("__version__"))?;
    Some(line.split(['\'', '"']).nth(1)?.to_owned())
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
