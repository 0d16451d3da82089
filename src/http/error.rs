//! Everything wrong is a problem document (RFC 9457). Causes inside plazo are logged, not sent.

use std::any::Any;

use axum::Json;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::{Rejection, WriteError};
use crate::intake::json::{FieldError, NotJson, Unusable};
use crate::store::StoreError;

/// How long a caller should wait before trying again, in seconds.
const RETRY_AFTER: &str = "5";

/// A problem document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// The status, again.
    pub status: u16,
    /// What kind of problem, in a few words.
    pub title: &'static str,
    /// A word for programs.
    pub code: &'static str,
    /// What is wrong, and what to do.
    pub detail: String,
    /// The field that is wrong, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Where this machine's own users come in without a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub socket: Option<Box<str>>,
}

/// A problem on its way out.
#[derive(Debug)]
pub(super) struct Failure(Problem, Option<u64>);

pub(super) type Answer<T> = Result<T, Failure>;

impl Failure {
    pub(super) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or_default();
        let problem =
            Problem { status: status.as_u16(), title, code, detail: detail.into(), field: None, socket: None };
        Self(problem, None)
    }

    pub(super) const fn code(&self) -> &'static str {
        self.0.code
    }

    /// Names the socket by which this machine's own users come in.
    pub(super) fn with_socket(mut self, socket: &std::path::Path) -> Self {
        self.0.socket = Some(socket.display().to_string().into_boxed_str());
        self
    }

    /// Asks the caller to wait so many seconds.
    pub(super) fn retry_after(mut self, seconds: u64) -> Self {
        self.1 = Some(seconds);
        self
    }

    pub(super) fn of_field(field: &str, detail: impl Into<String>) -> Self {
        let mut failure = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_field", detail);
        failure.0.field = Some(field.to_owned());
        failure
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let Self(problem, retry_after) = self;
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        match status {
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
            }
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response
    }
}

impl From<FieldError> for Failure {
    fn from(error: FieldError) -> Self {
        Self::of_field(&error.field, error.to_string())
    }
}

impl From<Unusable> for Failure {
    fn from(error: Unusable) -> Self {
        match error {
            Unusable::NotJson(error) => error.into(),
            Unusable::TooMany => Self::new(StatusCode::BAD_REQUEST, "number_of_events", error.to_string()),
        }
    }
}

impl From<NotJson> for Failure {
    fn from(error: NotJson) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "not_json", error.to_string())
    }
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Self {
        match rejection.code {
            "unknown_request" => Self::new(StatusCode::NOT_FOUND, rejection.code, rejection.detail),
            "scope_missing" | "proof_needed" | "type_not_allowed" => {
                Self::new(StatusCode::FORBIDDEN, rejection.code, rejection.detail)
            }
            "at_in_future" | "at_too_old" => {
                let mut failure = Self::of_field("at", rejection.detail);
                failure.0.code = rejection.code;
                failure
            }
            _ => Self::new(StatusCode::UNPROCESSABLE_ENTITY, rejection.code, rejection.detail),
        }
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Failed(error) => error.into(),
            WriteError::Busy | WriteError::Unavailable(_) | WriteError::Stopping => {
                tracing::warn!(%error, "refused for now");
                let detail = "nothing was kept; send it again in a few seconds";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
            }
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a call failed");
        let detail = "plazo failed; its log says why";
        if error.is_unavailable() {
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
        } else {
            Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
        }
    }
}

impl From<BytesRejection> for Failure {
    fn from(rejection: BytesRejection) -> Self {
        let status = rejection.status();
        let (code, detail) = if status == StatusCode::PAYLOAD_TOO_LARGE {
            ("too_large", format!("a body may have {} bytes at most; send fewer events at a time", super::LARGEST_BODY))
        } else {
            ("unreadable_body", rejection.body_text())
        };
        Self::new(status, code, detail)
    }
}

/// Query parameters, with what is wrong in them as a problem document.
#[derive(Debug, FromRequestParts)]
#[from_request(via(Query), rejection(Failure))]
pub(super) struct Params<T>(pub(super) T);

/// Parts of the path, likewise.
#[derive(Debug, FromRequestParts)]
#[from_request(via(Path), rejection(Failure))]
pub(super) struct Named<T>(pub(super) T);

impl From<QueryRejection> for Failure {
    fn from(rejection: QueryRejection) -> Self {
        // "Failed to deserialize query string: limit: invalid digit found in string"
        let text = rejection.body_text();
        let field = text.split(": ").nth(1).filter(|field| !field.contains(' ')).map(str::to_owned);
        let mut failure = Self::new(rejection.status(), "invalid_query", text);
        failure.0.field = field;
        failure
    }
}

impl From<PathRejection> for Failure {
    fn from(rejection: PathRejection) -> Self {
        Self::new(StatusCode::NOT_FOUND, "no_such_path", rejection.body_text())
    }
}

pub(super) async fn not_found(uri: Uri) -> Failure {
    let path = uri.path().to_owned();
    Failure::new(
        StatusCode::NOT_FOUND,
        "no_such_path",
        format!("there is no {path}; /openapi.json lists what there is"),
    )
}

pub(super) async fn method_not_allowed(method: Method, uri: Uri) -> Failure {
    let path = uri.path().to_owned();
    Failure::new(StatusCode::METHOD_NOT_ALLOWED, "no_such_method", format!("{path} takes no {method}"))
}

pub(super) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a call panicked");
    Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "plazo failed; its log says why").into_response()
}
