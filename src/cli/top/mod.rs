//! `plazo top`: the queue on a terminal, by the interface, so from afar too. It reads; with `--by` it also takes, puts off and hands over.
//!
//! One thread reads the keys; the loop fetches, draws, and asks what a key means (`keys`). Whatever happens, the terminal is left as it was
//! found: by a guard when the loop ends or panics, and around a suspension.

mod draw;
mod keys;
mod model;

use std::future::pending;
use std::io::IsTerminal as _;
use std::pin::Pin;
use std::time::Duration;

use nix::sys::signal::{Signal, raise};
use nix::unistd::{getpid, getsid};
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{self, Event};
use ratatui::{DefaultTerminal, Terminal};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::client::Client;
use super::output;
use super::{Exit, Global, Outcome};
use crate::both;
use keys::Wish;
use model::{Answers, Filter, Model, ask};

/// Between two looks.
const EVERY: Duration = Duration::from_secs(1);
/// How long one look may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A look that is on its way.
type Asking<'a> = Pin<Box<dyn Future<Output = Result<anyhow::Result<Answers>, tokio::time::error::Elapsed>> + 'a>>;
/// What one frame measures where no terminal says its size.
const USUAL: (u16, u16) = (100, 30);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only what people of this team own, and what its policies promise
    #[arg(long)]
    team: Option<String>,
    /// Only this owner
    #[arg(long)]
    owner: Option<String>,
    /// Only this channel
    #[arg(long)]
    channel: Option<String>,
    /// Who acts; without it, it only shows
    #[arg(long, value_name = "PERSON", env = "PLAZO_BY")]
    by: Option<String>,
    /// Print one frame and end, as for a pipe
    #[arg(long)]
    once: bool,
}

pub(super) async fn run(global: &Global, args: Args) -> Outcome {
    let filter = Filter { team: args.team, owner: args.owner, channel: args.channel };
    let client = Client::reading(global)?;
    // In whose name nobody acts who is not of the file, where that is at hand.
    if let (Some(by), Some(config)) = (&args.by, global.load())
        && config.rulebook.directory.person(by).is_none()
    {
        return Err(global.error(both!(
            "`{by}` is nobody in sla.toml: --by takes a person's key, name or address",
            "«{by}» no es nadie en sla.toml: --by toma la clave, el nombre o la dirección de una persona"
        )));
    }
    let look = global.look_of(&client).await;
    let mut model = Model::new(filter, args.by, look);
    if args.once || !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        model.fetch(&client).await?;
        return once(&model);
    }
    // The first look before the screen changes: what cannot be reached is said as by every other command.
    model.fetch(&client).await?;
    let terminal = ratatui::init();
    let watched = watch(terminal, &client, &mut model).await;
    ratatui::restore();
    watched?;
    Ok(Exit::Done)
}

/// One frame as plain lines, as high as what there is to show.
fn once(model: &Model) -> Outcome {
    let (columns, _) = terminal_size::terminal_size().map_or(USUAL, |(width, height)| (width.0, height.0));
    let height = draw::whole_height(model);
    let mut terminal = Terminal::new(TestBackend::new(columns, height))?;
    terminal.draw(|frame| draw::frame(frame, model))?;
    let buffer = terminal.backend().buffer();
    for y in 0..buffer.area.height {
        let line: String = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect();
        output::line(line.trim_end())?;
    }
    Ok(Exit::Done)
}

async fn watch(mut terminal: DefaultTerminal, client: &Client, model: &mut Model) -> anyhow::Result<()> {
    let mut keys = listen();
    let mut ended = signal(SignalKind::terminate())?;
    let mut hung_up = signal(SignalKind::hangup())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut quit = signal(SignalKind::quit())?;
    let mut stopped = signal(SignalKind::from_raw(Signal::SIGTSTP as i32))?;
    let mut resumed = signal(SignalKind::from_raw(Signal::SIGCONT as i32))?;
    // Asked beside the keys: a daemon that does not answer holds up nobody who wants to leave.
    let mut asking: Option<Asking<'_>> = None;
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        terminal.draw(|frame| draw::frame(frame, model))?;
        tokio::select! {
            _ = ended.recv() => return Ok(()),
            _ = hung_up.recv() => return Ok(()),
            _ = interrupted.recv() => return Ok(()),
            _ = quit.recv() => return Ok(()),
            _ = stopped.recv() => suspend()?,
            // Whoever stopped it, and however: empty, so that everything is drawn. Nothing may be asked of the terminal here, since the thread
            // that reads the keys would take the answer.
            _ = resumed.recv() => terminal = ratatui::init(),
            _ = tick.tick() => {
                if asking.is_none() {
                    let query = model.query();
                    asking = Some(Box::pin(async move { tokio::time::timeout(PATIENCE, ask(client, &query)).await }));
                }
            }
            answered = async { match &mut asking { Some(asking) => asking.await, None => pending().await } } => {
                asking = None;
                match answered {
                    Ok(answered) => model.hear(answered),
                    // The frame says since when it is silent.
                    Err(_) => model.miss(),
                }
            }
            pressed = keys.recv() => match pressed {
                // The terminal is gone.
                None => return Ok(()),
                Some(Event::Key(key)) => match keys::wish(key, model) {
                    Wish::Leave => return Ok(()),
                    Wish::Suspend => suspend()?,
                    wish => keys::carry_out(wish, model, client).await,
                },
                // A new size is a new frame.
                Some(_) => {}
            },
        }
    }
}

/// Keys and sizes, from a thread of their own: reading them blocks.
fn listen() -> mpsc::Receiver<Event> {
    let (sender, receiver) = mpsc::channel(16);
    std::thread::spawn(move || {
        while let Ok(read) = event::read() {
            if sender.blocking_send(read).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Leaves the terminal to the shell until it lets this go on, which is a signal. Who leads the session has no shell to go back to.
fn suspend() -> anyhow::Result<()> {
    if getsid(None)? == getpid() {
        return Ok(());
    }
    ratatui::restore();
    // SIGTSTP is listened for, and so stops nothing by itself.
    raise(Signal::SIGSTOP)?;
    Ok(())
}
