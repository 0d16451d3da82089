//! What the forms of pages do. Each deed is an event like any other, by the person whose link it is.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};

use super::find;
use super::offers::opening;
use super::page::{Button, Page, failure, unknown, unusable};
use super::request::{ask, owner, seen, until};
use crate::app::links::{Deed, Link, LinkReader};
use crate::app::{App, Applied, Incoming, LINK_DOOR};
use crate::both;
use crate::config::Config;
use crate::engine::calendar::zone;
use crate::engine::directory::Recipient;
use crate::engine::effect::Effect;
use crate::engine::event::BrokenPromise;
use crate::engine::event::{About, Author, AuthorKind, Event, EventId, Fact};
use crate::engine::proof::Proof;
use crate::engine::reasons;
use crate::engine::request::Request;
use crate::http::violations::LONGEST_EXCUSE;
use crate::outbox::ViolationId;
use crate::outbox::silence::Silenced;
use crate::text::{Both, Language, format, proof};

/// Whether the reader may still do what the link is for, whatever their part in the request.
pub(super) fn is_allowed(app: &App, link: &Link) -> bool {
    !matches!(link.deed, Deed::Silence(_) | Deed::EndSilence) || app.may_silence(&link.reader)
}

/// Whether the reader has a part in the request, or is asked to decide on it without one.
pub(super) fn has_part(app: &App, link: &Link, request: &Request) -> bool {
    let is_asked = matches!(link.deed, Deed::Approve(_) | Deed::Refuse(_));
    // On what is closed, whoever was told may still say why it broke.
    let outlives = !request.phase.is_live() && link.deed.outlives_closing();
    is_asked || outlives || app.has_part(link, request)
}

/// Does what the link is for, and says so.
pub(super) async fn act(
    app: &App,
    (link, token): (&Link, &str),
    request: &Request,
    body: &[u8],
    language: Language,
) -> Page {
    let (config, now) = (app.config(), app.now());
    if !request.phase.is_live() && !link.deed.outlives_closing() {
        return ask(app, link, request, language).await;
    }
    let facts = match &link.deed {
        Deed::Silence(time) => return silence(app, link, *time, language).await,
        Deed::EndSilence => return end_silence(app, link, language).await,
        Deed::Excuse(number) => return excuse(app, link, *number, &field(body, "excuse"), language).await,
        Deed::Take => {
            // Where nobody answers for it, whoever takes it does.
            let owner = link.reader.person().filter(|_| request.owner.is_none());
            let own = owner.map(|owner| Fact::Own { owner: Some(owner.to_owned()) });
            own.into_iter().chain([Fact::Ack { until: None }]).collect()
        }
        Deed::Snooze(time) => vec![Fact::Snooze { until: now + *time }],
        Deed::SnoozeUntil(until) => vec![Fact::Snooze { until: *until }],
        Deed::SnoozeOpening => vec![Fact::Snooze { until: opening(request, &config, now) }],
        Deed::Release => vec![Fact::Own { owner: None }],
        Deed::Waive => vec![Fact::Waive { reason: String::new(), seen: None }],
        Deed::Hand => {
            let to = field(body, "to");
            let Some(person) = config.rulebook.directory.person(&to) else {
                let lead = both!("Choose somebody from the list.", "Elija a alguien de la lista.");
                return unusable(language.of(lead), language);
            };
            vec![Fact::Own { owner: Some(person.key.clone()) }]
        }
        Deed::Reason => {
            let reason = field(body, "reason");
            if config.rulebook.reason(&reason).is_none() {
                let lead = both!("Choose a reason from the list.", "Elija una razón de la lista.");
                return unusable(language.of(lead), language);
            }
            let text = field(body, "text").chars().take(LONGEST_EXCUSE).collect();
            vec![Fact::Reason { reason, of: BrokenPromise::default(), text }]
        }
        Deed::Approve(clock) | Deed::Refuse(clock) => {
            let of = BrokenPromise { promise: Some(clock.kind), cycle: Some(clock.cycle) };
            if !may_approve(app, link, request, of).await {
                let lead = both!(
                    "You are not among those who decide this, or nobody waits for it any more.",
                    "Usted no está entre quienes deciden esto, o ya nadie lo espera."
                );
                return unusable(language.of(lead), language);
            }
            vec![Fact::Approve { of, refuse: matches!(link.deed, Deed::Refuse(_)) }]
        }
        Deed::Held => vec![Fact::Held],
        Deed::Reschedule => match rescheduled(request, &field(body, "at"), &config, now, language) {
            Ok(fact) => vec![fact],
            Err(lead) => return unusable(lead, language),
        },
        Deed::Show | Deed::Agenda | Deed::List | Deed::Report(..) | Deed::SignIn(_) | Deed::SignInHere => {
            return failure(language);
        }
    };
    let (mut was_known, mut is_idle) = (true, true);
    for fact in facts {
        let event = event(link, token, fact, &config, now);
        let applied = match Incoming::new(event, Some(link.request)) {
            Ok(incoming) => app.desk.submit(vec![incoming]).await.ok(),
            Err(_) => None,
        };
        match applied.and_then(|applied| applied.into_iter().next()) {
            Some(Applied::Rejected(rejection)) => return unusable(language.of(rejection.detail), language),
            None => return failure(language),
            Some(Applied::Accepted { effects, .. }) => {
                was_known = false;
                is_idle &= effects.iter().all(|effect| matches!(effect, Effect::Ignored { .. })) && !effects.is_empty();
            }
            Some(Applied::Duplicate { .. } | Applied::Unfiled) => {}
        }
    }
    match find(app, link.request).await {
        // Somebody else was faster: the page says who.
        Ok(Some(request)) if is_idle && !was_known && link.deed == Deed::Take => {
            ask(app, link, &request, language).await
        }
        Ok(Some(request)) => {
            let done = if was_known && link.deed == Deed::Take {
                both!(
                    "This link took it before. To take it again, use a newer alert.",
                    "Este enlace ya lo tomó antes. Para tomarlo de nuevo, use un aviso más reciente."
                )
            } else {
                done(&link.deed, &request, &config, now, language)
            };
            after(app, link, &request, done, Vec::new(), language)
        }
        Ok(None) => unknown(link.request, language),
        Err(()) => failure(language),
    }
}

/// The page after the deed, with what takes it back.
fn after(app: &App, link: &Link, request: &Request, done: Both, mut deeds: Vec<Button>, language: Language) -> Page {
    let back = match link.deed {
        Deed::Snooze(_) | Deed::SnoozeOpening => {
            Some((Deed::SnoozeUntil(app.now()), both!("Alert again", "Volver a avisar")))
        }
        Deed::SnoozeUntil(until) if app.now() < until => {
            Some((Deed::SnoozeUntil(app.now()), both!("Alert again", "Volver a avisar")))
        }
        _ => None,
    };
    deeds.extend(
        back.map(|(deed, words)| Button { to: app.onward(link, deed, request.id), button: language.of(words) }),
    );
    Page { kind: "done", done: Some(language.of(done)), deeds, ..seen(app, request, language) }
}

/// Whether the reader of a link may decide on that breach.
async fn may_approve(app: &App, link: &Link, request: &Request, of: BrokenPromise) -> bool {
    let (config, now) = (app.config(), app.now());
    let (Ok(clocks), Ok(events)) = (app.views.clocks(request.id).await, app.views.events(request.id).await) else {
        return false;
    };
    let owner = request.owner.as_deref();
    let given = reasons::of(&events, &clocks, owner, &config.rulebook);
    let Some(given) = reasons::awaiting(&given, of).and_then(|place| given.get(place)) else { return false };
    let Some(reason) = config.rulebook.reason(&given.reason) else { return false };
    let Some(clock) = clocks.iter().find(|clock| clock.name() == given.clock) else { return false };
    let approvers = reasons::approvers(reason, clock, owner, &config.rulebook, now);
    link.reader.person().is_some_and(|key| approvers.contains(&Recipient::Person(key.to_owned())))
}

fn done(deed: &Deed, request: &Request, config: &Config, now: DateTime<Utc>, language: Language) -> Both {
    match deed {
        Deed::Take => both!("You took it. Nobody above is told.", "Usted lo tomó. No se avisa más arriba."),
        Deed::SnoozeUntil(at) if *at <= now => both!("Alerts go out again.", "Vuelven a salir los avisos."),
        Deed::Snooze(_) | Deed::SnoozeUntil(_) | Deed::SnoozeOpening => {
            let until = until(request, config, now, language);
            both!("Put off until {until}.", "Pospuesto hasta {until}.")
        }
        Deed::Hand => {
            let owner = owner(request, config, language);
            both!("{owner} answers for it now.", "Ahora responde {owner}.")
        }
        Deed::Release => {
            both!("You gave it back: nobody answers for it now.", "Usted la devolvió: ahora nadie responde por ella.")
        }
        Deed::Waive => both!(
            "It is noted that you said so: nobody waits for an answer any more.",
            "Quedó anotado que usted lo dijo: ya nadie espera respuesta."
        ),
        Deed::Reason => both!(
            "It is noted. Where somebody must agree, they have been asked.",
            "Quedó anotado. Si alguien debe aprobarlo, ya se le preguntó."
        ),
        Deed::Approve(_) => both!("The breach is out of the figures.", "El incumplimiento quedó fuera de las cifras."),
        Deed::Refuse(_) => both!("The breach counts.", "El incumplimiento cuenta."),
        Deed::Held => both!("It is noted that it took place.", "Quedó anotado que se hizo."),
        Deed::Reschedule => {
            let at = request.appointment.as_ref().map_or(now, |appointment| appointment.at);
            let at = format::when(at, now, config.zone, language);
            both!(
                "It begins {at} now. Whoever was invited is told.",
                "Ahora empieza {at}. Se avisa a quien estaba invitado."
            )
        }
        Deed::Silence(_)
        | Deed::EndSilence
        | Deed::Excuse(_)
        | Deed::Show
        | Deed::Agenda
        | Deed::List
        | Deed::Report(..)
        | Deed::SignIn(_)
        | Deed::SignInHere => {
            both!("Nothing was changed.", "No se cambió nada.")
        }
    }
}

/// One field of a form; empty where it has none of that name.
fn field(body: &[u8], name: &str) -> String {
    let found = form_urlencoded::parse(body).find(|(known, _)| known == name);
    found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
}

/// The appointment moved to what a browser's field for a date and a time says, by the file's zone.
fn rescheduled(
    request: &Request,
    at: &str,
    config: &Config,
    now: DateTime<Utc>,
    language: Language,
) -> Result<Fact, String> {
    let local = NaiveDateTime::parse_from_str(at, "%Y-%m-%dT%H:%M");
    let local = local.or_else(|_| NaiveDateTime::parse_from_str(at, "%Y-%m-%dT%H:%M:%S"));
    let due = local.ok().map(|local| zone::to_utc(config.zone, local)).filter(|due| now < *due);
    let due = due.ok_or_else(|| {
        language.of(both!("Give a day and a time that are still to come.", "Dé un día y una hora que estén por venir."))
    })?;
    let participants = request.appointment.as_ref().map(|appointment| appointment.participants.clone());
    Ok(Fact::Schedule { due: Some(due), participants: participants.unwrap_or_default() })
}

/// The deed as an event. Taking works once; of the others a form sent twice is one deed, and the same link a while later another.
fn event(link: &Link, token: &str, fact: Fact, config: &Config, now: DateTime<Utc>) -> Event {
    let digest = hex::encode(Sha256::digest(token.as_bytes()));
    let id = match (&fact, &link.deed) {
        (Fact::Ack { .. }, _) => digest[..32].to_owned(),
        // Whoever has given it back may take it again.
        (Fact::Own { .. }, Deed::Take) => format!("{}:own:{}", &digest[..32], now.timestamp() / 60),
        // The same page hands to one and then to another.
        (Fact::Own { owner: Some(owner) }, _) => format!("{}:{owner}:{}", &digest[..32], now.timestamp() / 60),
        (Fact::Schedule { due: Some(due), .. }, _) => format!("{}:{}", &digest[..32], due.timestamp()),
        _ => format!("{}:{}", &digest[..32], now.timestamp() / 60),
    };
    let author = match &link.reader {
        LinkReader::Person(key) => Author {
            name: config.contacts.get(key).map(|contact| contact.name.clone()),
            address: Some(key.clone()),
            kind: AuthorKind::Agent,
        },
        LinkReader::Destination(name) => Author { name: Some(name.clone()), address: None, kind: AuthorKind::Agent },
    };
    Event {
        id: EventId { source: LINK_DOOR.to_owned(), id },
        at: now,
        threads: Vec::new(),
        author: Some(author),
        about: About::default(),
        cc: Vec::new(),
        recipients: Vec::new(),
        attached: false,
        proof: Proof::Link { alert_at: link.alert_at },
        gist: None,
        refs: serde_json::Map::new(),
        fact,
    }
}

/// Holds back the alerts of one request; twice makes one silence.
async fn silence(app: &App, link: &Link, time: TimeDelta, language: Language) -> Page {
    let (config, now) = (app.config(), app.now());
    let silenced = Silenced { request: Some(link.request), ..Silenced::default() };
    let known = app.views.silences(false).await;
    let Ok(known) = known else { return failure(language) };
    let until = match known.iter().find(|row| row.silenced == silenced && row.starts_at <= now) {
        Some(row) => row.ends_at,
        None => {
            let contact = link.reader.person().and_then(|key| config.contacts.get(key));
            let who = contact.map(|contact| contact.name.clone());
            match app.outbox.add_silence(silenced, (now, now + time), who, None).await {
                Ok(row) => row.ends_at,
                Err(_) => return failure(language),
            }
        }
    };
    let at = format::when(until, now, config.zone, language);
    let Ok(Some(request)) = find(app, link.request).await else { return unknown(link.request, language) };
    let end = Button {
        to: app.onward(link, Deed::EndSilence, request.id),
        button: language.of(both!("End the silence", "Terminar el silencio")),
    };
    let done = both!("Silenced until {at}.", "En silencio hasta {at}.");
    after(app, link, &request, done, vec![end], language)
}

/// Ends the silences of that one request; those of whole teams or clients stay.
async fn end_silence(app: &App, link: &Link, language: Language) -> Page {
    let (now, id) = (app.now(), link.request);
    let Ok(known) = app.views.silences(false).await else { return failure(language) };
    for row in known.iter().filter(|row| row.silenced.request == Some(id)) {
        if app.outbox.end_silence(row.id).await.is_err() {
            return failure(language);
        }
    }
    let Ok(Some(request)) = find(app, id).await else { return unknown(id, language) };
    let left = app.outbox.silenced_until(&request, link.reader.person()).await.ok().flatten();
    let done = match left {
        None => both!("The silence has ended.", "El silencio terminó."),
        Some(until) => {
            let config = app.config();
            let at = format::when(until, now, config.zone, language);
            both!(
                "Its own silence has ended; a wider one holds its alerts until {at}.",
                "Su silencio terminó; otro más amplio retiene sus avisos hasta {at}."
            )
        }
    };
    after(app, link, &request, done, Vec::new(), language)
}

/// Writes down what somebody says to a violation, as `plazo violations --excuse` does, with who said it and by which door.
async fn excuse(app: &App, link: &Link, number: ViolationId, words: &str, language: Language) -> Page {
    let length = words.chars().count();
    if length == 0 || LONGEST_EXCUSE < length {
        let lead = both!(
            "Say in a few words what happened, {LONGEST_EXCUSE} letters at most.",
            "Diga en pocas palabras qué pasó, {LONGEST_EXCUSE} letras como máximo."
        );
        return unusable(language.of(lead), language);
    }
    let config = app.config();
    let known = app.views.violation(number).await;
    let is_of_request = matches!(&known, Ok(Some(row)) if row.request == link.request);
    if !is_of_request {
        return unknown(link.request, language);
    }
    let author = match &link.reader {
        LinkReader::Person(key) => config.contacts.get(key).map(|contact| contact.name.clone()),
        LinkReader::Destination(name) => Some(name.clone()),
    };
    let author = author.map(|name| Author { name: Some(name), address: None, kind: AuthorKind::Agent });
    let by = proof::told(author.as_ref(), &Proof::Link { alert_at: link.alert_at }, config.zone, config.language);
    if app.desk.excuse_violation(number, words.to_owned(), Some(by)).await.is_err() {
        return failure(language);
    }
    let Ok(Some(request)) = find(app, link.request).await else { return unknown(link.request, language) };
    let done = both!("Your explanation is kept.", "Su explicación quedó guardada.");
    after(app, link, &request, done, Vec::new(), language)
}
