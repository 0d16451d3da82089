//! What the demo shows: traffic and alerts as lines, the queue counting down below them on a terminal.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anstyle::Style;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::arrival::{Arrival, Received};
use super::week::Step;
use crate::app::App;
use crate::app::view::RequestView;
use crate::both;
use crate::cli::output::{self, BLUE, DIM, GREEN, RED, YELLOW, styled};
use crate::engine::effect::{Wake, WakeReason};
use crate::engine::request::Request;
use crate::store::requests::RequestFilter;
use crate::text::{Both, Language, format, vocabulary};

/// Letters of an instant: `lun 2 mar 09:00`.
const INSTANT: usize = 15;
/// Letters of a way and a reader: `correo → laura`.
const WHO: usize = 14;
const ROWS: usize = 5;
const LONGEST_LINE: usize = 110;

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
    arrivals: Vec<Arrival>,
}

impl Screen {
    pub(super) fn new(zone: Tz, language: Language) -> Self {
        let board = MultiProgress::new();
        let style = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
        let bars = (0..=ROWS).map(|_| board.add(ProgressBar::new(1).with_style(style.clone()))).collect();
        Self { zone, language, bars, board, n_by_recipient: BTreeMap::new(), arrivals: Vec::new() }
    }

    /// Says what it is, where its page is, and where what is received comes to lie.
    pub(super) fn begin(&self, page: &str, out: &Path) -> anyhow::Result<()> {
        let demo = self.language.of(Both { en: "demo", es: "demostración" });
        self.line(&format!("plazo {} · {demo}", env!("CARGO_PKG_VERSION")))?;
        self.wrapped(
            DIM,
            self.language.of(Both {
                en: "A week of an agency and a courier desk, with the sla.toml that plazo brings along. It passes in about a minute; \
                     Ctrl-C ends it, and leaves nothing behind.",
                es: "Una semana de una agencia y una mesa de mensajería, con el sla.toml que viene con plazo. Pasa en cerca de un \
                     minuto; Ctrl-C la interrumpe sin dejar nada.",
            }),
            0,
        )?;
        let [live, received] = self.language.of(Both {
            en: ["Live page, while it runs:", "What is received:"],
            es: ["Página en vivo, mientras corre:", "Lo que se reciba:"],
        });
        let widest = live.chars().count().max(received.chars().count());
        self.line(&format!("{live:<widest$}  {page}"))?;
        self.line(&format!("{received:<widest$}  {}", out.display()))?;
        self.line("")
    }

    pub(super) fn traffic(&self, step: &Step) -> anyhow::Result<()> {
        let room = room(INSTANT + 4);
        self.line(&format!("{}  · {}", self.instant(step.at), styled(DIM, output::shortened(step.what, room))))
    }

    pub(super) fn arrival(&mut self, arrival: &Arrival) -> anyhow::Result<()> {
        *self.n_by_recipient.entry(arrival.to.clone()).or_default() += 1;
        self.arrivals.push(arrival.clone());
        let subject = format::one_line(&arrival.subject, LONGEST_LINE);
        let is_breach = ["Vencido", "Escalado", "Overdue", "Escalated"].iter().any(|word| subject.contains(word));
        let style = if is_breach { RED } else { YELLOW };
        // The name before the `@` tells people of the demo apart.
        let to = arrival.to.split('@').next().unwrap_or_default();
        let way = match &arrival.content {
            Received::Mail(_) => format!("{} → {to}", self.language.of(Both { en: "mail", es: "correo" })),
            Received::Chat(_) => "Slack".to_owned(),
        };
        let to = format!("{:<WHO$}", output::shortened(&way, WHO));
        let subject = output::shortened(&subject, room(INSTANT + 2 + WHO + 1));
        self.line(&format!("{}  {} {}", self.instant(arrival.at), styled(BLUE, to), styled(style, subject)))
    }

    /// What arrived so far.
    pub(super) fn arrivals(&self) -> &[Arrival] {
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
        let at = self.instant(now);
        let headline = self.language.of(both!(
            "── {at} · {length} clocks run · what plazo looks at next, and when ──",
            "── {at} · {length} relojes en marcha · lo próximo que mira plazo ──"
        ));
        self.bars[0].set_message(styled(DIM, output::shortened(&headline, room(0))));
        for (row, bar) in self.bars[1..].iter().enumerate() {
            let text = wakes.get(row).and_then(|(wake, request)| Some(self.countdown(now, *wake, request.as_ref()?)));
            bar.set_message(text.unwrap_or_default());
        }
    }

    fn countdown(&self, now: DateTime<Utc>, wake: Wake, request: &Request) -> String {
        let left = format::span(wake.at - now);
        let left = self.language.of(both!("in {left}", "en {left}"));
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
        let (seconds, to) = (took.as_secs(), to.join(", "));
        let told = both!(
            "{n_messages} messages delivered in {seconds} s: {to}",
            "{n_messages} avisos entregados en {seconds} s: {to}"
        );
        self.wrapped(GREEN, &self.language.of(told), 0)?;
        self.line(self.language.of(Both {
            en: "All of them, as their readers see them, in a browser:",
            es: "Todos, como los ven sus lectores, en un navegador:",
        }))?;
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
