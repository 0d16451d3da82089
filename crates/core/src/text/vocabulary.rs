//! The one vocabulary of what people read: promises, states, motives, events, channels, in Spanish and English.
//!
//! No word of the code reaches a person by another way.

use std::borrow::Cow;

use super::{Both, Language, cause, format};
use crate::both;
use crate::engine::calendar::ALWAYS;
use crate::engine::clock::{Cancelled, ClockState};
use crate::engine::effect::{Ignored, Why};
use crate::engine::escalation::Offset;
use crate::engine::event::Ground;
use crate::engine::policy::TargetKind;
use crate::engine::reasons::ReasonState;
use crate::outbox::DeliveryState;

/// What a kind of promise asks for, as an infinitive.
pub const fn task(kind: TargetKind, language: Language) -> &'static str {
    match (kind, language) {
        (TargetKind::Reply, Language::Es) => "responder",
        (TargetKind::Reply, Language::En) => "reply",
        (TargetKind::FirstReply, Language::Es) => "dar la primera respuesta",
        (TargetKind::FirstReply, Language::En) => "give the first reply",
        (TargetKind::Acknowledge, Language::Es) => "acusar recibo",
        (TargetKind::Acknowledge, Language::En) => "acknowledge",
        (TargetKind::Deliver, Language::Es) => "entregar",
        (TargetKind::Deliver, Language::En) => "deliver",
        (TargetKind::Assign, Language::Es) => "asignar responsable",
        (TargetKind::Assign, Language::En) => "assign an owner",
        (TargetKind::Answer, Language::Es) => "obtener respuesta a la tarea",
        (TargetKind::Answer, Language::En) => "get the task answered",
        (TargetKind::Classify, Language::Es) => "clasificar la conversación",
        (TargetKind::Classify, Language::En) => "classify the conversation",
        (TargetKind::Activity, Language::Es) => "darle movimiento",
        (TargetKind::Activity, Language::En) => "get it moving",
        (TargetKind::FollowUp, Language::Es) => "hacer seguimiento al cliente",
        (TargetKind::FollowUp, Language::En) => "follow up with the client",
        (TargetKind::Replica, Language::Es) => "enviar la réplica por correo",
        (TargetKind::Replica, Language::En) => "send the email replica",
        (TargetKind::Log, Language::Es) => "registrar la interacción",
        (TargetKind::Log, Language::En) => "log the interaction",
        (TargetKind::Appointment, Language::Es) => "atender la cita",
        (TargetKind::Appointment, Language::En) => "hold the appointment",
        (TargetKind::CallBack, Language::Es) => "devolver la llamada",
        (TargetKind::CallBack, Language::En) => "call back",
        (TargetKind::Hop, Language::Es) => "pasar el reclamo a la etapa siguiente",
        (TargetKind::Hop, Language::En) => "take the claim to its next stage",
        (TargetKind::Window, Language::Es) => "responder dentro de la ventana de WhatsApp",
        (TargetKind::Window, Language::En) => "reply within the WhatsApp window",
        (TargetKind::Contingency, Language::Es) => "atender la contingencia",
        (TargetKind::Contingency, Language::En) => "deal with the contingency",
        (TargetKind::Attend, Language::Es) => "atender lo que se le pasó",
        (TargetKind::Attend, Language::En) => "see to what was handed over",
        (TargetKind::Waiting, Language::Es) => "terminar la espera",
        (TargetKind::Waiting, Language::En) => "end the wait",
    }
}

/// Why an alert goes out, in a word or two.
pub const fn why(why: Why, language: Language) -> &'static str {
    match (why, language) {
        (Why::Warning, Language::Es) => "Por vencer",
        (Why::Warning, Language::En) => "Due soon",
        (Why::Attention, Language::Es) => "Para atender",
        (Why::Attention, Language::En) => "Needs attention",
        (Why::Breach, Language::Es) => "Vencido",
        (Why::Breach, Language::En) => "Overdue",
        (Why::Escalation, Language::Es) => "Escalado",
        (Why::Escalation, Language::En) => "Escalated",
    }
}

/// A type of event as people call it.
pub fn event(type_name: &str, language: Language) -> &str {
    match (type_name, language) {
        ("message", Language::Es) => "mensaje",
        ("waive", Language::Es) => "no hace falta responder",
        ("waive", Language::En) => "no answer needed",
        ("reason", Language::Es) => "razón del incumplimiento",
        ("reason", Language::En) => "reason of a breach",
        ("approve", Language::Es) => "aprobación de una razón",
        ("approve", Language::En) => "approval of a reason",
        ("undo", Language::Es) => "acto deshecho",
        ("undo", Language::En) => "act taken back",
        ("open", Language::Es) => "apertura",
        ("open", Language::En) => "opening",
        ("ack", Language::Es) => "que alguien la tomó",
        ("ack", Language::En) => "that somebody took it",
        ("snooze", Language::Es) => "aplazamiento",
        ("snooze", Language::En) => "putting off",
        ("undelivered", Language::Es) => "mensaje que no llegó",
        ("undelivered", Language::En) => "message that never arrived",
        ("own", Language::Es) => "responsable",
        ("own", Language::En) => "owner",
        ("wait", Language::Es) => "espera",
        ("resume", Language::Es) => "fin de la espera",
        ("resume", Language::En) => "end of the wait",
        ("promise", Language::Es) => "promesa",
        ("deliver", Language::Es) => "entrega",
        ("deliver", Language::En) => "delivery",
        ("comment", Language::Es) => "nota",
        ("close", Language::Es) => "cierre",
        ("close", Language::En) => "closing",
        ("reopen", Language::Es) => "reapertura",
        ("reopen", Language::En) => "re-opening",
        ("merge", Language::Es) => "unión",
        ("log", Language::Es) => "registro",
        ("log", Language::En) => "log entry",
        ("schedule", Language::Es) => "cita",
        ("held", Language::Es) => "cita cumplida",
        ("held", Language::En) => "appointment held",
        ("call_dropped", Language::Es) => "llamada caída",
        ("call_dropped", Language::En) => "dropped call",
        ("call_made", Language::Es) => "llamada",
        ("call_made", Language::En) => "call",
        ("follow_up", Language::Es) => "seguimiento",
        ("follow_up", Language::En) => "follow-up",
        ("block", Language::Es) => "bloqueo",
        ("unblock", Language::Es) => "desbloqueo",
        ("split", Language::Es) => "división",
        ("stage", Language::Es) => "etapa",
        ("escalate", Language::Es) => "escalamiento",
        ("escalate", Language::En) => "escalation",
        ("replica", Language::Es) => "réplica por correo",
        ("replica", Language::En) => "email replica",
        ("move", Language::Es) => "traslado",
        ("tag", Language::Es) => "etiqueta",
        ("prioritise", Language::Es) => "prioridad",
        ("prioritise", Language::En) => "priority",
        (other, _) => other,
    }
}

/// A channel as people write it.
pub fn channel(word: &str, language: Language) -> String {
    match (word, language) {
        ("whatsapp", _) => "WhatsApp".to_owned(),
        ("slack", _) => "Slack".to_owned(),
        ("crm", _) => "CRM".to_owned(),
        ("facebook", _) => "Facebook".to_owned(),
        ("instagram", _) => "Instagram".to_owned(),
        ("x", _) => "X".to_owned(),
        ("email", Language::Es) => "correo".to_owned(),
        ("phone", Language::Es) => "teléfono".to_owned(),
        (other, _) => other.to_owned(),
    }
}

/// A calendar as people call it.
pub fn calendar(name: &str, language: Language) -> String {
    match (name, language) {
        (ALWAYS, Language::Es) => "siempre abierto".to_owned(),
        (ALWAYS, Language::En) => "always open".to_owned(),
        (name, _) => name.to_owned(),
    }
}

/// The word for where a clock stands.
pub const fn state(state: ClockState, language: Language) -> &'static str {
    match (state, language) {
        (ClockState::Running, Language::Es) => "corre",
        (ClockState::Running, Language::En) => "running",
        (ClockState::Paused, Language::Es) => "en pausa",
        (ClockState::Paused, Language::En) => "paused",
        (ClockState::Met, Language::Es) => "cumplido",
        (ClockState::Met, Language::En) => "met",
        (ClockState::Breached, Language::Es) => "vencido",
        (ClockState::Breached, Language::En) => "breached",
        (ClockState::MetLate, Language::Es) => "cumplido tarde",
        (ClockState::MetLate, Language::En) => "met late",
        (ClockState::Cancelled, Language::Es) => "cancelado",
        (ClockState::Cancelled, Language::En) => "cancelled",
        (ClockState::Waived, Language::Es) => "no hacía falta",
        (ClockState::Waived, Language::En) => "waived",
    }
}

/// Why a clock ended without a verdict.
pub const fn cancelled(why: Cancelled, language: Language) -> &'static str {
    match (why, language) {
        (Cancelled::Closed, Language::Es) => "la solicitud se cerró",
        (Cancelled::Closed, Language::En) => "the request was closed",
        (Cancelled::Merged, Language::Es) => "la solicitud se unió a otra",
        (Cancelled::Merged, Language::En) => "the request was merged into another",
        (Cancelled::NoPolicy, Language::Es) => "ninguna política lo promete ya",
        (Cancelled::NoPolicy, Language::En) => "no policy promises it any more",
        (Cancelled::NotOwed, Language::Es) => "ya no se debía",
        (Cancelled::NotOwed, Language::En) => "it turned out not to be owed",
        (Cancelled::NeverOpen, Language::Es) => "su horario no abre nunca",
        (Cancelled::NeverOpen, Language::En) => "its calendar never opens",
        (Cancelled::Waived, Language::Es) => "alguien dijo que no hacía falta responder",
        (Cancelled::Waived, Language::En) => "somebody said that it needs no answer",
    }
}

/// Where a request stands: its phase, or `overdue`.
pub fn request_state(word: &str, language: Language) -> &str {
    language.of(match word {
        "open" => Both { en: "open", es: "abierta" },
        "waiting" => Both { en: "waits", es: "en espera" },
        "overdue" => Both { en: "overdue", es: "vencida" },
        "closed" => Both { en: "closed", es: "cerrada" },
        "merged" => Both { en: "part of another", es: "parte de otra" },
        other => Both { en: other, es: other },
    })
}

/// The sort of work.
pub fn request_kind(word: &str, language: Language) -> &str {
    language.of(match word {
        "request" => Both { en: "request", es: "solicitud" },
        "task" => Both { en: "task", es: "tarea" },
        "claim" => Both { en: "formal claim", es: "reclamo formal" },
        "call" => Both { en: "call", es: "llamada" },
        other => Both { en: other, es: other },
    })
}

/// Where a message to a person stands.
pub fn delivery_state(state: DeliveryState, language: Language) -> &'static str {
    language.of(match state {
        DeliveryState::Pending => Both { en: "waits to go out", es: "por salir" },
        DeliveryState::Held => Both { en: "held back", es: "retenido" },
        DeliveryState::Leased => Both { en: "on its way", es: "saliendo" },
        DeliveryState::Sent => Both { en: "delivered", es: "entregado" },
        DeliveryState::Unneeded => Both { en: "not needed any more", es: "ya no hacía falta" },
        DeliveryState::Gathered => Both { en: "in a summary", es: "en un resumen" },
        DeliveryState::HandedOver => Both { en: "went another way", es: "fue por otra vía" },
        DeliveryState::Dead => Both { en: "not delivered", es: "no entregado" },
        DeliveryState::Dropped => Both { en: "given up", es: "descartado" },
    })
}

/// A part of what the store holds, by the word under which it is noted when it cannot be read; with its article, in the middle of a
/// sentence.
pub fn kept_part(word: &str, language: Language) -> &str {
    language.of(match word {
        "request" => Both { en: "the request itself", es: "la solicitud misma" },
        "event" => Both { en: "an event", es: "un evento" },
        "effects" => Both { en: "what an event caused", es: "lo que causó un evento" },
        "clock" => Both { en: "the clock of a promise", es: "el reloj de una promesa" },
        "alert" => Both { en: "an alert", es: "un aviso" },
        "delivery" => Both { en: "a message", es: "un mensaje" },
        "route" => Both { en: "the other ways of a message", es: "las otras vías de un mensaje" },
        "violation" => Both { en: "a broken rule", es: "una regla incumplida" },
        "silence" => Both { en: "a silence", es: "un silencio" },
        "hold" => Both { en: "why a destination is on hold", es: "por qué un destino está detenido" },
        "token" => Both { en: "a token", es: "un token" },
        "parked" => Both {
            en: "an event kept until its conversation begins",
            es: "un evento guardado hasta que empiece su conversación",
        },
        other => Both { en: other, es: other },
    })
}

/// Why a message goes out, in the middle of a sentence: of an alert, and of everything else that goes out.
pub fn motive(word: &str, language: Language) -> &str {
    language.of(match word {
        "breach" => Both { en: "overdue", es: "vencido" },
        "escalation" => Both { en: "escalated", es: "escalado" },
        "warning" => Both { en: "due soon", es: "por vencer" },
        "attention" => Both { en: "needs attention", es: "para atender" },
        "violation" => Both { en: "broken rule", es: "regla incumplida" },
        "update" => Both { en: "news of an alert", es: "novedad de un aviso" },
        "digest" => Both { en: "summary", es: "resumen" },
        "notice" => Both { en: "notice", es: "noticia" },
        other => Both { en: other, es: other },
    })
}

/// Where messages go, as people call it.
pub fn destination(name: &str, language: Language) -> &str {
    match (name, language) {
        ("email", Language::Es) => "correo",
        (other, _) => other,
    }
}

/// The source of an event; none where what is known of whoever did it says by which of plazo's own doors it came.
pub fn source(name: &str, language: Language) -> Option<&str> {
    match (name, language) {
        ("action" | "link" | "reply", _) => None,
        ("email", Language::Es) => Some("correo"),
        (other, _) => Some(other),
    }
}

/// What a message is answered by that cannot be read in the store.
pub const UNREADABLE: &str = "what the store holds of it cannot be read";

/// What was answered to a message: the other end's words, or plazo's own.
pub fn answer(text: &str, language: Language) -> Cow<'_, str> {
    match (text, language) {
        (UNREADABLE, Language::Es) => Cow::Borrowed("lo que guarda la base de datos de él no se puede leer"),
        ("heard", Language::Es) => Cow::Borrowed("escuchado: se oprimió una tecla"),
        ("heard, and ended", Language::Es) => Cow::Borrowed("escuchado, y terminó"),
        ("delivered", Language::Es) => Cow::Borrowed("entregado"),
        ("answered, and nobody pressed a key", Language::Es) => Cow::Borrowed("contestaron y nadie oprimió una tecla"),
        ("that number is the client's", Language::Es) => Cow::Borrowed("ese número es del cliente"),
        ("they told the vendor to stop (START undoes it)", Language::Es) => {
            Cow::Borrowed("pidió al proveedor no recibir más (START lo deshace)")
        }
        (other, _) => cause::in_words(other, language),
    }
}

/// A kind of promise by its word in the API; the word itself where there is no such kind.
pub fn task_of(word: &str, language: Language) -> &str {
    TargetKind::from_word(word).map_or(word, |kind| task(kind, language))
}

/// A step of a ladder: when on the way to the end of a promise, or after it, somebody is told.
pub fn step(step: Offset, language: Language) -> String {
    language.of(match step {
        Offset::Start => both!("at the start", "al comenzar"),
        Offset::Percent(percent) => both!("at {percent}%", "al {percent}%"),
        Offset::Before(time) => {
            let span = format::working_time(time);
            both!("{span} before the end", "{span} antes de vencer")
        }
        Offset::Floor => both!("at the floor", "al llegar al piso"),
        Offset::Due => both!("at the end", "al vencer"),
        Offset::After(time) => {
            let span = format::working_time(time);
            both!("{span} after the end", "{span} después de vencer")
        }
    })
}

/// A ground of closing (rule C4).
pub const fn ground(ground: Ground, language: Language) -> &'static str {
    match (ground, language) {
        (Ground::Answered, Language::Es) => "con respuesta clara",
        (Ground::Answered, Language::En) => "with a clear answer",
        (Ground::Moved, Language::Es) => "sigue por otro canal",
        (Ground::Moved, Language::En) => "it goes on by another channel",
        (Ground::Task, Language::Es) => "quedó como tarea",
        (Ground::Task, Language::En) => "a task was made of it",
        (Ground::Confirmed, Language::Es) => "el cliente lo confirmó",
        (Ground::Confirmed, Language::En) => "the client confirmed it",
    }
}

/// How a breach counts that has a reason.
pub const fn reason_state(state: ReasonState, language: Language) -> &'static str {
    match (state, language) {
        (ReasonState::Counts, Language::Es) => "cuenta",
        (ReasonState::Counts, Language::En) => "counts",
        (ReasonState::AwaitsApproval, Language::Es) => "por aprobar",
        (ReasonState::AwaitsApproval, Language::En) => "to be approved",
        (ReasonState::Excluded, Language::Es) => "fuera de las cifras",
        (ReasonState::Excluded, Language::En) => "out of the figures",
        (ReasonState::Refused, Language::Es) => "no aprobada",
        (ReasonState::Refused, Language::En) => "not approved",
    }
}

/// Why an event changed nothing.
pub const fn ignored(why: Ignored, language: Language) -> &'static str {
    match (why, language) {
        (Ignored::Duplicate, Language::Es) => "ya se sabía",
        (Ignored::Duplicate, Language::En) => "it was known already",
        (Ignored::AlreadySo, Language::Es) => "ya estaba así",
        (Ignored::AlreadySo, Language::En) => "it was so already",
        (Ignored::Merged, Language::Es) => "la solicitud es parte de otra",
        (Ignored::Merged, Language::En) => "the request is part of another",
        (Ignored::NotOwed, Language::Es) => "nadie lo esperaba",
        (Ignored::NotOwed, Language::En) => "nobody waited for it",
        (Ignored::Unproven, Language::Es) => "no se sabe de quién viene",
        (Ignored::Unproven, Language::En) => "it is not known who did it",
        (Ignored::Elsewhere, Language::Es) => "no le llegó al cliente",
        (Ignored::Elsewhere, Language::En) => "it did not reach the client",
        (Ignored::ThirdParty, Language::Es) => "lo escribió un tercero",
        (Ignored::ThirdParty, Language::En) => "a third party wrote it",
        (Ignored::AsksNothing, Language::Es) => "no pide nada",
        (Ignored::AsksNothing, Language::En) => "it asks for nothing",
        (Ignored::UnknownReason, Language::Es) => "sla.toml no tiene esa razón",
        (Ignored::UnknownReason, Language::En) => "sla.toml has no such reason",
        (Ignored::NothingToUndo, Language::Es) => "entonces no había nada que deshacer",
        (Ignored::NothingToUndo, Language::En) => "there was nothing to take back then",
    }
}
