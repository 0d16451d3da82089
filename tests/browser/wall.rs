//! The wall: everything that it says is on the screen, whatever the screen, and its clock goes by itself.

use std::time::Duration;

use fantoccini::Locator;
use serde_json::json;

use crate::browser::{Browser, desk};
use crate::support::daemon::before_now;
use crate::{page, wait_to_read};

/// More of each group than a screen shows, with subjects, waits and takers in the rows that have room for them.
fn fill(daemon: &crate::support::daemon::Daemon) {
    let act = |path: &str, body: serde_json::Value| assert_eq!(daemon.post(path, &body).status, 200, "{path}");
    for (n, minutes) in [60, 60, 60, 17, 17, 17, 1, 1, 1, 1].into_iter().cycle().take(40).enumerate() {
        let at = before_now(Duration::from_secs(minutes * 60));
        let request = daemon.event(&json!({
            "id": format!("w-{n}"), "type": "message", "channel": "whatsapp", "thread": format!("w-{n}"), "direction": "in", "at": at,
            "subject": "Cambio del banner de la portada antes de la feria, con las medidas nuevas y los dos logos que faltan",
            "author": {"name": "Comercializadora Internacional Panadería Sol de los Andes", "address": format!("57300{n}"), "kind": "customer"},
            "text": "¿Hay noticias?",
        }));
        act(&format!("/v1/requests/{request}/own"), json!({"owner": "laura", "by": "ana"}));
        act(&format!("/v1/requests/{request}/ack"), json!({"by": "laura"}));
        if n % 10 == 9 {
            act(
                &format!("/v1/requests/{request}/wait"),
                json!({"reason": "el logo en curvas, y la aprobación de gerencia", "by": "laura"}),
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_desk_is_whole_on_every_screen() {
    let (daemon, _port) = desk("");
    fill(&daemon);
    let browser = Browser::start().await;
    let window = browser.window().await;
    for further in [vec!["--wall"], vec!["--wall", "--hide-names"]] {
        let address = page(&daemon, &further);
        for (width, height) in [(1280, 720), (1920, 1080), (1080, 1920), (3840, 2160), (1024, 768)] {
            window.set_window_size(width, height).await.expect("a size");
            window.goto(&address).await.expect("the wall");
            wait_to_read(&window, "#rows", "Vencidas").await;
            let measured = "const box = document.getElementById('rows').getBoundingClientRect();
                const rows = [...document.querySelectorAll('#rows .row')];
                const cut = rows.filter((row) => row.scrollHeight > row.clientHeight + 1 || row.getBoundingClientRect().right > innerWidth + 1);
                return [box.bottom, innerHeight, rows.length, cut.length, parseFloat(getComputedStyle(document.body).fontSize)]";
            let measured = window.execute(measured, Vec::new()).await.expect("measured");
            let [bottom, inner, n_rows, n_cut, font] =
                [0, 1, 2, 3, 4].map(|at| measured[at].as_f64().expect("a number"));
            let size = format!("{width}×{height}, {further:?}: {measured}");
            assert!(bottom <= inner, "{size}");
            assert!(9.0 <= n_rows && n_cut == 0.0, "{size}");
            // To be read from across a room: 28 px of 1,080.
            assert!(0.02 <= font / inner.min(f64::from(width)), "{size}");
            if let Some(directory) = std::env::var_os("PLAZO_SHOTS") {
                let picture = window.screenshot().await.expect("a picture");
                let file = format!("wall-{width}x{height}-{}.png", further.len());
                std::fs::write(std::path::PathBuf::from(directory).join(file), picture).expect("kept");
            }
        }
    }
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_of_a_wall_goes_by_itself() {
    let (daemon, _port) = desk("");
    let browser = Browser::start().await;
    let window = browser.window().await;
    window.goto(&page(&daemon, &["--wall"])).await.expect("the wall");
    wait_to_read(&window, "#rows", "R-1").await;
    // Without plazo: nobody sends it what time it is.
    let _directory = daemon.kill();
    window
        .execute(
            "const now = Date.now; Date.now = () => now() - now() % 86400000 + 86400000 + (15 * 60 + 7) * 60000",
            Vec::new(),
        )
        .await
        .expect("another time");
    // In the zone of the file, five hours behind.
    wait_to_read(&window, "#clock", "10:07").await;
    let clock = window.find(Locator::Css("#clock")).await.expect("a clock").text().await.expect("a text");
    assert_eq!(clock, "10:07");
    browser.end().await;
}
