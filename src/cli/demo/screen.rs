//! What the demo shows: traffic and alerts as lines, the queue counting down below them on a terminal.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anstyle::Style;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::Value;

use super::week::Step;
use crate::app::App;
use crate::app::view::RequestView;
use crate::cli::output::{self, BLUE, DIM, GREEN, RED, YELLOW, styled};
use crate::engine::effect::{Wake, WakeReason};
use crate::engine::request::Request;
use crate::store::requests::RequestFilter;
use crate::text::{Language, format, vocabulary};

/// Letters of an instant: `lun 2 mar 09:00`.
const INSTANT: usize = 15;
const ROWS: usize = 5;
const LONGEST_LINE: usize = 110;

/// Something that a receiver took.
#[derive(Debug, Clone)]
pub(super) struct Arrival {
    at: DateTime<Utc>,
    by: &'static str,
    pub(super) to: String,
    pub(super) subject: String,
    /// Where it can be looked at, from the folder on.
    pub(super) page: Option<String>,
}

impl Arrival {
    pub(super) fn of_mail(at: DateTime<Utc>, to: &[String], data: &[u8]) -> Self {
        let mail = mail_parser::MessageParser::default().parse(data);
        let subject = mail.as_ref().and_then(|mail| mail.subject()).unwrap_or_default().to_owned();
        Self { at, by: "correo", to: to.join(", "), subject, page: None }
    }

    pub(super) fn of_chat(at: DateTime<Utc>, body: &[u8]) -> Self {
        let message: Value = serde_json::from_slice(body).unwrap_or_default();
        let subject = message["text"].as_str().unwrap_or_default().to_owned();
        Self { at, by: "Slack", to: "equipo-slack".to_owned(), subject, page: None }
    }

    /// The recipient, the request and the subject's first words, as far as a file name takes them.
    pub(super) fn file_name(&self) -> String {
        // The request stands at the end of a subject, in brackets.
        let request = self.subject.rsplit_once('[').and_then(|(_, rest)| rest.split(']').next()).unwrap_or_default();
        let words: String = format!("{}-{request}-{}", self.to, self.subject)
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '@' || c == '.' { c } else { '-' })
            .take(60)
            .collect();
        words.trim_end_matches('-').to_owned()
    }
}

/// Cells that are left of a line behind so many.
fn room(taken: usize) -> usize {
    output::width().unwrap_or(LONGEST_LINE + INSTANT + 24).saturating_sub(taken).max(10)
}

pub(super) struct Screen {
    zone: Tz,
    language: Language,
    bars: Vec<ProgressBar>,
    board: MultiProgress,
    n_by_recipient: BTreeMap<String, usize>,
    arrivals: Vec<(String, Arrival)>,
}

impl Screen {
    pub(super) fn new(zone: Tz, language: Language) -> Self {
        let board = MultiProgress::new();
        let style = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
        let bars = (0..=ROWS).map(|_| board.add(ProgressBar::new(1).with_style(style.clone()))).collect();
        Self { zone, language, bars, board, n_by_recipient: BTreeMap::new(), arrivals: Vec::new() }
    }

    pub(super) fn begin(&self, address: SocketAddr) -> anyhow::Result<()> {
        self.line(&format!("plazo {} · demo · http://{address}", env!("CARGO_PKG_VERSION")))?;
        self.wrapped(
            DIM,
            "Una semana de una agencia y una mesa de mensajería, con el sla.toml que viene con plazo.",
            0,
        )?;
        self.wrapped(DIM, "Pasa en minuto y medio; Ctrl-C la interrumpe.", 0)?;
        self.line("")
    }

    pub(super) fn traffic(&self, step: &Step) -> anyhow::Result<()> {
        let room = room(INSTANT + 4);
        self.line(&format!("{}  · {}", self.instant(step.at), styled(DIM, output::shortened(step.what, room))))
    }

    pub(super) fn arrival(&mut self, arrival: &Arrival) -> anyhow::Result<()> {
        *self.n_by_recipient.entry(arrival.to.clone()).or_default() += 1;
        self.arrivals.push((self.instant(arrival.at), arrival.clone()));
        let subject = format::one_line(&arrival.subject, LONGEST_LINE);
        let is_breach = ["Vencido", "Escalado", "Overdue", "Escalated"].iter().any(|word| subject.contains(word));
        let style = if is_breach { RED } else { YELLOW };
        // The name before the `@` tells people of the demo apart.
        let to = arrival.to.split('@').next().unwrap_or_default();
        let to = format!("{:<20}", output::shortened(&format!("{} a {to}", arrival.by), 20));
        let subject = output::shortened(&subject, room(INSTANT + 2 + 20 + 1));
        self.line(&format!("{}  {} {}", self.instant(arrival.at), styled(BLUE, to), styled(style, subject)))
    }

    /// What arrived so far, with the instant as it is shown.
    pub(super) fn arrivals(&self) -> &[(String, Arrival)] {
        &self.arrivals
    }

    /// Takes the countdown away.
    pub(super) fn stop(&self) {
        for bar in &self.bars {
            bar.finish_and_clear();
        }
    }

    /// Redraws the countdown; on what is no terminal there is none.
    pub(super) fn queue(&self, now: DateTime<Utc>, wakes: &[(Wake, Option<Request>)], length: usize) {
        let headline =
            format!("── {} · {length} relojes en marcha · lo próximo que mira plazo, y cuándo ──", self.instant(now));
        self.bars[0].set_message(styled(DIM, output::shortened(&headline, room(0))));
        for (row, bar) in self.bars[1..].iter().enumerate() {
            let text = wakes.get(row).and_then(|(wake, request)| Some(self.countdown(now, *wake, request.as_ref()?)));
            bar.set_message(text.unwrap_or_default());
        }
    }

    fn countdown(&self, now: DateTime<Utc>, wake: Wake, request: &Request) -> String {
        let left = format!("en {}", format::span(wake.at - now));
        let style = if wake.why == WakeReason::Breach { RED } else { YELLOW };
        let what = request.subject.clone().or_else(|| request.contact.clone()).unwrap_or_default();
        let channel = vocabulary::channel(&request.facets.channel, self.language);
        format!(
            "   {:<6} {} {channel:<9} {}",
            request.id.to_string(),
            styled(style, format!("{left:>16}")),
            output::shortened(&format::one_line(&what, 60), room(3 + 7 + 17 + 10))
        )
    }

    pub(super) async fn end(&self, app: &App, index: &Path, took: Duration) -> anyhow::Result<()> {
        self.stop();
        let config = app.config();
        let filter = RequestFilter { limit: 100, ..RequestFilter::default() };
        let requests = app.views.list(filter).await?;
        self.line("")?;
        for request in requests.iter().rev() {
            let view = RequestView::new(request, &config);
            let clocks: Vec<_> = request
                .clocks
                .iter()
                .map(|clock| (clock, vocabulary::task(clock.kind, self.language)))
                .map(|(clock, task)| {
                    (clock.state, format!("{task}: {}", vocabulary::state(clock.state, self.language)))
                })
                .collect();
            let who = view.customer.or(view.contact).unwrap_or_default();
            let channel = vocabulary::channel(&view.channel, self.language);
            let who = format::one_line(&who, 20);
            self.line(&format!("{:<5} {channel:<9} {who}", view.id))?;
            for (state, told) in clocks {
                self.line(&format!("      {}", styled(output::state_style(state.as_str()), told)))?;
            }
        }
        self.line("")?;
        let n_messages: usize = self.n_by_recipient.values().sum();
        let to: Vec<_> = self.n_by_recipient.iter().map(|(to, n)| format!("{to} {n}")).collect();
        let told = format!("{n_messages} avisos entregados en {} s: {}", took.as_secs(), to.join(", "));
        self.wrapped(GREEN, &told, 0)?;
        self.line("Lo recibido se puede ver en el navegador:")?;
        self.line(&format!("  file://{}", index.display()))
    }

    /// Lines as wide as the terminal, broken between words.
    fn wrapped(&self, style: Style, text: &str, indent: usize) -> anyhow::Result<()> {
        for line in output::wrapped(text, room(indent)) {
            self.line(&format!("{}{}", " ".repeat(indent), styled(style, line)))?;
        }
        Ok(())
    }

    fn instant(&self, at: DateTime<Utc>) -> String {
        let local = at.with_timezone(&self.zone);
        format!(
            "{} {}",
            format::instant(at, self.zone, self.language).split(',').next().unwrap_or_default(),
            local.format("%H:%M")
        )
    }

    fn line(&self, text: &str) -> anyhow::Result<()> {
        if self.board.is_hidden() {
            return output::line(text);
        }
        Ok(self.board.println(text)?)
    }
}
