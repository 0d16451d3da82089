//! What is peculiar to one desk or one deed.

use plazo::intake::api::{ApiAnswer, ApiCall};
use plazo::intake::mapping::Mapping;
use plazo::intake::mapping::write::NoteForm;
use plazo::intake::presets;
use plazo::notify::{Card, DeliveryError};
use plazo::outbox::writing::WriteDeed;
use plazo::writeback::{self, NoteText, PersonThere, WriteOrder};
use serde_json::{Value, json};

use super::desks::{DESKS, MARK, PAGE, answer, order, run, write_of};
use crate::support::data;

#[test]
fn an_answer_that_is_too_long_is_an_answer_and_a_tag_that_was_there_is_not_plazo_s() {
    let desk = &DESKS[0];
    let write = write_of(desk);
    let cut = ApiAnswer { is_cut: true, ..answer(200, Value::Null) };
    let (_, ended) = run(desk, &write, &order(desk, WriteDeed::Note), |_, _| Some(Ok(cut.clone())));
    assert_eq!(ended.expect("done").reference, None);
    let tag = order(desk, WriteDeed::Tag { name: "VIP".to_owned() });
    let (calls, ended) = run(desk, &write, &tag, |_, _| None);
    assert_eq!((calls.len(), ended.expect("done").reference), (1, None));
    // An earlier try put it there, and nobody said so.
    let doubtful = WriteOrder { in_doubt: true, ..tag.clone() };
    let (_, ended) = run(desk, &write, &doubtful, |_, _| None);
    assert_eq!(ended.expect("done").reference.as_deref(), Some("tag:VIP"));
    let known = WriteOrder { had: true, ..doubtful };
    assert_eq!(run(desk, &write, &known, |_, _| None).1.expect("done").reference, None);
}

#[test]
fn a_conversation_that_was_merged_is_followed_once_and_on_the_same_host_alone() {
    let front = DESKS.iter().find(|desk| desk.name == "front").expect("Front");
    let write = write_of(front);
    let moved = || {
        let to = "https://api2.frontapp.com/conversations/cnv_plazo77/comments".to_owned();
        ApiAnswer { headers: [("location".to_owned(), to)].into_iter().collect(), ..answer(301, Value::Null) }
    };
    let taken = || Ok(answer(201, json!({"id": "com_1"})));
    let (calls, ended) =
        run(front, &write, &order(front, WriteDeed::Note), |n, _| Some(if n == 0 { Ok(moved()) } else { taken() }));
    assert_eq!(calls[1].path, "/conversations/cnv_plazo77/comments");
    assert_eq!((calls[1].method.as_str(), &calls[1].body), ("POST", &calls[0].body));
    assert_eq!(ended.expect("done").reference.as_deref(), Some("com_1"));
    let (calls, ended) = run(front, &write, &order(front, WriteDeed::Note), |_, _| Some(Ok(moved())));
    assert!(calls.len() == 2 && ended.is_err(), "{calls:?}");
}

#[test]
fn whom_nobody_knows_there_is_given_up_and_never_nobody() {
    for desk in &DESKS {
        let write = write_of(desk);
        let deed = WriteDeed::Assign { person: Some("carolina".to_owned()) };
        let order = order(desk, deed);
        let stranger = order.person.clone().map(|person| PersonThere {
            email: None,
            addresses: Vec::new(),
            reach: None,
            ..person
        });
        for person in [None, stranger] {
            let (calls, ended) = run(desk, &write, &WriteOrder { person, ..order.clone() }, |_, _| None);
            assert!(calls.is_empty() && matches!(ended, Err(DeliveryError::GiveUp { .. })), "{}: {ended:?}", desk.name);
        }
    }
}

#[test]
fn what_clients_write_stays_inert_in_every_note_and_is_no_mark() {
    let text = std::fs::read_to_string(data("writeback/untrusted_texts.json")).expect("samples");
    let all: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    for sample in all {
        let said = sample["text"].as_str().expect("a text");
        let card = Card { title: Some(said.to_owned()), lines: vec![said.to_owned()], ..Card::default() };
        for desk in &DESKS {
            let NoteText { text, html, .. } = writeback::note(&card, Some(PAGE), MARK, write_of(desk).form, 8_000);
            let of = format!("{} of {said}: {text}", desk.name);
            assert_eq!((text.matches(MARK).count(), html.matches(MARK).count()), (1, 1), "{of}");
            assert!(!text.replace("@\u{200b}", "").contains('@'), "{of}");
            if let Some(expected) = sample["html"].as_str() {
                assert!(html.contains(expected) && !html.contains("<img"), "{of}");
            }
            if write_of(desk).form == NoteForm::Markdown {
                assert!(!text.contains("](") || text.contains("\\]("), "{of}");
            }
        }
    }
}

/// What `[source.…]` says for a desk whose address is `api`, with the secrets of the samples.
#[test]
fn a_tag_counts_as_plazo_s_if_plazo_put_it_for_another_promise_or_people_took_theirs_off() {
    let desk = &DESKS[0];
    let write = write_of(desk);
    let tag = order(desk, WriteDeed::Tag { name: "vip".to_owned() });
    let named = |order: &WriteOrder| run(desk, &write, order, |_, _| None).1.expect("done").reference;
    // It is there, and plazo put it.
    assert_eq!(named(&WriteOrder { put: true, ..tag.clone() }).as_deref(), Some("tag:vip"));
    assert_eq!(named(&tag), None);
    // The request bore it, as far as plazo has heard, and it is not there.
    let gone = order(desk, WriteDeed::Tag { name: "sla-vencido".to_owned() });
    assert_eq!(named(&WriteOrder { had: true, ..gone }).as_deref(), Some("tag:sla-vencido"));
    // A system that cannot be asked.
    let hubspot = DESKS.iter().find(|desk| desk.name == "hubspot").expect("HubSpot");
    let order = WriteOrder { had: true, ..order(hubspot, WriteDeed::Tag { name: "sla_vencido".to_owned() }) };
    assert_eq!(run(hubspot, &write_of(hubspot), &order, |_, _| None).1.expect("done").reference, None);
}

#[test]
fn a_ticket_of_glpi_ends_with_one_technician_whoever_and_whatever_was_there() {
    let new = |name: &str| DESKS.into_iter().find(|desk| desk.name == name).expect("a desk");
    let assign = WriteDeed::Assign { person: Some("carolina".to_owned()) };
    let methods = |calls: &[ApiCall]| calls.iter().map(|call| call.method.clone()).collect::<Vec<_>>().join(" ");
    let ids = |calls: &[ApiCall]| {
        let deleted = calls.iter().filter(|call| call.method == "DELETE");
        deleted.map(|call| call.body.clone().unwrap_or_default()["id"].to_string()).collect::<Vec<_>>().join(" ")
    };
    let user = |id: u32| json!({"role": "assigned", "type": "User", "id": id});
    let group = json!({"role": "assigned", "type": "Group", "id": 8});
    let v2 = new("glpi_v2");
    let write = write_of(&v2);
    for (team, made, off) in [
        // A group with the person's number is no person.
        (json!([group]), "GET POST GET", ""),
        (json!([user(7), user(9), group]), "GET POST DELETE DELETE GET", "7 9"),
        // The first half of an earlier try.
        (json!([user(7), user(8)]), "GET DELETE GET", "7"),
        (json!([user(8), group]), "GET", ""),
    ] {
        let (calls, ended) = run(&v2, &write, &order(&v2, assign.clone()), |n, call| match call.method.as_str() {
            "GET" if n == 0 => Some(Ok(answer(200, team.clone()))),
            "GET" => Some(Ok(answer(200, json!([user(8)])))),
            _ => None,
        });
        assert!(ended.is_ok(), "{team}: {ended:?}");
        assert_eq!((methods(&calls).as_str(), ids(&calls).as_str()), (made, off), "{team}");
    }
    let legacy = new("glpi");
    let write = write_of(&legacy);
    let link = |id: u32, user: u32| json!({"id": id, "users_id": user, "type": 2});
    for (links, made) in [
        (json!([link(5_512, 7), link(5_513, 8)]), "GET DELETE"),
        (json!([link(5_513, 8)]), "GET"),
        (json!([]), "GET POST"),
    ] {
        let (calls, ended) = run(&legacy, &write, &order(&legacy, assign.clone()), |n, _| {
            (n == 0).then(|| Ok(answer(200, links.clone())))
        });
        assert!(ended.is_ok(), "{links}: {ended:?}");
        assert_eq!(methods(&calls), made, "{links}");
        assert!(calls.iter().filter(|call| call.method == "DELETE").all(|call| call.path == "/Ticket_User/5512"));
    }
}

#[test]
fn whoever_takes_a_zendesk_ticket_between_the_look_and_the_change_keeps_it() {
    let desk = DESKS.into_iter().find(|desk| desk.name == "zendesk").expect("Zendesk");
    let write = write_of(&desk);
    let order = order(&desk, WriteDeed::Assign { person: Some("carolina".to_owned()) });
    let ticket =
        |stamp: &str, owner: u64| Ok(answer(200, json!({"ticket": {"updated_at": stamp, "assignee_id": owner}})));
    let conflict = || Ok(answer(409, json!({"error": "UpdateConflict"})));
    let (calls, ended) = run(&desk, &write, &order, |n, _| match n {
        0 => Some(ticket("2026-03-02T14:31:07Z", 7)),
        1 => Some(conflict()),
        _ => Some(ticket("2026-03-02T14:31:09Z", 12)),
    });
    assert_eq!(calls.len(), 3, "{calls:?}");
    assert!(matches!(ended, Err(DeliveryError::Moot { .. })), "{ended:?}");
    // Something else of it changed.
    let (calls, ended) = run(&desk, &write, &order, |n, _| match n {
        0 => Some(ticket("2026-03-02T14:31:07Z", 7)),
        1 => Some(conflict()),
        2 => Some(ticket("2026-03-02T14:31:09Z", 7)),
        _ => None,
    });
    assert!(ended.is_ok() && calls.len() == 4, "{ended:?}");
    assert_eq!(calls[3].body.as_ref().expect("a body")["ticket"]["updated_stamp"], "2026-03-02T14:31:09Z");
}

#[test]
fn jira_is_written_to_alike_whether_its_hook_or_its_automation_calls() {
    let write = |preset: &str| Mapping::compile(presets::text(preset).expect("a preset")).expect("good").write;
    let (hook, automation) = (write("jira-sm").expect("[write]"), write("jira-sm-automation").expect("[write]"));
    assert_eq!(hook.deeds, automation.deeds);
    assert_eq!((hook.ticket, hook.priorities, hook.form), (automation.ticket, automation.priorities, automation.form));
}
