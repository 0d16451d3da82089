//! What `sla.toml` means, in words: `plazo check` reads it back to whoever wrote it.

use super::{Both, Language, format, violation, vocabulary};
use crate::both;
use crate::engine::calendar::Counting;
use crate::engine::check::{Check, CheckKind};
use crate::engine::directory::{Directory, Role, Tell};
use crate::engine::escalation::{Offset, Step};
use crate::engine::event::{Audience, RequestKind};
use crate::engine::policy::{From, Limit, Matcher, Policy, Target, TargetKind};
use crate::engine::rulebook::Rulebook;
use crate::engine::working_time::WorkingTime;
use crate::engine::write_back::WriteBack;

/// Each policy by its name, in a few lines: whom it is for, what it promises, who is told when, and where another one comes first.
pub fn policies(rulebook: &Rulebook, language: Language) -> Vec<(String, Vec<String>)> {
    // Stages and waits stand below all that the file lists.
    let is_listed = |policy: &Policy| policy.matcher.stage.is_empty() && policy.matcher.wait.is_empty();
    let last = rulebook.policies.iter().rposition(is_listed).unwrap_or(0);
    let policy = |(place, policy): (usize, &Policy)| {
        let words = Words { rulebook, directory: &rulebook.directory, language };
        // Only what stands below others, with nothing below it, takes the rest.
        let is_rest = 0 < place && place == last;
        let mut lines = words.policy(policy, is_rest);
        lines.extend(overtaken(policy, &rulebook.policies[..place], language));
        (policy.name.clone(), lines)
    };
    rulebook.policies.iter().enumerate().map(policy).collect()
}

/// Where an earlier policy has the say by a whole channel, though not by all: it may be meant so, and is seen nowhere else.
fn overtaken(policy: &Policy, earlier: &[Policy], language: Language) -> Vec<String> {
    if policy.matcher == Matcher::default() {
        return Vec::new();
    }
    let mut lines = Vec::new();
    let mut seen = Vec::new();
    for other in earlier {
        let promises_too = policy.targets.iter().any(|(kind, _)| other.targets.iter().any(|(named, _)| named == kind));
        for channel in other.matcher.channel.iter().filter(|_| promises_too) {
            let narrowed = Matcher { channel: vec![channel.clone()], ..policy.matcher.clone() };
            let concerns = policy.matcher.channel.is_empty() || policy.matcher.channel.contains(channel);
            if concerns && other.matcher.covers(&narrowed) && !seen.contains(channel) {
                seen.push(channel.clone());
                let (channel, name) = (vocabulary::channel(channel, language), &other.name);
                lines.push(language.of(both!(
                    "by {channel}, \"{name}\" above it holds instead",
                    "por {channel} vale «{name}», que está más arriba"
                )));
            }
        }
    }
    lines
}

/// The checks that are on, one a line: the rule, what it asks for, of whom, and who is told.
pub fn checks(rulebook: &Rulebook, language: Language) -> Vec<String> {
    let words = Words { rulebook, directory: &rulebook.directory, language };
    let line = |(kind, check): (&CheckKind, &Check)| {
        let (rule, what) = (&check.rule, language.of(violation::check(*kind)));
        let whom = if check.matcher == Matcher::default() {
            String::new()
        } else {
            format!("{}: ", words.whom(&check.matcher, false))
        };
        let told = words.all(check.escalation.steps.iter().flat_map(|step| &step.tell));
        let told = language.of(both!("{told} told", "se avisa a {told}"));
        format!("{whom}{what}; {told} ({rule})")
    };
    rulebook.checks.on.iter().map(line).collect()
}

/// Several in a sentence: `a, b and c`, `a, b y c`; `e` before a sound of i.
pub fn listed(words: &[String], language: Language) -> String {
    let Some((last, first)) = words.split_last() else { return String::new() };
    if first.is_empty() {
        return last.clone();
    }
    let first = first.join(", ");
    let begins = last.to_lowercase();
    let has_sound = begins.starts_with('i') || begins.starts_with('í') || begins.starts_with("hi");
    let sounds_alike = has_sound && !begins.starts_with("hie");
    let and = language.of(Both { en: "and", es: if sounds_alike { "e" } else { "y" } });
    format!("{first} {and} {last}")
}

/// A span after which something happens: `a la hora`, `al minuto`, `a las 4 h`, `a los 20 min`.
fn after(time: WorkingTime, language: Language) -> String {
    let span = format::working_time(time);
    let es = match time.as_seconds() {
        60 => "al minuto".to_owned(),
        3_600 => "a la hora".to_owned(),
        seconds if 3_600 <= seconds => format!("a las {span}"),
        _ => format!("a los {span}"),
    };
    language.of(Both { en: format!("after {span}"), es })
}

/// Several who are told, as a sentence names them.
pub fn told(tell: &[Tell], rulebook: &Rulebook, language: Language) -> String {
    Words { rulebook, directory: &rulebook.directory, language }.all(tell)
}

/// How the file's keys are said to people.
struct Words<'a> {
    rulebook: &'a Rulebook,
    directory: &'a Directory,
    language: Language,
}

impl Words<'_> {
    fn policy(&self, policy: &Policy, is_rest: bool) -> Vec<String> {
        let language = self.language;
        let whom = self.whom(&policy.matcher, is_rest);
        let line = |(kind, target): &(TargetKind, Option<Target>)| match target {
            Some(target) => format!("{whom}: {}", self.promise(*kind, target)),
            None => {
                let what = vocabulary::task(*kind, language);
                language.of(both!("{whom}: no promise to {what}", "{whom}: sin plazo para {what}"))
            }
        };
        policy.targets.iter().map(line).collect()
    }

    fn customer(&self, key: &str) -> String {
        self.directory.customer(key).map_or_else(|| key.to_owned(), |customer| customer.name.clone())
    }

    fn whom(&self, matcher: &Matcher, is_rest: bool) -> String {
        let language = self.language;
        let mut words = Vec::new();
        let channels: Vec<_> = matcher.channel.iter().map(|channel| vocabulary::channel(channel, language)).collect();
        let kinds: Vec<_> = matcher.kind.iter().map(|kind| kind_word(*kind, language).to_owned()).collect();
        if !kinds.is_empty() {
            words.push(listed(&kinds, language));
        }
        if !channels.is_empty() {
            words.push(listed(&channels, language));
        }
        if let Some(audience) = matcher.audience {
            words.push(language.of(match audience {
                Audience::Client => Both { en: "of clients".to_owned(), es: "de clientes".to_owned() },
                Audience::Internal => Both { en: "among colleagues".to_owned(), es: "entre colegas".to_owned() },
            }));
        }
        let mut named = |label: Both<&str>, values: &[String]| {
            if !values.is_empty() {
                words.push(format!("{} {}", language.of(label), listed(values, language)));
            }
        };
        let customers: Vec<_> = matcher.customer.iter().map(|key| self.customer(key)).collect();
        named(Both { en: "from", es: "de" }, &customers);
        named(Both { en: "in the stage", es: "en la etapa" }, &matcher.stage);
        let waits = matcher.wait.iter().map(|key| self.rulebook.wait(key).map_or(key, |wait| &wait.name).clone());
        named(Both { en: "waiting:", es: "en espera:" }, &waits.collect::<Vec<_>>());
        named(Both { en: "in inbox", es: "en la bandeja" }, &matcher.inbox);
        named(Both { en: "of team", es: "del equipo" }, &matcher.team);
        let priorities: Vec<_> = matcher.priority.iter().map(|word| priority(word, language)).collect();
        named(Both { en: "with priority", es: "con prioridad" }, &priorities);
        named(Both { en: "tagged", es: "con etiqueta" }, &matcher.tags);
        if words.is_empty() {
            let all = Both { en: "All requests", es: "Todas las solicitudes" };
            let rest = Both { en: "Everything else", es: "Todo lo demás" };
            return language.of(if is_rest { rest } else { all }).to_owned();
        }
        let line = words.join(" ");
        let mut letters = line.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or(line)
    }

    fn promise(&self, kind: TargetKind, target: &Target) -> String {
        let language = self.language;
        let task = vocabulary::task(kind, language);
        let within = limit(target, language);
        let mut parts = vec![format!("{task} {within}")];
        if let Some(aim) = target.aim {
            let aim = after(aim, language);
            parts.push(language.of(both!("first warning {aim}", "primer aviso {aim}")));
        }
        if let Some(floor) = target.floor {
            let floor = format::working_time(floor);
            parts.push(
                language.of(both!("nobody is disturbed before {floor}", "a nadie se le interrumpe antes de {floor}")),
            );
        }
        if target.from == From::Match {
            let text =
                both!("it counts since this policy holds for it", "cuenta desde que esta política vale para ella");
            parts.push(language.of(text));
        }
        match target.pauses {
            Some(true) => parts.push(language.of(both!(
                "it stands still while the client is waited for",
                "se detiene mientras se espera al cliente"
            ))),
            Some(false) => {
                let text = both!("it runs on while the client is waited for", "corre aunque se espere al cliente");
                parts.push(language.of(text));
            }
            None => {}
        }
        let mut aim = target.aim;
        parts.extend(target.escalation.steps.iter().map(|each| self.step(each, target, &mut aim)));
        if target.escalation.steps.is_empty() {
            parts.push(language.of(both!("nobody is told", "no se avisa a nadie")));
        }
        let rule = target.rule.as_ref().map(|rule| format!(" ({rule})")).unwrap_or_default();
        format!("{}{rule}", parts.join("; "))
    }

    fn step(&self, step: &Step, target: &Target, aim: &mut Option<WorkingTime>) -> String {
        let language = self.language;
        let mut told = self.all(&step.tell);
        if step.claims {
            let claim = Both { en: "(a formal claim is opened)", es: "(se abre un reclamo formal)" };
            told = format!("{told} {}", language.of(claim)).trim().to_owned();
        }
        if !step.deeds.is_empty() {
            let nobody = Both { en: "nobody", es: "nadie" };
            let deeds: Vec<_> = step.deeds.iter().map(|deed| self.deed(deed)).collect();
            let told_whom = if told.is_empty() { language.of(nobody) } else { &told };
            let done = listed(&deeds, language);
            told = language.of(both!("{told_whom} (there: {done})", "{told_whom} (allá: {done})"));
        }
        let before_due = |time: WorkingTime| {
            let when = after(time, language);
            both!("{told} told {when}", "{when} se avisa a {told}")
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
            (Offset::After(time), _) => {
                let after = format::working_time(time);
                both!("{told} told {after} after that", "{after} después se avisa a {told}")
            }
        })
    }

    fn who(&self, tell: &Tell) -> String {
        let language = self.language;
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
            Tell::Person(key) => self.directory.name_of(key).to_owned(),
            Tell::Team(key) => language.of(both!("the team {key}", "todo el equipo {key}")),
            Tell::Destination(key) => key.clone(),
            Tell::Rota(name) => language.of(both!("whoever is on duty ({name})", "quien esté de turno ({name})")),
        }
    }

    /// What is done where the conversation lives.
    fn deed(&self, deed: &WriteBack) -> String {
        self.language.of(match deed {
            WriteBack::Note => both!("a note", "una nota"),
            WriteBack::Tag(name) => both!("the tag \"{name}\"", "la etiqueta «{name}»"),
            WriteBack::Assign(tell) => {
                let who = self.who(tell);
                both!("it goes to {who}", "pasa a {who}")
            }
            WriteBack::Priority(name) => both!("priority \"{name}\"", "prioridad «{name}»"),
        })
    }

    /// Several who are told, in a sentence.
    fn all<'t>(&self, tell: impl IntoIterator<Item = &'t Tell>) -> String {
        let mut names: Vec<String> = Vec::new();
        for name in tell.into_iter().map(|tell| self.who(tell)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        listed(&names, self.language)
    }
}

/// The usual words for priorities; what a house calls its own stays as it is.
fn priority(word: &str, language: Language) -> String {
    let said = match word {
        "urgent" => Both { en: "urgent", es: "urgente" },
        "high" => Both { en: "high", es: "alta" },
        "normal" => Both { en: "normal", es: "normal" },
        "low" => Both { en: "low", es: "baja" },
        other => return other.to_owned(),
    };
    language.of(said).to_owned()
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

/// So many days, and which of them count.
pub(super) fn counted(days: u32, counting: Counting, language: Language) -> String {
    language.of(match (counting, days) {
        (Counting::WorkingDays, 1) => both!("1 working day", "1 día hábil"),
        (Counting::WorkingDays, _) => both!("{days} working days", "{days} días hábiles"),
        (Counting::CalendarDays, 1) => both!("1 calendar day", "1 día corrido"),
        (Counting::CalendarDays, _) => both!("{days} calendar days", "{days} días corridos"),
    })
}
