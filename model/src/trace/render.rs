//! What the tree looks like as text: one line for each node, for tests and for whoever debugs.

use std::fmt;

use super::{At, Trace};
use crate::node::Form;

/// Draws the tree with its names: `a`, below it `├─ b` and `└─ c`. Inferred segments are in parentheses, placeholders
/// in square brackets; marks of failure, progress and oddities follow the name.
impl fmt::Display for Trace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whether the ancestor at each depth has siblings still to come, which its line has to reach.
        let mut open: Vec<bool> = Vec::new();
        for (row, (at, depth)) in self.walk().enumerate() {
            if row > 0 {
                writeln!(f)?;
            }
            let depth = depth as usize;
            let siblings = self.parent(at).map_or(&[][..], |parent| self.children(parent));
            open.truncate(depth.saturating_sub(1));
            if depth > 0 {
                for &goes_on in &open {
                    f.write_str(if goes_on { "│  " } else { "   " })?;
                }
                let last = siblings.last() == Some(&at);
                f.write_str(if last { "└─ " } else { "├─ " })?;
                open.push(!last);
            }
            self.line(f, at)?;
        }
        Ok(())
    }
}

impl Trace<'_> {
    fn line(&self, f: &mut fmt::Formatter<'_>, at: At) -> fmt::Result {
        let node = &self[at];
        let service = self.service(at);
        match node.form {
            Form::Inferred => write!(f, "({}: {})", service.name, service.kind)?,
            Form::Placeholder => write!(f, "[{}]", service.name)?,
            _ => f.write_str(&node.name)?,
        }
        let marks = [
            (node.flags.fault, " fault"),
            (node.flags.error, " error"),
            (node.flags.throttle, " throttle"),
            (node.in_progress, " …"),
        ];
        for (_, mark) in marks.iter().filter(|(holds, _)| *holds) {
            f.write_str(mark)?;
        }
        for oddity in &node.oddities {
            write!(f, " !{oddity:?}")?;
        }
        Ok(())
    }
}
