//! [`File`] → [`Mapping`]: every expression compiled, every word looked up.

use std::collections::BTreeMap;

use super::expression::Expression;
use super::file::{self, File};
use super::write;
use super::{
    AlarmRule, Api, Auth, BodyForm, Call, Challenge, Channel, EventRule, FetchRule, Field, HOOK, HandshakeAnswer,
    IgnoreRule, MappedProof, Mapping, Poll, Selection, Socket, SocketKind, Subscription, plain_name,
};
use crate::intake::json;
use crate::intake::signature::Scheme;
use crate::span;
use crate::text::{Both, Language};

/// Fields of a reply.
const REPLY: [&str; 7] = ["to", "request", "what", "who", "pressed", "text", "blocks"];

/// What is wrong with a mapping, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct MappingError {
    /// The rule and the field, or the line.
    pub place: String,
    /// What is wrong, and what to write.
    pub problem: String,
}

/// Fields that a rule may give, in the order of docs/events.md.
const FIELDS: [&str; 26] = [
    "id",
    "at",
    "request",
    "channel",
    "thread",
    "direction",
    "author",
    "customer",
    "contact",
    "subject",
    "text",
    "cc",
    "recipients",
    "attached",
    "inbox",
    "priority",
    "kind",
    "audience",
    "tags",
    "untag",
    "owner",
    "to",
    "reason",
    "until",
    "for",
    "refs",
];
/// Those that only some types have.
const FURTHER: [&str; 3] = ["due", "within", "of"];
/// Those that are tables of expressions.
const TABLES: [&str; 2] = ["author", "refs"];
const AUTHOR: [&str; 3] = ["name", "address", "kind"];

pub(super) fn wrong(place: impl Into<String>, problem: impl Into<String>) -> MappingError {
    MappingError { place: place.into(), problem: problem.into() }
}

pub(super) fn compile(text: &str) -> Result<Mapping, MappingError> {
    let file: File = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| 1 + text[..span.start.min(text.len())].matches('\n').count());
        wrong(format!("line {line}"), error.message().to_owned())
    })?;
    let body = match (&file.form_json, file.form) {
        (Some(field), _) => BodyForm::FormWithJson(field.clone()),
        (None, true) => BodyForm::Form,
        (None, false) => BodyForm::Json,
    };
    let usual = match body {
        BodyForm::Json => vec!["application/json".to_owned()],
        BodyForm::Form => vec!["application/x-www-form-urlencoded".to_owned()],
        BodyForm::FormWithJson(_) => {
            vec!["application/json".to_owned(), "application/x-www-form-urlencoded".to_owned()]
        }
    };
    let known: Vec<&str> = [HOOK]
        .into_iter()
        .chain(file.fetch.iter().map(|fetch| fetch.name.as_str()))
        .chain(file.poll.iter().map(|poll| poll.name.as_str()))
        .collect();
    let rules = Rules { known: &known };
    Ok(Mapping {
        events: all(&file.event, |event, n| rules.event(event, n))?,
        ignores: all(&file.ignore, |ignore, n| rules.ignore(ignore, n))?,
        alarms: all(&file.alarm, |alarm, n| rules.alarm(alarm, n))?,
        replies: all(&file.reply, |reply, n| rules.reply(reply, n))?,
        socket: file.socket.as_ref().map(socket).transpose()?,
        subscriptions: all(&file.subscription, |wanted, _| rules.subscription(wanted))?,
        fetches: all(&file.fetch, |fetch, _| rules.fetch(fetch))?,
        polls: all(&file.poll, |poll, _| poll_of(poll))?,
        challenges: all(&file.challenge, challenge)?,
        signature: file.signature.as_ref().map(scheme).transpose()?,
        write: match &file.write {
            Some(written) => {
                let own = file.api.as_ref().map(api).transpose()?;
                Some(write::compile(written, own.as_ref().map(|api| &api.auth))?)
            }
            None => None,
        },
        api: file.api.as_ref().map(api).transpose()?,
        answer: answer(file.answer.as_ref()),
        content_types: file.content_types.unwrap_or(usual),
        body,
        columns: columns(&file.columns)?,
        title: file.title,
        channel: file.channel,
        notes: file.notes.as_ref().map(both),
        needs: file.needs,
    })
}

/// Each name by which a column may come, with the one that the rules know.
fn columns(file: &BTreeMap<String, Vec<String>>) -> Result<BTreeMap<String, String>, MappingError> {
    let mut columns = BTreeMap::new();
    for (known, others) in file {
        for name in [known].into_iter().chain(others) {
            if let Some(other) = columns.insert(plain_name(name), known.clone())
                && other != *known
            {
                return Err(wrong("[columns]", format!("`{name}` stands for both `{other}` and `{known}`")));
            }
        }
    }
    Ok(columns)
}

fn all<T, U>(items: &[T], compile: impl Fn(&T, usize) -> Result<U, MappingError>) -> Result<Vec<U>, MappingError> {
    items.iter().enumerate().map(|(n, item)| compile(item, n + 1)).collect()
}

fn both(texts: &file::Texts) -> Both {
    Both { en: texts.en.clone(), es: texts.es.clone() }
}

pub(super) fn expression(text: &str, place: &str, field: &str) -> Result<Expression, MappingError> {
    Expression::new(text).map_err(|problem| wrong(place, format!("`{field}` = \"{text}\": {problem}")))
}

/// Rules, and what they may read.
struct Rules<'a> {
    known: &'a [&'a str],
}

impl Rules<'_> {
    fn selection(
        &self,
        on: Option<&String>,
        each: &[String],
        when: Option<&String>,
        place: &str,
    ) -> Result<Selection, MappingError> {
        let on = on.cloned().unwrap_or_else(|| HOOK.to_owned());
        if !self.known.contains(&on.as_str()) {
            let known = self.known.join("`, `");
            return Err(wrong(place, format!("`on` = \"{on}\" is none of `{known}`")));
        }
        let each = each.iter().map(|text| {
            let (name, path) = text
                .split_once('=')
                .filter(|(name, _)| name.trim().chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
                .ok_or_else(|| wrong(place, format!("`each`: write \"name = expression\", not \"{text}\"")))?;
            Ok((name.trim().to_owned(), expression(path.trim(), place, "each")?))
        });
        let when = when.map(|text| expression(text, place, "when")).transpose()?;
        Ok(Selection { on, each: each.collect::<Result<_, _>>()?, when })
    }

    fn event(&self, event: &file::Event, n: usize) -> Result<EventRule, MappingError> {
        let name = event.name.clone().unwrap_or_else(|| format!("{} ({n})", event.kind));
        let place = format!("[[event]] «{name}»");
        let selection = self.selection(event.on.as_ref(), &event.each, event.when.as_ref(), &place)?;
        json::check_type(&event.kind).map_err(|error| wrong(&place, error.to_string()))?;
        let mut fields = Vec::new();
        for (field, value) in &event.fields {
            if !FIELDS.contains(&field.as_str()) && !FURTHER.contains(&field.as_str()) {
                let known = FIELDS.join(", ");
                return Err(wrong(&place, format!("`{field}` is no field of an event; the fields are {known}")));
            }
            fields.push((field.clone(), self::field(field, value, &place)?));
        }
        if !event.fields.contains_key("id") {
            return Err(wrong(&place, "`id` is missing; it names the event for ever, so that it counts once"));
        }
        Ok(EventRule { name, selection, kind: event.kind.clone(), fields })
    }

    fn ignore(&self, ignore: &file::Ignore, n: usize) -> Result<IgnoreRule, MappingError> {
        let place = format!("[[ignore]] {n}");
        let selection = self.selection(ignore.on.as_ref(), &ignore.each, ignore.when.as_ref(), &place)?;
        Ok(IgnoreRule { selection, why: both(&ignore.why) })
    }

    fn alarm(&self, alarm: &file::Alarm, n: usize) -> Result<AlarmRule, MappingError> {
        let place = format!("[[alarm]] {n}");
        let selection = self.selection(alarm.on.as_ref(), &alarm.each, alarm.when.as_ref(), &place)?;
        let id = expression(&alarm.id, &place, "id")?;
        Ok(AlarmRule { selection, id, text: both(&alarm.text) })
    }

    fn reply(&self, reply: &file::Reply, n: usize) -> Result<EventRule, MappingError> {
        let name = format!("reply {n}");
        let place = format!("[[reply]] {n}");
        let selection = self.selection(None, &reply.each, reply.when.as_ref(), &place)?;
        if let Some(field) = reply.fields.keys().find(|field| !REPLY.contains(&field.as_str())) {
            return Err(wrong(&place, format!("a reply has {}, not `{field}`", REPLY.join(", "))));
        }
        if let Some(field) = ["to", "request", "what"].into_iter().find(|field| !reply.fields.contains_key(*field)) {
            return Err(wrong(&place, format!("`{field}` is missing")));
        }
        let fields = reply.fields.iter().map(|(field, value)| Ok((field.clone(), self::field(field, value, &place)?)));
        Ok(EventRule { name, selection, kind: "reply".to_owned(), fields: fields.collect::<Result<_, _>>()? })
    }

    fn fetch(&self, fetch: &file::Fetch) -> Result<FetchRule, MappingError> {
        let place = format!("[[fetch]] «{}»", fetch.name);
        let selection = self.selection(fetch.on.as_ref(), &fetch.each, fetch.when.as_ref(), &place)?;
        let (id, path) = (expression(&fetch.id, &place, "id")?, expression(&fetch.path, &place, "path")?);
        Ok(FetchRule { name: fetch.name.clone(), selection, id, path })
    }

    fn subscription(&self, wanted: &file::Subscription) -> Result<Subscription, MappingError> {
        let place = format!("[[subscription]] «{}»", wanted.name);
        Ok(Subscription {
            selection: self.selection(None, &wanted.each, wanted.when.as_ref(), &place)?,
            name: wanted.name.clone(),
            id: expression(&wanted.id, &place, "id")?,
            create: call(&wanted.create, &place, "create")?,
            renew: call(&wanted.renew, &place, "renew")?,
            held: expression(&wanted.held, &place, "held")?,
            until: expression(&wanted.until, &place, "until")?,
            again: wanted.again.as_ref().map(|text| expression(text, &place, "again")).transpose()?,
        })
    }
}

fn field(name: &str, value: &toml::Value, place: &str) -> Result<Field, MappingError> {
    match value {
        toml::Value::String(text) => expression(text, place, name).map(Field::Value),
        toml::Value::Table(table) if TABLES.contains(&name) => {
            let mut members = Vec::new();
            for (key, value) in table {
                let toml::Value::String(text) = value else {
                    return Err(wrong(place, format!("`{name}.{key}` must be an expression in quotes")));
                };
                if name == "author" && !AUTHOR.contains(&key.as_str()) {
                    return Err(wrong(place, format!("an author has {}, not `{key}`", AUTHOR.join(", "))));
                }
                members.push((key.clone(), expression(text, place, &format!("{name}.{key}"))?));
            }
            Ok(Field::Table(members))
        }
        _ => Err(wrong(place, format!("`{name}` must be an expression in quotes"))),
    }
}

fn call(call: &file::Call, place: &str, field: &str) -> Result<Call, MappingError> {
    Ok(Call {
        path: expression(&call.path, place, &format!("{field}.path"))?,
        body: expression(&call.body, place, &format!("{field}.body"))?,
    })
}

fn socket(socket: &file::Socket) -> Result<Socket, MappingError> {
    let place = "[socket]";
    let kind = match (socket.kind.as_str(), &socket.address, &socket.subscribe) {
        ("slack", None, None) => SocketKind::Slack,
        ("slack", ..) => return Err(wrong(place, "a socket of kind `slack` has `open` only")),
        ("channel", Some(address), Some(subscribe)) => SocketKind::Channel(Box::new(Channel {
            address: expression(address, place, "address")?,
            subscribe: call(subscribe, place, "subscribe")?,
            closing: socket.closing.as_ref().map(|text| expression(text, place, "closing")).transpose()?,
        })),
        ("channel", ..) => return Err(wrong(place, "a channel needs `address` and `subscribe`")),
        (other, ..) => {
            return Err(wrong(place, format!("`kind` = \"{other}\" is unknown; there are `slack` and `channel`")));
        }
    };
    Ok(Socket { open: socket.open.clone(), kind })
}

fn span(text: &str, place: &str, field: &str) -> Result<std::time::Duration, MappingError> {
    span::duration(text).map_err(|problem| wrong(place, format!("`{field}`: {}", Language::En.of(problem))))
}

fn poll_of(poll: &file::Poll) -> Result<Poll, MappingError> {
    let place = format!("[[poll]] «{}»", poll.name);
    let optional = |text: &Option<String>, field| text.as_ref().map(|text| expression(text, &place, field)).transpose();
    let headers = poll.headers.iter().map(|(name, value)| Ok((name.clone(), expression(value, &place, "headers")?)));
    Ok(Poll {
        name: poll.name.clone(),
        every: span(&poll.every, &place, "every")?,
        path: expression(&poll.path, &place, "path")?,
        body: optional(&poll.body, "body")?,
        headers: headers.collect::<Result<_, MappingError>>()?,
        failed: optional(&poll.failed, "failed")?,
        cursor: optional(&poll.cursor, "cursor")?,
        next: optional(&poll.next, "next")?,
    })
}

fn challenge(challenge: &file::Challenge, n: usize) -> Result<Challenge, MappingError> {
    let place = format!("[[challenge]] {n}");
    let proof = match (challenge.proof.as_str(), &challenge.token) {
        ("verify-token", Some(token)) => MappedProof::Token(expression(token, &place, "token")?),
        ("signed", _) => MappedProof::Signed,
        ("crc", _) => MappedProof::Crc,
        ("none", _) => MappedProof::None,
        _ => return Err(wrong(&place, "`proof` is verify-token (with `token`), signed, crc or none")),
    };
    Ok(Challenge {
        method: challenge.method.to_uppercase(),
        when: expression(&challenge.when, &place, "when")?,
        proof,
        answer: expression(&challenge.answer, &place, "answer")?,
    })
}

fn answer(answer: Option<&file::Answer>) -> HandshakeAnswer {
    HandshakeAnswer {
        status: answer.and_then(|answer| answer.status).unwrap_or(200),
        body: answer.and_then(|answer| answer.body.clone()).unwrap_or_default(),
        content_type: answer.and_then(|answer| answer.content_type.clone()).unwrap_or_else(|| "text/plain".to_owned()),
    }
}

fn api(api: &file::Api) -> Result<Api, MappingError> {
    let auth = match api.auth.as_deref() {
        None | Some("bearer") => Auth::Bearer,
        Some("token") => Auth::Token,
        Some("glpi") => Auth::Glpi,
        Some("oauth2") => Auth::OAuth2 {
            token_url: api.token_url.clone().ok_or_else(|| wrong("[api]", "oauth2 needs `token_url`"))?,
            scope: api.scope.clone().unwrap_or_default(),
            in_header: match api.credentials.as_deref() {
                None | Some("body") => false,
                Some("header") => true,
                Some(other) => {
                    return Err(wrong("[api]", format!("`credentials` = \"{other}\" is neither body nor header")));
                }
            },
        },
        Some(other) => {
            return Err(wrong("[api]", format!("`auth` = \"{other}\" is none of bearer, token, oauth2, glpi")));
        }
    };
    Ok(Api { base: api.base.clone(), auth })
}

/// `bearer`, `token`, `glpi`, `password`, `basic VALUE` or `header NAME VALUE`.
pub(super) fn auth_of(
    written: &str,
    token_url: Option<&str>,
    scope: Option<&str>,
    place: &str,
) -> Result<Auth, MappingError> {
    let (word, rest) = written.split_once(' ').unwrap_or((written, ""));
    Ok(match (word, rest.split_once(' ')) {
        ("bearer", None) if rest.is_empty() => Auth::Bearer,
        ("token", None) if rest.is_empty() => Auth::Token,
        ("glpi", None) if rest.is_empty() => Auth::Glpi,
        ("password", None) if rest.is_empty() => Auth::Password {
            token_url: token_url.ok_or_else(|| wrong(place, "`auth` = \"password\" needs `token_url`"))?.to_owned(),
            scope: scope.unwrap_or_default().to_owned(),
        },
        ("basic", None) if !rest.is_empty() => Auth::Basic { value: rest.to_owned() },
        ("header", Some((name, value))) => Auth::Header { name: name.to_owned(), value: value.to_owned() },
        _ => {
            let known = "bearer, token, glpi, password, basic VALUE and header NAME VALUE";
            return Err(wrong(place, format!("`auth` = \"{written}\" is none of {known}")));
        }
    })
}

fn scheme(signature: &file::Signature) -> Result<Scheme, MappingError> {
    let time = signature.time.as_ref();
    let of_token = signature.tolerance.as_deref().map(|text| span(text, "[signature]", "tolerance")).transpose()?;
    let tolerance = time.map(|time| span(&time.tolerance, "[signature.time]", "tolerance")).transpose()?;
    let parts = crate::intake::signature::Written {
        algorithm: &signature.algorithm,
        header: signature.header.as_deref(),
        prefix: &signature.prefix,
        separator: signature.separator.as_deref(),
        encoding: signature.encoding.as_deref(),
        signed: &signature.signed,
        secret: signature.secret.as_deref(),
        refused_secrets: &signature.refused_secrets,
        each: signature.each.as_deref(),
        member: signature.member.as_deref(),
        parameter: signature.parameter.as_deref(),
        in_path: signature.in_path,
        optional: signature.optional,
        time: time
            .zip(tolerance)
            .map(|(time, tolerance)| (time.header.as_str(), time.format.as_str(), tolerance, time.optional)),
        claims: &signature.claims,
        tolerance: of_token,
    };
    Scheme::new(&parts).map_err(|problem| wrong("[signature]", problem))
}
