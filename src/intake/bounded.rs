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

/// Parses a form; of fields with the same name the last one stands. Names with brackets, `message[add][0][text]`, are places in lists and
/// objects, as PHP writes them.
///
/// # Errors
///
/// [`Unreadable`] if it has more fields than a genuine one.
pub(super) fn form(bytes: &[u8]) -> Result<Map<String, Value>, Unreadable> {
    if MOST_FIELDS <= bytes.iter().filter(|byte| **byte == b'&').count() {
        return Err(Unreadable);
    }
    let mut form = Map::new();
    for (name, value) in form_urlencoded::parse(bytes) {
        let value = Value::String(value.into_owned());
        match places(&name) {
            Some((first, places)) => put(form.entry(first).or_insert(Value::Null), &places, value),
            None => drop(form.insert(name.into_owned(), value)),
        }
    }
    form.values_mut().for_each(list_up);
    Ok(form)
}

/// How deep the names of a form go.
const DEEPEST: usize = 12;

/// `a[b][0]` as `a`, and `b`, `0`; none for a name without brackets, or with others than those.
fn places(name: &str) -> Option<(String, Vec<String>)> {
    let (first, rest) = name.split_once('[')?;
    let places: Vec<String> = rest.strip_suffix(']')?.split("][").map(str::to_owned).collect();
    let is_plain =
        !first.is_empty() && places.len() <= DEEPEST && places.iter().all(|place| !place.contains(['[', ']']));
    is_plain.then(|| (first.to_owned(), places))
}

/// Puts a value at its place; lists are objects by number so far.
fn put(at: &mut Value, places: &[String], value: Value) {
    let Some((place, rest)) = places.split_first() else {
        *at = value;
        return;
    };
    if !at.is_object() {
        *at = Value::Object(Map::new());
    }
    let Value::Object(fields) = at else { return };
    // `a[]` is one more.
    let place = if place.is_empty() { fields.len().to_string() } else { place.clone() };
    put(fields.entry(place).or_insert(Value::Null), rest, value);
}

/// Makes lists of objects whose names are numbers, in their order.
fn list_up(value: &mut Value) {
    let Value::Object(fields) = value else { return };
    fields.values_mut().for_each(list_up);
    let number = |name: &String| name.parse::<u32>().ok().filter(|n| n.to_string() == *name);
    if fields.is_empty() || !fields.keys().all(|name| number(name).is_some()) {
        return;
    }
    let mut items: Vec<(u32, Value)> =
        std::mem::take(fields).into_iter().filter_map(|(name, item)| Some((number(&name)?, item))).collect();
    items.sort_by_key(|(n, _)| *n);
    *value = Value::Array(items.into_iter().map(|(_, item)| item).collect());
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
    use serde_json::json;

    use super::*;

    #[test]
    fn what_stands_in_texts_is_not_counted() {
        let table = [("{}", 1), (r#"{"a":[1,2,{"b":"x,[{"}]}"#, 5), (r#"["\",[","\\",3]"#, 3), ("7", 0)];
        for (text, n) in table {
            assert_eq!(n_values(text.as_bytes()), n, "{text}");
        }
    }

    #[test]
    fn names_with_brackets_are_places() {
        let form = |text: &str| form(text.as_bytes()).map(Value::Object).expect("a form");
        let both = form("message%5Badd%5D%5B0%5D%5Btext%5D=hola&message[add][1][text]=otra&account[id]=7&x=1");
        let expected =
            json!({"message": {"add": [{"text": "hola"}, {"text": "otra"}]}, "account": {"id": "7"}, "x": "1"});
        assert_eq!(both, expected);
        assert_eq!(form("a[]=1&a[]=2"), json!({"a": ["1", "2"]}));
        // Bitrix24 numbers by ids; the order is theirs.
        assert_eq!(form("a[10]=x&a[2]=y"), json!({"a": ["y", "x"]}));
        for odd in ["[a]=1", "a[b=1", "a]b[=1", "a[[b]]=1"] {
            assert!(form(odd).as_object().is_some_and(|form| form.values().all(Value::is_string)), "{odd}");
        }
        let deep = format!("a{}=1", "[b]".repeat(500));
        assert!(form(&deep).as_object().is_some_and(|form| form.values().all(Value::is_string)), "too deep");
        assert_eq!(form("a=1&a[b]=2"), json!({"a": {"b": "2"}}), "the last one stands");
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
