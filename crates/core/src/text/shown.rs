//! Alerts as templates and cards see them: who, what, by when, what to do.

use chrono::{DateTime, Utc};
use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;

use super::links::{Button, Links};
use super::printable::unlinked;
use super::reader::Reader;
use super::render::reply;
use super::standing::{self, Form};
use super::templates::Texts;
use super::{Both, explain, format, task, violation, vocabulary, zone};
use crate::both;
use crate::engine::effect::Why;
use crate::engine::escalation::LATE_AFTER;
use crate::outbox::HeldFor;
use crate::outbox::facts::{AlertFacts, ViolationFacts};

/// Names and subjects longer than this are cut.
const LONGEST_NAME: usize = 80;
/// A message lists no more; the rest is where the list is.
pub(super) const MOST_ROWS: usize = 40;

/// One alert as templates see it.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    request: String,
    why: Why,
    /// What is to be done, to whom: `Responder a Luisa por WhatsApp`.
    title: String,
    /// Where it stands, short: `Vencido hace 14 min`.
    state: String,
    /// Where it stands, with its instant, and who answers for it.
    line: String,
    /// What the reader can do.
    todo: String,
    /// The next alert, and what keeps it back.
    after: String,
    /// Labels and values.
    rows: Vec<(&'static str, String)>,
    /// Whether its time is over.
    is_over: bool,
    headline: &'static str,
    task: &'static str,
    short: &'static str,
    rule: Option<String>,
    policy: String,
    channel: String,
    who: String,
    which: String,
    /// When it ends or ended: `venció 12:26`.
    by: Option<String>,
    /// By what the contact is told from others of that name.
    apart: Option<String>,
    subject: Option<String>,
    owner: Option<String>,
    started: String,
    due: Option<String>,
    due_time: Option<String>,
    left: Option<String>,
    overdue: Option<String>,
    waited: String,
    late: Option<String>,
    planned: String,
    calendar: String,
    derivation: Option<String>,
    next: Option<String>,
    step: String,
    down: Option<String>,
    doubt: bool,
    reply: Option<String>,
    links: Option<Links>,
    /// Every button, what the reader most probably wants first.
    buttons: Vec<Button>,
    /// What is wanted more rarely: a word, and where it leads.
    also: Vec<Button>,
    by_reply: bool,
    zone: String,
}

/// What is said of an alert besides its facts, for its reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    /// What is to be done, to whom.
    pub title: String,
    /// Where it stands, by when, and who answers for it.
    pub line: String,
    /// What the reader can do.
    pub todo: String,
    /// The next alert, and what keeps it back.
    pub after: String,
    /// Where it stands, short.
    pub state: String,
    /// Whether its time is over.
    pub is_over: bool,
    /// What the reader can press.
    pub buttons: Vec<Button>,
    /// What is wanted more rarely.
    pub also: Vec<Button>,
}

/// The instant as of which an alert speaks: what goes out in time speaks as of its own, "in 10 min", not "in 9 min 59 s".
pub fn as_of(facts: &AlertFacts, now: DateTime<Utc>) -> DateTime<Utc> {
    if now - facts.planned_at < LATE_AFTER { facts.planned_at } else { now }
}

/// What an alert says to its reader, in a few lines.
pub fn brief(facts: &AlertFacts, reader: &Reader<'_>) -> Brief {
    let (zone, language, now) = (reader.zone, reader.language, as_of(facts, reader.now));
    let links = (reader.links)(facts.request);
    let standing = standing::of(facts, now, zone, language);
    let next_at = facts.next.as_ref().map(|(_, at)| standing::instant(*at, now, zone, language, Form::At));
    let owner = owner(facts);
    let whose = match &owner {
        Some(owner) => language.of(both!("owner {owner}", "responsable {owner}")),
        None => language.of(both!("no owner", "sin responsable")),
    };
    let mut buttons = links.as_ref().map(|links| links.buttons(owner.is_some(), language)).unwrap_or_default();
    buttons.extend(facts.place.as_ref().map(|place| Button::open(place, language)));
    Brief {
        title: task::title(facts, language),
        line: format!("{} · {whose}", standing.when),
        todo: task::instruction(facts, reader.part(facts), links.is_some(), now, language),
        after: task::next(facts, next_at.as_deref(), links.is_some(), language),
        state: standing.head,
        is_over: standing.is_over,
        buttons,
        also: links
            .map(|links| links.also(facts.target, &facts.calendar, standing.is_over, language))
            .unwrap_or_default(),
    }
}

/// The same in one sentence, for programs that show it.
pub fn sentence(facts: &AlertFacts, reader: &Reader<'_>) -> String {
    let Brief { title, line, .. } = brief(facts, reader);
    format!("{title}. {line} · {}", facts.request)
}

/// One alert, for its templates.
pub(super) fn alert(facts: &AlertFacts, texts: &Texts, reader: &Reader<'_>) -> Shown {
    let Reader { zone, language, .. } = *reader;
    let now = as_of(facts, reader.now);
    let Brief { title, line, todo, after, state, is_over, buttons, also } = brief(facts, reader);
    let why = if is_over && facts.why != Why::Escalation { Why::Breach } else { facts.why };
    let is_owner = reader.part(facts) == task::ReaderPart::Owner;
    Shown {
        request: facts.request.to_string(),
        why: facts.why,
        title,
        state,
        line,
        todo,
        after,
        rows: rows(facts, now, reader),
        is_over,
        headline: vocabulary::why(why, language),
        task: vocabulary::task(facts.target, language),
        short: task::short(facts.target, language),
        rule: facts.rule.clone(),
        policy: facts.policy.clone(),
        channel: vocabulary::channel(&facts.channel, language),
        who: who(facts),
        which: which(facts),
        apart: cut_name(&facts.contact_by).filter(|_| !facts.by_colleague && which(facts) != who(facts)),
        by: facts.due_at.map(|due_at| {
            let at = standing::instant(due_at, now, zone, language, Form::Plain);
            language.of(if is_over { both!("was due {at}", "venció {at}") } else { both!("due {at}", "vence {at}") })
        }),
        subject: cut_name(&facts.subject),
        owner: owner(facts),
        started: format::instant(facts.started_at, zone, language),
        due: facts.due_at.map(|due_at| format::instant(due_at, zone, language)),
        due_time: facts.due_at.map(|due_at| format::time(due_at, zone)),
        left: facts.due_at.filter(|due_at| now < *due_at).map(|due_at| format::span(due_at - now)),
        overdue: facts.due_at.filter(|due_at| *due_at < now).map(|due_at| format::span(now - due_at)),
        waited: format::span(now - facts.started_at),
        late: facts.late.then(|| format::span(facts.decided_at - facts.planned_at)),
        planned: standing::instant(facts.planned_at, now, zone, language, Form::At),
        calendar: vocabulary::calendar(&facts.calendar, language),
        derivation: facts
            .derivation
            .as_ref()
            .map(|derivation| explain::line(derivation, &facts.calendar, zone, language)),
        next: facts.next.as_ref().map(|(_, at)| format::instant(*at, zone, language)),
        step: facts.step.clone(),
        down: facts.down.map(|(from, to)| {
            let (from, to) = (format::instant(from, zone, language), format::instant(to, zone, language));
            language.of(both!("plazo was down from {from} to {to}", "plazo estuvo detenido de {from} a {to}"))
        }),
        doubt: reader.doubt,
        reply: if is_owner { reply(facts, texts, language) } else { None },
        links: (reader.links)(facts.request),
        buttons,
        also,
        by_reply: reader.by_reply,
        zone: zone::line(zone, language),
    }
}

/// What is known of the request, each with its label.
pub(super) fn rows(facts: &AlertFacts, now: DateTime<Utc>, reader: &Reader<'_>) -> Vec<(&'static str, String)> {
    let (zone, language) = (reader.zone, reader.language);
    let [client, asks, channel, request, waits, owner_label] = language.of(Both {
        en: ["Client", "Asked by", "Channel", "Request", "Waiting since", "Owner"],
        es: ["Cliente", "Pide", "Canal", "Solicitud", "Espera desde", "Responsable"],
    });
    let nobody = language.of(Both { en: "nobody yet", es: "nadie todavía" });
    let subject = cut_name(&facts.subject).map(|subject| format!(" · {subject}")).unwrap_or_default();
    let since = standing::instant(facts.started_at, now, zone, language, Form::Plain);
    let mut rows = Vec::new();
    if facts.by_colleague {
        rows.extend(asker(facts).map(|asker| (asks, asker)));
        rows.extend(cut_name(&facts.customer).map(|customer| (client, customer)));
    } else {
        rows.push((client, which(facts)));
    }
    rows.push((channel, vocabulary::channel(&facts.channel, language)));
    rows.push((request, format!("{}{subject}", facts.request)));
    rows.push((waits, format!("{since} ({})", format::span(now - facts.started_at))));
    rows.push((owner_label, self::owner(facts).unwrap_or_else(|| nobody.to_owned())));
    let own = facts.stand_ins.iter().filter(|one| Some(one.person.as_str()) == reader.person);
    rows.extend(own.map(|one| {
        let (name, until) = (format::one_line(&one.for_whom, LONGEST_NAME), format::instant(one.until, zone, language));
        let label = language.of(Both { en: "In place of", es: "En lugar de" });
        (label, language.of(both!("{name}, who is away until {until}", "{name}, ausente hasta {until}")))
    }));
    rows.retain(|(_, value)| !value.is_empty());
    rows
}

/// What was gathered, for its templates: what is over by now comes first.
pub(super) fn digest(
    alerts: &[AlertFacts],
    violations: &[ViolationFacts],
    cause: HeldFor,
    n_more: usize,
    texts: &Texts,
    reader: &Reader<'_>,
) -> minijinja::Value {
    let mut rows: Vec<_> = alerts.iter().take(MOST_ROWS).map(|facts| alert(facts, texts, reader)).collect();
    rows.sort_by_key(|row| !row.is_over);
    let broken: Vec<_> = violations.iter().take(MOST_ROWS).map(|facts| violation::shown(facts, reader)).collect();
    let n = alerts.len() + violations.len() + n_more;
    let more = n - rows.len() - broken.len();
    let edited = alerts.iter().find_map(|facts| facts.edited_at);
    let edited = edited.map(|at| standing::instant(at, reader.now, reader.zone, reader.language, Form::Of));
    let is_over = rows.first().is_some_and(|row| row.is_over);
    let zone = zone::line(reader.zone, reader.language);
    context! { rows => Serde(rows), broken, n, more, cause => cause.as_str(), list => reader.list.clone(), edited, is_over, zone }
}

/// The client of an alert as a headline names it.
pub fn who(facts: &AlertFacts) -> String {
    client(facts).unwrap_or_else(|| facts.request.to_string())
}

/// The client of an alert told from others of that name, by address, number or conversation.
pub fn which(facts: &AlertFacts) -> String {
    if facts.by_colleague {
        return who(facts);
    }
    let contact = match (cut_name(&facts.contact), cut_name(&facts.contact_by)) {
        (Some(contact), Some(by)) if contact != by => Some(format!("{contact}, {by}")),
        (Some(word), _) | (None, Some(word)) => Some(word),
        (None, None) => None,
    };
    named(contact, cut_name(&facts.customer)).unwrap_or_else(|| facts.request.to_string())
}

/// For whom it is done; none where nothing is known.
pub(super) fn client(facts: &AlertFacts) -> Option<String> {
    let customer = cut_name(&facts.customer);
    // A colleague who asks for a client is none of the client's people.
    if facts.by_colleague && customer.is_some() {
        return customer;
    }
    named(asker(facts), customer)
}

/// Who asked; the client where that is not known.
pub fn asker(facts: &AlertFacts) -> Option<String> {
    cut_name(&facts.contact).or_else(|| cut_name(&facts.contact_by))
}

/// The owner's name.
pub fn owner(facts: &AlertFacts) -> Option<String> {
    cut_name(&facts.owner)
}

fn cut_name(text: &Option<String>) -> Option<String> {
    cut(text, LONGEST_NAME)
}

/// Foreign words on one line, at most so many letters, of which nobody's program makes a link.
pub fn cut(text: &Option<String>, longest: usize) -> Option<String> {
    text.as_deref().map(|text| unlinked(&format::one_line(text, longest)).into_owned())
}

fn named(contact: Option<String>, customer: Option<String>) -> Option<String> {
    match (contact, customer) {
        (Some(contact), Some(customer)) if contact != customer => Some(format!("{contact} ({customer})")),
        (Some(name), _) | (None, Some(name)) => Some(name),
        (None, None) => None,
    }
}
