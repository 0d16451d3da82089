//! `plazo run`: the daemon.

use std::io::IsTerminal as _;
use std::net::SocketAddr;

use clap::ValueEnum;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt as _;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::{self, Writer};
use tracing_subscriber::fmt::time::FormatTime;

use super::{Exit, Global, Outcome, real_time, runtime, welcome};
use crate::app::time::TimeSource;
use crate::daemon::{self, Options};
use crate::text::printable::printable_line;

/// Libraries speak only when something is wrong.
const FILTER: &str = "warn,plazo=info";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Address of the HTTP interface, instead of the file's
    #[arg(long, value_name = "ADDR:PORT", overrides_with = "listen")]
    listen: Option<SocketAddr>,
    /// Form of the log on standard error
    #[arg(long, value_enum, default_value_t = LogFormat::Text, env = "PLAZO_LOG_FORMAT")]
    log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

pub(super) fn run(global: &Global, args: Args) -> Outcome {
    let filter = EnvFilter::try_from_env("PLAZO_LOG").unwrap_or_else(|_| EnvFilter::new(FILTER));
    // At `trace` it writes passwords and mail; no filter is to let that through.
    let filter = match "async_imap=off".parse() {
        Ok(quiet) => filter.add_directive(quiet),
        Err(_) => filter,
    };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match args.log_format {
        LogFormat::Text => {
            let log = log.fmt_fields(printable_fields()).with_target(false).with_ansi(is_styled());
            // Whoever sits before it goes by the clock on the wall; the journal notes the time by itself, and other readers want UTC.
            if std::io::stderr().is_terminal() { log.with_timer(WallClock(real_time())).init() } else { log.init() }
        }
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    let options = Options {
        config: global.config.clone(),
        data: global.data(),
        listen: args.listen,
        time: real_time(),
        styled: is_styled(),
    };
    runtime()?.block_on(async {
        if let Some(exit) = welcome::make_file(global).await? {
            return Ok(exit);
        }
        let stop = CancellationToken::new();
        stop_on_signals(&stop)?;
        let data = options.data.clone();
        daemon::run(options, stop, |address, app| welcome::say(address, app, &data)).await?;
        Ok(Exit::Done)
    })
}

/// The time as the machine's own clock shows it.
struct WallClock(TimeSource);

impl FormatTime for WallClock {
    fn format_time(&self, writer: &mut Writer<'_>) -> std::fmt::Result {
        write!(writer, "{}", self.0.now().with_timezone(&chrono::Local).format("%H:%M:%S"))
    }
}

/// Fields of a line of the log, on that line and without anything that steers a terminal: ids and causes come from elsewhere.
fn printable_fields() -> impl for<'w> FormatFields<'w> + Send + Sync + 'static {
    let field = |writer: &mut Writer<'_>, field: &tracing::field::Field, value: &dyn std::fmt::Debug| {
        let value = printable_line(&format!("{value:?}"));
        match field.name() {
            "message" => write!(writer, "{value}"),
            name => write!(writer, "{name}={value}"),
        }
    };
    format::debug_fn(field).delimited(" ")
}

fn stop_on_signals(stop: &CancellationToken) -> std::io::Result<()> {
    for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
        let mut asked = signal(kind)?;
        let stop = stop.clone();
        tokio::spawn(async move {
            asked.recv().await;
            stop.cancel();
        });
    }
    Ok(())
}

fn is_styled() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}
