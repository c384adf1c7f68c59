//! Arguments of several commands.

use std::path::PathBuf;

use clap::Args;

/// Configuration file that is read when none is named.
pub const DEFAULT_CONFIG: &str = "pipeline.toml";

/// The configuration that a command works with.
#[derive(Args, Clone, Debug)]
pub struct ConfigArgs {
    /// Configuration file; pipeline.toml in the repository explains every key.
    #[arg(short, long, default_value = DEFAULT_CONFIG)]
    pub config: PathBuf,
    /// Overrides one value, such as filter.min_words=30; may be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// The run's folder in place of [run] dir: a path, or an address such as s3://bucket/runs/web.
    #[arg(long, value_name = "LOCATION")]
    pub root: Option<String>,
}

impl ConfigArgs {
    /// What overrides the configuration file, in order.
    pub fn overrides(&self) -> Vec<String> {
        let root = self.root.as_ref();
        let root = root.map(|root| format!("run.dir={}", toml::Value::from(root.as_str())));
        self.set.iter().cloned().chain(root).collect()
    }
}

/// Which clusters to show, and how much of each.
#[derive(Args, Clone, Debug)]
pub struct ClusterArgs {
    /// Clusters to show, the largest first.
    #[arg(long, default_value_t = 10)]
    pub top: usize,
    /// Dropped documents to show of each.
    #[arg(long, default_value_t = 5)]
    pub members: usize,
    /// Clusters with documents that this rule dropped, and those alone: near, exact and so on.
    #[arg(long)]
    pub rule: Option<String>,
    /// The cluster of a document, kept or dropped, by the beginning of its id.
    #[arg(long, value_name = "PREFIX")]
    pub id: Option<String>,
    /// Columns of a line.
    #[arg(long, default_value_t = 160)]
    pub width: usize,
    /// Print JSON lines: the figures, then a cluster a line.
    #[arg(long)]
    pub json: bool,
}

/// What to show of a mixture.
#[derive(Args, Clone, Copy, Debug)]
pub struct MixArgs {
    /// Tokens that training draws [default: those of the configured steps].
    #[arg(long)]
    pub tokens: Option<u64>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// What to show of packing.
#[derive(Args, Clone, Debug)]
pub struct PackArgs {
    /// Tokens of a row; several as 512,1024 [default: the configured context].
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..1 << 24))]
    pub context: Vec<u32>,
    /// Print JSON lines, one for each context and kind of packing.
    #[arg(long)]
    pub json: bool,
}

/// How to run stages.
#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Run the stage even if nothing changed.
    #[arg(long)]
    pub force: bool,
    /// Print no progress.
    #[arg(short, long)]
    pub quiet: bool,
}
