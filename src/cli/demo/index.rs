//! The page that lists what the demo's receivers got.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::screen::Arrival;
use crate::both;
use crate::cli::help;
use crate::text::printable::printable_line;

const HEAD: &str = "<!doctype html><html lang=\"es\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
<title>plazo: lo que se recibió en la demostración</title><style>:root{color-scheme:light dark}\
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}td{padding:.2rem .8rem .2rem 0;vertical-align:top}\
</style><h1>Lo que se recibió</h1><table>";

/// Writes `index.html` with what arrived, in its order; returns where.
pub(super) fn write(out: &Path, arrivals: &[(String, Arrival)]) -> anyhow::Result<PathBuf> {
    let mut page = HEAD.to_owned();
    for (when, arrival) in arrivals {
        let safe = |text: &str| html_escape::encode_text(&printable_line(text)).into_owned();
        let subject = safe(&arrival.subject);
        let subject = match &arrival.page {
            Some(href) => format!("<a href=\"{}\">{subject}</a>", html_escape::encode_double_quoted_attribute(href)),
            None => subject,
        };
        write!(page, "<tr><td>{}<td>{}<td>{subject}", safe(when), safe(&arrival.to))?;
    }
    page += "</table>";
    let path = out.join("index.html");
    std::fs::write(&path, page).with_context(|| {
        let path = path.display();
        help::of_the_terminal().of(both!("cannot write {path}", "no se puede escribir {path}"))
    })?;
    Ok(path)
}
