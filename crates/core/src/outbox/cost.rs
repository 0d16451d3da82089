//! What messages cost that are paid for one by one.

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// In millionths of the currency.
    pub micros: i64,
    /// Three capital letters (ISO 4217).
    pub currency: String,
}

impl Price {
    /// What `amount` and a currency say, as vendors and the file write them: `0.045`, `-0.0450`. A vendor's debit is negative; what it is
    /// worth counts. None if it is no amount, or beyond a million.
    pub fn of(amount: &str, currency: &str) -> Option<Self> {
        let amount: f64 = amount.trim().parse().ok()?;
        let is_currency = currency.len() == 3 && currency.bytes().all(|letter| letter.is_ascii_uppercase());
        let is_amount = amount.is_finite() && amount.abs() <= 1e6;
        (is_amount && is_currency)
            .then(|| Self { micros: (amount.abs() * 1e6).round() as i64, currency: currency.to_owned() })
    }

    /// The same so many times.
    #[must_use]
    pub fn times(&self, n: u32) -> Self {
        Self { micros: self.micros.saturating_mul(n.into()), currency: self.currency.clone() }
    }
}

/// What a message cost, or a part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cost {
    /// Segments of a text, begun minutes of a call.
    pub units: u32,
    /// What the vendor said, or the file; none where nobody did.
    pub price: Option<Price>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_vendors_write_them() {
        let price = |micros| Some(Price { micros, currency: "USD".to_owned() });
        assert_eq!(Price::of("-0.0450", "USD"), price(45_000));
        assert_eq!(Price::of(" 0.05", "USD").map(|price| price.times(3)), price(150_000));
        for (amount, currency) in [("", "USD"), ("x", "USD"), ("NaN", "USD"), ("1e9", "USD"), ("1", "usd"), ("1", "")] {
            assert_eq!(Price::of(amount, currency), None, "{amount} {currency}");
        }
    }
}
