//! Why each part of a page was kept or dropped.

use std::fmt;

use crate::blocks::page::Element;
use crate::decide::feature_names;
use crate::decide::model;
use crate::decide::surroundings::ABSENT;
use crate::decide::survey::Survey;
use crate::embedded::{self, Embedded};
use crate::extractor::{self, Described, Extracted, Extractor, Parsed};
use crate::html::tree::Tree;
use crate::output::write::Fate;

/// Reasons given for a block.
const REASONS: usize = 6;

/// A page with what was decided about every part of it.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// What the page gives.
    pub extracted: Extracted,
    /// Block-level elements in document order.
    pub elements: Vec<ExplainedElement>,
    /// All text, block by block, in document order.
    pub blocks: Vec<ExplainedBlock>,
    /// Names of the features.
    pub features: Vec<String>,
}

/// An element of the page.
#[derive(Clone, Debug)]
pub struct ExplainedElement {
    /// As in a selector: `div#main.story`.
    pub label: String,
    /// Place of the element around it; its own place if there is none.
    pub parent: usize,
}

/// What becomes of a block of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Part of the content.
    Kept,
    /// Kept apart, as a reader's comment.
    Comment,
    /// Left out.
    Dropped,
}

/// A block of text with the decision about it.
#[derive(Clone, Debug)]
pub struct ExplainedBlock {
    /// Its text.
    pub text: String,
    /// paragraph, heading, item, row or code.
    pub kind: &'static str,
    /// Innermost block-level element around it.
    pub element: usize,
    /// Probability to be content, 0 to 1.
    pub probability: f32,
    /// What became of it. Where the line between kept and dropped runs differs from page to page:
    /// it is where the expected F1 is best.
    pub decision: Decision,
    /// What speaks for (above 0) and against it most, strongest first: feature, its value, and by
    /// how much it moved the log-odds.
    pub reasons: Vec<Reason>,
    /// Values of all features.
    pub features: Vec<f32>,
}

/// A feature that moved a decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// The feature.
    pub feature: String,
    /// Its value for this block.
    pub value: f32,
    /// Change of the log-odds.
    pub weight: f32,
}

impl Reason {
    /// For a block that the model is not asked about.
    fn never() -> Self {
        Self {
            feature: "a label of something else, or a consent banner".to_owned(),
            value: 1.0,
            weight: f32::NEG_INFINITY,
        }
    }
}

impl fmt::Display for Reason {
    /// As in `+0.4 <article>: 2 levels up`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:+.2} ", self.weight)?;
        let Some(around) = self.feature.strip_prefix(feature_names::LEVELS_UP) else {
            let value = (self.value * 1000.0).round() / 1000.0;
            return write!(f, "{}: {value}", self.feature);
        };
        match self.value as u8 {
            ABSENT => write!(f, "no {around} around"),
            0 => write!(f, "{around} itself"),
            levels => write!(f, "{around} {levels} up"),
        }
    }
}

impl Extractor {
    /// Extracts a page and explains the decision about every block of it. Where the text comes from
    /// what the page holds as data, that follows its elements, below one that says so.
    #[must_use]
    pub fn explain(&self, html: &str, url: Option<&str>) -> Explanation {
        let Parsed(tree) = Parsed::of(html);
        let mut explanation = self.explain_described(&self.describe(&tree, url), &tree);
        if !embedded::is_thin(&explanation.extracted.text) {
            return explanation;
        }
        let title = explanation.extracted.title.as_deref().unwrap_or_default();
        let mut best = None;
        for embedded in embedded::all(&tree, title) {
            let Parsed(tree) = Parsed::of(&embedded.html);
            let described = self.describe_embedded(&tree, &embedded, url);
            let mut inner = self.explain_described(&described, &tree);
            let found = std::mem::take(&mut inner.extracted);
            if explanation.extracted.take_embedded(found, &embedded) {
                best = Some((inner, embedded));
            }
        }
        if let Some((inner, embedded)) = best {
            explanation.add_embedded(inner, &embedded);
        }
        explanation
    }

    fn explain_described(&self, described: &Described, tree: &Tree) -> Explanation {
        let survey = Survey::of(&described.page, &described.declared);
        let probability = extractor::judge(described, &survey);
        let (extracted, fates) = self.finish(described, &survey, &probability);
        let mut rows = Vec::new();
        let blocks = described.features(&survey).write(usize::MAX, &mut rows);
        let names = feature_names::names(described.flags.len());
        let page = &described.page;
        let explained = |at: usize| {
            let block = &page.blocks[at];
            let width = rows.len() / blocks;
            let row = &rows[at * width..(at + 1) * width];
            ExplainedBlock {
                text: page.text_of(block).to_owned(),
                kind: block.kind.name(),
                element: block.element as usize,
                probability: probability[at],
                decision: match fates[at] {
                    Fate::Content => Decision::Kept,
                    Fate::Comment => Decision::Comment,
                    Fate::Dropped => Decision::Dropped,
                },
                reasons: match survey.counts[at].never {
                    true => vec![Reason::never()],
                    false => reasons(row, &names),
                },
                features: row.to_vec(),
            }
        };
        let explained_blocks = (0..blocks).map(explained).collect();
        Explanation {
            extracted,
            elements: page.elements.iter().map(|e| element(tree, e)).collect(),
            blocks: explained_blocks,
            features: names,
        }
    }
}

impl Explanation {
    /// Puts the page made of this one's data behind it, of which nothing is kept then.
    fn add_embedded(&mut self, inner: Self, embedded: &Embedded) {
        for block in &mut self.blocks {
            block.decision = Decision::Dropped;
        }
        let top = self.elements.len();
        self.elements.push(ExplainedElement {
            label: format!(
                "[not in the page's elements: from {}]",
                embedded.source.name()
            ),
            parent: top,
        });
        let first = top + 1;
        for (at, mut element) in inner.elements.into_iter().enumerate() {
            element.parent = match element.parent < at {
                true => element.parent + first,
                false => top,
            };
            self.elements.push(element);
        }
        for mut block in inner.blocks {
            block.element += first;
            self.blocks.push(block);
        }
    }
}

fn reasons(row: &[f32], names: &[String]) -> Vec<Reason> {
    let weights = model::blocks().reasons(row);
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|a, b| weights[*b].abs().total_cmp(&weights[*a].abs()));
    let strongest = order.into_iter().take(REASONS);
    let reason = |at: usize| Reason {
        feature: names[at].clone(),
        value: row[at],
        weight: weights[at],
    };
    strongest
        .filter(|at| weights[*at] != 0.0)
        .map(reason)
        .collect()
}

fn element(tree: &Tree, element: &Element) -> ExplainedElement {
    let mut label = String::new();
    if let Some(found) = tree.element(element.node) {
        label.push_str(found.name());
        if let Some(id) = found.attr("id").filter(|id| !id.is_empty()) {
            label.push('#');
            label.push_str(id);
        }
        for class in found
            .attr("class")
            .unwrap_or_default()
            .split_ascii_whitespace()
        {
            label.push('.');
            label.push_str(class);
        }
    }
    ExplainedElement {
        label,
        parent: element.parent as usize,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn every_block_has_a_decision_with_its_reasons() {
        let html = include_str!("stage/pages/news.html");
        let extractor = Extractor::new(&Config::default()).unwrap();
        let explanation = extractor.explain(html, None);
        assert_eq!(explanation.extracted, extractor.extract(html, None));
        let kept = |block: &&ExplainedBlock| block.decision == Decision::Kept;
        let texts: Vec<&str> = explanation
            .blocks
            .iter()
            .filter(kept)
            .map(|b| &*b.text)
            .collect();
        for text in &texts {
            assert!(explanation.extracted.text.contains(text));
        }
        assert!(texts.len() > 3 && texts.len() < explanation.blocks.len());
        for block in &explanation.blocks {
            assert!(!block.reasons.is_empty() && block.element < explanation.elements.len());
        }
    }

    #[test]
    fn every_feature_has_a_name() {
        let html = include_str!("stage/pages/forum.html");
        let extractor = Extractor::new(&Config::default()).unwrap();
        let parsed = Parsed::of(html);
        let described = extractor.describe(&parsed.0, None);
        let survey = Survey::of(&described.page, &described.declared);
        let mut rows = Vec::new();
        let blocks = described.features(&survey).write(usize::MAX, &mut rows);
        let names = feature_names::names(described.flags.len());
        assert_eq!(names.len(), rows.len() / blocks);
    }
}
