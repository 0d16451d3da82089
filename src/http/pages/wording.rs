//! Words that several pages have.

use chrono::{DateTime, TimeDelta, Utc};

use super::page::{Promise, Row};
use crate::both;
use crate::config::Config;
use crate::engine::clock::{Clock, ClockState};
use crate::engine::request::{Phase, Request};
use crate::text::{Both, Language, format, vocabulary};

/// Letters of a name or a subject.
const LONGEST: usize = 120;

/// The name of a person in the file, or the word by which a channel names somebody unknown to it.
pub(in crate::http) fn person(word: &str, config: &Config) -> String {
    let known = config.rulebook.directory.person(word);
    format::one_line(known.map_or(word, |person| person.name.as_str()), LONGEST)
}

/// Who asks: the person with their address, and the client, by the names of the file.
pub(in crate::http) fn client(request: &Request, config: &Config) -> Option<String> {
    let directory = &config.rulebook.directory;
    let customer = |word: &String| directory.customer_name(word).to_owned();
    let names = [request.contact.clone(), request.contact_by(), request.facets.customer.as_ref().map(customer)];
    let names: Vec<_> = names.into_iter().flatten().map(|name| format::one_line(&name, LONGEST)).collect();
    (!names.is_empty()).then(|| names.join(" · "))
}

/// Who asks, in one name: the client, else the person.
pub(in crate::http) fn short_client(request: &Request, config: &Config) -> String {
    let directory = &config.rulebook.directory;
    let customer = |word: &String| directory.customer_name(word).to_owned();
    let name = request.facets.customer.as_ref().map(customer).or_else(|| request.contact.clone());
    name.or_else(|| request.contact_by()).map(|name| format::one_line(&name, 60)).unwrap_or_default()
}

pub(in crate::http) fn nobody(language: Language) -> String {
    language.of(both!("nobody yet", "nadie todavía"))
}

pub(in crate::http) fn rows(request: &Request, config: &Config, now: DateTime<Utc>, language: Language) -> Vec<Row> {
    let labels = language.of(Both {
        en: ["Client", "Channel", "Subject", "Owner", "Open since", "State"],
        es: ["Cliente", "Canal", "Asunto", "Responsable", "Abierta desde", "Estado"],
    });
    let phase = match request.phase {
        Phase::Unopened | Phase::Open => both!("open", "abierta"),
        Phase::Waiting => both!("waiting for the client", "en espera del cliente"),
        Phase::Closed => both!("closed", "cerrada"),
        Phase::Merged => both!("merged", "unida a otra"),
    };
    let values = [
        client(request, config),
        Some(vocabulary::channel(&request.facets.channel, language)),
        request.subject.as_ref().map(|subject| format::one_line(subject, LONGEST)),
        Some(request.owner.as_ref().map_or_else(|| nobody(language), |owner| person(owner, config))),
        Some(format::when(request.opened_at, now, config.zone, language)),
        Some(language.of(phase)),
    ];
    let rows = labels.into_iter().zip(values);
    rows.filter_map(|(label, value)| Some(Row { label: label.to_owned(), value: value? })).collect()
}

/// How urgent a promise is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::http) enum Urgency {
    Overdue,
    /// A quarter of its time is left, or less.
    Soon,
    InTime,
    /// It stands still, or has ended.
    Calm,
}

impl Urgency {
    pub(super) fn of(clock: &Clock, now: DateTime<Utc>) -> Self {
        match clock.due_at.filter(|_| clock.is_live()) {
            None => Self::Calm,
            Some(due_at) if due_at <= now => Self::Overdue,
            Some(due_at) if due_at - now <= (due_at - clock.started_at) / 4 => Self::Soon,
            Some(_) => Self::InTime,
        }
    }

    /// Its class in the page, and its shape.
    pub(super) const fn look(self) -> (&'static str, char) {
        match self {
            Self::Overdue => ("overdue", '▲'),
            Self::Soon => ("soon", '◆'),
            Self::InTime => ("fine", '○'),
            Self::Calm => ("calm", '‖'),
        }
    }

    pub(super) fn title(self, language: Language) -> String {
        language.of(match self {
            Self::Overdue => both!("Overdue", "Vencidas"),
            Self::Soon => both!("Due soon", "Por vencer"),
            Self::InTime => both!("In time", "En plazo"),
            Self::Calm => both!("Nothing due", "Sin plazo en curso"),
        })
    }
}

/// The promises of a request: `▲ Responder: venció hoy 12:30, hace 2 min`. What is most urgent comes first, what has ended last.
pub(in crate::http) fn promises(
    request: &Request,
    config: &Config,
    now: DateTime<Utc>,
    language: Language,
) -> Vec<Promise> {
    let mut clocks: Vec<&Clock> = request.clocks.iter().collect();
    clocks.sort_by_key(|clock| (Urgency::of(clock, now), clock.due_at));
    let promise = |clock: &Clock| {
        let (state, mark) = match clock.state {
            ClockState::Met | ClockState::MetLate => ("calm", '✓'),
            ClockState::Cancelled | ClockState::Waived => ("calm", '–'),
            ClockState::Running | ClockState::Paused | ClockState::Breached => Urgency::of(clock, now).look(),
        };
        let when = clock.due_at.filter(|_| clock.is_live()).map(|due_at| due(due_at, config, now, language));
        Promise {
            state,
            mark,
            what: capitalised(vocabulary::task(clock.kind, language)),
            when: when.unwrap_or_else(|| vocabulary::state(clock.state, language).to_owned()),
        }
    };
    clocks.into_iter().map(promise).collect()
}

/// `venció hoy 12:30, hace 2 min`, `vence mañana 08:00, en 19 h`.
pub(in crate::http) fn due(due_at: DateTime<Utc>, config: &Config, now: DateTime<Utc>, language: Language) -> String {
    let (at, span) = (format::when(due_at, now, config.zone, language), span((due_at - now).abs()));
    language.of(if due_at <= now {
        both!("was due {at}, {span} ago", "venció {at}, hace {span}")
    } else {
        both!("due {at}, in {span}", "vence {at}, en {span}")
    })
}

/// A span that does not break over two lines.
pub(in crate::http) fn span(span: TimeDelta) -> String {
    format::rough_span(span).replace(' ', "\u{a0}")
}

pub(in crate::http) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
