//! Documents to learn from, one after the other.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, Error, Result, anyhow, bail};
use polars::prelude::{Column, col};
use textmill_schemas::Manifest;

use crate::explore::{scan, shards};

type Documents = Box<dyn Iterator<Item = Result<String>>>;

/// The documents of files and folders. Ends at the first that cannot be read, and leaves the error
/// where [`Texts::error`] told.
pub struct Texts {
    files: VecDeque<PathBuf>,
    current: Documents,
    lang: Option<String>,
    error: Rc<RefCell<Option<Error>>>,
}

impl Texts {
    /// The documents of `paths`, of those that say their language only the ones in `lang`.
    pub fn of(paths: &[PathBuf], lang: Option<&str>) -> Result<Self> {
        let mut files = VecDeque::new();
        for path in paths {
            files.extend(files_of(path)?);
        }
        Ok(Self {
            files,
            current: Box::new(std::iter::empty()),
            lang: lang.map(str::to_owned),
            error: Rc::default(),
        })
    }

    /// Where an error will be.
    pub fn error(&self) -> Rc<RefCell<Option<Error>>> {
        Rc::clone(&self.error)
    }

    fn fail(&mut self, error: Error) -> Option<String> {
        self.files.clear();
        self.current = Box::new(std::iter::empty());
        *self.error.borrow_mut() = Some(error);
        None
    }
}

/// The error that ended the documents, if one did.
pub fn check(error: &Rc<RefCell<Option<Error>>>) -> Result<()> {
    match error.borrow_mut().take() {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

impl Iterator for Texts {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        loop {
            match self.current.next() {
                Some(Ok(text)) => return Some(text),
                Some(Err(error)) => return self.fail(error),
                None => {}
            }
            let file = self.files.pop_front()?;
            match open(&file, self.lang.as_deref()) {
                Ok(documents) => self.current = documents,
                Err(error) => return self.fail(error),
            }
        }
    }
}

/// The file itself; a stage's kept shards; the readable files of another folder, in order.
fn files_of(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() || Manifest::read(path)?.is_some() {
        return shards(path);
    }
    let entries = fs::read_dir(path).with_context(|| path.display().to_string())?;
    let entries = entries.map(|entry| Ok(entry?.path()));
    let mut entries = entries.collect::<Result<Vec<_>>>()?;
    entries.sort();
    let mut files = Vec::new();
    for entry in entries {
        if entry.is_dir() {
            files.extend(files_of(&entry)?);
        } else if kind(&entry).is_some() {
            files.push(entry);
        }
    }
    Ok(files)
}

/// What a file is, by its ending.
#[derive(Clone, Copy)]
enum Kind {
    Parquet,
    JsonLines { packed: bool },
    Text,
}

fn kind(path: &Path) -> Option<Kind> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let (bare, packed) = match name.strip_suffix(".gz") {
        Some(bare) => (bare, true),
        None => (name.as_str(), false),
    };
    match bare.rsplit('.').next()? {
        "parquet" => Some(Kind::Parquet),
        "jsonl" | "json" | "ndjson" => Some(Kind::JsonLines { packed }),
        "txt" | "md" | "text" if !packed => Some(Kind::Text),
        _ => None,
    }
}

fn open(path: &Path, lang: Option<&str>) -> Result<Documents> {
    let name = || path.display().to_string();
    match kind(path) {
        Some(Kind::Parquet) => parquet(path, lang).with_context(name),
        Some(Kind::JsonLines { packed }) => json_lines(path, packed, lang).with_context(name),
        Some(Kind::Text) => {
            let text = fs::read_to_string(path).with_context(name)?;
            Ok(Box::new(std::iter::once(Ok(text))))
        }
        None => bail!(
            "{}: documents are read from .parquet, .jsonl (also .gz) and .txt files, and from folders",
            path.display()
        ),
    }
}

fn parquet(path: &Path, lang: Option<&str>) -> Result<Documents> {
    let mut frame = scan(&[path.to_path_buf()])?;
    let has_lang = frame.collect_schema()?.contains("lang");
    let wanted = lang.filter(|_| has_lang).map(str::to_owned);
    let columns = match wanted {
        Some(_) => vec![col("text"), col("lang")],
        None => vec![col("text")],
    };
    let frame = frame.select(columns).collect()?;
    let strings = |column: &Column| -> Result<Vec<Option<String>>> {
        Ok(column
            .str()?
            .iter()
            .map(|text| text.map(str::to_owned))
            .collect())
    };
    let texts = strings(frame.column("text")?)?;
    let langs = match &wanted {
        Some(_) => strings(frame.column("lang")?)?,
        None => vec![None; texts.len()],
    };
    let fits = move |lang: &Option<String>| lang.is_none() || *lang == wanted;
    let documents = texts.into_iter().zip(langs);
    let documents = documents.filter(move |(_, lang)| fits(lang));
    Ok(Box::new(documents.filter_map(|(text, _)| text.map(Ok))))
}

fn json_lines(path: &Path, packed: bool, lang: Option<&str>) -> Result<Documents> {
    let file = File::open(path)?;
    let reader: Box<dyn Read> = match packed {
        true => Box::new(flate2::read::MultiGzDecoder::new(file)),
        false => Box::new(file),
    };
    let (wanted, path) = (lang.map(str::to_owned), path.to_path_buf());
    let lines = BufReader::new(reader).lines().enumerate();
    let documents = lines.filter_map(move |(at, line)| {
        let place = || format!("{}:{}", path.display(), at + 1);
        let value: serde_json::Value = match line
            .map_err(Error::from)
            .and_then(|line| Ok(serde_json::from_str(&line)?))
        {
            Ok(value) => value,
            Err(error) => return Some(Err(error.context(place()))),
        };
        let field = |name: &str| value.get(name).and_then(serde_json::Value::as_str);
        if field("lang").is_some() && wanted.is_some() && field("lang") != wanted.as_deref() {
            return None;
        }
        let text = field("text").map(str::to_owned);
        Some(text.ok_or_else(|| anyhow!("{}: there is no string `text` in this line", place())))
    });
    Ok(Box::new(documents))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_files_of_each_kind_and_names_the_bad_line() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.txt"), "one").unwrap();
        let lines = "{\"text\":\"two\"}\n{\"text\":\"drei\",\"lang\":\"de\"}\n{\"text\":\"three\",\"lang\":\"en\"}\n";
        fs::write(dir.path().join("b.jsonl"), lines).unwrap();
        fs::write(dir.path().join("c.pdf"), "no").unwrap();
        let texts = |lang| -> Vec<String> {
            Texts::of(&[dir.path().to_path_buf()], lang)
                .unwrap()
                .collect()
        };
        assert_eq!(texts(Some("en")), ["one", "two", "three"]);
        assert_eq!(texts(None).len(), 4);
        fs::write(
            dir.path().join("d.jsonl"),
            "{\"text\":\"x\"}\n{\"body\":1}\n",
        )
        .unwrap();
        let broken = Texts::of(&[dir.path().join("d.jsonl")], None).unwrap();
        let error = broken.error();
        assert_eq!(broken.count(), 1);
        assert!(check(&error).unwrap_err().to_string().contains("d.jsonl:2"));
    }
}
