//! Requests, their clocks and wakes, and how they are listed.

use plazo_core::engine::clock::ClockState;
use plazo_core::engine::policy::TargetKind;
use plazo_core::engine::request::Phase;
use plazo_core::engine::request_id::RequestId;
use plazo_core::unit::Ask;
use plazo_core::unit::known::{ClocksOf, OpenOfContact, OpenOfCustomer, OpenedByContact, RequestOf};
use plazo_store::requests::{DueCursor, RequestFilter, TeamFilter};
use plazo_store::verify::Loose;

use super::Case;
use super::world::{World, at, clock, moved, request};

pub const CASES: &[(&str, Case)] = &[
    ("a request is read as it was written", a_request_is_read_as_it_was_written),
    ("requests are listed by what is asked of them", requests_are_listed),
    ("clocks keep their history", clocks_keep_their_history),
    ("wakes follow requests", wakes_follow_requests),
    ("requests are counted and found by their clients", requests_are_counted_and_found),
    ("what is written agrees with its columns", what_is_written_agrees),
    ("what is loose is found and mended", what_is_loose_is_found),
];

fn a_request_is_read_as_it_was_written(world: &World<'_>) {
    let mut first = request(1, "whatsapp", Some(30));
    first.subject = Some("Ein „Zitat“, \u{1f600} and a quote '".to_owned());
    first.owner = Some("ana".to_owned());
    let written = world.open(first);
    assert_eq!(world.store.request(RequestId(1)).expect("read").as_ref(), Some(&*written));
    assert_eq!(world.store.request(RequestId(2)).expect("read"), None);
    assert_eq!(world.store.last_request().expect("read"), 1);
    world.moves(1, |request| request.owner = None);
    world.moves(1, |request| request.phase = Phase::Waiting);
    let known = world.known(vec![Ask::RequestOf(RequestOf { id: RequestId(1) })]);
    world.sees("known", &known.request(RequestId(1)));
    // Twice within one transaction, and after what was undone.
    world.write(|store| {
        for owner in ["bea", "carla"] {
            let mut request = store.request(RequestId(1)).expect("read").expect("it is there");
            request.owner = Some(owner.to_owned());
            store.save(&moved(request), at(0)).expect("saved");
        }
    });
    let open = world.store.begin().expect("begun");
    let mut request = open.writing().request(RequestId(1)).expect("read").expect("it is there");
    request.owner = None;
    open.writing().save(&moved(request), at(0)).expect("saved");
    drop(open);
    let found = world.store.request(RequestId(1)).expect("read").expect("it is there");
    assert_eq!(found.owner.as_deref(), Some("carla"));
}

fn requests_are_listed(world: &World<'_>) {
    for id in 1..=9 {
        let mut one = request(id, if id % 2 == 0 { "Email" } else { "whatsapp" }, (id != 4).then_some(100 - id * 10));
        one.owner = (id % 3 == 0).then(|| "ana".to_owned());
        one.facets.customer = Some(if id < 5 { "ACME" } else { "Ñandú" }.to_owned());
        world.open(one);
    }
    world.moves(2, |request| request.phase = Phase::Closed);
    world.moves(3, |request| request.phase = Phase::Waiting);
    let ids = |requests: Vec<plazo_core::engine::request::Request>| {
        requests.iter().map(|request| request.id.0).collect::<Vec<_>>()
    };
    let usual = RequestFilter { limit: 4, ..RequestFilter::default() };
    let team = TeamFilter { people: vec!["ana".to_owned()], policies: Vec::new() };
    let other = TeamFilter { people: Vec::new(), policies: vec!["usual".to_owned(), "other".to_owned()] };
    let filters = [
        usual.clone(),
        RequestFilter { state: Some("open".to_owned()), ..usual.clone() },
        RequestFilter { state: Some("overdue".to_owned()), ..usual.clone() },
        RequestFilter { state: Some("waiting".to_owned()), ..usual.clone() },
        RequestFilter { state: Some("closed".to_owned()), ..usual.clone() },
        RequestFilter { channel: Some("Email".to_owned()), ..usual.clone() },
        RequestFilter { owner: Some("ana".to_owned()), ..usual.clone() },
        RequestFilter { team: Some(team), ..usual.clone() },
        RequestFilter { team: Some(other), limit: 100, ..usual.clone() },
        RequestFilter { customer: Some("ACME".to_owned()), ..usual.clone() },
        RequestFilter { customer: Some("acme".to_owned()), ..usual.clone() },
        RequestFilter { customer: Some("Ñandú".to_owned()), state: Some("open".to_owned()), ..usual.clone() },
        RequestFilter { due_before: Some(at(50)), ..usual.clone() },
        RequestFilter { below: Some(6), ..usual.clone() },
    ];
    for filter in filters {
        let listed = ids(world.store.list(&filter, at(45)).expect("listed"));
        let (by_due, n) = world.store.list_by_due(&filter, None, at(45)).expect("listed");
        let cursor = by_due.last().map(|last| DueCursor { due_at: last.due_at(), id: last.id.0 });
        let (next, n_next) = world.store.list_by_due(&filter, cursor, at(45)).expect("listed");
        world.sees(&format!("{filter:?}"), &(listed, ids(by_due), n, ids(next), n_next));
    }
    world.sees("live by due", &ids(world.store.live_by_due(100).expect("listed")));
    world.sees("the first of them", &ids(world.store.live_by_due(3).expect("listed")));
    world.sees("live", &world.store.live_requests().expect("listed"));
    world.sees("with an owner", &ids(world.store.open_with_owner("request").expect("listed")));
    world.sees("after", &world.store.requests_after(RequestId(3), 2).expect("listed"));
    let mut live = Vec::new();
    world.store.each_live(|request| live.push(request.id.0)).expect("walked");
    live.sort_unstable();
    assert_eq!(live, [1, 3, 4, 5, 6, 7, 8, 9]);
}

fn clocks_keep_their_history(world: &World<'_>) {
    world.open(request(1, "whatsapp", Some(30)));
    world.moves(1, |request| {
        let clock = &mut request.clocks[0];
        (clock.state, clock.stopped_at) = (ClockState::Met, Some(at(5)));
    });
    // The next of its kind takes its place: the first is whole in its own row from then on.
    world.write(|store| {
        let mut request = store.request(RequestId(1)).expect("read").expect("it is there");
        let before = std::mem::replace(&mut request.clocks[0], clock(TargetKind::Reply, 2, Some(60)));
        request.clocks.push(clock(TargetKind::Deliver, 1, None));
        let mut changes = moved(request);
        changes.request.as_mut().expect("one").clocks.push(before);
        store.save(&changes, at(0)).expect("saved");
    });
    let known = world.known(vec![Ask::ClocksOf(ClocksOf { request: RequestId(1) })]);
    let clocks = known.get(ClocksOf { request: RequestId(1) }).expect("asked");
    let names: Vec<_> = clocks.iter().map(|clock| (clock.kind, clock.cycle, clock.state)).collect();
    assert_eq!(names.len(), 3);
    world.sees("clocks", &clocks);
    world.write(|store| {
        let request = store.request(RequestId(1)).expect("read").expect("it is there");
        let mut changes = moved(request);
        changes.request.as_mut().expect("one").replaces_clocks = true;
        store.save(&changes, at(0)).expect("saved");
    });
    assert_eq!(world.store.clocks(RequestId(1)).expect("read").len(), 2, "what is not said again is gone");
}

fn wakes_follow_requests(world: &World<'_>) {
    for id in 1..=4 {
        world.open(request(id, "whatsapp", (id != 2).then_some(id)));
    }
    let mut wakes = Vec::new();
    world.store.each_wake(|id, wake| wakes.push((id, wake))).expect("walked");
    wakes.sort_unstable_by_key(|(id, _)| *id);
    world.sees("wakes", &wakes);
    world.moves(1, |request| request.clocks[0].due_at = Some(at(9)));
    world.moves(3, |request| request.clocks.clear());
    world.sees("next", &world.store.next_wakes(10).expect("read"));
    assert_eq!(world.store.wake_of(RequestId(1)).expect("read"), Some(at(9).timestamp_millis()));
    assert_eq!(world.store.wake_of(RequestId(3)).expect("read"), None);
}

fn requests_are_counted_and_found(world: &World<'_>) {
    for id in 1..=6 {
        let mut one = request(id, "Email", Some(id * 10));
        one.facets.customer = Some("Acme".to_owned());
        one.contact = Some(if id < 4 { "+34 600 000 001" } else { "eva@acme.test" }.to_owned());
        world.open(one);
    }
    world.moves(6, |request| request.phase = Phase::Closed);
    world.moves(5, |request| request.facets.channel = "Phone".to_owned());
    let store = world.store;
    let phases = store.count_by_phase().expect("counted");
    assert_eq!(phases, [("closed".to_owned(), 1), ("open".to_owned(), 5)]);
    world.sees("overdue", &store.count_overdue(at(30)).expect("counted"));
    world.sees("next due", &store.next_due_at(at(30)).expect("read"));
    let channels = ["email", "PHONE", "fax"].map(|channel| store.had_channel(channel).expect("read"));
    assert_eq!(channels, [true, true, false]);
    let customers = ["ACME", "acme", "acm"].map(|customer| store.had_customer(customer).expect("read"));
    assert_eq!(customers, [true, true, false]);
    let word = request_word(store);
    let asks = vec![
        Ask::OpenOfContact(OpenOfContact { words: vec![word.clone(), "eva@acme.test".to_owned()] }),
        Ask::OpenOfContact(OpenOfContact { words: Vec::new() }),
        Ask::OpenedByContact(OpenedByContact { word, channel: "Email".to_owned(), since: at(2) }),
        Ask::OpenOfCustomer(OpenOfCustomer { customer: "Acme".to_owned(), channel: "Email".to_owned() }),
    ];
    for ask in asks {
        let known = world.known(vec![ask.clone()]);
        let found = match ask {
            Ask::OpenOfContact(question) => known.get(question).expect("asked").clone(),
            Ask::OpenedByContact(question) => known.get(question).expect("asked").clone(),
            Ask::OpenOfCustomer(question) => known.get(question).expect("asked").clone(),
            _ => Vec::new(),
        };
        world.sees("found", &found);
    }
}

/// The word by which the first request's contact is known.
fn request_word(store: &plazo_store::Store) -> String {
    let request = store.request(RequestId(1)).expect("read").expect("it is there");
    request.contact_word().expect("a word")
}

fn what_is_written_agrees(world: &World<'_>) {
    let written = world.open(request(1, "whatsapp", Some(30)));
    assert!(world.store.columns_agree(&written).expect("compared"));
    assert!(world.store.clocks_agree(&written).expect("compared"));
    let mut other = (*written).clone();
    other.owner = Some("ana".to_owned());
    other.clocks[0].due_at = None;
    assert!(!world.store.columns_agree(&other).expect("compared"));
    assert!(!world.store.clocks_agree(&other).expect("compared"));
    world.write(|store| store.mend_request(&other, None).expect("mended"));
    assert!(world.store.columns_agree(&other).expect("compared"));
    assert!(world.store.clocks_agree(&other).expect("compared"));
    assert_eq!(world.store.lost_objects().expect("looked for"), []);
    assert_eq!(world.store.damages(10).expect("looked for"), [""; 0]);
    assert_eq!(world.store.quick_check().expect("looked for"), [""; 0]);
}

fn what_is_loose_is_found(world: &World<'_>) {
    world.open(request(1, "whatsapp", Some(30)));
    world.open(request(2, "whatsapp", Some(30)));
    for loose in Loose::ALL {
        assert_eq!(world.store.loose(loose).expect("looked for"), [], "{loose:?}");
    }
    world.write(|store| {
        store.name_thread(&super::world::thread("whatsapp", "lost", 9, false)).expect("named");
        store.add_block(RequestId(1), RequestId(9)).expect("blocked");
        store.put_clocks(&request(8, "whatsapp", None), &[clock(TargetKind::Reply, 1, None)]).expect("written");
    });
    for loose in Loose::ALL {
        let found = world.store.loose(loose).expect("looked for");
        world.sees(&format!("{loose:?}"), &found);
        let is_mended = world.write(|store| store.mend_loose(loose).expect("mended"));
        world.sees("can be mended", &is_mended);
    }
    for loose in Loose::ALL {
        assert_eq!(world.store.loose(loose).expect("looked for"), [], "{loose:?}");
    }
}
