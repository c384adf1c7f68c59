//! How far up from a block its nearest ancestor of each tag and class category is.
//!
//! Elements come in document order, so the ancestors of the one at hand lie on a stack, and what
//! is known of it is what is known of its parent, one step further away.

use crate::blocks::page::Page;
use crate::html::tag::Tag;
use crate::words::{self, Classes};

/// Distance to what is not there.
pub(crate) const ABSENT: u8 = 20;
/// Tags whose distance is a feature.
pub(crate) const TAGS: [Tag; 21] = [
    Tag::Article,
    Tag::Main,
    Tag::Nav,
    Tag::Aside,
    Tag::Header,
    Tag::Footer,
    Tag::Form,
    Tag::Ul,
    Tag::Ol,
    Tag::Li,
    Tag::Table,
    Tag::Td,
    Tag::Blockquote,
    Tag::Figure,
    Tag::Section,
    Tag::Dl,
    Tag::Details,
    Tag::P,
    Tag::Figcaption,
    Tag::Dialog,
    Tag::Noscript,
];

/// What lies around an element.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Around {
    tags: [u8; TAGS.len()],
    classes: [u8; 64],
    /// The most siblings like it that an ancestor (or itself) has, and how far up that one is.
    pub(crate) repeats: (u32, u8),
    /// Its tag, and its parent's.
    pub(crate) inner: (Tag, Option<Tag>),
}

impl Around {
    /// Nothing at all.
    const NOTHING: Self = Self {
        tags: [ABSENT; TAGS.len()],
        classes: [ABSENT; 64],
        repeats: (0, ABSENT),
        inner: (Tag::Other, None),
    };

    /// What lies around a child of the element.
    fn child(&self, tag: Tag, classes: Classes, repeats: u32) -> Self {
        let mut child = *self;
        child.tags.iter_mut().for_each(further);
        child.classes.iter_mut().for_each(further);
        further(&mut child.repeats.1);
        if let Some(at) = TAGS.iter().position(|known| *known == tag) {
            child.tags[at] = 1;
        }
        mark(&mut child.classes, classes, 1);
        if repeats >= child.repeats.0 {
            child.repeats = (repeats, 1);
        }
        child.inner = (tag, Some(self.inner.0));
        child
    }

    /// Writes the distances as features; `own` are the categories of the block itself.
    pub(crate) fn write(&self, own: Classes, out: &mut Vec<f32>) {
        let mut classes = self.classes;
        mark(&mut classes, own, 0);
        let categories = words::class_table().names().len();
        out.extend(self.tags.iter().map(|distance| f32::from(*distance)));
        out.extend(
            classes[..categories]
                .iter()
                .map(|distance| f32::from(*distance)),
        );
    }
}

fn further(distance: &mut u8) {
    // Wrapping, which never happens, lets many be counted at once.
    let next = distance.wrapping_add(1).min(ABSENT - 1);
    *distance = if *distance == ABSENT { ABSENT } else { next };
}

fn mark(distances: &mut [u8; 64], mut classes: Classes, distance: u8) {
    while classes != 0 {
        distances[classes.trailing_zeros() as usize] = distance;
        classes &= classes - 1;
    }
}

/// The surroundings of a page's elements, asked for in the order of its blocks.
pub(crate) struct Surroundings<'a> {
    page: &'a Page,
    repeats: &'a [u32],
    /// By depth.
    stack: Vec<Around>,
    /// The next element to be put on the stack.
    next: usize,
}

impl<'a> Surroundings<'a> {
    /// `repeats`: per element, how many siblings are like it.
    pub(crate) fn of(page: &'a Page, repeats: &'a [u32]) -> Self {
        Self {
            page,
            repeats,
            stack: Vec::new(),
            next: 0,
        }
    }

    /// What lies around an element. Must be asked for in document order.
    pub(crate) fn of_element(&mut self, element: u32) -> Around {
        for at in self.next..(element as usize + 1).min(self.repeats.len()) {
            let (element, repeats) = (&self.page.elements[at], self.repeats[at]);
            let depth = usize::from(element.depth);
            let parent = depth.checked_sub(1).and_then(|above| self.stack.get(above));
            let parent = parent.unwrap_or(&Around::NOTHING);
            let around = parent.child(element.tag, element.classes, repeats);
            self.stack.truncate(depth);
            self.stack.push(around);
        }
        self.next = self.next.max(element as usize + 1);
        let element = self.page.elements.get(element as usize);
        let around = element.and_then(|e| self.stack.get(usize::from(e.depth)));
        around.copied().unwrap_or(Around::NOTHING)
    }
}
