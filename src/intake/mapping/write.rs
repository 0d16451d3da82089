//! `[write]` of a mapping: how plazo writes back into the system behind a source, as data. What a step of a ladder asks for becomes calls of
//! its API, and answers are judged by rules; `writeback` of the program makes the calls.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use serde_json::Value;

use super::compile::{MappingError, auth_of, expression, wrong};
use super::expression::Expression;
use super::{Auth, file};

/// Calls a minute where the mapping says nothing: fewer than any vendor allows.
const USUAL_PACE: NonZeroU32 = NonZeroU32::MIN.saturating_add(59);
/// The method of calls that change nothing.
const READS: &str = "GET";
/// Letters of a note where the mapping says nothing.
const USUAL_LENGTH: usize = 8_000;

/// How a system is written to.
#[derive(Debug, Clone, PartialEq)]
pub struct WriteMapping {
    /// Keys of `[source.NAME]` without which nothing is written.
    pub needs: Vec<String>,
    /// Where its API is, where `sla.toml` says nothing.
    pub base: Option<String>,
    /// How plazo proves itself there.
    pub auth: Auth,
    /// What marks a text of theirs obeys.
    pub form: NoteForm,
    /// Letters that a note may have.
    pub longest: usize,
    /// Calls that are made in a minute.
    pub per_minute: NonZeroU32,
    /// What calls see as `ticket`, each read from `thread`.
    pub ticket: Vec<(String, Expression)>,
    /// The id of a person there, from `person`.
    pub person: Option<Expression>,
    /// What the file's names for priorities are called there.
    pub priorities: BTreeMap<String, Value>,
    /// Who plazo is there.
    pub account: Option<AccountCall>,
    /// How plazo's own acts are known when they come back.
    pub echo: EchoRule,
    /// What each deed is made of, by its word; `look` looks for a note.
    pub deeds: BTreeMap<String, Vec<WriteStep>>,
    /// What answers mean, the first that holds; what none knows is judged by its status.
    pub answers: Vec<AnswerRule>,
}

/// What marks of its own a system reads in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteForm {
    /// None.
    Plain,
    /// Markdown, with mentions by `@` and by links.
    Markdown,
    /// Jira's wiki marks.
    Wiki,
    /// HTML.
    Html,
}

/// How plazo asks who it is.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountCall {
    /// Path below the API's base.
    pub path: Expression,
    /// Ids and addresses of the account, from the answer; the first is its id.
    pub words: Expression,
}

/// How plazo's own acts are known in a payload of the source.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EchoRule {
    /// Who wrote the note.
    pub note_by: Option<Expression>,
    /// What the note is called there.
    pub note_id: Option<Expression>,
    /// Who changed tags, owner or priority.
    pub change_by: Option<Expression>,
}

/// One call of a deed.
#[derive(Debug, Clone, PartialEq)]
pub struct WriteStep {
    /// Under what name later calls see its answer.
    pub name: String,
    /// Whether it is made at all.
    pub when: Option<Expression>,
    /// For each of what it is made, which it sees as `item`.
    pub each: Option<Expression>,
    /// `GET`, `POST`, …
    pub method: String,
    /// Path below the API's base.
    pub path: Expression,
    /// What is sent, as JSON.
    pub body: Option<Expression>,
    /// Headers besides.
    pub headers: Vec<(String, Expression)>,
    /// Whether its answer says that all is as it should be already: then nothing more is done.
    pub there: Option<Expression>,
    /// What must be so in an answer that can be read, since systems drop what they do not like, and say that all is well.
    pub expect: Option<Expression>,
    /// What it means where that is not so.
    pub why: String,
    /// Whether it says that somebody was there first: then nothing is done.
    pub moot: Option<Expression>,
    /// What the system calls what was made; of a look, what was found.
    pub reference: Option<Expression>,
    /// Of a look: what the same call sees as `next` for the page after this one, where there is one.
    pub next: Option<Expression>,
}

impl WriteStep {
    /// Whether what comes after is made of its answer, which must be read for that, whole and in its form.
    pub fn is_read(&self) -> bool {
        self.method == READS || !self.name.is_empty()
    }

    /// Whether it changes nothing there.
    pub fn only_reads(&self) -> bool {
        self.method == READS
    }
}

/// What an answer means.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerRule {
    /// Whether it is about that answer.
    pub when: Expression,
    /// What it means.
    pub class: AnswerClass,
    /// For how many seconds to wait.
    pub after: Option<Expression>,
    /// Whether it may have been done, so that it is looked for first.
    pub look_first: bool,
    /// Where the ticket is now, read from the answer.
    pub moved: Vec<(String, Expression)>,
}

/// What becomes of a deed by an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerClass {
    /// It is done.
    Done,
    /// It may work later.
    Retry,
    /// Nothing is written to that system until its operator has seen to it.
    Hold,
    /// This one will not work.
    GiveUp,
}

impl AnswerClass {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "done" => Self::Done,
            "retry" => Self::Retry,
            "hold" => Self::Hold,
            "give_up" => Self::GiveUp,
            _ => return None,
        })
    }
}

impl WriteMapping {
    /// Whether the system can be asked for a deed of that word.
    pub fn can(&self, word: &str) -> bool {
        self.deeds.contains_key(word)
    }

    /// Whether a priority of that name can be set; any where the mapping names none.
    pub fn knows_priority(&self, name: &str, set: &Value) -> bool {
        let is_own = set.pointer("/priorities").and_then(|own| own.get(name)).is_some();
        let is_there = || self.priorities.values().any(|value| as_word(value) == name);
        self.priorities.is_empty() || is_own || self.priorities.contains_key(name) || is_there()
    }

    /// What a priority is called there.
    pub fn priority(&self, name: &str, set: &Value) -> Value {
        let own = set.pointer("/priorities").and_then(|own| own.get(name));
        own.or_else(|| self.priorities.get(name)).cloned().unwrap_or_else(|| name.into())
    }
}

/// A value of a mapping as a word.
pub fn as_word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Compiles `[write]`; `api` is how the source itself is asked.
pub(super) fn compile(write: &file::Write, api: Option<&Auth>) -> Result<WriteMapping, MappingError> {
    let place = "[write]";
    let form = match write.form.as_str() {
        "" | "plain" => NoteForm::Plain,
        "markdown" => NoteForm::Markdown,
        "wiki" => NoteForm::Wiki,
        "html" => NoteForm::Html,
        other => return Err(wrong(place, format!("`form` = \"{other}\" is none of plain, markdown, wiki, html"))),
    };
    let auth = match (&write.auth, api) {
        (Some(auth), _) => auth_of(auth, write.token_url.as_deref(), write.scope.as_deref(), place)?,
        (None, Some(auth)) => auth.clone(),
        (None, None) => Auth::Bearer,
    };
    let deeds = [
        ("note", &write.note),
        ("look", &write.look),
        ("tag", &write.tag),
        ("untag", &write.untag),
        ("assign", &write.assign),
        ("priority", &write.priority),
    ];
    let deeds = deeds.into_iter().filter(|(_, steps)| !steps.is_empty());
    let deeds = deeds.map(|(word, steps)| {
        let steps =
            steps.iter().enumerate().map(|(n, written)| step(word, written, &format!("[[write.{word}]] {}", n + 1)));
        Ok((word.to_owned(), steps.collect::<Result<Vec<_>, MappingError>>()?))
    });
    let deeds = deeds.collect::<Result<BTreeMap<_, _>, MappingError>>()?;
    if deeds.contains_key("note") && !deeds.contains_key("look") {
        return Err(wrong(place, "a note needs [[write.look]], by which it is looked for before it is written again"));
    }
    if deeds.contains_key("tag") != deeds.contains_key("untag") {
        return Err(wrong(place, "`tag` and `untag` go together: what plazo puts there it takes off"));
    }
    let optional = |text: &Option<String>, field| text.as_ref().map(|text| expression(text, place, field)).transpose();
    let account = write.account.as_ref().map(|account| {
        let place = "[write.account]";
        let (path, words) = (expression(&account.path, place, "path")?, expression(&account.words, place, "words")?);
        Ok(AccountCall { path, words })
    });
    Ok(WriteMapping {
        needs: write.needs.clone(),
        base: write.base.clone(),
        auth,
        form,
        longest: write.longest.unwrap_or(USUAL_LENGTH),
        per_minute: write.per_minute.and_then(NonZeroU32::new).unwrap_or(USUAL_PACE),
        ticket: expressions(&write.ticket, "[write.ticket]")?,
        person: optional(&write.person, "person")?,
        priorities: write.priorities.clone(),
        account: account.transpose()?,
        echo: EchoRule {
            note_by: optional(&write.echo.note_by, "echo.note_by")?,
            note_id: optional(&write.echo.note_id, "echo.note_id")?,
            change_by: optional(&write.echo.change_by, "echo.change_by")?,
        },
        deeds,
        answers: write.answer.iter().enumerate().map(|(n, rule)| answer(rule, n + 1)).collect::<Result<_, _>>()?,
    })
}

fn expressions(written: &BTreeMap<String, String>, place: &str) -> Result<Vec<(String, Expression)>, MappingError> {
    written.iter().map(|(name, text)| Ok((name.clone(), expression(text, place, name)?))).collect()
}

fn step(word: &str, written: &file::WriteStep, place: &str) -> Result<WriteStep, MappingError> {
    let optional = |text: &Option<String>, field| text.as_ref().map(|text| expression(text, place, field)).transpose();
    let method = written.call.to_uppercase();
    if !["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str()) {
        return Err(wrong(place, format!("`call` = \"{}\" is none of GET, POST, PUT, PATCH, DELETE", written.call)));
    }
    let step = WriteStep {
        name: written.name.clone().unwrap_or_default(),
        when: optional(&written.when, "when")?,
        each: optional(&written.each, "each")?,
        method,
        path: expression(&written.path, place, "path")?,
        body: optional(&written.body, "body")?,
        headers: expressions(&written.headers, place)?,
        there: optional(&written.there, "there")?,
        expect: optional(&written.expect, "expect")?,
        why: written.why.clone().unwrap_or_else(|| "it says that all is well, and did something else".to_owned()),
        moot: optional(&written.moot, "moot")?,
        reference: optional(&written.reference, "reference")?,
        next: optional(&written.next, "next")?,
    };
    if step.is_read() && step.expect.is_none() {
        return Err(wrong(
            place,
            "a call whose answer is read needs `expect`: that of another form must not pass for an empty one",
        ));
    }
    if step.next.is_some() && word != "look" {
        return Err(wrong(place, "only a look has pages: `next` stands in [[write.look]]"));
    }
    Ok(step)
}

fn answer(rule: &file::AnswerRule, n: usize) -> Result<AnswerRule, MappingError> {
    let place = format!("[[write.answer]] {n}");
    let class = AnswerClass::of(&rule.class)
        .ok_or_else(|| wrong(&place, format!("`class` = \"{}\" is none of done, retry, hold, give_up", rule.class)))?;
    Ok(AnswerRule {
        when: expression(&rule.when, &place, "when")?,
        class,
        after: rule.after.as_ref().map(|text| expression(text, &place, "after")).transpose()?,
        look_first: rule.look_first,
        moved: expressions(&rule.moved, &place)?,
    })
}
