//! What must hold of destinations that reach telephones: their news come back, whoever is not reached is told otherwise, and no number is
//! a client's.

use std::collections::BTreeMap;

use crate::both;
use crate::config::Destination;
use crate::config::mistake::Mistakes;
use crate::config::raw::{At, Raw};
use crate::notify::phone::digits;

/// Fewer digits are no number of a telephone: ITU-T E.164 has 15 at most, and with its country's code none is this short.
const SHORTEST: usize = 7;
const LONGEST: usize = 15;

/// Refuses what cannot work, and warns of what will be missed.
pub(super) fn check(
    raw: &Raw,
    destinations: &BTreeMap<String, Destination>,
    has_public_url: bool,
    mistakes: &mut Mistakes,
) {
    for name in raw.destination.keys() {
        let Some(destination) = destinations.get(name.as_str()).filter(|own| own.settings.can().is_phone) else {
            continue;
        };
        let word = name.as_str();
        if !has_public_url {
            let remedy =
                || both!("add public_url = \"https://…\" to [http]", "agregue public_url = \"https://…\" a [http]");
            if destination.settings.can().rings {
                let cause = both!(
                    "`{word}` calls, and without a public address no key that is pressed comes back",
                    "`{word}` llama, y sin una dirección pública no vuelve ninguna tecla que se marque"
                );
                mistakes.error(name.span(), cause, remedy());
            } else {
                let cause = both!(
                    "without a public address nobody learns that a text of `{word}` did not arrive",
                    "sin una dirección pública nadie se entera de que un mensaje de `{word}` no llegó"
                );
                mistakes.warning(name.span(), cause, remedy());
            }
        }
        if destination.fallback.is_empty() {
            mistakes.warning(
                name.span(),
                both!(
                    "whoever `{word}` does not reach is told by no other way",
                    "a quien `{word}` no encuentra no se le avisa por otro camino"
                ),
                both!(
                    "add fallback = \"email\", or another destination",
                    "agregue fallback = \"email\", u otro destino"
                ),
            );
        }
        for (person, own) in &raw.person {
            let number = own.reach.iter().find(|(by, _)| by.as_str() == word).map(|(_, number)| number);
            if let Some(number) = number {
                check_number(person, number, raw, mistakes);
            }
        }
    }
}

fn check_number(person: &At<String>, number: &At<String>, raw: &Raw, mistakes: &mut Mistakes) {
    let own = digits(number);
    if !number.trim_start().starts_with('+') || !(SHORTEST..=LONGEST).contains(&own.len()) {
        mistakes.error(
            number.span(),
            both!("this is no number that every network knows", "este no es un número que toda red conozca"),
            both!(
                "write + and the country's code, such as \"+573000000009\"",
                "escriba + y el código del país, como \"+573000000009\""
            ),
        );
        return;
    }
    let is_theirs = |address: &At<String>| digits(address) == own;
    if let Some((client, _)) = raw.customer.iter().find(|(_, client)| client.addresses.iter().any(is_theirs)) {
        let (person, client) = (person.as_str(), client.as_str());
        mistakes.error(
            number.span(),
            both!(
                "this number of `{person}` is the client `{client}`'s, and alerts never go to clients",
                "este número de `{person}` es del cliente `{client}`, y los avisos nunca van a clientes"
            ),
            both!("write the person's own number", "escriba el número propio de la persona"),
        );
    }
}
