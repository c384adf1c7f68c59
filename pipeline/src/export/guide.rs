//! What an export says about itself: the files, and how their reader takes them.

use std::path::{Path, PathBuf};

use indicatif::{BinaryBytes, HumanCount};
use textmill_tokenize::{Exported, Format, Vocabulary};

use crate::output::sayln;

/// What was written, and how to load it.
pub struct Guide<'a> {
    format: &'a Format,
    out: &'a Path,
    vocabulary: Vocabulary,
    sides: Vec<(&'static str, u64, u64)>,
    files: Vec<(PathBuf, u64)>,
}

/// Files of a side to list; a corpus has thousands for llm.c.
const LISTED: usize = 12;

impl<'a> Guide<'a> {
    pub fn new(
        format: &'a Format,
        out: &'a Path,
        vocabulary: Vocabulary,
        [train, validation]: &[Exported; 2],
    ) -> Self {
        let files = train.files.iter().chain(&validation.files);
        let name = |path: &Path| path.file_name().map(PathBuf::from).unwrap_or_default();
        Self {
            format,
            out,
            vocabulary,
            sides: vec![
                ("training", train.documents, train.tokens),
                ("validation", validation.documents, validation.tokens),
            ],
            files: files
                .map(|file| (name(file.path()), file.bytes()))
                .collect(),
        }
    }

    pub fn print(&self) {
        for (side, documents, tokens) in &self.sides {
            sayln!(
                "{side:<10} {} documents, {} tokens, document ends included",
                HumanCount(*documents),
                HumanCount(*tokens)
            );
        }
        let (listed, more) = self.files.split_at(self.files.len().min(LISTED));
        for (name, bytes) in listed {
            sayln!("  {:<36} {}", name.display(), BinaryBytes(*bytes));
        }
        if !more.is_empty() {
            sayln!(
                "  and {} more, {}",
                more.len(),
                BinaryBytes(more.iter().map(|file| file.1).sum())
            );
        }
        sayln!(
            "In {}, with tokenizer.json: {} entries, document end {}.",
            self.out.display(),
            self.vocabulary.size,
            self.vocabulary.end
        );
        sayln!();
        sayln!("{}", self.advice());
    }

    fn advice(&self) -> String {
        let (out, size) = (self.out.display(), self.vocabulary.size);
        match self.format {
            Format::NanoGpt => format!(
                "nanoGPT: put the folder (or a link to it) at data/NAME and start\n  \
                 python train.py --dataset=NAME\n\
                 meta.pkl makes the model's vocabulary {size}; sample.py knows GPT-2's tokenizer alone.\n\
                 In Python: numpy.memmap(\"{out}/train.bin\", dtype=\"<u2\", mode=\"r\")"
            ),
            Format::LlmC { name, .. } => {
                let kind = match size > 1 << 16 {
                    true => {
                        "Ids are of 32 bits, magic number 20240801, which llm.c's programs for Llama 3 read."
                    }
                    false => {
                        "Ids are of 16 bits, magic number 20240520, which llm.c's programs for GPT-2 read."
                    }
                };
                format!(
                    "llm.c:\n  ./train_gpt2cu -i \"{out}/{name}_train_*.bin\" -j \"{out}/{name}_val_*.bin\" …\n\
                     {kind}\nIt stops at a file of less than batch × context × processes + 1 tokens: choose \
                     --shard-tokens so that the last file has them."
                )
            }
            Format::Megatron => format!(
                "Megatron-LM:\n  --train-data-path {out}/train_text_document \
                 --valid-data-path {out}/validation_text_document \\\n  \
                 --tokenizer-type HuggingFaceTokenizer --tokenizer-model {out}\n\
                 In Python: IndexedDataset(\"{out}/train_text_document\")[0]"
            ),
        }
    }
}
