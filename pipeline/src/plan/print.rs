//! A plan on the terminal.

use textmill_plan::{Accelerator, Law, RULE};

use super::args::PlanArgs;
use super::{Plan, name};
use crate::explore::{bytes, table};
use crate::output::{say, sayln};

/// Prints it all.
pub(super) fn plan(args: &PlanArgs, plan: &Plan, accelerators: &[Accelerator]) {
    model(plan);
    optimum(plan);
    costs(plan, accelerators);
    memory(args, plan, accelerators);
    corpus(args, plan);
    probe(plan);
    assumptions(args, plan);
}

/// 124.4 M, 3.1e23.
fn short(value: f64) -> String {
    let units = [(1e12, " T"), (1e9, " B"), (1e6, " M"), (1e3, " k")];
    if value >= 1e15 {
        return format!("{value:.2e}");
    }
    match units.iter().find(|(unit, _)| value >= *unit) {
        Some((unit, name)) => format!("{:.1}{name}", value / unit),
        None => format!("{value:.1}"),
    }
}

fn model(plan: &Plan) {
    let shape = &plan.shape;
    sayln!("Model");
    sayln!(
        "  {} parameters, {} without embeddings: {} blocks, {} heads, {} wide; {} tokens of context, vocabulary of {}",
        short(plan.parameters as f64),
        short(plan.body_parameters as f64),
        shape.layers,
        shape.heads,
        shape.width,
        shape.context,
        shape.vocabulary
    );
    let per = plan.tokens / plan.parameters as f64;
    sayln!(
        "  {} tokens, {per:.1} for each parameter",
        short(plan.tokens)
    );
    if let Some(corpus) = &plan.corpus {
        let epochs = plan.tokens / corpus.tokens.max(1.0);
        let worth = plan.useful_tokens / plan.tokens;
        sayln!(
            "  {} tokens in the corpus: seen {epochs:.1} times, worth {:.0}% of as many new ones",
            short(corpus.tokens),
            100.0 * worth
        );
    }
    sayln!(
        "  {} FLOPs, {:.0}% of them attention's",
        short(plan.flops),
        100.0 * plan.attention_share
    );
    sayln!();
}

fn optimum(plan: &Plan) {
    sayln!("Best use of as many operations");
    let mut rows = vec![
        [
            "",
            "parameters",
            "tokens",
            "tokens/parameter",
            "loss there",
            "loss of this plan",
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    let laws = [Law::HOFFMANN, Law::EPOCH];
    for ((name, loss, best), law) in plan.laws.iter().zip(laws) {
        rows.push(vec![
            (*name).to_owned(),
            short(best.parameters),
            short(best.tokens),
            format!("{:.1}", best.tokens / best.parameters),
            loss.map_or("–".to_owned(), |_| {
                format!("{:.2}", law.loss(best.parameters, best.tokens))
            }),
            loss.map_or("–".to_owned(), |loss| format!("{loss:.2}")),
        ]);
    }
    let size = (plan.flops / 6.0 / RULE).sqrt();
    let rule = vec![
        "rule of thumb".to_owned(),
        short(size),
        short(RULE * size),
        format!("{RULE:.1}"),
        "–".to_owned(),
        "–".to_owned(),
    ];
    rows.push(rule);
    say!("{}", table(&rows, &[false, true, true, true, true, true]));
    sayln!();
}

fn costs(plan: &Plan, accelerators: &[Accelerator]) {
    let assumptions = &plan.assumptions;
    sayln!(
        "Cost at {:.0}% of the peak in {}, {} device(s)",
        100.0 * assumptions.mfu,
        name(assumptions.precision),
        assumptions.devices
    );
    let mut rows = vec![
        ["", "device hours", "time", "kWh", "USD", "price"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for (cost, accelerator) in plan.costs.iter().zip(accelerators) {
        let price = assumptions.price.or(accelerator.price);
        let dated = match (assumptions.price, &accelerator.price_date) {
            (Some(_), _) => " (given)".to_owned(),
            (None, Some(date)) => format!(" ({date})"),
            (None, None) => String::new(),
        };
        rows.push(vec![
            cost.accelerator.clone(),
            hours_number(cost.device_hours),
            time(cost.hours),
            hours_number(cost.kilowatt_hours),
            cost.dollars
                .map_or("–".to_owned(), |dollars| format!("{dollars:.2}")),
            price.map_or("–".to_owned(), |price| format!("{price:.2}{dated}")),
        ]);
    }
    say!("{}", table(&rows, &[false, true, true, true, true, true]));
    if let Some(carbon) = plan
        .costs
        .iter()
        .find_map(|cost| cost.carbon_kg.map(|kg| (kg, &cost.accelerator)))
    {
        sayln!("  {:.1} kg of CO2 on {}", carbon.0, carbon.1);
    }
    sayln!();
}

fn hours_number(value: f64) -> String {
    match value >= 1e4 {
        true => short(value),
        false => format!("{value:.2}"),
    }
}

fn time(hours: f64) -> String {
    match hours {
        h if h < 1.0 / 60.0 => format!("{:.1} s", h * 3600.0),
        h if h < 1.0 => format!("{:.1} min", h * 60.0),
        h if h < 48.0 => format!("{h:.1} h"),
        h if h < 24.0 * 365.0 => format!("{:.1} days", h / 24.0),
        h => format!("{:.1} years", h / 24.0 / 365.0),
    }
}

fn memory(args: &PlanArgs, plan: &Plan, accelerators: &[Accelerator]) {
    let memory = &plan.memory;
    let part = |value: f64| bytes(value as u64);
    sayln!(
        "Memory of one device that holds everything, {} rows at a time",
        plan.rows.batch
    );
    sayln!(
        "  {}: weights {}, gradients {}, optimizer {}, activations {}, logits {}",
        part(memory.total()),
        part(memory.weights),
        part(memory.gradients),
        part(memory.optimizer),
        part(memory.activations),
        part(memory.logits)
    );
    if let Some(one) = accelerators
        .iter()
        .find(|one| one.name.eq_ignore_ascii_case(&args.on))
    {
        let fits = if memory.total() <= one.memory * 1e9 {
            "fits"
        } else {
            "does not fit: fewer rows (--batch), or shards over devices, which the trainer does not have"
        };
        sayln!("  {} has {} GB: it {fits}", one.name, one.memory);
    }
    sayln!(
        "  A checkpoint takes {} on disk, with the optimizer's state {}",
        part(4.0 * plan.parameters as f64),
        part(4.0 * plan.parameters as f64 + memory.optimizer)
    );
    sayln!();
}

fn corpus(args: &PlanArgs, plan: &Plan) {
    let Some(corpus) = &plan.corpus else {
        sayln!(
            "Tokens take about 2.5 bytes each on disk: {}. With --run, time and disk of the data stages stand here.",
            bytes((2.5 * plan.tokens) as u64)
        );
        sayln!();
        return;
    };
    // Epochs see the same tokens again; only a wish for more of them makes the stages work longer.
    let once = args.tokens.unwrap_or(0.0).max(corpus.tokens);
    let (seconds, size) = corpus.scaled(once);
    sayln!(
        "Data stages, in proportion to this run's ({} tokens), for {} different tokens",
        short(corpus.tokens),
        short(once)
    );
    for (name, seconds, written, threads) in &corpus.stages {
        let share = once / corpus.tokens.max(1.0);
        sayln!(
            "  {name:>10}  {:>10}  {:>12}  {threads} thread(s)",
            time(seconds * share / 3600.0),
            bytes((written * share) as u64)
        );
    }
    sayln!(
        "  {:>10}  {:>10}  {:>12}",
        "all",
        time(seconds / 3600.0),
        bytes(size as u64)
    );
    sayln!();
}

fn probe(plan: &Plan) {
    let Some(probe) = plan.probe else {
        return;
    };
    let speed = probe.tokens / probe.seconds;
    sayln!("This machine, tried for {:.0} s", probe.seconds);
    sayln!(
        "  {} tokens a second, {} FLOP/s; the plan would take {}",
        short(speed),
        short(speed * plan.shape.flops_per_token()),
        time(plan.tokens / speed / 3600.0)
    );
    if let Some(memory) = probe.memory {
        sayln!("  peak memory of the process {}", bytes(memory));
    }
    sayln!();
}

fn assumptions(args: &PlanArgs, plan: &Plan) {
    sayln!("What this rests on");
    sayln!(
        "  FLOPs: 6 for each matrix element and token, and 12 · layers · width · context for attention."
    );
    let shape = &plan.shape;
    if !shape.is_causal() {
        sayln!(
            "  The output head is computed for the masked {:.0}% of the tokens; attention is that of all with all.",
            100.0 * shape.predicting
        );
    }
    sayln!(
        "  Peaks and prices: the table of accelerators ({}); energy: the boards' limits × PUE {}.",
        args.accelerators
            .as_ref()
            .map_or("built in, sources and dates in --json".to_owned(), |path| {
                path.display().to_string()
            }),
        plan.assumptions.pue
    );
    sayln!(
        "  MFU {}: what training reaches depends most on this; --probe measures it, --mfu sets it.",
        plan.assumptions.mfu
    );
    match shape.is_causal() {
        true => sayln!(
            "  Losses: fits to other data and vocabularies; compare them with each other, not with yours."
        ),
        false => sayln!(
            "  The laws were fitted to models that predict every next token: of a masked model they say no loss, and size \
             and tokens only roughly, as each token teaches less."
        ),
    }
}
