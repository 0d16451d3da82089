//! What `sla.toml` means, in words: `plazo check` reads it back to whoever wrote it.

use super::{Both, Language, format, violation, vocabulary};
use crate::both;
use crate::engine::calendar::Counting;
use crate::engine::check::{Check, CheckKind, Checks};
use crate::engine::directory::{Role, Tell};
use crate::engine::escalation::{Offset, Step};
use crate::engine::event::{Audience, RequestKind};
use crate::engine::policy::{Limit, Matcher, Policy, Target, TargetKind};
use crate::engine::working_time::WorkingTime;

/// One policy in a few lines: whom it is for, what it promises, who is told when.
pub fn policy(policy: &Policy, language: Language) -> Vec<String> {
    let whom = whom(&policy.matcher, language);
    let mut lines = Vec::new();
    for (kind, target) in &policy.targets {
        let line = match target {
            Some(target) => format!("{whom}: {}", promise(*kind, target, language)),
            None => {
                let what = vocabulary::task(*kind, language);
                language.of(both!("{whom}: no promise to {what}", "{whom}: sin plazo para {what}"))
            }
        };
        lines.push(line);
    }
    lines
}

/// The checks that are on, one a line: the rule, what it asks for, of whom, and who is told.
pub fn checks(checks: &Checks, language: Language) -> Vec<String> {
    let line = |(kind, check): (&CheckKind, &Check)| {
        let (rule, what) = (&check.rule, language.of(violation::check(*kind)));
        let whom = if check.matcher == Matcher::default() {
            String::new()
        } else {
            format!("{}: ", whom(&check.matcher, language))
        };
        let told: Vec<_> =
            check.escalation.steps.iter().flat_map(|step| &step.tell).map(|tell| who(tell, language)).collect();
        let told = told.join(", ");
        let told = language.of(both!("{told} told", "se avisa a {told}"));
        format!("{whom}{what}; {told} ({rule})")
    };
    checks.on.iter().map(line).collect()
}

fn whom(matcher: &Matcher, language: Language) -> String {
    let mut words = Vec::new();
    let channels: Vec<_> = matcher.channel.iter().map(|channel| vocabulary::channel(channel, language)).collect();
    let kinds: Vec<_> = matcher.kind.iter().map(|kind| kind_word(*kind, language).to_owned()).collect();
    if !kinds.is_empty() {
        words.push(kinds.join(", "));
    }
    if !channels.is_empty() {
        words.push(channels.join(", "));
    }
    if let Some(audience) = matcher.audience {
        words.push(language.of(match audience {
            Audience::Client => Both { en: "of clients".to_owned(), es: "de clientes".to_owned() },
            Audience::Internal => Both { en: "among colleagues".to_owned(), es: "entre colegas".to_owned() },
        }));
    }
    let mut named = |label: Both<&str>, values: &[String]| {
        if !values.is_empty() {
            words.push(format!("{} {}", language.of(label), values.join(", ")));
        }
    };
    named(Both { en: "from", es: "de" }, &matcher.customer);
    named(Both { en: "in the stage", es: "en la etapa" }, &matcher.stage);
    named(Both { en: "in inbox", es: "en la bandeja" }, &matcher.inbox);
    named(Both { en: "of team", es: "del equipo" }, &matcher.team);
    named(Both { en: "with priority", es: "con prioridad" }, &matcher.priority);
    named(Both { en: "tagged", es: "con etiqueta" }, &matcher.tags);
    if words.is_empty() {
        return language.of(Both { en: "Everything else", es: "Todo lo demás" }).to_owned();
    }
    let line = words.join(" ");
    let mut letters = line.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or(line)
}

const fn kind_word(kind: RequestKind, language: Language) -> &'static str {
    match (kind, language) {
        (RequestKind::Request, Language::En) => "requests",
        (RequestKind::Request, Language::Es) => "solicitudes",
        (RequestKind::Task, Language::En) => "tasks",
        (RequestKind::Task, Language::Es) => "tareas",
        (RequestKind::Claim, Language::En) => "claims",
        (RequestKind::Claim, Language::Es) => "reclamos",
        (RequestKind::Call, Language::En) => "calls",
        (RequestKind::Call, Language::Es) => "llamadas",
    }
}

fn promise(kind: TargetKind, target: &Target, language: Language) -> String {
    let task = vocabulary::task(kind, language);
    let within = limit(target, language);
    let mut parts = vec![format!("{task} {within}")];
    if let Some(aim) = target.aim {
        let aim = format::working_time(aim);
        parts.push(language.of(both!("first warning after {aim}", "primer aviso a los {aim}")));
    }
    if let Some(floor) = target.floor {
        let floor = format::working_time(floor);
        parts.push(
            language.of(both!("nobody is disturbed before {floor}", "a nadie se le interrumpe antes de {floor}")),
        );
    }
    let mut aim = target.aim;
    parts.extend(target.escalation.steps.iter().map(|each| step(each, target, &mut aim, language)));
    if target.escalation.steps.is_empty() {
        parts.push(language.of(both!("nobody is told", "no se avisa a nadie")));
    }
    let rule = target.rule.as_ref().map(|rule| format!(" ({rule})")).unwrap_or_default();
    format!("{}{rule}", parts.join("; "))
}

fn limit(target: &Target, language: Language) -> String {
    let calendar = if target.calendar.is_always_open() {
        language.of(both!("round the clock", "de tiempo corrido"))
    } else {
        let name = target.calendar.name();
        language.of(both!("of \"{name}\" time", "de horario «{name}»"))
    };
    match target.limit {
        Limit::Spend(budget) => {
            let budget = format::working_time(budget);
            language.of(both!("within {budget} {calendar}", "en {budget} {calendar}"))
        }
        Limit::Days { days, counting } => {
            let days = counted(days, counting, language);
            language.of(both!("within {days}, by the same hour", "en {days}, a la misma hora"))
        }
        Limit::OnDay { day, counting } => {
            let days = counted(day, counting, language);
            language.of(both!(
                "by opening time, {days} after the day it began",
                "antes de abrir, {days} después del día en que empezó"
            ))
        }
    }
}

fn counted(days: u32, counting: Counting, language: Language) -> String {
    language.of(match (counting, days) {
        (Counting::WorkingDays, 1) => both!("1 working day", "1 día hábil"),
        (Counting::WorkingDays, _) => both!("{days} working days", "{days} días hábiles"),
        (Counting::CalendarDays, 1) => both!("1 calendar day", "1 día corrido"),
        (Counting::CalendarDays, _) => both!("{days} calendar days", "{days} días corridos"),
    })
}

fn step(step: &Step, target: &Target, aim: &mut Option<WorkingTime>, language: Language) -> String {
    let mut told: Vec<_> = step.tell.iter().map(|tell| who(tell, language)).collect();
    if step.claims {
        let claim = Both { en: "(a formal claim is opened)", es: "(se abre un reclamo formal)" };
        told.push(language.of(claim).to_owned());
    }
    let told = told.join(", ");
    let before_due = |after: WorkingTime| {
        let after = format::working_time(after);
        both!("{told} told after {after}", "a los {after} se avisa a {told}")
    };
    language.of(match (step.at, target.limit) {
        (Offset::Percent(_) | Offset::Before(_), _) if aim.is_some() => before_due(aim.take().unwrap_or_default()),
        (Offset::Percent(percent), Limit::Spend(budget)) => before_due(budget.percent(percent)),
        (Offset::Percent(percent), _) => {
            both!("{told} told after {percent}% of the time", "al {percent}% del tiempo se avisa a {told}")
        }
        (Offset::Before(before), _) => {
            let before = format::working_time(before);
            both!("{told} told {before} before the end", "{before} antes de vencer se avisa a {told}")
        }
        (Offset::Start, _) => both!("{told} told at once", "de inmediato se avisa a {told}"),
        (Offset::Floor, _) => both!("{told} told from then on", "desde entonces se avisa a {told}"),
        (Offset::Due, _) => both!("{told} told when it breaks", "al vencer se avisa a {told}"),
        (Offset::After(after), _) => {
            let after = format::working_time(after);
            both!("{told} told {after} after that", "{after} después se avisa a {told}")
        }
    })
}

fn who(tell: &Tell, language: Language) -> String {
    match tell {
        Tell::Role(role) => language
            .of(match role {
                Role::Owner => Both { en: "the owner", es: "responsable" },
                Role::Lead => Both { en: "the team lead", es: "líder del equipo" },
                Role::Supervisor => Both { en: "the supervisor", es: "supervisión" },
                Role::BackOffice => Both { en: "the back office", es: "back office" },
                Role::Management => Both { en: "management", es: "gerencia" },
            })
            .to_owned(),
        Tell::Person(key) | Tell::Team(key) | Tell::Destination(key) => key.clone(),
        Tell::Rota(name) => language.of(both!("whoever is on duty ({name})", "quien esté de turno ({name})")),
    }
}
