//! What the operator is told of an edit of `sla.toml`.

use super::{Language, vocabulary};
use crate::both;
use crate::engine::policy::TargetKind;
use crate::engine::request_id::RequestId;

/// Clocks that are named; the rest is counted.
const MOST_NAMED: usize = 10;

/// Subject and text of the news that a file took their promise from these clocks, of `n_requests` open requests.
pub fn ended(clocks: &[(RequestId, TargetKind)], n_requests: usize, language: Language) -> (String, String) {
    let n = clocks.len();
    let (one, several) = (n == 1, n_requests != 1);
    let (deadlines, plazos) = if one { ("deadline", "plazo") } else { ("deadlines", "plazos") };
    let (requests, solicitudes) =
        if several { ("open requests", "solicitudes abiertas") } else { ("open request", "solicitud abierta") };
    let subject = both!(
        "sla.toml: the change ended {n} {deadlines} of {n_requests} {requests}",
        "sla.toml: el cambio quitó {n} {plazos} de {n_requests} {solicitudes}"
    );
    let line = |(request, kind): &(RequestId, TargetKind)| format!("{request}: {}", vocabulary::task(*kind, language));
    let mut lines: Vec<String> = clocks.iter().take(MOST_NAMED).map(line).collect();
    if MOST_NAMED < n {
        let more = n - MOST_NAMED;
        lines.push(language.of(both!("and {more} more", "y {more} más")));
    }
    let lines = lines.join("\n");
    let text = both!(
        "By the file that was just taken nothing is promised here any more, so nobody is warned of it:\n\n{lines}\n\n\
         If that was not meant, put the old text back: the deadlines go on where they stood, and what was told is not told again. \
         `plazo check` says beforehand what a file would do.",
        "Según el archivo que se acaba de tomar, aquí ya no se promete nada, así que no se avisa a nadie:\n\n{lines}\n\n\
         Si no era la intención, ponga otra vez el texto anterior: los plazos siguen donde estaban, y no se repite ningún aviso. \
         `plazo check` dice antes lo que haría un archivo."
    );
    (language.of(subject), language.of(text))
}

/// Why a file without any promise is not taken where the running one makes `n`, and how it is done on purpose.
pub fn promises_nothing(n: usize, file: &str, language: Language) -> String {
    language.of(both!(
        "{file} promises nothing (no [[policy]] with a promise), while the file in force makes {n} promises: it looks empty or cut off. \
         If you mean it, stop plazo and start it again with this file",
        "{file} no promete nada (ningún [[policy]] con una promesa), mientras que el archivo en vigor hace {n} promesas: parece vacío o \
         cortado. Si es la intención, detenga plazo y arránquelo de nuevo con este archivo"
    ))
}
