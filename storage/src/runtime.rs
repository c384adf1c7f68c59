//! The thread on which the asynchronous client runs: one for the process.

use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, PoisonError};

use tokio::runtime::{Builder, Handle};

static HANDLE: Mutex<Option<Handle>> = Mutex::new(None);

/// The thread's handle; starts it the first time.
fn handle() -> Result<Handle, String> {
    let mut started = HANDLE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*started {
        return Ok(handle.clone());
    }
    let failed = |error: std::io::Error| format!("no thread for the object store: {error}");
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(failed)?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new()
        .name("object-store".to_owned())
        .spawn(move || runtime.block_on(std::future::pending::<()>()))
        .map_err(failed)?;
    *started = Some(handle.clone());
    Ok(handle)
}

/// Starts work; its result comes through the channel.
pub(crate) fn start<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<Receiver<T>, String> {
    let (sender, receiver) = sync_channel(1);
    handle()?.spawn(async move {
        // Nobody waits any more after a seek.
        let _ = sender.send(work.await);
    });
    Ok(receiver)
}

/// Does work and waits for it.
pub(crate) fn wait<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, String> {
    let receiver = start(work)?;
    receiver.recv().map_err(|_| GONE.to_owned())
}

/// What is said when work ended without a result.
pub(crate) const GONE: &str = "the thread of the object store is gone";

/// Does work on this thread.
#[cfg(test)]
pub(crate) fn here<T>(work: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(work)
}
