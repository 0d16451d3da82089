//! `/estado`: whether all is well: sources and mailboxes, where messages go, who is on duty, who is away, the next holidays, and plazo
//! itself.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::Days;

use super::session::SignedIn;
use super::shell;
use super::table::{Cell, Lists, Table};
use crate::app::App;
use crate::app::disk::outlook_in_words;
use crate::app::views::Counts;
use crate::both;
use crate::config::EMAIL;
use crate::engine::calendar::Reason;
use crate::http::pages::wording::span;
use crate::outbox::DeliveryState;
use crate::text::{Both, format, phone};

/// Days ahead in which holidays are looked for, and how many are told.
const AHEAD: u64 = 120;
const MOST_HOLIDAYS: usize = 5;

pub(super) async fn show(State(app): State<App>, SignedIn(session): SignedIn) -> Response {
    let (config, now) = (app.config(), app.now());
    let language = session.viewer.language(&config);
    let of = |both: Both| language.of(both);
    let when = |at| format::when(at, now, config.zone, language);
    let mut tables = Vec::new();
    if let Ok(counts) = app.views.counts().await {
        tables.push(itself(&app, &counts, language).await);
        let standing = |name: &String| counts.holds.iter().find(|(held, ..)| held == name);
        let mut names: Vec<&String> = config.destinations.keys().collect();
        names.sort();
        let rows = names.into_iter().map(|name| {
            let (class, state) = match standing(name) {
                Some((_, until, cause)) => {
                    let until = when(*until);
                    let cause = format::one_line(cause, 160);
                    ("overdue", of(both!("▲ stands until {until}: {cause}", "▲ detenido hasta {until}: {cause}")))
                }
                None => ("fine", of(both!("● works", "● funciona"))),
            };
            let month = now.format("%Y-%m").to_string();
            let spent = counts.costs.iter().filter(|row| row.destination == *name && row.month == month);
            let spent = spent.map(|row| phone::spent((row.messages, row.units, row.micros), &row.currency));
            let spent: String = spent.map(|spent| format!(" · {}", of(spent))).collect();
            let state = format!("{state}{spent}");
            let shown = if name == EMAIL { of(both!("mail", "correo")) } else { name.clone() };
            vec![Cell::text(shown), Cell::styled(class, state)]
        });
        tables.push(table(of(both!("Where messages go", "A dónde salen los mensajes")), ["", ""], rows.collect()));
    }
    let mut sources = Vec::new();
    for name in config.source_names() {
        let Ok(state) = app.feeds.source_state(name.clone()).await else { continue };
        let heard = state.row.heard_at.map_or_else(|| of(both!("nothing yet", "nada todavía")), &when);
        let failed = state.row.failed_at.map(|at| {
            let (at, cause) = (when(at), state.row.cause.clone().unwrap_or_default());
            let cause = format::one_line(&cause, 160);
            of(both!("▲ fails since {at}: {cause}", "▲ falla desde {at}: {cause}"))
        });
        let class = if failed.is_some() { "overdue" } else { "fine" };
        let state = failed.unwrap_or_else(|| of(both!("● works", "● funciona")));
        sources.push(vec![Cell::text(name), Cell::styled(class, state), Cell::text(heard)]);
    }
    let title = of(both!("Sources and mailboxes", "Fuentes y buzones"));
    tables.push(table(
        title,
        [&of(both!("name", "nombre")), &of(both!("state", "estado")), &of(both!("last heard", "última señal"))],
        sources,
    ));
    let directory = &config.rulebook.directory;
    let duty = directory.rotas().map(|rota| {
        let name = directory
            .on_duty(&rota.name, now)
            .map_or_else(|| of(both!("nobody", "nadie")), |key| config.name_of(key).to_owned());
        vec![Cell::text(rota.name.clone()), Cell::text(name)]
    });
    tables.push(table(of(both!("On duty", "De turno")), ["", ""], duty.collect()));
    let away = directory.absences().iter().filter(|one| one.from <= now && now < one.until).map(|one| {
        let nobody = of(both!("nobody stands in", "sin reemplazo"));
        let other = directory.stand_in(&one.person, now).map_or(nobody, |key| config.name_of(key).to_owned());
        vec![Cell::text(config.name_of(&one.person).to_owned()), Cell::text(other), Cell::text(when(one.until))]
    });
    let title = of(both!("Away", "Ausentes"));
    tables.push(table(
        title,
        [&of(both!("who", "quién")), &of(both!("instead", "en su lugar")), &of(both!("until", "hasta"))],
        away.collect(),
    ));
    let calendar = config.usual_calendar();
    let today = now.with_timezone(&calendar.zone()).date_naive();
    let holidays = (0..AHEAD).filter_map(|n| today.checked_add_days(Days::new(n))).filter_map(|date| {
        match calendar.day(date).reason {
            Some(Reason::Holiday { en, es }) => {
                Some((date, language.of(Both { en: en.to_string(), es: es.to_string() })))
            }
            _ => None,
        }
    });
    let holidays = holidays.take(MOST_HOLIDAYS);
    let holidays = holidays.map(|(date, name)| vec![Cell::text(format::date(date, language)), Cell::text(name)]);
    tables.push(table(of(both!("Next holidays", "Próximos feriados")), ["", ""], holidays.collect()));
    if let Some(address) = session.viewer.person().and_then(|person| app.agenda_link(person)) {
        let title = of(both!("Your calendar", "Su calendario"));
        let told = both!(
            "what falls due, your turns and absences: copy this address into your calendar, and show it to nobody",
            "lo que vence, sus turnos y ausencias: copie esta dirección en su calendario, y no se la muestre a nadie"
        );
        let row = vec![Cell::link(of(both!("address", "dirección")), address), Cell::text(of(told))];
        tables.push(table(title, ["", ""], vec![row]));
    }
    for one in &mut tables {
        one.empty = of(both!("None.", "Ninguno."));
    }
    let lists = Lists { title: of(both!("Status", "Estado")), tables, ..Lists::default() };
    lists.respond(StatusCode::OK, shell::frame(&session, &app, "/estado", language))
}

fn table<const N: usize>(title: String, columns: [&str; N], rows: Vec<Vec<Cell>>) -> Table {
    Table { title, columns: columns.map(str::to_owned).into(), rows, ..Table::default() }
}

/// plazo itself: how much is open, what has not gone out, how late it was.
async fn itself(app: &App, counts: &Counts, language: crate::text::Language) -> Table {
    let (config, now) = (app.config(), app.now());
    let of = |both: Both| language.of(both);
    let in_phase = |word: &str| counts.phases.iter().filter(|(phase, _)| phase == word).map(|(_, n)| n).sum::<i64>();
    let in_state = |wanted: DeliveryState| {
        counts.deliveries.iter().filter(|(state, ..)| *state == wanted).map(|(_, n, _)| n).sum::<i64>()
    };
    let (open, waiting, overdue) = (in_phase("open") + in_phase("waiting"), in_phase("waiting"), counts.n_overdue);
    let vencidas = if overdue == 1 { "vencida" } else { "vencidas" };
    let abiertas = if open == 1 { "abierta" } else { "abiertas" };
    let (dead, pending, unsent) = (in_state(DeliveryState::Dead), in_state(DeliveryState::Pending), counts.n_unsent);
    let class = |is_bad: bool| if is_bad { "overdue" } else { "" };
    let since = app.started_at().map(|at| {
        let (at, ago) = (format::when(at, now, config.zone, language), span(now - at));
        of(both!("{at}, {ago} ago", "{at}, hace {ago}"))
    });
    let last = counts.last_sent_at.map(|at| format::when(at, now, config.zone, language)).unwrap_or_default();
    let lateness = app.views.lateness().await.ok().flatten().map(|late| {
        let [p50, p99, most] = late.map(|seconds| decimal(seconds, language));
        of(both!(
            "half of them within {p50} s, 99 % within {p99} s, the latest {most} s",
            "la mitad antes de {p50} s, el 99 % antes de {p99} s, el mayor {most} s"
        ))
    });
    let outlook = app.disk_outlook().await.ok();
    let disk = outlook.map(|outlook| of(outlook_in_words(&outlook, config.zone)));
    let is_scarce = outlook.is_some_and(|outlook| outlook.is_closed || outlook.is_pressing(now));
    let rows = vec![
        vec![Cell::text(of(both!("version", "versión"))), Cell::text(env!("CARGO_PKG_VERSION"))],
        vec![Cell::text(of(both!("runs since", "en marcha desde"))), Cell::text(since.unwrap_or_default())],
        vec![
            Cell::text(of(both!("requests", "solicitudes"))),
            Cell::styled(
                class(0 < overdue),
                of(both!(
                    "{open} open, {waiting} of them wait, {overdue} overdue",
                    "{open} {abiertas}, {waiting} en espera, {overdue} {vencidas}"
                )),
            ),
        ],
        vec![
            Cell::text(of(both!("messages", "mensajes"))),
            Cell::styled(
                class(0 < dead || 0 < unsent),
                of(both!(
                    "{pending} on their way, {unsent} late, {dead} not delivered",
                    "{pending} por salir, {unsent} con retraso, {dead} sin entregar"
                )),
            ),
        ],
        vec![Cell::text(of(both!("last sent", "último envío"))), Cell::text(last)],
        vec![
            Cell::text(of(both!("lateness, last 24 h", "retraso, últimas 24 h"))),
            Cell::text(lateness.unwrap_or_else(|| "–".to_owned())),
        ],
        vec![
            Cell::text(of(both!("disk", "disco"))),
            Cell::styled(class(is_scarce), disk.unwrap_or_else(|| "–".to_owned())),
        ],
    ];
    table("plazo".to_owned(), ["", ""], rows)
}

/// With two places, and a comma in Spanish.
fn decimal(value: f64, language: crate::text::Language) -> String {
    let en = format!("{value:.2}");
    language.of(Both { es: en.replace('.', ","), en })
}
