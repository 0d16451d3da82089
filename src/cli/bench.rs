//! `plazo bench`: what this machine can do, each figure beside a bare loop where there is one, so that an operator can size it.
//!
//! What measures is the program's, not the library's: whoever runs the command line brings it along.

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};

use super::output::{self, Column, DIM, Table, styled};
use super::{Exit, Outcome};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What to measure [default: all but the million, the pages, the years and the floods]
    #[arg(value_enum)]
    what: Vec<Work>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A kind of work that can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Work {
    /// One event a request, 64 connections
    Intake,
    /// Signed calls of a hook, 64 connections
    Hooks,
    /// A hundred events a request
    Batches,
    /// A thousand alerts spread over a minute
    Lateness,
    /// Ten thousand alerts due at one instant, by webhook
    Burst,
    /// A thousand mails due at one instant
    Mail,
    /// A hundred thousand open requests
    Idle,
    /// A million open requests
    Million,
    /// The queue in a browser, and five hundred of them
    Pages,
    /// Years of finished requests behind a hundred thousand open ones
    Years,
    /// A thousand alerts while words are let go and clients erased
    Keeping,
    /// kill -9 amid five thousand alerts
    Crash,
    /// kill -9 at random instants amid import, retention, erasing and backup
    Kills,
    /// Two hundred thousand alerts held for one reader
    Flood,
    /// Connections that say nothing
    Silent,
}

impl Work {
    /// What is measured, and about how long that takes, for whoever waits.
    const fn told(self) -> &'static str {
        match self {
            Self::Intake => "intake, one event a request: about 20 s",
            Self::Hooks => "signed calls of a hook: about 10 s",
            Self::Batches => "intake, a hundred events a request: about 5 s",
            Self::Lateness => "lateness of a thousand alerts: about 75 s",
            Self::Burst => "ten thousand alerts at one instant: about 15 s",
            Self::Mail => "a thousand mails at one instant: about 10 s",
            Self::Idle => "a hundred thousand open requests: about 30 s",
            Self::Million => "a million open requests: some minutes",
            Self::Pages => "the queue as a page, and five hundred open pages: some minutes",
            Self::Keeping => "alerts beside retention and erasing: some minutes",
            Self::Years => "years of a desk, and what they cost: many minutes",
            Self::Crash => "kill -9 amid five thousand alerts: about 15 s",
            Self::Kills => "kill -9 amid import, retention, erasing and backup: some minutes",
            Self::Flood => "two hundred thousand alerts for one reader: some minutes",
            Self::Silent => "connections that say nothing: about 15 s",
        }
    }
}

const DEFAULT: [Work; 8] =
    [Work::Intake, Work::Hooks, Work::Batches, Work::Lateness, Work::Burst, Work::Mail, Work::Idle, Work::Crash];

/// Measures one kind of work.
pub type Measuring = fn(Work) -> anyhow::Result<Vec<Row>>;

/// A line of the result.
#[derive(Debug, serde::Serialize)]
pub struct Row {
    work: &'static str,
    figure: String,
    beside: String,
}

impl Row {
    /// What was measured, the figure, and what stands beside it.
    pub fn new(work: &'static str, figure: String, beside: impl Into<String>) -> Self {
        Self { work, figure, beside: beside.into() }
    }
}

pub(super) fn run(args: &Args, measure: Measuring) -> Outcome {
    let works = if args.what.is_empty() { DEFAULT.to_vec() } else { args.what.clone() };
    let style = ProgressStyle::with_template("{spinner} {msg} · {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    let mut rows = Vec::new();
    for work in works {
        let spinner = ProgressBar::new_spinner().with_style(style.clone()).with_message(work.told());
        spinner.enable_steady_tick(std::time::Duration::from_millis(100));
        rows.extend(measure(work)?);
        spinner.finish_and_clear();
    }
    if args.json {
        return output::json(&rows);
    }
    let mut table =
        Table::new(["work", "plazo", "beside it"], [Column::text(16), Column::WHOLE, Column::text(16).leaves(1)]);
    for row in &rows {
        table.add_row([row.work, row.figure.as_str(), row.beside.as_str()]);
    }
    output::line(&table.to_string())?;
    output::line(&styled(DIM, "Shared machines are noisy: trust ratios of one run, not figures of two."))?;
    Ok(Exit::Done)
}
