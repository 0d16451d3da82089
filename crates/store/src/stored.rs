//! What lies on the disk of requests and their clocks: types of the store's own beside the engine's, so that a name that changes there changes
//! nothing here, or does not compile.
//!
//! Each row says in which shape it is written. Shape 1 has instants as RFC 3339, shape 2 as microseconds since 1970, which is shorter and
//! quicker; both are read. A row of a shape that is not known is one that cannot be read.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use plazo_core::engine::check::Part;
use plazo_core::engine::clock::{Cancelled, Clock, ClockState, SettledStep, StepOutcome};
use plazo_core::engine::escalation::Offset;
use plazo_core::engine::event::Author;
use plazo_core::engine::facets::Facets;
use plazo_core::engine::marks::Marks;
use plazo_core::engine::policy::TargetKind;
use plazo_core::engine::request::{Appointment, Pause, Phase, Promised, Request};
use plazo_core::engine::request_id::RequestId;

/// The shape in which rows are written.
pub(super) const SHAPE: i64 = 2;

/// Whether a row of that shape can be read.
pub(super) const fn is_known(shape: i64) -> bool {
    1 <= shape && shape <= SHAPE
}

/// A request's row, as it is written.
///
/// # Errors
///
/// If it cannot be written as JSON, which its types rule out.
pub fn write_request(request: &Request) -> serde_json::Result<String> {
    to_string(request, 1_024, |request, json| StoredRequest::serialize(request, json))
}

/// A clock's row, as it is written.
///
/// # Errors
///
/// If it cannot be written as JSON, which its types rule out.
pub fn write_clock(clock: &Clock) -> serde_json::Result<String> {
    to_string(clock, 256, |clock, json| StoredClock::serialize(clock, json))
}

/// A request as it is read, of any shape that is known.
#[derive(Debug, Deserialize)]
pub struct ReadRequest(#[serde(with = "StoredRequest")] pub Request);

/// The clocks of a request's state alone.
#[derive(Debug, Deserialize)]
pub struct ReadClocks {
    /// Those that run, and each kind's last one.
    #[serde(default, deserialize_with = "clocks::deserialize")]
    pub clocks: Vec<Clock>,
}

/// A clock as it is read, of any shape that is known.
#[derive(Debug, Deserialize)]
pub struct ReadClock(#[serde(with = "StoredClock")] pub Clock);

fn to_string<T>(
    value: &T,
    usual: usize,
    write: impl for<'b> FnOnce(&T, &'b mut serde_json::Serializer<&'b mut Vec<u8>>) -> serde_json::Result<()>,
) -> serde_json::Result<String> {
    let mut bytes = Vec::with_capacity(usual);
    write(value, &mut serde_json::Serializer::new(&mut bytes))?;
    String::from_utf8(bytes).map_err(serde::ser::Error::custom)
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Request")]
struct StoredRequest {
    id: RequestId,
    phase: Phase,
    facets: Facets,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    requester: Option<Author>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    thread: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    clients: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    third_parties: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    awaited: Vec<String>,
    #[serde(with = "instant")]
    last_event_at: DateTime<Utc>,
    #[serde(with = "instant")]
    opened_at: DateTime<Utc>,
    #[serde(default, with = "marks")]
    marks: Marks,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    set_by_hand: Option<Promised>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    promised: Option<Promised>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pauses: Vec<Pause>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "instant::optional")]
    snoozed_until: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    appointment: Option<Appointment>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "instant::optional")]
    heard_from: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    blockers: Vec<RequestId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<RequestId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ticket: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    described: Vec<Part>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    said: Vec<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "clocks")]
    clocks: Vec<Clock>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    cycles: BTreeMap<TargetKind, u32>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Clock")]
struct StoredClock {
    kind: TargetKind,
    cycle: u32,
    state: ClockState,
    #[serde(with = "instant")]
    started_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "instant::optional")]
    due_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "instant::optional")]
    breached_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "instant::optional")]
    stopped_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cancelled_because: Option<Cancelled>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    early: bool,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "instant::optional")]
    acked_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "instant::optional")]
    acked_until: Option<DateTime<Utc>>,
    policy: String,
    revision: i64,
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "steps")]
    settled: Vec<SettledStep>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recounted_from: Option<(Offset, DateTime<Utc>)>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "instant::optional")]
    settles_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    closed: Vec<(DateTime<Utc>, DateTime<Utc>)>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "SettledStep")]
struct StoredStep {
    step: Offset,
    #[serde(with = "instant")]
    at: DateTime<Utc>,
    outcome: StepOutcome,
}

/// Lists of what has a stored type.
macro_rules! lists {
    ($($module:ident: $item:ty as $stored:literal / $type:ty;)+) => {
        $(mod $module {
            use serde::{Deserialize, Deserializer, Serialize, Serializer};

            use super::*;

            #[derive(Deserialize)]
            struct Read(#[serde(with = $stored)] $item);

            struct Written<'a>(&'a $item);

            impl Serialize for Written<'_> {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    <$type>::serialize(self.0, serializer)
                }
            }

            pub(super) fn serialize<S: Serializer>(items: &[$item], serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(items.iter().map(Written))
            }

            pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<$item>, D::Error> {
                let items = Vec::<Read>::deserialize(deserializer)?;
                Ok(items.into_iter().map(|Read(item)| item).collect())
            }
        })+
    };
}

lists! {
    clocks: Clock as "StoredClock" / StoredClock;
    steps: SettledStep as "StoredStep" / StoredStep;
}

/// Instants in microseconds since 1970; read as RFC 3339 too.
mod instant {
    use std::fmt;

    use chrono::{DateTime, Utc};
    use serde::de::{self, Visitor};
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(at.timestamp_micros())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
        deserializer.deserialize_any(Instant)
    }

    /// An instant by itself.
    pub(super) struct Read(pub(super) DateTime<Utc>);

    impl<'de> Deserialize<'de> for Read {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserialize(deserializer).map(Self)
        }
    }

    struct Instant;

    impl Visitor<'_> for Instant {
        type Value = DateTime<Utc>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "an instant")
        }

        fn visit_i64<E: de::Error>(self, micros: i64) -> Result<DateTime<Utc>, E> {
            DateTime::from_timestamp_micros(micros).ok_or_else(|| E::custom("an instant beyond all years"))
        }

        fn visit_u64<E: de::Error>(self, micros: u64) -> Result<DateTime<Utc>, E> {
            self.visit_i64(i64::try_from(micros).map_err(E::custom)?)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<DateTime<Utc>, E> {
            text.parse().map_err(E::custom)
        }
    }

    pub(super) mod optional {
        use super::*;

        #[expect(clippy::ref_option, reason = "serde's form")]
        pub(in super::super) fn serialize<S: Serializer>(
            at: &Option<DateTime<Utc>>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            match at {
                Some(at) => super::serialize(at, serializer),
                None => serializer.serialize_none(),
            }
        }

        pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<DateTime<Utc>>, D::Error> {
            Ok(Option::<Read>::deserialize(deserializer)?.map(|Read(at)| at))
        }
    }
}

/// Marks as one flat object of instants, by the keys that stores have. What is missing is not set, and keys of a later release mean nothing.
mod marks {
    use std::fmt;

    use serde::de::{IgnoredAny, MapAccess, Visitor};
    use serde::{Deserializer, Serializer};

    use super::instant::Read;
    use plazo_core::engine::marks::Marks;

    pub(super) fn serialize<S: Serializer>(marks: &Marks, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(marks.entries().map(|(key, at)| (key, at.timestamp_micros())))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Marks, D::Error> {
        deserializer.deserialize_map(Object)
    }

    struct Object;

    impl<'de> Visitor<'de> for Object {
        type Value = Marks;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "marks")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut stored: A) -> Result<Marks, A::Error> {
            let mut marks = Marks::default();
            while let Some(key) = stored.next_key::<std::borrow::Cow<'de, str>>()? {
                if !marks.has(&key) {
                    stored.next_value::<IgnoredAny>()?;
                } else if let Some(Read(at)) = stored.next_value()? {
                    marks.set(&key, at);
                }
            }
            Ok(marks)
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Timelike as _;

    use super::*;
    use plazo_core::engine::marks::Mark;

    /// The instants of [`STORED`] as each kind of promise has them, by their minutes: since when it is owed, when it was given.
    const PROMISES: [(TargetKind, Option<u32>, Option<u32>); TargetKind::ALL.len()] = [
        (TargetKind::Reply, Some(0), Some(1)),
        (TargetKind::FirstReply, None, Some(3)),
        (TargetKind::Acknowledge, Some(10), Some(11)),
        (TargetKind::Deliver, Some(4), Some(5)),
        (TargetKind::Assign, Some(6), Some(7)),
        (TargetKind::Answer, Some(8), Some(9)),
        (TargetKind::Classify, Some(14), Some(15)),
        (TargetKind::Activity, Some(16), Some(16)),
        (TargetKind::FollowUp, Some(17), Some(18)),
        (TargetKind::Replica, Some(19), Some(20)),
        (TargetKind::Log, Some(21), Some(22)),
        (TargetKind::Appointment, Some(23), Some(24)),
        (TargetKind::CallBack, Some(25), Some(26)),
        (TargetKind::Hop, Some(27), Some(28)),
        (TargetKind::Window, Some(29), Some(1)),
        (TargetKind::Contingency, Some(30), Some(31)),
        (TargetKind::Attend, None, None),
        (TargetKind::Waiting, None, None),
    ];

    /// Every mark as a store keeps it, each at a minute of its own.
    const STORED: &str = concat!(
        "{",
        r#""unanswered_since":"2026-03-02T14:00:00Z","answered_at":"2026-03-02T14:01:00Z","#,
        r#""first_asked_at":"2026-03-02T14:02:00Z","first_answered_at":"2026-03-02T14:03:00Z","#,
        r#""undelivered_since":"2026-03-02T14:04:00Z","delivered_at":"2026-03-02T14:05:00Z","#,
        r#""unowned_since":"2026-03-02T14:06:00Z","owned_at":"2026-03-02T14:07:00Z","#,
        r#""task_unanswered_since":"2026-03-02T14:08:00Z","task_answered_at":"2026-03-02T14:09:00Z","#,
        r#""unacknowledged_since":"2026-03-02T14:10:00Z","acknowledged_at":"2026-03-02T14:11:00Z","#,
        r#""asked_at":"2026-03-02T14:12:00Z","confirmed_at":"2026-03-02T14:13:00Z","#,
        r#""unclassified_since":"2026-03-02T14:14:00Z","classified_at":"2026-03-02T14:15:00Z","#,
        r#""idle_since":"2026-03-02T14:16:00Z","follow_up_since":"2026-03-02T14:17:00Z","#,
        r#""followed_up_at":"2026-03-02T14:18:00Z","unreplicated_since":"2026-03-02T14:19:00Z","#,
        r#""replicated_at":"2026-03-02T14:20:00Z","unlogged_since":"2026-03-02T14:21:00Z","#,
        r#""logged_at":"2026-03-02T14:22:00Z","scheduled_since":"2026-03-02T14:23:00Z","#,
        r#""held_at":"2026-03-02T14:24:00Z","dropped_since":"2026-03-02T14:25:00Z","#,
        r#""called_back_at":"2026-03-02T14:26:00Z","hop_since":"2026-03-02T14:27:00Z","#,
        r#""hopped_at":"2026-03-02T14:28:00Z","window_since":"2026-03-02T14:29:00Z","#,
        r#""contingency_since":"2026-03-02T14:30:00Z","recovered_at":"2026-03-02T14:31:00Z","#,
        r#""outside_since":"2026-03-02T14:32:00Z","task_opened_at":"2026-03-02T14:33:00Z","#,
        r#""moved_channel_at":"2026-03-02T14:34:00Z""#,
        "}",
    );

    fn read(json: &str) -> Marks {
        marks::deserialize(&mut serde_json::Deserializer::from_str(json)).expect("marks")
    }

    fn write(marks: &Marks) -> String {
        let mut written = Vec::new();
        marks::serialize(marks, &mut serde_json::Serializer::new(&mut written)).expect("JSON");
        String::from_utf8(written).expect("text")
    }

    #[test]
    fn marks_are_stored_under_the_keys_that_stores_have() {
        let marks = read(STORED);
        let written = write(&marks);
        assert_eq!(read(&written), marks);
        let keys = |json: &str| {
            let parts = json.split('"').filter(|part| part.starts_with(|c: char| c.is_ascii_lowercase()));
            parts.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(keys(&written), keys(STORED), "in the order that stores have");
    }

    #[test]
    fn each_kind_of_promise_has_its_own_of_the_stored_keys() {
        let marks = read(STORED);
        let minute = |at: Option<DateTime<Utc>>| at.map(|at| at.minute());
        for (place, (kind, owed, given)) in PROMISES.into_iter().enumerate() {
            let mark = marks.of(kind);
            assert_eq!((minute(mark.owed_since), minute(mark.given_at)), (owed, given), "{kind:?}");
            assert_eq!(kind as usize, place, "{kind:?} has its own place");
        }
        let alone = [
            marks.first_asked_at,
            marks.first_answered_at,
            marks.asked_at,
            marks.confirmed_at,
            marks.outside_since,
            marks.task_opened_at,
            marks.moved_channel_at,
        ];
        assert_eq!(alone.map(minute), [2, 3, 12, 13, 32, 33, 34].map(Some));
    }

    #[test]
    fn the_first_reply_is_owed_until_somebody_answers() {
        let asked = r#"{"first_asked_at":"2026-03-02T14:00:00Z"}"#;
        let marks = read(asked);
        assert_eq!(marks.of(TargetKind::FirstReply), Mark { owed_since: marks.first_asked_at, given_at: None });
    }

    #[test]
    fn marks_that_a_store_does_not_have_are_not_set() {
        for stored in ["{}", r#"{"unanswered_since":null}"#, r#"{"of_a_later_release":"2026-03-02T14:00:00Z"}"#] {
            let marks = read(stored);
            assert_eq!(marks, Marks::default(), "{stored}");
            assert_eq!(write(&marks), "{}");
        }
    }
}
