//! What waits before it is told, and why: bursts, hours, summaries of the day, silences; and who is told instead. In virtual time.

use crate::support::desk::{Desk, at};
use chrono::TimeDelta;
use plazo::outbox::Content;
use plazo::outbox::silence::Silenced;
use serde_json::json;

const FILE: &str = r#"
language = "en"
timezone = "America/Bogota"
operator = "oper"

[alerts]
window = "2m"
ack_expires = "1h"
on_duty = "guardia"

[calendar.office]
hours = { mon-fri = ["08:00-18:00"] }

[person.ana]
email = "ana@agencia.example"
hours = "office"

[person.luis]
email = "luis@agencia.example"

[person.marta]
email = "marta@agencia.example"
summary = "17:00"
hours = "office"

[person.oper]
email = "oper@agencia.example"

[rota.guardia]
people = ["luis"]
handover = "mon 08:00"
since = "2026-01-05"

[team.social]
lead = "ana"
members = ["ana"]
answers_clients = true

[[policy]]
name = "summed"
match = { channel = "crm" }
reply = { within = "20m", escalation = "summed" }

[[policy]]
name = "all"
team = "social"
reply = { within = "20m", escalation = "usual" }

[escalation]
usual = [{ at = "50%", tell = "ana" }, { at = "due", tell = "ana" }, { at = "+30m", tell = "guardia" }]
summed = [{ at = "due", tell = "marta" }]
"#;

/// Who, when, and how many alerts of which cause.
fn in_short(told: &[(String, String, Content)]) -> Vec<String> {
    let line = |(who, when, content): &(String, String, Content)| match content {
        Content::Alert(facts) => format!("{who} {when} {} {}", facts.request, facts.step),
        Content::Digest { alerts, cause, .. } => {
            let steps: Vec<_> = alerts.iter().map(|facts| format!("{} {}", facts.request, facts.step)).collect();
            format!("{who} {when} {}: {}", cause.as_str(), steps.join(", "))
        }
        other => format!("{who} {when} {}", other.type_name()),
    };
    told.iter().map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lessons_28_the_first_alert_goes_at_once_and_those_that_follow_come_as_one_breaches_first() {
    let mut desk = Desk::open("2026-03-02 09:00", FILE);
    for thread in ["a", "b", "c"] {
        desk.ask("whatsapp", thread).await;
    }
    let warned = desk.until("2026-03-02 09:15").await;
    assert_eq!(in_short(&warned), ["ana 02 09:10 R-1 50%", "ana 02 09:12 burst: R-2 50%, R-3 50%"]);
    // A request whose warning falls into the window of the others' breach.
    desk.set("2026-03-02 09:15");
    let broken = desk.until("2026-03-02 09:20").await;
    assert_eq!(in_short(&broken), ["ana 02 09:20 R-1 due"]);
    desk.event(json!({"type": "message", "direction": "out", "channel": "whatsapp", "thread": "b",
        "author": {"name": "ana", "kind": "agent"}, "text": "Ya lo vemos."}))
        .await;
    let gathered = desk.until("2026-03-02 09:25").await;
    // What was answered meanwhile is not told; what is left of a group of one comes by itself.
    assert_eq!(in_short(&gathered), ["ana 02 09:22 R-3 due"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_of_hours_what_may_wait_waits_and_a_broken_promise_goes_to_whoever_is_on_duty() {
    // Friday evening: the warning falls outside of Ana's hours, and so does the breach.
    let mut desk = Desk::open("2026-03-06 17:55", FILE);
    desk.ask("whatsapp", "a").await;
    let told = desk.until("2026-03-09 07:59").await;
    assert_eq!(in_short(&told), ["luis 06 18:15 R-1 due", "luis 06 18:45 R-1 +30m"]);
    desk.event(json!({"type": "message", "direction": "out", "channel": "whatsapp", "thread": "a",
        "author": {"name": "ana", "kind": "agent"}, "text": "Ya lo vemos."}))
        .await;
    // The warning is no longer needed on Monday.
    assert_eq!(in_short(&desk.until("2026-03-09 09:00").await), Vec::<String>::new());

    // Tasks of the house may wait, broken or not.
    let mut desk = Desk::open("2026-03-06 17:55", FILE);
    desk.event(json!({"type": "message", "direction": "in", "channel": "slack", "thread": "s", "audience": "internal",
        "author": {"name": "Pedro", "kind": "customer"}, "text": "¿Hay noticias?"}))
        .await;
    let told = desk.until("2026-03-09 08:05").await;
    let monday: Vec<_> = in_short(&told).into_iter().filter(|line| line.starts_with("ana")).collect();
    assert_eq!(monday, ["ana 09 08:00 R-1 due"], "{:?}", in_short(&told));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_a_summary_of_the_day_gets_nothing_else_also_of_what_was_answered() {
    let mut desk = Desk::open("2026-03-02 09:00", FILE);
    desk.ask("crm", "a").await;
    desk.ask("crm", "b").await;
    assert_eq!(in_short(&desk.until("2026-03-02 12:00").await), Vec::<String>::new());
    desk.event(json!({"type": "message", "direction": "out", "channel": "crm", "thread": "a",
        "author": {"name": "ana", "kind": "agent"}, "text": "Ya lo vemos."}))
        .await;
    let told = desk.until("2026-03-03 08:00").await;
    assert_eq!(in_short(&told), ["marta 02 17:00 daily: R-1 due, R-2 due"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silence_holds_back_what_fits_and_tells_when_it_ends() {
    let mut desk = Desk::open("2026-03-02 09:00", FILE);
    let of_whatsapp: Silenced = serde_json::from_value(json!({"channel": ["whatsapp"]})).expect("a matcher");
    let span = (at("2026-03-02 09:00"), at("2026-03-02 11:00"));
    let silence = desk.app.outbox.add_silence(of_whatsapp, span, None, None).await.expect("written");
    desk.ask("whatsapp", "a").await;
    desk.ask("email", "b").await;
    let told = desk.until("2026-03-02 10:00").await;
    assert_eq!(in_short(&told), ["ana 02 09:10 R-2 50%", "ana 02 09:20 R-2 due", "luis 02 09:50 R-2 +30m"]);
    // Ended before its time: what it held comes now, as one message a reader.
    assert!(desk.app.outbox.end_silence(silence.id).await.expect("written"));
    assert!(!desk.app.outbox.end_silence(silence.id).await.expect("written"), "once");
    let told = desk.until("2026-03-02 10:05").await;
    let mut lines = in_short(&told);
    lines.sort();
    assert_eq!(lines, ["ana 02 10:00 R-1 due", "luis 02 10:00 R-1 +30m"]);
}

/// Silences of which each holds one channel, by the hours at which they end.
async fn silence(desk: &Desk, channels: &[&str], until: &str) -> plazo::outbox::SilenceId {
    let silenced: Silenced = serde_json::from_value(json!({"channel": channels})).expect("a matcher");
    desk.app.outbox.add_silence(silenced, (desk.now(), at(until)), None, None).await.expect("written").id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silence_that_ends_early_lets_go_only_what_no_other_one_holds() {
    // Two until one instant, and a shorter one within a longer.
    let mut desk = Desk::open("2026-03-02 09:00", FILE);
    let of_whatsapp = silence(&desk, &["whatsapp"], "2026-03-02 12:00").await;
    silence(&desk, &["email"], "2026-03-02 12:00").await;
    silence(&desk, &["slack"], "2026-03-02 10:30").await;
    let longer = silence(&desk, &["slack", "sms"], "2026-03-02 12:00").await;
    for channel in ["whatsapp", "email", "slack", "sms"] {
        desk.ask(channel, channel).await;
    }
    assert_eq!(in_short(&desk.until("2026-03-02 10:00").await), Vec::<String>::new());
    assert!(desk.app.outbox.end_silence(of_whatsapp).await.expect("written"));
    let mut told = in_short(&desk.until("2026-03-02 10:05").await);
    told.sort();
    assert_eq!(told, ["ana 02 10:00 R-1 due", "luis 02 10:00 R-1 +30m"]);
    assert!(desk.app.outbox.end_silence(longer).await.expect("written"));
    let mut told = in_short(&desk.until("2026-03-02 10:20").await);
    told.sort();
    assert_eq!(told, ["ana 02 10:05 R-4 due", "luis 02 10:05 R-4 +30m"], "the shorter one still holds the third");
    let mut told = in_short(&desk.until("2026-03-02 10:35").await);
    told.sort();
    assert_eq!(told, ["ana 02 10:30 R-3 due", "luis 02 10:30 R-3 +30m"]);
    let mut told = in_short(&desk.until("2026-03-02 12:05").await);
    told.sort();
    assert_eq!(told, ["ana 02 12:00 R-2 due", "luis 02 12:00 R-2 +30m"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silence_is_heeded_however_many_were_made_after_it() {
    let mut desk = Desk::open("2026-03-02 09:00", FILE);
    silence(&desk, &["whatsapp"], "2026-03-02 11:00").await;
    for _ in 0..1_001 {
        silence(&desk, &["email"], "2026-03-02 11:00").await;
    }
    desk.ask("whatsapp", "a").await;
    assert_eq!(in_short(&desk.until("2026-03-02 10:30").await), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_a_request_keeps_the_ladder_still_for_a_while_only() {
    let mut desk = Desk::open("2026-03-02 09:00", FILE);
    desk.ask("whatsapp", "a").await;
    assert_eq!(in_short(&desk.until("2026-03-02 09:15").await), ["ana 02 09:10 R-1 50%"]);
    desk.event(json!({"type": "ack", "request": "R-1", "author": {"name": "ana", "kind": "agent"}})).await;
    assert_eq!(in_short(&desk.until("2026-03-02 10:14").await), Vec::<String>::new());
    // An hour later it is still open: the ladder goes on with its first step that is owed, and counts from there.
    let told = desk.until("2026-03-02 10:50").await;
    assert_eq!(in_short(&told), ["ana 02 10:15 R-1 due", "luis 02 10:45 R-1 +30m"]);
    // Taken again, it is still again.
    desk.event(json!({"type": "ack", "request": "R-1", "author": {"name": "luis", "kind": "agent"}})).await;
    let clocks = plazo::store::Store::open_reader(desk.directory.path())
        .and_then(|store| store.clocks(plazo::engine::request_id::RequestId(1)))
        .expect("clocks");
    assert_eq!(clocks[0].acked_at, Some(at("2026-03-02 10:50")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_on_purpose_is_not_overdue_and_what_is_keeps_the_heartbeat_still() {
    let mut desk = Desk::open("2026-03-02 09:00", FILE);
    desk.ask("crm", "a").await;
    desk.until("2026-03-02 12:00").await;
    assert_eq!(desk.app.outbox.count_overdue().await.expect("counted"), 0, "Marta's summary comes at 17:00");
    // A breach that nobody sends.
    desk.set("2026-03-02 12:00");
    desk.ask("whatsapp", "b").await;
    desk.set("2026-03-02 12:25");
    let due = desk.app.queue().due(desk.now(), 256);
    desk.app.desk.tick(due).await.expect("written");
    desk.set("2026-03-02 12:27");
    assert!(0 < desk.app.outbox.count_overdue().await.expect("counted"));
    desk.until("2026-03-02 12:30").await;
    assert_eq!(desk.app.outbox.count_overdue().await.expect("counted"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn lessons_29_what_comes_late_because_plazo_was_down_says_from_when_to_when() {
    let mut desk = Desk::open("2026-03-02 09:00", FILE);
    let gap = TimeDelta::seconds(5);
    assert_eq!(desk.app.outbox.note_alive(gap).await.expect("written"), None);
    desk.ask("whatsapp", "a").await;
    // Nobody looks for half an hour, in which the promise breaks.
    desk.set("2026-03-02 09:30");
    let down = desk.app.outbox.note_alive(gap).await.expect("written");
    assert_eq!(down, Some((at("2026-03-02 09:00"), at("2026-03-02 09:30"))));
    let told = desk.until("2026-03-02 09:31").await;
    let Content::Alert(facts) = &told[0].2 else { panic!("{:?}", in_short(&told)) };
    assert!(facts.late);
    assert_eq!(facts.down, down);
    let reader = plazo::text::reader::Reader::plain(chrono_tz::America::Bogota, plazo::text::Language::Es, desk.now());
    let text = plazo::text::render::render(&told[0].2, &plazo::text::templates::Texts::default(), &reader).text;
    assert!(text.contains("plazo estuvo detenido de lun 2 mar, 09:00 a lun 2 mar, 09:30"), "{text}");
}
