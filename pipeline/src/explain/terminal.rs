//! The decisions about a page, on a terminal.

use textmill_extract::{Decision, Explanation, Reason};

use super::outline::{Line, outline};
use crate::explore::{Paint, cut, escape};
use crate::output::sayln;

/// Columns for a block's text and for a label.
const TEXT_COLUMNS: usize = 100;
const LABEL_COLUMNS: usize = 70;
/// Reasons shown for a block.
const REASONS: usize = 3;

/// Prints the page's outline: `+` before what is kept, `c` before comments, `-` before what is left
/// out, with the probability to be content and what speaks for and against.
pub(super) fn print(explanation: &Explanation, facts: &[(&'static str, String)]) {
    let paint = Paint::of_stdout();
    for (name, value) in facts {
        sayln!(
            "{}",
            cut(&format!("{name}: {}", escape(value)), TEXT_COLUMNS + 20)
        );
    }
    sayln!("");
    let label = |chain: &[usize]| {
        let labels = chain.iter().map(|at| &*explanation.elements[*at].label);
        cut(
            &escape(&labels.collect::<Vec<_>>().join(" > ")),
            LABEL_COLUMNS,
        )
    };
    for (depth, line) in outline(explanation) {
        let indent = "  ".repeat(depth.min(40));
        match line {
            Line::Elements(chain) => sayln!("         {indent}{}", paint.dim(&label(&chain))),
            Line::Block(at, chain) => {
                let block = &explanation.blocks[at];
                let text = cut(&escape(&block.text), TEXT_COLUMNS);
                let place = match chain.is_empty() {
                    true => String::new(),
                    false => format!("{} ", paint.dim(&label(&chain))),
                };
                let mark = format!("{} {:.3}", mark(block.decision), block.probability);
                sayln!(
                    "{} {indent} {place}{}",
                    paint.with(color(block.decision), &mark),
                    paint.with(color(block.decision), &text)
                );
                sayln!(
                    "         {indent}   {}",
                    paint.dim(&reasons(&block.reasons))
                );
            }
        }
    }
    sayln!("\n{}", summary(explanation));
}

fn mark(decision: Decision) -> char {
    match decision {
        Decision::Kept => '+',
        Decision::Comment => 'c',
        Decision::Dropped => '-',
    }
}

fn reasons(reasons: &[Reason]) -> String {
    let shown: Vec<String> = reasons
        .iter()
        .take(REASONS)
        .map(|reason| escape(&reason.to_string()))
        .collect();
    shown.join("; ")
}

fn summary(explanation: &Explanation) -> String {
    let count = |decision: Decision| {
        let blocks = explanation
            .blocks
            .iter()
            .filter(|block| block.decision == decision);
        let (blocks, bytes) = blocks.fold((0, 0), |(n, bytes), b| (n + 1, bytes + b.text.len()));
        format!("{blocks} blocks ({bytes} bytes)")
    };
    format!(
        "+ kept {}, c comments {}, - dropped {}. The number is the probability to be content; the \
         reasons are changes of its log-odds.",
        count(Decision::Kept),
        count(Decision::Comment),
        count(Decision::Dropped)
    )
}

fn color(decision: Decision) -> &'static str {
    match decision {
        Decision::Kept => Paint::GREEN,
        Decision::Comment => Paint::YELLOW,
        Decision::Dropped => Paint::RED,
    }
}
