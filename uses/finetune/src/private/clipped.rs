//! What rows teach one by one, none of them more than a norm.

use tch::no_grad;
use textmill_model::Dropout;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::Error;
use crate::batches::Row;
use crate::gradient::Gradient;
use crate::learner::{Learner, Settings};
use crate::lesson::teach;
use crate::threads::Handle;

/// Rows that one thread sums up. It is part of the result, the threads are not.
const CHUNK: usize = 8;
/// Sums of chunks that are held at once: they are as long as what is trained.
const HELD: usize = 8;

impl Learner {
    /// The sum of each row's own gradient, clipped to the norm `clip`: a row more or less changes
    /// it by that norm at most. Without rows it is 0.
    pub fn clipped_sum(
        &self,
        rows: &[&Row],
        settings: &Settings,
        clip: f64,
        step: u64,
    ) -> Result<Gradient, Error> {
        let body = self
            .lora
            .as_ref()
            .map_or(self.gpt.flat(), |lora| &lora.flat);
        let mut whole = Gradient::zeros(body, self.head.as_ref())?;
        for rows in rows.chunks(CHUNK * HELD) {
            let jobs: Vec<&[&Row]> = rows.chunks(CHUNK).collect();
            let sums = self.each(&jobs, |handle, _, rows| {
                let body = handle
                    .lora
                    .as_ref()
                    .map_or(handle.gpt.flat(), |lora| &lora.flat);
                let mut sum = Gradient::zeros(body, handle.head.as_ref())?;
                for row in *rows {
                    if let Some(gradient) = clipped(handle, row, settings, clip, step)? {
                        sum.add(&gradient)?;
                    }
                }
                Ok(sum)
            })?;
            sums.iter().try_for_each(|sum| whole.add(sum))?;
        }
        Ok(whole)
    }
}

/// The gradient of one row alone, of its mean loss over its own targets, clipped; none where it
/// is no number, for then it is to teach nothing.
fn clipped(
    handle: &Handle,
    row: &Row,
    settings: &Settings,
    clip: f64,
    step: u64,
) -> Result<Option<Gradient>, Error> {
    let mut dropout = Dropout::new(settings.dropout, settings.seed, place(row, step))?;
    let scale = 1.0 / row.weight().max(1) as f64;
    let lesson = teach(handle, &[row], scale, &mut dropout)?;
    let mut gradient = Gradient::of(lesson, handle.lora.as_ref())?;
    let norm = no_grad(|| gradient.norm())?.f_double_value(&[])?;
    if !norm.is_finite() {
        return Ok(None);
    }
    if norm > clip {
        gradient.scale(clip / norm)?;
    }
    Ok(Some(gradient))
}

/// What a row's dropout is drawn by: the row itself and the step. Its number in the sample would
/// change with the rows before it, and so would its gradient, by more than `clip` allows for.
fn place(row: &Row, step: u64) -> u64 {
    let bytes: Vec<u8> = row.tokens.iter().flat_map(|id| id.to_le_bytes()).collect();
    xxh3_64_with_seed(&bytes, step)
}
