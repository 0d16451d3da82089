//! Figures read at the moment of asking.

use std::sync::atomic::AtomicU64;

use chrono::{DateTime, Utc};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::lateness::quantiles;
use crate::app::disk::DiskOutlook;
use crate::outbox::DeliveryState;
use crate::store::telephones::CostRow;

type Real = Gauge<f64, AtomicU64>;

/// Figures read at the moment of asking.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// When they were read.
    pub now: DateTime<Utc>,
    /// Whether the store could not be written when it was last tried.
    pub is_failing: bool,
    /// The longest that one transaction has held the writer.
    pub longest_hold: std::time::Duration,
    /// Requests of which something cannot be read.
    pub unreadable: usize,
    /// Requests that wait for an instant.
    pub queued: usize,
    /// Requests by phase.
    pub requests: Vec<(String, i64)>,
    /// Open requests of which a promise is broken and still owed.
    pub overdue: i64,
    /// When the next promise is due that is not broken yet; none where none is owed.
    pub next_due_at: Option<DateTime<Utc>>,
    /// Deliveries by state, with how many may have arrived twice.
    pub deliveries: Vec<(DeliveryState, i64, i64)>,
    /// Destinations that stand.
    pub standing: Vec<String>,
    /// Alerts decided over a minute ago and not sent.
    pub overdue_unsent: i64,
    /// How late the alerts of the last day were, in milliseconds: until the decision, until the try, until the acceptance.
    pub lateness: Vec<[i64; 3]>,
    /// What destinations cost that are paid for by message, by month and currency.
    pub costs: Vec<CostRow>,
    /// Room on the disk; none where it cannot be asked.
    pub disk: Option<DiskOutlook>,
    /// Sources and mailboxes.
    pub sources: Vec<SourceFigures>,
}

/// How a source or a mailbox does.
#[derive(Debug, Clone, Default)]
pub struct SourceFigures {
    /// Its name in the file.
    pub name: String,
    /// How long the oldest thing has been waiting to be asked of it, in seconds.
    pub lag: f64,
    /// Since when it has said nothing, in seconds; 0 where it never spoke.
    pub silence: f64,
    /// Whether it has said nothing for longer than it should, and that was told.
    pub is_silent: bool,
    /// Whether it cannot be read.
    pub is_failing: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SourceLabels {
    source: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DestinationLabels {
    destination: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CostLabels {
    destination: String,
    currency: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: String,
}

impl Snapshot {
    pub(super) fn register(&self, registry: &mut Registry) {
        self.register_requests(registry);
        self.register_deliveries(registry);
        self.register_costs(registry);
        self.register_sources(registry);
        if let Some(disk) = &self.disk {
            self.register_disk(registry, disk);
        }
    }

    fn register_requests(&self, registry: &mut Registry) {
        registry.register("queue_length", "Requests that wait for an instant", count(self.queued));
        registry.register_with_unit(
            "writer_longest_hold",
            "Longest that one transaction held the writer",
            Unit::Seconds,
            real(self.longest_hold.as_secs_f64()),
        );
        let failing = count(i64::from(self.is_failing));
        registry.register("store_failing", "Whether the store could not be written when last tried", failing);
        registry.register(
            "unreadable_requests",
            "Requests of which the store holds something that cannot be read",
            count(self.unreadable),
        );
        registry.register("requests", "Requests by phase", by_state(self.requests.clone()));
        registry.register("overdue_requests", "Open requests with a promise that is broken", count(self.overdue));
        if let Some(at) = self.next_due_at {
            let told = "When the next promise is due, in seconds since 1970";
            let at = real((at - DateTime::UNIX_EPOCH).as_seconds_f64());
            registry.register_with_unit("next_due_timestamp", told, Unit::Seconds, at);
        }
    }

    fn register_deliveries(&self, registry: &mut Registry) {
        registry.register(
            "overdue_unsent",
            "Alerts decided over a minute ago and not sent",
            count(self.overdue_unsent),
        );
        let deliveries = self.deliveries.iter().map(|(state, n, _)| (state.as_str().to_owned(), *n)).collect();
        registry.register("deliveries", "Deliveries by state", by_state(deliveries));
        let standing = Family::<DestinationLabels, Gauge>::default();
        for destination in &self.standing {
            standing.get_or_create(&DestinationLabels { destination: destination.clone() }).set(1);
        }
        registry.register("destination_standing", "Destinations that take no alerts, each as 1", standing);
        let lateness = Family::<_, Real>::default();
        for (labels, seconds) in quantiles(&self.lateness) {
            lateness.get_or_create(&labels).set(seconds);
        }
        let told = "How late single alerts of the last day were, by part of their way and share (1 is the latest)";
        registry.register_with_unit("lateness_of_day", told, Unit::Seconds, lateness);
    }

    /// Totals since the beginning: they never fall, and outlast a restart.
    fn register_costs(&self, registry: &mut Registry) {
        let (messages, units) =
            (Family::<DestinationLabels, Counter>::default(), Family::<DestinationLabels, Counter>::default());
        let costs = Family::<CostLabels, Counter<f64, AtomicU64>>::default();
        for row in &self.costs {
            let destination = row.destination.clone();
            let n = |n: i64| u64::try_from(n).unwrap_or_default();
            let labels = DestinationLabels { destination: destination.clone() };
            messages.get_or_create(&labels).inc_by(n(row.messages));
            units.get_or_create(&labels).inc_by(n(row.units));
            if !row.currency.is_empty() {
                let labels = CostLabels { destination, currency: row.currency.clone() };
                costs.get_or_create(&labels).inc_by(row.micros as f64 / 1e6);
            }
        }
        registry.register("paid_messages", "Messages that are paid for one by one", messages);
        registry.register("paid_units", "Segments of texts and minutes of calls", units);
        registry.register("paid_cost", "What they cost, as their vendors or sla.toml say", costs);
    }

    fn register_sources(&self, registry: &mut Registry) {
        let (lags, silences) = (Family::<SourceLabels, Real>::default(), Family::<SourceLabels, Real>::default());
        let (silent, failing) = (Family::<SourceLabels, Gauge>::default(), Family::<SourceLabels, Gauge>::default());
        for source in &self.sources {
            let labels = SourceLabels { source: source.name.clone() };
            lags.get_or_create(&labels).set(source.lag);
            silences.get_or_create(&labels).set(source.silence);
            silent.get_or_create(&labels).set(i64::from(source.is_silent));
            failing.get_or_create(&labels).set(i64::from(source.is_failing));
        }
        let lag = "How long the oldest thing has been waiting to be asked of a source";
        registry.register_with_unit("source_lag", lag, Unit::Seconds, lags);
        registry.register_with_unit("source_silence", "Since a source last spoke", Unit::Seconds, silences);
        registry.register("source_silent", "Whether a source has said nothing for longer than it should", silent);
        registry.register("source_failing", "Whether a source cannot be read", failing);
    }

    fn register_disk(&self, registry: &mut Registry, disk: &DiskOutlook) {
        for (name, told, bytes) in [
            ("disk_free", "What is free on the store's disk", Some(disk.room.free)),
            ("store_size", "What the store takes", Some(disk.room.used)),
            ("store_daily_growth", "How much more the store takes each day", disk.growth),
        ] {
            if let Some(bytes) = bytes {
                registry.register_with_unit(name, told, Unit::Bytes, count(bytes));
            }
        }
        if let Some(at) = disk.full_at {
            let seconds = real((at - self.now).as_seconds_f64());
            registry.register_with_unit("disk_full_in", "Until the disk is full, as it goes", Unit::Seconds, seconds);
        }
        let closed = count(i64::from(disk.is_closed));
        registry.register("intake_closed", "Whether events are refused for want of room", closed);
    }
}

fn count(n: impl TryInto<i64>) -> Gauge {
    let gauge = Gauge::default();
    gauge.set(n.try_into().unwrap_or(i64::MAX));
    gauge
}

fn real(value: f64) -> Real {
    let gauge = Real::default();
    gauge.set(value);
    gauge
}

fn by_state(rows: Vec<(String, i64)>) -> Family<State, Gauge> {
    let family = Family::<State, Gauge>::default();
    for (state, n) in rows {
        family.get_or_create(&State { state }).set(n);
    }
    family
}
