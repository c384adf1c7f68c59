//! The summary as one self-contained page.

use std::fmt::Write;

use anyhow::Result;
use textmill_schemas::write_atomically;

use super::chart;
use super::data::RunData;
use super::exposure::{exposure_rows, exposure_svg};
use super::masked::{about, masked_rows};
use super::summary::{comparison_rows, known_by_heart, rules, task_rows};
use crate::config::Config;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
color:#1d2530}h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse}\
td,th{padding:.2rem .8rem;text-align:right;border-bottom:1px solid #e3e7ec}td:first-child,th:first-child,\
td.l,th.l{text-align:left}svg{max-width:100%;font-size:11px}.grid{stroke:#e3e7ec}polyline{fill:none;stroke-width:1.5}\
.train{stroke:#9db4cc}.validation{stroke:#c2410c;stroke-width:2.5}.bar{display:inline-block;height:.7rem;\
background:#3b82c4;vertical-align:middle}.drop{background:#d9774b}blockquote{border-left:3px solid #3b82c4;\
margin:.6rem 0;padding:.2rem 1rem}.p{color:#68788c}";

/// Writes report.html into the run's folder.
pub fn write_html(config: &Config) -> Result<()> {
    let run = RunData::read(config)?;
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>textmill: {0}</title>\
         <style>{STYLE}</style>\n<h1>{0}</h1>\n",
        escape_html(&run.dir.display().to_string())
    );
    flow(&mut page, &run);
    let rules = rules(&run);
    if rules.len() > 1 {
        page.push_str("<h2>Dropped by rule</h2>\n");
        push_table(&mut page, &rules);
    }
    let curve = chart::svg(&run.losses());
    if !curve.is_empty() {
        page.push_str(
            "<h2>Loss</h2>\n<p class=\"p\">Nats a token by step; thin: training, thick: validation.</p>\n",
        );
        page.push_str(&curve);
    }
    if let Some(evaluation) = &run.evaluation {
        page.push_str("<h2>Validation</h2>\n");
        push_table(&mut page, &comparison_rows(evaluation));
        if !evaluation.tasks.is_empty() {
            page.push_str("<h2>Tasks</h2>\n");
            push_table(&mut page, &task_rows(&evaluation.tasks));
        }
        if let Some(memorization) = &evaluation.memorization {
            let sentence = escape_html(&known_by_heart(memorization));
            let _ = writeln!(page, "<p>{sentence}</p>");
        }
        if let Some(exposures) = &evaluation.exposure {
            page.push_str("<h2>Exposure of planted secrets</h2>\n");
            push_table(&mut page, &exposure_rows(exposures));
            page.push_str(&exposure_svg(exposures));
        }
        if !evaluation.samples.is_empty() {
            page.push_str("<h2>The model writes</h2>\n");
        }
        for sample in &evaluation.samples {
            let _ = writeln!(
                page,
                "<blockquote lang=\"{}\"><span class=\"p\">{}</span>{}</blockquote>",
                escape_html(&sample.lang),
                escape_html(&sample.prompt),
                escape_html(&sample.text)
            );
        }
    }
    if let Some(masked) = &run.masked {
        let sentence = escape_html(&about(masked));
        let _ = writeln!(page, "<h2>Validation</h2>\n<p class=\"p\">{sentence}</p>");
        push_table(&mut page, &masked_rows(masked));
    }
    Ok(write_atomically(
        &run.dir.join("report.html"),
        page.as_bytes(),
    )?)
}

/// Documents by stage, as bars of what was kept and dropped.
fn flow(page: &mut String, run: &RunData) {
    page.push_str(
        "<h2>Documents</h2>\n<table><tr><th>stage<th>in<th>kept<th>dropped<th>seconds<th>\n",
    );
    let most = run
        .manifests
        .iter()
        .map(|m| m.read)
        .max()
        .unwrap_or(1)
        .max(1);
    let width = |count: u64| 22.0 * count as f64 / most as f64;
    for manifest in &run.manifests {
        let _ = writeln!(
            page,
            "<tr><td>{}<td>{}<td>{}<td>{}<td>{:.1}<td class=\"l\"><span class=\"bar\" \
             style=\"width:{:.2}rem\"></span><span class=\"bar drop\" style=\"width:{:.2}rem\"></span>",
            escape_html(&manifest.stage),
            manifest.read,
            manifest.kept_rows,
            manifest.dropped_total(),
            manifest.wall_seconds,
            width(manifest.kept_rows),
            width(manifest.dropped_total()),
        );
    }
    page.push_str("</table>\n");
}

fn push_table(page: &mut String, rows: &[Vec<String>]) {
    page.push_str("<table>\n");
    let is_number = |value: &str| value.starts_with(|c: char| c.is_ascii_digit());
    // The row under the head tells which columns hold words.
    let words: Vec<bool> = rows
        .get(1)
        .map(|row| row.iter().map(|value| !is_number(value)).collect())
        .unwrap_or_default();
    for (index, row) in rows.iter().enumerate() {
        let cell = if index == 0 { "th" } else { "td" };
        page.push_str("<tr>");
        for (value, is_word) in row.iter().zip(&words) {
            let class = if *is_word { " class=\"l\"" } else { "" };
            let _ = write!(page, "<{cell}{class}>{}", escape_html(value));
        }
        page.push('\n');
    }
    page.push_str("</table>\n");
}

/// Corpus text is hostile: nothing of it may become markup.
pub fn escape_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_of_the_corpus_is_shown_not_obeyed() {
        assert_eq!(
            escape_html("<script>'x' & \"y\"</script>\u{1b}"),
            "&lt;script&gt;&#39;x&#39; &amp; &quot;y&quot;&lt;/script&gt;\u{fffd}"
        );
    }
}
