//! `textmill serve`: a model behind OpenAI's HTTP API.
//!
//! Handlers read and check requests ([`request`]) and hand them as [`task::Task`]s to a pool of
//! threads ([`pool`]), which score and generate ([`compute`]) and send back events; these become
//! one answer or a stream of chunks ([`answer`], [`http`]).

mod answer;
pub(crate) mod chat;
mod compute;
mod error;
mod fields;
mod http;
mod model;
mod pool;
mod request;
mod task;
pub(crate) mod vocabulary;
pub(crate) mod writer;

#[cfg(test)]
pub(crate) mod test_support;

use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::serve::ListenerExt;
use clap::{Args, ValueEnum};
use tch::Kind;
use textmill_model::{Gpt, best_device};
use tokio::sync::watch;

use crate::output::sayln;
use crate::run::INTERRUPTED;
use http::Server;
use model::Served;
use pool::{Pool, Threads};

/// How long requests may go on after the signal to stop.
const GRACE: Duration = Duration::from_secs(20);

/// What to serve, and where.
#[derive(Args, Clone, Debug)]
pub struct ServeArgs {
    /// The model: a checkpoint's folder, a run's (its best checkpoint), or a GPT-2 or Llama of Hugging
    /// Face with tokenizer.json.
    #[arg(long, value_name = "DIR", value_parser = crate::model_folder::model_folder)]
    model: PathBuf,
    /// What clients call the model [default: the folder as given].
    #[arg(long)]
    name: Option<String>,
    /// Address to listen at; 0.0.0.0 lets other machines in.
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// Port to listen at; 0 takes a free one.
    #[arg(long, default_value_t = 8000)]
    port: u16,
    /// Threads that compute [default: one a core].
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Prompts computed at a time, among which the threads are shared [default: as many as threads;
    /// 1 on a GPU].
    #[arg(long, value_name = "N")]
    workers: Option<NonZeroUsize>,
    /// Precision of parameters and activations; log-probabilities are fp32 in both.
    #[arg(long, value_enum, default_value_t = Precision::Fp32)]
    precision: Precision,
}

/// Precision of parameters and activations.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Precision {
    /// 32 bits
    Fp32,
    /// bfloat16
    Bf16,
}

/// Serves a model until Ctrl-C or SIGTERM.
pub fn serve(args: &ServeArgs) -> Result<()> {
    let device = best_device();
    let gpt = Gpt::load(&args.model, device)?;
    gpt.require_causal()?;
    let gpt = match args.precision {
        Precision::Fp32 => gpt,
        Precision::Bf16 => gpt.cast(Kind::BFloat16)?,
    };
    let served = Served::load(&args.model, args.name.as_deref(), gpt.config())?;
    let threads = threads(args, device.is_cuda());
    // Before the threads start: an address in use is the likeliest failure.
    let listener = TcpListener::bind((args.host.as_str(), args.port)).with_context(|| {
        let (host, port) = (&args.host, args.port);
        format!("cannot listen at {host}:{port}; choose another --port, or 0 for any free one")
    })?;
    let pool = Pool::start(&gpt, &served.vocabulary, threads)?;
    introduce(args, &gpt, &served, threads, listener.local_addr()?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(listen(listener, Server { served, pool }))
}

fn threads(args: &ServeArgs, gpu: bool) -> Threads {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let all = args.threads.map_or(cores, NonZeroUsize::get);
    let workers = match (args.workers, gpu) {
        (Some(workers), _) => workers.get(),
        (None, true) => 1,
        (None, false) => all,
    };
    Threads {
        workers,
        each: (all / workers).max(1),
    }
}

/// Says what is served where, and how to try it.
fn introduce(args: &ServeArgs, gpt: &Gpt, served: &Served, threads: Threads, at: SocketAddr) {
    let precision = args.precision.to_possible_value();
    let precision = precision.map_or(String::new(), |value| value.get_name().to_owned());
    sayln!(
        "Serving {} ({} parameters, context {}, {precision} on {:?}, {} × {} threads) at http://{at}",
        served.name,
        gpt.parameters(),
        served.context,
        gpt.device(),
        threads.workers,
        threads.each,
    );
    sayln!("Try: curl http://{at}/v1/completions -H 'Content-Type: application/json' \\");
    sayln!("       -d '{{\"prompt\": \"Once\", \"max_tokens\": 40, \"temperature\": 0.8}}'");
    sayln!("Ctrl-C stops, after running requests have ended.");
}

async fn listen(listener: TcpListener, server: Server) -> Result<()> {
    let mut stop = stop_signal()?;
    let mut late = stop.clone();
    listener.set_nonblocking(true)?;
    // A token's chunk is small, and must not wait for the next one to fill a packet.
    let listener = tokio::net::TcpListener::from_std(listener)?.tap_io(|connection| {
        let _ = connection.set_nodelay(true);
    });
    let serving = axum::serve(listener, http::router(Arc::new(server)));
    let serving = serving.with_graceful_shutdown(async move {
        let _ = stop.wait_for(|came| *came).await;
    });
    let late = async move {
        let _ = late.wait_for(|came| *came).await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = serving.into_future() => served.context("the server failed"),
        () = late => {
            eprintln!("Requests that took more than {} s were cut off.", GRACE.as_secs());
            Ok(())
        }
    }
}

/// Becomes true at the first Ctrl-C or SIGTERM; the second one ends the program.
fn stop_signal() -> Result<watch::Receiver<bool>> {
    let (sender, receiver) = watch::channel(false);
    ctrlc::set_handler(move || {
        if sender.send_replace(true) {
            std::process::exit(INTERRUPTED.into());
        }
        eprintln!(
            "\nStopping when running requests have ended; press Ctrl-C again to stop at once."
        );
    })
    .context("cannot listen for Ctrl-C")?;
    Ok(receiver)
}
