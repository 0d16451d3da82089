//! How late single alerts were, by part of their way.

use prometheus_client::encoding::EncodeLabelSet;

use crate::report::percentile;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct LatenessLabels {
    part: &'static str,
    share: &'static str,
}

/// The part that is the whole way.
const WHOLE: &str = "due_to_accepted";

/// The median, the 99th hundredth and the latest of the whole way, in seconds.
pub(in crate::app) fn whole_way(rows: &[[i64; 3]]) -> Option<[f64; 3]> {
    let of = |wanted: &str| {
        let all = quantiles(rows);
        all.into_iter().find(|(labels, _)| labels.part == WHOLE && labels.share == wanted).map(|(_, value)| value)
    };
    Some([of("0.5")?, of("0.99")?, of("1")?])
}

/// The median, the 99th hundredth and the latest of each part of the way, and of the whole, in seconds.
pub(super) fn quantiles(rows: &[[i64; 3]]) -> Vec<(LatenessLabels, f64)> {
    let parts = ["due_to_decided", "decided_to_sent", "sent_to_accepted", WHOLE];
    let mut all = Vec::new();
    for (place, part) in parts.into_iter().enumerate() {
        // The last one is the whole way.
        let values: Vec<i64> =
            rows.iter().map(|row| row.get(place).copied().unwrap_or_else(|| row.iter().sum())).collect();
        for (share, hundredths) in [("0.5", 50), ("0.99", 99), ("1", 100)] {
            let Some(milliseconds) = percentile(&values, hundredths) else { continue };
            let seconds = chrono::TimeDelta::milliseconds(milliseconds).as_seconds_f64();
            all.push((LatenessLabels { part, share }, seconds));
        }
    }
    all
}
