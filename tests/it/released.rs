//! What is checked before a version is given out: `packaging/release` ends at the first thing that is wrong, and says how to mend it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A repository of its own with the script, a changelog and a version.
fn repository(changelog: &str, version: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).expect("written");
    fs::create_dir(directory.path().join("packaging")).expect("made");
    fs::copy(root().join("packaging/release"), directory.path().join("packaging/release")).expect("copied");
    write("CHANGELOG.md", changelog);
    write("Cargo.toml", &format!("[workspace.package]\nversion = \"{version}\"\n"));
    git(directory.path(), &["init", "--quiet"]);
    git(directory.path(), &["add", "--all"]);
    git(directory.path(), &["commit", "--quiet", "--message", "begin"]);
    directory
}

fn git(directory: &Path, words: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=t", "-c", "user.email=t@t.example", "-c", "commit.gpgsign=false"]);
    let status =
        command.current_dir(directory).args(words).status().expect("git is missing; install it: apt-get install git");
    assert!(status.success(), "git {}", words.join(" "));
}

fn release(directory: &Path, words: &[&str]) -> Output {
    Command::new(directory.join("packaging/release")).args(words).output().expect("the script runs")
}

/// What it ends with, and that it ends.
#[track_caller]
fn refused(directory: &Path, version: &str) -> String {
    let output = release(directory, &[version]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{}{said}", String::from_utf8_lossy(&output.stdout));
    assert!(said.contains("→ "), "no remedy: {said}");
    said
}

#[test]
fn a_version_is_given_out_only_as_it_was_committed_told_and_numbered() {
    let dated = "# Changelog\n\n## 1.2.0, 2026-01-05\n\n- Add this.\n";
    let ready = repository(dated, "1.2.0");
    fs::write(ready.path().join("left"), "over").expect("written");
    assert!(refused(ready.path(), "1.2.0").contains("?? left"));
    fs::remove_file(ready.path().join("left")).expect("removed");

    git(ready.path(), &["tag", "v1.2.0"]);
    assert!(refused(ready.path(), "1.2.0").contains("The tag v1.2.0 is there already"));
    git(ready.path(), &["tag", "--delete", "v1.2.0"]);

    let undated = repository("# Changelog\n\n## Unreleased\n\n- Add this.\n", "1.2.0");
    assert!(refused(undated.path(), "1.2.0").contains("The first section of CHANGELOG.md is '## Unreleased'"));
    let to_come = repository("# Changelog\n\n## 1.2.0, 9999-01-05\n", "1.2.0");
    assert!(refused(to_come.path(), "1.2.0").contains("which is to come"));
    let of_before = repository(dated, "1.1.0");
    assert!(refused(of_before.path(), "1.2.0").contains("Cargo.toml states 1.1.0"));
}

#[test]
fn a_dry_run_says_every_step_and_looks_at_nothing() {
    // Nothing of it would pass.
    let repository = repository("", "0.0.0");
    let output = release(repository.path(), &["1.2.0", "--dry-run"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    for step in
        ["git status", "CHANGELOG.md", "Cargo.lock", "tests/data/stores", "cargo deny", "tests/run", "packaging/build"]
    {
        assert!(said.contains(step), "{step} is not in\n{said}");
    }
    assert!(said.contains("git tag --annotate v1.2.0"), "{said}");
    let without = release(repository.path(), &["--dry-run"]);
    assert_eq!(without.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&without.stderr).contains("usage:"));
}
