//! Works off what the plan says must run: tasks on rayon, completion records, manifests.

mod batch;
mod follow;
mod hands;
mod meter;
mod per_document;
mod plan;
mod progress;
mod ranks;
mod run;
mod single;
mod stage_run;
mod staging;

pub use batch::{Batch, Desk, Done};
pub use follow::{check_inputs, follow};
pub use hands::{Hands, Threads};
pub use meter::{Cost, Meter};
pub use per_document::{PerDocument, decide};
pub use plan::PlannedStage;
pub use progress::Reporter;
pub use ranks::Ranks;
pub use run::{Runner, StageOutcome, lock};
pub use single::{SingleTasks, StageTasks, State, done};
pub use stage_run::{add_up, remove_intermediates};
