//! Works off steps by way of the cluster.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use textmill_schemas::{Cancelled, CompletionRecord, StageResult, TaskContext, TaskReport};

use super::RayArgs;
use super::bridge::{Bridge, Event, Link, Parcel};
use super::demand::{BATCH, Demand, cores};
use super::dispatch::{Cluster, Dispatch, Job, Program};
use crate::config::Config;
use crate::runner::{Batch, Cost, Done, Hands, Meter, PlannedStage, add_up, done};

/// Variables of this process that the nodes' get as well: how to reach the storage.
const PASSED_ON: [&str; 4] = ["AWS_", "AZURE_", "GOOGLE_", "TEXTMILL_"];

/// A Ray cluster.
pub struct RayHands<'a> {
    config: &'a Config,
    args: &'a RayArgs,
    program: Program,
    bridge: RefCell<Bridge>,
    cluster: RefCell<Cluster>,
    spent: Cell<(f64, Option<u64>)>,
}

impl<'a> RayHands<'a> {
    /// Connects to the cluster of that address.
    pub fn connect(
        config: &'a Config,
        args: &'a RayArgs,
        address: &str,
        cancel: &AtomicBool,
    ) -> Result<Self> {
        let mut bridge = Bridge::start(args, address)?;
        let mut cluster = Cluster::default();
        loop {
            if cancel.load(Ordering::SeqCst) {
                bail!(Cancelled);
            }
            if let Some(Event::Nodes { nodes }) = bridge.next(Duration::from_millis(100))? {
                cluster.nodes = nodes;
                break;
            }
        }
        Ok(Self {
            config,
            args,
            program: program(config, args)?,
            bridge: RefCell::new(bridge),
            cluster: RefCell::new(cluster),
            spent: Cell::default(),
        })
    }

    fn note(&self, done: &Done) {
        let (seconds, peak) = self.spent.get();
        let peak = peak.max(done.peak_memory_bytes);
        self.spent.set((seconds + done.cpu_seconds, peak));
    }

    fn gpus(&self, stage: &str) -> u32 {
        let some = self
            .cluster
            .borrow()
            .nodes
            .iter()
            .any(|node| node.gpus >= 1.0);
        let wanted = self.args.gpus.unwrap_or(u32::from(some));
        match stage {
            "train" => wanted,
            "evaluate" => wanted.min(1),
            _ => 0,
        }
    }

    fn dispatch(
        &self,
        planned: &PlannedStage,
        (step, world): (&str, usize),
        left: &[usize],
        ctx: &TaskContext,
    ) -> Result<()> {
        let stage = planned.info.name;
        let job = Job {
            batch: Batch {
                stage: stage.to_owned(),
                step: step.to_owned(),
                ranks: Default::default(),
                world,
                fingerprint: planned.fingerprint.clone(),
                threads: 1,
            },
            program: &self.program,
            memory_limit: memory_limit(planned, step, self.config),
            gpus: self.gpus(stage),
            args: self.args,
            most: BATCH,
        };
        let mut dispatch = Dispatch {
            link: &mut *self.bridge.borrow_mut(),
            cluster: &mut self.cluster.borrow_mut(),
            job: &job,
            progress: ctx.progress,
            cancel: ctx.cancel,
            on_done: &mut |done| {
                self.note(done);
                ctx.progress.add_total(done.total);
                ctx.progress.advance(done.done);
            },
        };
        dispatch.run(left.iter().copied())
    }

    /// Runs a program to its end on one node.
    fn run_program(
        &self,
        name: &str,
        argv: &[String],
        gpus: u32,
        cancel: &AtomicBool,
    ) -> Result<()> {
        let (mut bridge, mut cluster) = (self.bridge.borrow_mut(), self.cluster.borrow_mut());
        let demand = Demand::of(&cluster.nodes, 1, None, self.args);
        cluster.sent += 1;
        let number = cluster.sent;
        bridge.send(&Parcel {
            id: number,
            name: name.to_owned(),
            argv,
            env: &self.program.env,
            cwd: &self.program.cwd,
            line: None,
            cores: demand.cores,
            memory: demand.memory,
            gpus,
        })?;
        loop {
            if cancel.load(Ordering::SeqCst) {
                bail!(Cancelled);
            }
            match bridge.next(Duration::from_millis(100))? {
                Some(Event::Answer { id, answer }) if id == number => match answer.error {
                    None => return Ok(()),
                    Some(error) => bail!("{error}"),
                },
                Some(Event::Nodes { nodes }) => cluster.nodes = nodes,
                _ => {}
            }
        }
    }
}

impl Hands for RayHands<'_> {
    fn work_off(
        &self,
        planned: &PlannedStage,
        step: &str,
        world: usize,
        ctx: &TaskContext,
    ) -> StageResult<TaskReport> {
        let done = done(planned).map_err(plain)?;
        let is_left = |rank: &usize| !done.contains(CompletionRecord::name(step, *rank).as_str());
        let left: Vec<usize> = (0..world).filter(is_left).collect();
        self.dispatch(planned, (step, world), &left, ctx)
            .map_err(plain)?;
        let mut before = 0;
        let sum = add_up(planned, step, world, |rank, report| {
            if left.binary_search(&rank).is_err() {
                before += report.read;
            }
        });
        ctx.progress.advance(before);
        let same = || {
            format!(
                "do the nodes see the same folder, {}?",
                planned.dir.display()
            )
        };
        sum.with_context(same).map_err(plain)
    }

    fn share_the_folder(&self) -> bool {
        true
    }

    fn threads(&self) -> usize {
        cores(&self.cluster.borrow().nodes).max(1)
    }

    fn whole(&self, planned: &PlannedStage, ctx: &TaskContext) -> StageResult<bool> {
        let gpus = self.gpus(planned.info.name);
        if planned.info.name != "train" || gpus < 2 {
            return Ok(false);
        }
        ctx.progress.message(&format!("torchrun with {gpus} ranks"));
        let argv = torchrun(&self.program, gpus);
        let ran = self.run_program("train", &argv, gpus, ctx.cancel);
        ran.map(|()| true).map_err(plain)
    }

    fn cost(&self, meter: &Meter) -> Cost {
        let (seconds, peak) = self.spent.take();
        let here = meter.read();
        Cost {
            cpu_seconds: here.cpu_seconds + seconds,
            peak_memory_bytes: here.peak_memory_bytes.max(peak),
            ..here
        }
    }
}

/// An interrupt stays one.
fn plain(error: anyhow::Error) -> Box<dyn std::error::Error + Send + Sync> {
    match error.downcast::<Cancelled>() {
        Ok(cancelled) => cancelled.into(),
        Err(error) => format!("{error:#}").into(),
    }
}

/// What the nodes run: this run, as its folder notes it.
fn program(config: &Config, args: &RayArgs) -> Result<Program> {
    let here = || std::env::current_exe().context("where this program lies");
    let binary = match &args.binary {
        Some(path) => path.clone(),
        // Beside the program itself, which needs libtorch, lies the one that looks for it.
        None => here()?.with_file_name("textmill"),
    };
    let text = |path: std::path::PathBuf| {
        let text = path.into_os_string().into_string();
        text.map_err(|path| anyhow!("{}: not UTF-8", path.display()))
    };
    let noted = config.run.dir.join("run.toml");
    let argv = [
        text(binary)?,
        "work".to_owned(),
        "--config".to_owned(),
        text(noted)?,
    ];
    let passed_on = |name: &str| PASSED_ON.iter().any(|prefix| name.starts_with(prefix));
    let env: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| passed_on(name))
        .collect();
    Ok(Program {
        argv: argv.to_vec(),
        env,
        cwd: text(std::env::current_dir()?)?,
    })
}

/// Training by several processes on one node.
fn torchrun(program: &Program, ranks: u32) -> Vec<String> {
    let mut argv: Vec<String> = [
        "torchrun",
        "--no-python",
        "--standalone",
        "--nproc-per-node",
    ]
    .map(str::to_owned)
    .to_vec();
    argv.push(ranks.to_string());
    // The arguments of `work`, of which the second is its name.
    let ours = program.argv.iter().enumerate();
    argv.extend(ours.map(|(place, argument)| match place {
        1 => "train".to_owned(),
        _ => argument.clone(),
    }));
    argv
}

/// Memory that a task may take, as far as the configuration says it.
fn memory_limit(planned: &PlannedStage, step: &str, config: &Config) -> Option<u64> {
    match (planned.info.name, step) {
        ("tokenize", "vocabulary") => Some(config.tokenize.memory_limit.as_u64()),
        _ => planned.stage.memory_limit(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_gpus_are_ranks_of_torchrun() {
        let args = RayArgs {
            binary: Some("/opt/textmill".into()),
            ..RayArgs::default()
        };
        let config = Config::from_overrides(&["run.dir=/shared/r".to_owned()]).unwrap();
        let program = program(&config, &args).unwrap();
        assert_eq!(
            program.argv.join(" "),
            "/opt/textmill work --config /shared/r/run.toml"
        );
        assert_eq!(
            torchrun(&program, 8).join(" "),
            "torchrun --no-python --standalone --nproc-per-node 8 /opt/textmill train --config \
             /shared/r/run.toml"
        );
    }
}
