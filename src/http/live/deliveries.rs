//! `/envios`: what was sent, by what way, and what the other end said; for those who operate plazo.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::session::{self, SignedIn};
use super::shell;
use super::table::{Cell, CellForm, Lists, Shortcut, Table};
use crate::app::App;
use crate::both;
use crate::outbox::{DeliveryId, DeliveryState};
use crate::text::{Both, format, vocabulary};

const MOST_LISTED: u32 = 200;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    estado: Option<String>,
    hecho: Option<String>,
}

pub(super) async fn show(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(wanted): Query<Wanted>,
) -> Response {
    let (config, now) = (app.config(), app.now());
    let language = session.viewer.language(&config);
    let frame = shell::frame(&session, &app, "/envios", language);
    if !session.viewer.operates(&config, now) {
        return shell::not_yours(frame, language);
    }
    let of = |both: Both| language.of(both);
    let state = wanted.estado.as_deref().and_then(DeliveryState::of);
    let (rows, counts) = app.views.deliveries(state, MOST_LISTED).await.unwrap_or_default();
    let shortcut = |one: Option<DeliveryState>| {
        let n: i64 = counts.iter().filter(|(state, ..)| one.is_none_or(|one| one == *state)).map(|(_, n, _)| n).sum();
        let name =
            one.map_or_else(|| of(both!("all", "todos")), |one| vocabulary::delivery_state(one, language).to_owned());
        let query = one.map(|one| format!("?estado={}", one.as_str())).unwrap_or_default();
        Shortcut { href: format!("/envios{query}"), text: format!("{name} ({n})"), is_here: state == one }
    };
    let states = [DeliveryState::Dead, DeliveryState::Pending, DeliveryState::Held, DeliveryState::Sent];
    let shortcuts = std::iter::once(None).chain(states.map(Some)).map(shortcut).collect();
    let rows = rows.into_iter().map(|row| {
        let class = if row.state == DeliveryState::Dead { "overdue" } else { "" };
        let retry = match row.state {
            DeliveryState::Dead => Some(("retry", both!("Try again", "Reintentar"))),
            DeliveryState::Pending if row.next_at.is_some_and(|at| now < at) => {
                Some(("retry", both!("Try now", "Intentar ya")))
            }
            _ => None,
        };
        let is_undone = matches!(row.state, DeliveryState::Dead | DeliveryState::Pending | DeliveryState::Held);
        let drop = is_undone.then(|| ("drop", both!("Drop", "Descartar")));
        let form = |deed: Option<(&str, Both)>| {
            deed.map_or_else(Cell::default, |(deed, words)| {
                Cell::form(CellForm {
                    to: format!("/envios/{}/{deed}", row.id),
                    button: of(words),
                    ..CellForm::default()
                })
            })
        };
        let request = row.request.clone();
        vec![
            Cell::text(format::when(row.decided_at, now, config.zone, language)),
            Cell::styled(class, vocabulary::delivery_state(row.state, language)),
            Cell::text(vocabulary::motive(&row.why, language)),
            request.map_or_else(Cell::default, |id| Cell::link(id.clone(), format!("/r/{id}"))),
            Cell::text(row.person.as_deref().map(|key| config.name_of(key).to_owned()).unwrap_or_default()),
            Cell::text(vocabulary::destination(&row.destination, language)),
            Cell::styled(
                "long",
                row.answer
                    .as_deref()
                    .map(|answer| format::one_line(&vocabulary::answer(answer, language), 160))
                    .unwrap_or_default(),
            ),
            form(retry),
            form(drop),
        ]
    });
    let columns = language.of(Both {
        en: ["when", "state", "why", "request", "to", "by", "what the other end said", "", ""],
        es: ["cuándo", "estado", "por qué", "solicitud", "a quién", "por", "qué respondió", "", ""],
    });
    let lists = Lists {
        title: of(both!("Deliveries", "Envíos")),
        done: session::unsealed(&session, wanted.hecho.as_deref()).map(|word| match word {
            "0" => of(both!("Nothing changed: it is sent, or gone.", "No cambió nada: ya salió, o ya no está.")),
            _ => of(both!("Done.", "Hecho.")),
        }),
        shortcuts,
        tables: vec![Table {
            columns: columns.map(str::to_owned).into(),
            rows: rows.collect(),
            empty: of(both!("None.", "Ninguno.")),
            ..Table::default()
        }],
        ..Lists::default()
    };
    lists.respond(StatusCode::OK, frame)
}

pub(super) async fn act(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Path((id, deed)): Path<(i64, String)>,
    body: Bytes,
) -> Response {
    let config = app.config();
    let language = session.viewer.language(&config);
    let is_own =
        form_urlencoded::parse(&body).any(|(name, value)| name == "form" && App::is_own_form(&session, &value));
    if !is_own || !session.viewer.operates(&config, app.now()) {
        return shell::not_yours(shell::frame(&session, &app, "/envios", language), language);
    }
    let done = match deed.as_str() {
        "retry" => app.outbox.retry_delivery(DeliveryId(id)).await,
        "drop" => app.outbox.drop_delivery(DeliveryId(id)).await,
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    match done {
        Ok(has_changed) => {
            let did = session::sealed(&session, if has_changed { "1" } else { "0" });
            Redirect::to(&format!("/envios?hecho={did}")).into_response()
        }
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
