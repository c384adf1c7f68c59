//! The work itself, on a thread of the pool: scoring prompts and generating text.

use tch::{Kind, Tensor};
use textmill_model::{Gpt, KvCache, draws};

use super::error::ApiError;
use super::task::{Event, Events, Finish, Task};
use super::vocabulary::Vocabulary;
use super::writer::{Piece, Token, Writer};

/// The score that stands for a token which the model holds impossible; JSON has no −∞.
const IMPOSSIBLE: f32 = -9999.0;

/// What a thread computes with.
pub(crate) struct Computer<'a> {
    pub gpt: &'a Gpt,
    pub vocabulary: &'a Vocabulary,
}

/// What the network says about a prompt.
struct Scored {
    prompt: Vec<Token>,
    /// The likeliest token behind it.
    next: Token,
}

impl Computer<'_> {
    /// Answers choices of a scoring task, all in one run through the network.
    pub fn score(&self, task: &Task, choices: &[usize], events: &Events) -> Result<(), ApiError> {
        let prompts: Vec<&[u32]> = choices.iter().map(|&choice| task.prompt(choice)).collect();
        let scored = self.predictions(&prompts, task.logprobs.unwrap_or(0))?;
        for (&choice, scored) in choices.iter().zip(scored) {
            let mut writer = Writer::new(self.vocabulary, &[], &task.stops)?;
            let mut piece = Piece::default();
            for token in scored.prompt {
                append(&mut piece, writer.echo(token)?);
            }
            let mut generated = 0;
            let mut finish = Finish::Length;
            if task.max_tokens != Some(0) {
                generated = 1;
                if task.stop_ids.contains(&scored.next.id) {
                    writer.end(scored.next);
                    finish = Finish::Stop;
                } else {
                    append(&mut piece, writer.push(scored.next)?);
                }
            }
            if writer.stopped() {
                finish = Finish::Stop;
            }
            append(&mut piece, writer.finish()?);
            let _ = events.send((choice, Event::Piece(piece)));
            let _ = events.send((choice, Event::End(finish, generated)));
        }
        Ok(())
    }

    /// Generates the text of a choice, token by token, as long as somebody listens.
    pub fn generate(&self, task: &Task, choice: usize, events: &Events) -> Result<(), ApiError> {
        let prompt = task.prompt(choice);
        let send = |piece: Piece| {
            if !piece.text.is_empty() || !piece.tokens.is_empty() {
                let _ = events.send((choice, Event::Piece(piece)));
            }
        };
        let known = if task.echo { &[] } else { prompt };
        let mut writer = Writer::new(self.vocabulary, known, &task.stops)?;
        if task.echo {
            send(self.echo(task, prompt, &mut writer)?);
        }
        let mut new = self.start(prompt)?;
        let mut text = new.clone();
        let room = (self.gpt.config().context as usize + 1).saturating_sub(new.len());
        let most = task.max_tokens.map_or(room, |tokens| tokens.min(room));
        let mut draw = draws(task.sampling.seed, choice as u64);
        let (mut cache, mut count, mut finish) = (None, 0, Finish::Length);
        while count < most {
            if events.is_closed() {
                return Ok(());
            }
            let logits = self.extend(&mut cache, &new)?;
            let id = task
                .sampling
                .pick(&logits, &text, draw())
                .ok_or_else(not_numbers)?;
            count += 1;
            let token = match task.logprobs {
                Some(k) => judged(&logits, id, k)?,
                None => Token::new(id, None, Vec::new()),
            };
            if task.stop_ids.contains(&id) {
                writer.end(token);
                finish = Finish::Stop;
                break;
            }
            send(writer.push(token)?);
            if writer.stopped() {
                finish = Finish::Stop;
                break;
            }
            text.push(id);
            new = vec![id];
        }
        send(writer.finish()?);
        let _ = events.send((choice, Event::End(finish, count)));
        Ok(())
    }

    /// The prompt as the beginning of the text.
    fn echo(&self, task: &Task, prompt: &[u32], writer: &mut Writer) -> Result<Piece, ApiError> {
        let tokens = match task.logprobs {
            Some(k) => self.predictions(&[prompt], k)?.swap_remove(0).prompt,
            None => unjudged(prompt),
        };
        let mut piece = Piece::default();
        for token in tokens {
            append(&mut piece, writer.echo(token)?);
        }
        Ok(piece)
    }

    /// What the network reads for a prompt: for an empty one the end of the document before.
    fn start(&self, prompt: &[u32]) -> Result<Vec<u32>, ApiError> {
        match (prompt, self.gpt.config().eot_id) {
            ([], None) => Err(ApiError::invalid(
                "prompt",
                "the prompt is empty, and this model has no document-end token to start behind; \
                 give at least one token",
            )),
            ([], Some(end)) => Ok(vec![end]),
            (prompt, _) => Ok(prompt.to_vec()),
        }
    }

    /// Logits of what follows the tokens read so far and these.
    fn extend(&self, cache: &mut Option<KvCache>, tokens: &[u32]) -> Result<Vec<f32>, ApiError> {
        let cache = match cache {
            Some(cache) => cache,
            None => cache.insert(self.gpt.cache(1)?),
        };
        let ids: Vec<i64> = tokens.iter().map(|&id| i64::from(id)).collect();
        let ids = Tensor::f_from_slice(&ids)?.f_unsqueeze(0)?;
        let logits = self
            .gpt
            .extend(&ids.f_to_device(self.gpt.device())?, cache)?;
        floats(&logits)
    }

    /// Scores prompts of about the same length, with the `k` likeliest tokens at each place.
    fn predictions(&self, prompts: &[&[u32]], k: usize) -> Result<Vec<Scored>, ApiError> {
        let rows: Vec<Vec<u32>> = prompts
            .iter()
            .map(|p| self.start(p))
            .collect::<Result<_, _>>()?;
        let longest = rows.iter().map(Vec::len).max().unwrap_or(0);
        // What stands behind a row does not change it: no token sees later ones.
        let padded = |skip: usize| -> Result<Tensor, ApiError> {
            let pad = |row: &Vec<u32>| {
                let mut row: Vec<i64> = row.iter().skip(skip).map(|&id| i64::from(id)).collect();
                row.resize(longest, 0);
                row
            };
            let ids: Vec<i64> = rows.iter().flat_map(pad).collect();
            let ids = Tensor::f_from_slice(&ids)?.f_reshape([rows.len() as i64, -1])?;
            Ok(ids.f_to_device(self.gpt.device())?)
        };
        let k_or_one = k.max(1) as i64;
        let found = self.gpt.predictions(&padded(0)?, &padded(1)?, k_or_one)?;
        let (logs, top_logs) = (floats(&found.target)?, floats(&found.top_logs)?);
        let top_ids = integers(&found.top)?;
        let likeliest = found.top.size()[2] as usize;
        let top_at = |place: usize| -> Vec<(u32, f32)> {
            let range = place * likeliest..(place + 1) * likeliest;
            let ids = top_ids.get(range.clone()).unwrap_or_default();
            let logs = top_logs.get(range).unwrap_or_default();
            ids.iter()
                .map(|&id| id as u32)
                .zip(logs.iter().copied())
                .collect()
        };
        let mut scored = Vec::with_capacity(rows.len());
        for (index, (row, prompt)) in rows.iter().zip(prompts).enumerate() {
            let first = index * longest;
            let mut tokens = unjudged(&prompt[..prompt.len().min(1)]);
            for (at, &id) in prompt.iter().enumerate().skip(1) {
                let place = first + at - 1;
                let log = logs.get(place).copied().unwrap_or(f32::NAN);
                tokens.push(checked(id, log, top_at(place), k)?);
            }
            let behind = top_at(first + row.len() - 1);
            let &(id, log) = behind.first().ok_or_else(not_numbers)?;
            scored.push(Scored {
                prompt: tokens,
                next: checked(id, log, behind, k)?,
            });
        }
        Ok(scored)
    }
}

fn append(piece: &mut Piece, more: Piece) {
    piece.text.push_str(&more.text);
    piece.tokens.extend(more.tokens);
}

fn unjudged(ids: &[u32]) -> Vec<Token> {
    let token = |&id: &u32| Token::new(id, None, Vec::new());
    ids.iter().map(token).collect()
}

/// A drawn token with its log-probability by the logits as they are, whatever the temperature.
fn judged(logits: &[f32], id: u32, k: usize) -> Result<Token, ApiError> {
    let greatest = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let weights = logits
        .iter()
        .map(|&logit| (f64::from(logit) - greatest).exp());
    let total = greatest + weights.sum::<f64>().ln();
    let log = |logit: f32| (f64::from(logit) - total) as f32;
    let mut order: Vec<u32> = (0..logits.len() as u32).collect();
    let logit = |id: u32| logits.get(id as usize).copied().unwrap_or(f32::NAN);
    let likelier = |a: &u32, b: &u32| logit(*b).total_cmp(&logit(*a)).then(a.cmp(b));
    if k < order.len() {
        order.select_nth_unstable_by(k, likelier);
        order.truncate(k);
    }
    order.sort_by(likelier);
    let top = order.into_iter().map(|id| (id, log(logit(id)))).collect();
    checked(id, log(logit(id)), top, k)
}

/// A token with the `k` likeliest at its place, and itself if it is none of those.
fn checked(id: u32, log: f32, mut top: Vec<(u32, f32)>, k: usize) -> Result<Token, ApiError> {
    top.truncate(k);
    if !top.iter().any(|(other, _)| *other == id) {
        top.push((id, log));
    }
    if log.is_nan() {
        return Err(not_numbers());
    }
    let log = log.max(IMPOSSIBLE);
    for (_, log) in &mut top {
        *log = log.max(IMPOSSIBLE);
    }
    Ok(Token::new(id, Some(log), top))
}

fn not_numbers() -> ApiError {
    ApiError::internal("the model's logits are not numbers; its training went wrong")
}

fn floats(tensor: &Tensor) -> Result<Vec<f32>, ApiError> {
    let flat = tensor.f_reshape([-1])?.f_to_kind(Kind::Float)?;
    let mut values = vec![0.0; flat.numel()];
    flat.f_copy_data(&mut values, flat.numel())?;
    Ok(values)
}

fn integers(tensor: &Tensor) -> Result<Vec<i64>, ApiError> {
    let flat = tensor.f_reshape([-1])?;
    let mut values = vec![0; flat.numel()];
    flat.f_copy_data(&mut values, flat.numel())?;
    Ok(values)
}

#[cfg(test)]
#[path = "compute_tests.rs"]
mod tests;
