//! The colours of mails and pages, in one place.
//!
//! Nothing is told by a colour alone: a shape and a word stand beside it. Where two states stand beside each other they differ in
//! lightness too, so that a reader who does not tell red from green tells them apart. `tests/it/contrast.rs` computes that every text
//! stands out from its ground by 4.5 to 1 at least (WCAG 2.2, 1.4.3), in both schemes.

use serde::Serialize;

/// The colours of one scheme, as CSS writes them. Templates see both schemes as `light` and `dark`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Palette {
    /// Behind everything.
    pub page: &'static str,
    /// Behind the text.
    pub sheet: &'static str,
    /// Behind what is set apart on the sheet.
    pub panel: &'static str,
    /// The text.
    pub text: &'static str,
    /// Labels and remarks.
    pub faint: &'static str,
    /// Lines between rows, and what of a bar is empty.
    pub line: &'static str,
    /// Around fields and further buttons.
    pub edge: &'static str,
    /// Behind the words of a button that acts.
    pub deed: &'static str,
    /// The words of a button that acts.
    pub on_deed: &'static str,
    /// Links.
    pub link: &'static str,
    /// What is overdue.
    pub overdue: &'static str,
    /// What falls due soon, and a standard that is missed.
    pub soon: &'static str,
    /// What is in time, and a standard that is met.
    pub kept: &'static str,
    /// The bar over what is neither.
    pub quiet: &'static str,
}

/// On light ground.
pub const LIGHT: Palette = Palette {
    page: "#f1f1ee",
    sheet: "#ffffff",
    panel: "#f4f4f2",
    text: "#1d1d1b",
    faint: "#5f5f58",
    line: "#e0e0dc",
    edge: "#8a8a82",
    deed: "#1f5fa8",
    on_deed: "#ffffff",
    link: "#1f5fa8",
    overdue: "#8f1d14",
    soon: "#a65200",
    kept: "#17497f",
    quiet: "#66665f",
};

/// On dark ground.
pub const DARK: Palette = Palette {
    page: "#161614",
    sheet: "#232320",
    panel: "#31312d",
    text: "#ececea",
    faint: "#b0b0a8",
    line: "#3b3b37",
    edge: "#8a8a82",
    deed: "#2b6cb8",
    on_deed: "#ffffff",
    link: "#8ab8ff",
    overdue: "#ffb3aa",
    soon: "#e8893b",
    kept: "#b7d4ff",
    quiet: "#8a8a82",
};
