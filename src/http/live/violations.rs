//! `/incumplimientos`: rules that were broken, each with a field in which somebody says what happened.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::session::{self, SignedIn};
use super::shell;
use super::table::{Cell, CellForm, Lists, Shortcut, Table};
use crate::app::App;
use crate::app::sessions::Session;
use crate::both;
use crate::http::pages::wording::person;
use crate::http::violations::LONGEST_EXCUSE;
use crate::outbox::ViolationId;
use crate::store::violations::ViolationFilter;
use crate::text::{format, proof, violation};

const MOST_LISTED: usize = 200;
/// Of the whole house, of which not everything is the reader's.
const MOST_READ: u32 = 2_000;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    /// Those that somebody explained, too.
    todos: Option<String>,
    hecho: Option<String>,
}

pub(super) async fn show(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(wanted): Query<Wanted>,
) -> Response {
    list(&app, &session, &wanted, None).await
}

async fn list(app: &App, session: &Session, wanted: &Wanted, refused: Option<(StatusCode, String)>) -> Response {
    let (config, now) = (app.config(), app.now());
    let language = session.viewer.language(&config);
    let of = |both: crate::text::Both| language.of(both);
    let is_all = wanted.todos.is_some();
    let filter = ViolationFilter { open: !is_all, limit: MOST_READ, ..ViolationFilter::default() };
    let found = app.views.violations(filter).await.unwrap_or_default();
    let mut rows = Vec::new();
    for row in found {
        if MOST_LISTED <= rows.len() {
            break;
        }
        let request = app.views.request(row.request).await.ok().flatten();
        if !request.is_some_and(|request| app.sees(&session.viewer, &request)) {
            continue;
        }
        let who = row.violation.who.as_deref().or(row.owner.as_deref()).map(|word| person(word, &config));
        let said = match &row.excuse {
            Some((excuse, who, _)) => {
                let by = who.as_deref().map(|who| format!(" ({})", format::one_line(who, 80))).unwrap_or_default();
                Cell::text(format!("«{}»{by}", format::one_line(excuse, 300)))
            }
            None => Cell::form(CellForm {
                to: format!("/incumplimientos/{}", row.id),
                button: of(both!("Explain", "Explicar")),
                field: Some(("excuse", of(both!("What happened?", "¿Qué pasó?")), LONGEST_EXCUSE)),
            }),
        };
        rows.push(vec![
            Cell::text(format::when(row.at, now, config.zone, language)),
            Cell::styled("overdue", row.violation.rule.clone()),
            Cell::text(language.of(violation::what(&row.violation.finding))),
            Cell::link(row.request.to_string(), format!("/r/{}", row.request)),
            Cell::text(who.unwrap_or_default()),
            said,
        ]);
    }
    let columns = language.of(crate::text::Both {
        en: ["when", "rule", "what", "request", "who", "what happened"],
        es: ["cuándo", "regla", "qué", "solicitud", "quién", "qué pasó"],
    });
    let status = refused.as_ref().map_or(StatusCode::OK, |(status, _)| *status);
    let lists = Lists {
        title: of(both!("Broken rules", "Reglas incumplidas")),
        done: session::unsealed(session, wanted.hecho.as_deref())
            .map(|_| of(both!("Your explanation is kept.", "Su explicación quedó guardada."))),
        refused: refused.map(|(_, detail)| detail),
        shortcuts: vec![
            Shortcut {
                href: "/incumplimientos".to_owned(),
                text: of(both!("without an explanation", "sin explicar")),
                is_here: !is_all,
            },
            Shortcut { href: "/incumplimientos?todos=1".to_owned(), text: of(both!("all", "todas")), is_here: is_all },
        ],
        tables: vec![Table {
            columns: columns.map(str::to_owned).into(),
            rows,
            empty: of(both!("None.", "Ninguna.")),
            ..Table::default()
        }],
        ..Lists::default()
    };
    lists.respond(status, shell::frame(session, app, "/incumplimientos", language))
}

pub(super) async fn explain(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Path(id): Path<i64>,
    body: Bytes,
) -> Response {
    let config = app.config();
    let language = session.viewer.language(&config);
    let field = |name: &str| {
        let found = form_urlencoded::parse(&body).find(|(known, _)| known == name);
        found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let wanted = Wanted::default();
    if !App::is_own_form(&session, &field("form")) {
        return list(&app, &session, &wanted, Some((StatusCode::FORBIDDEN, shell::stale(language)))).await;
    }
    let excuse = field("excuse");
    let length = excuse.chars().count();
    let found = app.views.violation(ViolationId(id)).await.ok().flatten();
    let request = match &found {
        Some(row) => app.views.request(row.request).await.ok().flatten(),
        None => None,
    };
    let is_seen = request.is_some_and(|request| app.sees(&session.viewer, &request));
    if !is_seen {
        let detail =
            both!("There is no broken rule {id} among yours.", "No hay un incumplimiento {id} entre los suyos.");
        return list(&app, &session, &wanted, Some((StatusCode::NOT_FOUND, language.of(detail)))).await;
    }
    if found.as_ref().is_some_and(|row| row.excuse.is_some()) {
        let detail = both!("Somebody has explained it already.", "Alguien ya lo explicó.");
        let refused = Some((StatusCode::UNPROCESSABLE_ENTITY, language.of(detail)));
        return list(&app, &session, &wanted, refused).await;
    }
    if length == 0 || LONGEST_EXCUSE < length {
        let detail = both!(
            "Say in a few words what happened, {LONGEST_EXCUSE} letters at most.",
            "Diga en pocas palabras qué pasó, {LONGEST_EXCUSE} letras como máximo."
        );
        let refused = Some((StatusCode::UNPROCESSABLE_ENTITY, language.of(detail)));
        return list(&app, &session, &wanted, refused).await;
    }
    let author = session.viewer.author(&config);
    let by = proof::told(Some(&author), &session.proof(), config.zone, config.language);
    match app.desk.excuse_violation(ViolationId(id), excuse, Some(by)).await {
        Ok(_) => Redirect::to(&format!("/incumplimientos?hecho={}", session::sealed(&session, "1"))).into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
