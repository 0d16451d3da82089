//! `plazo top` in a real pseudo-terminal: what it draws at each size, what its keys do, and that it leaves the terminal as it found it.

use std::process::{Command, Stdio};
use std::time::Duration;

use nix::pty::{Winsize, openpty};
use serde_json::json;

use crate::support::daemon::{Daemon, PEOPLE};
use crate::support::terminal::Terminal;
use crate::support::{PATIENCE, wait_for};

const POLICY: &str = "
[[policy]]
name = \"whatsapp\"
match = { channel = \"whatsapp\" }
team = \"social\"
reply = { rule = \"A1\", within = \"20m\", escalation = \"e\" }
[escalation]
e = [{ at = \"due\", tell = [\"lead\"] }]
";

fn desk() -> Daemon {
    let daemon = Daemon::start(&format!("{PEOPLE}{POLICY}").replace("language = \"en\"", "language = \"es\""));
    daemon.client_message("m-1", "t-1", Duration::from_secs(3_600));
    daemon.client_message("m-2", "t-2", Duration::from_secs(17 * 60));
    daemon.client_message("m-3", "t-3", Duration::from_secs(60));
    daemon
}

/// A terminal in which `plazo top` runs.
fn top(daemon: &Daemon, args: &[&str], size: (u16, u16), environment: &[(&str, &str)]) -> Terminal {
    let mut command = daemon.command();
    command.arg("top").args(args).env_remove("NO_COLOR").env_remove("PLAZO_BY").envs(environment.iter().copied());
    Terminal::start(command, size)
}

/// Waits until it has ended, and says whether the terminal is as it was.
#[track_caller]
fn ended(session: &mut Terminal, before: &str) {
    let status = session.ended();
    assert!(status.success(), "{status}: {}", session.screen());
    assert_eq!(session.settings(), before, "the terminal is set as before");
    wait_for("the screen from before", PATIENCE, || {
        let terminal = session.shown();
        (!terminal.screen().alternate_screen() && !terminal.screen().hide_cursor()).then_some(())
    });
}

/// A frame as it is kept: what time it is, and how long ago, differs from run to run.
fn without_times(screen: &str) -> String {
    let digits = regex::Regex::new(r"R-\d+|/\S+|\d").expect("a pattern");
    let masked = digits.replace_all(screen, |found: &regex::Captures<'_>| match &found[0] {
        request if request.starts_with('R') => request.to_owned(),
        path if path.starts_with('/') => "/…".to_owned(),
        _ => "#".to_owned(),
    });
    let lines: Vec<_> = masked.lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned() + "\n"
}

/// A request's frame without the lines of its story, which name this machine's user and break where that name ends.
fn without_story(screen: &str) -> String {
    let mut is_told = false;
    let lines = screen.lines().filter(|line| {
        is_told = (is_told || line.trim_start().starts_with("empezó")) && !line.starts_with('─');
        !is_told
    });
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

/// `UPDATE_EXPECT=1` writes the frames anew.
#[test]
fn each_frame_is_drawn_as_it_is_kept() {
    let daemon = desk();
    for (columns, rows, keys, name) in
        [(80, 24, "", "80x24"), (200, 50, "", "200x50"), (80, 24, "?", "80x24-help"), (80, 24, "\r", "80x24-request")]
    {
        let mut session = top(&daemon, &[], (columns, rows), &[]);
        session.wait_for("R-3");
        // What was told stands below the queue.
        let mut screen = session.wait_for("→ Ana Ruiz (correo)  /");
        if !keys.is_empty() {
            session.press(keys);
            let before = screen.clone();
            screen = wait_for("another frame", PATIENCE, || {
                let screen = session.screen();
                let is_whole =
                    screen.lines().count() == before.lines().count() && (keys == "?" || screen.contains("entregado"));
                (is_whole && without_times(&screen) != without_times(&before)).then_some(screen)
            });
        }
        let path = format!("{}/tests/data/top/{name}.txt", env!("CARGO_MANIFEST_DIR"));
        let drawn = without_story(&without_times(&screen));
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::create_dir_all(std::path::Path::new(&path).parent().expect("a folder")).expect("a folder");
            std::fs::write(&path, &drawn).expect("written");
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(drawn == kept, "{name} is drawn\n{drawn}\nand kept\n{kept}");
    }
}

#[test]
fn it_shows_the_queue_by_urgency_at_each_size_and_leaves_the_terminal_as_it_was() {
    let daemon = desk();
    for (columns, rows) in [(40, 10), (44, 10), (80, 24), (200, 50), (300, 80)] {
        let mut session = top(&daemon, &[], (columns, rows), &[]);
        let screen = session.wait_for("R-3");
        let place =
            |word: &str| screen.find(word).unwrap_or_else(|| panic!("no {word} at {columns}×{rows}:\n{screen}"));
        assert!(place("R-1") < place("R-2") && place("R-2") < place("R-3"), "{screen}");
        let counts = if columns < 56 { ["▲1 ", "◆1 "] } else { ["▲ 1 vencida ", "◆ 1 por vencer"] };
        assert!(counts.iter().all(|count| screen.contains(count)), "{screen}");
        for line in screen.lines() {
            assert!(line.chars().count() <= usize::from(columns), "{line}");
        }
        // What comes in is there within a second or two, without a key.
        let new = daemon.client_message(&format!("n-{columns}"), &format!("n-{columns}"), Duration::ZERO);
        session.wait_for(&new);
        session.press("q");
        let status = session.ended();
        assert!(status.success());
    }
}

#[test]
fn a_new_size_is_a_new_frame_and_every_way_out_restores_the_terminal() {
    let daemon = desk();
    for way_out in ["q", "\u{3}", "TERM", "HUP", "INT", "QUIT"] {
        // Set as the shell had it, before it starts.
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        let fresh = openpty(Some(&size), None).expect("a pseudo-terminal");
        let stdin = Stdio::from(fresh.slave.try_clone().expect("a copy"));
        let usual = Command::new("stty").arg("-g").stdin(stdin).output().expect("stty runs").stdout;
        let usual = String::from_utf8(usual).expect("UTF-8");
        let mut session = top(&daemon, &[], (80, 24), &[]);
        session.wait_for("R-3");
        assert_ne!(session.settings(), usual, "keys are read one by one");
        session.resize(120, 30);
        session.wait_for(&"─".repeat(120));
        match way_out {
            "TERM" | "HUP" | "INT" | "QUIT" => session.signal(way_out),
            keys => session.press(keys),
        }
        ended(&mut session, &usual);
    }
}

#[test]
fn its_keys_search_open_and_with_a_name_act_after_a_yes() {
    let daemon = desk();
    let mut session = top(&daemon, &["--by", "laura"], (100, 30), &[("NO_COLOR", "1")]);
    session.wait_for("R-3");
    session.press("/R-3\r");
    wait_for("only R-3", PATIENCE, || (!session.screen().contains("R-2")).then_some(()));
    session.press("t");
    session.wait_for("¿tomar R-3 como laura? s/n");
    session.press("n");
    wait_for("the question to go", PATIENCE, || (!session.screen().contains("¿tomar")).then_some(()));
    assert_eq!(daemon.get("/v1/requests/R-3")["clocks"][0]["acked_at"], json!(null), "not without a yes");
    session.press("ts");
    wait_for("it to be taken", PATIENCE, || {
        (!daemon.get("/v1/requests/R-3")["clocks"][0]["acked_at"].is_null()).then_some(())
    });
    session.wait_for("✓ R-3");
    session.press("oana\r");
    wait_for("it to be handed over", PATIENCE, || {
        (daemon.get("/v1/requests/R-3")["owner"] == "Ana Ruiz").then_some(())
    });
    // What cannot be done is said, and nothing breaks.
    session.press("onadie\r");
    session.wait_for("✗");
    session.press("\r");
    session.wait_for("Luisa");
    session.press("\u{1b}");
    session.press("q");
    let status = session.ended();
    assert!(status.success());
}

#[test]
fn without_a_name_it_only_shows_without_colours_it_writes_none_and_for_a_pipe_one_frame() {
    let daemon = desk();
    let mut session = top(&daemon, &[], (80, 24), &[("NO_COLOR", "1")]);
    session.wait_for("R-3");
    session.press("t");
    session.wait_for("--by");
    let terminal = session.shown();
    let colours = (0..24).flat_map(|row| (0..80).map(move |column| (row, column)));
    let is_plain = colours
        .filter_map(|(row, column)| terminal.screen().cell(row, column))
        .all(|cell| (cell.fgcolor(), cell.bgcolor()) == (vt100::Color::Default, vt100::Color::Default));
    assert!(is_plain, "{}", terminal.screen().contents());
    drop(terminal);
    let output = daemon.command().args(["top", "--once"]).output().expect("plazo runs");
    let frame = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success() && !frame.contains('\u{1b}'), "{frame}");
    for word in ["● en marcha", "▲ 1 vencida ", "R-1", "R-2", "R-3", "VENCE"] {
        assert!(frame.contains(word), "{word}: {frame}");
    }
    // A client's name cannot write to the terminal.
    daemon.event(&json!({
        "id": "x", "type": "message", "channel": "whatsapp", "thread": "x", "direction": "in",
        "author": {"name": "\u{1b}]0;malo\u{7}\u{1b}[31mRojo\u{202e}", "address": "573009", "kind": "customer"}, "text": "hola",
    }));
    let output = daemon.command().args(["top", "--once"]).output().expect("plazo runs");
    let frame = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(!frame.contains(['\u{1b}', '\u{7}', '\u{202e}']) && frame.contains("Rojo"), "{frame:?}");
    // Where plazo is not, it is said as by every other command, and the screen is not touched.
    let (_, directory) = daemon.stop();
    let mut command = crate::support::plazo();
    command.arg("--config").arg(directory.path().join("sla.toml")).args(["--url", "http://127.0.0.1:9", "top"]);
    let output = command.output().expect("plazo runs");
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
}

#[test]
fn it_comes_back_from_the_shell_and_nobody_waits_for_a_daemon_that_hangs() {
    let daemon = desk();
    let mut session = top(&daemon, &[], (80, 24), &[]);
    session.wait_for("R-3");
    session.press("\u{1a}");
    let stat = format!("/proc/{}/stat", session.child.id());
    wait_for("it to stand still", PATIENCE, || {
        let stat = std::fs::read_to_string(&stat).expect("it lives");
        stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('T')).then_some(())
    });
    assert!(!session.screen().contains("R-3"), "the shell has its screen");
    session.signal("CONT");
    session.wait_for("R-3");
    daemon.signal("STOP");
    session.wait_for("sin respuesta desde");
    session.press("q");
    let status = session.ended();
    daemon.signal("CONT");
    assert!(status.success());
}

#[test]
fn from_afar_it_shows_the_queue_by_a_token_and_says_what_is_wrong_without_one() {
    let daemon = desk();
    let token = crate::doors::token(&daemon, &["--name", "wall", "--scope", "read"]);
    // Another machine has neither the file nor the store.
    let elsewhere = tempfile::tempdir().expect("a directory");
    let url = format!("http://{}", daemon.address());
    let from_afar = |token: &str| {
        let mut command = crate::support::plazo();
        command.current_dir(elsewhere.path()).args(["--url", &url, "--token", token, "top"]);
        command
    };
    let output = from_afar(&token).arg("--once").output().expect("plazo runs");
    let frame = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(
        output.status.success() && frame.contains("R-1") && frame.contains("R-3"),
        "{frame}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut session = Terminal::start(from_afar(&token), (80, 24));
    session.wait_for("R-3");
    daemon.client_message("m-4", "t-4", Duration::from_secs(60));
    session.wait_for("R-4");
    session.press("q");
    let status = session.ended();
    assert!(status.success(), "{}", session.screen());
    let refused = from_afar("not-a-token-of-plazo").arg("--once").output().expect("plazo runs");
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && refused.stdout.is_empty() && told.contains("PLAZO_TOKEN"), "{told}");
}

#[test]
fn whoever_stops_reading_ends_it_without_a_word() {
    let daemon = desk();
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = daemon.command().args(["top", "--once"]).stdout(writer).output().expect("plazo runs");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{:?}", output.status);
}
