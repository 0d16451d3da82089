//! What goes over the wire, and what each peer's answer is taken for.

use std::time::Duration;

use serde_json::json;

use crate::support::daemon::{Daemon, PEOPLE};
use crate::support::smtp::{Smtp, Stage};
use crate::support::webhook::{Webhook, answer};
use crate::support::{PATIENCE, wait_for};

/// Everything is told at the end of an hour; messages are written so that the hour ends as they arrive.
const LADDER: &str = "
[[policy]]
name = \"whatsapp\"
match = { channel = \"whatsapp\" }
reply = { rule = \"A1\", within = \"1h\", escalation = \"e\" }
";
const HOUR: Duration = Duration::from_secs(3_600);

fn config(tell: &str, more: &str) -> String {
    format!("{PEOPLE}{LADDER}[escalation]\ne = [{{ at = \"due\", tell = [{tell}] }}]\n{more}\n")
}

fn hook(url: &str, more: &str) -> String {
    format!("[destination.hook]\ntype = \"webhook\"\nprivate = true\nurl = \"{url}\"\n{more}\n")
}

#[test]
fn mail_is_marked_threaded_and_readable() {
    let smtp = Smtp::start();
    let daemon = Daemon::start(&config("\"ana\"", &smtp.section()));
    daemon.client_message("m-1", "t-1", HOUR);
    let mail = smtp.wait_for(1).remove(0);
    assert_eq!(mail.to, ["ana@agencia.example"]);
    assert_eq!(mail.header("Subject"), "Overdue · Luisa · reply [R-1]");
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    assert!(mail.header("List-Id").starts_with("plazo <alerts.plazo."), "{}", mail.header("List-Id"));
    assert!(mail.header("References").contains(".R-1@agencia.example>"), "{}", mail.header("References"));
    assert_eq!(mail.header("References"), mail.header("In-Reply-To"));
    assert!(mail.text().contains("rule A1"), "{}", mail.text());
    assert!(mail.data.contains("text/html"));
    assert_eq!(daemon.delivery("sent")["answer"], "250 2.0.0 taken");
}

#[test]
fn lessons_32_one_bad_recipient_never_blocks_the_rest() {
    let smtp = Smtp::scripted(|stage, _, line| {
        (stage == Stage::Recipient && line.contains("ana@")).then_some("550 5.1.1 no such user")
    });
    let daemon = Daemon::start(&config("\"ana\", \"laura\"", &smtp.section()));
    daemon.client_message("m-1", "t-1", HOUR);
    assert_eq!(smtp.wait_for(1)[0].to, ["laura@agencia.example"]);
    let dead = daemon.delivery("dead");
    assert_eq!(dead["person"], "ana");
    assert!(dead["answer"].as_str().is_some_and(|cause| cause.contains("550")), "{dead}");
    // The operator is told by another way.
    wait_for("the operator's notice", PATIENCE, || {
        std::fs::read_dir(daemon.directory.path().join("operator")).ok()?.next()?.ok()
    });
}

#[test]
fn mail_that_is_put_off_is_tried_again_with_the_same_id() {
    let smtp = Smtp::scripted(|stage, n, _| (stage == Stage::Data && n == 0).then_some("451 4.7.1 greylisted"));
    let daemon = Daemon::start(&config("\"ana\"", &smtp.section()));
    daemon.client_message("m-1", "t-1", HOUR);
    let mails = smtp.wait_for(2);
    assert_eq!(mails[0].header("Message-ID"), mails[1].header("Message-ID"));
    assert_eq!(daemon.delivery("sent")["attempts"], 2);
}

#[test]
fn a_server_that_drops_after_the_final_dot_gets_the_same_message_id_again() {
    let smtp = Smtp::scripted(|stage, n, _| (stage == Stage::Data && n == 0).then_some(""));
    let daemon = Daemon::start(&config("\"ana\"", &smtp.section()));
    daemon.client_message("m-1", "t-1", HOUR);
    let mails = smtp.wait_for(2);
    assert_eq!(mails[0].header("Message-ID"), mails[1].header("Message-ID"));
}

#[test]
fn a_wrong_password_holds_the_destination_and_shows_nowhere() {
    let smtp = Smtp::scripted(|stage, _, _| (stage == Stage::Auth).then_some("535 5.7.8 bad credentials"));
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("password"), "geheim-4711\n").expect("the password's file");
    let secret =
        format!("user = \"plazo\"\npassword = {{ file = \"{}\" }}\n", directory.path().join("password").display());
    let daemon = Daemon::start(&config("\"ana\"", &format!("{}{secret}", smtp.section())));
    daemon.client_message("m-1", "t-1", HOUR);
    let held = wait_for("a delivery that is held back", PATIENCE, || {
        let page = daemon.get("/v1/deliveries?state=pending");
        page["deliveries"].as_array()?.iter().find(|row| row["held_by"].is_string()).cloned()
    });
    assert!(held["held_by"].as_str().is_some_and(|cause| cause.contains("535")), "{held}");
    assert!(held["next_at"].is_string(), "until when it is held is visible: {held}");
    assert_eq!(smtp.received().len(), 0);
    let seen = format!("{held}{}", daemon.log());
    assert!(!seen.contains("geheim") && !seen.contains("Z2VoZWlt"), "the password shows: {seen}");
}

#[test]
fn a_webhook_is_signed_by_the_standard_scheme_and_keeps_its_id() {
    let webhook =
        Webhook::scripted(|n, _| if n == 0 { answer("500 Oops", "", "x") } else { answer("204 No Content", "", "") });
    let directory = tempfile::tempdir().expect("a directory");
    let key = "whsec_cGxhem8tdGVzdC1zdGFuZGFyZC13ZWJob29rcy1rZXk=";
    std::fs::write(directory.path().join("key"), key).expect("the key's file");
    let secret = format!("secret = {{ file = \"{}\" }}", directory.path().join("key").display());
    let daemon = Daemon::start(&config("\"hook\"", &hook(&webhook.url, &secret)));
    daemon.client_message("m-1", "t-1", HOUR);
    let calls = webhook.wait_for(2);
    assert_eq!(calls[0].header("webhook-id"), calls[1].header("webhook-id"));
    assert_eq!(calls[0].body, calls[1].body, "the body is frozen");
    for call in &calls {
        assert_eq!(call.header("webhook-signature"), signature(b"plazo-test-standard-webhooks-key", call));
    }
    let body: serde_json::Value = serde_json::from_str(&calls[1].body).expect("JSON");
    assert_eq!(body["type"], "sla.breach");
    assert_eq!(body["data"]["content"]["request"], 1);
    assert_eq!(body["data"]["content"]["rule"], "A1");
}

/// The scheme, computed a second time and apart from plazo's own code.
fn signature(key: &[u8], call: &crate::support::webhook::Received) -> String {
    use base64::Engine as _;
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).expect("a key");
    let signed = format!("{}.{}.{}", call.header("webhook-id"), call.header("webhook-timestamp"), call.body);
    mac.update(signed.as_bytes());
    format!("v1,{}", base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes()))
}

#[test]
fn lessons_31_a_500_is_no_success() {
    let webhook = Webhook::scripted(|n, _| if n == 0 { answer("500 Oops", "", "x") } else { answer("200 OK", "", "") });
    let daemon = Daemon::start(&config("\"hook\"", &hook(&webhook.url, "")));
    daemon.client_message("m-1", "t-1", HOUR);
    webhook.wait_for(2);
    assert_eq!(daemon.delivery("sent")["attempts"], 2);
}

#[test]
fn lessons_31_a_429_holds_the_whole_destination_for_as_long_as_it_asks() {
    let webhook = Webhook::scripted(|n, _| {
        if n == 0 { answer("429 Slow down", "Retry-After: 600\r\n", "") } else { answer("200 OK", "", "") }
    });
    let daemon = Daemon::start(&config("\"hook\"", &hook(&webhook.url, "")));
    daemon.client_message("m-1", "t-1", HOUR);
    webhook.wait_for(1);
    wait_for("the hold", PATIENCE, || {
        daemon.get("/v1/deliveries?state=pending")["deliveries"][0]["held_by"].as_str().map(str::to_owned)
    });
    // Another message to it waits as well.
    daemon.client_message("m-2", "t-2", HOUR);
    let waiting = wait_for("two waiting deliveries", PATIENCE, || {
        let page = daemon.get("/v1/deliveries?state=pending");
        page["deliveries"].as_array().filter(|rows| rows.len() == 2).cloned()
    });
    for delivery in &waiting {
        let next_at: chrono::DateTime<chrono::Utc> =
            delivery["next_at"].as_str().expect("until when").parse().expect("an instant");
        let decided_at: chrono::DateTime<chrono::Utc> =
            delivery["decided_at"].as_str().expect("when").parse().expect("an instant");
        assert!(chrono::TimeDelta::seconds(500) < next_at - decided_at, "{delivery}");
    }
    assert_eq!(webhook.received().len(), 1);
}

/// LESSONS 53: what a peer asks for is a floor and no replacement of plazo's own steps, of which the first two last over four seconds.
#[test]
fn lessons_53_a_wait_of_nothing_or_less_never_storms() {
    let asked = [
        ("429 Too Many", "Retry-After: 0\r\n"),
        ("503 Unavailable", "Retry-After: -5\r\n"),
        ("500 Oops", "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n"),
        ("429 Too Many", "Retry-After: soon\r\n"),
    ];
    std::thread::scope(|scope| {
        for (status, header) in asked {
            scope.spawn(move || {
                let webhook = Webhook::scripted(move |_, _| answer(status, header, ""));
                let daemon = Daemon::start(&config("\"hook\"", &hook(&webhook.url, "")));
                let began = std::time::Instant::now();
                daemon.client_message("m-1", "t-1", HOUR);
                webhook.wait_for(3);
                assert!(Duration::from_secs(4) < began.elapsed(), "{status} {header}");
            });
        }
    });
}

#[test]
fn a_redirect_is_a_failure_and_is_not_followed() {
    let other = Webhook::start();
    let location = format!("Location: {}\r\n", other.url);
    let webhook = Webhook::scripted(
        move |n, _| {
            if n == 0 { answer("302 Found", &location, "") } else { answer("200 OK", "", "") }
        },
    );
    let daemon = Daemon::start(&config("\"hook\"", &hook(&webhook.url, "")));
    daemon.client_message("m-1", "t-1", HOUR);
    webhook.wait_for(2);
    assert!(other.received().is_empty());
}

#[test]
fn a_webhook_that_hangs_is_given_up_in_time_and_tried_again() {
    let webhook = Webhook::scripted(|n, _| if n == 0 { None } else { answer("200 OK", "", "") });
    let daemon = Daemon::start(&config("\"hook\"", &hook(&webhook.url, "timeout = \"300ms\"")));
    daemon.client_message("m-1", "t-1", HOUR);
    webhook.wait_for(2);
    assert_eq!(daemon.delivery("sent")["attempts"], 2);
}

#[test]
fn a_hook_that_is_gone_hands_over_to_its_fallback_at_once() {
    let (gone, other) = (Webhook::scripted(|_, _| answer("410 Gone", "", "no_service")), Webhook::start());
    let more = format!(
        "{}[destination.other]\ntype = \"webhook\"\nprivate = true\nurl = \"{}\"\n",
        hook(&gone.url, "fallback = \"other\""),
        other.url
    );
    let daemon = Daemon::start(&config("\"hook\"", &more));
    daemon.client_message("m-1", "t-1", HOUR);
    other.wait_for(1);
    assert_eq!(daemon.delivery("handed_over")["destination"], "hook");
    assert_eq!(daemon.delivery("sent")["destination"], "other");
}

#[test]
fn after_the_bound_a_destination_that_stands_hands_over() {
    let other = Webhook::start();
    // Nobody listens on that port.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let more = format!(
        "{}[destination.other]\ntype = \"webhook\"\nprivate = true\nurl = \"{}\"\n[alerts]\nretry_for = \"2s\"\n",
        hook(&format!("http://{closed}/"), "fallback = \"other\""),
        other.url
    );
    let daemon = Daemon::start(&config("\"hook\"", &more));
    daemon.client_message("m-1", "t-1", HOUR);
    daemon.client_message("m-2", "t-2", HOUR);
    other.wait_for(2);
}

#[test]
fn without_a_fallback_it_ends_dead_and_can_be_tried_again() {
    let webhook =
        Webhook::scripted(|n, _| if n == 0 { answer("410 Gone", "", "no_service") } else { answer("200 OK", "", "") });
    let daemon = Daemon::start(&config("\"hook\"", &hook(&webhook.url, "")));
    daemon.client_message("m-1", "t-1", HOUR);
    let dead = daemon.delivery("dead");
    let output = daemon.command().args(["deliveries", "retry", &dead["id"].to_string()]).output().expect("plazo runs");
    assert!(output.status.success(), "{output:?}");
    webhook.wait_for(2);
    let path = format!("/v1/deliveries/{}", dead["id"]);
    wait_for("the delivery to be sent", PATIENCE, || (daemon.get(&path)["state"] == "sent").then_some(()));
}

#[test]
fn lessons_31_slack_says_ok_or_it_did_not_take_it() {
    let webhook = Webhook::scripted(|n, _| match n {
        0 => answer("200 OK", "", "{\"ok\":false,\"error\":\"internal_error\"}"),
        _ => answer("200 OK", "", "ok"),
    });
    let more = format!("[destination.hook]\ntype = \"slack\"\nprivate = true\nurl = \"{}\"\n", webhook.url);
    let daemon = Daemon::start(&config("\"hook\"", &more));
    daemon.event(&json!({
        "id": "m-1", "type": "message", "channel": "whatsapp", "thread": "t-1", "direction": "in",
        "at": crate::support::daemon::before_now(HOUR), "author": {"name": "<!channel> & <@U1>", "kind": "customer"},
    }));
    let calls = webhook.wait_for(2);
    let body: serde_json::Value = serde_json::from_str(&calls[0].body).expect("JSON");
    assert_eq!(body["text"], "Overdue · &lt;!channel&gt; &amp; &lt;@U1&gt; · reply [R-1]");
    assert_eq!(daemon.delivery("sent")["attempts"], 2);
}

#[test]
fn slack_refusing_the_hook_is_final() {
    let webhook = Webhook::scripted(|_, _| answer("200 OK", "", "{\"ok\":false,\"error\":\"channel_is_archived\"}"));
    let more = format!("[destination.hook]\ntype = \"slack\"\nprivate = true\nurl = \"{}\"\n", webhook.url);
    let daemon = Daemon::start(&config("\"hook\"", &more));
    daemon.client_message("m-1", "t-1", HOUR);
    assert!(daemon.delivery("dead")["answer"].as_str().is_some_and(|cause| cause.contains("channel_is_archived")));
}

#[test]
fn without_a_mail_server_mail_is_written_as_files() {
    let daemon = Daemon::start(&config("\"ana\"", ""));
    daemon.client_message("m-1", "t-1", HOUR);
    let sent = daemon.delivery("sent");
    let path = sent["answer"].as_str().expect("a path");
    let mail = std::fs::read_to_string(path).expect("the mail");
    assert!(mail.contains("To: \"Ana Ruiz\" <ana@agencia.example>"), "{mail}");
    assert!(mail.contains("Subject: Overdue"), "{mail}");
}

#[test]
fn lessons_30_what_was_answered_meanwhile_is_not_told() {
    // The first call stands until the request behind the second one has been answered.
    let webhook =
        Webhook::scripted(
            |n, _| if n == 0 { answer("429 Wait", "Retry-After: 1\r\n", "") } else { answer("200 OK", "", "") },
        );
    let daemon = Daemon::start(&config("\"hook\"", &hook(&webhook.url, "")));
    daemon.client_message("m-1", "t-1", HOUR);
    webhook.wait_for(1);
    let answered = daemon.post("/v1/requests/R-1/answer", &json!({"by": "laura", "text": "Ya quedó"}));
    assert_eq!(answered.status, 200, "{}", answered.body);
    assert_eq!(daemon.delivery("unneeded")["request"], "R-1");
    assert_eq!(webhook.received().len(), 1);
}
