//! `plazo doctor`: whether all is well, from the file to the public address. Nothing is changed by it, and nobody is sent anything.
//!
//! Each file here has the looks of a group. They run beside one another, each for a bounded time; what speaks with a mail server or a
//! chat lives with the transport (`notify::probe`), and with the mailbox (`intake::mailbox::probe`).

mod address;
mod clock;
mod daemon;
mod destinations;
mod doors;
mod file;
mod finding;
mod house;
mod mailboxes;
mod proofs;
mod secrets;
mod show;
mod store;
mod unit;

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::timeout;

use super::{Exit, Global, Outcome, runtime};
use crate::both;
use crate::text::Both;
use finding::{Check, Finding, State, Subject};
use house::House;

/// How long one look may take.
const PATIENCE: Duration = Duration::from_secs(10);
const TICK: Duration = Duration::from_millis(100);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Exit code 1 if something does not work, or lets in whom it should not.
pub(super) fn run(global: &Global, args: &Args) -> Outcome {
    let runtime = runtime()?;
    let (house, findings) = runtime.block_on(async {
        let house = Arc::new(House::look(global).await);
        let findings = all(&house).await;
        (house, findings)
    });
    // A name that is still looked up, or a store that is still read, is not waited for.
    runtime.shutdown_background();
    if args.json {
        show::json(&findings, house.language)?;
    } else {
        show::lines(&findings, house.language)?;
    }
    let has_failed = findings.iter().any(|finding| finding.state == State::Fail);
    Ok(if has_failed { Exit::Found } else { Exit::Done })
}

/// Runs every look, and puts what they found into the order of the groups.
async fn all(house: &Arc<House>) -> Vec<Finding> {
    let checks: Vec<Check> = [
        file::checks,
        secrets::checks,
        destinations::checks,
        address::checks,
        mailboxes::checks,
        store::checks,
        daemon::checks,
        doors::checks,
        proofs::checks,
    ]
    .into_iter()
    .flat_map(|checks| checks(house))
    .collect();
    let bar = bar(checks.len(), house);
    let mut running: FuturesUnordered<_> =
        checks.into_iter().enumerate().map(|(place, check)| async move { (place, bounded(check).await) }).collect();
    let mut found = Vec::new();
    while let Some(one) = running.next().await {
        bar.inc(1);
        found.push(one);
    }
    bar.finish_and_clear();
    found.sort_by_key(|(place, _)| *place);
    let mut findings: Vec<Finding> = found.into_iter().map(|(_, finding)| finding).collect();
    findings.push(clock::check(house));
    findings.sort_by_key(|finding| finding.group);
    findings
}

async fn bounded(check: Check) -> Finding {
    timeout(PATIENCE, check.work).await.unwrap_or_else(|_| late(check.subject))
}

fn late(subject: Subject) -> Finding {
    let seconds = PATIENCE.as_secs();
    if subject.is_of_this_machine() {
        return subject.skipped_until(
            both!("not done within {seconds} s", "no terminó en {seconds} s"),
            both!("plazo verify takes the time that it needs", "plazo verify se toma el tiempo que necesite"),
        );
    }
    subject.fail(
        both!("no answer within {seconds} s", "sin respuesta en {seconds} s"),
        both!(
            "see host and port in the file, and firewalls between, which drop what they do not let through",
            "revise host y puerto en el archivo, y los cortafuegos de por medio, que callan lo que no dejan pasar"
        ),
    )
}

fn bar(n: usize, house: &House) -> ProgressBar {
    let bar = ProgressBar::new(n as u64);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {pos}/{len}") {
        bar.set_style(style);
    }
    bar.set_message(house.language.of(Both { en: "looking …", es: "mirando …" }));
    bar.enable_steady_tick(TICK);
    bar
}
