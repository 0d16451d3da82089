//! What `sla.toml` says, word for word, with the place of each word. What it means is `resolve`'s business.
//!
//! Everything is optional here: what must not be missing is told by `resolve`, which can say why.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

pub use super::destination::Destination;
pub use crate::written::{At, OneOrMany, SecretRef, WordOr, WordOrList};

pub(super) type Words = OneOrMany<At<String>>;
/// Hours by day or date.
type ByDay = BTreeMap<At<String>, Words>;
type Named<T> = BTreeMap<At<String>, At<T>>;

/// The whole file.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Raw {
    /// Language of alerts where a person gives none: "es" or "en".
    pub language: Option<At<String>>,
    /// IANA zone of calendars that give none, such as "America/Bogota".
    pub timezone: Option<At<String>>,
    /// Who is told of plazo's own troubles: a person or a destination.
    pub operator: Option<At<String>>,
    /// The HTTP interface.
    pub http: Option<At<Http>>,
    /// The mail server through which alerts go. Without it they are written as files.
    pub smtp: Option<At<Smtp>>,
    /// How alerts are sent.
    pub alerts: Option<At<Alerts>>,
    /// What counts as an answer.
    pub answers: Option<At<Answers>>,
    /// Working hours, by name. "always" is there without being written.
    pub calendar: Named<Calendar>,
    /// People, by key.
    pub person: Named<Person>,
    /// Teams, by key.
    pub team: Named<Team>,
    /// Who stands above the leads.
    pub roles: Option<At<Roles>>,
    /// Clients that need naming, by key.
    pub customer: Named<Customer>,
    /// Where alerts can go besides people's mail, by name.
    pub destination: Named<Destination>,
    /// The promises, read from top to bottom.
    pub policy: Vec<At<Policy>>,
    /// Ladders, by name: who is told, and when.
    pub escalation: BTreeMap<At<String>, At<Vec<At<Step>>>>,
    /// Lists sent each working morning, by name.
    pub daily: Named<Daily>,
    /// Systems that tell plazo what happens, by name. Each calls `/hooks/NAME`.
    pub source: Named<Source>,
    /// Mailboxes that are read by IMAP, by name.
    pub mailbox: Named<Mailbox>,
    /// Files beside this one that say who is who, such as "clientes.csv".
    pub directory: Vec<At<String>>,
    /// Rotations of people on duty, by name.
    pub rota: Named<Rota>,
    /// Inboxes that need naming, by key.
    pub inbox: Named<Inbox>,
    /// Rules that judge what is done, by name.
    pub check: Named<Check>,
    /// Through which stages a formal claim goes.
    pub claim: Option<At<Claim>>,
    /// Tags that mean something, by name.
    pub tag: Named<Tag>,
    /// Kinds of waiting, by key: for the client, a supplier, the carrier.
    pub wait: Named<Wait>,
    /// Why promises break, by key: a closed list.
    pub reasons: Named<BreachReason>,
    /// Reports, by name: what is sent when, and what it is measured by.
    pub report: Named<Report>,
    /// Templates of your own.
    pub texts: Option<At<Texts>>,
    /// An address that is called while all is well, so that somebody else notices when plazo does not run.
    pub heartbeat: Option<At<Heartbeat>>,
    /// How long what plazo knows is kept.
    pub retention: Option<At<Retention>>,
    /// A PostgreSQL that several daemons share, in the place of a file in the data directory.
    pub store: Option<At<Store>>,
}

/// A PostgreSQL that several daemons share.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Store {
    /// Its address without a password, such as "postgres://plazo@db.example.net/plazo", or where it is kept.
    pub url: Option<At<WordOr<SecretRef>>>,
    /// Where the user's password is kept.
    pub password: Option<At<SecretRef>>,
    /// "here" where this file is the one that all daemons go by as soon as it is saved; else they go by the last one that `plazo apply` took.
    pub file: Option<At<String>>,
}

/// People who are on duty in turn.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rota {
    /// Keys of people, in the order of their turns.
    pub people: Vec<At<String>>,
    /// When turns change: each week, "mon 08:00", or each day, "08:00".
    pub handover: Option<At<String>>,
    /// The day on which the first one's turn begins, such as "2026-01-05".
    pub since: Option<At<String>>,
    /// IANA zone; the file's where it is left out.
    pub timezone: Option<At<String>>,
    /// Of a daily one: turns change on its working days only.
    pub calendar: Option<At<String>>,
    /// Who is on duty at certain times whatever the turns say.
    pub overrides: Vec<At<Override>>,
    /// Who is away, and who stands in.
    pub away: Vec<At<Away>>,
}

/// Somebody on duty out of turn.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Override {
    /// From when, such as "2026-12-24 08:00".
    pub from: Option<At<String>>,
    /// Until when.
    pub until: Option<At<String>>,
    /// Key of the person.
    pub person: Option<At<String>>,
}

/// Somebody away.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Away {
    /// Key of the person.
    pub person: Option<At<String>>,
    /// The first day, such as "2026-12-20".
    pub from: Option<At<String>>,
    /// The last day.
    pub until: Option<At<String>>,
    /// Who stands in; the next in turn where it is left out.
    pub substitute: Option<At<String>>,
}

/// Templates of your own.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Texts {
    /// The directory beside this file that holds them, such as "textos".
    pub directory: Option<At<String>>,
}

/// An address that is called while all is well.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Heartbeat {
    /// The address, or where it is kept.
    pub url: Option<At<WordOr<SecretRef>>>,
    /// How often, such as "1m".
    pub every: Option<At<String>>,
    /// Whether the address may lie inside of the house.
    pub private: Option<At<bool>>,
}

/// The HTTP interface.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Address and port. Another than loopback is refused until a token exists.
    pub listen: Option<At<String>>,
    /// The address at which readers of alerts reach plazo, such as `https://plazo.agencia.example`: alerts then have links.
    pub public_url: Option<At<String>>,
}

/// The mail server through which alerts go.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Smtp {
    /// Its name or address.
    pub host: Option<At<String>>,
    /// Its port: 587 with STARTTLS, 465 with TLS, 25 without.
    pub port: Option<At<u16>>,
    /// "starttls", "tls" or "none".
    pub tls: Option<At<String>>,
    /// User name.
    pub user: Option<At<String>>,
    /// Where the password is kept.
    pub password: Option<At<SecretRef>>,
    /// Sender, such as "plazo <plazo@agencia.example>".
    pub from: Option<At<String>>,
    /// Destinations that are told what mail could not, in order.
    pub fallback: Option<Words>,
}

/// How alerts are sent.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Alerts {
    /// Whether what fell due while plazo was down comes to each person as one message.
    pub gather: Option<At<bool>>,
    /// Requests that a change of this file may alert at once; above it, each person gets one summary.
    pub summary_above: Option<At<u32>>,
    /// How long a message that cannot be delivered is tried again, such as "24h".
    pub retry_for: Option<At<String>>,
    /// Messages on their way at a time.
    pub in_flight: Option<At<u16>>,
    /// After a message, how long further ones to the same reader are gathered, such as "2m"; "0s" gathers none.
    pub window: Option<At<String>>,
    /// After a change of owner, inbox, tag or priority, how long what it broke waits to be told, such as "1m".
    pub settle: Option<At<String>>,
    /// How long taking a request keeps its ladder still, such as "2h"; for ever where it is left out.
    pub ack_expires: Option<At<String>>,
    /// How long links in alerts work, such as "3 days" or "72h".
    pub links_expire: Option<At<String>>,
    /// The rota that is told of a client's broken promise where whoever should be does not work.
    pub on_duty: Option<At<String>>,
}

/// What counts as an answer.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Answers {
    /// Regular expressions of texts that say nothing, compared without regard to case.
    pub says_nothing: Vec<At<String>>,
    /// Whether clients' thanks, farewells, "ok" and thumbs start no clock, in Spanish, Portuguese and English.
    pub asks_nothing: Option<At<bool>>,
    /// Phrases of your clients that ask for nothing either, such as "tan amable".
    pub courtesies: Vec<At<String>>,
}

/// Working hours.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Calendar {
    /// IANA zone; the file's where it is left out.
    pub timezone: Option<At<String>>,
    /// Hours by day or days, such as { mon-fri = ["08:00-12:00", "13:00-18:00"] }, or "24x7".
    pub hours: Option<At<WordOr<ByDay>>>,
    /// Days without hours, with their names: countries ("CO"), .ics files beside this one ("feriados.ics"), or dates.
    pub holidays: Vec<At<String>>,
    /// Dates without hours, such as "2026-12-24".
    pub closed: Vec<At<String>>,
    /// Dates with hours of their own, such as { 2026-12-19 = ["08:00-12:00"] }.
    pub open: ByDay,
}

/// Somebody of the house.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Person {
    /// Name as people write it.
    pub name: Option<At<String>>,
    /// Where alerts go.
    pub email: Option<At<String>>,
    /// Further addresses, numbers and user ids by which channels know this person.
    pub addresses: Vec<At<String>>,
    /// "es" or "en".
    pub language: Option<At<String>>,
    /// By what this person is told: "email", or destinations, each by its name or as { by = "slack", hours = "oficina" }. Email where it is
    /// left out.
    pub notify: Option<WordOrList<Way>>,
    /// Address of this person at destinations that have one for each, such as { telegram = "700000005" }, and id at sources into which plazo
    /// writes back.
    pub reach: BTreeMap<At<String>, At<String>>,
    /// Calendar of this person's hours: outside of them, what may wait waits.
    pub hours: Option<At<String>>,
    /// Time of day of a summary that takes the place of single alerts, such as "17:00".
    pub summary: Option<At<String>>,
    /// When this person is away, and who stands in.
    pub away: Vec<At<Absence>>,
}

/// A way on which somebody is told at certain hours.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Way {
    /// "email", or a destination.
    pub by: Option<At<String>>,
    /// Calendar of the hours in which it is used.
    pub hours: Option<At<String>>,
    /// Calendar of the hours outside of which it is used.
    pub outside: Option<At<String>>,
    /// The step of a ladder from which it is used: "due", "+30m". A telephone's is "due" where it is left out.
    pub from: Option<At<String>>,
}

/// When somebody is away.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Absence {
    /// The first day, or from when: "2026-12-20", "2026-12-20 14:00".
    pub from: Option<At<String>>,
    /// The last day, or until when.
    pub until: Option<At<String>>,
    /// Key of whoever stands in; the lead of the team where it is left out.
    pub substitute: Option<At<String>>,
}

/// People who work together.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Team {
    /// Name as people write it.
    pub name: Option<At<String>>,
    /// Key of its lead.
    pub lead: Option<At<String>>,
    /// Keys of its people.
    pub members: Vec<At<String>>,
    /// Whether its people may answer clients.
    pub answers_clients: Option<At<bool>>,
}

/// A mailbox that is read by IMAP.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Mailbox {
    /// Name or address of its server.
    pub host: Option<At<String>>,
    /// Its port: 993 with TLS, 143 with STARTTLS or without.
    pub port: Option<At<u16>>,
    /// "tls", "starttls" or "none".
    pub tls: Option<At<String>>,
    /// A file with the certificates that are trusted instead of the system's.
    pub ca: Option<At<String>>,
    /// User name.
    pub user: Option<At<String>>,
    /// Where the password is kept.
    pub password: Option<At<SecretRef>>,
    /// Instead of a password: OAuth 2, as Outlook and Gmail ask.
    pub oauth: Option<At<OAuth>>,
    /// Folders to read, the sent mail among them so that answers are seen; "INBOX" where it is left out.
    pub folders: Option<Words>,
    /// Addresses of the house besides people's: "soporte@agencia.example", "@agencia.example".
    pub addresses: Vec<At<String>>,
    /// Mail servers whose word counts on who wrote a mail, as they name themselves in Authentication-Results: "mx.google.com".
    /// Without one, mail that bears an address of the house stops no clock unless it lies in a folder of what was sent.
    pub trusts: Option<Words>,
    /// Folders among those read that hold what was sent, where the server does not mark them: "Enviados".
    pub sent: Option<Words>,
    /// Inbox of its requests.
    pub inbox: Option<At<String>>,
    /// Tags of its requests.
    pub tags: Vec<At<String>>,
    /// What happened before that day is told to nobody, such as "2026-11-01".
    pub ignore_before: Option<At<String>>,
    /// How long it may be silent before the operator is told, such as "2h", "never" or "unusual".
    pub silent_after: Option<At<String>>,
    /// Whose hours count for that; "always" where it is left out.
    pub calendar: Option<At<String>>,
}

/// How plazo gets a token for a mailbox (XOAUTH2).
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OAuth {
    /// Where tokens are had.
    pub token_url: Option<At<String>>,
    /// Where the client's id is kept.
    pub client_id: Option<At<SecretRef>>,
    /// Where the client's secret is kept.
    pub client_secret: Option<At<SecretRef>>,
    /// Where the refresh token is kept; without one, the client asks for itself.
    pub refresh_token: Option<At<SecretRef>>,
    /// What the token is for.
    pub scope: Option<At<String>>,
}

/// How long what plazo knows is kept, such as "90 days" or "5 years"; for ever where nothing is said.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// What people wrote, after their request ended; "none" keeps no words at all, only their length, a hash and what the checks found.
    pub words: Option<At<String>>,
    /// Entries of what happened to a request, after it ended.
    pub journal: Option<At<String>>,
    /// What was told.
    pub deliveries: Option<At<String>>,
    /// Requests, after they ended, with all that belongs to them.
    pub requests: Option<At<String>>,
    /// Messages that were written as files.
    pub copies: Option<At<String>>,
    /// Room on the disk that is for others, such as "5 GB": plazo goes on as if it were not there.
    pub keep_free: Option<At<String>>,
}

/// A system that tells plazo what happens.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Source {
    /// A mapping that plazo brings along, such as "whatsapp-cloud".
    pub preset: Option<At<String>>,
    /// Or a mapping of your own: a file beside this one, such as "mi-crm.toml".
    pub mapping: Option<At<String>>,
    /// Where the secret is kept by which it signs.
    pub secret: Option<At<SecretRef>>,
    /// The secret before this one, while both are in use.
    pub previous_secret: Option<At<SecretRef>>,
    /// Where the word is kept by which it proves itself in a handshake.
    pub verify: Option<At<SecretRef>>,
    /// Whether it may come without a signature, where the system cannot sign.
    pub unsigned: Option<At<bool>>,
    /// The address at which it calls, where the signature covers that.
    pub public_url: Option<At<String>>,
    /// What the mapping wants to know of your account, such as { zone = "America/Bogota" }.
    pub set: BTreeMap<String, serde_json::Value>,
    /// Channel of its requests.
    pub channel: Option<At<String>>,
    /// Inbox of its requests.
    pub inbox: Option<At<String>>,
    /// Client of its requests.
    pub customer: Option<At<String>>,
    /// "client" or "internal".
    pub audience: Option<At<String>>,
    /// "request", "task", "claim" or "call".
    pub kind: Option<At<String>>,
    /// Tags of its requests.
    pub tags: Vec<At<String>>,
    /// Another source of the file that tells the same by the same ids, so that what both tell is heard once.
    pub same_as: Option<At<String>>,
    /// What happened before that day is told to nobody, such as "2026-11-01".
    pub ignore_before: Option<At<String>>,
    /// Calls a second that are let in.
    pub rate: Option<At<u32>>,
    /// How long it may be silent before the operator is told, such as "2h", "never" or "unusual".
    pub silent_after: Option<At<String>>,
    /// Whose hours count for that; "always" where it is left out.
    pub calendar: Option<At<String>>,
    /// Address of the API behind it.
    pub api: Option<At<String>>,
    /// Whether that address may lie inside of the house.
    pub private: Option<At<bool>>,
    /// Where the token of that API is kept.
    pub token: Option<At<SecretRef>>,
    /// Where a second token is kept: of Slack's Socket Mode, of GLPI's application.
    pub app_token: Option<At<SecretRef>>,
    /// Of OAuth 2: the client's id.
    pub client_id: Option<At<SecretRef>>,
    /// Of OAuth 2: where the client's secret is kept.
    pub client_secret: Option<At<SecretRef>>,
    /// Ids and addresses of the account by which plazo writes back there, its id first; asked for where it is left out.
    pub write_as: Option<Words>,
    /// Destinations that are told in order what could not be noted there.
    pub write_fallback: Option<Words>,
}

/// Who stands above the leads: people or destinations.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs, reason = "each is the role of the same name")]
pub struct Roles {
    pub supervisor: Option<Words>,
    pub back_office: Option<Words>,
    pub management: Option<Words>,
}

/// A client.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Customer {
    /// Name as people write it.
    pub name: Option<At<String>>,
    /// Addresses of its people; "@cliente.example" is a whole domain.
    pub addresses: Vec<At<String>>,
    /// Priority of its requests, such as "high".
    pub priority: Option<At<String>>,
    /// Addresses that must be in copy of every answer by email.
    pub copy: Vec<At<String>>,
    /// With whom it is followed up: its owner, or whom the owner names.
    pub contact: Option<At<String>>,
}

/// An inbox.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Inbox {
    /// Whether conversations come in here to be put elsewhere: the promise `classify` runs while they lie in it.
    pub entry: Option<At<bool>>,
    /// Tags, or kinds of request, of what belongs here; anything where it is left out.
    pub takes: Option<Words>,
}

/// A rule that judges what is done. Which keys it has depends on its name.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Check {
    /// Id of the written rule; the usual one where it is left out.
    pub rule: Option<At<String>>,
    /// The requests for which it holds; every one where it is left out.
    #[serde(rename = "match")]
    pub matcher: Option<At<Match>>,
    /// Who is told; a ladder's name. Owner and lead, in the next gathered message, where it is left out.
    pub escalation: Option<At<String>>,
    /// Of same_thread: whether an answer outside of the thread is none.
    pub required: Option<At<bool>>,
    /// Of official: the channels in which clients are spoken with.
    pub channels: Option<Words>,
    /// Of log: what an entry must tell. Of associated: what must be known: "contact", "customer", "ticket".
    pub requires: Option<Words>,
    /// Of associated: inboxes in which a ticket must be known too.
    pub ticket_in: Option<Words>,
    /// Of calls: how many requests a call deals with. Of parking: how often a request may be parked.
    pub at_most: Option<At<u32>>,
    /// Of calls: how many when the line is busy.
    pub when_busy: Option<At<u32>>,
    /// Of comment and outside: the tags that make it necessary.
    pub tags: Option<Words>,
    /// Of closing: what a client says who needs no more help. Of wording: what must not be promised. Of comes_back: what somebody
    /// says who will come back to it. Regular expressions; case, accents and spacing make no difference.
    pub phrases: Option<Words>,
    /// Of wording: tags of requests to which it may be promised.
    pub unless_tags: Option<Words>,
}

/// How a formal claim is handled.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Claim {
    /// Its stages, in their order.
    pub stages: Vec<At<Stage>>,
}

/// A stage of a formal claim.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Stage {
    /// Its name.
    pub name: Option<At<String>>,
    /// Who owns a claim in it: a role, a person or a rota.
    pub owner: Option<At<String>>,
    /// How long a claim may stay in it.
    pub within: Option<At<String>>,
    /// Whose hours count; "always" where it is left out.
    pub calendar: Option<At<String>>,
    /// Who is told; a ladder's name.
    pub escalation: Option<At<String>>,
    /// "number": the claim's number must be known before it leaves the stage.
    pub needs: Option<At<String>>,
    /// Id of the written rule that this keeps.
    pub rule: Option<At<String>>,
}

/// A kind of waiting.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Wait {
    /// Name as people write it.
    pub name: Option<At<String>>,
    /// Promises that stand still meanwhile, such as ["deliver", "activity"]; [] lets all run on. As for the client where it is left out.
    pub stops: Option<Vec<At<String>>>,
    /// How long may be waited at most: "3 working days", "48h".
    pub at_most: Option<At<String>>,
    /// Whose hours count for that; "always" where it is left out.
    pub calendar: Option<At<String>>,
    /// Who is told when it takes too long; a ladder's name.
    pub escalation: Option<At<String>>,
    /// Id of the written rule that this keeps, seen in alerts.
    pub rule: Option<At<String>>,
}

/// A reason for which promises break.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BreachReason {
    /// Name as people write it.
    pub name: Option<At<String>>,
    /// Whether it takes the breach out of the figures.
    pub excluded: Option<At<bool>>,
    /// Who must agree to that: roles, people or teams. Nobody where it is left out.
    pub approval: Option<Words>,
}

/// A tag that means something.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tag {
    /// The priority of a request that gets it.
    pub priority: Option<At<String>>,
}

/// The promises for one kind of request.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs, reason = "each target is told in docs/sla-toml.md")]
pub struct Policy {
    /// Its name, seen in alerts.
    pub name: Option<At<String>>,
    /// Which requests it is for; every one where it is left out.
    #[serde(rename = "match")]
    pub matcher: Option<At<Match>>,
    /// Team whose lead is told where a request has no owner.
    pub team: Option<At<String>>,
    pub reply: Option<At<WordOr<Target>>>,
    pub first_reply: Option<At<WordOr<Target>>>,
    pub acknowledge: Option<At<WordOr<Target>>>,
    pub deliver: Option<At<WordOr<Target>>>,
    pub assign: Option<At<WordOr<Target>>>,
    pub answer: Option<At<WordOr<Target>>>,
    pub classify: Option<At<WordOr<Target>>>,
    pub activity: Option<At<WordOr<Target>>>,
    pub follow_up: Option<At<WordOr<Target>>>,
    pub replica: Option<At<WordOr<Target>>>,
    pub log: Option<At<WordOr<Target>>>,
    pub appointment: Option<At<WordOr<Target>>>,
    pub call_back: Option<At<WordOr<Target>>>,
    pub window: Option<At<WordOr<Target>>>,
    pub contingency: Option<At<WordOr<Target>>>,
    pub attend: Option<At<WordOr<Target>>>,
    /// Template of the reply that its alerts carry, instead of the usual one, such as "reply-web-version".
    pub text: Option<At<String>>,
}

/// Which requests a policy is for. Each key may list several values.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs, reason = "each is the field of the same name of the event JSON")]
pub struct Match {
    pub channel: Option<Words>,
    /// "client" or "internal".
    pub audience: Option<At<String>>,
    pub inbox: Option<Words>,
    pub team: Option<Words>,
    pub customer: Option<Words>,
    pub priority: Option<Words>,
    /// "request", "task", "claim" or "call".
    pub kind: Option<Words>,
    pub tags: Option<Words>,
    /// Of a formal claim: its stage.
    pub stage: Option<Words>,
}

/// One promise.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Target {
    /// How long: "20m", "48h" of the calendar's hours, "2 working days", "4 days".
    pub within: Option<At<String>>,
    /// Instead of `within`: due at the opening of that day, the day of the start being day 0.
    pub on_day: Option<At<u32>>,
    /// How `on_day` counts: "working" days or "calendar" days.
    pub count: Option<At<String>>,
    /// Soft limit: the first warning goes out then.
    pub aim: Option<At<String>>,
    /// Nothing is alerted before.
    pub floor: Option<At<String>>,
    /// Whose hours count; "always" where it is left out.
    pub calendar: Option<At<String>>,
    /// Who is told; a ladder's name.
    pub escalation: Option<At<String>>,
    /// Id of the written rule that this keeps, seen in alerts.
    pub rule: Option<At<String>>,
    /// Since when it counts: "start", since it is owed; "match", since this policy holds for the request.
    pub from: Option<At<String>>,
    /// Whether it stands still while the team waits for the client, as `deliver` does by itself.
    pub pauses: Option<At<bool>>,
    /// Of deliver and answer, what opening the request again does: "new" counts anew; "goes on" counts on from where it stood.
    pub reopen: Option<At<String>>,
}

/// A step of a ladder.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Step {
    /// "start", "50%", "-5m", "floor", "due" or "+30m".
    pub at: Option<At<String>>,
    /// Roles (owner, lead, supervisor, back_office, management), people, teams, rotas or destinations.
    pub tell: Option<Words>,
    /// What is done besides: "ticket:NAME" opens a ticket at that destination, "claim" a formal claim; where the conversation lives, "note"
    /// writes a private note, "tag:NAME" puts a tag, "assign:ROLE" an owner, "priority:NAME" a priority.
    #[serde(rename = "do")]
    pub deed: Option<Words>,
    /// Tell again each so often, such as "30m".
    pub repeat: Option<At<String>>,
    /// How many times in all.
    pub times: Option<At<u32>>,
}

/// A list sent each working morning.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Daily {
    /// Time of day, such as "08:00".
    pub at: Option<At<String>>,
    /// On the working days of that calendar.
    pub calendar: Option<At<String>>,
    /// What is listed: "task", "request", "claim" or "call".
    pub list: Option<At<String>>,
    /// Id of the written rule that this keeps.
    pub rule: Option<At<String>>,
}

/// A report.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Report {
    /// When it is sent: each week, "mon 07:00", of the week before; or each day, "07:00", of the day before.
    pub at: Option<At<String>>,
    /// Whose hours are working time.
    pub calendar: Option<At<String>>,
    /// Roles ("lead" is every team's), people, teams or destinations.
    pub tell: Option<Words>,
    /// From a client's first message to its answer, such as "1h".
    pub first_response: Option<At<String>>,
    /// From any message to its answer, such as "4h".
    pub response: Option<At<String>>,
    /// From opening to delivery, such as "48h".
    pub resolution: Option<At<String>>,
    /// Conversations that may be without answer at the end.
    pub unanswered: Option<At<u32>>,
    /// Conversations that may be closed without answer.
    pub closed_unanswered: Option<At<u32>>,
    /// Promises to be kept, in percent.
    pub kept: Option<At<u32>>,
    /// In what spans are compared with their standard: "working" time or "elapsed" time.
    pub measured_in: Option<At<String>>,
    /// Id of the written rule that this keeps.
    pub rule: Option<At<String>>,
}
