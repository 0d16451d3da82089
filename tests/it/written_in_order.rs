//! Writing back over time, beside a Chatwoot whose hooks name nobody: what is whose, what goes first, and what becomes of a deed whose promise
//! ends, lives again, or never was.

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use plazo::app::feeds::Told;
use plazo::config;
use plazo::engine::proof::Proof;
use plazo::engine::request::Request;
use plazo::engine::request_id::RequestId;
use plazo::intake::json as event_json;
use plazo::intake::mapping::HOOK;
use plazo::intake::source::Source;
use plazo::outbox::writing::{WriteDeed, mark};
use plazo::outbox::{Attempt, Content};
use plazo::unit::Incoming;
use serde_json::{Value, json};

use crate::support::desk::Desk;

const NUMBER: RequestId = RequestId(1);

fn file(promises: &str, ladders: &str) -> String {
    format!(
        "timezone = \"America/Bogota\"
operator = \"oper\"
[person.ana]
email = \"ana@agencia.example\"
reach = {{ chatwoot = \"6\" }}
[person.oper]
notify = \"file\"
[destination.file]
type = \"file\"
path = \"/tmp/plazo-test-is-never-written\"
[team.social]
lead = \"ana\"
[[policy]]
name = \"todo\"
team = \"social\"
{promises}
[escalation]
{ladders}
[source.chatwoot]
preset = \"chatwoot\"
secret = {{ env = \"X\" }}
token = {{ env = \"X\" }}
api = \"https://chat.empresa.example\"
set = {{ account = 1 }}
write_as = \"9\"
"
    )
}

/// What the hook says at this moment.
async fn hear(desk: &Desk, mut body: Value) -> Told {
    let at = json!(desk.now());
    for (key, value) in [("created_at", &at), ("updated_at", &at)] {
        body[key] = value.clone();
    }
    say(desk, "chatwoot", &body).await
}

/// What a source says, as it stands.
async fn say(desk: &Desk, name: &str, body: &Value) -> Told {
    let source = Source::without_secrets(desk.app.config().sources[name].clone());
    let directory = desk.app.config().rulebook.directory.clone();
    let facts = source.try_out(HOOK, body.to_string().as_bytes(), &directory, desk.now()).expect("readable");
    assert!(facts.faults.is_empty(), "{:?}", facts.faults);
    desk.app.feeds.take_facts(name, facts, &[]).await.expect("written")
}

fn message(id: u64, kind: &str, sender: &Value, labels: &[&str], priority: Option<&str>) -> Value {
    json!({
        "event": "message_created", "id": id, "content": "¿Hay noticias?", "message_type": kind, "private": false,
        "content_type": "text", "sender": sender, "account": {"id": 1}, "inbox": {"id": 3, "name": "Ventas"},
        "conversation": {"id": 42, "status": "open", "labels": labels, "priority": priority, "messages": [{"account_id": 1}]},
    })
}

/// A client whose number is that of plazo's own account: contacts are counted apart.
fn client(id: u64, labels: &[&str], priority: Option<&str>) -> Value {
    message(id, "incoming", &json!({"id": 9, "name": "Laura Gómez", "type": "contact"}), labels, priority)
}

fn answer(id: u64) -> Value {
    message(id, "outgoing", &json!({"id": 6, "email": "ana@agencia.example", "type": "user"}), &[], None)
}

fn labels(now: &[&str], before: &[&str]) -> Value {
    json!({
        "event": "conversation_updated", "id": 42, "labels": now, "messages": [{"account_id": 1}],
        "changed_attributes": [{"label_list": {"previous_value": before, "current_value": now}}],
    })
}

fn priority(now: &str) -> Value {
    json!({
        "event": "conversation_updated", "id": 42, "priority": now, "messages": [{"account_id": 1}],
        "changed_attributes": [{"priority": {"previous_value": null, "current_value": now}}],
    })
}

async fn request(desk: &Desk) -> Request {
    desk.app.views.request(NUMBER).await.expect("read").expect("a request")
}

/// The deeds among what was told, in their order.
fn deeds(told: &[(String, String, Content)]) -> Vec<String> {
    let deed = |(_, at, content): &(String, String, Content)| match content {
        Content::Write(facts) => Some(match &facts.deed {
            WriteDeed::Tag { name } | WriteDeed::Untag { name } | WriteDeed::Priority { name } => {
                format!("{at} {} {name}", facts.deed.word())
            }
            WriteDeed::Assign { person } => format!("{at} assign {}", person.as_deref().unwrap_or_default()),
            WriteDeed::Note => format!("{at} note"),
        }),
        _ => None,
    };
    told.iter().filter_map(deed).collect()
}

const ONE: &str = "reply = { within = \"30m\", escalation = \"e\" }";

#[tokio::test]
async fn a_client_s_message_is_heard_and_shows_nothing_of_plazo_s_as_the_request_s_own() {
    let ladder = "e = [{ at = \"due\", do = [\"tag:sla-vencido\", \"priority:urgent\"] }]";
    let mut desk = Desk::open("2026-03-02 09:00", &file(ONE, ladder));
    desk.reference = Some("tag:sla-vencido".to_owned());
    assert_eq!(hear(&desk, client(1, &["vip"], None)).await.accepted, 1, "a contact's number is no user's");
    assert_eq!(deeds(&desk.until("2026-03-02 09:35").await), ["02 09:30 tag sla-vencido", "02 09:30 priority urgent"]);
    // Long after it was put: the client's next message, and a person's label beside it.
    assert_eq!(hear(&desk, client(2, &["vip", "sla-vencido"], Some("urgent"))).await.accepted, 1);
    let facets = request(&desk).await.facets;
    assert_eq!((facets.tags, facets.priority), (vec!["vip".to_owned()], None));
    let told = hear(&desk, labels(&["vip", "sla-vencido"], &["vip"])).await;
    assert_eq!((told.accepted, told.echoes), (0, 1), "a late echo");
    assert_eq!(hear(&desk, labels(&["vip", "sla-vencido", "factura"], &["vip", "sla-vencido"])).await.accepted, 1);
    assert_eq!(request(&desk).await.facets.tags, ["vip", "factura"]);
    hear(&desk, answer(3)).await;
    assert_eq!(deeds(&desk.until("2026-03-02 09:40").await), ["02 09:35 untag sla-vencido"]);
    // The next wait puts its own, and takes it off again.
    hear(&desk, client(4, &["vip", "factura"], Some("urgent"))).await;
    let put = desk.until("2026-03-02 10:20").await;
    assert_eq!(deeds(&put), ["02 10:10 tag sla-vencido", "02 10:10 priority urgent"]);
    assert!(put.iter().all(|(_, _, content)| !matches!(content, Content::Write(facts) if facts.had)), "{put:?}");
    hear(&desk, answer(5)).await;
    assert_eq!(deeds(&desk.until("2026-03-02 10:25").await), ["02 10:20 untag sla-vencido"]);
}

#[tokio::test]
async fn what_people_set_and_take_off_is_theirs_though_a_deed_names_it() {
    let ladder = "e = [{ at = \"due\", do = [\"tag:sla-vencido\", \"priority:urgent\"] }]";
    let mut desk = Desk::open("2026-03-02 09:00", &file(ONE, ladder));
    // The tag was there, and the priority waits: the token is refused.
    desk.attempt = Some(Box::new(|leased, now| match &leased.content {
        Content::Write(facts) if facts.deed.word() == "priority" => {
            let cause = "HTTP 401".to_owned();
            Some(Attempt::Later { at: now + TimeDelta::hours(5), cause, in_doubt: false })
        }
        _ => None,
    }));
    hear(&desk, client(1, &["sla-vencido"], None)).await;
    assert_eq!(deeds(&desk.until("2026-03-02 09:31").await), ["02 09:30 tag sla-vencido"]);
    assert_eq!(hear(&desk, priority("urgent")).await.accepted, 1);
    assert_eq!(hear(&desk, labels(&[], &["sla-vencido"])).await.accepted, 1);
    let facets = request(&desk).await.facets;
    assert_eq!((facets.tags, facets.priority.as_deref()), (Vec::<String>::new(), Some("urgent")));
    hear(&desk, answer(2)).await;
    assert_eq!(deeds(&desk.until("2026-03-02 10:00").await), [""; 0], "what was theirs is not taken off");
}

#[tokio::test]
async fn a_tag_that_two_promises_want_goes_with_the_last_of_them() {
    let promises =
        "reply = { within = \"30m\", escalation = \"e\" }\nassign = { within = \"30m\", escalation = \"e\" }";
    let ladder = "e = [{ at = \"due\", do = [\"tag:sla-vencido\"] }]";
    let mut desk = Desk::open("2026-03-02 09:00", &file(promises, ladder));
    desk.reference = Some("tag:sla-vencido".to_owned());
    hear(&desk, client(1, &[], None)).await;
    assert_eq!(deeds(&desk.until("2026-03-02 09:40").await).len(), 2);
    hear(&desk, answer(2)).await;
    assert_eq!(deeds(&desk.until("2026-03-02 09:50").await), [""; 0], "the other promise is broken still");
    let owned = json!({"type": "own", "owner": "ana", "channel": "crm", "thread": "1:42"});
    desk.event(owned).await;
    assert_eq!(deeds(&desk.until("2026-03-02 09:55").await), ["02 09:50 untag sla-vencido"]);
}

#[tokio::test]
async fn into_a_ticket_deeds_go_in_the_order_in_which_they_were_decided() {
    let ladder =
        "e = [{ at = \"50%\", do = [\"priority:high\", \"tag:cerca\"] }, { at = \"due\", do = [\"priority:urgent\"] }]";
    let mut desk = Desk::open("2026-03-02 09:00", &file(ONE, ladder));
    let opens = crate::support::desk::at("2026-03-02 09:40");
    desk.attempt = Some(Box::new(move |_, now| {
        let cause = "HTTP 503".to_owned();
        (now < opens).then(|| Attempt::Later { at: now + TimeDelta::minutes(7), cause, in_doubt: false })
    }));
    hear(&desk, client(1, &[], None)).await;
    let told = deeds(&desk.until("2026-03-02 10:00").await);
    let words: Vec<_> = told.iter().map(|deed| deed.split_once(' ').map_or("", |(_, rest)| &rest[6..])).collect();
    // The older priority is not worth setting any more.
    assert_eq!(words, ["tag cerca", "priority urgent"], "{told:?}");
}

#[tokio::test]
async fn a_tag_of_which_nobody_knows_whether_it_was_put_is_taken_off_all_the_same() {
    let mut desk = Desk::open("2026-03-02 09:00", &file(ONE, "e = [{ at = \"due\", do = [\"tag:sla-vencido\"] }]"));
    desk.attempt = Some(Box::new(|leased, now| match &leased.content {
        Content::Write(facts) if facts.deed.word() == "tag" => {
            let cause = "timed out".to_owned();
            Some(Attempt::Later { at: now + TimeDelta::minutes(10), cause, in_doubt: true })
        }
        _ => None,
    }));
    hear(&desk, client(1, &[], None)).await;
    desk.until("2026-03-02 09:32").await;
    // Its echo comes before anybody knows that it is done.
    assert_eq!(hear(&desk, labels(&["sla-vencido"], &[])).await.echoes, 1);
    hear(&desk, answer(2)).await;
    let told = deeds(&desk.until("2026-03-02 10:00").await);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].ends_with("untag sla-vencido"), "{told:?}");
}

#[tokio::test]
async fn what_a_promise_put_that_never_was_is_taken_off_and_what_it_had_waiting_is_dropped() {
    let promises = "attend = { within = \"30m\", escalation = \"e\" }";
    let ladder = "e = [{ at = \"due\", do = [\"tag:sla-vencido\", \"priority:urgent\"] }]";
    let mut desk = Desk::open("2026-03-02 09:00", &file(promises, ladder));
    desk.reference = Some("tag:sla-vencido".to_owned());
    desk.attempt = Some(Box::new(|leased, now| match &leased.content {
        Content::Write(facts) if facts.deed.word() == "priority" => {
            let cause = "HTTP 503".to_owned();
            Some(Attempt::Later { at: now + TimeDelta::minutes(20), cause, in_doubt: false })
        }
        _ => None,
    }));
    hear(&desk, client(1, &[], None)).await;
    desk.until("2026-03-02 09:05").await;
    desk.event(json!({"type": "own", "owner": "ana", "channel": "crm", "thread": "1:42"})).await;
    assert_eq!(deeds(&desk.until("2026-03-02 09:40").await), ["02 09:35 tag sla-vencido"]);
    desk.event(json!({"type": "undo", "of": "test/1", "channel": "crm", "thread": "1:42"})).await;
    desk.attempt = None;
    let told = deeds(&desk.until("2026-03-02 10:30").await);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].ends_with("untag sla-vencido"), "{told:?}");
}

#[tokio::test]
async fn a_tag_goes_though_the_file_in_force_then_writes_nothing() {
    let ladder = "e = [{ at = \"due\", do = [\"tag:sla-vencido\"] }]";
    let mut desk = Desk::open("2026-03-02 09:00", &file(ONE, ladder));
    desk.reference = Some("tag:sla-vencido".to_owned());
    hear(&desk, client(1, &[], None)).await;
    desk.until("2026-03-02 09:35").await;
    let other = file(ONE, "e = [{ at = \"due\", tell = [\"file\"] }]");
    let config = config::read("sla.toml".as_ref(), other.clone()).config.expect("a good file");
    desk.app.reload(config, other).await.expect("taken");
    hear(&desk, answer(2)).await;
    assert_eq!(deeds(&desk.until("2026-03-02 09:40").await), ["02 09:35 untag sla-vencido"]);
}

#[tokio::test]
async fn a_step_whose_only_deed_that_system_does_not_know_goes_to_the_last_resort() {
    let other = "[source.zammad]\npreset = \"zammad\"\nsecret = { env = \"X\" }\ntoken = { env = \"X\" }\napi = \"https://zammad.empresa.example\"\n";
    let ladder = "e = [{ at = \"due\", do = [\"priority:normal\"] }]";
    let mut desk = Desk::open("2026-03-02 09:00", &(file(ONE, ladder) + other));
    hear(&desk, client(1, &[], None)).await;
    let told = desk.until("2026-03-02 09:40").await;
    assert_eq!(deeds(&told), [""; 0]);
    assert_eq!(told.iter().map(|(who, ..)| who.as_str()).collect::<Vec<_>>(), ["oper"], "{told:?}");
}

#[tokio::test]
async fn of_what_was_due_before_plazo_heard_of_it_only_tags_are_put() {
    let ladder = "e = [{ at = \"due\", do = [\"note\", \"tag:sla-vencido\", \"assign:lead\"] }]";
    let mut desk = Desk::open("2026-03-02 09:00", &file(ONE, ladder));
    let mut late = client(1, &[], None);
    late["created_at"] = json!(desk.now());
    desk.until("2026-03-02 12:00").await;
    say(&desk, "chatwoot", &late).await;
    let told = deeds(&desk.until("2026-03-02 12:10").await);
    assert_eq!(told.iter().map(|deed| &deed[9..]).collect::<Vec<_>>(), ["tag sla-vencido"], "{told:?}");
}

#[tokio::test]
async fn a_note_by_nobody_that_ends_in_the_mark_of_one_being_written_is_that_note() {
    let front = "[source.front]\npreset = \"front\"\nsecret = { env = \"X\" }\ntoken = { env = \"X\" }\n";
    let file = file(ONE, "e = [{ at = \"due\", do = [\"note\"] }]");
    let mut desk = Desk::open("2026-03-02 09:00", &(file + front));
    let written = Arc::new(Mutex::new(None));
    let seen = Arc::clone(&written);
    desk.attempt = Some(Box::new(move |leased, now| {
        *seen.lock().expect("no panic") = Some(leased.id);
        let cause = "timed out".to_owned();
        Some(Attempt::Later { at: now + TimeDelta::minutes(10), cause, in_doubt: true })
    }));
    let asked = json!({
        "type": "message", "id": "1", "at": desk.now(), "channel": "crm", "thread": "cnv_plazo42", "direction": "in",
        "author": {"name": "Laura Gómez", "kind": "customer"}, "text": "¿Hay noticias?",
    });
    let (mut event, _) = event_json::event(asked, "front", desk.now()).expect("an event");
    event.proof = Proof::Signed;
    desk.app.desk.submit(vec![Incoming::new(event, None).expect("JSON")]).await.expect("written");
    desk.until("2026-03-02 09:32").await;
    let mark = mark(NUMBER, written.lock().expect("no panic").expect("a try"));
    let comment = |id: &str, text: String, author: Value| {
        json!({
            "type": "comment", "payload": {
                "type": "comment", "id": format!("evt_{id}"), "emitted_at": desk.now().timestamp(),
                "conversation": {"id": "cnv_plazo42"}, "source": {"_meta": {"type": "api"}, "data": null},
                "target": {"_meta": {"type": "comment"}, "data": {"id": format!("com_{id}"), "body": text, "author": author}},
            },
        })
    };
    let ana = json!({"id": "tea_1", "email": "ana@agencia.example", "first_name": "Ana"});
    for (id, text, author, echoes) in [
        ("1", format!("SLA vencido\n{mark}"), Value::Null, 1),
        ("2", format!("Dice {mark} y no sé qué es"), Value::Null, 0),
        ("3", format!("SLA vencido\n{mark}"), ana, 0),
    ] {
        let told = say(&desk, "front", &comment(id, text, author)).await;
        assert_eq!((told.echoes, told.accepted), (echoes, 1 - echoes), "{id}");
    }
}
