//! What the scheduler of `textmill run --cluster` takes: `cluster [TASKS] [PYTHON [RAY_ADDRESS]]`.
//!
//! A step of a million tasks against answers that come at once, from this process and from a Python
//! process; with the address of a Ray cluster, tasks of Ray that do nothing. `make bench-cluster` runs it.
#![allow(missing_docs)]

use textmill_pipeline::simulation::{Answers, simulate};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // cargo puts in a `--bench` of its own.
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"));
    let tasks: usize = arguments
        .next()
        .map_or(Ok(1_000_000), |text| text.parse())?;
    let mut rounds = vec![
        ("itself", Answers::Itself, tasks, false),
        ("itself, batched", Answers::Itself, tasks, true),
    ];
    if let Some(python) = arguments.next() {
        let echo = Answers::Python(python.clone().into());
        rounds.push(("Python", echo, tasks, false));
        if let Some(address) = arguments.next() {
            let ray = Answers::Ray(python.into(), address);
            rounds.push(("Ray", ray, tasks.min(20_000), false));
        }
    }
    println!("answers from      tasks    batches  seconds  batches/s  peak MiB");
    for (name, answers, tasks, batched) in rounds {
        let figures = simulate(answers, tasks, batched)?;
        println!(
            "{name:15} {tasks:>9} {:>9} {:>8.2} {:>10.0} {:>9}",
            figures.batches,
            figures.seconds,
            figures.batches as f64 / figures.seconds.max(1e-9),
            figures.peak_memory_bytes.unwrap_or_default() >> 20,
        );
    }
    Ok(())
}
