//! What a server says that it can do (RFC 5321 §4.1.1.1).

use super::reply::Reply;

/// A line per keyword, in capitals.
#[derive(Debug, Default)]
pub(super) struct Offers(Vec<String>);

impl Offers {
    /// Reads the answer to EHLO, whose first line is a greeting. Servers from before RFC 2554 write `AUTH=PLAIN`.
    pub(super) fn of(reply: &Reply) -> Self {
        Self(reply.text.lines().skip(1).map(|line| line.to_ascii_uppercase().replace('=', " ")).collect())
    }

    pub(super) fn has(&self, keyword: &str) -> bool {
        self.0.iter().any(|line| line.split_whitespace().next() == Some(keyword))
    }

    pub(super) fn has_mechanism(&self, mechanism: &str) -> bool {
        self.0.iter().any(|line| {
            let mut words = line.split_whitespace();
            words.next() == Some("AUTH") && words.any(|word| word == mechanism)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Offers, Reply};

    #[test]
    fn keywords_are_read_in_small_letters_and_in_the_old_form() {
        let text = "mail.example STARTTLS\n8bitmime\nSize 1000\nAUTH=LOGIN plain".to_owned();
        let offers = Offers::of(&Reply { code: 250, text });
        assert!(offers.has("8BITMIME") && offers.has_mechanism("PLAIN") && offers.has_mechanism("LOGIN"));
        assert!(!offers.has("STARTTLS") && !offers.has_mechanism("XOAUTH2") && !offers.has("1000"));
    }
}
