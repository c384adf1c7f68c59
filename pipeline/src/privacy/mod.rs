//! `textmill privacy`: what a model betrays of its training data.

mod budget;
#[cfg(feature = "torch")]
mod exposure;
#[cfg(feature = "torch")]
mod passages;
mod plant;
#[cfg(feature = "torch")]
mod recite;

use anyhow::Result;
use clap::Subcommand;

/// What to measure or prepare.
#[derive(Clone, Debug, Subcommand)]
pub enum Privacy {
    /// How far a model betrays secrets that were planted in its training data
    #[cfg(feature = "torch")]
    #[command(
        long_about = "Measures the exposure of canaries (Carlini et al. 2019, “The Secret Sharer”, arXiv:1802.08232): \
            made-up secrets, each planted a known number of times, are ranked by the model among others of the same \
            form that it has never seen. Exposure is log₂ of the candidates less log₂ of the rank: 1.44 bits in the \
            mean for a secret that the model knows nothing of, and all of the bits for one that it thinks likelier \
            than any other.\n\n\
            `[train.canaries] repeats = [1, 4, 16]` plants them in a run, and `textmill evaluate` measures them; this \
            command measures any checkpoint again, also by more candidates. `textmill privacy plant` makes canaries \
            for a model that another program trains.",
        after_help = "Examples:\n  \
            textmill train --set train.canaries.repeats=[1,4,16] && textmill privacy exposure runs/sample\n  \
            textmill privacy exposure runs/sample/train/best --candidates 65536 --svg exposure.svg\n  \
            textmill privacy exposure gpt2-mine/ --canaries planted/canaries.json --json"
    )]
    Exposure(exposure::ExposureArgs),
    /// How many passages a model continues word for word
    #[cfg(feature = "torch")]
    #[command(
        long_about = "Draws a passage from each of some documents, gives the model its first tokens, and counts how \
            often it goes on, greedily, with exactly the tokens that follow (Carlini et al. 2022, “Quantifying \
            memorization across neural language models”, arXiv:2202.07646, with 50 and 50 tokens).\n\n\
            For a checkpoint of a run, documents are those that it has learnt from and, to compare, validation \
            documents: what anyone would continue so. For any other model give texts.",
        after_help = "Examples:\n  \
            textmill privacy recite runs/sample\n  \
            textmill privacy recite runs/sample/train/step-002000 --prompts 2000 --prompt-tokens 32\n  \
            textmill privacy recite gpt2/ --text essays.jsonl --text books/"
    )]
    Recite(recite::ReciteArgs),
    /// Make canaries for a model that another program trains
    #[command(
        long_about = "Writes documents.jsonl, in which each canary stands as often as it is to be planted, and \
            canaries.json, which `textmill privacy exposure` reads. Mix the documents into the training data behind \
            whatever filters and deduplicates it. Runs of textmill plant their own: `[train.canaries]`.",
        after_help = "Example:\n  textmill privacy plant --repeats 1,10,100 --seed 7 --out planted"
    )]
    Plant(plant::PlantArgs),
    /// What differentially private fine-tuning promises, beforehand
    #[command(
        long_about = "Says which (ε, δ) `textmill finetune --dp-noise` would promise, or how much noise an ε takes, without \
            training anything. ε bounds, in nats, how much likelier any outcome can be with one row than without it; δ \
            is the probability with which the bound may fail, and should be well below one over the number of rows."
    )]
    Budget(budget::BudgetArgs),
}

/// Does what was asked.
pub fn privacy(command: &Privacy) -> Result<()> {
    match command {
        #[cfg(feature = "torch")]
        Privacy::Exposure(args) => exposure::exposure(args),
        #[cfg(feature = "torch")]
        Privacy::Recite(args) => recite::recite(args),
        Privacy::Plant(args) => plant::plant(args),
        Privacy::Budget(args) => budget::budget(args),
    }
}
