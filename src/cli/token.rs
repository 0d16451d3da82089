//! `plazo token`: made and revoked in the store itself, beside a running daemon or without one.

use clap::Subcommand;

use super::help::Said;
use super::output::{self, Column, Table};
use super::{Exit, Global, Outcome, real_time};
use crate::app::token::{self, Binding, NewToken, Scope};
use crate::intake::json;
use crate::store::Store;
use crate::store::admin::TokenRow;
use crate::text::Both;
use crate::{both, private, span};

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
        /// What it allows: ingest (tell what happened), read, operate (act), separated by commas
        #[arg(long, value_delimiter = ',', required = true, value_parser = scope)]
        scope: Vec<Scope>,
        /// The source that its events bear, whatever they say [default: its name]
        #[arg(long, value_name = "NAME")]
        source: Option<String>,
        /// The only types of events that it may tell, such as message,open
        #[arg(long, value_delimiter = ',', value_name = "TYPE", value_parser = type_name)]
        types: Vec<String>,
        /// The channel that its events bear
        #[arg(long, value_name = "CHANNEL")]
        channel: Option<String>,
        /// How long it works, such as 90d; for ever where it is left out
        #[arg(long, value_name = "SPAN", value_parser = lifetime)]
        expires: Option<std::time::Duration>,
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

fn scope(word: &str) -> Result<Scope, Said> {
    Scope::from_word(word).ok_or_else(|| {
        Said(both!(
            "`{word}` is no scope; there are ingest, read and operate",
            "«{word}» no es un alcance; hay ingest, read y operate"
        ))
    })
}

fn type_name(word: &str) -> Result<String, Said> {
    json::check_type(word).map(|()| word.to_owned()).map_err(|error| Said(error.problem))
}

/// How long a token works. Unlike a promise's day, one of a token is always 24 hours, so `90d` is plain.
fn lifetime(word: &str) -> Result<std::time::Duration, Said> {
    let days = word.strip_suffix('d').and_then(|days| days.trim().parse::<u32>().ok());
    let in_hours = days.map(|days| format!("{}h", u64::from(days) * 24));
    span::duration(in_hours.as_deref().unwrap_or(word)).map_err(Said)
}

/// Refuses a source whose ids are plazo's own, or another's.
fn check_source(source: &str, global: &Global) -> anyhow::Result<()> {
    let is_taken = match global.load() {
        Some(config) => token::is_reserved(source, &config),
        None => token::OWN_SOURCES.contains(&source),
    };
    if is_taken {
        let file = global.config.display();
        return Err(global.error(both!(
            "`{source}` is the name of plazo's own events, or of a source or mailbox of {file}: with it a token could take the ids of another. Give it another name: --source",
            "«{source}» es el nombre de los eventos propios de plazo, o de una fuente o un buzón de {file}: con él un token podría tomar identificadores ajenos. Póngale otro nombre: --source"
        )));
    }
    Ok(())
}

/// The store, for writing; it is made where there is none, so that a token can be made before the daemon runs.
fn writer(global: &Global) -> anyhow::Result<Store> {
    let directory = global.data();
    private::make_directory(&directory).map_err(|error| {
        let directory = directory.display();
        global.error(both!(
            "cannot make the data directory {directory}: {error}",
            "no se puede crear el directorio de datos {directory}: {error}"
        ))
    })?;
    Ok(global.place()?.open()?)
}

/// The tokens that there are. Looking changes nothing: where there is no store, there are none.
fn known(global: &Global) -> anyhow::Result<Vec<TokenRow>> {
    let place = global.place()?;
    if !place.may_exist() {
        return Ok(Vec::new());
    }
    let store = place.open_reader().map_err(|error| global.error(error.told()))?;
    Ok(store.tokens()?)
}

/// Their names, for a shell.
pub(super) fn names(global: &Global) -> anyhow::Result<Vec<String>> {
    Ok(known(global)?.into_iter().map(|token| token.name).collect())
}

pub(super) fn run(global: &Global, args: &Args) -> Outcome {
    match &args.command {
        Command::Create { name, scope, source, types, channel, expires } => {
            let now = real_time().now();
            let binding = Binding {
                source: source.clone().unwrap_or_else(|| name.clone()),
                types: types.clone(),
                channel: channel.as_ref().map(|channel| channel.to_lowercase()),
            };
            check_source(&binding.source, global)?;
            let store = writer(global)?;
            let expires_at = expires.map(|span| now + span);
            if store.tokens()?.iter().any(|known| known.name == *name) {
                return Err(global.error(both!(
                    "there is a token named `{name}` already; revoke it first: plazo token revoke {name}",
                    "ya hay un token «{name}»; revóquelo antes: plazo token revoke {name}"
                )));
            }
            let new = NewToken { name, scopes: scope, binding: &binding, expires_at };
            let open = store.begin()?;
            let token = token::create(open.writing(), &new, now)?;
            open.commit()?;
            eprintln!(
                "{}",
                global.language().of(Both {
                    en: "Keep it now: it is shown this once. From now on every call needs a token.",
                    es: "Guárdelo ahora: solo se muestra esta vez. Desde ahora cada llamada necesita un token.",
                })
            );
            output::line(token.expose())?;
        }
        Command::List { json: true } => {
            let rows = known(global)?;
            let rows: Vec<_> = rows
                .iter()
                .map(|row| {
                    serde_json::json!({
                        "name": row.name, "scopes": row.scopes, "source": row.source, "types": row.types,
                        "channel": row.channel, "created_at": row.created_at, "expires_at": row.expires_at,
                        "used_at": row.used_at,
                    })
                })
                .collect();
            output::json(&rows)?;
        }
        Command::List { json: false } => {
            let look = global.look();
            let language = look.language;
            let rows = known(global)?;
            if rows.is_empty() {
                output::line(language.of(Both {
                    en: "there are no tokens: this machine's own users come by the socket",
                    es: "no hay tokens: los usuarios de esta máquina entran por el socket",
                }))?;
                return Ok(Exit::Done);
            }
            let [name, scopes, source, only, created, expires, used] = language.of(Both {
                en: ["name", "scopes", "source", "only", "created", "expires", "last used"],
                es: ["nombre", "alcances", "fuente", "solo", "creado", "vence", "último uso"],
            });
            let expires = look.of_zone(expires);
            let mut table = Table::new(
                [name, scopes, source, only, created, &expires, used],
                [
                    Column::text(10),
                    Column::text(10),
                    Column::text(8).leaves(2),
                    Column::text(8),
                    Column::WHOLE.leaves(1),
                    Column::WHOLE,
                    Column::WHOLE,
                ],
            );
            let at = |at: Option<chrono::DateTime<chrono::Utc>>, none: Both<&'static str>| {
                at.map_or_else(|| language.of(none).to_owned(), |at| look.when(&serde_json::json!(at)))
            };
            for row in rows {
                let only = [Some(row.types).filter(|types| !types.is_empty()), row.channel];
                table.add_row([
                    row.name,
                    row.scopes,
                    row.source,
                    only.into_iter().flatten().collect::<Vec<_>>().join(", "),
                    at(Some(row.created_at), Both { en: "", es: "" }),
                    at(row.expires_at, Both { en: "never", es: "nunca" }),
                    at(row.used_at, Both { en: "never", es: "nunca" }),
                ]);
            }
            output::line(&table.to_string())?;
        }
        Command::Revoke { name } => {
            if !known(global)?.iter().any(|token| token.name == *name) {
                return Err(global.error(both!("there is no token named `{name}`", "no hay ningún token «{name}»")));
            }
            let store = writer(global)?;
            let open = store.begin()?;
            open.writing().revoke_token(name)?;
            open.commit()?;
            output::line(&global.language().of(both!("`{name}` is revoked", "«{name}» quedó revocado")))?;
            if store.tokens()?.is_empty() {
                eprintln!(
                    "{}",
                    global.language().of(Both {
                        en: "No token is left: this machine's own users come by the socket, nobody else at all.",
                        es: "No queda ningún token: entran solo los usuarios de esta máquina, por el socket.",
                    })
                );
            }
        }
    }
    Ok(Exit::Done)
}
