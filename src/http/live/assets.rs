//! The style and the script of the live pages, from plazo itself. Their addresses bear a version, so that browsers keep them.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::IntoResponse;
use minijinja::value::Serde;
use minijinja::{Environment, context};
use sha2::{Digest as _, Sha256};

use crate::text::palette::{DARK, LIGHT};

const SCRIPT: &str = include_str!("parts/plazo.js");
const KEPT: &str = "public, max-age=31536000, immutable";

/// The style with the colours of both schemes.
static STYLE: LazyLock<String> = LazyLock::new(|| {
    let source = include_str!("parts/plazo.css");
    let rendered = Environment::new().render_str(source, context! { light => Serde(LIGHT), dark => Serde(DARK) });
    // It is part of the program; a test renders it.
    rendered.unwrap_or_else(|error| unreachable!("plazo.css: {error:#}"))
});

static VERSION: LazyLock<String> =
    LazyLock::new(|| hex::encode(&Sha256::digest(format!("{}{SCRIPT}", *STYLE).as_bytes())[..6]));

/// What the addresses of both bear.
pub(super) fn version() -> &'static str {
    &VERSION
}

pub(super) async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, KEPT)], STYLE.as_str())
}

pub(super) async fn script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, KEPT)], SCRIPT)
}
