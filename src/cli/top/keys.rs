//! What a key means where the reader is, and doing it.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use serde_json::json;

use super::model::{Model, NOBODY, Pane, Prompt};
use crate::both;
use crate::cli::client::Client;

/// Rows that a page moves.
const PAGE: usize = 10;

/// What the reader wants.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Nothing,
    Leave,
    Suspend,
    Move(isize),
    Open,
    Back,
    Help,
    Ask(Prompt),
    /// What is asked is answered.
    Answer,
    /// What is asked is given up.
    GiveUp,
    /// A letter of the answer; none takes the last one back.
    Letter(Option<char>),
}

/// What a key means.
pub(super) fn wish(key: KeyEvent, model: &Model) -> Wish {
    if key.kind == KeyEventKind::Release {
        return Wish::Nothing;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c') => Wish::Leave,
            KeyCode::Char('z') => Wish::Suspend,
            _ => Wish::Nothing,
        };
    }
    if let Some(prompt) = &model.prompt {
        let is_yes_or_no = matches!(prompt, Prompt::Take(_) | Prompt::Snooze(_) | Prompt::Silence(_));
        return match key.code {
            KeyCode::Char('s' | 'S' | 'y' | 'Y') | KeyCode::Enter if is_yes_or_no => Wish::Answer,
            _ if is_yes_or_no => Wish::GiveUp,
            KeyCode::Enter => Wish::Answer,
            KeyCode::Esc => Wish::GiveUp,
            KeyCode::Backspace => Wish::Letter(None),
            KeyCode::Char(letter) => Wish::Letter(Some(letter)),
            _ => Wish::Nothing,
        };
    }
    let row = || model.row().map(|row| row.id.clone());
    match (key.code, &model.pane) {
        (KeyCode::Char('q'), _) => Wish::Leave,
        (KeyCode::Esc | KeyCode::Left | KeyCode::Backspace, _) => Wish::Back,
        (KeyCode::Char('?' | 'h'), _) => Wish::Help,
        (KeyCode::Down | KeyCode::Char('j'), _) => Wish::Move(1),
        (KeyCode::Up | KeyCode::Char('k'), _) => Wish::Move(-1),
        (KeyCode::PageDown | KeyCode::Char(' '), _) => Wish::Move(PAGE.cast_signed()),
        (KeyCode::PageUp, _) => Wish::Move(-PAGE.cast_signed()),
        (KeyCode::Enter | KeyCode::Right, Pane::Queue) => Wish::Open,
        (KeyCode::Char('/'), Pane::Queue) => Wish::Ask(Prompt::Search(String::new())),
        (KeyCode::Char('t'), Pane::Queue) => row().map_or(Wish::Nothing, |id| Wish::Ask(Prompt::Take(id))),
        (KeyCode::Char('p'), Pane::Queue) => row().map_or(Wish::Nothing, |id| Wish::Ask(Prompt::Snooze(id))),
        (KeyCode::Char('s'), Pane::Queue) => row().map_or(Wish::Nothing, |id| Wish::Ask(Prompt::Silence(id))),
        (KeyCode::Char('o'), Pane::Queue) => {
            row().map_or(Wish::Nothing, |id| Wish::Ask(Prompt::Hand(String::new(), id)))
        }
        _ => Wish::Nothing,
    }
}

/// Does what was wanted.
pub(super) async fn carry_out(wish: Wish, model: &mut Model, client: &Client) {
    match wish {
        Wish::Nothing | Wish::Leave | Wish::Suspend => {}
        Wish::Move(by) => go(model, by),
        Wish::Open => {
            if let Some(id) = model.row().map(|row| row.id.clone()) {
                model.open(client, id).await;
            }
        }
        Wish::Back => match model.pane {
            Pane::Queue => model.search.clear(),
            _ => model.pane = Pane::Queue,
        },
        Wish::Help => model.pane = Pane::Help,
        Wish::Ask(prompt) => {
            model.said = None;
            if model.by.is_none() && !matches!(prompt, Prompt::Search(_)) {
                model.said =
                    Some(model.language().of(both!(
                        "to act, start it with --by and your name",
                        "para actuar, ábralo con --by y su nombre"
                    )));
                return;
            }
            model.prompt = Some(prompt);
        }
        Wish::GiveUp => model.prompt = None,
        Wish::Letter(letter) => {
            if let Some(Prompt::Search(text) | Prompt::Hand(text, _)) = &mut model.prompt {
                match letter {
                    Some(letter) => text.push(letter),
                    None => drop(text.pop()),
                }
            }
            // What is searched is seen while it is typed.
            if let Some(Prompt::Search(text)) = &model.prompt {
                model.search.clone_from(text);
                model.place = 0;
            }
        }
        Wish::Answer => match model.prompt.take() {
            Some(Prompt::Take(id)) => {
                // Where nobody answers for it, whoever takes it does, as on the page.
                let is_nobodys = model.rows().iter().any(|row| row.id == id && row.owner == NOBODY);
                let own = model.by.clone().filter(|_| is_nobodys).map(|by| ("own", json!({ "owner": by })));
                let actions: Vec<_> = own.into_iter().chain([("ack", json!({}))]).collect();
                model.act(client, &id, &actions).await;
            }
            Some(Prompt::Snooze(id)) => model.act(client, &id, &[("snooze", json!({ "for": "15m" }))]).await,
            Some(Prompt::Silence(id)) => model.silence(client, &id).await,
            Some(Prompt::Hand(owner, id)) => {
                model.act(client, &id, &[("own", json!({ "owner": owner.trim() }))]).await;
            }
            Some(Prompt::Search(_)) | None => {}
        },
    }
}

fn go(model: &mut Model, by: isize) {
    let n_rows = model.rows().len();
    match &mut model.pane {
        Pane::Request { lines, from, .. } => *from = from.saturating_add_signed(by).min(lines.len().saturating_sub(1)),
        Pane::Queue => model.place = model.place.saturating_add_signed(by).min(n_rows.saturating_sub(1)),
        Pane::Help => {}
    }
}
