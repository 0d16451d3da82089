//! What becomes of an open page whose connection is lost without a word, and of one behind a proxy.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fantoccini::{Client, Locator};

use crate::browser::{Browser, desk};
use crate::support::daemon::Daemon;
use crate::support::nginx::{Nginx, shown_proxy};
use crate::{page, wait_so_long_to_read, wait_to_read};

/// Passes on what it is given, until it is told to swallow: then the connections that are open stay open, and nothing comes by them any
/// more, as after a machine has slept or a router has forgotten them. New ones pass.
struct Swallowing {
    port: u16,
    /// Which connections pass: those that were opened since it was raised last.
    since: Arc<AtomicUsize>,
}

impl Swallowing {
    fn before(address: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let since = Arc::new(AtomicUsize::new(0));
        let (address, known) = (address.to_owned(), Arc::clone(&since));
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let Ok(far) = TcpStream::connect(&address) else { continue };
                let own = known.load(Ordering::Acquire);
                let ends = [(near.try_clone(), far.try_clone()), (Ok(far), Ok(near))];
                for (from, to) in ends {
                    let (from, to, known) = (from.expect("a copy"), to.expect("a copy"), Arc::clone(&known));
                    std::thread::spawn(move || pass(from, to, || known.load(Ordering::Acquire) == own));
                }
            }
        });
        Self { port, since }
    }

    /// Swallows whatever comes by the connections that are open.
    fn swallow(&self) {
        self.since.fetch_add(1, Ordering::AcqRel);
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, passes: impl Fn() -> bool) {
    let mut buffer = [0; 16_384];
    while let Ok(n @ 1..) = from.read(&mut buffer) {
        if passes() && to.write_all(&buffer[..n]).is_err() {
            break;
        }
    }
    if passes() {
        to.shutdown(Shutdown::Write).ok();
    }
}

/// A window in which somebody has come in by that port.
async fn entered(browser: &Browser, daemon: &Daemon, port: u16) -> Client {
    let window = browser.window().await;
    let link = page(daemon, &[]);
    let path = link.split_once("/a/").expect("a link").1;
    window.goto(&format!("http://127.0.0.1:{port}/a/{path}")).await.expect("the page");
    window.find(Locator::Css("form button")).await.expect("a button").click().await.expect("in");
    wait_to_read(&window, "h1", "Cola").await;
    window
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_swallows_what_it_is_given_is_left_and_the_page_lives_on() {
    let (daemon, _port) = desk("");
    let proxy = Swallowing::before(daemon.address());
    let browser = Browser::start().await;
    let window = entered(&browser, &daemon, proxy.port).await;
    let request = daemon.client_message("m-7", "t-7", Duration::ZERO);
    wait_to_read(&window, "#rows", &request).await;
    proxy.swallow();
    let request = daemon.client_message("m-8", "t-8", Duration::ZERO);
    // The stream is missed after 20 s; what is asked for then may go by another connection that swallows, and is given up after 10 s each.
    wait_so_long_to_read(&window, "#rows", &request, Duration::from_secs(100)).await;
    let lost = window.find(Locator::Css("#lost")).await.expect("a bar");
    assert!(!lost.is_displayed().await.expect("a state"), "it is there again");
    // By a stream of its own again: long before the page asks by itself.
    let request = daemon.client_message("m-9", "t-9", Duration::ZERO);
    let began = Instant::now();
    wait_to_read(&window, "#rows", &request).await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_told_at_once_behind_the_proxy_that_the_installation_shows() {
    let (daemon, _port) = desk("");
    let nginx = Nginx::start(&shown_proxy(daemon.address()));
    let browser = Browser::start().await;
    let window = entered(&browser, &daemon, nginx.port).await;
    // The stream is open once the page has heard of something by it.
    let request = daemon.client_message("m-7", "t-7", Duration::ZERO);
    wait_to_read(&window, "#rows", &request).await;
    let request = daemon.client_message("m-8", "t-8", Duration::ZERO);
    let began = Instant::now();
    wait_to_read(&window, "#rows", &request).await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    browser.end().await;
}
