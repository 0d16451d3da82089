//! What a page says, and how it goes out.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;

use crate::both;
use crate::config::Config;
use crate::engine::request_id::RequestId;
use crate::text::Language;
use crate::text::printable::printable;

/// Nothing but the page itself, and its forms to pages of the same house.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A label and what stands beside it.
#[derive(Debug, Serialize)]
pub(in crate::http) struct Row {
    pub(in crate::http) label: String,
    pub(in crate::http) value: String,
}

/// A promise: its state as shape and word, what it is, and by when.
#[derive(Debug, Serialize)]
pub(in crate::http) struct Promise {
    pub(in crate::http) state: &'static str,
    pub(in crate::http) mark: char,
    pub(in crate::http) what: String,
    pub(in crate::http) when: String,
}

/// A form: the deed that the page asks about.
#[derive(Debug, Default, Serialize)]
pub(super) struct Form {
    /// Where it goes; the page itself where it is none.
    pub(super) to: Option<String>,
    pub(super) button: String,
    pub(super) note: Option<String>,
    pub(super) choice: Option<Choice>,
    pub(super) field: Option<Field>,
}

/// One of several that a form asks for.
#[derive(Debug, Serialize)]
pub(super) struct Choice {
    pub(super) name: &'static str,
    pub(in crate::http) label: String,
    pub(super) options: Vec<Person>,
}

/// What a form asks for.
#[derive(Debug, Serialize)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(in crate::http) label: String,
    /// `text` or `instant`.
    pub(super) kind: &'static str,
    /// Letters at most.
    pub(super) longest: usize,
    pub(super) is_optional: bool,
    pub(in crate::http) value: String,
}

/// A deed that needs nothing more than a button.
#[derive(Debug, Serialize)]
pub(super) struct Button {
    pub(super) to: String,
    pub(super) button: String,
}

/// To whom a request can be handed.
#[derive(Debug, Serialize)]
pub(super) struct Hand {
    pub(super) to: String,
    pub(in crate::http) label: String,
    pub(super) button: String,
    pub(super) people: Vec<Person>,
}

#[derive(Debug, Serialize)]
pub(super) struct Person {
    pub(super) key: String,
    pub(super) name: String,
}

/// Requests under one heading.
#[derive(Debug, Serialize)]
pub(super) struct Section {
    pub(super) title: String,
    pub(super) rows: Vec<Listed>,
}

/// A request of a list.
#[derive(Debug, Serialize)]
pub(super) struct Listed {
    pub(in crate::http) state: &'static str,
    pub(in crate::http) mark: char,
    pub(in crate::http) when: String,
    pub(in crate::http) what: String,
    pub(super) who: String,
    pub(super) owner: String,
    pub(super) request: String,
    pub(super) href: Option<String>,
}

/// What happened so far, a sentence each.
#[derive(Debug, Serialize)]
pub(super) struct History {
    pub(super) title: String,
    pub(super) lines: Vec<String>,
}

/// A further page.
#[derive(Debug, Serialize)]
pub(super) struct Onward {
    pub(super) text: String,
    pub(super) href: String,
}

/// What a page says.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) title: String,
    pub(super) kind: &'static str,
    pub(super) done: Option<String>,
    pub(super) leads: Vec<String>,
    pub(super) clocks: Vec<Promise>,
    pub(super) form: Option<Form>,
    pub(super) deeds: Vec<Button>,
    pub(super) hand: Option<Hand>,
    pub(super) facts: Vec<Row>,
    pub(super) sections: Vec<Section>,
    pub(super) history: Option<History>,
    pub(super) further: Vec<Onward>,
    pub(super) why: Option<String>,
}

impl Page {
    /// A page of a title and a sentence.
    pub(super) fn plain(status: StatusCode, kind: &'static str, title: String, lead: String) -> Self {
        Self { status, kind, title, leads: vec![lead], ..Self::default() }
    }

    /// What its template sees.
    fn context(self, language: Language) -> minijinja::Value {
        let Self {
            title, kind, done, leads, clocks, form, deeds, hand, facts, sections, history, further, why, ..
        } = self;
        context! {
            lang => language.code(), title, kind, done, leads, why,
            clocks => Serde(clocks), form => Serde(form), deeds => Serde(deeds), hand => Serde(hand), facts => Serde(facts),
            sections => Serde(sections), history => Serde(history), further => Serde(further),
        }
    }
}

pub(super) fn unknown(id: RequestId, language: Language) -> Page {
    let lead = both!("Perhaps it was merged into another.", "Quizá se unió a otra.");
    let title = both!("{id} is not known here", "aquí no se conoce {id}");
    Page::plain(StatusCode::NOT_FOUND, "error", language.of(title), language.of(lead))
}

pub(super) fn failure(language: Language) -> Page {
    let lead = both!(
        "plazo could not do it now. Try again in a minute; if it stays so, tell its operator.",
        "plazo no pudo hacerlo ahora. Inténtelo de nuevo en un minuto; si sigue igual, avise a quien lo opera."
    );
    let title = both!("Nothing was done", "No se hizo nada");
    Page::plain(StatusCode::SERVICE_UNAVAILABLE, "error", language.of(title), language.of(lead))
}

/// A form that was not filled in as it must be.
pub(super) fn unusable(lead: String, language: Language) -> Page {
    let title = both!("Nothing was done", "No se hizo nada");
    Page::plain(StatusCode::UNPROCESSABLE_ENTITY, "error", language.of(title), lead)
}

pub(super) fn respond(page: Page, language: Language, config: &Config) -> Response {
    let status = page.status;
    let plain = format!("{}\n{}", page.title, page.leads.join("\n"));
    match config.texts.page(&page.context(language)) {
        Some(html) => send(status, "text/html; charset=utf-8", &html),
        None => send(status, "text/plain; charset=utf-8", &plain),
    }
}

/// A page with the headers of all of them.
pub(in crate::http) fn send(status: StatusCode, content_type: &'static str, body: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    let mut response = (status, headers, printable(body).into_owned()).into_response();
    response.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex"));
    response
}
