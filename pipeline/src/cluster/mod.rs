//! `textmill run --cluster`: the tasks of a run, worked off by a Ray cluster.
//!
//! This process plans, begins and finishes the stages as ever; Ray says where a task runs and starts
//! it again where a node is lost. Between the two stands cluster/driver.py, which decides nothing.

mod bridge;
mod demand;
mod dispatch;
mod hands;
pub mod simulate;

use std::ffi::OsString;
use std::path::PathBuf;

use bytesize::ByteSize;
use clap::Args;

pub use hands::RayHands;

/// Where the tasks run.
#[derive(Args, Clone, Debug, Default)]
pub struct RayArgs {
    /// Run the tasks on a Ray cluster: ray://HEAD:10001, HEAD:6379 from one of its nodes, or auto.
    #[arg(long, value_name = "ADDRESS")]
    pub cluster: Option<String>,
    /// Python that has ray, in the version of the cluster [default: $TEXTMILL_PYTHON, or python3].
    #[arg(long, value_name = "PROGRAM", requires = "cluster")]
    pub python: Option<OsString>,
    /// textmill on the nodes [default: the path of this one].
    #[arg(long, value_name = "PATH", requires = "cluster")]
    pub binary: Option<PathBuf>,
    /// Cores of a batch of tasks [default: 1, or more in steps with fewer tasks than the cluster has cores].
    #[arg(long, value_name = "N", requires = "cluster", value_parser = clap::value_parser!(u32).range(1..))]
    pub cores: Option<u32>,
    /// Memory of a batch [default: the stage's memory_limit, or 1GiB for each of its cores].
    #[arg(long, value_name = "SIZE", requires = "cluster")]
    pub memory: Option<ByteSize>,
    /// GPUs of train, on one node; several are torchrun's ranks [default: 1 where the cluster has some].
    #[arg(long, value_name = "N", requires = "cluster")]
    pub gpus: Option<u32>,
}
