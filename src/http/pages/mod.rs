//! `/a/{link}`: the pages behind the links of messages. `GET` shows and asks, `POST` acts: scanners of mail open every link.

mod deed;
mod forms;
mod home;
mod list;
mod offers;
pub(super) mod page;
mod refused;
mod request;
mod sign_in;
pub(super) mod wording;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request as Call, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;

use super::live;
use crate::app::App;
use crate::app::links::{Deed, Link, LinkError};
use crate::app::report::Wanted;
use crate::both;
use crate::config::Config;
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::report::Period;
use crate::text::reader::Reader;
use crate::text::{Language, agenda, report};
use page::{Onward, Page, failure, respond, send, unknown};
use refused::{refused, renew};

/// A form of a page is small: one text at most.
const LARGEST_FORM: usize = 16 << 10;

pub(super) fn router() -> axum::Router<App> {
    axum::Router::new()
        .route("/a/", get(home::show))
        .route("/a/{link}", get(show).post(act))
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
}

async fn show(State(app): State<App>, Path(token): Path<String>, parts: Parts) -> Response {
    let config = app.config();
    // Calendars know by it what they get.
    let token = token.strip_suffix(".ics").map_or(token.clone(), str::to_owned);
    let link = match app.read_link(&token).await {
        Ok(Ok(link)) => link,
        Ok(Err(error)) => return refused(&app, error, &token).await,
        Err(_) => return respond(failure(config.language), config.language, &config),
    };
    if let Some(live) = live_page(&app, &link, &parts).await {
        return Redirect::to(&live).into_response();
    }
    let language = language_of(&link, &config);
    let page = match &link.deed {
        Deed::List => list::page(&app, &link, language).await,
        Deed::Agenda => match app.agenda(&link).await {
            Ok(agenda) => {
                let headers =
                    [(header::CONTENT_TYPE, "text/calendar; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
                // Its lines end as RFC 5545 has it, which is nothing that a page would print.
                return (headers, agenda::ics(&agenda, app.now(), language)).into_response();
            }
            Err(_) => failure(language),
        },
        Deed::SignIn(_) | Deed::SignInHere => sign_in::page(&link, &config, language),
        Deed::Report(name, period) => match whole_report(&app, &link, name, *period, language).await {
            Some(html) => return send(StatusCode::OK, "text/html; charset=utf-8", &html),
            None => failure(language),
        },
        _ => match find(&app, link.request).await {
            Ok(Some(request)) if request.phase.is_live() && !deed::has_part(&app, &link, &request) => {
                return refused(&app, LinkError::NoPart, &token).await;
            }
            Ok(Some(request)) => request::ask(&app, &link, &request, language).await,
            Ok(None) => unknown(link.request, language),
            Err(()) => failure(language),
        },
    };
    respond(page, language, &config)
}

/// The live page of the same, for whoever is signed in as the link's reader; everybody else has what the link shows.
async fn live_page(app: &App, link: &Link, parts: &Parts) -> Option<String> {
    let page = match link.deed {
        Deed::Show => format!("/r/{}", link.request),
        Deed::List => "/".to_owned(),
        _ => return None,
    };
    let reader = link.reader.person()?;
    let session = live::session_of(parts, app).await?;
    (session.viewer.person() == Some(reader)).then_some(page)
}

async fn act(State(app): State<App>, Path(token): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let config = app.config();
    let link = match app.read_link(&token).await {
        Ok(Ok(link)) => link,
        Ok(Err(LinkError::Expired)) => return renew(&app, &token).await,
        Ok(Err(error)) => return refused(&app, error, &token).await,
        Err(_) => return respond(failure(config.language), config.language, &config),
    };
    let language = language_of(&link, &config);
    let page = match find(&app, link.request).await {
        _ if matches!(link.deed, Deed::SignIn(_) | Deed::SignInHere) => {
            return sign_in::begin(&app, &link, &token, &headers, language).await;
        }
        _ if matches!(link.deed, Deed::Show | Deed::List | Deed::Report(..) | Deed::Agenda) => {
            Page { status: StatusCode::METHOD_NOT_ALLOWED, ..failure(language) }
        }
        Ok(Some(request)) if !deed::has_part(&app, &link, &request) || !deed::is_allowed(&app, &link) => {
            return refused(&app, LinkError::NoPart, &token).await;
        }
        Ok(Some(request)) => deed::act(&app, (&link, &token), &request, &body, language).await,
        Ok(None) => unknown(link.request, language),
        Err(()) => failure(language),
    };
    respond(page, language, &config)
}

/// Whether somebody's browser asks for a page, and not a program for data.
pub(super) fn is_for_browsers(call: &Call) -> bool {
    let path = call.uri().path();
    let is_data = path.starts_with("/v1/") || path.starts_with("/hooks/") || path == "/live";
    let accepts = call.headers().get(header::ACCEPT).and_then(|accepts| accepts.to_str().ok()).unwrap_or_default();
    !is_data && accepts.contains("text/html")
}

/// What is said in a browser where there is no page, or a form cannot be taken.
pub(super) fn problem(status: StatusCode, config: &Config) -> Response {
    let language = config.language;
    let (title, lead) = match status {
        StatusCode::NOT_FOUND => (
            both!("There is no such page", "No hay una página así"),
            both!("Look at the address again, or begin at the queue.", "Revise la dirección, o empiece por la cola."),
        ),
        StatusCode::METHOD_NOT_ALLOWED => (
            both!("Nothing was done", "No se hizo nada"),
            both!(
                "This address takes forms alone. Begin at the queue.",
                "Esta dirección solo recibe formularios. Empiece por la cola."
            ),
        ),
        StatusCode::PAYLOAD_TOO_LARGE => (
            both!("That is too long", "Es demasiado largo"),
            both!(
                "Nothing of it was taken. Go back, and write less.",
                "No se tomó nada. Vuelva atrás y escriba menos."
            ),
        ),
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY | StatusCode::UNSUPPORTED_MEDIA_TYPE => (
            both!("Nothing was done", "No se hizo nada"),
            both!(
                "Something in the address or the form cannot be read. Begin at the queue.",
                "Algo en la dirección o en el formulario no se entiende. Empiece por la cola."
            ),
        ),
        _ => {
            let page = failure(language);
            return respond(Page { status, ..page }, language, config);
        }
    };
    let queue = Onward { text: language.of(both!("To the queue", "A la cola")), href: "/".to_owned() };
    let page = Page::plain(status, "error", language.of(title), language.of(lead));
    respond(Page { further: vec![queue], ..page }, language, config)
}

async fn find(app: &App, id: RequestId) -> Result<Option<Request>, ()> {
    app.views.request(id).await.map_err(|_| ())
}

/// Who a link is for reads in their own language.
fn language_of(link: &Link, config: &Config) -> Language {
    let contact = link.reader.person().and_then(|key| config.contacts.get(key));
    contact.map_or(config.language, |contact| contact.language)
}

/// A report with everything in it, as its reader may see it: each request leads to the reader's own page of it.
async fn whole_report(app: &App, link: &Link, name: &str, period: Period, language: Language) -> Option<String> {
    let config = app.config();
    let span = (Some(period.from), Some(period.to));
    // A report that has left the file is still one, by the usual standards.
    let wanted = Wanted::find(&config, Some(name), span, false, app.now());
    let wanted = wanted.or_else(|_| Wanted::find(&config, None, span, false, app.now())).ok()?;
    let made = app.views.report(wanted).await.ok()?;
    let links = |request| app.links(request, &link.reader, link.alert_at);
    let reader = Reader { links: &links, ..Reader::plain(config.zone, language, app.now()) };
    Some(report::page(&made, &config.texts, &reader)).filter(|page| !page.is_empty())
}
