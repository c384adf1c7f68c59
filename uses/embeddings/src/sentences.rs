//! Vectors of texts: hidden states, pooled.

use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};

use tch::{Device, Kind, Tensor};
use textmill_model::Gpt;
use textmill_tokenize::Encoder;

use crate::Error;
use crate::words::check;

/// How the hidden states of a text's tokens become one vector.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Pool {
    /// Their mean.
    #[default]
    Mean,
    /// That of the last token, which has seen all others.
    Last,
    /// The greatest of each dimension.
    Max,
}

impl FromStr for Pool {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        match name {
            "mean" => Ok(Self::Mean),
            "last" => Ok(Self::Last),
            "max" => Ok(Self::Max),
            _ => Err(Error::Pool(name.to_owned())),
        }
    }
}

/// Vectors of some texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SentenceVectors {
    /// Numbers in a vector.
    pub width: usize,
    /// By text; `None` for a text without tokens.
    pub vectors: Vec<Option<Vec<f32>>>,
    /// Texts that are longer than the model's context, and of which only the start was read.
    pub cut: usize,
}

/// Vectors of texts, in their order. `threads` compute at once, on the CPU alone; a batch has at
/// most `batch` texts. `done` hears how many more texts are done.
///
/// A batch has texts of one length in tokens: without padding nothing of it can leak.
///
/// # Errors
/// When the tokenizer is not the model's or fails, or libtorch refuses.
pub fn sentence_vectors(
    gpt: &Gpt,
    encoder: &Encoder,
    texts: &[impl AsRef<str> + Sync],
    pool: Pool,
    [batch, threads]: [usize; 2],
    done: &(dyn Fn(u64) + Sync),
) -> Result<SentenceVectors, Error> {
    check(gpt, encoder)?;
    let context = usize::try_from(gpt.config().context).unwrap_or(usize::MAX);
    let (mut rows, mut cut) = (Vec::with_capacity(texts.len()), 0);
    for text in texts {
        let mut ids = Vec::new();
        encoder.encode(text.as_ref(), &mut ids)?;
        cut += usize::from(ids.len() > context);
        ids.truncate(context);
        rows.push(ids);
    }
    let mut vectors = vec![None; texts.len()];
    let threads = if gpt.device() == Device::Cpu {
        threads.max(1)
    } else {
        1
    };
    for (at, vector) in pooled(gpt, &rows, pool, [batch, threads], done)? {
        if let Some(place) = vectors.get_mut(at) {
            *place = Some(vector);
        }
    }
    Ok(SentenceVectors {
        width: usize::try_from(gpt.config().width).unwrap_or(0),
        vectors,
        cut,
    })
}

type Found = Vec<(usize, Vec<f32>)>;

/// Vectors of the rows that have tokens, in any order. Each batch is computed by one thread, so
/// that the numbers do not depend on how many there are.
fn pooled(
    gpt: &Gpt,
    rows: &[Vec<u32>],
    pool: Pool,
    [batch, threads]: [usize; 2],
    done: &(dyn Fn(u64) + Sync),
) -> Result<Found, Error> {
    let batches = batches(rows, batch.max(1));
    let next = AtomicUsize::new(0);
    let (batches, next) = (&batches, &next);
    let work = move |gpt: Gpt| -> Result<Found, Error> {
        tch::set_num_threads(1);
        let mut found = Vec::new();
        while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
            found.extend(one_batch(&gpt, rows, batch, pool)?);
            done(batch.len() as u64);
        }
        Ok(found)
    };
    std::thread::scope(|scope| {
        let mut running = Vec::new();
        for _ in 0..threads {
            let gpt = gpt.share()?;
            running.push(scope.spawn(move || work(gpt)));
        }
        let mut all = Vec::new();
        for thread in running {
            all.extend(thread.join().map_err(|_| Error::Thread)??);
        }
        Ok(all)
    })
}

/// Numbers of the rows that have tokens, those of one length together.
fn batches(rows: &[Vec<u32>], batch: usize) -> Vec<Vec<usize>> {
    let length = |at: &usize| rows.get(*at).map_or(0, Vec::len);
    let mut order: Vec<usize> = (0..rows.len()).filter(|at| length(at) > 0).collect();
    order.sort_by_key(length);
    let same = order.chunk_by(|a, b| length(a) == length(b));
    same.flat_map(|rows| rows.chunks(batch).map(<[usize]>::to_vec))
        .collect()
}

fn one_batch(gpt: &Gpt, rows: &[Vec<u32>], batch: &[usize], pool: Pool) -> Result<Found, Error> {
    let tokens = batch.iter().filter_map(|at| rows.get(*at));
    let tokens: Vec<i64> = tokens.flatten().map(|id| i64::from(*id)).collect();
    let tokens = Tensor::f_from_slice(&tokens)?.f_reshape([batch.len() as i64, -1])?;
    let _guard = tch::no_grad_guard();
    let hidden = gpt.hidden(&tokens.f_to_device(gpt.device())?)?;
    let hidden = hidden.f_to_kind(Kind::Float)?;
    let vectors = match pool {
        Pool::Mean => hidden.f_mean_dim(1, false, Kind::Float)?,
        Pool::Last => hidden.f_select(1, -1)?,
        Pool::Max => hidden.f_amax(1, false)?,
    };
    let width = usize::try_from(gpt.config().width).unwrap_or(0).max(1);
    let vectors = vectors.f_to_device(Device::Cpu)?.f_reshape([-1])?;
    let flat = Vec::<f32>::try_from(vectors)?;
    let vectors = flat.chunks_exact(width).map(<[f32]>::to_vec);
    Ok(batch.iter().copied().zip(vectors).collect())
}
