//! Matrix by an account of its own (spec.matrix.org, client-server API): a thread a request, its first message edited in place when it is
//! over. The delivery names the transaction, so that a message sent twice is there once. Rooms with encryption are refused: what plazo
//! sends there would be readable.

mod event;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Client, Method, StatusCode, Url};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use event::event;

use super::capabilities::{Capabilities, Pace, Readers};
use super::endpoint::{Endpoint, Line};
use super::hook::{self, Form, HookCall, Judged, Peer, characters, cut};
use super::http::{self, HttpAnswer};
use super::probe::{self, Greeting, PeerProbe};
use super::provider::{ConfigReader, Equipment, Probing, Provider, Sender, Sending};
use super::{DeliveryError, Message, Receipt, SetupError};
use crate::both;
use crate::secret::{Secret, SecretSource};
use crate::written::{At, SecretRef, WordOr};

/// The keys of its `[destination.NAME]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Config {
    /// The address of the webhook or server, or where it is kept; the vendor's own where it is left out.
    pub url: Option<At<WordOr<SecretRef>>>,
    /// Where the token is kept: of a bot, of an API; of PagerDuty, the integration key.
    pub token: Option<At<SecretRef>>,
    /// Slack's or Zulip's channel, Telegram's chat, Matrix's room, WhatsApp's number, Pushover's user, ntfy's topic or ClickUp's list.
    /// Where it is left out, each person's.
    pub to: Option<At<String>>,
    /// Whether the address may lie inside of the house.
    pub private: Option<At<bool>>,
    /// How long an answer is waited for, such as "10s".
    pub timeout: Option<At<String>>,
}

/// An account and, unless each person has one, a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The home server.
    pub endpoint: Endpoint,
    /// Where the account's access token is kept.
    pub token: SecretSource,
    /// Id of the room; each person's own where it is left out.
    pub room: Option<String>,
}

/// The same, ready to be called.
#[derive(Clone)]
pub struct Matrix {
    base: String,
    token: Secret,
    room: Option<String>,
}

/// It with what calls.
#[derive(Clone)]
struct Account {
    peer: Matrix,
    client: Client,
    timeout: Duration,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl Provider for Matrix {
    const WORD: &'static str = "matrix";
    /// Ten at once, then one in five seconds: Synapse's own limit for messages, where the house sets no other (`rc_message`).
    const CAN: Capabilities =
        Capabilities { updates: true, readers: Readers::ByReach, pace: Pace::of(10, 5_000), ..Capabilities::ROOM };

    type Config = Config;
    type Settings = Settings;

    fn settle(config: &Config, reader: &mut dyn ConfigReader) -> Option<Settings> {
        let endpoint =
            Endpoint::settle(config.url.as_ref(), config.private.as_ref(), config.timeout.as_ref(), None, reader);
        if let Some(to) = config.to.as_ref().filter(|to| !is_room(to)) {
            let named = to.as_str();
            let (cause, remedy) = (
                both!(
                    "`{named}` is no id of a room in Matrix",
                    "`{named}` no es el identificador de una sala de Matrix"
                ),
                both!(
                    "write the id, which begins with `!`: in Element, Room settings, Advanced; a name with `#` may move",
                    "escriba el identificador, que empieza por `!`: en Element, Configuración de la sala, Avanzado; un nombre con `#` puede cambiar de sala"
                ),
            );
            reader.error(to.span(), cause, remedy);
        }
        let token = reader.needed_secret("token", config.token.as_ref());
        let room = reader.to(config.to.as_ref());
        Some(Settings { endpoint: endpoint?, token, room })
    }

    fn is_for_readers_alone(config: &Config) -> bool {
        config.to.is_none()
    }

    fn address(settings: &Settings) -> Option<&str> {
        settings.room.as_deref()
    }

    fn ready(settings: &Settings, equipment: &Equipment<'_>) -> Result<Arc<dyn Sender>, SetupError> {
        let line = settings.endpoint.open(equipment)?;
        let base = format!("{}/_matrix/client/v3", line.base());
        let peer = Self { base, token: settings.token.read()?, room: settings.room.clone() };
        let Line { client, timeout, .. } = line;
        Ok(Arc::new(Account { peer, client, timeout }))
    }
}

impl Sender for Account {
    fn send<'a>(&'a self, message: &'a Message, now: DateTime<Utc>) -> Sending<'a> {
        Box::pin(self.deliver(message, now))
    }

    fn probe(&self, now: DateTime<Utc>) -> Probing<'_> {
        Box::pin(probe::ask(self.peer.probe(), self.peer.name(), &self.client, self.timeout, now))
    }
}

impl Account {
    async fn deliver(&self, message: &Message, now: DateTime<Utc>) -> Result<Receipt, DeliveryError> {
        let room = self.peer.room_of(message)?;
        // What is edited stands where it was let in.
        if message.updates.is_none() {
            self.look(&room, now).await?;
        }
        let call = self.peer.call(message, Form::Full)?;
        let answer = self.ask_within(&room, &call, now).await?;
        let receipt = hook::judge(&self.peer, &answer, now).result()?;
        // An event is edited in its own room, whatever the file says by then.
        let reference = receipt.reference.map(|event| format!("{room} {event}"));
        Ok(Receipt { reference, ..receipt })
    }

    /// Looks whether the room is encrypted.
    async fn look(&self, room: &str, now: DateTime<Utc>) -> Result<(), DeliveryError> {
        let path = format!("rooms/{}/state/m.room.encryption", segment(room));
        let call = HookCall { method: Method::GET, ..self.peer.call_of(&path, Value::Null)? };
        let answer = self.ask_within(room, &call, now).await?;
        let body = answer.json();
        match answer.status {
            // There is no such state, and has never been: what is once encrypted stays so.
            StatusCode::NOT_FOUND if body["errcode"] == "M_NOT_FOUND" => Ok(()),
            status if status.is_success() && body["algorithm"].is_string() => {
                Err(self.peer.of_room("the room is encrypted: plazo cannot write there".to_owned()))
            }
            _ => Err(hook::judge(&self.peer, &answer, now).result().err().unwrap_or_else(|| answer.foreign("Matrix"))),
        }
    }

    /// The answer to a call that only members of the room may make: whoever is invited joins first, once.
    async fn ask_within(&self, room: &str, call: &HookCall, now: DateTime<Utc>) -> Result<HttpAnswer, DeliveryError> {
        let answer = self.ask(call.clone(), now).await?;
        if answer.status != StatusCode::FORBIDDEN || answer.json()["errcode"] != "M_FORBIDDEN" {
            return Ok(answer);
        }
        let join = self.peer.call_of(&format!("join/{}", segment(room)), json!({}))?;
        let joined = self.ask(join, now).await?;
        if joined.status.is_success() && joined.json()["room_id"].is_string() {
            return self.ask(call.clone(), now).await;
        }
        Ok(answer)
    }

    /// Makes a call. One that is lost may be made again: each does the same however often it is made.
    async fn ask(&self, call: HookCall, now: DateTime<Utc>) -> Result<HttpAnswer, DeliveryError> {
        http::exchange(call.request(&self.client), self.timeout, now).await.map_err(|error| match error {
            DeliveryError::Doubt { cause } => DeliveryError::Retry { cause },
            error => error,
        })
    }
}

impl Peer for Matrix {
    fn call(&self, message: &Message, _: Form) -> Result<HookCall, DeliveryError> {
        let room = self.room_of(message)?;
        // The same at each try, so that the server knows it again.
        let transaction = segment(&format!("plazo-{}", message.id));
        let path = format!("rooms/{}/send/m.room.message/{transaction}", segment(&room));
        Ok(HookCall { method: Method::PUT, ..self.call_of(&path, event(message, &room))? })
    }

    fn probe(&self) -> PeerProbe {
        let call = |url| {
            let call = HookCall { method: Method::GET, ..HookCall::post(url, Value::Null) };
            call.bearer(self.token.expose())
        };
        PeerProbe::call(&self.base, "account/whoami", call, greeting)
    }

    fn name(&self) -> &'static str {
        "Matrix"
    }

    fn is_own(&self, answer: &HttpAnswer) -> bool {
        let body = answer.json();
        if answer.status.is_success() { body["event_id"].is_string() } else { body["errcode"].is_string() }
    }

    fn began_well(&self, answer: &HttpAnswer) -> bool {
        answer.is_cut_after("{\"event_id\":\"")
    }

    fn judge(&self, answer: &HttpAnswer, _: DateTime<Utc>) -> Judged {
        let body = answer.json();
        if answer.status.is_success() {
            let reference = body["event_id"].as_str().map(str::to_owned);
            return Judged::Taken(Receipt { answer: format!("HTTP {}", answer.status), reference });
        }
        let said = cut(body["error"].as_str().unwrap_or_default(), 120, characters);
        let cause = format!("HTTP {}: {said}", answer.status.as_u16());
        Judged::Failed(match (answer.status, body["errcode"].as_str().unwrap_or_default()) {
            (StatusCode::TOO_MANY_REQUESTS, _) => match body["retry_after_ms"].as_i64() {
                // Whole seconds, rather too many than too few.
                Some(ms) => {
                    DeliveryError::Hold { after: TimeDelta::try_seconds(ms.saturating_add(999) / 1_000), cause }
                }
                None => answer.held(cause),
            },
            (StatusCode::UNAUTHORIZED, _) => DeliveryError::Hold { after: None, cause },
            (StatusCode::FORBIDDEN | StatusCode::NOT_FOUND, _) => self.of_room(cause),
            (StatusCode::BAD_REQUEST, _) => DeliveryError::GiveUp { cause },
            _ => answer.error(&[]),
        })
    }
}

impl Matrix {
    /// The room of a message: of what is edited, where that stands.
    fn room_of(&self, message: &Message) -> Result<String, DeliveryError> {
        if let Some((room, _)) = message.updates.as_ref().and_then(|reference| reference.split_once(' ')) {
            return Ok(room.to_owned());
        }
        let room = self.room.as_ref().or_else(|| message.to.as_ref().map(|(_, address)| address));
        room.filter(|room| is_room(room))
            .cloned()
            .ok_or_else(|| DeliveryError::GiveUp { cause: "no id of a room is known, such as !a:b.example".to_owned() })
    }

    fn call_of(&self, path: &str, body: Value) -> Result<HookCall, DeliveryError> {
        let url = Url::parse(&format!("{}/{path}", self.base));
        let url = url.map_err(|_| DeliveryError::GiveUp { cause: "the address is malformed".to_owned() })?;
        Ok(HookCall::post(url, body).bearer(self.token.expose()))
    }

    /// Nothing can be written in the room: the destination's own, or one reader's, which says nothing about the others'.
    const fn of_room(&self, cause: String) -> DeliveryError {
        if self.room.is_some() { DeliveryError::Hold { after: None, cause } } else { DeliveryError::GiveUp { cause } }
    }
}

fn is_room(text: &str) -> bool {
    text.starts_with('!')
}

/// A text as one segment of a path.
fn segment(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' | b'!' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// Whether it knows the account.
fn greeting(answer: &HttpAnswer) -> Greeting {
    let body = answer.json();
    match (body["user_id"].is_string(), body["errcode"].is_string()) {
        (true, _) if answer.status.is_success() => Greeting::Known,
        (_, true) => Greeting::Unknown(cut(body["error"].as_str().unwrap_or_default(), 80, characters)),
        _ => Greeting::Foreign,
    }
}
