//! `POST /v1/events`: one event, a list of them, or one a line.

use plazo::intake::json;

use super::{now, written};

/// Fields of an event that may be lost without costing more than themselves.
const MOST_LOST: usize = 64;
/// What a message says around the word that it repeats.
const LONGEST_PROBLEM: usize = 1_024;

pub fn hold(data: &[u8]) {
    let Ok(read) = json::read(data, "http", now()) else {
        assert!(json::read(data, "http", now()).is_err());
        return;
    };
    let again = json::read(data, "http", now()).expect("read a moment ago");
    assert_eq!(again, read);
    assert!(read.len() <= data.len());
    for event in read {
        match event {
            Ok(heard) => {
                assert!(heard.lost.len() <= MOST_LOST, "{:?}", heard.lost);
                written::in_the_journal(&heard.event);
                written::in_its_form(&heard.event);
            }
            Err(error) => assert!(error.problem.en.len() <= data.len() + LONGEST_PROBLEM, "{error}"),
        }
    }
}
