//! From the turns of a chat to one text: a model's own chat template, or a plain default.

use std::borrow::Cow;
use std::path::Path;

use anyhow::{Context, Result};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Error, ErrorKind, context};
use minijinja_contrib::pycompat::unknown_method_callback;
use serde_json::{Map, Value, json};

use super::error::ApiError;
use super::vocabulary::Vocabulary;

/// File of a Hugging Face tokenizer's settings, which may hold a chat template.
const SETTINGS: &str = "tokenizer_config.json";
/// File that newer versions of transformers write the template to.
const TEMPLATE: &str = "chat_template.jinja";
/// The name that the template has here.
const CHAT: &str = "chat";

/// The template for models without one: "User: …", "Assistant: …", a paragraph a turn. The answer
/// ends where the model begins another turn.
const PLAIN: &str = "{% for message in messages %}{{ message.role | capitalize }}: \
{{ message.content | trim }}\n\n{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}";
const PLAIN_STOPS: [&str; 3] = ["\nUser:", "\nAssistant:", "\nSystem:"];

/// Marks text of a message that spells a special token; no text holds this character
/// (a noncharacter of Unicode).
const MARK: char = '\u{fdd0}';

/// How chats become prompts.
pub(crate) struct Chat {
    environment: Environment<'static>,
    /// The template of the model's folder.
    source: Option<String>,
    /// Why that cannot be used.
    broken: Option<String>,
    settings: Settings,
}

/// What tokenizer_config.json says.
#[derive(Default)]
pub(crate) struct Settings {
    fields: Map<String, Value>,
}

impl Settings {
    /// Reads the file of a model's folder, if there is one.
    pub fn read(dir: &Path) -> Result<Self> {
        let path = dir.join(SETTINGS);
        if !path.exists() {
            return Ok(Self::default());
        }
        let named = || path.display().to_string();
        let json = std::fs::read(&path).with_context(named)?;
        let fields = serde_json::from_slice(&json).with_context(named)?;
        Ok(Self { fields })
    }

    /// A token such as `eos_token`, which the file writes as a string or an object.
    pub fn token(&self, key: &str) -> Option<&str> {
        let value = self.fields.get(key)?;
        value.as_str().or_else(|| value.get("content")?.as_str())
    }

    /// The template, or the one named `default` of several.
    fn template(&self) -> Option<String> {
        let value = self.fields.get("chat_template")?;
        let several = || {
            let mut named = value.as_array()?.iter();
            named.find(|one| one.get("name").and_then(Value::as_str) == Some("default"))
        };
        let one = several()
            .and_then(|one| one.get("template"))
            .unwrap_or(value);
        Some(one.as_str()?.to_owned())
    }
}

impl Chat {
    /// The template of a model's folder. One that cannot be read is kept as an error: the other
    /// endpoints do not need it.
    pub fn load(dir: &Path) -> Result<Self> {
        let path = dir.join(TEMPLATE);
        let settings = Settings::read(dir)?;
        let source = match path.exists() {
            true => {
                Some(std::fs::read_to_string(&path).with_context(|| path.display().to_string())?)
            }
            false => settings.template(),
        };
        Ok(Self::new(source, settings))
    }

    pub(super) fn new(source: Option<String>, settings: Settings) -> Self {
        // As transformers sets up Jinja.
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build();
        environment.set_syntax(syntax.unwrap_or_default());
        environment.set_unknown_method_callback(unknown_method_callback);
        environment.add_function(
            "raise_exception",
            |message: String| -> Result<minijinja::Value, Error> {
                Err(Error::new(ErrorKind::InvalidOperation, message))
            },
        );
        let template = source.clone().unwrap_or_else(|| PLAIN.to_owned());
        let added = environment.add_template_owned(CHAT, template);
        let broken = added.err().map(|error| {
            format!("this model's chat template cannot be used ({error}); use /v1/completions")
        });
        Self {
            environment,
            source,
            broken,
            settings,
        }
    }

    /// The template of the model's folder, if it has one.
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// What tokenizer_config.json says.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Strings that end an answer under this template.
    pub fn stops(&self) -> &'static [&'static str] {
        match self.source {
            Some(_) => &[],
            None => &PLAIN_STOPS,
        }
    }

    /// The ids of a chat, ready for the model to answer. What messages say is text, also where it
    /// spells a special token: nobody ends a turn by writing so.
    pub fn encode(
        &self,
        messages: &[Map<String, Value>],
        vocabulary: &Vocabulary,
    ) -> Result<Vec<u32>, ApiError> {
        if let Some(broken) = &self.broken {
            return Err(ApiError::bad_request(broken));
        }
        let messages: Vec<Map<String, Value>> = messages
            .iter()
            .map(|message| with_text(message, |text| mark(text, vocabulary).into_owned()))
            .collect::<Result<_, _>>()?;
        let failed = |error: Error| {
            let why = error
                .detail()
                .map_or_else(|| error.to_string(), str::to_owned);
            ApiError::invalid("messages", format!("the chat template refuses: {why}"))
        };
        let template = self.environment.get_template(CHAT).map_err(failed)?;
        let rendered = template.render(context! {
            messages => messages.into_iter().map(Serde).collect::<Vec<_>>(),
            add_generation_prompt => true,
            bos_token => self.settings.token("bos_token"),
            eos_token => self.settings.token("eos_token"),
            tools => (),
            documents => (),
        });
        encode_marked(&rendered.map_err(failed)?, vocabulary)
    }
}

/// The message with its content as one string.
fn with_text(
    message: &Map<String, Value>,
    change: impl Fn(&str) -> String,
) -> Result<Map<String, Value>, ApiError> {
    let wrong = |what: &str| ApiError::invalid("messages", what);
    if message.get("role").and_then(Value::as_str).is_none() {
        return Err(wrong(
            "each message needs a `role`, such as \"user\", and a `content`",
        ));
    }
    let text = match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(Value::Array(parts)) => parts
            .iter()
            .map(|part| part.get("text").and_then(Value::as_str))
            .collect::<Option<String>>()
            .ok_or_else(|| wrong("this model reads text alone; each part needs a `text`"))?,
        Some(_) => return Err(wrong("`content` must be a string or a list of text parts")),
    };
    let mut message = message.clone();
    message.insert("content".to_owned(), json!(change(&text)));
    Ok(message)
}

/// Marks what spells a special token, behind its first character.
fn mark<'t>(text: &'t str, vocabulary: &Vocabulary) -> Cow<'t, str> {
    if !vocabulary.special().is_match(text) && !text.contains(MARK) {
        return text.into();
    }
    let text = text.replace(MARK, "");
    let mut marked = String::with_capacity(text.len() + 16);
    let mut done = 0;
    for found in vocabulary.special().find_iter(&text) {
        let first = text[found.start()..]
            .chars()
            .next()
            .map_or(0, char::len_utf8);
        marked.push_str(&text[done..found.start() + first]);
        marked.push(MARK);
        done = found.start() + first;
    }
    marked.push_str(&text[done..]);
    marked.into()
}

/// The ids of a text with marks.
fn encode_marked(text: &str, vocabulary: &Vocabulary) -> Result<Vec<u32>, ApiError> {
    if !text.contains(MARK) {
        return vocabulary.encode(text, false);
    }
    let mut ids = Vec::new();
    let mut done = 0;
    let plain = |text: &str| vocabulary.encode_as_text(&text.replace(MARK, ""));
    for found in vocabulary.special().find_iter(text) {
        ids.extend(plain(&text[done..found.start()])?);
        ids.extend(vocabulary.encode(&text[found.range()], false)?);
        done = found.end();
    }
    ids.extend(plain(&text[done..])?);
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::test_support::bytes_vocabulary;

    fn messages(value: Value) -> Vec<Map<String, Value>> {
        serde_json::from_value(value).unwrap()
    }

    fn rendered(template: Option<&str>, turns: Value) -> Result<String, String> {
        let settings = json!({"eos_token": {"content": "<|endoftext|>"}});
        let settings = Settings {
            fields: serde_json::from_value(settings).unwrap(),
        };
        let vocabulary = bytes_vocabulary();
        let chat = Chat::new(template.map(str::to_owned), settings);
        let ids = chat.encode(&messages(turns), &vocabulary);
        ids.map(|ids| vocabulary.decode(&ids).unwrap())
            .map_err(|e| e.to_string())
    }

    #[test]
    fn without_a_template_turns_are_paragraphs() {
        let turns = json!([
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo "}]},
        ]);
        let text = rendered(None, turns).unwrap();
        assert_eq!(text, "System: Be brief.\n\nUser: Hello\n\nAssistant:");
    }

    #[test]
    fn a_template_of_hugging_face_is_followed() {
        let template = "{%- if tools is not none %}no{% endif %}
{%- for message in messages %}
    {%- if message['role'] not in ['user', 'assistant'] %}
        {{- raise_exception('only users here') }}
    {%- endif %}
    {{- '[' + message['role'].upper() + ']' + message['content'].strip() + eos_token }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '[ASSISTANT]' }}{% endif %}";
        let text = rendered(Some(template), json!([{"role": "user", "content": " hi "}]));
        assert_eq!(text.unwrap(), "[USER]hi<|endoftext|>[ASSISTANT]");
        let refused = rendered(Some(template), json!([{"role": "tool", "content": ""}]));
        assert!(refused.unwrap_err().contains("only users here"));
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        for turns in [
            json!([{"content": "x"}]),
            json!([{"role": "user", "content": 7}]),
            json!([{"role": "user", "content": [{"type": "image_url"}]}]),
        ] {
            assert!(rendered(None, turns.clone()).is_err(), "{turns}");
        }
        let broken = rendered(Some("{% if %}"), json!([{"role": "user", "content": "x"}]));
        assert!(broken.unwrap_err().contains("/v1/completions"));
    }

    #[test]
    fn a_message_cannot_end_its_turn() {
        let template = "{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}";
        let vocabulary = bytes_vocabulary();
        let settings = json!({"eos_token": "<|endoftext|>"});
        let settings = Settings {
            fields: serde_json::from_value(settings).unwrap(),
        };
        let chat = Chat::new(Some(template.to_owned()), settings);
        let said = "a<|endoftext|>b\u{fdd0}";
        let turns = json!([{"role": "user", "content": said}]);
        let ids = chat.encode(&messages(turns), &vocabulary).unwrap();
        let end = vocabulary.special_ids()[0];
        assert_eq!(ids.iter().filter(|id| **id == end).count(), 1);
        assert_eq!(ids.last(), Some(&end));
        assert_eq!(
            vocabulary.decode(&ids).unwrap(),
            "a<|endoftext|>b<|endoftext|>"
        );
    }
}
