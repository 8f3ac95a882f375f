//! Which words a message has.
//!
//! A word is a longest run of letters, digits and `_`, in lower case. Whoever searches for a word gets the messages
//! that have it as a whole: `time` is in `Time: 5` and not in `timeout`.

/// Calls `each` with every word, in order and as often as it comes.
#[inline]
pub fn each(text: &str, mut each: impl FnMut(&str)) {
    let bytes = text.as_bytes();
    let mut lower = String::new();
    let mut at = 0;
    while at < bytes.len() {
        let (end, kind) = run(text, at);
        match kind {
            Kind::Between => {}
            Kind::Lower => each(&text[at..end]),
            Kind::Mixed => {
                lower.clear();
                lower.push_str(&text[at..end]);
                lower.make_ascii_lowercase();
                each(&lower);
            }
            Kind::Wide => {
                lower.clear();
                lower.extend(text[at..end].chars().flat_map(char::to_lowercase));
                each(&lower);
            }
        }
        at = end;
    }
}

/// The words of a text that somebody searches for, each once.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    each(text, |word| words.push(word.to_owned()));
    words.sort_unstable();
    words.dedup();
    words
}

/// Which of these words, given as [`words`] gives them, a text does not have.
#[must_use]
pub fn missing<'a>(text: &str, wanted: &'a [String]) -> Vec<&'a str> {
    let mut missing: Vec<&str> = wanted.iter().map(String::as_str).collect();
    if !missing.is_empty() {
        each(text, |word| missing.retain(|wanted| *wanted != word));
    }
    missing
}

/// What a run of bytes is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// No word.
    Between,
    /// A word as it is.
    Lower,
    /// A word with capitals, all ASCII.
    Mixed,
    /// A word with letters beyond ASCII.
    Wide,
}

const BETWEEN: u8 = 0;
const SMALL: u8 = 1;
const CAPITAL: u8 = 2;
const BEYOND: u8 = 3;

/// What each byte is.
const CLASSES: [u8; 256] = {
    let mut classes = [BETWEEN; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' | b'0'..=b'9' | b'_' => SMALL,
            b'A'..=b'Z' => CAPITAL,
            0x80.. => BEYOND,
            _ => BETWEEN,
        };
        byte += 1;
    }
    classes
};

fn class(byte: u8) -> u8 {
    CLASSES[usize::from(byte)]
}

/// Where the run that begins here ends, and what it is.
#[inline]
fn run(text: &str, start: usize) -> (usize, Kind) {
    let bytes = text.as_bytes();
    let (mut end, mut seen) = (start, 0u8);
    while end < bytes.len() {
        match class(bytes[end]) {
            BETWEEN => break,
            BEYOND => return wide(text, start, end),
            class => seen |= class,
        }
        end += 1;
    }
    if end == start {
        let length = bytes[start..]
            .iter()
            .take_while(|&&byte| class(byte) == BETWEEN)
            .count();
        return (start + length, Kind::Between);
    }
    (end, if seen == SMALL { Kind::Lower } else { Kind::Mixed })
}

/// The same, from a character beyond ASCII on.
#[cold]
fn wide(text: &str, start: usize, from: usize) -> (usize, Kind) {
    let of_word = |character: char| character.is_alphanumeric() || character == '_';
    let end = text[from..].find(|character| !of_word(character));
    match end {
        // The character ends a word that came before it, or is alone.
        Some(0) if from > start => (from, Kind::Mixed),
        Some(0) => {
            let alone = text[from..].chars().next().map_or(1, char::len_utf8);
            (from + alone, Kind::Between)
        }
        Some(length) => (from + length, Kind::Wide),
        None => (text.len(), Kind::Wide),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: &str) {
        let mut found = Vec::new();
        each(text, |word| found.push(word.to_owned()));
        assert_eq!(found.join(" "), expected, "{text}");
    }

    #[test]
    fn words_are_runs_of_letters_digits_and_underscores() {
        check(r#"{"user_id":42,"Level":"ERROR"}"#, "user_id 42 level error");
        check("GET /api/v1/items?x=1 200", "get api v1 items x 1 200");
        check(
            "1-5759e988-bd862e3fe1be46a994272793",
            "1 5759e988 bd862e3fe1be46a994272793",
        );
        check("Grüße, Straße — Ärger…x", "grüße straße ärger x");
        check("日本語ログ ok", "日本語ログ ok");
        check("a—B", "a b");
        check("  ", "");
        check("", "");
    }

    #[test]
    fn what_is_wanted_is_found_whole() {
        let wanted = words("Time user_id");
        assert_eq!(missing("TIME: 5 of user_id", &wanted), Vec::<&str>::new());
        assert_eq!(missing("timeout of user_id", &wanted), ["time"]);
    }

    proptest! {
        #[test]
        fn words_are_those_of_the_obvious_way(text in "[ -~äÄßıİ日—\u{301}]{0,60}|.{0,40}") {
            let of_word = |character: char| character.is_alphanumeric() || character == '_';
            let expected: Vec<String> = text
                .split(|character| !of_word(character))
                .filter(|word| !word.is_empty())
                .map(|word| word.chars().flat_map(char::to_lowercase).collect())
                .collect();
            let mut found = Vec::new();
            each(&text, |word| found.push(word.to_owned()));
            prop_assert_eq!(found, expected);
        }
    }
}
