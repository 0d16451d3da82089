//! `/archivo`: the file of promises, for those who operate plazo: what is in force and was before, trying a change, taking it.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use minijinja::context;
use minijinja::value::merge_maps;
use serde::Deserialize;

use super::session::{self, SignedIn};
use super::shell;
use crate::app::App;
use crate::app::file::{Compared, FileAuthor, KeptCount, NotTaken, TriedFile, digest};
use crate::app::planned;
use crate::app::sessions::Session;
use crate::both;
use crate::config;
use crate::text::{Both, Language, format};

/// Letters of what is said of a change.
const LONGEST_COMMENT: usize = 200;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    /// Its number; what is none shows none.
    revision: Option<String>,
    hecho: Option<String>,
}

/// What the page says of a change.
#[derive(Debug, Default)]
struct Changing {
    text: Option<String>,
    shown: Option<String>,
    comment: String,
    tried: Option<TriedFile>,
    done: Option<String>,
    refused: Option<String>,
}

pub(super) async fn show(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(wanted): Query<Wanted>,
) -> Response {
    let language = session.viewer.language(&app.config());
    let done = session::unsealed(&session, wanted.hecho.as_deref()).map(|_| {
        language.of(both!("It is written; plazo takes it in a moment.", "Quedó escrito; plazo lo toma en un momento."))
    });
    let changing = Changing { done, ..Changing::default() };
    page(&app, &session, wanted.revision.and_then(|word| word.trim().parse().ok()), changing).await
}

async fn page(app: &App, session: &Session, revision: Option<i64>, changing: Changing) -> Response {
    let (config, now) = (app.config(), app.now());
    let language = session.viewer.language(&config);
    let frame = shell::frame(session, app, "/archivo", language);
    if !session.viewer.operates(&config, now) {
        return shell::not_yours(frame, language);
    }
    let of = |both: Both| language.of(both);
    let (file, is_readable) = match app.file_text() {
        // A browser has no other ends of lines.
        Ok(text) => (text.replace("\r\n", "\n"), true),
        Err(_) => (String::new(), false),
    };
    // What is secret is no reader's of a page: marks stand in its place.
    let concealed = config::concealed(&file);
    let known = app.revisions().await.unwrap_or_default();
    let chosen = text_of(app, revision).await;
    // Beside the one before it, too: what that edit was.
    let earlier = revision.and_then(|chosen| known.iter().map(|row| row.id).filter(|id| *id < chosen).max());
    let before = text_of(app, earlier).await;
    let in_force = config.rulebook.revision;
    let rows = known.into_iter().map(|row| {
        let who = row.who.unwrap_or_else(|| of(both!("on the machine", "en la máquina")));
        context! {
            id => row.id,
            at => format::when(row.taken_at, now, config.zone, language),
            who,
            comment => row.comment.map(|comment| format::one_line(&comment, LONGEST_COMMENT)),
            is_in_force => row.id == in_force,
        }
    });
    let rows: Vec<_> = rows.collect();
    let plan = changing.tried.as_ref().and_then(|tried| tried.outcome.as_ref());
    let lines = plan.map(|(plan, _)| planned::lines(plan, config.zone, language).join("\n"));
    let kept = plan.map(|(_, compared)| kept(*compared, language));
    let own_change = before.as_deref().zip(chosen.as_deref()).map(|(before, chosen)| compared(before, chosen));
    let difference = chosen.as_deref().map(|chosen| compared(chosen, &concealed));
    let status = if changing.refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let shown = changing.shown.unwrap_or_else(|| digest(&file));
    let text = changing.text.unwrap_or(concealed);
    let own = context! {
        title => of(both!("The file", "El archivo")),
        done => changing.done,
        refused => changing.refused,
        said => changing.tried.as_ref().map(|tried| tried.said.clone()).filter(|said| !said.trim().is_empty()),
        is_usable => changing.tried.as_ref().map(|tried| tried.outcome.is_some()),
        plan => lines,
        kept,
        text => text.clone(),
        shown,
        may_edit => is_readable,
        may_write => app.may_write_file(),
        rows,
        revision,
        difference,
        own_change,
        own_change_title => earlier.zip(revision).map(|(earlier, own)| {
            of(both!("What r{own} changed, beside r{earlier}", "Qué cambió r{own}, frente a r{earlier}"))
        }),
        none => of(both!("Nothing.", "Nada.")),
        comment => changing.comment,
        longest_comment => LONGEST_COMMENT,
        comment_label => of(both!("Why (kept with the revision)", "Por qué (queda con la revisión)")),
        why_not => of(both!("The file cannot be read.", "No se puede leer el archivo.")),
        marks => of(both!(
            "Each •••N stands for an address or a word that is not shown; leave it where it belongs.",
            "Cada •••N ocupa el lugar de una dirección o palabra que no se muestra; déjelo donde corresponde."
        )),
        editor_label => of(both!("sla.toml", "sla.toml")),
        try_it => of(both!("Try this change", "Probar este cambio")),
        take_it => of(both!("Take it", "Tomarlo")),
        download => of(both!("Download it", "Descargarlo")),
        put_it => of(if text.contains(config::MARK) {
            both!(
                "plazo may not write the file. Make the change in sla.toml on the machine: what stands behind the marks is known there alone.",
                "plazo no puede escribir el archivo. Haga el cambio en sla.toml en la máquina: lo que hay detrás de las marcas solo se conoce ahí."
            )
        } else {
            both!(
                "plazo may not write the file; put this one in the place of sla.toml.",
                "plazo no puede escribir el archivo; ponga este en lugar de sla.toml."
            )
        }),
        is_whole => !text.contains(config::MARK),
        tried_title => of(both!("What it would do", "Qué haría")),
        kept_title => of(both!("The last 30 days by both", "Los últimos 30 días según ambos")),
        revisions_title => of(both!("What was in force", "Lo que estuvo en vigor")),
        difference_title => revision.map(|own| of(both!("What has changed since r{own}", "Qué cambió desde r{own}"))),
        now_word => of(both!("in force", "en vigor")),
    };
    shell::respond(status, "file.html", &merge_maps([own, frame]))
}

/// A revision's text as a page shows it.
async fn text_of(app: &App, revision: Option<i64>) -> Option<String> {
    let text = app.revision_text(revision?).await.ok().flatten()?;
    Some(config::concealed(&text))
}

/// The share of kept promises by the file in force and by the other.
fn kept(Compared { before, after, only_latest }: Compared, language: Language) -> String {
    let share = |kept: KeptCount| match kept.share() {
        Some(share) => format!("{},{} %", share / 100, share % 100 / 10),
        None => "–".to_owned(),
    };
    let share = |kept| language.of(Both { en: share(kept).replace(',', "."), es: share(kept) });
    let (one, other) = (share(before), share(after));
    let (n, m) = (before.broken, after.broken);
    let broken = |n: usize| if n == 1 { "incumplida" } else { "incumplidas" };
    let (of_n, of_m) = (broken(n), broken(m));
    let compared = language.of(both!(
        "By the file in force, {one} of the promises were kept ({n} broken); by this one, {other} ({m} broken).",
        "Según el archivo en vigor se cumplió el {one} de las promesas ({n} {of_n}); según este, el {other} ({m} {of_m})."
    ));
    let Some(most) = only_latest else { return compared };
    let cut = language.of(both!(
        "Only the latest {most} events were played; the month had more.",
        "Solo se probaron los últimos {most} eventos; el mes tuvo más."
    ));
    format!("{compared} {cut}")
}

/// The lines that one text has and the other has not, in order.
fn compared(older: &str, newer: &str) -> String {
    let diff = similar::TextDiff::from_lines(older, newer);
    diff.unified_diff().context_radius(2).header("–", "+").to_string()
}

pub(super) async fn act(State(app): State<App>, SignedIn(session): SignedIn, body: Bytes) -> Response {
    let config = app.config();
    let language = session.viewer.language(&config);
    let fields: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let field =
        |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default();
    if !App::is_own_form(&session, &field("form")) || !session.viewer.operates(&config, app.now()) {
        return shell::not_yours(shell::frame(&session, &app, "/archivo", language), language);
    }
    // Browsers send lines as the network ends them.
    let shown = field("text").replace("\r\n", "\n");
    if field("what") == "download" {
        let headers = [
            (header::CONTENT_TYPE, "application/toml; charset=utf-8"),
            (header::CONTENT_DISPOSITION, "attachment; filename=\"sla.toml\""),
            (header::CACHE_CONTROL, "no-store"),
        ];
        return (headers, shown).into_response();
    }
    let comment = format::one_line(&field("comment"), LONGEST_COMMENT);
    let mut changing = Changing {
        text: Some(shown.clone()),
        shown: Some(field("shown")),
        comment: comment.clone(),
        ..Changing::default()
    };
    let file = app.file_text().unwrap_or_default();
    let text = match config::revealed(&shown, &file) {
        Ok(text) => text,
        Err(mark) => {
            let detail = both!(
                "{mark} does not stand where an address or a secret stands that the file has; write the value itself, or leave the mark where it was.",
                "{mark} no está en el lugar de una dirección o secreto que el archivo tenga; escriba el valor, o deje la marca donde estaba."
            );
            changing.refused = Some(language.of(detail));
            return page(&app, &session, None, changing).await;
        }
    };
    match app.try_file(text.clone()).await {
        Ok(tried) => changing.tried = Some(tried),
        Err(_) => {
            changing.refused = Some(language.of(both!("plazo could not try it now.", "plazo no pudo probarlo ahora.")))
        }
    }
    let is_usable = changing.tried.as_ref().is_some_and(|tried| tried.outcome.is_some());
    if field("what") == "take" && is_usable && changing.refused.is_none() {
        let by = FileAuthor {
            who: session.viewer.name(&config).to_owned(),
            comment: Some(comment).filter(|comment| !comment.is_empty()),
        };
        match app.take_file_text(&text, &field("shown"), by) {
            // Loaded again, it is not taken again.
            Ok(()) => {
                let did = session::sealed(&session, "taken");
                return Redirect::to(&format!("/archivo?hecho={did}")).into_response();
            }
            Err(why) => changing.refused = Some(language.of(why_not(&why))),
        }
    }
    page(&app, &session, None, changing).await
}

fn why_not(why: &NotTaken) -> Both {
    match why {
        NotTaken::Unusable => {
            both!("It has mistakes, or promises nothing any more.", "Tiene errores, o ya no promete nada.")
        }
        NotTaken::Changed => both!(
            "Somebody else has changed the file since you opened it. Load the page again, and make your change in what is there now.",
            "Alguien más cambió el archivo desde que usted lo abrió. Cargue la página de nuevo y haga su cambio en lo que hay ahora."
        ),
        NotTaken::Unwritable(_) => both!(
            "plazo may not write the file; put the changed text in its place on the machine.",
            "plazo no puede escribir el archivo; ponga el texto cambiado en su lugar en la máquina."
        ),
    }
}
