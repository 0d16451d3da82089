//! Alerts and their deliveries: decided once, leased under a fence, recorded with their answer.

use chrono::TimeDelta;
use plazo_core::engine::clock::ClockState;
use plazo_core::engine::effect::ClockRef;
use plazo_core::engine::policy::TargetKind;
use plazo_core::engine::request_id::RequestId;
use plazo_core::outbox::message::NewDelivery;
use plazo_core::outbox::{Attempt, Content, DeliveryId, DeliveryState, Lanes, Motive};
use plazo_core::unit::Ask;
use plazo_core::unit::changes::Changes;
use plazo_core::unit::known::{ContentOf, ReferencesOf, ToldOf};

use super::Case;
use super::world::{World, at, lanes, request, step, to};

pub const CASES: &[(&str, Case)] = &[
    ("a step is told once", a_step_is_told_once),
    ("deliveries are leased, most urgent first, and recorded", deliveries_are_leased),
    ("a lease has a fence", a_lease_has_a_fence),
    ("what is over is not told", what_is_over_is_not_told),
    ("a destination has as much room as its lane", a_destination_has_room),
    ("messages are found by what peers called them", messages_are_found),
    ("deliveries are listed and counted", deliveries_are_listed),
    ("another destination takes over", another_destination_takes_over),
];

/// Tells steps of requests that were opened, and returns the deliveries.
fn told(world: &World<'_>, steps: Vec<plazo_core::outbox::message::NewAlert>) -> Vec<DeliveryId> {
    world.save(&Changes { alerts: steps, ..Changes::default() }).deliveries
}

fn sent(reference: Option<&str>, minute: i64) -> Attempt {
    Attempt::Sent { answer: "250 ok".to_owned(), reference: reference.map(str::to_owned), began_at: at(minute) }
}

fn a_step_is_told_once(world: &World<'_>) {
    world.open(request(1, "whatsapp", Some(30)));
    let both = vec![to(Some("ana"), "mail"), to(None, "room")];
    assert_eq!(told(world, vec![step(1, "due", 5, both.clone())]).len(), 2);
    assert_eq!(told(world, vec![step(1, "due", 6, both.clone())]), [], "told already");
    assert_eq!(told(world, vec![step(1, "start", 6, both)]).len(), 2);
    let mut notice = step(1, "due", 7, vec![to(Some("ana"), "mail")]);
    (notice.step, notice.motive) = (None, Motive::Notice);
    assert_eq!(told(world, vec![notice.clone(), notice]).len(), 2, "a notice may be told again");
    let rows = world.store.step_deliveries(RequestId(1)).expect("read");
    world.sees("of its steps", &rows);
    world.sees("told", &world.store.told(RequestId(1)).expect("read"));
}

fn deliveries_are_leased(world: &World<'_>) {
    for id in 1..=3 {
        world.open(request(id, "whatsapp", Some(30)));
    }
    let steps = vec![
        step(1, "due", 5, vec![to(Some("ana"), "mail")]),
        step(2, "due", 3, vec![to(Some("ana"), "mail"), to(None, "room")]),
        step(3, "due", 9, vec![to(Some("bea"), "mail")]),
    ];
    told(world, steps);
    let store = world.store;
    world.sees("next", &store.next_delivery_at(&[], None, at(0)).expect("read"));
    world.sees("next but in the room", &store.next_delivery_at(&["room".to_owned()], None, at(0)).expect("read"));
    let peeked: Vec<_> = store.peek(at(6), 10, &[]).expect("peeked").into_iter().map(|leased| leased.content).collect();
    world.sees("peeked", &peeked);
    let leases = world.write(|store| store.lease(at(6), at(11), 10, &[], &lanes()).expect("leased"));
    assert_eq!(leases.leased.len(), 3, "what is planned for later waits");
    assert!(leases.leased.is_sorted_by_key(|leased| leased.planned_at), "{leases:?}");
    world.sees("leased", &leases);
    assert_eq!(world.write(|store| store.lease(at(6), at(11), 10, &[], &lanes()).expect("leased")).leased.len(), 0);
    assert_eq!(store.on_their_way().expect("read").len(), 3);
    for (n, leased) in leases.leased.iter().enumerate() {
        let attempt = match n {
            0 => sent(Some("ts-1"), 6),
            1 => Attempt::Later { at: at(20), cause: "421 later".to_owned(), in_doubt: true },
            _ => Attempt::Dead { cause: "550 nobody".to_owned() },
        };
        assert!(world.write(|store| store.record(leased.id, leased.fence, &attempt, at(7)).expect("recorded")));
        let again = world.write(|store| store.record(leased.id, leased.fence, &attempt, at(7)).expect("recorded"));
        assert!(!again, "it is no longer leased");
    }
    world.sees("deliveries", &store.deliveries(None, 10).expect("listed"));
    let later = world.write(|store| store.lease(at(20), at(25), 1, &[], &lanes()).expect("leased"));
    world.sees("the most urgent later", &later);
    let at_the_next =
        world.write(|store| store.lease(at(20), at(25), 10, &["mail".to_owned()], &lanes()).expect("leased"));
    world.sees("but by mail", &at_the_next);
}

fn a_lease_has_a_fence(world: &World<'_>) {
    world.open(request(1, "whatsapp", Some(30)));
    told(world, vec![step(1, "due", 5, vec![to(Some("ana"), "mail")])]);
    let first = world.write(|store| store.lease(at(6), at(11), 1, &[], &lanes()).expect("leased")).leased;
    assert_eq!(world.write(|store| store.free_leases(at(12)).expect("freed")), 1, "whoever had it is no more");
    let second = world.write(|store| store.lease(at(12), at(17), 1, &[], &lanes()).expect("leased")).leased;
    assert!(first[0].fence < second[0].fence && second[0].in_doubt, "{second:?}");
    let late =
        world.write(|store| store.record(first[0].id, first[0].fence, &sent(None, 6), at(13)).expect("recorded"));
    assert!(!late, "the first one's word comes too late");
    let timely =
        world.write(|store| store.record(second[0].id, second[0].fence, &sent(None, 12), at(13)).expect("recorded"));
    assert!(timely);
    world.sees("it", &world.store.delivery(second[0].id).expect("read"));
    assert_eq!(world.store.delivery(DeliveryId(99)).expect("read"), None);
    told(world, vec![step(1, "start", 5, vec![to(None, "room")])]);
    let unleased = world.store.peek(at(14), 1, &[]).expect("peeked")[0].id;
    world.write(|store| {
        store.record_unleased(unleased, "sent while nothing could be written", at(14)).expect("recorded")
    });
    world.sees("unleased", &world.store.delivery(unleased).expect("read"));
}

fn what_is_over_is_not_told(world: &World<'_>) {
    world.open(request(1, "whatsapp", Some(30)));
    let id = told(world, vec![step(1, "due", 5, vec![to(Some("ana"), "mail")])])[0];
    world.sees("the clock", &world.store.clock_of(id).expect("read"));
    world.moves(1, |request| {
        let clock = &mut request.clocks[0];
        (clock.state, clock.stopped_at) = (ClockState::Met, Some(at(6)));
    });
    let leases = world.write(|store| store.lease(at(6), at(11), 10, &[], &lanes()).expect("leased"));
    assert_eq!(leases.leased.len(), 0);
    let state = world.store.delivery(id).expect("read").expect("it is there").state;
    assert_eq!(state, DeliveryState::Unneeded);
    world.sees("the clock", &world.store.clock_of(id).expect("read"));
}

fn a_destination_has_room(world: &World<'_>) {
    for id in 1..=5 {
        world.open(request(id, "whatsapp", Some(30)));
        told(world, vec![step(id, "due", id, vec![to(None, "room"), to(Some("ana"), "mail")])]);
    }
    let at_once = std::iter::once(("room".to_owned(), 2)).collect();
    let lanes = Lanes { at_once, ..lanes() };
    let first = world.write(|store| store.lease(at(9), at(14), 10, &[], &lanes).expect("leased"));
    assert_eq!(first.leased.iter().filter(|leased| leased.destination == "room").count(), 2);
    assert_eq!(first.busy, ["room"]);
    let second = world.write(|store| store.lease(at(9), at(14), 10, &[], &lanes).expect("leased"));
    assert_eq!((second.leased.len(), second.busy), (0, vec!["room".to_owned()]));
}

fn messages_are_found(world: &World<'_>) {
    world.open(request(1, "whatsapp", Some(30)));
    told(
        world,
        vec![
            step(1, "due", 5, vec![to(Some("ana"), "mail"), to(Some("bea"), "mail"), to(None, "room")]),
            step(1, "start", 5, vec![to(None, "room")]),
        ],
    );
    let leased = world.write(|store| store.lease(at(6), at(11), 10, &[], &lanes()).expect("leased")).leased;
    for one in &leased {
        let reference = if one.destination == "room" { "ts-1" } else { "id-1" };
        world.write(|store| store.record(one.id, one.fence, &sent(Some(reference), 6), at(6)).expect("recorded"));
    }
    let clock = ClockRef { kind: TargetKind::Reply, cycle: 1 };
    let (told_of, references) = (ToldOf { request: RequestId(1), clock }, ReferencesOf { request: RequestId(1) });
    let content = ContentOf { delivery: leased[0].id };
    let known = world.known(vec![
        Ask::ToldOf(told_of.clone()),
        Ask::ReferencesOf(references.clone()),
        Ask::ContentOf(content.clone()),
        Ask::ContentOf(ContentOf { delivery: DeliveryId(99) }),
    ]);
    let readers = known.get(told_of).expect("asked");
    assert_eq!(readers.len(), 2, "one a name: {readers:?}");
    assert_eq!(readers[0].1.as_deref(), Some("ana"), "the first of those with one name");
    world.sees("references", known.get(references).expect("asked"));
    assert!(matches!(known.get(content), Ok(Some(Content::Alert(_)))));
    let store = world.store;
    let by = |destinations: &[&str]| store.was_told_by(RequestId(1), destinations).expect("read");
    assert!(by(&["fax", "room"]) && !by(&["fax"]) && !by(&[]));
    assert_eq!(store.written(RequestId(1), "room").expect("read"), []);
    world.sees("last sent", &store.last_sent_at().expect("read"));
    // Whoever threads knows the first message.
    told(
        world,
        vec![step(
            1,
            "floor",
            7,
            vec![to(None, "room"), NewDelivery { updates: Some(leased[0].id), ..to(None, "edits") }],
        )],
    );
    let threaded = Lanes { threaded: std::iter::once("room".to_owned()).collect(), ..lanes() };
    let next = world.write(|store| store.lease(at(8), at(13), 10, &[], &threaded).expect("leased")).leased;
    let first: Vec<_> =
        next.iter().map(|one| (one.destination.as_str(), one.first.clone(), one.updates.clone())).collect();
    world.sees("first", &first);
}

fn deliveries_are_listed(world: &World<'_>) {
    for id in 1..=4 {
        world.open(request(id, "whatsapp", Some(30)));
        told(world, vec![step(id, "due", id, vec![to(Some("ana"), "mail")])]);
    }
    let leased = world.write(|store| store.lease(at(5), at(10), 3, &[], &lanes()).expect("leased")).leased;
    world.write(|store| store.record(leased[0].id, leased[0].fence, &sent(None, 5), at(6)).expect("recorded"));
    let dead = Attempt::Dead { cause: "gone".to_owned() };
    world.write(|store| store.record(leased[1].id, leased[1].fence, &dead, at(6)).expect("recorded"));
    let store = world.store;
    world.sees("counted", &store.count_deliveries().expect("counted"));
    assert_eq!(store.count_unsent(at(4)).expect("counted"), 1);
    world.sees("lateness", &store.lateness(at(0), 10).expect("read"));
    world.sees("lateness of", &store.lateness_of(at(0), at(60)).expect("read"));
    assert_eq!(store.lateness_of(at(0), at(6)).expect("read"), [0_i64; 0]);
    for state in [DeliveryState::Pending, DeliveryState::Dead, DeliveryState::Sent, DeliveryState::Held] {
        world.sees(state.as_str(), &store.deliveries(Some(state), 2).expect("listed"));
    }
    let retried = [leased[1].id, leased[0].id].map(|id| world.write(|store| store.retry(id, at(8)).expect("written")));
    assert_eq!(retried, [true, false], "what was sent is not sent again");
    let dropped =
        [leased[1].id, leased[1].id].map(|id| world.write(|store| store.drop_delivery(id, at(9)).expect("written")));
    assert_eq!(dropped, [true, false]);
    world.sees("counted", &store.count_deliveries().expect("counted"));
    assert_eq!(world.store.loose(plazo_store::verify::Loose::Count).expect("looked for"), []);
}

fn another_destination_takes_over(world: &World<'_>) {
    world.open(request(1, "whatsapp", Some(30)));
    let ids = told(
        world,
        vec![step(1, "due", 5, vec![to(Some("ana"), "chat"), to(Some("ana"), "mail"), to(Some("bea"), "chat")])],
    );
    let hand = |id: DeliveryId| {
        world.write(|store| {
            store.hand_over(id, "mail", &["sms".to_owned()], at(6)).expect("handed over");
            store.settle_handed_over(id, at(6)).expect("settled");
        });
    };
    hand(ids[0]);
    hand(ids[2]);
    let leases =
        world.write(|store| store.lease(at(6), at(6) + TimeDelta::minutes(5), 10, &[], &lanes()).expect("leased"));
    let told: Vec<_> =
        leases.leased.iter().map(|one| (one.person.clone(), one.destination.clone(), one.route.clone())).collect();
    assert_eq!(told.len(), 2, "nobody is told twice there: {told:?}");
    world.sees("told", &told);
}
