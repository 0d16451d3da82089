//! What waits: gathered into one message, held by silences and absences, kept by destinations that stand.

use chrono::TimeDelta;
use plazo_core::engine::absence::Absence;
use plazo_core::outbox::digest::MOST_LOOKED_AT;
use plazo_core::outbox::hold::Hold;
use plazo_core::outbox::message::NewDelivery;
use plazo_core::outbox::silence::Silenced;
use plazo_core::outbox::{Content, DeliveryState, HeldFor};
use plazo_core::unit::Ask;
use plazo_core::unit::changes::Changes;
use plazo_core::unit::known::{Silences, WindowOf};
use plazo_store::gather::Gathered;
use serde_json::json;

use super::Case;
use super::world::{World, at, lanes, request, step, to};

pub const CASES: &[(&str, Case)] = &[
    ("what waits becomes one message", what_waits_becomes_one_message),
    ("very much becomes one message in steps", very_much_becomes_one_message),
    ("a single one goes by itself, and windows open", a_single_one_goes_by_itself),
    ("silences hold, end and let go", silences_hold),
    ("destinations stand and go on", destinations_stand),
    ("waits move with the clock", waits_move_with_the_clock),
    ("absences last until they end", absences_last),
];

/// To somebody, held until then.
fn held(person: Option<&str>, cause: HeldFor, until: i64) -> NewDelivery {
    NewDelivery { held: Some((cause, at(until))), ..to(person, "mail") }
}

fn what_waits_becomes_one_message(world: &World<'_>) {
    for id in 1..=3 {
        world.open(request(id, "whatsapp", Some(30)));
        let deliveries = vec![held(Some("ana"), HeldFor::Downtime, 5), held(None, HeldFor::Downtime, 5)];
        world.save(&Changes { alerts: vec![step(id, "due", id, deliveries)], ..Changes::default() });
    }
    assert_eq!(world.store.next_delivery_at(&[], None, at(0)).expect("read"), None, "nothing goes by itself");
    let mut steps = Vec::new();
    loop {
        let step = world.write(|store| store.gather(HeldFor::Downtime, at(6)).expect("gathered"));
        steps.push(step);
        if step == Gathered::Nothing {
            break;
        }
    }
    assert_eq!(steps, [Gathered::Message, Gathered::Message, Gathered::Nothing]);
    world.sees("counted", &world.store.count_deliveries().expect("counted"));
    let peeked = world.store.peek(at(6), 10, &[]).expect("peeked");
    world.sees("peeked", &peeked.iter().map(|one| &one.content).collect::<Vec<_>>());
    // A round makes one list.
    let round = || world.write(|store| store.lease(at(6), at(11), 10, &[], &lanes()).expect("leased")).leased;
    let mut leased: Vec<_> = [round(), round(), round()].into_iter().flatten().collect();
    // Whose turn it is first is nobody's promise.
    leased.sort_by(|one, other| one.person.cmp(&other.person));
    assert_eq!(leased.len(), 2);
    assert!(leased.iter().all(|one| matches!(one.content, Content::Digest { .. })), "{leased:?}");
    let listed: Vec<_> = leased.iter().map(|one| (&one.person, &one.content, one.planned_at)).collect();
    world.sees("leased", &listed);
}

fn very_much_becomes_one_message(world: &World<'_>) {
    world.open(request(1, "whatsapp", Some(30)));
    let n = MOST_LOOKED_AT + 300;
    let alerts = (0..n).map(|n| step(1, &format!("step {n}"), 1, vec![held(Some("ana"), HeldFor::Burst, 5)]));
    world.save(&Changes { alerts: alerts.collect(), ..Changes::default() });
    let mut steps = Vec::new();
    loop {
        let step = world.write(|store| store.release(TimeDelta::minutes(2), at(6)).expect("released"));
        steps.push(step);
        if step == Gathered::Nothing {
            break;
        }
    }
    assert_eq!(steps.iter().filter(|step| **step == Gathered::Message).count(), 1);
    world.sees("steps", &steps);
    let (leased, window) = world.write(|store| {
        let leased = store.lease(at(6), at(11), 10, &[], &lanes()).expect("leased").leased;
        (leased, store.window(Some("ana"), "mail", at(6)).expect("read"))
    });
    assert_eq!(leased.len(), 1);
    world.sees("it", &(leased[0].planned_at, window));
    world.sees("counted", &world.store.count_deliveries().expect("counted"));
}

fn a_single_one_goes_by_itself(world: &World<'_>) {
    world.open(request(1, "whatsapp", Some(30)));
    let opens = NewDelivery { opens_window: Some(at(3)), ..held(Some("ana"), HeldFor::Quiet, 5) };
    world.save(&Changes { alerts: vec![step(1, "due", 1, vec![opens])], ..Changes::default() });
    let question = WindowOf { person: Some("ana".to_owned()), destination: "mail".to_owned() };
    let known = world.known(vec![Ask::WindowOf(question.clone())]);
    assert_eq!(known.get(question), Ok(&Some(at(3))));
    assert_eq!(world.store.next_delivery_at(&[], None, at(0)).expect("read"), Some(at(5)));
    assert_eq!(world.write(|store| store.release(TimeDelta::minutes(2), at(4)).expect("released")), Gathered::Nothing);
    assert_eq!(world.write(|store| store.release(TimeDelta::minutes(2), at(5)).expect("released")), Gathered::Message);
    let leased = world.write(|store| store.lease(at(5), at(10), 10, &[], &lanes()).expect("leased")).leased;
    assert!(matches!(leased[..], [ref one] if matches!(one.content, Content::Alert(_))), "{leased:?}");
    world.write(|store| {
        store.open_window(None, "room", at(9)).expect("opened");
        store.open_window(None, "room", at(7)).expect("opened");
    });
    assert_eq!(world.store.window(None, "room", at(6)).expect("read"), Some(at(7)));
    assert_eq!(world.store.window(None, "room", at(7)).expect("read"), None);
}

fn silences_hold(world: &World<'_>) {
    let silenced: Silenced = serde_json::from_value(json!({"all": true})).expect("a silence");
    let add = |from, to, who| {
        world
            .write(|store| store.add_silence(&silenced, (at(from), at(to)), who, Some("a fair"), at(0)).expect("added"))
    };
    let (first, second) = (add(0, 60, Some("ana")), add(10, 20, None));
    let held_now = |world: &World<'_>| {
        let known = world.known(vec![Ask::Silences(Silences {})]);
        known.get(Silences {}).expect("asked").iter().map(|silence| silence.id).collect::<Vec<_>>()
    };
    assert_eq!(held_now(world), [first]);
    world.sees("silences", &world.store.silences(false, at(5)).expect("read"));
    world.open(request(1, "whatsapp", Some(30)));
    let held = NewDelivery { silence: Some(first), ..held(Some("ana"), HeldFor::Silence, 60) };
    let id = world.save(&Changes { alerts: vec![step(1, "due", 1, vec![held])], ..Changes::default() }).deliveries[0];
    assert!(world.write(|store| store.end_silence(first, at(5)).expect("ended")));
    assert!(!world.write(|store| store.end_silence(first, at(6)).expect("ended")));
    let let_go = world.store.held_by_ended(at(6)).expect("read");
    assert_eq!(let_go.iter().map(|held| held.id).collect::<Vec<_>>(), [id]);
    let silence = plazo_core::outbox::silence::Silence { id: second, silenced, until: at(20) };
    world.write(|store| store.hold_by(id, Some(&silence), at(6)).expect("held"));
    assert_eq!(world.store.held_by_ended(at(6)).expect("read").len(), 0);
    world.write(|store| store.hold_by(id, None, at(7)).expect("let go"));
    world.sees("it", &world.store.delivery(id).expect("read"));
    assert_eq!(held_now(world), []);
    world.sees("all", &world.store.silences(true, at(30)).expect("read"));
}

fn destinations_stand(world: &World<'_>) {
    for id in 1..=2 {
        world.open(request(id, "whatsapp", Some(30)));
        world.save(&Changes { alerts: vec![step(id, "due", id, vec![to(Some("ana"), "mail")])], ..Changes::default() });
    }
    let mut link = step(1, "due", 3, vec![to(Some("ana"), "mail")]);
    link.step = None;
    link.content = Content::Link { deed: "ack".to_owned(), request: plazo_core::engine::request_id::RequestId(1) };
    world.save(&Changes { alerts: vec![link], ..Changes::default() });
    let store = world.store;
    assert_eq!(store.hold_of("mail").expect("read"), None);
    assert_eq!(store.waiting_for("mail", true, at(9)).expect("read"), [], "nothing was tried, and it does not stand");
    let hold = |minute, failures| {
        let hold = Hold { until: at(minute), failures };
        world.write(|store| store.set_hold("mail", hold, "no route").expect("held"));
    };
    hold(10, 1);
    hold(15, 2);
    assert_eq!(store.hold_of("mail").expect("read"), Some(Hold { until: at(15), failures: 2 }));
    world.sees("holds", &store.holds().expect("read"));
    assert_eq!(store.waiting_for("mail", true, at(9)).expect("read").len(), 2, "a link goes to nobody else");
    assert_eq!(store.waiting_for("mail", true, at(1)).expect("read").len(), 1);
    assert_eq!(store.waiting_for("mail", false, at(9)).expect("read"), [], "there is no other way");
    assert_eq!(store.next_delivery_at(&[], None, at(9)).expect("read"), Some(at(15)));
    assert_eq!(world.write(|store| store.lease(at(9), at(14), 10, &[], &lanes()).expect("leased")).leased.len(), 0);
    let leases = world.write(|store| store.lease(at(15), at(20), 1, &[], &lanes()).expect("leased"));
    assert!(leases.leased[0].is_probe);
    world.sees("listed", &store.deliveries(Some(DeliveryState::Pending), 10).expect("listed"));
    world.write(|store| store.lift_hold("mail").expect("lifted"));
    assert_eq!(store.holds().expect("read"), []);
}

fn waits_move_with_the_clock(world: &World<'_>) {
    world.open(request(1, "whatsapp", Some(30)));
    world.save(&Changes { alerts: vec![step(1, "due", 50, vec![to(Some("ana"), "mail")])], ..Changes::default() });
    world.write(|store| {
        store.set_hold("mail", Hold { until: at(70), failures: 1 }, "").expect("held");
        store.move_waits(TimeDelta::minutes(30), at(30)).expect("moved");
    });
    world.sees("holds", &world.store.holds().expect("read"));
    world.sees("deliveries", &world.store.deliveries(None, 10).expect("read"));
}

fn absences_last(world: &World<'_>) {
    let absence = |person: &str, from, until| Absence {
        person: person.to_owned(),
        from: at(from),
        until: at(until),
        substitute: (person == "ana").then(|| "bea".to_owned()),
    };
    let add = |absence: Absence| world.write(|store| store.add_absence(&absence, Some("bea"), at(0)).expect("added"));
    let (first, second) = (add(absence("ana", 0, 60)), add(absence("carla", 30, 90)));
    assert_eq!(world.store.absences(at(0)).expect("read").len(), 2);
    assert_eq!(world.store.absences(at(60)).expect("read").len(), 1);
    assert_eq!(world.write(|store| store.end_absence(first, at(10)).expect("ended")).as_deref(), Some("ana"));
    assert_eq!(world.write(|store| store.end_absence(first, at(11)).expect("ended")), None);
    assert_eq!(world.write(|store| store.end_absence(second, at(20)).expect("ended")).as_deref(), Some("carla"));
    world.sees("absences", &world.store.absences(at(5)).expect("read"));
    world.open(request(1, "whatsapp", Some(30)));
    let held = held(Some("ana"), HeldFor::Away, 60);
    world.save(&Changes { alerts: vec![step(1, "due", 1, vec![held])], ..Changes::default() });
    world.write(|store| store.wait_until_back("ana", at(10)).expect("moved"));
    world.sees("deliveries", &world.store.deliveries(None, 10).expect("read"));
}
