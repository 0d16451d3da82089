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
use crate::text::{Both, format, proof, violation};

const MOST_LISTED: usize = 200;
/// Of the whole house, of which not everything is the reader's. Those before are not looked at, and that is said.
const MOST_READ: u32 = 2_000;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    /// Those that somebody explained, too.
    todos: Option<String>,
    hecho: Option<String>,
}

/// An explanation that was not taken: of which broken rule, what was typed, and why.
struct NotKept {
    status: StatusCode,
    detail: String,
    of: i64,
    typed: String,
}

pub(super) async fn show(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(wanted): Query<Wanted>,
) -> Response {
    list(&app, &session, &wanted, None).await
}

async fn list(app: &App, session: &Session, wanted: &Wanted, refused: Option<NotKept>) -> Response {
    let (config, now) = (app.config(), app.now());
    let language = session.viewer.language(&config);
    let of = |both: Both| language.of(both);
    let is_all = wanted.todos.is_some();
    let filter = ViolationFilter { open: !is_all, limit: MOST_READ + 1, ..ViolationFilter::default() };
    let found = app.views.violations(filter).await.unwrap_or_default();
    let is_cut = MOST_READ < u32::try_from(found.len()).unwrap_or(u32::MAX);
    let (mut rows, mut more) = (Vec::new(), 0_usize);
    for row in found.into_iter().take(MOST_READ as usize) {
        let request = app.views.request(row.request).await.ok().flatten();
        if !request.is_some_and(|request| app.sees(&session.viewer, &request)) {
            continue;
        }
        if MOST_LISTED <= rows.len() {
            more += 1;
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
                typed: refused
                    .as_ref()
                    .filter(|one| one.of == row.id.0)
                    .map(|one| one.typed.clone())
                    .unwrap_or_default(),
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
    let columns = language.of(Both {
        en: ["when", "rule", "what", "request", "who", "what happened"],
        es: ["cuándo", "regla", "qué", "solicitud", "quién", "qué pasó"],
    });
    let status = refused.as_ref().map_or(StatusCode::OK, |refused| refused.status);
    let lists = Lists {
        title: of(both!("Broken rules", "Reglas incumplidas")),
        done: session::unsealed(session, wanted.hecho.as_deref())
            .map(|_| of(both!("Your explanation is kept.", "Su explicación quedó guardada."))),
        refused: refused.map(|refused| refused.detail),
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
            left: of(match (more, is_cut) {
                (0, false) => Both { en: String::new(), es: String::new() },
                (0, true) => both!("Of the latest {MOST_READ} of the house.", "De las últimas {MOST_READ} de la casa."),
                (more, false) => both!("+{more} more", "+{more} más"),
                (more, true) => both!(
                    "+{more} more, of the latest {MOST_READ} of the house",
                    "+{more} más, de las últimas {MOST_READ} de la casa"
                ),
            }),
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
    let excuse = field("excuse");
    let refused = |status, detail| Some(NotKept { status, detail, of: id, typed: excuse.clone() });
    if !App::is_own_form(&session, &field("form")) {
        return list(&app, &session, &wanted, refused(StatusCode::FORBIDDEN, shell::stale(language))).await;
    }
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
        return list(&app, &session, &wanted, refused(StatusCode::NOT_FOUND, language.of(detail))).await;
    }
    if found.as_ref().is_some_and(|row| row.excuse.is_some()) {
        let detail = both!("Somebody has explained it already.", "Alguien ya lo explicó.");
        let refused = refused(StatusCode::UNPROCESSABLE_ENTITY, language.of(detail));
        return list(&app, &session, &wanted, refused).await;
    }
    if length == 0 || LONGEST_EXCUSE < length {
        let detail = both!(
            "Say in a few words what happened, {LONGEST_EXCUSE} letters at most.",
            "Diga en pocas palabras qué pasó, {LONGEST_EXCUSE} letras como máximo."
        );
        let refused = refused(StatusCode::UNPROCESSABLE_ENTITY, language.of(detail));
        return list(&app, &session, &wanted, refused).await;
    }
    let author = session.viewer.author(&config);
    let by = proof::told(Some(&author), &session.proof(), config.zone, config.language);
    match app.desk.excuse_violation(ViolationId(id), excuse, Some(by)).await {
        Ok(_) => Redirect::to(&format!("/incumplimientos?hecho={}", session::sealed(&session, "1"))).into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
