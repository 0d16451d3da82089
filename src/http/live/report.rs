//! `/informe`: a report of any period, each request in it leading to its page.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use minijinja::context;
use minijinja::value::{Serde, merge_maps};
use serde::Deserialize;

use super::session::SignedIn;
use super::shell;
use crate::app::App;
use crate::app::report::Wanted;
use crate::both;
use crate::engine::request_id::RequestId;
use crate::http::bounds;
use crate::http::pages::page::send;
use crate::instant::Meant;
use crate::text::links::Links;
use crate::text::reader::Reader;
use crate::text::{Both, report};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Period {
    nombre: Option<String>,
    desde: Option<String>,
    hasta: Option<String>,
    ver: Option<String>,
}

pub(super) async fn show(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(period): Query<Period>,
) -> Response {
    let (config, now) = (app.config(), app.now());
    let language = session.viewer.language(&config);
    let frame = shell::frame(&session, &app, "/informe", language);
    // It names people: for leads, of what is theirs, and whoever holds a role.
    if !app.answers_for_others(&session.viewer) {
        return shell::not_yours(frame, language);
    }
    let of = |both: Both| language.of(both);
    let given = |word: &Option<String>| word.clone().filter(|word| !word.trim().is_empty());
    let mut refused = None;
    if period.ver.is_some() {
        let instant =
            |name: &str, word: &Option<String>, meant| bounds::parameter(&app, name, given(word).as_deref(), meant);
        let span = (instant("desde", &period.desde, Meant::Begins), instant("hasta", &period.hasta, Meant::Ends));
        match span {
            (Ok(from), Ok(to)) => match Wanted::find(&config, given(&period.nombre).as_deref(), (from, to), false, now)
            {
                Ok(wanted) => match app.views.report(Wanted { whose: app.figures_of(&session.viewer), ..wanted }).await
                {
                    Ok(made) => {
                        let links = |id: RequestId| Some(Links { show: format!("/r/{id}"), ..Links::default() });
                        let list = Some("/informe".to_owned());
                        let reader = Reader { links: &links, list, ..Reader::plain(config.zone, language, now) };
                        let page = report::page(&made, &config.texts, &reader);
                        return send(StatusCode::OK, "text/html; charset=utf-8", &page);
                    }
                    Err(_) => refused = Some(of(both!("plazo could not make it now.", "plazo no pudo hacerlo ahora."))),
                },
                Err(no) => refused = Some(of(no.words())),
            },
            (Err(failure), _) | (_, Err(failure)) => refused = Some(of(failure.detail())),
        }
    }
    let names: Vec<&str> = config.reports.iter().map(|one| one.name.as_str()).collect();
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let own = context! {
        title => of(both!("Report", "Informe")),
        refused,
        names => Serde(names),
        chosen => given(&period.nombre),
        from => given(&period.desde).unwrap_or_default(),
        to => given(&period.hasta).unwrap_or_default(),
        name_label => of(both!("Report", "Informe")),
        from_label => of(both!("From when (2026-11-01, -7d); the last whole week where it is empty", "Desde cuándo (2026-11-01, -7d); vacío, la última semana completa")),
        to_label => of(both!("Until when", "Hasta cuándo")),
        button => of(both!("Make it", "Hacerlo")),
    };
    shell::respond(status, "report.html", &merge_maps([own, frame]))
}
