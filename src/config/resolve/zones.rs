//! Time zones, by the names that people give them.

use chrono_tz::Tz;

use crate::both;
use crate::config::mistake::Mistakes;
use crate::config::raw::At;
use crate::text::Both;

/// Below this likeness a suggestion is a guess.
const LIKE: f64 = 0.85;

/// The zone of that IANA name.
pub(super) fn find(name: &At<String>, mistakes: &mut Mistakes) -> Option<Tz> {
    read(name).map_err(|(cause, remedy)| mistakes.error(name.span(), cause, remedy)).ok()
}

/// The zone of that IANA name, or cause and remedy.
pub fn read(name: &str) -> Result<Tz, (Both, Both)> {
    name.parse().map_err(|_| {
        let quoted = crate::config::mistake::quoted(name);
        let remedy = match nearest(name) {
            Some(nearest) => both!("did you mean `{nearest}`?", "¿quiso decir `{nearest}`?"),
            None => both!(
                "write continent and city, such as \"America/Bogota\"",
                "escriba continente y ciudad, como \"America/Bogota\""
            ),
        };
        (both!("unknown time zone `{quoted}`", "zona horaria desconocida: `{quoted}`"), remedy)
    })
}

/// The zone that was probably meant: most people write the city only, as they spell it.
fn nearest(name: &str) -> Option<&'static str> {
    let name = plain(name);
    let likeness = |zone: &str| {
        let zone = plain(zone);
        let city = zone.rsplit('/').next().unwrap_or_default();
        strsim::jaro_winkler(&name, &zone).max(strsim::jaro_winkler(&name, city))
    };
    let known = chrono_tz::TZ_VARIANTS.iter().map(|zone| (likeness(zone.name()), zone.name()));
    known.filter(|(likeness, _)| LIKE <= *likeness).max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, name)| name)
}

/// In small letters, without accents, words joined as the zones join them.
fn plain(name: &str) -> String {
    let letter = |c: char| match c {
        'á' | 'ã' | 'â' => 'a',
        'é' | 'ê' => 'e',
        'í' => 'i',
        'ó' | 'õ' | 'ô' => 'o',
        'ú' | 'ü' => 'u',
        'ñ' => 'n',
        'ç' => 'c',
        ' ' => '_',
        other => other,
    };
    name.trim().to_lowercase().chars().map(letter).collect()
}
