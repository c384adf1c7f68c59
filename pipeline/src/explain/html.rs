//! The decisions about a page, as a page of its own.

use std::fmt::Write;

use anyhow::Result;
use textmill_extract::{Decision, ExplainedBlock, Explanation};

use super::outline::{Line, outline};
use crate::report::escape_html as text;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:1rem auto;padding:0 1rem;\
color:#1d2530}h1{font-size:1.2rem}dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem}dd{margin:0}\
.e{color:#68788c;font:12px ui-monospace,monospace;margin:.3rem 0 0}.b{border-left:4px solid;padding:.1rem .6rem;\
margin:.15rem 0;white-space:pre-wrap;overflow-wrap:anywhere}.kept{border-color:#2f9e5b;background:#edf9f1}\
.comment{border-color:#c98a10;background:#fdf6e3}.dropped{border-color:#d9603f;background:#fdf0ec;color:#7a4a3c}\
.b>summary{list-style:none;cursor:pointer}.n{float:right;font:12px ui-monospace,monospace;color:#68788c}\
table{border-collapse:collapse;font-size:12px;color:#1d2530}td{padding:0 .8rem 0 0}label{margin-right:1rem}\
body.k .dropped,body.k .e{display:none}";

const SCRIPT: &str = "document.addEventListener('toggle',e=>{const d=e.target;if(!d.open||!d.dataset.i||d.done)\
return;d.done=1;const t=document.createElement('table');D.values[d.dataset.i].forEach((v,i)=>{const r=t.insertRow();\
r.insertCell().textContent=D.names[i];r.insertCell().textContent=v});d.append(t)},true);\
document.getElementById('k').onchange=e=>document.body.classList.toggle('k',e.target.checked);";

/// The page; self-contained.
pub(super) fn page(
    location: &str,
    explanation: &Explanation,
    facts: &[(&'static str, String)],
) -> Result<String> {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>textmill extract: {0}</title>\
         <style>{STYLE}</style>\n<h1>{0}</h1>\n<dl>",
        text(location)
    );
    for (name, value) in facts {
        let _ = write!(page, "<dt>{}<dd>{}", text(name), text(value));
    }
    page.push_str(
        "</dl>\n<p><label><input type=checkbox id=k> only what is kept</label> \
         <span class=kept>kept</span> <span class=comment>comment</span> <span class=dropped>dropped</span>; \
         the number is the probability to be content. A click on a part shows its reasons and features.</p>\n",
    );
    for (depth, line) in outline(explanation) {
        let indent = depth.min(40);
        match line {
            Line::Elements(chain) => {
                let _ = writeln!(
                    page,
                    "<p class=e style=\"margin-left:{indent}rem\">{}</p>",
                    text(&label(explanation, &chain))
                );
            }
            Line::Block(at, chain) => {
                block(
                    &mut page,
                    &explanation.blocks[at],
                    at,
                    indent,
                    &label(explanation, &chain),
                );
            }
        }
    }
    let data = serde_json::to_string(&data(explanation))?.replace('<', "\\u003c");
    let _ = writeln!(page, "<script>const D={data};{SCRIPT}</script>");
    Ok(page)
}

fn label(explanation: &Explanation, chain: &[usize]) -> String {
    let labels = chain.iter().map(|at| &*explanation.elements[*at].label);
    labels.collect::<Vec<_>>().join(" > ")
}

fn block(page: &mut String, block: &ExplainedBlock, at: usize, indent: usize, label: &str) {
    let class = match block.decision {
        Decision::Kept => "kept",
        Decision::Comment => "comment",
        Decision::Dropped => "dropped",
    };
    let _ = write!(
        page,
        "<details class=\"b {class}\" style=\"margin-left:{indent}rem\" data-i={at}><summary><span class=n>{:.3}</span>{}\
         </summary><p class=e>{} {}</p><table>",
        block.probability,
        text(&block.text),
        text(block.kind),
        text(label)
    );
    for reason in &block.reasons {
        let _ = write!(page, "<tr><td colspan=2>{}", text(&reason.to_string()));
    }
    page.push_str("</table></details>\n");
}

/// Names and values of all features, which the page's script shows on demand.
fn data(explanation: &Explanation) -> serde_json::Value {
    let round = |value: f32| (f64::from(value) * 1e4).round() / 1e4;
    let values: Vec<Vec<f64>> = explanation
        .blocks
        .iter()
        .map(|block| block.features.iter().copied().map(round).collect())
        .collect();
    serde_json::json!({"names": explanation.features, "values": values})
}

#[cfg(test)]
mod tests {
    use super::*;
    use textmill_extract::{Config, Extractor};

    #[test]
    fn a_hostile_page_stays_text() {
        let html =
            "<p>&lt;script&gt;alert(1)&lt;/script&gt; and words</p><p class='\"><b>x'>more</p>";
        let extractor = Extractor::new(&Config::default()).unwrap();
        let shown = page(
            "a<b>",
            &extractor.explain(html, None),
            &[("title", "<i>".into())],
        )
        .unwrap();
        assert!(shown.contains("&lt;script&gt;alert(1)"), "{shown}");
        assert!(
            !shown.contains("<script>alert") && !shown.contains("<i>") && !shown.contains("a<b>")
        );
        assert!(!shown.contains("\"><b>"));
    }
}
