//! `plazo demo`: a week in about a minute, with nothing left behind that was not named.

use std::path::Path;
use std::process::Command;

use crate::support::plazo;
use crate::support::terminal::Terminal;

const SIZE: (u16, u16) = (80, 60);

fn demo(temporary: &Path, arguments: &[&str], language: &str) -> Command {
    let mut command = plazo();
    command.arg("demo").args(arguments).env("PLAZO_LANG", language).env("TMPDIR", temporary);
    command
}

/// What stands behind a label on the screen.
fn behind<'a>(screen: &'a str, label: &str) -> &'a str {
    let (_, rest) = screen.split_once(label).unwrap_or_else(|| panic!("no `{label}`:\n{screen}"));
    rest.lines().next().unwrap_or_default().trim()
}

#[test]
fn the_demo_plays_its_week_and_leaves_a_page_with_every_message() {
    let temporary = tempfile::tempdir().expect("a directory");
    let output = demo(temporary.path(), &[], "es").output().expect("plazo runs");
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let out = Path::new(behind(&said, "Lo que se reciba:"));
    let files = |folder: &str| -> Vec<String> {
        let entries = std::fs::read_dir(out.join(folder)).expect("the folder that it names");
        entries.map(|entry| entry.expect("a file").file_name().into_string().expect("a name")).collect()
    };
    let (mails, chats) = (files("mail"), files("chat"));
    let mail = |instant: &str, to: &str| mails.iter().any(|name| name.starts_with(instant) && name.contains(to));
    // Instants are UTC; Bogotá is five hours behind. A WhatsApp of 09:00, left unanswered:
    assert!(mail("20260302T1410", "laura@"), "no warning at 10 min: {mails:?}");
    assert!(mail("20260302T1415", "laura@") && mail("20260302T1415", "ana@"), "no warning 5 min before: {mails:?}");
    assert!(mail("20260302T1420", "ana@"), "no breach at 20 min: {mails:?}");
    assert!(mail("20260302T1450", "marta@"), "no escalation to the supervisor: {mails:?}");
    // The internal Slack message of 09:30: nothing before 15 minutes, which pass at 09:45.
    let about_slack = |name: &&String| name.contains("R-3");
    let first = mails.iter().filter(about_slack).min().expect("the Slack request is told of");
    assert!(first.starts_with("20260302T1445"), "{first}");
    // The task opened on Monday: day 4 is Friday, opening time 06:00.
    assert!(mail("20260306T1100", "sofia@"), "no escalation to the back office: {mails:?}");
    assert!(!said.contains("met_late") && !said.contains("running") && !said.contains("hop "), "{said}");

    let index = out.join("index.html");
    assert!(said.contains(&format!("file://{}", index.display())), "it names what to open: {said}");
    let page = std::fs::read_to_string(index).expect("an index");
    let links: Vec<_> = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(links.iter().all(|link| out.join(html_escape::decode_html_entities(link).as_ref()).is_file()), "{links:?}");
    // Each as its reader sees it, and none is missing.
    assert_eq!((page.matches("<iframe").count(), page.matches("class=\"bubble\"").count()), (mails.len(), chats.len()));
    assert!(!chats.is_empty() && links.len() == mails.len() + chats.len(), "{links:?}");
    let decoded = html_escape::decode_html_entities(&page).into_owned();
    assert!(!page.contains("srcdoc=\"\"") && 2 < decoded.matches("Responder a Luisa Prada").count());
}

#[test]
fn on_a_terminal_it_speaks_its_language_fits_and_shows_a_page_without_signing_in() {
    let temporary = tempfile::tempdir().expect("a directory");
    let mut terminal = Terminal::start(demo(temporary.path(), &[], "en"), SIZE);
    terminal.wait_for("Luisa writes by WhatsApp");
    let screen = terminal.rows();
    let folder = behind(&screen, "What is received:").to_owned();
    assert!(Path::new(&folder).is_dir() && folder.starts_with(&temporary.path().display().to_string()), "{screen}");
    for line in screen.lines() {
        assert!(line.chars().count() <= usize::from(SIZE.0), "{line}");
    }
    for word in ["relojes", "correo", "solicitud", "Vence "] {
        assert!(!screen.contains(word), "`{word}` is Spanish: {screen}");
    }
    // By the address that it prints, twice, as whoever opens it in a second browser.
    let address = behind(&screen, "Live page, while it runs:").to_owned();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    rustls::crypto::ring::default_provider().install_default().ok();
    for _ in 0..2 {
        let page = runtime.block_on(async {
            // As a browser does: what is set for the name holds at its other port.
            let client =
                reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
            let led = client.get(&address).send().await.expect("the door answers");
            let cookie =
                led.headers()["set-cookie"].to_str().expect("text").split(';').next().expect("a cookie").to_owned();
            let to = led.headers()["location"].to_str().expect("text").to_owned();
            client.get(to).header("cookie", cookie).send().await.expect("the page").text().await.expect("text")
        });
        assert!(page.contains("Luisa Prada") || page.contains("Café Prisma"), "{page}");
    }
    // The word in the path lets in, and nothing else does.
    let (base, _) = address.rsplit_once('/').expect("a path");
    let refused =
        runtime.block_on(async { reqwest::get(format!("{base}/0123456789abcdef")).await.expect("an answer").status() });
    assert_eq!(refused, 404);
    terminal.signal("INT");
    terminal.wait_for("Interrupted; nothing of it is left on the disk.");
    assert_eq!(terminal.ended().code(), Some(130));
    assert_eq!(std::fs::read_dir(temporary.path()).expect("a directory").count(), 0, "nothing is left");
}

#[test]
fn a_folder_that_was_named_stays_and_nothing_else() {
    let (temporary, place) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let mut command = demo(temporary.path(), &["--out", "week"], "es");
    command.current_dir(place.path());
    let mut terminal = Terminal::start(command, SIZE);
    terminal.wait_for("Diego abre una tarea");
    let screen = terminal.rows();
    let out = place.path().join("week");
    assert_eq!(behind(&screen, "Lo que se reciba:"), out.display().to_string());
    terminal.signal("TERM");
    terminal.wait_for("Demostración interrumpida; lo recibido queda en");
    assert_eq!(terminal.ended().code(), Some(130));
    assert!(out.join("mail").is_dir());
    assert_eq!(std::fs::read_dir(temporary.path()).expect("a directory").count(), 0, "the store is gone");
}
