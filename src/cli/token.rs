//! `plazo token`: made and revoked in the store itself, beside a running daemon or without one.

use anyhow::{Context as _, bail};
use clap::Subcommand;

use super::output;
use super::{Exit, Global, Outcome, real_time};
use crate::app::token::{self, Scope};
use crate::store::Store;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a token; it is printed once, on the last line
    Create {
        /// Its name
        #[arg(long)]
        name: String,
        /// What it allows: ingest, read, operate, separated by commas
        #[arg(long, value_delimiter = ',', required = true, value_parser = scope)]
        scope: Vec<Scope>,
    },
    /// List tokens
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Take a token back
    Revoke {
        /// Its name
        name: String,
    },
}

fn scope(word: &str) -> Result<Scope, String> {
    Scope::from_word(word).ok_or_else(|| format!("`{word}` is no scope; there are ingest, read and operate"))
}

pub(super) fn run(global: &Global, args: &Args) -> Outcome {
    let directory = global.data();
    std::fs::create_dir_all(&directory)
        .with_context(|| format!("cannot make the data directory {}", directory.display()))?;
    let store = Store::open(&directory)?;
    match &args.command {
        Command::Create { name, scope } => {
            if store.tokens()?.iter().any(|known| known.name == *name) {
                bail!("there is a token named `{name}` already; revoke it first: plazo token revoke {name}");
            }
            let token = token::create(&store, name, scope, real_time().now())?;
            eprintln!("Keep it now: it is shown this once. From now on every call needs a token.");
            output::line(token.expose())?;
        }
        Command::List { json: true } => {
            let rows = store.tokens()?;
            let rows: Vec<_> = rows
                .iter()
                .map(|row| serde_json::json!({ "name": row.name, "scopes": row.scopes, "created_at": row.created_at }))
                .collect();
            output::json(&rows)?;
        }
        Command::List { json: false } => {
            let mut table = output::table(&["name", "scopes", "created"]);
            for row in store.tokens()? {
                table.add_row([row.name, row.scopes, row.created_at.to_rfc3339()]);
            }
            output::line(&table.to_string())?;
        }
        Command::Revoke { name } if store.revoke_token(name)? => output::line(&format!("`{name}` is revoked"))?,
        Command::Revoke { name } => bail!("there is no token named `{name}`"),
    }
    Ok(Exit::Done)
}
