//! What the machine, SQLite or a parser of JSON says of a failure, in Spanish. Those speak English alone, and their words arrive as text: in
//! errors, and in what is kept of a delivery's answer.

use std::borrow::Cow;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;

use super::Language;

/// Phrases of Linux (errno(3)), of names that are looked up (gai_strerror(3)), of SQLite (rescode.html) and of serde_json, with what stands for
/// them.
const PHRASES: [(&str, &str); 44] = [
    ("connection refused", "conexión rechazada: nadie atiende ahí"),
    ("connection reset by peer", "el otro lado cortó la conexión"),
    ("connection timed out", "no hubo respuesta a tiempo"),
    ("connection aborted", "la conexión se cortó"),
    ("operation timed out", "no hubo respuesta a tiempo"),
    ("deadline has elapsed", "no hubo respuesta a tiempo"),
    ("broken pipe", "el otro lado dejó de leer"),
    ("no route to host", "no hay camino hasta esa máquina"),
    ("network is unreachable", "no se llega a esa red"),
    ("host is unreachable", "no se llega a esa máquina"),
    ("address already in use", "el puerto ya está ocupado"),
    ("cannot assign requested address", "esa dirección no es de esta máquina"),
    ("failed to lookup address information", "no se pudo buscar el nombre"),
    ("name or service not known", "ese nombre no existe"),
    ("temporary failure in name resolution", "el servidor de nombres no contesta"),
    ("no address associated with hostname", "ese nombre no tiene dirección"),
    ("no such file or directory", "no existe ese archivo o carpeta"),
    ("permission denied", "sin permiso"),
    ("operation not permitted", "no está permitido"),
    ("file exists", "ya existe"),
    ("not a directory", "no es una carpeta"),
    ("is a directory", "es una carpeta"),
    ("directory not empty", "la carpeta no está vacía"),
    ("no space left on device", "no queda espacio en el disco"),
    ("read-only file system", "el disco es de solo lectura"),
    ("too many open files", "hay demasiados archivos abiertos"),
    ("stream did not contain valid utf-8", "el texto no es UTF-8"),
    ("unexpected end of file", "se cortó antes del final"),
    ("input/output error", "el disco no lee o no escribe"),
    ("database is locked", "la base de datos está ocupada por otro programa"),
    ("database disk image is malformed", "la base de datos está dañada"),
    ("database or disk is full", "no queda espacio en el disco"),
    ("attempt to write a readonly database", "la base de datos es de solo lectura"),
    ("unable to open database file", "no se puede abrir la base de datos"),
    ("file is not a database", "el archivo no es una base de datos"),
    ("disk i/o error", "el disco no lee o no escribe"),
    ("eof while parsing", "se cortó en medio de"),
    ("expected value", "se esperaba un valor"),
    ("trailing characters", "sobra algo al final"),
    ("key must be a string", "la clave debe ir entre comillas"),
    ("expected ident", "se esperaba una palabra"),
    ("missing field", "falta el campo"),
    ("unknown field", "no se conoce el campo"),
    ("invalid type:", "tipo equivocado:"),
];

static FINDER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let mut builder = AhoCorasick::builder();
    builder.ascii_case_insensitive(true).match_kind(MatchKind::LeftmostLongest);
    builder.build(PHRASES.map(|(phrase, _)| phrase)).ok()
});

/// `(os error 111)`, which says the same again by a number; and the place in a text of JSON.
static NUMBERS: LazyLock<Option<[Regex; 2]>> =
    LazyLock::new(|| Some([Regex::new(r" \(os error \d+\)").ok()?, Regex::new(r" at line (\d+) column (\d+)").ok()?]));

/// The text as its reader has it; what nobody has put into Spanish stays as it was said.
pub fn in_words(text: &str, language: Language) -> Cow<'_, str> {
    let (Language::Es, Some(finder), Some([number, place])) = (language, FINDER.as_ref(), NUMBERS.as_ref()) else {
        return Cow::Borrowed(text);
    };
    if !finder.is_match(text) {
        return Cow::Borrowed(text);
    }
    let said = finder.replace_all(text, &PHRASES.map(|(_, said)| said));
    let said = number.replace_all(&said, "");
    Cow::Owned(place.replace_all(&said, ", línea $1, columna $2").into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_machine_says_is_said_in_spanish_and_the_rest_stays() {
        for (said, expected) in [
            (
                "mail.x.example:587: Connection refused (os error 111)",
                "mail.x.example:587: conexión rechazada: nadie atiende ahí",
            ),
            ("expected value at line 3 column 7", "se esperaba un valor, línea 3, columna 7"),
            ("550 5.1.1 User unknown", "550 5.1.1 User unknown"),
            ("cannot read x: No such file or directory (os error 2)", "cannot read x: no existe ese archivo o carpeta"),
        ] {
            assert_eq!(in_words(said, Language::Es), expected);
            assert_eq!(in_words(said, Language::En), said);
        }
    }
}
