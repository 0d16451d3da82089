//! `POST` and `GET /hooks/NAME`: the first byte says which source is called, the rest is the body, or the query.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::LazyLock;

use plazo::config::{self, Config};
use plazo::engine::proof::Proof;
use plazo::intake::mapping::HOOK;
use plazo::intake::source::{CallRefusal, Facts, HookRequest, Source, SourceSettings, Taken};
use plazo::secret::SecretSource;

use super::{now, written};

/// The sources of the house that is called, one of each preset. A kept input names one by its place here, so new ones go to the end.
pub const SOURCES: [&str; 31] = [
    "nube",
    "slack",
    "hubspot",
    "clickup",
    "glpi",
    "chatwoot",
    "zammad",
    "zendesk",
    "twilio",
    "telegram",
    "microsoft",
    "genesys",
    "propio",
    "waha",
    "evolution",
    "glpi-rest",
    "instagram",
    "messenger",
    "intercom",
    "libredesk",
    "front",
    "front_rule",
    "freescout",
    "freshdesk",
    "jira_sm",
    "jira_automation",
    "kommo",
    "bitrix24",
    "odoo",
    "zoho_desk",
    "pushover",
];

/// A secret of every form; nobody who calls has it.
pub const SECRET: &str = "whsec_bm8gb25lIHdobyBjYWxscyBoYXMgdGhpcyBzZWNyZXQ=";
/// Calls a second that are let in: more than a fuzzer makes.
const RATE: NonZeroU32 = NonZeroU32::MIN.saturating_add(999_999);
/// Elements that a rule looks at, times the rules of any preset.
const MOST_EVENTS: usize = 10_000 * 32;

/// What a call bears that has no secret: each header of each preset, in its form and wrong.
const WRONG: [(&str, &str); 26] = [
    ("webhook-id", "msg_1"),
    ("webhook-signature", "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= v1,"),
    ("webhook-timestamp", "1795867200"),
    ("x-api-key", "wrong"),
    ("x-chatwoot-signature", "sha256=00"),
    ("x-chatwoot-timestamp", "1795867200"),
    ("x-freescout-signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ("x-front-request-timestamp", "1795867200000"),
    ("x-front-signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ("x-glpi-signature", "0000000000000000000000000000000000000000000000000000000000000000"),
    ("x-glpi-timestamp", "1795867200"),
    ("x-hub-signature", "sha1=0000000000000000000000000000000000000000"),
    ("x-hub-signature-256", "sha256=0000000000000000000000000000000000000000000000000000000000000000"),
    ("x-hubspot-request-timestamp", "1795867200000"),
    ("x-hubspot-signature-v3", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ("x-libredesk-signature", "sha256=00"),
    ("x-plazo-token", "wrong"),
    ("x-signature", "0000000000000000000000000000000000000000000000000000000000000000"),
    ("x-slack-request-timestamp", "1795867200"),
    ("x-slack-signature", "v0=0000000000000000000000000000000000000000000000000000000000000000"),
    ("x-telegram-bot-api-secret-token", "wrong"),
    ("x-zdesk-jwt", "eyJhbGciOiJSUzI1NiJ9.e30.AAAA"),
    ("x-twilio-signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ("x-webhook-hmac", "00"),
    ("x-zendesk-webhook-signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ("x-zendesk-webhook-signature-timestamp", "2026-11-28T12:00:00Z"),
];

/// A house with a source of each preset.
pub struct House {
    config: Config,
    doors: Vec<Door>,
}

struct Door {
    /// With secrets.
    closed: Source,
    /// Without: whatever comes is read.
    open: Source,
}

pub static HOUSE: LazyLock<House> = LazyLock::new(|| {
    let text =
        concat!(include_str!("../../tests/data/field/sla.toml"), include_str!("../../tests/data/field/sources.toml"));
    let loaded = config::read(Path::new("/nonexistent/sla.toml"), text.to_owned());
    let explained = loaded.explain(false);
    let config = loaded.config.unwrap_or_else(|| panic!("{explained}"));
    let door = |name: &str| {
        let settings = config.sources.get(name).unwrap_or_else(|| panic!("no source {name}"));
        // Where the body bears the secret, the samples' own, so that some of it is let in.
        let secret = match name {
            "bitrix24" => "plazotestbitrixapplicationtoken0",
            "evolution" => "plazo-test-evolution-apikey-0001",
            "microsoft" => "plazo-test-client-state-0001",
            _ => SECRET,
        };
        let closed = SourceSettings {
            secrets: vec![SecretSource::Plain(secret.to_owned())],
            verify: Some(SecretSource::Plain(SECRET.to_owned())),
            unsigned: false,
            rate: RATE,
            ..settings.clone()
        };
        let open = SourceSettings { secrets: Vec::new(), verify: None, unsigned: true, ..closed.clone() };
        let closed = Source::new(closed).unwrap_or_else(|error| panic!("{name}: {error}"));
        Door { closed, open: Source::without_secrets(open) }
    };
    let doors = SOURCES.iter().map(|name| door(name)).collect();
    House { config, doors }
});

impl House {
    /// What each source's mapping and settings are.
    pub fn settings(&self) -> impl Iterator<Item = &SourceSettings> {
        self.doors.iter().map(|door| &door.closed.settings)
    }
}

pub fn hold(data: &[u8]) {
    let house = &*HOUSE;
    let Some((place, body)) = data.split_first() else { return };
    let door = &house.doors[usize::from(*place) % house.doors.len()];
    let directory = &house.config.rulebook.directory;
    let take = |source: &Source, method: &str, query: &str, body: &[u8]| {
        let headers = headers(source);
        source.take(&HookRequest { method, query, path_word: None, headers, body, is_local: false }, directory, now())
    };

    // Without its secret a call is not even read, unless the body is where the secret is.
    let taken = take(&door.closed, "POST", "", body);
    if let Ok(Taken::Facts(facts)) = &taken {
        hold_of(facts, &door.closed);
    }
    if door.closed.settings.mapping.signature.as_ref().is_some_and(|scheme| !scheme.is_in_body()) {
        assert!(matches!(taken, Err(CallRefusal::Refused(_) | CallRefusal::TooMany(_))), "{taken:?}");
    }
    let query = String::from_utf8_lossy(body);
    for source in [&door.closed, &door.open] {
        let taken = take(source, "GET", &query, b"");
        assert!(!matches!(taken, Ok(Taken::Facts(_))), "{taken:?}");
    }

    // What it would say if it had.
    if let Ok(Taken::Facts(facts)) = take(&door.open, "POST", "", body) {
        hold_of(&facts, &door.open);
        assert!(facts.events.iter().all(|(event, _)| event.proof == Proof::NONE), "{:?}", facts.events);
    }
    let inner = door.open.settings.mapping.inner_sources();
    for on in std::iter::once(HOOK).chain(inner) {
        let said = || door.open.try_out(on, body, directory, now()).ok();
        let (Some(facts), Some(again)) = (said(), said()) else { continue };
        hold_of(&facts, &door.open);
        assert_eq!(again.events, facts.events);
        assert_eq!(again.faults, facts.faults);
    }
}

fn headers(source: &Source) -> BTreeMap<String, String> {
    let mut headers: BTreeMap<_, _> =
        WRONG.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let taken = source.settings.mapping.content_types.first().map_or("application/json", String::as_str);
    headers.insert("content-type".to_owned(), taken.to_owned());
    headers
}

fn hold_of(facts: &Facts, source: &Source) {
    assert!(facts.events.len() <= MOST_EVENTS, "{} events", facts.events.len());
    for (event, _) in &facts.events {
        // A source speaks for itself and no other.
        assert_eq!(event.id.source, source.settings.name);
        written::in_the_journal(event);
        written::in_its_form(event);
    }
}
