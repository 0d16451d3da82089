//! The form of a letter: what greets above the text, and who signs below it, with a post and a telephone. It asks for nothing.

use std::sync::LazyLock;

use regex::Regex;

use super::phrases::NAMES;
use super::{asks, folded};

/// Lines below the name.
const MOST_LINES: usize = 4;
/// Letters of one of them, and of a greeting.
const LONGEST_LINE: usize = 60;
/// Words of a name.
const MOST_WORDS: usize = 4;

/// A telephone, a number of identity, an address of mail, a page.
static CONTACT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:(?:tel|cel|telefono|teléfono|celular|movil|móvil|mobile|phone|fone|whatsapp|wa|t|m|p|cc|c\.c|nit|rut|dni|cpf|cnpj|rfc)[.:]* *)?(?:[+(]?\d[\d ().-]{6,}|[\w.+-]+@[\w-]+\.[\w.]+|(?:https?://)?www\.[\w./-]+)$").ok()
});

/// What a telephone writes below everything.
const DEVICES: [&str; 8] = [
    "enviado desde mi ",
    "enviado desde outlook",
    "enviado do meu ",
    "sent from my ",
    "sent from outlook",
    "get outlook for ",
    "obtener outlook para ",
    "obter o outlook para ",
];

/// Words that greet, or address, at the head of a letter.
const GREETS: &str = "hola|buenas|buenos|buen|buena|dia|dias|tarde|tardes|noche|noches|estimado|estimada|estimados|estimadas|apreciado|apreciada|apreciados|querido|querida|queridos|cordial|saludo|sr|sra|srta|senor|senora|senores|lic|ing|dr|dra|don|dona|oi|ola|bom|boa|noite|prezado|prezada|prezados|prezadas|caro|cara|caros|seu|hi|hello|hey|dear|good|morning|afternoon|evening|mr|mrs|ms|miss|sir|madam|all|team|everyone|equipo|todos|time|equipe";

/// Words that stand in posts and in what firms and departments are called.
const POSTS: &str = "auxiliar|contable|contabilidad|gerente|gerencia|jefe|jefa|director|directora|compras|ventas|administrativo|administrativa|administracion|asistente|coordinador|coordinadora|analista|departamento|depto|dpto|area|oficina|tesoreria|cartera|logistica|operaciones|comercial|asesor|asesora|ejecutivo|ejecutiva|secretaria|ingeniero|abogado|abogada|contador|contadora|financeiro|financeira|vendas|diretor|diretora|coordenador|coordenadora|comprador|compradora|manager|office|sales|accounts|accountant|officer|head|assistant|director|engineer|coordinator|purchasing|finance|ltd|llc|llp|inc|sas|sa|ltda|srl";

fn is_among(words: &str, word: &str) -> bool {
    words.split('|').any(|known| known == word)
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty())
}

/// The text of a letter, without its greeting and its signature. `names` are those of whoever may have signed; all of the text where it has
/// neither.
pub(super) fn text_of<'t>(text: &'t str, names: &[&str]) -> &'t str {
    without_greeting(without_signature(text.trim(), names))
}

/// A first line that only greets, where another one follows.
fn without_greeting(text: &str) -> &str {
    let Some((first, rest)) = text.split_once('\n') else { return text };
    if is_greeting(first) && !rest.trim().is_empty() { rest.trim_start() } else { text }
}

/// A greeting, and whom it greets: words with capitals.
fn is_greeting(line: &str) -> bool {
    let is_plain = |c: char| c.is_alphabetic() || c.is_whitespace() || ",.:!¡".contains(c);
    let (mut n_greets, mut n_others) = (0, 0);
    for word in words_of(line) {
        let plain = folded(word);
        if is_among(GREETS, &plain) {
            n_greets += 1;
        } else if word.chars().next().is_some_and(char::is_uppercase) && !asks(&plain) {
            n_others += 1;
        } else {
            return false;
        }
    }
    line.len() <= LONGEST_LINE && line.chars().all(is_plain) && 0 < n_greets && n_others <= MOST_WORDS
}

/// The text above a line with the name of whoever wrote it, and what stands below.
fn without_signature<'t>(text: &'t str, names: &[&str]) -> &'t str {
    let text = without_device(text);
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        let below = &text[end + line.len()..];
        if end != 0 && is_name(line, names) && is_signature(below) {
            return text[..end].trim_end();
        }
        end += line.len();
    }
    text
}

fn without_device(text: &str) -> &str {
    let Some((above, last)) = text.trim_end().rsplit_once('\n') else { return text };
    let last = folded(last.trim());
    if DEVICES.iter().any(|device| last.starts_with(device)) { above.trim_end() } else { text }
}

/// Whether a line is one of the names: the whole of it, the given name with what shortens the rest, or what such a person is called for short.
fn is_name(line: &str, names: &[&str]) -> bool {
    let line: Vec<String> = words_of(line).map(folded).collect();
    let is_of = |name: &&str| {
        let name: Vec<String> = words_of(name).map(folded).collect();
        let is_given = name.first().is_some_and(|given| line.first() == Some(given) && !asks(given));
        let is_shorter =
            line.len() <= name.len() && line.iter().zip(&name).all(|(word, of)| of.starts_with(word.as_str()));
        // Carlos Eduardo Mejía signs as Carlos Mejía, and Michael as Mike.
        let skips = line.len() == 2 && line.last() == name.last();
        let is_pet_name = || {
            let begins =
                |word: &String| name.first().is_some_and(|given| given.bytes().take(2).eq(word.bytes().take(2)));
            line.len() == 1 && line.first().is_some_and(|word| begins(word) && is_among(NAMES, word))
        };
        is_given && (is_shorter || skips) || is_pet_name()
    };
    !line.is_empty() && names.iter().any(is_of)
}

fn is_signature(below: &str) -> bool {
    let lines: Vec<&str> = below.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.len() <= MOST_LINES
        && lines.iter().all(|line| line.len() <= LONGEST_LINE && (is_contact(line) || is_post(line)))
}

fn is_contact(line: &str) -> bool {
    CONTACT.as_ref().is_some_and(|pattern| pattern.is_match(line))
}

/// Words with capitals, as a firm is written, or such of which one is a post's.
fn is_post(line: &str) -> bool {
    const BETWEEN: [&str; 9] = ["de", "del", "la", "y", "e", "da", "do", "of", "and"];
    let is_plain = |c: char| c.is_alphabetic() || c.is_whitespace() || ['.', ',', '&', '|', '-', '/'].contains(&c);
    let is_capital = |word: &str| BETWEEN.contains(&word) || word.chars().next().is_some_and(char::is_uppercase);
    let words: Vec<&str> = words_of(line).collect();
    let is_named = words.iter().any(|word| is_among(POSTS, &folded(word))) || words.iter().all(|word| is_capital(word));
    line.chars().all(is_plain) && is_named && !words.iter().any(|word| asks(&folded(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_post_and_a_telephone_below_is_a_signature_and_words_are_none() {
        let name = ["Jorge Eduardo Salcedo"];
        for signed in [
            "Muchas gracias.\n\nJorge Salcedo\nTel. 310 555 0142",
            "Muchas gracias.\nJorge E.\nJefe de compras\nAcme SAS\nC.C. 79.412.338",
            "Muchas gracias.\njorge\njorge@acme.co\n\nEnviado desde mi iPhone",
            "Buenos días Zulay,\n\nMuchas gracias.\n\nJorge",
            "Cordial saludo.\nMuchas gracias.",
            "Dear Mr. Alvarez,\nMuchas gracias.",
        ] {
            assert_eq!(text_of(signed, &name), "Muchas gracias.", "{signed}");
        }
        for whole in [
            "Muchas gracias.\nPedro Gómez\nCel 300 123 4567",
            "Muchas gracias.\nJorge\nMándenme la factura",
            "Muchas gracias.\nJorge\nUrgente",
            "Muchas gracias.\nJorge\n2 cajas",
            "Hola necesito ayuda\ngracias",
            "Hola Urgente\ngracias",
            "Factura\ngracias",
            "Jorge Salcedo",
        ] {
            assert_eq!(text_of(whole, &name), whole);
        }
    }
}
