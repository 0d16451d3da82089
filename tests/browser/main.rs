//! The live pages in a real browser: signing in from the mail that Postfix delivered, acting, seeing it come alive in a second window, losing
//! the daemon and getting it back, changing the file; and each page by axe-core, at three widths and in both schemes.
//!
//! Needs Debian's chromium and chromium-driver, and axe-core, which `tests/run` puts into `target/axe`. `PLAZO_SHOTS=DIRECTORY` keeps a picture
//! of each page.

mod browser;
mod connection;
mod keys;
mod wall;
#[path = "../it/support/mod.rs"]
#[allow(dead_code, reason = "it is shared with the tests of `it`, which use more of it")]
mod support;

use std::time::{Duration, Instant};

use fantoccini::Locator;
use mail_parser::MessageParser;
use serde_json::{Value, json};

use browser::{Browser, PAGES, audit, desk, start_at};
use support::PATIENCE;
use support::daemon::Daemon;
use support::mailserver::Postfix;

/// The address of the page that a command prints.
fn page(daemon: &Daemon, args: &[&str]) -> String {
    let output = daemon.command().arg("page").args(args).output().expect("plazo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().next().expect("an address").to_owned()
}

/// Waits until a page says something.
async fn wait_to_read(window: &fantoccini::Client, css: &str, text: &str) {
    wait_so_long_to_read(window, css, text, PATIENCE).await;
}

async fn wait_so_long_to_read(window: &fantoccini::Client, css: &str, text: &str, patience: Duration) {
    let began = Instant::now();
    loop {
        let found = match window.find(Locator::Css(css)).await {
            Ok(element) => element.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        };
        if found.contains(text) {
            return;
        }
        assert!(began.elapsed() < patience, "waited for `{text}` in {css}: {found}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_the_mail_comes_in_and_what_one_does_another_sees_within_a_second() {
    let postfix = Postfix::start();
    let (daemon, _port) = desk(&format!(
        "[smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"plazo <plazo@agencia.example>\"\n",
        postfix.port
    ));
    let browser = Browser::start().await;
    let ana = browser.window().await;
    let base = format!("http://{}", daemon.address());
    ana.goto(&base).await.expect("the page");
    for address in ["nadie@otra.example", "ana@agencia.example"] {
        let field = ana.find(Locator::Css("#address")).await.expect("a field for an address");
        field.send_keys(address).await.expect("typed");
        ana.find(Locator::Css("button.deed")).await.expect("a button").click().await.expect("sent");
        // Whoever it is, the answer is the same.
        wait_to_read(&ana, ".ok", "un enlace en camino").await;
    }
    let mail = (1..).find_map(|n| {
        let texts = postfix.wait_for(n).into_iter().filter_map(|mail| {
            let mail = MessageParser::default().parse(mail.as_bytes())?;
            Some((mail.to()?.first()?.address()?.to_owned(), mail.body_text(0)?.into_owned()))
        });
        texts.into_iter().find(|(_, text)| text.contains("Sirve una sola vez"))
    });
    let (reader, mail) = mail.expect("a mail");
    assert_eq!(reader, "ana@agencia.example");
    let link = mail.lines().find(|line| line.starts_with("http")).expect("a link").to_owned();
    ana.goto(&link).await.expect("the page");
    wait_to_read(&ana, "h1", "Ana Ruiz").await;
    ana.find(Locator::Css("form button")).await.expect("a button").click().await.expect("in");
    wait_to_read(&ana, "h1", "Cola").await;
    assert_eq!(ana.current_url().await.expect("an address").path(), "/");

    // The link works once, the cookie is out of reach for scripts.
    let second = browser.window().await;
    second.goto(&link).await.expect("the page");
    second.find(Locator::Css("form button")).await.expect("a button").click().await.expect("sent");
    wait_to_read(&second, "main", "ya se usó").await;
    let seen = ana.execute("return document.cookie", Vec::new()).await.expect("a script");
    assert_eq!(seen, json!(""));

    let wall = browser.window().await;
    wall.goto(&page(&daemon, &["--wall", "--hide-names"])).await.expect("the wall");
    wait_to_read(&wall, "#rows", "R-1").await;
    let text = wall.find(Locator::Css("body")).await.expect("a body").text().await.expect("a text");
    assert!(!text.contains("Luisa") && wall.find(Locator::Css("form, a")).await.is_err(), "it only shows: {text}");

    // What one does, the other sees, without anybody loading anything.
    ana.goto(&format!("{base}/r/R-1")).await.expect("the page");
    ana.find(Locator::Css("button.first")).await.expect("a button").click().await.expect("taken");
    let began = Instant::now();
    wait_to_read(&wall, "#rows", "✓ Ana Ruiz").await;
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    wait_to_read(&ana, ".ok", "Usted la tomó").await;

    // What the rules do not allow is said where it was asked for, and an act can be taken back.
    ana.find(Locator::XPath("//details[summary='Posponerla']/summary"))
        .await
        .expect("a deed")
        .click()
        .await
        .expect("open");
    let until =
        ana.find(Locator::XPath("//details[summary='Posponerla']//input[@name='until']")).await.expect("a field");
    until.send_keys("anteayer").await.expect("typed");
    ana.find(Locator::XPath("//details[summary='Posponerla']//button"))
        .await
        .expect("a button")
        .click()
        .await
        .expect("sent");
    wait_to_read(&ana, "details[open] .no", "anteayer").await;
    let kept =
        ana.find(Locator::XPath("//details[summary='Posponerla']//input[@name='until']")).await.expect("a field");
    assert_eq!(kept.prop("value").await.expect("a value").as_deref(), Some("anteayer"), "what was typed is there");

    // The page of a request lives as well: what is done elsewhere comes by itself, and what is being typed stays.
    let note = ana.find(Locator::XPath("//details[summary='Comentar']")).await.expect("a deed");
    note.find(Locator::Css("summary")).await.expect("a summary").click().await.expect("open");
    note.find(Locator::Css("textarea")).await.expect("a field").send_keys("ojo").await.expect("typed");
    note.find(Locator::Css("button")).await.expect("a button").click().await.expect("sent");
    wait_to_read(&ana, ".ok", "La nota quedó").await;
    assert!(!ana.current_url().await.expect("an address").as_str().contains("hecho"), "said once");
    let note = ana.find(Locator::XPath("//details[summary='Comentar']")).await.expect("a deed");
    note.find(Locator::Css("summary")).await.expect("a summary").click().await.expect("open");
    note.find(Locator::Css("textarea")).await.expect("a field").send_keys("a medio escribir").await.expect("typed");
    let did = daemon.command().args(["own", "R-1", "laura", "--by", "ana"]).output().expect("plazo runs");
    assert!(did.status.success(), "{did:?}");
    wait_to_read(&ana, "#story", "Laura Mora queda como responsable").await;
    let typed = note.find(Locator::Css("textarea")).await.expect("a field").prop("value").await.expect("a value");
    assert_eq!(typed.as_deref(), Some("a medio escribir"));
    // A letter goes to the button and does not press it.
    daemon.client_message("m-8", "t-8", Duration::ZERO);
    ana.goto(&format!("{base}/r/R-2")).await.expect("the page");
    ana.execute("document.dispatchEvent(new KeyboardEvent('keydown', {key: 't', bubbles: true}))", Vec::new())
        .await
        .ok();
    ana.find(Locator::Css("body")).await.expect("a body").send_keys("t").await.expect("a key");
    let focused = ana.execute("return document.activeElement.textContent", Vec::new()).await.expect("a script");
    assert_eq!(focused, json!("La tomo"));

    // Whoever leaves is out, and so is whoever's session is ended on the machine.
    let listed = daemon.get("/v1/sessions");
    assert_eq!(
        (&listed["sessions"][0]["name"], listed["sessions"].as_array().map(Vec::len)),
        (&json!("Ana Ruiz"), Some(1))
    );
    let ended = daemon.command().args(["sessions", "end", "--person", "ana"]).output().expect("plazo runs");
    assert!(ended.status.success(), "{ended:?}");
    ana.goto(&base).await.expect("the page");
    wait_to_read(&ana, "label", "Su dirección").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_loses_plazo_says_so_and_comes_back_by_itself() {
    let (daemon, port) = desk("");
    let browser = Browser::start().await;
    let window = browser.window().await;
    window.goto(&page(&daemon, &[])).await.expect("the page");
    window.find(Locator::Css("form button")).await.expect("a button").click().await.expect("in");
    wait_to_read(&window, "#stamp", "hace").await;
    let directory = daemon.kill();
    wait_to_read(&window, "#lost", "sin conexión con plazo desde las").await;
    let daemon = start_at(directory, port);
    let request = daemon.client_message("m-9", "t-9", Duration::ZERO);
    wait_to_read(&window, "#rows", &request).await;
    let lost = window.find(Locator::Css("#lost")).await.expect("a bar");
    assert!(!lost.is_displayed().await.expect("a state"), "it is there again");
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_whole_at_each_width_in_both_schemes() {
    let (daemon, _port) = desk("");
    let wall = page(&daemon, &["--wall"]);
    for dark in [false, true] {
        let browser = Browser::start_with(dark).await;
        let window = browser.window().await;
        window.goto(&page(&daemon, &[])).await.expect("the page");
        window.find(Locator::Css("form button")).await.expect("a button").click().await.expect("in");
        let base = format!("http://{}", daemon.address());
        let addresses = PAGES.iter().map(|path| (*path, format!("{base}{path}")));
        for (name, address) in addresses.chain([("/pantalla", wall.clone())]) {
            for (width, height) in [(360, 800), (1280, 800), (3840, 2160)] {
                window.set_window_size(width, height).await.expect("a size");
                window.goto(&address).await.expect("the page");
                audit(&window, name, width, dark).await;
            }
        }
        browser.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_scripts_a_page_is_read_acts_and_is_loaded_anew() {
    let (daemon, _port) = desk("");
    let browser = Browser::start().await;
    let window = browser.window_without_scripts().await;
    window.goto(&page(&daemon, &[])).await.expect("the page");
    window.find(Locator::Css("form button")).await.expect("a button").click().await.expect("in");
    wait_to_read(&window, "h1", "Cola").await;
    let request = daemon.client_message("m-7", "t-7", Duration::ZERO);
    // The page asks by itself after half a minute; a script would have shown it at once.
    let began = Instant::now();
    wait_so_long_to_read(&window, "#rows", &request, Duration::from_secs(60)).await;
    assert!(Duration::from_secs(10) < began.elapsed(), "a script ran");
    window.goto(&format!("http://{}/r/{request}", daemon.address())).await.expect("the request");
    let take = format!("form[action='/r/{request}/take'] button");
    window.find(Locator::Css(&take)).await.expect("a button").click().await.expect("sent");
    support::wait_for("it to be taken", PATIENCE, || {
        let shown = daemon.get(&format!("/v1/requests/{request}"));
        (!shown["clocks"][0]["acked_at"].is_null()).then_some(())
    });
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_file_is_tried_and_taken_on_the_page() {
    let (daemon, _port) = desk("");
    let browser = Browser::start().await;
    let window = browser.window().await;
    window.goto(&page(&daemon, &[])).await.expect("the page");
    window.find(Locator::Css("form button")).await.expect("a button").click().await.expect("in");
    window.goto(&format!("http://{}/archivo", daemon.address())).await.expect("the page");
    let change = |from: &str, to: &str| {
        let script = "const t = document.getElementById('text'); t.value = t.value.replace(arguments[0], arguments[1])";
        window.execute(script, vec![json!(from), json!(to)])
    };
    change("within = \"20m\"", "within = \"20x\"").await.expect("changed");
    window.find(Locator::Css("button[value=try]")).await.expect("a button").click().await.expect("sent");
    // The mistakes are those of `plazo check`, with their place and their remedy.
    wait_to_read(&window, "pre", "20x").await;
    wait_to_read(&window, "pre", "remedio").await;
    change("within = \"20x\"", "within = \"30m\"").await.expect("changed");
    window.find(Locator::Css("button[value=try]")).await.expect("a button").click().await.expect("sent");
    wait_to_read(&window, "main", "de las promesas").await;
    wait_to_read(&window, "main", "vencen en otro momento").await;
    assert!(!std::fs::read_to_string(daemon.config_path()).expect("the file").contains("30m"), "only tried");
    window.find(Locator::Css("button[value=take]")).await.expect("a button").click().await.expect("sent");
    wait_to_read(&window, ".ok", "Quedó escrito").await;
    let file = std::fs::read_to_string(daemon.config_path()).expect("the file");
    assert!(file.contains("within = \"30m\"") && file.contains("# una nota que se queda"), "{file}");
    let taken = || -> Value { daemon.get("/v1/about")["revision"].clone() };
    support::wait_for("the new revision", PATIENCE, || (taken() == json!(2)).then_some(()));
    browser.end().await;
}
