//! GLPI by its legacy REST API (apirest.md): a ticket, opened once for a request; later steps are follow-ups of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::{Client, RequestBuilder, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;

use super::capabilities::Capabilities;
use super::endpoint::Endpoint;
use super::hook::{characters, cut};
use super::probe::{self, PeerProbe};
use super::provider::{ConfigReader, Equipment, Probing, Provider, Sender, Sending};
use super::{DeliveryError, Message, Receipt, SetupError, Tone, http};
use crate::secret::{Secret, SecretSource};
use crate::written::{At, SecretRef, WordOr};

const LONGEST_NAME: usize = 250;
const LONGEST_TEXT: usize = 16_000;
const GONE: [StatusCode; 3] = [StatusCode::FORBIDDEN, StatusCode::NOT_FOUND, StatusCode::GONE];

/// The keys of its `[destination.NAME]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Config {
    /// The address of the webhook or server, or where it is kept; the vendor's own where it is left out.
    pub url: Option<At<WordOr<SecretRef>>>,
    /// Where the token is kept: of a bot, of an API; of PagerDuty, the integration key.
    pub token: Option<At<SecretRef>>,
    /// Of GLPI: where the token of the application is kept.
    pub app_token: Option<At<SecretRef>>,
    /// Of a ticket: what it has besides, such as { itilcategories_id = 4 }.
    pub fields: Option<At<BTreeMap<String, Value>>>,
    /// Whether the address may lie inside of the house.
    pub private: Option<At<bool>>,
    /// How long an answer is waited for, such as "10s".
    pub timeout: Option<At<String>>,
}

/// A GLPI, and who plazo is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// `apirest.php`.
    pub endpoint: Endpoint,
    /// Where the user's token is kept.
    pub token: SecretSource,
    /// Where the application's token is kept, if it wants one.
    pub app_token: Option<SecretSource>,
    /// What a new ticket has besides, such as `itilcategories_id`.
    pub fields: Map<String, Value>,
}

/// A GLPI, ready to be called.
#[derive(Clone)]
pub struct Glpi {
    client: Client,
    /// The address of `apirest.php`.
    base: String,
    token: Secret,
    app_token: Option<Secret>,
    fields: Map<String, Value>,
    timeout: Duration,
    session: Arc<Mutex<Option<String>>>,
}

impl std::fmt::Debug for Glpi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Glpi").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl Provider for Glpi {
    const WORD: &'static str = "glpi";
    const CAN: Capabilities = Capabilities { gathers: false, updates: true, keeps_tickets: true, ..Capabilities::ROOM };

    type Config = Config;
    type Settings = Settings;

    fn settle(config: &Config, reader: &mut dyn ConfigReader) -> Option<Settings> {
        let endpoint =
            Endpoint::settle(config.url.as_ref(), config.private.as_ref(), config.timeout.as_ref(), None, reader);
        let token = reader.needed_secret("token", config.token.as_ref());
        let app_token = config.app_token.as_ref().and_then(|token| reader.secret(token));
        let fields = config.fields.iter().flat_map(|fields| (**fields).clone()).collect();
        Some(Settings { endpoint: endpoint?, token, app_token, fields })
    }

    fn ready(settings: &Settings, equipment: &Equipment<'_>) -> Result<Arc<dyn Sender>, SetupError> {
        let line = settings.endpoint.open(equipment)?;
        Ok(Arc::new(Self {
            base: line.base(),
            client: line.client,
            token: settings.token.read()?,
            app_token: settings.app_token.as_ref().map(SecretSource::read).transpose()?,
            fields: settings.fields.clone(),
            timeout: line.timeout,
            session: Arc::default(),
        }))
    }
}

impl Sender for Glpi {
    fn send<'a>(&'a self, message: &'a Message, now: DateTime<Utc>) -> Sending<'a> {
        Box::pin(self.tell(message, now))
    }

    // To log in opens a session there, so only its host is asked.
    fn probe(&self, now: DateTime<Utc>) -> Probing<'_> {
        Box::pin(probe::ask(PeerProbe::host(&self.base), "GLPI", &self.client, self.timeout, now))
    }
}

impl Glpi {
    async fn tell(&self, message: &Message, now: DateTime<Utc>) -> Result<Receipt, DeliveryError> {
        let (path, body) = match message.updates.as_ref().or(message.first.as_ref()) {
            Some(ticket) => (format!("Ticket/{ticket}/ITILFollowup"), follow_up(message, ticket)),
            None => ("Ticket".to_owned(), self.ticket(message)),
        };
        for is_last in [false, true] {
            let session = self.session(now).await?;
            let request = self.client.post(format!("{}/{path}", self.base)).header("session-token", session);
            let request = request.header("content-type", "application/json").body(body.to_string());
            let answer = http::exchange(self.with_app_token(request), self.timeout, now).await?;
            if answer.status == StatusCode::UNAUTHORIZED && !is_last {
                // The session is over; once, a new one is opened.
                *self.session.lock().await = None;
                continue;
            }
            let body = answer.json();
            let opened = http::word(&body["id"]);
            if answer.status.is_success() && (opened.is_some() || answer.is_cut_after("{\"id\":")) {
                // What is told later goes to the ticket, not to the follow-up.
                let reference = message.first.clone().or_else(|| message.updates.clone()).or(opened);
                return Ok(Receipt { answer: format!("HTTP {}", answer.status), reference, cost: None });
            }
            let is_gone =
                body[0] == "ERROR_ITEM_NOT_FOUND" || answer.status == StatusCode::NOT_FOUND && body[0].is_string();
            if is_gone && message.first.is_some() && message.updates.is_none() {
                // The ticket was deleted: another one is opened.
                let afresh = Message { first: None, ..message.clone() };
                return Box::pin(self.tell(&afresh, now)).await;
            }
            if answer.status != StatusCode::UNAUTHORIZED {
                return Err(refused(&answer));
            }
        }
        Err(DeliveryError::Hold { after: None, cause: "HTTP 401: the session is not taken".to_owned() })
    }

    async fn session(&self, now: DateTime<Utc>) -> Result<String, DeliveryError> {
        let mut session = self.session.lock().await;
        if let Some(session) = session.as_ref() {
            return Ok(session.clone());
        }
        let request = self.client.get(format!("{}/initSession", self.base));
        let request = request.header("authorization", format!("user_token {}", self.token.expose()));
        let answer = http::exchange(self.with_app_token(request), self.timeout, now).await?;
        let opened = answer.json()["session_token"].as_str().map(str::to_owned);
        let Some(opened) = opened.filter(|_| answer.status.is_success()) else {
            return Err(match refused(&answer) {
                // A token that is not taken keeps every message.
                DeliveryError::GiveUp { cause } => DeliveryError::Hold { after: None, cause },
                error => error,
            });
        };
        *session = Some(opened.clone());
        Ok(opened)
    }

    fn with_app_token(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.app_token {
            Some(token) => request.header("app-token", token.expose()),
            None => request,
        }
    }

    fn ticket(&self, message: &Message) -> Value {
        let urgency = if message.card.tone == Tone::Breach { 5 } else { 4 };
        let mut input = json!({
            "name": cut(&message.subject, LONGEST_NAME, characters),
            "content": html(message),
            "type": 1,
            "urgency": urgency,
            "externalid": format!("plazo-{}", message.thread.as_ref().unwrap_or(&message.id)),
        });
        for (name, value) in &self.fields {
            input[name] = value.clone();
        }
        json!({ "input": input })
    }
}

fn follow_up(message: &Message, ticket: &str) -> Value {
    let ticket = ticket.parse::<i64>().map_or_else(|_| Value::from(ticket), Value::from);
    json!({ "input": { "itemtype": "Ticket", "items_id": ticket, "content": html(message) } })
}

/// GLPI takes HTML: the text, with whatever looks like markup undone.
fn html(message: &Message) -> String {
    let escape = |text: &str| html_escape::encode_double_quoted_attribute(text).into_owned();
    let text = cut(&message.text, LONGEST_TEXT, characters);
    let lines: Vec<_> = text.lines().map(escape).collect();
    let mut html = format!("<p><b>{}</b></p><p>{}</p>", escape(&message.subject), lines.join("<br>"));
    if let Some(show) = &message.card.show {
        html += &format!("<p><a href=\"{0}\">{0}</a></p>", escape(show));
    }
    html
}

/// Errors are arrays of a code and a text, whose language varies.
fn refused(answer: &http::HttpAnswer) -> DeliveryError {
    let body = answer.json();
    if answer.status.is_success() && body["id"] == false {
        let said = body["message"].as_str().unwrap_or_default();
        return DeliveryError::GiveUp {
            cause: format!("HTTP {}, but {}", answer.status.as_u16(), cut(said, 80, characters)),
        };
    }
    let code = body[0].as_str().unwrap_or_default();
    if answer.status == StatusCode::PAYLOAD_TOO_LARGE {
        return DeliveryError::GiveUp { cause: "HTTP 413: the message is too large".to_owned() };
    }
    if code.is_empty() && answer.status != StatusCode::TOO_MANY_REQUESTS {
        return answer.foreign("GLPI");
    }
    if answer.status == StatusCode::BAD_REQUEST && !code.is_empty() {
        let cause = format!("HTTP 400: {}", cut(code, 80, characters));
        return match code {
            "ERROR_WRONG_APP_TOKEN_PARAMETER"
            | "ERROR_APP_TOKEN_PARAMETERS_MISSING"
            | "ERROR_LOGIN_PARAMETERS_MISSING"
            | "ERROR_LOGIN_WITH_CREDENTIALS_DISABLED"
            | "ERROR_NOT_ALLOWED_IP" => DeliveryError::Hold { after: None, cause },
            "ERROR_SQL" => DeliveryError::Retry { cause },
            _ => DeliveryError::GiveUp { cause },
        };
    }
    answer.error(&GONE)
}
