//! `/a/{link}`: the pages behind the links of alerts. `GET` shows and asks, `POST` acts: scanners of mail open every link.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::{DateTime, Utc};
use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::app::links::{Deed, Link, LinkError, Reader};
use crate::app::{App, Applied, Incoming, LINK_DOOR};
use crate::both;
use crate::config::Config;
use crate::engine::clock::ClockState;
use crate::engine::event::{About, Author, AuthorKind, Event, EventId, Fact};
use crate::engine::proof::Proof;
use crate::engine::request::{Phase, Request, RequestId};
use crate::store::silences::Silenced;
use crate::text::printable::printable;
use crate::text::{Both, Language, format, vocabulary};

/// Nothing but the page itself, and its form to itself.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const MOST_LISTED: usize = 200;

pub(super) fn router() -> axum::Router<App> {
    axum::Router::new().route("/a/{link}", get(show).post(act))
}

#[derive(Debug, Serialize)]
struct Row {
    label: String,
    value: String,
}

#[derive(Debug, Serialize)]
struct Form {
    button: String,
    note: Option<String>,
}

/// What a page says.
#[derive(Debug, Default)]
struct Page {
    status: StatusCode,
    title: String,
    kind: &'static str,
    lead: Option<String>,
    facts: Vec<Row>,
    why: Option<String>,
    form: Option<Form>,
    details: Vec<String>,
    done: Option<String>,
    /// A further page: its words and its address.
    further: Option<(String, String)>,
}

async fn show(State(app): State<App>, Path(token): Path<String>) -> Response {
    let config = app.config();
    let link = match app.read_link(&token).await {
        Ok(Ok(link)) => link,
        Ok(Err(error)) => return refused(error, &config),
        Err(_) => return respond(failure(config.language), config.language, &config),
    };
    let language = language_of(&link, &config);
    if link.deed == Deed::List {
        return respond(list(&app, &link, language).await, language, &config);
    }
    let page = match find(&app, link.request).await {
        Ok(Some(request)) if request.phase.is_live() && !app.has_part(&link, &request) => {
            return refused(LinkError::NoPart, &config);
        }
        Ok(Some(request)) => {
            let further = app.silence_link(&link).filter(|_| link.deed == Deed::Show && request.phase.is_live());
            let words = language.of(both!("Silence this request…", "Silenciar esta solicitud…"));
            let page = ask(&link, &request, &config, language, app.now());
            Page { further: further.map(|link| (words, link)), ..page }
        }
        Ok(None) => unknown(link.request, language),
        Err(page) => page,
    };
    respond(page, language, &config)
}

async fn act(State(app): State<App>, Path(token): Path<String>) -> Response {
    let config = app.config();
    let link = match app.read_link(&token).await {
        Ok(Ok(link)) => link,
        Ok(Err(error)) => return refused(error, &config),
        Err(_) => return respond(failure(config.language), config.language, &config),
    };
    let language = language_of(&link, &config);
    let now = app.now();
    match find(&app, link.request).await {
        Ok(Some(request)) if !app.has_part(&link, &request) => return refused(LinkError::NoPart, &config),
        Ok(_) => {}
        Err(page) => return respond(page, language, &config),
    }
    let fact = match link.deed {
        Deed::Take => Fact::Ack,
        Deed::Snooze(time) => Fact::Snooze { until: now + time },
        Deed::Silence(_) if !app.may_silence(&link.reader) => return refused(LinkError::NoPart, &config),
        Deed::Silence(time) => {
            let page = silence(&app, &link, time, language).await;
            return respond(page, language, &config);
        }
        Deed::Show | Deed::List => {
            let page = Page { status: StatusCode::METHOD_NOT_ALLOWED, ..failure(language) };
            return respond(page, language, &config);
        }
    };
    let event = event(&link, &token, fact, &config, now);
    let applied = match Incoming::new(event, Some(link.request)) {
        Ok(incoming) => app.submit(vec![incoming]).await,
        Err(error) => Err(error.into()),
    };
    let page = match (applied, find(&app, link.request).await) {
        (Ok(applied), Ok(Some(request))) => match applied.into_iter().next() {
            Some(Applied::Rejected(_)) | None => failure(language),
            Some(Applied::Duplicate { .. }) if link.deed == Deed::Take => {
                taken_before(&link, &request, &config, language, now)
            }
            Some(_) => done(&link, &request, &config, language, now),
        },
        (_, Ok(None)) => unknown(link.request, language),
        (Err(_), _) | (_, Err(_)) => failure(language),
    };
    respond(page, language, &config)
}

async fn find(app: &App, id: RequestId) -> Result<Option<Request>, Page> {
    let language = app.config().language;
    app.read(move |store| store.request(id)).await.map_err(|_| failure(language))
}

/// The deed as an event. Taking works once; of the others a form sent twice is one deed, and the same link a while later another.
fn event(link: &Link, token: &str, fact: Fact, config: &Config, now: DateTime<Utc>) -> Event {
    let digest = hex::encode(Sha256::digest(token.as_bytes()));
    let id = match fact {
        Fact::Ack => digest[..32].to_owned(),
        _ => format!("{}:{}", &digest[..32], now.timestamp() / 60),
    };
    let author = match &link.reader {
        Reader::Person(key) => Author {
            name: config.contacts.get(key).map(|contact| contact.name.clone()),
            address: Some(key.clone()),
            kind: AuthorKind::Agent,
        },
        Reader::Destination(name) => Author { name: Some(name.clone()), address: None, kind: AuthorKind::Agent },
    };
    Event {
        id: EventId { source: LINK_DOOR.to_owned(), id },
        at: now,
        threads: Vec::new(),
        author: Some(author),
        about: About::default(),
        cc: Vec::new(),
        recipients: Vec::new(),
        proof: Proof::Link { alert_at: link.alert_at },
        refs: serde_json::Map::new(),
        fact,
    }
}

fn language_of(link: &Link, config: &Config) -> Language {
    let contact = link.reader.person().and_then(|key| config.contacts.get(key));
    contact.map_or(config.language, |contact| contact.language)
}

/// The page before the deed.
fn ask(link: &Link, request: &Request, config: &Config, language: Language, now: DateTime<Utc>) -> Page {
    let (id, is_live) = (request.id, request.phase.is_live());
    let is_broken = request.clocks.iter().any(|clock| clock.state == ClockState::Breached);
    let form = |button: Both, note: Both| Some(Form { button: language.of(button), note: Some(language.of(note)) });
    let (title, form) = match link.deed {
        Deed::Take => (
            both!("Take {id}?", "¿Tomar {id}?"),
            form(
                both!("I take it", "Lo tomo"),
                both!("Nobody above is told while you see to it.", "Mientras usted se ocupa, no se avisa más arriba."),
            ),
        ),
        Deed::Snooze(time) => {
            let span = format::span(time);
            (
                both!("Put {id} off for {span}?", "¿Posponer {id} {span}?"),
                form(
                    both!("In {span}", "En {span}"),
                    both!(
                        "No alert about it until then. The clock runs on.",
                        "Hasta entonces no sale ningún aviso. El reloj sigue corriendo."
                    ),
                ),
            )
        }
        Deed::Silence(time) => {
            let span = format::span(time);
            (
                both!("Silence {id} for {span}?", "¿Silenciar {id} {span}?"),
                form(
                    both!("Silence for {span}", "Silenciar {span}"),
                    both!(
                        "Nobody is told of it until then; what was held back comes as one message.",
                        "Hasta entonces no se avisa a nadie; lo retenido llega en un solo mensaje."
                    ),
                ),
            )
        }
        Deed::Show | Deed::List => (both!("Request {id}", "Solicitud {id}"), None),
    };
    let over = both!(
        "This request is closed; there is nothing left to do.",
        "Esta solicitud ya está cerrada; no queda nada por hacer."
    );
    Page {
        status: StatusCode::OK,
        title: language.of(title),
        kind: match (is_live, is_broken) {
            (false, _) => "done",
            (true, true) => "breach",
            (true, false) => "warning",
        },
        lead: (!is_live).then(|| language.of(over)),
        facts: rows(request, config, language),
        form: form.filter(|_| is_live),
        details: clocks(request, config, language, now),
        ..Page::default()
    }
}

/// The page of a link that has taken the request already.
fn taken_before(link: &Link, request: &Request, config: &Config, language: Language, now: DateTime<Utc>) -> Page {
    let done = both!(
        "This link took it before. To take it again, use a newer alert.",
        "Este enlace ya lo tomó antes. Para tomarlo de nuevo, use un aviso más reciente."
    );
    Page { done: Some(language.of(done)), ..self::done(link, request, config, language, now) }
}

/// The page after the deed.
fn done(link: &Link, request: &Request, config: &Config, language: Language, now: DateTime<Utc>) -> Page {
    let done = match link.deed {
        Deed::Take => both!("You took it. Nobody above is told.", "Usted lo tomó. No se avisa más arriba."),
        Deed::Snooze(_) => {
            let until = format::time(request.snoozed_until.unwrap_or(now), config.zone);
            both!("Put off until {until}.", "Pospuesto hasta las {until}.")
        }
        Deed::Silence(_) | Deed::Show | Deed::List => both!("Nothing was changed.", "No se cambió nada."),
    };
    let id = request.id;
    Page {
        status: StatusCode::OK,
        title: language.of(both!("Request {id}", "Solicitud {id}")),
        kind: "done",
        facts: rows(request, config, language),
        details: clocks(request, config, language, now),
        done: Some(language.of(done)),
        ..Page::default()
    }
}

fn rows(request: &Request, config: &Config, language: Language) -> Vec<Row> {
    let directory = &config.rulebook.directory;
    let customer = |word: &String| directory.customer(word).map_or_else(|| word.clone(), |client| client.name.clone());
    let owner = |word: &String| directory.person(word).map_or_else(|| word.clone(), |person| person.name.clone());
    let one_line = |text: String| format::one_line(&text, 120);
    let labels = language.of(Both {
        en: ["Client", "Channel", "Subject", "Owner", "Open since", "State"],
        es: ["Cliente", "Canal", "Asunto", "Responsable", "Abierta desde", "Estado"],
    });
    let names = [request.contact.clone(), request.contact_by(), request.facets.customer.as_ref().map(customer)];
    let client: Vec<_> = names.into_iter().flatten().map(one_line).collect();
    let phase = match request.phase {
        Phase::Unopened | Phase::Open => both!("open", "abierta"),
        Phase::Waiting => both!("waiting for the client", "en espera del cliente"),
        Phase::Closed => both!("closed", "cerrada"),
        Phase::Merged => both!("merged", "unida a otra"),
    };
    let nobody = language.of(both!("nobody yet", "nadie todavía"));
    let values = [
        (!client.is_empty()).then(|| client.join(" · ")),
        Some(vocabulary::channel(&request.facets.channel, language)),
        request.subject.clone().map(one_line),
        Some(request.owner.as_ref().map_or(nobody, owner)),
        Some(format::instant(request.opened_at, config.zone, language)),
        Some(language.of(phase)),
    ];
    let rows = labels.into_iter().zip(values);
    rows.filter_map(|(label, value)| Some(Row { label: label.to_owned(), value: value? })).collect()
}

/// A line for each clock.
fn clocks(request: &Request, config: &Config, language: Language, now: DateTime<Utc>) -> Vec<String> {
    let line = |clock: &crate::engine::clock::Clock| {
        let (task, state) = (vocabulary::task(clock.kind, language), vocabulary::state(clock.state, language));
        let due = clock.due_at.map(|due_at| {
            let at = format::instant(due_at, config.zone, language);
            let span = format::span((due_at - now).abs());
            language.of(if due_at < now {
                both!(", due {at}, {span} ago", ", vencía {at}, hace {span}")
            } else {
                both!(", due {at}, in {span}", ", vence {at}, en {span}")
            })
        });
        let due = due.filter(|_| clock.is_live()).unwrap_or_default();
        format!("{task}: {state}{due}")
    };
    request.clocks.iter().map(line).collect()
}

/// Holds back the alerts of one request; twice makes one silence.
async fn silence(app: &App, link: &Link, time: chrono::TimeDelta, language: Language) -> Page {
    let config = app.config();
    let now = app.now();
    let silenced = Silenced { request: Some(link.request), ..Silenced::default() };
    let known = app.read(move |store| store.silences(false, now)).await;
    let Ok(known) = known else { return failure(language) };
    let until = match known.iter().find(|row| row.silenced == silenced && row.starts_at <= now) {
        Some(row) => row.ends_at,
        None => {
            let contact = link.reader.person().and_then(|key| config.contacts.get(key));
            let who = contact.map(|contact| contact.name.clone());
            match app.add_silence(silenced, (now, now + time), who, None).await {
                Ok(row) => row.ends_at,
                Err(_) => return failure(language),
            }
        }
    };
    let (id, at) = (link.request, format::instant(until, config.zone, language));
    Page {
        status: StatusCode::OK,
        title: language.of(both!("Request {id}", "Solicitud {id}")),
        kind: "done",
        done: Some(language.of(both!("Silenced until {at}.", "En silencio hasta {at}."))),
        ..Page::default()
    }
}

/// Everything that is open, what is due first.
async fn list(app: &App, link: &Link, language: Language) -> Page {
    let live = app.read(|store| store.live_by_due(MOST_LISTED)).await;
    let Ok(live) = live else { return failure(language) };
    let config = app.config();
    let now = app.now();
    let n = live.len();
    let line = |request: &Request| {
        let named =
            [request.contact.clone(), request.contact_by()].into_iter().flatten().collect::<Vec<_>>().join(", ");
        let client = if named.is_empty() { request.facets.customer.clone().unwrap_or_default() } else { named };
        let channel = vocabulary::channel(&request.facets.channel, language);
        let due = request.due_at().map(|due_at| {
            let (at, is_over) = (format::instant(due_at, config.zone, language), due_at < now);
            language.of(if is_over {
                both!("due since {at}", "vencida desde {at}")
            } else {
                both!("due {at}", "vence {at}")
            })
        });
        let words = [Some(request.id.to_string()), Some(format::one_line(&client, 60)), Some(channel), due];
        words.into_iter().flatten().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" · ")
    };
    let reader = link.reader.person().and_then(|key| config.contacts.get(key)).map(|contact| contact.name.clone());
    Page {
        status: StatusCode::OK,
        title: language.of(both!("{n} open requests", "{n} solicitudes abiertas")),
        kind: "show",
        lead: reader,
        details: live.iter().map(line).collect(),
        ..Page::default()
    }
}

fn unknown(id: RequestId, language: Language) -> Page {
    Page {
        status: StatusCode::NOT_FOUND,
        title: language.of(both!("{id} is not known here", "aquí no se conoce {id}")),
        kind: "error",
        ..Page::default()
    }
}

fn failure(language: Language) -> Page {
    Page {
        status: StatusCode::SERVICE_UNAVAILABLE,
        title: language.of(both!("Nothing was done", "No se hizo nada")),
        kind: "error",
        lead: Some(language.of(both!(
            "plazo could not do it now. Try again in a minute; if it stays so, tell its operator.",
            "plazo no pudo hacerlo ahora. Inténtelo de nuevo en un minuto; si sigue igual, avise a quien lo opera."
        ))),
        ..Page::default()
    }
}

fn refused(error: LinkError, config: &Config) -> Response {
    let language = config.language;
    let (status, title, lead) = match error {
        LinkError::Forged => (
            StatusCode::NOT_FOUND,
            both!("This link does not work", "Este enlace no funciona"),
            both!(
                "It was cut or changed on its way. Open it from the alert itself, whole.",
                "Se cortó o cambió en el camino. Ábralo desde el aviso mismo, entero."
            ),
        ),
        LinkError::Revoked => (
            StatusCode::GONE,
            both!("This link was taken back", "Este enlace fue anulado"),
            both!(
                "Whoever operates plazo ended it. Open a newer alert.",
                "Quien opera plazo lo anuló. Abra un aviso más reciente."
            ),
        ),
        LinkError::Gone | LinkError::NoPart => (
            StatusCode::FORBIDDEN,
            both!("This link is no longer yours to use", "Este enlace ya no le corresponde"),
            both!(
                "Its reader has no part in this request any more: another team or person sees to it. Nothing was changed.",
                "A quien lo recibió ya no le corresponde esta solicitud: la atiende otro equipo o persona. No se cambió nada."
            ),
        ),
        LinkError::Expired => (
            StatusCode::GONE,
            both!("This link is too old", "Este enlace ya venció"),
            both!(
                "Links of alerts work for some days only. Open a newer alert.",
                "Los enlaces de los avisos sirven solo unos días. Abra un aviso más reciente."
            ),
        ),
    };
    let page =
        Page { status, title: language.of(title), kind: "error", lead: Some(language.of(lead)), ..Page::default() };
    respond(page, language, config)
}

fn respond(page: Page, language: Language, config: &Config) -> Response {
    let Page { status, title, kind, lead, facts, why, form, details, done, further } = page;
    let further = further.map(|(text, href)| context! { text, href });
    let plain = format!("{title}\n{}", lead.clone().unwrap_or_default());
    let context = context! { lang => language.code(), title, kind, lead, facts => Serde(facts), why, form => Serde(form), details, done, further };
    let (content_type, body) = match config.texts.page(&context) {
        Some(html) => ("text/html; charset=utf-8", html),
        None => ("text/plain; charset=utf-8", plain),
    };
    let body = printable(&body).into_owned();
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    let mut response = (status, headers, body).into_response();
    response.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex"));
    response
}
