//! What others send as JSON or as a form, with bounds on how much is in it: parsed, a value takes dozens of times the room of its
//! bytes. How deep it goes is bounded by the parser (128).

use serde_json::{Map, Value};

/// Values of one JSON text: the largest genuine payload has some thousands.
const MOST_VALUES: usize = 200_000;
/// Fields of one form.
const MOST_FIELDS: usize = 2_000;

/// It is not what it should be, or too much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unreadable;

/// Parses a JSON text.
///
/// # Errors
///
/// [`Unreadable`] if it is none, or has more values than a genuine one.
pub(super) fn json(bytes: &[u8]) -> Result<Value, Unreadable> {
    if MOST_VALUES < n_values(bytes) {
        return Err(Unreadable);
    }
    serde_json::from_slice(bytes).map_err(|_| Unreadable)
}

/// Parses a form; of fields with the same name the last one stands.
///
/// # Errors
///
/// [`Unreadable`] if it has more fields than a genuine one.
pub(super) fn form(bytes: &[u8]) -> Result<Map<String, Value>, Unreadable> {
    if MOST_FIELDS <= bytes.iter().filter(|byte| **byte == b'&').count() {
        return Err(Unreadable);
    }
    let fields = form_urlencoded::parse(bytes);
    Ok(fields.map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))).collect())
}

/// How many values a JSON text has, counted by what stands before each outside of texts.
fn n_values(bytes: &[u8]) -> usize {
    let (mut n, mut in_text, mut is_escaped) = (0, false, false);
    for byte in bytes {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_text,
            b'"' => in_text = !in_text,
            b',' | b'[' | b'{' if !in_text => n += 1,
            _ => {}
        }
    }
    n
}

/// The text up to so many bytes, between letters.
pub(super) fn cut(text: &str, longest: usize) -> &str {
    &text[..text.floor_char_boundary(longest)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_texts_is_not_counted() {
        let table = [("{}", 1), (r#"{"a":[1,2,{"b":"x,[{"}]}"#, 5), (r#"["\",[","\\",3]"#, 3), ("7", 0)];
        for (text, n) in table {
            assert_eq!(n_values(text.as_bytes()), n, "{text}");
        }
    }

    #[test]
    fn too_many_values_or_fields_are_refused_and_long_texts_are_not() {
        let many = format!("[{}0]", "0,".repeat(MOST_VALUES));
        assert_eq!(json(many.as_bytes()), Err(Unreadable));
        let long = serde_json::to_vec(&",[{".repeat(MOST_VALUES)).expect("a text");
        assert!(json(&long).is_ok());
        assert_eq!(form("a=1&".repeat(MOST_FIELDS).as_bytes()), Err(Unreadable));
        assert_eq!(form(b"a=1&b=&a=2").map(|form| form.len()), Ok(2));
    }
}
