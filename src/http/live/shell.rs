//! What every live page has around it, and how it goes out.

use std::sync::LazyLock;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Value, context};
use serde::Serialize;

use super::assets;
use crate::app::App;
use crate::app::sessions::Session;
use crate::both;
use crate::text::Language;
use crate::text::printable::printable;

/// Nothing but what plazo itself gives: no script, style or picture from elsewhere, and none inside of the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The pages' own templates; a team's own texts are mails and chats.
static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        environment.set_syntax(syntax);
    }
    for (name, source) in [
        ("shell.html", include_str!("parts/shell.html")),
        ("queue.html", include_str!("parts/queue.html")),
        ("rows.html", include_str!("parts/rows.html")),
        ("wall.html", include_str!("parts/wall.html")),
        ("request.html", include_str!("parts/request.html")),
        ("sign_in.html", include_str!("parts/sign_in.html")),
        ("message.html", include_str!("parts/message.html")),
        ("lists.html", include_str!("parts/lists.html")),
        ("report.html", include_str!("parts/report.html")),
        ("file.html", include_str!("parts/file.html")),
    ] {
        // They are part of the program; a test renders each.
        environment.add_template(name, source).unwrap_or_else(|error| unreachable!("{name}: {error:#}"));
    }
    environment
});

/// A page of the head's list.
#[derive(Debug, Serialize)]
struct Tab {
    href: &'static str,
    text: String,
    is_here: bool,
}

/// What is the same on every page of somebody.
pub(super) fn frame(session: &Session, app: &App, here: &str, language: Language) -> Value {
    let config = app.config();
    let operates = session.viewer.operates(&config, app.now());
    let tab =
        |href: &'static str, text: crate::text::Both| Tab { href, text: language.of(text), is_here: here == href };
    let mut tabs = vec![
        tab("/", both!("Queue", "Cola")),
        tab("/incumplimientos", both!("Broken rules", "Incumplimientos")),
        tab("/silencios", both!("Silences", "Silencios")),
    ];
    if app.answers_for_others(&session.viewer) {
        tabs.push(tab("/informe", both!("Report", "Informe")));
    }
    tabs.push(tab("/estado", both!("Status", "Estado")));
    if operates {
        tabs.push(tab("/envios", both!("Deliveries", "Envíos")));
        tabs.push(tab("/archivo", both!("File", "Archivo")));
    }
    context! {
        lang => language.code(),
        zone => config.zone.name(),
        name => session.viewer.name(&config),
        form => session.form.clone(),
        tabs => minijinja::value::Serde(tabs),
        leave => language.of(both!("Leave", "Salir")),
        version => assets::version(),
        ago => language.of(both!("{{s}} s ago", "hace {{s}} s")),
        lost => language.of(both!("no connection to plazo since {{t}}", "sin conexión con plazo desde las {{t}}")),
        skip => language.of(both!("Skip to what is open", "Saltar a lo abierto")),
    }
}

/// A page made of a template.
pub(super) fn respond(status: StatusCode, template: &str, context: &Value) -> Response {
    let rendered = TEMPLATES.get_template(template).and_then(|template| template.render(context));
    match rendered {
        Ok(html) => send(status, &html),
        Err(error) => {
            tracing::error!(template, error = format!("{error:#}"), "a page cannot be rendered");
            send(StatusCode::INTERNAL_SERVER_ERROR, "plazo")
        }
    }
}

fn send(status: StatusCode, html: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    let mut response = (status, headers, printable(html).into_owned()).into_response();
    response.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex"));
    response
}

/// That a form is not of the session that sends it.
pub(super) fn stale(language: Language) -> String {
    language.of(both!(
        "This form is not of your session, or is not yours to send. Load the page again, and send it from there.",
        "Este formulario no es de su sesión, o no le corresponde. Cargue la página de nuevo y envíelo desde ahí."
    ))
}

/// That a page is for others.
pub(super) fn not_yours(frame: Value, language: Language) -> Response {
    let title = language.of(both!("This page is not among yours", "Esta página no es de las suyas"));
    let lead = both!(
        "Reports are for those who lead a team or hold a role; deliveries and the file for whoever operates plazo.",
        "Los informes son para quienes lideran un equipo o tienen un cargo; los envíos y el archivo, para quien opera plazo."
    );
    let back = ("/".to_owned(), language.of(both!("To the queue", "A la cola")));
    message(StatusCode::FORBIDDEN, frame, (title, language.of(lead)), back)
}

/// A page of a title and some sentences, which leads back.
pub(super) fn message(
    status: StatusCode,
    frame: Value,
    (title, lead): (String, String),
    back: (String, String),
) -> Response {
    let context = context! { title, lead, back => back.0, back_text => back.1, ..frame };
    respond(status, "message.html", &context)
}
