//! The register of escalations (D11), and tables for spreadsheets.

use super::printable::printable;
use crate::engine::request_id::RequestId;
use chrono::{DateTime, Utc};
use serde::Serialize;

/// An entry of the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegisterEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// The request.
    #[serde(serialize_with = "as_text")]
    pub request: RequestId,
    /// `escalate`, or the rule that was broken.
    pub what: String,
    /// Why, or what was found.
    pub why: String,
    /// Who did it.
    pub who: Option<String>,
    /// The channel.
    pub channel: String,
    /// The client.
    pub client: Option<String>,
    /// What it is about.
    pub subject: Option<String>,
    /// Whoever owns it.
    pub owner: Option<String>,
    /// `open`, `waiting`, `closed` or `merged`.
    pub state: &'static str,
}

fn as_text<S: serde::Serializer>(request: &RequestId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(request)
}

/// The register as CSV (RFC 4180), with a heading.
pub fn csv(rows: &[RegisterEntry]) -> String {
    let heading = ["at", "request", "what", "why", "who", "channel", "client", "subject", "owner", "state"];
    let cells = rows.iter().map(|row| {
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        vec![
            row.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
            row.request.to_string(),
            row.what.clone(),
            row.why.clone(),
            text(&row.who),
            row.channel.clone(),
            text(&row.client),
            text(&row.subject),
            text(&row.owner),
            row.state.to_owned(),
        ]
    });
    table(&heading, cells)
}

/// A table as CSV. What a spreadsheet would take for a formula is kept from being one.
pub(super) fn table(heading: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail.
    writer.write_record(heading).ok();
    for row in rows {
        writer.write_record(row.iter().map(|cell| harmless(cell))).ok();
    }
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

fn harmless(cell: &str) -> String {
    // Words such as `-inf` are numbers to a parser, and a formula to a spreadsheet.
    let is_number = cell.parse::<f64>().is_ok_and(f64::is_finite) && !cell.starts_with('+');
    let cell = printable(cell);
    let begins = cell.trim_start_matches([' ', '\n', '\t', '\r']);
    let is_formula =
        cell.starts_with(['\t', '\r', '\n']) || begins.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    if !is_number && is_formula { format!("'{cell}") } else { cell.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_a_spreadsheet_would_compute_is_text() {
        let rows = [vec!["=HYPERLINK(\"x\")".to_owned(), "-5".to_owned(), "Peña, Ana".to_owned()]];
        assert_eq!(table(&["a", "b", "c"], rows.into_iter()), "a,b,c\n\"'=HYPERLINK(\"\"x\"\")\",-5,\"Peña, Ana\"\n");
    }
}
