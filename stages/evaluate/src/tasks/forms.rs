//! Rows into questions: the prompts of lm-evaluation-harness 0.4.13.

use serde_json::Value;

use super::kind::TaskKind;
use super::python;
use super::rows::Row;
use super::subjects;

/// A context, and what may follow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub context: String,
    /// What stands between the context and a choice, and is scored with the choice.
    pub delimiter: &'static str,
    /// The choices; of a cloze the one continuation.
    pub choices: Vec<String>,
    /// The right choice.
    pub gold: usize,
}

impl Question {
    fn choice(context: String, choices: Vec<String>, gold: usize) -> Result<Self, String> {
        if gold >= choices.len() {
            let count = choices.len();
            return Err(format!(
                "the answer is number {gold}, counted from 0, of {count} choices"
            ));
        }
        Ok(Self {
            context,
            delimiter: " ",
            choices,
            gold,
        })
    }

    fn cloze(context: String, continuation: String) -> Self {
        Self {
            context,
            delimiter: "",
            choices: vec![continuation],
            gold: 0,
        }
    }

    /// What follows the context if this choice does.
    pub fn continuation(&self, choice: &str) -> String {
        [self.delimiter, choice].concat()
    }
}

/// The question that a row asks; `subject` is the language of XCOPA, and of MMLU and CMMLU what
/// is asked about. What is wrong with the row is said in words.
pub(super) fn question(kind: TaskKind, subject: &str, row: &Row) -> Result<Question, String> {
    let row = Fields(row);
    if !kind.is_cloze() && row.has("gold") && row.has("choices") {
        return general(row);
    }
    match kind {
        TaskKind::Hellaswag => hellaswag(row),
        TaskKind::Arc => arc(row),
        TaskKind::Piqa => {
            let choices = vec![row.text("sol1")?, row.text("sol2")?];
            let context = format!("Question: {}\nAnswer:", row.text("goal")?);
            Question::choice(context, choices, row.number("label")?)
        }
        TaskKind::Lambada => {
            let text = row.text("text")?;
            let (context, word) = text.rsplit_once(' ').unwrap_or(("", &text));
            Ok(Question::cloze(context.to_owned(), format!(" {word}")))
        }
        TaskKind::Blimp => {
            let choices = vec![row.text("sentence_good")?, row.text("sentence_bad")?];
            Question::choice(String::new(), choices, 0)
        }
        TaskKind::Xcopa => xcopa(row, subject),
        TaskKind::Cmmlu => cmmlu(row, subject),
        TaskKind::Mmlu => mmlu(row, subject),
        TaskKind::Choice => general(row),
        TaskKind::Cloze => Ok(Question::cloze(
            row.text("context")?,
            row.text("continuation")?,
        )),
    }
}

fn general(row: Fields) -> Result<Question, String> {
    let context = match row.has("query") {
        true => row.text("query")?,
        false => row.text("context")?,
    };
    Question::choice(context, row.texts("choices")?, row.number("gold")?)
}

fn hellaswag(row: Fields) -> Result<Question, String> {
    let query = match row.has("ctx_a") {
        true => {
            let (activity, first) = (row.text("activity_label")?, row.text("ctx_a")?);
            let second = python::capitalize(&row.text("ctx_b")?);
            format!("{activity}: {first} {second}")
        }
        false => row.text("ctx")?,
    };
    let endings = row.texts("endings")?;
    let choices = endings.iter().map(|ending| how_to(ending)).collect();
    Question::choice(how_to(&query), choices, row.number("label")?)
}

/// Takes out what WikiHow's markup left in HellaSwag's texts.
fn how_to(text: &str) -> String {
    let text = python::strip(text).replace(" [title]", ". ");
    python::without_brackets(&text).replace("  ", " ")
}

fn arc(row: Fields) -> Result<Question, String> {
    let context = format!("Question: {}\nAnswer:", row.text("question")?);
    let choices = row.get("choices")?.as_object();
    let choices = Fields(choices.ok_or("`choices` is no object of `text` and `label`")?);
    let (texts, labels) = (choices.texts("text")?, choices.texts("label")?);
    let key = row.text("answerKey")?;
    let gold = labels.iter().position(|label| *label == key);
    let gold = gold.ok_or_else(|| format!("`answerKey` is {key:?}, which labels no choice"))?;
    Question::choice(context, texts, gold)
}

/// What joins premise and choice where the cause is asked for, and where the effect is.
const CONNECTORS: [(&str, &str, &str); 11] = [
    ("et", "sest", "seetõttu"),
    ("ht", "poukisa", "donk sa"),
    ("id", "karena", "maka"),
    ("it", "perché", "quindi"),
    ("qu", "imataq", "chaymi"),
    ("sw", "kwa sababu", "kwa hiyo"),
    ("ta", "காரணமாக", "எனவே"),
    ("th", "เพราะ", "ดังนั้น"),
    ("tr", "çünkü", "bu yüzden"),
    ("vi", "bởi vì", "vì vậy"),
    ("zh", "因为", "所以"),
];

fn xcopa(row: Fields, subject: &str) -> Result<Question, String> {
    let mut parts = subject.split(['.', '_', '-']);
    let language = parts.find_map(|part| CONNECTORS.iter().find(|(lang, ..)| *lang == part));
    let (_, cause, effect) = language.ok_or_else(|| {
        format!("`{subject}` names no language of XCOPA; call the task xcopa_zh or the like")
    })?;
    let connector = match row.text("question")?.as_str() {
        "cause" => cause,
        "effect" => effect,
        other => return Err(format!("`question` is {other:?}, not cause or effect")),
    };
    let premise = row.text("premise")?;
    let premise = python::without_last(python::strip(&premise));
    let choices = ["choice1", "choice2"].map(|name| Ok(python::lower_first(&row.text(name)?)));
    let choices = choices.into_iter().collect::<Result<_, String>>()?;
    Question::choice(
        format!("{premise} {connector}"),
        choices,
        row.number("label")?,
    )
}

/// What the choices of an examination are called.
const LETTERS: [&str; 4] = ["A", "B", "C", "D"];

fn examination(
    about: String,
    question: &str,
    choices: &[String],
    answer: &str,
    gold: usize,
) -> Result<Question, String> {
    if choices.len() != LETTERS.len() {
        return Err(format!("has {} choices, not 4", choices.len()));
    }
    let mut context = about + python::strip(question) + "\n";
    for (letter, choice) in LETTERS.iter().zip(choices) {
        context += &format!("{letter}. {choice}\n");
    }
    let letters = LETTERS.map(str::to_owned).to_vec();
    Question::choice(context + answer, letters, gold)
}

fn cmmlu(row: Fields, subject: &str) -> Result<Question, String> {
    let choices = LETTERS.map(|letter| row.text(letter)).into_iter();
    let choices = choices.collect::<Result<Vec<_>, _>>()?;
    let answer = row.text("Answer")?;
    let about = match subjects::chinese(subject) {
        Some(name) => format!("以下是关于{name}的单项选择题，请直接给出正确答案的选项。\n\n"),
        None => String::new(),
    };
    let gold =
        letter(&answer).ok_or_else(|| format!("`Answer` is {answer:?}, no letter A to D"))?;
    examination(about, &row.text("Question")?, &choices, "答案：", gold)
}

fn mmlu(row: Fields, subject: &str) -> Result<Question, String> {
    let choices = match row.has("choices") {
        true => row.texts("choices")?,
        false => {
            let names = ["choice0", "choice1", "choice2", "choice3"];
            let texts = names.map(|name| row.text(name)).into_iter();
            texts.collect::<Result<_, _>>()?
        }
    };
    let gold = match letter(&row.text("answer").unwrap_or_default()) {
        Some(gold) => gold,
        None => row.number("answer")?,
    };
    let about = format!(
        "The following are multiple choice questions (with answers) about {}.\n\n",
        subject.replace('_', " ")
    );
    examination(about, &row.text("question")?, &choices, "Answer:", gold)
}

fn letter(answer: &str) -> Option<usize> {
    LETTERS.iter().position(|letter| *letter == answer)
}

/// Access to a row's values that says in words what is wrong.
#[derive(Clone, Copy)]
struct Fields<'a>(&'a Row);

impl<'a> Fields<'a> {
    fn has(self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn get(self, name: &str) -> Result<&'a Value, String> {
        self.0.get(name).ok_or_else(|| format!("lacks `{name}`"))
    }

    fn text(self, name: &str) -> Result<String, String> {
        let value = self.get(name)?.as_str();
        let value = value.ok_or_else(|| format!("`{name}` is no string"))?;
        Ok(value.to_owned())
    }

    fn texts(self, name: &str) -> Result<Vec<String>, String> {
        let problem = || format!("`{name}` is no list of strings");
        let values = self.get(name)?.as_array().ok_or_else(problem)?;
        let texts = values.iter().map(|value| value.as_str().map(str::to_owned));
        texts.collect::<Option<_>>().ok_or_else(problem)
    }

    /// A number, which some sets have as a string.
    fn number(self, name: &str) -> Result<usize, String> {
        let value = self.get(name)?;
        let number = match value.as_str() {
            Some(text) => text.parse().ok(),
            None => value
                .as_u64()
                .and_then(|number| usize::try_from(number).ok()),
        };
        number.ok_or_else(|| format!("`{name}` is no whole number"))
    }
}
