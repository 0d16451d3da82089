//! Expressions: JMESPath (<https://jmespath.org/specification.html>) with a few functions more, compiled once.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use jmespath::{Rcvar, Runtime, Variable};
use serde_json::Value;

use super::functions;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut runtime = Runtime::new();
    runtime.register_builtin_functions();
    functions::register(&mut runtime);
    runtime
});

/// An expression ready to be evaluated.
#[derive(Clone)]
pub struct Expression(jmespath::Expression<'static>);

impl Expression {
    /// Compiles `text`.
    ///
    /// # Errors
    ///
    /// What is wrong with it, on one line.
    pub fn new(text: &str) -> Result<Self, String> {
        if let Some(path) = loose_not(text) {
            return Err(format!("`!{path}…` negates `{path}` alone, whatever follows it; write !({path}…)"));
        }
        if let Some(name) = unknown_function(text) {
            return Err(format!("there is no function {name}(); docs/mappings.md lists them"));
        }
        RUNTIME.compile(text).map(Self).map_err(|error| one_line(&error))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Its value.
    ///
    /// # Errors
    ///
    /// What a function could not do, on one line; never a part of the payload.
    pub fn of(&self, scope: &ExpressionScope) -> Result<Rcvar, String> {
        // Not `search`, which copies all of the scope each time.
        let mut context = jmespath::Context::new(self.as_str(), &RUNTIME);
        jmespath::interpret(&scope.whole, self.0.as_ast(), &mut context).map_err(|error| one_line(&error))
    }
}

impl Expression {
    /// Whether it gives something true; `false` if it fails.
    pub fn holds(&self, scope: &ExpressionScope) -> bool {
        self.of(scope).is_ok_and(|value| value.is_truthy())
    }

    /// The word that it gives.
    ///
    /// # Errors
    ///
    /// What failed, or that it gives no word.
    pub fn word(&self, scope: &ExpressionScope) -> Result<String, String> {
        self.of(scope)?.as_string().cloned().ok_or_else(|| "gives no word".to_owned())
    }
}

/// A name before `(` that no function has. JMESPath finds out only when it is called.
fn unknown_function(text: &str) -> Option<&str> {
    let mut quote = None;
    for (place, letter) in text.char_indices() {
        match (quote, letter) {
            (None, '\'' | '"' | '`') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            (None, '(') => {
                let before = &text[..place];
                let start = before.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(0, |at| at + 1);
                let name = &before[start..];
                if !name.is_empty() && RUNTIME.get_function(name).is_none() {
                    return Some(name);
                }
            }
            _ => {}
        }
    }
    None
}

/// A name after `!` that a `.` or `[` follows. JMESPath reads `!a.b` as `(!a).b`, which is always null and fails without a word.
fn loose_not(text: &str) -> Option<&str> {
    let mut quote = None;
    for (place, letter) in text.char_indices() {
        match (quote, letter) {
            (None, '\'' | '"' | '`') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            (None, '!') => {
                let rest = &text[place + 1..];
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                if 0 < end && rest[end..].starts_with(['.', '[']) {
                    return Some(&rest[..end]);
                }
            }
            _ => {}
        }
    }
    None
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({:?})", self.as_str())
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

fn one_line(error: &jmespath::JmespathError) -> String {
    // The library draws the expression with a mark below; the first line says what is wrong.
    let text = error.to_string();
    text.lines().next().unwrap_or_default().to_owned()
}

/// What an expression sees: names with their values. Cheap to extend by a name.
#[derive(Debug, Clone)]
pub struct ExpressionScope {
    whole: Rcvar,
}

impl ExpressionScope {
    /// The scope of these names.
    pub fn new(names: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        let names = names.into_iter().map(|(name, value)| (name.to_owned(), variable(value)));
        Self { whole: Rcvar::new(Variable::Object(names.collect::<BTreeMap<_, _>>())) }
    }

    /// The same with one name more.
    pub fn with(&self, name: &str, value: Rcvar) -> Self {
        let mut names = self.whole.as_object().cloned().unwrap_or_default();
        names.insert(name.to_owned(), value);
        Self { whole: Rcvar::new(Variable::Object(names)) }
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Rcvar {
        self.whole.get_field(name)
    }
}

/// A JSON value as expressions see it.
pub fn variable(value: Value) -> Rcvar {
    // Every JSON value has its variable.
    Rcvar::new(Variable::try_from(value).unwrap_or(Variable::Null))
}

/// A variable as JSON.
pub fn json(variable: &Variable) -> Value {
    serde_json::to_value(variable).unwrap_or(Value::Null)
}
