//! What is counted, in Prometheus' terms.

use std::sync::atomic::AtomicU64;

use chrono::{DateTime, Utc};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::disk::DiskOutlook;
use crate::outbox::DeliveryState;
use crate::report::percentile;

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

/// Figures read at the moment of asking.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// When they were read.
    pub now: DateTime<Utc>,
    /// The longest that one transaction has held the writer.
    pub longest_hold: std::time::Duration,
    /// Requests of which something cannot be read.
    pub unreadable: usize,
    /// Requests that wait for an instant.
    pub queued: usize,
    /// Requests by phase.
    pub requests: Vec<(String, i64)>,
    /// Deliveries by state, with how many may have arrived twice.
    pub deliveries: Vec<(DeliveryState, i64, i64)>,
    /// Alerts decided over a minute ago and not sent.
    pub overdue_unsent: i64,
    /// How late the alerts of the last day were, in milliseconds: until the decision, until the try, until the acceptance.
    pub lateness: Vec<[i64; 3]>,
    /// Room on the disk; none where it cannot be asked.
    pub disk: Option<DiskOutlook>,
    /// How far behind each source is, and since when it has been silent, in seconds.
    pub sources: Vec<(String, f64, f64)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SourceLabels {
    source: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: String,
}

impl Metrics {
    /// Everything in the OpenMetrics text form.
    pub fn encode(&self, snapshot: &Snapshot) -> String {
        let mut registry = Registry::with_prefix("plazo");
        registry.register("events", "Events by result", self.events.clone());
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
        let queued = Gauge::<i64>::default();
        queued.set(i64::try_from(snapshot.queued).unwrap_or(i64::MAX));
        registry.register("queue_length", "Requests that wait for an instant", queued);
        let held = Gauge::<f64, AtomicU64>::default();
        held.set(snapshot.longest_hold.as_secs_f64());
        registry.register_with_unit(
            "writer_longest_hold",
            "Longest that one transaction held the writer",
            Unit::Seconds,
            held,
        );
        let unreadable = Gauge::<i64>::default();
        unreadable.set(i64::try_from(snapshot.unreadable).unwrap_or(i64::MAX));
        registry.register(
            "unreadable_requests",
            "Requests of which the store holds something that cannot be read",
            unreadable,
        );
        let unsent = Gauge::<i64>::default();
        unsent.set(snapshot.overdue_unsent);
        registry.register("overdue_unsent", "Alerts decided over a minute ago and not sent", unsent);
        let gauges = |rows: Vec<(String, i64)>| {
            let family = Family::<State, Gauge<i64>>::default();
            for (state, n) in rows {
                family.get_or_create(&State { state }).set(n);
            }
            family
        };
        registry.register("requests", "Requests by phase", gauges(snapshot.requests.clone()));
        let deliveries = snapshot.deliveries.iter().map(|(state, n, _)| (state.as_str().to_owned(), *n)).collect();
        registry.register("deliveries", "Deliveries by state", gauges(deliveries));
        let (lags, silences) = (Family::<SourceLabels, Gauge<f64, AtomicU64>>::default(), Family::default());
        for (source, lag, silence) in &snapshot.sources {
            let labels = SourceLabels { source: source.clone() };
            lags.get_or_create(&labels).set(*lag);
            Family::<SourceLabels, Gauge<f64, AtomicU64>>::get_or_create(&silences, &labels).set(*silence);
        }
        let lag = "How long the oldest thing has been waiting to be asked of a source";
        registry.register_with_unit("source_lag", lag, Unit::Seconds, lags);
        registry.register_with_unit("source_silence", "Since a source last spoke", Unit::Seconds, silences);
        let shares = Family::<LatenessLabels, Gauge<f64, AtomicU64>>::default();
        for (labels, seconds) in quantiles(&snapshot.lateness) {
            shares.get_or_create(&labels).set(seconds);
        }
        let lateness = "How late single alerts of the last day were, by part of their way and share (1 is the latest)";
        registry.register_with_unit("lateness_of_day", lateness, Unit::Seconds, shares);
        if let Some(disk) = &snapshot.disk {
            let full = disk.full_at.map(|at| (at - snapshot.now).as_seconds_f64());
            for (name, told, bytes) in [
                ("disk_free", "What is free on the store's disk", Some(disk.room.free)),
                ("store_size", "What the store takes", Some(disk.room.used)),
                ("store_daily_growth", "How much more the store takes each day", disk.growth),
            ] {
                let gauge = Gauge::<i64>::default();
                if let Some(bytes) = bytes {
                    gauge.set(i64::try_from(bytes).unwrap_or(i64::MAX));
                    registry.register_with_unit(name, told, Unit::Bytes, gauge);
                }
            }
            if let Some(seconds) = full {
                let gauge = Gauge::<f64, AtomicU64>::default();
                gauge.set(seconds);
                registry.register_with_unit("disk_full_in", "Until the disk is full, as it goes", Unit::Seconds, gauge);
            }
            let closed = Gauge::<i64>::default();
            closed.set(i64::from(disk.is_closed));
            registry.register("intake_closed", "Whether events are refused for want of room", closed);
        }
        let info = Family::<Version, Gauge<u64, AtomicU64>>::default();
        info.get_or_create(&Version { version: env!("CARGO_PKG_VERSION") }).set(1);
        registry.register("build", "The version that runs", info);
        let mut text = String::new();
        // Writing to a string cannot fail.
        prometheus_client::encoding::text::encode(&mut text, &registry).ok();
        text
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LatenessLabels {
    part: &'static str,
    quantile: &'static str,
}

/// The part that is the whole way.
const WHOLE: &str = "due_to_accepted";

/// The median, the 99th hundredth and the latest of the whole way, in seconds.
pub(super) fn whole_way(rows: &[[i64; 3]]) -> Option<[f64; 3]> {
    let of = |quantile: &str| {
        let all = quantiles(rows);
        all.into_iter().find(|(labels, _)| labels.part == WHOLE && labels.quantile == quantile).map(|(_, value)| value)
    };
    Some([of("0.5")?, of("0.99")?, of("1")?])
}

/// The median, the 99th hundredth and the latest of each part of the way, and of the whole, in seconds.
fn quantiles(rows: &[[i64; 3]]) -> Vec<(LatenessLabels, f64)> {
    let parts = ["due_to_decided", "decided_to_sent", "sent_to_accepted", WHOLE];
    let mut all = Vec::new();
    for (place, part) in parts.into_iter().enumerate() {
        // The last one is the whole way.
        let values: Vec<i64> =
            rows.iter().map(|row| row.get(place).copied().unwrap_or_else(|| row.iter().sum())).collect();
        for (quantile, share) in [("0.5", 50), ("0.99", 99), ("1", 100)] {
            let Some(milliseconds) = percentile(&values, share) else { continue };
            let seconds = chrono::TimeDelta::milliseconds(milliseconds).as_seconds_f64();
            all.push((LatenessLabels { part, quantile }, seconds));
        }
    }
    all
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Version {
    version: &'static str,
}
