//! Parking: a wait is no way to stop a clock (A5, LESSONS 50).

use std::sync::LazyLock;

use regex::Regex;

use super::checks::{CheckKind, Violation};
use super::finding::Finding;
use super::phrases::normalised;
use crate::engine::event::{Event, Fact};
use crate::engine::policy::TargetKind;
use crate::engine::request::Request;
use crate::engine::rulebook::Rulebook;

/// A wait that begins while the client waits for an answer, once too often since the request was opened, or for a client who was asked nothing
/// since the client wrote last.
pub(super) fn judge(request: &Request, event: &Event, rulebook: &Rulebook, found: &mut Vec<Violation>) {
    let at_most = rulebook.checks.most_waits;
    let waits = 1 + request.pauses.iter().filter(|pause| request.opened_at <= pause.from).count();
    let finding = if request.marks.is_owed(TargetKind::Reply) {
        Finding::ParkedUnanswered
    } else if usize::try_from(at_most).is_ok_and(|at_most| at_most < waits) {
        Finding::ParkedOften { waits: u32::try_from(waits).unwrap_or(u32::MAX), at_most }
    } else if is_for_client(event, rulebook) && request.marks.needed_at.is_none() {
        // Who waits for the client has asked the client for something.
        Finding::ParkedUnasked
    } else {
        return;
    };
    found.extend(rulebook.checks.violation(CheckKind::Parking, request, event, finding));
}

/// Whether the client is waited for: where nothing else is said, or the kind is the client's.
fn is_for_client(event: &Event, rulebook: &Rulebook) -> bool {
    let Fact::Wait { on: Some(on), .. } = &event.fact else { return true };
    let kind = rulebook.wait(on);
    kind.is_none() || kind.map(|kind| &kind.key) == rulebook.clients_wait().map(|kind| &kind.key)
}

/// Words by which the house asks something of a client, besides a question mark. Generous: who waits for the client is not to be accused
/// in doubt.
const NEEDS: [&str; 33] = [
    "por favor",
    "favor ",
    "porfa",
    "envi",
    "mand",
    "adjunt",
    "indi",
    "confirm",
    "necesit",
    "requeri",
    "requier",
    "atent",
    "espera",
    "pendiente",
    "avis",
    "compart",
    "responda",
    "respond",
    "falta",
    "informe",
    "diga",
    "faca",
    "aguard",
    "precis",
    "please",
    "send",
    "need",
    "let us know",
    "let me know",
    "waiting",
    "await",
    "reply",
    "provide",
];

/// Whether a message of the house asks something of whoever reads it.
pub(in crate::engine) fn needs_something(text: &str) -> bool {
    let text = normalised(text);
    text.contains(['?', '¿', '？']) || NEEDS.iter().any(|word| text.contains(word))
}

/// Forms by which one asks the reader for something without a question mark, in the three languages: orders, requests, and what is waited for.
static WANTS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"\b(?:por favor|porfa(?:vor)?|favor|please|pls|kindly|por gentileza)\b|\b(?:a la espera|en espera|pendientes?|atent[oa]s?|aguardamos?|aguardo|esperamos|espero|esperando) (?:de |a |por |del? )?(?:su|sus|tu|tus|sua|suas|o seu|a sua|que (?:nos|me))\b|\b(?:necesit(?:o|amos)|requerimos|requiero|precisamos|preciso|falta(?:n|ria)?) (?:que |de )?(?:su|sus|tu|el|la|los|las|un|una|nos|me|usted|o|a)\b|\b(?:send|let|give|tell|show|call|confirm|reply|provide|share|forward|attach|sign|review|approve|check) (?:me|us|to|the|your|this|it|when|if|back)\b|\b(?:could|can|would|will) you\b|\b(?:we|i) (?:need|require|await|are waiting|am waiting|look forward)\b|\b(?:waiting|awaiting) (?:for )?your\b|\bplease\b",
    )
    .ok()
});
/// Orders. Without accents "envie" is "send" as well as "I sent", and of the latter a pronoun or "ya" stands before it.
static ORDERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let verbs = "(?:envi|mand|confirm|avis|indiqu|inform|compart|adjunt|escrib|llam|revis|firm|complet|diligenci|aprueb|dig|hag|pag|verifiqu|valid|ayud|contest|respond|explic|manten|assin)";
    let pronoun = "(?:-?(?:me|nos|melo|mela|noslo|nosla|le|les|lo|la|los|las))?";
    Regex::new(&format!(
        r"(?:\b(ya|se|lo|la|los|las|les|le|te|yo|nos|que|no|si|ja|eu|quien) )?\b{verbs}(?:e|a|en|an){pronoun}\b"
    ))
    .ok()
});
/// Offers of more help, and what one says at the end: they want nothing.
static OFFERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"\b(?:algo mas|alguna? (?:otra?|duda|consulta|inquietud|pregunta|cosa mas)|otra (?:cosa|duda|consulta|inquietud)|en que (?:mas|otra cosa)|cualquier (?:cosa|duda|inquietud|consulta|novedad|pregunta|otra)|no dud[ea]|mais alguma (?:coisa|duvida)|algo mais|qualquer (?:coisa|duvida)|anything else|any (?:other |further |more )?(?:questions?|doubts?|concerns?)|if you need|something else)\b",
    )
    .ok()
});

/// Whether a message of the house wants something of whoever reads it: one of its sentences asks, or orders, and is no offer of more help.
pub(in crate::engine) fn inquires(text: &str) -> bool {
    let text = normalised(text);
    let (Some(wants), Some(orders), Some(offers)) = (WANTS.as_ref(), ORDERS.as_ref(), OFFERS.as_ref()) else {
        return true;
    };
    let orders = |sentence: &str| orders.captures_iter(sentence).any(|found| found.get(1).is_none());
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let end = rest
            .find(['.', '!', '?', '？', ';', '\n'])
            .map_or(rest.len(), |at| at + rest[at..].chars().next().map_or(1, char::len_utf8));
        let (sentence, after) = rest.split_at(end);
        rest = after;
        if (sentence.contains(['?', '¿', '？']) || wants.is_match(sentence) || orders(sentence))
            && !offers.is_match(sentence)
        {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_asked_for_something_is_asked_and_an_offer_is_none() {
        for text in [
            "Por favor envíenos el comprobante de pago.",
            "Avíseme cuando haya hecho el pago y lo despacho",
            "Quedamos atentos a su aprobación del arte.",
            "Por favor confirme si procedemos con el cambio.",
            "Please confirm and we will ship today.",
            "Aguardamos sua confirmação para enviar.",
            "Envíeme el logo por favor",
            "Aquí va el arte, ¿lo aprueba?",
            "Necesitamos la guía firmada",
            "Ya salió. ¿Algo más? Mándenos la dirección.",
        ] {
            assert!(inquires(text), "{text}");
        }
        for text in [
            "Su pedido sale hoy a las 3.",
            "¿Algo más en que le pueda ayudar?",
            "Ya lo estamos enviando, quedamos atentos a cualquier inquietud",
            "Listo, quedó enviado a su correo. ¿Hay algo más en lo que le pueda ayudar?",
            "Let us know if you need anything else",
            "Mais alguma dúvida?",
            "Ya quedó solucionado.",
            "Ya se la envié",
            "ya te mande la factura",
            "La revise y todo esta en orden",
        ] {
            assert!(!inquires(text), "{text}");
        }
    }
}
