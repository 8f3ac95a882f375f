//! Tables: aligned columns, cut to the width of the screen.

use std::io::{self, Write};

use anstyle::Style;

use super::screen::{HEADING, PLAIN, Paint, columns, fit, printable};

/// One field.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// Text in a style.
    pub(crate) fn new(text: impl Into<String>, style: Style) -> Self {
        Self {
            text: text.into(),
            style,
        }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text, PLAIN)
    }
}

/// On which side a column is even.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Rows under headings. The last column takes what room is left and is cut there; the others are never cut.
pub(crate) struct Table {
    headings: Vec<(&'static str, Align)>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table without rows.
    pub(crate) fn new(headings: impl Into<Vec<(&'static str, Align)>>) -> Self {
        Self {
            headings: headings.into(),
            rows: Vec::new(),
        }
    }

    /// Adds a row with one cell for each heading.
    pub(crate) fn row(&mut self, cells: impl Into<Vec<Cell>>) {
        self.rows.push(cells.into());
    }

    /// Prints headings and rows.
    pub(crate) fn print(&self, out: &mut impl Write, paint: Paint, width: Option<usize>) -> io::Result<()> {
        let headings: Vec<Cell> = self
            .headings
            .iter()
            .map(|(text, _)| Cell::new(*text, HEADING))
            .collect();
        let widths = self.widths(&headings, width);
        for row in std::iter::once(&headings).chain(&self.rows) {
            let mut line = String::new();
            for (index, cell) in row.iter().enumerate() {
                let shown = fit(&cell.text, widths[index]);
                let pad = " ".repeat(widths[index] - columns(&shown));
                let shown = paint.text(cell.style, shown);
                match self.headings[index].1 {
                    Align::Right => line.extend([pad, shown]),
                    Align::Left if index + 1 == row.len() => line.push_str(&shown),
                    Align::Left => line.extend([shown, pad]),
                }
                if index + 1 < row.len() {
                    line.push_str("  ");
                }
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    fn widths(&self, headings: &[Cell], width: Option<usize>) -> Vec<usize> {
        let natural = |index: usize| {
            let cells = self.rows.iter().map(move |row| columns(&printable(&row[index].text)));
            cells.chain([columns(&headings[index].text)]).max().unwrap_or(0)
        };
        let mut widths: Vec<usize> = (0..headings.len()).map(natural).collect();
        if let (Some(width), Some((last, others))) = (width, widths.split_last_mut()) {
            let used = others.iter().sum::<usize>() + 2 * others.len();
            *last = (*last).min(width.saturating_sub(used)).max(8);
        }
        widths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_the_last_is_cut() {
        let mut table = Table::new([("NAME", Align::Left), ("CALLS", Align::Right), ("WHY", Align::Left)]);
        table.row([
            Cell::from("cart"),
            Cell::from("7"),
            Cell::from("because of this and that"),
        ]);
        table.row([Cell::from("größe"), Cell::from("1234"), Cell::from("")]);
        let mut out = Vec::new();
        table.print(&mut out, Paint::OFF, Some(28)).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "NAME   CALLS  WHY\ncart       7  because of th…\ngröße   1234\n"
        );
    }
}
