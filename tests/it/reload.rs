//! A change of `sla.toml` on a running daemon: taken within two seconds, or refused and explained, and the old one stays.

use std::time::{Duration, Instant};

use crate::support::daemon::{Daemon, PEOPLE, before_now};
use crate::support::{PATIENCE, wait_for};

fn config(within: &str) -> String {
    format!(
        "{PEOPLE}\n[[policy]]\nname = \"whatsapp\"\nmatch = {{ channel = \"whatsapp\" }}\n\
         reply = {{ within = \"{within}\", escalation = \"e\" }}\n[escalation]\ne = [{{ at = \"due\", tell = [\"ana\"] }}]\n"
    )
}

fn write(daemon: &Daemon, config: &str) {
    let operator = daemon.directory.path().join("operator").display().to_string();
    let partial = daemon.directory.path().join("sla.toml.partial");
    std::fs::write(&partial, config.replace("OPERATOR", &operator)).expect("written");
    // As editors do it.
    std::fs::rename(partial, daemon.config_path()).expect("renamed");
}

fn minutes_allowed(daemon: &Daemon) -> i64 {
    let clock = daemon.get("/v1/requests/R-1")["clocks"][0].clone();
    let at = |field: &str| {
        clock[field].as_str().expect("an instant").parse::<chrono::DateTime<chrono::Utc>>().expect("an instant")
    };
    (at("due_at") - at("started_at")).num_minutes()
}

#[test]
fn a_save_is_taken_and_running_clocks_are_planned_by_it() {
    let daemon = Daemon::start(&config("20m"));
    daemon.client_message("m-1", "t-1", Duration::from_secs(5));
    assert_eq!(minutes_allowed(&daemon), 20);
    let began = Instant::now();
    write(&daemon, &config("50m"));
    wait_for("the new promise", PATIENCE, || (minutes_allowed(&daemon) == 50).then_some(()));
    println!("taken after {:?}", began.elapsed());
}

#[test]
fn a_change_of_the_holidays_file_is_taken_as_well() {
    let feed = |dates: [String; 2]| {
        let event = |date: &str| {
            format!("BEGIN:VEVENT\nDTSTART;VALUE=DATE:{}\nSUMMARY:Feriado\nEND:VEVENT\n", date.replace('-', ""))
        };
        format!("BEGIN:VCALENDAR\n{}{}END:VCALENDAR\n", event(&dates[0]), event(&dates[1]))
    };
    let day = |days: u64| before_now(Duration::from_secs(days * 86_400))[..10].to_owned();
    let with_feed = config("20m").replace("within = \"20m\"", "within = \"20m\", calendar = \"c\"")
        + "[calendar.c]\nhours = \"24x7\"\nholidays = [\"feriados.ics\"]\n";
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("feriados.ics");
    std::fs::write(&file, feed([day(100), day(99)])).expect("written");
    std::fs::write(directory.path().join("sla.toml"), with_feed.replace("OPERATOR", "/tmp")).expect("written");
    let daemon = Daemon::start_in(directory);
    daemon.client_message("m-1", "t-1", Duration::from_secs(5));
    assert_eq!(minutes_allowed(&daemon), 20);
    // Bogotá's date is that of UTC or the one before.
    std::fs::write(&file, feed([day(0), day(1)])).expect("written");
    wait_for("the holiday", PATIENCE, || (20 < minutes_allowed(&daemon)).then_some(()));
}

#[test]
fn sighup_reloads_as_well() {
    let daemon = Daemon::start(&config("20m"));
    daemon.signal("HUP");
    wait_for("the reload", PATIENCE, || daemon.log().contains("sla.toml taken").then_some(()));
}

#[test]
fn a_broken_file_changes_nothing_and_the_operator_is_told_where_it_is_broken() {
    let daemon = Daemon::start(&config("20m"));
    daemon.client_message("m-1", "t-1", Duration::from_secs(5));
    write(&daemon, &config("20 parsecs"));
    let notice = wait_for("the operator's notice", PATIENCE, || {
        let file = std::fs::read_dir(daemon.directory.path().join("operator")).ok()?.next()?.ok()?;
        std::fs::read_to_string(file.path()).ok().filter(|text| text.ends_with('}'))
    });
    assert!(notice.contains("20 parsecs") && notice.contains("the old one stays"), "{notice}");
    assert_eq!(minutes_allowed(&daemon), 20);
    daemon.client_message("m-2", "t-2", Duration::from_secs(5));
    // Mended, it is taken.
    write(&daemon, &config("30m"));
    wait_for("the mended promise", PATIENCE, || (minutes_allowed(&daemon) == 30).then_some(()));
}

#[test]
fn a_secret_that_is_missing_refuses_the_whole_file() {
    let daemon = Daemon::start(&config("20m"));
    daemon.client_message("m-1", "t-1", Duration::from_secs(5));
    let hook = "[destination.hook]\ntype = \"slack\"\nurl = { env = \"PLAZO_TEST_UNSET\" }\n";
    write(&daemon, &format!("{}{hook}", config("50m")));
    wait_for("the refusal", PATIENCE, || daemon.log().contains("PLAZO_TEST_UNSET is not set").then_some(()));
    assert_eq!(minutes_allowed(&daemon), 20);
}

/// Four clients who have waited ten minutes; then a file that allows five. Answers what the team's lead was sent.
fn sent_after_a_sharp_edit(summary_above: u32) -> Vec<serde_json::Value> {
    let file = |within: &str| format!("{}[alerts]\nwindow = \"0s\"\nsummary_above = {summary_above}\n", config(within));
    let daemon = Daemon::start(&file("30m"));
    for client in 1..=4 {
        daemon.client_message(&format!("m-{client}"), &format!("t-{client}"), Duration::from_secs(600));
    }
    write(&daemon, &file("5m"));
    wait_for("every breach", PATIENCE, || {
        let breached = |id: u32| daemon.get(&format!("/v1/requests/R-{id}"))["clocks"][0]["state"] == "breached";
        (1..=4).all(breached).then_some(())
    });
    wait_for("every message", PATIENCE, || {
        let rows = daemon.get("/v1/deliveries")["deliveries"].as_array().cloned().unwrap_or_default();
        let is_over = |row: &serde_json::Value| matches!(row["state"].as_str(), Some("sent" | "gathered"));
        (4 <= rows.len() && rows.iter().all(is_over)).then_some(rows)
    })
}

#[test]
fn lessons_28_an_edit_that_makes_many_due_at_once_sends_one_summary_a_person() {
    let rows = sent_after_a_sharp_edit(3);
    let in_state = |state: &str| rows.iter().filter(|row| row["state"] == state).collect::<Vec<_>>();
    assert_eq!((in_state("gathered").len(), in_state("sent").len()), (4, 1), "{rows:#?}");
    assert!(rows.iter().all(|row| row["person"] == "ana"), "{rows:#?}");
}

#[test]
fn as_many_as_the_file_allows_are_told_one_by_one_and_not_as_late() {
    let rows = sent_after_a_sharp_edit(4);
    assert_eq!(rows.len(), 4, "{rows:#?}");
    assert!(rows.iter().all(|row| row["why"] == "breach" && row["state"] == "sent"), "{rows:#?}");
}
