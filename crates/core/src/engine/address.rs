//! Addresses by which channels know people: mail addresses, telephone numbers, user ids. One number is one number, however it is
//! written (LESSONS 46).

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;

/// Digits of a number with its country code (ITU-T E.164); fewer are an extension or an id.
const DIGITS: std::ops::RangeInclusive<usize> = 10..=15;
/// Providers whose addresses say nothing of a company.
const PUBLIC_PROVIDERS: [&str; 26] = [
    "gmail",
    "googlemail",
    "hotmail",
    "outlook",
    "live",
    "msn",
    "yahoo",
    "ymail",
    "rocketmail",
    "icloud",
    "me",
    "mac",
    "aol",
    "gmx",
    "proton",
    "protonmail",
    "zohomail",
    "yandex",
    "mail",
    "terra",
    "uol",
    "bol",
    "ig",
    "une",
    "etb",
    "fibertel",
];

/// Begins what stands in the place of somebody who was erased.
pub const ERASED: &str = "erased-";

/// The form under which an address is looked up: in lower case, and a telephone number as its digits with the country code.
///
/// Mexico's `521…` is `52…`, Argentina's `549…` is `54…`, and Brazil's mobile numbers have their ninth digit. What is no number
/// stays as it is.
pub fn canonical(address: &str) -> Cow<'_, str> {
    let address = address.trim();
    if let Some(number) = digits(address).and_then(|digits| number(&digits)) {
        return Cow::Owned(number);
    }
    if address.chars().any(char::is_uppercase) { Cow::Owned(address.to_lowercase()) } else { Cow::Borrowed(address) }
}

/// Whether two addresses are one.
pub fn is_same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || canonical(one) == canonical(other)
}

/// The name of a conversation whose last part is a number, with the number in its one form; none where it has that already.
pub fn canonical_thread(thread: &str) -> Option<String> {
    let (place, last) = thread.rsplit_once(':').map_or(("", thread), |(place, last)| (place, last));
    let place = if place.eq_ignore_ascii_case("whatsapp") { "" } else { place };
    let number = digits(last).and_then(|digits| number(&digits))?;
    let name = if place.is_empty() { number } else { format!("{place}:{number}") };
    (name != thread).then_some(name)
}

/// The domain of a mail address, where it belongs to one company.
pub fn company_domain(address: &str) -> Option<&str> {
    let (_, domain) = address.rsplit_once('@')?;
    let provider = domain.split('.').next().unwrap_or_default().to_ascii_lowercase();
    (!domain.is_empty() && !PUBLIC_PROVIDERS.contains(&provider.as_str())).then_some(domain)
}

/// The digits of what looks like a telephone number: `+57 300 555-0101`, `whatsapp:+57…`, `57…:12@s.whatsapp.net`, `tel:+57…`.
fn digits(address: &str) -> Option<String> {
    let word = ["whatsapp:", "tel:", "sms:"]
        .iter()
        .find_map(|scheme| address.get(..scheme.len()).filter(|head| head.eq_ignore_ascii_case(scheme)))
        .map_or(address, |scheme| &address[scheme.len()..]);
    let word = match word.rsplit_once('@') {
        // A device of that number.
        Some((number, "c.us" | "s.whatsapp.net")) => number.split([':', '.']).next().unwrap_or_default(),
        Some(_) => return None,
        None => word.trim(),
    };
    let is_written = |c: char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')' | '.' | '/' | '\u{a0}');
    if !word.starts_with(|c: char| c.is_ascii_digit() || c == '+' || c == '(') || !word.chars().all(is_written) {
        return None;
    }
    let digits: String = word.chars().filter(char::is_ascii_digit).collect();
    // Dialled from abroad.
    let digits = digits.strip_prefix("00").map(str::to_owned).unwrap_or(digits);
    DIGITS.contains(&digits.len()).then_some(digits)
}

thread_local! {
    /// What was found of numbers lately: reading one costs more than anything else of an event, and a conversation has the same again and again.
    static NUMBERS: RefCell<Remembered> = RefCell::new(Remembered::default());
}
/// So many are kept in mind of each of the two halves: a desk with more clients has most of its work with these.
const MOST_NUMBERS: usize = 32_768;

/// Numbers by their digits, those that were asked for lately and those before them. Where the first half is full it becomes the second, whose
/// own go, but for what is asked for again meanwhile.
#[derive(Default)]
struct Remembered {
    lately: HashMap<String, Option<String>>,
    before: HashMap<String, Option<String>>,
}

impl Remembered {
    fn find(&mut self, digits: &str) -> Option<Option<String>> {
        if let Some(found) = self.lately.get(digits) {
            return Some(found.clone());
        }
        let (digits, found) = self.before.remove_entry(digits)?;
        self.keep(digits, found.clone());
        Some(found)
    }

    fn keep(&mut self, digits: String, found: Option<String>) {
        if MOST_NUMBERS <= self.lately.len() {
            self.before = std::mem::take(&mut self.lately);
        }
        self.lately.insert(digits, found);
    }
}

/// The number with its country code, if there is such a number.
fn number(digits: &str) -> Option<String> {
    let known = NUMBERS.with_borrow_mut(|numbers| numbers.find(digits));
    known.unwrap_or_else(|| {
        let found = read_number(digits);
        NUMBERS.with_borrow_mut(|numbers| numbers.keep(digits.to_owned(), found.clone()));
        found
    })
}

/// The digits by which people write a telephone number in its canonical form: with its country code, without it, and as before its country
/// changed how numbers are made. None where it is no number.
pub fn spellings(canonical: &str) -> Vec<String> {
    let is_number = DIGITS.contains(&canonical.len()) && canonical.bytes().all(|byte| byte.is_ascii_digit());
    let parsed = is_number.then(|| phonenumber::parse(None, format!("+{canonical}")).ok()).flatten();
    let Some((code, national)) = parsed.map(|parsed| (parsed.code().value(), parsed.national().to_string())) else {
        return Vec::new();
    };
    let mut nationals = vec![national.clone()];
    match code {
        52 => nationals.push(format!("1{national}")),
        54 => nationals.push(format!("9{national}")),
        55 if national.len() == 11 => nationals.push(format!("{}{}", &national[..2], &national[3..])),
        _ => {}
    }
    let abroad: Vec<_> = nationals.iter().map(|national| format!("{code}{national}")).collect();
    abroad.into_iter().chain(nationals).collect()
}

fn read_number(digits: &str) -> Option<String> {
    let parsed = phonenumber::parse(None, format!("+{digits}")).ok()?;
    let (code, national) = (parsed.code().value(), parsed.national().to_string());
    let national = match code {
        // The mark of mobile numbers, which went out of use in 2019, still stands in ids of WhatsApp.
        52 if national.len() == 11 => national.strip_prefix('1').map(str::to_owned).unwrap_or(national),
        // The mark of mobile numbers from abroad, or the one inside the country.
        54 if national.len() == 11 => national.strip_prefix('9').map(str::to_owned).unwrap_or(national),
        // The ninth digit, which mobile numbers got by 2016; fixed lines begin with 2 to 5.
        55 if national.len() == 10 && national.as_bytes()[2] >= b'6' => {
            format!("{}9{}", &national[..2], &national[2..])
        }
        _ => national,
    };
    let zeros = if code == 39 && parsed.national().zeros() > 0 { "0" } else { "" };
    Some(format!("{code}{zeros}{national}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_is_one_number_however_it_is_written() {
        let rows: [(&str, &[&str]); 7] = [
            (
                "573005550101",
                &[
                    "+573005550101",
                    "573005550101",
                    "whatsapp:+573005550101",
                    "+57 300 555-0101",
                    "tel:+57-300-555-0101",
                    "00573005550101",
                    "573005550101:12@s.whatsapp.net",
                    "573005550101@c.us",
                ],
            ),
            ("525512345678", &["+525512345678", "5215512345678", "+52 1 55 1234 5678", "5215512345678@s.whatsapp.net"]),
            ("541155551234", &["+541155551234", "5491155551234", "+54 9 11 5555-1234"]),
            ("5511987654321", &["+5511987654321", "551187654321", "whatsapp:+551187654321"]),
            ("551133334444", &["+55 11 3333-4444"]),
            ("34600111222", &["+34 600 11 12 22"]),
            ("50688887777", &["+506 8888 7777"]),
        ];
        for (number, spellings) in rows {
            for spelling in spellings {
                assert_eq!(canonical(spelling), number, "{spelling}");
            }
        }
    }

    #[test]
    fn what_is_no_number_stays_itself() {
        for word in
            ["laura", "u0123", "rosa@cliente.example", "45670000@lid", "120363000000000001@g.us", "1234", "2026-03-04"]
        {
            assert_eq!(canonical(word), word);
        }
        assert_eq!(canonical(" Rosa@Cliente.example"), "rosa@cliente.example");
    }

    #[test]
    fn a_thread_has_its_number_in_one_form() {
        assert_eq!(canonical_thread("1065:5215512345678").as_deref(), Some("1065:525512345678"));
        assert_eq!(canonical_thread("whatsapp:+573005550101").as_deref(), Some("573005550101"));
        assert_eq!(canonical_thread("1065:573005550101"), None);
        assert_eq!(canonical_thread("4711"), None);
    }
}
