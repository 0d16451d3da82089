//! What systems share that take a message by one call, as JSON or as a form: the call, its answer, a second try in plainer form.

use std::borrow::Cow;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::{Client, Method, RequestBuilder, StatusCode, Url};
use serde_json::Value;
use unicode_segmentation::UnicodeSegmentation as _;

use super::http::{self, HttpAnswer};
use super::probe::{self, PeerProbe};
use super::provider::{Probing, Sender, Sending};
use super::{Card, DeliveryError, Message, Receipt};

/// One call.
#[derive(Debug, Clone, PartialEq)]
pub struct HookCall {
    /// `POST`, `PATCH`.
    pub method: Method,
    /// Where. It may hold a secret.
    pub url: Url,
    /// A bearer token or the whole of `Authorization`.
    pub authorization: Option<String>,
    /// What is sent; nothing where it is null. Of a form, an object of texts.
    pub body: Value,
    /// How that is written.
    pub encoding: Encoding,
    /// What the message is called from then on, where the caller names it and the peer does not.
    pub named: Option<String>,
}

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As JSON.
    Json,
    /// As the fields of a form.
    Form,
}

impl HookCall {
    /// A `POST` of JSON without authorization.
    pub const fn post(url: Url, body: Value) -> Self {
        Self { method: Method::POST, url, authorization: None, body, encoding: Encoding::Json, named: None }
    }

    /// The same with the body as a form.
    #[must_use]
    pub const fn form(mut self) -> Self {
        self.encoding = Encoding::Form;
        self
    }

    /// The same with a bearer token.
    #[must_use]
    pub fn bearer(mut self, token: &str) -> Self {
        self.authorization = Some(format!("Bearer {token}"));
        self
    }

    /// It as a request of that client.
    pub(super) fn request(self, client: &Client) -> RequestBuilder {
        let request = client.request(self.method, self.url);
        let request = match (self.encoding, &self.body) {
            (_, Value::Null) => request,
            (Encoding::Json, body) => {
                request.header("content-type", "application/json; charset=utf-8").body(body.to_string())
            }
            (Encoding::Form, body) => {
                request.header("content-type", "application/x-www-form-urlencoded").body(form_of(body))
            }
        };
        match self.authorization {
            Some(authorization) => request.header("authorization", authorization),
            None => request,
        }
    }
}

/// The members of an object as the fields of a form.
fn form_of(body: &Value) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in body.as_object().into_iter().flatten() {
        match value {
            Value::String(text) => form.append_pair(name, text),
            other => form.append_pair(name, &other.to_string()),
        };
    }
    form.finish()
}

/// In which form a message goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// With all that the system can show.
    Full,
    /// Without anything that may have been refused: markup, buttons, a topic.
    Plain,
}

/// What an answer means.
#[derive(Debug)]
pub enum Judged {
    /// The message is taken.
    Taken(Receipt),
    /// The peer does not like its form: send it once more, as plain as can be.
    Plainer(DeliveryError),
    /// What it goes on from is no more there: send it once more, as the first about its request.
    Afresh(DeliveryError),
    /// The place has moved, and the peer knows where to: send it once more.
    Moved(DeliveryError),
    /// What it would change cannot be changed any more: send it once more, as a message of its own.
    Apart(DeliveryError),
    /// It is not taken.
    Failed(DeliveryError),
}

impl Judged {
    /// What it comes to where nothing is sent once more.
    pub(super) fn result(self) -> Result<Receipt, DeliveryError> {
        match self {
            Self::Taken(receipt) => Ok(receipt),
            Self::Plainer(error)
            | Self::Afresh(error)
            | Self::Moved(error)
            | Self::Apart(error)
            | Self::Failed(error) => Err(error),
        }
    }
}

/// A system that takes a message by one call.
pub trait Peer: Send + Sync {
    /// The call for a message in that form.
    ///
    /// # Errors
    ///
    /// [`DeliveryError::GiveUp`] if the message cannot be put in its form.
    fn call(&self, message: &Message, form: Form) -> Result<HookCall, DeliveryError>;

    /// How it is looked at without a message.
    fn probe(&self) -> PeerProbe;

    /// Its name, as people know it.
    fn name(&self) -> &'static str;

    /// Whether it is this system that answers, by its documented form of success or of an error, and not what stands in its place: a
    /// page to log in, a sentence of a proxy.
    fn is_own(&self, answer: &HttpAnswer) -> bool;

    /// Whether an answer that is broken off began as success does: what was taken is never sent again.
    fn began_well(&self, answer: &HttpAnswer) -> bool;

    /// What an answer of its own means.
    fn judge(&self, answer: &HttpAnswer, now: DateTime<Utc>) -> Judged;
}

/// A peer ready to be called.
#[derive(Clone)]
pub struct Hook<P> {
    peer: P,
    client: Client,
    timeout: Duration,
}

impl<P> std::fmt::Debug for Hook<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hook").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl<P: Peer> Sender for Hook<P> {
    fn send<'a>(&'a self, message: &'a Message, now: DateTime<Utc>) -> Sending<'a> {
        Box::pin(self.deliver(message, now))
    }

    fn probe(&self, now: DateTime<Utc>) -> Probing<'_> {
        Box::pin(probe::ask(self.peer.probe(), self.peer.name(), &self.client, self.timeout, now))
    }
}

impl<P: Peer> Hook<P> {
    pub(super) const fn new(peer: P, client: Client, timeout: Duration) -> Self {
        Self { peer, client, timeout }
    }

    async fn deliver(&self, message: &Message, now: DateTime<Utc>) -> Result<Receipt, DeliveryError> {
        let (mut form, mut n_moves) = (Form::Full, 0);
        let mut message = Cow::Borrowed(message);
        loop {
            let call = self.peer.call(&message, form)?;
            let (sent, named) = (call.body.clone(), call.named.clone());
            let answer = http::exchange(call.request(&self.client), self.timeout, now).await?;
            match judge(&self.peer, &answer, now) {
                Judged::Taken(receipt) => return Ok(Receipt { reference: receipt.reference.or(named), ..receipt }),
                // What has no plainer form would only be refused again.
                Judged::Plainer(_) if form == Form::Full && self.peer.call(&message, Form::Plain)?.body != sent => {
                    form = Form::Plain;
                }
                Judged::Afresh(_) if message.first.is_some() && message.updates.is_none() => {
                    message.to_mut().first = None;
                }
                Judged::Moved(_) if n_moves == 0 => n_moves += 1,
                Judged::Apart(_) if message.updates.is_some() => message.to_mut().updates = None,
                judged => return judged.result(),
            }
        }
    }
}

/// What an answer means, whoever gave it.
pub(super) fn judge(peer: &impl Peer, answer: &HttpAnswer, now: DateTime<Utc>) -> Judged {
    let status = answer.status;
    if matches!(status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::URI_TOO_LONG) {
        let cause = format!("HTTP {}: the message is too large", status.as_u16());
        return Judged::Plainer(DeliveryError::GiveUp { cause });
    }
    if status == StatusCode::TOO_MANY_REQUESTS || peer.is_own(answer) {
        return peer.judge(answer, now);
    }
    if status.is_success() && peer.began_well(answer) {
        return Judged::Taken(Receipt::of(format!("HTTP {}, broken off", status.as_u16())));
    }
    Judged::Failed(answer.foreign(peer.name()))
}

/// Cuts a text to so many units, counted by `size`, with a mark where something is missing.
pub fn cut(text: &str, most: usize, size: impl Fn(char) -> usize) -> String {
    if text.chars().map(&size).sum::<usize>() <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(size('…'));
    let mut used = 0;
    // Letters as readers see them stay whole.
    let kept = text.graphemes(true).take_while(|letter| {
        used += letter.chars().map(&size).sum::<usize>();
        used <= room
    });
    let kept: String = kept.collect();
    format!("{}…", kept.trim_end())
}

/// A text whose marks of Markdown stand for themselves.
pub fn without_markdown(text: &str) -> String {
    let mut inert = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '\\' | '*' | '_' | '~' | '`' | '|' | '[' | ']' | '<' | '>' | '#') {
            inert.push('\\');
        }
        inert.push(letter);
    }
    inert
}

/// The same where `@channel` notifies everybody, which nobody's words do.
pub fn without_mentions(text: &str) -> String {
    without_markdown(text).replace('@', "@\u{200b}")
}

/// Buttons as Markdown, for systems that have none. Words and addresses are ours, or made fit for it.
pub fn markdown_links(card: &Card) -> String {
    card.links().map(|button| format!("[{}]({})", button.word, button.url)).collect::<Vec<_>>().join(" · ")
}

/// One unit a character.
pub const fn characters(_: char) -> usize {
    1
}

/// Units of UTF-16, by which Telegram counts.
pub const fn utf16(c: char) -> usize {
    c.len_utf16()
}

/// Bytes of UTF-8.
pub const fn bytes(c: char) -> usize {
    c.len_utf8()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_is_cut_with_a_mark_and_never_longer() {
        assert_eq!(cut("siete", 5, characters), "siete");
        assert_eq!(cut("siete", 4, characters), "sie…");
        assert_eq!(cut("día 🕐🕐", 7, utf16), "día 🕐…");
        assert_eq!(cut("ñandú", 6, bytes), "ña…");
        for most in 3..20 {
            assert!(cut("ñandú 🕐 ñandú 🕐", most, bytes).len() <= most);
        }
    }
}
