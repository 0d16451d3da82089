//! `directory`: files beside `sla.toml` that say who is who, CSV or JSON.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::people::People;
use crate::both;
use crate::config::mistake::{self, Mistakes};
use crate::config::raw::Raw;
use crate::config::{AttachedFile, attachment};
use crate::text::Both;

/// Lines beyond these with mistakes are not named.
const MOST_LINES: usize = 10;
/// Columns, in both languages.
const COLUMNS: [&str; 13] = [
    "address",
    "direccion",
    "dirección",
    "person",
    "persona",
    "customer",
    "cliente",
    "name",
    "nombre",
    "team",
    "equipo",
    "priority",
    "prioridad",
];

/// One line: an address, number or user id, and whose it is. Keys in Spanish are as good.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(alias = "direccion", alias = "dirección")]
    address: String,
    /// Key of a person of `sla.toml`.
    #[serde(default, alias = "persona")]
    person: Option<String>,
    /// Key of a client, of `sla.toml` or made here.
    #[serde(default, alias = "cliente")]
    customer: Option<String>,
    /// Name of the client as people write it.
    #[serde(default, alias = "nombre")]
    name: Option<String>,
    /// Key of a team of `sla.toml` to which the person belongs.
    #[serde(default, alias = "equipo")]
    team: Option<String>,
    /// Priority of the client's requests.
    #[serde(default, alias = "prioridad")]
    priority: Option<String>,
}

/// Reads the files and adds what they say.
pub(super) fn resolve(
    raw: &Raw,
    folder: &Path,
    people: &mut People,
    attachments: &mut Vec<AttachedFile>,
    mistakes: &mut Mistakes,
) {
    for file in &raw.directory {
        let (text, attached) = match attachment::read(folder, file) {
            Ok(read) => read,
            Err((cause, remedy)) => {
                mistakes.error(file.span(), cause, remedy);
                continue;
            }
        };
        attachments.push(attached);
        let extension = Path::new(file.as_str()).extension().and_then(|extension| extension.to_str());
        let entries = match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("csv") => of_csv(&text),
            Some("json") => of_json(&text),
            _ => {
                mistakes.error(
                    file.span(),
                    both!("neither .csv nor .json", "ni .csv ni .json"),
                    both!("name a CSV or JSON file", "indique un archivo CSV o JSON"),
                );
                continue;
            }
        };
        let mut owners = BTreeMap::new();
        let taken = entries.into_iter().map(|(line, entry)| {
            let added = entry.and_then(|entry| add(entry, people, &mut owners));
            added.map_err(|(cause, remedy)| (line, cause, remedy))
        });
        let mut wrong = taken.filter_map(Result::err);
        if let Some((line, Both { en, es }, remedy)) = wrong.next() {
            let (span, file) = (file.span(), file.as_str());
            let others: Vec<_> = wrong.map(|(line, ..)| line.to_string()).take(MOST_LINES).collect();
            let (also, tambien) = match others.is_empty() {
                true => (String::new(), String::new()),
                false => {
                    (format!(" (wrong too: {})", others.join(", ")), format!(" (también mal: {})", others.join(", ")))
                }
            };
            mistakes.error(
                span,
                both!("{file}, line {line}: {en}{also}", "{file}, línea {line}: {es}{tambien}"),
                remedy,
            );
        }
    }
}

type Problem = (Both, Both);
type Line = (u64, Result<Entry, Problem>);

fn of_csv(text: &str) -> Vec<Line> {
    // Spreadsheets of countries that write 1,5 put semicolons between columns.
    let head = text.lines().next().unwrap_or_default();
    let separator = if head.contains(';') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .trim(csv::Trim::All)
        .flexible(false)
        .from_reader(text.as_bytes());
    let headers = match reader.headers() {
        Ok(headers) => headers.iter().map(str::to_lowercase).collect::<csv::StringRecord>(),
        Err(error) => return vec![(1, Err(unreadable(&error)))],
    };
    if let Some(column) = headers.iter().find(|column| !COLUMNS.contains(column)) {
        let cause = both!("unknown column `{column}`", "columna desconocida `{column}`");
        return vec![(1, Err((cause, columns())))];
    }
    let lines = reader.records().map(|record| {
        let line = |error: &csv::Error| error.position().map_or(1, csv::Position::line);
        let record = record.map_err(|error| (line(&error), unreadable(&error)))?;
        let at = record.position().map_or(1, csv::Position::line);
        let entry: Entry = record.deserialize(Some(&headers)).map_err(|error| (at, unreadable(&error)))?;
        Ok((at, entry))
    });
    lines
        .map(|line| match line {
            Ok((at, entry)) => (at, Ok(entry)),
            Err((at, problem)) => (at, Err(problem)),
        })
        .collect()
}

fn of_json(text: &str) -> Vec<Line> {
    match serde_json::from_str::<Vec<Entry>>(text) {
        // JSON tells no lines once it is read: entries are counted.
        Ok(entries) => (1..).zip(entries.into_iter().map(Ok)).collect(),
        Err(error) => vec![(u64::try_from(error.line()).unwrap_or(0), Err(unreadable(&error)))],
    }
}

fn unreadable(error: &dyn std::fmt::Display) -> Problem {
    let error = error.to_string();
    // The list of all columns follows as the remedy.
    let error = error.split(", expected one of").next().unwrap_or_default();
    (both!("{error}", "no se puede leer: {error}"), columns())
}

fn columns() -> Both {
    both!(
        "columns are address, then person or customer, and if you like name, team, priority",
        "las columnas son direccion, luego persona o cliente, y si se quiere nombre, equipo, prioridad"
    )
}

/// Adds an entry; `owners` says whose each address of this file is.
fn add(entry: Entry, people: &mut People, owners: &mut BTreeMap<String, String>) -> Result<(), Problem> {
    let given = |word: Option<String>| word.filter(|word| !word.trim().is_empty());
    let address = entry.address;
    if address.trim().is_empty() {
        return Err((
            both!("the address is empty", "la dirección está vacía"),
            both!("write it, or remove the line", "escríbala o quite la línea"),
        ));
    }
    let (person, customer) = (given(entry.person), given(entry.customer));
    let owner = match (&person, &customer) {
        (Some(key), None) | (None, Some(key)) => key.clone(),
        _ => {
            return Err((
                both!("it must be either a person's or a customer's", "debe ser de una persona o de un cliente"),
                both!("fill one of the two columns", "llene una de las dos columnas"),
            ));
        }
    };
    if let Some(other) = owners.insert(address.to_lowercase(), owner.clone()).filter(|other| *other != owner) {
        return Err((
            both!("this address is also `{other}`'s", "esta dirección es también de `{other}`"),
            both!("keep one of the two lines", "deje una de las dos líneas"),
        ));
    }
    if let Some(key) = customer {
        people.add_to_customer(&key, address, given(entry.name), given(entry.priority));
        return Ok(());
    }
    let unknown = |en: &str, es: &str, key: &str, known: Vec<&str>| {
        (both!("{en} `{key}`", "{es} `{key}`"), mistake::suggestion(key, known))
    };
    if !people.add_to_person(&owner, address) {
        return Err(unknown("unknown person", "persona desconocida", &owner, people.person_keys()));
    }
    match given(entry.team) {
        Some(team) if !people.add_to_team(&team, &owner) => {
            Err(unknown("unknown team", "equipo desconocido", &team, people.team_keys()))
        }
        _ => Ok(()),
    }
}
