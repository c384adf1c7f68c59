//! The mean vector of a text's features.

use super::{FastText, hash};

/// Sums up the vectors of words, their subwords and the n-grams that they form.
pub(crate) struct Hidden<'a> {
    model: &'a FastText,
    sum: Vec<f32>,
    /// Number of vectors in the sum.
    count: usize,
    /// Of all words so far, if the model has word n-grams.
    hashes: Vec<u32>,
}

impl<'a> Hidden<'a> {
    pub fn new(model: &'a FastText) -> Self {
        Self {
            model,
            sum: vec![0.0; model.settings.dim],
            count: 0,
            hashes: Vec::new(),
        }
    }

    /// Takes one word in.
    #[inline]
    pub fn word(&mut self, word: &[u8]) {
        let (model, hash) = (self.model, hash(word));
        let is_word = model.dictionary.rows(word, hash, &model.settings, |row| {
            model.input.add_row(row, &mut self.sum);
            self.count += 1;
        });
        if is_word && model.settings.word_ngrams > 1 {
            self.hashes.push(hash);
        }
    }

    /// Takes in the words of `text` between white space, as fastText parts them.
    pub fn text(&mut self, text: &str) {
        let space = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t' | 0x0B | 0x0C | 0);
        let words = text.as_bytes().split(space);
        words
            .filter(|word| !word.is_empty())
            .for_each(|word| self.word(word));
    }

    /// Sum and number of the vectors so far.
    pub fn so_far(&self) -> (&[f32], usize) {
        (&self.sum, self.count)
    }

    /// The mean, with the end of the line and word n-grams; nothing if there are no vectors.
    pub fn finish(mut self) -> Option<Vec<f32>> {
        self.word(super::END_OF_LINE.as_bytes());
        self.add_ngrams();
        if self.count == 0 {
            return None;
        }
        let scale = 1.0 / self.count as f32;
        self.sum.iter_mut().for_each(|value| *value *= scale);
        Some(self.sum)
    }

    fn add_ngrams(&mut self) {
        let settings = &self.model.settings;
        if settings.buckets == 0 {
            return;
        }
        let (sum, count) = (&mut self.sum, &mut self.count);
        ngrams(
            &self.hashes,
            settings.word_ngrams,
            settings.buckets,
            |bucket| {
                if let Some(row) = self.model.dictionary.bucket_row(bucket) {
                    self.model.input.add_row(row, sum);
                    *count += 1;
                }
            },
        );
    }
}

/// Hands over the buckets of the n-grams of 2 to `longest` words, in fastText's order.
pub(crate) fn ngrams(hashes: &[u32], longest: usize, buckets: u32, mut each: impl FnMut(u32)) {
    // fastText keeps hashes as signed numbers, so that they widen with their sign.
    let wide = |hash: u32| i64::from(hash as i32) as u64;
    for (start, &first) in hashes.iter().enumerate() {
        let mut hash = wide(first);
        for &next in hashes[start + 1..].iter().take(longest.saturating_sub(1)) {
            hash = hash.wrapping_mul(116_049_371).wrapping_add(wide(next));
            each((hash % u64::from(buckets)) as u32);
        }
    }
}
