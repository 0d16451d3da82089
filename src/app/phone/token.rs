//! Tokens by which a vendor's news name the message that they are of: plazo signs one for each.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta};
use hmac::Mac as _;

use crate::app::App;
use crate::notify::phone::Callback;
use crate::outbox::DeliveryId;
use crate::outbox::message::Leased;
use crate::store::StoreError;
use crate::store::deliveries::DeliveryRow;

/// What a token is signed for.
const PURPOSE: &str = "plazo phone 1";
/// Bytes of a signature.
const SIGNATURE: usize = 32;
/// No honest token is longer.
const LONGEST: usize = 512;
/// Vendors tell of a message for so long.
const LASTS: TimeDelta = TimeDelta::days(2);

impl App {
    /// Where a vendor tells what becomes of a delivery; none where the file gives no public address.
    pub fn phone_callback(&self, delivery: &Leased) -> Option<Callback> {
        let person = delivery.person.as_deref()?;
        let mut base = reqwest::Url::parse(self.config().public_url.as_deref()?).ok()?;
        base.path_segments_mut().ok()?.pop_if_empty().extend(["voice", delivery.destination.as_str()]);
        let until = (delivery.decided_at + LASTS).timestamp();
        let mut body = format!("{}\n{until}\n{person}", delivery.id).into_bytes();
        let signature = self.keys.seal(PURPOSE, &body).finalize().into_bytes();
        body.extend_from_slice(&signature);
        Some(Callback { base: base.to_string(), token: URL_SAFE_NO_PAD.encode(body) })
    }

    /// The delivery that a token names and its reader, if it was made here and still works.
    fn read_phone_token(&self, token: &str) -> Option<(DeliveryId, String)> {
        if LONGEST < token.len() {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (body, signature) = bytes.split_at(bytes.len().checked_sub(SIGNATURE)?);
        self.keys.seal(PURPOSE, body).verify_slice(signature).ok()?;
        let mut parts = std::str::from_utf8(body).ok()?.splitn(3, '\n');
        let (delivery, until, person) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?);
        let until = DateTime::from_timestamp(until, 0)?;
        (self.now() <= until).then(|| (DeliveryId(delivery), person.to_owned()))
    }

    /// The delivery of a vendor's news, if the token is ours, the destination is its own, and the vendor calls it by that name. A
    /// delivery that is being written down is waited for a little: vendors are fast.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be looked up.
    pub async fn telephoned(
        &self,
        token: &str,
        destination: &str,
        reference: &str,
    ) -> Result<Option<DeliveryRow>, StoreError> {
        const LOOKS: usize = 20;
        let Some((id, person)) = self.read_phone_token(token) else { return Ok(None) };
        for look in 0..LOOKS {
            let row = self.views.delivery(id).await?;
            let Some(row) = row else { return Ok(None) };
            if row.destination != destination || row.person.as_ref() != Some(&person) {
                return Ok(None);
            }
            match &row.reference {
                Some(known) => return Ok((known == reference).then_some(row)),
                None if row.finished_at.is_some() || look + 1 == LOOKS => return Ok(None),
                None => tokio::time::sleep(std::time::Duration::from_millis(250)).await,
            }
        }
        Ok(None)
    }
}
