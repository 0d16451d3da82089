//! What an alert asks of its reader: the title, and what to do, by the kind of promise and by the reader's part in it.

use chrono::{DateTime, Utc};

use super::{Language, vocabulary};
use crate::both;
use crate::engine::policy::TargetKind;
use crate::outbox::facts::AlertFacts;

/// The reader's part in what was promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReaderPart {
    /// The one who answers for it.
    Owner,
    /// Somebody who answers for others, or is on duty for them.
    Other,
    /// Whoever reads a channel that several share.
    Everybody,
}

/// The words of one kind of promise to one client, in one language.
struct Deed {
    /// Its title, verb first: `Responder a Luisa por WhatsApp`.
    title: String,
    /// The same as asked of whoever has to do it, without a full stop: `Responda a Luisa por WhatsApp`.
    order: String,
    /// What the owner has left undone, to follow a name: `no ha respondido a Luisa por WhatsApp`.
    undone: String,
}

/// What is to be done, to whom, and by which channel where it is done there.
pub fn title(facts: &AlertFacts, language: Language) -> String {
    deed(facts, false, language).title
}

/// What the reader can do about it, in one or two sentences. `has_links` says whether the message has links that act.
pub fn instruction(
    facts: &AlertFacts,
    part: ReaderPart,
    has_links: bool,
    now: DateTime<Utc>,
    language: Language,
) -> String {
    let is_over = facts.due_at.is_some_and(|due_at| due_at <= now);
    let Deed { order, undone, .. } = deed(facts, is_over, language);
    let request = facts.request;
    // Whoever is asked to name an owner is told of a request that has none.
    let owner = super::shown::owner(facts).filter(|_| facts.target != TargetKind::Assign);
    let text = match (owner, part) {
        (Some(_), ReaderPart::Owner) => both!("{order}.", "{order}."),
        (Some(owner), ReaderPart::Other) => both!(
            "{owner} {undone} yet. Ask what is missing, take it, or pass it on.",
            "{owner} todavía {undone}. Pregúntele qué falta, tómelo usted o páselo a otra persona."
        ),
        (Some(owner), ReaderPart::Everybody) => {
            both!(
                "{owner} {undone} yet. If you can see to it, take it.",
                "{owner} todavía {undone}. Si puede ocuparse, tómelo."
            )
        }
        (None, ReaderPart::Owner | ReaderPart::Other) if has_links => both!(
            "Nobody answers for it yet: take it with \"It is mine\" or pass it on.",
            "Nadie responde por esto todavía: tómelo con «Es mío» o páselo a alguien."
        ),
        (None, ReaderPart::Everybody) if has_links => both!(
            "Nobody answers for it yet: whoever can see to it, take it.",
            "Nadie responde por esto todavía: tómelo quien pueda ocuparse."
        ),
        (None, _) => both!(
            "Nobody answers for it yet. To give it to somebody: plazo own {request} NAME.",
            "Nadie responde por esto todavía. Para dárselo a alguien: plazo own {request} NOMBRE."
        ),
    };
    language.of(text)
}

/// What keeps the next alert from going out, and when it would; none at the last step, after which nobody else is told.
///
/// `next` is its instant in words.
pub fn next(facts: &AlertFacts, next: Option<&str>, has_links: bool, language: Language) -> String {
    let request = facts.request;
    language.of(match (next, has_links) {
        (Some(next), true) => both!(
            "The next alert goes out {next}; with \"I take it\" it does not.",
            "El próximo aviso sale {next}; con «Lo tomo» no sale."
        ),
        (Some(next), false) => both!(
            "The next alert goes out {next}, unless somebody takes it: plazo ack {request}.",
            "El próximo aviso sale {next}, salvo que alguien lo tome: plazo ack {request}."
        ),
        (None, _) => both!("No further alert goes out about it.", "Este es el último aviso sobre esto."),
    })
}

/// A few words for a subject, where the client and the time stand beside them.
pub const fn short(kind: TargetKind, language: Language) -> &'static str {
    match (kind, language) {
        (TargetKind::Reply, Language::Es) => "responder",
        (TargetKind::Reply, Language::En) => "reply",
        (TargetKind::FirstReply, Language::Es) => "primera respuesta",
        (TargetKind::FirstReply, Language::En) => "first reply",
        (TargetKind::Acknowledge, Language::Es) => "acusar recibo",
        (TargetKind::Acknowledge, Language::En) => "acknowledge",
        (TargetKind::Deliver, Language::Es) => "entregar",
        (TargetKind::Deliver, Language::En) => "deliver",
        (TargetKind::Assign, Language::Es) => "asignar",
        (TargetKind::Assign, Language::En) => "assign",
        (TargetKind::Answer, Language::Es) => "contestar la tarea",
        (TargetKind::Answer, Language::En) => "answer the task",
        (TargetKind::Classify, Language::Es) => "clasificar",
        (TargetKind::Classify, Language::En) => "classify",
        (TargetKind::Activity, Language::Es) => "dar movimiento",
        (TargetKind::Activity, Language::En) => "get it moving",
        (TargetKind::FollowUp, Language::Es) => "hacer seguimiento",
        (TargetKind::FollowUp, Language::En) => "follow up",
        (TargetKind::Replica, Language::Es) => "enviar la réplica",
        (TargetKind::Replica, Language::En) => "email replica",
        (TargetKind::Log, Language::Es) => "registrar",
        (TargetKind::Log, Language::En) => "log it",
        (TargetKind::Appointment, Language::Es) => "atender la cita",
        (TargetKind::Appointment, Language::En) => "appointment",
        (TargetKind::CallBack, Language::Es) => "devolver llamada",
        (TargetKind::CallBack, Language::En) => "call back",
        (TargetKind::Hop, Language::Es) => "mover el reclamo",
        (TargetKind::Hop, Language::En) => "move the claim",
        (TargetKind::Window, Language::Es) => "ventana WhatsApp",
        (TargetKind::Window, Language::En) => "WhatsApp window",
        (TargetKind::Contingency, Language::Es) => "contingencia",
        (TargetKind::Contingency, Language::En) => "contingency",
        (TargetKind::Attend, Language::Es) => "atender",
        (TargetKind::Attend, Language::En) => "see to it",
        (TargetKind::Waiting, Language::Es) => "terminar la espera",
        (TargetKind::Waiting, Language::En) => "end the wait",
    }
}

fn deed(facts: &AlertFacts, is_over: bool, language: Language) -> Deed {
    // A task is its asker's; everything else is done for the client.
    let whom = match facts.target {
        TargetKind::Answer => super::shown::asker(facts).or_else(|| super::shown::client(facts)),
        _ => super::shown::client(facts),
    };
    match language {
        Language::Es => spanish(facts, whom.as_deref(), is_over),
        Language::En => english(facts, whom.as_deref(), is_over),
    }
}

fn spanish(facts: &AlertFacts, whom: Option<&str>, is_over: bool) -> Deed {
    let request = facts.request;
    let to = whom.map_or_else(|| format!("al cliente de {request}"), |whom| format!("a {whom}"));
    let of = whom.map_or_else(|| format!("del cliente de {request}"), |whom| format!("de {whom}"));
    let with = whom.map_or_else(|| format!("con el cliente de {request}"), |whom| format!("con {whom}"));
    let by = match &*vocabulary::channel(&facts.channel, Language::Es) {
        "" => String::new(),
        channel => format!(" por {channel}"),
    };
    let (title, order, undone) = match facts.target {
        TargetKind::Reply => {
            (format!("Responder {to}{by}"), format!("Responda {to}{by}"), format!("no ha respondido {to}{by}"))
        }
        TargetKind::FirstReply => (
            format!("Dar la primera respuesta {to}{by}"),
            format!("Dé la primera respuesta {to}{by}"),
            format!("no ha dado la primera respuesta {to}{by}"),
        ),
        TargetKind::Acknowledge => (
            format!("Acusar recibo {to}{by}"),
            format!("Acuse recibo {to}{by}: diga que llegó y quién se ocupa"),
            format!("no ha acusado recibo {to}{by}"),
        ),
        TargetKind::Deliver => (
            format!("Entregar {to} lo que pidió"),
            format!("Entregue {to} lo que pidió"),
            format!("no ha entregado {to} lo que pidió"),
        ),
        TargetKind::Assign => (
            format!("Asignar responsable a la solicitud {of}"),
            format!("Diga quién responde por la solicitud {of}"),
            format!("no ha dicho quién responde por la solicitud {of}"),
        ),
        TargetKind::Answer => (
            format!("Contestar la tarea {of}"),
            format!("Conteste la tarea {of}: qué se hizo, qué falta y para cuándo"),
            format!("no ha contestado la tarea {of}"),
        ),
        TargetKind::Classify => (
            format!("Clasificar la conversación {of}"),
            format!("Clasifique la conversación {of}: pásela a la bandeja que le corresponde"),
            format!("no ha clasificado la conversación {of}"),
        ),
        TargetKind::Activity => (
            format!("Dar movimiento a la solicitud {of}"),
            format!("Dé movimiento a la solicitud {of}: haga el siguiente paso o anote qué falta"),
            format!("no ha movido la solicitud {of}"),
        ),
        TargetKind::FollowUp => (
            format!("Hacer seguimiento {to}"),
            format!("Haga seguimiento {to}: pregunte cómo va y anótelo"),
            format!("no ha hecho seguimiento {to}"),
        ),
        TargetKind::Replica => (
            format!("Enviar la réplica por correo {to}"),
            format!("Envíe por correo {to} la réplica de lo que se le escribió"),
            format!("no ha enviado la réplica por correo {to}"),
        ),
        TargetKind::Log => (
            format!("Registrar la interacción {with}"),
            format!("Registre la interacción {with}: qué se habló y qué se acordó"),
            format!("no ha registrado la interacción {with}"),
        ),
        TargetKind::Appointment => (
            format!("Atender la cita {with}"),
            format!("Atienda la cita {with} y márquela como cumplida"),
            format!("no ha marcado como cumplida la cita {with}"),
        ),
        TargetKind::CallBack => (
            format!("Devolver la llamada {to}"),
            format!("Devuelva la llamada {to}"),
            format!("no ha devuelto la llamada {to}"),
        ),
        TargetKind::Hop => (
            format!("Pasar el reclamo {of} a la etapa siguiente"),
            format!("Pase el reclamo {of} a la etapa siguiente"),
            format!("no ha pasado el reclamo {of} a la etapa siguiente"),
        ),
        TargetKind::Window => (
            format!("Responder {to} dentro de la ventana de WhatsApp"),
            if is_over {
                format!("La ventana de WhatsApp se cerró: escriba {to} con una plantilla aprobada")
            } else {
                format!("Responda {to} por WhatsApp antes de que se cierre la ventana")
            },
            format!("no ha respondido {to} por WhatsApp"),
        ),
        TargetKind::Contingency => (
            format!("Atender la contingencia {of}"),
            format!("Atienda la contingencia {of}: diga qué pasó y cómo se corrige"),
            format!("no ha atendido la contingencia {of}"),
        ),
        TargetKind::Attend => (
            format!("Atender la solicitud {of}, recién pasada"),
            format!("Atienda la solicitud {of} o pásela a quien corresponda"),
            format!("no ha hecho nada con la solicitud {of} desde que la tiene"),
        ),
        TargetKind::Waiting => (
            format!("Terminar la espera de la solicitud {of}"),
            format!("Reclame lo que se espera para la solicitud {of}, o retómela"),
            format!("no ha retomado la solicitud {of}, que sigue en espera"),
        ),
    };
    Deed { title, order, undone }
}

fn english(facts: &AlertFacts, whom: Option<&str>, is_over: bool) -> Deed {
    let request = facts.request;
    let whom = whom.map_or_else(|| format!("the client of {request}"), str::to_owned);
    let by = match &*facts.channel {
        "" => String::new(),
        "email" | "phone" => format!(" by {}", facts.channel),
        channel => format!(" on {}", vocabulary::channel(channel, Language::En)),
    };
    let (title, order, undone) = match facts.target {
        TargetKind::Reply => (
            format!("Reply to {whom}{by}"),
            format!("Please reply to {whom}{by}"),
            format!("has not replied to {whom}{by}"),
        ),
        TargetKind::FirstReply => (
            format!("Give the first reply to {whom}{by}"),
            format!("Please give the first reply to {whom}{by}"),
            format!("has not given the first reply to {whom}{by}"),
        ),
        TargetKind::Acknowledge => (
            format!("Acknowledge receipt to {whom}{by}"),
            format!("Please acknowledge receipt to {whom}{by}: say that it came, and who sees to it"),
            format!("has not acknowledged receipt to {whom}{by}"),
        ),
        TargetKind::Deliver => (
            format!("Deliver to {whom} what was asked for"),
            format!("Please deliver to {whom} what was asked for"),
            format!("has not delivered to {whom} what was asked for"),
        ),
        TargetKind::Assign => (
            format!("Assign an owner to the request of {whom}"),
            format!("Please say who answers for the request of {whom}"),
            format!("has not said who answers for the request of {whom}"),
        ),
        TargetKind::Answer => (
            format!("Answer the task of {whom}"),
            format!("Please answer the task of {whom}: what was done, what is missing, and by when it comes"),
            format!("has not answered the task of {whom}"),
        ),
        TargetKind::Classify => (
            format!("Classify the conversation of {whom}"),
            format!("Please classify the conversation of {whom}: move it to the inbox where it belongs"),
            format!("has not classified the conversation of {whom}"),
        ),
        TargetKind::Activity => (
            format!("Get the request of {whom} moving"),
            format!("Please get the request of {whom} moving: do the next step, or note what is missing"),
            format!("has not moved the request of {whom}"),
        ),
        TargetKind::FollowUp => (
            format!("Follow up with {whom}"),
            format!("Please follow up with {whom}: ask how it goes, and note it"),
            format!("has not followed up with {whom}"),
        ),
        TargetKind::Replica => (
            format!("Send the email replica to {whom}"),
            format!("Please send {whom} by email the replica of what was written"),
            format!("has not sent the email replica to {whom}"),
        ),
        TargetKind::Log => (
            format!("Log the interaction with {whom}"),
            format!("Please log the interaction with {whom}: what was said and what was agreed"),
            format!("has not logged the interaction with {whom}"),
        ),
        TargetKind::Appointment => (
            format!("Hold the appointment with {whom}"),
            format!("Please hold the appointment with {whom} and mark it as held"),
            format!("has not marked the appointment with {whom} as held"),
        ),
        TargetKind::CallBack => {
            (format!("Call {whom} back"), format!("Please call {whom} back"), format!("has not called {whom} back"))
        }
        TargetKind::Hop => (
            format!("Take the claim of {whom} to its next stage"),
            format!("Please take the claim of {whom} to its next stage"),
            format!("has not taken the claim of {whom} to its next stage"),
        ),
        TargetKind::Window => (
            format!("Reply to {whom} within the WhatsApp window"),
            if is_over {
                format!("The WhatsApp window is closed: write to {whom} with an approved template")
            } else {
                format!("Please reply to {whom} on WhatsApp before the window closes")
            },
            format!("has not replied to {whom} on WhatsApp"),
        ),
        TargetKind::Contingency => (
            format!("Deal with the contingency of {whom}"),
            format!("Please deal with the contingency of {whom}: say what happened and how it is put right"),
            format!("has not dealt with the contingency of {whom}"),
        ),
        TargetKind::Attend => (
            format!("See to the request of {whom}, handed over"),
            format!("Please see to the request of {whom}, or hand it on to whoever should"),
            format!("has done nothing for the request of {whom} since it was handed over"),
        ),
        TargetKind::Waiting => (
            format!("End the wait of the request of {whom}"),
            format!("Please ask for what the request of {whom} waits for, or take it up again"),
            format!("has not taken up the request of {whom}, which still waits"),
        ),
    };
    Deed { title, order, undone }
}
