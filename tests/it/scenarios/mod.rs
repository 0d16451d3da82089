//! Timelines: each rule of the written protocols kept and broken, and the boundaries, as text in `tests/data/scenarios`.
//!
//! A file names its configuration (`config: shipped`, the repository's `sla.toml`, unless TOML stands between ``` fences; the
//! second fenced one is taken at `mon 10:00 reload`, the third at the next), the clocks that it shows (`clocks: reply deliver`;
//! all of them where that is left out), then events, one a line, and after `---` what they caused. Instants are wall time of the
//! configuration's zone in the week of Monday 2026-03-02: `mon 09:00`, `tue+1 09:00:30` a week later, `2026-11-01 01:30-05:00`
//! where a clock change leaves a doubt. `#1` is the request, 1 where it is left out. A bare name is somebody of the house, a
//! quoted one whoever the line suggests, or `by auto|bot|system "…"`.
//!
//! ```text
//! mon 09:00 message in whatsapp #1 by "Luisa" <luisa@cliente.example> "¿Hay noticias?" priority=high
//! mon 09:12 message out #1 by laura "Ya lo vemos" heard mon 09:30
//! mon 09:15 tick
//! down mon 09:20 - mon 10:30
//! until mon 18:00
//! ```
//!
//! Between events time passes as in the daemon: the engine is asked at each wake that it wants, `down` spans excepted, after the
//! last event until nothing is left to do, or `until`. An event goes before a wake of the same instant. A line of effects begins
//! with the instant to which the effect belongs; where it was noticed later, `seen` says when. An event out of order goes
//! through `engine::reorder`, and `rewritten` tells which clocks came out otherwise.
//!
//! `UPDATE_EXPECT=1` rewrites what follows `---`. Rule D1 is a report, sent by `app`, and has no timeline here.

mod script;
mod world;

use std::path::{Path, PathBuf};

use script::Script;
use world::World;

use crate::support;

macro_rules! scenarios {
    ($($test:ident: $prefix:literal,)*) => {
        /// Every test, and how the names of its files begin.
        const TESTS: &[(&str, &str)] = &[$((stringify!($test), $prefix)),*];
        $(
            #[test]
            fn $test() {
                check($prefix);
            }
        )*
    };
}

scenarios! {
    // Rules of PROTOCOLS.md.
    a1_kept_and_broken: "A1",
    a2_kept_and_broken: "A2",
    a3_kept_and_broken: "A3",
    a4_kept_and_broken: "A4",
    a5_kept_and_broken: "A5",
    a6_kept_and_broken: "A6",
    a7_kept_and_broken: "A7",
    a8_kept_and_broken: "A8",
    a9_kept_and_broken: "A9",
    a10_kept_and_broken: "A10",
    b1_kept_and_broken: "B1",
    b2_kept_and_broken: "B2",
    b3_kept_and_broken: "B3",
    b4_kept_and_broken: "B4",
    b5_kept_and_broken: "B5",
    b6_kept_and_broken: "B6",
    b7_kept_and_broken: "B7",
    c1_kept_and_broken: "C1",
    c2_kept_and_broken: "C2",
    c3_kept_and_broken: "C3",
    c4_kept_and_broken: "C4",
    c5_kept_and_broken: "C5",
    c6_kept_and_broken: "C6",
    c7_kept_and_broken: "C7",
    c8_kept_and_broken: "C8",
    c10_kept_and_broken: "C10",
    d2_kept_and_broken: "D2",
    d3_kept_and_broken: "D3",
    d4_kept_and_broken: "D4",
    d5_kept_and_broken: "D5",
    d6_kept_and_broken: "D6",
    d7_kept_and_broken: "D7",
    d8_kept_and_broken: "D8",
    d9_kept_and_broken: "D9",
    d10_kept_and_broken: "D10",
    d11_kept_and_broken: "D11",
    e1_kept_and_broken: "E1",
    e2_kept_and_broken: "E2",
    e3_kept_and_broken: "E3",
    e4_kept_and_broken: "E4",
    // LESSONS.md by number.
    l05_a_closed_date_cuts_a_night_shift: "L05",
    l11_only_working_time_in_a_pause_extends: "L11",
    l12_pauses_are_united: "L12",
    l13_a_paused_clock_cannot_breach: "L13",
    l14_pausing_erases_no_verdict: "L14",
    l15_verdicts_follow_event_times: "L15",
    l16_one_wait_is_one_breach: "L16",
    l17_only_an_unanswered_client_arms_reply: "L17",
    l18_whoever_opens_for_himself_waits_for_nobody: "L18",
    l19_bots_neither_answer_nor_end_a_wait: "L19",
    l20_a_reopened_request_begins_anew: "L20",
    l21_the_first_policy_wins: "L21",
    l22_verdicts_are_frozen: "L22",
    l23_a_merged_request_ends_its_clocks: "L23",
    l25_a_step_is_told_once: "L25",
    l26_a_step_that_passed_is_skipped: "L26",
    l29_after_an_outage_the_breach_goes_first: "L29",
    l49_what_asks_for_nothing_starts_no_clock: "L49",
    l50_what_waits_is_watched: "L50",
    l51_a_hand_over_begins_a_wait_of_its_own: "L51",
    l52_somebody_stands_in_for_whoever_is_away: "L52",
    // DESIGN.md §4.
    ack_stops_further_steps: "ack",
    snooze_delays_steps: "snooze",
    an_answer_that_is_not_needed_is_waived: "waive",
    an_act_is_taken_back: "undo",
    why_a_promise_broke_is_said_and_agreed_to: "reason",
    senseless_events_are_ignored: "ignored",
    // Boundaries.
    boundary_due_instant: "boundary-due",
    boundary_same_instant: "boundary-same-instant",
    boundary_closing_time: "boundary-closing",
    boundary_lunch_break: "boundary-lunch",
    boundary_weekend: "boundary-weekend",
    boundary_closed_date: "boundary-closed-date",
    boundary_clock_change: "boundary-dst",
}

#[test]
fn every_file_belongs_to_one_test() {
    for file in files() {
        let owners: Vec<_> = TESTS.iter().filter(|(_, prefix)| belongs(&file, prefix)).collect();
        assert_eq!(owners.len(), 1, "{} belongs to {owners:?}; add it to `scenarios!`", file.display());
    }
}

#[test]
fn every_rule_is_shown_kept_and_broken() {
    for (test, rule) in TESTS.iter().filter(|(test, _)| test.ends_with("_kept_and_broken")) {
        assert!(test.starts_with(&format!("{}_", rule.to_lowercase())), "{test} shows rule {rule}");
        for case in ["kept", "broken"] {
            let path = directory().join(format!("{rule}-{case}.txt"));
            assert!(path.exists(), "{} is missing", path.display());
        }
    }
}

fn directory() -> PathBuf {
    support::data("scenarios")
}

fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory()).expect("tests/data/scenarios");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

fn belongs(file: &Path, prefix: &str) -> bool {
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    name.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// Plays every file whose name begins with `prefix`, and compares.
fn check(prefix: &str) {
    let files: Vec<_> = files().into_iter().filter(|file| belongs(file, prefix)).collect();
    assert!(!files.is_empty(), "no file for {prefix}");
    let failures: Vec<_> = files.iter().filter_map(|file| check_file(file).err()).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

fn check_file(file: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(file).expect("a text file");
    let (told, expected) = text.split_once("\n---\n").unwrap_or((text.trim_end(), ""));
    let played = std::panic::catch_unwind(|| World::play(&Script::read(file, told)));
    let found = played.map_err(|_| format!("{}: it panicked, see above", file.display()))?;
    if found == expected {
        return Ok(());
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(file, format!("{told}\n---\n{found}")).expect("a file that can be written");
        return Ok(());
    }
    Err(format!("{} (- expected, + found)\n{}", file.display(), difference(expected, &found)))
}

/// Both texts line by line; what only one has is marked.
fn difference(expected: &str, found: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (expected.lines().collect(), found.lines().collect());
    // Length of the longest common rest from each pair of places on.
    let mut common = vec![vec![0; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] =
                if old[i] == new[j] { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push(format!("  {}", old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && common[i][j + 1] <= common[i + 1][j]) {
            lines.push(format!("- {}", old[i]));
            i += 1;
        } else {
            lines.push(format!("+ {}", new[j]));
            j += 1;
        }
    }
    lines.join("\n")
}
