//! Instants, spans and words as people of each language write them.

use super::printable::{first_letters, n_letters, printable_line};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;

use super::Language;
use crate::engine::effect::Why;
use crate::engine::policy::TargetKind;
use crate::engine::working_time::WorkingTime;

const WEEKDAYS_ES: [&str; 7] = ["lun", "mar", "mié", "jue", "vie", "sáb", "dom"];
const WEEKDAYS_EN: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS_ES: [&str; 12] = ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"];
const MONTHS_EN: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `lun 2 mar, 09:20` / `Mon 2 Mar, 09:20`; with seconds where they are not zero.
pub fn instant(at: DateTime<Utc>, zone: Tz, language: Language) -> String {
    format!("{}, {}", date(at.with_timezone(&zone).date_naive(), language), time(at, zone))
}

/// `lun 2 mar` / `Mon 2 Mar`.
pub fn date(date: NaiveDate, language: Language) -> String {
    let (weekdays, months) = match language {
        Language::Es => (WEEKDAYS_ES, MONTHS_ES),
        Language::En => (WEEKDAYS_EN, MONTHS_EN),
    };
    let weekday = weekdays[date.weekday().num_days_from_monday() as usize];
    let month = months[date.month0() as usize];
    format!("{weekday} {} {month}", date.day())
}

/// `09:20`, or `09:20:30` where seconds matter.
pub fn time(at: DateTime<Utc>, zone: Tz) -> String {
    let local = at.with_timezone(&zone);
    if local.second() == 0 { local.format("%H:%M").to_string() } else { local.format("%H:%M:%S").to_string() }
}

/// `2 d 3 h`, `1 h 30 min`, `5 min`, `40 s`: the two largest units, the same in both languages.
pub fn span(span: TimeDelta) -> String {
    let seconds = span.num_seconds().max(0);
    let units = [(seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let largest = units.iter().position(|(n, _)| *n > 0).unwrap_or(units.len() - 1);
    let (n, unit) = units[largest];
    match units.get(largest + 1).filter(|(next, _)| *next > 0) {
        // Seconds beside hours or minutes are noise.
        Some((next, next_unit)) if *next_unit != "s" || n < 10 && unit == "min" => {
            format!("{n} {unit} {next} {next_unit}")
        }
        _ => format!("{n} {unit}"),
    }
}

/// `1 d 2 h 3 min 4 s`: every unit that is not zero.
pub fn span_in_full(span: TimeDelta) -> String {
    let seconds = span.num_seconds().max(0);
    let units = [(seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let words: Vec<_> = units.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n} {unit}")).collect();
    if words.is_empty() { "0 s".to_owned() } else { words.join(" ") }
}

/// Working time in hours and minutes, `48 h`, `1 h 30 min`: a day of work is no day.
pub fn working_time(time: WorkingTime) -> String {
    let (hours, minutes) = (time.as_seconds() / 3_600, time.as_seconds() / 60 % 60);
    match (hours, minutes) {
        (0, _) => span(time.as_elapsed()),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

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

/// The text on one line, without control characters and what hides, at most `longest` letters as readers see them.
pub fn one_line(text: &str, longest: usize) -> String {
    let words: Vec<_> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    let line = printable_line(&words.join(" "));
    if n_letters(&line) <= longest {
        return line;
    }
    format!("{}…", first_letters(&line, longest.saturating_sub(1)))
}
