//! ClickUp (developer.clickup.com): a task, made once for a request; later steps are comments on it.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{StatusCode, Url};
use serde_json::{Map, Value, json};

use super::hook::{Call, Form, Judged, Peer, characters, cut};
use super::http::{Answer, word};
use super::{DeliveryError, Message, Receipt, Tone};
use crate::secret::Secret;

const LONGEST_NAME: usize = 250;
const LONGEST_TEXT: usize = 8_000;
const GONE: [StatusCode; 3] = [StatusCode::BAD_REQUEST, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND];

/// A list.
#[derive(Clone)]
pub struct ClickUp {
    pub(super) base: String,
    pub(super) token: Secret,
    pub(super) list: String,
    /// What a new task has besides, such as `assignees`.
    pub(super) fields: Map<String, Value>,
}

impl Peer for ClickUp {
    fn call(&self, message: &Message, _: Form) -> Result<Call, DeliveryError> {
        let (path, body) = match message.updates.as_ref().or(message.first.as_ref()) {
            Some(task) => (format!("task/{task}/comment"), comment(message)),
            None => (format!("list/{}/task", self.list), self.task(message)),
        };
        let url = Url::parse(&format!("{}/api/v2/{path}", self.base));
        let url = url.map_err(|_| DeliveryError::GiveUp { cause: "the address is malformed".to_owned() })?;
        Ok(Call { authorization: Some(self.token.expose().to_owned()), ..Call::post(url, body) })
    }

    fn name(&self) -> &'static str {
        "ClickUp"
    }

    fn is_own(&self, answer: &Answer) -> bool {
        let json = answer.json();
        if answer.status.is_success() {
            word(&json["id"]).is_some()
        } else {
            json["ECODE"].is_string() || json["err"].is_string()
        }
    }

    fn began_well(&self, answer: &Answer) -> bool {
        answer.is_cut_after("{\"id\":")
    }

    fn judge(&self, answer: &Answer, now: DateTime<Utc>) -> Judged {
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
