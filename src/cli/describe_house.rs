//! What `plazo check` says of a file besides its promises: who is told at which hours, who has no part, which days come that are closed, what is
//! sent regularly, and where all of it goes out.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveTime, Utc, Weekday};

use crate::both;
use crate::config::{Config, Contact, DEFAULT_SETTLE, Destination, EMAIL};
use crate::engine::calendar::{Calendar, Reason};
use crate::engine::directory::{Recipient, Role, Tell};
use crate::engine::event::RequestKind;
use crate::engine::policy::{Policy, TargetKind};
use crate::engine::rota::Handover;
use crate::notify::Settings;
use crate::notify::email::MailServer;
use crate::text::describe::{listed, told};
use crate::text::{Both, Language, format, vocabulary};

/// Closed days that are named of a calendar.
const MOST_CLOSED: usize = 3;
/// How far they are sought.
const DAYS_AHEAD: u64 = 366;

/// Each section by its title, in lines; what the file does not speak of is left out.
pub(super) fn sections(config: &Config, now: DateTime<Utc>, language: Language) -> Vec<(String, Vec<String>)> {
    let titled = |title: Both<&str>, lines: Vec<String>| (language.of(title).to_owned(), lines);
    let sections = [
        titled(Both { en: "[people]", es: "[gente]" }, people(config, now, language)),
        titled(Both { en: "[calendars]", es: "[calendarios]" }, calendars(config, now, language)),
        titled(Both { en: "[what counts]", es: "[qué cuenta]" }, counts(config, language)),
        titled(Both { en: "[reports and lists]", es: "[informes y listas]" }, regular(config, language)),
        titled(Both { en: "[ways out]", es: "[salida]" }, ways_out(config, language)),
    ];
    sections.into_iter().filter(|(_, lines)| !lines.is_empty()).collect()
}

/// What starts no clock, what stops one, and what leaves the figures.
fn counts(config: &Config, language: Language) -> Vec<String> {
    let rulebook = &config.rulebook;
    let mut lines = Vec::new();
    if rulebook.courtesies.is_on() {
        let own: Vec<String> = rulebook.courtesies.own().map(|phrase| format!("«{phrase}»")).collect();
        let own = if own.is_empty() { String::new() } else { format!(" ({})", listed(&own, language)) };
        lines.push(language.of(both!(
            "A client's thanks, farewells, \"ok\" and thumbs start no clock{own}",
            "Los agradecimientos, despedidas, «ok» y pulgares de un cliente no inician ningún reloj{own}"
        )));
    } else if !rulebook.policies.is_empty() {
        lines.push(language.of(both!(
            "A client's \"thanks\" or thumb starts a clock as any message does, until [answers] says asks_nothing = true",
            "Un «gracias» o un pulgar de un cliente inicia un reloj como cualquier mensaje, hasta que [answers] diga asks_nothing = true"
        )));
    }
    let is_bounded = |policy: &Policy| policy.targets.iter().any(|(kind, _)| *kind == TargetKind::Waiting);
    if !rulebook.policies.is_empty() && !rulebook.policies.iter().any(is_bounded) {
        lines.push(language.of(both!(
            "What is put off with `plazo wait` may wait for ever, until a [wait.…] says at_most",
            "Lo que se deja en espera con `plazo wait` puede esperar para siempre, hasta que un [wait.…] diga at_most"
        )));
    }
    for wait in &rulebook.waits {
        let name = &wait.name;
        lines.push(match &wait.stops {
            None => language.of(both!(
                "While \"{name}\" is waited for, what stands still for a client stands still",
                "Mientras se espera a «{name}» se detiene lo que se detiene por un cliente"
            )),
            Some(stops) if stops.is_empty() => language.of(both!(
                "While \"{name}\" is waited for, nothing stands still",
                "Mientras se espera a «{name}» no se detiene nada"
            )),
            Some(stops) => {
                let tasks: Vec<String> =
                    stops.iter().map(|kind| vocabulary::task(*kind, language).to_owned()).collect();
                let tasks = listed(&tasks, language);
                language.of(both!(
                    "While \"{name}\" is waited for, these stand still: {tasks}",
                    "Mientras se espera a «{name}» se detiene: {tasks}"
                ))
            }
        });
    }
    for reason in &rulebook.reasons {
        let name = &reason.name;
        lines.push(match (reason.is_excluding, reason.approval.is_empty()) {
            (false, _) => {
                language.of(both!("Reason \"{name}\": the breach counts", "Razón «{name}»: el incumplimiento cuenta"))
            }
            (true, true) => language.of(both!(
                "Reason \"{name}\": the breach leaves the figures",
                "Razón «{name}»: el incumplimiento sale de las cifras"
            )),
            (true, false) => {
                let who = told(&reason.approval, rulebook, language);
                language.of(both!(
                    "Reason \"{name}\": the breach leaves the figures, once it is approved by {who}",
                    "Razón «{name}»: el incumplimiento sale de las cifras, si lo aprueba {who}"
                ))
            }
        });
    }
    let settle = format::span(rulebook.settle);
    if rulebook.settle != DEFAULT_SETTLE {
        lines.push(language.of(both!(
            "What another owner, inbox, tag or priority breaks is told {settle} later",
            "Lo que se incumple por otro responsable, bandeja, etiqueta o prioridad se avisa {settle} después"
        )));
    }
    lines
}

fn people(config: &Config, now: DateTime<Utc>, language: Language) -> Vec<String> {
    let names = |is_meant: &dyn Fn(&str, &Contact) -> bool| {
        let found = config.contacts.iter().filter(|(key, contact)| is_meant(key, contact));
        found.map(|(_, contact)| contact.name.clone()).collect::<Vec<_>>()
    };
    let mut lines = Vec::new();
    let awake = names(&|_, contact| contact.hours.is_none() && !contact.notify.is_empty());
    if !awake.is_empty() {
        let names = listed(&awake, language);
        lines.push(language.of(both!(
            "At any hour, at night too, alerts go to {names}: without `hours`",
            "A cualquier hora, también de noche, se avisa a {names}: sin `hours`"
        )));
    }
    for contact in config.contacts.values().filter(|contact| !contact.notify.is_empty()) {
        lines.extend(hours(contact, language));
    }
    for rota in config.rulebook.directory.rotas() {
        let person = rota.on_duty(now).and_then(|key| config.contacts.get(key));
        let nobody = language.of(Both { en: "nobody", es: "nadie" });
        let (rota, person) = (&rota.name, person.map_or(nobody, |contact| contact.name.as_str()));
        lines.push(language.of(both!("On duty by \"{rota}\" now: {person}", "De turno en «{rota}» ahora: {person}")));
    }
    let directory = &config.rulebook.directory;
    for absence in directory.absences().iter().filter(|absence| now < absence.until) {
        let day = |at: DateTime<Utc>| format::instant(at, config.zone, language);
        let (name, from, until) = (directory.name_of(&absence.person), day(absence.from), day(absence.until));
        let instead = directory.stand_in(&absence.person, absence.from.max(now)).map(|key| directory.name_of(key));
        lines.push(language.of(match instead {
            Some(other) => both!(
                "{name} is away from {from} until {until}; {other} is told instead",
                "{name} estará ausente desde {from} hasta {until}; se avisa a {other}"
            ),
            None => both!(
                "{name} is away from {from} until {until}; nobody stands in, so whoever stands above is told",
                "{name} estará ausente desde {from} hasta {until}; sin reemplazo, se avisa a quien esté por encima"
            ),
        }));
    }
    let unreached = names(&|_, contact| contact.notify.is_empty());
    if !unreached.is_empty() {
        let names = listed(&unreached, language);
        lines.push(language.of(both!(
            "No alert reaches {names}: neither `email` nor another way",
            "Ningún aviso llega a {names}: sin `email` ni otra vía"
        )));
    }
    let named = named(config);
    let idle = names(&|key, _| !named.contains(key) && !config.rulebook.directory.holds_a_role(key, now));
    if !idle.is_empty() {
        let names = listed(&idle, language);
        lines.push(language.of(both!(
            "Without a part: {names}; in no team, role, rota or escalation, so told only of what they own",
            "Sin parte: {names}; en ningún equipo, rol, turno ni escalamiento: solo se les avisa de lo que tengan a cargo"
        )));
    }
    lines
}

fn hours(contact: &Contact, language: Language) -> Option<String> {
    let calendar = contact.hours.as_ref()?;
    let (name, calendar) = (&contact.name, vocabulary::calendar(calendar.name(), language));
    let Both { en, es } = match contact.summary {
        Some(at) => {
            let at = at.format("%H:%M");
            both!(
                "; what may wait comes at {at} as one message",
                "; lo que puede esperar llega a las {at} en un solo mensaje"
            )
        }
        None => Both { en: String::new(), es: String::new() },
    };
    Some(language.of(both!(
        "{name}: in the hours of \"{calendar}\", else only what cannot wait{en}",
        "{name}: en el horario «{calendar}»; fuera de él, solo lo que no puede esperar{es}"
    )))
}

/// Keys of everybody whom the file names for something.
fn named(config: &Config) -> BTreeSet<&str> {
    let book = &config.rulebook;
    let of_promises = book.policies.iter().flat_map(|policy| &policy.targets).filter_map(|(_, target)| target.as_ref());
    let steps = of_promises.flat_map(|target| &target.escalation.steps);
    let steps = steps.chain(book.checks.on.values().flat_map(|check| &check.escalation.steps));
    let told = steps.flat_map(|step| &step.tell).chain(config.reports.iter().flat_map(|report| &report.tell));
    let mut named: BTreeSet<&str> = told
        .filter_map(|tell| match tell {
            Tell::Person(key) => Some(key.as_str()),
            Tell::Role(_) | Tell::Team(_) | Tell::Destination(_) | Tell::Rota(_) => None,
        })
        .collect();
    for team in book.directory.teams() {
        named.extend(team.lead.as_deref());
        named.extend(team.members.iter().map(String::as_str));
    }
    for rota in book.directory.rotas() {
        named.extend(rota.people.iter().map(String::as_str));
    }
    if let Some(Recipient::Person(key)) = &config.operator {
        named.insert(key);
    }
    named
}

fn calendars(config: &Config, now: DateTime<Utc>, language: Language) -> Vec<String> {
    let own = config.calendars.values().filter(|calendar| !calendar.is_always_open());
    own.map(|calendar| closed(calendar, now, language)).collect()
}

/// The next days that a calendar has closed though its week would have them open.
fn closed(calendar: &Calendar, now: DateTime<Utc>, language: Language) -> String {
    let today = now.with_timezone(&calendar.zone()).date_naive();
    let days = (0..DAYS_AHEAD).filter_map(|n| today.checked_add_days(Days::new(n)));
    let closed = days.filter_map(|date| {
        let day = calendar.day(date);
        let reason = day.reason.filter(|_| day.hours.is_empty())?;
        let date = format::date(date, language);
        Some(match reason {
            Reason::Holiday { en, es } => format!("{date} ({})", language.of(Both { en, es })),
            Reason::Closed | Reason::Open => date,
        })
    });
    let closed: Vec<_> = closed.take(MOST_CLOSED).collect();
    let name = vocabulary::calendar(calendar.name(), language);
    if closed.is_empty() {
        return language.of(both!(
            "\"{name}\": no closed day in the next twelve months",
            "«{name}»: ningún día cerrado en los próximos doce meses"
        ));
    }
    let closed = listed(&closed, language);
    language.of(both!("\"{name}\": closed next on {closed}", "«{name}»: próximos días cerrados: {closed}"))
}

fn regular(config: &Config, language: Language) -> Vec<String> {
    let lists = config.daily.iter().map(|list| {
        let (at, calendar) = (list.at.format("%H:%M"), vocabulary::calendar(list.calendar.name(), language));
        let what = language.of(kind(list.list));
        language.of(both!(
            "The list of open {what}: at {at} on working days of \"{calendar}\"",
            "La lista de {what}: a las {at} en los días hábiles de «{calendar}»"
        ))
    });
    let reports = config.reports.iter().map(|report| {
        let (name, at) = (&report.name, moment(report.at, language));
        let told: Vec<_> = report.tell.iter().map(|tell| who(tell, config, language)).collect();
        let told = listed(&told, language);
        language.of(both!("The report \"{name}\": {at}, to {told}", "El informe «{name}»: {at}, para {told}"))
    });
    lists.chain(reports).collect()
}

const fn kind(kind: RequestKind) -> Both<&'static str> {
    match kind {
        RequestKind::Request => Both { en: "requests", es: "solicitudes abiertas" },
        RequestKind::Task => Both { en: "tasks", es: "tareas abiertas" },
        RequestKind::Claim => Both { en: "claims", es: "reclamos abiertos" },
        RequestKind::Call => Both { en: "calls", es: "llamadas abiertas" },
    }
}

fn moment(at: Handover, language: Language) -> String {
    let clock = |at: NaiveTime| at.format("%H:%M").to_string();
    match at {
        Handover::Daily(at) => {
            let at = clock(at);
            language.of(both!("each day at {at}", "cada día a las {at}"))
        }
        Handover::Weekly(day, at) => {
            let (day, at) = (language.of(weekday(day)), clock(at));
            language.of(both!("each {day} at {at}", "cada {day} a las {at}"))
        }
    }
}

const fn weekday(day: Weekday) -> Both<&'static str> {
    match day {
        Weekday::Mon => Both { en: "Monday", es: "lunes" },
        Weekday::Tue => Both { en: "Tuesday", es: "martes" },
        Weekday::Wed => Both { en: "Wednesday", es: "miércoles" },
        Weekday::Thu => Both { en: "Thursday", es: "jueves" },
        Weekday::Fri => Both { en: "Friday", es: "viernes" },
        Weekday::Sat => Both { en: "Saturday", es: "sábado" },
        Weekday::Sun => Both { en: "Sunday", es: "domingo" },
    }
}

fn who(tell: &Tell, config: &Config, language: Language) -> String {
    let role = |role: &Role| match role {
        Role::Owner => Both { en: "the owner", es: "responsable" },
        Role::Lead => Both { en: "the team leads", es: "líderes de los equipos" },
        Role::Supervisor => Both { en: "the supervisor", es: "supervisión" },
        Role::BackOffice => Both { en: "the back office", es: "back office" },
        Role::Management => Both { en: "management", es: "gerencia" },
    };
    match tell {
        Tell::Role(held) => language.of(role(held)).to_owned(),
        Tell::Person(key) => config.name_of(key).to_owned(),
        Tell::Team(key) => language.of(both!("the team {key}", "todo el equipo {key}")),
        Tell::Destination(name) => name.clone(),
        Tell::Rota(name) => language.of(both!("whoever is on duty ({name})", "quien esté de turno ({name})")),
    }
}

fn ways_out(config: &Config, language: Language) -> Vec<String> {
    let mut lines = Vec::new();
    match config.mail_server() {
        Some(MailServer { host, port, from, .. }) => {
            lines.push(language.of(both!(
                "Mail goes out by {host}:{port}, from {from}",
                "El correo sale por {host}:{port}, de {from}"
            )));
        }
        None => lines.push(language.of(both!(
            "Mail reaches nobody: without [smtp] it is written as files into the folder `outbox` of the data directory",
            "El correo no le llega a nadie: sin [smtp] se escribe en archivos, en la carpeta `outbox` del directorio de datos"
        ))),
    }
    let others = config.destinations.iter().filter(|(name, _)| *name != EMAIL);
    lines.extend(others.map(|(name, destination)| way_out(name, destination, language)));
    if config.public_url.is_none() {
        lines.push(language.of(both!(
            "Alerts have no links: `public_url` is not given",
            "Los avisos no llevan enlaces: falta `public_url`"
        )));
    }
    lines
}

fn way_out(name: &str, destination: &Destination, language: Language) -> String {
    let how = match &destination.settings {
        Settings::Email(mail) if mail.server.is_some() => {
            let address = mail.address.as_deref().unwrap_or_default();
            both!("mail to {address}", "correo a {address}")
        }
        Settings::Email(_) | Settings::File(_) => both!("files only", "solo archivos"),
        settings => {
            let kind = settings.kind().as_str();
            match settings.address() {
                Some(to) => both!("{kind}, to {to}", "{kind}, a {to}"),
                None => both!("{kind}", "{kind}"),
            }
        }
    };
    let Both { en, es } = how;
    language.of(both!("\"{name}\": {en}", "«{name}»: {es}"))
}
