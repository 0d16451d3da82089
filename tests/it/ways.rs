//! What the newer ways of telling have that others have not: rooms that are joined or refused, names of a message that hold at each try, a
//! ringing that is taken, alerts that are acknowledged by whoever took them.

use crate::outgoing::{alert, before, body_of, endpoint, send, settings, transport, update, well, word};
use crate::support::webhook::{Webhook, answer};
use plazo::notify::{DeliveryError, Kind, Message, Settings, Tone, matrix, pushover, zulip};
use plazo::secret::SecretSource;
use serde_json::json;

/// An address for one reader, where the destination has none of its own.
fn to_reader(address: &str) -> Message {
    Message { to: Some(("Laura Mora".to_owned(), address.to_owned())), ..alert("Laura Gómez") }
}

fn secret(text: &str) -> SecretSource {
    SecretSource::Plain(text.to_owned())
}

fn matrix_of_readers(url: &str) -> Settings {
    Settings::Matrix(Box::new(matrix::Settings { endpoint: endpoint(url), token: secret("t"), room: None }))
}

#[test]
fn matrix_is_told_the_same_name_of_a_message_at_each_try() {
    let peer = Webhook::scripted(|index, call| {
        before(call).or_else(|| if index < 2 { answer("502 Said", "", "<html>") } else { well("matrix", call) })
    });
    let transport = transport(&settings(Kind::Matrix, peer.url.trim_end_matches("/hook"), false));
    let first = send(&transport, &alert("Laura Gómez"));
    assert_eq!(word(&first), "hold", "{first:?}");
    send(&transport, &alert("Laura Gómez")).expect("taken");
    let other = Message { id: "0a1b2c3d.43".to_owned(), ..alert("Laura Gómez") };
    send(&transport, &other).expect("taken");
    let sent: Vec<_> = peer.received().into_iter().filter(|call| call.method == "PUT").map(|call| call.path).collect();
    let room = "/_matrix/client/v3/rooms/!alertas%3Aempresa.example/send/m.room.message";
    assert_eq!(sent[0], format!("{room}/plazo-0a1b2c3d.42"));
    assert_eq!(sent[0], sent[1]);
    assert_eq!(sent[2], format!("{room}/plazo-0a1b2c3d.43"));
}

#[test]
fn an_encrypted_room_gets_nothing() {
    let encrypted = || Webhook::scripted(|_, _| answer("200 OK", "", r#"{"algorithm":"m.megolm.v1.aes-sha2"}"#));
    let peer = encrypted();
    let result = send(&transport(&settings(Kind::Matrix, peer.url.trim_end_matches("/hook"), false)), &alert("Laura"));
    // The whole destination is of no use, until the file names another room.
    assert!(
        matches!(&result, Err(DeliveryError::Hold { after: None, cause }) if cause.contains("encrypted")),
        "{result:?}"
    );
    assert!(peer.received().iter().all(|call| call.method == "GET"));
    // One reader's room is no reason to keep from the others what is theirs.
    let peer = encrypted();
    let result =
        send(&transport(&matrix_of_readers(peer.url.trim_end_matches("/hook"))), &to_reader("!laura:b.example"));
    assert_eq!(word(&result), "give up", "{result:?}");
    assert!(peer.received().iter().all(|call| call.method == "GET"));
}

#[test]
fn a_room_to_which_plazo_is_invited_is_joined_once() {
    let peer = Webhook::scripted(|index, call| match (index, &*call.method) {
        (0, "GET") => answer("403 Said", "", r#"{"errcode":"M_FORBIDDEN","error":"not in room"}"#),
        (1, "POST") => answer("200 OK", "", r#"{"room_id":"!laura:b.example"}"#),
        _ => well("matrix", call),
    });
    let told = send(&transport(&matrix_of_readers(peer.url.trim_end_matches("/hook"))), &to_reader("!laura:b.example"));
    assert_eq!(told.expect("taken").reference.as_deref(), Some("!laura:b.example $plazo42"));
    let calls: Vec<_> = peer.received().iter().map(|call| format!("{} {}", call.method, call.path)).collect();
    assert_eq!(calls.len(), 4, "{calls:?}");
    assert_eq!(calls[1], "POST /_matrix/client/v3/join/!laura%3Ab.example");
    assert_eq!(calls[0], calls[2]);
}

#[test]
fn an_event_is_edited_where_it_stands_and_one_of_another_room_is_no_thread() {
    let peer = Webhook::scripted(|_, call| well("matrix", call));
    let transport = transport(&settings(Kind::Matrix, peer.url.trim_end_matches("/hook"), false));
    send(&transport, &update("!antes:empresa.example $plazo41")).expect("taken");
    let moved = Message { first: Some("!antes:empresa.example $plazo41".to_owned()), ..alert("Laura") };
    send(&transport, &moved).expect("taken");
    let puts: Vec<_> = peer.received().into_iter().filter(|call| call.method == "PUT").collect();
    assert!(puts[0].path.contains("!antes%3Aempresa.example"), "{}", puts[0].path);
    assert_eq!(body_of(&puts[0])["m.relates_to"], json!({"rel_type": "m.replace", "event_id": "$plazo41"}));
    assert!(puts[1].path.contains("!alertas%3Aempresa.example"), "{}", puts[1].path);
    assert!(body_of(&puts[1])["m.relates_to"].is_null());
}

#[test]
fn a_person_is_written_to_directly_in_zulip() {
    for (address, to) in [("laura@empresa.example", "[\"laura@empresa.example\"]"), ("9", "[9]")] {
        let peer = Webhook::scripted(|_, call| well("zulip", call));
        let settings = Settings::Zulip(Box::new(zulip::Settings {
            endpoint: endpoint(peer.url.trim_end_matches("/hook")),
            bot: "plazo-bot@empresa.example".to_owned(),
            token: secret("k"),
            channel: None,
        }));
        send(&transport(&settings), &to_reader(address)).expect("taken");
        let body = body_of(&peer.received()[0]);
        assert_eq!((&body["type"], &body["to"]), (&json!("direct"), &json!(to)));
    }
}

#[test]
fn only_a_broken_promise_rings_in_pushover() {
    let peer = Webhook::scripted(|_, call| well("pushover", call));
    let transport = transport(&settings(Kind::Pushover, peer.url.trim_end_matches("/hook"), false));
    let mut list = alert("Laura");
    list.card.key = None;
    let mut soon = alert("Laura");
    soon.card.tone = Tone::Warning;
    for message in [&alert("Laura"), &list, &soon] {
        send(&transport, message).expect("taken");
    }
    let bodies: Vec<_> = peer.received().iter().map(body_of).collect();
    let priorities: Vec<_> = bodies.iter().map(|body| body["priority"].as_str().unwrap_or_default()).collect();
    // A list of several cannot be taken there as one.
    assert_eq!(priorities, ["2", "1", "1"]);
    assert_eq!(bodies[0]["callback"], "https://hooks.plazo.example/hooks/pushover/palabra?request=R-17");
    assert!(bodies[1..].iter().all(|body| body["expire"].is_null() && body["callback"].is_null()), "{bodies:?}");
}

#[test]
fn nothing_is_asked_back_from_pushover_where_no_source_hears_it() {
    let peer = Webhook::scripted(|_, call| well("pushover", call));
    let settings = Settings::Pushover(Box::new(pushover::Settings {
        endpoint: endpoint(peer.url.trim_end_matches("/hook")),
        token: secret("a"),
        user: None,
        callback: None,
    }));
    send(&transport(&settings), &to_reader("uLAURA")).expect("taken");
    let body = body_of(&peer.received()[0]);
    assert_eq!((&body["user"], &body["priority"]), (&json!("uLAURA"), &json!("2")));
    assert!(body["callback"].is_null());
}

#[test]
fn an_alert_of_jsm_is_acknowledged_by_whoever_took_it() {
    let peer = Webhook::scripted(|_, call| well("jsm_ops", call));
    let transport = transport(&settings(Kind::JsmOps, peer.url.trim_end_matches("/hook"), false));
    let mut taken = update("plazo-R-17/á");
    taken.card.is_over = false;
    send(&transport, &taken).expect("taken");
    let call = &peer.received()[0];
    assert_eq!(call.path, "/v2/alerts/plazo-R-17%2F%C3%A1/acknowledge?identifierType=alias");
    assert_eq!(body_of(call), json!({"source": "plazo", "user": "Andrés Rojas"}));
}
