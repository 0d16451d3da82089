//! Pages behind signed links: every deed and what takes it back, lists, explanations, appointments, whole reports, and links that are too old.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::daemon::{Daemon, PEOPLE};
use crate::support::{PATIENCE, wait_for};

const HOUR: Duration = Duration::from_secs(3_600);
const POLICY: &str = "
[[policy]]
name = \"whatsapp\"
match = { channel = \"whatsapp\" }
reply = { rule = \"A1\", within = \"20m\", escalation = \"e\" }
appointment = { within = \"15m\", escalation = \"e\" }
";
const BASE: &str = "https://plazo.agencia.example";

fn start(more: &str) -> Daemon {
    Daemon::start(&format!("{PEOPLE}{POLICY}{more}"))
}

/// A mail that was written as a file.
struct Mail {
    to: String,
    subject: String,
    text: String,
    html: String,
}

fn mails(daemon: &Daemon) -> Vec<Mail> {
    let files = std::fs::read_dir(daemon.data().join("outbox")).into_iter().flatten().flatten();
    let mut paths: Vec<_> =
        files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|e| e == "eml")).collect();
    paths.sort();
    let mail = |raw: Vec<u8>| {
        let mail = mail_parser::MessageParser::default().parse(&raw)?;
        Some(Mail {
            to: mail.to()?.first()?.address()?.to_owned(),
            subject: mail.subject()?.to_owned(),
            text: mail.body_text(0)?.into_owned(),
            html: mail.body_html(0)?.into_owned(),
        })
    };
    paths.iter().filter_map(|path| std::fs::read(path).ok()).filter_map(mail).collect()
}

/// The pages to which a text leads.
fn links(text: &str) -> Vec<String> {
    text.split_whitespace().filter_map(|word| word.strip_prefix(BASE)).map(str::to_owned).collect()
}

/// Where the form of a page goes whose button begins so.
pub fn deed(page: &str, button: &str) -> String {
    let form = page
        .split("<form")
        .find(|form| form.contains(&format!(">{button}")))
        .unwrap_or_else(|| panic!("no {button}: {page}"));
    let to = form.split("action=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("where it goes");
    format!("/a/{}", html_escape::decode_html_entities(to))
}

/// Takes over, hands on, puts off and silences, all from the page that shows, and each can be taken back.
#[test]
fn the_page_that_shows_has_every_deed_and_what_takes_it_back() {
    let config = "[http]\npublic_url = \"https://plazo.agencia.example\"\n[escalation]\ne = [{ at = \"due\", tell = [\"ana\", \"laura\"] }]\n";
    let daemon = start(config);
    let id = daemon.client_message("m-1", "t-1", HOUR);
    let show_of = |who: &str| {
        wait_for("the mail", PATIENCE, || {
            let text = mails(&daemon).into_iter().find(|mail| mail.to == who)?.text;
            links(&text).into_iter().nth(3)
        })
    };
    let (ana, laura) = (show_of("ana@agencia.example"), show_of("laura@agencia.example"));
    let get = |link: &str| daemon.call("GET", link, &[], b"").body;
    let post = |link: &str, body: &[u8]| {
        let answer = daemon.call("POST", link, &[("Content-Type", "application/x-www-form-urlencoded")], body);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    };
    let owner = || daemon.get(&format!("/v1/requests/{id}"))["owner"].clone();
    let snoozed = || daemon.get(&format!("/v1/requests/{id}"))["snoozed_until"].clone();

    // Where nobody answers for it, whoever takes it does; and everybody else sees who.
    assert_eq!(owner(), Value::Null);
    let page = get(&laura);
    assert!(page.contains("nobody yet") && page.contains("▲ ") && page.contains("ago"), "{page}");
    assert!(post(&deed(&page, "I take it"), b"").contains("You took it"));
    assert_eq!(owner(), json!("Laura Mora"));
    assert!(get(&ana).contains("Laura Mora took it"), "{}", get(&ana));
    assert!(get(&laura).contains("You took it") && !get(&laura).contains(">I take it"), "{}", get(&laura));

    // Handing it on, and giving it back.
    let hand = deed(&get(&laura), "Hand over");
    assert_eq!(daemon.call("POST", &hand, &[], b"to=nadie").status, 422);
    assert!(post(&hand, b"to=ana").contains("Ana Ruiz answers for it now"));
    assert_eq!(owner(), json!("Ana Ruiz"));
    assert!(post(&deed(&get(&ana), "Give it back"), b"").contains("nobody answers for it now"));
    assert_eq!(owner(), Value::Null);

    // Putting off, and taking that back.
    post(&deed(&get(&ana), "Remind me tomorrow 08:00"), b"");
    assert!(snoozed().as_str().is_some_and(|until| until.contains("T13:00:00")), "eight in Bogotá: {}", snoozed());
    let page = get(&ana);
    assert!(!page.contains("Remind me"), "{page}");
    assert!(post(&deed(&page, "Alert again"), b"").contains("Alerts go out again"));
    assert!(get(&ana).contains("Remind me in"), "{}", get(&ana));

    // A silence, and its end; only who answers for others has it.
    assert!(!get(&laura).contains("Silence for"));
    let silenced = post(&deed(&get(&ana), "Silence for"), b"");
    assert!(silenced.contains("Silenced until") && silenced.contains("Luisa"), "{silenced}");
    assert!(post(&deed(&get(&ana), "End the silence"), b"").contains("The silence has ended"));
    assert_eq!(daemon.get("/v1/silences")["silences"], json!([]));

    // The list leads to the page of each request.
    let page = get(&ana);
    let list = page.split("<p><a href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("the list");
    let list = get(&format!("/a/{}", html_escape::decode_html_entities(list)));
    let base = BASE;
    let read = |page: &str| html_escape::decode_html_entities(page).into_owned();
    assert!(read(&list).contains(&format!("href=\"{base}/\"")), "the list leads to the queue: {list}");
    for link in [&ana, &laura] {
        assert!(read(&get(link)).contains(&format!("href=\"{base}/r/{id}\"")), "{}", get(link));
    }
    assert!(list.contains("1 open request") && list.contains("Overdue (1)") && list.contains("▲ Was due"), "{list}");
    let row = list.split("<a href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a row with a link");
    assert!(get(&format!("/a/{}", html_escape::decode_html_entities(row))).contains("Request R-1"));

    // Whoever is signed in comes by the same link to the live page; nobody else's session does.
    let cookie = {
        let output = daemon.command().args(["page", "--by", "ana"]).output().expect("plazo runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let link =
            said.lines().next().and_then(|address| address.find("/a/").map(|at| &address[at..])).expect("a link");
        let begun = daemon.call("POST", link, &[("User-Agent", "a browser")], b"");
        let head = begun.head.lines().find(|line| line.to_lowercase().starts_with("set-cookie:")).expect("a cookie");
        head.split([':', ';']).nth(1).expect("a value").trim().to_owned()
    };
    let seen = |link: &str| {
        let answer = daemon.call("GET", link, &[("Cookie", &cookie)], b"");
        (answer.status, answer.head.contains("location: /r/R-1\r"))
    };
    assert_eq!((seen(&ana), seen(&laura)), ((303, true), (200, false)));
}

/// Who opens plazo's address itself is asked who they are; programs are told what they always were.
#[test]
fn the_address_itself_is_a_page_for_people_and_a_problem_for_programs() {
    let daemon = start("[escalation]\ne = [{ at = \"due\", tell = [\"ana\"] }]\n");
    let people = [("Accept", "text/html,application/xhtml+xml;q=0.9")];
    for (path, status, said) in [("/", 401, "Your address"), ("/a/", 200, "plazo is running")] {
        let page = daemon.call("GET", path, &people, b"");
        assert!(page.status == status && page.body.contains(said), "{path}: {}", page.body);
        let problem = daemon.call("GET", path, &[("Accept", "application/json")], b"");
        assert_eq!((problem.status, problem.json()["code"].clone()), (404, json!("no_such_path")), "{path}");
    }
}

/// Whoever's link is too old gets a new one, by mail to that person alone, and once in a while.
#[test]
fn a_link_that_is_too_old_is_followed_by_a_new_one() {
    let daemon = start(
        "[http]\npublic_url = \"https://plazo.agencia.example\"\n[alerts]\nwindow = \"0s\"\nlinks_expire = \"1s\"\n[escalation]\ne = [{ at = \"due\", tell = [\"ana\"] }]\n",
    );
    daemon.client_message("m-1", "t-1", HOUR);
    let links = || -> Vec<String> { mails(&daemon).iter().flat_map(|mail| links(&mail.text)).collect() };
    let old = wait_for("the mail", PATIENCE, || links().get(3).cloned());
    let page = wait_for("the link to be too old", PATIENCE, || {
        let page = daemon.call("GET", &old, &[], b"");
        (page.status == 410).then_some(page.body)
    });
    assert!(page.contains("This link is too old") && page.contains("Send me a new one"), "{page}");
    let n = links().len();
    let answers: Vec<_> = (0..3).map(|_| daemon.call("POST", &old, &[], b"")).collect();
    assert!(answers.iter().all(|answer| answer.status == 200 && answer.body == answers[0].body), "{answers:?}");
    let new = wait_for("a new link", PATIENCE, || links().into_iter().nth(n));
    let readers: Vec<_> = mails(&daemon).into_iter().map(|mail| mail.to).collect();
    assert!(new != old && readers.iter().all(|to| to == "ana@agencia.example"), "{readers:?}");
    // Three times asked, once mailed.
    daemon.client_message("m-2", "t-2", HOUR);
    wait_for("the next alert", PATIENCE, || (n + 5 < links().len()).then_some(()));
    assert_eq!(links().len(), n + 1 + 5, "{:?}", links());
}

/// Somebody without a terminal says what happened, by the link in the mail about the broken rule.
#[test]
fn a_broken_rule_is_explained_on_a_page_and_the_record_says_who_did_and_how() {
    let daemon = start(&format!(
        "[http]\npublic_url = \"{BASE}\"\n[alerts]\nwindow = \"0s\"\n[check.authorised]\nescalation = \"c\"\n[escalation]\ne = [{{ at = \"due\", tell = [\"ana\"] }}]\nc = [{{ at = \"due\", tell = [\"ana\"] }}]\n"
    ));
    daemon.client_message("m-1", "t-1", Duration::from_secs(60));
    daemon.post("/v1/requests/R-1/answer", &json!({"by": "nadie", "text": "hola"}));
    let mail = wait_for("the mail", PATIENCE, || mails(&daemon).into_iter().find(|mail| mail.subject.contains("A7")));
    assert!(
        mail.text.contains("If there is an explanation, write it here") && !mail.text.contains("plazo "),
        "{}",
        mail.text
    );
    let explain = links(&mail.text).remove(0);
    let page = daemon.call("GET", &explain, &[], b"").body;
    assert!(
        page.contains("Explain what happened on R-1")
            && page.contains("<textarea")
            && page.contains("may not answer clients"),
        "{page}"
    );
    // Looking says nothing, nor does an empty answer or a story.
    let open = || daemon.get("/v1/violations?open=true")["violations"].as_array().map_or(0, Vec::len);
    let long = format!("excuse={}", "a".repeat(1_001));
    for body in ["", "excuse=", "excuse=+++", &long] {
        assert_eq!(daemon.call("POST", &explain, &[], body.as_bytes()).status, 422, "{}", body.len());
    }
    assert_eq!(open(), 1);
    let told = daemon.call("POST", &explain, &[], "excuse=Es+nueva,+y+respondi%C3%B3+por+m%C3%AD".as_bytes());
    assert!(told.status == 200 && told.body.contains("Your explanation is kept"), "{}", told.body);
    let row = daemon.get("/v1/violations")["violations"][0].clone();
    assert_eq!(row["excuse"], "Es nueva, y respondió por mí");
    let by = row["excused_by"].as_str().unwrap_or_default();
    assert!(by.starts_with("Ana Ruiz, by the link of the alert of "), "{by}");
    assert_eq!(open(), 0);
}

/// The owner says that an appointment took place, or moves it, without a terminal.
#[test]
fn an_appointment_is_moved_and_ended_by_the_links_of_its_invitation() {
    let daemon = start(&format!(
        "[http]\npublic_url = \"{BASE}\"\n[alerts]\nwindow = \"0s\"\n[escalation]\ne = [{{ at = \"due\", tell = [\"ana\"] }}]\n"
    ));
    daemon.client_message("m-1", "t-1", Duration::from_secs(60));
    daemon.post("/v1/requests/R-1/own", &json!({"owner": "laura"}));
    let schedule = json!({"by": "laura", "within": "24h", "participants": ["rosa@cliente.example"]});
    daemon.post("/v1/requests/R-1/schedule", &schedule);
    let mail =
        wait_for("the invitation", PATIENCE, || mails(&daemon).into_iter().find(|mail| mail.to.starts_with("laura")));
    assert!(
        mail.text.contains("invite rosa@cliente.example yourself") && !mail.text.contains("plazo held"),
        "{}",
        mail.text
    );
    let [held, moved] =
        links(&mail.text)[..2].to_vec().try_into().unwrap_or_else(|_| panic!("two links: {}", mail.text));
    let begins = || daemon.get("/v1/requests/R-1")["appointment_at"].clone();
    let before = begins();
    assert!(daemon.call("GET", &moved, &[], b"").body.contains("type=\"datetime-local\""));
    for wrong in ["", "at=", "at=ma%C3%B1ana", "at=2001-01-01T08%3A00"] {
        assert_eq!(daemon.call("POST", &moved, &[], wrong.as_bytes()).status, 422, "{wrong}");
    }
    assert_eq!(begins(), before);
    let answer = daemon.call("POST", &moved, &[], b"at=2090-03-01T08%3A00");
    assert!(answer.status == 200 && answer.body.contains("It begins"), "{}", answer.body);
    assert!(begins().as_str().is_some_and(|at| at.starts_with("2090-03-01T13:00:00")), "eight in Bogotá: {}", begins());
    assert!(daemon.call("GET", &held, &[], b"").body.contains("Did the appointment of R-1 take place?"));
    assert!(daemon.call("POST", &held, &[], b"").body.contains("It is noted that it took place"));
    let history = daemon.get("/v1/requests/R-1")["history"].clone();
    assert!(history.as_array().is_some_and(|all| all.iter().any(|one| one["type"] == "held")), "{history}");
}

/// The test message says who sent it, in the language of its reader, and shows an alert of which nothing can be done.
#[test]
fn a_test_message_is_a_mail_like_the_others_in_its_reader_s_language() {
    let config = format!("{PEOPLE}{POLICY}[escalation]\ne = [{{ at = \"due\", tell = [\"ana\"] }}]\n")
        .replace("name = \"Laura Mora\"", "name = \"Laura Mora\"\nlanguage = \"es\"");
    let daemon = Daemon::start(&config);
    for to in ["ana", "laura"] {
        daemon.post("/v1/test-notify", &json!({"to": to, "by": "Operadora"}));
    }
    let mails = wait_for("both mails", PATIENCE, || Some(mails(&daemon)).filter(|all| all.len() == 2));
    let of = |who: &str| mails.iter().find(|mail| mail.to.starts_with(who)).expect("a mail");
    let (ana, laura) = (of("ana"), of("laura"));
    assert!(ana.text.contains("It was asked for by Operadora on ") && ana.html.contains("I take it"), "{}", ana.text);
    assert!(laura.text.contains("La pidió Operadora desde ") && laura.html.contains("Lo tomo"), "{}", laura.text);
    for mail in [ana, laura] {
        assert!(!mail.html.contains("href") && !mail.html.contains("<pre"), "{}", mail.html);
        assert!(mail.html.contains("prefers-color-scheme: dark") && mail.html.contains("[if mso]"), "{}", mail.html);
    }
}
