//! CSS selectors of the configuration, matched by scraper.

use std::collections::HashMap;

use html5ever::{Attribute, QualName, ns};
use rustc_hash::FxHashSet;
use scraper::node::Element;
use scraper::{Html, Node, Selector};

use crate::config::Error;
use crate::html::tree::{Edge, NodeId, Tree};

/// Selectors whose elements are left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selectors(Vec<Selector>);

impl Selectors {
    /// Reads selectors as they stand in the configuration.
    pub(crate) fn parse(selectors: &[String]) -> Result<Self, Error> {
        let parse = |selector: &String| {
            Selector::parse(selector).map_err(|error| Error::Selector {
                selector: selector.clone(),
                reason: error.to_string(),
            })
        };
        Ok(Self(selectors.iter().map(parse).collect::<Result<_, _>>()?))
    }

    /// The elements of a page that a selector matches.
    pub(crate) fn matches(&self, tree: &Tree) -> FxHashSet<NodeId> {
        if self.0.is_empty() {
            return FxHashSet::default();
        }
        let (html, ids) = copy(tree);
        let found = self.0.iter().flat_map(|selector| html.select(selector));
        found
            .filter_map(|element| ids.get(&element.id()).copied())
            .collect()
    }
}

/// The page as scraper's tree, and which of our nodes each of its elements is.
fn copy(tree: &Tree) -> (Html, HashMap<ego_tree::NodeId, NodeId>) {
    let mut html = Html::new_document();
    let mut ids = HashMap::new();
    let mut at = html.tree.root().id();
    for edge in tree.walk(Tree::ROOT).skip(1) {
        match edge {
            Edge::Open(id) => {
                let Some(mut parent) = html.tree.get_mut(at) else {
                    break;
                };
                at = match tree.element(id) {
                    Some(element) => parent.append(Node::Element(element_of(element))).id(),
                    None => parent.append(Node::Document).id(),
                };
                ids.insert(at, id);
            }
            Edge::Close(_) => {
                let parent = html.tree.get(at).and_then(|node| node.parent());
                at = parent.map_or(at, |parent| parent.id());
            }
        }
    }
    (html, ids)
}

fn element_of(element: crate::html::tree::Element<'_>) -> Element {
    let name = QualName::new(None, element.namespace().clone(), element.name().clone());
    let attribute =
        |(name, value): &(html5ever::LocalName, html5ever::tendril::StrTendril)| Attribute {
            name: QualName::new(None, ns!(), name.clone()),
            value: value.clone(),
        };
    Element::new(name, element.attributes().iter().map(attribute).collect())
}
