//! What the training of the two block models needs: blocks with their features.
//!
//! See `training/README.md` in this crate's folder.

use crate::choose::Context;
use crate::features::{Features, Survey};
use crate::stage::Described;

/// A page as the models see it.
pub struct Sample {
    described: Described,
}

/// Rows of numbers, one a block.
pub struct Rows {
    /// Row after row.
    pub values: Vec<f32>,
    /// Numbers in a row.
    pub width: usize,
}

impl Sample {
    /// Cuts a page into blocks.
    #[must_use]
    pub fn of(html: &str, url: Option<&str>) -> Self {
        Self {
            described: Described::of(html, url, true),
        }
    }

    /// Text of each block, in document order.
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        let page = &self.described.page;
        page.blocks
            .iter()
            .map(|block| page.text_of(block))
            .collect()
    }

    /// Features for the first model.
    #[must_use]
    pub fn first(&self) -> Rows {
        let (_, features) = self.survey();
        Rows {
            width: features.width,
            values: features.values,
        }
    }

    /// Features for the second model; `alone` is what the first says of each block.
    #[must_use]
    pub fn second(&self, alone: &[f32]) -> Rows {
        let (survey, features) = self.survey();
        let context = Context::of(&survey, &features, alone);
        let mut values = Vec::new();
        for at in 0..features.tokens.len().min(alone.len()) {
            context.write(at, &mut values);
            values.extend_from_slice(features.row(at));
        }
        let width = values.len() / alone.len().max(1);
        Rows { values, width }
    }

    fn survey(&self) -> (Survey<'_>, Features) {
        let survey = Survey::of(&self.described.page, &self.described.facts);
        let features = survey.features(&self.described.facts);
        (survey, features)
    }
}
