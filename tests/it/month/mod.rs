//! A month of four teams, eight thousand conversations by six channels, through the application in virtual time; and the report
//! of it beside the same figures recomputed from the journal by plain SQL (`tests/data/month/figures.sql`).

mod plan;

use std::path::Path;

use crate::support;
use crate::support::desk::Desk;
use plazo::app::Incoming;
use plazo::app::report::Wanted;
use plazo::engine::request_id::RequestId;
use plazo::intake::json as event_json;
use plazo::report::{By, Measure, Report};
use rusqlite::{Connection, named_params};
use serde_json::json;

/// Events of one minute are written together, as a busy day's are.
const GROUP: i64 = 60_000;
/// The outbox is looked after each so many minutes; single alerts go at once.
const LOOK: i64 = 3;

#[tokio::test(flavor = "multi_thread")]
async fn c9_c10_e5_kept_every_figure_of_a_month_is_what_plain_sql_finds_in_the_journal() {
    let file = std::fs::read_to_string(support::data("month/sla.toml")).expect("a file");
    let mut desk = Desk::open_in(in_memory(), "2026-03-02 00:00", &file);
    let events = plan::events(20_260_302);
    let channels: std::collections::BTreeSet<_> = events.iter().map(|event| event["channel"].to_string()).collect();
    assert_eq!(channels.len(), 6, "{channels:?}");
    play(&mut desk, events).await;
    desk.set("2026-03-30 07:30");
    // The whole month, and a week of it, which begins and ends in the middle of conversations.
    for (from, to) in [("2026-03-02 00:00", "2026-03-30 00:00"), ("2026-03-09 00:00", "2026-03-16 00:00")] {
        let span = (Some(support::desk::at(from)), Some(support::desk::at(to)));
        let wanted = Wanted::find(&desk.app.config(), None, span, false, desk.now()).expect("a report");
        let report = desk.app.views.report(wanted).await.expect("figures");
        let sql = Sql::of(
            desk.directory.path(),
            span.0.expect("an instant").timestamp_millis(),
            span.1.expect("an instant").timestamp_millis(),
        );
        sql.compare(&report);
    }
}

/// The month in which every fifth client says thanks after the closing: with the switch on, it comes out as if nobody had said anything;
/// with it off, each of them is a conversation more to be answered.
#[test]
fn lessons_49_a_month_with_thanks_comes_out_as_one_without() {
    let at_of = |event: &serde_json::Value| {
        event["at"].as_str().and_then(|at| at.parse::<chrono::DateTime<chrono::Utc>>().ok())
    };
    let month = plan::events(20_260_302);
    let closed = month.iter().filter(|event| event["type"] == "close" && event["channel"] == "whatsapp");
    let thanks: Vec<_> = closed
        .step_by(5)
        .filter_map(|close| {
            let at = at_of(close)? + chrono::TimeDelta::minutes(3);
            let writer = json!({"name": "Cliente", "kind": "customer"});
            Some(json!({
                "id": format!("thanks-{}", close["id"]), "type": "message", "direction": "in", "at": at, "author": writer,
                "channel": close["channel"], "thread": close["thread"], "text": "Muchas gracias 🙏",
            }))
        })
        .collect();
    assert!(200 < thanks.len(), "{}", thanks.len());
    let file = std::fs::read_to_string(support::data("month/sla.toml")).expect("a file");
    let on = file.replace("[answers]\n", "[answers]\nasks_nothing = true\n");
    assert_ne!(on, file);
    let mut with_thanks: Vec<_> = month.iter().chain(&thanks).cloned().collect();
    with_thanks.sort_by_key(|event| at_of(event));
    let (without, ignored, answered) =
        (replayed(&file, &month), replayed(&on, &with_thanks), replayed(&file, &with_thanks));
    assert_eq!(ignored["totals"], without["totals"], "nothing is kept, broken or told for the sake of thanks");
    assert_eq!(ignored["entries"], without["entries"]);
    let count = |played: &serde_json::Value, what: &str| {
        let totals = played["totals"].as_array().into_iter().flatten();
        totals.filter_map(|total| total[what].as_u64()).sum::<u64>()
    };
    let (broken, alerts) = (
        count(&answered, "broken") - count(&without, "broken"),
        count(&answered, "alerts") - count(&without, "alerts"),
    );
    assert!(
        thanks.len() as u64 <= broken && broken < alerts,
        "{} thanks, {broken} broken, {alerts} alerts",
        thanks.len()
    );
}

/// What a file makes of events.
fn replayed(file: &str, events: &[serde_json::Value]) -> serde_json::Value {
    let directory = tempfile::tempdir().expect("a directory");
    let lines: Vec<_> = events.iter().map(ToString::to_string).collect();
    std::fs::write(directory.path().join("events.ndjson"), lines.join("\n")).expect("written");
    std::fs::write(directory.path().join("sla.toml"), file).expect("written");
    let mut command = support::plazo();
    command.current_dir(directory.path()).args(["replay", "--events", "events.ndjson", "--to", "2026-04-06", "--json"]);
    let output = command.output().expect("plazo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A directory in memory where the machine has one: a month of commits is about figures, and half of its time the disk's.
fn in_memory() -> tempfile::TempDir {
    let found = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    found.expect("a directory")
}

/// Hears each event in its minute, looks when the queue says so, and sends what is due.
async fn play(desk: &mut Desk, events: Vec<serde_json::Value>) {
    let read = |event| {
        event_json::event(event, "month", plan::end()).map(|(mut event, request)| {
            event.proof = plazo::engine::proof::Proof::Machine { user: None };
            (event, request)
        })
    };
    let mut events = events.into_iter().map(read).peekable();
    let minute = |at: chrono::DateTime<chrono::Utc>| at.timestamp_millis().div_euclid(GROUP);
    let last_of = |minute: i64| chrono::DateTime::from_timestamp_millis((minute + 1) * GROUP - 1).expect("an instant");
    let mut looked_at = 0;
    loop {
        let next_event = events.peek().map(|event| event.as_ref().expect("an event").0.at);
        let next_wake = desk.app.queue().next_at().filter(|at| *at < plan::end());
        match (next_event, next_wake) {
            (None, None) => break,
            (Some(event_at), wake_at) if wake_at.is_none_or(|wake_at| minute(event_at) <= minute(wake_at)) => {
                let mut group = Vec::new();
                while let Some(event) =
                    events.next_if(|event| event.as_ref().is_ok_and(|(event, _)| minute(event.at) == minute(event_at)))
                {
                    let (event, request) = event.expect("an event");
                    desk.move_to(event.at);
                    group.push(Incoming::new(event, request).expect("JSON"));
                }
                let applied = desk.app.desk.submit(group).await.expect("written");
                assert!(applied.iter().all(|one| !matches!(one, plazo::app::Applied::Rejected(_))), "{applied:?}");
            }
            (_, Some(wake_at)) => {
                desk.move_to(wake_at.max(last_of(minute(wake_at))));
                let due = desk.app.queue().due(desk.now(), 256);
                desk.app.desk.tick(due).await.expect("written");
                desk.send_express();
                // What was sent is recorded, and what was gathered goes, well within a lease.
                if looked_at + LOOK <= minute(wake_at) {
                    looked_at = minute(wake_at);
                    desk.send().await;
                }
            }
            (Some(_), None) => unreachable!("an event without a wake is taken above"),
        }
    }
}

/// The journal, and the period in milliseconds.
struct Sql {
    connection: Connection,
    from: i64,
    to: i64,
}

impl Sql {
    fn of(directory: &Path, from: i64, to: i64) -> Self {
        let connection = Connection::open(directory.join("plazo.sqlite3")).expect("a store");
        let statements = std::fs::read_to_string(support::data("month/figures.sql")).expect("a file");
        for statement in statements.split(";\n") {
            let statement = statement.replace(":from", &from.to_string()).replace(":to", &to.to_string());
            connection.execute_batch(&statement).unwrap_or_else(|error| panic!("{error}: {statement}"));
        }
        Self { connection, from, to }
    }

    fn number(&self, sql: &str) -> Option<i64> {
        let sql = sql.replace(":from", &self.from.to_string()).replace(":to", &self.to.to_string());
        self.connection
            .query_row(&sql, named_params! {}, |row| row.get(0))
            .unwrap_or_else(|error| panic!("{error}: {sql}"))
    }

    fn requests(&self, sql: &str) -> Vec<RequestId> {
        let sql = sql.replace(":from", &self.from.to_string()).replace(":to", &self.to.to_string());
        let mut statement = self.connection.prepare(&sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
        let rows = statement.query_map([], |row| row.get(0).map(RequestId)).expect("rows");
        rows.collect::<Result<_, _>>().expect("ids")
    }

    /// Means, percentiles and requests of spans in a table with `elapsed` and `working`.
    fn measure(&self, what: &str, measure: &Measure, rows: &str) {
        let mean =
            |column: &str| self.number(&format!("SELECT (sum({column}) + count(*) / 2) / count(*) FROM ({rows})"));
        let rank = |column: &str, percent: i64| {
            self.number(&format!(
                "SELECT max({column}) FROM (SELECT {column} FROM ({rows}) ORDER BY {column}
                 LIMIT max(1, ((SELECT count(*) FROM ({rows})) * {percent} + 99) / 100))"
            ))
        };
        let n = self.number(&format!("SELECT count(*) FROM ({rows})"));
        assert!(n > Some(0), "{what}: nothing to compare");
        let found = (i64::try_from(measure.n).ok(), measure.mean_ms, measure.mean_working_ms);
        assert_eq!(found, (n, mean("elapsed"), mean("working")), "{what}: count, mean elapsed, mean working");
        let found = (measure.p50_ms, measure.p90_ms, measure.p50_working_ms, measure.p90_working_ms);
        let expected = (rank("elapsed", 50), rank("elapsed", 90), rank("working", 50), rank("working", 90));
        assert_eq!(found, expected, "{what}: percentiles");
        let mut requests = measure.requests.clone();
        requests.sort();
        assert_eq!(
            requests,
            self.requests(&format!("SELECT DISTINCT request FROM ({rows}) ORDER BY 1")),
            "{what}: requests"
        );
    }

    fn compare(&self, report: &Report) {
        let all = report.all().expect("figures of everything");
        self.measure("first response", &all.first_response, "SELECT * FROM answered WHERE is_first");
        self.measure("response", &all.response, "SELECT * FROM answered");
        self.measure("resolution", &all.resolution, "SELECT * FROM solved");
        let count = |what: &str, found: &plazo::report::Count, sql: &str| {
            assert_eq!(i64::try_from(found.n).ok(), self.number(&format!("SELECT count(*) FROM ({sql})")), "{what}");
            assert_eq!(
                found.requests,
                self.requests(&format!("SELECT DISTINCT request FROM ({sql}) ORDER BY 1")),
                "{what}"
            );
        };
        count("unanswered", &all.unanswered, "SELECT request FROM waits WHERE ended_at IS NULL");
        count("closed without answer", &all.closed_unanswered, "SELECT request FROM closings WHERE unattended");
        count("closed", &report.closings.closed, "SELECT request FROM closings");
        count(
            "early",
            &all.early,
            "SELECT j.request FROM journal j, json_each(j.effects) e
             WHERE json_extract(e.value, '$.effect') = 'early' AND :from <= j.at AND j.at < :to",
        );
        // Verdicts as the journal tells them; a breach is at its due instant, and what is late was a breach before. One that was
        // noticed before an answer from before it was heard of is none.
        let kept = self.number(
            "SELECT count(*) FROM journal j, json_each(j.effects) e
             WHERE json_extract(e.value, '$.effect') = 'met' AND :from <= j.at AND j.at < :to",
        );
        let broken = "SELECT j.request, 1000 * unixepoch(json_extract(e.value, '$.at'), 'subsec') AS at FROM journal j, json_each(j.effects) e
             WHERE json_extract(e.value, '$.effect') = 'breached' AND NOT EXISTS (
                 SELECT 1 FROM journal k, json_each(k.effects) f WHERE k.request = j.request AND json_extract(f.value, '$.effect') = 'met'
                   AND json_extract(f.value, '$.clock') = json_extract(e.value, '$.clock'))";
        let n_broken = self.number(&format!("SELECT count(*) FROM ({broken}) WHERE :from <= at AND at < :to"));
        let found = (i64::try_from(all.kept.kept).ok(), i64::try_from(all.kept.broken).ok());
        assert_eq!(found, (kept, n_broken), "promises kept and broken");
        for rule in &report.violations {
            let expected = self.number(&format!(
                "SELECT count(*) FROM journal j, json_each(j.effects) e
                 WHERE json_extract(e.value, '$.effect') = 'violation' AND json_extract(e.value, '$.rule') = '{}'
                   AND :from <= j.at AND j.at < :to",
                rule.rule
            ));
            assert_eq!(i64::try_from(rule.n).ok(), expected, "violations of {}", rule.rule);
        }
        let rules: Vec<_> = report.violations.iter().map(|rule| rule.rule.as_str()).collect();
        assert_eq!(rules, ["A7", "A9", "B1", "C4", "D11", "D3", "D7", "E2"], "each slip is in it");
        let group = |by: By, key: &str| {
            let found = report.groups.iter().find(|group| group.by == by && group.key == key);
            &found.unwrap_or_else(|| panic!("no {by:?} {key}")).figures
        };
        for channel in ["whatsapp", "email", "crm", "phone", "chat"] {
            let rows = format!("SELECT * FROM answered WHERE channel = '{channel}'");
            self.measure(channel, &group(By::Channel, channel).response, &rows);
        }
        for person in ["laura", "diego", "rosa", "luis"] {
            let rows = format!("SELECT * FROM answered WHERE answered_by = '{person}'");
            self.measure(person, &group(By::Person, person).response, &rows);
        }
        let social = "SELECT * FROM answered WHERE answered_by IN ('ana', 'laura', 'pedro')";
        self.measure("the team social", &group(By::Team, "social").response, social);
        let andina = "SELECT a.* FROM answered a JOIN requests r ON r.id = a.request WHERE r.customer = 'andina'";
        self.measure("the client andina", &group(By::Client, "andina").response, andina);
        let worst: Vec<_> = report.worst.iter().map(|worst| worst.request).collect();
        assert_eq!(
            worst,
            self.requests("SELECT request FROM longest ORDER BY working DESC, elapsed DESC, request LIMIT 10")
        );
        assert!(report.holders.len() > 8, "everybody held something: {:?}", report.holders);
        for row in &report.holders {
            let whose = match (row.holder.as_str(), &row.name) {
                ("owner", Some(name)) => format!("owner = '{name}'"),
                ("nobody", None) => "owner IS NULL".to_owned(),
                other => panic!("the month has no {other:?}"),
            };
            let of = |what: &str| self.number(&format!("SELECT {what} FROM held WHERE {whose}"));
            let open = "SELECT sum(min(closes, h.ended_at) - max(opens, h.began_at)) FROM open_hours
                        WHERE opens < h.ended_at AND h.began_at < closes";
            let working = self.number(&format!("SELECT sum(({open})) FROM held h WHERE {whose}"));
            let found = (i64::try_from(row.n).ok(), Some(row.ms), Some(row.working_ms));
            let expected = (of("count(DISTINCT request)"), of("sum(ended_at - began_at)"), working);
            assert_eq!(found, expected, "time in the hands of {:?}", row.name);
        }
    }
}
