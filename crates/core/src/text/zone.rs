//! The zone of a message's times, said once: its reader may sit in another.

use chrono_tz::Tz;

use super::{Both, Language};
use crate::both;

/// Cities whose names in the zone database lack what people write.
const CITIES: [(&str, &str); 12] = [
    ("Asuncion", "Asunción"),
    ("Bogota", "Bogotá"),
    ("Cancun", "Cancún"),
    ("Cordoba", "Córdoba"),
    ("Mazatlan", "Mazatlán"),
    ("Merida", "Mérida"),
    ("Mexico City", "Ciudad de México"),
    ("New York", "Nueva York"),
    ("Panama", "Panamá"),
    ("Sao Paulo", "São Paulo"),
    ("Tucuman", "Tucumán"),
    ("London", "Londres"),
];

/// `Horas de Bogotá.` / `Times of Bogota.`
pub(super) fn line(zone: Tz, language: Language) -> String {
    let name = zone.name();
    let Some(city) = city(zone, language) else {
        let name = name.trim_start_matches("Etc/");
        return language.of(both!("Times are {name}.", "Horas {name}."));
    };
    language.of(both!("Times of {city}.", "Horas de {city}."))
}

/// The city by which a zone goes: `Bogotá`. None where it goes by no place.
pub fn city(zone: Tz, language: Language) -> Option<String> {
    let (_, city) = zone.name().rsplit_once('/').filter(|(area, _)| *area != "Etc")?;
    let city = city.replace('_', " ");
    let written = CITIES.iter().find(|(plain, _)| *plain == city).map_or(&*city, |(_, written)| written).to_owned();
    Some(language.of(Both { en: city, es: written }))
}
