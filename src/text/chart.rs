//! Charts: horizontal bars, drawn as SVG and rendered to PNG. They bring their own light ground, so that they can be read in a dark
//! mail too, and letters large enough for a phone.

use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

/// Units of the drawing; twice as many pixels, for screens that have them.
const WIDTH: f32 = 320.0;
const ROW: f32 = 34.0;
const HEAD: f32 = 30.0;
const FOOT: f32 = 26.0;
const SCALE: f32 = 2.0;
/// Bars at most.
const MOST_ROWS: usize = 8;
/// Letters of a name at most.
const LONGEST_LABEL: usize = 30;

/// A bar: its name, what stands at its end, and its length as a share of the whole width.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Its name.
    pub label: String,
    /// What stands at its end.
    pub value: String,
    /// From 0 to 1.
    pub share: f32,
    /// Whether the standard is met.
    pub good: bool,
}

/// A chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// Its title.
    pub title: String,
    /// Its bars; the first ones are drawn.
    pub bars: Vec<Bar>,
    /// Where the standard stands, from 0 to 1, and how it is called.
    pub standard: Option<(f32, String)>,
}

static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(epaint_default_fonts::UBUNTU_LIGHT.to_vec());
    fonts.set_sans_serif_family("Ubuntu");
    Arc::new(fonts)
});

impl Chart {
    /// The chart as SVG.
    pub fn svg(&self) -> String {
        let bars = &self.bars[..self.bars.len().min(MOST_ROWS)];
        #[allow(clippy::cast_precision_loss, reason = "a handful of bars")]
        let body = HEAD + ROW * bars.len() as f32;
        let height = body + if self.standard.is_some() { FOOT } else { 8.0 };
        let (left, whole) = (14.0, WIDTH - 28.0);
        let mut svg = format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" font-family="Ubuntu" fill="#1d1d1b"><rect width="{WIDTH}" height="{height}" rx="8" fill="#ffffff"/><rect x="0.5" y="0.5" width="{}" height="{}" rx="7.5" fill="none" stroke="#d8d8d2"/><text x="{left}" y="21" font-size="14" font-weight="bold">{}</text>"##,
            WIDTH - 1.0,
            height - 1.0,
            escaped(&self.title)
        );
        #[allow(clippy::cast_precision_loss, reason = "a handful of bars")]
        for (n, bar) in bars.iter().enumerate() {
            let y = HEAD + ROW * n as f32;
            let width = (whole * bar.share.clamp(0.0, 1.0)).max(2.0);
            let colour = if bar.good { "#2f7d4f" } else { "#c0271d" };
            // Writing to a String cannot fail.
            write!(
                svg,
                r##"<text x="{left}" y="{}" font-size="12.5">{}</text><text x="{}" y="{}" font-size="12.5" text-anchor="end">{}</text><rect x="{left}" y="{}" width="{whole}" height="10" rx="3" fill="#ecece8"/><rect x="{left}" y="{}" width="{width}" height="10" rx="3" fill="{colour}"/>"##,
                y + 13.0,
                escaped(&shortened(&bar.label)),
                WIDTH - 14.0,
                y + 13.0,
                escaped(&bar.value),
                y + 18.0,
                y + 18.0,
            )
            .ok();
        }
        if let Some((share, name)) = &self.standard {
            let x = left + whole * share.clamp(0.0, 1.0);
            let (anchor, at) = if *share < 0.5 { ("start", x + 4.0) } else { ("end", x - 4.0) };
            #[allow(clippy::cast_precision_loss, reason = "a handful of bars")]
            for n in 0..bars.len() {
                // Across the bar only: what stands above it is to be read.
                let y = HEAD + ROW * n as f32;
                let (top, bottom) = (y + 16.0, y + 30.0);
                write!(
                    svg,
                    r##"<line x1="{x}" y1="{top}" x2="{x}" y2="{bottom}" stroke="#1d1d1b" stroke-width="2"/>"##
                )
                .ok();
            }
            write!(
                svg,
                r##"<text x="{at}" y="{}" font-size="11.5" text-anchor="{anchor}">{}</text>"##,
                body + 14.0,
                escaped(name)
            )
            .ok();
        }
        svg.push_str("</svg>");
        svg
    }

    /// The chart as PNG; `None` if it cannot be drawn, and a message then goes without it.
    pub fn png(&self) -> Option<Vec<u8>> {
        let options = Options { fontdb: Arc::clone(&FONTS), font_family: "Ubuntu".to_owned(), ..Options::default() };
        let tree = Tree::from_str(&self.svg(), &options).ok()?;
        let size = tree.size();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some hundred pixels")]
        let (width, height) = ((size.width() * SCALE).ceil() as u32, (size.height() * SCALE).ceil() as u32);
        let mut pixmap = Pixmap::new(width, height)?;
        resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixmap.as_mut());
        pixmap.encode_png().ok()
    }
}

fn shortened(label: &str) -> String {
    super::format::one_line(label, LONGEST_LABEL)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_is_drawn_with_its_letters_and_whatever_stands_in_them() {
        let bar =
            |label: &str, share| Bar { label: label.to_owned(), value: "98 %".to_owned(), share, good: 0.9 < share };
        let bars = vec![bar("Peña & <Hijos> \"S.A.\" con un nombre larguísimo", 0.98), bar("Ana", 0.4)];
        let chart =
            Chart { title: "Promesas cumplidas".to_owned(), bars, standard: Some((0.95, "meta 95 %".to_owned())) };
        let png = chart.png().unwrap_or_default();
        assert!(png.starts_with(b"\x89PNG"), "{}", chart.svg());
        let without_letters = Chart { title: String::new(), bars: Vec::new(), standard: None };
        assert!(without_letters.png().is_some_and(|blank| blank.len() < png.len()));
    }
}
