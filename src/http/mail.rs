//! `POST /v1/mail`: a raw mail from a mail server's pipe. plazo reads it itself, so that the pipe needs neither file nor token.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::Ingest;
use super::error::{Failure, HandlerResult, Problem};
use crate::app::App;
use crate::app::token::Grant;
use crate::both;
use crate::engine::event::Event;
use crate::intake::email::{self, House};
use crate::intake::source::Facts;

/// The largest mail; callers cut what is longer, since its head and the beginning of its text are all that is read.
pub const LARGEST_MAIL: usize = 1 << 20;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(post_mail)).layer(DefaultBodyLimit::max(LARGEST_MAIL))
}

/// What became of a mail.
#[derive(Debug, Serialize, ToSchema)]
struct Report {
    /// Taken, and on the disk.
    accepted: usize,
    /// Known already; nothing changed.
    duplicate: usize,
    /// Kept until its conversation begins.
    parked: usize,
    /// Requests that it belongs to.
    requests: Vec<String>,
    /// How it is known who wrote it.
    #[schema(value_type = Object)]
    proof: crate::engine::proof::Proof,
}

/// How a pipe says what it brings.
#[derive(Debug, Default)]
struct Pipe {
    own: Vec<String>,
    trusts: Vec<String>,
    is_sent: bool,
}

impl Pipe {
    fn of(query: &str) -> HandlerResult<Self> {
        let mut pipe = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "own" => pipe.own.push(value.to_lowercase()),
                "trusts" => pipe.trusts.push(value.to_lowercase()),
                "sent" => pipe.is_sent = value == "true",
                _ => {
                    return Err(Failure::of_field(
                        &name,
                        both!(
                            "`{name}` is not known; there are own, trusts and sent",
                            "`{name}` no se conoce; hay own, trusts y sent"
                        ),
                    ));
                }
            }
        }
        Ok(pipe)
    }
}

/// Send one raw mail (RFC 5322). `own`: addresses and `@domains` of the house besides the people of sla.toml; `trusts`: mail servers
/// whose word counts on who wrote a mail; `sent=true`: everything that comes here was sent by the house.
#[utoipa::path(post, path = "/v1/mail", tag = "events",
    params(("own" = Option<String>, Query), ("trusts" = Option<String>, Query), ("sent" = Option<bool>, Query)),
    request_body(content = String, content_type = "message/rfc822"),
    responses((status = 200, body = Report), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn post_mail(
    Ingest(grant): Ingest,
    State(app): State<App>,
    RawQuery(query): RawQuery,
    body: Result<Bytes, BytesRejection>,
) -> HandlerResult<Json<Report>> {
    let pipe = Pipe::of(query.as_deref().unwrap_or_default())?;
    let body = body?;
    let mut event = read(&body, &pipe, &grant, &app)?;
    if let Some(binding) = &grant.binding {
        event.id.source.clone_from(&binding.source);
        if !binding.types.is_empty() && !binding.types.iter().any(|known| known == event.fact.type_name()) {
            let types = binding.types.join(", ");
            let detail = both!("this token may tell {types}", "este token puede contar {types}");
            return Err(Failure::new(StatusCode::FORBIDDEN, "type_not_allowed", detail));
        }
    }
    let source = event.id.source.clone();
    let proof = event.proof.clone();
    let mut facts = Facts { events: vec![(event, None)], ..Facts::default() };
    app.obey_replies(&mut facts.events).await?;
    let told = app.feeds.take_mail(&source, facts).await?;
    Ok(Json(Report {
        accepted: told.accepted,
        duplicate: told.duplicate,
        parked: told.parked,
        requests: told.requests.iter().map(ToString::to_string).collect(),
        proof,
    }))
}

fn read(raw: &[u8], pipe: &Pipe, grant: &Grant, app: &App) -> HandlerResult<Event> {
    let config = app.config();
    let directory = &config.rulebook.directory;
    let is_own = |address: &str| {
        let address = address.to_lowercase();
        directory.person(&address).is_some()
            || pipe.own.iter().any(|own| address == *own || own.starts_with('@') && address.ends_with(own.as_str()))
            || config.mailboxes.values().any(|mailbox| mailbox.is_own(&address))
    };
    // Without a caller who is known, nobody says which servers are the house's.
    let is_known = grant.proof.holds();
    let house = House {
        is_own: &is_own,
        trusts: if is_known { &pipe.trusts } else { &[] },
        is_sent: is_known && pipe.is_sent,
        folder: None,
        received_at: None,
        now: app.now(),
    };
    email::read(raw, &house).map_err(|error| Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "no_email", error.words()))
}
