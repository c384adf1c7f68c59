//! The report as tables.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write;

use super::Options;
use super::summary::{Cost, Costs, Share, Summary};
use super::tally::Amount;
use crate::explore::{bytes, cut, escape, table};

/// Rows of a table of languages or sources; those with most text are shown.
const ROWS: usize = 40;
/// Columns of a name, of a token and of the longest bar.
const NAME: usize = 48;
const TOKEN: usize = 60;
const BAR: f64 = 40.0;

/// All tables.
pub fn tables(summary: &Summary, options: &Options) -> String {
    let text = &summary.text;
    let mut out = format!(
        "{} documents: {}, {} characters, {} words\n",
        text.documents,
        bytes(text.bytes),
        text.characters,
        text.words
    );
    // Writing to a String cannot fail.
    if summary.lines_without_text > 0 {
        let lines = summary.lines_without_text;
        let _ = writeln!(out, "{lines} lines without `text` were passed over");
    }
    let _ = write!(out, "\n{}", vocabularies(summary, options));
    for (title, amounts, of) in [
        ("language", &summary.languages, languages as Of),
        ("source", &summary.sources, sources),
    ] {
        let _ = write!(out, "\n{}", costs(title, amounts, summary, of));
    }
    let _ = write!(out, "\nBytes per token\n{}", bars(summary));
    let _ = write!(out, "\n{}", chinese(summary));
    for (place, costs) in (1..).zip(&summary.vocabularies) {
        let _ = write!(out, "\n{}", longest(place, costs));
    }
    out
}

/// What a vocabulary costs, by one or the other.
type Of = fn(&Costs) -> &BTreeMap<String, Cost>;

fn languages(costs: &Costs) -> &BTreeMap<String, Cost> {
    &costs.languages
}

fn sources(costs: &Costs) -> &BTreeMap<String, Cost> {
    &costs.sources
}

fn vocabularies(summary: &Summary, options: &Options) -> String {
    let rare = format!("used < {}", options.rare);
    let head = [
        "",
        "vocabulary",
        "tokens",
        "special",
        "unused",
        &rare,
        "bytes per token",
        "path",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let share = |share: Share| format!("{} ({:.1}%)", share.count, share.share * 100.0);
    for (place, costs) in (1..).zip(&summary.vocabularies) {
        let path = match &costs.slow_because {
            None => "fast".to_owned(),
            Some(why) => cut(&escape(&format!("slow, as {why}")), NAME),
        };
        rows.push(vec![
            place.to_string(),
            ending(&costs.name),
            costs.tokens.to_string(),
            costs.special.to_string(),
            share(costs.unused),
            share(costs.rare),
            format!("{:.2}", costs.all.bytes_per_token),
            path,
        ]);
    }
    table(&rows, &[true, false, true, true, true, true, true, false])
}

/// The end of a path: what tells vocabularies apart.
fn ending(name: &str) -> String {
    let name = escape(name);
    let count = name.chars().count();
    match count > NAME {
        true => name
            .chars()
            .skip(count - NAME + 1)
            .fold("…".to_owned(), |mut end, c| {
                end.push(c);
                end
            }),
        false => name,
    }
}

fn costs(title: &str, amounts: &BTreeMap<String, Amount>, summary: &Summary, of: Of) -> String {
    let places = 1..=summary.vocabularies.len();
    let mut head = [title, "documents", "words", "text"]
        .map(str::to_owned)
        .to_vec();
    for measure in ["tokens/word", "tokens/char", "bytes/token"] {
        head.extend(places.clone().map(|place| match place {
            1 => format!("{measure} 1"),
            place => place.to_string(),
        }));
    }
    let right: Vec<bool> = (0..head.len()).map(|column| column > 0).collect();
    let mut rows = vec![head];
    let sorted = by_size(amounts);
    for (name, amount) in sorted.iter().take(ROWS) {
        let mut row = vec![
            cut(&escape(name), NAME),
            amount.documents.to_string(),
            amount.words.to_string(),
            bytes(amount.bytes),
        ];
        for measure in [
            |cost: &Cost| cost.tokens_per_word,
            |cost: &Cost| cost.tokens_per_character,
            |cost: &Cost| cost.bytes_per_token,
        ] {
            let figure = |costs: &Costs| of(costs).get(*name).map(measure);
            let figures = summary.vocabularies.iter().map(figure);
            row.extend(figures.map(|figure| figure.map_or("-".to_owned(), |f| format!("{f:.3}"))));
        }
        rows.push(row);
    }
    let mut out = table(&rows, &right);
    if let Some(more) = sorted.len().checked_sub(ROWS).filter(|more| *more > 0) {
        let _ = writeln!(out, "  … {more} more");
    }
    out
}

/// Those with most text first.
fn by_size(amounts: &BTreeMap<String, Amount>) -> Vec<(&String, &Amount)> {
    let mut sorted: Vec<_> = amounts.iter().collect();
    sorted.sort_by_key(|(_, amount)| Reverse(amount.bytes));
    sorted
}

fn bars(summary: &Summary) -> String {
    let figures = summary.vocabularies.iter();
    let figures = figures.flat_map(|costs| costs.languages.values());
    let most = figures.map(|cost| cost.bytes_per_token).fold(1.0, f64::max);
    let mut out = String::new();
    for (name, _) in by_size(&summary.languages).into_iter().take(ROWS) {
        for (place, costs) in (1..).zip(&summary.vocabularies) {
            let figure = costs
                .languages
                .get(name)
                .map_or(0.0, |cost| cost.bytes_per_token);
            let label = if place == 1 {
                cut(&escape(name), 8)
            } else {
                String::new()
            };
            let bar = "█".repeat((figure / most * BAR).round() as usize);
            let _ = writeln!(out, "  {label:<8} {place}  {bar} {figure:.2}");
        }
    }
    out
}

fn chinese(summary: &Summary) -> String {
    let head = ["", "vocabulary", "per word", "per character", "per byte"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (place, costs) in (1..).zip(&summary.vocabularies) {
        if let Some(ratios) = costs.chinese_against_english {
            let times = |ratio: f64| format!("{ratio:.2} ×");
            rows.push(vec![
                place.to_string(),
                ending(&costs.name),
                times(ratios.per_word),
                times(ratios.per_character),
                times(ratios.per_byte),
            ]);
        }
    }
    match rows.len() {
        1 => "Chinese against English: there is no text in both (zh and en)\n".to_owned(),
        _ => format!(
            "Tokens of Chinese against those of English\n{}",
            table(&rows, &[true, false, true, true, true])
        ),
    }
}

fn longest(place: usize, costs: &Costs) -> String {
    let mut rows = vec![["id", "bytes", "used", "token"].map(str::to_owned).to_vec()];
    rows.extend(costs.longest.iter().map(|token| {
        vec![
            token.id.to_string(),
            token.bytes.to_string(),
            token.used.to_string(),
            cut(&token.token, TOKEN),
        ]
    }));
    match rows.len() {
        1 => String::new(),
        _ => format!(
            "Longest tokens of {place}\n{}",
            table(&rows, &[true, true, true, false])
        ),
    }
}
