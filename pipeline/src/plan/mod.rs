//! `textmill plan`: what training a model costs, before it is trained.

mod args;
mod check;
mod corpus;
mod model;
mod print;
#[cfg(feature = "torch")]
mod probe;

use std::fs;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use textmill_plan::{
    Accelerator, Assumptions, Cost, Law, Memory, Optimum, Precision, RULE, Rows, Shape,
    accelerators, parse, picture, useful_tokens,
};

use crate::output::sayln;
pub use args::{LONG_ABOUT, PlanArgs};
use corpus::Corpus;

/// Everything that a plan says.
#[derive(Debug, Serialize)]
pub(crate) struct Plan {
    shape: Shape,
    parameters: u64,
    body_parameters: u64,
    tokens: f64,
    /// What the tokens are worth where the corpus is seen several times.
    useful_tokens: f64,
    corpus: Option<Corpus>,
    flops: f64,
    attention_share: f64,
    /// Name, loss of this plan if it is of a causal model, and the optimum for its operations.
    laws: Vec<(&'static str, Option<f64>, Optimum)>,
    assumptions: Assumptions,
    costs: Vec<Cost>,
    /// With the sources of peaks and prices.
    accelerators: Vec<Accelerator>,
    rows: Rows,
    memory: Memory,
    probe: Option<Probed>,
}

/// What a probe measured on this machine.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Probed {
    /// Tokens that were trained on.
    pub tokens: f64,
    /// Seconds that took.
    pub seconds: f64,
    /// Peak memory of the process in bytes.
    pub memory: Option<u64>,
}

/// Plans, and prints the plan.
pub fn plan(args: &PlanArgs) -> Result<()> {
    if let Some(run) = &args.check {
        return check::check(run, args.json, args.probe.unwrap_or(10.0));
    }
    let table = match &args.accelerators {
        None => accelerators()?,
        Some(path) => {
            let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
            parse(&text).with_context(|| path.display().to_string())?
        }
    };
    let plan = make(args, &table)?;
    if let Some(path) = &args.svg {
        let chosen = Optimum {
            parameters: plan.parameters as f64,
            tokens: plan.tokens,
        };
        fs::write(path, picture(plan.flops, chosen)).with_context(|| path.display().to_string())?;
    }
    match args.json {
        true => sayln!("{}", serde_json::to_string_pretty(&plan)?),
        false => print::plan(args, &plan, &table),
    }
    Ok(())
}

fn make(args: &PlanArgs, table: &[Accelerator]) -> Result<Plan> {
    let assumptions = args.assumptions();
    assumptions.validate()?;
    let on = find(table, &args.on)?;
    let corpus = args.run.as_deref().map(Corpus::of_run).transpose()?;
    let (shape, tokens) = size(args, &assumptions, on, corpus.as_ref())?;
    let flops = shape.training_flops(tokens);
    let parameters = shape.parameters();
    let law = |law: Law| {
        (
            law.name,
            shape
                .is_causal()
                .then(|| law.loss(parameters as f64, tokens)),
            law.optimum(flops),
        )
    };
    let rows = Rows {
        batch: args.batch,
        precision: assumptions.precision,
        muon: args.muon,
    };
    let unique = corpus.as_ref().map_or(tokens, |corpus| corpus.tokens);
    Ok(Plan {
        parameters,
        body_parameters: shape.body_parameters(),
        useful_tokens: useful_tokens(unique, tokens),
        tokens,
        corpus,
        attention_share: shape.attention_flops() / shape.flops_per_token(),
        laws: [Law::HOFFMANN, Law::EPOCH].map(law).to_vec(),
        accelerators: table.to_vec(),
        costs: table
            .iter()
            .map(|one| assumptions.cost(flops, one))
            .collect(),
        memory: Memory::of(&shape, rows),
        probe: probe(args, &shape)?,
        assumptions,
        rows,
        flops,
        shape,
    })
}

fn find<'t>(table: &'t [Accelerator], name: &str) -> Result<&'t Accelerator> {
    let found = table.iter().find(|one| one.name.eq_ignore_ascii_case(name));
    found.with_context(|| {
        let names: Vec<&str> = table.iter().map(|one| one.name.as_str()).collect();
        format!(
            "no accelerator `{name}` in the table; there are {}",
            names.join(", ")
        )
    })
}

/// The network and its tokens: as given, or what the budget buys best, or what the corpus is for.
fn size(
    args: &PlanArgs,
    assumptions: &Assumptions,
    on: &Accelerator,
    corpus: Option<&Corpus>,
) -> Result<(Shape, f64)> {
    let given = args
        .tokens
        .or_else(|| corpus.map(|corpus| corpus.tokens * args.epochs));
    let shape = model::shape(args, corpus)?;
    let of = |parameters: f64| model::of_parameters(args, corpus, parameters);
    if let Some(budget) = args.budget {
        let flops = assumptions.flops(budget, on)?;
        return Ok(match (shape, given) {
            (Some(shape), _) => (shape, flops / shape.flops_per_token()),
            (None, Some(tokens)) => (of(flops / 6.0 / tokens), tokens),
            (None, None) => {
                let shape = of(Law::EPOCH.optimum(flops).parameters);
                (shape, flops / shape.flops_per_token())
            }
        });
    }
    match (shape, given) {
        (Some(shape), Some(tokens)) => Ok((shape, tokens)),
        (Some(shape), None) => Ok((shape, Law::EPOCH.tokens_for(shape.parameters() as f64))),
        (None, Some(tokens)) => Ok((of(tokens / RULE), tokens)),
        (None, None) => bail!(
            "there is nothing to plan with: give a model (--size, --parameters or --model), tokens (--tokens or --run), \
             or a --budget"
        ),
    }
}

#[cfg(feature = "torch")]
fn probe(args: &PlanArgs, shape: &Shape) -> Result<Option<Probed>> {
    let seconds = args.probe.map(|seconds| probe::probe(shape, args, seconds));
    seconds.transpose()
}

#[cfg(not(feature = "torch"))]
fn probe(args: &PlanArgs, _: &Shape) -> Result<Option<Probed>> {
    match args.probe {
        None => Ok(None),
        Some(_) => {
            bail!("--probe trains a model: it needs a textmill that was built with libtorch")
        }
    }
}

/// What both precisions are called.
fn name(precision: Precision) -> &'static str {
    match precision {
        Precision::Bf16 => "bf16",
        Precision::Fp32 => "fp32",
    }
}
