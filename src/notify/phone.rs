//! What transports to people's telephones share: what they are told of a message, which numbers they take, how many a day, at which price.

use std::num::NonZeroU32;

use chrono::{DateTime, TimeDelta, Utc};

use super::provider::ConfigReader;
use super::{DeliveryError, Message};
use crate::both;
use crate::outbox::Price;
use crate::secret::SecretSource;
use crate::text::phone::gsm::Alphabet;
use crate::written::At;

/// Messages to one person within a day, where the file says nothing.
const USUAL_MOST: NonZeroU32 = match NonZeroU32::new(20) {
    Some(most) => most,
    None => NonZeroU32::MIN,
};
/// What is told of something that is over already is worth nothing after so long.
const WORTH: TimeDelta = TimeDelta::minutes(30);
/// The networks try for so long at most.
const LONGEST_WORTH: TimeDelta = TimeDelta::hours(4);
/// Clocks differ by so much, between here and a vendor.
const SKEW: TimeDelta = TimeDelta::minutes(1);

/// What a telephone needs of a message besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForPhone {
    /// It in one segment of GSM-7, as far as its letters allow that.
    pub folded: String,
    /// It in one segment with its accents.
    pub accented: String,
    /// It read aloud, with what can be pressed.
    pub spoken: String,
    /// Where the vendor tells what became of it; none where the file gives no public address.
    pub callback: Option<Callback>,
    /// Whether an earlier try may have arrived, so that it is looked for first.
    pub is_looked_for: bool,
}

/// Where a vendor tells what became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// The address of the destination's callbacks.
    pub base: String,
    /// Names the message, and is signed.
    pub token: String,
}

impl Callback {
    /// The address for one sort of news: `call`, `status`, `sms`, `report`.
    pub fn of(&self, sort: &str) -> String {
        format!("{}/{sort}/{}", self.base, self.token)
    }
}

/// What holds of a destination that reaches telephones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneTerms {
    /// Messages to one person within a day.
    pub most_a_day: NonZeroU32,
    /// What a segment, or a begun minute, costs; none where nobody said so.
    pub price: Option<Price>,
    /// How a call of the vendor is known to be its own.
    pub voucher: Voucher,
}

/// How a call of a vendor is known to be its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Voucher {
    /// By Twilio's signature with this token.
    Twilio(SecretSource),
    /// By the address alone, which only the vendor was given.
    Address,
}

impl PhoneTerms {
    /// What the keys mean that all have which reach telephones.
    pub(super) fn settle(
        most: Option<&At<u32>>,
        price: Option<&At<String>>,
        voucher: Voucher,
        reader: &mut dyn ConfigReader,
    ) -> Self {
        let most_a_day = most.map_or(Some(USUAL_MOST), |most| NonZeroU32::new(**most));
        if let (None, Some(most)) = (most_a_day, most) {
            reader.error(
                most.span(),
                both!("with 0 a day nobody is ever told by it", "con 0 al día por aquí nunca se avisa a nadie"),
                both!("write at least 1, or remove the destination", "escriba al menos 1, o quite el destino"),
            );
        }
        let read = price.map(|written| (written, written.split_once(' ').and_then(|(n, of)| Price::of(n, of))));
        if let Some((written, None)) = &read {
            reader.error(
                written.span(),
                both!("this is no price", "esto no es un precio"),
                both!(
                    "write an amount and a currency, such as \"0.045 USD\"",
                    "escriba un valor y una moneda, como \"0.045 USD\""
                ),
            );
        }
        let price = read.and_then(|(_, price)| price);
        Self { most_a_day: most_a_day.unwrap_or(USUAL_MOST), price, voucher }
    }
}

impl ForPhone {
    /// It as a text message.
    pub(super) fn text(&self, alphabet: Alphabet) -> &str {
        match alphabet {
            Alphabet::Gsm7 => &self.folded,
            Alphabet::Ucs2 => &self.accented,
        }
    }
}

/// What a telephone needs of a message; an error where it has nothing of it.
pub(super) fn for_phone(message: &Message) -> Result<&ForPhone, DeliveryError> {
    message.phone.as_ref().ok_or_else(|| gave_up("the message has no form for telephones"))
}

/// The reader's number: digits, with the country's code in front.
pub(super) fn number(message: &Message) -> Result<String, DeliveryError> {
    let written = message.to.as_ref().map(|(_, number)| number).ok_or_else(|| gave_up("no number is known"))?;
    let digits = digits(written);
    // ITU-T E.164: 15 digits at most.
    if written.trim_start().starts_with('+') && (7..=15).contains(&digits.len()) {
        Ok(digits)
    } else {
        Err(gave_up("the number is not written with + and its country's code"))
    }
}

/// The digits of a number, by which two ways of writing it are the same.
pub fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

/// For how long a message is worth delivering: until its promise ends.
pub(super) fn worth(message: &Message, now: DateTime<Utc>) -> TimeDelta {
    let left = message.card.due_at.map_or(WORTH, |due_at| due_at - now);
    if left < SKEW { WORTH } else { left.min(LONGEST_WORTH) }
}

/// Whether a message that was made at `created_at` may be that of an earlier try.
pub(super) fn may_be_earlier_try(message: &Message, created_at: DateTime<Utc>) -> bool {
    message.decided_at - SKEW <= created_at
}

/// Whether a text speaks of the message's request, or is the very text.
pub(super) fn is_about(text: &str, message: &Message, own: &str) -> bool {
    let Some(request) = message.request else { return text == own };
    let mark = request.to_string();
    let ends = |rest: &str| !rest.starts_with(|letter: char| letter.is_ascii_digit());
    text.match_indices(&mark).any(|(at, found)| ends(&text[at + found.len()..]))
}

/// A failed look: whatever it met, nothing may be sent before one has succeeded.
pub(super) fn unseen(error: DeliveryError) -> DeliveryError {
    match error {
        DeliveryError::Hold { .. } => error,
        other => DeliveryError::Retry { cause: format!("it could not be looked for: {}", other.cause()) },
    }
}

pub(super) fn gave_up(cause: &str) -> DeliveryError {
    DeliveryError::GiveUp { cause: cause.to_owned() }
}
