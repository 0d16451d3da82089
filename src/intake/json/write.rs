//! Events as the Event JSON form writes them.

use serde_json::{Map, Value};

use crate::engine::event::{Event, Fact, Promise};

/// Writes an event in the Event JSON form; [`super::event`] reads it back.
pub fn write(event: &Event) -> Value {
    let mut fields = match serde_json::to_value(event) {
        Ok(Value::Object(fields)) => fields,
        // Its types are all JSON's.
        Ok(_) | Err(_) => Map::new(),
    };
    let mut set = |name: &str, value: Value| {
        fields.insert(name.to_owned(), value);
    };
    set("type", event.fact.type_name().into());
    match &event.fact {
        Fact::Open { promise: Some(promise), .. } | Fact::Promise { promise } => match promise {
            Promise::Due(due) => set("due", serde_json::json!(due)),
            Promise::Within(span) => set("within", format!("{}ms", span.as_milliseconds()).into()),
        },
        Fact::Tag { add, remove } => {
            set("tags", add.clone().into());
            set("untag", remove.clone().into());
        }
        Fact::Block { blocker } | Fact::Unblock { blocker: Some(blocker) } => {
            set("blocker", blocker.to_string().into());
        }
        _ => {}
    }
    if let Some(parent) = event.about.parent {
        set("parent", parent.to_string().into());
    }
    // How it is known who made it, no event says of itself.
    for internal in ["promise", "add", "remove", "proof"] {
        fields.remove(internal);
    }
    Value::Object(fields)
}
