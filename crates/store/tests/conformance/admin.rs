//! What is neither request nor alert: the file's revisions, schedules, tokens, sessions, imports, days.

use chrono::{NaiveDate, TimeDelta};
use plazo_core::unit::Ask;
use plazo_core::unit::known::{DowntimeAt, Instance};
use plazo_store::StoreError;
use plazo_store::admin::TokenRow;
use plazo_store::disk::DiskDay;
use plazo_store::imports::ImportStep;
use plazo_store::sessions::{NewSession, SessionRow};

use super::Case;
use super::world::{World, at};

pub const CASES: &[(&str, Case)] = &[
    ("revisions are numbered", revisions_are_numbered),
    ("schedules and downtimes are remembered", schedules_are_remembered),
    ("tokens are kept as hashes", tokens_are_kept),
    ("sessions begin and end", sessions_begin_and_end),
    ("imports and days are counted", imports_are_counted),
];

fn revisions_are_numbered(world: &World<'_>) {
    let store = world.store;
    assert_eq!(store.last_revision().expect("read"), None);
    let take = |text: &str, who, minute| {
        world.write(|store| store.revision(text, at(minute), (who, who.map(|_| "why"))).expect("taken"))
    };
    let numbers = [take("a", None, 1), take("a", None, 2), take("b", Some("ana"), 3), take("a", None, 4)];
    assert_eq!(numbers, [1, 1, 2, 3]);
    assert_eq!(store.last_revision().expect("read"), Some((3, "a".to_owned())));
    assert_eq!(store.revision_text(2).expect("read").as_deref(), Some("b"));
    assert_eq!(store.revision_text(9).expect("read"), None);
    assert_eq!(store.revision_taken_at(2).expect("read"), Some(at(3)));
    world.sees("revisions", &store.revisions(2).expect("read"));
    assert_eq!(store.planned_revision().expect("read"), None);
    world.write(|store| store.set_planned_revision(2).expect("set"));
    world.write(|store| store.set_planned_revision(3).expect("set"));
    assert_eq!(store.planned_revision().expect("read"), Some(3));
    let rewritten =
        world.write(|store| store.rewrite_revisions(|text| (text == "b").then(|| "c".to_owned())).expect("done"));
    assert_eq!(rewritten, 1);
    world.write(|store| store.set_open_without_token("nothing").expect("set"));
    assert_eq!(store.open_without_token().expect("read"), "nothing");
    world.write(|store| store.forget_link_key().expect("forgotten"));
    let known = world.known(vec![Ask::Instance(Instance {})]);
    let instance = known.get(Instance {}).expect("asked");
    assert_eq!(instance.len(), 32);
    assert_eq!(**instance, *store.instance().expect("read"));
}

fn schedules_are_remembered(world: &World<'_>) {
    let store = world.store;
    assert_eq!(store.last_run("daily").expect("read"), None);
    world.write(|store| store.set_last_run("daily", at(1)).expect("set"));
    world.write(|store| store.set_last_run("daily", at(2)).expect("set"));
    assert_eq!(store.last_run("daily").expect("read"), Some(at(2)));
    let alive = |minute| world.write(|store| store.note_alive(TimeDelta::minutes(5), None, at(minute)).expect("noted"));
    assert_eq!([alive(0), alive(4), alive(30)], [None, None, Some((at(4), at(30)))]);
    let asks = [at(3), at(4), at(30)].map(|at| DowntimeAt { at });
    let known = world.known(asks.clone().map(Ask::DowntimeAt).to_vec());
    let found = asks.map(|ask| *known.get(ask).expect("asked"));
    assert_eq!(found, [None, Some((at(4), at(30))), None]);
    for person in [Some("ana"), None, Some("ana")] {
        world.write(|store| store.revoke_links(person, at(if person.is_some() { 9 } else { 5 })).expect("revoked"));
    }
    assert_eq!(store.links_revoked_before(Some("ana")).expect("read"), Some(at(9)));
    assert_eq!(store.links_revoked_before(Some("bea")).expect("read"), Some(at(5)));
    assert_eq!(store.links_revoked_before(None).expect("read"), Some(at(5)));
}

fn tokens_are_kept(world: &World<'_>) {
    let token = |name: &str, byte| TokenRow {
        name: name.to_owned(),
        scopes: "events,read".to_owned(),
        hash: [byte; 32],
        source: "desk".to_owned(),
        types: String::new(),
        channel: (byte == 1).then(|| "whatsapp".to_owned()),
        created_at: at(0),
        expires_at: (byte == 1).then(|| at(60)),
        used_at: None,
    };
    world.write(|store| store.add_token(&token("one", 1)).expect("added"));
    world.write(|store| store.add_token(&token("two", 2)).expect("added"));
    let open = world.store.begin().expect("begun");
    let error = open.writing().add_token(&token("one", 3)).expect_err("the name is taken");
    assert!(matches!(error, StoreError::Other(_)), "{error:?}");
    drop(open);
    world.write(|store| store.note_token_use(&[1; 32], at(5)).expect("noted"));
    world.sees("tokens", &world.store.tokens().expect("read"));
    let revoke = || world.write(|store| store.revoke_token("one").expect("revoked"));
    assert_eq!([revoke(), revoke()], [true, false]);
    assert_eq!(world.store.tokens().expect("read").len(), 1);
}

fn sessions_begin_and_end(world: &World<'_>) {
    let new = |byte, person: Option<&str>, until| NewSession {
        hash: [byte; 32],
        person: person.map(str::to_owned),
        machine_user: person.is_none().then(|| "root".to_owned()),
        expires_at: at(until),
        browser: Some("Firefox".to_owned()),
    };
    let begin = |new: NewSession, minute| world.write(|store| store.begin_session(&new, at(minute)).expect("begun"));
    let first = begin(new(1, Some("ana"), 60), 0);
    begin(new(2, Some("bea"), 5), 0);
    let third = begin(new(3, None, 90), 6);
    let store = world.store;
    assert_eq!(store.session(&[1; 32], at(59)).expect("read").map(|session| session.id), Some(first));
    assert_eq!(store.session(&[1; 32], at(60)).expect("read"), None);
    world.write(|store| store.see_session(third, at(8)).expect("noted"));
    // A number that was given up may be given again, or not.
    let sessions = store.sessions(at(6)).expect("read").into_iter().map(|session| SessionRow { id: 0, ..session });
    world.sees("sessions", &sessions.collect::<Vec<_>>());
    let spend = |minute| world.write(|store| store.spend_link(&[9; 32], at(20), at(minute)).expect("spent"));
    assert_eq!([spend(1), spend(2), spend(20)], [true, false, false]);
    let ended = world.write(|store| store.end_sessions_but_of(&["bea", "carla"]).expect("ended"));
    assert_eq!(ended, 1, "whoever belongs to the machine stays");
    assert!(world.write(|store| store.end_session(third).expect("ended")));
    assert!(!world.write(|store| store.end_session(third).expect("ended")));
    begin(new(4, Some("ana"), 60), 7);
    begin(new(5, Some("bea"), 60), 7);
    assert_eq!(world.write(|store| store.end_sessions(Some("ana")).expect("ended")), 1);
    assert_eq!(world.write(|store| store.end_sessions(None).expect("ended")), 1);
}

fn imports_are_counted(world: &World<'_>) {
    let step = |n, is_last| ImportStep {
        file: "history.csv".to_owned(),
        digest: [7; 32],
        n_records: n,
        n_refused: 1,
        is_last,
    };
    world.write(|store| store.move_import(&step(10, false), 9, at(1)).expect("moved"));
    world.sees("begun", &world.store.imports().expect("read"));
    world.write(|store| store.move_import(&step(20, true), 8, at(2)).expect("moved"));
    world.sees("ended", &world.store.imports().expect("read"));
    let day = |day, used| DiskDay { day: NaiveDate::from_ymd_opt(2026, 3, day).expect("a day"), used, free: u64::MAX };
    world.write(|store| {
        store.note_disk_day(&day(1, 5)).expect("noted");
        store.note_disk_day(&day(2, 6)).expect("noted");
        store.note_disk_day(&day(2, 7)).expect("noted");
    });
    world.sees("days", &world.store.disk_days().expect("read"));
    let later = DiskDay { day: NaiveDate::from_ymd_opt(2026, 4, 2).expect("a day"), ..day(1, 8) };
    world.write(|store| store.note_disk_day(&later).expect("noted"));
    let days: Vec<_> = world.store.disk_days().expect("read").iter().map(|day| day.used).collect();
    assert_eq!(days, [7, 8], "a month is kept");
}
