//! Parking: a wait is no way to stop a clock (A5, LESSONS 50).

use std::sync::LazyLock;

use regex::Regex;

use super::checks::{CheckKind, Violation};
use super::finding::Finding;
use super::phrases::normalised;
use crate::engine::event::{Event, Fact};
use crate::engine::policy::TargetKind;
use crate::engine::request::{Phase, Request};
use crate::engine::rulebook::Rulebook;

/// A wait that begins while the client waits for an answer, once too often since the request was opened, or for a client who was asked nothing
/// since the client wrote last.
pub(super) fn judge(request: &Request, event: &Event, rulebook: &Rulebook, found: &mut Vec<Violation>) {
    if prolongs(request, event, rulebook) {
        return;
    }
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

/// Whether it waits so already: for longer is not once more.
fn prolongs(request: &Request, event: &Event, rulebook: &Rulebook) -> bool {
    let Fact::Wait { on, until, .. } = &event.fact else { return false };
    let kind = on.as_deref().and_then(|on| rulebook.wait(on)).or_else(|| rulebook.clients_wait());
    let is_same = request.facets.wait.as_ref() == kind.map(|kind| &kind.key);
    request.phase == Phase::Waiting && (is_same || on.is_none() && until.is_none())
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

/// Forms by which one asks the reader for something without a question mark, in the three languages: requests, and what is waited for.
const WANTS: [&str; 13] = [
    r"(?:por favor|porfa(?:vor)?|favor|please|pls|kindly|por gentileza)",
    r"(?:a la espera|en espera|pendientes?|atent[oa]s?|aguardamos?|aguardo|esperamos|espero|esperando) (?:de |a |por |del? )?(?:su|sus|tu|tus|sua|suas|o seu|a sua|que (?:nos|me))",
    r"(?:necesit(?:o|amos)|requerimos|requiero|precisamos|preciso|falta(?:n|ria)?) (?:que |de )?(?:su|sus|tu|el|la|los|las|un|una|nos|me|usted|o|a)",
    r"(?:send|let|give|tell|show|call|confirm|reply|provide|share|forward|attach|sign|review|approve|check) (?:me|us|to|the|your|this|it|when|if|back)",
    r"(?:could|can|would|will) you",
    r"(?:we|i) (?:need|require|await|are waiting|am waiting|look forward)",
    r"(?:waiting|awaiting) (?:for )?your",
    r"(?:nos|me) (?:puede|podria|pueden|podrian|puedes|podrias|regala|regalas)",
    // What depends on the reader's word.
    r"(?:apenas|cuando|en cuanto|tan pronto|una vez(?: que)?|luego que|si|siempre que|hasta que|con que) (?:usted(?:es)? |nos |me |lo |la |los |las |le |asi )*(?:de|den|da|dan|confirm[a-z]+|aprueb[a-z]+|aprob[a-z]+|avis[a-z]+|indi[a-z]+|autori[a-z]+|esta|estan|estas|este|quier[a-z]+|dese[a-z]+|prefier[a-z]+|acept[a-z]+|gust[a-z]+|le parece|te parece|les parece|firm[a-z]+|pag[a-z]+|cancel[a-z]+|consign[a-z]+|envi[a-z]+|mand[a-z]+|llegue[a-z]*|decid[a-z]+|elij[a-z]+|escoj[a-z]+|responda[a-z]*|diga[a-z]*)",
    r"(?:assim que|quando|se|caso|depois que|ate que) (?:voce |vc |voces |o senhor |a senhora |nos |me |o |a )*(?:aprov[a-z]+|confirm[a-z]+|autori[a-z]+|estiver[a-z]*|quiser[a-z]*|puder[a-z]*|der|derem|concord[a-z]+|aceit[a-z]+|preferir[a-z]*|enviar[a-z]*|mandar[a-z]*|pagar[a-z]*|assinar[a-z]*|decidir[a-z]*|escolher[a-z]*|responder[a-z]*)",
    r"(?:once|if|when|whenever|as soon as|unless|until|after) (?:you|your)",
    r"(?:(?:su|tu|sua|seu|your|una|uma|an?|el|la|o|a) )?(?:go[ -]ahead|visto bueno|vo bo|vobo|luz verde|green[ -]light|sign[ -]off)|(?:su|sus|tu|sua|seu|your) (?:aprobacion|ok|okay|autorizacion|confirmacion|respuesta|decision|aceptacion|firma|approval|confirmation|consent|decision|signature|aprovacao|autorizacao|confirmacao|resposta|decisao|aceite|assinatura)",
    r"(?:le|les|te|lhe|lhes) (?:propongo|proponemos|sugiero|sugerimos|ofrezco|ofrecemos|proponho|propomos|ofereco|oferecemos)|(?:i|we) (?:suggest|propose|offer|recommend)|(?:reply|answer|respond|type|write|text|say|respond[ae]|escrib[ae]|dig[ae]|conteste|responder|digite) (?:an? |un |una |con |with |com )?(?:ok|okay|yes|si|sim|listo|acepto|approved)",
];
/// Orders. Without accents "envie" is "send" as well as "I sent", and of the latter a pronoun or "ya" stands before it.
const ORDERS: &str = r"(?:\b(ya|se|lo|la|los|las|les|le|te|yo|nos|que|no|si|ja|eu|quien) )?\b(?:envi|mand|confirm|avis|indiqu|inform|compart|adjunt|escrib|llam|revis|firm|complet|diligenci|aprueb|dig|hag|pag|verifiqu|valid|ayud|contest|respond|explic|manten|assin)(?:e|a|en|an)(?:-?(?:me|nos|melo|mela|noslo|nosla|le|les|lo|la|los|las))?\b";
/// Offers of more help, and what one says at the end: what follows in the sentence belongs to them, and wants nothing.
const OFFERS: &str = r"\b(?:(?:if|should|whenever) you (?:still )?(?:have|need|want|require) |(?:si|cuando) (?:usted(?:es)? |le |les |te )?(?:tien[a-z]+|dese[a-z]+|quier[a-z]+|necesit[a-z]+|requier[a-z]+|surg[a-z]+|hay) |(?:se|caso|quando) (?:voce |vc )?(?:tiver|precisar|quiser|desejar|houver|surgir)[a-z]* (?:de )?)?(?:(?:please )?(?:let (?:us|me) know|contact us|write (?:to )?us|reach out) if you|(?:escribanos|avisenos|aviseme|avisame|escribeme) (?:si necesit|ante cualquier|por cualquier)[a-z]*|algo mas|alguna? (?:otra?|duda|consulta|inquietud|pregunta|cosa mas)|otra (?:cosa|duda|consulta|inquietud)|en que (?:mas|otra cosa)|cualquier (?:cosa|duda|inquietud|consulta|novedad|pregunta|otra)|no dud[ea]|mais alguma (?:coisa|duvida)|algo mais|qualquer (?:coisa|duvida)|anything else|any (?:other |further |more )?(?:questions?|doubts?|concerns?)|if you need|something else)\b";

static FORMS: LazyLock<Option<[Regex; 3]>> = LazyLock::new(|| {
    let wants = format!(r"\b(?:{})\b", WANTS.join("|"));
    Some([Regex::new(&wants).ok()?, Regex::new(ORDERS).ok()?, Regex::new(OFFERS).ok()?])
});

/// What the house wants of whoever reads a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appeal {
    /// One of its sentences asks, or orders, and is no offer of more help: an "ok" answers it.
    pub inquires: bool,
    /// It may want something: whoever waits for the client then is not accused of having asked for nothing.
    pub may_need: bool,
}

/// What a message of the house wants of whoever reads it.
pub(in crate::engine) fn wanted(text: &str) -> Appeal {
    let text = normalised(text);
    let inquires = inquires(&text);
    let may_need = inquires || text.contains(['?', '¿', '？']) || NEEDS.iter().any(|word| text.contains(word));
    Appeal { inquires, may_need }
}

fn inquires(text: &str) -> bool {
    let Some([wants, orders, offers]) = FORMS.as_ref() else { return true };
    let orders = |part: &str| orders.captures_iter(part).any(|found| found.get(1).is_none());
    text.split_inclusive(['.', '!', '?', '？', ';', '\n']).any(|sentence| {
        let offer = offers.find(sentence);
        let before = offer.map_or(sentence, |offer| &sentence[..offer.start()]);
        wants.is_match(before) || orders(before) || (offer.is_none() && sentence.contains(['?', '¿', '？']))
    })
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
            "Por favor envíenos la guía, cualquier duda me avisa",
            "¿Me confirma la dirección o algo más?",
            "Nos puede enviar el RUT",
            "¿Le llegó bien? Cualquier cosa, por favor escríbanos",
            "Apenas nos dé el ok lo publicamos",
            "Le adjunto la propuesta para su aprobación",
            "Si está de acuerdo, procedemos mañana",
            "Cuando nos confirme, lo enviamos",
            "Con su visto bueno lo publicamos",
            "Le propongo el martes a las 3",
            "Reply OK to confirm",
            "Just need your go-ahead.",
            "We will publish once you approve",
            "If you agree we will proceed",
            "Preciso da sua aprovação para publicar",
            "Se estiver de acordo, publicamos",
            "Assim que aprovar, publicamos",
            "Una vez firme el contrato arrancamos",
            "Cuando confirme cualquier novedad lo publicamos",
            "Si aprueba alguna otra cosa, la imprimimos",
            "Once you send anything else we ship",
        ] {
            assert!(wanted(text).inquires, "{text}");
        }
        for text in [
            "Su pedido sale hoy a las 3.",
            "¿Algo más en que le pueda ayudar?",
            "Ya lo estamos enviando, quedamos atentos a cualquier inquietud",
            "Listo, quedó enviado a su correo. ¿Hay algo más en lo que le pueda ayudar?",
            "Let us know if you need anything else",
            "Mais alguma dúvida?",
            "Avísenos si necesita algo más",
            "Ya quedó solucionado.",
            "Cualquier duda, por favor escríbanos",
            "Si necesita algo más, no dude en llamarnos",
            "Ya se la envié",
            "ya te mande la factura",
            "Si tiene alguna duda, con gusto le ayudo",
            "Si necesita otra cosa nos cuenta",
            "If you have any questions, we are here",
            "Si desea algo más, aquí estamos",
            "Should you need anything else, we are here",
            "Se quiser mais alguma coisa, estamos aqui",
            "Cuando llegó el técnico ya había luz",
            "Se precisar de mais alguma coisa, estamos aqui",
            "La revise y todo esta en orden",
        ] {
            assert!(!wanted(text).inquires, "{text}");
        }
    }
}
