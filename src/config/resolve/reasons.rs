//! `[reasons]`: why promises break, a closed list; which of them take the breach out of the figures, and who must agree.

use crate::both;
use crate::config::mistake::Mistakes;
use crate::config::raw::Raw;
use crate::engine::reasons::BreachReason;

/// The reasons, in the order of their keys.
pub(super) fn resolve(raw: &Raw, mistakes: &mut Mistakes) -> Vec<BreachReason> {
    let mut reasons: Vec<BreachReason> = Vec::new();
    for (key, reason) in &raw.reasons {
        let name = reason.name.as_ref().map_or_else(|| key.to_string(), |name| name.to_string());
        let is_excluding = reason.excluded.as_deref().copied().unwrap_or(false);
        let named = super::items(reason.approval.as_ref(), mistakes);
        let approval: Vec<_> = named.iter().filter_map(|word| super::ladders::tell(word, raw, mistakes)).collect();
        if let Some(approval) = reason.approval.as_ref().filter(|_| !is_excluding) {
            mistakes.error(
                approval.span.clone(),
                both!(
                    "there is nothing to agree to: this reason takes nothing out of the figures",
                    "no hay nada que aprobar: esta razón no saca nada de las cifras"
                ),
                both!("add excluded = true, or remove `approval`", "agregue excluded = true, o quite `approval`"),
            );
        }
        if is_excluding && reason.approval.is_none() {
            mistakes.warning(
                key.span(),
                both!(
                    "anybody can take a breach out of the figures by this reason",
                    "con esta razón cualquiera puede sacar un incumplimiento de las cifras"
                ),
                both!("add approval = [\"lead\"]", "agregue approval = [\"lead\"]"),
            );
        }
        if let Some(other) = reasons.iter().find(|other| other.name.to_lowercase() == name.to_lowercase()) {
            let (name, other) = (&name, &other.key);
            mistakes.error(
                key.span(),
                both!("`{other}` has the name `{name}` already", "`{other}` ya se llama `{name}`"),
                both!("give each reason a name of its own", "dé a cada razón un nombre propio"),
            );
        }
        reasons.push(BreachReason { key: key.to_string(), name, is_excluding, approval });
    }
    reasons
}
