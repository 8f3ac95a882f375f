//! Which of many events matter most.

/// How grave an event is, the gravest last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gravity {
    /// Nothing happened that anybody would have to look at, or nobody said.
    #[default]
    Usual,
    /// A warning.
    Warning,
    /// Something failed.
    Error,
}

impl Gravity {
    /// Of OpenTelemetry's severity number; 0 when nobody said.
    #[must_use]
    pub fn of_number(number: u8) -> Self {
        match number {
            17.. => Self::Error,
            13..=16 => Self::Warning,
            _ => Self::Usual,
        }
    }

    /// Of a text that says it in words, as most logs do near their beginning.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        const LOOK: usize = 512;
        let words = text.split(|character: char| !character.is_ascii_alphabetic());
        let mut looked = 0;
        let mut gravest = Self::Usual;
        for word in words {
            looked += word.len() + 1;
            if looked > LOOK {
                break;
            }
            gravest = gravest.max(Self::of_word(word));
        }
        gravest
    }

    fn of_word(word: &str) -> Self {
        const ERRORS: [&str; 7] = [
            "error",
            "fatal",
            "critical",
            "panic",
            "severe",
            "emergency",
            "traceback",
        ];
        const WARNINGS: [&str; 2] = ["warn", "warning"];
        let is = |known: &&str| word.eq_ignore_ascii_case(known);
        let ends = |end: &str| word.len() > end.len() && word.ends_with(end);
        if ERRORS.iter().any(&is) || ends("Exception") || ends("Error") {
            Self::Error
        } else if WARNINGS.iter().any(is) {
            Self::Warning
        } else {
            Self::Usual
        }
    }
}
