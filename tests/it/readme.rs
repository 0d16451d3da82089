//! The first page, followed to the letter: its file is checked and promises, its commands are run, its picture is there.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::support::daemon::{Daemon, before_now};
use crate::support::{PATIENCE, plazo, wait_for};

/// Lines of the shortest file that is of use, without those that are empty.
const LONGEST: usize = 10;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The fenced blocks of that kind on a page.
fn blocks(page: &str, kind: &str) -> Vec<String> {
    let text = std::fs::read_to_string(root().join(page)).expect("a page");
    let fence = format!("```{kind}\n");
    let after = text.split(&fence).skip(1);
    after.map(|rest| rest.split("\n```").next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn the_shortest_file_is_checked_and_tells_and_what_stands_beside_it_works() {
    for page in ["README.md", "LEEME.md"] {
        let [file] = &blocks(page, "toml")[..] else { panic!("{page}: one file") };
        let n_lines = file.lines().filter(|line| !line.is_empty()).count();
        assert!(n_lines <= LONGEST, "{page}: {file}");
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("sla.toml"), file).expect("written");
        let checked = plazo().arg("check").current_dir(directory.path()).output().expect("plazo runs");
        let said = String::from_utf8_lossy(&checked.stdout).into_owned();
        assert!(checked.status.success() && !said.contains("warning"), "{page}: {said}");
        let daemon = Daemon::start_in(directory);

        let commands = blocks(page, "sh");
        let call = commands.iter().find(|block| block.starts_with("curl")).expect("a call");
        let event = call.split('\'').nth(1).expect("an event");
        let mut event: Value = serde_json::from_str(event).unwrap_or_else(|error| panic!("{page}: {error}: {event}"));
        // As if it had come two minutes ago and a little.
        event["at"] = before_now(Duration::from_secs(150)).into();
        for expected in ["accepted", "duplicate"] {
            let answer = daemon.call_by_tcp("POST", "/v1/events", &[], event.to_string().as_bytes());
            assert_eq!(answer.json()[expected], 1, "{page}: {}", answer.body);
        }
        wait_for("an alert as a file", PATIENCE, || {
            let mut mails = std::fs::read_dir(daemon.data().join("outbox")).ok()?.filter_map(Result::ok);
            mails.any(|mail| mail.path().extension().is_some_and(|ending| ending == "eml")).then_some(())
        });
        let block = commands.iter().find(|block| block.contains("plazo ack R-1")).expect("commands");
        for line in block.lines() {
            let output = shell(line, &daemon).output().expect("a shell runs");
            assert!(output.status.success() && !output.stdout.is_empty(), "{page}: {line}: {output:?}");
        }
        assert_eq!(daemon.get("/v1/requests/R-1")["state"], "closed", "{page}");
    }
}

/// A line as somebody types it in the folder of the file.
fn shell(line: &str, daemon: &Daemon) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_plazo")).parent().expect("a folder");
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(daemon.directory.path()).env("PATH", path).env_remove("PLAZO_CONFIG");
    command
}

#[test]
fn the_picture_is_there_and_light() {
    for page in ["README.md", "LEEME.md"] {
        let text = std::fs::read_to_string(root().join(page)).expect("a page");
        let picture = text.split("](").find(|part| part.split(')').next().is_some_and(|file| file.ends_with(".png")));
        let picture = root().join(picture.and_then(|part| part.split(')').next()).expect("a picture"));
        let bytes = std::fs::read(&picture).unwrap_or_else(|error| panic!("{}: {error}", picture.display()));
        assert!(
            bytes.starts_with(b"\x89PNG") && bytes.len() <= 150 << 10,
            "{}: {} bytes",
            picture.display(),
            bytes.len()
        );
        let place = text.lines().position(|line| line.contains(".png")).expect("a line");
        assert!(place < 25, "{page}: it stands on the first screen");
    }
}
