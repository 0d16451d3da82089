//! The one vocabulary of what people read: promises, states, motives, events, channels, in Spanish and English.
//!
//! No word of the code reaches a person by another way.

use super::Language;
use crate::engine::clock::{Cancelled, ClockState};
use crate::engine::effect::Why;
use crate::engine::policy::TargetKind;

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
        ("open", Language::Es) => "apertura",
        ("open", Language::En) => "opening",
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
        ("always", Language::Es) => "siempre abierto".to_owned(),
        ("always", Language::En) => "always open".to_owned(),
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
    }
}
