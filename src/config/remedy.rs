//! What to write instead of a value of a wrong type.

use toml::de::DeValue;

use super::form::{Kind, Shape};
use super::mistake::quoted;
use crate::both;
use crate::text::Both;

/// The remedy for `found`, which is written as `text` and stands at `path`.
pub(super) fn of(found: &DeValue<'_>, text: &str, shape: &Shape<'_>, path: &[String]) -> Both {
    let as_written = quoted(text);
    let key = path.last().map_or("", String::as_str);
    let section = path.first().map_or("", String::as_str);
    match (&shape.other, found) {
        (Some(Kind::Secret(_)), _) => of_secret(),
        (Some(Kind::Flag), _) => {
            both!("write true or false, without quotes", "escriba true o false, sin comillas")
        }
        (Some(Kind::Number(..)), DeValue::String(number)) if number.trim().parse::<u32>().is_ok() => {
            let number = number.trim();
            both!("write it without quotes: {number}", "escríbalo sin comillas: {number}")
        }
        (Some(Kind::Number(_, most)), _) if *most < i64::from(u32::MAX) => {
            both!("write a whole number from 1 to {most}", "escriba un número entero de 1 a {most}")
        }
        (Some(Kind::Number(..)), _) => both!("write a whole number, such as 4", "escriba un número entero, como 4"),
        (Some(Kind::List(_)), _) if path == ["policy"] => both!(
            "write [[policy]] with two brackets: there are several, each with its own",
            "escriba [[policy]] con dos corchetes: hay varias, cada una con el suyo"
        ),
        (Some(Kind::List(_)), _) if section == "escalation" && path.len() == 2 => {
            let key = quoted(key);
            both!(
                "write its steps as a list under [escalation]: {key} = [{{ at = \"due\", tell = [\"lead\"] }}]",
                "escriba sus pasos como lista debajo de [escalation]: {key} = [{{ at = \"due\", tell = [\"lead\"] }}]"
            )
        }
        (None, DeValue::Array(_) | DeValue::Table(_)) => {
            both!("write one text in quotes: \"…\"", "escriba un solo texto entre comillas: \"…\"")
        }
        (None, _) => both!("put it in quotes: \"{as_written}\"", "póngalo entre comillas: \"{as_written}\""),
        (Some(Kind::List(_)), DeValue::String(_)) => {
            both!("put it in square brackets: [{as_written}]", "póngalo entre corchetes: [{as_written}]")
        }
        (Some(Kind::List(_)), _) => both!(
            "write texts in quotes, between square brackets: [\"…\", \"…\"]",
            "escriba textos entre comillas, dentro de corchetes: [\"…\", \"…\"]"
        ),
        (Some(Kind::Table(table)), _) if table["properties"].get("within").is_some() => both!(
            "write a promise, such as {{ within = \"20m\" }}, or \"none\"",
            "escriba una promesa, como {{ within = \"20m\" }}, o \"none\""
        ),
        (Some(Kind::Table(table)), _) if path.len() <= 2 => {
            let several = if table["properties"].is_null() { ".…" } else { "" };
            let place = quoted(&path.join("."));
            both!(
                "begin a section with [{place}{several}], and write key = value on the lines below it",
                "empiece una sección con [{place}{several}], y debajo escriba clave = valor en cada línea"
            )
        }
        (Some(Kind::Table(_)), _) if key == "hours" => both!(
            "write \"24x7\", or hours by day: {{ mon-fri = [\"08:00-18:00\"] }}",
            "escriba \"24x7\", o el horario por días: {{ mon-fri = [\"08:00-18:00\"] }}"
        ),
        (Some(Kind::Table(_)), _) => {
            both!("write {{ key = \"value\" }} here", "escriba aquí {{ clave = \"valor\" }}")
        }
    }
}

/// Where secrets belong.
fn of_secret() -> Both {
    both!(
        "keep it outside of this file: {{ credential = \"…\" }}, {{ env = \"…\" }} or {{ file = \"…\" }}",
        "guárdelo fuera de este archivo: {{ credential = \"…\" }}, {{ env = \"…\" }} o {{ file = \"…\" }}"
    )
}
