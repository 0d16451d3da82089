//! `[report]`: what is sent when, to whom, and what it is measured by.

use chrono::TimeDelta;

use super::calendars::{self, Calendars};
use super::{elapsed, ladders, read, rotas};
use crate::both;
use crate::config::ReportSettings;
use crate::config::mistake::Mistakes;
use crate::config::raw::{self, At, Raw};
use crate::report::Standards;
use crate::text::Both;

pub(super) fn resolve(raw: &Raw, calendars: &Calendars, mistakes: &mut Mistakes) -> Vec<ReportSettings> {
    raw.report.iter().filter_map(|(name, report)| one(name, report, raw, calendars, mistakes)).collect()
}

fn one(
    name: &At<String>,
    report: &At<raw::Report>,
    raw: &Raw,
    calendars: &Calendars,
    mistakes: &mut Mistakes,
) -> Option<ReportSettings> {
    for (key, is_given, example) in [
        ("at", report.at.is_some(), "\"mon 07:00\""),
        ("calendar", report.calendar.is_some(), "\"…\""),
        ("tell", report.tell.is_some(), "[\"management\"]"),
    ] {
        if !is_given {
            mistakes.missing(&report.span(), name.span(), key, example);
        }
    }
    let at = report.at.as_ref().and_then(|text| read(text, mistakes, rotas::handover));
    let calendar = report.calendar.as_ref().and_then(|name| calendars::find(calendars, name, mistakes));
    let told = super::items(report.tell.as_ref(), mistakes);
    let tell = told.iter().filter_map(|name| ladders::tell(name, raw, mistakes)).collect();
    let standards = standards(report, mistakes);
    let rule = report.rule.as_ref().map(|rule| rule.to_string());
    Some(ReportSettings { name: name.to_string(), at: at?, calendar: calendar?, tell, standards, rule })
}

fn standards(report: &raw::Report, mistakes: &mut Mistakes) -> Standards {
    let usual = Standards::default();
    let mut span = |text: &Option<At<String>>, usual: TimeDelta| elapsed(text.as_ref(), mistakes).unwrap_or(usual);
    let (first_response, response) =
        (span(&report.first_response, usual.first_response), span(&report.response, usual.response));
    let resolution = span(&report.resolution, usual.resolution);
    if let Some(kept) = report.kept.as_ref().filter(|kept| 100 < ***kept) {
        mistakes.error(
            kept.span(),
            both!("more than all of them cannot be kept", "no se pueden cumplir más que todas"),
            both!("write a share from 0 to 100", "escriba una parte de 0 a 100"),
        );
    }
    let in_working_time = match report.measured_in.as_ref().map(|word| (word, word.as_str())) {
        None | Some((_, "working")) => true,
        Some((_, "elapsed")) => false,
        Some((word, text)) => {
            let what = Both { en: "unknown way to measure", es: "manera de medir desconocida" };
            mistakes.unknown(word.span(), what, text, ["working", "elapsed"]);
            true
        }
    };
    Standards {
        first_response,
        response,
        resolution,
        unanswered: report.unanswered.as_deref().copied().unwrap_or(usual.unanswered),
        closed_unanswered: report.closed_unanswered.as_deref().copied().unwrap_or(usual.closed_unanswered),
        kept: report.kept.as_deref().copied().unwrap_or(usual.kept),
        in_working_time,
    }
}
