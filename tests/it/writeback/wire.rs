//! Deeds over the wire: proofs, limits, losses and refusals, as the outbox hears of them.

use std::fmt::Write as _;

use plazo::engine::request_id::RequestId;
use plazo::intake::source::SourceSettings;
use plazo::notify::DeliveryError;
use plazo::outbox::writing::WriteDeed;
use plazo::writeback::{HelpDesk, WriteOrder};
use plazo::{config, net};
use serde_json::{Value, json};

use super::desks::{DESKS, Desk, now, order, samples};
use crate::support::webhook::{Received, Webhook, answer as reply};

fn keys(desk: &Desk, api: &str, secret: impl Fn(&str) -> String) -> String {
    let base = desk.base;
    let secrets: &[(&str, &str)] = match desk.name {
        "chatwoot" => &[("token", "PLAZOTESTCHATWOOT0000001")],
        "zammad" => &[("token", "PLAZOTESTZAMMAD0001")],
        "zendesk" => &[("token", "plazo@empresa.example/token:PLAZOTEST")],
        "hubspot" => &[("token", "pat-na1-00000000-plaz-otes-t000-000000000001")],
        "clickup" => &[("token", "pk_00000000_PLAZOTEST")],
        "glpi" => &[("token", "PLAZOTESTUSERTOKEN"), ("app_token", "f7g3csp8mgatg5ebc5elnazakw20i9fyev1qopya7")],
        "glpi_v2" => &[("token", "plazo:PLAZOTEST"), ("client_id", "PLAZO"), ("client_secret", "PLAZOTEST")],
        "freshdesk" => &[("token", "Basic UExBWk9URVNUS0VZOlg=")],
        "intercom" => &[("token", "PLAZOTESTINTERCOM")],
        "jira_sm" => &[("token", "plazo@empresa.example:PLAZOTEST")],
        _ => &[("token", "PLAZOTESTFRONT")],
    };
    let mut keys = format!("api = \"{api}{base}\"\nprivate = true\n");
    for (key, value) in secrets {
        writeln!(keys, "{key} = {{ file = \"{}\" }}", secret(value)).expect("text");
    }
    if !desk.account.is_empty() {
        writeln!(keys, "write_as = \"{}\"", desk.account).expect("text");
    }
    if desk.name == "glpi" {
        keys += "set = { zone = \"America/Bogota\" }\n";
    }
    if desk.preset == "hubspot" {
        keys += "public_url = \"https://plazo.example/hooks/hubspot\"\n";
    }
    keys
}

fn settings(desk: &Desk, api: &str, folder: &std::path::Path) -> SourceSettings {
    let secret = |value: &str| {
        let place = folder.join(hex::encode(value));
        std::fs::write(&place, value).expect("a secret");
        place.display().to_string()
    };
    let (name, preset, keys) = (desk.name, desk.preset, keys(desk, api, secret));
    let signs = if preset == "glpi-rest" { "" } else { "secret = { env = \"X\" }\n" };
    let file = format!("timezone = \"UTC\"\n[source.{name}]\npreset = \"{preset}\"\n{signs}{keys}");
    let loaded = config::read("sla.toml".as_ref(), file);
    let explained = loaded.explain(false);
    loaded.config.unwrap_or_else(|| panic!("{name}: {explained}")).sources[name].clone()
}

fn clients() -> net::Clients {
    rustls::crypto::ring::default_provider().install_default().ok();
    net::clients().expect("clients")
}

fn help_desk(desk: &Desk, api: &str, folder: &std::path::Path) -> HelpDesk {
    let ready = HelpDesk::of(&settings(desk, api, folder), &clients());
    ready.expect("its secrets").expect("it can be written to")
}

/// A loopback peer of a desk, which answers from its table.
fn peer(desk: &'static Desk) -> Webhook {
    Webhook::scripted(move |_, call| {
        let path = call.path.strip_prefix(desk.base).unwrap_or(&call.path);
        let line = format!("{} {path}", call.method);
        let (status, body) = match line.as_str() {
            "GET /initSession" => (200, json!({"session_token": "83af7e620c83a50a18d3eac2f6ed05a3ca0bea62"})),
            "POST /token" => (200, json!({"access_token": "OAUTH2-ACCESS-TOKEN", "expires_in": 3600})),
            _ => {
                let table = (desk.answers)();
                let found = table.into_iter().find(|(begins, _, _)| line.starts_with(begins));
                let (_, status, body) = found.unwrap_or_else(|| panic!("{}: no answer to {line}", desk.name));
                (status, body)
            }
        };
        let body = if status == 204 { String::new() } else { body.to_string() };
        reply(&format!("{status} OK"), "Content-Type: application/json\r\n", &body)
    })
}

/// What a Chatwoot answers to whoever asks who they are.
fn plazo_there(call: &Received) -> Option<String> {
    if call.path == "/api/v1/profile" { reply("200 OK", "", r#"{"id":9}"#) } else { None }
}

const fn nobody(_: &str) -> bool {
    false
}

#[tokio::test]
async fn each_desk_is_called_with_its_own_proof_and_takes_a_note_over_the_wire() {
    static ALL: [Desk; 11] = DESKS;
    for desk in &ALL {
        let folder = tempfile::tempdir().expect("a directory");
        let peer = peer(desk);
        let api = peer.url.trim_end_matches("/hook");
        let help_desk = help_desk(desk, api, folder.path());
        let done = help_desk.fulfil(&order(desk, WriteDeed::Note), nobody, now()).await;
        assert!(done.result.is_ok(), "{}: {:?}", desk.name, done.result);
        let calls = peer.received();
        let note = calls.last().expect("a call");
        let sample = samples(desk.name, "requests.json");
        let sample = sample.iter().find(|sample| sample["case"] == "note").expect("a note");
        assert_eq!(Some(note.path.as_str()), sample["path"].as_str(), "{}", desk.name);
        let headers = sample["headers"].as_object().into_iter().flatten();
        // Systems take JSON with its charset or without.
        for (name, value) in headers.filter(|(name, _)| *name != "Content-Type") {
            assert_eq!(Some(note.header(&name.to_lowercase())), value.as_str(), "{} {name}", desk.name);
        }
        let body: Value = serde_json::from_str(&note.body).expect("JSON");
        assert_eq!(body, sample["body"], "{}", desk.name);
        // Where nothing is to be had inside of the house, nothing is sent there.
        let public = SourceSettings { private: false, ..settings(desk, api, folder.path()) };
        assert!(HelpDesk::of(&public, &clients()).is_err(), "{}", desk.name);
    }
}

#[tokio::test]
async fn limits_losses_and_refusals_on_the_wire_are_what_the_outbox_hears() {
    let desk = &DESKS[0];
    let tried = |answer: &'static str| async move {
        let folder = tempfile::tempdir().expect("a directory");
        let peer = Webhook::scripted(move |_, call| plazo_there(call).or_else(|| Some(answer.to_owned())));
        let help_desk = help_desk(desk, peer.url.trim_end_matches("/hook"), folder.path());
        help_desk.fulfil(&order(desk, WriteDeed::Note), nobody, now()).await.result
    };
    let limited = tried("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 20\r\nContent-Length: 0\r\n\r\n").await;
    assert!(
        matches!(&limited, Err(DeliveryError::Hold { after: Some(after), .. }) if after.num_seconds() == 20),
        "{limited:?}"
    );
    let lost = tried("perdido\r\n\r\n").await;
    assert!(matches!(lost, Err(DeliveryError::Doubt { .. })), "{lost:?}");
    let broken = tried("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n").await;
    assert!(matches!(broken, Err(DeliveryError::Doubt { .. })), "{broken:?}");
    let elsewhere = tried("HTTP/1.1 302 Found\r\nLocation: https://malo.example/\r\nContent-Length: 0\r\n\r\n").await;
    assert!(matches!(elsewhere, Err(DeliveryError::GiveUp { .. })), "{elsewhere:?}");
    let portal = tried("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n<html>Wi-Fi</ht").await;
    assert!(matches!(portal, Err(DeliveryError::Hold { .. })), "{portal:?}");
    // Longer than plazo reads: done, without a name.
    let folder = tempfile::tempdir().expect("a directory");
    let long = format!("{{\"id\": 1201, \"content\": \"{}\"}}", "a".repeat(300 << 10));
    let peer = Webhook::scripted(move |_, call| plazo_there(call).or_else(|| reply("200 OK", "", &long)));
    let help_desk = help_desk(desk, peer.url.trim_end_matches("/hook"), folder.path());
    let done = help_desk.fulfil(&order(desk, WriteDeed::Note), nobody, now()).await.result;
    assert_eq!(done.expect("done").reference, None);
}

#[tokio::test]
async fn five_refusals_in_a_row_on_five_requests_hold_the_whole_desk() {
    let (desk, folder) = (&DESKS[0], tempfile::tempdir().expect("a directory"));
    let gone = r#"{"error":"Resource could not be found"}"#;
    let peer = Webhook::scripted(move |_, call| plazo_there(call).or_else(|| reply("404 Not Found", "", gone)));
    let help_desk = help_desk(desk, peer.url.trim_end_matches("/hook"), folder.path());
    let mut ended = Vec::new();
    for number in [1, 2, 2, 3, 4, 5] {
        let order = WriteOrder { request: RequestId(number), ..order(desk, WriteDeed::Note) };
        ended.push(help_desk.fulfil(&order, nobody, now()).await.result);
    }
    assert!(ended[..5].iter().all(|one| matches!(one, Err(DeliveryError::GiveUp { .. }))), "{ended:?}");
    assert!(matches!(ended[5], Err(DeliveryError::Hold { after: None, .. })), "{ended:?}");
}

#[tokio::test]
async fn a_token_that_is_somebody_else_s_than_the_file_says_writes_nothing() {
    let (desk, folder) = (&DESKS[0], tempfile::tempdir().expect("a directory"));
    let other = Desk { account: "31", ..DESKS[0] };
    let peer =
        Webhook::scripted(|_, call| plazo_there(call).or_else(|| reply("200 OK", "", r#"{"id":1201,"private":true}"#)));
    let api = peer.url.trim_end_matches("/hook");
    let refused = help_desk(&other, api, folder.path()).fulfil(&order(desk, WriteDeed::Note), nobody, now()).await;
    let cause = refused.result.expect_err("held").cause().to_owned();
    assert_eq!(cause, "the token is 9's, and `write_as` says 31");
    assert_eq!(peer.received().len(), 1, "{:?}", peer.received());
    let done = help_desk(desk, api, folder.path()).fulfil(&order(desk, WriteDeed::Note), nobody, now()).await;
    assert_eq!(
        (done.result.expect("done").reference.as_deref(), done.learnt),
        (Some("1201"), Some(vec!["9".to_owned()]))
    );
}
