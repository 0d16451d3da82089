//! Something that one of the demo's receivers took, and the files that are kept of it.

use std::path::Path;

use chrono::{DateTime, Utc};
use mail_parser::MessageParser;
use serde_json::Value;

/// The name of the demo's channel in its file.
const CHANNEL: &str = "equipo-slack";
/// Letters of a file's name, besides the instant.
const LONGEST_NAME: usize = 60;

/// A message as it arrived.
#[derive(Debug, Clone)]
pub(super) struct Arrival {
    pub(super) at: DateTime<Utc>,
    pub(super) to: String,
    pub(super) subject: String,
    pub(super) content: Received,
    /// The file in which it lies as it came, from the folder on.
    pub(super) file: String,
}

/// What a reader sees of it.
#[derive(Debug, Clone)]
pub(super) enum Received {
    /// A whole page.
    Mail(String),
    /// Slack's document.
    Chat(Value),
}

impl Arrival {
    /// Of a mail; a full disk only costs the demo its files.
    pub(super) fn of_mail(at: DateTime<Utc>, to: &[String], data: &[u8], folder: &Path) -> Self {
        let mail = MessageParser::default().parse(data);
        let subject = mail.as_ref().and_then(|mail| mail.subject()).unwrap_or_default().to_owned();
        let page = mail.as_ref().and_then(|mail| mail.body_html(0)).unwrap_or_default().into_owned();
        let mut arrival = Self { at, to: to.join(", "), subject, content: Received::Mail(page), file: String::new() };
        arrival.file = keep(folder, &format!("mail/{}.eml", arrival.name()), data);
        arrival
    }

    /// Of a call by Slack's webhook.
    pub(super) fn of_chat(at: DateTime<Utc>, body: &[u8], folder: &Path) -> Self {
        let message: Value = serde_json::from_slice(body).unwrap_or_default();
        let subject = message["text"].as_str().unwrap_or_default().to_owned();
        let content = Received::Chat(message);
        let mut arrival = Self { at, to: CHANNEL.to_owned(), subject, content, file: String::new() };
        arrival.file = keep(folder, &format!("chat/{}.json", arrival.name()), body);
        arrival
    }

    /// The instant, the reader, the request and the subject's first words, as far as the name of a file takes them.
    fn name(&self) -> String {
        // The request stands at the end of a subject, in brackets.
        let request = self.subject.rsplit_once('[').and_then(|(_, rest)| rest.split(']').next()).unwrap_or_default();
        let words: String = format!("{}-{request}-{}", self.to, self.subject)
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '@' || c == '.' { c } else { '-' })
            .take(LONGEST_NAME)
            .collect();
        let (instant, thousandth) = (self.at.format("%Y%m%dT%H%M%S"), self.at.timestamp_subsec_millis());
        format!("{instant}-{thousandth:03}-{}", words.trim_end_matches('-'))
    }
}

fn keep(folder: &Path, name: &str, bytes: &[u8]) -> String {
    std::fs::write(folder.join(name), bytes).ok();
    name.to_owned()
}
