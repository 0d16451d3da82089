//! [`Raw`] → [`Config`]: names looked up, spans and hours read, contradictions found. Mistakes are gathered; a value that has one
//! is replaced by something harmless, so that the rest of the file can be judged too.

mod absences;
mod calendars;
mod checks;
mod claims;
mod destinations;
mod directory;
mod holidays;
mod ladders;
mod mailboxes;
mod people;
mod phones;
mod policies;
mod reasons;
mod reports;
mod rotas;
mod sources;
mod store;
mod targets;
mod texts;
mod waits;
mod writing;
pub(crate) mod zones;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use chrono::TimeDelta;
use chrono_tz::Tz;
use regex::RegexSetBuilder;

use super::mistake::{Mistakes, quoted};
use super::raw::{At, OneOrMany, Raw};
use super::{AlertSettings, Config, DailyList, Destination, Heartbeat, Retention, usual};
use crate::engine::check::Wording;
use crate::engine::courtesy::Courtesies;
use crate::engine::directory::{Recipient, Role};
use crate::engine::rulebook::{Inbox, Rulebook};
use crate::intake::source::SourceSettings;
use crate::outbox::Lanes;
use crate::outbox::writing::way_to;
use crate::text::{Both, Language};
use crate::{both, net, span};

const DEFAULT_LISTEN: &str = "127.0.0.1:8787";
const DEFAULT_RETRY: TimeDelta = TimeDelta::hours(24);
const DEFAULT_SUMMARY_ABOVE: usize = 20;
const DEFAULT_IN_FLIGHT: u16 = 128;
const DEFAULT_WINDOW: TimeDelta = TimeDelta::minutes(2);
pub(crate) const DEFAULT_SETTLE: TimeDelta = TimeDelta::minutes(1);
/// Nobody waits longer for a breach because of a change.
const MOST_SETTLE: TimeDelta = TimeDelta::hours(1);
const DEFAULT_LINKS_EXPIRE: TimeDelta = TimeDelta::hours(72);
const DEFAULT_HEARTBEAT: Duration = Duration::from_secs(60);
/// To a destination with a pace of its own, no more wait at a time.
const MOST_PACED: usize = 8;

/// Resolves the whole file. Files that it names lie in `folder`.
pub(super) fn resolve(raw: &Raw, folder: &Path, mistakes: &mut Mistakes) -> Config {
    let language = language(raw.language.as_ref(), mistakes).unwrap_or_default();
    let zone = raw.timezone.as_ref().and_then(|name| zones::find(name, mistakes)).unwrap_or(Tz::UTC);
    if raw.timezone.is_none() {
        mistakes.warning(
            0..0,
            both!("no `timezone`: hours are taken as UTC", "falta `timezone`: el horario se toma como UTC"),
            both!("add timezone = \"America/Bogota\" at the top", "agregue al comienzo timezone = \"America/Bogota\""),
        );
    }
    let (calendars, mut attachments) = calendars::resolve(raw, zone, folder, mistakes);
    let sources = sources::resolve(raw, &calendars, folder, &mut attachments, mistakes);
    let mailboxes = mailboxes::resolve(raw, &calendars, mistakes);
    let destinations = destinations::resolve(raw, language, mistakes);
    let mut people = people::resolve(raw, language, &calendars, &destinations, mistakes);
    let rotas = rotas::resolve(raw, zone, &calendars, mistakes);
    let texts = texts::resolve(raw, folder, &mut attachments, mistakes);
    directory::resolve(raw, folder, &mut people, &mut attachments, mistakes);
    let ladders = ladders::resolve(raw, mistakes);
    let (stages, hops) = claims::resolve(raw, &calendars, &ladders, mistakes);
    let mut policies = policies::resolve(raw, &calendars, &ladders, mistakes);
    policies.extend(hops);
    let (waits, waitings) = waits::resolve(raw, &calendars, &ladders, mistakes);
    policies.extend(waitings);
    let operator = raw.operator.as_ref().and_then(|name| recipient(name, raw, mistakes));
    let directory = people.directory(operator.clone(), rotas);
    let absences = absences::resolve(raw, zone, &directory, mistakes);
    let directory = directory.with_absences(absences);
    let alerts = alerts(raw, mistakes);
    let courtesies = courtesies(raw, mistakes).among(directory.people().map(|person| person.name.as_str()));
    let checks = checks::resolve(raw, &ladders, mistakes);
    writing::check(
        &writing::Whole {
            raw,
            sources: &sources,
            ladders: &ladders,
            policies: &policies,
            checks: &checks.on.values().collect::<Vec<_>>(),
            directory: &directory,
        },
        mistakes,
    );
    let public_url = public_url(raw, mistakes);
    phones::check(raw, &destinations, public_url.is_some(), mistakes);
    Config {
        directory: folder.to_owned(),
        attachments,
        language,
        zone,
        rulebook: Rulebook {
            revision: 0,
            policies,
            directory,
            wording: wording(raw, mistakes),
            courtesies,
            ack_expires: ack_expires(raw, mistakes),
            checks,
            inboxes: inboxes(raw, mistakes),
            stages,
            waits,
            reasons: reasons::resolve(raw, mistakes),
            settle: settle(raw, mistakes),
            tag_priorities: tag_priorities(raw, mistakes),
        },
        daily: daily(raw, &calendars, mistakes),
        reports: reports::resolve(raw, &calendars, mistakes),
        calendars,
        contacts: people.contacts,
        lanes: lanes(&destinations, &sources, &alerts),
        destinations,
        public_url,
        heartbeat: heartbeat(raw, mistakes),
        retention: retention(raw, mistakes),
        texts,
        sources,
        mailboxes,
        ignore_before: absences::ignored(raw, zone, mistakes),
        operator,
        store: store::resolve(raw, mistakes),
        listen: listen(raw, mistakes),
        alerts,
    }
}

fn language(code: Option<&At<String>>, mistakes: &mut Mistakes) -> Option<Language> {
    let code = code?;
    let language = Language::from_code(code);
    if language.is_none() {
        mistakes.unknown(code.span(), Both { en: "unknown language", es: "idioma desconocido" }, code, ["es", "en"]);
    }
    language
}

fn inboxes(raw: &Raw, mistakes: &mut Mistakes) -> Vec<Inbox> {
    let inboxes = raw.inbox.iter().map(|(key, inbox)| Inbox {
        key: key.to_string(),
        entry: inbox.entry.as_deref().copied().unwrap_or(false),
        takes: items(inbox.takes.as_ref(), mistakes).iter().map(|word| word.to_string()).collect(),
    });
    inboxes.collect()
}

fn tag_priorities(raw: &Raw, mistakes: &mut Mistakes) -> Vec<(String, String)> {
    let mut priorities = Vec::new();
    for (tag, meaning) in &raw.tag {
        match &meaning.priority {
            Some(priority) => priorities.push((tag.to_string(), filled(priority, "\"high\"", mistakes))),
            None => mistakes.missing(&meaning.span(), tag.span(), "priority", "\"high\""),
        }
    }
    priorities
}

/// A person or destination by name.
fn recipient(name: &At<String>, raw: &Raw, mistakes: &mut Mistakes) -> Option<Recipient> {
    let people = raw.person.keys().map(|key| key.as_str());
    let destinations = raw.destination.keys().map(|key| key.as_str());
    if people.clone().any(|key| key == name.as_str()) {
        Some(Recipient::Person(name.to_string()))
    } else if destinations.clone().any(|key| key == name.as_str()) {
        destinations::refuse_without_address(name, raw, mistakes);
        Some(Recipient::Destination(name.to_string()))
    } else {
        let what = Both { en: "unknown person or destination", es: "persona o destino que no existe" };
        mistakes.unknown(name.span(), what, name, people.chain(destinations));
        None
    }
}

/// Reads the text of `field` by `read`, noting what is wrong with it.
fn read<T>(field: &At<String>, mistakes: &mut Mistakes, read: impl Fn(&str) -> Result<T, Both>) -> Option<T> {
    match read(field) {
        Ok(value) => Some(value),
        Err(remedy) => {
            let remedy = usual::remedy(field, &read).unwrap_or(remedy);
            mistakes.error(field.span(), unreadable(field), remedy);
            None
        }
    }
}

/// That nobody knows what the text means.
fn unreadable(text: &str) -> Both {
    if text.trim().is_empty() {
        return both!("nothing stands between the quotes", "no hay nada entre las comillas");
    }
    let text = quoted(text);
    both!("cannot read `{text}`", "no se entiende `{text}`")
}

/// Reads a text that must say something. What is wrong is told; the text is then empty.
fn filled(field: &At<String>, example: &str, mistakes: &mut Mistakes) -> String {
    if field.trim().is_empty() {
        mistakes.error(
            field.span(),
            unreadable(field),
            both!("write it out, such as {example}", "escríbalo, por ejemplo {example}"),
        );
    }
    field.to_string()
}

/// The items of a list that, being written, must not be empty.
fn items<'a>(list: Option<&'a OneOrMany<At<String>>>, mistakes: &mut Mistakes) -> &'a [At<String>] {
    let Some(list) = list else { return &[] };
    if list.items.is_empty() {
        mistakes.error(
            list.span.clone(),
            both!("an empty list", "una lista vacía"),
            both!("write at least one between the brackets", "escriba al menos uno entre los corchetes"),
        );
    }
    &list.items
}

/// Refuses a key that has a meaning of its own wherever such a name is used.
fn reserved(key: &At<String>, words: &[&str], mistakes: &mut Mistakes) {
    if words.contains(&key.as_str()) {
        let word = key.as_str();
        mistakes.error(
            key.span(),
            both!("`{word}` already has a meaning here", "`{word}` ya significa otra cosa aquí"),
            both!("choose another name", "elija otro nombre"),
        );
    }
}

/// The names of roles, which nobody else may have.
const ROLES: [&str; 5] = [
    Role::Owner.as_str(),
    Role::Lead.as_str(),
    Role::Supervisor.as_str(),
    Role::BackOffice.as_str(),
    Role::Management.as_str(),
];

fn listen(raw: &Raw, mistakes: &mut Mistakes) -> SocketAddr {
    let default = || SocketAddr::from(([127, 0, 0, 1], 8787));
    let Some(listen) = raw.http.as_ref().and_then(|http| http.listen.as_ref()) else { return default() };
    let read = read(listen, mistakes, |text| {
        text.parse().ok().filter(|address: &SocketAddr| address.port() != 0).ok_or_else(|| {
            both!(
                "write address and port, such as \"{DEFAULT_LISTEN}\"",
                "escriba dirección y puerto, como \"{DEFAULT_LISTEN}\""
            )
        })
    });
    read.unwrap_or_else(default)
}

fn alerts(raw: &Raw, mistakes: &mut Mistakes) -> AlertSettings {
    let alerts = raw.alerts.as_deref();
    let retry_for = alerts
        .and_then(|alerts| alerts.retry_for.as_ref())
        .and_then(|text| read(text, mistakes, span::duration))
        .and_then(|duration| TimeDelta::from_std(duration).ok());
    let in_flight = alerts.and_then(|alerts| alerts.in_flight.as_ref());
    if let Some(zero) = in_flight.filter(|in_flight| ***in_flight == 0) {
        mistakes.error(
            zero.span(),
            both!("with 0 nothing would be sent", "con 0 no saldría nada"),
            both!(
                "write at least 1; {DEFAULT_IN_FLIGHT} is the default",
                "escriba al menos 1; lo normal es {DEFAULT_IN_FLIGHT}"
            ),
        );
    }
    AlertSettings {
        gather: alerts.and_then(|alerts| alerts.gather.as_deref().copied()).unwrap_or(true),
        summary_above: alerts
            .and_then(|alerts| alerts.summary_above.as_ref())
            .map_or(DEFAULT_SUMMARY_ABOVE, |most| usize::try_from(**most).unwrap_or(usize::MAX)),
        retry_for: retry_for.unwrap_or(DEFAULT_RETRY),
        in_flight: in_flight.map_or(DEFAULT_IN_FLIGHT, |in_flight| **in_flight).max(1).into(),
        window: elapsed(alerts.and_then(|alerts| alerts.window.as_ref()), mistakes).unwrap_or(DEFAULT_WINDOW),
        links_expire: elapsed(alerts.and_then(|alerts| alerts.links_expire.as_ref()), mistakes)
            .unwrap_or(DEFAULT_LINKS_EXPIRE),
        on_duty: alerts.and_then(|alerts| alerts.on_duty.as_ref()).and_then(|name| {
            let known = raw.rota.keys().map(|key| key.as_str());
            if known.clone().any(|known| known == name.as_str()) {
                return Some(name.to_string());
            }
            mistakes.unknown(name.span(), Both { en: "unknown rota", es: "turno desconocido" }, name, known);
            None
        }),
    }
}

/// A span by the wall clock.
fn elapsed(text: Option<&At<String>>, mistakes: &mut Mistakes) -> Option<TimeDelta> {
    let span = read(text?, mistakes, span::duration)?;
    TimeDelta::from_std(span).ok()
}

fn ack_expires(raw: &Raw, mistakes: &mut Mistakes) -> Option<TimeDelta> {
    let text = raw.alerts.as_ref()?.ack_expires.as_ref()?;
    let expires = elapsed(Some(text), mistakes)?;
    if expires < TimeDelta::minutes(1) {
        mistakes.error(
            text.span(),
            both!("nobody answers that fast", "nadie responde tan rápido"),
            both!("write at least \"1m\"; \"2h\" is usual", "escriba al menos \"1m\"; lo normal es \"2h\""),
        );
    }
    Some(expires)
}

/// How many may be on their way to each destination: no more than it takes at once.
fn lanes(
    destinations: &BTreeMap<String, Destination>,
    sources: &BTreeMap<String, SourceSettings>,
    alerts: &AlertSettings,
) -> Lanes {
    let mut lanes = Lanes { usual: (alerts.in_flight - alerts.in_flight / 4).max(1), ..Lanes::default() };
    for (name, destination) in destinations {
        let can = destination.settings.can();
        if can.keeps_threads() {
            lanes.threaded.insert(name.clone());
            lanes.at_once.insert(name.clone(), 1);
        } else if let Some(pace) = can.pace {
            let burst = usize::try_from(pace.burst.get()).unwrap_or(MOST_PACED);
            lanes.at_once.insert(name.clone(), burst.min(MOST_PACED));
        }
    }
    // One at a time: a list of tags is read and written back, and no alert to people waits behind a slow help desk.
    let writers = sources.values().filter(|source| source.writes().is_some());
    lanes.at_once.extend(writers.map(|source| (way_to(&source.name), 1)));
    lanes
}

fn public_url(raw: &Raw, mistakes: &mut Mistakes) -> Option<String> {
    let url = raw.http.as_ref()?.public_url.as_ref()?;
    let read = read(url, mistakes, sources::address)?;
    let parsed = reqwest::Url::parse(&read).ok();
    if parsed.as_ref().is_some_and(|parsed| !matches!(parsed.path(), "" | "/")) {
        mistakes.warning(
            url.span(),
            both!(
                "plazo's pages lead to one another from the top of their host, and below a path they do not open",
                "las páginas de plazo se enlazan desde la raíz de su dirección, y debajo de una ruta no se abren"
            ),
            both!(
                "give plazo a name of its own, such as https://plazo.agencia.example",
                "dele a plazo un nombre propio, como https://plazo.agencia.example"
            ),
        );
    }
    if parsed.is_some_and(|parsed| parsed.scheme() == "http" && !net::address::is_private_host(&parsed)) {
        mistakes.warning(
            url.span(),
            both!(
                "links that act go over the network in plain text, and whoever reads one can use it",
                "los enlaces que actúan van por la red sin cifrar, y quien lea uno puede usarlo"
            ),
            both!(
                "put a proxy with TLS before plazo, and write https://",
                "ponga un proxy con TLS delante de plazo y escriba https://"
            ),
        );
    }
    Some(read)
}

/// Mail, and with it a password, goes to another machine in plain text.
fn warn_of_plain(host: &At<String>, has_password: bool, mistakes: &mut Mistakes) {
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let is_own = name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    if is_own {
        return;
    }
    let cause = if has_password {
        both!(
            "the password and the mail go to {name} in plain text",
            "la contraseña y el correo van a {name} sin cifrar"
        )
    } else {
        both!("mail goes to {name} in plain text", "el correo va a {name} sin cifrar")
    };
    let remedy = both!("write tls = \"starttls\" or tls = \"tls\"", "escriba tls = \"starttls\" o tls = \"tls\"");
    mistakes.warning(host.span(), cause, remedy);
}

fn retention(raw: &Raw, mistakes: &mut Mistakes) -> Retention {
    let Some(retention) = &raw.retention else { return Retention::default() };
    let mut age = |field: &Option<At<String>>| field.as_ref().and_then(|text| read(text, mistakes, span::age));
    let is_none = |text: &At<String>| ["none", "nada", "ninguna"].contains(&text.trim().to_lowercase().as_str());
    let keeps_no_words = retention.words.as_ref().is_some_and(is_none);
    Retention {
        keeps_no_words,
        words: if keeps_no_words { None } else { age(&retention.words) },
        journal: age(&retention.journal),
        deliveries: age(&retention.deliveries),
        requests: age(&retention.requests),
        copies: age(&retention.copies),
        keep_free: retention.keep_free.as_ref().and_then(|text| read(text, mistakes, span::bytes)).unwrap_or_default(),
    }
}

fn heartbeat(raw: &Raw, mistakes: &mut Mistakes) -> Option<Heartbeat> {
    let heartbeat = raw.heartbeat.as_ref()?;
    let private = heartbeat.private.as_deref().copied().unwrap_or(false);
    let Some(url) = &heartbeat.url else {
        mistakes.missing(&heartbeat.span(), heartbeat.span(), "url", "{ credential = \"…\" }");
        return None;
    };
    let every = heartbeat.every.as_ref().and_then(|text| read(text, mistakes, span::duration));
    let every = every.unwrap_or(DEFAULT_HEARTBEAT).max(Duration::from_secs(1));
    let url = destinations::web_address(url, private, mistakes)?;
    Some(Heartbeat { url, every, private })
}

fn wording(raw: &Raw, mistakes: &mut Mistakes) -> Wording {
    let patterns = raw.answers.iter().flat_map(|answers| &answers.says_nothing);
    let good: Vec<_> = patterns.filter(|pattern| is_expression(pattern, mistakes)).map(|text| text.as_str()).collect();
    // Each was compiled just above; a set too large to build as a whole is the same as none.
    RegexSetBuilder::new(good).case_insensitive(true).build().map(Wording::new).unwrap_or_default()
}

/// How long after a change what it broke is told of.
fn settle(raw: &Raw, mistakes: &mut Mistakes) -> TimeDelta {
    let written = raw.alerts.as_ref().and_then(|alerts| alerts.settle.as_ref());
    let span = written.and_then(|text| read(text, mistakes, span::duration));
    span.and_then(|span| TimeDelta::from_std(span).ok()).unwrap_or(DEFAULT_SETTLE).min(MOST_SETTLE)
}

fn courtesies(raw: &Raw, mistakes: &mut Mistakes) -> Courtesies {
    let Some(answers) = &raw.answers else { return Courtesies::default() };
    let is_on = answers.asks_nothing.as_deref().copied().unwrap_or(false);
    if let Some(first) = answers.courtesies.first().filter(|_| !is_on) {
        mistakes.error(
            first.span(),
            both!(
                "`courtesies` means nothing while every message asks",
                "`courtesies` no sirve mientras todo mensaje pide algo"
            ),
            both!("write `asks_nothing = true` as well", "escriba también `asks_nothing = true`"),
        );
    }
    for phrase in answers.courtesies.iter().filter(|phrase| !Courtesies::can_be(phrase)) {
        let text = quoted(phrase);
        mistakes.error(
            phrase.span(),
            both!("`{text}` asks, or might", "`{text}` pide algo, o podría"),
            both!(
                "write words and commas only: no digit, no question mark",
                "escriba solo palabras y comas: sin cifras ni signos de pregunta"
            ),
        );
    }
    if is_on {
        Courtesies::with(answers.courtesies.iter().map(|phrase| phrase.as_str()))
    } else {
        Courtesies::default()
    }
}

fn is_expression(pattern: &At<String>, mistakes: &mut Mistakes) -> bool {
    let Err(error) = regex::Regex::new(pattern) else { return true };
    // The reason is in English and drawn over several lines, with a mark below the place, four columns in.
    let drawn = error.to_string();
    let mark = drawn.lines().find(|line| line.trim_start().starts_with('^')).and_then(|line| line.find('^'));
    let text = quoted(pattern);
    let cause = match mark.and_then(|column| column.checked_sub(3)).filter(|_| !pattern.contains('\n')) {
        Some(n) => both!(
            "`{text}` is no regular expression: it fails at its character {n}",
            "`{text}` no es una expresión regular: falla en su carácter {n}"
        ),
        None => both!("`{text}` is no regular expression", "`{text}` no es una expresión regular"),
    };
    mistakes.error(
        pattern.span(),
        cause,
        both!(
            "close each ( and [, and write \\ before a . ( [ * + ? that stands for itself",
            "cierre cada ( y cada [, y escriba \\ antes de un . ( [ * + ? que se busque tal cual"
        ),
    );
    false
}

fn daily(raw: &Raw, calendars: &calendars::Calendars, mistakes: &mut Mistakes) -> Vec<DailyList> {
    let mut lists = Vec::new();
    for (name, list) in &raw.daily {
        let at = match &list.at {
            Some(at) => read(at, mistakes, span::time_of_day),
            None => {
                mistakes.missing(&list.span(), name.span(), "at", "\"08:00\"");
                None
            }
        };
        let calendar = match &list.calendar {
            Some(calendar) => calendars::find(calendars, calendar, mistakes),
            None => {
                mistakes.missing(&list.span(), name.span(), "calendar", "\"…\"");
                None
            }
        };
        let kind = match &list.list {
            Some(word) => policies::request_kind(word, mistakes),
            None => {
                mistakes.missing(&list.span(), name.span(), "list", "\"task\"");
                None
            }
        };
        if let (Some(at), Some(calendar), Some(list_of)) = (at, calendar, kind) {
            let rule = list.rule.as_ref().map(|rule| rule.to_string());
            lists.push(DailyList { name: name.to_string(), at, calendar, list: list_of, rule });
        }
    }
    lists
}
