//! What is to be decided, in order: an input, and what follows from it before anything else.

use std::collections::VecDeque;

use super::changes::Changes;
use super::{Applied, Input, Output, Saved, Violated};
use crate::engine::effect::Effect;

/// An input and what follows from it.
#[derive(Debug)]
pub struct Agenda {
    inputs: VecDeque<Input>,
    /// What the first input gave.
    output: Option<Output>,
}

impl Agenda {
    /// Of one input.
    pub fn of(input: Input) -> Self {
        Self { inputs: VecDeque::from([input]), output: None }
    }

    /// What is to be decided now.
    pub fn take(&mut self) -> Option<Input> {
        self.inputs.pop_front()
    }

    /// Takes note of what an input became, and of the numbers that it got: what follows from it comes next.
    pub fn done(&mut self, input: &Input, changes: Changes, output: Output, saved: &Saved) {
        let is_first = self.output.is_none();
        for mut next in changes.then.into_iter().rev() {
            // Only what the first input splits off is told by its effects.
            if let Input::Own { answers, .. } = &mut next {
                *answers = answers.filter(|_| is_first);
            }
            self.inputs.push_front(next);
        }
        for (new, id) in changes.violations.into_iter().zip(&saved.violations).rev() {
            self.inputs.push_front(Input::Climb(Box::new(Violated::new(*id, new))));
        }
        let Some(first) = &mut self.output else {
            self.output = Some(output);
            return;
        };
        if let Input::Own { answers: Some(place), .. } = input
            && let Output::Applied(Applied::Accepted { request: opened, .. } | Applied::Duplicate { request: opened }) =
                output
            && let Output::Applied(Applied::Accepted { effects, .. }) | Output::Moved(effects) = first
            && let Some(Effect::SplitOff { request, .. }) = effects.get_mut(*place)
        {
            *request = Some(opened);
        }
    }

    /// What the first input gave, once nothing is left.
    pub fn into_output(self) -> Output {
        self.output.unwrap_or(Output::Nothing)
    }
}
