//! Texts that the model writes.

use std::ops::ControlFlow;

use textmill_model::{Gpt, generate};
use textmill_schemas::TaskContext;
use tokenizers::Tokenizer;

use crate::metrics::Sample;
use crate::workers::Workers;
use crate::{Config, Error, Prompt};

/// Has the model continue each prompt. A prompt stands at the beginning of a document, and the
/// text ends where the model ends the document.
pub(crate) fn write(
    workers: &mut Workers,
    tokenizer: &Tokenizer,
    config: &Config,
    end: u32,
    ctx: &TaskContext,
) -> Result<Vec<Sample>, Error> {
    let prompts = config.prompts.iter();
    let repeated = prompts.flat_map(|prompt| std::iter::repeat_n(prompt, config.samples));
    let jobs: Vec<(u64, &Prompt)> = (0..).zip(repeated).collect();
    workers.run(&jobs, |gpt, &(number, prompt)| {
        Ok(Sample {
            lang: prompt.lang.clone(),
            prompt: prompt.text.clone(),
            text: continuation(gpt, tokenizer, config, prompt, number, end, ctx)?,
        })
    })
}

fn continuation(
    gpt: &Gpt,
    tokenizer: &Tokenizer,
    config: &Config,
    prompt: &Prompt,
    number: u64,
    end: u32,
    ctx: &TaskContext,
) -> Result<String, Error> {
    let encoding = tokenizer.encode_fast(prompt.text.as_str(), false);
    let encoding = encoding
        .map_err(|error| Error::Config(format!("the prompt `{}`: {error}", prompt.text)))?;
    let given: Vec<u32> = [end].iter().chain(encoding.get_ids()).copied().collect();
    // an odd multiplier keeps the draws of neighbouring seeds apart
    let seed = ctx
        .seed
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(number);
    let new = generate(gpt, &given, &config.sampling(seed, end), |_| {
        match ctx.check_cancelled() {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    })?;
    ctx.check_cancelled()?;
    decode(tokenizer, &given, &new)
}

/// The text of new tokens behind given ones, without special tokens and without characters of
/// which only some bytes are there.
fn decode(tokenizer: &Tokenizer, given: &[u32], new: &[u32]) -> Result<String, Error> {
    let text = |ids: &[u32]| {
        let decoded = tokenizer.decode(ids, true);
        decoded.map_err(|error| Error::Config(format!("a sample cannot be decoded: {error}")))
    };
    // Some decoders drop a space at the beginning, so the new text is what the whole has more.
    let (before, whole) = (text(given)?, text(&[given, new].concat())?);
    let new = match whole.strip_prefix(&before) {
        Some(new) => new.to_owned(),
        None => text(new)?,
    };
    Ok(new.replace(char::REPLACEMENT_CHARACTER, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{ids, tokenizer};

    #[test]
    fn texts_have_no_markup_and_no_broken_characters() {
        let tokenizer = tokenizer();
        let ids = |text: &str| ids(&tokenizer, text);
        let end = tokenizer.token_to_id("<|endoftext|>").unwrap();
        let given = [vec![end], ids("磨坊")].concat();
        let mut new = ids("的轮子");
        new.push(end);
        new.extend(ids(" turns"));
        assert_eq!(decode(&tokenizer, &given, &new).unwrap(), "的轮子 turns");
        // the byte-level tokens of a character, cut short
        let cut = &ids("龘")[..1];
        let text = decode(&tokenizer, &given, &[ids("a"), cut.to_vec()].concat());
        assert_eq!(text.unwrap(), "a");
        assert_eq!(decode(&tokenizer, &given, &[]).unwrap(), "");
    }
}
