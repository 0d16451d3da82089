//! Which columns of a table are shown, and how wide: whatever is shown is whole, or cut at a letter with `…`.

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Between two columns.
pub(super) const GAP: usize = 2;
/// Where nothing else helps, columns are cut to this, and no further.
const NARROWEST: usize = 6;

/// What a column wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Want {
    /// Cells that its widest text takes, the heading included.
    pub(super) natural: usize,
    /// To how many it may be cut while columns that matter less are there to be left out; none if not at all.
    pub(super) least: Option<usize>,
    /// The lower, the sooner it is left out; none never is.
    pub(super) leaves: Option<u8>,
}

/// The width of each column in a terminal of `available` cells; none for columns that are left out.
///
/// Columns are cut to their least width first, then left out one by one, then cut further.
pub(super) fn fit(wants: &[Want], available: usize) -> Vec<Option<usize>> {
    let mut widths: Vec<_> = wants.iter().map(|want| Some(want.natural)).collect();
    loop {
        let lowest =
            |index: usize| wants[index].least.map_or(wants[index].natural, |least| least.min(wants[index].natural));
        if cut(&mut widths, available, lowest) {
            return widths;
        }
        let shown = (0..wants.len()).filter(|index| widths[*index].is_some());
        let Some(index) = shown.filter(|index| wants[*index].leaves.is_some()).min_by_key(|index| wants[*index].leaves)
        else {
            break;
        };
        widths[index] = None;
        // What the others were cut for may be there now.
        for (index, width) in widths.iter_mut().enumerate() {
            *width = width.map(|_| wants[index].natural);
        }
    }
    cut(&mut widths, available, |index| wants[index].natural.min(NARROWEST));
    widths
}

/// Takes from the widest column that may be cut, cell by cell, until all fit. Whether they do.
fn cut(widths: &mut [Option<usize>], available: usize, lowest: impl Fn(usize) -> usize) -> bool {
    while available < total(widths) {
        let cuttable = widths.iter().enumerate().filter_map(|(index, width)| Some((index, (*width)?)));
        let widest = cuttable.filter(|(index, width)| lowest(*index) < *width).max_by_key(|(_, width)| *width);
        let Some((index, width)) = widest else { return false };
        widths[index] = Some(width - 1);
    }
    true
}

fn total(widths: &[Option<usize>]) -> usize {
    let shown = widths.iter().flatten();
    shown.clone().sum::<usize>() + GAP * shown.count().saturating_sub(1)
}

/// The text in at most so many cells of a terminal: whole, or cut at a letter as readers see them and ended by `…`.
pub(in crate::cli) fn shortened(text: &str, cells: usize) -> String {
    if text.width() <= cells {
        return text.to_owned();
    }
    let mut short = String::new();
    for letter in text.graphemes(true) {
        if cells < short.width() + letter.width() + 1 {
            break;
        }
        short.push_str(letter);
    }
    format!("{}…", short.trim_end())
}

/// The text in lines of at most so many cells, broken between words; a word that is wider is cut.
pub(in crate::cli) fn wrapped(text: &str, cells: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let word = shortened(word, cells);
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(&word),
            Some(line) if line.width() + 1 + word.width() <= cells => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn want(natural: usize, least: Option<usize>, leaves: Option<u8>) -> Want {
        Want { natural, least, leaves }
    }

    #[test]
    fn what_fits_is_left_as_it_is() {
        assert_eq!(fit(&[want(5, None, None), want(10, Some(4), Some(1))], 17), [Some(5), Some(10)]);
    }

    #[test]
    fn long_text_is_cut_before_a_column_is_left_out() {
        assert_eq!(fit(&[want(5, None, None), want(40, Some(10), Some(1))], 30), [Some(5), Some(23)]);
    }

    #[test]
    fn what_matters_least_is_left_out_first() {
        let wants = [want(10, None, None), want(10, None, Some(2)), want(10, None, Some(1)), want(20, Some(8), None)];
        assert_eq!(fit(&wants, 34), [Some(10), Some(10), None, Some(10)]);
        assert_eq!(fit(&wants, 24), [Some(10), None, None, Some(12)]);
    }

    #[test]
    fn where_nothing_can_be_left_out_all_are_cut() {
        assert_eq!(fit(&[want(20, None, None), want(20, None, None)], 22), [Some(10), Some(10)]);
    }

    #[test]
    fn letters_stay_whole() {
        let cases = [
            ("Panadería Luna", 14, "Panadería Luna"),
            ("Panadería Luna", 10, "Panadería…"),
            ("Panadería Luna", 11, "Panadería…"),
            ("日本語の顧客", 7, "日本語…"),
            ("👨‍👩‍👧 familia", 4, "👨‍👩‍👧…"),
            ("e\u{301}e\u{301}e\u{301}e\u{301}", 3, "e\u{301}e\u{301}…"),
        ];
        for (text, cells, short) in cases {
            assert_eq!(shortened(text, cells), short, "{text} in {cells}");
        }
    }
}
