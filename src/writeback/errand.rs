//! An errand: the calls of one deed in their order, each from the answers before it. Whoever runs it makes what [`Errand::poll`] says.

use chrono::{DateTime, Utc};
use jmespath::Rcvar;
use serde_json::Value;

use super::{Judgement, WriteOrder, judge};
use crate::intake::api::{ApiAnswer, ApiCall, CallFault};
use crate::intake::mapping::budget;
use crate::intake::mapping::expression::{Expression, ExpressionScope, json, variable};
use crate::intake::mapping::write::{AnswerClass, WriteMapping, WriteStep};
use crate::notify::Receipt;
use crate::outbox::DeliveryError;
use crate::outbox::writing::WriteDeed;

/// Pages that one look goes through.
const MOST_PAGES: usize = 20;

/// What is to be done next.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// This call is to be made.
    Call(ApiCall),
    /// Nothing more: the deed is done, or not.
    Ended(Result<Receipt, DeliveryError>),
}

/// A deed on its way.
#[derive(Debug)]
pub struct Errand<'w> {
    write: &'w WriteMapping,
    scope: ExpressionScope,
    /// The calls of the deed.
    deed: &'w [WriteStep],
    /// The calls that look for a note which may be there already, where it may be.
    look: &'w [WriteStep],
    place: usize,
    /// Of a call that is made for each of several: those that are left, the next one last.
    left: Option<Vec<Rcvar>>,
    /// Pages of one look that were read.
    n_pages: usize,
    is_looking: bool,
    /// Whether doing it twice leaves two.
    doubles: bool,
    /// The tag, where one is put, and whether it was there before plazo came.
    tag: Option<String>,
    had: bool,
    /// Whether what is there may be plazo's own.
    may_be_own: bool,
    reference: Option<String>,
    answered: String,
    /// Whether it was begun anew, since an answer said that it may be done already, or that the ticket has moved.
    is_second: bool,
    ended: Option<Result<Receipt, DeliveryError>>,
    now: DateTime<Utc>,
}

impl<'w> Errand<'w> {
    /// Begins a deed at `now`. `account` is who plazo is there, its id first.
    ///
    /// # Errors
    ///
    /// [`DeliveryError::GiveUp`] if the system knows no such deed, or not whom or what it is about.
    pub fn new(
        write: &'w WriteMapping,
        set: &Value,
        order: &WriteOrder,
        account: &[String],
        now: DateTime<Utc>,
    ) -> Result<Self, DeliveryError> {
        let word = order.deed.word();
        let steps = |word: &str| write.deeds.get(word).map(Vec::as_slice);
        let deed =
            steps(word).ok_or_else(|| DeliveryError::GiveUp { cause: format!("`{word}` cannot be done there") })?;
        let doubles = order.deed.doubles();
        let tag = match &order.deed {
            WriteDeed::Tag { name } => Some(name.clone()),
            _ => None,
        };
        // Whether it was there is what the system says; what plazo has heard counts where it does not, or not any more.
        let is_asked = deed.iter().any(|step| step.there.is_some());
        Ok(Self {
            scope: budget::within(|| order.scope(write, set, account))?,
            write,
            deed,
            look: steps("look").unwrap_or_default(),
            place: 0,
            left: None,
            n_pages: 0,
            is_looking: order.in_doubt && doubles,
            doubles,
            tag,
            had: order.had && !order.put && (order.in_doubt || !is_asked),
            may_be_own: order.in_doubt || order.put,
            reference: None,
            answered: String::new(),
            is_second: false,
            ended: None,
            now,
        })
    }

    /// The next call, or how it ended.
    pub fn poll(&mut self) -> Next {
        budget::within(|| {
            loop {
                if let Some(ended) = &self.ended {
                    return Next::Ended(ended.clone());
                }
                let Some(step) = self.step() else {
                    self.finish();
                    continue;
                };
                match self.is_made(step) {
                    Ok(true) => match self.call(step) {
                        Ok(call) => return Next::Call(call),
                        Err(cause) => self.end(DeliveryError::GiveUp { cause }),
                    },
                    Ok(false) => self.go_to(self.place + 1),
                    Err(cause) => self.end(DeliveryError::GiveUp { cause }),
                }
            }
        })
    }

    /// Takes what came of the call that was next.
    pub fn take(&mut self, came: Result<ApiAnswer, CallFault>) {
        let Some(step) = self.step() else { return };
        let reads = step.only_reads();
        let answer = match came {
            Ok(answer) => answer,
            Err(fault) => return self.end(Judgement::of_fault(&fault, reads).into_error()),
        };
        let judgement = judge(self.write, &self.scope, &answer, reads, self.now);
        if !judgement.moved.is_empty() && !self.is_second {
            return self.move_to(&judgement.moved);
        }
        match judgement.class {
            AnswerClass::Done if judgement.look_first => {
                // Somebody, or an earlier try, was there first: what there is now decides.
                if self.is_second {
                    self.end(Judgement { class: AnswerClass::GiveUp, ..judgement }.into_error());
                } else {
                    self.begin_anew();
                }
            }
            AnswerClass::Done => budget::within(|| self.go_on(step, &answer)),
            AnswerClass::Retry | AnswerClass::Hold | AnswerClass::GiveUp => self.end(judgement.into_error()),
        }
    }

    fn step(&self) -> Option<&'w WriteStep> {
        let steps = if self.is_looking { self.look } else { self.deed };
        steps.get(self.place)
    }

    /// Whether a step wants a call, once more where it is made for each of several.
    fn is_made(&mut self, step: &WriteStep) -> Result<bool, String> {
        loop {
            if let Some(each) = &step.each {
                if self.left.is_none() {
                    let items =
                        each.of(&self.scope).map_err(|problem| format!("for whom cannot be told: {problem}"))?;
                    self.left = Some(items.as_array().into_iter().flatten().rev().cloned().collect());
                }
                let Some(item) = self.left.as_ref().and_then(|left| left.last()) else { return Ok(false) };
                self.scope = self.scope.with("item", item.clone());
            }
            if step.when.as_ref().is_none_or(|when| when.holds(&self.scope)) {
                return Ok(true);
            }
            if self.left.as_mut().and_then(Vec::pop).is_none() {
                return Ok(false);
            }
        }
    }

    fn call(&self, step: &WriteStep) -> Result<ApiCall, String> {
        let word = |what: &str, expression: &Expression| {
            expression.word(&self.scope).map_err(|problem| format!("its {what} cannot be told: {problem}"))
        };
        let headers = step.headers.iter().map(|(name, value)| Ok((name.clone(), word("header", value)?)));
        let body = step.body.as_ref().map(|body| body.of(&self.scope).map(|body| json(&body)));
        Ok(ApiCall {
            method: step.method.clone(),
            path: word("path", &step.path)?,
            headers: headers.collect::<Result<_, String>>()?,
            body: body.transpose().map_err(|problem| format!("its body cannot be told: {problem}"))?,
        })
    }

    fn go_on(&mut self, step: &WriteStep, answer: &ApiAnswer) {
        let scope = self.scope.with("body", variable(answer.body.clone()));
        self.answered = format!("HTTP {}", answer.status);
        if let Some(error) = self.unfit(step, answer, &scope) {
            return self.end(error);
        }
        if step.there.as_ref().is_some_and(|there| there.holds(&scope)) {
            // Of an earlier try nobody knows whether it put the tag there; what the request bore before was not plazo's.
            self.had = self.had || !self.may_be_own && !self.is_second;
            "it was so already".clone_into(&mut self.answered);
            self.is_looking = false;
            return self.go_to(self.deed.len());
        }
        match step.reference.as_ref().map(|reference| named(reference, &scope)) {
            Some(Ok(Some(word))) => self.reference = Some(word),
            Some(Err(cause)) if self.is_looking => return self.end(blind(cause)),
            Some(Ok(None) | Err(_)) | None => {}
        }
        if let Some(next) = step.next.as_ref().filter(|_| self.is_looking && self.reference.is_none()) {
            self.n_pages += 1;
            match named(next, &scope) {
                Ok(Some(_)) if MOST_PAGES <= self.n_pages => {
                    return self.end(blind("there are more pages than plazo looks through".to_owned()));
                }
                Ok(Some(next)) => {
                    self.scope = self.scope.with("next", variable(next.into()));
                    return;
                }
                Ok(None) => {}
                Err(cause) => return self.end(blind(cause)),
            }
        }
        if !step.name.is_empty() {
            self.scope = self.scope.with(&step.name, variable(answer.body.clone()));
        }
        // Of a call for each of several, the next poll sees whether more are left.
        if self.left.as_mut().and_then(Vec::pop).is_none() {
            self.go_to(self.place + 1);
        }
    }

    /// Why an answer under 200 ends the deed. What later calls are made of must have been read, whole and in its form; what was done is done
    /// in whatever form that comes back.
    fn unfit(&self, step: &WriteStep, answer: &ApiAnswer, scope: &ExpressionScope) -> Option<DeliveryError> {
        if answer.is_cut && step.is_read() {
            // Whoever cannot look does not write.
            let cause = "what is there is more than plazo reads, or broke off".to_owned();
            return Some(if self.is_looking { blind(cause) } else { DeliveryError::Retry { cause } });
        }
        let says = match &answer.body {
            Value::Object(_) | Value::Array(_) | Value::Bool(_) => true,
            Value::Null => !answer.is_cut && !self.doubles,
            Value::String(_) | Value::Number(_) => false,
        };
        let expected = step.expect.as_ref().filter(|_| says || step.is_read());
        if expected.is_some_and(|expect| !expect.holds(scope)) {
            let cause = format!("HTTP {}: {}", answer.status, step.why);
            return Some(if self.is_looking { blind(cause) } else { DeliveryError::GiveUp { cause } });
        }
        let is_moot = step.moot.as_ref().is_some_and(|moot| moot.holds(scope));
        is_moot.then(|| DeliveryError::Moot { cause: "somebody was there first".to_owned() })
    }

    /// All calls are made.
    fn finish(&mut self) {
        if self.is_looking && self.reference.is_none() {
            self.is_looking = false;
            return self.go_to(0);
        }
        if self.is_looking {
            "it was there already".clone_into(&mut self.answered);
        }
        let reference = match &self.tag {
            // Only what is plazo's has a name, by which it is taken off again.
            Some(tag) => (!self.had).then(|| format!("tag:{tag}")),
            None => self.reference.take(),
        };
        self.ended = Some(Ok(Receipt { answer: std::mem::take(&mut self.answered), reference, cost: None }));
    }

    fn end(&mut self, error: DeliveryError) {
        self.ended = Some(Err(error));
    }

    fn go_to(&mut self, place: usize) {
        (self.place, self.left, self.n_pages) = (place, None, 0);
        self.scope = self.scope.with("next", variable(Value::Null));
    }

    fn begin_anew(&mut self) {
        self.is_second = true;
        self.go_to(0);
    }

    /// The conversation is part of another now: the same calls go there, once.
    fn move_to(&mut self, moved: &[(String, String)]) {
        let mut ticket = json(&self.scope.get("ticket"));
        for (name, word) in moved {
            ticket[name] = word.as_str().into();
        }
        self.scope = self.scope.with("ticket", variable(ticket));
        self.begin_anew();
    }
}

/// The word that an expression gives; none where it gives nothing.
fn named(expression: &Expression, scope: &ExpressionScope) -> Result<Option<String>, String> {
    Ok(expression.of(scope)?.as_string().filter(|word| !word.is_empty()).cloned())
}

/// What may be there could not be looked for: nothing is written before it was.
fn blind(cause: String) -> DeliveryError {
    DeliveryError::Doubt { cause: format!("it could not be looked for: {cause}") }
}
