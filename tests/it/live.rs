//! The live pages by HTTP: who comes in and who does not, whom a form believes, what each sees, what a wall shows, and when it is over.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use serde_json::{Value, json};

use crate::doors::token;
use crate::support::daemon::{Answer, Daemon, PEOPLE};
use crate::support::webhook::{Webhook, answer};
use crate::support::{PATIENCE, wait_for};

pub const POLICIES: &str = "
[person.mario]
name = \"Mario Paz\"
email = \"mario@agencia.example\"
[team.pauta]
members = [\"mario\"]
[roles]
management = \"ana\"
[[policy]]
name = \"whatsapp\"
match = { channel = \"whatsapp\" }
team = \"social\"
reply = { rule = \"A1\", within = \"20m\", escalation = \"e\" }
[[policy]]
name = \"pauta\"
match = { channel = \"slack\" }
team = \"pauta\"
reply = { within = \"20m\", escalation = \"e\" }
[escalation]
e = [{ at = \"due\", tell = [\"lead\"] }]
";

pub fn desk() -> Daemon {
    Daemon::start(&format!("{PEOPLE}{POLICIES}"))
}

/// A browser that has come in: what it sends along.
pub struct Browser<'a> {
    daemon: &'a Daemon,
    cookie: String,
}

pub fn link(daemon: &Daemon, args: &[&str]) -> String {
    let output = daemon.command().arg("page").args(args).output().expect("plazo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let address = said.lines().next().expect("an address");
    let (_, address) = address.split_once("://").expect("an address");
    address[address.find('/').expect("a path")..].to_owned()
}

pub fn begin(daemon: &Daemon, link: &str) -> Answer {
    daemon.call_by_tcp("POST", link, &[("User-Agent", "a browser")], b"")
}

impl<'a> Browser<'a> {
    pub fn enter(daemon: &'a Daemon, args: &[&str]) -> Self {
        let answer = begin(daemon, &link(daemon, args));
        assert_eq!(answer.status, 303, "{}", answer.body);
        let head = answer.head.lines().find(|line| line.to_lowercase().starts_with("set-cookie:")).expect("a cookie");
        assert!(head.contains("HttpOnly") && head.contains("SameSite=Lax") && head.contains("Path=/"), "{head}");
        let cookie = head.split([':', ';']).nth(1).expect("a value").trim().to_owned();
        Self { daemon, cookie }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.daemon.call_by_tcp("GET", path, &[("Cookie", &self.cookie), ("Accept", "text/html")], b"")
    }

    pub fn post(&self, path: &str, body: &str) -> Answer {
        self.daemon.call_by_tcp("POST", path, &[("Cookie", &self.cookie)], body.as_bytes())
    }

    /// What its own forms bear.
    pub fn seal(&self) -> String {
        let page = self.get("/").body;
        page.split("name=\"form\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a form").to_owned()
    }
}

fn slack(daemon: &Daemon, id: &str) -> String {
    daemon.event(&json!({
        "id": id, "type": "message", "channel": "slack", "thread": id, "direction": "in", "subject": "Presupuesto reservado",
        "author": {"name": "Acme", "address": "acme@x.example", "kind": "customer"}, "text": "¿Cuándo?",
    }))
}

#[test]
fn nobody_comes_in_without_a_link_and_each_link_works_once() {
    let daemon = desk();
    daemon.client_message("m-1", "t-1", Duration::ZERO);
    for path in ["/", "/r/R-1", "/incumplimientos", "/silencios", "/informe", "/envios", "/archivo", "/estado"] {
        for cookie in ["", "plazo_session=", "plazo_session=0123456789abcdef", "plazo_session=\u{0}; plazo_session=x"] {
            let answer = daemon.call_by_tcp("GET", path, &[("Accept", "text/html"), ("Cookie", cookie)], b"");
            assert!(matches!(answer.status, 400 | 401), "{path} with {cookie:?}: {}", answer.status);
            assert!(!answer.body.contains("Luisa") && !answer.body.contains("R-1 "), "{path}: {}", answer.body);
        }
    }
    assert_eq!(daemon.call_by_tcp("GET", "/live", &[], b"").status, 401);
    assert_eq!(daemon.call_by_tcp("POST", "/r/R-1/close", &[], b"").status, 401);
    let link = link(&daemon, &["--by", "laura"]);
    // A scanner of mail that opens the link does not spend it.
    assert_eq!(daemon.call_by_tcp("GET", &link, &[], b"").status, 200);
    assert_eq!(begin(&daemon, &link).status, 303);
    let second = begin(&daemon, &link);
    assert!(second.body.contains("has been used") && !second.head.to_lowercase().contains("set-cookie"), "{second:?}");
    let letter = if link.ends_with('A') { 'B' } else { 'A' };
    let forged = format!("{}{letter}", &link[..link.len() - 1]);
    assert!(begin(&daemon, &forged).status >= 400);
}

#[test]
fn whether_somebody_is_known_is_not_told_and_asking_is_bounded() {
    let daemon = desk();
    let ask = |address: &str| {
        let body = format!("to=%2Fr%2FR-7&address={}", address.replace('@', "%40"));
        let answer = daemon.call_by_tcp("POST", "/entrar", &[], body.as_bytes());
        (answer.status, answer.body)
    };
    let known = ask("laura@agencia.example");
    assert_eq!(known, ask("nobody@agencia.example"));
    assert_eq!((known.0, ask(&"x".repeat(3_000)).0), (200, 200));
    let mail = wait_for("the mail", PATIENCE, || {
        let files = std::fs::read_dir(daemon.data().join("outbox")).ok()?.flatten().map(|file| file.path());
        files.filter(|path| path.extension().is_some_and(|e| e == "eml")).find_map(|path| std::fs::read(path).ok())
    });
    let mail =
        mail_parser::MessageParser::default().parse(&mail).expect("a mail").body_text(0).expect("text").into_owned();
    let begun = mail.lines().find(|line| line.starts_with("http")).expect("a link");
    let begun = begin(&daemon, begun.split_once(daemon.address()).expect("of this daemon").1);
    assert!(
        begun.status == 303 && begun.head.contains("ocation: /r/R-7\r"),
        "to the request that was wanted: {}",
        begun.head
    );
    // Whoever insists on one address is told to wait, and keeps nobody else out.
    let n_allowed = (0..200).take_while(|_| ask("x@x.example").0 == 200).count();
    assert!(n_allowed < 100, "{n_allowed}");
    assert_eq!(ask("ana@agencia.example").0, 200);
}

#[test]
fn a_form_of_another_session_does_nothing_and_each_deed_is_whoever_s_is_signed_in() {
    let daemon = desk();
    let id = daemon.client_message("m-1", "t-1", Duration::ZERO);
    let (ana, laura) = (Browser::enter(&daemon, &["--by", "ana"]), Browser::enter(&daemon, &["--by", "laura"]));
    let owner = || daemon.get(&format!("/v1/requests/{id}"))["owner"].clone();
    for seal in [String::new(), "form=".to_owned(), format!("form={}", ana.seal()), "form=%00".to_owned()] {
        let answer = laura.post(&format!("/r/{id}/take"), &seal);
        assert_eq!((answer.status, owner()), (403, Value::Null), "{seal}");
        assert!(answer.body.contains("not of your session"), "{}", answer.body);
        for path in ["/silencios", "/envios/1/drop", "/archivo"] {
            assert!(matches!(ana.post(path, &seal.replace(&ana.seal(), &laura.seal())).status, 403 | 422), "{path}");
        }
    }
    // Who acts is the session's, whatever the form says.
    let form = format!("form={}&by=ana&text=hola", laura.seal());
    assert_eq!(laura.post(&format!("/r/{id}/take"), &form).status, 303);
    assert_eq!(owner(), json!("Laura Mora"));
    let history = laura.get(&format!("/r/{id}")).body;
    assert!(history.contains("Laura Mora"), "{history}");
    // What the rules do not allow is said on the page, and what is no deed is none.
    let refused = laura.post(&format!("/r/{id}/snooze"), &format!("form={}&until=anteayer", laura.seal()));
    assert!(refused.status == 422 && refused.body.contains("anteayer"), "{}", refused.body);
    assert_eq!(laura.post(&format!("/r/{id}/explode"), &form).status, 404);
    // An act is taken back by whoever did it, by its name, and not whatever is last by then.
    let undo = |browser: &Browser<'_>| {
        let page = browser.get(&format!("/r/{id}")).body;
        let of = page.split("name=\"of\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned);
        of.map(|of| {
            let of =
                form_urlencoded::byte_serialize(html_escape::decode_html_entities(&of).as_bytes()).collect::<String>();
            browser.post(&format!("/r/{id}/undo"), &format!("form={}&of={of}", browser.seal())).status
        })
    };
    assert_eq!(laura.post(&format!("/r/{id}/undo"), &form).status, 422);
    assert_eq!(undo(&laura), Some(303));
    let note = format!("form={}&text=ojo", ana.seal());
    assert_eq!(ana.post(&format!("/r/{id}/comment"), &note).status, 303);
    assert_eq!((undo(&laura), undo(&ana)), (None, Some(303)), "a colleague's note is not Laura's to take back");
}

#[test]
fn each_sees_what_is_theirs_a_role_sees_all_and_the_file_is_the_operator_s() {
    let daemon = desk();
    let theirs = daemon.client_message("m-1", "t-1", Duration::ZERO);
    let other = slack(&daemon, "s-1");
    daemon.post(&format!("/v1/requests/{other}/own"), &json!({"owner": "mario"}));
    let (ana, laura) = (Browser::enter(&daemon, &["--by", "ana"]), Browser::enter(&daemon, &["--by", "laura"]));
    let mario = Browser::enter(&daemon, &["--by", "mario"]);
    let sees = |browser: &Browser<'_>, id: &str| {
        let (list, page) = (browser.get("/").body, browser.get(&format!("/r/{id}")));
        let is_listed = list.contains(&format!("/r/{id}\""));
        assert_eq!(is_listed, page.status == 200, "{id} is listed and shown alike");
        assert!(is_listed || !page.body.contains("Presupuesto") && !page.body.contains("Luisa"), "{}", page.body);
        is_listed
    };
    assert!(sees(&ana, &theirs) && sees(&ana, &other));
    assert!(sees(&laura, &theirs) && !sees(&laura, &other));
    assert!(!sees(&mario, &theirs) && sees(&mario, &other));
    // Its filters have the words of what is open, as far as it is seen.
    assert!(ana.get("/").body.contains("<option value=\"Acme\"") && !laura.get("/").body.contains("Acme"));
    // No filter or number widens it, and no deed.
    assert!(!laura.get("/?team=pauta").body.contains("Presupuesto"));
    assert!(!laura.get("/?q=presupuesto").body.contains("/r/"));
    let form = format!("form={}", laura.seal());
    assert_eq!(laura.post(&format!("/r/{other}/close"), &form).status, 404);
    assert_eq!(daemon.get(&format!("/v1/requests/{other}"))["state"], "open");
    for path in ["/archivo", "/envios"] {
        assert_eq!((laura.get(path).status, ana.get(path).status), (403, 200), "{path}");
    }
    assert_eq!((mario.get("/informe").status, ana.get("/informe?ver=1&desde=-7d").status), (403, 200));
    // No page bears anything from elsewhere, and none may be framed.
    let head = ana.get("/").head.to_lowercase();
    assert!(head.contains("default-src 'none'") && head.contains("frame-ancestors 'none'"), "{head}");
}

#[test]
fn a_wall_only_shows_and_only_what_its_link_names() {
    let daemon = desk();
    let theirs = daemon.client_message("m-1", "t-1", Duration::ZERO);
    let other = slack(&daemon, "s-1");
    let wall = link(&daemon, &["--wall", "--team", "social", "--hide-names"]);
    let page = daemon.call_by_tcp("GET", &wall, &[], b"");
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains(&theirs) && !page.body.contains(&other), "{}", page.body);
    assert!(
        !page.body.contains("Luisa") && !page.body.contains("<form") && !page.body.contains("href=\"/r/"),
        "{}",
        page.body
    );
    // Its word opens nothing else, and no parameter widens it.
    let word = wall.split_once('?').expect("a word").1;
    assert!(!daemon.call_by_tcp("GET", &format!("/?{word}&equipo=pauta&q=x"), &[], b"").body.contains(&other));
    assert_eq!(daemon.call_by_tcp("GET", &format!("/r/{theirs}?{word}"), &[], b"").status, 401);
    assert_eq!(
        daemon.call_by_tcp("GET", &format!("/{}", &wall[1..wall.len() - 2]), &[("Accept", "text/html")], b"").status,
        401
    );
    let output = daemon.command().args(["links", "revoke"]).output().expect("plazo runs");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(daemon.call_by_tcp("GET", &wall, &[("Accept", "text/html")], b"").status, 401);
}

#[test]
fn a_session_ends_by_its_reader_on_the_machine_or_when_its_person_leaves_the_file() {
    let daemon = desk();
    let (ana, laura) = (Browser::enter(&daemon, &["--by", "ana"]), Browser::enter(&daemon, &["--by", "laura"]));
    let mario = Browser::enter(&daemon, &["--by", "mario"]);
    assert_eq!(laura.post("/salir", "form=0").status, 303);
    assert_eq!(laura.get("/").status, 200, "a form of elsewhere does not end it");
    assert_eq!(laura.post("/salir", &format!("form={}", laura.seal())).status, 303);
    assert_eq!(laura.get("/").status, 401);
    let listed = daemon.get("/v1/sessions");
    let names: Vec<_> = listed["sessions"].as_array().expect("sessions").iter().map(|one| &one["name"]).collect();
    assert_eq!(names.len(), 2, "{listed}");
    let output = daemon.command().args(["sessions", "end", "--person", "ana"]).output().expect("plazo runs");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(ana.get("/").status, 401);
    // Neither the store nor the log knows the word of the cookie.
    let word = mario.cookie.split_once('=').expect("a word").1;
    for file in ["plazo.db", "plazo.db-wal"] {
        let bytes = std::fs::read(daemon.data().join(file)).unwrap_or_default();
        assert!(!bytes.windows(word.len()).any(|part| part == word.as_bytes()), "{file}");
    }
    assert!(!daemon.log().contains(word));
    let file = std::fs::read_to_string(daemon.config_path()).expect("the file");
    let without = file
        .replace("[person.mario]\nname = \"Mario Paz\"\nemail = \"mario@agencia.example\"\n", "")
        .replace("[\"mario\"]", "[\"ana\"]");
    std::fs::write(daemon.config_path(), without).expect("written");
    daemon.signal("HUP");
    wait_for("the session to end", PATIENCE, || (mario.get("/").status == 401).then_some(()));
    // Whoever comes back, or has the key later, has not the session of before.
    std::fs::write(daemon.config_path(), file).expect("written");
    daemon.signal("HUP");
    wait_for("the file of before", PATIENCE, || (daemon.get("/v1/about")["revision"] != 2).then_some(()));
    assert_eq!(mario.get("/").status, 401);
}

#[test]
fn a_page_is_told_at_once_and_lives_through_nothing_but_words_of_change() {
    let daemon = desk();
    let laura = Browser::enter(&daemon, &["--by", "laura"]);
    let mut stream = std::net::TcpStream::connect(daemon.address()).expect("the daemon listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let head =
        format!("GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: {}\r\n\r\n", laura.cookie);
    stream.write_all(head.as_bytes()).expect("sent");
    let mut heard = String::new();
    let mut buffer = [0; 4_096];
    let mut until = |word: &str| {
        while !heard.contains(word) {
            let n = stream.read(&mut buffer).expect("it is alive");
            assert!(0 < n, "it ended: {heard}");
            heard.push_str(&String::from_utf8_lossy(&buffer[..n]));
        }
        heard.clone()
    };
    until("text/event-stream");
    let id = daemon.client_message("m-1", "t-1", Duration::ZERO);
    let said = until("event: change");
    assert!(!said.contains("Luisa") && !said.contains(&id), "{said}");
    let rows = laura.get("/?parte=filas").body;
    assert_eq!(laura.get("/?rows=abc").status, 200, "nonsense in an address is no mistake of the reader's");
    assert!(rows.contains(&format!("/r/{id}\"")) && !rows.contains("<html"), "{rows}");
    // It ends with its session, at once.
    let ended = daemon.command().args(["sessions", "end", "--person", "laura"]).output().expect("plazo runs");
    assert!(ended.status.success(), "{ended:?}");
    while stream.read(&mut buffer).expect("it ends") != 0 {}
}

/// A lead holds back what is of the teams that they lead, and nothing else.
#[test]
fn a_lead_silences_their_own_teams_alone() {
    let people = "[person.rosa]\nname = \"Rosa Gil\"\nemail = \"rosa@agencia.example\"\n[team.norte]\nlead = \"rosa\"\nmembers = [\"mario\"]\n";
    let daemon = Daemon::start(&format!("{PEOPLE}{POLICIES}{people}"));
    let (ana, rosa) = (Browser::enter(&daemon, &["--by", "ana"]), Browser::enter(&daemon, &["--by", "rosa"]));
    let silence = |browser: &Browser<'_>, words: &str| {
        browser.post("/silencios", &format!("form={}&what=add&until=%2B2h&{words}", browser.seal())).status
    };
    for words in ["team=social", "person=ana", "channel=whatsapp", "person=mario&team=social", ""] {
        assert_eq!(silence(&rosa, words), 422, "{words}");
    }
    assert_eq!(silence(&rosa, "team=norte"), 303);
    assert_eq!(silence(&rosa, "person=mario&channel=whatsapp"), 303);
    assert_eq!(silence(&ana, "team=social"), 303);
    let ids = |browser: &Browser<'_>| browser.get("/silencios").body.matches("fin\"").count();
    assert_eq!((ids(&ana), ids(&rosa)), (3, 2));
    let of_ana = daemon.get("/v1/silences")["silences"].as_array().expect("silences").iter().find_map(|one| {
        (one["matcher"]["team"][0] == "social" || one.to_string().contains("social")).then(|| one["id"].to_string())
    });
    let ended = rosa
        .post(&format!("/silencios/{}/fin", of_ana.expect("one").trim_matches('"')), &format!("form={}", rosa.seal()));
    assert_ne!(ended.status, 303, "another's silence is not hers to end");
    assert_eq!(ids(&ana), 3);
}

/// A lead's report counts what is of the teams that they lead: neither another team's people nor its clients are in it.
#[test]
fn a_lead_s_report_counts_what_is_theirs() {
    let people = "[person.rosa]\nname = \"Rosa Gil\"\nemail = \"rosa@agencia.example\"\n[team.norte]\nlead = \"rosa\"\nmembers = [\"mario\"]\n";
    let daemon = Daemon::start(&format!("{PEOPLE}{POLICIES}{people}"));
    let (mine, other) = (slack(&daemon, "s-1"), daemon.client_message("m-1", "t-1", Duration::ZERO));
    daemon.post(&format!("/v1/requests/{mine}/own"), &json!({"owner": "mario"}));
    daemon.post(&format!("/v1/requests/{other}/own"), &json!({"owner": "laura"}));
    let [rosa, ana] = ["rosa", "ana"].map(|who| Browser::enter(&daemon, &["--by", who]));
    let report = |browser: &Browser<'_>| browser.get("/informe?ver=1&desde=-1d").body;
    let [of_rosa, of_ana] = [report(&rosa), report(&ana)];
    let has = |page: &str, id: &str| page.contains(&format!(">{id}</a>"));
    assert!(has(&of_ana, &mine) && has(&of_ana, &other), "{of_ana}");
    assert!(has(&of_rosa, &mine) && !has(&of_rosa, &other), "{of_rosa}");
    assert!(!of_rosa.contains("Laura Mora") && !of_rosa.contains("Luisa"), "{of_rosa}");
}

/// What a page does not bear is one link away, with the same filter.
#[test]
fn more_than_a_page_bears_is_one_link_away() {
    let daemon = desk();
    for n in 0..70 {
        daemon.client_message(&format!("m-{n}"), &format!("t-{n}"), Duration::ZERO);
    }
    let ana = Browser::enter(&daemon, &["--by", "ana"]);
    let page = ana.get("/?channel=whatsapp").body;
    assert_eq!(page.matches("href=\"/r/").count(), 60);
    let more =
        page.split("<p class=\"more\"><a href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    assert!(more.contains("channel=whatsapp"), "{more}");
    let whole = ana.get(&more.replace("&amp;", "&").replace("&#x2f;", "/")).body;
    assert_eq!(whole.matches("href=\"/r/").count(), 70);
    assert!(!whole.contains("class=\"more\""), "nothing is left");
}

/// A session may do what no token may; so none begins by a token, and a wall only by one that reads.
#[test]
fn a_token_begins_no_session_and_a_wall_only_where_it_reads() {
    let daemon = desk();
    let bearer = |name: &str, scopes: &str| {
        let token = token(&daemon, &["--name", name, "--scope", scopes]);
        format!("Bearer {token}")
    };
    let (operates, reads) = (bearer("acts", "operate"), bearer("reads", "operate,read"));
    let ask = |token: &str, body: Value| {
        daemon.call_by_tcp("POST", "/v1/page", &[("Authorization", token)], body.to_string().as_bytes()).status
    };
    for person in [json!({}), json!({"person": "ana"})] {
        assert_eq!((ask(&operates, person.clone()), ask(&reads, person)), (403, 403));
    }
    let wall = json!({"wall": {"team": "social"}});
    assert_eq!((ask(&operates, wall.clone()), ask(&reads, wall)), (403, 200));
    assert_eq!(ask("Bearer nothing", json!({"person": "ana"})), 401);
}

/// The file may bear secrets in plain; those are nobody's who reads a page.
#[test]
fn a_secret_in_the_file_is_not_shown_and_stays_when_the_file_is_changed() {
    let hook = "[destination.gancho]\ntype = \"webhook\"\nurl = \"https://gancho.example/muy-secreta\"\n";
    let config = format!("{PEOPLE}{POLICIES}{hook}");
    let daemon = Daemon::start(&config);
    let ana = Browser::enter(&daemon, &["--by", "ana"]);
    let page = ana.get("/archivo").body;
    assert!(page.contains("url = &quot;•••1&quot;") && !page.contains("muy-secreta"), "{page}");
    let field = |name: &str| {
        let rest = page.split(&format!("name=\"{name}\"")).nth(1).expect("a field");
        rest.split("value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a value").to_owned()
    };
    let shown = field("shown");
    let text =
        page.split("</textarea>").next().and_then(|rest| rest.split("autocomplete=\"off\">\n").nth(1)).expect("a text");
    let text = html_escape::decode_html_entities(text).replace("within = \"20m\"", "within = \"25m\"");
    let send = |what: &str, text: &str| {
        let fields = [
            ("form", ana.seal()),
            ("what", what.to_owned()),
            ("shown", shown.clone()),
            ("text", text.to_owned()),
            ("comment", "más holgado en diciembre".to_owned()),
        ];
        ana.post("/archivo", &form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish())
    };
    let file = || std::fs::read_to_string(daemon.config_path()).expect("the file");
    let refused = send("take", &text.replace("•••1", "•••7"));
    assert!(refused.status == 422 && refused.body.contains("•••7") && !file().contains("25m"), "{}", refused.body);
    let nothing = send("try", "language = \"en\"\ntimezone = \"America/Bogota\"\n");
    assert!(
        !nothing.body.contains("value=\"take\"") && !nothing.body.contains("value=\"download\""),
        "{}",
        nothing.body
    );
    let taken = send("take", &text);
    assert_eq!(taken.status, 303, "loaded again, it is not taken again: {}", taken.body);
    let there = taken.head.lines().find_map(|line| line.strip_prefix("location: ")).expect("where to").to_owned();
    let taken = ana.get(&there);
    assert!(taken.body.contains("It is written") && !taken.body.contains("muy-secreta"), "{}", taken.body);
    let forged = ana.get("/archivo?hecho=taken.0123456789ab");
    assert!(!forged.body.contains("It is written"), "a link of somebody else says nothing: {}", forged.body);
    assert!(file().contains("https://gancho.example/muy-secreta") && file().contains("25m"), "{}", file());
    // What it shows after that has the numbers that hold now.
    assert!(taken.body.contains("&quot;•••1&quot;"), "{}", taken.body);
    let leaks = send("try", &text.replace("America/Bogota", "•••1"));
    assert!(leaks.status == 422 && !leaks.body.contains("muy-secreta"), "{}", leaks.body);
    // What was in force before, and what differs, without it too.
    wait_for("the next revision", PATIENCE, || (daemon.get("/v1/about")["revision"] == 2).then_some(()));
    let before = ana.get("/archivo?revision=1").body;
    assert!(before.contains("+reply = ") && !before.contains("muy-secreta"), "{before}");
    let own = ana.get("/archivo?revision=2").body;
    assert!(own.contains("What r2 changed, beside r1") && own.contains("más holgado en diciembre"), "{own}");
}

/// Whoever has no mail is sent the link by a chat of their own, and nobody by one that others read.
#[test]
fn whoever_has_no_mail_comes_in_by_a_chat_of_their_own_and_by_no_other() {
    let chat = Webhook::scripted(|_, _| answer("200 OK", "", "{\"ok\":true,\"result\":{\"message_id\":1}}"));
    let base = chat.url.trim_end_matches("/hook").to_owned();
    let telegram = |name: &str, to: &str| {
        format!(
            "[destination.{name}]\ntype = \"telegram\"\nurl = \"{base}\"\nprivate = true\ntoken = {{ env = \"BOT\" }}\n{to}\n"
        )
    };
    let people = "[person.nora]\nname = \"Nora Gil\"\naddresses = [\"nora-gil\"]\nnotify = \"chat\"\nreach = { chat = \"7001\" }\n\
                  [person.otto]\nname = \"Otto Paz\"\naddresses = [\"otto-paz\"]\nnotify = \"equipo\"\n";
    let directory = tempfile::tempdir().expect("a directory");
    let operator = directory.path().join("operator").display().to_string();
    let config = format!("{PEOPLE}{POLICIES}{people}{}{}", telegram("chat", ""), telegram("equipo", "to = \"-77\""));
    std::fs::write(directory.path().join("sla.toml"), config.replace("OPERATOR", &operator)).expect("written");
    let daemon = Daemon::start_with(directory, |command| {
        command.env("BOT", "123:abc");
    });
    for address in ["otto-paz", "nora-gil"] {
        let answer = daemon.call_by_tcp("POST", "/entrar", &[], format!("address={address}").as_bytes());
        assert_eq!(answer.status, 200);
    }
    let sent = chat.wait_for(1).pop().expect("a message");
    assert!(sent.body.contains("7001") && sent.body.contains("/a/") && sent.path.contains("/bot123:abc/"), "{sent:?}");
    let link = sent.body.split(daemon.address()).nth(1).expect("a link");
    let link: String =
        link.chars().take_while(|letter| letter.is_ascii_alphanumeric() || "/-_".contains(*letter)).collect();
    let begun = begin(&daemon, &link);
    assert_eq!(begun.status, 303, "{link}: {}", begun.body);
    let names: Vec<Value> = daemon.get("/v1/sessions")["sessions"].as_array().expect("sessions").clone();
    assert_eq!(names.iter().map(|one| &one["name"]).collect::<Vec<_>>(), ["Nora Gil"]);
    assert_eq!(chat.received().len(), 1, "the channel of all was told nothing");
}

#[test]
fn a_refusal_stands_at_its_form_with_what_was_typed_and_loading_it_again_shows_the_page() {
    let daemon = desk();
    let request = daemon.client_message("m-1", "t-1", Duration::ZERO);
    let ana = Browser::enter(&daemon, &["--by", "ana"]);
    let seal = ana.seal();
    let answer = ana.post(&format!("/r/{request}/wait"), &format!("form={seal}&reason=el+%3Clogo%3E&until=anteayer"));
    assert_eq!(answer.status, 422, "{}", answer.body);
    let form = answer.body.split("/wait\"").nth(1).and_then(|rest| rest.split("</form>").next()).expect("the form");
    for part in ["role=\"alert\"", "anteayer", "value=\"anteayer\"", "el &lt;logo&gt;", "aria-describedby=\"no-wait\""]
    {
        assert!(form.contains(part), "{part}: {form}");
    }
    assert_eq!(answer.body.matches("<details open>").count(), 1, "the other forms are shut");
    let again = ana.get(&format!("/r/{request}/wait"));
    assert!(again.status == 303 && again.head.contains(&format!("ocation: /r/{request}\r")), "{}", again.head);
}

#[test]
fn what_a_browser_cannot_have_is_said_on_a_page_and_a_program_gets_its_problem() {
    let daemon = desk();
    let ana = Browser::enter(&daemon, &["--by", "ana"]);
    let nowhere = ana.get("/nada");
    assert!(nowhere.status == 404 && nowhere.body.contains("To the queue"), "{}", nowhere.body);
    assert!(!nowhere.body.trim_start().starts_with('{'), "{}", nowhere.body);
    let body = format!("form={}&text={}", ana.seal(), "x".repeat(200_000));
    let headers = [("Cookie", ana.cookie.as_str()), ("Accept", "text/html")];
    let large = daemon.call_by_tcp("POST", "/r/R-1/comment", &headers, body.as_bytes());
    assert!(large.status == 413 && large.body.contains("too long"), "{}: {}", large.status, large.body);
    let program = daemon.call_by_tcp("GET", "/nada", &[], b"");
    assert!(program.status == 404 && program.body.contains("no_such_path"), "{}", program.body);
}

#[test]
fn a_request_says_that_it_is_silent_and_a_lead_ends_that_and_decides_on_reasons_there() {
    let daemon = Daemon::start(&format!(
        "{PEOPLE}{POLICIES}[reasons.carrier]\nname = \"El transportista\"\nexcluded = true\napproval = [\"lead\"]\n"
    ));
    let request = daemon.client_message("m-1", "t-1", Duration::from_secs(3_600));
    let ana = Browser::enter(&daemon, &["--by", "ana"]);
    let seal = ana.seal();
    let page = format!("/r/{request}");
    let press = |deed: &str, rest: &str| {
        let answer = ana.post(&format!("{page}/{deed}"), &format!("form={seal}{rest}"));
        assert_eq!(answer.status, 303, "{deed}: {}", answer.body);
    };
    assert!(!ana.get(&page).body.contains("/unsilence"));
    press("silence", "");
    let silent = ana.get(&page).body;
    assert!(silent.contains("are silent until") && silent.contains("/unsilence"), "{silent}");
    press("unsilence", "");
    assert!(!ana.get(&page).body.contains("are silent until"));
    daemon.command().args(["own", &request, "laura"]).output().expect("plazo runs");
    let laura = Browser::enter(&daemon, &["--by", "laura"]);
    let said = laura.post(&format!("{page}/reason"), &format!("form={}&reason=carrier&text=lluvia", laura.seal()));
    assert_eq!(said.status, 303, "{}", said.body);
    assert!(!laura.get(&page).body.contains("/approve"), "nobody lets their own breach out");
    let asked = ana.get(&page).body;
    let of =
        asked.split("/approve\"").nth(1).and_then(|rest| rest.split("name=\"of\" value=\"").nth(1)).expect("asked");
    let of = of.split('"').next().expect("a breach").to_owned();
    press("approve", &format!("&of={of}"));
    let decided = ana.get(&page).body;
    assert!(!decided.contains("/approve\"") && decided.contains("let the breach out of the figures"), "{decided}");
}

#[test]
fn what_nobody_owns_is_seen_by_the_team_that_promises_it_alone_and_found_without_accents() {
    let daemon = desk();
    slack(&daemon, "s-1");
    daemon.client_message("m-1", "t-1", Duration::ZERO);
    let mario = Browser::enter(&daemon, &["--by", "mario"]);
    let seen = mario.get("/").body;
    assert!(seen.contains("Presupuesto reservado") && !seen.contains("Luisa"), "his team's alone: {seen}");
    let ana = Browser::enter(&daemon, &["--by", "ana"]);
    daemon.event(&json!({
        "id": "m-2", "type": "message", "channel": "whatsapp", "thread": "t-2", "direction": "in",
        "author": {"name": "Íñigo Peñalver", "address": "573009", "kind": "customer"}, "text": "¿Cuándo?",
    }));
    for words in ["inigo", "PENALVER", "%C3%8D%C3%B1igo"] {
        assert!(ana.get(&format!("/?q={words}")).body.contains("Íñigo Peñalver"), "{words}");
    }
    let listed = daemon.get("/v1/requests?team=pauta&order=due");
    let ids: Vec<_> = listed["requests"].as_array().expect("requests").iter().map(|one| one["id"].clone()).collect();
    assert_eq!(ids, [json!("R-1")], "as on the page: {listed}");
}

#[test]
fn walls_are_ended_without_ending_people_s_links() {
    let daemon = desk();
    daemon.client_message("m-1", "t-1", Duration::ZERO);
    let (wall, person) = (link(&daemon, &["--wall"]), link(&daemon, &["--by", "laura"]));
    assert_eq!(daemon.call_by_tcp("GET", &wall, &[], b"").status, 200);
    let ended = daemon.command().args(["links", "revoke", "--walls"]).output().expect("plazo runs");
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(daemon.call_by_tcp("GET", &wall, &[], b"").status, 404);
    assert_eq!(begin(&daemon, &person).status, 303);
    let refused = daemon.command().args(["page", "--wall", "--for", "0s"]).output().expect("plazo runs");
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("minute"), "{refused:?}");
}

/// A calendar looks from elsewhere, without a session: its address is signed, one person's, and ends with the person's links.
#[test]
fn a_person_s_calendar_has_what_falls_due_turns_and_absences_until_its_links_are_ended() {
    let rota = "[rota.guardia]\npeople = [\"laura\", \"ana\"]\nhandover = \"08:00\"\nsince = \"2026-01-05\"\n";
    let daemon = Daemon::start(&format!("{PEOPLE}{POLICIES}{rota}[http]\npublic_url = \"https://plazo.example\"\n"));
    let request = daemon.client_message("m-1", "t-1", Duration::ZERO);
    let own = json!({"id": "o-1", "type": "own", "request": request, "owner": "laura"});
    daemon.event(&own);
    let other = slack(&daemon, "s-1");
    let away = json!({"person": "laura", "from": "+70d", "until": "+75d", "substitute": "ana"});
    assert_eq!(daemon.post("/v1/away", &away).status, 200);
    let nobody = daemon.command().args(["links", "calendar", "nadie"]).output().expect("plazo runs");
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("sla.toml has no person `nadie`"), "{nobody:?}");

    let made = daemon.command().args(["links", "calendar", "laura"]).output().expect("plazo runs");
    let address = String::from_utf8(made.stdout).expect("text");
    let path = address.trim().strip_prefix("https://plazo.example").expect("of the public address").to_owned();
    assert!(path.ends_with(".ics"), "{path}");
    let answer = daemon.call_by_tcp("GET", &path, &[], b"");
    assert_eq!((answer.status, answer.content_type.as_str()), (200, "text/calendar; charset=utf-8"), "{}", answer.body);
    let due = daemon.get(&format!("/v1/requests/{request}"))["clocks"][0]["due_at"].as_str().expect("due").to_owned();
    let due: chrono::DateTime<chrono::Utc> = due.parse().expect("an instant");
    let unfolded = answer.body.replace("\r\n ", "");
    assert!(unfolded.starts_with("BEGIN:VCALENDAR\r\n") && unfolded.ends_with("END:VCALENDAR\r\n"), "{unfolded}");
    assert!(unfolded.contains(&format!("DTEND:{}", due.format("%Y%m%dT%H%M%SZ"))), "{unfolded}");
    let summaries: Vec<_> = unfolded.lines().filter_map(|line| line.strip_prefix("SUMMARY:")).collect();
    let n = |part: &str| summaries.iter().filter(|summary| summary.contains(part)).count();
    assert_eq!((n(&request), n(&other), n("Away\\; Ana Ruiz stands in")), (1, 0, 1), "{summaries:#?}");
    // Every other day of those that it shows: one more or less by the day and the hour.
    assert!([34, 35].contains(&n("On duty: guardia")), "{summaries:#?}");

    // Nobody changes anything by it, another's is another's, and what is ended is ended.
    assert!(400 <= daemon.call_by_tcp("POST", &path, &[], b"").status);
    assert!(400 <= daemon.call_by_tcp("GET", &path.replace("/a/", "/a/A"), &[], b"").status);
    let laura = Browser::enter(&daemon, &["--by", "laura"]);
    let status = laura.get("/estado").body;
    assert!(status.contains("Your calendar") && status.contains(".ics"), "{status}");
    let ended = daemon.command().args(["links", "revoke", "--person", "laura"]).output().expect("plazo runs");
    assert!(ended.status.success());
    let answer = daemon.call_by_tcp("GET", &path, &[], b"");
    assert!(400 <= answer.status && !answer.body.contains("BEGIN:VCALENDAR"), "{}", answer.body);
}
