//! Messages to telephones, what they cost, and what is written into tickets.

use chrono::TimeDelta;
use plazo_core::engine::request_id::RequestId;
use plazo_core::outbox::message::NewAlert;
use plazo_core::outbox::{Attempt, Content, Cost, DeliveryId, Price};
use plazo_core::unit::changes::Changes;
use serde_json::json;

use super::Case;
use super::world::{World, at, lanes, request, step, to};

pub const CASES: &[(&str, Case)] = &[
    ("who got how many calls is counted", who_got_how_many_calls_is_counted),
    ("costs are summed by month", costs_are_summed_by_month),
    ("who wants none gets none", who_wants_none_gets_none),
    ("what a vendor says afterwards is noted", what_a_vendor_says_afterwards_is_noted),
    ("a ticket has an order", a_ticket_has_an_order),
];

/// Tells steps, each by its own delivery, and leases what may go.
fn goes(world: &World<'_>, steps: Vec<NewAlert>, minute: i64) -> Vec<DeliveryId> {
    world.save(&Changes { alerts: steps, ..Changes::default() });
    let leases = world.write(|store| store.lease(at(minute), at(minute + 5), 10, &[], &lanes()).expect("leased"));
    leases.leased.into_iter().map(|leased| leased.id).collect()
}

fn sent(world: &World<'_>, id: DeliveryId, minute: i64) {
    let attempt =
        Attempt::Sent { answer: "queued".to_owned(), reference: Some("CA1".to_owned()), began_at: at(minute) };
    assert!(world.write(|store| store.record(id, 1, &attempt, at(minute)).expect("recorded")));
}

fn who_got_how_many_calls_is_counted(world: &World<'_>) {
    world.open(request(1, "whatsapp", Some(30)));
    let to_ana = || vec![to(Some("ana"), "call")];
    let ids = goes(world, vec![step(1, "due", 5, to_ana()), step(1, "start", 4, to_ana())], 6);
    let count = |id: DeliveryId| world.store.count_told(("ana", "call"), at(0), id).expect("counted");
    assert_eq!([count(ids[0]), count(ids[1])].iter().sum::<u32>(), 1, "the other one, which goes before it");
    world.write(|store| {
        store.note_telephoned(ids[0], ("ana", "call"), at(0), at(7)).expect("noted");
        store.note_telephoned(ids[0], ("ana", "call"), at(0), at(8)).expect("noted again");
    });
    world.sees("counted", &world.store.count_told(("ana", "call"), at(1), DeliveryId(0)).expect("counted"));
    assert_eq!(world.store.count_told(("ana", "call"), at(9), DeliveryId(0)).expect("counted"), 0);
    world.write(|store| store.note_telephoned(ids[1], ("ana", "call"), at(9), at(9)).expect("noted"));
    world.sees("of those the old one is gone", &world.store.count_told(("ana", "call"), at(0), DeliveryId(0)));
    sent(world, ids[0], 7);
    world.sees("told at", &world.store.told_at(RequestId(1), "ana", "call").expect("read"));
    assert_eq!(world.store.told_at(RequestId(1), "bea", "call").expect("read"), None);
}

fn costs_are_summed_by_month(world: &World<'_>) {
    let cost = |units, micros| Cost { units, price: Some(Price { micros, currency: "USD".to_owned() }) };
    world.write(|store| {
        store.add_cost("call", 1, &cost(2, 45_000), at(0)).expect("added");
        store.add_cost("call", 0, &cost(1, 5_000), at(1)).expect("added");
        store.add_cost("call", 1, &Cost { units: 1, price: None }, at(1)).expect("added");
        store.add_cost("sms", 1, &cost(1, 9), at(0) + TimeDelta::days(40)).expect("added");
    });
    world.sees("costs", &world.store.costs().expect("read"));
}

fn who_wants_none_gets_none(world: &World<'_>) {
    let is_out = || world.store.has_opted_out("ana", "sms").expect("read");
    let out = || world.write(|store| store.opt_out("ana", "sms", at(1)).expect("noted"));
    assert_eq!([is_out(), out(), out(), is_out()], [false, true, false, true]);
    let back = || world.write(|store| store.opt_in("ana", "sms").expect("noted"));
    assert_eq!([back(), back(), is_out()], [true, false, false]);
    out();
    assert_eq!(world.write(|store| store.rename_person("ana", "x").expect("renamed")), 1);
    assert!(!is_out());
}

fn what_a_vendor_says_afterwards_is_noted(world: &World<'_>) {
    world.open(request(1, "whatsapp", Some(30)));
    let ids = goes(world, vec![step(1, "due", 5, vec![to(Some("ana"), "call")])], 6);
    let note = |answer| world.write(|store| store.note_answer(ids[0], answer).expect("noted"));
    assert!(!note("ringing"), "it was not taken yet");
    sent(world, ids[0], 7);
    assert_eq!([note("ringing"), note("ringing"), note("busy")], [true, false, true]);
    world.sees("called", &world.store.called(ids[0]).expect("read"));
    assert_eq!(world.store.called(DeliveryId(99)).expect("read"), None);
    let settle =
        |handed| world.write(|store| store.settle_not_received(ids[0], handed, "busy", at(8)).expect("settled"));
    assert_eq!([settle(true), settle(false)], [true, false]);
    world.sees("handed over", &world.store.called(ids[0]).expect("read"));
}

/// A deed for a ticket in the place of an alert.
fn deed(name: &str, step_name: &str, minute: i64, what: &serde_json::Value) -> NewAlert {
    let mut alert = step(1, step_name, minute, vec![to(None, "source.desk")]);
    let Content::Alert(about) = &alert.content else { unreachable!("a step is an alert") };
    let mut facts = json!({"type": "write", "source": "desk", "threads": ["t-1"], "about": about});
    let object = facts.as_object_mut().expect("an object");
    object.insert("do".to_owned(), json!(name));
    object.extend(what.as_object().expect("an object").clone());
    alert.content = serde_json::from_value(facts).expect("a deed");
    alert
}

fn a_ticket_has_an_order(world: &World<'_>) {
    world.open(request(1, "desk", Some(30)));
    let deeds = vec![
        deed("priority", "a", 5, &json!({"name": "high"})),
        deed("priority", "b", 5, &json!({"name": "urgent"})),
        deed("note", "c", 5, &json!({"words": "\"do\":\"priority\""})),
    ];
    let first = goes(world, deeds, 6);
    world.sees("the first, unless a later one makes it needless", &first);
    world.sees("next", &world.store.next_delivery_at(&[], None, at(6)).expect("read"));
    let rest = goes(world, Vec::new(), 7);
    world.sees("what goes beside it", &rest);
    world.sees("written", &world.store.written(RequestId(1), "source.desk").expect("read"));
    // What may be there is told of, and is bound to its help desk.
    assert_eq!(world.write(|store| store.free_leases(at(8)).expect("freed")), first.len() + rest.len());
    world.sees("waits for another way", &world.store.waiting_for("source.desk", true, at(9)).expect("read"));
    let clock = plazo_core::engine::effect::ClockRef { kind: plazo_core::engine::policy::TargetKind::Reply, cycle: 1 };
    world.sees("told of", &world.store.told_of(RequestId(1), clock).expect("read"));
}
