//! What is let go, and who is forgotten.

use std::collections::BTreeSet;

use plazo_core::engine::request::Phase;
use plazo_core::engine::request_id::RequestId;
use plazo_core::outbox::Attempt;
use plazo_core::unit::changes::{Changes, NewViolation};
use plazo_store::keeping::{LegalHold, Retained};
use serde_json::json;

use super::Case;
use super::world::{World, at, entry, lanes, message, request, step, thread, to};

pub const CASES: &[(&str, Case)] = &[
    ("what has ended is let go", what_has_ended_is_let_go),
    ("a request goes with all that belongs to it", a_request_goes),
    ("somebody is found and rewritten", somebody_is_found),
    ("what is being forgotten is remembered until it is", erasures_are_remembered),
];

/// A closed request with an event, a conversation, a message that was sent, and a broken rule.
fn closed(world: &World<'_>, id: i64) {
    let mut one = request(id, "whatsapp", None);
    one.facets.customer = Some("Acme".to_owned());
    one.contact = Some("+34600000001".to_owned());
    one.owner = Some("ana".to_owned());
    world.open(one);
    let wrote = message("whatsapp", &format!("w{id}"), id, "eva");
    let violation =
        serde_json::from_value(json!({"check": "empty", "rule": "D3", "who": "ana", "finding": "says_nothing"}));
    world.save(&Changes {
        journal: vec![entry(id, id, Some(&wrote), Vec::new()), entry(id, id, None, Vec::new())],
        threads: vec![thread("whatsapp", &format!("+34600000001/{id}"), id, false)],
        violations: vec![NewViolation {
            request: RequestId(id),
            at: at(id),
            owner: None,
            violation: violation.expect("one"),
        }],
        alerts: vec![step(id, "due", id, vec![to(Some("ana"), "mail")])],
        ..Changes::default()
    });
    world.write(|store| {
        for leased in store.lease(at(90), at(95), 10, &[], &lanes()).expect("leased").leased {
            let sent = Attempt::Sent { answer: "to ana".to_owned(), reference: None, began_at: at(90) };
            store.record(leased.id, leased.fence, &sent, at(90)).expect("recorded");
        }
    });
    world.moves(id, |request| request.phase = Phase::Closed);
}

fn what_has_ended_is_let_go(world: &World<'_>) {
    for id in 1..=4 {
        closed(world, id);
    }
    let store = world.store;
    let to_let_go = |part, minute| store.to_let_go(part, at(minute), 10).expect("read");
    assert_eq!(to_let_go(Retained::Words, 3), [1, 2, 3].map(RequestId));
    let hold = LegalHold { request: RequestId(2), who: Some("ana".to_owned()), why: "a claim".to_owned(), at: at(9) };
    world.write(|store| store.hold_request(&hold).expect("held"));
    world.write(|store| store.hold_request(&LegalHold { why: "another".to_owned(), ..hold.clone() }).expect("held"));
    world.sees("held by law", &store.legal_holds().expect("read"));
    assert_eq!(to_let_go(Retained::Whole, 9), [1, 3, 4].map(RequestId));
    assert!(world.write(|store| store.release_request(RequestId(2)).expect("released")));
    assert!(!world.write(|store| store.release_request(RequestId(2)).expect("released")));
    world.write(|store| {
        store.note_let_go(RequestId(1), Retained::Words).expect("noted");
        store.note_let_go(RequestId(1), Retained::Messages).expect("noted");
        store.note_forgotten(RequestId(3)).expect("noted");
    });
    assert_eq!([1, 2, 3].map(|id| store.let_go_of(RequestId(id)).expect("read")), [5, 0, 8]);
    assert_eq!(to_let_go(Retained::Words, 9), [2, 4, 3].map(RequestId));
    assert_eq!(to_let_go(Retained::Journal, 9).len(), 4);
    world.write(|store| {
        store.remove_journal(RequestId(1)).expect("removed");
        store.remove_messages(RequestId(1)).expect("removed");
        store.remove_threads(RequestId(1)).expect("removed");
    });
    assert_eq!(store.entries(RequestId(1)).expect("read").len(), 0);
    assert_eq!(store.told(RequestId(1)).expect("read"), []);
    assert_eq!(store.threads_of(RequestId(1)).expect("read"), []);
    world.write(|store| store.note_figures_let_go(at(9)).expect("noted"));
    world.write(|store| store.note_figures_let_go(at(8)).expect("noted"));
    assert_eq!(store.figures_let_go_until().expect("read"), Some(at(9)));
    world.write(|store| store.keep_report("month", at(0), at(9), "{\"n\":1}", at(9)).expect("kept"));
    world.write(|store| store.keep_report("month", at(0), at(9), "{\"n\":2}", at(9)).expect("kept"));
    assert_eq!(store.past_report("month", at(0), at(9)).expect("read").as_deref(), Some("{\"n\":1}"));
    world.write(|store| {
        store
            .rewrite_past_reports(|report| std::mem::replace(&mut report["n"], json!(3)) != json!(3))
            .expect("rewritten");
    });
    assert_eq!(store.past_report("month", at(0), at(9)).expect("read").as_deref(), Some("{\"n\":3}"));
    assert!(store.compact_log().expect("done"));
    store.rewrite().expect("done");
}

fn a_request_goes(world: &World<'_>) {
    closed(world, 1);
    closed(world, 2);
    let mut notice = step(1, "due", 5, vec![to(None, "room")]);
    notice.step = None;
    world.save(&Changes { alerts: vec![notice], ..Changes::default() });
    world.write(|store| store.remove_request(RequestId(1)).expect("removed"));
    let store = world.store;
    assert_eq!(store.request(RequestId(1)).expect("read"), None);
    assert_eq!(store.clocks(RequestId(1)).expect("read"), []);
    assert_eq!(store.told(RequestId(2)).expect("read").len(), 1, "another's stays");
    for loose in plazo_store::verify::Loose::ALL {
        assert_eq!(store.loose(loose).expect("looked for"), [], "{loose:?}");
    }
    assert_eq!(
        world.write(|store| store.remove_other_messages(at(60), 10).expect("removed")),
        0,
        "it is on its way still"
    );
    world.write(|store| {
        let leased = store.lease(at(9), at(14), 10, &[], &lanes()).expect("leased").leased;
        let dead = Attempt::Dead { cause: "gone".to_owned() };
        store.record(leased[0].id, leased[0].fence, &dead, at(9)).expect("recorded");
    });
    assert_eq!(world.write(|store| store.remove_other_messages(at(60), 10).expect("removed")), 1);
    world.sees("counted", &store.count_deliveries().expect("counted"));
    world.sees("phases", &store.count_by_phase().expect("counted"));
}

fn somebody_is_found(world: &World<'_>) {
    for id in 1..=3 {
        closed(world, id);
    }
    let store = world.store;
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<_>>();
    let of = |found: &[&str]| store.requests_of(&words(found)).expect("found").len();
    let contact =
        store.request(RequestId(1)).expect("read").and_then(|request| request.contact_word()).expect("a word");
    assert_eq!([of(&["ACME"]), of(&[&contact]), of(&["+34600000001/2"]), of(&["nobody"])], [3, 3, 1, 0]);
    let has = |word: &'static str| move |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(word);
    assert_eq!(store.requests_like(has("Acme"), &words(&[])).expect("found").len(), 3);
    assert_eq!(
        store.requests_like(has("nobody"), &words(&["00001/3"])).expect("found"),
        BTreeSet::from([RequestId(3)])
    );
    let mut from = Some(0);
    let mut mentioned = BTreeSet::new();
    while let Some(next) = from {
        let (found, after) = store.entries_with(has("Señora eva"), next, 2).expect("found");
        mentioned.extend(found);
        from = after;
    }
    assert_eq!(mentioned.len(), 3);
    let (contents, next) = store.told_contents(0, 2).expect("read");
    assert!(next.is_some());
    world.sees("contents", &(contents, store.told_of_request(RequestId(2)).expect("read")));
    world.write(|store| {
        for mut row in store.entries(RequestId(1)).expect("read") {
            if let Some(event) = &mut row.event {
                event.author = None;
                event.id.id = "erased".to_owned();
            }
            row.effects = "[]".to_owned();
            store.put_entry(&row).expect("written");
        }
        let mut request = store.request(RequestId(1)).expect("read").expect("it is there");
        (request.contact, request.owner) = (None, None);
        store.put_state(&request).expect("written");
        let told = store.told_of_request(RequestId(1)).expect("read");
        store.put_content(told[0].id, "{\"type\":\"notice\",\"subject\":\"\",\"text\":\"\"}").expect("written");
        store.forget_answers(RequestId(1)).expect("forgotten");
        store.rewrite_violations(RequestId(1), |violation| violation["who"].take() == "ana").expect("rewritten");
        store.let_words_of_violations_go(RequestId(2), |_| false).expect("let go");
    });
    world.sees("rewritten", &(store.request(RequestId(1)).expect("read"), store.entries(RequestId(1)).expect("read")));
    world.sees("messages", &store.deliveries(None, 10).expect("read"));
    let renamed = world.write(|store| store.rename_person("ana", "P-1").expect("renamed"));
    world.sees("renamed", &renamed);
    world.write(|store| {
        store.quarantine(&super::world::name("desk", "x"), at(1), "eva wrote", "no sense").expect("put aside");
        store.want_fetch("desk", ("ticket", "eva"), "/t", "{}", at(1)).expect("wanted");
        store.want_fetch("desk", ("ticket", "zoe"), "/t", "{}", at(1)).expect("wanted");
    });
    let removed = world.write(|store| store.remove_put_aside_with(has("eva"), &[]).expect("removed"));
    assert_eq!(removed, 2);
}

fn erasures_are_remembered(world: &World<'_>) {
    let store = world.store;
    assert_eq!(store.begun_erasure(b"hash").expect("read"), None);
    let (first, second) = ([RequestId(1)], [RequestId(2), RequestId(3)]);
    world.write(|store| store.begin_erasure(b"hash", &first, &[], at(1)).expect("begun"));
    world.write(|store| store.begin_erasure(b"hash", &first, &second, at(2)).expect("begun"));
    assert_eq!(store.begun_erasure(b"hash").expect("read"), Some([first.to_vec(), second.to_vec()]));
    world.write(|store| {
        store.end_erasure(b"hash").expect("ended");
        let number = store.add_erasure("client", b"hash", Some("ana"), &json!({"requests": 1}), at(3)).expect("added");
        assert_eq!(number, 1);
        store.want_erasure(RequestId(4), "desk", at(4)).expect("wanted");
        store.want_erasure(RequestId(4), "other", at(5)).expect("wanted");
        store.rewrite_notes(|text| (text == "ana").then(|| "somebody".to_owned())).expect("rewritten");
    });
    world.sees("erasures", &store.erasures().expect("read"));
    assert_eq!(store.wanted_erasures().expect("read"), [(RequestId(4), "desk".to_owned())]);
    world.write(|store| store.settle_erasure(RequestId(4)).expect("settled"));
    assert_eq!(store.wanted_erasures().expect("read"), []);
}
