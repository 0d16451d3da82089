//! Sources: what is known of them, what came too early, what could not be applied.

use plazo_core::unit::Ask;
use plazo_core::unit::changes::Changes;
use plazo_core::unit::known::{AnyParked, Parked};

use super::Case;
use super::world::{World, at, message, name};

pub const CASES: &[(&str, Case)] = &[
    ("a source is heard, fails and is heard again", a_source_is_heard),
    ("what is to be asked for is asked for once", what_is_to_be_asked_for),
    ("what comes too early is kept", what_comes_too_early_is_kept),
    ("what cannot be applied is put aside", what_cannot_be_applied_is_put_aside),
    ("subscriptions are renewed", subscriptions_are_renewed),
];

fn a_source_is_heard(world: &World<'_>) {
    let store = world.store;
    assert_eq!(store.source("desk").expect("read"), None);
    world.write(|store| {
        store.source_heard("desk", at(5), Some(at(4))).expect("noted");
        store.source_heard("desk", at(6), Some(at(3))).expect("noted");
        store.source_heard("desk", at(7), None).expect("noted");
    });
    world.sees("heard", &store.source("desk").expect("read"));
    let failed = |minute| world.write(|store| store.source_failed("desk", at(minute), "503").expect("noted"));
    assert_eq!([failed(8), failed(9)], [true, false]);
    assert!(world.write(|store| store.source_failed("other", at(8), "timeout").expect("noted")));
    world.write(|store| store.silence_told("desk", at(10)).expect("noted"));
    world.sees("failing", &(store.source("desk").expect("read"), store.source("other").expect("read")));
    world.write(|store| store.source_answered("desk").expect("noted"));
    world.sees("answered", &store.source("desk").expect("read"));
    world.write(|store| store.source_heard("other", at(11), None).expect("noted"));
    world.sees("heard", &store.source("other").expect("read"));
    let alarm = || world.write(|store| store.add_alarm("desk", "silent", at(12)).expect("noted"));
    assert_eq!([alarm(), alarm()], [true, false]);
}

fn what_is_to_be_asked_for(world: &World<'_>) {
    let want = |id: &str, minute| {
        world.write(|store| store.want_fetch("desk", ("ticket", id), "/tickets", "{}", at(minute)).expect("wanted"))
    };
    assert_eq!([want("1", 5), want("2", 4), want("1", 6)], [true, true, false]);
    let store = world.store;
    let due = store.due_fetches("desk", at(5), 10).expect("read");
    world.sees("due", &due);
    world.sees("backlog", &store.fetch_backlog("desk").expect("read"));
    world.write(|store| {
        store.settle_fetch(&due[0], None, None).expect("settled");
        store.settle_fetch(&due[1], Some(at(20)), Some("429")).expect("settled");
    });
    assert_eq!(store.due_fetches("desk", at(19), 10).expect("read"), []);
    world.sees("again", &store.due_fetches("desk", at(20), 10).expect("read"));
    world.sees("backlog", &store.fetch_backlog("desk").expect("read"));
    world.write(|store| {
        store.set_cursor("desk", "page", "a", at(1)).expect("set");
        store.set_cursor("desk", "page", "b", at(2)).expect("set");
    });
    assert_eq!(store.cursor("desk", "page").expect("read").as_deref(), Some("b"));
    assert_eq!(store.cursor("desk", "other").expect("read"), None);
    assert_eq!(world.write(|store| store.forget_sources_before(at(30), at(30)).expect("forgotten")), 1);
}

fn what_comes_too_early_is_kept(world: &World<'_>) {
    let asked = |world: &World<'_>| *world.known(vec![Ask::AnyParked(AnyParked {})]).get(AnyParked {}).expect("asked");
    assert!(!asked(world));
    let mut early = [message("desk", "1", 5, "eva"), message("desk", "2", 4, "eva")];
    for event in &mut early {
        event.threads = vec!["a".to_owned(), "b".to_owned()];
    }
    let parked: Vec<_> =
        early.iter().map(|event| (event.clone(), serde_json::to_string(event).expect("JSON"))).collect();
    world.save(&Changes { parked: parked.clone(), ..Changes::default() });
    world.save(&Changes { parked, ..Changes::default() });
    assert!(asked(world));
    let question =
        Parked { channel: "whatsapp".to_owned(), threads: vec!["b".to_owned(), "a".to_owned(), "c".to_owned()] };
    let known = world.known(vec![Ask::Parked(question.clone())]);
    let ids: Vec<_> = known.get(question).expect("asked").iter().map(|event| event.id.id.clone()).collect();
    assert_eq!(ids, ["2", "1"], "once each, in the order in which they happened");
    world.save(&Changes {
        unparked: vec![("whatsapp".to_owned(), vec!["a".to_owned(), "b".to_owned()])],
        ..Changes::default()
    });
    assert!(!asked(world));
}

fn what_cannot_be_applied_is_put_aside(world: &World<'_>) {
    world.write(|store| {
        for (source, id, minute) in [("desk", "payload:1", 1), ("desk", "not-understood", 2), ("mail", "x", 3)] {
            store
                .quarantine(&name(source, id), at(minute), "{\"a\":\"\u{0}\"}", "it makes no sense")
                .expect("put aside");
        }
    });
    let store = world.store;
    let counted = [
        store.count_quarantined(at(2)),
        store.count_unread("desk", at(0)),
        store.count_unread("mail", at(0)),
        store.count_foreign("desk", at(0)),
        store.count_foreign("desk", at(3)),
    ];
    assert_eq!(counted.map(|n| n.expect("counted")), [2, 1, 0, 1, 0]);
    assert_eq!(world.write(|store| store.remove_put_aside(at(3), 1).expect("removed")), 1);
    assert_eq!(world.write(|store| store.remove_put_aside(at(9), 9).expect("removed")), 2);
}

fn subscriptions_are_renewed(world: &World<'_>) {
    world.write(|store| {
        store.set_cursor("desk", "subscription a", r#"{"id":"x","renew_at":5}"#, at(1)).expect("set");
        store.set_cursor("desk", "subscriptions", r#"{"renew_at":5}"#, at(1)).expect("set");
        store.set_cursor("other", "subscription a", r#"{"renew_at":5}"#, at(1)).expect("set");
        store.renew_subscriptions("desk").expect("renewed");
    });
    for (source, name) in [("desk", "subscription a"), ("desk", "subscriptions"), ("other", "subscription a")] {
        world.sees(name, &world.store.cursor(source, name).expect("read"));
    }
}
