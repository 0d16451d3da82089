//! Mailboxes: one connection a folder, which reads what is new, waits, and begins again where it ended after whatever happened.

use std::sync::Arc;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use super::sources::{backoff, note_failure, pause};
use crate::app::App;
use crate::config::Config;
use crate::intake::email::{self, House};
use crate::intake::mailbox::{Folder, Mail, MailboxError, MailboxSettings, Position};
use crate::intake::mapping::MappingFault;
use crate::intake::source::Facts;

/// Of a mail that cannot be read, so much is kept aside.
const MOST_KEPT: usize = 64 << 10;

/// Watches a folder until `stop`.
pub(super) async fn watch(
    app: App,
    mailbox: Arc<MailboxSettings>,
    folder: String,
    client: reqwest::Client,
    stop: CancellationToken,
) {
    let mut failures = 0;
    while !stop.is_cancelled() {
        let began = app.now();
        let ended = tokio::select! {
            ended = follow(&app, &mailbox, &folder, &client, &stop) => ended,
            () = stop.cancelled() => return,
        };
        let Err(error) = ended else { continue };
        // A connection that held for a while had nothing wrong with it; servers end them.
        failures = if app.now() - began < TimeDelta::minutes(5) { failures + 1 } else { 0 };
        if 1 < failures {
            note_failure(&app, &mailbox.name, &format!("folder {folder}: {error}")).await;
        }
        pause(app.time().real(backoff(failures)), &stop).await;
    }
}

/// Opens the folder, and reads and waits for as long as the connection holds.
async fn follow(
    app: &App,
    mailbox: &MailboxSettings,
    name: &str,
    client: &reqwest::Client,
    stop: &CancellationToken,
) -> Result<(), MailboxError> {
    let mut folder = mailbox.open(name, client, app.now()).await?;
    let (of, what) = (mailbox.name.clone(), name.to_owned());
    let kept = app.feeds.cursor(of, what).await;
    let kept = kept.map_err(|error| MailboxError::Unwritten(error.to_string()))?;
    let mut position = match kept.and_then(|text| serde_json::from_str::<Position>(&text).ok()) {
        Some(position) => position,
        // What lay there before plazo came was somebody else's care.
        None => keep(app, mailbox, name, Facts::default(), b"", folder.end(app.now())).await?,
    };
    app.feeds.source_reached(&mailbox.name).await.map_err(|error| MailboxError::Unwritten(error.to_string()))?;
    while !stop.is_cancelled() {
        position = read(app, mailbox, name, &mut folder, position).await?;
        folder.changed(stop).await?;
    }
    Ok(())
}

/// Reads what is new, in batches, and how far it came is written with each.
async fn read(
    app: &App,
    mailbox: &MailboxSettings,
    name: &str,
    folder: &mut Folder,
    mut position: Position,
) -> Result<Position, MailboxError> {
    let uids = folder.unread(&position).await?;
    for some in uids.chunks(folder.batch()) {
        let mails = folder.read(some).await?;
        let last = some.last().copied().unwrap_or(position.uid);
        let (mut facts, unread) = facts(&mails, mailbox, folder, &app.config(), app.now());
        let obeyed = app.obey_replies(&mut facts.events).await;
        obeyed.map_err(|error| MailboxError::Unwritten(error.to_string()))?;
        position = keep(app, mailbox, name, facts, &unread, folder.behind(last, app.now())).await?;
    }
    if uids.is_empty() {
        // The folder may be another of the same name, with nothing new in it.
        let end = folder.end(app.now());
        if end.validity != position.validity {
            position = keep(app, mailbox, name, Facts::default(), b"", end).await?;
        }
    }
    Ok(position)
}

async fn keep(
    app: &App,
    mailbox: &MailboxSettings,
    folder: &str,
    facts: Facts,
    payload: &[u8],
    position: Position,
) -> Result<Position, MailboxError> {
    let value = serde_json::to_string(&position).unwrap_or_default();
    let kept = app.feeds.take_page(&mailbox.name, facts, payload, Some((folder.to_owned(), value))).await;
    kept.map_err(|error| MailboxError::Unwritten(error.to_string()))?;
    Ok(position)
}

/// The events of mails, and the bytes of one that could not be read.
fn facts(
    mails: &[Mail],
    mailbox: &MailboxSettings,
    folder: &Folder,
    config: &Config,
    now: chrono::DateTime<chrono::Utc>,
) -> (Facts, Vec<u8>) {
    let directory = &config.rulebook.directory;
    let is_own = |address: &str| directory.person(address).is_some() || mailbox.is_own(&address.to_lowercase());
    let mut facts = Facts::default();
    let mut unread = Vec::new();
    for mail in mails {
        let house = House {
            is_own: &is_own,
            trusts: &mailbox.trusts,
            is_sent: folder.is_sent,
            folder: Some(&folder.name),
            received_at: mail.received_at,
            now,
        };
        match email::read(&mail.raw, &house) {
            Ok(mut event) => {
                event.about.inbox.clone_from(&mailbox.inbox);
                event.about.tags.clone_from(&mailbox.tags);
                facts.events.push((event, None));
            }
            Err(error) => {
                unread = mail.raw[..mail.raw.len().min(MOST_KEPT)].to_vec();
                facts.faults.push(MappingFault {
                    rule: "mail".to_owned(),
                    field: "headers".to_owned(),
                    expression: String::new(),
                    problem: error.words(),
                });
            }
        }
    }
    (facts, unread)
}
