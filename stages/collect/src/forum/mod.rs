//! Forums.

pub(crate) mod comments;
pub(crate) mod pages;
pub(crate) mod stack_exchange;
