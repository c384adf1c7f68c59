//! Errors in the form of OpenAI's API.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// What is wrong with a request, or went wrong with it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct ApiError {
    status: StatusCode,
    /// One sentence that says how to mend it.
    message: String,
    kind: &'static str,
    /// The field of the request.
    param: Option<String>,
    code: Option<&'static str>,
}

impl ApiError {
    fn new(status: StatusCode, kind: &'static str, message: String) -> Self {
        Self {
            status,
            message,
            kind,
            param: None,
            code: None,
        }
    }

    /// The request cannot be understood or carried out.
    pub fn bad_request(message: impl ToString) -> Self {
        let kind = "invalid_request_error";
        Self::new(StatusCode::BAD_REQUEST, kind, message.to_string())
    }

    /// A field of the request is wrong.
    pub fn invalid(param: &str, message: impl ToString) -> Self {
        Self {
            param: Some(param.to_owned()),
            ..Self::bad_request(message)
        }
    }

    /// A prompt that the model's context cannot hold.
    pub fn too_long(param: &str, tokens: usize, context: usize) -> Self {
        Self {
            code: Some("context_length_exceeded"),
            ..Self::invalid(
                param,
                format!(
                    "the prompt has {tokens} tokens and the model's context {context}; shorten it, \
                     or set `truncate_prompt_tokens` to read only its end"
                ),
            )
        }
    }

    /// A model that is not the one served.
    pub fn no_such_model(asked: &str, served: &str) -> Self {
        let message =
            format!("the model `{asked}` does not exist here; this server has `{served}`");
        Self {
            status: StatusCode::NOT_FOUND,
            code: Some("model_not_found"),
            ..Self::invalid("model", message)
        }
    }

    /// An address or method that the server does not have.
    pub fn no_such_address(status: StatusCode, message: String) -> Self {
        Self::new(status, "invalid_request_error", message)
    }

    /// A body over the limit.
    pub fn too_large(limit: usize) -> Self {
        let message = format!(
            "the body is over {} MiB; send fewer or shorter prompts at a time",
            limit >> 20
        );
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "invalid_request_error",
            message,
        )
    }

    /// Too much waits already.
    pub fn busy(waiting: usize) -> Self {
        let message = format!("{waiting} prompts are waiting already; try again later");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "server_error", message)
    }

    /// The server failed; the request may be fine.
    pub fn internal(message: impl ToString) -> Self {
        let message = message.to_string();
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", message)
    }

    /// The body that goes with the status.
    pub fn body(&self) -> Value {
        json!({"error": {
            "message": self.message,
            "type": self.kind,
            "param": self.param,
            "code": self.code,
        }})
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let json = [(header::CONTENT_TYPE, "application/json")];
        (self.status, json, self.body().to_string()).into_response()
    }
}

impl From<textmill_model::Error> for ApiError {
    fn from(error: textmill_model::Error) -> Self {
        match error {
            textmill_model::Error::Input(message) => Self::bad_request(message),
            other => Self::internal(other),
        }
    }
}

impl From<tch::TchError> for ApiError {
    fn from(error: tch::TchError) -> Self {
        textmill_model::Error::from(error).into()
    }
}

impl From<textmill_tokenize::Error> for ApiError {
    fn from(error: textmill_tokenize::Error) -> Self {
        Self::internal(error)
    }
}
