//! `/`: everything that is open and that its reader sees, what is due first at the top. With `parte=filas` only the rows, which the script
//! fetches when something has changed; with `pantalla=1` large, for a wall.

use std::collections::{BTreeSet, HashMap};
use std::num::NonZero;
use std::sync::LazyLock;

use axum::extract::{Query, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use minijinja::value::{Serde, merge_maps};
use minijinja::{Value, context};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use super::row::{Reading, look, sections};
use super::wall::{self, WallKey};
use super::{session, shell, sign_in};
use crate::app::App;
use crate::app::board::{BoardFilter, BoardGroup, BoardPage, BoardWords};
use crate::app::sessions::Viewer;
use crate::both;
use crate::config::Config;
use crate::engine::request_id::RequestId;
use crate::http::error;
use crate::text::{Language, format};

/// Rows of a group on a page.
const MOST_ROWS: usize = 60;
/// Rows of a group where more are asked for, and how many more at each asking.
const MOST_ROWS_EVER: usize = 2_000;
const MORE_ROWS: usize = 240;

/// Words of a filter that only open requests have.
const MOST_CHOICES: usize = 150;

/// Pages are drawn by so many at a time, half of the processors: five hundred that have heard of a change keep no alert waiting.
static DRAWING: LazyLock<Semaphore> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    Semaphore::new((processors / 2).max(1))
});

/// Letters of a filter.
const LONGEST_WORD: usize = 100;

/// What the address of the queue bears. Each word is also read in Spanish.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    #[serde(alias = "equipo")]
    team: Option<String>,
    #[serde(alias = "persona")]
    person: Option<String>,
    #[serde(alias = "cliente")]
    client: Option<String>,
    #[serde(alias = "canal")]
    channel: Option<String>,
    #[serde(alias = "bandeja")]
    inbox: Option<String>,
    q: Option<String>,
    /// Rows of each group; what is no number means the usual ones.
    #[serde(alias = "filas")]
    rows: Option<String>,
    pantalla: Option<String>,
    parte: Option<String>,
}

impl Wanted {
    fn filter(&self) -> BoardFilter {
        let given = |word: &Option<String>| {
            let word: String = word.as_deref().unwrap_or_default().trim().chars().take(LONGEST_WORD).collect();
            Some(word).filter(|word| !word.is_empty())
        };
        BoardFilter {
            team: given(&self.team),
            person: given(&self.person),
            client: given(&self.client),
            channel: given(&self.channel),
            inbox: given(&self.inbox),
            search: given(&self.q),
        }
    }

    /// Rows of each group.
    fn most(&self) -> usize {
        self.rows
            .as_ref()
            .and_then(|rows| rows.trim().parse().ok())
            .unwrap_or(MOST_ROWS)
            .clamp(MOST_ROWS, MOST_ROWS_EVER)
    }

    /// The address of the same with more rows; none where there are as many as a page bears.
    fn with_more(&self) -> Option<String> {
        let most = self.most();
        if MOST_ROWS_EVER <= most {
            return None;
        }
        let rows = (most + MORE_ROWS).min(MOST_ROWS_EVER).to_string();
        let mut address = url::form_urlencoded::Serializer::new(String::new());
        let words = [
            ("team", &self.team),
            ("person", &self.person),
            ("client", &self.client),
            ("channel", &self.channel),
            ("inbox", &self.inbox),
            ("q", &self.q),
        ];
        for (name, word) in words {
            if let Some(word) = word.as_deref().filter(|word| !word.is_empty()) {
                address.append_pair(name, word);
            }
        }
        Some(format!("/?{}", address.append_pair("rows", &rows).finish()))
    }
}

/// A choice of a filter.
#[derive(Debug, Serialize)]
struct Choice {
    key: String,
    name: String,
    is_chosen: bool,
}

/// A filter of the head.
#[derive(Debug, Serialize)]
struct Filter {
    name: &'static str,
    label: String,
    all: String,
    choices: Vec<Choice>,
}

pub(super) async fn show(
    State(app): State<App>,
    Query(wanted): Query<Wanted>,
    Query(key): Query<WallKey>,
    parts: Parts,
) -> Response {
    let config = app.config();
    if let Some(wall) = wall::read(&app, &key).await {
        let _turn = DRAWING.acquire().await;
        // Whoever has the link sees what it shows, and nothing else.
        let viewer = Viewer::Machine(String::new());
        let page = app.board(&viewer, &wall::filter(&wall), wall::MOST_ROWS).await;
        let Ok(page) = page else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
        let named = wall.team.as_deref().or(wall.inbox.as_deref()).unwrap_or("plazo");
        return wall::page(&app, page, (named, wall.hides_names), config.language, wanted.parte.is_some()).await;
    }
    let Some(session) = session::of(&parts, &app).await else {
        let accepts = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        // Programs are told what they always were.
        return if accepts.contains("text/html") {
            sign_in::page(&app, &parts.uri)
        } else {
            error::not_found(parts.uri).await.into_response()
        };
    };
    let _turn = DRAWING.acquire().await;
    let language = session.viewer.language(&config);
    let is_wall = wanted.pantalla.is_some();
    let most = if is_wall { wall::MOST_ROWS } else { wanted.most() };
    let filter = wanted.filter();
    let Ok(page) = app.board(&session.viewer, &filter, most).await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    if is_wall {
        return wall::page(&app, page, ("plazo", false), language, wanted.parte.is_some()).await;
    }
    let rows = context! { more_at => wanted.with_more(), ..rows(&app, &page, (false, filter != BoardFilter::default()), language).await };
    if wanted.parte.is_some() {
        return shell::respond(StatusCode::OK, "rows.html", &rows);
    }
    let frame = shell::frame(&session, &app, "/", language);
    let context = context! {
        title => language.of(both!("Queue", "Cola")),
        filters => Serde(filters(&config, &filter, &app.board_words(&session.viewer), language)),
        search => filter.search.clone().unwrap_or_default(),
        search_label => language.of(both!("Search", "Buscar")),
        apply => language.of(both!("Show", "Ver")),
        clear => language.of(both!("Everything", "Todo")),
        is_filtered => filter != BoardFilter::default(),
        ..merge_maps([rows, frame])
    };
    shell::respond(StatusCode::OK, "queue.html", &context)
}

/// The rows, and what the title counts.
pub(super) async fn rows(
    app: &App,
    page: &BoardPage,
    (hides_names, is_filtered): (bool, bool),
    language: Language,
) -> Value {
    let (config, now) = (app.config(), app.now());
    let takers = takers(app, page).await;
    let reading = Reading { config: &config, language, now, hides_names, takers: &takers };
    let (n_overdue, n_soon) = (page.counts[BoardGroup::Overdue as usize], page.counts[BoardGroup::Soon as usize]);
    let counts = BoardGroup::ALL.iter().zip(page.counts).filter(|(_, n)| 0 < *n).map(|(group, n)| {
        let (state, mark, title) = look(*group, language);
        context! { state, mark, title, n }
    });
    let counted = match n_overdue {
        0 => String::new(),
        n => format!("({n}) "),
    };
    let vencidas = if n_overdue == 1 { "vencida" } else { "vencidas" };
    context! {
        counted,
        sections => Serde(sections(page, &reading)),
        counts => counts.collect::<Vec<_>>(),
        news => language.of(both!("{n_overdue} overdue, {n_soon} due soon", "{n_overdue} {vencidas}, {n_soon} por vencer")),
        n_all => page.counts.iter().sum::<usize>(),
        empty => language.of(if is_filtered {
            both!("Nothing that is open fits the filter.", "Nada de lo abierto coincide con el filtro.")
        } else {
            both!("Nothing is open.", "No hay nada abierto.")
        }),
        more => language.of(both!("more", "más")),
        left => language.of(both!("of its time is left", "del tiempo queda")),
    }
}

/// Who took what of the rows that are taken.
async fn takers(app: &App, page: &BoardPage) -> HashMap<RequestId, String> {
    let rows = page.rows.iter().flat_map(|(_, rows)| rows);
    let taken: Vec<RequestId> = rows.filter(|row| row.acked_at.is_some()).map(|row| row.id).collect();
    if taken.is_empty() {
        return HashMap::new();
    }
    app.views.takers(taken).await.unwrap_or_default()
}

fn filters(config: &Config, chosen: &BoardFilter, open: &BoardWords, language: Language) -> Vec<Filter> {
    let directory = &config.rulebook.directory;
    let filter = |name,
                  label: crate::text::Both,
                  all: crate::text::Both,
                  mut choices: Vec<(String, String)>,
                  open: &BTreeSet<Box<str>>,
                  own: &Option<String>| {
        // What is open bears words that the file does not have.
        let is_new = |word: &&str| choices.iter().all(|(key, _)| !key.eq_ignore_ascii_case(word));
        let open = open.iter().map(AsRef::as_ref);
        let more: Vec<_> = open.filter(is_new).take(MOST_CHOICES).map(str::to_owned).collect();
        let called = |word: &str| match name {
            "channel" => crate::text::vocabulary::channel(word, language),
            _ => format::one_line(word, 60),
        };
        choices.extend(more.into_iter().map(|word| (word.clone(), called(&word))));
        // What an address asks for and nothing has stays chosen, and is seen.
        let unknown = own.iter().filter(|own| choices.iter().all(|(key, _)| key != *own)).cloned();
        let unknown: Vec<_> = unknown.map(|word| (word.clone(), word)).collect();
        let choices = choices.into_iter().chain(unknown);
        let choices = choices.map(|(key, name)| Choice { is_chosen: own.as_ref() == Some(&key), key, name });
        Filter { name, label: language.of(label), all: language.of(all), choices: choices.collect() }
    };
    let same = |word: &str| (word.to_owned(), word.to_owned());
    let teams = directory.teams().map(|team| same(&team.key)).collect();
    let nobody = ("-".to_owned(), language.of(both!("nobody", "nadie")));
    let people = directory.people().map(|person| (person.key.clone(), person.name.clone()));
    let channels = config.words_of(crate::config::Family::Channel);
    let channels = channels.into_iter().map(|word| (word.to_owned(), crate::text::vocabulary::channel(word, language)));
    let clients = directory.customers().map(|client| (client.key.clone(), client.name.clone())).collect();
    let inboxes = config.words_of(crate::config::Family::Inbox).into_iter().map(same).collect();
    let no_more = BTreeSet::new();
    let filters = vec![
        filter("team", both!("Team", "Equipo"), both!("every team", "todo equipo"), teams, &no_more, &chosen.team),
        filter(
            "person",
            both!("Owner", "Responsable"),
            both!("everybody", "cualquiera"),
            std::iter::once(nobody).chain(people).collect(),
            &open.owners,
            &chosen.person,
        ),
        filter(
            "channel",
            both!("Channel", "Canal"),
            both!("every channel", "todo canal"),
            channels.collect(),
            &open.channels,
            &chosen.channel,
        ),
        filter(
            "client",
            both!("Client", "Cliente"),
            both!("every client", "todo cliente"),
            clients,
            &open.clients,
            &chosen.client,
        ),
        filter(
            "inbox",
            both!("Inbox", "Bandeja"),
            both!("every inbox", "toda bandeja"),
            inboxes,
            &open.inboxes,
            &chosen.inbox,
        ),
    ];
    filters.into_iter().filter(|filter| !filter.choices.is_empty()).collect()
}
