//! Everything wrong is a problem document (RFC 9457). Causes inside plazo are logged, not sent.

use std::any::Any;

use axum::Json;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequestParts, Path, Query, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::pages;
use crate::app::{App, Rejection, WriteError};
use crate::both;
use crate::intake::json::{FieldError, MOST_EVENTS, NotJson, Unusable};
use crate::store::StoreError;
use crate::text::{Both, Language};
use crate::unit::incoming::RejectionCode;

/// How long a caller should wait before trying again, in seconds.
const RETRY_AFTER: &str = "5";

/// A problem document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Problem {
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

/// Said where the cause is nobody's business but the operator's.
pub(super) const FAILED: Both<&str> =
    Both { en: "plazo failed; its log says why", es: "plazo falló; su registro dice por qué" };

/// A problem on its way out, in words for whoever will read it.
#[derive(Debug)]
pub(super) struct Failure(Box<Told>);

#[derive(Debug, Clone)]
struct Told {
    status: StatusCode,
    code: &'static str,
    detail: Both,
    field: Option<String>,
    socket: Option<Box<str>>,
    retry_after: Option<u64>,
}

impl Told {
    /// The document in a language; the title is the status's own name, and English.
    fn problem(self, language: Language) -> Problem {
        let title = self.status.canonical_reason().unwrap_or_default();
        let (status, detail) = (self.status.as_u16(), language.of(self.detail));
        Problem { status, title, code: self.code, detail, field: self.field, socket: self.socket }
    }
}

/// Says each problem in the language of the file. Until here it bears both, since few of those who find one know the file.
pub(super) async fn in_the_language(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_browser = pages::is_for_browsers(&request);
    let mut response = next.run(request).await;
    let status = response.status();
    let is_problem = status.is_client_error() || status.is_server_error();
    let Some(told) = response.extensions_mut().remove::<Told>() else {
        let is_page =
            response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        // What the server itself refuses: a form that is too large, a field that is none.
        return if is_browser && is_problem && !is_page { pages::problem(status, &app.config()) } else { response };
    };
    if is_browser {
        return pages::problem(status, &app.config());
    }
    let problem = Json(told.problem(app.config().language)).into_response();
    *response.body_mut() = problem.into_body();
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response
}

pub(super) type HandlerResult<T> = Result<T, Failure>;

impl Failure {
    pub(super) fn new(status: StatusCode, code: &'static str, detail: impl Into<Both>) -> Self {
        Self(Box::new(Told { status, code, detail: detail.into(), field: None, socket: None, retry_after: None }))
    }

    /// What is wrong, in words.
    pub(super) fn detail(&self) -> Both {
        self.0.detail.clone()
    }

    pub(super) fn code(&self) -> &'static str {
        self.0.code
    }

    /// Names the socket by which this machine's own users come in.
    pub(super) fn with_socket(mut self, socket: &std::path::Path) -> Self {
        self.0.socket = Some(socket.display().to_string().into_boxed_str());
        self
    }

    /// Asks the caller to wait so many seconds.
    pub(super) fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// Says what is wrong with a parameter of the address.
    pub(super) fn of_parameter(field: &str, detail: impl Into<Both>) -> Self {
        let mut failure = Self::new(StatusCode::BAD_REQUEST, "invalid_query", detail);
        failure.0.field = Some(field.to_owned());
        failure
    }

    pub(super) fn of_field(field: &str, detail: impl Into<Both>) -> Self {
        let mut failure = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_field", detail);
        failure.0.field = Some(field.to_owned());
        failure
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self(told) = self;
        let (status, retry_after) = (told.status, told.retry_after);
        let mut response = (status, Json(told.clone().problem(Language::En))).into_response();
        response.extensions_mut().insert(*told);
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
        Self::of_field(&error.field, error.words())
    }
}

impl From<Unusable> for Failure {
    fn from(error: Unusable) -> Self {
        match error {
            Unusable::NotJson(error) => error.into(),
            Unusable::TooMany => {
                let detail = both!(
                    "a body holds 1 to {MOST_EVENTS} events; this one holds more",
                    "un envío lleva de 1 a {MOST_EVENTS} eventos; este lleva más"
                );
                Self::new(StatusCode::BAD_REQUEST, "number_of_events", detail)
            }
        }
    }
}

impl From<NotJson> for Failure {
    fn from(error: NotJson) -> Self {
        let NotJson(cause) = &error;
        let detail = both!("this is not JSON: {cause}", "esto no es JSON: {cause}");
        Self::new(StatusCode::BAD_REQUEST, "not_json", detail)
    }
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Self {
        let code = rejection.code.as_str();
        match rejection.code {
            RejectionCode::UnknownRequest => Self::new(StatusCode::NOT_FOUND, code, rejection.detail),
            RejectionCode::AtInFuture | RejectionCode::AtTooOld | RejectionCode::BeforeOpening => {
                let mut failure = Self::of_field("at", rejection.detail);
                failure.0.code = code;
                failure
            }
            RejectionCode::ScopeMissing | RejectionCode::ProofNeeded | RejectionCode::TypeNotAllowed => {
                Self::new(StatusCode::FORBIDDEN, code, rejection.detail)
            }
            RejectionCode::MissingField
            | RejectionCode::Rule
            | RejectionCode::Unreadable
            | RejectionCode::Quarantined
            | RejectionCode::SourceReserved => Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, rejection.detail),
        }
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Failed(error) => error.into(),
            WriteError::NoRoom => {
                tracing::warn!(%error, "refused for now");
                let detail = both!(
                    "the disk is full: nothing was kept. Make room where the store lies, then send it again",
                    "el disco está lleno: no se guardó nada. Haga espacio donde está la base de datos y envíelo otra vez"
                );
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
            }
            WriteError::Busy | WriteError::Unavailable(_) | WriteError::Stopping => {
                tracing::warn!(%error, "refused for now");
                let detail = both!(
                    "nothing was kept; send it again in a few seconds",
                    "no se guardó nada; envíelo otra vez en unos segundos"
                );
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
            }
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a call failed");
        let detail = FAILED;
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
            let most = super::LARGEST_BODY;
            let detail = both!(
                "a body may have {most} bytes at most; send fewer events at a time",
                "un envío puede tener {most} bytes a lo sumo; envíe menos eventos a la vez"
            );
            ("too_large", detail)
        } else {
            let cause = rejection.body_text();
            ("unreadable_body", both!("the body cannot be read: {cause}", "el envío no se puede leer: {cause}"))
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
        let mut parts = text.splitn(3, ": ").skip(1);
        let field = parts.next().filter(|field| !field.contains(' ')).map(str::to_owned);
        let detail = match (&field, parts.next()) {
            (Some(field), Some(cause)) => {
                both!("`{field}` in the query cannot be used: {cause}", "`{field}` no sirve en la consulta: {cause}")
            }
            _ => both!("the query cannot be used: {text}", "la consulta no sirve: {text}"),
        };
        let mut failure = Self::new(rejection.status(), "invalid_query", detail);
        failure.0.field = field;
        failure
    }
}

impl From<PathRejection> for Failure {
    fn from(rejection: PathRejection) -> Self {
        let cause = rejection.body_text();
        let detail = both!("there is no such path: {cause}", "no hay tal ruta: {cause}");
        Self::new(StatusCode::NOT_FOUND, "no_such_path", detail)
    }
}

pub(super) async fn not_found(uri: Uri) -> Failure {
    let path = uri.path().to_owned();
    Failure::new(
        StatusCode::NOT_FOUND,
        "no_such_path",
        both!(
            "there is no {path}; /openapi.json lists what there is",
            "no hay {path}; /openapi.json enumera lo que hay"
        ),
    )
}

pub(super) async fn method_not_allowed(method: Method, uri: Uri) -> Failure {
    let path = uri.path().to_owned();
    Failure::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "no_such_method",
        both!("{path} takes no {method}", "{path} no recibe {method}"),
    )
}

pub(super) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a call panicked");
    Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", FAILED).into_response()
}
