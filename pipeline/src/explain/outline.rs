//! A page's elements and blocks as an outline: elements that hold nothing are left out, and
//! chains of elements that hold one thing each are one line.

use textmill_extract::Explanation;

/// A line of the outline.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Elements, from the outermost inwards, that hold what follows with a greater depth.
    Elements(Vec<usize>),
    /// A block of text, in elements that hold it alone.
    Block(usize, Vec<usize>),
}

/// The lines of a page's outline with their depths.
pub(super) fn outline(explanation: &Explanation) -> Vec<(usize, Line)> {
    let elements = &explanation.elements;
    let items = items(explanation);
    let mut lines = Vec::new();
    // Elements that have a line, from the outermost inwards: the innermost of each line.
    let mut open: Vec<usize> = Vec::new();
    for (at, block) in explanation.blocks.iter().enumerate() {
        let mut path = path(elements, block.element);
        while open.last().is_some_and(|last| !path.contains(last)) {
            open.pop();
        }
        if let Some(last) = open.last() {
            let inside = path.iter().position(|element| element == last);
            path.drain(..inside.map_or(0, |at| at + 1));
        }
        // A line ends with each element that holds several things.
        let mut chain = Vec::new();
        for element in path {
            chain.push(element);
            if items[element] > 1 {
                lines.push((open.len(), Line::Elements(std::mem::take(&mut chain))));
                open.push(element);
            }
        }
        lines.push((open.len(), Line::Block(at, chain)));
    }
    lines
}

/// Things right inside each element: blocks, and elements that hold blocks.
fn items(explanation: &Explanation) -> Vec<usize> {
    let elements = &explanation.elements;
    let mut items = vec![0; elements.len()];
    for block in &explanation.blocks {
        if let Some(count) = items.get_mut(block.element) {
            *count += 1;
        }
    }
    for at in (1..elements.len()).rev() {
        let parent = elements[at].parent;
        if items[at] > 0 && parent < at {
            items[parent] += 1;
        }
    }
    items
}

/// The elements around a place, from the outermost inwards, itself included.
fn path(elements: &[textmill_extract::ExplainedElement], mut at: usize) -> Vec<usize> {
    let mut path = Vec::new();
    while let Some(element) = elements.get(at) {
        path.push(at);
        if element.parent >= at {
            break;
        }
        at = element.parent;
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use textmill_extract::{Config, Extractor};

    #[test]
    fn chains_are_one_line_and_empty_elements_none() {
        let html =
            "<div><div><p>one</p></div><div></div></div><section><p>two</p><p>three</p></section>";
        let extractor = Extractor::new(&Config::default()).unwrap();
        let explanation = extractor.explain(html, None);
        let label = |chain: &Vec<usize>| {
            let labels = chain.iter().map(|at| &*explanation.elements[*at].label);
            labels.collect::<Vec<_>>().join(">")
        };
        let lines: Vec<String> = outline(&explanation)
            .iter()
            .map(|(depth, line)| match line {
                Line::Elements(chain) => format!("{depth} {}", label(chain)),
                Line::Block(at, chain) => {
                    format!("{depth} {} {}", label(chain), explanation.blocks[*at].text)
                }
            })
            .collect();
        let expected = [
            "0 html>body",
            "1 div>div>p one",
            "1 section",
            "2 p two",
            "2 p three",
        ];
        assert_eq!(lines, expected);
    }
}
