//! `plazo demo`: the real daemon with the shipped `sla.toml`, and a sample week that passes in about a minute.
//!
//! Only the source of the time, the traffic and the receivers are the demo's; everything between them is what `plazo run` runs.

mod arrival;
mod clock;
mod door;
mod index;
mod screen;
mod week;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::loopback::{smtp, webhook};
use super::{Exit, Global, Outcome, output, runtime};
use crate::app::App;
use crate::both;
use crate::cli::help;
use crate::daemon::{self, Options};
use crate::text::Language;
use arrival::Arrival;
use clock::DemoClock;
use screen::Screen;
use week::Step;

const SHIPPED: &str = include_str!("../../../sla.toml");
/// Before something happens, the last part of the wait is shown.
const LEAD: TimeDelta = TimeDelta::seconds(75);
/// After the last event, what is on its way may arrive.
const LINGER: Duration = Duration::from_millis(1_500);
/// It ends by then, whatever is left.
const LIMIT: Duration = Duration::from_secs(84);
const LOOK_EVERY: Duration = Duration::from_millis(50);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder for what is received [default: a new one in the temporary directory]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(_: &Global, args: &Args) -> Outcome {
    runtime()?.block_on(play(args))
}

async fn play(args: &Args) -> Outcome {
    // Of one's own making, it goes unless the demo is seen to its end.
    let own = match &args.out {
        Some(_) => None,
        None => Some(tempfile::Builder::new().prefix("plazo-demo-").tempdir()?),
    };
    let language = help::of_the_terminal();
    let named = || super::absolute(&args.out.clone().unwrap_or_default());
    let out = own.as_ref().map_or_else(named, |own| own.path().to_owned());
    for directory in [out.join("mail"), out.join("chat")] {
        std::fs::create_dir_all(&directory).with_context(|| {
            let directory = directory.display();
            language.of(both!("cannot make {directory}", "no se puede crear {directory}"))
        })?;
    }
    let data = tempfile::tempdir()?;
    let clock = Arc::new(DemoClock::new(week::begins_at()));
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let config = data.path().join("sla.toml");
    std::fs::write(&config, receive(&clock, &out, arrived, language).await?)?;

    let stop = CancellationToken::new();
    let (ready, is_ready) = oneshot::channel();
    let options = Options {
        config,
        data: data.path().join("data"),
        listen: Some(([127, 0, 0, 1], 0).into()),
        time: clock.source(),
        styled: super::is_styled(),
    };
    let daemon = tokio::spawn(daemon::run(options, stop.clone(), move |address, app| {
        // Whoever waits for it is below.
        ready.send((address, app.clone())).ok();
    }));
    let Ok((address, app)) = is_ready.await else {
        return daemon.await?.map(|()| Exit::Done);
    };
    let mut screen = Screen::new(app.config().zone, language);
    screen.begin(&door::open(app.clone(), address.port()).await?, &out)?;
    let began = Instant::now();
    let driver = Driver { client: reqwest::Client::new(), base: format!("http://{address}"), app, clock, language };
    let is_seen = tokio::select! {
        played = driver.play(&mut screen, &mut arrivals, began) => played.map(|()| true),
        interrupted = interrupted() => interrupted.map(|()| false).map_err(Into::into),
    };
    if let Ok(true) = is_seen {
        let index = index::write(&out, screen.arrivals(), &driver.app.config(), language)?;
        screen.end(&driver.app, &index, began.elapsed()).await?;
        // Whoever saw it to the end was told where it is.
        own.map(tempfile::TempDir::keep);
    } else {
        screen.stop();
    }
    drop(driver);
    stop.cancel();
    daemon.await??;
    if is_seen? {
        return Ok(Exit::Done);
    }
    let out = out.display();
    output::line(&language.of(match args.out {
        None => both!(
            "Interrupted; nothing of it is left on the disk.",
            "Demostración interrumpida; no queda nada de ella en el disco."
        ),
        Some(_) => both!(
            "Interrupted; what was received is in {out}.",
            "Demostración interrumpida; lo recibido queda en {out}."
        ),
    }))?;
    Ok(Exit::Interrupted)
}

/// Somebody presses Ctrl-C, ends the process, or closes the terminal.
async fn interrupted() -> std::io::Result<()> {
    let mut ended = signal(SignalKind::terminate())?;
    let mut closed = signal(SignalKind::hangup())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed,
        _ = ended.recv() => Ok(()),
        _ = closed.recv() => Ok(()),
    }
}

/// Starts the receivers and returns the shipped file with their addresses filled in, for readers of that language.
async fn receive(
    clock: &Arc<DemoClock>,
    out: &Path,
    arrived: mpsc::UnboundedSender<Arrival>,
    language: Language,
) -> anyhow::Result<String> {
    let (clock_of_mail, mail_arrived, folder) = (Arc::clone(clock), arrived.clone(), out.to_owned());
    let smtp = smtp::start(move |received| {
        let at = clock_of_mail.now();
        let arrival = Arrival::of_mail(at, &received.to, &received.data, &folder);
        // The screen may have ended already.
        mail_arrived.send(arrival).ok();
    })
    .await?;
    let (clock_of_chat, folder) = (Arc::clone(clock), out.to_owned());
    let webhook = webhook::start(move |body| {
        arrived.send(Arrival::of_chat(clock_of_chat.now(), body, &folder)).ok();
    })
    .await?;
    let lead = "email = \"ana@agencia.example\"";
    let told_in_chat = format!("{lead}\nnotify = [\"email\", \"equipo-slack\"]");
    Ok(format!(
        "{}\n[smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"plazo <plazo@agencia.example>\"\n\
         \n[destination.equipo-slack]\ntype = \"slack\"\nprivate = true\nurl = \"http://{webhook}/\"\n",
        SHIPPED.replace(lead, &told_in_chat).replacen(
            "language = \"es\"",
            &format!("language = \"{}\"", language.code()),
            1
        ),
        smtp.port()
    ))
}

/// Plays the traffic, and lets the time jump over stretches in which nothing happens.
struct Driver {
    client: reqwest::Client,
    base: String,
    app: App,
    clock: Arc<DemoClock>,
    language: Language,
}

impl Driver {
    async fn play(
        &self,
        screen: &mut Screen,
        arrivals: &mut mpsc::UnboundedReceiver<Arrival>,
        began: Instant,
    ) -> anyhow::Result<()> {
        for step in week::steps(self.language) {
            self.wait_until(step.at, screen, arrivals, began).await?;
            self.send(&step, screen).await?;
        }
        let end = Instant::now() + LINGER;
        while Instant::now() < end {
            self.show(screen, arrivals).await?;
        }
        Ok(())
    }

    /// Lets the time run until `at`: fast while something is near, in a jump over quiet stretches.
    async fn wait_until(
        &self,
        at: DateTime<Utc>,
        screen: &mut Screen,
        arrivals: &mut mpsc::UnboundedReceiver<Arrival>,
        began: Instant,
    ) -> anyhow::Result<()> {
        while self.clock.now() < at {
            if LIMIT < began.elapsed() {
                self.clock.jump_to(at);
                return Ok(());
            }
            let next = self.app.queue().next_at().map_or(at, |wake| wake.min(at));
            if self.clock.now() + LEAD < next && self.is_quiet().await? {
                self.clock.jump_to(next - LEAD);
            }
            self.show(screen, arrivals).await?;
        }
        Ok(())
    }

    /// Whether nothing is due and nothing is on its way.
    async fn is_quiet(&self) -> anyhow::Result<bool> {
        let now = self.clock.now();
        let n_unsent = self.app.views.count_unsent(now).await?;
        Ok(n_unsent == 0 && self.app.queue().due(now, 1).is_empty())
    }

    async fn show(&self, screen: &mut Screen, arrivals: &mut mpsc::UnboundedReceiver<Arrival>) -> anyhow::Result<()> {
        let wakes = self.app.views.next_wakes(5).await?;
        screen.queue(self.clock.now(), &wakes, self.app.queue().len());
        while let Ok(arrival) = arrivals.try_recv() {
            screen.arrival(&arrival)?;
        }
        tokio::time::sleep(LOOK_EVERY).await;
        Ok(())
    }

    async fn send(&self, step: &Step, screen: &mut Screen) -> anyhow::Result<()> {
        screen.traffic(step)?;
        let Some(event) = &step.event else { return Ok(()) };
        let mut event = event.clone();
        event["at"] = json!(step.at);
        let answer = self.client.post(format!("{}/v1/events", self.base)).body(event.to_string()).send().await?;
        let status = answer.status();
        if !status.is_success() {
            let said = answer.text().await?;
            anyhow::bail!(self.language.of(both!(
                "the daemon refused an event of the demo: {said}",
                "plazo rechazó un evento de la demostración: {said}"
            )));
        }
        Ok(())
    }
}
