//! Broken rules in words: what happened, and what would put it right.

use minijinja::{Value, context};

use super::further::Further;
use super::reader::Reader;
use super::{Both, Language, format, vocabulary};
use crate::both;
use crate::engine::check::{Association, CheckKind, Finding, LogField, Part, Violation};
use crate::engine::event::Ground;
use crate::engine::request_id::RequestId;
use crate::outbox::facts::ViolationFacts;

/// Names longer than this are cut.
const LONGEST_NAME: usize = 80;

/// A violation as templates see it.
pub(super) fn shown(facts: &ViolationFacts, reader: &Reader<'_>) -> Value {
    let language = reader.language;
    let cut = |text: &Option<String>| text.as_deref().map(|text| format::one_line(text, LONGEST_NAME));
    context! {
        id => facts.id.0,
        request => facts.request.to_string(),
        rule => facts.violation.rule.clone(),
        who => cut(&facts.violation.who),
        owner => cut(&facts.owner),
        client => cut(&facts.client),
        subject => cut(&facts.subject),
        channel => vocabulary::channel(&facts.channel, language),
        at => format::instant(facts.at, reader.zone, language),
        what => language.of(what(&facts.violation.finding)),
        remedy => language.of(remedy_for(&facts.violation.finding, facts.request)),
        link => (reader.links)(facts.request).map(|links| links.show),
        excuse => (reader.further)(&Further::Excuse(facts.request, facts.id)),
    }
}

/// One line: the rule, and what happened.
pub fn line(violation: &Violation, language: Language) -> String {
    let (rule, what) = (&violation.rule, language.of(what(&violation.finding)));
    format!("{rule}: {what}")
}

/// Two sentences: what happened, and what would put it right.
pub fn sentences(violation: &Violation, language: Language) -> String {
    let (what, remedy) = (language.of(what(&violation.finding)), language.of(remedy(&violation.finding)));
    format!("{}: {what}. {}.", violation.rule, capitalised(&remedy))
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What happened.
pub fn what(finding: &Finding) -> Both {
    match finding {
        Finding::NotAuthorised => {
            both!("somebody answered who may not answer clients", "respondió alguien que no responde a clientes")
        }
        Finding::Automatic => both!("an automatic answer is no answer", "una respuesta automática no es respuesta"),
        Finding::SaysNothing => both!("the answer says nothing", "la respuesta no dice nada"),
        Finding::OffThread => {
            both!("answered by a new email, outside of the thread", "se respondió con un correo nuevo, fuera del hilo")
        }
        Finding::LeftOut { missing } => {
            let missing = missing.join(", ");
            both!("not in copy: {missing}", "faltó en copia: {missing}")
        }
        Finding::InternalTalk => {
            both!("colleagues talked in the client's channel", "se habló entre colegas en el canal del cliente")
        }
        Finding::OffChannel { channel } => {
            let channel = format::one_line(channel, LONGEST_NAME);
            both!(
                "the client wrote to \"{channel}\", which is not official",
                "el cliente escribió por «{channel}», que no es oficial"
            )
        }
        Finding::NotReplicated => {
            both!(
                "what went by WhatsApp was not sent by email too",
                "lo enviado por WhatsApp no se envió también por correo"
            )
        }
        Finding::NotLogged => both!("an interaction was not logged in time", "una interacción no se registró a tiempo"),
        Finding::LogIncomplete { missing } => {
            let (en, es) = words(missing, log_field);
            both!("the log entry leaves out: {en}", "al registro le falta: {es}")
        }
        Finding::TooMany { items, at_most } => both!(
            "{items} requests in one call, of {at_most} at most",
            "{items} solicitudes en una llamada, de {at_most} como máximo"
        ),
        Finding::Blocked { by } => {
            let by = ids(by);
            both!("scheduled although {by} is not done yet", "se agendó aunque {by} no ha terminado")
        }
        Finding::SameContact { others } => {
            let others = ids(others);
            both!("the same contact has {others} open", "el mismo contacto tiene abierta {others}")
        }
        Finding::Unfounded { waiting, claimed } => unfounded(*waiting, *claimed),
        Finding::Undescribed { missing } => {
            let (en, es) = words(missing, part);
            both!("the comment that it needs lacks: {en}", "al comentario que necesita le falta: {es}")
        }
        Finding::OutsideUnrecorded => both!(
            "what was said outside of the CRM is not written down",
            "lo que se habló por fuera del CRM no quedó escrito"
        ),
        Finding::Orphan { missing } => {
            let (en, es) = words(missing, association);
            both!("not associated: {en}", "sin asociar: {es}")
        }
        Finding::ForbiddenPromise { words } if words.is_empty() => {
            both!("something was promised that must not be", "se prometió algo que no se debe prometer")
        }
        Finding::ForbiddenPromise { words } => {
            let words = format::one_line(words, LONGEST_NAME);
            both!("promised \"{words}\"", "se prometió «{words}»")
        }
        Finding::Repeated => both!("the same answer as before", "la misma respuesta que antes"),
        Finding::WrongQueue { inbox, .. } => {
            both!("it lies in \"{inbox}\", which does not take it", "está en «{inbox}», que no la recibe")
        }
        Finding::ParkedUnanswered => {
            both!(
                "it was parked while the client waits for an answer",
                "se dejó en espera con el cliente sin respuesta"
            )
        }
        Finding::ParkedUnasked => both!(
            "it was parked for the client, of whom nothing was asked",
            "se dejó en espera del cliente, a quien no se le pidió nada"
        ),
        Finding::ParkedOften { waits, at_most } => both!(
            "it was parked {waits} times; {at_most} are allowed",
            "se dejó en espera {waits} veces; se permiten {at_most}"
        ),
        Finding::NumberMissing { stage } => {
            both!("it leaves the stage \"{stage}\" without its number", "sale de la etapa «{stage}» sin su número")
        }
    }
}

/// What would put it right, with the request's number in the command that does.
pub fn remedy_for(finding: &Finding, request: RequestId) -> Both {
    let request = request.to_string();
    let Both { en, es } = remedy(finding);
    Both { en: en.replace("R-…", &request), es: es.replace("R-…", &request) }
}

/// What would put it right.
pub fn remedy(finding: &Finding) -> Both {
    match finding {
        Finding::NotAuthorised => both!(
            "somebody of a team that answers clients is to answer; until then the clock runs",
            "que responda alguien de un equipo que responde a clientes; mientras tanto el reloj corre"
        ),
        Finding::Automatic => both!("let a person answer", "que responda una persona"),
        Finding::SaysNothing => both!("answer what was asked", "responda lo que se preguntó"),
        Finding::OffThread => both!(
            "answer on the client's thread, and say there that it goes on there",
            "responda en el hilo del cliente y siga allí"
        ),
        Finding::LeftOut { missing } => {
            let missing = missing.join(", ");
            both!("forward the answer to {missing}", "reenvíe la respuesta a {missing}")
        }
        Finding::InternalTalk => {
            both!("talk in the internal channel, or in a comment", "hable en el canal interno, o en un comentario")
        }
        Finding::OffChannel { .. } => {
            both!(
                "answer in the official group, and log what was said",
                "responda en el grupo oficial y registre lo hablado"
            )
        }
        Finding::NotReplicated => both!("send it by email to the same client", "envíelo por correo al mismo cliente"),
        Finding::NotLogged => both!("log it: plazo log R-…", "regístrela: plazo log R-…"),
        Finding::LogIncomplete { .. } => both!("log it anew, whole", "regístrela de nuevo, completa"),
        Finding::TooMany { .. } => {
            both!("open the rest as tasks: plazo split R-…", "abra el resto como tareas: plazo split R-…")
        }
        Finding::ParkedUnanswered => both!(
            "answer the client first: plazo answer R-…, or take the wait back: plazo undo R-…",
            "responda primero al cliente: plazo answer R-…, o deshaga la espera: plazo undo R-…"
        ),
        Finding::ParkedUnasked => both!(
            "ask the client for what is missing: plazo answer R-…, or take the wait back: plazo undo R-…",
            "pídale al cliente lo que falta: plazo answer R-…, o deshaga la espera: plazo undo R-…"
        ),
        Finding::ParkedOften { .. } => both!(
            "go on with it: plazo resume R-…, or say what is in the way: plazo comment R-… --text \"…\"",
            "retómela: plazo resume R-…, o diga qué la detiene: plazo comment R-… --text \"…\""
        ),
        Finding::Blocked { by } => {
            let by = ids(by);
            both!("call it off until {by} is done", "cancélela hasta que termine {by}")
        }
        Finding::SameContact { .. } => both!("merge them, or close one", "únalas, o cierre una"),
        Finding::Unfounded { waiting: true, .. } => both!(
            "answer the client; or make a task of it, write down in a comment the channel in which it goes on, or close it as confirmed if the client needs no more help",
            "responda al cliente; o cree una tarea, escriba en un comentario el canal por el que sigue, o ciérrela como confirmada si el cliente no necesita más ayuda"
        ),
        Finding::Unfounded { waiting: false, .. } => both!(
            "write down what the client was told, where it goes on, or which task was made of it",
            "deje escrito qué se le respondió al cliente, por dónde sigue o qué tarea se creó"
        ),
        Finding::Undescribed { .. } => both!(
            "add a comment with its five parts: plazo comment R-… --context … --actions … --next-steps … --missing-data … --external-channel …",
            "agregue un comentario con sus cinco partes: plazo comment R-… --context … --actions … --next-steps … --missing-data … --external-channel …"
        ),
        Finding::OutsideUnrecorded => both!(
            "write it down in a comment, or confirm it to the client in the conversation",
            "escríbalo en un comentario, o confírmelo al cliente en la conversación"
        ),
        Finding::Orphan { .. } => both!("associate them in the CRM", "asócielos en el CRM"),
        Finding::ForbiddenPromise { .. } => {
            both!("promise it \"as soon as possible\"", "prometa «lo antes posible»")
        }
        Finding::Repeated => {
            both!(
                "say what is new, or escalate: plazo escalate R-…",
                "diga qué hay de nuevo, o escale: plazo escalate R-…"
            )
        }
        Finding::WrongQueue { belongs, .. } => both!("move it to \"{belongs}\"", "trasládela a «{belongs}»"),
        Finding::NumberMissing { .. } => {
            both!("give it its number (CUN-…)", "dele su número (CUN-…)")
        }
    }
}

fn unfounded(waiting: bool, claimed: Option<Ground>) -> Both {
    let claim = claimed.map(|ground| match ground {
        Ground::Answered => Both { en: "answered", es: "respondida" },
        Ground::Moved => Both { en: "moved to another channel", es: "pasó a otro canal" },
        Ground::Task => Both { en: "made a task", es: "se creó una tarea" },
        Ground::Confirmed => Both { en: "confirmed", es: "confirmada" },
    });
    match (claim, waiting) {
        (Some(Both { en, es }), _) => {
            both!(
                "closed as \"{en}\", which the record does not bear out",
                "se cierra como «{es}», y el historial no lo muestra"
            )
        }
        (None, true) => {
            both!("closed while the client waits for an answer", "se cierra con el cliente esperando respuesta")
        }
        (None, false) => both!("closed without answer or record", "se cierra sin respuesta ni registro"),
    }
}

/// Words in both languages, as lists.
fn words<T: Copy>(items: &[T], name: fn(T) -> Both<&'static str>) -> (String, String) {
    let list = |pick: fn(Both<&'static str>) -> &'static str| {
        items.iter().map(|item| pick(name(*item))).collect::<Vec<_>>().join(", ")
    };
    (list(|both| both.en), list(|both| both.es))
}

const fn log_field(field: LogField) -> Both<&'static str> {
    match field {
        LogField::Person => Both { en: "with whom", es: "con quién" },
        LogField::Medium => Both { en: "by what", es: "por qué medio" },
        LogField::Reason => Both { en: "the reason", es: "el motivo" },
        LogField::Inputs => Both { en: "what was given or received", es: "los insumos" },
        LogField::Pending => Both { en: "what is pending", es: "lo pendiente" },
        LogField::Solution => Both { en: "the solution", es: "la solución" },
        LogField::Protocol => Both { en: "whether a protocol was applied", es: "si se aplicó un protocolo" },
    }
}

const fn part(part: Part) -> Both<&'static str> {
    let [es, en] = part.labels();
    Both { en, es }
}

const fn association(association: Association) -> Both<&'static str> {
    match association {
        Association::Contact => Both { en: "contact", es: "contacto" },
        Association::Customer => Both { en: "company", es: "empresa" },
        Association::Ticket => Both { en: "ticket", es: "tiquete" },
    }
}

fn ids(requests: &[RequestId]) -> String {
    requests.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// What a check asks for, for whoever reads `sla.toml` back.
pub const fn check(kind: CheckKind) -> Both<&'static str> {
    match kind {
        CheckKind::Authorised => Both { en: "only who may answer answers", es: "solo responde quien puede" },
        CheckKind::Automatic => Both { en: "automatic answers are told of", es: "se avisa de lo automático" },
        CheckKind::Empty => Both { en: "an answer says something", es: "una respuesta dice algo" },
        CheckKind::SameThread => Both { en: "answers stay on the thread", es: "se responde en el mismo hilo" },
        CheckKind::Copy => Both { en: "nobody is left out of copy", es: "nadie falta en copia" },
        CheckKind::Official => Both { en: "official channels only", es: "solo canales oficiales" },
        CheckKind::Replica => Both { en: "WhatsApp is repeated by email", es: "lo de WhatsApp va también por correo" },
        CheckKind::Log => Both { en: "log entries are whole", es: "los registros están completos" },
        CheckKind::Calls => Both { en: "calls are not too full", es: "las llamadas no se llenan de más" },
        CheckKind::Blocked => Both { en: "what is blocked is not scheduled", es: "no se agenda lo bloqueado" },
        CheckKind::Duplicates => Both { en: "one open conversation a contact", es: "una conversación por contacto" },
        CheckKind::Closing => Both { en: "closing has one of four grounds", es: "se cierra por una de cuatro razones" },
        CheckKind::Comment => Both { en: "a comment in five parts", es: "un comentario con sus cinco partes" },
        CheckKind::Outside => Both { en: "talk elsewhere is written down", es: "lo hablado por fuera queda escrito" },
        CheckKind::Associated => Both { en: "contact, company, ticket", es: "contacto, empresa, tiquete" },
        CheckKind::Wording => Both { en: "nothing forbidden is promised", es: "no se promete lo prohibido" },
        CheckKind::ComesBack => Both { en: "coming back to it is a task", es: "prometer volver abre una tarea" },
        CheckKind::Repeated => Both { en: "no answer twice", es: "ninguna respuesta se repite" },
        CheckKind::Queues => Both { en: "everything in its queue", es: "cada cosa en su cola" },
        CheckKind::Parking => {
            Both { en: "nothing is parked to stop its clock", es: "nada se deja en espera para parar el reloj" }
        }
        CheckKind::Number => Both { en: "a claim has its number", es: "un reclamo lleva su número" },
    }
}
