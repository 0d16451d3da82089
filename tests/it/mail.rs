//! Mail with real servers: alerts through Postfix, and a mailbox read from Dovecot.

use std::time::Duration;

use serde_json::json;

use crate::support::daemon::{Daemon, PEOPLE};
use crate::support::mailserver::{Dovecot, PASSWORD, Postfix};
use crate::support::webhook::{Webhook, answer};
use crate::support::{PATIENCE, wait_for};

#[test]
fn a_whatsapp_left_unanswered_is_mailed_at_each_step_to_a_real_server() {
    let postfix = Postfix::start();
    let config = format!(
        "{PEOPLE}[alerts]\nwindow = \"0s\"\n[smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"plazo <plazo@agencia.example>\"\n\
         [roles]\nsupervisor = \"ana\"\n\
         [[policy]]\nname = \"whatsapp\"\nmatch = {{ channel = \"whatsapp\" }}\nteam = \"social\"\n\
         reply = {{ rule = \"A1\", within = \"20m\", escalation = \"client\" }}\n\
         [escalation]\nclient = [{{ at = \"-5m\", tell = [\"owner\"] }}, {{ at = \"due\", tell = [\"lead\"] }}, {{ at = \"+2s\", tell = [\"supervisor\"] }}]\n",
        postfix.port
    );
    let daemon = Daemon::start(&config);
    // Written so long ago that the warning is due in a moment; two more so that the breach is.
    let warned = daemon.client_message("m-1", "t-1", Duration::from_secs(15 * 60 - 1));
    daemon.post(&format!("/v1/requests/{warned}/own"), &json!({"owner": "laura"}));
    let breached = daemon.client_message("m-2", "t-2", Duration::from_secs(20 * 60 - 1));
    // The second one's warning was missed, and comes late.
    let mails = postfix.wait_for(4);
    let about = |request: &str, word: &str| {
        let (begins, ends) = (format!("Subject: {word}"), format!("[{request}]"));
        let found = mails.iter().find(|mail| mail.contains(&begins) && mail.contains(&ends));
        found.unwrap_or_else(|| panic!("no `{begins} … {ends}` in {mails:#?}")).clone()
    };
    assert!(about(&warned, "Due soon in 5 min").contains("Delivered-To: laura@agencia.example"));
    let (breach, escalation) = (about(&breached, "Overdue"), about(&breached, "Escalated"));
    assert!(breach.contains("Delivered-To: ana@agencia.example"));
    // Both of one request are one thread.
    let references = |mail: &str| mail.lines().find(|line| line.starts_with("References:")).map(str::to_owned);
    assert_eq!(references(&breach), references(&escalation));
    assert!(references(&breach).is_some());
}

/// A mailbox at `dovecot` under TLS whose certificate it shows.
fn mailbox(dovecot: &Dovecot) -> String {
    let password = dovecot.directory.path().join("password");
    std::fs::write(&password, PASSWORD).expect("written");
    format!(
        "[mailbox.soporte]\nhost = \"localhost\"\nport = {}\nca = {:?}\nuser = \"soporte@agencia.example\"\n\
         password = {{ file = {:?} }}\nfolders = [\"INBOX\", \"Sent\"]\naddresses = [\"@agencia.example\"]\n",
        dovecot.tls_port,
        dovecot.certificate().display().to_string(),
        password.display().to_string(),
    )
}

fn mail(id: &str, from: &str, to: &str, headers: &str, text: &str) -> String {
    format!("Message-ID: <{id}>\r\nFrom: {from}\r\nTo: {to}\r\nSubject: Factura\r\n{headers}\r\n{text}\r\n")
}

fn requests(daemon: &Daemon) -> Vec<serde_json::Value> {
    daemon.get("/v1/requests?limit=50")["requests"].as_array().cloned().unwrap_or_default()
}

fn state(daemon: &Daemon) -> Option<String> {
    clock_of(daemon, "R-1", "acknowledge")
}

const ACKNOWLEDGE: &str = "[[policy]]\nname = \"correo\"\nmatch = { channel = \"email\" }\nteam = \"social\"\n\
    acknowledge = { rule = \"A2\", within = \"60m\", escalation = \"client\" }\n\
    [escalation]\nclient = [{ at = \"due\", tell = [\"lead\"] }]\n";

#[test]
fn a_mailbox_is_read_a_reply_in_sent_answers_and_an_alert_that_comes_back_makes_no_loop() {
    let postfix = Postfix::start();
    let maildir = postfix.directory.path().join("mail/inbox");
    let dovecot = Dovecot::start(&maildir);
    // Lay there before plazo came.
    dovecot.deliver_into(
        "",
        Some(("old", &mail("old@c.example", "Vieja <vieja@c.example>", "soporte@agencia.example", "", "¿Y bien?"))),
    );
    let config = format!(
        "{PEOPLE}[smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"plazo <plazo@agencia.example>\"\n{}{}",
        postfix.port,
        mailbox(&dovecot),
        ACKNOWLEDGE.replace("within = \"60m\"", "within = \"2s\""),
    );
    let daemon = Daemon::start(&config);
    wait_for("the folder to be open", PATIENCE, || {
        let status = daemon.get("/v1/sources");
        (status["sources"][0]["name"] == "soporte" && cursors(&daemon) == 2).then_some(())
    });
    // A client's mail by way of Postfix, as from outside.
    send(
        postfix.port,
        &mail("m-1@c.example", "Luisa <luisa@c.example>", "soporte@agencia.example", "", "¿Me ayudan con la factura?"),
    );
    wait_for("the request", PATIENCE, || (requests(&daemon).len() == 1).then_some(()));
    // Nobody answers: the alert goes out, and lands in the mailbox that is read.
    let alert = postfix.wait_for(3).into_iter().find(|mail| mail.contains("Subject: Overdue")).expect("the alert");
    assert!(alert.contains("Auto-Submitted: auto-generated"), "{alert}");
    assert!(alert.contains("Answering this mail"), "{alert}");
    // Somebody else answers the alert, then whoever was told: only the latter's word acts.
    let alert_id = alert.lines().find_map(|line| line.strip_prefix("Message-ID: ")).expect("an id");
    let in_reply = format!("In-Reply-To: {alert_id}\r\nReferences: {alert_id}\r\n");
    let taken = || daemon.get("/v1/requests/R-1")["clocks"][0]["acked_at"].as_str().map(str::to_owned);
    let other = mail("o-1@agencia.example", "Laura <laura@agencia.example>", "plazo@agencia.example", &in_reply, "ok");
    dovecot.deliver_into("", Some(("o-1", &other)));
    wait_for("the other's mail", PATIENCE, || {
        let request = daemon.get("/v1/requests/R-1");
        request["history"].as_array()?.iter().any(|entry| entry["type"] == "comment").then_some(())
    });
    assert_eq!(taken(), None);
    let own = mail(
        "t-1@agencia.example",
        "Ana <ana@agencia.example>",
        "plazo@agencia.example",
        &in_reply,
        "Tomo.\r\n\r\nAna\r\n\r\nEl mié, plazo escribió:\r\n> Overdue",
    );
    dovecot.deliver_into("", Some(("t-1", &own)));
    wait_for("the request to be taken", PATIENCE, taken);
    // The agent answers with a mail program that keeps what it sends.
    let reply = mail(
        "a-1@agencia.example",
        "Laura <laura@agencia.example>",
        "luisa@c.example",
        "In-Reply-To: <m-1@c.example>\r\n",
        "Ya lo vemos.",
    );
    dovecot.deliver_into(".Sent", Some(("a-1", &reply)));
    // A mailbox knows seconds only, so that an answer within the second of the breach is in time.
    wait_for("the answer", PATIENCE, || state(&daemon).filter(|state| state.starts_with("met")));
    // Neither the old mail nor our own alert, nor what was answered to it, became a request.
    assert_eq!(requests(&daemon).len(), 1, "{:?}", requests(&daemon));
}

fn cursors(daemon: &Daemon) -> i64 {
    let store = rusqlite::Connection::open(daemon.data().join("plazo.sqlite3")).expect("the store");
    store.query_row("SELECT count(*) FROM cursors", [], |row| row.get(0)).unwrap_or(0)
}

/// One mail by SMTP.
fn send(port: u16, mail: &str) {
    use std::io::{BufRead as _, BufReader, Write as _};
    let stream = std::net::TcpStream::connect(("127.0.0.1", port)).expect("Postfix listens");
    let mut answers = BufReader::new(stream.try_clone().expect("a stream")).lines();
    let mut stream = stream;
    let mut expect = |code: &str| {
        let answer = answers.by_ref().map_while(Result::ok).find(|line| line.as_bytes().get(3) != Some(&b'-'));
        assert!(answer.as_ref().is_some_and(|line| line.starts_with(code)), "{answer:?} instead of {code}");
    };
    expect("220");
    let lines = ["EHLO c.example", "MAIL FROM:<luisa@c.example>", "RCPT TO:<soporte@agencia.example>", "DATA"];
    for (line, code) in lines.into_iter().zip(["250", "250", "250", "354"]) {
        stream.write_all(format!("{line}\r\n").as_bytes()).expect("sent");
        expect(code);
    }
    stream.write_all(format!("{mail}.\r\n").as_bytes()).expect("sent");
    expect("250");
}

#[test]
fn nothing_is_read_twice_or_skipped_across_restarts_of_either_side() {
    let mails = tempfile::tempdir().expect("a directory");
    std::fs::set_permissions(mails.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("rights");
    let dovecot = Dovecot::start(&mails.path().join("inbox"));
    let daemon = Daemon::start(&format!("{PEOPLE}{}{ACKNOWLEDGE}", mailbox(&dovecot)));
    wait_for("the folders to be open", PATIENCE, || (cursors(&daemon) == 2).then_some(()));
    let put = |dovecot: &Dovecot, n: usize| {
        let text = mail(
            &format!("m-{n}@c.example"),
            &format!("C{n} <c{n}@c.example>"),
            "soporte@agencia.example",
            "",
            "¿Me ayudan?",
        );
        dovecot.deliver_into("", Some((&format!("m-{n}"), &text)));
    };
    put(&dovecot, 1);
    wait_for("the first", PATIENCE, || (requests(&daemon).len() == 1).then_some(()));
    // plazo is down while two come.
    let directory = daemon.kill();
    put(&dovecot, 2);
    put(&dovecot, 3);
    let daemon = Daemon::start_in(directory);
    wait_for("what came meanwhile", PATIENCE, || (requests(&daemon).len() == 3).then_some(()));
    // The server is down for a moment.
    let dovecot = dovecot.restart();
    put(&dovecot, 4);
    wait_for("what came after", PATIENCE, || (requests(&daemon).len() == 4).then_some(()));
    // The folder is made anew: no UID means what it did, and every mail lies there again.
    let uidlist = mails.path().join("inbox/dovecot-uidlist");
    std::fs::remove_file(&uidlist).expect("the list of UIDs");
    for index in ["dovecot.index", "dovecot.index.log", "dovecot.index.cache", "dovecot-uidvalidity"] {
        std::fs::remove_file(mails.path().join("inbox").join(index)).ok();
    }
    let dovecot = dovecot.restart();
    put(&dovecot, 5);
    wait_for("what came under the new numbers", PATIENCE, || (requests(&daemon).len() == 5).then_some(()));
    let journal = rusqlite::Connection::open(daemon.data().join("plazo.sqlite3")).expect("the store");
    let n: i64 =
        journal.query_row("SELECT count(*) FROM journal WHERE source = 'email'", [], |row| row.get(0)).expect("rows");
    assert_eq!(n, 5);
}

#[test]
fn a_wrong_password_is_told_to_the_operator_and_shown_by_status() {
    let mails = tempfile::tempdir().expect("a directory");
    std::fs::set_permissions(mails.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("rights");
    let dovecot = Dovecot::start(&mails.path().join("inbox"));
    let config = format!("{PEOPLE}{}{ACKNOWLEDGE}", mailbox(&dovecot));
    std::fs::write(dovecot.directory.path().join("password"), "otro").expect("written");
    let daemon = Daemon::start(&config);
    let source = wait_for("the failure", PATIENCE, || {
        let source = daemon.get("/v1/sources")["sources"][0].clone();
        (source["state"] == "failing").then_some(source)
    });
    assert!(source["cause"].as_str().is_some_and(|cause| cause.contains("the mail server says")), "{source}");
    let output = daemon.command().arg("status").output().expect("plazo runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("failing"), "{output:?}");
    wait_for("the operator's notice", PATIENCE, || {
        let file = std::fs::read_dir(daemon.directory.path().join("operator")).ok()?.next()?.ok()?;
        std::fs::read_to_string(file.path()).ok().filter(|text| text.contains("source `soporte` cannot be read"))
    });
}

/// Outlook and Gmail take an access token instead of a password (XOAUTH2); Dovecot checks it as it checks a password.
#[test]
fn a_mailbox_is_opened_by_an_access_token_that_a_refresh_token_gives() {
    let mails = tempfile::tempdir().expect("a directory");
    std::fs::set_permissions(mails.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("rights");
    let dovecot = Dovecot::start(&mails.path().join("inbox"));
    let login = Webhook::scripted(|n, _| {
        let token = if n == 0 { "caducado" } else { PASSWORD };
        let body = serde_json::json!({"access_token": token, "token_type": "Bearer", "expires_in": 3600});
        answer("200 OK", "Content-Type: application/json\r\n", &body.to_string())
    });
    let refresh = dovecot.directory.path().join("refresh");
    std::fs::write(&refresh, "token-de-refresco").expect("written");
    let password =
        format!("password = {{ file = {:?} }}\n", dovecot.directory.path().join("password").display().to_string());
    let oauth = format!(
        "oauth = {{ token_url = \"{}\", client_id = {{ file = {path:?} }}, refresh_token = {{ file = {path:?} }} }}\n",
        login.url,
        path = refresh.display().to_string(),
    );
    let section = mailbox(&dovecot);
    assert!(section.contains(&password), "{section}");
    let daemon = Daemon::start(&format!("{PEOPLE}{}{ACKNOWLEDGE}", section.replace(&password, &oauth)));
    wait_for("both folders", PATIENCE, || (cursors(&daemon) == 2).then_some(()));
    dovecot.deliver_into(
        "",
        Some((
            "1",
            &mail("a@cliente.example", "luisa@cliente.example", "soporte@agencia.example", "", "¿Hay noticias?"),
        )),
    );
    wait_for("the request", PATIENCE, || (requests(&daemon).len() == 1).then_some(()));
    let asked = login.received();
    assert!(asked.iter().all(|call| call.body.contains("grant_type=refresh_token")), "{asked:?}");
    assert!(asked.iter().all(|call| call.body.contains("refresh_token=token-de-refresco")), "{asked:?}");
    assert!(2 < asked.len(), "a token that is refused is asked for anew: {asked:?}");
    assert!(!daemon.log().contains(PASSWORD) && !daemon.log().contains("token-de-refresco"));
}

/// The state of a request's clock of that kind, once there is such a request.
fn clock_of(daemon: &Daemon, request: &str, kind: &str) -> Option<String> {
    let request = daemon.call("GET", &format!("/v1/requests/{request}"), &[], b"").json();
    let clock = request["clocks"].as_array()?.iter().find(|clock| clock["kind"] == kind)?;
    clock["state"].as_str().map(str::to_owned)
}

/// C1 with real servers: who logged in at the house's own server, or for whom it vouches in `Authentication-Results`, is of the house;
/// whoever else writes under its address stops no clock.
#[test]
fn lessons_41_mail_of_the_house_counts_where_its_own_server_vouches_for_it() {
    let further = "smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\nsmtpd_sasl_path = ROOT/auth\n\
         smtpd_sasl_authenticated_header = yes\n\
         smtpd_sender_restrictions = check_sender_access inline:{\n\
         \x20{ ana@agencia.example = PREPEND Authentication-Results: mail.agencia.example; dmarc=pass header.from=agencia.example }\n\
         \x20{ x@evil.example = PREPEND Authentication-Results: mail.agencia.example; dmarc=fail header.from=agencia.example } }\n";
    let (postfix, dovecot) = Postfix::start_after(further, |root| {
        let socket = root.join("auth");
        let auth = format!("service auth {{\n unix_listener {} {{\n mode = 0666\n }}\n}}\n", socket.display());
        let dovecot = Dovecot::start_with(&root.join("mail/inbox"), &auth);
        wait_for("the socket at which logins are judged", PATIENCE, || socket.exists().then_some(()));
        dovecot
    });
    let trusting = |trusts: &str| format!("{PEOPLE}{}{trusts}{ACKNOWLEDGE}", mailbox(&dovecot));
    let config = trusting("trusts = \"mail.agencia.example\"\n");
    let daemon = Daemon::start(&config);
    wait_for("both folders", PATIENCE, || (cursors(&daemon) == 2).then_some(()));
    let ask = |n: u32| {
        let id = format!("r{n}@cliente.example");
        let text =
            mail(&id, &format!("Rosa <rosa{n}@cliente{n}.example>"), "soporte@agencia.example", "", "¿Cuándo llega?");
        postfix.hand_in(None, &format!("rosa{n}@cliente{n}.example"), "soporte@agencia.example", &text);
        wait_for("the client's request", PATIENCE, || clock_of(&daemon, &format!("R-{n}"), "acknowledge"));
    };
    let answer = |n: u32, who: &str, text: &str| {
        let headers = format!("In-Reply-To: <r{n}@cliente.example>\r\nCc: soporte@agencia.example\r\n");
        let (id, to) = (format!("a-{n}-{who}@x.example"), format!("rosa{n}@cliente{n}.example"));
        mail(&id, &format!("{who} <{who}@agencia.example>"), &to, &headers, text)
    };
    let heard = |n: u32, count: usize| {
        wait_for("the mail to be read", PATIENCE, || {
            let history = daemon.get(&format!("/v1/requests/R-{n}"))["history"].clone();
            let n_messages = history.as_array()?.iter().filter(|row| row["type"] == "message").count();
            (count <= n_messages).then_some(history)
        })
    };

    // A colleague who logs in to send: no results are written for her, and the server's own line tells.
    ask(1);
    postfix.hand_in(
        Some("laura@agencia.example"),
        "laura@agencia.example",
        "soporte@agencia.example",
        &answer(1, "laura", "Sale hoy."),
    );
    let history = heard(1, 2);
    assert_eq!(history[1]["proof"], json!({"by": "server", "name": "mail.agencia.example"}), "{history}");
    assert_eq!(clock_of(&daemon, "R-1", "acknowledge").as_deref(), Some("met"));

    // Another server of the house sends; the own one looked, and vouches.
    ask(2);
    postfix.hand_in(None, "ana@agencia.example", "soporte@agencia.example", &answer(2, "ana", "Sale hoy."));
    heard(2, 2);
    assert_eq!(clock_of(&daemon, "R-2", "acknowledge").as_deref(), Some("met"));

    // A stranger under Laura's address, who brings results and a line of his own: what stands on top is the server's.
    ask(3);
    let lie = "Authentication-Results: mail.agencia.example; dmarc=pass header.from=agencia.example\r\n\
               Received: from laptop (Authenticated sender: laura@agencia.example) by mail.agencia.example (Postfix) with ESMTPSA id 1; Mon, 2 Mar 2026 09:00:00 -0500\r\n";
    let forged = format!("{lie}{}", answer(3, "laura", "Ya quedó resuelto."));
    postfix.hand_in(None, "x@evil.example", "soporte@agencia.example", &forged);
    let history = heard(3, 2);
    assert_eq!(history[1]["proof"], json!({"by": "none", "lacks": "refused"}), "{history}");
    assert_eq!(history[1]["effects"], json!([{"effect": "ignored", "why": "unproven"}]), "{history}");
    assert_eq!(clock_of(&daemon, "R-3", "acknowledge").as_deref(), Some("running"));

    // A server that says nothing of a mail does not vouch for it.
    postfix.hand_in(None, "y@evil.example", "soporte@agencia.example", &answer(3, "laura", "De veras."));
    let history = heard(3, 3);
    assert_eq!(history[2]["proof"], json!({"by": "none", "lacks": "silent"}), "{history}");
    assert_eq!(clock_of(&daemon, "R-3", "acknowledge").as_deref(), Some("running"));

    let status = daemon.command().arg("status").output().expect("plazo runs");
    let status = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(status.contains("stop no clock: 1") && status.contains("trusts = "), "{status}");
    let shown = daemon.command().args(["show", "R-3"]).output().expect("plazo runs");
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("unproven: the mail server says that it is forged"), "{shown}");
}

/// Without a named server and outside of the folder of what was sent, no mail of the house counts, whatever it says.
#[test]
fn lessons_41_without_a_named_server_mail_of_the_house_stops_no_clock() {
    let postfix = Postfix::start();
    let dovecot = Dovecot::start(&postfix.directory.path().join("mail/inbox"));
    let daemon = Daemon::start(&format!("{PEOPLE}{}{ACKNOWLEDGE}", mailbox(&dovecot)));
    wait_for("both folders", PATIENCE, || (cursors(&daemon) == 2).then_some(()));
    let ask =
        mail("r1@cliente.example", "Rosa <rosa@cliente.example>", "soporte@agencia.example", "", "¿Cuándo llega?");
    postfix.hand_in(None, "rosa@cliente.example", "soporte@agencia.example", &ask);
    wait_for("the client's request", PATIENCE, || state(&daemon));
    let headers = "In-Reply-To: <r1@cliente.example>\r\nAuthentication-Results: mail.agencia.example; dmarc=pass header.from=agencia.example\r\n";
    let answer =
        mail("a1@agencia.example", "Laura <laura@agencia.example>", "rosa@cliente.example", headers, "Sale hoy.");
    postfix.hand_in(None, "laura@agencia.example", "soporte@agencia.example", &answer);
    wait_for("the answer to be read", PATIENCE, || {
        (1 < daemon.get("/v1/requests/R-1")["history"].as_array()?.len()).then_some(())
    });
    assert_eq!(state(&daemon).as_deref(), Some("running"));
    let checked = daemon.command().arg("check").output().expect("plazo runs");
    let checked = String::from_utf8_lossy(&checked.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(checked.contains("answers count that lie in its folder of what was sent, and no others"), "{checked}");
    // The same mail in the folder of what was sent is another copy of it: the house's own.
    let sent = mail(
        "a2@agencia.example",
        "Laura <laura@agencia.example>",
        "rosa@cliente.example",
        "In-Reply-To: <r1@cliente.example>\r\n",
        "Sale hoy, de veras.",
    );
    dovecot.deliver_into(".Sent", Some(("sent", &sent)));
    wait_for("the answer to count", PATIENCE, || (state(&daemon)? == "met").then_some(()));
}
