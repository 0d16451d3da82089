//! A mapping as its file writes it. What it means is `compile`'s business.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub title: String,
    pub channel: Option<String>,
    pub guide: Option<String>,
    pub notes: Option<Texts>,
    pub needs: Vec<String>,
    pub form: bool,
    pub form_json: Option<String>,
    pub content_types: Option<Vec<String>>,
    pub columns: BTreeMap<String, Vec<String>>,
    pub answer: Option<Answer>,
    pub signature: Option<Signature>,
    pub challenge: Vec<Challenge>,
    pub event: Vec<Event>,
    pub ignore: Vec<Ignore>,
    pub alarm: Vec<Alarm>,
    pub reply: Vec<Reply>,
    pub socket: Option<Socket>,
    pub api: Option<Api>,
    pub fetch: Vec<Fetch>,
    pub poll: Vec<Poll>,
    pub subscription: Vec<Subscription>,
    pub write: Option<Write>,
}

/// A text in both languages.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Texts {
    pub en: String,
    pub es: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    pub status: Option<u16>,
    pub body: Option<String>,
    #[serde(rename = "type")]
    pub content_type: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signature {
    pub algorithm: String,
    pub header: Option<String>,
    #[serde(default)]
    pub prefix: String,
    pub separator: Option<String>,
    #[serde(default)]
    pub encoding: Option<String>,
    #[serde(default)]
    pub signed: Vec<String>,
    pub secret: Option<String>,
    #[serde(default)]
    pub refused_secrets: Vec<String>,
    pub each: Option<String>,
    pub member: Option<String>,
    pub parameter: Option<String>,
    #[serde(default)]
    pub in_path: bool,
    #[serde(default)]
    pub optional: bool,
    pub time: Option<Time>,
    #[serde(default)]
    pub claims: BTreeMap<String, String>,
    pub tolerance: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Time {
    pub header: String,
    pub format: String,
    pub tolerance: String,
    #[serde(default)]
    pub optional: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Challenge {
    pub method: String,
    pub when: String,
    pub proof: String,
    pub token: Option<String>,
    pub answer: String,
}

/// A rule for events. Whatever is not named here is a field of the event.
#[derive(Debug, Deserialize)]
pub(super) struct Event {
    pub name: Option<String>,
    pub on: Option<String>,
    #[serde(default)]
    pub each: Vec<String>,
    pub when: Option<String>,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(flatten)]
    pub fields: BTreeMap<String, toml::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ignore {
    pub on: Option<String>,
    #[serde(default)]
    pub each: Vec<String>,
    pub when: Option<String>,
    pub why: Texts,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Alarm {
    pub on: Option<String>,
    #[serde(default)]
    pub each: Vec<String>,
    pub when: Option<String>,
    pub id: String,
    pub text: Texts,
}

/// What is answered to a button of an alert.
#[derive(Debug, Deserialize)]
pub(super) struct Reply {
    #[serde(default)]
    pub each: Vec<String>,
    pub when: Option<String>,
    #[serde(flatten)]
    pub fields: BTreeMap<String, toml::Value>,
}

/// A connection that plazo opens, by which the source tells what happens.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Socket {
    pub kind: String,
    pub open: String,
    /// Of a channel: its address, and how topics are asked for, both read from the answer to `open`.
    pub address: Option<String>,
    pub subscribe: Option<Call>,
    pub closing: Option<String>,
}

/// A call of the API: expressions for a path and a body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    pub path: String,
    pub body: String,
}

/// Something that must exist over there so that calls come, and ends unless it is renewed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Subscription {
    pub name: String,
    #[serde(default)]
    pub each: Vec<String>,
    pub when: Option<String>,
    pub id: String,
    pub create: Call,
    pub renew: Call,
    pub held: String,
    pub until: String,
    pub again: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Api {
    pub base: Option<String>,
    pub auth: Option<String>,
    /// Of OAuth2 client credentials: where tokens are had, and for what.
    pub token_url: Option<String>,
    pub scope: Option<String>,
    /// Where the client's id and secret go: `body` or `header`.
    pub credentials: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fetch {
    pub name: String,
    pub on: Option<String>,
    #[serde(default)]
    pub each: Vec<String>,
    pub when: Option<String>,
    pub id: String,
    pub path: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Poll {
    pub name: String,
    pub every: String,
    pub path: String,
    pub body: Option<String>,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    pub failed: Option<String>,
    pub cursor: Option<String>,
    pub next: Option<String>,
}

/// How plazo writes back: a section of its own, with a list of calls for each deed.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Write {
    pub needs: Vec<String>,
    pub base: Option<String>,
    pub auth: Option<String>,
    /// Of OAuth2: where tokens are had, and for what.
    pub token_url: Option<String>,
    pub scope: Option<String>,
    pub form: String,
    pub longest: Option<usize>,
    pub per_minute: Option<u32>,
    pub ticket: BTreeMap<String, String>,
    pub person: Option<String>,
    pub priorities: BTreeMap<String, serde_json::Value>,
    pub account: Option<Account>,
    pub echo: Echo,
    pub note: Vec<WriteStep>,
    pub look: Vec<WriteStep>,
    pub tag: Vec<WriteStep>,
    pub untag: Vec<WriteStep>,
    pub assign: Vec<WriteStep>,
    pub priority: Vec<WriteStep>,
    pub answer: Vec<AnswerRule>,
}

/// How plazo asks who it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Account {
    pub path: String,
    pub words: String,
}

/// How plazo's own acts are known when they come back.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Echo {
    pub note_by: Option<String>,
    pub note_id: Option<String>,
    pub change_by: Option<String>,
}

/// One call of a deed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WriteStep {
    pub name: Option<String>,
    pub when: Option<String>,
    pub each: Option<String>,
    pub call: String,
    pub path: String,
    pub body: Option<String>,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    pub there: Option<String>,
    pub expect: Option<String>,
    pub why: Option<String>,
    pub moot: Option<String>,
    pub reference: Option<String>,
    pub next: Option<String>,
}

/// What an answer means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerRule {
    pub when: String,
    pub class: String,
    pub after: Option<String>,
    #[serde(default)]
    pub look_first: bool,
    #[serde(default)]
    pub moved: BTreeMap<String, String>,
}
