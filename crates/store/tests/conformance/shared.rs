//! What only a shared store can have: others who write, and a connection that is lost.

use std::net::TcpListener;
use std::time::Duration;

use chrono::TimeDelta;
use plazo_core::engine::request_id::RequestId;
use plazo_core::slots::{Slots, slot_of_name};
use plazo_core::unit::changes::Changes;
use plazo_store::daemons::Beat;
use plazo_store::keeping::Retained;
use plazo_store::leases::LeasePart;
use plazo_store::{Store, StoreError, WriteTx};

use super::server::Server;
use super::world::{World, at, entry, lanes, message, moved, request, step, thread, to};

/// A case, over a server.
type SharedCase = fn(&Server);

pub const CASES: &[(&str, SharedCase)] = &[
    ("two who move one request are told apart", two_who_move_one_request_are_told_apart),
    ("one conversation and one event have one request", one_conversation_and_one_event_have_one_request),
    ("one delivery is leased by one", one_delivery_is_leased_by_one),
    ("tables are made once however many come at one instant", tables_are_made_once_however_many_come_at_one_instant),
    ("tables of another version are told", tables_of_another_version_are_told),
    ("a lost index is found and made anew", a_lost_index_is_found_and_made_anew),
    (
        "a connection that is lost between two transactions is made anew",
        a_connection_that_is_lost_between_two_transactions_is_made_anew,
    ),
    ("what fails in a transaction fails its commit", what_fails_in_a_transaction_fails_its_commit),
    ("a lock is not waited for without end", a_lock_is_not_waited_for_without_end),
    ("numbers of requests are taken by the block", numbers_of_requests_are_taken_by_the_block),
    ("one key signs links for all", one_key_signs_links_for_all),
    ("slots are shared by those that live", slots_are_shared_by_those_that_live),
    ("what a dead daemon was sending is free again", what_a_dead_daemon_was_sending_is_free_again),
    ("a server that restarts is found again", a_server_that_restarts_is_found_again),
    ("who cannot be reached is unavailable", who_cannot_be_reached_is_unavailable),
];

fn two_who_move_one_request_are_told_apart(server: &Server) {
    let url = server.database("");
    let (one, other) = (Store::connect(&url).expect("a store"), Store::connect(&url).expect("another"));
    World::new(&one).open(request(1, "whatsapp", Some(30)));

    // Both read it; whoever writes second decides again.
    let open = one.begin().expect("begun");
    let mut mine = open.writing().request(RequestId(1)).expect("read").expect("it is there");
    World::new(&other).moves(1, |request| request.owner = Some("bea".to_owned()));
    mine.owner = Some("ana".to_owned());
    let written = open.writing().save(&moved(mine), at(1)).map(|_| ()).and_then(|()| open.commit());
    let error = written.expect_err("it moved in the meantime");
    assert!(error.is_conflict(), "{error:?}");
    World::new(&one).moves(1, |request| request.subject = Some("seen".to_owned()));
    let request = other.request(RequestId(1)).expect("read").expect("it is there");
    assert_eq!((request.owner.as_deref(), request.subject.as_deref()), (Some("bea"), Some("seen")));
    assert_eq!(server.run(&url, "SELECT version FROM requests"), "2");
}

/// Opens a request for a conversation that nobody has, and leaves the transaction open.
fn opens(store: &Store, id: i64) -> Result<WriteTx<'_>, StoreError> {
    let open = store.begin()?;
    let writing = open.writing();
    assert_eq!(writing.request_by_thread("whatsapp", "a")?, None);
    writing.put_request(&request(id, "whatsapp", None), None, true)?;
    writing.name_thread(&thread("whatsapp", "a", id, false))?;
    Ok(open)
}

fn one_conversation_and_one_event_have_one_request(server: &Server) {
    let url = server.database("");
    let (one, other) = (Store::connect(&url).expect("a store"), Store::connect(&url).expect("another"));
    let second = opens(&other, 2).expect("open");
    opens(&one, 1).and_then(WriteTx::commit).expect("the first has it");
    let error = second.commit().expect_err("the second has not");
    assert!(error.is_conflict(), "{error:?}");
    assert_eq!(other.request(RequestId(2)).expect("read"), None, "and nothing of it stays");

    let hears = |store: &Store| {
        let open = store.begin()?;
        let event = message("desk", "1", 1, "eva");
        let journal = vec![entry(1, 1, Some(&event), Vec::new())];
        open.writing().save(&Changes { journal, ..Changes::default() }, at(1))?;
        open.commit()
    };
    hears(&one).expect("heard of");
    let error = hears(&other).expect_err("heard of before");
    assert!(error.is_conflict(), "{error:?}");
}

fn one_delivery_is_leased_by_one(server: &Server) {
    let url = server.database("");
    let (one, other) = (Store::connect(&url).expect("a store"), Store::connect(&url).expect("another"));
    let world = World::new(&one);
    world.open(request(1, "whatsapp", Some(30)));
    world.save(&Changes { alerts: vec![step(1, "due", 1, vec![to(None, "room")])], ..Changes::default() });
    let open = other.begin().expect("begun");
    let leased = open.writing().lease(at(2), at(7), 10, &[], &lanes()).expect("leased").leased;
    assert_eq!(leased.len(), 1);
    open.commit().expect("committed");
    assert_eq!(world.write(|store| store.lease(at(2), at(7), 10, &[], &lanes()).expect("leased")).leased.len(), 0);
}

fn tables_are_made_once_however_many_come_at_one_instant(server: &Server) {
    let url = server.database("");
    let opened: Vec<_> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..8).map(|_| scope.spawn(|| Store::connect(&url).map(|store| store.instance()))).collect();
        all.into_iter().map(|one| one.join().expect("it ran")).collect()
    });
    let names: Vec<_> = opened.into_iter().map(|name| name.expect("opened").expect("a name")).collect();
    assert!(names.windows(2).all(|pair| pair[0] == pair[1]), "{names:?}");
    assert_eq!(server.run(&url, "SELECT count(*), sum(epoch) FROM slots"), "64|0");
}

fn tables_of_another_version_are_told(server: &Server) {
    let url = server.database("");
    let nothing = Store::connect_reader(&url).expect_err("there are no tables");
    assert!(matches!(nothing, StoreError::Older), "{nothing:?}");
    drop(Store::connect(&url).expect("a store"));
    Store::connect_reader(&url).expect("they are there");
    server.run(&url, "UPDATE plazo_version SET version = 99");
    assert!(matches!(Store::connect(&url), Err(StoreError::Newer)));
    assert!(matches!(Store::connect_reader(&url), Err(StoreError::Newer)));
}

fn a_lost_index_is_found_and_made_anew(server: &Server) {
    let url = server.database("");
    let store = Store::connect(&url).expect("a store");
    server.run(&url, "DROP INDEX wakes_due; DROP TRIGGER requests_moved ON requests");
    let lost = store.lost_objects().expect("looked for");
    assert_eq!(lost.iter().map(|lost| lost.name.as_str()).collect::<Vec<_>>(), ["wakes_due", "requests_moved"]);
    let open = store.begin().expect("begun");
    for lost in &lost {
        assert!(open.writing().rebuild(lost).expect("made"));
    }
    // What cannot be made costs the transaction nothing.
    assert!(!open.writing().rebuild(&lost[0]).expect("tried"));
    open.commit().expect("committed");
    assert_eq!(store.lost_objects().expect("looked for"), []);
}

fn a_connection_that_is_lost_between_two_transactions_is_made_anew(server: &Server) {
    let url = server.database("");
    let (store, reader) = (Store::connect(&url).expect("a store"), Store::connect_reader(&url).expect("a reader"));
    let world = World::new(&store);
    world.open(request(1, "whatsapp", Some(30)));
    assert_eq!(reader.last_request().expect("read"), 1);
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    server.run(&url, cut);
    world.open(request(2, "whatsapp", Some(30)));
    assert_eq!(reader.look().expect("a look").last_request().expect("read"), 2);

    // Within one, nothing of it is kept, and the next one goes well.
    let open = store.begin().expect("begun");
    open.writing().put_request(&request(3, "whatsapp", None), None, true).expect("sent");
    server.run(&url, cut);
    let error = open.commit().expect_err("the connection is gone");
    assert!(error.is_unavailable(), "{error:?}");
    world.open(request(4, "whatsapp", Some(30)));
    assert_eq!(store.live_requests().expect("read"), [1, 2, 4].map(RequestId));
}

fn what_fails_in_a_transaction_fails_its_commit(server: &Server) {
    let store = Store::connect(&server.database("")).expect("a store");
    World::new(&store).open(request(1, "whatsapp", None));
    let open = store.begin().expect("begun");
    open.writing().set_last_run("daily", at(1)).expect("written");
    // A number that is taken: nobody looks at the answer before the commit.
    open.writing().put_request(&request(1, "whatsapp", None), None, true).expect("sent");
    let error = open.commit().expect_err("it failed");
    assert!(error.is_conflict(), "{error:?}");
    assert_eq!(store.last_run("daily").expect("read"), None);
}

fn a_lock_is_not_waited_for_without_end(server: &Server) {
    let url = server.database("");
    let (one, other) = (Store::connect(&url).expect("a store"), Store::connect(&url).expect("another"));
    World::new(&one).open(request(1, "whatsapp", None));
    let holds = one.begin().expect("begun");
    holds.writing().note_let_go(RequestId(1), Retained::Words).expect("written");
    let waits = other.begin().expect("begun");
    let error = waits.writing().note_let_go(RequestId(1), Retained::Words).expect_err("it is locked");
    assert!(error.is_conflict(), "{error:?}");
    drop(waits);
    holds.commit().expect("committed");
}

fn numbers_of_requests_are_taken_by_the_block(server: &Server) {
    let url = server.database("");
    let (one, other) = (Store::connect(&url).expect("a store"), Store::connect(&url).expect("another"));
    let take = |store: &Store| store.take_numbers(100).expect("taken");
    assert_eq!([take(&one), take(&other), take(&one)], [Some((0, 100)), Some((100, 200)), Some((200, 300))]);
    // One that was brought here has a number that nobody took.
    World::new(&one).open(request(1_000, "whatsapp", None));
    assert_eq!(take(&other), Some((1_000, 1_100)));
    let open = one.begin().expect("begun");
    assert_eq!(open.writing().take_numbers(100).expect("taken"), Some((1_100, 1_200)));
    drop(open);
    assert_eq!(take(&other), Some((1_100, 1_200)), "what was rolled back was not taken");
}

fn one_key_signs_links_for_all(server: &Server) {
    let url = server.database("");
    let (one, other) = (Store::connect(&url).expect("a store"), Store::connect(&url).expect("another"));
    assert_eq!(one.shared_link_key("first").expect("made"), "first");
    assert_eq!(other.shared_link_key("second").expect("found"), "first");
    World::new(&other).write(|store| store.set_shared_link_key("third").expect("set"));
    assert_eq!(one.shared_link_key("fourth").expect("found"), "third");
}

fn beat(id: &str, version: &str) -> Beat {
    Beat {
        id: id.to_owned(),
        version: version.to_owned(),
        url: None,
        ahead: TimeDelta::zero(),
        has_other_file: false,
        may_share: true,
    }
}

fn slots_are_shared_by_those_that_live(server: &Server) {
    let url = server.database("");
    let store = Store::connect(&url).expect("a store");
    let world = World::new(&store);
    let beats = |beat: &Beat| world.write(|store| store.renew(beat, at(0)).expect("renewed"));
    let (a, b) = (beat("a", "0.2.0"), beat("b", "0.2.0"));
    let alone = beats(&a);
    assert_eq!((alone.slots, alone.n_sharing, alone.next_death), (Slots::ALL, 1, None));
    assert_eq!(beats(&b).slots, Slots::NONE, "the other one has them all as yet");
    let (of_a, of_b) = (beats(&a).slots, store.slots_of("b").expect("read"));
    assert_eq!(beats(&b).slots, of_b, "given by the other one");
    assert_eq!((of_a.len(), of_b.len()), (32, 32));
    assert!(of_a.iter().all(|slot| !of_b.contains(slot)));
    assert_eq!(server.run(&url, "SELECT min(epoch), max(epoch) FROM slots"), "1|2");

    // Requests fall into slots here as there.
    for id in [1, 2, 3, 100, 65_536] {
        world.open(request(id, "whatsapp", Some(30)));
        let slot = plazo_core::slots::slot_of(RequestId(id));
        assert_eq!(server.run(&url, &format!("SELECT slot FROM wakes WHERE request = {id}")), slot.to_string());
    }
    let of = |slots| store.wakes_of(slots, at(60), 100).expect("read").len();
    assert_eq!((of(of_a) + of(of_b), of(Slots::ALL), of(Slots::NONE)), (5, 5, 0));

    // One whose clock is wrong, and one of an earlier version, look after nothing.
    let wrong = Beat { may_share: false, ..a.clone() };
    assert_eq!((beats(&wrong).slots, store.slots_of("b").expect("read")), (Slots::NONE, Slots::ALL));
    let newer = beats(&beat("c", "0.10.0"));
    assert_eq!((newer.slots, newer.n_sharing), (Slots::NONE, 1), "and what b has it gives up");
    assert_eq!(beats(&b).slots, Slots::NONE);
    assert_eq!(beats(&beat("c", "0.10.0")).slots, Slots::ALL);

    // Who ends gives all up at once; who is dead is noticed by the server's clock.
    world.write(|store| store.leave("c", at(0)).expect("left"));
    assert_eq!(beats(&b).slots, Slots::ALL, "a lives, and its clock is wrong still: its part is nobody's else");
    server.run(&url, "UPDATE daemons SET until = until - 60000 WHERE id = 'b'");
    assert_eq!(beats(&a).slots, Slots::ALL);
    let shown = store.daemons().expect("read");
    let shown: Vec<_> = shown.iter().map(|row| (row.id.as_str(), row.lives, row.n_slots)).collect();
    assert_eq!(shown, [("a", true, 64), ("b", false, 0)]);
}

fn what_a_dead_daemon_was_sending_is_free_again(server: &Server) {
    let url = server.database("");
    let store = Store::connect(&url).expect("a store");
    let world = World::new(&store);
    world.open(request(1, "whatsapp", Some(30)));
    let mut steps = vec![step(1, "due", 1, vec![to(None, "room"), to(None, "hall")])];
    steps.push(step(1, "start", 1, vec![to(None, "room")]));
    let told = world.save(&Changes { alerts: steps, ..Changes::default() }).deliveries;
    let renew = |id: &str| world.write(|store| store.renew(&beat(id, "0.2.0"), at(2)).expect("renewed"));
    renew("a");
    let lease = |part: &LeasePart| {
        let leases =
            world.write(|store| store.lease_part(at(2), at(7), 10, &[], &lanes(), Some(part)).expect("leased"));
        leases.leased.into_iter().map(|leased| leased.id).collect::<Vec<_>>()
    };
    let of = |daemon: &str, slots, decided| LeasePart { daemon: daemon.to_owned(), slots, decided };
    // Who has nothing leases only what it decided itself.
    assert_eq!(lease(&of("a", Slots::NONE, Vec::new())), []);
    assert_eq!(lease(&of("a", Slots::NONE, vec![told[0]])), [told[0]]);
    assert_eq!(lease(&of("a", Slots::from_iter([slot_of_name("hall")]), Vec::new())), [told[1]]);
    server.run(&url, "UPDATE daemons SET until = until - 60000");
    assert_eq!(renew("b").n_freed, 2);
    assert_eq!(renew("b").n_freed, 0);
    assert_eq!(lease(&of("b", Slots::ALL, Vec::new())).len(), 3);
    assert_eq!(server.run(&url, "SELECT sum(in_doubt), min(leased_by), max(fence) FROM deliveries"), "2|b|2");
    assert_eq!(world.write(|store| store.free_leases(at(9)).expect("freed")), 0, "b lives");
    // While another lives plazo runs, whoever starts; alone, it did not.
    let alive = |daemon, minute| {
        world.write(|store| store.note_alive(TimeDelta::minutes(5), daemon, at(minute)).expect("noted"))
    };
    assert_eq!(alive(Some("b"), 0), None);
    assert_eq!(alive(Some("c"), 10), None, "b lives");
    assert_eq!(alive(Some("b"), 30), Some((at(10), at(30))));
    // Who ends in order leaves nothing that nobody would ever free.
    world.write(|store| store.leave("b", at(9)).expect("left"));
    let free = "SELECT count(*) FROM deliveries WHERE state = 'pending' AND in_doubt = 1";
    assert_eq!(server.run(&url, free), "3");
}

fn a_server_that_restarts_is_found_again(server: &Server) {
    let store = Store::connect(&server.database("")).expect("a store");
    let world = World::new(&store);
    world.open(request(1, "whatsapp", Some(30)));
    server.restart(Duration::ZERO);
    world.open(request(2, "whatsapp", Some(30)));
    assert_eq!(store.last_request().expect("read"), 2);
}

fn who_cannot_be_reached_is_unavailable(server: &Server) {
    let there = server.database("").to_string();
    let nowhere = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
    let (place, name) = there.rsplit_once('/').expect("a database");
    let port = place.rsplit(':').next().expect("a port");
    for url in [there.replace(name, "nowhere"), there.replace(port, &nowhere.port().to_string())] {
        let error = Store::connect(&url.parse().expect("a URL")).expect_err("nobody is there");
        assert!(error.is_unavailable(), "{error:?}");
    }
}
