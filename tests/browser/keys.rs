//! The keyboard alone, and paper.

use std::time::Duration;

use fantoccini::wd::PrintConfiguration;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};

use crate::browser::{Browser, desk};
use crate::support::daemon::Daemon;
use crate::support::{PATIENCE, wait_for};
use crate::{page, wait_to_read};

async fn entered(browser: &Browser, daemon: &Daemon) -> Client {
    let window = browser.window().await;
    window.goto(&page(daemon, &[])).await.expect("the page");
    window.find(Locator::Css("form button")).await.expect("a button").click().await.expect("in");
    wait_to_read(&window, "#rows", "R-1").await;
    window
}

/// Presses a key wherever the reader is.
async fn press(window: &Client, key: &str) {
    window.active_element().await.expect("an element").send_keys(key).await.expect("a key");
}

/// Where the reader is: the text, the address behind it or the name of its field.
async fn place(window: &Client) -> Value {
    let script = "const at = document.activeElement; return at.getAttribute('href') ?? at.getAttribute('name') ?? at.textContent";
    window.execute(script, Vec::new()).await.expect("a place")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_is_walked_and_put_off_and_taken_by_keys_alone() {
    let (daemon, _port) = desk("");
    let browser = Browser::start().await;
    let window = entered(&browser, &daemon).await;
    let script =
        "return [...document.querySelectorAll(\"#rows a[href^='/r/']\")].map((link) => link.getAttribute('href'))";
    let rows = window.execute(script, Vec::new()).await.expect("rows");
    let of = |at: usize| rows[at].clone();
    // Down, down, up; above the first there is nothing.
    for (key, at) in [("j", 0), ("j", 1), ("k", 0), ("k", 0)] {
        press(&window, key).await;
        assert_eq!(place(&window).await, of(at), "{key}");
    }
    // A row that comes in by itself leaves the reader where they are.
    let request = daemon.client_message("m-9", "t-9", Duration::ZERO);
    wait_to_read(&window, "#rows", &request).await;
    assert_eq!(place(&window).await, of(0));
    // Put off: the request's page, its field under the cursor; what is typed there and sent does it.
    press(&window, "p").await;
    wait_to_read(&window, "h1", "").await;
    wait_for_place(&window, "until").await;
    press(&window, "+15m\u{e007}").await;
    let path = format!("/v1{}", of(0).as_str().expect("an address").replace("/r/", "/requests/"));
    wait_for("it to be put off", PATIENCE, || (!daemon.get(&path)["snoozed_until"].is_null()).then_some(()));
    // Taken: the letter goes to the button, and Enter presses it.
    window
        .goto(&format!("http://{}{}", daemon.address(), of(0).as_str().expect("an address")))
        .await
        .expect("the page");
    press(&window, "t").await;
    assert_eq!(place(&window).await, json!("La tomo"));
    press(&window, "\u{e007}").await;
    wait_for("it to be taken", PATIENCE, || (!daemon.get(&path)["clocks"][0]["acked_at"].is_null()).then_some(()));
    browser.end().await;
}

async fn wait_for_place(window: &Client, wanted: &str) {
    let began = std::time::Instant::now();
    loop {
        let found = place(window).await;
        if found == json!(wanted) {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "waited at {found} for {wanted}");
        tokio::task::yield_now().await;
    }
}

/// The page's own rules for paper, put in force on the screen, where they can be asked.
const AS_ON_PAPER: &str = "for (const sheet of document.styleSheets) for (const rule of sheet.cssRules) {
        const media = rule.media?.mediaText ?? '';
        if (media.startsWith('print')) rule.media.mediaText = 'all';
        else if (media.startsWith('screen')) rule.media.mediaText = 'not all';
    }";

#[tokio::test(flavor = "multi_thread")]
async fn on_paper_a_page_is_black_on_white_and_without_what_is_pressed() {
    let (daemon, _port) = desk("");
    for dark in [false, true] {
        let browser = Browser::start_with(dark).await;
        let window = entered(&browser, &daemon).await;
        for path in ["/", "/r/R-1", "/informe?ver=1&desde=-7d"] {
            window.goto(&format!("http://{}{path}", daemon.address())).await.expect("the page");
            let paper = window.print(PrintConfiguration::default()).await.expect("a print");
            assert!(paper.starts_with(b"%PDF"), "{path}");
            if let Some(directory) = std::env::var_os("PLAZO_SHOTS") {
                let file = format!("print{}-{dark}.pdf", path.replace(['/', '?', '='], "_"));
                std::fs::write(std::path::PathBuf::from(directory).join(file), paper).expect("kept");
            }
            window.execute(AS_ON_PAPER, Vec::new()).await.expect("as on paper");
            let script = "const light = (colour) => Math.max(...colour.match(/\\d+/g).slice(0, 3).map(Number));
                const style = getComputedStyle(document.body), words = getComputedStyle(document.querySelector('h1'));
                const pressed = [...document.querySelectorAll('nav, button, input:not([type=hidden]), select, textarea')];
                return [light(words.color), light(style.backgroundColor), pressed.filter((one) => one.offsetParent).map((one) => one.outerHTML),
                    document.querySelector('main').innerText.length]";
            let found = window.execute(script, Vec::new()).await.expect("asked");
            let [text, ground] = [0, 1].map(|at| found[at].as_u64().expect("a number"));
            assert!(text < 80 && 240 <= ground, "{path}, dark: {dark}: {found}");
            assert_eq!(found[2], json!([]), "{path}");
            assert!(found[3].as_u64().is_some_and(|n| 50 < n), "{path} says something: {found}");
        }
        browser.end().await;
    }
}
