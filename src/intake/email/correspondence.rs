//! Who wrote a mail, to whom, and which way: the one place that decides it, as a value that a reader can check (it stands in the
//! event's `refs.mail`).

use std::sync::LazyLock;

use mail_parser::Message;
use regex::Regex;
use serde::Serialize;

use super::header::{self, Place, decoded};
use super::{House, LONGEST_ID, cut, machine};
use crate::engine::event::Direction;

/// Somebody, as a header names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Correspondent {
    pub(super) name: Option<String>,
    /// In lower case.
    pub(super) address: String,
}

/// Whoever wrote; a mail may name nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Writer {
    pub(super) name: Option<String>,
    pub(super) address: Option<String>,
}

/// By which header the writer is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Known {
    /// `From`.
    From,
    /// `Sender`, which speaks for a `From` of its own domain: "on behalf of".
    Sender,
    /// `X-Original-From`: a list wrote itself into `From`.
    OriginalFrom,
    /// `X-Original-Sender`, likewise.
    OriginalSender,
    /// `Reply-To` of a list, or of a form that was sent to the house.
    ReplyTo,
    /// The envelope's sender, where `From` names nobody.
    ReturnPath,
    /// Nobody is named; the mail system where it is the mail system's, else somebody who waits.
    Nobody,
}

/// A mail's correspondents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Correspondence {
    pub(super) writer: Writer,
    /// Whether the writer's address is of the house. Whether it is the writer's, is another question.
    pub(super) is_own: bool,
    pub(super) known: Known,
    /// Whether a list passed it on under the house's name.
    pub(super) by_list: bool,
    /// Everybody in `To` and `Cc`.
    pub(super) copies: Vec<String>,
    /// Addresses outside of the house in `To`, `Cc` and `Bcc`.
    pub(super) outside: Vec<String>,
}

/// The name of a mail system that gives none.
const MAIL_SYSTEM: &str = "mailer-daemon";

/// What list software leaves on mail that it passes on.
const LIST_MARKS: [&str; 8] = [
    "List-Id",
    "List-Post",
    "X-Google-Group-Id",
    "X-BeenThere",
    "Mailing-List",
    "X-Original-From",
    "X-Original-Sender",
    "X-Mailman-Version",
];

impl Correspondence {
    /// Reads it.
    pub(super) fn of(mail: &Message<'_>, house: &House<'_>) -> Self {
        let is_own = |who: &Correspondent| (house.is_own)(&who.address);
        let lists = |names: &[&str]| {
            let all = names.iter().flat_map(|name| header::all(mail, name)).flat_map(|value| mailboxes(&value));
            all.collect::<Vec<_>>()
        };
        let to = lists(&["To", "Cc"]);
        let blind = lists(&["Bcc"]);
        let mut outside: Vec<String> = Vec::new();
        for who in to.iter().chain(&blind).filter(|who| !is_own(who)) {
            if !outside.contains(&who.address) {
                outside.push(who.address.clone());
            }
        }
        let reaches_house_only = outside.is_empty() && !(to.is_empty() && blind.is_empty());
        let found = writer(mail, house, reaches_house_only);
        let own = found.as_ref().is_some_and(|(who, _)| is_own(who));
        let (writer, known) = match found {
            Some((who, known)) => (Writer { name: who.name, address: Some(who.address) }, known),
            None if machine::is_of_mail_system(mail) => {
                (Writer { name: None, address: Some(MAIL_SYSTEM.to_owned()) }, Known::Nobody)
            }
            None => (Writer::default(), Known::Nobody),
        };
        let from = author(mail, house);
        let by_list = from.as_ref().is_some_and(is_own) && came_by_list(mail, from.as_ref());
        Self { is_own: own, writer, known, by_list, copies: to.into_iter().map(|who| who.address).collect(), outside }
    }

    /// The writer's address; empty where none is named.
    pub(super) fn address(&self) -> &str {
        self.writer.address.as_deref().unwrap_or_default()
    }

    /// Which way it goes: what the house writes goes out where it reaches somebody outside.
    pub(super) fn direction(&self) -> Direction {
        match (self.is_own, self.outside.is_empty()) {
            (false, _) => Direction::In,
            (true, false) => Direction::Out,
            (true, true) => Direction::Internal,
        }
    }

    /// The client's address, as far as the mail tells.
    pub(super) fn client(&self) -> Option<&str> {
        if self.is_own { self.outside.first().map(String::as_str) } else { self.writer.address.as_deref() }
    }
}

fn writer(mail: &Message<'_>, house: &House<'_>, reaches_house_only: bool) -> Option<(Correspondent, Known)> {
    let is_own = |who: &Correspondent| (house.is_own)(&who.address);
    let one = |name: &str| header::first(mail, name).and_then(|value| mailboxes(&value).into_iter().next());
    let reply_to = || one("Reply-To").filter(|who| !is_own(who));
    let Some(from) = author(mail, house) else {
        let named = [("Sender", Known::Sender), ("Reply-To", Known::ReplyTo), ("Return-Path", Known::ReturnPath)];
        return named.into_iter().find_map(|(name, known)| Some((one(name)?, known)));
    };
    let is_list = came_by_list(mail, Some(&from));
    if !is_own(&from) {
        // A form or a shop names the client in Reply-To; a list outside of the house names itself there.
        return Some(match reply_to().filter(|who| !is_list && who.address != from.address) {
            Some(client) => (client, Known::ReplyTo),
            None => (from, Known::From),
        });
    }
    if is_list {
        // Google Groups and Mailman write themselves into `From` where the writer's domain forbids others to use it.
        let original = [("X-Original-From", Known::OriginalFrom), ("X-Original-Sender", Known::OriginalSender)];
        let original = original.into_iter().find_map(|(name, known)| Some((one(name)?, known)));
        let original = original.filter(|(who, _)| who.address != from.address);
        return original.or_else(|| reply_to().map(|who| (who, Known::ReplyTo))).or(Some((from, Known::From)));
    }
    if reaches_house_only
        && !house.is_sent
        && header::first(mail, "In-Reply-To").is_none_or(|ids| ids.trim().is_empty())
        && let Some(client) = reply_to()
    {
        return Some((client, Known::ReplyTo));
    }
    let sender = one("Sender").filter(|sender| sender.address != from.address && is_own(sender));
    Some(match sender.filter(|sender| is_aligned(&sender.address, &from.address)) {
        Some(person) => (person, Known::Sender),
        None => (from, Known::From),
    })
}

/// Whoever `From` names: of several, whoever is not of the house.
fn author(mail: &Message<'_>, house: &House<'_>) -> Option<Correspondent> {
    let mut named = header::first(mail, "From").map(|value| mailboxes(&value)).unwrap_or_default();
    let stranger = named.iter().position(|who| !(house.is_own)(&who.address)).unwrap_or(0);
    (!named.is_empty()).then(|| named.swap_remove(stranger))
}

fn came_by_list(mail: &Message<'_>, from: Option<&Correspondent>) -> bool {
    let is_via = |who: &Correspondent| who.name.as_ref().is_some_and(|name| name.to_lowercase().contains(" via "));
    LIST_MARKS.iter().any(|name| header::first(mail, name).is_some()) || from.is_some_and(is_via)
}

/// Whether one domain is the other, or below it (RFC 7489 §3.1, relaxed, without asking which suffixes are public).
pub(super) fn is_aligned(one: &str, other: &str) -> bool {
    let domain = |address: &str| address.rsplit('@').next().unwrap_or_default().trim_end_matches('.').to_lowercase();
    let (one, other) = (domain(one), domain(other));
    let is_below = |lower: &str, upper: &str| {
        upper.contains('.') && lower.strip_suffix(upper).is_some_and(|rest| rest.ends_with('.'))
    };
    !one.is_empty() && (one == other || is_below(&one, &other) || is_below(&other, &one))
}

/// What looks like a mail address.
static ADDRESS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"[^\s<>,;:"'()\[\]@\\]+@[^\s<>,;:"'()\[\]@\\]+"#).ok());

/// The mailboxes of an address list as mailers write it: names with commas and no quotes, names encoded together with the address,
/// doubled brackets. An address between brackets is one; without brackets, whatever looks like one.
pub(super) fn mailboxes(value: &str) -> Vec<Correspondent> {
    // What is encoded may hold the whole mailbox, but not a further one: what is inside is a name as long as brackets follow.
    entries(value).into_iter().filter_map(|entry| mailbox(&entry).or_else(|| mailbox(&decoded(&entry)))).collect()
}

/// An address list at its commas and semicolons, outside of quotes, brackets and comments. A part without an address, such as a
/// surname before a comma, goes with the next.
fn entries(value: &str) -> Vec<String> {
    let (mut entries, mut entry) = (Vec::new(), String::new());
    let (mut place, mut in_brackets) = (Place::default(), false);
    for c in value.chars() {
        let is_end = place.is_bare() && !in_brackets && matches!(c, ',' | ';');
        if is_end && (entry.contains('@') || entry.contains("=?")) {
            entries.push(std::mem::take(&mut entry));
            continue;
        }
        place.read(c);
        match c {
            '<' if place.is_bare() => in_brackets = true,
            '>' if place.is_bare() => in_brackets = false,
            _ => {}
        }
        // The name of a group of addresses says nothing ("undisclosed-recipients:;").
        if c == ':' && place.is_bare() && !in_brackets && !entry.contains('@') {
            entry.clear();
        } else {
            entry.push(c);
        }
    }
    entries.push(entry);
    entries
}

fn mailbox(entry: &str) -> Option<Correspondent> {
    let bare = without_quoted(entry);
    // The last bracket: a name may hold others.
    let in_brackets = bare.rfind('<').map(|place| (place, &bare[place + 1..]));
    let (name, address) = match in_brackets.and_then(|(place, rest)| Some((place, ADDRESS.as_ref()?.find(rest)?))) {
        Some((place, found)) => (entry.get(..place).unwrap_or_default(), found.as_str()),
        None => {
            let found = ADDRESS.as_ref()?.find(&bare)?;
            (entry.get(..found.start()).unwrap_or_default(), found.as_str())
        }
    };
    let address = cut(&address.trim_matches(['.', '\u{feff}']).to_lowercase(), LONGEST_ID).to_owned();
    let name = decoded(name.trim_matches(|c: char| c.is_whitespace() || c == '<'));
    let name = cut(name.trim().trim_matches(['"', '\'']).trim(), LONGEST_ID).replace("\\\"", "\"");
    Some(Correspondent { name: (!name.is_empty()).then_some(name), address })
}

/// The entry with quoted names and comments blanked out, byte for byte: an address in a name is no address.
fn without_quoted(entry: &str) -> String {
    let mut bare = String::with_capacity(entry.len());
    let mut place = Place::default();
    for c in entry.chars() {
        let was_bare = place.is_bare();
        place.read(c);
        if was_bare && place.is_bare() {
            bare.push(c);
        } else {
            bare.extend(std::iter::repeat_n(' ', c.len_utf8()));
        }
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailboxes_as_mailers_write_them() {
        let rows: [(&str, &[(&str, &str)]); 16] = [
            ("Rosa Díaz <rosa@cliente.example>", &[("Rosa Díaz", "rosa@cliente.example")]),
            ("rosa@cliente.example", &[("", "rosa@cliente.example")]),
            ("<Rosa@Cliente.example>", &[("", "rosa@cliente.example")]),
            ("Díaz, Rosa <rosa@cliente.example>", &[("Díaz, Rosa", "rosa@cliente.example")]),
            (
                "\"Díaz, Rosa\" <rosa@cliente.example>, juan@otra.example",
                &[("Díaz, Rosa", "rosa@cliente.example"), ("", "juan@otra.example")],
            ),
            ("=?UTF-8?Q?Rosa_D=C3=ADaz_<rosa=40cliente.example>?=", &[("Rosa Díaz", "rosa@cliente.example")]),
            ("=?UTF-8?Q?D=C3=ADaz=2C_Rosa?= <rosa@cliente.example>", &[("Díaz, Rosa", "rosa@cliente.example")]),
            ("\"Ana Gil\" <<ana.gil@otra.example>>", &[("Ana Gil", "ana.gil@otra.example")]),
            ("\"laura@agencia.example\" <x@evil.example>", &[("laura@agencia.example", "x@evil.example")]),
            ("laura@agencia.example <x@evil.example>", &[("laura@agencia.example", "x@evil.example")]),
            ("=?utf-8?Q?laura=40agencia.example?= <x@evil.example>", &[("laura@agencia.example", "x@evil.example")]),
            ("x@evil.example (laura@agencia.example)", &[("", "x@evil.example")]),
            ("undisclosed-recipients:;", &[]),
            (
                "Equipo: ana@agencia.example, rosa@cliente.example;",
                &[("", "ana@agencia.example"), ("", "rosa@cliente.example")],
            ),
            ("ana@agencia.example; rosa@cliente.example", &[("", "ana@agencia.example"), ("", "rosa@cliente.example")]),
            (
                "'Rosa Díaz' via Soporte <soporte@agencia.example>",
                &[("Rosa Díaz' via Soporte", "soporte@agencia.example")],
            ),
        ];
        for (value, expected) in rows {
            let found = mailboxes(value);
            let found: Vec<_> =
                found.iter().map(|who| (who.name.as_deref().unwrap_or_default(), who.address.as_str())).collect();
            assert_eq!(found, expected, "{value}");
        }
    }

    #[test]
    fn a_domain_speaks_for_itself_and_what_is_below() {
        assert!(is_aligned("laura@agencia.example", "agencia.example"));
        assert!(is_aligned("laura@correo.agencia.example", "agencia.example"));
        assert!(!is_aligned("laura@malagencia.example", "agencia.example"));
        assert!(!is_aligned("laura@agencia.example", "example"));
        assert!(!is_aligned("", ""));
    }
}
