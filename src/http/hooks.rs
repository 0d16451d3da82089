//! `/hooks/{source}`: public doors. Who calls is proven before anything is parsed; what is said is on the disk before it is
//! answered; nothing of it is reflected but the word of a handshake.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, RawQuery, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::access::is_local;
use super::error::{Failure, HandlerResult};
use crate::app::App;
use crate::app::metrics::HookLabels;
use crate::both;
use crate::intake::source::{CallRefusal, HookRequest, Source, Taken};
use crate::text::Both;

/// The largest body: WhatsApp's batches have up to 3 MB.
const LARGEST_BODY: usize = 4 << 20;
/// A body up to so many bytes is read at once; going to another thread would take longer.
const MOST_AT_ONCE: usize = 32 << 10;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/hooks/{source}", any(receive))
        // Behind the name, for systems that can prove themselves by an address alone.
        .route("/hooks/{source}/{word}", any(receive))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
}

async fn receive(
    State(app): State<App>,
    Path(path): Path<Vec<String>>,
    RawQuery(query): RawQuery,
    Caller { method, headers, is_local }: Caller,
    request: axum::extract::Request,
) -> HandlerResult<Response> {
    let mut path = path.into_iter();
    let (name, word) = (path.next().unwrap_or_default(), path.next());
    let is_taken = |source: &&Arc<Source>| source.takes_calls() && (word.is_none() || source.has_path_word());
    let Some(source) = app.feeds.sources().get(&name).filter(is_taken).cloned() else {
        return Err(Failure::new(
            StatusCode::NOT_FOUND,
            "no_such_source",
            both!("there is no such hook", "no hay tal webhook"),
        ));
    };
    let refused = |rejection| {
        count(&app, &name, word_of(rejection));
        // Strangers may call as often as they like; the counter has them all.
        if source.may_complain() {
            tracing::warn!(source = name, cause = %rejection, "a call of a hook was refused");
        }
        failure(rejection)
    };
    source.look_at(method.as_str(), &text_of(&headers)).map_err(refused)?;
    let (body, _room) = read(request).await.inspect_err(|_| count(&app, &name, "unreadable"))?;
    let size = body.len();
    let taken = {
        let (source, body, config, now) = (Arc::clone(&source), body.clone(), app.config(), app.now());
        let take = move || {
            let request = HookRequest {
                method: method.as_str(),
                query: query.as_deref().unwrap_or_default(),
                path_word: word.as_deref(),
                headers: text_of(&headers),
                body: &body,
                is_local,
            };
            source.take(&request, &config.rulebook.directory, now)
        };
        // Digests and mappings of large bodies take a while, and the others of this worker are not to wait for them.
        let failed = |_| {
            Failure::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                both!("the call could not be read", "la llamada no se pudo leer"),
            )
        };
        if size <= MOST_AT_ONCE { take() } else { tokio::task::spawn_blocking(take).await.map_err(failed)? }
    };
    match taken {
        Ok(Taken::Handshake(answer)) => {
            count(&app, &name, "handshake");
            Ok(plain(StatusCode::OK, "text/plain; charset=utf-8", answer))
        }
        Ok(Taken::Facts(mut facts)) => {
            let presses = std::mem::take(&mut facts.presses);
            let is_foreign = facts.is_foreign;
            let told = app.feeds.take_facts(&name, facts, &body).await?;
            if told.erases {
                let app = app.clone();
                // It is on the disk that it is wanted: where this ends too early, it is done later.
                tokio::spawn(async move { app.erase_wanted().await });
            }
            if is_foreign {
                count(&app, &name, "not_understood");
                let detail = both!(
                    "no rule of this source's mapping knows this form; nothing was heard by it",
                    "ninguna regla de la correspondencia de esta fuente conoce esta forma; no se supo nada por ella"
                );
                return Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "not_understood", detail));
            }
            app.feeds.answer_presses(&name, presses).await?;
            count(&app, &name, "taken");
            Ok(answer(&source))
        }
        Err(rejection) => Err(refused(rejection)),
    }
}

/// Room for bodies of all hooks together, in KiB; a place is held until what a body says is on the disk.
static ROOM: Semaphore = Semaphore::const_new(64 << 10);

/// The body, if there is room for it.
async fn read(request: axum::extract::Request) -> HandlerResult<(Bytes, SemaphorePermit<'static>)> {
    let told = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let size = told.unwrap_or(LARGEST_BODY);
    if LARGEST_BODY < size {
        let detail = both!(
            "a body may have {LARGEST_BODY} bytes at most",
            "un envío puede tener {LARGEST_BODY} bytes a lo sumo"
        );
        return Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail));
    }
    let kibibytes = u32::try_from(1 + (size >> 10)).unwrap_or(u32::MAX);
    let room = ROOM.try_acquire_many(kibibytes).map_err(|_| {
        Failure::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            both!("too many large bodies at once", "demasiados envíos grandes a la vez"),
        )
        .retry_after(5)
    })?;
    let body = axum::body::to_bytes(request.into_body(), LARGEST_BODY).await;
    let unreadable = |_| {
        Failure::new(
            StatusCode::BAD_REQUEST,
            "unreadable_body",
            both!("the body is too large, or broke off", "el envío es demasiado grande, o se cortó"),
        )
    };
    Ok((body.map_err(unreadable)?, room))
}

/// What of the call is needed besides its body.
struct Caller {
    method: Method,
    headers: HeaderMap,
    is_local: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let is_local = is_local(parts).is_ok();
        Ok(Self { method: parts.method.clone(), headers: parts.headers.clone(), is_local })
    }
}

/// Headers by name in lower case; of several of one name, the first.
fn text_of(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for (name, value) in headers {
        if let Ok(value) = value.to_str() {
            texts.entry(name.as_str().to_owned()).or_insert_with(|| value.to_owned());
        }
    }
    texts
}

fn count(app: &App, source: &str, result: &'static str) {
    let labels = HookLabels { source: source.to_owned(), result };
    app.metrics().hooks.get_or_create(&labels).inc();
}

const fn word_of(rejection: CallRefusal) -> &'static str {
    match rejection {
        CallRefusal::TooMany(_) => "too_many",
        CallRefusal::Refused(_) | CallRefusal::BadHandshake => "refused",
        CallRefusal::ContentType => "content_type",
        CallRefusal::Method => "method",
        CallRefusal::Unreadable => "unreadable",
    }
}

/// Why a call was not taken. How a signature should have been made is between two programs, and said in English.
fn words(rejection: CallRefusal) -> Both {
    match rejection {
        CallRefusal::Refused(refused) => {
            both!("{refused}", "la llamada no está firmada como esta fuente lo hace ({refused})")
        }
        CallRefusal::TooMany(_) => both!("too many requests", "demasiadas llamadas"),
        CallRefusal::BadHandshake => both!("the handshake does not fit", "el saludo no corresponde"),
        CallRefusal::ContentType => both!("this content type is not taken", "este tipo de contenido no se recibe"),
        CallRefusal::Unreadable => both!("the body cannot be read", "el envío no se puede leer"),
        CallRefusal::Method => both!("this method is not taken", "este método no se recibe"),
    }
}

fn failure(rejection: CallRefusal) -> Failure {
    let (status, code) = match rejection {
        CallRefusal::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "too_many"),
        CallRefusal::Refused(_) => (StatusCode::UNAUTHORIZED, "not_signed"),
        CallRefusal::BadHandshake => (StatusCode::FORBIDDEN, "bad_handshake"),
        CallRefusal::ContentType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type"),
        CallRefusal::Unreadable => (StatusCode::BAD_REQUEST, "unreadable"),
        CallRefusal::Method => (StatusCode::METHOD_NOT_ALLOWED, "method"),
    };
    let failure = Failure::new(status, code, words(rejection));
    match rejection {
        CallRefusal::TooMany(seconds) => failure.retry_after(seconds),
        _ => failure,
    }
}

fn answer(source: &Source) -> Response {
    let answer = &source.settings.mapping.answer;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    plain(status, &answer.content_type, answer.body.clone())
}

fn plain(status: StatusCode, content_type: &str, body: String) -> Response {
    let mut response = (status, Body::from(body)).into_response();
    let content_type = HeaderValue::from_str(content_type).unwrap_or(HeaderValue::from_static("text/plain"));
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    // A challenge comes from outside: no browser is to take it for a page.
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
