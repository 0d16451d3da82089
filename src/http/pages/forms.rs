//! Forms that ask for more than a yes.

use axum::http::StatusCode;

use super::page::{Field, Form, Page};
use crate::app::App;
use crate::both;
use crate::config::Config;
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::http::violations::LONGEST_EXCUSE;
use crate::outbox::ViolationId;
use crate::text::{Both, Language, format, violation};

/// Asks whether to put it off.
pub(super) fn put_off(id: RequestId, span: &str, language: Language) -> (Both, Option<Form>) {
    let form = Form {
        button: language.of(both!("Remind me in {span}", "Recordarme en {span}")),
        note: Some(language.of(both!(
            "No alert about it until then. The clock runs on.",
            "Hasta entonces no sale ningún aviso. El reloj sigue corriendo."
        ))),
        ..Form::default()
    };
    (both!("Put {id} off for {span}?", "¿Posponer {id} {span}?"), Some(form))
}

/// Asks when an appointment is to begin instead.
pub(super) fn moved(request: &Request, config: &Config, language: Language) -> Option<Form> {
    let at = request.appointment.as_ref().filter(|appointment| !appointment.cancelled)?.at.with_timezone(&config.zone);
    let zone = config.zone;
    let field = Field {
        name: "at",
        label: language.of(both!("When it is to begin ({zone})", "Cuándo ha de empezar ({zone})")),
        kind: "instant",
        longest: 16,
        value: at.format("%Y-%m-%dT%H:%M").to_string(),
    };
    Some(Form {
        button: language.of(both!("Move it", "Moverla")),
        note: Some(language.of(both!(
            "Everybody of the house who was invited gets it anew.",
            "A cada persona de la casa que estaba invitada le llega de nuevo."
        ))),
        field: Some(field),
        to: None,
    })
}

/// Asks what there is to say to a broken rule.
pub(super) async fn excuse(app: &App, number: ViolationId, page: Page, language: Language) -> Page {
    let row = app.views.violation(number).await;
    let Ok(Some(row)) = row else {
        let title = both!("There is no violation {number}", "No hay incumplimiento {number}");
        return Page { status: StatusCode::NOT_FOUND, kind: "error", title: language.of(title), ..Page::default() };
    };
    let what = violation::line(&row.violation, language);
    let said = row.excuse.as_ref().map(|(excuse, who, _)| {
        let (excuse, who) = (format::one_line(excuse, 300), who.clone().unwrap_or_default());
        language.of(both!("Explained by {who}: \"{excuse}\"", "Explicado por {who}: «{excuse}»"))
    });
    let field = Field {
        name: "excuse",
        label: language.of(both!("What happened?", "¿Qué pasó?")),
        kind: "text",
        longest: LONGEST_EXCUSE,
        value: String::new(),
    };
    let form = Form {
        button: language.of(both!("Send the explanation", "Enviar la explicación")),
        note: Some(language.of(both!(
            "It stays with the violation and stands in the report; nobody further up is told of it.",
            "Queda junto al incumplimiento y aparece en el informe; no se avisa más arriba."
        ))),
        field: Some(field),
        to: None,
    };
    let id = row.request;
    Page {
        title: language.of(both!("Explain what happened on {id}", "Explicar lo que pasó en {id}")),
        leads: std::iter::once(format!("{what}.")).chain(said).collect(),
        form: Some(form),
        ..page
    }
}
