//! A source: a mapping with a team's own secrets and settings. Lets requests in, and makes events of what they bring.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, NotUntil, Quota};
use serde_json::{Map, Value, json};

use super::bounded;
use super::json::{self, FieldError, ReadEvent};
use super::mapping::expression::{self, Expression, ExpressionScope};
use super::mapping::write::WriteMapping;
use super::mapping::{AlarmRaised, BodyForm, Challenge, FetchWanted, HOOK, MappedProof, Mapping, MappingFault, budget};
use super::signature::{self, Received, Refused, Scheme};
use crate::engine::calendar::Calendar;
use crate::engine::directory::Directory;
use crate::engine::event::{Author, AuthorKind, Event};
use crate::engine::proof;
use crate::engine::request_id::RequestId;
use crate::secret::{Secret, SecretError, SecretSource};
use crate::text::Both;
use crate::text::button::Press;

/// Refused calls of a source that the log tells in a minute.
const MOST_COMPLAINTS: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);

/// What `sla.toml` says of a source.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceSettings {
    /// Its name: the end of its address.
    pub name: String,
    /// The `source` of its events: its name, or that of another source that tells the same by the same ids.
    pub ids_of: String,
    /// How what it sends becomes events.
    pub mapping: Arc<Mapping>,
    /// Where its signing secrets are kept; several during a rotation.
    pub secrets: Vec<SecretSource>,
    /// Where the word is kept by which it proves itself in a handshake.
    pub verify: Option<SecretSource>,
    /// Whether it may come without a signature.
    pub unsigned: bool,
    /// The public address of its hook, where the signature covers that.
    pub public_url: Option<String>,
    /// What expressions see as `set`.
    pub set: Value,
    /// What its events say where they say nothing.
    pub defaults: Map<String, Value>,
    /// Requests a second that are let in.
    pub rate: NonZeroU32,
    /// When its silence is told.
    pub silence: AllowedSilence,
    /// The API behind it.
    pub api: ApiSettings,
    /// Whether that API may lie inside of the house.
    pub private: bool,
    /// What the file says of writing back.
    pub write: WriteSettings,
}

/// What `sla.toml` says of writing back into a source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteSettings {
    /// Ids and addresses of plazo's own account there; asked for where there are none.
    pub account: Vec<String>,
    /// Destinations that are told what could not be noted there.
    pub fallback: Vec<String>,
}

/// When the silence of a source is told.
#[derive(Debug, Clone, PartialEq)]
pub enum AllowedSilence {
    /// Never.
    Never,
    /// After so much open time of the calendar.
    After(Duration, Arc<Calendar>),
    /// When it lasts longer than is usual for this source, in open time of the calendar.
    Unusual(Arc<Calendar>),
}

impl SourceSettings {
    /// How plazo writes back there, where the file gives all that this needs.
    pub fn writes(&self) -> Option<&WriteMapping> {
        self.mapping.write.as_ref().filter(|write| !write.needs.iter().any(|need| self.lacks(need)))
    }

    /// The first key that the file would have to give so that plazo can write there; none where it can, or never could.
    pub fn lacks_to_write(&self) -> Option<&str> {
        self.mapping.write.as_ref()?.needs.iter().map(String::as_str).find(|need| self.lacks(need))
    }

    /// The channel of its requests, where it is always the same.
    pub fn own_channel(&self) -> Option<&str> {
        self.defaults.get("channel").and_then(Value::as_str).or_else(|| self.mapping.only_channel())
    }

    fn lacks(&self, need: &str) -> bool {
        match need.split_once('.') {
            Some(("set", member)) => self.set.get(member).is_none(),
            _ if need == "api" => self.api.base.is_none(),
            _ => !self.api.secrets.contains_key(need),
        }
    }
}

/// How the API behind a source is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiSettings {
    /// Its base, where it is another than the mapping's.
    pub base: Option<String>,
    /// Secrets by their key: `token`, `app_token`, `client_id`, `client_secret`.
    pub secrets: BTreeMap<String, SecretSource>,
}

/// A source ready to take requests.
#[derive(Debug)]
pub struct Source {
    /// Its settings.
    pub settings: SourceSettings,
    secrets: Vec<Secret>,
    verify: Option<Secret>,
    /// Of those that are let in.
    limiter: DefaultDirectRateLimiter,
    /// Of those that are not: they do not use up the others' rate.
    strangers: DefaultDirectRateLimiter,
    /// Of lines in the log about calls that were refused.
    complaints: DefaultDirectRateLimiter,
}

/// A source that cannot be made ready.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A secret is missing.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A secret that everybody knows.
    #[error("this secret is published by the vendor for tests and would let everybody in; make one of your own")]
    PublishedSecret,
    /// A secret of another form than the system's.
    #[error("the secret must be `whsec_` and base64 with its padding, as the system shows it")]
    NoKey,
}

/// A request to a hook.
#[derive(Debug)]
pub struct HookRequest<'a> {
    /// `GET`, `POST`.
    pub method: &'a str,
    /// The query, without `?`.
    pub query: &'a str,
    /// What stands in the path behind the source's name.
    pub path_word: Option<&'a str>,
    /// Headers by name in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body, byte for byte.
    pub body: &'a [u8],
    /// Whether a program of this machine calls, and nobody passed the call on.
    pub is_local: bool,
}

/// What became of a request.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "made once a call, and taken apart at once")]
pub enum Taken {
    /// A handshake: answer this.
    Handshake(String),
    /// Facts, to be written before the answer.
    Facts(Facts),
}

/// What a payload says.
#[derive(Debug, Default)]
pub struct Facts {
    /// Events, with the request that each names.
    pub events: Vec<(Event, Option<RequestId>)>,
    /// What has to be asked for.
    pub fetches: Vec<FetchWanted>,
    /// What the operator should know.
    pub alarms: Vec<AlarmRaised>,
    /// Clicks on buttons of alerts.
    pub presses: Vec<Press>,
    /// Whether subscriptions must be renewed at once.
    pub renews: bool,
    /// Rules that failed.
    pub faults: Vec<MappingFault>,
    /// Why something has no effect.
    pub ignored: Vec<Both>,
    /// Whether it was let in, and no rule knows its form: nothing was heard.
    pub is_foreign: bool,
    /// Who made what it tells of, as far as the mapping can say beside its events.
    pub makers: Makers,
}

/// Who wrote the note of a payload, what that is called, and who made the change: words by which plazo knows its own acts when they come back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Makers {
    /// Ids of the events that the mapping itself calls a client's. Whom nobody knows is taken for a client, plazo's own account among them.
    pub clients: Vec<String>,
    /// Ids and addresses of whoever wrote the note.
    pub note_by: Vec<String>,
    /// What the system calls the note.
    pub note_ids: Vec<String>,
    /// Ids and addresses of whoever made the change.
    pub change_by: Vec<String>,
}

/// Why a request is not taken. Nothing of it is reflected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallRefusal {
    /// More than the source's rate; wait so many seconds.
    #[error("too many requests")]
    TooMany(u64),
    /// Not let in.
    #[error("{0}")]
    Refused(#[from] Refused),
    /// The handshake's word is another.
    #[error("the handshake does not fit")]
    BadHandshake,
    /// A media type that the source does not send.
    #[error("this content type is not taken")]
    ContentType,
    /// Not readable.
    #[error("the body cannot be read")]
    Unreadable,
    /// A method that the source does not use.
    #[error("this method is not taken")]
    Method,
}

/// Takes one call of a rate, or says when to come again.
fn within(rate: &DefaultDirectRateLimiter) -> Result<(), CallRefusal> {
    let wait = |wait: NotUntil<_>| wait.wait_time_from(DefaultClock::default().now()).as_secs() + 1;
    rate.check().map_err(|until| CallRefusal::TooMany(wait(until)))
}

impl Source {
    /// Reads the secrets.
    ///
    /// # Errors
    ///
    /// [`SourceError`] if one is missing or no secret at all.
    pub fn new(settings: SourceSettings) -> Result<Self, SourceError> {
        let secrets: Vec<Secret> = settings.secrets.iter().map(SecretSource::read).collect::<Result<_, _>>()?;
        if let Some(scheme) = &settings.mapping.signature
            && secrets.iter().any(|secret| !scheme.takes(secret))
        {
            return Err(SourceError::PublishedSecret);
        }
        if let Some(scheme) = &settings.mapping.signature
            && secrets.iter().any(|secret| !scheme.has_key(secret))
        {
            return Err(SourceError::NoKey);
        }
        let verify = settings.verify.as_ref().map(SecretSource::read).transpose()?;
        Ok(Self { secrets, verify, ..Self::without_secrets(settings) })
    }

    /// A source that takes no requests, for trying out its mapping.
    pub fn without_secrets(settings: SourceSettings) -> Self {
        let limiter = || DefaultDirectRateLimiter::direct(Quota::per_second(settings.rate));
        let (limiter, strangers) = (limiter(), limiter());
        let complaints = DefaultDirectRateLimiter::direct(Quota::per_minute(MOST_COMPLAINTS));
        Self { settings, secrets: Vec::new(), verify: None, limiter, strangers, complaints }
    }

    /// The records of another system's export, which come from the operator.
    ///
    /// # Errors
    ///
    /// What is wrong with the mapping.
    pub fn of_export(name: &str, mapping: &str, set: Value) -> Result<Self, String> {
        let mapping = Mapping::compile(mapping).map_err(|error| format!("{}: {}", error.place, error.problem))?;
        Ok(Self::without_secrets(SourceSettings {
            name: name.to_owned(),
            ids_of: name.to_owned(),
            mapping: Arc::new(mapping),
            secrets: Vec::new(),
            verify: None,
            unsigned: true,
            public_url: None,
            set,
            defaults: Map::new(),
            rate: NonZeroU32::MAX,
            silence: AllowedSilence::Never,
            api: ApiSettings::default(),
            private: false,
            write: WriteSettings::default(),
        }))
    }

    /// Whether the log has room for one more refused call.
    pub fn may_complain(&self) -> bool {
        self.complaints.check().is_ok()
    }

    /// Whether it has a hook at all.
    pub fn takes_calls(&self) -> bool {
        self.settings.mapping.hears_calls() && (self.settings.mapping.signature.is_some() || self.settings.unsigned)
    }

    /// What can be said of a request before its body is read: strangers cost no memory.
    ///
    /// # Errors
    ///
    /// [`CallRefusal`], within the strangers' rate.
    pub fn look_at(&self, method: &str, headers: &BTreeMap<String, String>) -> Result<(), CallRefusal> {
        let request =
            HookRequest { method, query: "", path_word: None, headers: headers.clone(), body: &[], is_local: false };
        let is_signed = self.settings.mapping.signature.as_ref().filter(|_| !self.secrets.is_empty());
        let looked = match method {
            "POST" if is_signed.is_some_and(|scheme| scheme.misses_header(headers)) => {
                self.check_content_type(&request).and(Err(CallRefusal::Refused(Refused::Missing)))
            }
            "POST" => self.check_content_type(&request),
            "GET" | "HEAD" => Ok(()),
            _ => Err(CallRefusal::Method),
        };
        looked.map_err(|rejection| within(&self.strangers).err().unwrap_or(rejection))
    }

    /// Takes a request: media type, signature, rate, and only then what it says.
    ///
    /// # Errors
    ///
    /// [`CallRefusal`]; nothing of the body is kept.
    pub fn take(
        &self,
        request: &HookRequest<'_>,
        directory: &Directory,
        now: DateTime<Utc>,
    ) -> Result<Taken, CallRefusal> {
        if request.method == "HEAD" {
            // Some systems ask so whether anybody is there before they keep an address (Intercom). It tells no more than a POST does.
            within(&self.strangers)?;
            return Ok(Taken::Handshake(String::new()));
        }
        let proven = match request.method {
            "POST" => self.check_content_type(request).and_then(|()| self.check_signature(request, now)),
            "GET" => Ok(()),
            _ => Err(CallRefusal::Method),
        };
        // Whose proof is in the body is told from strangers before anything is parsed, so that they do not use up its rate.
        let scheme = self.settings.mapping.signature.as_ref().filter(|_| !self.secrets.is_empty());
        let may_be_proven = scheme.is_none_or(|scheme| scheme.may_be_proven(&self.secrets, request.body));
        let is_stranger = proven.is_err() || request.method == "GET" || !may_be_proven;
        within(if is_stranger { &self.strangers } else { &self.limiter })?;
        proven?;
        let body = if request.method == "GET" { Value::Null } else { self.parse(request.body)? };
        // What the secret in the body must prove, a handshake has not yet: it is asked for first.
        let in_body = self.settings.mapping.signature.as_ref().filter(|scheme| scheme.is_in_body());
        let mut scope = self.scope(&request.headers, request.query, body, now);
        if let Some(answer) = self.handshake(request, &scope)? {
            return Ok(Taken::Handshake(answer));
        }
        if request.method == "GET" {
            return Err(CallRefusal::Method);
        }
        if let Some(scheme) = in_body {
            let mut body = expression::json(&scope.get("body"));
            scheme.keep_proven(&self.secrets, &mut body)?;
            scope = scope.with("body", expression::variable(body));
        }
        let mut facts = self.facts(HOOK, &scope, directory, now);
        facts.is_foreign = facts.says_nothing() || facts.only_ignores() && !is_message(request.body, &scope);
        if self.secrets.is_empty() && !request.is_local {
            // Whoever reaches the address may have sent it.
            for (event, _) in &mut facts.events {
                event.proof = proof::Proof::NONE;
            }
        }
        Ok(Taken::Facts(facts))
    }

    /// Whether its address has a word behind its name.
    pub fn has_path_word(&self) -> bool {
        self.settings.mapping.signature.as_ref().is_some_and(Scheme::is_in_path)
    }

    /// What a payload that is let in says; `source test` asks for no signature.
    ///
    /// # Errors
    ///
    /// [`CallRefusal::Unreadable`] if it is neither JSON nor a form, as the mapping has it.
    pub fn try_out(
        &self,
        on: &str,
        payload: &[u8],
        directory: &Directory,
        now: DateTime<Utc>,
    ) -> Result<Facts, CallRefusal> {
        let body = if on == HOOK {
            self.parse(payload)?
        } else {
            bounded::json(payload).map_err(|_| CallRefusal::Unreadable)?
        };
        let scope = self.scope(&BTreeMap::new(), "", body, now);
        Ok(self.facts(on, &scope, directory, now))
    }

    /// What an answer of the source's API says.
    pub fn of_answer(&self, on: &str, body: Value, asked: Value, directory: &Directory, now: DateTime<Utc>) -> Facts {
        let scope = self.scope(&BTreeMap::new(), "", body, now).with("asked", expression::variable(asked));
        self.facts(on, &scope, directory, now)
    }

    /// What a page of a poll says, in the scope of [`Source::polling_scope`].
    pub fn of_page(&self, on: &str, scope: &ExpressionScope, directory: &Directory, now: DateTime<Utc>) -> Facts {
        self.facts(on, scope, directory, now)
    }

    /// The scope in which a poll's expressions are evaluated.
    pub fn polling_scope(&self, body: Value, cursor: Value, now: DateTime<Utc>) -> ExpressionScope {
        self.scope(&BTreeMap::new(), "", body, now).with("cursor", expression::variable(cursor))
    }

    /// The scope in which subscriptions are made: with the hook's public address and the word that its calls will bear.
    pub fn subscription_scope(&self, now: DateTime<Utc>) -> ExpressionScope {
        let secret = self.secrets.first().map(|secret| Value::from(secret.expose()));
        let url = self.settings.public_url.clone().map(Value::from);
        self.scope(&BTreeMap::new(), "", Value::Null, now)
            .with("secret", expression::variable(secret.unwrap_or_default()))
            .with("public_url", expression::variable(url.unwrap_or_default()))
    }

    /// Whether plazo opens its socket.
    pub fn opens_socket(&self) -> bool {
        let socket = self.settings.mapping.socket.as_ref();
        socket.is_some_and(|socket| self.settings.api.secrets.contains_key(socket.key()))
    }

    fn scope(
        &self,
        headers: &BTreeMap<String, String>,
        query: &str,
        body: Value,
        now: DateTime<Utc>,
    ) -> ExpressionScope {
        let query: Map<String, Value> = form_urlencoded::parse(query.as_bytes())
            .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
            .collect();
        ExpressionScope::new([
            ("body", body),
            ("header", json!(headers)),
            ("query", Value::Object(query)),
            ("now", now.to_rfc3339_opts(SecondsFormat::Millis, true).into()),
            ("set", self.settings.set.clone()),
        ])
    }

    fn check_content_type(&self, request: &HookRequest<'_>) -> Result<(), CallRefusal> {
        let taken = &self.settings.mapping.content_types;
        let given = request.headers.get("content-type").map(String::as_str).unwrap_or_default();
        let given = given.split(';').next().unwrap_or_default().trim();
        let fits = taken.is_empty() || taken.iter().any(|taken| taken.eq_ignore_ascii_case(given));
        if fits { Ok(()) } else { Err(CallRefusal::ContentType) }
    }

    fn check_signature(&self, request: &HookRequest<'_>, now: DateTime<Utc>) -> Result<(), CallRefusal> {
        let Some(scheme) = &self.settings.mapping.signature else { return Ok(()) };
        if self.secrets.is_empty() && self.settings.unsigned {
            return Ok(());
        }
        let url = self.settings.public_url.as_ref().map(|url| match request.query {
            "" => url.clone(),
            query => format!("{url}?{query}"),
        });
        let received = Received {
            method: request.method,
            url: url.as_deref(),
            query: request.query,
            path_word: request.path_word,
            headers: &request.headers,
            body: request.body,
            set: &self.settings.set,
        };
        Ok(scheme.verify(&self.secrets, &received, now)?)
    }

    fn parse(&self, body: &[u8]) -> Result<Value, CallRefusal> {
        if body.is_empty() {
            // Some handshakes have no body.
            return Ok(Value::Null);
        }
        let form = || bounded::form(body).map_err(|_| CallRefusal::Unreadable);
        let json = |body: &[u8]| bounded::json(body).map_err(|_| CallRefusal::Unreadable);
        match &self.settings.mapping.body {
            BodyForm::Json => json(body),
            BodyForm::Form => form().map(Value::Object),
            BodyForm::FormWithJson(field) => {
                let is_json = body.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| *byte == b'{');
                if is_json {
                    return json(body);
                }
                match form()?.remove(field) {
                    Some(Value::String(text)) => json(text.as_bytes()),
                    _ => Err(CallRefusal::Unreadable),
                }
            }
        }
    }

    fn handshake(&self, request: &HookRequest<'_>, scope: &ExpressionScope) -> Result<Option<String>, CallRefusal> {
        let holds = |challenge: &&Challenge| challenge.method == request.method && challenge.when.holds(scope);
        let Some(challenge) = self.settings.mapping.challenges.iter().find(holds) else { return Ok(None) };
        let word = |value: jmespath::Rcvar| value.as_string().cloned();
        match &challenge.proof {
            MappedProof::Token(token) => {
                let given = token.of(scope).ok().and_then(word).unwrap_or_default();
                let verify = self.verify.as_slice();
                if !signature::is_one_of(verify, &given) {
                    return Err(CallRefusal::BadHandshake);
                }
            }
            MappedProof::Crc => {
                let given = challenge.answer.of(scope).ok().and_then(word).unwrap_or_default();
                let answer = signature::crc_answer(&self.secrets, &given).ok_or(CallRefusal::BadHandshake)?;
                return Ok(Some(answer));
            }
            // A GET bears no signature.
            MappedProof::Signed if request.method == "GET" => return Err(CallRefusal::BadHandshake),
            MappedProof::Signed | MappedProof::None => {}
        }
        challenge.answer.of(scope).ok().and_then(word).map(Some).ok_or(CallRefusal::Unreadable)
    }

    fn facts(&self, on: &str, scope: &ExpressionScope, directory: &Directory, now: DateTime<Utc>) -> Facts {
        let produced = budget::within(|| self.settings.mapping.apply(on, scope));
        let mut facts = Facts {
            fetches: produced.fetches,
            alarms: produced.alarms,
            presses: produced
                .replies
                .into_iter()
                .filter_map(|press| serde_json::from_value(Value::Object(press)).ok())
                .collect(),
            renews: produced.renews,
            faults: produced.faults,
            ignored: produced.ignored,
            is_foreign: false,
            makers: self.makers(scope),
            events: Vec::new(),
        };
        for (rule, mut fields) in produced.events {
            let is_client_s = is_client_s(&fields);
            self.fill(&mut fields, directory);
            let fault = |FieldError { field, problem }: FieldError| MappingFault {
                rule: rule.clone(),
                field,
                expression: String::new(),
                problem,
            };
            match json::heard(Value::Object(fields), &self.settings.ids_of, now) {
                Ok(ReadEvent { mut event, request, lost }) => {
                    event.proof = proof::Proof::Signed;
                    facts.makers.clients.extend(is_client_s.then(|| event.id.id.clone()));
                    facts.faults.extend(lost.into_iter().map(fault));
                    facts.events.push((event, request));
                }
                Err(error) => facts.faults.push(fault(error)),
            }
        }
        facts
    }

    fn makers(&self, scope: &ExpressionScope) -> Makers {
        let Some(write) = &self.settings.mapping.write else { return Makers::default() };
        let words = |rule: &Option<Expression>| match rule.as_ref().and_then(|rule| rule.of(scope).ok()) {
            Some(found) => match expression::json(&found) {
                Value::String(word) => vec![word],
                Value::Array(words) => words.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                _ => Vec::new(),
            },
            None => Vec::new(),
        };
        let echo = &write.echo;
        let (note_by, note_ids) = (words(&echo.note_by), words(&echo.note_id));
        Makers { clients: Vec::new(), note_by, note_ids, change_by: words(&echo.change_by) }
    }

    /// Adds what the event leaves out: the source's own defaults, and whose message it is.
    fn fill(&self, fields: &mut Map<String, Value>, directory: &Directory) {
        // A mapping speaks for its source and no other.
        fields.insert("source".to_owned(), self.settings.ids_of.clone().into());
        if let Some(channel) = &self.settings.mapping.channel
            && !self.settings.defaults.contains_key("channel")
        {
            fields.entry("channel").or_insert_with(|| channel.clone().into());
        }
        for (field, value) in &self.settings.defaults {
            fields.entry(field.clone()).or_insert_with(|| value.clone());
        }
        choose(fields.get_mut("owner"), |word| directory.person(word).is_some());
        choose(fields.get_mut("customer"), |word| directory.customer(word).is_some());
        let author = fields.get_mut("author").and_then(Value::as_object_mut);
        choose(author.and_then(|author| author.get_mut("address")), |word| {
            let author = Author { name: None, address: Some(word.to_owned()), kind: AuthorKind::Agent };
            directory.person_of(&author).is_some() || directory.customer(word).is_some()
        });
        let is_internal = fields.get("audience").is_some_and(|audience| audience == "internal");
        let is_message = fields.get("type").is_some_and(|kind| kind == "message" || kind == "open");
        let direction = fields.get("direction").and_then(Value::as_str).map(str::to_owned);
        let Some(Value::Object(author)) = fields.get_mut("author") else { return };
        let word = |author: &Map<String, Value>, key: &str| author.get(key).and_then(Value::as_str).map(str::to_owned);
        if !author.contains_key("kind") {
            let (name, address) = (word(author, "name"), word(author, "address"));
            let is_ours = match direction.as_deref() {
                Some("in") => false,
                Some(_) => true,
                None => {
                    let known = Author { name, address, kind: AuthorKind::Agent };
                    is_internal || directory.person_of(&known).is_some()
                }
            };
            author.insert("kind".to_owned(), if is_ours { "agent" } else { "customer" }.into());
        }
        let is_customer = author.get("kind").is_some_and(|kind| kind == "customer");
        if is_message && !fields.contains_key("direction") {
            let direction = match (is_internal, is_customer) {
                (true, _) => "internal",
                (false, true) => "in",
                (false, false) => "out",
            };
            fields.insert("direction".to_owned(), direction.into());
        }
    }
}

impl Facts {
    fn says_nothing(&self) -> bool {
        self.events.is_empty() && self.makes_nothing() && self.ignored.is_empty()
    }

    fn only_ignores(&self) -> bool {
        self.events.is_empty() && self.makes_nothing() && !self.ignored.is_empty()
    }

    fn makes_nothing(&self) -> bool {
        self.fetches.is_empty()
            && self.alarms.is_empty()
            && self.presses.is_empty()
            && self.faults.is_empty()
            && !self.renews
    }
}

/// Whether a body has the form of a message at all: an object with something in it, or a list of such.
fn is_message(body: &[u8], scope: &ExpressionScope) -> bool {
    let is_filled = |value: &Value| value.as_object().is_some_and(|object| !object.is_empty());
    match expression::json(&scope.get("body")) {
        Value::Array(items) => !items.is_empty() && items.iter().all(is_filled),
        value => !body.is_empty() && is_filled(&value),
    }
}

/// Whether a mapping says that a client did it.
fn is_client_s(fields: &Map<String, Value>) -> bool {
    fields.get("direction").is_some_and(|direction| direction == "in")
        || fields.get("author").is_some_and(|author| author["kind"] == "customer")
}

/// Of several words for one person, such as an id and an address: the first that is known, else the first.
fn choose(value: Option<&mut Value>, is_known: impl Fn(&str) -> bool) {
    let Some(value) = value else { return };
    let Value::Array(words) = &*value else { return };
    let mut words = words.iter().filter_map(Value::as_str);
    let known = words.clone().find(|word| is_known(word)).or_else(|| words.next());
    *value = known.map_or(Value::Null, Value::from);
}
