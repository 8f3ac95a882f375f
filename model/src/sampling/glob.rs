//! The wildcard patterns of sampling rules.

/// A pattern over a whole text: `*` is any run of characters, also none, `?` exactly one; case does not matter.
///
/// Matching takes at most pattern × text steps, whatever both contain: patterns are bounded by their rule's limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    pattern: Vec<char>,
}

impl Glob {
    /// Every text is a pattern.
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        Self {
            pattern: pattern.chars().map(fold).collect(),
        }
    }

    /// Whether it accepts every text.
    #[must_use]
    pub fn is_any(&self) -> bool {
        !self.pattern.is_empty() && self.pattern.iter().all(|&symbol| symbol == '*')
    }

    /// Whether the whole text matches.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        if self.is_any() {
            return true;
        }
        let mut rest = text.chars();
        let mut at = 0;
        // After the last star: where the pattern goes on, and the text as it was when the star took nothing more.
        let mut star: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            if self.pattern.get(at) == Some(&'*') {
                at += 1;
                star = Some((at, rest.clone()));
                continue;
            }
            let fits = match (self.pattern.get(at), rest.next()) {
                (None, None) => return true,
                (Some(&symbol), Some(character)) => symbol == '?' || symbol == fold(character),
                (Some(_), None) => return false,
                (None, Some(_)) => false,
            };
            if fits {
                at += 1;
                continue;
            }
            // The last star takes one more character; earlier stars need not, since they already left the most.
            let Some((resume, mut retry)) = star else { return false };
            if retry.next().is_none() {
                return false;
            }
            (at, rest) = (resume, retry.clone());
            star = Some((resume, retry));
        }
    }
}

/// Lower case, where that is one character.
fn fold(character: char) -> char {
    let mut lower = character.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(single), None) => single,
        _ => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(pattern: &str, accepted: &[&str], refused: &[&str]) {
        let glob = Glob::new(pattern);
        for text in accepted {
            assert!(glob.matches(text), "{pattern} should accept {text:?}");
        }
        for text in refused {
            assert!(!glob.matches(text), "{pattern} should refuse {text:?}");
        }
    }

    #[test]
    fn a_star_is_any_run_and_a_question_mark_is_one_character() {
        check("*", &["", "a", "anything/at?all"], &[]);
        check("", &[""], &["a"]);
        check("?", &["a", "ü"], &["", "ab"]);
        check("/api/*", &["/api/", "/api/state/1"], &["/api", "x/api/"]);
        check(
            "*.example.com",
            &["a.example.com", ".example.com"],
            &["example.com", "a.example.com.evil"],
        );
        check("a*b?c*", &["abXc", "aXbXcX", "abbbc"], &["abc", "ab"]);
        check("GET", &["get", "GeT"], &["GETS"]);
        check("ÄPFEL?", &["äpfel1"], &["apfel1"]);
        check("**a**", &["a", "bab"], &["b"]);
    }

    #[test]
    fn a_hostile_pattern_costs_pattern_times_text() {
        let glob = Glob::new(&"*a".repeat(64));
        assert!(!glob.matches(&format!("{}b", "a".repeat(200_000))));
    }

    /// The definition, as slow as definitions are.
    fn defined(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some((&'*', rest)), _) => {
                defined(rest, text) || text.split_first().is_some_and(|(_, shorter)| defined(pattern, shorter))
            }
            (Some((&'?', rest)), Some((_, shorter))) => defined(rest, shorter),
            (Some((&symbol, rest)), Some((&character, shorter))) => {
                symbol.eq_ignore_ascii_case(&character) && defined(rest, shorter)
            }
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn matching_follows_the_definition(pattern in "[abA*?]{0,8}", text in "[abB]{0,10}") {
            let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(Glob::new(&pattern).matches(&text), defined(&p, &t));
        }

        #[test]
        fn any_text_is_matched_without_a_panic(pattern in ".{0,40}", text in ".{0,80}") {
            let _ = Glob::new(&pattern).matches(&text);
        }
    }
}
