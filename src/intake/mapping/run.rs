//! A mapping applied to a payload. A rule that fails is told and harms no other.

use jmespath::{Rcvar, Variable};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::expression::{Expression, ExpressionScope, json};
use super::{EventRule, Field, HOOK, Mapping, Selection, Subscription};
use crate::both;
use crate::intake::bounded::cut;
use crate::text::Both;

/// Elements of one payload that are looked at; more is no payload of an honest source.
const MOST_ELEMENTS: usize = 10_000;
/// So much of a text decides whether it says something.
const LONGEST_TEXT: usize = 64 << 10;
/// Fields that are lists.
const LISTS: [&str; 4] = ["cc", "recipients", "tags", "untag"];

/// What a payload gives.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Produced {
    /// Events in the Event JSON form, each with the name of its rule.
    pub events: Vec<(String, Map<String, Value>)>,
    /// What has to be asked for.
    pub fetches: Vec<FetchWanted>,
    /// What the operator should know.
    pub alarms: Vec<AlarmRaised>,
    /// Whether subscriptions must be renewed or made again at once.
    pub renews: bool,
    /// Clicks that want an answer, field by field.
    pub replies: Vec<Map<String, Value>>,
    /// Why something has no effect.
    pub ignored: Vec<Both>,
    /// Rules that failed.
    pub faults: Vec<MappingFault>,
}

/// Something to be asked of the source's API.
#[derive(Debug, Clone, PartialEq)]
pub struct FetchWanted {
    /// The fetch's name.
    pub name: String,
    /// Its own name for ever; asked for once.
    pub id: String,
    /// Path below the API's base, or a whole address.
    pub path: String,
    /// What the rules see as `asked`.
    pub asked: Value,
}

/// Something about the connection that its operator should know.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmRaised {
    /// Told once.
    pub id: String,
    /// What.
    pub text: Both,
}

/// A rule that could not be applied. Never holds a part of the payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingFault {
    /// The rule.
    pub rule: String,
    /// The field.
    pub field: String,
    /// Its expression.
    pub expression: String,
    /// What is wrong.
    pub problem: Both,
}

impl MappingFault {
    /// Which rule failed, where and why.
    pub fn words(&self) -> Both {
        let Self { rule, field, expression, problem: Both { en, es } } = self;
        let place = if expression.is_empty() { format!("`{field}`") } else { format!("`{field}` = \"{expression}\"") };
        both!("rule «{rule}», {place}: {en}", "regla «{rule}», {place}: {es}")
    }
}

impl Mapping {
    /// Applies the rules that read payloads of `on`.
    pub fn apply(&self, on: &str, scope: &ExpressionScope) -> Produced {
        let mut produced = Produced::default();
        for rule in self.events.iter().filter(|rule| rule.selection.on == on) {
            for scope in selected(&rule.selection, scope, &rule.name, &mut produced.faults) {
                if let Some(event) = event(rule, &scope, &mut produced.faults) {
                    produced.events.push((rule.name.clone(), event));
                }
            }
        }
        for rule in self.fetches.iter().filter(|rule| rule.selection.on == on) {
            for scope in selected(&rule.selection, scope, &rule.name, &mut produced.faults) {
                let mut word = |field, expression| needed(&rule.name, field, expression, &scope, &mut produced.faults);
                let (Some(id), Some(path)) = (word("id", &rule.id), word("path", &rule.path)) else { continue };
                let names = rule.selection.each.iter().map(|(name, _)| (name.clone(), json(&scope.get(name))));
                let asked = Value::Object(names.collect());
                produced.fetches.push(FetchWanted { name: rule.name.clone(), id, path, asked });
            }
        }
        for rule in self.alarms.iter().filter(|rule| rule.selection.on == on) {
            for scope in selected(&rule.selection, scope, "alarm", &mut produced.faults) {
                if let Some(id) = needed("alarm", "id", &rule.id, &scope, &mut produced.faults) {
                    produced.alarms.push(AlarmRaised { id, text: rule.text.clone() });
                }
            }
        }
        for rule in self.replies.iter().filter(|rule| rule.selection.on == on) {
            for scope in selected(&rule.selection, scope, &rule.name, &mut produced.faults) {
                produced.replies.extend(event(rule, &scope, &mut produced.faults));
            }
        }
        if on == HOOK {
            let calls = |wanted: &Subscription| wanted.again.as_ref().is_some_and(|again| again.holds(scope));
            produced.renews = self.subscriptions.iter().any(calls);
        }
        for rule in self.ignores.iter().filter(|rule| rule.selection.on == on) {
            let holds = !selected(&rule.selection, scope, "ignore", &mut produced.faults).is_empty();
            if holds && !produced.ignored.contains(&rule.why) {
                produced.ignored.push(rule.why.clone());
            }
        }
        produced
    }

    /// Whether `set` asks for a subscription.
    pub fn subscribes(&self, set: &Value) -> bool {
        let scope = ExpressionScope::new([("set", set.clone())]);
        let asks = |rule: &Subscription| !selected(&rule.selection, &scope, &rule.name, &mut Vec::new()).is_empty();
        self.subscriptions.iter().any(asks)
    }

    /// The subscriptions that `set` asks for, each with its scope.
    ///
    /// # Errors
    ///
    /// The first rule that fails.
    pub fn subscriptions_wanted(
        &self,
        scope: &ExpressionScope,
    ) -> Result<Vec<(&Subscription, String, ExpressionScope)>, MappingFault> {
        let (mut wanted, mut faults) = (Vec::new(), Vec::new());
        for rule in &self.subscriptions {
            for scope in selected(&rule.selection, scope, &rule.name, &mut faults) {
                let id = needed(&rule.name, "id", &rule.id, &scope, &mut faults);
                wanted.extend(id.map(|id| (rule, id, scope)));
            }
        }
        faults.into_iter().next().map_or(Ok(wanted), Err)
    }
}

/// The scopes of the elements that a rule looks at and for which it holds.
fn selected(
    selection: &Selection,
    scope: &ExpressionScope,
    rule: &str,
    faults: &mut Vec<MappingFault>,
) -> Vec<ExpressionScope> {
    let mut scopes = vec![scope.clone()];
    for (name, path) in &selection.each {
        let mut inner = Vec::new();
        for scope in &scopes {
            match path.of(scope) {
                Ok(found) => inner.extend(elements(&found).into_iter().map(|element| scope.with(name, element))),
                Err(problem) => faults.push(fault(rule, "each", path, problem)),
            }
            if MOST_ELEMENTS < inner.len() {
                let problem = both!("gives more than {MOST_ELEMENTS} elements", "da más de {MOST_ELEMENTS} elementos");
                faults.push(fault(rule, "each", path, problem));
                return Vec::new();
            }
        }
        scopes = inner;
    }
    let Some(when) = &selection.when else { return scopes };
    scopes.retain(|scope| match when.of(scope) {
        Ok(value) => value.is_truthy(),
        Err(problem) => {
            faults.push(fault(rule, "when", when, problem));
            false
        }
    });
    scopes
}

fn elements(found: &Rcvar) -> Vec<Rcvar> {
    match &**found {
        Variable::Null => Vec::new(),
        Variable::Array(items) => items.clone(),
        _ => vec![Rcvar::clone(found)],
    }
}

fn fault(rule: &str, field: &str, expression: &Expression, problem: impl Into<Both>) -> MappingFault {
    MappingFault {
        rule: rule.to_owned(),
        field: field.to_owned(),
        expression: expression.as_str().to_owned(),
        problem: problem.into(),
    }
}

/// A word that must be there.
fn needed(
    rule: &str,
    field: &str,
    expression: &Expression,
    scope: &ExpressionScope,
    faults: &mut Vec<MappingFault>,
) -> Option<String> {
    match expression.of(scope).map(|value| json(&value)) {
        Ok(Value::String(word)) if !word.trim().is_empty() => Some(word),
        Ok(Value::Number(number)) => Some(number.to_string()),
        Ok(Value::Null) => {
            faults.push(fault(
                rule,
                field,
                expression,
                both!("gives nothing for this payload", "no da nada para este contenido"),
            ));
            None
        }
        Ok(_) => {
            faults.push(fault(
                rule,
                field,
                expression,
                both!("gives no word for this payload", "no da ninguna palabra para este contenido"),
            ));
            None
        }
        Err(problem) => {
            faults.push(fault(rule, field, expression, problem));
            None
        }
    }
}

/// The event of one element. A message, or a request that is opened, loses a field that failed and no more: whoever wrote waits all
/// the same. Of anything else half an event would say what nobody said, and none is made.
fn event(rule: &EventRule, scope: &ExpressionScope, faults: &mut Vec<MappingFault>) -> Option<Map<String, Value>> {
    let n_before = faults.len();
    let is_asked = matches!(rule.kind.as_str(), "message" | "open");
    let mut event = Map::from_iter([("type".to_owned(), Value::String(rule.kind.clone()))]);
    for (name, field) in &rule.fields {
        let value = match field {
            Field::Value(expression) if name == "id" => {
                needed(&rule.name, name, expression, scope, faults).map_or(Value::Null, Value::String)
            }
            Field::Value(expression) => value(&rule.name, name, expression, scope, faults),
            Field::Table(members) => {
                let members = members.iter().map(|(key, expression)| {
                    (key.clone(), value(&rule.name, &format!("{name}.{key}"), expression, scope, faults))
                });
                let members: Map<_, _> = members.filter(|(_, value)| !value.is_null()).collect();
                if members.is_empty() { Value::Null } else { Value::Object(members) }
            }
        };
        put(&mut event, name, value);
    }
    if is_asked && !event.contains_key("id") {
        // What has no name is known again by what it says.
        let digest = Sha256::digest(Value::Object(event.clone()).to_string().as_bytes());
        event.insert("id".to_owned(), format!("sha256-{}", hex::encode(digest)).into());
    }
    (is_asked || faults.len() == n_before).then_some(event)
}

fn value(
    rule: &str,
    field: &str,
    expression: &Expression,
    scope: &ExpressionScope,
    faults: &mut Vec<MappingFault>,
) -> Value {
    match expression.of(scope) {
        Ok(value) => json(&value),
        Err(problem) => {
            faults.push(fault(rule, field, expression, problem));
            Value::Null
        }
    }
}

/// Puts a field into an event in its form: lists without gaps, one thread or several, no text without end.
fn put(event: &mut Map<String, Value>, name: &str, value: Value) {
    let is_word = |item: &Value| item.as_str().is_none_or(|word| !word.trim().is_empty()) && !item.is_null();
    let (name, value) = match (name, value) {
        (_, Value::Null) => return,
        ("thread", Value::Array(items)) => {
            ("threads", Value::Array(items.into_iter().filter(is_word).map(as_word).collect()))
        }
        (name, Value::Array(items)) if LISTS.contains(&name) => {
            (name, Value::Array(items.into_iter().filter(is_word).map(as_word).collect()))
        }
        // Whatever came along is there.
        ("attached", value) => ("attached", Value::Bool(is_something(&value))),
        (name @ ("text" | "reason" | "subject"), Value::String(text)) => {
            (name, Value::String(cut(&text, LONGEST_TEXT).to_owned()))
        }
        (name, value) => (name, value),
    };
    event.insert(name.to_owned(), value);
}

/// As JMESPath takes a value for true.
fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(is) => *is,
        Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

/// Ids are numbers in many systems.
fn as_word(item: Value) -> Value {
    if let Value::Number(number) = item { Value::String(number.to_string()) } else { item }
}
