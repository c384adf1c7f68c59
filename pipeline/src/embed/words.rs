//! Vectors of words.

use anyhow::Result;
use serde_json::json;
use textmill_embeddings::{Analogy, Near, Word, WordVectors, write_parquet, write_word2vec};

use super::{AnalogyArgs, Export, Neighbours, Show, is_parquet};
use crate::explore::escape;
use crate::output::sayln;

pub(super) fn export(args: &Export) -> Result<()> {
    let (gpt, encoder) = args.model.open()?;
    let vectors = WordVectors::of(&gpt, &encoder)?;
    let width = vectors.width();
    match is_parquet(&args.out) {
        true => {
            let rows = vectors
                .rows()
                .map(|(id, name, row)| (i64::from(id), name, row));
            write_parquet(&args.out, "token", width, rows)?;
        }
        false => {
            let rows = || vectors.rows().map(|(_, name, row)| (name, row));
            write_word2vec(&args.out, width, rows)?;
        }
    }
    let count = vectors.rows().count();
    sayln!("{}: {count} vectors of {width} numbers", args.out.display());
    Ok(())
}

pub(super) fn neighbours(args: &Neighbours) -> Result<()> {
    let (gpt, encoder) = args.model.open()?;
    let vectors = WordVectors::of(&gpt, &encoder)?;
    for text in &args.words {
        let word = vectors.word(&encoder, text)?;
        let found = vectors.neighbours(&word, args.show.top);
        let title = read_as(&vectors, &word);
        print(&vectors, &[&word], &title, &found, &args.show);
    }
    Ok(())
}

pub(super) fn analogy(args: &AnalogyArgs) -> Result<()> {
    let (gpt, encoder) = args.model.open()?;
    let vectors = WordVectors::of(&gpt, &encoder)?;
    let a = vectors.word(&encoder, &args.a)?;
    let b = vectors.word(&encoder, &args.b)?;
    let c = vectors.word(&encoder, &args.c)?;
    let (method, name) = match args.mul {
        true => (Analogy::Mul, "3CosMul"),
        false => (Analogy::Add, "3CosAdd"),
    };
    let found = vectors.analogy([&a, &b, &c], method, args.show.top);
    let [one, two, three] = [&a, &b, &c].map(|word| read_as(&vectors, word));
    let title = format!("{one} is to {two} as {three} is to, by {name}");
    print(&vectors, &[&a, &b, &c], &title, &found, &args.show);
    Ok(())
}

/// A word and its tokens.
fn read_as(vectors: &WordVectors, word: &Word) -> String {
    let tokens = tokens(vectors, word);
    format!("{} [{}]", escape(&word.text), escape(&tokens.join(" ")))
}

fn tokens<'v>(vectors: &'v WordVectors, word: &Word) -> Vec<&'v str> {
    word.ids
        .iter()
        .map(|id| vectors.name(*id as usize))
        .collect()
}

fn print(vectors: &WordVectors, words: &[&Word], title: &str, found: &[Near], show: &Show) {
    if show.json {
        let word = |word: &&Word| json!({"word": word.text, "tokens": tokens(vectors, word)});
        let near = |near: &Near| json!({"token": vectors.name(near.row), "id": near.row, "score": near.score});
        let words: Vec<_> = words.iter().map(word).collect();
        let found: Vec<_> = found.iter().map(near).collect();
        sayln!("{}", json!({"words": words, "found": found}));
        return;
    }
    sayln!("{title}:");
    for near in found {
        sayln!("  {:7.4}  {}", near.score, escape(vectors.name(near.row)));
    }
}
