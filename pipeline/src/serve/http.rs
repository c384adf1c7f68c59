//! The endpoints.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_core::Stream;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use super::answer::{Choice, Reply};
use super::error::ApiError;
use super::fields::Fields;
use super::model::Served;
use super::pool::Pool;
use super::request::{self, Request};
use super::task::Event;

/// The longest body.
const MOST_BODY: usize = 32 << 20;
/// What ends a stream.
const DONE: &str = "data: [DONE]\n\n";

type Answer = Result<Response, ApiError>;
type ReadBody = Result<Bytes, BytesRejection>;

/// What every handler may use.
pub(crate) struct Server {
    pub served: Served,
    pub pool: Pool,
}

/// All endpoints.
pub(crate) fn router(server: Arc<Server>) -> Router {
    Router::new()
        .route("/v1/completions", post(completions))
        .route("/v1/chat/completions", post(chat_completions))
        .route("/v1/models", get(models))
        .route("/v1/models/{*name}", get(model))
        .route("/tokenizer_info", get(tokenizer_info))
        .route("/tokenize", post(tokenize))
        .route("/detokenize", post(detokenize))
        .route("/health", get(health))
        .fallback(no_such_address)
        .method_not_allowed_fallback(no_such_method)
        .layer(DefaultBodyLimit::max(MOST_BODY))
        .with_state(server)
}

async fn completions(State(server): State<Arc<Server>>, body: ReadBody) -> Answer {
    let request = read(&server, body, request::completion).await?;
    answer(server, request).await
}

async fn chat_completions(State(server): State<Arc<Server>>, body: ReadBody) -> Answer {
    let request = read(&server, body, request::chat).await?;
    answer(server, request).await
}

/// Parses and encodes away from the thread that all connections share: a body can be large.
async fn read<T: Send + 'static>(
    server: &Arc<Server>,
    body: ReadBody,
    read: impl FnOnce(&[u8], &Served) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::too_large(MOST_BODY),
        _ => ApiError::bad_request(rejection.body_text()),
    })?;
    let server = Arc::clone(server);
    let task = tokio::task::spawn_blocking(move || read(&body, &server.served));
    task.await.map_err(ApiError::internal)?
}

/// Has a request computed. When the client goes away this future or the stream is dropped, the
/// receiver with it, and the computation ends.
async fn answer(server: Arc<Server>, request: Request) -> Answer {
    let Request {
        task,
        reply,
        stream,
    } = request;
    let events = server.pool.submit(task)?;
    match stream {
        true => Ok(stream_of(server, reply, events)),
        false => whole(&server, &reply, events).await,
    }
}

async fn whole(
    server: &Server,
    reply: &Reply,
    mut events: UnboundedReceiver<(usize, Event)>,
) -> Answer {
    let mut choices = vec![Choice::default(); reply.choices()];
    while let Some((index, event)) = events.recv().await {
        let Some(choice) = choices.get_mut(index) else {
            continue;
        };
        match event {
            Event::Piece(piece) => {
                choice.piece.text.push_str(&piece.text);
                choice.piece.tokens.extend(piece.tokens);
            }
            Event::End(finish, tokens) => (choice.finish, choice.tokens) = (Some(finish), tokens),
            Event::Failed(error) => return Err(error),
        }
    }
    Ok(json_response(
        reply.whole(&choices, &server.served.vocabulary)?,
    ))
}

/// Server-sent events with the choices as they grow.
struct Chunks {
    server: Arc<Server>,
    reply: Reply,
    events: UnboundedReceiver<(usize, Event)>,
    /// Choices that have begun and ended.
    begun: Vec<bool>,
    ended: usize,
    generated: usize,
    over: bool,
}

fn stream_of(
    server: Arc<Server>,
    reply: Reply,
    events: UnboundedReceiver<(usize, Event)>,
) -> Response {
    let chunks = Chunks {
        begun: vec![false; reply.choices()],
        server,
        reply,
        events,
        ended: 0,
        generated: 0,
        over: false,
    };
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, Body::from_stream(chunks)).into_response()
}

impl Stream for Chunks {
    type Item = Result<String, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        self.events.poll_recv(context).map(|event| {
            let text = match event {
                Some((index, event)) => self.text(index, event),
                None => Err(ApiError::internal("the computation ended early")),
            };
            Some(Ok(text.unwrap_or_else(|error| {
                self.over = true;
                format!("data: {}\n\n{DONE}", error.body())
            })))
        })
    }
}

impl Chunks {
    /// What an event adds to the stream.
    fn text(&mut self, index: usize, event: Event) -> Result<String, ApiError> {
        let mut lines = Vec::new();
        if let Some(begun @ false) = self.begun.get_mut(index) {
            *begun = true;
            lines.extend(self.reply.first_chunk(index)?);
        }
        match event {
            Event::Failed(error) => return Err(error),
            Event::Piece(piece) => {
                let vocabulary = &self.server.served.vocabulary;
                lines.push(self.reply.chunk(index, &piece, vocabulary)?);
            }
            Event::End(finish, tokens) => {
                lines.push(self.reply.last_chunk(index, finish)?);
                self.generated += tokens;
                self.ended += 1;
            }
        }
        self.over = self.ended == self.begun.len();
        if self.over {
            lines.extend(self.reply.usage_chunk(self.generated)?);
        }
        let text: String = lines
            .iter()
            .map(|line| format!("data: {line}\n\n"))
            .collect();
        Ok(if self.over { text + DONE } else { text })
    }
}

async fn models(State(server): State<Arc<Server>>) -> Response {
    let list = json!({"object": "list", "data": [describe(&server.served)]});
    json_response(list.to_string())
}

async fn model(State(server): State<Arc<Server>>, Path(name): Path<String>) -> Answer {
    match server.served.is_called(&name) {
        true => Ok(json_response(describe(&server.served).to_string())),
        false => Err(ApiError::no_such_model(&name, &server.served.name)),
    }
}

fn describe(served: &Served) -> Value {
    json!({
        "id": served.name,
        "object": "model",
        "created": served.created,
        "owned_by": "textmill",
        "max_model_len": served.context,
    })
}

async fn health(State(server): State<Arc<Server>>) -> Response {
    let load = server.pool.load();
    let figures = json!({
        "status": "ok",
        "running": load.running.load(Ordering::Relaxed),
        "waiting": load.waiting.load(Ordering::Relaxed),
    });
    json_response(figures.to_string())
}

async fn tokenizer_info(State(server): State<Arc<Server>>) -> Response {
    let served = &server.served;
    let info = json!({
        "eos_token": served.token("eos_token"),
        "bos_token": served.token("bos_token"),
        "pad_token": served.chat.settings().token("pad_token"),
        "chat_template": served.chat.source(),
        "vocab_size": served.vocab_size,
        "model_max_length": served.context,
    });
    json_response(info.to_string())
}

/// The ids of `prompt`, in which special tokens may be spelled: those that `/v1/completions` makes
/// of it. `add_special_tokens` adds what the tokenizer puts around a text.
async fn tokenize(State(server): State<Arc<Server>>, body: ReadBody) -> Answer {
    let answer = read(&server, body, |body, served| {
        let mut fields = Fields::parse(body)?;
        let missing =
            || ApiError::invalid("prompt", "`prompt` is missing; it is the text to encode");
        let prompt: String = fields.optional("prompt")?.ok_or_else(missing)?;
        let tokens = served
            .vocabulary
            .encode(&prompt, fields.or("add_special_tokens", false)?)?;
        let (count, context) = (tokens.len(), served.context);
        Ok(json!({"tokens": tokens, "count": count, "max_model_len": context}).to_string())
    });
    Ok(json_response(answer.await?))
}

/// The text of `tokens`.
async fn detokenize(State(server): State<Arc<Server>>, body: ReadBody) -> Answer {
    let answer = read(&server, body, |body, served| {
        let mut fields = Fields::parse(body)?;
        let missing =
            || ApiError::invalid("tokens", "`tokens` is missing; it is a list of token ids");
        let tokens: Vec<Value> = fields.optional("tokens")?.ok_or_else(missing)?;
        let ids = served.token_ids("tokens", &tokens)?;
        Ok(json!({"prompt": served.vocabulary.decode(&ids)?}).to_string())
    });
    Ok(json_response(answer.await?))
}

async fn no_such_address(uri: Uri) -> ApiError {
    let message = format!("{} does not exist here; try /v1/completions", uri.path());
    ApiError::no_such_address(StatusCode::NOT_FOUND, message)
}

async fn no_such_method(method: Method, uri: Uri) -> ApiError {
    let message = format!("{} does not take {method}", uri.path());
    ApiError::no_such_address(StatusCode::METHOD_NOT_ALLOWED, message)
}

fn json_response(json: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], json).into_response()
}
