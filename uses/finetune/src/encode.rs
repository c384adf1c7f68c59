//! Examples as rows of token ids.

use std::path::Path;

use textmill_model::{Gpt, NO_TARGET};
use textmill_tokenize::Encoder;

use crate::Error;
use crate::batches::{Goal, Row};
use crate::recipe::{QaMode, Recipe};
use crate::tasks::{Example, Turn};

/// What stands between a source and its target.
const ARROW: &str = "\n=>";
/// Roles of turns as text, for vocabularies without tokens for them.
const PLAIN: [(&str, &str); 3] = [
    ("system", "System"),
    ("user", "User"),
    ("assistant", "Assistant"),
];

/// Encodes the examples of one recipe.
pub(crate) struct Rows<'a> {
    pub recipe: &'a Recipe,
    pub encoder: &'a Encoder,
    /// The longest row.
    pub context: usize,
    /// Token that ends documents, and answers.
    pub end: u32,
    /// What stands before a text that a head reads: for BERT, whose first state stands for it all.
    pub lead: Option<u32>,
}

/// Rows of examples, and how many had to be cut.
#[derive(Debug, Default)]
pub(crate) struct Encoded {
    pub rows: Vec<Row>,
    /// Texts longer than the context, of which a part was left out.
    pub cut: usize,
}

/// Bytes of a text from which and to which each token stands.
type Places = Vec<(usize, usize)>;

/// A row that asks, and the token from which its context begins.
pub(crate) struct Asked {
    pub row: Row,
    /// Byte range in the context of each token behind `from`.
    pub places: Places,
}

impl<'a> Rows<'a> {
    /// Rows for the model of a folder.
    pub fn new(
        folder: &Path,
        recipe: &'a Recipe,
        encoder: &'a Encoder,
        gpt: &Gpt,
    ) -> Result<Self, Error> {
        let config = gpt.config();
        let end = config
            .eot_id
            .ok_or_else(|| Error::file(folder, "config.json names no eos_token_id"))?;
        Ok(Self {
            recipe,
            encoder,
            context: config.context as usize,
            end,
            lead: (!config.architecture.is_causal()).then_some(end),
        })
    }
}

impl Rows<'_> {
    pub fn ids(&self, text: &str) -> Result<Vec<i64>, Error> {
        let mut ids = Vec::new();
        self.encoder.encode(text, &mut ids)?;
        Ok(ids.into_iter().map(i64::from).collect())
    }

    /// Rows to learn from. An example may give none (an answer that its context does not hold).
    pub fn encode(&self, examples: &[Example]) -> Result<Encoded, Error> {
        let mut found = Encoded::default();
        for example in examples {
            let (row, cut) = self.row(example)?;
            found.rows.extend(row);
            found.cut += usize::from(cut);
        }
        Ok(found)
    }

    fn row(&self, example: &Example) -> Result<(Option<Row>, bool), Error> {
        match example {
            Example::Labelled { text, label } => {
                let class = self.recipe.labels.iter().position(|known| known == label);
                let class = class.map_or(0, |class| class as i64);
                let (tokens, cut) = self.classified(text)?;
                let goal = Goal::Class(class);
                Ok((Some(Row { tokens, goal }), cut))
            }
            Example::Pair { source, target } => {
                let asked = self.ids(&format!("{source}{ARROW}"))?;
                self.answered(asked, &format!(" {target}"))
            }
            Example::Question {
                context,
                question,
                answers,
                ..
            } => {
                let answer = answers.first().map_or("", String::as_str);
                match self.recipe.qa {
                    QaMode::Span => self.span_row(context, question, answer),
                    QaMode::Generate => {
                        let at = context.find(answer).unwrap_or(0);
                        let (asked, cut) =
                            self.question(context, question, at..at + answer.len(), answer.len())?;
                        let (row, more) = self.answered(asked, &answer_text(question, answer))?;
                        Ok((row, cut || more))
                    }
                }
            }
            Example::Chat(turns) => self.chat(turns),
        }
    }

    fn led(&self, ids: Vec<i64>) -> Vec<i64> {
        self.lead.map(i64::from).into_iter().chain(ids).collect()
    }

    /// The ids of a text to be classified, cut to the context.
    pub fn classified(&self, text: &str) -> Result<(Vec<i64>, bool), Error> {
        let mut tokens = self.led(self.ids(text)?);
        let cut = tokens.len() > self.context;
        tokens.truncate(self.context);
        if tokens.is_empty() {
            tokens.push(i64::from(self.end));
        }
        Ok((tokens, cut))
    }

    /// What a model reads before it answers.
    pub fn prompt(&self, example: &Example) -> Result<Vec<i64>, Error> {
        let room = self.recipe.max_new_tokens.min(self.context / 2);
        let mut ids = match example {
            Example::Labelled { text, .. } => self.ids(text)?,
            Example::Pair { source, .. } => self.ids(&format!("{source}{ARROW}"))?,
            Example::Question {
                context, question, ..
            } => self.question(context, question, 0..0, room)?.0,
            Example::Chat(turns) => {
                let last = turns.iter().rposition(|turn| turn.role == "assistant");
                let (ids, _) =
                    self.turns(turns.get(..last.unwrap_or(turns.len())).unwrap_or_default())?;
                [ids, self.ids_of_turn("assistant")?].concat()
            }
        };
        ids.drain(..ids.len().saturating_sub(self.context - room)); // the end of it counts
        Ok(ids)
    }

    /// A prompt and its answer, with targets on the answer and the end alone. Prompts that leave no
    /// room lose their beginning; answers that do not fit are left out.
    fn answered(&self, mut asked: Vec<i64>, answer: &str) -> Result<(Option<Row>, bool), Error> {
        let mut answer = self.ids(answer)?;
        answer.push(i64::from(self.end));
        if answer.len() >= self.context {
            return Ok((None, true));
        }
        let over = (asked.len() + answer.len()).saturating_sub(self.context + 1);
        asked.drain(..over);
        let from = asked.len();
        let all = [asked, answer].concat();
        let learnt = vec![true; all.len() - from];
        Ok((
            next_of(&all, &[vec![false; from], learnt].concat()),
            over > 0,
        ))
    }

    /// A context and its question. A context too long for the model is read around `keep`.
    fn question(
        &self,
        context: &str,
        question: &str,
        keep: std::ops::Range<usize>,
        answer_bytes: usize,
    ) -> Result<(Vec<i64>, bool), Error> {
        let asked = match has_han(question) {
            true => format!("\n\n问：{question}\n答："),
            false => format!("\n\nQ: {question}\nA:"),
        };
        let asked = self.ids(&asked)?;
        let room =
            (self.context + 1).saturating_sub(asked.len() + answer_bytes.min(self.context / 2) + 2);
        let (ids, places) = self.with_places(context)?;
        let cut = ids.len() > room;
        let first = window(&places, keep, room);
        let ids = ids.into_iter().skip(first).take(room);
        Ok((ids.chain(asked).collect(), cut))
    }

    /// A question before its context, with the places of the answer's first and last token.
    fn span_row(
        &self,
        context: &str,
        question: &str,
        answer: &str,
    ) -> Result<(Option<Row>, bool), Error> {
        let Some(at) = context.find(answer) else {
            return Ok((None, false));
        };
        let (_, places) = self.with_places(context)?;
        let room = self.span_room(question)?;
        let start = window(&places, at..at + answer.len(), room);
        let Asked { mut row, places } = self.asked_from(context, question, start, room)?;
        let first = places.iter().position(|&(_, end)| end > at);
        let last = places
            .iter()
            .rposition(|&(from, _)| from < at + answer.len());
        let from = (row.tokens.len() - places.len()) as i64;
        let (Some(first), Some(last)) = (first, last) else {
            return Ok((None, true));
        };
        row.goal = Goal::Span {
            from,
            first: from + first as i64,
            last: from + last as i64,
        };
        Ok((Some(row), start > 0))
    }

    fn span_room(&self, question: &str) -> Result<usize, Error> {
        let asked = self.ids(&format!("{question}\n"))?.len();
        Ok(self.context.saturating_sub(asked).max(self.context / 4))
    }

    /// Windows over a context, each behind the question; they overlap by half.
    pub fn windows(&self, context: &str, question: &str) -> Result<Vec<Asked>, Error> {
        let room = self.span_room(question)?;
        let length = self.ids(context)?.len();
        let mut found = Vec::new();
        let mut start = 0;
        loop {
            found.push(self.asked_from(context, question, start, room)?);
            if start + room >= length {
                return Ok(found);
            }
            start += (room / 2).max(1);
        }
    }

    fn asked_from(
        &self,
        context: &str,
        question: &str,
        start: usize,
        room: usize,
    ) -> Result<Asked, Error> {
        let mut asked = self.led(self.ids(&format!("{question}\n"))?);
        asked.truncate(self.context - room.min(self.context));
        let from = asked.len() as i64;
        let (ids, places) = self.with_places(context)?;
        asked.extend(ids.into_iter().skip(start).take(room));
        Ok(Asked {
            row: Row {
                tokens: asked,
                goal: Goal::Span {
                    from,
                    first: from,
                    last: from,
                },
            },
            places: places.into_iter().skip(start).take(room).collect(),
        })
    }

    /// Ids of a text, and the bytes of it that each stands for.
    fn with_places(&self, text: &str) -> Result<(Vec<i64>, Places), Error> {
        let found = self.encoder.tokenizer().encode_char_offsets(text, false);
        let wrong =
            |error: tokenizers::Error| Error::Config(format!("a text cannot be encoded: {error}"));
        let found = found.map_err(wrong)?;
        let bytes: Vec<usize> = text
            .char_indices()
            .map(|(at, _)| at)
            .chain([text.len()])
            .collect();
        let byte = |character: usize| bytes.get(character).copied().unwrap_or(text.len());
        let places = found
            .get_offsets()
            .iter()
            .map(|&(from, to)| (byte(from), byte(to)));
        let ids = found.get_ids().iter().map(|&id| i64::from(id));
        Ok((ids.collect(), places.collect()))
    }

    /// A chat, with targets on what the assistant says.
    fn chat(&self, turns: &[Turn]) -> Result<(Option<Row>, bool), Error> {
        let (ids, learnt) = self.turns(turns)?;
        let over = ids.len().saturating_sub(self.context + 1);
        let (ids, learnt) = (
            ids.get(over..).unwrap_or_default(),
            learnt.get(over..).unwrap_or_default(),
        );
        Ok((next_of(ids, learnt), over > 0))
    }

    /// The ids of turns, and which of them the assistant says.
    fn turns(&self, turns: &[Turn]) -> Result<(Vec<i64>, Vec<bool>), Error> {
        let (mut ids, mut learnt) = (Vec::new(), Vec::new());
        for turn in turns {
            let assistant = turn.role == "assistant";
            let mut add = |new: Vec<i64>, taught: bool| {
                learnt.resize(learnt.len() + new.len(), taught);
                ids.extend(new);
            };
            add(self.ids_of_turn(&turn.role)?, false);
            let content = turn.content.trim();
            match &self.recipe.chat {
                Some(marks) => {
                    add(self.ids(content)?, assistant);
                    add(vec![i64::from(marks.end)], assistant);
                }
                None => {
                    add(self.ids(&format!(" {content}"))?, assistant);
                    if assistant {
                        add(vec![i64::from(self.end)], true);
                    }
                    add(self.ids("\n\n")?, false);
                }
            }
        }
        Ok((ids, learnt))
    }

    /// What stands before the text of a turn.
    fn ids_of_turn(&self, role: &str) -> Result<Vec<i64>, Error> {
        match &self.recipe.chat {
            Some(marks) => Ok(marks.of(role).map(i64::from).into_iter().collect()),
            None => {
                let name = PLAIN.iter().find(|(known, _)| *known == role);
                self.ids(&format!("{}:", name.map_or(role, |(_, name)| name)))
            }
        }
    }
}

/// An answer as it stands behind "A:" or "答：".
pub(crate) fn answer_text(question: &str, answer: &str) -> String {
    match has_han(question) {
        true => answer.to_owned(),
        false => format!(" {answer}"),
    }
}

/// Whether a text is Chinese, more or less.
pub(crate) fn has_han(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

/// The row of a text whose chosen tokens are targets; none without any.
fn next_of(ids: &[i64], learnt: &[bool]) -> Option<Row> {
    let targets = ids.iter().zip(learnt).skip(1);
    let targets: Vec<i64> = targets
        .map(|(&id, &learnt)| if learnt { id } else { NO_TARGET })
        .collect();
    let some = targets.iter().any(|target| *target != NO_TARGET);
    some.then(|| Row {
        tokens: ids.get(..targets.len()).unwrap_or_default().to_vec(),
        goal: Goal::Next(targets),
    })
}

/// The first token of a window of `room` tokens that has these bytes about its middle.
fn window(places: &[(usize, usize)], keep: std::ops::Range<usize>, room: usize) -> usize {
    if places.len() <= room {
        return 0;
    }
    let first = places
        .iter()
        .position(|&(_, end)| end > keep.start)
        .unwrap_or(0);
    let last = places
        .iter()
        .rposition(|&(from, _)| from < keep.end.max(1))
        .unwrap_or(first);
    let spare = room.saturating_sub((last + 1).saturating_sub(first));
    first.saturating_sub(spare / 2).min(places.len() - room)
}
