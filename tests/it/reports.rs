//! Reports: when they come, to whom, what they say, and by which doors they are had. The figures themselves are proven in `month`.

use crate::support::daemon::{Daemon, PEOPLE};
use crate::support::desk::{Desk, at};
use crate::support::smtp::Smtp;
use plazo::app::Applied;
use plazo::outbox::Content;
use plazo::report::By;
use plazo::text::Language;
use plazo::text::reader::Reader;
use plazo::text::render::render;
use plazo::text::templates::{self, Texts};
use serde_json::{Value, json};

fn shipped() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/sla.toml")).expect("the shipped file")
}

fn ask(thread: &str) -> Value {
    json!({"type": "message", "direction": "in", "channel": "crm", "inbox": "ventas", "thread": thread, "customer": "andina",
        "author": {"name": thread, "address": thread, "kind": "customer"}, "text": "¿Precio?"})
}

/// A conversation of the desk's, answered or not, then closed by the CRM.
async fn converse(desk: &mut Desk, thread: &str, is_answered: bool) {
    let Applied::Accepted { request, .. } = desk.event(ask(thread)).await else { panic!("not taken") };
    let request = request.to_string();
    desk.event(json!({"type": "own", "request": request, "owner": "laura"})).await;
    if is_answered {
        let text = format!("Son 100 dólares al mes para {thread}");
        desk.event(json!({"type": "message", "direction": "out", "request": request, "author": "laura", "text": text}))
            .await;
    }
    desk.event(json!({"type": "close", "request": request, "source": "crm", "reason": "limpieza"})).await;
}

/// The reports of a week, by reader, with the instants at which they came.
async fn reports(desk: &mut Desk, until: &str) -> Vec<(String, String, plazo::report::Report)> {
    let told = desk.until(until).await;
    let report = |(who, when, content)| match content {
        Content::Report(report) => Some((who, when, *report)),
        _ => None,
    };
    told.into_iter().filter_map(report).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn c9_kept_and_broken_the_weekly_review_tells_what_was_closed_without_being_attended_and_what_was_closed_wrongly()
{
    let mut desk = Desk::open("2026-03-02 08:30", &shipped());
    desk.until("2026-03-02 09:00").await;
    converse(&mut desk, "bien", true).await;
    let kept = reports(&mut desk, "2026-03-09 07:01").await;
    let readers: Vec<_> = kept.iter().map(|(who, when, _)| format!("{who} {when}")).collect();
    assert_eq!(readers, ["ana 09 07:00", "marta 09 07:00"], "every team's lead, and management, once each");
    let review = &kept[0].2.closings;
    assert_eq!((review.closed.n, review.unattended.n, review.wrong.n), (1, 0, 0));
    assert_eq!((review.unattended.met, review.wrong.met), (Some(true), Some(true)));
    desk.until("2026-03-09 09:00").await;
    converse(&mut desk, "mal", false).await;
    let broken = reports(&mut desk, "2026-03-16 07:01").await;
    let report = &broken[0].2;
    assert_eq!((report.closings.closed.n, report.closings.unattended.n, report.closings.wrong.n), (1, 1, 1));
    assert_eq!(report.closings.unattended.before, Some(0), "beside the week before");
    assert_eq!(report.closings.wrong.requests, report.closings.unattended.requests);
    assert!(report.violations.iter().any(|rule| rule.rule == "C4" && rule.n == 1 && rule.before == Some(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn c10_e5_kept_and_broken_each_figure_stands_beside_its_standard_for_each_person_and_team() {
    let mut desk = Desk::open("2026-03-02 08:00", &shipped());
    desk.event(ask("pronto")).await;
    desk.event(ask("tarde")).await;
    desk.until("2026-03-02 08:30").await;
    let answer = |request: &str, who: &str| json!({"type": "message", "direction": "out", "request": request, "author": who, "text": format!("Con gusto, {request}")});
    desk.event(answer("R-1", "laura")).await;
    desk.until("2026-03-02 11:00").await;
    desk.event(answer("R-2", "diego")).await;
    let told = reports(&mut desk, "2026-03-09 07:01").await;
    let report = &told[0].2;
    let first = |by: By, key: &str| {
        let group = report.groups.iter().find(|group| group.by == by && group.key == key);
        let measure = &group.unwrap_or_else(|| panic!("no {key}")).figures.first_response;
        (measure.mean_working_ms.map(|ms| ms / 60_000), measure.met)
    };
    assert_eq!(first(By::Person, "laura"), (Some(30), Some(true)));
    assert_eq!(first(By::Person, "diego"), (Some(180), Some(false)));
    assert_eq!(
        (first(By::Team, "social"), first(By::Team, "mensajeria")),
        ((Some(30), Some(true)), (Some(180), Some(false)))
    );
    assert_eq!(first(By::All, ""), (Some(105), Some(false)));
    assert_eq!(report.worst[0].request.to_string(), "R-2");
    assert_eq!(report.worst[0].owner.as_deref(), Some("Diego Soto"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a3_kept_early_answers_are_counted_in_the_report() {
    let mut desk = Desk::open("2026-03-02 09:00", &shipped());
    let say = |who: &str| json!({"type": "message", "direction": "internal", "channel": "slack", "thread": "t", "author": who, "text": "¿Me ayudas?"});
    desk.event(say("diego")).await;
    desk.event(json!({"type": "own", "request": "R-1", "owner": "laura"})).await;
    desk.until("2026-03-02 09:05").await;
    desk.event(say("laura")).await;
    let told = reports(&mut desk, "2026-03-09 07:01").await;
    let all = told[0].2.all().expect("figures of everything");
    assert_eq!((all.early.n, all.early.requests.len(), all.response.n), (1, 1, 0), "no answer to a client");
}

/// The mail of a report is short, says first what counts, and needs no image.
#[test]
fn the_mail_of_a_report_says_in_a_subject_and_three_sentences_what_counts() {
    let report = Content::Report(Box::new(templates::sample_report()));
    let rendered = |language| {
        let reader = Reader::plain(chrono_tz::America::Bogota, language, at("2026-03-09 07:00"));
        render(&report, &Texts::default(), &reader)
    };
    let (spanish, english) = (rendered(Language::Es), rendered(Language::En));
    assert_eq!(spanish.subject, "✗ 90 % cumplido (meta 95) · 9 sin responder · semana del 2 mar");
    assert_eq!(english.subject, "✗ 90 % kept (standard 95) · 9 without answer · week of 2 Mar");
    for (one, sentences) in [
        (&spanish, ["De 10 promesas se cumplieron 9.", "Lo que más pesa: ", "Frente a la semana anterior: "]),
        (&english, ["Of 10 promises, 9 were kept.", "What weighs most: ", "Beside the week before: "]),
    ] {
        for sentence in sentences {
            assert!(one.text.contains(sentence) && one.html.contains(sentence), "{sentence}: {}", one.text);
        }
        assert!(one.attachments.is_empty() && !one.html.contains("<img") && !one.text.contains("<td"), "{}", one.html);
        // What misses the standard has its mark beside it, and is drawn otherwise than what meets it.
        assert!(one.html.contains("✗") && one.html.contains("border:2px solid"), "{}", one.html);
    }
    assert!(spanish.html.contains("Informe semanal") && english.html.contains("Weekly report"));
}

const FILE: &str = r#"
[calendar.office]
hours = { mon-sun = ["00:00-24:00"] }
[check.repeated]
[report.weekly]
at = "mon 07:00"
calendar = "office"
tell = ["ana"]
[roles]
supervisor = "ana"
[[policy]]
name = "appointments"
appointment = { within = "15m", escalation = "e" }
[escalation]
e = [{ at = "due", tell = ["ana"] }]
"#;

#[test]
fn a_report_is_had_as_json_csv_text_and_page_and_its_requests_by_the_command_line() {
    let daemon = Daemon::start(&format!("{PEOPLE}{FILE}"));
    daemon.client_message("m-1", "t-1", std::time::Duration::from_secs(600));
    daemon.post("/v1/requests/R-1/own", &json!({"owner": "laura"}));
    for _ in 0..2 {
        daemon.post("/v1/requests/R-1/answer", &json!({"by": "laura", "text": "Su caso está en proceso de revisión"}));
    }
    daemon.post("/v1/requests/R-1/escalate", &json!({"by": "laura", "reason": "=no distribuye"}));
    let get = |path: &str| daemon.call("GET", path, &[], b"");
    let json = get("/v1/report?so_far=true").json();
    assert_eq!(json["groups"][0]["first_response"]["n"], 1, "{json}");
    assert_eq!(json["groups"][0]["first_response"]["requests"], json!([1]));
    let csv = get("/v1/report?so_far=true&format=csv");
    assert!(
        csv.content_type.starts_with("text/csv") && csv.body.contains("person,laura,Laura Mora,first_response,1,"),
        "{}",
        csv.body
    );
    let page = get("/v1/report?so_far=true&format=html&language=es");
    assert!(page.content_type.starts_with("text/html"));
    assert!(!page.body.contains("<img") && page.body.contains("<details>") && page.body.contains("Primera respuesta"));
    let wrong = get("/v1/report?name=monthly");
    assert!(wrong.status == 422 && wrong.body.contains("it has weekly"), "{}", wrong.body);
    let run = |args: &[&str]| {
        let output = daemon.command().args(args).output().expect("plazo runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, text, _) = run(&["report", "weekly", "--so-far"]);
    assert!(code == Some(0) && text.contains("First response") && text.contains("Laura Mora"), "{text}");
    assert_eq!(run(&["report", "--so-far", "--figure", "response", "--of", "person:laura"]).1, "R-1\n");
    let (code, _, error) = run(&["report", "--so-far", "--figure", "response", "--of", "person:nadie"]);
    assert!(code == Some(2) && error.contains("person:laura"), "{error}");
    let (_, register, _) = run(&["report", "--escalations"]);
    let rows: Vec<_> = register.lines().skip(1).collect();
    assert_eq!(rows.len(), 2, "{register}");
    assert!(
        rows[0].contains("R-1,D11,the same answer as before,") && rows[1].contains("R-1,escalate,'=no distribuye,"),
        "{register}"
    );
}

#[test]
fn b2_kept_an_appointment_is_mailed_with_an_invitation_to_the_owner_who_takes_part_and_the_supervisor() {
    let smtp = Smtp::start();
    let daemon = Daemon::start(&format!("{PEOPLE}{FILE}{}[alerts]\nwindow = \"0s\"\n", smtp.section()));
    daemon.client_message("m-1", "t-1", std::time::Duration::from_secs(60));
    daemon.post("/v1/requests/R-1/own", &json!({"owner": "laura"}));
    let schedule = |body: Value| daemon.post("/v1/requests/R-1/schedule", &body);
    schedule(json!({"by": "laura", "within": "24h", "participants": ["rosa@cliente.example"]}));
    let mails = smtp.wait_for(2);
    let mut readers: Vec<_> = mails.iter().map(|mail| mail.header("To")).collect();
    readers.sort();
    assert!(readers[0].contains("ana@agencia.example") && readers[1].contains("laura@agencia.example"), "{readers:?}");
    let invitation = |mail: &crate::support::smtp::Mail| {
        use mail_parser::MimeHeaders as _;
        let parsed = mail_parser::MessageParser::default().parse(mail.data.as_bytes()).expect("a mail").into_owned();
        let calendars: Vec<_> = parsed
            .parts
            .iter()
            .filter(|part| part.content_type().is_some_and(|kind| kind.subtype() == Some("calendar")))
            .collect();
        // Once as a form of the same words, for calendars with buttons of their own, and once as a file.
        let is_file = |part: &&mail_parser::MessagePart<'_>| part.attachment_name().is_some();
        assert_eq!(calendars.iter().map(is_file).collect::<Vec<_>>(), [false, true], "{}", mail.data);
        let alternative = mail.data.split("multipart/alternative").nth(1).expect("alternatives");
        assert!(alternative.contains("method=REQUEST") || alternative.contains("method=CANCEL"), "{}", mail.data);
        let part = calendars[0];
        let kind = part.content_type().expect("a type").clone();
        (
            kind.attribute("method").unwrap_or_default().to_owned(),
            part.text_contents().expect("text").replace("\r\n ", ""),
        )
    };
    let (method, calendar) = invitation(&mails[0]);
    assert_eq!(method, "REQUEST");
    for line in [
        "METHOD:REQUEST",
        "SEQUENCE:0",
        "STATUS:CONFIRMED",
        "mailto:rosa@cliente.example",
        "mailto:laura@agencia.example",
        "DESCRIPTION:Request R-1 of plazo",
    ] {
        assert!(calendar.contains(line), "no {line} in {calendar}");
    }
    let starts = calendar.lines().find(|line| line.starts_with("DTSTART")).expect("when it begins");
    assert!(
        starts.ends_with("00Z") && ["0", "5"].iter().any(|last| starts[..starts.len() - 3].ends_with(last)),
        "{starts}"
    );
    let organizer = calendar.lines().find(|line| line.starts_with("ORGANIZER")).expect("who asks");
    let from = mails[0].header("From");
    let sender = from.rsplit('<').next().unwrap_or_default().trim_end_matches('>').to_lowercase();
    assert!(organizer.ends_with(&format!("mailto:{sender}")), "{organizer} of {from}");
    schedule(json!({"by": "laura"}));
    let (method, called_off) = invitation(&smtp.wait_for(4)[3]);
    assert_eq!(method, "CANCEL");
    let uid = |text: &str| text.lines().find(|line| line.starts_with("UID:")).map(str::to_owned);
    assert!(called_off.contains("SEQUENCE:1") && uid(&called_off) == uid(&calendar), "{called_off}");
    // Taken back, it holds again; and once it is taken back itself, nothing does. A calendar takes the highest number.
    for (n, expected, number) in [(6, "REQUEST", "SEQUENCE:2"), (8, "CANCEL", "SEQUENCE:3")] {
        let undone = daemon.command().args(["undo", "R-1"]).output().expect("plazo runs");
        assert!(undone.status.success(), "{}", String::from_utf8_lossy(&undone.stderr));
        let (method, calendar) = invitation(&smtp.wait_for(n)[n - 1]);
        assert!(method == expected && calendar.contains(number), "{method}: {calendar}");
    }
    assert!(smtp.received().iter().all(|mail| !mail.header("To").contains("rosa")), "clients are not mailed by plazo");
}

#[tokio::test(flavor = "multi_thread")]
async fn a11_kept_for_the_owner_and_broken_for_whoever_does_not_answer_b6_e4_kept_with_their_own_text() {
    let mut desk = Desk::open("2026-03-02 09:00", &shipped());
    desk.event(json!({"type": "message", "direction": "in", "channel": "whatsapp", "thread": "t", "subject": "Factura de marzo",
        "author": {"name": "Luisa", "kind": "customer"}, "text": "¿?"}))
        .await;
    desk.event(json!({"type": "own", "request": "R-1", "owner": "laura"})).await;
    let first = desk.until("2026-03-02 09:11").await;
    desk.event(json!({"type": "tag", "request": "R-1", "tags": ["facturar-urgente"]})).await;
    let urgent = desk.until("2026-03-02 09:16").await;
    desk.event(json!({"type": "tag", "request": "R-1", "tags": ["cliente-molesto"]})).await;
    let upset = desk.until("2026-03-02 09:20").await;
    let alerts = |told: Vec<(String, String, Content)>| {
        let of = |content| match content {
            Content::Alert(facts) => vec![Content::Alert(facts)],
            Content::Digest { alerts, .. } => alerts.into_iter().map(|facts| Content::Alert(Box::new(facts))).collect(),
            _ => Vec::new(),
        };
        told.into_iter().flat_map(|(.., content)| of(content)).collect::<Vec<_>>()
    };
    let text = |content: &Content, answers: bool| {
        let reader = Reader {
            person: Some(if answers { "laura" } else { "ana" }),
            ..Reader::plain(chrono_tz::America::Bogota, Language::Es, at("2026-03-02 09:16"))
        };
        render(content, &Texts::default(), &reader).text
    };
    let received = alerts(first).into_iter().next().expect("the warning at half of the time");
    let told = text(&received, true);
    assert!(
        told.contains("Hola, Luisa: recibimos su mensaje sobre «Factura de marzo»") && told.contains("48 h"),
        "{told}"
    );
    assert!(!text(&received, false).contains("recibimos su mensaje"), "whoever does not answer gets none");
    let web = alerts(urgent).into_iter().any(|content| text(&content, true).contains("versión web"));
    assert!(web, "the urgent one offers the web version");
    assert!(alerts(upset).into_iter().any(|content| text(&content, true).contains("lamentamos lo ocurrido")));
}
