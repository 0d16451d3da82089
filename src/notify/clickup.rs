//! ClickUp (developer.clickup.com): a task, made once for a request; later steps are comments on it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Method, StatusCode, Url};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::capabilities::{Capabilities, Pace};
use super::endpoint::Endpoint;
use super::hook::{Form, HookCall, Judged, Peer, characters, cut};
use super::http::{HttpAnswer, word};
use super::probe::{Greeting, PeerProbe};
use super::provider::{ConfigReader, Equipment, Provider, Sender};
use super::{DeliveryError, Message, Receipt, SetupError, Tone};
use crate::secret::{Secret, SecretSource};
use crate::written::{At, SecretRef, WordOr};

const LONGEST_NAME: usize = 250;
const LONGEST_TEXT: usize = 8_000;
const GONE: [StatusCode; 3] = [StatusCode::BAD_REQUEST, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND];

/// Where the API is called.
const VENDOR: &str = "https://api.clickup.com";

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
    /// Of a ticket: what it has besides, such as { itilcategories_id = 4 }.
    pub fields: Option<At<BTreeMap<String, Value>>>,
    /// Whether the address may lie inside of the house.
    pub private: Option<At<bool>>,
    /// How long an answer is waited for, such as "10s".
    pub timeout: Option<At<String>>,
}

/// A list.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The API.
    pub endpoint: Endpoint,
    /// Where its token is kept.
    pub token: SecretSource,
    /// Id of the list.
    pub list: String,
    /// What a new task has besides, such as `assignees`.
    pub fields: Map<String, Value>,
}

/// A list, ready to be called.
#[derive(Clone)]
pub struct ClickUp {
    base: String,
    token: Secret,
    list: String,
    fields: Map<String, Value>,
}

impl Provider for ClickUp {
    const WORD: &'static str = "clickup";
    /// A hundred calls a minute for each token (developer.clickup.com, "Rate limits").
    const CAN: Capabilities = Capabilities {
        gathers: false,
        updates: true,
        keeps_tickets: true,
        pace: Pace::of(50, 600),
        ..Capabilities::ROOM
    };

    type Config = Config;
    type Settings = Settings;

    fn settle(config: &Config, reader: &mut dyn ConfigReader) -> Option<Settings> {
        let endpoint = Endpoint::settle(
            config.url.as_ref(),
            config.private.as_ref(),
            config.timeout.as_ref(),
            Some(VENDOR),
            reader,
        );
        let token = reader.needed_secret("token", config.token.as_ref());
        let list = reader.to(config.to.as_ref());
        let list = list.unwrap_or_else(|| reader.needed_text("to", None, "\"162641062\""));
        let fields = config.fields.iter().flat_map(|fields| (**fields).clone()).collect();
        Some(Settings { endpoint: endpoint?, token, list, fields })
    }

    fn address(settings: &Settings) -> Option<&str> {
        Some(&settings.list)
    }

    fn ready(settings: &Settings, equipment: &Equipment<'_>) -> Result<Arc<dyn Sender>, SetupError> {
        let line = settings.endpoint.open(equipment)?;
        let (base, token) = (line.base(), settings.token.read()?);
        Ok(line.to(Self { base, token, list: settings.list.clone(), fields: settings.fields.clone() }))
    }
}

impl Peer for ClickUp {
    fn call(&self, message: &Message, _: Form) -> Result<HookCall, DeliveryError> {
        let (path, body) = match message.updates.as_ref().or(message.first.as_ref()) {
            Some(task) => (format!("task/{task}/comment"), comment(message)),
            None => (format!("list/{}/task", self.list), self.task(message)),
        };
        let url = Url::parse(&format!("{}/api/v2/{path}", self.base));
        let url = url.map_err(|_| DeliveryError::GiveUp { cause: "the address is malformed".to_owned() })?;
        Ok(HookCall { authorization: Some(self.token.expose().to_owned()), ..HookCall::post(url, body) })
    }

    fn probe(&self) -> PeerProbe {
        let call = |url| {
            let authorization = Some(self.token.expose().to_owned());
            HookCall { method: Method::GET, authorization, ..HookCall::post(url, Value::Null) }
        };
        PeerProbe::call(&self.base, &format!("api/v2/list/{}", self.list), call, greeting)
    }

    fn name(&self) -> &'static str {
        "ClickUp"
    }

    fn is_own(&self, answer: &HttpAnswer) -> bool {
        let json = answer.json();
        if answer.status.is_success() {
            word(&json["id"]).is_some()
        } else {
            json["ECODE"].is_string() || json["err"].is_string()
        }
    }

    fn began_well(&self, answer: &HttpAnswer) -> bool {
        answer.is_cut_after("{\"id\":")
    }

    fn judge(&self, answer: &HttpAnswer, now: DateTime<Utc>) -> Judged {
        if answer.status.is_success() {
            let reference = word(&answer.json()["id"]);
            return Judged::Taken(Receipt { answer: format!("HTTP {}", answer.status), reference });
        }
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            let at = answer.header("x-ratelimit-reset").and_then(|at| at.parse::<i64>().ok());
            let after = at.and_then(|at| TimeDelta::try_seconds(at.checked_sub(now.timestamp())?));
            return Judged::Failed(DeliveryError::Hold { after, cause: "HTTP 429".to_owned() });
        }
        if answer.status == StatusCode::UNAUTHORIZED {
            let cause = "HTTP 401: the token is not taken".to_owned();
            return Judged::Failed(DeliveryError::Hold { after: None, cause });
        }
        let code = answer.json()["ECODE"].as_str().unwrap_or_default().to_owned();
        if answer.status == StatusCode::NOT_FOUND && code.starts_with("ITEM_") {
            return Judged::Afresh(answer.error(&GONE));
        }
        Judged::Failed(answer.error(&GONE))
    }
}

impl ClickUp {
    fn task(&self, message: &Message) -> Value {
        let mut task = json!({
            "name": cut(&message.subject, LONGEST_NAME, characters),
            "description": cut(&with_link(message), LONGEST_TEXT, characters),
            "priority": if message.card.tone == Tone::Breach { 1 } else { 2 },
            "notify_all": false,
            "check_required_custom_fields": false,
        });
        if let Some(due_at) = message.card.due_at {
            task["due_date"] = due_at.timestamp_millis().into();
            task["due_date_time"] = true.into();
        }
        for (name, value) in &self.fields {
            task[name] = value.clone();
        }
        task
    }
}

fn comment(message: &Message) -> Value {
    let text = format!("{}\n{}", message.subject, with_link(message));
    json!({ "comment_text": cut(&text, LONGEST_TEXT, characters), "notify_all": !message.card.is_over })
}

fn with_link(message: &Message) -> String {
    match &message.card.show {
        Some(show) => format!("{}\n{show}", message.text),
        None => message.text.clone(),
    }
}

/// Whether it knows the token, and the list.
fn greeting(answer: &HttpAnswer) -> Greeting {
    let body = answer.json();
    match (answer.status.is_success(), body["err"].as_str()) {
        (true, _) if word(&body["id"]).is_some() => Greeting::Known,
        (false, Some(said)) => Greeting::Unknown(cut(said, 80, characters)),
        _ => Greeting::Foreign,
    }
}
