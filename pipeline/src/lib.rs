//! The `textmill` program: see `textmill --help`.
//!
//! [`main`] is all that the binaries call: `textmill-torch`, or, in a build without libtorch,
//! `textmill` itself.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod apply;
#[cfg(feature = "torch")]
mod chat;
mod cli;
mod cluster;
mod clusters;
mod config;
mod doctor;
#[cfg(feature = "torch")]
mod embed;
mod explain;
mod explore;
mod export;
mod feed;
#[cfg(feature = "torch")]
mod finetune;
#[cfg(feature = "torch")]
mod generate;
mod index;
#[cfg(feature = "torch")]
mod look;
#[cfg(feature = "torch")]
mod model_folder;
mod output;
mod plan;
mod privacy;
mod report;
mod run;
mod runner;
mod s_curve;
mod score;
#[cfg(feature = "torch")]
mod serve;
mod single;
mod stages;
#[cfg(feature = "torch")]
mod tasks;
mod tokenizer;
mod train_filter;
mod tune;

/// For the benchmark of the same name.
#[doc(hidden)]
pub use cluster::simulate as simulation;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::cli::{Cli, Command, ConfigArgs, TunableStage};
use crate::config::Config;

/// Runs the command that was typed.
#[must_use]
pub fn main() -> ExitCode {
    match execute(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => run::report_failure(&error),
    }
}

fn execute(command: Command) -> Result<()> {
    match command {
        Command::Run { until, ray, args } => run::pipeline(until.as_deref(), &args, &ray),
        Command::Collect(args) => run::stage("collect", &args),
        Command::Extract {
            page: Some(page),
            explain,
            html,
            args,
        } => {
            let config = load_if_there(&args.config)?;
            let html = html.as_deref();
            explain::page(&page, &config, explain::Show { explain, html })
        }
        Command::Extract { args, .. } => run::stage("extract", &args),
        Command::Filter(args) => run::stage("filter", &args),
        Command::Dedupe {
            explain: true,
            args,
        } => s_curve::explain(&load(&args.config)?.dedupe),
        Command::Dedupe { args, .. } => run::stage("dedupe", &args),
        Command::Normalize(args) => run::stage("normalize", &args),
        Command::Tokenize(args) => run::stage("tokenize", &args),
        Command::Train(args) => run::stage("train", &args),
        Command::Evaluate(args) => run::stage("evaluate", &args),
        Command::Inspect {
            path,
            sql,
            json: true,
            ..
        } => explore::print_json(&path, sql.as_deref()),
        Command::Inspect {
            path,
            sql,
            rows,
            width,
            ..
        } => explore::inspect(&path, sql.as_deref(), rows, width),
        Command::Clusters { show, config } => clusters::clusters(&load(&config)?, &show),
        Command::Mix { show, config } => feed::mix(&load(&config)?, &show),
        Command::Pack { show, config } => feed::pack(&load(&config)?, &show),
        Command::Trace { document, config } => explore::trace(&load(&config)?, &document),
        Command::Apply {
            stage,
            tokenizer,
            config,
            overrides,
        } => {
            let config = load_named(config.as_deref(), &overrides)?;
            apply::apply(&stage, &config, tokenizer.as_deref())
        }
        Command::Tune {
            stage: TunableStage::Filter,
            examples,
            config,
        } => tune::filter(&load(&config)?, examples),
        Command::TrainFilter { model } => train_filter::train_filter(&model),
        Command::Tokenizer { command } => tokenizer::tokenizer(&command),
        Command::Index { command } => index::index(&command),
        Command::Export(args) => export::export(&args),
        #[cfg(feature = "torch")]
        Command::Serve(args) => serve::serve(&args),
        #[cfg(feature = "torch")]
        Command::Tasks(args) => tasks::tasks(&args),
        #[cfg(feature = "torch")]
        Command::Generate(args) => generate::generate(&args),
        #[cfg(feature = "torch")]
        Command::Chat(args) => chat::chat(&args),
        #[cfg(feature = "torch")]
        Command::Finetune(args) => finetune::finetune(&args),
        #[cfg(feature = "torch")]
        Command::Predict(args) => finetune::predict(&args),
        #[cfg(feature = "torch")]
        Command::Embed { command } => embed::embed(&command),
        #[cfg(feature = "torch")]
        Command::Look(args) => look::look(&args),
        Command::Plan(args) => plan::plan(&args),
        Command::PlanTasks(args) => single::plan_tasks(&args),
        Command::Task(args) => single::task(&args),
        Command::Work(args) => single::work(&args),
        Command::Gc(args) => single::gc(&args),
        Command::Privacy { command } => privacy::privacy(&command),
        Command::Score(args) => score::score(&args),
        Command::Summary(args) => report::print_summary(&load(&args)?),
        Command::Doctor(args) => doctor::doctor(&args),
    }
}

fn load(args: &ConfigArgs) -> Result<Config> {
    Config::load(&args.config, &args.overrides())
}

/// The configuration of a file, or the defaults where none is named.
fn load_named(path: Option<&std::path::Path>, overrides: &[String]) -> Result<Config> {
    match path {
        Some(path) => Config::load(path, overrides),
        None => Config::from_overrides(overrides),
    }
}

/// The configuration; the defaults where the file that nobody named is not there.
fn load_if_there(args: &ConfigArgs) -> Result<Config> {
    let default = args.config == std::path::Path::new(cli::DEFAULT_CONFIG);
    match default && !args.config.exists() {
        true => Config::from_overrides(&args.overrides()),
        false => load(args),
    }
}
