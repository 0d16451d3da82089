//! Forms that ask for more than a yes.

use axum::http::StatusCode;

use super::page::{Button, Choice, Field, Form, Page, Person};
use crate::app::App;
use crate::app::links::{Deed, Link};
use crate::both;
use crate::config::Config;
use crate::engine::effect::ClockRef;
use crate::engine::event::BrokenPromise;
use crate::engine::reasons::{self, BreachReason};
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::http::violations::LONGEST_EXCUSE;
use crate::outbox::ViolationId;
use crate::text::{Both, Language, format, violation, vocabulary};

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
        is_optional: false,
        value: at.format("%Y-%m-%dT%H:%M").to_string(),
    };
    Some(Form {
        button: language.of(both!("Move it", "Moverla")),
        note: Some(language.of(both!(
            "Everybody of the house who was invited gets it anew.",
            "A cada persona de la casa que estaba invitada le llega de nuevo."
        ))),
        field: Some(field),
        ..Form::default()
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
        is_optional: false,
        value: String::new(),
    };
    let form = Form {
        button: language.of(both!("Send the explanation", "Enviar la explicación")),
        note: Some(language.of(both!(
            "It stays with the violation and stands in the report; nobody further up is told of it.",
            "Queda junto al incumplimiento y aparece en el informe; no se avisa más arriba."
        ))),
        field: Some(field),
        ..Form::default()
    };
    let id = row.request;
    Page {
        title: language.of(both!("Explain what happened on {id}", "Explicar lo que pasó en {id}")),
        leads: std::iter::once(format!("{what}.")).chain(said).collect(),
        form: Some(form),
        ..page
    }
}

/// Asks why the promise broke that broke last.
pub(super) async fn reason(app: &App, id: RequestId, page: Page, language: Language) -> Page {
    let (config, now) = (app.config(), app.now());
    let clocks = app.views.clocks(id).await.unwrap_or_default();
    let Some(clock) = reasons::broken(&clocks, BrokenPromise::default(), now) else {
        let title = both!("No promise of {id} has broken", "Ninguna promesa de {id} se ha incumplido");
        return Page { title: language.of(title), ..page };
    };
    let option = |reason: &BreachReason| {
        let note = if reason.is_excluding {
            language.of(both!(" (out of the figures)", " (fuera de las cifras)"))
        } else {
            String::new()
        };
        Person { key: reason.key.clone(), name: format!("{}{note}", format::one_line(&reason.name, 60)) }
    };
    let choice = Choice {
        name: "reason",
        label: language.of(both!("The reason", "La razón")),
        options: config.rulebook.reasons.iter().map(option).collect(),
    };
    let field = Field {
        name: "text",
        label: language.of(both!("What there is to say to it", "Qué hay que decir al respecto")),
        kind: "text",
        longest: LONGEST_EXCUSE,
        is_optional: true,
        value: String::new(),
    };
    let form = Form {
        button: language.of(both!("Say so", "Decirlo")),
        note: Some(language.of(both!(
            "The report names the reason, and who gave it.",
            "El informe nombra la razón, y a quien la dio."
        ))),
        choice: Some(choice),
        field: Some(field),
        to: None,
    };
    let (task, at) = (vocabulary::task(clock.kind, language), clock.breached_at.unwrap_or(now));
    let at = format::when(at, now, config.zone, language);
    Page {
        title: language.of(both!("Why did the promise of {id} break?", "¿Por qué se incumplió la promesa de {id}?")),
        leads: vec![language.of(both!("To {task}: it broke {at}.", "De {task}: se incumplió {at}."))],
        form: Some(form),
        ..page
    }
}

/// Asks whether a breach is let out of the figures.
pub(super) async fn approval(
    app: &App,
    link: &Link,
    request: &Request,
    clock: ClockRef,
    page: Page,
    language: Language,
) -> Page {
    let (config, now, id) = (app.config(), app.now(), request.id);
    let clocks = app.views.clocks(id).await.unwrap_or_default();
    let events = app.views.events(id).await.unwrap_or_default();
    let given = reasons::of(&events, &clocks, request.owner.as_deref(), &config.rulebook);
    let Some(given) = given.iter().find(|given| given.clock == clock) else {
        let title = both!("Nobody waits for that approval any more", "Ya nadie espera esa aprobación");
        return Page { title: language.of(title), ..page };
    };
    let (task, at) =
        (vocabulary::task(clock.kind, language), format::when(given.breached_at, now, config.zone, language));
    let somebody = || language.of(both!("Somebody", "Alguien"));
    let who = given.who.as_deref().map_or_else(somebody, |word| config.name_of(word).to_owned());
    let (reason, text) = (&given.name, format::one_line(&given.text, 300));
    let text = if text.is_empty() { text } else { language.of(both!(": \"{text}\"", ": «{text}»")) };
    let mut leads = vec![
        language.of(both!("To {task}: it broke {at}.", "De {task}: se incumplió {at}.")),
        language.of(both!("{who} says why: {reason}{text}.", "{who} dice por qué: {reason}{text}.")),
    ];
    if let Some(approval) = &given.approval {
        let who = approval.who.as_deref().map_or_else(somebody, |word| config.name_of(word).to_owned());
        let state = vocabulary::reason_state(given.state, language);
        leads.push(language.of(both!("{who} decided: {state}.", "{who} decidió: {state}.")));
    }
    let form = Form {
        to: Some(app.onward(link, Deed::Approve(clock), id)),
        button: language.of(both!("Yes, let it out of the figures", "Sí, sacarlo de las cifras")),
        note: Some(language.of(both!(
            "The report shows the figures with and without it, and names you.",
            "El informe muestra las cifras con y sin él, y le nombra."
        ))),
        ..Form::default()
    };
    let refuse = Button {
        to: app.onward(link, Deed::Refuse(clock), id),
        button: language.of(both!("No, it counts", "No, cuenta")),
    };
    Page {
        title: language.of(both!("Does the breach of {id} count?", "¿Cuenta el incumplimiento de {id}?")),
        leads,
        form: Some(form),
        deeds: vec![refuse],
        ..page
    }
}
