//! Events, the conversations that they belong to, and what is told of them.

use plazo_core::engine::effect::Effect;
use plazo_core::engine::proof::Proof;
use plazo_core::engine::request_id::RequestId;
use plazo_core::outbox::ViolationId;
use plazo_core::unit::Ask;
use plazo_core::unit::changes::{Act, Changes, Climbed, NewViolation, TakenBack};
use plazo_core::unit::known::{EventOf, EventsNamed, EventsOf, HeardLate, KnownEvent, LinkOf, RequestByThread};
use plazo_store::violations::ViolationFilter;
use serde_json::json;

use super::Case;
use super::world::{World, at, entry, event, message, name, request, thread};

pub const CASES: &[(&str, Case)] = &[
    ("events are known and read as they were", events_are_known),
    ("a history says what happened and who did it", a_history_says_what_happened),
    ("conversations have one request each", conversations_have_one_request),
    ("whoever wrote is counted", whoever_wrote_is_counted),
    ("what strangers write breaks no look", what_strangers_write_breaks_nothing),
    ("violations climb, are excused and taken back", violations_climb),
];

fn events_are_known(world: &World<'_>) {
    world.open(request(1, "whatsapp", Some(30)));
    let (first, second) = (message("whatsapp", "a:1", 1, "eva"), message("whatsapp", "a:2", 0, "eva"));
    let linked = event(&json!({
        "source": "whatsapp", "id": "b", "at": at(2), "type": "message", "direction": "in", "refs": {"link": "https://desk.test/1"},
        "author": {"kind": "customer", "address": "eva"},
    }));
    let journal = vec![
        entry(1, 1, Some(&first), vec![Effect::Opened]),
        entry(1, 0, Some(&second), Vec::new()),
        entry(1, 2, Some(&linked), Vec::new()),
        entry(1, 2, None, Vec::new()),
    ];
    world.save(&Changes { journal, ..Changes::default() });
    let known = world.known(vec![
        Ask::KnownEvent(KnownEvent { id: name("whatsapp", "a:1") }),
        Ask::KnownEvent(KnownEvent { id: name("email", "a:1") }),
        Ask::EventOf(EventOf { id: name("whatsapp", "a:2") }),
        Ask::EventsOf(EventsOf { request: RequestId(1) }),
        Ask::EventsNamed(EventsNamed {
            source: "whatsapp".to_owned(),
            beginnings: vec!["a:".to_owned(), "c".to_owned()],
        }),
        Ask::HeardLate(HeardLate { request: RequestId(1), at: at(-1) }),
        Ask::LinkOf(LinkOf { request: RequestId(1) }),
    ]);
    assert_eq!(known.get(KnownEvent { id: name("whatsapp", "a:1") }), Ok(&Some(RequestId(1))));
    assert_eq!(known.get(KnownEvent { id: name("email", "a:1") }), Ok(&None));
    assert_eq!(known.get(EventOf { id: name("whatsapp", "a:2") }), Ok(&Some(second.clone())));
    let events = known.get(EventsOf { request: RequestId(1) }).expect("asked");
    assert_eq!(**events, [second, first, linked], "in the order in which they happened");
    assert_eq!(known.get(LinkOf { request: RequestId(1) }), Ok(&Some("https://desk.test/1".to_owned())));
    let beginnings = vec!["a:".to_owned(), "c".to_owned()];
    world.sees("named", known.get(EventsNamed { source: "whatsapp".to_owned(), beginnings }).expect("asked"));
    world.sees("heard late", known.get(HeardLate { request: RequestId(1), at: at(-1) }).expect("asked"));
    let store = world.store;
    world.sees("concerned", &store.concerned(at(1)).expect("read"));
    world.sees("of a type", &store.events_of_type("message", at(0), at(2)).expect("read"));
    let mut each = Vec::new();
    store.each_event(|request, heard_at, event| each.push((request, heard_at, event.id))).expect("walked");
    world.sees("each", &each);
    world.sees(
        "how many",
        &(store.n_events(RequestId(1)), store.last_noted(RequestId(1)), store.first_event_at()).0.ok(),
    );
    world.sees("spoke at", &store.source_instants("whatsapp").expect("read"));
}

fn a_history_says_what_happened(world: &World<'_>) {
    world.open(request(1, "whatsapp", Some(30)));
    let proven = event(&json!({
        "source": "http", "id": "x", "at": at(3), "type": "message", "direction": "in", "proof": {"by": "token", "name": "desk"},
        "author": {"kind": "agent", "address": "ana@house.test", "name": "Ana"},
    }));
    let plain = message("whatsapp", "1", 1, "eva");
    let journal = vec![
        entry(1, 3, Some(&proven), vec![Effect::Opened]),
        entry(1, 1, Some(&plain), Vec::new()),
        entry(1, 2, None, Vec::new()),
    ];
    let act = |minute, who: &str| Act {
        request: RequestId(1),
        act: "ack",
        who: Some(who.to_owned()),
        at: at(minute),
        until: (minute == 4).then(|| at(60)),
        source: "http".to_owned(),
        proof: Proof::Token { name: "desk".to_owned() },
    };
    world.save(&Changes { journal, acts: vec![act(4, "ana"), act(5, "bea")], ..Changes::default() });
    let history = world.store.history(RequestId(1)).expect("read");
    assert_eq!(history.iter().map(|row| row.author.is_some()).collect::<Vec<_>>(), [true, false, true]);
    world.sees("history", &history);
    world.sees("happenings", &world.store.happenings(RequestId(1)).expect("read"));
    let takers = world.store.takers(&[RequestId(1), RequestId(2)]).expect("read");
    assert_eq!(takers.get(&RequestId(1)).map(String::as_str), Some("bea"));
    assert_eq!(takers.len(), 1);
    let entries = world.store.entries(RequestId(1)).expect("read");
    world.sees("entries", &entries);
}

fn conversations_have_one_request(world: &World<'_>) {
    let store = world.store;
    world.open(request(1, "whatsapp", None));
    world.open(request(2, "whatsapp", None));
    let of = |found: &str| {
        let question = RequestByThread { channel: "whatsapp".to_owned(), thread: found.to_owned() };
        *world.known(vec![Ask::RequestByThread(question.clone())]).get(question).expect("asked")
    };
    let named = |threads| world.save(&Changes { threads, ..Changes::default() });
    named(vec![thread("whatsapp", "a", 1, false), thread("whatsapp", "b", 1, false), thread("email", "a", 2, false)]);
    assert_eq!([of("a"), of("b"), of("c")], [Some(RequestId(1)), Some(RequestId(1)), None]);
    named(vec![thread("whatsapp", "a", 2, false)]);
    assert_eq!(of("a"), Some(RequestId(1)), "who has it keeps it");
    named(vec![thread("whatsapp", "a", 2, true)]);
    assert_eq!(of("a"), Some(RequestId(2)), "it moves where that is said");
    world.sees("threads", &store.threads_of(RequestId(2)).expect("read"));
    // Asked for, then given, in one transaction.
    world.write(|store| {
        assert_eq!(store.request_by_thread("whatsapp", "d").expect("read"), None);
        store.name_thread(&thread("whatsapp", "d", 1, false)).expect("named");
        store.name_thread(&thread("whatsapp", "d", 2, false)).expect("named");
    });
    assert_eq!(of("d"), Some(RequestId(1)));
    world.save(&Changes {
        blocks: vec![(RequestId(1), RequestId(2)), (RequestId(1), RequestId(2))],
        ..Changes::default()
    });
    assert_eq!(store.blocked_by(RequestId(1)).expect("read"), [RequestId(2)]);
    world.save(&Changes { unblocked: vec![RequestId(1)], ..Changes::default() });
    assert_eq!(store.blocked_by(RequestId(1)).expect("read"), []);
}

fn whoever_wrote_is_counted(world: &World<'_>) {
    world.open(request(1, "whatsapp", None));
    let nameless = event(&json!({
        "source": "email", "id": "n", "at": at(9), "type": "message", "direction": "in", "channel": "email", "proof": {"by": "none", "lacks": "no_server"},
        "author": {"kind": "customer", "address": "eva"},
    }));
    let events = [
        message("whatsapp", "1", 1, "eva"),
        message("whatsapp", "2", 2, "zoe"),
        message("email", "3", 3, "eva"),
        nameless,
    ];
    let journal = events.iter().enumerate().map(|(n, event)| entry(1, 1 + n as i64, Some(event), Vec::new()));
    world.save(&Changes { journal: journal.collect(), ..Changes::default() });
    let authors = world.store.authors(at(0), 10).expect("counted");
    assert_eq!(authors.iter().map(|author| author.n_events).collect::<Vec<_>>(), [3, 1]);
    assert_eq!(authors[0].name.as_deref(), Some("Señora eva"), "the last name that there was");
    world.sees("authors", &authors);
    world.sees("the first", &world.store.authors(at(0), 1).expect("counted"));
    world.sees("unproven", &world.store.count_unproven_mail(at(0)).expect("counted"));
    assert_eq!(world.store.count_unproven_mail(at(30)).expect("counted"), []);
}

fn what_strangers_write_breaks_nothing(world: &World<'_>) {
    let mut first = request(1, "whatsapp", None);
    first.facets.customer = Some("nul\0and \u{fffd}".to_owned());
    first.subject = Some("\0\u{1}\u{7f} \\u0000 '; DROP TABLE requests; -- ?1 $1".to_owned());
    world.open(first);
    let odd = event(&json!({
        "source": "odd\0source", "id": "\0", "at": at(1), "type": "message", "direction": "in", "channel": "whatsapp", "subject": "\0 ?2",
        "author": {"kind": "customer", "address": "e\0va", "name": "\u{0}"},
    }));
    world.save(&Changes { journal: vec![entry(1, 1, Some(&odd), Vec::new())], ..Changes::default() });
    let store = world.store;
    assert_eq!(store.known_event(&odd.id).expect("read"), Some(RequestId(1)));
    let found = store.events(RequestId(1)).expect("read");
    assert_eq!(found[0].author, odd.author, "what lies in JSON is what it was");
    assert_eq!(store.authors(at(0), 10).expect("counted").len(), 1);
    assert_eq!(store.history(RequestId(1)).expect("read").len(), 1);
    assert_eq!(store.count_unproven_mail(at(0)).expect("counted"), []);
    let subject = store.request(RequestId(1)).expect("read").expect("it is there").subject;
    world.sees("subject", &subject);
}

fn violations_climb(world: &World<'_>) {
    world.open(request(1, "whatsapp", None));
    let violation = |rule: &str| -> plazo_core::engine::check::Violation {
        serde_json::from_value(json!({"check": "empty", "rule": rule, "who": "ana", "finding": "says_nothing"}))
            .expect("one")
    };
    let new = |rule: &str, minute| NewViolation {
        request: RequestId(1),
        at: at(minute),
        owner: Some("ana".to_owned()),
        violation: violation(rule),
    };
    let broke = message("whatsapp", "1", 1, "ana");
    let effects = vec![Effect::Violation(violation("D3"))];
    let saved = world.save(&Changes {
        journal: vec![entry(1, 1, Some(&broke), effects)],
        violations: vec![new("D3", 1), new("A7", 2)],
        ..Changes::default()
    });
    let [first, second] = saved.violations[..] else { panic!("two: {saved:?}") };
    let climbed = vec![Climbed { id: first, n_told: 1, next_at: Some(at(5)) }];
    world.save(&Changes { climbed, ..Changes::default() });
    let store = world.store;
    world.sees("due", &store.violations_due(at(5)).expect("read"));
    assert_eq!(store.violations_due(at(4)).expect("read"), []);
    let usual = ViolationFilter { limit: 10, ..ViolationFilter::default() };
    assert!(world.write(|store| store.excuse_violation(second, "she was away", Some("bea"), at(6)).expect("written")));
    assert!(!world.write(|store| store.excuse_violation(ViolationId(99), "", None, at(6)).expect("written")));
    for filter in [
        usual.clone(),
        ViolationFilter { rule: Some("A7".to_owned()), ..usual.clone() },
        ViolationFilter { request: Some(RequestId(2)), ..usual.clone() },
        ViolationFilter { open: true, ..usual.clone() },
        ViolationFilter { since: Some(at(2)), limit: 1, ..usual.clone() },
    ] {
        world.sees("violations", &store.violations(&filter).expect("read"));
    }
    world.save(&Changes {
        taken_back: vec![TakenBack { request: RequestId(1), of: broke.id, at: at(8) }],
        ..Changes::default()
    });
    let mut left = Vec::new();
    let walked = store.each_violation(at(0), at(60), |row| {
        left.push(row.id);
        Ok(())
    });
    walked.expect("walked");
    assert_eq!(left, [second], "what was taken back counts no longer");
    assert_eq!(store.violations_due(at(60)).expect("read"), []);
    world.sees("one", &store.violation(first).expect("read"));
}
