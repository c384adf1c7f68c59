//! `textmill plan-tasks`, `textmill task` and `textmill gc`: a run by many processes.

mod gc;
mod work;

use anyhow::Result;
use clap::Args;

pub use gc::{GcArgs, gc};
pub use work::{WORK, WorkArgs, work};

use crate::cli::ConfigArgs;
use crate::explore::table;
use crate::output::{say, sayln};
use crate::run::Interrupt;
use crate::runner::{Ranks, SingleTasks, StageTasks, State};

/// What `--help` says first.
pub const PLAN: &str = "Prints the tasks of a run and what each waits for. A stage is the list `begin`, its own steps, \
`finish`; a step's tasks may run at the same time, in any order, on any host that sees the run's folder, and more than \
once; a step waits for the one before it. How many tasks a step has is known when the steps before it are done, so \
that whoever starts tasks asks again after each step: `left` of the first step that has some is what to start next.";

/// What `--help` says first.
pub const TASK: &str = "Runs one task of a stage, as the plan lists it, and ends. What is done already is not done again; a \
task that was killed leaves nothing that anybody reads (`textmill gc` removes it). The shards are the same, byte by \
byte, as those of `textmill run`.";

/// Up to which stage to plan.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:\n  \
textmill plan-tasks --until tokenize\n  \
textmill plan-tasks --until tokenize --json | jq 'first(.[] | select(.state == \"ready\"))'")]
pub struct PlanArgs {
    /// Last stage to plan [default: the configuration's [run] until, or tokenize].
    #[arg(long, value_name = "STAGE")]
    until: Option<String>,
    /// Print one JSON list, a stage each.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

/// Which task to run.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:\n  \
textmill task filter --step begin\n  \
textmill task filter --step documents --rank 3 --world 16\n  \
textmill task filter --step documents --rank 0,4-7\n  \
textmill task filter --step finish\n  \
textmill task filter --step documents --rank $SLURM_ARRAY_TASK_ID    in a Slurm array\n  \
textmill task filter --step documents --rank $JOB_COMPLETION_INDEX   in an indexed job of Kubernetes")]
pub struct TaskArgs {
    /// The stage.
    stage: String,
    /// The step: begin, one of the stage's own, or finish.
    #[arg(long)]
    step: String,
    /// Which of the step's tasks, from 0; several as 0,3-7 run on the threads of one process.
    #[arg(long, value_name = "RANKS", default_value = "0")]
    rank: Ranks,
    /// How many tasks the step has, to be sure of the same plan [default: not compared].
    #[arg(long)]
    world: Option<usize>,
    /// Print no progress.
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

/// Prints the tasks.
pub fn plan_tasks(args: &PlanArgs) -> Result<()> {
    let config = crate::load(&args.config)?;
    let target = args.until.as_deref().or(config.run.until.as_deref());
    let lists = SingleTasks::new(&config).lists(target.unwrap_or("tokenize"))?;
    match args.json {
        true => sayln!("{}", serde_json::to_string(&lists)?),
        false => say!("{}", text(&lists)),
    }
    Ok(())
}

fn text(lists: &[StageTasks]) -> String {
    let head = ["stage", "step", "tasks", "left"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for list in lists {
        let state = match list.state {
            State::Done => "done".to_owned(),
            State::Waiting => format!("waits for {}", list.needs.join(", ")),
            State::Ready => list.because.unwrap_or_default().to_owned(),
        };
        rows.push(vec![
            list.stage.to_owned(),
            state,
            String::new(),
            String::new(),
        ]);
        let steps = list.steps.iter().filter(|_| list.state == State::Ready);
        for step in steps {
            let world = step.world.map(|world| world.to_string());
            let left = step.world.map(|_| step.left.len().to_string());
            let unknown = || "?".to_owned();
            rows.push(vec![
                String::new(),
                step.step.to_owned(),
                world.unwrap_or_else(unknown),
                left.unwrap_or_else(unknown),
            ]);
        }
    }
    table(&rows, &[false, false, true, true])
}

/// Runs one task.
pub fn task(args: &TaskArgs) -> Result<()> {
    let interrupt = Interrupt::listen()?;
    let config = crate::load(&args.config)?;
    SingleTasks::new(&config).run(
        (&args.stage, &args.step),
        (&args.rank, args.world),
        interrupt.flag(),
        args.quiet,
    )
}
