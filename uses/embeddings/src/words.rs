//! Vectors of words: rows of the input embedding.

use tch::{Device, Kind};
use textmill_model::Gpt;
use textmill_tokenize::Encoder;

use crate::Error;
use crate::names::names;
use crate::search::{self, Analogy, Directions, Near, best};

/// The input embedding of a model, with a name for each token.
#[derive(Debug)]
pub struct WordVectors {
    names: Vec<Option<String>>,
    special: Vec<u32>,
    /// Row by row.
    flat: Vec<f32>,
    width: usize,
    directions: Directions,
}

/// A word that was looked up.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// As it was written.
    pub text: String,
    /// Its tokens.
    pub ids: Vec<u32>,
    /// The mean of their vectors.
    pub vector: Vec<f32>,
}

impl WordVectors {
    /// Takes the vectors out of a model.
    ///
    /// # Errors
    /// When the tokenizer has more tokens than the model, or libtorch refuses.
    pub fn of(gpt: &Gpt, encoder: &Encoder) -> Result<Self, Error> {
        check(gpt, encoder)?;
        let rows = gpt.embeddings()?.f_to_device(Device::Cpu)?;
        let (_, width) = rows.size2()?;
        let flat = Vec::<f32>::try_from(rows.f_to_kind(Kind::Float)?.f_reshape([-1])?)?;
        let added = encoder.tokenizer().get_added_tokens_decoder().into_iter();
        let special = added.filter(|(_, token)| token.special).map(|(id, _)| id);
        let width = usize::try_from(width).unwrap_or(0);
        Ok(Self {
            names: names(encoder),
            special: special.collect(),
            directions: Directions::of(&flat, width),
            flat,
            width,
        })
    }

    /// Numbers in a vector.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Id, name and vector of each token.
    pub fn rows(&self) -> impl Iterator<Item = (u32, &str, &[f32])> {
        let named = (0..)
            .zip(&self.names)
            .zip(self.flat.chunks_exact(self.width.max(1)));
        named.filter_map(|((id, name), row)| Some((id, name.as_deref()?, row)))
    }

    /// The name of a token: its text with `▁` for a space, or `<0x…>` for bytes.
    #[must_use]
    pub fn name(&self, id: usize) -> &str {
        let name = self.names.get(id).and_then(Option::as_deref);
        name.unwrap_or("<none>")
    }

    /// Looks a word up. It is read as it stands inside of a text, with a space before it, unless
    /// it takes fewer tokens without: so are Chinese words, and those at the start of a text. A
    /// word of several tokens has the mean of their vectors.
    ///
    /// # Errors
    /// [`Error::Word`] when there are no tokens; when the tokenizer fails.
    pub fn word(&self, encoder: &Encoder, text: &str) -> Result<Word, Error> {
        let (mut bare, mut spaced) = (Vec::new(), Vec::new());
        encoder.encode(text, &mut bare)?;
        encoder.encode(&format!(" {text}"), &mut spaced)?;
        let ids = match text.starts_with(' ') || bare.len() < spaced.len() {
            true => bare,
            false => spaced,
        };
        if text.is_empty() || ids.is_empty() {
            return Err(Error::Word(text.to_owned()));
        }
        let mut sum = vec![0.0_f64; self.width];
        for id in &ids {
            for (sum, x) in sum.iter_mut().zip(self.row(*id)) {
                *sum += f64::from(*x);
            }
        }
        let mean = sum.iter().map(|x| (x / ids.len() as f64) as f32);
        Ok(Word {
            text: text.to_owned(),
            vector: mean.collect(),
            ids,
        })
    }

    /// Tokens nearest to a word, without its own and special ones.
    #[must_use]
    pub fn neighbours(&self, word: &Word, top: usize) -> Vec<Near> {
        let cosines = self.directions.cosines(&word.vector);
        best(cosines, |row| self.allowed(row, &[word]), top)
    }

    /// Tokens `d` for “`a` is to `b` as `c` is to `d`”, without those of the three words and
    /// special ones.
    #[must_use]
    pub fn analogy(&self, [a, b, c]: [&Word; 3], method: Analogy, top: usize) -> Vec<Near> {
        let vectors = [a, b, c].map(|word| word.vector.as_slice());
        let scores = search::analogy(&self.directions, vectors, method);
        best(scores, |row| self.allowed(row, &[a, b, c]), top)
    }

    fn allowed(&self, row: usize, words: &[&Word]) -> bool {
        let Ok(id) = u32::try_from(row) else {
            return false;
        };
        let named = self.names.get(row).is_some_and(Option::is_some);
        let asked = words.iter().any(|word| word.ids.contains(&id));
        named && !asked && !self.special.contains(&id)
    }

    fn row(&self, id: u32) -> &[f32] {
        let start = id as usize * self.width;
        self.flat.get(start..start + self.width).unwrap_or_default()
    }
}

/// Refuses a tokenizer that is not the model's.
pub(crate) fn check(gpt: &Gpt, encoder: &Encoder) -> Result<(), Error> {
    let tokens = encoder.vocab_size();
    let model = usize::try_from(gpt.config().vocab_size).unwrap_or(0);
    match tokens <= model {
        true => Ok(()),
        false => Err(Error::Mismatch { tokens, model }),
    }
}
