//! Slack-format incoming webhook (docs.slack.dev, "Sending messages using incoming webhooks"); Mattermost and Rocket.Chat take it too.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::{StatusCode, Url};
use serde_json::{Value, json};

use super::{DeliveryError, Message, Receipt, SetupError, http};
use crate::engine::request::RequestId;
use crate::secret::SecretSource;
use crate::text::button::escaped;
use crate::text::{Both, Language};

/// Statuses that Slack's error table marks as final: our fault, or the hook is gone.
const GONE: [StatusCode; 4] = [StatusCode::BAD_REQUEST, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND, StatusCode::GONE];
/// Longest text of a section block, in characters.
const LONGEST_SECTION: usize = 3_000;

/// Settings of a Slack webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlackSettings {
    /// Where the address is kept. It is a secret: whoever knows it can post.
    pub url: SecretSource,
    /// How long an answer is waited for.
    pub timeout: Duration,
    /// The language of the buttons below alerts; none without buttons.
    pub buttons: Option<Language>,
}

/// A Slack webhook.
#[derive(Clone)]
pub struct SlackTransport {
    client: reqwest::Client,
    url: Url,
    timeout: Duration,
    buttons: Option<Language>,
}

impl std::fmt::Debug for SlackTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SlackTransport").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl SlackTransport {
    pub(super) fn new(settings: &SlackSettings, client: &reqwest::Client) -> Result<Self, SetupError> {
        Ok(Self {
            client: client.clone(),
            url: http::address(&settings.url)?,
            timeout: settings.timeout,
            buttons: settings.buttons,
        })
    }

    pub(super) async fn send(&self, message: &Message, now: DateTime<Utc>) -> Result<Receipt, DeliveryError> {
        let request = self.client.post(self.url.clone()).json(&payload(message, self.buttons));
        let answer = http::exchange(request, self.timeout, now).await?;
        if !answer.status.is_success() {
            return Err(answer.error(&GONE));
        }
        // A 200 is no success yet (LESSONS 31).
        let body = answer.body.trim();
        let refused = match serde_json::from_str::<Value>(body) {
            Ok(json) if json["ok"] == true => return Ok(Receipt { answer: "ok".to_owned() }),
            Ok(json) => json["error"].as_str().unwrap_or("no `ok` in the answer").to_owned(),
            Err(_) if body == "ok" => return Ok(Receipt { answer: "ok".to_owned() }),
            Err(_) => "the answer is not `ok`".to_owned(),
        };
        let cause = format!("HTTP 200, but {refused}");
        Err(match refused.as_str() {
            "ratelimited" | "rate_limited" => DeliveryError::Hold { after: None, cause },
            "internal_error" | "fatal_error" | "service_unavailable" | "request_timeout" | "the answer is not `ok`" => {
                DeliveryError::Retry { cause }
            }
            _ => DeliveryError::GiveUp { cause },
        })
    }
}

/// The message as blocks, with `text` for notifications; `buttons` below what is about one request.
pub fn payload(message: &Message, buttons: Option<Language>) -> Value {
    let subject = escaped(&message.subject);
    let text: String = escaped(&message.text).chars().take(LONGEST_SECTION).collect();
    let mut blocks = vec![
        json!({ "type": "section", "text": { "type": "mrkdwn", "text": format!("*{subject}*") } }),
        json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } }),
    ];
    if let (Some(language), Some(request)) = (buttons, message.request) {
        blocks.push(actions(request, language));
    }
    json!({ "text": subject, "blocks": blocks })
}

/// The buttons that the mapping of Slack understands: take, put off, show.
fn actions(request: RequestId, language: Language) -> Value {
    let words = language.of(Both { en: ["I take it", "In 30 min", "Show"], es: ["Lo tomo", "En 30 min", "Ver"] });
    let elements = words.into_iter().zip(["ack", "snooze_30m", "show"]).map(|(word, action)| {
        json!({
            "type": "button",
            "action_id": action,
            "value": request.to_string(),
            "text": { "type": "plain_text", "text": word },
        })
    });
    json!({ "type": "actions", "elements": elements.collect::<Vec<_>>() })
}
