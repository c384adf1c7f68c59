//! What `textmill plan` is told.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use textmill_plan::{Assumptions, Budget, Family, MASK_SHARE, Precision};

/// Kinds of block.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Preset {
    /// RMSNorm, rotary positions, SwiGLU
    Llama,
    /// LayerNorm, learned positions, GELU
    Gpt2,
    /// The same, seeing both ways; it fills in masked tokens
    Bert,
}

impl From<Preset> for Family {
    fn from(preset: Preset) -> Self {
        match preset {
            Preset::Llama => Self::Llama,
            Preset::Gpt2 => Self::Gpt2,
            Preset::Bert => Self::Bert,
        }
    }
}

/// What `--help` says first.
pub const LONG_ABOUT: &str = "Estimates what training a model costs. Give a model and tokens, or one of both (the other \
becomes compute-optimal), or a budget: then size and tokens are what it buys best.\n\n\
Operations are 6 for each matrix element that a token meets, and 12 · layers · width · context for attention. Size \
and tokens go together by the law of Hoffmann et al. 2022 (\"Chinchilla\") as published, and by Epoch AI's refit of it, \
which is the one that decides. Their losses are of other data and vocabularies: take them for orientation. Prices and \
peaks come from a table with a source and date for each.\n\n\
With --run, the tokens are those of a run of ours, and the time and disk of the data stages are scaled from its \
manifests. With --probe, the model is trained on this machine for some seconds, which says how fast it really is. With \
--check, a run that is done is held against what would have been foretold.";

/// What to plan.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:\n  \
textmill plan --size gpt2-124m --tokens 10e9\n  \
textmill plan --budget 1000usd --on H100 --devices 8\n  \
textmill plan --parameters 7e9 --on A100 --devices 64 --svg plan.svg\n  \
textmill plan --run runs/sample --size nano --epochs 14 --probe 20\n  \
textmill plan --check runs/sample")]
pub struct PlanArgs {
    /// A size by name: nano, micro, mini, gpt2-124m, gpt2-350m, gpt2-774m, gpt2-1558m.
    #[arg(long, help_heading = "Model", conflicts_with_all = ["parameters", "model"])]
    pub size: Option<String>,
    /// About so many parameters, such as 7e9.
    #[arg(
        long,
        value_name = "N",
        help_heading = "Model",
        conflicts_with = "model"
    )]
    pub parameters: Option<f64>,
    /// The folder of a model, whose config.json says its sizes.
    #[arg(long, value_name = "DIR", help_heading = "Model")]
    pub model: Option<PathBuf>,
    /// Kind of block.
    #[arg(long, value_enum, default_value_t = Preset::Llama, help_heading = "Model")]
    pub preset: Preset,
    /// Share of the tokens that a BERT has to fill in: the others do not meet its output.
    #[arg(long, default_value_t = MASK_SHARE, value_name = "SHARE", help_heading = "Model")]
    pub mask_share: f64,
    /// Tokens of the vocabulary [default: the run's, else 32768].
    #[arg(long, value_name = "N", help_heading = "Model")]
    pub vocabulary: Option<u64>,
    /// Tokens of a row.
    #[arg(long, default_value_t = 1024, value_name = "N", help_heading = "Model", value_parser = clap::value_parser!(u64).range(1..1 << 24))]
    pub context: u64,

    /// Tokens to train on, such as 10e9.
    #[arg(long, value_name = "N", help_heading = "Data")]
    pub tokens: Option<f64>,
    /// A run, whose training tokens are to be used.
    #[arg(long, value_name = "DIR", help_heading = "Data")]
    pub run: Option<PathBuf>,
    /// Times that the run's tokens are seen.
    #[arg(
        long,
        default_value_t = 1.0,
        value_name = "N",
        help_heading = "Data",
        requires = "run"
    )]
    pub epochs: f64,

    /// What there is to spend: 1e21flops, 500gpuh, 24h or 1000usd.
    #[arg(long, help_heading = "Machine")]
    pub budget: Option<Budget>,
    /// The accelerator that budget and memory are of.
    #[arg(
        long,
        default_value = "H100",
        value_name = "NAME",
        help_heading = "Machine"
    )]
    pub on: String,
    /// Devices that train together.
    #[arg(
        long,
        default_value_t = 1.0,
        value_name = "N",
        help_heading = "Machine"
    )]
    pub devices: f64,
    /// Share of the peak that is reached; 0.4 is what llm.c reaches with 124M on an H100.
    #[arg(long, default_value_t = 0.4, help_heading = "Machine")]
    pub mfu: f64,
    /// Compute in fp32.
    #[arg(long, help_heading = "Machine")]
    pub fp32: bool,
    /// Rows of a micro-batch, for the memory.
    #[arg(long, default_value_t = 8, value_name = "N", help_heading = "Machine", value_parser = clap::value_parser!(u64).range(1..1 << 20))]
    pub batch: u64,
    /// Muon for the matrices inside the blocks, for the memory.
    #[arg(long, help_heading = "Machine")]
    pub muon: bool,
    /// Dollars for an hour of a device [default: the table's].
    #[arg(long, value_name = "USD", help_heading = "Machine")]
    pub price: Option<f64>,
    /// Power of the building for each watt of the devices; 1.2 is a usual data centre's.
    #[arg(long, default_value_t = 1.2, help_heading = "Machine")]
    pub pue: f64,
    /// Kilograms of CO2 a kilowatt-hour of your grid.
    #[arg(long, value_name = "KG", help_heading = "Machine")]
    pub carbon: Option<f64>,
    /// A table of accelerators of your own.
    #[arg(long, value_name = "FILE", help_heading = "Machine")]
    pub accelerators: Option<PathBuf>,

    /// Train the model on this machine for so many seconds, to see how fast it is.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "60", help_heading = "Measure")]
    pub probe: Option<f64>,
    /// Hold a run that is done against what would have been foretold.
    #[arg(long, value_name = "DIR", help_heading = "Measure", conflicts_with_all = ["budget", "tokens", "run"])]
    pub check: Option<PathBuf>,

    /// Draw loss and cost by size into an SVG file.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

impl PlanArgs {
    /// What cannot be known beforehand.
    pub fn assumptions(&self) -> Assumptions {
        Assumptions {
            mfu: self.mfu,
            devices: self.devices,
            precision: if self.fp32 {
                Precision::Fp32
            } else {
                Precision::Bf16
            },
            pue: self.pue,
            price: self.price,
            carbon: self.carbon,
        }
    }
}
