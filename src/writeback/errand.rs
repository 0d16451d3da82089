//! An errand: the calls of one deed in their order, each from the answers before it. It makes none itself: whoever runs it makes what
//! [`Errand::poll`] says, and gives back what came of it.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Judgement, WriteOrder, judge};
use crate::intake::api::{ApiAnswer, ApiCall, CallFault};
use crate::intake::mapping::expression::{Expression, ExpressionScope, json, variable};
use crate::intake::mapping::write::{AnswerClass, WriteMapping, WriteStep};
use crate::notify::Receipt;
use crate::outbox::DeliveryError;
use crate::outbox::writing::WriteDeed;

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
    is_looking: bool,
    /// The tag, where one is put, and whether it was there before plazo came.
    tag: Option<String>,
    had: bool,
    in_doubt: bool,
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
        let is_looking = order.in_doubt && order.deed.doubles();
        let tag = match &order.deed {
            WriteDeed::Tag { name } => Some(name.clone()),
            _ => None,
        };
        Ok(Self {
            scope: order.scope(write, set, account)?,
            write,
            deed,
            look: steps("look").unwrap_or_default(),
            place: 0,
            is_looking,
            tag,
            had: order.had,
            in_doubt: order.in_doubt,
            reference: None,
            answered: String::new(),
            is_second: false,
            ended: None,
            now,
        })
    }

    /// The next call, or how it ended.
    pub fn poll(&mut self) -> Next {
        loop {
            if let Some(ended) = &self.ended {
                return Next::Ended(ended.clone());
            }
            let steps = if self.is_looking { self.look } else { self.deed };
            let Some(step) = steps.get(self.place) else {
                self.finish();
                continue;
            };
            if step.when.as_ref().is_some_and(|when| !when.holds(&self.scope)) {
                self.place += 1;
                continue;
            }
            match self.call(step) {
                Ok(call) => return Next::Call(call),
                Err(cause) => self.ended = Some(Err(DeliveryError::GiveUp { cause })),
            }
        }
    }

    /// Takes what came of the call that was next.
    pub fn take(&mut self, came: Result<ApiAnswer, CallFault>) {
        let steps = if self.is_looking { self.look } else { self.deed };
        let Some(step) = steps.get(self.place) else { return };
        let reads = step.method == "GET";
        let answer = match came {
            Ok(answer) => answer,
            Err(fault) => return self.fail(Judgement::of_fault(&fault, reads)),
        };
        let judgement = judge(self.write, &self.scope, &answer, reads, self.now);
        if !judgement.moved.is_empty() && !self.is_second {
            return self.move_to(&judgement.moved);
        }
        match judgement.class {
            AnswerClass::Done if judgement.look_first => {
                // Somebody, or an earlier try, was there first: what there is now decides.
                if self.is_second {
                    self.fail(Judgement { class: AnswerClass::GiveUp, ..judgement });
                } else {
                    self.begin_anew();
                }
            }
            AnswerClass::Done => self.go_on(step, &answer),
            AnswerClass::Retry | AnswerClass::Hold | AnswerClass::GiveUp => self.fail(judgement),
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
        if self.is_looking && answer.is_cut {
            // Whoever cannot look does not write.
            let cause = "what is there already is more than plazo reads".to_owned();
            self.ended = Some(Err(DeliveryError::Doubt { cause }));
            return;
        }
        let scope = self.scope.with("body", variable(answer.body.clone()));
        self.answered = format!("HTTP {}", answer.status);
        if step.there.as_ref().is_some_and(|there| there.holds(&scope)) {
            // Of an earlier try nobody knows whether it put the tag there; what the request bore before was not plazo's.
            self.had = self.had || !self.in_doubt && !self.is_second;
            "it was so already".clone_into(&mut self.answered);
            self.is_looking = false;
            self.place = self.deed.len();
            return;
        }
        if let Some(expect) = step.expect.as_ref().filter(|_| !answer.is_cut)
            && !expect.holds(&scope)
        {
            let cause = format!("HTTP {}: {}", answer.status, step.why);
            self.ended = Some(Err(DeliveryError::GiveUp { cause }));
            return;
        }
        if let Some(reference) = &step.reference {
            self.reference = reference.word(&scope).ok().filter(|word| !word.is_empty()).or(self.reference.take());
        }
        if !step.name.is_empty() {
            self.scope = self.scope.with(&step.name, variable(answer.body.clone()));
        }
        self.place += 1;
    }

    /// All calls are made.
    fn finish(&mut self) {
        if self.is_looking && self.reference.is_none() {
            (self.is_looking, self.place) = (false, 0);
            return;
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

    fn fail(&mut self, judgement: Judgement) {
        self.ended = Some(Err(judgement.into_error()));
    }

    fn begin_anew(&mut self) {
        (self.is_second, self.place) = (true, 0);
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
