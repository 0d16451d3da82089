//! `/silencios`: what nobody hears of for a while: a list, a preview of what one would hold back, and an end.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use chrono::{DateTime, Utc};
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::{Deserialize, Serialize};

use super::session::{self, SignedIn};
use super::shell;
use super::table::{Cell, CellForm, Lists, Table};
use crate::app::App;
use crate::app::sessions::Session;
use crate::app::silence::Unknown;
use crate::both;
use crate::config::{Config, Family};
use crate::engine::directory::Team;
use crate::engine::policy::Matcher;
use crate::http::bounds;
use crate::instant::Meant;
use crate::outbox::SilenceId;
use crate::outbox::silence::Silenced;
use crate::text::{ALERTS, Both, Language, REQUESTS, format, vocabulary};

/// What the form asks for, in its order.
const WORDS: [&str; 5] = ["person", "team", "channel", "customer", "inbox"];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    hecho: Option<String>,
}

/// A field of the form.
#[derive(Debug, Serialize)]
struct Field {
    name: &'static str,
    label: String,
    value: String,
    choices: Vec<(String, String)>,
}

/// What was typed, and what came of it.
#[derive(Debug, Default)]
struct Typed {
    values: Vec<(String, String)>,
    foreseen: Option<String>,
    refused: Option<String>,
}

impl Typed {
    fn of(&self, name: &str) -> String {
        self.values
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.trim().to_owned())
            .unwrap_or_default()
    }
}

pub(super) async fn show(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(wanted): Query<Wanted>,
) -> Response {
    let is_done = session::unsealed(&session, wanted.hecho.as_deref()).is_some();
    list(&app, &session, Typed::default(), is_done).await
}

async fn list(app: &App, session: &Session, typed: Typed, is_done: bool) -> Response {
    let (config, now) = (app.config(), app.now());
    let language = session.viewer.language(&config);
    let of = |both: Both| language.of(both);
    let may = app.answers_for_others(&session.viewer);
    let known = app.views.silences(false).await.unwrap_or_default();
    let mut theirs = Vec::new();
    for row in known {
        let own = is_theirs(app, session, &row.silenced).await;
        // What holds back one's own alerts is seen, whoever wanted it.
        if own || concerns(session, &row.silenced, &config) {
            theirs.push((row, own));
        }
    }
    let when = |at| format::when(at, now, config.zone, language);
    let rows = theirs.into_iter().map(|(row, is_own)| {
        let end = Cell::form(CellForm {
            to: format!("/silencios/{}/fin", row.id.0),
            button: of(both!("End it", "Terminarlo")),
            ..CellForm::default()
        });
        vec![
            Cell::text(what(&row.silenced, &config, language)),
            Cell::text(format!("{} – {}", when(row.starts_at), when(row.ends_at))),
            Cell::text(row.who.as_deref().map(|who| format::one_line(who, 80)).unwrap_or_default()),
            Cell::text(row.why.as_deref().map(|why| format::one_line(why, 160)).unwrap_or_default()),
            if may && is_own { end } else { Cell::default() },
        ]
    });
    let columns = language.of(Both {
        en: ["what", "when", "who wanted it", "why", ""],
        es: ["qué", "cuándo", "quién lo pidió", "por qué", ""],
    });
    let status = if typed.refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let lists = Lists {
        title: of(both!("Silences", "Silencios")),
        done: typed.foreseen.clone().or_else(|| is_done.then(|| of(both!("Done.", "Hecho.")))),
        refused: typed.refused.clone(),
        tables: vec![Table {
            columns: columns.map(str::to_owned).into(),
            rows: rows.collect(),
            empty: of(both!("Nothing is silent.", "No hay nada en silencio.")),
            ..Table::default()
        }],
        further: may.then(|| form(&config, &typed, language)),
        ..Lists::default()
    };
    lists.respond(status, shell::frame(session, app, "/silencios", language))
}

/// Whether a silence may hold back what is told to its reader, or to the reader's teams.
fn concerns(session: &Session, silenced: &Silenced, config: &Config) -> bool {
    let Some(key) = session.viewer.person() else { return true };
    let directory = &config.rulebook.directory;
    let people = &silenced.person;
    let is_colleague = |other: &String| directory.teams_of(key).any(|team| team.members.contains(other));
    let is_of_people = people.is_empty() || people.iter().any(|other| other == key || is_colleague(other));
    let teams = &silenced.matcher.team;
    let is_of_teams = teams.is_empty() || directory.teams_of(key).any(|team| teams.contains(&team.key));
    silenced.request.is_none() && is_of_people && is_of_teams
}

/// Whether a silence is the reader's to see and to end: of a request, where they see that.
async fn is_theirs(app: &App, session: &Session, silenced: &Silenced) -> bool {
    if answers_for(session, silenced, &app.config(), app.now()) {
        return true;
    }
    let Some(id) = silenced.request else { return false };
    app.views.request(id).await.ok().flatten().is_some_and(|request| app.sees(&session.viewer, &request))
}

/// Whether it holds back nothing that is not its reader's to hold back: whoever holds a role may silence anything; a lead, people of the teams
/// that they lead and what belongs to one of those.
fn answers_for(session: &Session, silenced: &Silenced, config: &Config, now: DateTime<Utc>) -> bool {
    if session.viewer.sees_all(config, now) {
        return true;
    }
    let Some(key) = session.viewer.person() else { return false };
    let led: Vec<&Team> = config.rulebook.directory.teams().filter(|team| team.lead.as_deref() == Some(key)).collect();
    let is_led = |wanted: &String| led.iter().any(|team| team.key == *wanted);
    let is_member = |wanted: &String| wanted == key || led.iter().any(|team| team.members.contains(wanted));
    let (teams, people) = (&silenced.matcher.team, &silenced.person);
    // Further words only narrow it.
    !silenced.all
        && (!teams.is_empty() || !people.is_empty())
        && teams.iter().all(is_led)
        && people.iter().all(is_member)
}

/// What a silence holds back, in words.
fn what(silenced: &Silenced, config: &Config, language: Language) -> String {
    if silenced.all {
        return language.of(both!("everything", "todo"));
    }
    let matcher = &silenced.matcher;
    let people = silenced.person.iter().map(|key| config.name_of(key).to_owned());
    let channels = matcher.channel.iter().map(|channel| vocabulary::channel(channel, language));
    let clients = matcher.customer.iter().map(|key| config.rulebook.directory.customer_name(key).to_owned());
    let words = [&matcher.team, &matcher.inbox, &matcher.priority, &matcher.tags].into_iter().flatten().cloned();
    let request = silenced.request.map(|id| id.to_string());
    let all: Vec<String> = request.into_iter().chain(people).chain(channels).chain(clients).chain(words).collect();
    all.join(", ")
}

fn form(config: &Config, typed: &Typed, language: Language) -> Value {
    let of = |both: Both| language.of(both);
    let same = |word: &str| (word.to_owned(), word.to_owned());
    let directory = &config.rulebook.directory;
    let choices = |name: &str| -> Vec<(String, String)> {
        match name {
            "person" => directory.people().map(|one| (one.key.clone(), one.name.clone())).collect(),
            "team" => directory.teams().map(|team| same(&team.key)).collect(),
            "channel" => config
                .words_of(Family::Channel)
                .into_iter()
                .map(|word| (word.to_owned(), vocabulary::channel(word, language)))
                .collect(),
            "customer" => directory.customers().map(|one| (one.key.clone(), one.name.clone())).collect(),
            _ => config.words_of(Family::Inbox).into_iter().map(same).collect(),
        }
    };
    let label = |name: &str| match name {
        "person" => of(both!("Person", "Persona")),
        "team" => of(both!("Team", "Equipo")),
        "channel" => of(both!("Channel", "Canal")),
        "customer" => of(both!("Client", "Cliente")),
        _ => of(both!("Inbox", "Bandeja")),
    };
    let chosen = WORDS.map(|name| Field { name, label: label(name), value: typed.of(name), choices: choices(name) });
    let text = |name, label: Both| Field { name, label: of(label), value: typed.of(name), choices: Vec::new() };
    let mut fields: Vec<Field> = chosen.into_iter().filter(|field| !field.choices.is_empty()).collect();
    fields.push(text("until", both!("Until when (\"mon 08:00\", \"+2h\")", "Hasta cuándo («lun 08:00», «+2h»)")));
    fields.push(text("why", both!("Why", "Por qué")));
    let buttons = [
        ("preview", of(both!("What would it hold back?", "¿Qué retendría?"))),
        ("add", of(both!("Silence", "Silenciar"))),
    ];
    context! {
        title => of(both!("A new silence", "Un silencio nuevo")),
        to => "/silencios",
        fields => Serde(fields),
        buttons => Serde(buttons),
    }
}

pub(super) async fn add(State(app): State<App>, SignedIn(session): SignedIn, body: Bytes) -> Response {
    let config = app.config();
    let language = session.viewer.language(&config);
    let mut typed = Typed { values: form_urlencoded::parse(&body).into_owned().collect(), ..Typed::default() };
    let may = app.answers_for_others(&session.viewer);
    if !may || !App::is_own_form(&session, &typed.of("form")) {
        typed.refused = Some(shell::stale(language));
        return list(&app, &session, typed, false).await;
    }
    let word = |name: &str| Some(typed.of(name)).filter(|word| !word.is_empty()).into_iter().collect::<Vec<String>>();
    let matcher = Matcher {
        team: word("team"),
        channel: word("channel"),
        customer: word("customer"),
        inbox: word("inbox"),
        ..Matcher::default()
    };
    let silenced = Silenced { person: word("person"), matcher, ..Silenced::default() };
    if silenced == Silenced::default() {
        typed.refused = Some(language.of(both!("Say what is to be silent.", "Diga qué se silencia.")));
        return list(&app, &session, typed, false).await;
    }
    let now = app.now();
    if !answers_for(&session, &silenced, &config, now) {
        let detail = both!(
            "You silence your teams and their people; name one of them.",
            "Usted silencia a sus equipos y a su gente; nombre uno de ellos."
        );
        typed.refused = Some(language.of(detail));
        return list(&app, &session, typed, false).await;
    }
    let until = bounds::instant(
        &app,
        "until",
        Some(&typed.of("until")).filter(|text| !text.is_empty()).map(String::as_str),
        Meant::Ends,
    );
    let until = match until {
        Ok(Some(until)) if now < until && until <= now + crate::http::silences::LONGEST => until,
        Ok(_) => {
            let detail = both!("Say until when, 31 days at most.", "Diga hasta cuándo, 31 días como mucho.");
            typed.refused = Some(language.of(detail));
            return list(&app, &session, typed, false).await;
        }
        Err(failure) => {
            typed.refused = Some(language.of(failure.problem));
            return list(&app, &session, typed, false).await;
        }
    };
    let foreseen = match app.outbox.foresee_silence(silenced, (now, until)).await {
        Ok(Ok(foreseen)) => foreseen,
        Ok(Err(Unknown { problem, .. })) => {
            typed.refused = Some(language.of(problem));
            return list(&app, &session, typed, false).await;
        }
        Err(_) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
    };
    if typed.of("what") != "add" {
        let alerts = language.of(ALERTS.counted(foreseen.n_alerts));
        let requests = language.of(REQUESTS.counted(foreseen.n_requests));
        typed.foreseen = Some(language.of(both!(
            "It would hold back {alerts} of {requests}, as things stand.",
            "Retendría {alerts} de {requests}, según están las cosas."
        )));
        return list(&app, &session, typed, false).await;
    }
    let who = session.viewer.name(&config).to_owned();
    let why = Some(typed.of("why")).filter(|why| !why.is_empty());
    match app.outbox.add_silence(foreseen.silenced, (now, until), Some(who), why).await {
        Ok(_) => done(&session),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Back to the list, which says that it is done.
fn done(session: &Session) -> Response {
    Redirect::to(&format!("/silencios?hecho={}", session::sealed(session, "1"))).into_response()
}

pub(super) async fn end(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Path(id): Path<i64>,
    body: Bytes,
) -> Response {
    let language = session.viewer.language(&app.config());
    let is_own =
        form_urlencoded::parse(&body).any(|(name, value)| name == "form" && App::is_own_form(&session, &value));
    if !is_own {
        let typed = Typed { refused: Some(shell::stale(language)), ..Typed::default() };
        return list(&app, &session, typed, false).await;
    }
    let known = app.views.silences(false).await.unwrap_or_default();
    let ends = known.iter().find(|row| row.id == SilenceId(id));
    let may_end = match ends {
        Some(row) => app.answers_for_others(&session.viewer) && is_theirs(&app, &session, &row.silenced).await,
        // It is over already, as was wanted.
        None => return done(&session),
    };
    if !may_end {
        let detail = both!(
            "A silence is ended by whoever leads those whom it concerns, or holds a role.",
            "Un silencio lo termina quien lidera a quienes les toca, o quien tiene un cargo."
        );
        let typed = Typed { refused: Some(language.of(detail)), ..Typed::default() };
        return list(&app, &session, typed, false).await;
    }
    match app.outbox.end_silence(SilenceId(id)).await {
        Ok(_) => done(&session),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
