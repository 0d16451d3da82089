//! What is done on the live pages by HTTP: each deed of a request, the lists with their forms, what a filter lets through, and where somebody
//! is led who signs in.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use serde_json::{Value, json};

use crate::live::{Browser, POLICIES, begin, desk, link};
use crate::support::daemon::{Answer, Daemon, PEOPLE};
use crate::support::{PATIENCE, wait_for};

/// A page with its letters as they are read.
fn plain(page: &str) -> String {
    html_escape::decode_html_entities(page).into_owned()
}

/// What a form of that address bears under that name.
fn field(page: &str, action: &str, name: &str) -> Option<String> {
    let page = plain(page);
    let form = page.split("<form").find(|form| form.contains(&format!("action=\"{action}\"")))?;
    let value = form.split(&format!("name=\"{name}\" value=\"")).nth(1)?.split('"').next()?;
    Some(value.to_owned())
}

fn encoded(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// Presses a button of the page of a request, as a browser sends it.
#[track_caller]
fn press(browser: &Browser<'_>, id: &str, deed: &str, further: &[(&str, &str)]) -> Answer {
    let page = browser.get(&format!("/r/{id}")).body;
    let action = format!("/r/{id}/{deed}");
    let own: Vec<(&str, String)> =
        ["form", "once", "of"].into_iter().filter_map(|name| Some((name, field(&page, &action, name)?))).collect();
    assert!(own.iter().any(|(name, _)| *name == "form"), "{deed} is not offered: {page}");
    let all: Vec<(&str, &str)> =
        own.iter().map(|(name, value)| (*name, value.as_str())).chain(further.iter().copied()).collect();
    browser.post(&action, &encoded(&all))
}

/// Of the request, by the interface.
fn of(daemon: &Daemon, id: &str, field: &str) -> Value {
    daemon.get(&format!("/v1/requests/{id}"))[field].clone()
}

#[test]
fn what_one_form_did_is_taken_back_as_one() {
    let daemon = desk();
    let id = daemon.client_message("m-1", "t-1", Duration::ZERO);
    let laura = Browser::enter(&daemon, &["--by", "laura"]);
    assert_eq!(press(&laura, &id, "take", &[]).status, 303);
    let taken = || of(&daemon, &id, "clocks")[0]["acked_at"].clone();
    assert!(of(&daemon, &id, "owner") == "Laura Mora" && !taken().is_null());
    assert_eq!(press(&laura, &id, "undo", &[]).status, 303);
    assert_eq!((of(&daemon, &id, "owner"), taken()), (Value::Null, Value::Null), "taken, and owned, no more");
    assert!(!laura.get(&format!("/r/{id}")).body.contains("/undo\""), "nothing of it is left to take back");

    // What somebody owned before stays theirs.
    assert_eq!(press(&laura, &id, "own", &[("owner", "ana")]).status, 303);
    assert_eq!(press(&laura, &id, "take", &[]).status, 303);
    assert_eq!(press(&laura, &id, "undo", &[]).status, 303);
    assert_eq!((of(&daemon, &id, "owner"), taken()), (json!("Ana Ruiz"), Value::Null));

    // Closing with a ground writes down what it rests on, and takes that along.
    let notes = || {
        let history = of(&daemon, &id, "told");
        history.as_array().expect("lines").iter().filter(|line| line["text"].to_string().contains("otro canal")).count()
    };
    let before = notes();
    let closed = press(&laura, &id, "close", &[("ground", "moved"), ("reason", "otro canal: Instagram")]);
    assert_eq!(closed.status, 303, "{}", closed.body);
    assert_eq!(of(&daemon, &id, "state"), "closed");
    let n_events = || of(&daemon, &id, "history").as_array().map_or(0, Vec::len);
    let n = n_events();
    assert_eq!(press(&laura, &id, "undo", &[]).status, 303);
    assert_eq!(
        (of(&daemon, &id, "state"), notes().min(before), n_events()),
        (json!("open"), before, n + 2),
        "both of them"
    );
}

#[test]
fn each_deed_of_the_page_is_done_by_its_form() {
    let daemon = desk();
    let laura = Browser::enter(&daemon, &["--by", "laura"]);
    let told = |id: &str| of(&daemon, id, "told").to_string();
    let done = |id: &str, deed: &str, further: &[(&str, &str)]| {
        let answer = press(&laura, id, deed, further);
        assert_eq!(answer.status, 303, "{deed}: {}", answer.body);
        let there = answer.head.lines().find_map(|line| line.strip_prefix("location: ")).expect("where to").to_owned();
        let page = laura.get(&there).body;
        assert!(page.contains("class=\"ok\""), "{deed} is said to be done: {page}");
    };
    let id = daemon.client_message("m-1", "t-1", Duration::ZERO);
    done(&id, "own", &[("owner", "laura")]);
    assert_eq!(of(&daemon, &id, "owner"), "Laura Mora");
    done(&id, "release", &[]);
    assert_eq!(of(&daemon, &id, "owner"), Value::Null);
    done(&id, "wait", &[("reason", "el logo")]);
    assert_eq!(of(&daemon, &id, "state"), "waiting");
    done(&id, "resume", &[]);
    assert_eq!(of(&daemon, &id, "state"), "open");
    done(&id, "snooze", &[("until", "+1h")]);
    assert!(!of(&daemon, &id, "snoozed_until").is_null());
    done(&id, "answer", &[]);
    let clocks = of(&daemon, &id, "clocks");
    assert!(clocks.as_array().expect("clocks").iter().any(|clock| clock["state"] == "met"), "{clocks}");
    done(&id, "deliver", &[("text", "el banner")]);
    assert!(told(&id).contains("el banner"), "{}", told(&id));
    done(&id, "close", &[("ground", "answered")]);
    assert_eq!(of(&daemon, &id, "state"), "closed");
    done(&id, "reopen", &[]);
    assert_eq!(of(&daemon, &id, "state"), "open");
    let other = daemon.client_message("m-2", "t-2", Duration::ZERO);
    done(&other, "waive", &[]);
    assert!(of(&daemon, &other, "clocks").to_string().contains("waived"), "{}", of(&daemon, &other, "clocks"));
}

#[test]
fn filters_of_the_address_let_through_what_they_name_and_the_title_counts() {
    let daemon = desk();
    let late = daemon.client_message("m-1", "t-1", Duration::from_secs(3_600));
    let laura_s = daemon.client_message("m-2", "t-2", Duration::ZERO);
    daemon.post(&format!("/v1/requests/{laura_s}/own"), &json!({"owner": "laura"}));
    let in_inbox = daemon.event(&json!({
        "id": "m-3", "type": "message", "channel": "slack", "thread": "t-3", "direction": "in", "inbox": "urgentes",
        "author": {"name": "Acme", "address": "acme@x.example", "kind": "customer"}, "text": "¿Cuándo?",
    }));
    let ana = Browser::enter(&daemon, &["--by", "ana"]);
    let listed = |query: &str| -> Vec<String> {
        let page = ana.get(&format!("/?{query}")).body;
        let found = page.split("href=\"/r/").skip(1).filter_map(|rest| rest.split('"').next());
        found.map(str::to_owned).collect()
    };
    let all = [&late, &laura_s, &in_inbox].map(Clone::clone);
    let rows: [(&str, &[&String]); 9] = [
        ("", &[&late, &laura_s, &in_inbox]),
        ("person=laura", &[&laura_s]),
        ("persona=-", &[&late, &in_inbox]),
        ("client=acme", &[&in_inbox]),
        ("cliente=Luisa", &[&late, &laura_s]),
        ("inbox=urgentes", &[&in_inbox]),
        ("bandeja=otra", &[]),
        ("canal=slack&persona=laura", &[]),
        ("team=pauta", &[&in_inbox]),
    ];
    for (query, wanted) in rows {
        let mut found = listed(query);
        found.sort();
        assert_eq!(found, wanted.iter().map(|id| (*id).clone()).collect::<Vec<_>>(), "{query}: of {all:?}");
    }
    let title = |query: &str| {
        let page = ana.get(&format!("/?{query}")).body;
        page.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).expect("a title").to_owned()
    };
    assert_eq!((title("").as_str(), title("inbox=urgentes").as_str()), ("(1) Queue · plazo", "Queue · plazo"));
}

#[test]
fn a_broken_rule_is_explained_on_its_list_and_what_was_refused_stays_typed() {
    let daemon = Daemon::start(
        &format!("{PEOPLE}{POLICIES}[check.authorised]\nescalation = \"c\"\n")
            .replace("[escalation]\n", "[escalation]\nc = [{ at = \"due\", tell = [\"lead\"] }]\n"),
    );
    for n in [1, 2] {
        let id = daemon.client_message(&format!("m-{n}"), &format!("t-{n}"), Duration::from_secs(60));
        daemon.post(&format!("/v1/requests/{id}/answer"), &json!({"by": "nadie", "text": "hola"}));
    }
    let ana = Browser::enter(&daemon, &["--by", "ana"]);
    let page = plain(&ana.get("/incumplimientos").body);
    assert!(
        page.contains("A7") && page.contains("/incumplimientos/1\"") && page.contains("/incumplimientos/2\""),
        "{page}"
    );
    let send = |words: &str| ana.post("/incumplimientos/1", &encoded(&[("form", &ana.seal()), ("excuse", words)]));
    let long = format!("era nueva, {}", "a".repeat(1_001));
    let refused = send(&long);
    let shown = plain(&refused.body);
    assert_eq!(refused.status, 422);
    let typed = |n: usize| {
        field(&shown, &format!("/incumplimientos/{n}"), "form").map(|_| {
            let own = |form: &&str| form.contains(&format!("/incumplimientos/{n}\""));
            let form = shown.split("<form").find(own).unwrap_or_default();
            form.split(" value=\"").last().and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
        })
    };
    assert_eq!((typed(1).as_deref(), typed(2).as_deref()), (Some(long.as_str()), Some("")), "at its own row alone");
    assert_eq!(send("Es nueva").status, 303);
    let row =
        daemon.get("/v1/violations")["violations"].as_array().expect("rows").iter().find(|row| row["id"] == 1).cloned();
    assert_eq!(row.expect("it")["excuse"], "Es nueva");
    assert!(!plain(&ana.get("/incumplimientos").body).contains("/incumplimientos/1\""));
    assert!(plain(&ana.get("/incumplimientos?todos=1").body).contains("«Es nueva»"));
    assert_eq!(send("otra vez").status, 422, "once");
}

#[test]
fn a_delivery_that_is_dead_is_tried_again_and_one_is_dropped() {
    let directory = tempfile::tempdir().expect("a directory");
    let operator = directory.path().join("operator").display().to_string();
    // Nobody listens there.
    let config = format!(
        "{PEOPLE}{POLICIES}[destination.nowhere]\ntype = \"webhook\"\nurl = \"http://127.0.0.1:9/\"\nprivate = true\n"
    );
    let config = config.replace("OPERATOR", &operator).replace("tell = [\"lead\"]", "tell = [\"nowhere\"]");
    std::fs::write(directory.path().join("sla.toml"), config).expect("written");
    let daemon = Daemon::start_in(directory);
    daemon.client_message("m-1", "t-1", Duration::from_secs(3_600));
    let pending = daemon.delivery("pending");
    let id = pending["id"].to_string();
    let ana = Browser::enter(&daemon, &["--by", "ana"]);
    let offered = wait_for("it to be tried later", PATIENCE, || {
        let page = plain(&ana.get("/envios").body);
        page.contains(&format!("/envios/{id}/retry\"")).then_some(page)
    });
    assert!(offered.contains(&format!("/envios/{id}/drop\"")), "{offered}");
    let form = encoded(&[("form", &ana.seal())]);
    let laura = Browser::enter(&daemon, &["--by", "laura"]);
    assert_eq!(laura.post(&format!("/envios/{id}/drop"), &encoded(&[("form", &laura.seal())])).status, 403);
    let delivery = || daemon.get("/v1/deliveries")["deliveries"][0].clone();
    let before = delivery()["attempts"].clone();
    assert_eq!(ana.post(&format!("/envios/{id}/retry"), &form).status, 303);
    // It is over, and waits again: what is on its way is not dropped.
    wait_for("another try", PATIENCE, || {
        let now = delivery();
        (now["attempts"] != before && now["state"] == "pending").then_some(())
    });
    let dropped = ana.post(&format!("/envios/{id}/drop"), &form);
    assert_eq!(dropped.status, 303, "{}", dropped.body);
    assert!(!plain(&ana.get("/envios").body).contains(&format!("/envios/{id}/drop\"")));
    assert_eq!(ana.post(&format!("/envios/{id}/explode"), &form).status, 404);
}

#[test]
fn a_silence_says_what_it_would_hold_and_a_team_s_holds_what_its_policies_promise() {
    let daemon = desk();
    // Nobody owns it; the policy is the team's.
    daemon.client_message("m-1", "t-1", Duration::ZERO);
    let ana = Browser::enter(&daemon, &["--by", "ana"]);
    let send = |what: &str, team: &str| {
        ana.post("/silencios", &encoded(&[("form", &ana.seal()), ("what", what), ("team", team), ("until", "+2h")]))
    };
    let preview = |team: &str| {
        let answer = send("preview", team);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body.split("class=\"ok\"").nth(1).and_then(|rest| rest.split("</p>").next()).expect("a line").to_owned()
    };
    assert!(preview("social").contains("1 alert of 1 request"), "{}", preview("social"));
    assert!(preview("pauta").contains("0 alerts of 0 requests"), "{}", preview("pauta"));
    assert_eq!(daemon.get("/v1/silences")["silences"], json!([]), "only looked at");
    assert_eq!(send("add", "social").status, 303);
    daemon.client_message("m-2", "t-2", Duration::from_secs(3_600));
    let held = daemon.delivery("held");
    assert_eq!(held["request"], "R-2", "{held}");
}

#[test]
fn the_status_page_has_each_of_its_tables() {
    let further = "[calendar.oficina]\nhours = { mon-fri = [\"08:00-18:00\"] }\nholidays = [\"CO\"]\n[rota.guardia]\npeople = [\"laura\", \"ana\"]\nhandover = \"08:00\"\nsince = \"2026-01-05\"\n[source.wa]\npreset = \"waha\"\nunsigned = true\n";
    let daemon =
        Daemon::start(&format!("{PEOPLE}{POLICIES}{further}").replace("language = \"en\"", "language = \"es\""));
    daemon.client_message("m-1", "t-1", Duration::from_secs(3_600));
    let away = json!({"person": "laura", "from": "-1h", "until": "+2d", "substitute": "ana"});
    let answer = daemon.post("/v1/away", &away);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let ana = Browser::enter(&daemon, &["--by", "ana"]);
    let page = plain(&ana.get("/estado").body);
    let table = |title: &str| {
        let rest = page.split(&format!("<h2>{title}</h2>")).nth(1).unwrap_or_else(|| panic!("no {title}: {page}"));
        rest.split("<h2>").next().unwrap_or_default().to_owned()
    };
    assert!(table("plazo").contains("1 abierta, 0 en espera, 1 vencida<"), "{}", table("plazo"));
    for row in ["versión", "en marcha desde", "mensajes", "último envío", "retraso, últimas 24 h", "disco"] {
        assert!(table("plazo").contains(row), "{row}");
    }
    assert!(table("A dónde salen los mensajes").contains("● funciona"), "{page}");
    assert!(table("Fuentes y buzones").contains("wa") && table("Fuentes y buzones").contains("nada todavía"), "{page}");
    assert!(table("De turno").contains("guardia"), "{page}");
    assert!(table("Ausentes").contains("Laura Mora") && table("Ausentes").contains("Ana Ruiz"), "{page}");
    assert!(table("Próximos feriados").contains("<td"), "{page}");
}

#[test]
fn a_file_that_plazo_may_not_write_is_changed_by_a_download() {
    let daemon = desk();
    let ana = Browser::enter(&daemon, &["--by", "ana"]);
    let text = std::fs::read_to_string(daemon.config_path()).expect("the file");
    std::fs::set_permissions(daemon.config_path(), std::fs::Permissions::from_mode(0o400)).expect("set");
    let changed = text.replace("within = \"20m\"", "within = \"25m\"");
    let page = ana.get("/archivo").body;
    let shown = field(&page, "/archivo", "shown").expect("what was shown");
    let send = |what: &str| {
        ana.post("/archivo", &encoded(&[("form", &ana.seal()), ("what", what), ("shown", &shown), ("text", &changed)]))
    };
    // Whatever its mode says, root may write it.
    if !nix::unistd::geteuid().is_root() {
        let tried = send("try").body;
        assert!(tried.contains("value=\"download\"") && !tried.contains("value=\"take\""), "{tried}");
        assert_eq!(send("take").status, 422);
    }
    let answer = send("download");
    assert!(answer.status == 200 && answer.content_type.starts_with("application/toml"), "{answer:?}");
    assert!(answer.head.to_lowercase().contains("attachment; filename=\"sla.toml\""), "{}", answer.head);
    assert_eq!((answer.body, std::fs::read_to_string(daemon.config_path()).ok()), (changed, Some(text)));
}

#[test]
fn whoever_signs_in_is_led_to_the_page_that_was_wanted_and_nowhere_else() {
    let daemon = desk();
    daemon.client_message("m-1", "t-1", Duration::ZERO);
    let wanted = |path: &str| {
        let page = daemon.call_by_tcp("GET", path, &[("Accept", "text/html")], b"").body;
        field(&page, "/entrar", "to")
    };
    assert_eq!(wanted("/informe?ver=1&desde=-7d").as_deref(), Some("/informe?ver=1&desde=-7d"));
    assert_eq!(wanted("/?team=social").as_deref(), Some("/?team=social"));
    assert_eq!(wanted("/r/R-1").as_deref(), Some("/r/R-1"));
    let mut n_known = 0;
    let mut led = |to: &str| {
        let answer = daemon.call_by_tcp(
            "POST",
            "/entrar",
            &[],
            encoded(&[("to", to), ("address", "ana@agencia.example")]).as_bytes(),
        );
        assert_eq!(answer.status, 200, "{}", answer.body);
        let mail = wait_for("the mail", PATIENCE, || {
            let files = std::fs::read_dir(daemon.data().join("outbox")).ok()?.flatten().map(|file| file.path());
            let mut mails: Vec<_> = files.filter(|path| path.extension().is_some_and(|e| e == "eml")).collect();
            mails.sort();
            (n_known < mails.len()).then(|| std::fs::read(&mails[n_known]).expect("a mail"))
        });
        n_known += 1;
        let mail = mail_parser::MessageParser::default()
            .parse(&mail)
            .expect("a mail")
            .body_text(0)
            .expect("text")
            .into_owned();
        let link = mail.lines().find(|line| line.starts_with("http")).expect("a link");
        let begun = begin(&daemon, link.split_once(daemon.address()).expect("of this daemon").1);
        assert_eq!(begun.status, 303, "{}", begun.body);
        begun.head.lines().find_map(|line| line.strip_prefix("location: ")).expect("where to").to_owned()
    };
    assert_eq!(led("/informe?ver=1&desde=-7d"), "/informe?ver=1&desde=-7d");
    assert_eq!(led("//elsewhere.example/"), "/");
}

#[test]
fn a_cookie_is_for_https_alone_where_the_pages_are_and_lasts_thirty_days() {
    let cookie = |further: &str| {
        let daemon = Daemon::start(&format!("{PEOPLE}{POLICIES}{further}"));
        let begun = begin(&daemon, &link(&daemon, &["--by", "laura"]));
        let head = begun.head.lines().find(|line| line.to_lowercase().starts_with("set-cookie:")).expect("a cookie");
        head.to_owned()
    };
    let (plain, behind) = (cookie(""), cookie("[http]\npublic_url = \"https://plazo.agencia.example\"\n"));
    assert!(behind.contains("; Secure") && behind.contains("; Max-Age=2592000"), "{behind}");
    assert!(!plain.contains("Secure") && plain.contains("; Max-Age=2592000"), "{plain}");
}
