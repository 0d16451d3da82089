//! A frame: how the whole stands, the rows, what went out last, and the keys.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Row as TableRow, Table, TableState, Wrap};

use super::model::{Model, Pane, Prompt, Row, Urgency};
use crate::both;
use crate::cli::real_time;
use crate::text::{Both, format};

/// Lines above the rows and below them.
const AROUND: u16 = 9;
/// Below this height only the rows are shown, and a line above them.
const LOW: u16 = 14;
/// Below this width words give way to shapes.
const NARROW: u16 = 56;
/// From this width on every key is named.
const WIDE: u16 = 91;
/// Cells of a bar.
const BAR: usize = 5;

/// How high a frame is that shows every row.
pub(super) fn whole_height(model: &Model) -> u16 {
    LOW.max(AROUND + u16::try_from(model.rows().len()).unwrap_or(200).min(200))
}

fn style(urgency: Urgency) -> Style {
    // Where colours are not wanted, the shapes and words say the same.
    if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        return match urgency {
            Urgency::Overdue => Style::new().add_modifier(Modifier::BOLD),
            _ => Style::new(),
        };
    }
    match urgency {
        Urgency::Overdue => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
        Urgency::Soon => Style::new().fg(Color::Yellow),
        Urgency::InTime => Style::new(),
        Urgency::Waiting => Style::new().add_modifier(Modifier::DIM),
    }
}

const fn shape(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Overdue => "▲",
        Urgency::Soon => "◆",
        Urgency::InTime => "○",
        Urgency::Waiting => "‖",
    }
}

pub(super) fn frame(frame: &mut Frame<'_>, model: &Model) {
    let area = frame.area();
    let is_low = area.height < LOW;
    let (head, foot) = if is_low { (1, 1) } else { (4, 4) };
    let parts = Layout::vertical([Constraint::Length(head), Constraint::Min(1), Constraint::Length(foot)]);
    let [top, middle, bottom] = parts.areas(area);
    draw_head(frame, top, model, is_low);
    match &model.pane {
        Pane::Queue => draw_rows(frame, middle, model),
        Pane::Request { lines, from, .. } => {
            let text: Vec<Line<'_>> = lines.iter().skip(*from).map(|line| Line::raw(line.as_str())).collect();
            frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: false }), middle);
        }
        Pane::Help => frame.render_widget(Paragraph::new(help(model)).wrap(Wrap { trim: false }), middle),
    }
    draw_foot(frame, bottom, model, is_low);
}

fn draw_head(frame: &mut Frame<'_>, area: Rect, model: &Model, is_low: bool) {
    let language = model.language();
    let of = |both: Both| language.of(both);
    let n = |field: &str| model.status[field].as_u64().unwrap_or_default();
    let counts = counts(model, area.width < NARROW);
    if is_low {
        frame.render_widget(Paragraph::new(counts), area);
        return;
    }
    let now = format::when(real_time().now(), real_time().now(), model.look.zone(), language);
    let version = model.status["version"].as_str().unwrap_or_default();
    let revision = &model.status["revision"];
    let state = match model.silent_since() {
        Some(at) => {
            let at = format::time(at, model.look.zone());
            Span::styled(of(both!("✗ silent since {at}", "✗ sin respuesta desde las {at}")), style(Urgency::Overdue))
        }
        None if model.status["started_at"].is_null() => Span::raw(of(both!("not running", "detenido"))),
        None => {
            let since = model.running_for().map(|span| format!(" {span}")).unwrap_or_default();
            Span::raw(of(both!("● running{since}", "● en marcha{since}")))
        }
    };
    let taken = model.status["revision_taken_at"].as_str().and_then(|at| at.parse().ok());
    let taken = taken.map(|at| format::when(at, real_time().now(), model.look.zone(), language));
    let taken = taken.map(|at| format!(" ({at})")).unwrap_or_default();
    let city = model.look.zone().name().rsplit('/').next().unwrap_or_default().replace('_', " ");
    let first = Line::from(vec![
        Span::styled(format!("plazo {version}"), Style::new().add_modifier(Modifier::BOLD)),
        Span::raw(format!(" · {city} {now} · ")),
        state,
        Span::raw(format!(" · sla.toml r{revision}{taken}")),
    ]);
    let (pending, dead, silences) = (n("pending"), n("dead"), n("silences"));
    let third = of(both!(
        "messages {pending} on their way, {dead} not delivered · silences {silences}",
        "mensajes {pending} por salir, {dead} sin entregar · silencios {silences}"
    ));
    let mut third = vec![Span::raw(third)];
    for name in model.standing() {
        third.push(Span::styled(of(both!(" · ▲ {name} stands", " · ▲ {name} detenido")), style(Urgency::Overdue)));
    }
    if let Some(on_duty) = model.on_duty() {
        third.push(Span::raw(of(both!(" · on duty {on_duty}", " · guardia {on_duty}"))));
    }
    let rule = "─".repeat(area.width.into());
    frame.render_widget(Paragraph::new(vec![first, counts, Line::from(third), Line::raw(rule)]), area);
}

/// How many there are, as the daemon counts them; then what is next, and whether not all are listed.
fn counts(model: &Model, is_narrow: bool) -> Line<'static> {
    let of = |both: Both| model.language().of(both);
    let [overdue, soon, fine, waits] = model.counts;
    let vencidas = if overdue == 1 { "vencida" } else { "vencidas" };
    let next = model.until_next();
    let (counted, next) = if is_narrow {
        let counted = [format!("▲{overdue} "), format!("◆{soon} "), format!("○{fine} ‖{waits}")];
        (counted, next.map(|next| of(both!(" · next {next}", " · próx. {next}"))))
    } else {
        let counted = [
            of(both!("▲ {overdue} overdue  ", "▲ {overdue} {vencidas}  ")),
            of(both!("◆ {soon} due soon  ", "◆ {soon} por vencer  ")),
            of(both!("○ {fine} in time  ‖ {waits} waiting", "○ {fine} en plazo  ‖ {waits} en espera")),
        ];
        (counted, next.map(|next| of(both!("  next in {next}", "  próximo en {next}"))))
    };
    let [overdue, soon, rest] = counted;
    let unseen = match model.n_unseen {
        0 => String::new(),
        n => of(both!("  (+{n} not listed)", "  (+{n} sin listar)")),
    };
    Line::from(vec![
        Span::styled(overdue, style(Urgency::Overdue)),
        Span::styled(soon, style(Urgency::Soon)),
        Span::raw(rest),
        Span::raw(next.unwrap_or_default()),
        Span::raw(unseen),
    ])
}

fn draw_rows(frame: &mut Frame<'_>, area: Rect, model: &Model) {
    let language = model.language();
    let rows = model.rows();
    if rows.is_empty() {
        let none = language.of(both!("Nothing is open.", "No hay nada abierto."));
        frame.render_widget(Paragraph::new(none), area);
        return;
    }
    let [when, what, client, owner, request] = language.of(Both {
        en: ["DUE", "WHAT", "CLIENT", "OWNER", "REQUEST"],
        es: ["VENCE", "QUÉ", "CLIENTE", "QUIÉN", "SOLICITUD"],
    });
    // Where it is narrow the bar goes first, then the owner.
    let (has_bar, has_owner) = (76 <= area.width, NARROW <= area.width);
    let cells = |row: &Row| {
        let taken = if row.is_taken { " ✓" } else { "" };
        let when = if has_owner { &row.when } else { &row.briefly };
        let mut cells = vec![shape(row.urgency).to_owned(), when.clone()];
        if has_bar {
            cells.push(bar(row));
        }
        cells.push(row.what.clone());
        cells.push(row.client.clone());
        if has_owner {
            cells.push(format!("{}{taken}", row.owner));
            cells.push(row.id.clone());
        } else {
            cells.push(format!("{}{taken}", row.id));
        }
        TableRow::new(cells).style(style(row.urgency))
    };
    let mut heads = vec!["", when];
    let mut widths = vec![Constraint::Length(1), Constraint::Length(if has_owner { 15 } else { 9 })];
    if has_bar {
        heads.push("");
        widths.push(Constraint::Length(5));
    }
    heads.extend([what, client]);
    widths.extend([Constraint::Fill(3), Constraint::Fill(3)]);
    if has_owner {
        heads.push(owner);
        widths.push(Constraint::Fill(2));
    }
    heads.push(request);
    widths.push(Constraint::Length(10));
    let table = Table::new(rows.iter().map(|row| cells(row)), widths)
        .header(TableRow::new(heads).style(Style::new().add_modifier(Modifier::DIM)))
        .column_spacing(1)
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
    let mut state = TableState::default().with_selected(Some(model.place));
    frame.render_stateful_widget(table, area, &mut state);
}

/// `███▌ `: how much of its time is spent.
fn bar(row: &Row) -> String {
    const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    let Some(spent) = row.spent.filter(|_| row.urgency != Urgency::Overdue) else { return String::new() };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 40")]
    let eighths = (spent * (BAR * 8) as f64).round() as usize;
    let mut bar = "█".repeat(eighths / 8);
    if eighths / 8 < BAR {
        bar.push(EIGHTHS[eighths % 8]);
    }
    bar
}

fn draw_foot(frame: &mut Frame<'_>, area: Rect, model: &Model, is_low: bool) {
    let language = model.language();
    let keys = language.of(Both {
        en: " ↑↓ move  ↵ open  t take  p put off  o hand over  / search  ? help  q quit",
        es: " ↑↓ mover  ↵ ver  t tomar  p posponer  o pasar a  / buscar  ? ayuda  q salir",
    });
    let keys = match area.width {
        WIDE.. => language.of(Both {
            en: " ↑↓ move  ↵ open  t take  p put off  o hand over  s silence  / search  ? help  q quit",
            es: " ↑↓ mover  ↵ ver  t tomar  p posponer  o pasar a  s silenciar  / buscar  ? ayuda  q salir",
        }),
        78.. => keys,
        _ => language
            .of(Both { en: " ↵ t p o s  / search  ? help  q quit", es: " ↵ t p o s  / buscar  ? ayuda  q salir" }),
    };
    let last = match (&model.prompt, &model.said) {
        (Some(prompt), _) => asked(prompt, model),
        (None, Some(said)) => said.clone(),
        (None, None) => keys.to_owned(),
    };
    let mut lines = Vec::new();
    if !is_low {
        lines.push(Line::raw("─".repeat(area.width.into())));
        for place in 0..2 {
            lines.push(Line::raw(model.messages.get(place).cloned().unwrap_or_default()));
        }
    }
    lines.push(Line::styled(last, Style::new().add_modifier(Modifier::BOLD)));
    frame.render_widget(Paragraph::new(lines), area);
}

fn asked(prompt: &Prompt, model: &Model) -> String {
    let by = model.by.as_deref().unwrap_or_default();
    model.language().of(match prompt {
        Prompt::Search(text) => both!("/{text}_", "/{text}_"),
        Prompt::Take(id) => both!("take {id} as {by}? y/n", "¿tomar {id} como {by}? s/n"),
        Prompt::Snooze(id) => both!("put {id} off for 15 min as {by}? y/n", "¿posponer {id} 15 min como {by}? s/n"),
        Prompt::Silence(id) => both!("silence {id} for 2 h as {by}? y/n", "¿silenciar {id} 2 h como {by}? s/n"),
        Prompt::Hand(text, id) => both!("hand {id} to: {text}_", "pasar {id} a: {text}_"),
    })
}

fn help(model: &Model) -> String {
    model
        .language()
        .of(Both {
            en: "↑ ↓ j k PgUp PgDn   move\n↵ →   open a request\nEsc ←   back; in the queue, end the search\nt   take it (with --by)\np   put it off for 15 min (with --by)\no   hand it to somebody (with --by)\ns   silence it for 2 h (with --by)\n/   search\nCtrl-Z   suspend\nq Ctrl-C   quit",
            es: "↑ ↓ j k RePág AvPág   mover\n↵ →   ver una solicitud\nEsc ←   volver; en la cola, terminar la búsqueda\nt   tomarla (con --by)\np   posponerla 15 min (con --by)\no   pasarla a alguien (con --by)\ns   silenciarla 2 h (con --by)\n/   buscar\nCtrl-Z   suspender\nq Ctrl-C   salir",
        })
        .to_owned()
}
