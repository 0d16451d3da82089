//! What is looked for before it is written again, and what is not written where nobody could look.

use plazo::intake::api::{ApiAnswer, ApiCall, CallFault};
use plazo::notify::DeliveryError;
use plazo::outbox::writing::WriteDeed;
use plazo::writeback::WriteOrder;
use serde_json::{Value, json};

use super::desks::{DESKS, MARK, answer, deeds, order, run, write_of};

#[test]
fn after_an_uncertain_end_a_note_is_looked_for_and_what_cannot_be_looked_for_is_not_written() {
    for desk in &DESKS {
        let write = write_of(desk);
        let order = WriteOrder { in_doubt: true, ..order(desk, WriteDeed::Note) };
        // Found: its own name is the reference, and nothing is written.
        let there = match desk.name {
            "chatwoot" => {
                json!({"payload": [{"id": 1200, "content": MARK, "private": false}, {"id": 1201, "content": MARK, "private": true}]})
            }
            "zammad" => json!([{"id": 1201, "body": format!("<p>{MARK}</p>"), "internal": true}]),
            "zendesk" => {
                json!({"audits": [{"metadata": {"custom": {"plazo": "R-17/a42"}}, "events": [{"type": "Comment", "id": 1201}]}]})
            }
            "hubspot" => json!({"results": [{"type": "COMMENT", "id": "1201", "text": MARK}]}),
            "clickup" => json!({"comments": [{"id": "1201", "comment_text": MARK}]}),
            "glpi" => json!([{"id": 1201, "is_private": 1, "content": format!("&#60;p&#62;{MARK}&#60;/p&#62;")}]),
            "glpi_v2" => json!([{"id": 1201, "is_private": true, "content": MARK}]),
            "freshdesk" => json!([{"id": 1201, "private": true, "body_text": MARK}]),
            "intercom" => {
                json!({"conversation_parts": {"conversation_parts": [{"id": "1201", "part_type": "note", "body": MARK}]}})
            }
            "jira_sm" => json!({"values": [{"id": "1201", "body": MARK}]}),
            _ => json!({"_results": [{"id": "1201", "body": MARK}]}),
        };
        let (calls, ended) = run(desk, &write, &order, |_, _| Some(Ok(answer(200, there.clone()))));
        assert_eq!(calls.len(), 1, "{}: {calls:?}", desk.name);
        let called = if desk.name == "glpi" { "ITILFollowup:1201" } else { "1201" };
        assert_eq!(ended.expect("found").reference.as_deref(), Some(called), "{}", desk.name);
        // Another deed's mark is not this one's.
        let other = there.to_string().replace("a42", "a421");
        let other: Value = serde_json::from_str(&other).expect("JSON");
        let (calls, _) = run(desk, &write, &order, |n, _| (n == 0).then(|| Ok(answer(200, other.clone()))));
        assert_eq!(calls.len(), 2, "{}: it is written after the look: {calls:?}", desk.name);
        // Whoever cannot look does not write.
        let cut = ApiAnswer { is_cut: true, ..answer(200, Value::Null) };
        let odd = || json!({"odd": true});
        let blind = [Ok(answer(500, odd())), Ok(answer(200, odd())), Ok(answer(200, "".into())), Ok(cut)];
        for blind in blind.into_iter().chain([Err(CallFault::Silence("timed out".to_owned()))]) {
            let (calls, ended) = run(desk, &write, &order, |n, _| (n == 0).then(|| blind.clone()));
            assert_eq!(calls.len(), 1, "{}: {calls:?}", desk.name);
            assert!(
                matches!(ended, Err(DeliveryError::Retry { .. } | DeliveryError::Doubt { .. })),
                "{}: {ended:?}",
                desk.name
            );
        }
    }
}

/// What reads of a page bear: how it is asked for, a full page without the mark, and the same with it.
fn pages(name: &str) -> Option<(&'static str, Value)> {
    let many = |n: usize, item: fn(usize) -> Value| (1..=n).map(item).collect::<Vec<_>>();
    let note = |n: usize| json!({"id": n, "private": true, "body_text": "", "content": "", "body": "", "date": "7"});
    Some(match name {
        "chatwoot" => ("?before=1", json!({"payload": many(20, note)})),
        "zendesk" => {
            ("&page=2", json!({"audits": [], "next_page": "https://empresa.zendesk.example/audits.json?page=2"}))
        }
        "hubspot" => ("&after=MjA", json!({"results": [], "paging": {"next": {"after": "MjA"}}})),
        "clickup" => ("?start=7&start_id=25", json!({"comments": many(25, note)})),
        "freshdesk" => ("&page=2", Value::Array(many(30, note))),
        "jira_sm" => ("&start=20", json!({"values": many(20, note), "isLastPage": false})),
        "front" => (
            "?page_token=abc",
            json!({"_results": [], "_pagination": {"next": "https://api2.frontapp.com/comments?limit=50&page_token=abc"}}),
        ),
        _ => return None,
    })
}

#[test]
fn a_note_is_looked_for_on_every_page_and_where_they_do_not_end_none_is_written() {
    for desk in &DESKS {
        let Some((query, full)) = pages(desk.name) else { continue };
        let write = write_of(desk);
        let order = WriteOrder { in_doubt: true, ..order(desk, WriteDeed::Note) };
        let (calls, ended) = run(desk, &write, &order, |n, _| (n == 0).then(|| Ok(answer(200, full.clone()))));
        assert!(calls[1].path.ends_with(query), "{}: {:?}", desk.name, calls[1]);
        assert_eq!((calls.len(), ended.is_ok()), (3, true), "{}: it is written after the last page", desk.name);
        let (calls, ended) = run(desk, &write, &order, |_, _| Some(Ok(answer(200, full.clone()))));
        assert_eq!(calls.len(), 20, "{}", desk.name);
        assert!(matches!(ended, Err(DeliveryError::Doubt { .. })), "{}: {ended:?}", desk.name);
    }
}

#[test]
fn what_is_read_before_it_is_replaced_must_have_been_read_whole_and_in_its_form() {
    for desk in &DESKS {
        let write = write_of(desk);
        for deed in deeds(desk).into_iter().filter(|deed| *deed != WriteDeed::Note) {
            let order = order(desk, deed.clone());
            let (usual, _) = run(desk, &write, &order, |_, _| None);
            let reads = |call: &ApiCall| call.method == "GET" || desk.name == "intercom" && call.path == "/tags";
            for at in (0..usual.len()).filter(|at| reads(&usual[*at])) {
                let cut = ApiAnswer { is_cut: true, ..answer(200, Value::Null) };
                let odd = [json!({"odd": true}), json!([{"odd": true}]), Value::Null, "".into(), "ok".into()];
                let odd = odd.into_iter().map(|body| answer(200, body)).chain([cut]);
                for bad in odd {
                    // A list without what is looked for is a list.
                    let is_list = bad.body.is_array() && desk.name.starts_with("glpi");
                    if is_list {
                        continue;
                    }
                    let (calls, ended) = run(desk, &write, &order, |n, _| (n == at).then(|| Ok(bad.clone())));
                    let of = format!("{} {deed:?}: {bad:?} {calls:?} {ended:?}", desk.name);
                    assert_eq!(calls.len(), at + 1, "{of}");
                    let is_ended = matches!(ended, Err(DeliveryError::GiveUp { .. } | DeliveryError::Retry { .. }));
                    assert!(is_ended, "{of}");
                }
            }
        }
    }
}

#[test]
fn a_note_that_was_taken_is_written_whatever_the_answer_says_in_the_place_of_its_name() {
    for desk in &DESKS {
        let write = write_of(desk);
        for body in [Value::Null, "".into(), "OK".into(), json!(1201)] {
            let order = order(desk, WriteDeed::Note);
            let (calls, ended) = run(desk, &write, &order, |_, _| Some(Ok(answer(201, body.clone()))));
            let receipt = ended.unwrap_or_else(|error| panic!("{} {body}: {error:?}", desk.name));
            assert_eq!((calls.len(), receipt.reference), (1, None), "{} {body}", desk.name);
        }
    }
}

#[test]
fn what_was_spent_on_other_payloads_is_not_missed_when_a_note_is_looked_for() {
    use plazo::intake::mapping::expression::{Expression, ExpressionScope};
    let long: Vec<_> = vec![json!({}); 600_000];
    let scope = ExpressionScope::new([("long", Value::Array(long))]);
    let search = Expression::new("holding(long, 'x', 'y')").expect("an expression");
    let desk = &DESKS[0];
    let write = write_of(desk);
    let order = WriteOrder { in_doubt: true, ..order(desk, WriteDeed::Note) };
    let there = json!({"payload": [{"id": 1201, "content": MARK, "private": true}]});
    // Once more than the budget of one payload.
    assert!(search.of(&scope).and_then(|_| search.of(&scope)).is_err());
    let (calls, ended) = run(desk, &write, &order, |_, _| Some(Ok(answer(200, there.clone()))));
    assert_eq!((calls.len(), ended.expect("found").reference.as_deref()), (1, Some("1201")));
}
