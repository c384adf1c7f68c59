//! Compiles the shim to libtorch's c10d, which tch does not wrap.

use std::env;
use std::error::Error;
use std::path::Path;

const SHIM: &str = "shim/process_group.cpp";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={SHIM}");
    // torch-sys says where the libtorch lies that it links.
    let libraries = env::var("DEP_TCH_LIBTORCH_LIB")?;
    let headers = Path::new(&libraries).with_file_name("include");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .flag("-isystem")
        .flag(headers.as_os_str())
        // As the wheel was built; with another one the shim would not link.
        .define("_GLIBCXX_USE_CXX11_ABI", "1")
        .file(SHIM)
        .compile("textmill_process_group");
    Ok(())
}
