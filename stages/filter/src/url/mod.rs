//! Rules on the address of a document: block lists, adult words, and what a page asks of robots.
//!
//! Lists are those of the Université Toulouse 1 (UT1) and of the same form. The word rules are
//! RefinedWeb's (Penedo et al. 2023, arXiv:2306.01116, appendix G.1), as datatrove's `URLFilter`
//! has them: one banned word, two soft words, or one banned part of a word.

mod address;
mod block_list;
mod opt_out;
mod word_rules;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use address::Address;
use block_list::BlockList;
pub use opt_out::{AI_CRAWLERS, default_opt_outs, opt_out};
use word_rules::WordRules;

/// Which addresses to drop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UrlOptions {
    /// Block lists: files, or folders as UT1 has them (`adult/domains`, `adult/urls`; the folder
    /// of one category or the folder above), plain or `.gz`. A line is a host, which stands for
    /// all hosts below it, or a host with a path, which stands for all addresses below it.
    pub block: Vec<PathBuf>,
    /// Lists of the same form whose hosts and addresses stay, whatever else says otherwise.
    pub allow: Vec<PathBuf>,
    /// Lists of words that ban an address.
    pub words: Vec<PathBuf>,
    /// Lists of words of which `soft_words_limit` different ones ban an address.
    pub soft_words: Vec<PathBuf>,
    /// Lists of texts that ban an address wherever they stand in it, also within words.
    pub substrings: Vec<PathBuf>,
    /// Different soft words that ban an address (datatrove: 2).
    pub soft_words_limit: usize,
    /// Whether the built-in words of adult addresses count as well.
    pub adult_words: bool,
    /// What a page may ask of robots that counts as its refusal to be trained on; empty heeds
    /// none.
    pub opt_outs: Vec<String>,
}

impl Default for UrlOptions {
    fn default() -> Self {
        Self {
            block: Vec::new(),
            allow: Vec::new(),
            words: Vec::new(),
            soft_words: Vec::new(),
            substrings: Vec::new(),
            soft_words_limit: 2,
            adult_words: true,
            opt_outs: default_opt_outs(),
        }
    }
}

/// Which kind of rule an address broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UrlRule {
    /// The host, or one above it, is on a block list.
    Domain,
    /// The address, or one above it, is on a block list.
    Address,
    /// A banned word.
    Word,
    /// Too many soft words.
    SoftWords,
    /// A banned text within the address.
    Substring,
}

impl UrlRule {
    /// The rule's name, as `family.rule`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Domain => "url.domain",
            Self::Address => "url.address",
            Self::Word => "url.word",
            Self::SoftWords => "url.soft_words",
            Self::Substring => "url.substring",
        }
    }
}

/// What an address was found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlHit<'a> {
    /// The kind of rule.
    pub rule: UrlRule,
    /// The entry that matched; of several soft words, all of them, separated by spaces.
    pub entry: String,
    /// The list that the entry is from: the category of a UT1 folder, the name of a file, or
    /// `built-in`.
    pub list: &'a str,
    /// Entries that matched; more than 1 for soft words only.
    pub count: usize,
}

/// Block lists and words, loaded.
///
/// A block list's entry takes 10 bytes, whatever its length: a hash and the number of its list.
#[derive(Debug)]
pub struct UrlLists {
    block: BlockList,
    allow: BlockList,
    words: WordRules,
}

impl UrlLists {
    /// Loads all lists.
    ///
    /// # Errors
    /// A file or folder that cannot be read, a line that is no entry.
    pub fn load(options: &UrlOptions) -> Result<Self, Error> {
        Ok(Self {
            block: BlockList::load(&options.block)?,
            allow: BlockList::load(&options.allow)?,
            words: WordRules::load(options)?,
        })
    }

    /// The first rule that the address breaks. What is no address breaks none.
    #[must_use]
    pub fn check(&self, url: &str) -> Option<UrlHit<'_>> {
        let address = Address::parse(url)?;
        if !self.allow.is_empty() && self.allow.find(&address).is_some() {
            return None;
        }
        self.block
            .find(&address)
            .or_else(|| self.words.find(&address))
    }
}

#[cfg(test)]
mod tests;
