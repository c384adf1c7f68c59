//! What a device could do at best, and how much memory was taken.

use std::fs;

use tch::Device;

use crate::config::Precision;

/// Peak of dense matrix products in TFLOP/s by device: name, bf16, fp32 (without TF32, which
/// libtorch leaves off). From the makers' data sheets, without sparsity; with fp32 accumulation
/// where that is slower. A name is looked for inside the driver's, so longer ones come first.
const PEAKS: [(&str, f64, f64); 22] = [
    ("GB200", 2500.0, 80.0),
    ("B200", 2250.0, 75.0),
    ("GH200", 989.4, 66.9),
    ("H200", 989.4, 66.9),
    ("H100 PCIe", 756.0, 51.2),
    ("H100 NVL", 835.0, 60.0),
    ("H100", 989.4, 66.9),
    ("H800", 989.4, 66.9),
    ("H20", 148.0, 44.0),
    ("A100", 312.0, 19.5),
    ("A800", 312.0, 19.5),
    ("A40", 149.7, 37.4),
    ("A30", 165.0, 10.3),
    ("A10", 125.0, 31.2),
    ("L40S", 362.0, 91.6),
    ("L40", 181.0, 90.5),
    ("L4", 121.0, 30.3),
    ("RTX 6000 Ada", 364.2, 91.1),
    ("RTX A6000", 154.8, 38.7),
    ("RTX 5090", 209.5, 104.8),
    ("RTX 4090", 165.2, 82.6),
    ("RTX 3090", 71.0, 35.6),
];

/// Peak of a device of that name in FLOP/s; `None` if it is not in the table.
fn peak_of(name: &str, precision: Precision) -> Option<f64> {
    // "NVIDIA A100-SXM4-80GB", "NVIDIA H100 80GB HBM3": a name ends where its word does.
    let names = |part: &str| {
        let mut found = name.match_indices(part);
        let ends = |(at, _): (usize, &str)| {
            let before = name[..at].chars().next_back();
            let after = name[at + part.len()..].chars().next();
            !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
        };
        found.any(ends)
    };
    let (_, bf16, fp32) = PEAKS.iter().find(|(part, ..)| names(part))?;
    let teraflops = match precision {
        Precision::Bf16 => bf16,
        Precision::Fp32 => fp32,
    };
    Some(teraflops * 1e12)
}

/// Peak of the device in FLOP/s; `None` where it is unknown, as that of a CPU is.
pub(crate) fn peak(device: Device, precision: Precision) -> Option<f64> {
    match device {
        Device::Cuda(_) => peak_of(&gpu_name()?, precision),
        _ => None,
    }
}

/// Name of the first GPU, from NVIDIA's driver.
fn gpu_name() -> Option<String> {
    let gpus = fs::read_dir("/proc/driver/nvidia/gpus").ok()?;
    let mut gpus: Vec<_> = gpus.filter_map(|entry| Some(entry.ok()?.path())).collect();
    gpus.sort();
    let information = fs::read_to_string(gpus.first()?.join("information")).ok()?;
    let model = information
        .lines()
        .find_map(|line| line.strip_prefix("Model:"))?;
    Some(model.trim().to_owned())
}

/// The most memory in bytes that the process had at a time; of a GPU's, libtorch tells nothing.
pub(crate) fn peak_memory(device: Device) -> Option<u64> {
    if device != Device::Cpu {
        return None;
    }
    textmill_schemas::peak_memory()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_known_by_the_drivers_names() {
        let peak = |name| peak_of(name, Precision::Bf16).map(|peak| peak / 1e12);
        assert_eq!(peak("NVIDIA H100 80GB HBM3"), Some(989.4));
        assert_eq!(peak("NVIDIA H100 PCIe"), Some(756.0));
        assert_eq!(peak("NVIDIA H200"), Some(989.4));
        assert_eq!(peak("NVIDIA A100-SXM4-80GB"), Some(312.0));
        assert_eq!(peak("NVIDIA A10"), Some(125.0));
        assert_eq!(peak("NVIDIA GH200 480GB"), Some(989.4));
        assert_eq!(peak("NVIDIA L40S"), Some(362.0));
        assert_eq!(peak("NVIDIA GeForce RTX 4090"), Some(165.2));
        assert_eq!(peak("NVIDIA L400"), None);
        assert_eq!(peak("Tesla T4"), None);
        let fp32 = peak_of("NVIDIA A100-PCIE-40GB", Precision::Fp32);
        assert_eq!(fp32, Some(19.5e12));
        assert_eq!(super::peak(Device::Cpu, Precision::Bf16), None);
    }

    #[test]
    fn memory_of_the_process_is_seen() {
        let before = peak_memory(Device::Cpu).unwrap();
        let block = std::hint::black_box(vec![1u8; 256 << 20]);
        let after = peak_memory(Device::Cpu).unwrap();
        assert!(after >= before && after >= block.len() as u64);
        assert_eq!(peak_memory(Device::Cuda(0)), None);
    }
}
