//! Everything that is open, what is due first. Each row leads to the reader's own page of the request.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};

use super::page::{Listed, Onward, Page, Section, failure};
use super::wording::{Urgency, capitalised, due, nobody, person, short_client};
use crate::app::App;
use crate::app::links::{Deed, Link};
use crate::both;
use crate::engine::clock::Clock;
use crate::engine::request::{Phase, Request};
use crate::text::{Language, format, vocabulary};

const MOST_LISTED: usize = 200;

pub(super) async fn page(app: &App, link: &Link, language: Language) -> Page {
    // One more than are shown, to know whether there are more.
    let live = app.views.live_by_due(MOST_LISTED + 1).await;
    let Ok(mut live) = live else { return failure(language) };
    let is_cut = MOST_LISTED < live.len();
    live.truncate(MOST_LISTED);
    let now = app.now();
    let mut rows: Vec<(Urgency, Listed)> = live.iter().map(|request| row(app, link, request, now, language)).collect();
    // Within each heading the order of the store stays: what is due first.
    rows.sort_by_key(|(urgency, _)| *urgency);
    let mut sections: Vec<(Urgency, Section)> = Vec::new();
    for (urgency, row) in rows {
        match sections.last_mut().filter(|(last, _)| *last == urgency) {
            Some((_, section)) => section.rows.push(row),
            None => sections.push((urgency, Section { title: urgency.title(language), rows: vec![row] })),
        }
    }
    for (_, section) in &mut sections {
        section.title = format!("{} ({})", section.title, section.rows.len());
    }
    let n = live.len();
    let title = match n {
        0 => both!("Nothing is open", "No hay nada abierto"),
        1 => both!("1 open request", "1 solicitud abierta"),
        n if is_cut => both!("More than {n} open requests", "Más de {n} solicitudes abiertas"),
        n => both!("{n} open requests", "{n} solicitudes abiertas"),
    };
    let cut = both!(
        "These are the {n} that are due first; the queue has all of them.",
        "Estas son las {n} que vencen primero; la cola las tiene todas."
    );
    let config = app.config();
    let reader = link.reader.person().and_then(|key| config.contacts.get(key)).map(|contact| contact.name.clone());
    let at = format::when(now, now, config.zone, language);
    let seen = reader.map(|name| language.of(both!("For {name}, {at}", "Para {name}, {at}")));
    Page {
        status: StatusCode::OK,
        title: language.of(title),
        kind: "list",
        leads: seen.into_iter().chain(is_cut.then(|| language.of(cut))).collect(),
        sections: sections.into_iter().map(|(_, section)| section).collect(),
        further: vec![Onward {
            text: language.of(both!("The queue, live", "La cola, en vivo")),
            href: format!("{}/", app.base()),
        }],
        ..Page::default()
    }
}

fn row(app: &App, link: &Link, request: &Request, now: DateTime<Utc>, language: Language) -> (Urgency, Listed) {
    let config = app.config();
    let next = |clock: &&Clock| clock.is_live() && clock.due_at.is_some();
    let clock = request.clocks.iter().filter(next).min_by_key(|clock| clock.due_at);
    let urgency = clock.map_or(Urgency::Calm, |clock| Urgency::of(clock, now));
    let (state, mark) = urgency.look();
    let when = clock.and_then(|clock| clock.due_at).map(|due_at| capitalised(&due(due_at, &config, now, language)));
    let idle = match request.phase {
        Phase::Waiting => both!("Waiting for the client", "En espera del cliente"),
        _ => both!("Nothing due", "Sin plazo en curso"),
    };
    let task = clock.map(|clock| capitalised(vocabulary::task(clock.kind, language)));
    let subject = request.subject.as_ref().map(|subject| format::one_line(subject, 80));
    let channel = vocabulary::channel(&request.facets.channel, language);
    let words = |all: [Option<String>; 2]| {
        all.into_iter().flatten().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" · ")
    };
    let listed = Listed {
        state,
        mark,
        when: when.unwrap_or_else(|| language.of(idle)),
        what: words([task, subject]),
        who: words([Some(short_client(request, &config)), Some(channel)]),
        owner: request.owner.as_ref().map_or_else(|| nobody(language), |owner| person(owner, &config)),
        request: request.id.to_string(),
        // A page that its reader would be refused is not linked.
        href: app.has_part(link, request).then(|| app.onward(link, Deed::Show, request.id)),
    };
    (urgency, listed)
}
