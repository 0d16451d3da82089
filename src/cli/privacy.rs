//! `plazo erase`, `plazo export` and `plazo hold`: who is forgotten, what is kept of whom, and what may not go.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use anyhow::anyhow;
use serde_json::{Value, json};

use super::client::Client;
use super::output::{self, Column, DIM, GREEN, RED, Table, YELLOW, styled};
use super::{Exit, Global, Outcome};
use crate::text::{Both, Language, REQUESTS};
use crate::{both, private};

/// Requests that are named; `--json` has them all.
const MOST_NAMED: usize = 12;

#[derive(Debug, clap::Args)]
pub(super) struct EraseArgs {
    /// A client: the address, number, key or name of whoever it is, each by a --client of its own
    #[arg(long)]
    client: Vec<String>,
    /// A person of the house, by key or address
    #[arg(long, conflicts_with = "client")]
    person: Vec<String>,
    /// One request, such as R-17
    #[arg(long, conflicts_with_all = ["client", "person"])]
    request: Vec<String>,
    /// Who asks for it
    #[arg(long)]
    by: Option<String>,
    /// Only say whose and what would be forgotten
    #[arg(long, conflicts_with = "list")]
    dry_run: bool,
    /// Do not ask whether it is meant
    #[arg(long)]
    yes: bool,
    /// What was erased so far, instead
    #[arg(long, conflicts_with_all = ["client", "person", "request"])]
    list: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct ExportArgs {
    /// The client: address, number, key or name
    #[arg(long, required_unless_present = "request")]
    client: Option<String>,
    /// Or one request, such as R-17
    #[arg(long)]
    request: Option<String>,
    /// A file instead of standard output, for its owner alone
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct HoldArgs {
    /// The request, such as R-17 [default: list what is held]
    request: Option<String>,
    /// Why
    #[arg(long, conflicts_with = "release")]
    why: Option<String>,
    /// Who says so
    #[arg(long)]
    by: Option<String>,
    /// End it
    #[arg(long, requires = "request")]
    release: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn erase(global: &Global, args: &EraseArgs) -> Outcome {
    let operating = Client::operating(global)?;
    let client = &operating.client;
    let language = global.look_of(client).await.language;
    if args.list {
        let answer = client.get("/v1/erasures").await?;
        if args.json {
            return output::json(&answer);
        }
        return list(&answer, global, client).await;
    }
    let (kind, words) = match (&args.client[..], &args.person[..], &args.request[..]) {
        ([], [], []) => {
            return Err(anyhow!(language.of(Both {
                en: "say who: --client rosa@cliente.example, --person laura, or --request R-17",
                es: "diga a quién: --client rosa@cliente.example, --person laura, o --request R-17",
            })));
        }
        (client, [], []) => ("client", client),
        ([], person, _) if !person.is_empty() => ("person", person),
        (_, _, request) => ("request", request),
    };
    let order = |dry_run: bool| json!({"kind": kind, "words": words, "by": args.by, "dry_run": dry_run});
    if args.dry_run {
        let answer = client.post("/v1/erase", &order(true)).await?;
        if args.json {
            return output::json(&answer);
        }
        preview(&answer, language)?;
        return Ok(Exit::Done);
    }
    if !args.yes && std::io::stdin().is_terminal() {
        preview(&client.post("/v1/erase", &order(true)).await?, language)?;
    }
    if !args.yes && !confirmed(words, language)? {
        return Err(anyhow!(language.of(Both { en: "nothing was changed", es: "no se cambió nada" })));
    }
    let answer = client.post("/v1/erase", &order(false)).await?;
    let is_gone = answer["found"] == 0;
    if args.json {
        output::json(&answer)?;
    } else {
        tell(&answer, language)?;
    }
    Ok(if is_gone { Exit::Done } else { Exit::Found })
}

/// Asks whoever sits before the terminal. A script says --yes.
fn confirmed(words: &[String], language: Language) -> anyhow::Result<bool> {
    let words = words.join(", ");
    if !std::io::stdin().is_terminal() {
        return Err(anyhow!(language.of(both!(
            "this cannot be undone; say --yes if {words} is to be forgotten",
            "esto no se puede deshacer; ponga --yes si hay que olvidar a {words}"
        ))));
    }
    let ask = language.of(both!(
        "{words} will be forgotten everywhere; it cannot be undone. Type yes to go on: ",
        "Se olvidará a {words} en todas partes; no se puede deshacer. Escriba sí para seguir: "
    ));
    anstream::eprint!("{ask}");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(["yes", "sí", "si"].contains(&answer.trim().to_lowercase().as_str()))
}

fn named(value: &Value) -> String {
    let ids: Vec<_> = value.as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
    let mut named: Vec<_> = ids.iter().take(MOST_NAMED).map(|id| format!("R-{id}")).collect();
    if MOST_NAMED < ids.len() {
        named.push(format!("+{}", ids.len() - MOST_NAMED));
    }
    named.join(" ")
}

/// Whose and what would go.
fn preview(answer: &Value, language: Language) -> anyhow::Result<()> {
    let (requests, mentions) = (named(&answer["requests"]), named(&answer["mentioned_in"]));
    if !requests.is_empty() {
        output::line(&language.of(both!(
            "of {requests} nothing would be kept but what happened when",
            "de {requests} solo quedaría qué pasó y cuándo"
        )))?;
    }
    if !mentions.is_empty() {
        output::line(&language.of(both!(
            "mentioned in {mentions}: would be gone there, too",
            "mencionado en {mentions}: tampoco quedaría ahí"
        )))?;
    }
    if requests.is_empty() && mentions.is_empty() {
        output::line(&language.of(both!("no request has them", "ninguna solicitud los tiene")))?;
    }
    Ok(())
}

fn tell(answer: &Value, language: Language) -> anyhow::Result<()> {
    let n = |field: &str| answer[field].as_u64().unwrap_or_default();
    let (id, requests, mentions) = (n("id"), named(&answer["requests"]), named(&answer["mentioned_in"]));
    let (messages, put_aside, files, searched, found) =
        (n("messages"), n("put_aside"), n("files"), n("searched"), n("found"));
    let line = |text: Both| output::line(&language.of(text));
    output::line(&styled(GREEN, language.of(both!("forgotten; receipt {id}", "olvidado; recibo {id}"))))?;
    if !requests.is_empty() {
        line(both!(
            "  of {requests} nothing is kept but what happened when",
            "  de {requests} solo queda qué pasó y cuándo"
        ))?;
    }
    if !mentions.is_empty() {
        line(both!("  mentioned in {mentions}: gone there, too", "  mencionado en {mentions}: tampoco queda ahí"))?;
    }
    line(both!(
        "  {messages} messages rewritten, {put_aside} waiting pieces and {files} files deleted",
        "  {messages} mensajes reescritos, {put_aside} piezas en espera y {files} archivos borrados"
    ))?;
    if answer["rewritten"] == true {
        line(both!("  the whole file was written anew", "  se reescribió el archivo entero"))?;
    }
    if found == 0 {
        let text = both!(
            "  the bytes of the store and its log were searched for {searched} words: none is left",
            "  se buscaron {searched} palabras en los bytes de la base y de su registro: no queda ninguna"
        );
        output::line(&styled(GREEN, language.of(text)))?;
    } else {
        let text = both!(
            "  {found} places of the file still hold one of {searched} words: in sla.toml and its revisions, in the note of a silence, or in what another request says. Look there; what is gone by then is overwritten when plazo is stopped and the same is run again",
            "  {found} lugares del archivo aún tienen una de {searched} palabras: en sla.toml y sus revisiones, en la nota de un silencio o en lo que dice otra solicitud. Mírelo ahí; lo que ya no esté se sobrescribe al detener plazo y repetir lo mismo"
        );
        output::line(&styled(RED, language.of(text)))?;
    }
    for name in answer["kept_in"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let text = both!(
            "  {name}, the store that was kept when another took its place, still has them: delete it in the data directory once nobody needs it",
            "  {name}, la base que se guardó cuando otra tomó su lugar, aún los tiene: bórrela en el directorio de datos cuando nadie la necesite"
        );
        output::line(&styled(YELLOW, language.of(text)))?;
    }
    if answer["in_file"] == true {
        let text = both!(
            "  sla.toml names them still: change it there; copies made by plazo backup keep what they had",
            "  sla.toml aún los nombra: cámbielo ahí; las copias de plazo backup guardan lo que tenían"
        );
        return output::line(&styled(YELLOW, language.of(text)));
    }
    let copies = both!(
        "  copies that were made by plazo backup keep what they had",
        "  las copias hechas con plazo backup guardan lo que tenían"
    );
    output::line(&styled(DIM, language.of(copies)))
}

async fn list(answer: &Value, global: &Global, client: &Client) -> Outcome {
    let look = global.look_of(client).await;
    let mut table = Table::new(
        look.language.of(Both {
            en: ["receipt", "when", "kind", "asked by", "requests"],
            es: ["recibo", "cuándo", "qué", "lo pidió", "solicitudes"],
        }),
        [Column::NUMBER, Column::WHOLE, Column::WHOLE, Column::text(8), Column::text(12)],
    );
    for row in answer["erasures"].as_array().into_iter().flatten() {
        let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
        let at = look.when(&row["at"]);
        let id = row["id"].as_u64().unwrap_or_default().to_string();
        table.add_row([id, at, text("kind"), text("who"), named(&row["receipt"]["requests"])]);
    }
    output::line(&table.to_string())?;
    Ok(Exit::Done)
}

pub(super) async fn export(global: &Global, args: &ExportArgs) -> Outcome {
    let operating = Client::operating(global)?;
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, word) in [("client", &args.client), ("request", &args.request)] {
        if let Some(word) = word {
            query.append_pair(name, word);
        }
    }
    let answer = operating.client.get(&format!("/v1/export?{}", query.finish())).await?;
    let Some(path) = &args.out else { return output::json(&answer) };
    let mut file = private::open(path)?;
    file.set_len(0)?;
    writeln!(file, "{}", serde_json::to_string_pretty(&answer)?)?;
    file.sync_all()?;
    let n = answer["requests"].as_array().map_or(0, Vec::len);
    let (language, path) = (global.language(), path.display());
    let requests = language.of(REQUESTS.counted(n));
    output::line(&styled(GREEN, language.of(both!("{requests} in {path}", "{requests} en {path}"))))?;
    Ok(Exit::Done)
}

pub(super) async fn hold(global: &Global, args: &HoldArgs) -> Outcome {
    let operating = Client::operating(global)?;
    let client = &operating.client;
    let look = global.look_of(client).await;
    let Some(request) = &args.request else {
        let answer = client.get("/v1/holds").await?;
        if args.json {
            return output::json(&answer);
        }
        let mut table = Table::new(
            look.language
                .of(Both { en: ["request", "since", "by", "why"], es: ["solicitud", "desde", "quién", "por qué"] }),
            [Column::WHOLE, Column::WHOLE, Column::text(8), Column::text(16)],
        );
        for row in answer["holds"].as_array().into_iter().flatten() {
            let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
            let at = look.when(&row["at"]);
            let id = format!("R-{}", row["request"].as_i64().unwrap_or_default());
            table.add_row([id, at, text("who"), text("why")]);
        }
        output::line(&table.to_string())?;
        return Ok(Exit::Done);
    };
    let path = format!("/v1/requests/{request}/hold");
    if args.release {
        client.delete(&path).await?;
        output::line(&look.language.of(both!("{request} is no longer held", "{request} ya no está bajo reserva")))?;
        return Ok(Exit::Done);
    }
    if args.why.is_none() {
        return Err(global.error(both!(
            "say why {request} is held: --why \"…\" (or --release to end it)",
            "diga por qué se reserva {request}: --why «…» (o --release para terminarla)"
        )));
    }
    client.post(&path, &json!({"why": args.why, "by": args.by})).await?;
    let text = both!(
        "{request} is held: nothing of it is let go or erased until --release",
        "{request} está bajo reserva: no se borra nada de ella hasta --release"
    );
    output::line(&look.language.of(text))?;
    Ok(Exit::Done)
}
