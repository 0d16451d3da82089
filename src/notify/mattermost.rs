//! Mattermost and Rocket.Chat by their incoming webhooks (developers.mattermost.com, "Incoming webhooks"; docs.rocket.chat,
//! "Integrations").

use chrono::{DateTime, Utc};
use reqwest::{StatusCode, Url};
use serde_json::{Value, json};

use super::hook::{Call, Form, Judged, Peer, characters, cut, markdown_links, without_markdown};
use super::http::Answer;
use super::{BUTTONS, DeliveryError, Message, Receipt, Tone};

/// Statuses after which the hook will not come back.
const GONE: [StatusCode; 4] =
    [StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND];

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Mattermost: 16,383 characters.
    Mattermost,
    /// Rocket.Chat: 5,000 characters by default.
    RocketChat,
}

impl Dialect {
    const fn longest(self) -> usize {
        match self {
            Self::Mattermost => 16_000,
            Self::RocketChat => 4_900,
        }
    }
}

/// A hook of one of them.
#[derive(Debug, Clone)]
pub struct Mattermost {
    pub(super) url: Url,
    pub(super) dialect: Dialect,
}

impl Peer for Mattermost {
    fn call(&self, message: &Message, form: Form) -> Result<Call, DeliveryError> {
        Ok(Call::post(self.url.clone(), payload(message, self.dialect, form)))
    }

    fn name(&self) -> &'static str {
        match self.dialect {
            Dialect::Mattermost => "Mattermost",
            Dialect::RocketChat => "Rocket.Chat",
        }
    }

    fn is_own(&self, answer: &Answer) -> bool {
        let json = answer.json();
        match self.dialect {
            Dialect::Mattermost if answer.status.is_success() => answer.body == "ok",
            Dialect::Mattermost => json["id"].is_string() && json["message"].is_string(),
            Dialect::RocketChat => json["success"].is_boolean() || json["error"].is_string(),
        }
    }

    fn began_well(&self, answer: &Answer) -> bool {
        match self.dialect {
            Dialect::Mattermost => answer.is_cut_after("ok"),
            Dialect::RocketChat => answer.is_cut_after("{\"success\":true"),
        }
    }

    fn judge(&self, answer: &Answer, _: DateTime<Utc>) -> Judged {
        let body = answer.json();
        if body["error"] == "error-message-size-exceeded" {
            let cause = "the message is longer than that server allows".to_owned();
            return Judged::Plainer(DeliveryError::GiveUp { cause });
        }
        if answer.status.is_success() && (self.dialect == Dialect::Mattermost || body["success"] == true) {
            return Judged::Taken(Receipt::of(format!("HTTP {}", answer.status)));
        }
        if answer.status.is_success() {
            let said = body["error"].as_str().unwrap_or("success: false");
            let cause = format!("HTTP 200, but {}", cut(said, 80, characters));
            let is_busy = said.contains("too-many-requests");
            return Judged::Failed(if is_busy {
                DeliveryError::Hold { after: None, cause }
            } else {
                DeliveryError::GiveUp { cause }
            });
        }
        // Switched off over there, for every message alike.
        if body["id"] == "web.incoming_webhook.disabled.app_error" {
            let cause = "Mattermost has incoming webhooks switched off".to_owned();
            return Judged::Failed(DeliveryError::Hold { after: None, cause });
        }
        Judged::Failed(answer.error(&GONE))
    }
}

fn payload(message: &Message, dialect: Dialect, form: Form) -> Value {
    let heading = inert(message.heading());
    let text = if form == Form::Plain { String::new() } else { inert(&message.body()) };
    let links = markdown_links(&message.card.buttons);
    match dialect {
        Dialect::Mattermost => {
            let text = cut(&format!("#### {heading}\n{text}"), dialect.longest() - 2_000, characters);
            let text = if links.is_empty() { text } else { format!("{text}\n{links}") };
            json!({ "username": "plazo", "text": text })
        }
        Dialect::RocketChat => {
            let text = cut(&text, dialect.longest() / 2 - 1_200, characters);
            let mut attachment = json!({
                "text": if links.is_empty() { text } else { format!("{text}\n{links}") },
                "color": color(message.card.tone),
            });
            if let Some(show) = &message.card.show {
                attachment["title"] = message.language.of(BUTTONS)[3].into();
                attachment["title_link"] = show.clone().into();
            }
            json!({
                "alias": "plazo",
                "text": cut(&heading, dialect.longest() / 3, characters),
                "attachments": if form == Form::Plain { json!([]) } else { json!([attachment]) },
            })
        }
    }
}

/// Nobody's words notify anybody (`@channel`), or are Markdown.
fn inert(text: &str) -> String {
    without_markdown(text).replace('@', "@\u{200b}")
}

const fn color(tone: Tone) -> &'static str {
    match tone {
        Tone::Breach => "#C0271D",
        Tone::Warning => "#C98500",
        Tone::Done => "#2E7D32",
        Tone::Neutral => "#24619B",
    }
}
