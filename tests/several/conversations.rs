//! Events anywhere: one conversation by several daemons, out of order and doubled, is one request, and told once.

use std::time::{Duration, Instant};

use crate::support::daemon::{Daemon, before_now};
use crate::support::{PATIENCE, wait_for};
use crate::{House, message, tells, verified};

#[test]
fn one_conversation_through_two_daemons_is_one_request_however_it_comes() {
    let house = House::new();
    let daemons = house.daemons(2, "1h");
    // Twenty conversations, each opened at one instant by both, with every event twice and in another order.
    let say = |daemon: &Daemon, order: &[usize]| {
        for conversation in 0..20 {
            for n in order {
                let ago = Duration::from_secs(60 - *n as u64);
                let mut event = message(&format!("{conversation}-{n}"), &format!("t{conversation}"), "in");
                event["at"] = before_now(ago).into();
                tells(daemon, &event);
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| say(&daemons[0], &[0, 1, 2, 3, 4, 2]));
        scope.spawn(|| say(&daemons[1], &[4, 2, 0, 3, 1, 0]));
    });
    assert_eq!(house.server.run(&house.url, "SELECT count(*) FROM requests"), "20");
    assert_eq!(house.server.run(&house.url, "SELECT count(*) FROM journal WHERE source = 'desk'"), "100");
    let of_one = "SELECT count(DISTINCT request) FROM journal WHERE source = 'desk' GROUP BY split_part(event, '-', 1)";
    assert!(house.server.run(&house.url, of_one).lines().all(|n| n == "1"), "each conversation has one request");
    for daemon in &daemons {
        verified(daemon);
    }
}

#[test]
fn each_is_told_once_in_time_and_an_answer_by_another_daemon_ends_it() {
    let house = House::new();
    let daemons = house.daemons(2, "15s");
    let began = Instant::now();
    for n in 0..30 {
        tells(&daemons[n % 2], &message(&format!("m{n}"), &format!("t{n}"), "in"));
    }
    // Answered in time by the other daemon: a client is told nothing of these.
    for n in 0..10 {
        tells(&daemons[(n + 1) % 2], &message(&format!("a{n}"), &format!("t{n}"), "out"));
    }
    assert!(began.elapsed() < Duration::from_secs(15), "this machine is too slow for the test: {:?}", began.elapsed());
    let told = house.all_told(20);
    assert!(told.values().all(|n| *n == 1), "{told:?}");
    // By the alert's own words: when it fell due, and when it was decided.
    let mut late: Vec<i64> = house
        .webhook
        .received()
        .iter()
        .map(|call| {
            let body: serde_json::Value = serde_json::from_str(&call.body).expect("JSON");
            let at = |field: &str| {
                let text = body["data"]["content"][field].as_str().expect("an instant");
                chrono::DateTime::parse_from_rfc3339(text).expect("an instant")
            };
            (at("decided_at") - at("planned_at")).num_milliseconds()
        })
        .collect();
    late.sort_unstable();
    assert!(late.iter().all(|late| *late < 5_000), "nobody waited for anybody to be dead: {late:?}");
    let by = "SELECT count(DISTINCT leased_by) FROM deliveries";
    assert_eq!(house.server.run(&house.url, by), "2", "both told some");
    for daemon in &daemons {
        verified(daemon);
    }
}

#[test]
fn a_token_and_an_act_are_known_to_every_daemon() {
    let house = House::new();
    let daemons = house.daemons(2, "1h");
    tells(&daemons[0], &message("m1", "t1", "in"));
    let made = daemons[0].command().args(["token", "create", "--name", "x", "--scope", "read,operate"]).output();
    let made = String::from_utf8(made.expect("plazo runs").stdout).expect("text");
    let token = format!("Bearer {}", made.lines().last().expect("a token"));
    for daemon in &daemons {
        let answer = daemon.call_by_tcp("GET", "/v1/requests", &[("authorization", &token)], b"");
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.json()["requests"][0]["id"], "R-1", "{}", answer.body);
    }
    let acked = daemons[1].command().args(["ack", "R-1", "--by", "laura"]).status().expect("plazo runs");
    assert!(acked.success());
    let shown = daemons[0].get("/v1/requests/R-1");
    assert!(shown.to_string().contains("acked_at"), "{shown}");
}

#[test]
fn what_was_put_aside_while_another_opened_its_conversation_is_taken() {
    let house = House::new();
    let daemons = house.daemons(2, "1h");
    tells(&daemons[0], &message("m1", "t1", "in"));
    let mut early = message("early", "t1", "out");
    early["threads"] = serde_json::json!(["t1"]);
    early.as_object_mut().expect("an object").remove("thread");
    house.server.run(
        &house.url,
        &format!("INSERT INTO parked (source, event, channel, thread, body, received_at) VALUES ('desk', 'early', 'whatsapp', 't1', '{early}', CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT))"),
    );
    wait_for("it to be taken", PATIENCE, || {
        (house.server.run(&house.url, "SELECT count(*) FROM parked") == "0").then_some(())
    });
    assert_eq!(house.server.run(&house.url, "SELECT request FROM journal WHERE event = 'early'"), "1");
}
