//! What the training of the block model needs: blocks with their features.
//!
//! See `training/README.md` in this crate's folder.

use crate::config::{Config, Error};
use crate::decide::survey::Survey;
use crate::extractor::{Extractor, Parsed};

/// A page as the model sees it.
#[derive(Debug)]
pub struct Sample {
    /// Text of each block, in document order.
    pub texts: Vec<String>,
    /// Features of the blocks, row after row.
    pub rows: Vec<f32>,
}

impl Sample {
    /// Cuts a page into blocks and describes them.
    ///
    /// # Errors
    /// None with the default configuration, which this works with.
    pub fn of(html: &str, url: Option<&str>) -> Result<Self, Error> {
        let parsed = Parsed::of(html);
        let described = Extractor::new(&Config::default())?.describe(&parsed.0, url);
        let page = &described.page;
        let survey = Survey::of(page, &described.declared);
        let mut rows = Vec::new();
        described.features(&survey).write(usize::MAX, &mut rows);
        let texts = page
            .blocks
            .iter()
            .map(|block| page.text_of(block).to_owned());
        Ok(Self {
            texts: texts.collect(),
            rows,
        })
    }
}
