//! Where html5ever's tree builder puts what it builds: into a [`Tree`], watched for its growth.

use std::borrow::Cow;
use std::cell::{Cell, Ref, RefCell};
use std::collections::HashMap;

use html5ever::interface::ElemName;
use html5ever::tendril::StrTendril;
use html5ever::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::{Attribute, LocalName, Namespace, QualName};

use crate::html::tree::{Data, ElementData, NodeId, Tree};

/// A tree that is being built.
pub(crate) struct Sink {
    tree: RefCell<Tree>,
    /// Contents of the templates.
    templates: RefCell<HashMap<NodeId, NodeId>>,
    /// Where the last node went.
    current: Cell<NodeId>,
    created: Cell<usize>,
}

impl Sink {
    /// A tree for a page of so many bytes.
    pub(crate) fn new(bytes: usize) -> Self {
        Self {
            tree: RefCell::new(Tree::new(bytes)),
            templates: RefCell::default(),
            current: Cell::new(Tree::ROOT),
            created: Cell::new(0),
        }
    }

    /// Depth of the place where the last node went, as far as `most`.
    pub(crate) fn depth(&self, most: usize) -> usize {
        let tree = self.tree.borrow();
        let up = std::iter::successors(Some(self.current.get()), |id| tree.parent(*id));
        up.skip(1).take(most).count()
    }

    /// Elements created so far.
    pub(crate) fn created(&self) -> usize {
        self.created.get()
    }

    fn note(&self, parent: NodeId, child: &NodeOrText<NodeId>) {
        self.current.set(match child {
            NodeOrText::AppendNode(id) => *id,
            NodeOrText::AppendText(_) => parent,
        });
    }
}

/// An element's name while its tree is borrowed.
#[derive(Debug)]
pub(crate) struct Name<'a>(Ref<'a, ElementData>);

impl ElemName for Name<'_> {
    fn ns(&self) -> &Namespace {
        self.0.namespace()
    }
    fn local_name(&self) -> &LocalName {
        self.0.name()
    }
}

impl TreeSink for Sink {
    type Output = Tree;
    type Handle = NodeId;
    type ElemName<'a> = Name<'a>;

    fn finish(self) -> Tree {
        self.tree.into_inner()
    }
    fn parse_error(&self, _: Cow<'static, str>) {}
    fn get_document(&self) -> NodeId {
        Tree::ROOT
    }
    #[allow(
        clippy::unreachable,
        reason = "the tree builder asks for names of elements alone"
    )]
    fn elem_name<'a>(&'a self, target: &'a NodeId) -> Name<'a> {
        Name(Ref::map(self.tree.borrow(), |tree| {
            match tree.data(*target) {
                Data::Element(element) => element,
                _ => unreachable!("only elements have names"),
            }
        }))
    }
    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, flags: ElementFlags) -> NodeId {
        self.created.set(self.created.get() + 1);
        let mut tree = self.tree.borrow_mut();
        let holds_html = flags.mathml_annotation_xml_integration_point;
        // A declared shadow root shows its contents, so they become the template's children.
        let shown = attrs.iter().any(|a| &*a.name.local == "shadowrootmode");
        let id = tree.add_element((&name.ns, name.local), attrs, holds_html);
        if flags.template {
            let contents = if shown { id } else { tree.add_other() };
            self.templates.borrow_mut().insert(id, contents);
        }
        id
    }
    fn create_comment(&self, _: StrTendril) -> NodeId {
        self.tree.borrow_mut().add_other()
    }
    fn create_pi(&self, _: StrTendril, _: StrTendril) -> NodeId {
        self.tree.borrow_mut().add_other()
    }
    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        self.note(*parent, &child);
        let mut tree = self.tree.borrow_mut();
        match child {
            NodeOrText::AppendNode(id) => tree.append(*parent, id),
            NodeOrText::AppendText(text) => tree.append_text(*parent, text),
        }
    }
    fn append_based_on_parent_node(
        &self,
        element: &NodeId,
        previous: &NodeId,
        child: NodeOrText<NodeId>,
    ) {
        let has_parent = self.tree.borrow().parent(*element).is_some();
        match has_parent {
            true => self.append_before_sibling(element, child),
            false => self.append(previous, child),
        }
    }
    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}
    fn pop(&self, node: &NodeId) {
        if let Some(parent) = self.tree.borrow().parent(*node) {
            self.current.set(parent);
        }
    }
    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        let templates = self.templates.borrow();
        templates.get(target).copied().unwrap_or(*target)
    }
    fn same_node(&self, x: &NodeId, y: &NodeId) -> bool {
        x == y
    }
    fn set_quirks_mode(&self, _: QuirksMode) {}
    fn append_before_sibling(&self, sibling: &NodeId, new: NodeOrText<NodeId>) {
        let mut tree = self.tree.borrow_mut();
        let parent = tree.parent(*sibling).unwrap_or(Tree::ROOT);
        self.note(parent, &new);
        match new {
            NodeOrText::AppendNode(id) => tree.insert_before(*sibling, id),
            NodeOrText::AppendText(text) => tree.insert_text_before(*sibling, text),
        }
    }
    fn add_attrs_if_missing(&self, target: &NodeId, attrs: Vec<Attribute>) {
        self.tree.borrow_mut().add_missing(*target, attrs);
    }
    fn remove_from_parent(&self, target: &NodeId) {
        self.tree.borrow_mut().detach(*target);
    }
    fn reparent_children(&self, node: &NodeId, new_parent: &NodeId) {
        self.tree.borrow_mut().move_children(*node, *new_parent);
    }
    fn is_mathml_annotation_xml_integration_point(&self, handle: &NodeId) -> bool {
        match self.tree.borrow().data(*handle) {
            Data::Element(element) => element.holds_html,
            _ => false,
        }
    }
}
