//! The first file: what `plazo init` writes, sends and says, and what it leaves alone.

use std::path::Path;
use std::process::Output;

use crate::support::smtp::{Said, Smtp, Stage};

const OPERATOR: [&str; 2] = ["--operator", "Ana Ruiz, ana@agencia.example"];

fn init(directory: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    said(crate::support::plazo().arg("init").args(arguments).current_dir(directory).output())
}

fn said(output: std::io::Result<Output>) -> (Option<i32>, String) {
    let output = output.expect("it runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).expect("UTF-8"))
}

#[test]
fn each_way_to_begin_gives_a_file_that_is_checked_and_a_message_that_arrives() {
    for example in ["agencia", "soporte", "bandejas", "mensajeria", "general"] {
        let directory = tempfile::tempdir().expect("a directory");
        let smtp = Smtp::start();
        let server = format!("127.0.0.1:{}", smtp.port);
        let rest = ["--from", example, "--yes", "--smtp", &server, "--person", "Pía Gómez, pia@agencia.example"];
        let (code, told) = init(directory.path(), &[&rest[..], &OPERATOR].concat());
        assert_eq!(code, Some(0), "{example}: {told}");
        assert!(told.contains("✓ 127.0.0.1 took a test message to ana@agencia.example"), "{told}");
        let [mail] = &smtp.wait_for(1)[..] else { panic!("{example}: one mail") };
        assert_eq!(mail.to, ["ana@agencia.example"]);
        assert!(mail.text().contains("Ana Ruiz"), "{}", mail.text());
        let checked = crate::support::plazo().args(["check"]).current_dir(directory.path()).output();
        let (code, told) = said(checked);
        assert_eq!(code, Some(0), "{example}: {told}");
        let file = std::fs::read_to_string(directory.path().join("sla.toml")).expect("a file");
        assert!(file.contains("pia@agencia.example") && directory.path().join("sla.schema.json").exists(), "{file}");
    }
}

#[test]
fn hours_are_read_as_the_file_s_are_and_whoever_leads_stands_once() {
    for hours in ["00:00-24:00", "22:00-06:00", "08:00–12:00, 13:00-18:00"] {
        let directory = tempfile::tempdir().expect("a directory");
        let rest = ["--yes", "--hours", hours, "--person", "Ana, ANA@agencia.example"];
        let (code, told) = init(directory.path(), &[&rest[..], &OPERATOR].concat());
        assert_eq!(code, Some(0), "{hours}: {told}");
        let file = std::fs::read_to_string(directory.path().join("sla.toml")).expect("a file");
        let spans = hours.replace('–', "-").replace(", ", "\", \"");
        assert!(file.contains(&format!("mon-fri = [\"{spans}\"]")), "{file}");
        assert_eq!(file.to_lowercase().matches("\"ana@agencia.example\"").count(), 1, "{file}");
    }
}

#[test]
fn a_file_that_is_there_stays_unless_it_is_to_be_replaced_and_then_it_is_kept() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("sla.toml");
    std::fs::write(&file, "# mío\n").expect("written");
    let (code, told) = init(directory.path(), &[&["--yes"][..], &OPERATOR].concat());
    assert!(code == Some(2) && told.contains("sla.toml is there already") && told.contains("--force"), "{told}");
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), "# mío\n");
    let (code, told) = init(directory.path(), &[&["--yes", "--force"][..], &OPERATOR].concat());
    assert!(code == Some(0) && told.contains("no mail server"), "{told}");
    let kept = std::fs::read_to_string(directory.path().join("sla.toml.bak")).expect("kept");
    assert_eq!(kept, "# mío\n");
    assert!(std::fs::read_to_string(&file).expect("a file").contains("ana@agencia.example"));
}

#[test]
fn what_cannot_be_is_said_before_anything_is_written_and_a_server_that_refuses_is_named() {
    let rows: [(&[&str], &str); 6] = [
        (&["--yes", "--operator", "Ana"], "is no address of mail"),
        (&["--yes", "--from", "nada"], "agencia"),
        (&["--yes", "--hours", "8-12"], "08:00-18:00"),
        (&["--yes", "--country", "XX"], "CO"),
        (&["--yes", "--smtp", "correo:puerto"], "is no mail server"),
        (&[], "--yes"),
    ];
    for (arguments, words) in rows {
        let directory = tempfile::tempdir().expect("a directory");
        let (code, told) = init(directory.path(), arguments);
        assert!(code == Some(2) && told.contains(words), "{arguments:?}: {code:?} {told}");
        assert_eq!(std::fs::read_dir(directory.path()).expect("a directory").count(), 0, "{arguments:?}");
    }
    let directory = tempfile::tempdir().expect("a directory");
    let smtp = Smtp::scripted(|stage, _, _| (stage == Stage::Recipient).then(|| Said::bytes(b"550 5.1.1 no\r\n")));
    let server = format!("127.0.0.1:{}", smtp.port);
    let (code, told) = init(directory.path(), &[&["--yes", "--smtp", &server][..], &OPERATOR].concat());
    assert!(code == Some(1) && told.contains("✗ 127.0.0.1: ") && told.contains("550 5.1.1 no"), "{code:?} {told}");
    assert!(directory.path().join("sla.toml").exists(), "what was answered is there to be mended");
}
