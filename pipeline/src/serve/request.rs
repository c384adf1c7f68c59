//! Requests for completions, read and checked.

use std::hash::{BuildHasher, RandomState};

use serde::Deserialize;
use serde_json::{Map, Value, json};
use textmill_model::Sampling;

use super::answer::{Form, Reply};
use super::error::ApiError;
use super::fields::Fields;
use super::model::Served;
use super::task::Task;

/// Choices that one request may ask for.
const MOST_CHOICES: usize = 2048;
/// Choices of one prompt.
const MOST_N: i64 = 128;
/// Likeliest tokens that may be asked for: OpenAI's limits.
const MOST_LOGPROBS: i64 = 5;
const MOST_CHAT_LOGPROBS: i64 = 20;
/// Tokens that OpenAI's API generates if nothing is said.
const MAX_TOKENS: usize = 16;

/// A request that can be carried out.
#[derive(Debug)]
pub(crate) struct Request {
    pub task: Task,
    pub reply: Reply,
    /// Whether the answer comes bit by bit.
    pub stream: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Stop {
    One(String),
    Several(Vec<Option<String>>),
}

/// Reads a request for `/v1/completions`.
pub(crate) fn completion(body: &[u8], served: &Served) -> Result<Request, ApiError> {
    let mut fields = Fields::parse(body)?;
    check_model(&mut fields, served)?;
    let n = fields.within("n", 1, MOST_N)?.unwrap_or(1);
    fields.refuse(&[("best_of", json!(n)), ("suffix", Value::Null)])?;
    let max_tokens = fields.optional("max_tokens")?.unwrap_or(MAX_TOKENS);
    let prompts = read_prompts(fields.value("prompt"), served)?;
    let logprobs = fields.within("logprobs", 0, MOST_LOGPROBS)?;
    let task = Task {
        prompts: fit("prompt", prompts, max_tokens, &mut fields, served)?,
        n: n as usize,
        echo: fields.or("echo", false)?,
        logprobs: logprobs.map(|k| k as usize),
        max_tokens: Some(max_tokens),
        sampling: sampling(&mut fields)?,
        stops: stops(&mut fields)?,
        stop_ids: served.end_ids.clone(),
    };
    finish(Form::Completion, task, fields, served)
}

/// Reads a request for `/v1/chat/completions`.
pub(crate) fn chat(body: &[u8], served: &Served) -> Result<Request, ApiError> {
    let mut fields = Fields::parse(body)?;
    check_model(&mut fields, served)?;
    fields.refuse(&[
        ("tools", Value::Null),
        ("functions", Value::Null),
        ("response_format", json!({"type": "text"})),
        ("chat_template", Value::Null),
    ])?;
    let messages: Vec<Map<String, Value>> = fields.or("messages", Vec::new())?;
    if messages.is_empty() {
        let message = "`messages` is empty; give at least {\"role\": \"user\", \"content\": …}";
        return Err(ApiError::invalid("messages", message));
    }
    let prompt = served.chat.encode(&messages, &served.vocabulary)?;
    let older = fields.optional("max_tokens")?;
    let max_tokens = fields.optional("max_completion_tokens")?.or(older);
    let top = fields.within("top_logprobs", 0, MOST_CHAT_LOGPROBS)?;
    let logprobs = fields.or("logprobs", false)?;
    let own_stops = served.chat.stops().iter().map(|&stop| stop.to_owned());
    let n = fields.within("n", 1, MOST_N)?.unwrap_or(1);
    let room = max_tokens.unwrap_or(1);
    let task = Task {
        prompts: fit("messages", vec![prompt], room, &mut fields, served)?,
        n: n as usize,
        echo: false,
        logprobs: logprobs.then_some(top.unwrap_or(0) as usize),
        max_tokens,
        sampling: sampling(&mut fields)?,
        stops: own_stops.chain(stops(&mut fields)?).collect(),
        stop_ids: served.turn_ids.clone(),
    };
    finish(Form::Chat, task, fields, served)
}

/// Reads what both kinds of request have in common, and puts all together.
fn finish(
    form: Form,
    task: Task,
    mut fields: Fields,
    served: &Served,
) -> Result<Request, ApiError> {
    fields.refuse(&[
        ("presence_penalty", json!(0)),
        ("frequency_penalty", json!(0)),
        ("min_tokens", json!(0)),
        ("use_beam_search", json!(false)),
        ("ignore_eos", json!(false)),
        ("logit_bias", Value::Null),
    ])?;
    if task.choices() > MOST_CHOICES {
        let message = format!(
            "the request asks for {} choices; send at most {MOST_CHOICES} at a time",
            task.choices()
        );
        return Err(ApiError::bad_request(message));
    }
    let stream = fields.or("stream", false)?;
    let options: StreamOptions = fields.or("stream_options", StreamOptions::default())?;
    Ok(Request {
        reply: Reply::new(form, &task, served, !stream || options.include_usage),
        task,
        stream,
    })
}

fn check_model(fields: &mut Fields, served: &Served) -> Result<(), ApiError> {
    match fields.optional::<String>("model")? {
        Some(asked) if !served.is_called(&asked) => {
            Err(ApiError::no_such_model(&asked, &served.name))
        }
        _ => Ok(()),
    }
}

fn sampling(fields: &mut Fields) -> Result<Sampling, ApiError> {
    let plain = Sampling {
        temperature: fields.or("temperature", 1.0)?,
        top_k: 0,
        top_p: 1.0,
        ..Sampling::default()
    };
    let invalid = |param| move |error: textmill_model::Error| ApiError::invalid(param, error);
    plain.validate().map_err(invalid("temperature"))?;
    let top_p = fields.or("top_p", 1.0)?;
    let sampling = Sampling { top_p, ..plain };
    sampling.validate().map_err(invalid("top_p"))?;
    // As vLLM and others extend OpenAI's API.
    let min_p = fields.or("min_p", 0.0)?;
    let sampling = Sampling { min_p, ..sampling };
    sampling.validate().map_err(invalid("min_p"))?;
    let sampling = Sampling {
        repetition_penalty: fields.or("repetition_penalty", 1.0)?,
        ..sampling
    };
    sampling.validate().map_err(invalid("repetition_penalty"))?;
    // −1 and 0 both are no limit.
    let top_k = fields
        .within("top_k", -1, i64::from(u32::MAX))?
        .unwrap_or(0);
    let seed = fields.optional::<i64>("seed")?.map(|seed| seed as u64);
    Ok(Sampling {
        top_k: top_k.max(0) as usize,
        seed: seed.unwrap_or_else(|| RandomState::new().hash_one(0)),
        ..sampling
    })
}

fn stops(fields: &mut Fields) -> Result<Vec<String>, ApiError> {
    let wrong = |_| ApiError::invalid("stop", "`stop` must be a string or a list of strings");
    let stop = fields.optional("stop").map_err(wrong)?;
    let mut stops = match stop {
        None => Vec::new(),
        Some(Stop::One(stop)) => vec![stop],
        Some(Stop::Several(stops)) => stops.into_iter().flatten().collect(),
    };
    stops.retain(|stop| !stop.is_empty());
    Ok(stops)
}

/// The ids of a prompt in any of its forms: a string, a list of strings, a list of token ids, a
/// list of those. An absent one is empty.
fn read_prompts(prompt: Option<Value>, served: &Served) -> Result<Vec<Vec<u32>>, ApiError> {
    let wrong = || {
        let message = "`prompt` must be a string, a list of strings, a list of token ids, or a list of \
                       lists of token ids";
        ApiError::invalid("prompt", message)
    };
    let encode = |text: &str| served.vocabulary.encode(text, false);
    let parts = match prompt {
        None => return Ok(vec![Vec::new()]),
        Some(Value::String(text)) => return Ok(vec![encode(&text)?]),
        Some(Value::Array(parts)) => parts,
        Some(_) => return Err(wrong()),
    };
    match parts.first().ok_or_else(wrong)? {
        Value::Number(_) => Ok(vec![served.token_ids("prompt", &parts)?]),
        Value::String(_) => parts
            .iter()
            .map(|part| encode(part.as_str().ok_or_else(wrong)?))
            .collect(),
        _ => parts
            .iter()
            .map(|part| served.token_ids("prompt", part.as_array().ok_or_else(wrong)?))
            .collect(),
    }
}

/// Holds prompts against the context: they are refused if too long, or their end is taken where
/// `truncate_prompt_tokens` says so: of that many tokens, −1 for as many as leave room for the
/// answer.
fn fit(
    param: &str,
    mut prompts: Vec<Vec<u32>>,
    max_tokens: usize,
    fields: &mut Fields,
    served: &Served,
) -> Result<Vec<Vec<u32>>, ApiError> {
    let limit = match fields.within("truncate_prompt_tokens", -1, i64::from(u32::MAX))? {
        None => usize::MAX,
        Some(-1) => served.context.saturating_sub(max_tokens).max(1),
        Some(limit) => limit as usize,
    };
    for prompt in &mut prompts {
        prompt.drain(..prompt.len().saturating_sub(limit));
        if prompt.len() > served.context {
            return Err(ApiError::too_long(param, prompt.len(), served.context));
        }
        if prompt.is_empty() && served.end_ids.is_empty() {
            let message = "the prompt is empty, and this model has no document-end token to start \
                           behind; give at least one token";
            return Err(ApiError::invalid(param, message));
        }
    }
    Ok(prompts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::test_support::{END, served};

    fn task(request: &Value) -> Task {
        let body = request.to_string();
        completion(body.as_bytes(), &served(10)).unwrap().task
    }

    #[test]
    fn prompts_come_in_every_form() {
        let ids = |text: &str| text.bytes().map(u32::from).collect::<Vec<_>>();
        for (prompt, expected) in [
            (json!("ab"), vec![ids("ab")]),
            (json!(["ab", "", "c"]), vec![ids("ab"), vec![], ids("c")]),
            (json!([97, 98]), vec![ids("ab")]),
            (
                json!([[97], [98, 99], []]),
                vec![ids("a"), ids("bc"), vec![]],
            ),
            (json!("a<|endoftext|>"), vec![vec![97, END]]),
            (Value::Null, vec![vec![]]),
        ] {
            assert_eq!(
                task(&json!({"prompt": prompt})).prompts,
                expected,
                "{prompt}"
            );
        }
    }

    #[test]
    fn prompts_are_cut_only_if_asked() {
        let prompt = "0123456789abc";
        let cut = |limit: i64| {
            let request =
                json!({"prompt": prompt, "max_tokens": 4, "truncate_prompt_tokens": limit});
            task(&request).prompts.remove(0).len()
        };
        assert_eq!((cut(3), cut(10), cut(-1)), (3, 10, 6));
        let body = json!({"prompt": prompt}).to_string();
        let error = completion(body.as_bytes(), &served(10)).unwrap_err();
        assert!(error.to_string().contains("13 tokens"), "{error}");
        assert_eq!(error.body()["error"]["code"], "context_length_exceeded");
    }

    #[test]
    fn settings_reach_the_task() {
        let found = task(&json!({
            "prompt": "x", "model": "best", "echo": true, "logprobs": 5, "max_tokens": 0, "n": 2,
            "stop": ["a", null, "b", "c", "d", "e", ""], "temperature": 0, "top_p": 0.5, "top_k": -1,
            "seed": -1, "best_of": 2, "user": "somebody", "frequency_penalty": 0.0,
        }));
        assert_eq!(found.stops, ["a", "b", "c", "d", "e"]);
        assert_eq!(
            (found.choices(), found.logprobs, found.max_tokens),
            (2, Some(5), Some(0))
        );
        assert_eq!((found.sampling.top_p, found.sampling.top_k), (0.5, 0));
        assert_eq!(found.sampling.seed, u64::MAX);
        assert!(found.is_scoring());
        let plain = task(&json!({"stop": "x"}));
        assert_eq!((plain.max_tokens, plain.stops.len()), (Some(16), 1));
        assert!(!plain.is_scoring());
    }

    #[test]
    fn wrong_requests_are_refused_by_field() {
        for (request, param) in [
            (json!({"prompt": {}}), "prompt"),
            (json!({"prompt": []}), "prompt"),
            (json!({"prompt": ["a", 1]}), "prompt"),
            (json!({"prompt": [1, "a"]}), "prompt"),
            (json!({"prompt": [257]}), "prompt"),
            (json!({"prompt": [-1]}), "prompt"),
            (json!({"prompt": "x", "logprobs": 6}), "logprobs"),
            (json!({"prompt": "x", "logprobs": true}), "logprobs"),
            (json!({"prompt": "x", "max_tokens": -1}), "max_tokens"),
            (json!({"prompt": "x", "temperature": -1}), "temperature"),
            (json!({"prompt": "x", "top_p": 0}), "top_p"),
            (json!({"prompt": "x", "n": 0}), "n"),
            (json!({"prompt": "x", "stop": 3}), "stop"),
            (json!({"prompt": "x", "best_of": 3}), "best_of"),
            (json!({"prompt": "x", "logit_bias": {"5": 1}}), "logit_bias"),
            (
                json!({"prompt": "x", "presence_penalty": 1}),
                "presence_penalty",
            ),
            (json!({"prompt": "x", "model": "gpt-4"}), "model"),
        ] {
            let error = completion(request.to_string().as_bytes(), &served(10)).unwrap_err();
            assert_eq!(error.body()["error"]["param"], param, "{request} {error}");
        }
        let many = json!({"prompt": vec!["x"; 1025], "n": 2}).to_string();
        let error = completion(many.as_bytes(), &served(10)).unwrap_err();
        assert!(error.to_string().contains("2048"), "{error}");
    }

    #[test]
    fn a_chat_ends_where_another_turn_begins() {
        let request = json!({
            "messages": [{"role": "user", "content": "Hi"}], "logprobs": true, "top_logprobs": 20,
            "max_completion_tokens": 3, "stop": "x", "stream": true,
        });
        let request = chat(request.to_string().as_bytes(), &served(50)).unwrap();
        assert!(request.stream);
        let text = "User: Hi\n\nAssistant:";
        assert_eq!(request.task.prompts[0].len(), text.len());
        assert!(request.task.stops.contains(&"\nUser:".to_owned()));
        assert!(request.task.stops.contains(&"x".to_owned()));
        assert_eq!(
            (request.task.logprobs, request.task.max_tokens),
            (Some(20), Some(3))
        );
        for (wrong, param) in [
            (json!({"messages": []}), "messages"),
            (json!({"messages": "Hi"}), "messages"),
            (
                json!({"messages": [{"role": "user", "content": "x"}], "tools": [1]}),
                "tools",
            ),
        ] {
            let error = chat(wrong.to_string().as_bytes(), &served(50)).unwrap_err();
            assert_eq!(error.body()["error"]["param"], param, "{error}");
        }
    }
}
