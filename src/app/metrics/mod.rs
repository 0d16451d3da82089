//! What is counted, in Prometheus' terms.

mod classic;
mod lateness;
mod snapshot;

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

pub(super) use lateness::whole_way;
pub use snapshot::{Snapshot, SourceFigures};

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct EventLabels {
    /// `accepted`, `duplicate` or `rejected`.
    pub result: &'static str,
}

/// Why a call was not let in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RefusalLabels {
    /// `token_needed`, `token_expired`, `not_local` or `scope`.
    pub reason: String,
}

/// Why a connection was closed at once.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct TurnedAwayLabels {
    /// `full` or `address`.
    pub reason: &'static str,
}

/// What became of a try to deliver.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct DeliveryLabels {
    /// Name of the destination.
    pub destination: String,
    /// `sent`, `later`, `handed_over` or `dead`.
    pub result: &'static str,
}

/// What became of a call of a source's hook.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct HookLabels {
    /// Name of the source.
    pub source: String,
    /// `taken`, `not_understood`, `handshake`, `refused`, `unreadable`, `content_type`, `method` or `too_many`.
    pub result: &'static str,
}

/// What was let go of requests.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct LetGoLabels {
    /// `words`, `journal`, `deliveries` or `requests`, as in `[retention]`.
    pub part: &'static str,
}

/// What came of a promise.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct VerdictLabels {
    /// Its kind, as in `sla.toml`.
    pub promise: &'static str,
    /// `kept`, `broken`, or `kept_late`, which was `broken` before.
    pub verdict: &'static str,
}

/// The text forms in which figures are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposition {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// Prometheus' own form of before, which everything reads.
    Classic,
}

/// Counters since start.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Events by result.
    pub events: Family<EventLabels, Counter>,
    /// Tries by destination and result.
    pub deliveries: Family<DeliveryLabels, Counter>,
    /// Calls of hooks by source and result.
    pub hooks: Family<HookLabels, Counter>,
    /// Calls that were not let in, by the reason.
    pub refusals: Family<RefusalLabels, Counter>,
    /// Connections for which there was no place, by the reason.
    pub turned_away: Family<TurnedAwayLabels, Counter>,
    /// Sent although an earlier try may have arrived.
    pub possible_doubles: Counter,
    /// From the step's instant to the peer's acceptance.
    pub lateness: Lateness,
    /// Requests of which something was let go, by what.
    pub let_go: Family<LetGoLabels, Counter>,
    /// Promises by what came of them, as it is decided; history that is read in is not among them.
    pub promises: Family<VerdictLabels, Counter>,
    /// Times the wall clock was found to have been set.
    pub clock_steps: Counter,
}

/// A histogram of seconds.
#[derive(Debug)]
pub struct Lateness(pub Histogram);

impl Default for Lateness {
    fn default() -> Self {
        Self(Histogram::new([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0, 60.0, 600.0, 3_600.0]))
    }
}

impl Metrics {
    /// Counters, with those of promises as the writer has them. Those of which the first step is to be seen begin at 0.
    pub(super) fn new(promises: Family<VerdictLabels, Counter>) -> Self {
        let metrics = Self { promises, ..Self::default() };
        for reason in ["full", "address"] {
            drop(metrics.turned_away.get_or_create(&TurnedAwayLabels { reason }));
        }
        metrics
    }

    /// Everything, as text.
    pub fn encode(&self, snapshot: &Snapshot, exposition: Exposition) -> String {
        let mut registry = Registry::with_prefix("plazo");
        registry.register("events", "Events by result", self.events.clone());
        registry.register("promises", "Promises by what came of them", self.promises.clone());
        registry.register("delivery_attempts", "Tries to deliver", self.deliveries.clone());
        registry.register("hook_calls", "Calls of sources' hooks by result", self.hooks.clone());
        registry.register(
            "refused_calls",
            "Calls of the interface that were not let in, by the reason",
            self.refusals.clone(),
        );
        registry.register(
            "turned_away_connections",
            "Connections that were closed at once, by the reason",
            self.turned_away.clone(),
        );
        registry.register("possible_doubles", "Messages that may have arrived twice", self.possible_doubles.clone());
        registry.register("let_go", "Requests of which something was let go", self.let_go.clone());
        registry.register("clock_steps", "Times the wall clock was set", self.clock_steps.clone());
        let lateness = "From a step's instant to the peer's acceptance";
        registry.register_with_unit("alert_lateness", lateness, Unit::Seconds, self.lateness.0.clone());
        snapshot.register(&mut registry);
        let info = Family::<Version, Gauge<u64, AtomicU64>>::default();
        info.get_or_create(&Version { version: env!("CARGO_PKG_VERSION") }).set(1);
        registry.register("build", "The version that runs", info);
        let mut text = String::new();
        // Writing to a string cannot fail.
        prometheus_client::encoding::text::encode(&mut text, &registry).ok();
        match exposition {
            Exposition::OpenMetrics => text,
            Exposition::Classic => classic::of(&text),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Version {
    version: &'static str,
}
