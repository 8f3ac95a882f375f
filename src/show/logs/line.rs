//! One log event on a line.

use anstyle::Style;
use beamline_proto::query::LogEvent;

use crate::show::screen::{ERROR, FAULT, PLAIN, QUIET, SERVICE, Screen, columns, fit};
use crate::show::words;

/// Names of severities take this much.
const SEVERITY: usize = 5;
/// The widest column for names of groups.
const MOST_GROUP: usize = 32;
/// The least that is left for what an event says.
const LEAST: usize = 24;

/// How wide the columns in front of the text are.
pub(crate) struct Widths {
    /// `None` when all events are of one group that needs no telling.
    group: Option<usize>,
}

impl Widths {
    /// Wide enough for these events.
    pub(crate) fn of(events: &[LogEvent], with_group: bool) -> Self {
        let widest = || events.iter().map(|event| columns(&event.group)).max().unwrap_or(0);
        Self {
            group: with_group.then(|| widest().min(MOST_GROUP)),
        }
    }
}

/// Time, severity, group and text.
pub(super) fn whole(event: &LogEvent, widths: &Widths, screen: &Screen) -> String {
    let paint = screen.paint;
    let mut line = format!("{}  ", paint.text(QUIET, words::moment(event.time.as_ref())));
    let mut used = 25;
    let (name, style) = severity(event);
    line += &paint.text(style, format!("{name:<SEVERITY$}"));
    line += "  ";
    used += SEVERITY + 2;
    if let Some(width) = widths.group {
        let group = fit(&event.group, width);
        let pad = " ".repeat(width.saturating_sub(columns(&group)));
        line += &format!("{}{pad}  ", paint.text(SERVICE, group));
        used += width + 2;
    }
    let room = screen
        .width
        .map_or(usize::MAX, |width| width.saturating_sub(used).max(LEAST));
    line += &fit(said(event), room);
    line.trim_end().to_owned()
}

/// What a person reads first.
pub(crate) fn said(event: &LogEvent) -> &str {
    if event.text.is_empty() {
        event.message.trim_end()
    } else {
        event.text.trim_end()
    }
}

/// A short name of the severity and how it looks; nothing when nobody said.
pub(crate) fn severity(event: &LogEvent) -> (&'static str, Style) {
    match event.severity_number {
        0 => ("", PLAIN),
        1..=4 => ("TRACE", QUIET),
        5..=8 => ("DEBUG", QUIET),
        9..=12 => ("INFO", PLAIN),
        13..=16 => ("WARN", ERROR),
        17..=20 => ("ERROR", FAULT),
        _ => ("FATAL", FAULT),
    }
}
