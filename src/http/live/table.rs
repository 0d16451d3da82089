//! Pages that are a list: rows of cells, some with a link, some with a form of their own.

use axum::http::StatusCode;
use axum::response::Response;
use minijinja::value::{Serde, merge_maps};
use minijinja::{Value, context};
use serde::Serialize;

use super::shell;

/// A cell: a text, and where it leads.
#[derive(Debug, Default, Serialize)]
pub(super) struct Cell {
    text: String,
    href: Option<String>,
    class: &'static str,
    form: Option<CellForm>,
}

/// A form in a cell: a button, and a text before it where one is asked for.
#[derive(Debug, Default, Serialize)]
pub(super) struct CellForm {
    pub(super) to: String,
    pub(super) button: String,
    /// The field, its label, and how long it may be.
    pub(super) field: Option<(&'static str, String, usize)>,
    /// What had been typed in it.
    pub(super) typed: String,
}

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub(super) fn styled(class: &'static str, text: impl Into<String>) -> Self {
        Self { class, ..Self::text(text) }
    }

    pub(super) fn link(text: impl Into<String>, href: String) -> Self {
        Self { href: Some(href), ..Self::text(text) }
    }

    pub(super) fn form(form: CellForm) -> Self {
        Self { form: Some(form), ..Self::default() }
    }
}

/// A choice at the head of a list.
#[derive(Debug, Serialize)]
pub(super) struct Shortcut {
    pub(super) href: String,
    pub(super) text: String,
    pub(super) is_here: bool,
}

/// A list.
#[derive(Debug, Default, Serialize)]
pub(super) struct Table {
    pub(super) title: String,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<Cell>>,
    /// What is said where there are none.
    pub(super) empty: String,
    /// What is said of rows that are left out.
    pub(super) left: String,
}

/// What a page of lists says.
#[derive(Debug, Default)]
pub(super) struct Lists {
    pub(super) title: String,
    pub(super) done: Option<String>,
    pub(super) refused: Option<String>,
    pub(super) lead: Option<String>,
    pub(super) shortcuts: Vec<Shortcut>,
    pub(super) tables: Vec<Table>,
    /// A part with a form of its own, below the lists.
    pub(super) further: Option<Value>,
}

impl Lists {
    pub(super) fn respond(self, status: StatusCode, frame: Value) -> Response {
        let Self { title, done, refused, lead, shortcuts, tables, further } = self;
        let own = context! {
            title, done, refused, lead, further,
            shortcuts => Serde(shortcuts),
            tables => Serde(tables),
        };
        shell::respond(status, "lists.html", &merge_maps([own, frame]))
    }
}
