//! `plazo ingest-email`: a raw mail from a mail server's pipe.
//!
//! The daemon reads it, so that a pipe needs neither `sla.toml` nor a token. Whatever is wrong with plazo itself ends with 75
//! (EX_TEMPFAIL): the mail server keeps the mail and tries again, and no client gets it back.

use std::io::Read as _;

use anyhow::Context as _;

use super::client::{Client, Refused};
use super::list::encoded;
use super::{Exit, Global, Outcome, output, real_time};
use crate::both;
use crate::http::LARGEST_MAIL;
use crate::intake::email::{self, House};
use crate::text::printable::printable;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Addresses and `@domains` that are the house's own, besides the people of sla.toml
    #[arg(long, value_name = "ADDRESS")]
    own: Vec<String>,
    /// Mail servers whose word counts on who wrote a mail, as they name themselves in Authentication-Results
    #[arg(long, value_name = "SERVER")]
    trusts: Vec<String>,
    /// Everything that comes here was sent by the house
    #[arg(long)]
    sent: bool,
    /// Print the event instead of sending it
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(global: &Global, args: &Args) -> Outcome {
    let mut raw = Vec::new();
    let mut input = std::io::stdin();
    let read = input.by_ref().take(LARGEST_MAIL as u64).read_to_end(&mut raw).with_context(|| {
        global.language().of(both!("cannot read standard input", "no se puede leer la entrada estándar"))
    });
    if args.dry_run {
        read?;
        return dry_run(global, args, &raw);
    }
    let sent = async {
        read?;
        // A mail server may take a pipe that is not read to its end for one that failed.
        std::io::copy(&mut input, &mut std::io::sink()).ok();
        Client::writing(global)?.post_raw(&path(args), raw).await
    };
    match sent.await {
        Ok(answer) => {
            // It is taken, whether anybody reads that or not.
            output::json(&answer).ok();
            Ok(Exit::Done)
        }
        // It is no mail, and trying again would not make it one.
        Err(error) if error.downcast_ref::<Refused>().is_some_and(|refused| refused.code == "no_email") => {
            eprintln!("plazo: {}", printable(&format!("{error:#}")));
            Ok(Exit::Refused)
        }
        Err(error) => {
            eprintln!("plazo: {}", printable(&format!("{error:#}")));
            Ok(Exit::TryLater)
        }
    }
}

fn path(args: &Args) -> String {
    let own = args.own.iter().map(|own| format!("own={}", encoded(own)));
    let trusts = args.trusts.iter().map(|server| format!("trusts={}", encoded(server)));
    let sent = args.sent.then(|| "sent=true".to_owned());
    format!("/v1/mail?{}", own.chain(trusts).chain(sent).collect::<Vec<_>>().join("&"))
}

fn dry_run(global: &Global, args: &Args, raw: &[u8]) -> Outcome {
    let config = global.load().ok_or_else(|| {
        let file = global.config.display();
        global.error(both!("{file} cannot be used; see plazo check", "{file} no se puede usar; vea plazo check"))
    })?;
    let lower = |words: &[String]| words.iter().map(|word| word.to_lowercase()).collect::<Vec<_>>();
    let (own, trusts) = (lower(&args.own), lower(&args.trusts));
    let is_own = |address: &str| {
        let address = address.to_lowercase();
        config.rulebook.directory.person(&address).is_some()
            || own.iter().any(|own| address == *own || own.starts_with('@') && address.ends_with(own.as_str()))
            || config.mailboxes.values().any(|mailbox| mailbox.is_own(&address))
    };
    let house = House {
        is_own: &is_own,
        trusts: &trusts,
        is_sent: args.sent,
        folder: None,
        received_at: None,
        now: real_time().now(),
    };
    let event = email::read(raw, &house)?;
    let mut json = crate::intake::json::write(&event);
    json["proof"] = serde_json::to_value(&event.proof)?;
    output::json(&json)
}
