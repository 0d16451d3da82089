//! Means, percentiles, counts and shares, each beside its standard.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::engine::calendar::Calendar;
use crate::engine::request_id::RequestId;

/// Spans of one kind. Means are rounded to the millisecond; percentiles are spans that occurred (nearest rank).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure {
    /// How many.
    pub n: usize,
    /// Mean of elapsed time, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_ms: Option<i64>,
    /// Mean of working time, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_working_ms: Option<i64>,
    /// Half of them took no longer, in milliseconds of elapsed time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50_ms: Option<i64>,
    /// Nine of ten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p90_ms: Option<i64>,
    /// Half of them took no longer, in milliseconds of working time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50_working_ms: Option<i64>,
    /// Nine of ten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p90_working_ms: Option<i64>,
    /// What the mean is to stay below, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard_ms: Option<i64>,
    /// Whether it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub met: Option<bool>,
    /// The mean of the period before that is compared with the standard, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_ms: Option<i64>,
    /// The requests behind it, the longest first.
    pub requests: Vec<RequestId>,
}

/// Something that is counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// How many.
    pub n: usize,
    /// How many there may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard: Option<u32>,
    /// Whether there are no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub met: Option<bool>,
    /// How many there were in the period before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<usize>,
    /// The requests behind it.
    pub requests: Vec<RequestId>,
}

/// Promises that were kept, of those that came to an end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Kept.
    pub kept: usize,
    /// Broken.
    pub broken: usize,
    /// Kept, in hundredths of a percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<u32>,
    /// What is to be reached, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard: Option<u32>,
    /// Whether it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub met: Option<bool>,
    /// That of the period before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u32>,
    /// The requests on which one was broken.
    pub requests: Vec<RequestId>,
}

/// Promises whose breach was let out of the figures, and what the share is without them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excluded {
    /// How many.
    pub n: usize,
    /// Kept of the rest, in hundredths of a percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<u32>,
    /// Whether that reaches what is to be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub met: Option<bool>,
}

impl Excluded {
    /// None where nothing was let out.
    pub(super) fn of(kept: usize, broken: usize, n: usize, standard: u32) -> Option<Self> {
        let share = Share::of(kept, vec![RequestId(0); broken.saturating_sub(n)], standard);
        (0 < n).then_some(Self { n, percent: share.percent, met: share.met })
    }
}

impl Measure {
    /// The mean that is compared with the standard.
    pub const fn compared(&self, in_working_time: bool) -> Option<i64> {
        if in_working_time { self.mean_working_ms } else { self.mean_ms }
    }

    /// The same mean of the period before, and what it differs by.
    pub fn change_ms(&self, in_working_time: bool) -> Option<i64> {
        Some(self.compared(in_working_time)? - self.before_ms?)
    }
}

/// How long something took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    request: RequestId,
    elapsed_ms: i64,
    working_ms: i64,
}

impl Span {
    pub(super) fn of(request: RequestId, from: DateTime<Utc>, to: DateTime<Utc>, calendar: &Calendar) -> Self {
        let working_ms = calendar.open_between(from, to).as_milliseconds();
        Self { request, elapsed_ms: (to - from).num_milliseconds(), working_ms }
    }
}

/// All spans of a report, each once: most belong to a handful of groups.
#[derive(Debug, Clone, Default)]
pub(super) struct AllSpans(Vec<Span>);

impl AllSpans {
    /// Keeps a span, and returns its place.
    pub(super) fn keep(&mut self, span: Span) -> u32 {
        self.0.push(span);
        u32::try_from(self.0.len() - 1).unwrap_or(u32::MAX)
    }
}

/// Spans that are being gathered, by their places.
#[derive(Debug, Clone, Default)]
pub(super) struct Spans(Vec<u32>);

impl Spans {
    pub(super) fn add(&mut self, place: u32) {
        self.0.push(place);
    }

    pub(super) fn measured(self, all: &AllSpans, standard: TimeDelta, in_working_time: bool) -> Measure {
        let standard_ms = Some(standard.num_milliseconds());
        if self.0.is_empty() {
            return Measure { standard_ms, ..Measure::default() };
        }
        let mut spans: Vec<&Span> = self.0.iter().filter_map(|place| all.0.get(*place as usize)).collect();
        spans.sort_unstable_by_key(|span| (std::cmp::Reverse(span.elapsed_ms), span.request));
        let mut seen = std::collections::HashSet::new();
        let requests = spans.iter().map(|span| span.request).filter(|request| seen.insert(*request)).collect();
        drop(seen);
        let elapsed: Vec<i64> = spans.iter().map(|span| span.elapsed_ms).collect();
        let working: Vec<i64> = spans.iter().map(|span| span.working_ms).collect();
        let (mean_ms, mean_working_ms) = (mean(&elapsed), mean(&working));
        let compared = if in_working_time { mean_working_ms } else { mean_ms };
        Measure {
            n: spans.len(),
            mean_ms,
            mean_working_ms,
            p50_ms: percentile(&elapsed, 50),
            p90_ms: percentile(&elapsed, 90),
            p50_working_ms: percentile(&working, 50),
            p90_working_ms: percentile(&working, 90),
            standard_ms,
            met: compared.zip(standard_ms).map(|(mean, standard)| mean < standard),
            before_ms: None,
            requests,
        }
    }
}

impl Count {
    pub(super) fn of(mut requests: Vec<RequestId>, standard: Option<u32>) -> Self {
        let n = requests.len();
        requests.sort();
        requests.dedup();
        let met = standard.map(|most| n <= usize::try_from(most).unwrap_or(usize::MAX));
        Self { n, standard, met, before: None, requests }
    }
}

impl Share {
    pub(super) fn of(kept: usize, mut broken: Vec<RequestId>, standard: u32) -> Self {
        let n_broken = broken.len();
        broken.sort();
        broken.dedup();
        let whole = kept + n_broken;
        let percent = (0 < whole).then(|| u32::try_from(kept * 10_000 / whole).unwrap_or(10_000));
        let met = percent.map(|percent| standard * 100 <= percent);
        Self { kept, broken: n_broken, percent, standard: Some(standard), met, before: None, requests: broken }
    }
}

fn mean(spans: &[i64]) -> Option<i64> {
    let n = i64::try_from(spans.len()).ok().filter(|n| 0 < *n)?;
    Some((spans.iter().sum::<i64>() + n / 2) / n)
}

/// The least of values that so many hundredths do not exceed (nearest rank); none of none.
pub fn percentile(values: &[i64], percent: usize) -> Option<i64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let spans: Vec<i64> = (1..=10).collect();
        assert_eq!(
            (percentile(&spans, 50), percentile(&spans, 90), percentile(&spans, 99)),
            (Some(5), Some(9), Some(10))
        );
        assert_eq!((percentile(&[7], 50), percentile(&[], 50)), (Some(7), None));
    }

    #[test]
    fn a_share_of_nothing_is_none() {
        assert_eq!(Share::of(0, Vec::new(), 95).percent, None);
        let share = Share::of(19, vec![RequestId(1)], 95);
        assert_eq!((share.percent, share.met), (Some(9_500), Some(true)));
    }
}
