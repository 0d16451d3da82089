//! The text form of before OpenMetrics, for programs that do not ask for the newer one: `curl`, `promtool check metrics`, most agents.

use std::collections::HashSet;

/// The same figures: a counter is described under the name that its lines have, and nothing is said of units and the end.
pub(super) fn of(open_metrics: &str) -> String {
    let counters: HashSet<&str> =
        open_metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter")).collect();
    let mut text = String::with_capacity(open_metrics.len());
    for line in open_metrics.lines() {
        if line == "# EOF" || line.starts_with("# UNIT ") {
            continue;
        }
        let described = ["# HELP ", "# TYPE "].into_iter().find_map(|keyword| {
            let (name, rest) = line.strip_prefix(keyword)?.split_once(' ')?;
            counters.contains(name).then_some((keyword, name, rest))
        });
        match described {
            Some((keyword, name, rest)) => text.extend([keyword, name, "_total ", rest]),
            None => text.push_str(line),
        }
        text.push('\n');
    }
    text
}
