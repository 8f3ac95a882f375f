//! Where output goes: how wide it is, and whether it can show colours.

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use anstyle::{AnsiColor, Style};
use console::Term;

/// Standard output.
pub(crate) struct Screen {
    out: BufWriter<StdoutLock<'static>>,
    /// Colours and pictures are wanted.
    pub(crate) paint: Paint,
    /// Columns; `None` where lines may be as long as they like, as in files and pipes.
    pub(crate) width: Option<usize>,
}

/// Colours text, or leaves it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Paint {
    on: bool,
}

/// Where the eye should go first.
pub(crate) const FAULT: Style = AnsiColor::Red.on_default().bold();
/// The caller's mistake.
pub(crate) const ERROR: Style = AnsiColor::Yellow.on_default();
/// Too many requests.
pub(crate) const THROTTLE: Style = AnsiColor::Magenta.on_default();
/// Whoever does the work.
pub(crate) const SERVICE: Style = AnsiColor::Cyan.on_default();
/// What the eye may skip.
pub(crate) const QUIET: Style = Style::new().dimmed();
/// Headings.
pub(crate) const HEADING: Style = Style::new().bold();
/// Nothing to see.
pub(crate) const PLAIN: Style = Style::new();
/// All is well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();

impl Screen {
    /// The process's standard output.
    pub(crate) fn stdout() -> Self {
        let terminal = io::stdout().is_terminal();
        let columns = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
        let measured = Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
        let width = columns
            .or(measured.filter(|_| terminal))
            .map(|width: usize| width.clamp(40, 400));
        Self {
            out: BufWriter::new(io::stdout().lock()),
            paint: Paint {
                on: terminal && std::env::var_os("NO_COLOR").is_none_or(|text| text.is_empty()),
            },
            width,
        }
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Paint {
    /// Never colours.
    #[cfg(test)]
    pub(crate) const OFF: Self = Self { on: false };

    /// The text in a style.
    pub(crate) fn text(self, style: Style, text: impl Display) -> String {
        if self.on && style != PLAIN {
            format!("{style}{text}{style:#}")
        } else {
            text.to_string()
        }
    }
}

/// Columns that a text takes.
pub(crate) fn columns(text: &str) -> usize {
    console::measure_text_width(text)
}

/// The text, shortened with an ellipsis if it takes more than `width` columns. Control characters become visible:
/// what services send must not move the cursor.
pub(crate) fn fit(text: &str, width: usize) -> String {
    let safe = printable(text);
    if columns(&safe) <= width {
        return safe;
    }
    console::truncate_str(&safe, width, "…").into_owned()
}

/// The text without what could steer a terminal.
pub(crate) fn printable(text: &str) -> String {
    let visible = |c: char| match c {
        '\t' | '\n' | '\r' => ' ',
        c if c.is_control() => '\u{fffd}',
        // Marks that reorder what is shown around them.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c => c,
    };
    text.chars().map(visible).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_services_send_cannot_steer_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\nc\u{202e}"), "a\u{fffd}[2Jb c\u{fffd}");
    }

    proptest! {
        #[test]
        fn a_fitted_text_fits(text in any::<String>(), width in 1usize..60) {
            prop_assert!(columns(&fit(&text, width)) <= width);
        }
    }
}
