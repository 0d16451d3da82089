//! What a text's writer added to what is quoted, of plain text and of HTML.

use plazo::intake::words;

/// A named character of HTML, or one that is none, may be up to so many times as long as what stood for it.
const GROWTH: usize = 4;

pub fn hold(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for read in [words::of_text, words::of_html, words::shown] {
        let own = read(&text);
        assert_eq!(read(&text), own);
        assert_eq!(own.trim(), own);
        assert!(own.len() <= GROWTH * text.len(), "{} of {}", own.len(), text.len());
    }
    let images = words::images(&text);
    assert_eq!(words::images(&text), images);
    assert!(images.own.len() + images.quoted.len() <= text.len());
}
