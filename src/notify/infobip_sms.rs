//! Texts by Infobip (infobip.com/docs/api/channels/sms): each account has a host of its own, and each message an id of ours, by which it is
//! found again. A 200 says nothing: the message's own status does.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Method, StatusCode, Url};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::capabilities::{Capabilities, Pace, Readers};
use super::endpoint::{Endpoint, Line};
use super::hook::{HookCall, characters, cut};
use super::http::{self, HttpAnswer};
use super::phone::{self, PhoneTerms, Voucher};
use super::probe::{Greeting, PeerProbe};
use super::provider::{ConfigReader, Equipment, Probing, Provider, Sender, Sending};
use super::{Cost, DeliveryError, Message, Receipt, SetupError, probe};
use crate::outbox::Price;
use crate::secret::{Secret, SecretSource};
use crate::text::phone::gsm::{self, Alphabet};
use crate::written::{At, SecretRef, WordOr};

/// The wait after too many requests, where the answer asks for none.
const TOO_FAST: TimeDelta = TimeDelta::seconds(5);
/// Groups of states after which nothing more comes: undeliverable, expired, rejected.
pub const LOST: [i64; 3] = [2, 4, 5];

/// The keys of its `[destination.NAME]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Config {
    /// The address of the webhook or server, or where it is kept; the vendor's own where it is left out.
    pub url: Option<At<WordOr<SecretRef>>>,
    /// Where the token is kept: of a bot, of an API; of PagerDuty, the integration key.
    pub token: Option<At<SecretRef>>,
    /// Who writes or calls: of WhatsApp the id of the number, else the number itself, or a messaging service.
    pub sender: Option<At<String>>,
    /// Of texts: whether they keep their accents, and have 70 letters instead of 160.
    pub accents: Option<At<bool>>,
    /// Of telephones: how many messages a person gets within 24 hours; 20 where it is left out. What is more goes by the fallback.
    pub most_a_day: Option<At<u32>>,
    /// Of telephones: what a segment or a begun minute costs, such as "0.045 USD", where the vendor does not say it.
    pub price: Option<At<String>>,
    /// Whether the address may lie inside of the house.
    pub private: Option<At<bool>>,
    /// How long an answer is waited for, such as "10s".
    pub timeout: Option<At<String>>,
}

/// An account, and how it writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The account's own host.
    pub endpoint: Endpoint,
    /// Where its API key is kept.
    pub key: SecretSource,
    /// The number or name that writes.
    pub sender: String,
    /// In which alphabet it writes.
    pub alphabet: Alphabet,
    /// How many, at which price.
    pub terms: PhoneTerms,
}

/// An account, ready to write.
pub struct InfobipSms {
    line: Line,
    authorization: Secret,
    sender: String,
    alphabet: Alphabet,
    price: Option<Price>,
}

impl std::fmt::Debug for InfobipSms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InfobipSms").field("sender", &self.sender).finish_non_exhaustive()
    }
}

impl Provider for InfobipSms {
    const WORD: &'static str = "infobip-sms";
    /// No figure of its vendor's was found; this is what the other one takes.
    const CAN: Capabilities =
        Capabilities { readers: Readers::ByReach, is_phone: true, pace: Pace::of(5, 200), ..Capabilities::ROOM };

    type Config = Config;
    type Settings = Settings;

    fn settle(config: &Config, reader: &mut dyn ConfigReader) -> Option<Settings> {
        let (private, timeout) = (config.private.as_ref(), config.timeout.as_ref());
        let endpoint = Endpoint::settle(config.url.as_ref(), private, timeout, None, reader);
        let key = reader.needed_secret("token", config.token.as_ref());
        let sender = reader.needed_text("sender", config.sender.as_ref(), "\"573000000000\"");
        let terms = PhoneTerms::settle(config.most_a_day.as_ref(), config.price.as_ref(), Voucher::Address, reader);
        let alphabet =
            if config.accents.as_ref().is_some_and(|wanted| **wanted) { Alphabet::Ucs2 } else { Alphabet::Gsm7 };
        Some(Settings { endpoint: endpoint?, key, sender, alphabet, terms })
    }

    fn is_for_readers_alone(_: &Config) -> bool {
        true
    }

    fn phone(settings: &Settings) -> Option<&PhoneTerms> {
        Some(&settings.terms)
    }

    fn ready(settings: &Settings, equipment: &Equipment<'_>) -> Result<Arc<dyn Sender>, SetupError> {
        let line = settings.endpoint.open(equipment)?;
        let authorization = Secret::new(format!("App {}", settings.key.read()?.expose()));
        let (sender, alphabet) = (settings.sender.clone(), settings.alphabet);
        Ok(Arc::new(Self { line, authorization, sender, alphabet, price: settings.terms.price.clone() }))
    }
}

impl Sender for InfobipSms {
    fn send<'a>(&'a self, message: &'a Message, now: DateTime<Utc>) -> Sending<'a> {
        Box::pin(self.deliver(message, now))
    }

    fn probe(&self, now: DateTime<Utc>) -> Probing<'_> {
        let authorization = self.authorization.expose().to_owned();
        let call = |url| HookCall {
            method: Method::GET,
            authorization: Some(authorization),
            ..HookCall::post(url, Value::Null)
        };
        let look = PeerProbe::call(&self.line.base(), "sms/3/logs?limit=1", call, greeting);
        Box::pin(probe::ask(look, "Infobip", &self.line.client, self.line.timeout, now))
    }
}

impl InfobipSms {
    async fn deliver(&self, message: &Message, now: DateTime<Utc>) -> Result<Receipt, DeliveryError> {
        let (phone, to) = (phone::for_phone(message)?, phone::number(message)?);
        let (text, id) = (phone.text(self.alphabet), format!("plazo-{}", message.id));
        // Whether a second message of that id is refused is not documented.
        if phone.is_looked_for && self.is_there(&id, now).await.map_err(phone::unseen)? {
            return Ok(self.receipt("found", id, text, None));
        }
        let minutes = phone::worth(message, now).num_minutes().max(1);
        let mut one = json!({
            "sender": self.sender,
            "destinations": [{ "to": to, "messageId": id }],
            "content": { "text": text },
            "options": { "validityPeriod": { "amount": minutes, "timeUnit": "MINUTES" } },
        });
        if let Some(callback) = &phone.callback {
            one["webhooks"] = json!({ "delivery": { "url": callback.of("report") } });
        }
        let body = json!({ "messages": [one] }).to_string();
        let request =
            self.line.client.post(self.url("sms/3/messages")?).header("content-type", "application/json").body(body);
        let answer = self.call(request, now).await?;
        let told = answer.json();
        let told = &told["messages"][0];
        let (group, said) = (told["status"]["groupId"].as_i64(), told["status"]["name"].as_str().unwrap_or_default());
        match group.filter(|_| answer.status.is_success()) {
            Some(lost) if LOST.contains(&lost) => {
                Err(DeliveryError::GiveUp { cause: format!("HTTP 200, but {}", cut(said, 120, characters)) })
            }
            Some(_) => Ok(self.receipt(said, id, text, told["details"]["messageCount"].as_u64())),
            None => Err(error(&answer)),
        }
    }

    /// Whether a message of that id is known there, and not lost.
    async fn is_there(&self, id: &str, now: DateTime<Utc>) -> Result<bool, DeliveryError> {
        let mut url = self.url("sms/3/logs")?;
        url.query_pairs_mut().append_pair("messageId", id);
        let answer = self.call(self.line.client.get(url), now).await?;
        let body = answer.json();
        let Some(rows) = body["results"].as_array().filter(|_| answer.status.is_success()) else {
            return Err(error(&answer));
        };
        let is_lost = |row: &Value| row["status"]["groupId"].as_i64().is_some_and(|group| LOST.contains(&group));
        Ok(rows.iter().any(|row| row["messageId"] == id && !is_lost(row)))
    }

    async fn call(&self, request: reqwest::RequestBuilder, now: DateTime<Utc>) -> Result<HttpAnswer, DeliveryError> {
        let request = request.header("authorization", self.authorization.expose()).header("accept", "application/json");
        http::exchange(request, self.line.timeout, now).await
    }

    fn url(&self, path: &str) -> Result<Url, DeliveryError> {
        Url::parse(&format!("{}/{path}", self.line.base())).map_err(|_| phone::gave_up("the address is malformed"))
    }

    fn receipt(&self, answer: &str, id: String, text: &str, told: Option<u64>) -> Receipt {
        let own = u32::try_from(gsm::size(text).segments).unwrap_or(u32::MAX);
        let units = told.and_then(|told| u32::try_from(told).ok()).unwrap_or(0).max(own);
        let price = self.price.as_ref().map(|price| price.times(units));
        Receipt { answer: answer.to_owned(), reference: Some(id), cost: Some(Cost { units, price }) }
    }
}

/// What an answer means by which nothing was sent.
fn error(answer: &HttpAnswer) -> DeliveryError {
    let body = answer.json();
    let said = body["description"].as_str().or(body["requestError"]["serviceException"]["text"].as_str());
    let is_fast = answer.status == StatusCode::TOO_MANY_REQUESTS;
    let is_own = !body["errorCode"].is_null() || !body["requestError"].is_null();
    if !is_own && !is_fast {
        return answer.foreign("Infobip");
    }
    let cause = format!("HTTP {}: {}", answer.status.as_u16(), cut(said.unwrap_or_default(), 120, characters));
    match answer.status {
        _ if is_fast => match answer.held(cause) {
            DeliveryError::Hold { after, cause } => DeliveryError::Hold { after: after.or(Some(TOO_FAST)), cause },
            other => other,
        },
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => DeliveryError::Hold { after: None, cause },
        status if status.is_server_error() => DeliveryError::Doubt { cause },
        _ => DeliveryError::GiveUp { cause },
    }
}

/// Whether it knows the key.
fn greeting(answer: &HttpAnswer) -> Greeting {
    let body = answer.json();
    match (answer.status.is_success(), body["errorCode"].as_str()) {
        (true, _) if body.is_object() => Greeting::Known,
        (false, Some(code)) => Greeting::Unknown(format!(
            "{code}: {}",
            cut(body["description"].as_str().unwrap_or_default(), 80, characters)
        )),
        _ => Greeting::Foreign,
    }
}
