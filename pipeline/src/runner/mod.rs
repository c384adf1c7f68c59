//! Works off what the plan says must run: tasks on rayon, completion records, manifests.

mod follow;
mod meter;
mod per_document;
mod plan;
mod progress;
mod run;
mod single;
mod stage_run;
mod staging;

pub use follow::{check_inputs, follow};
pub use per_document::{PerDocument, decide};
pub use progress::Reporter;
pub use run::{Runner, StageOutcome, lock};
pub use single::{SingleTasks, StageTasks, State};
