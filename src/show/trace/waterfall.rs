//! The tree with its time line.

use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use anstyle::Style;
use beamline_proto::query::{Flags, Form, Node, Trace};

use super::joined::Logs;
use super::row;
use crate::show::screen::{ERROR, FAULT, PLAIN, QUIET, SERVICE, Screen, THROTTLE, columns, fit};
use crate::show::tree::{Branch, branches};
use crate::show::words;

/// Columns for a length of time and a verdict, with the gaps before them.
const REST: usize = 2 + 10 + 2 + 14;
/// Where lines may be as long as they like.
const USUAL_WIDTH: usize = 132;

/// Prints every node on a line, with failures and log events (and, if `verbose`, all details) below.
pub(super) fn print(trace: &Trace, logs: &Logs<'_>, verbose: bool, screen: &mut Screen) -> io::Result<()> {
    let shown = Shown::of(trace, verbose);
    let branches = branches(&shown.parents);
    let scale = Scale::of(trace);
    let width = screen.width.unwrap_or(USUAL_WIDTH);
    let names = name_width(&shown, &branches, width);
    let bars = width.saturating_sub(names + 2 + REST).clamp(8, 60);
    let paint = screen.paint;
    for (index, node) in shown.nodes.iter().enumerate() {
        let branch = &branches[index];
        let (service, label) = name_of(node, shown.parent(index));
        let room = names.saturating_sub(columns(&branch.first));
        let service = fit(&service, room);
        let label = fit(
            &label,
            room.saturating_sub(columns(&service) + usize::from(!service.is_empty())),
        );
        let gap = if service.is_empty() || label.is_empty() {
            ""
        } else {
            " "
        };
        let used = columns(&branch.first) + columns(&service) + gap.len() + columns(&label);
        let style = style_of(node.flags.as_ref());
        let line = format!(
            "{}{}{gap}{label}{}  {}  {:>10}  {}",
            paint.text(QUIET, &branch.first),
            paint.text(SERVICE, &service),
            " ".repeat(names.saturating_sub(used)),
            paint.text(style, scale.bar(node, bars)),
            words::duration_text(node.duration.as_ref()),
            marks(node, screen),
        );
        writeln!(screen, "{}", line.trim_end())?;
        let logged = logs.below(shown.places[index], verbose);
        print_below(node, branch, &logged, verbose, width, screen)?;
    }
    Ok(())
}

/// What belongs to a node and is not on its line.
fn print_below(
    node: &Node,
    branch: &Branch,
    logged: &[(String, Style)],
    verbose: bool,
    width: usize,
    screen: &mut Screen,
) -> io::Result<()> {
    let paint = screen.paint;
    let mut line = |text: &str, style: Style| {
        let room = width.saturating_sub(columns(&branch.rest) + 2);
        let (rest, text) = (paint.text(QUIET, &branch.rest), paint.text(style, fit(text, room)));
        writeln!(screen, "{rest}  {text}")
    };
    for exception in &node.exceptions {
        let text = match exception.message.as_str() {
            "" => format!("✗ {}", exception.r#type),
            message => format!("✗ {}: {message}", exception.r#type),
        };
        line(&text, FAULT)?;
    }
    for (text, style) in logged {
        line(text, *style)?;
    }
    if verbose {
        for fact in row::details(node) {
            line(&fact, QUIET)?;
        }
    }
    Ok(())
}

/// Service and label; the service is told only where it changes.
fn name_of(node: &Node, parent: Option<&Node>) -> (String, String) {
    let changes = parent.is_none_or(|parent| parent.service != node.service);
    let label = row::label(node);
    let service = if changes || label.is_empty() {
        row::service(node)
    } else {
        String::new()
    };
    (service, label)
}

/// The nodes that are shown, and the places of their parents among them.
struct Shown<'a> {
    nodes: Vec<&'a Node>,
    /// Their indexes in the trace.
    places: Vec<usize>,
    parents: Vec<Option<usize>>,
}

impl<'a> Shown<'a> {
    /// Everything, or everything but inferred nodes: they tell what the call above them has told.
    fn of(trace: &'a Trace, verbose: bool) -> Self {
        let mut shown = Self {
            nodes: Vec::new(),
            places: Vec::new(),
            parents: Vec::new(),
        };
        let mut places: Vec<Option<usize>> = Vec::with_capacity(trace.nodes.len());
        for (index, node) in trace.nodes.iter().enumerate() {
            let above = node
                .parent
                .and_then(|parent| places.get(parent as usize).copied().flatten());
            if node.form() == Form::Inferred && above.is_some() && !verbose {
                places.push(above);
                continue;
            }
            places.push(Some(shown.nodes.len()));
            shown.nodes.push(node);
            shown.places.push(index);
            shown.parents.push(above);
        }
        shown
    }

    fn parent(&self, index: usize) -> Option<&'a Node> {
        self.parents[index].map(|parent| self.nodes[parent])
    }
}

/// As wide as the names need, but at most half of the screen.
fn name_width(shown: &Shown<'_>, branches: &[Branch], width: usize) -> usize {
    let needed = branches.iter().enumerate().map(|(index, branch)| {
        let (service, label) = name_of(shown.nodes[index], shown.parent(index));
        columns(&branch.first) + columns(&service) + 1 + columns(&label)
    });
    needed.max().unwrap_or(0).min(width / 2).max(16)
}

fn style_of(flags: Option<&Flags>) -> Style {
    match flags {
        Some(flags) if flags.fault => FAULT,
        Some(flags) if flags.throttle => THROTTLE,
        Some(flags) if flags.error => ERROR,
        _ => PLAIN,
    }
}

/// Verdicts, status and state.
fn marks(node: &Node, screen: &Screen) -> String {
    let flags = node.flags.unwrap_or_default();
    let status = node.http.as_ref().map_or(0, |http| http.status);
    let mut words = Vec::new();
    for (set, word, style) in [
        (flags.fault, "fault", FAULT),
        (flags.throttle, "throttle", THROTTLE),
        (flags.error && !flags.throttle, "error", ERROR),
        (node.in_progress, "in progress", QUIET),
    ] {
        if set {
            words.push(screen.paint.text(style, word));
        }
    }
    if status >= 400 {
        words.push(status.to_string());
    }
    words.join(" ")
}

/// The trace's time laid over columns.
struct Scale {
    start: SystemTime,
    length: Duration,
}

impl Scale {
    fn of(trace: &Trace) -> Self {
        let begin = |node: &Node| moment(node.adjusted_start.or(node.start));
        let end = |node: &Node| Some(begin(node)? + words::duration(node.duration.as_ref()).unwrap_or_default());
        let start = trace
            .nodes
            .iter()
            .filter_map(begin)
            .min()
            .unwrap_or(SystemTime::UNIX_EPOCH);
        let latest = trace.nodes.iter().filter_map(end).max().unwrap_or(start);
        Self {
            start,
            length: latest.duration_since(start).unwrap_or_default(),
        }
    }

    /// The node's time as a bar of `width` columns; whatever happened at all takes at least one.
    fn bar(&self, node: &Node, width: usize) -> String {
        let whole = self.length.as_secs_f64();
        let Some(begin) = moment(node.adjusted_start.or(node.start)) else {
            return " ".repeat(width);
        };
        if whole <= 0.0 {
            return "━".repeat(width);
        }
        let offset = begin.duration_since(self.start).unwrap_or_default().as_secs_f64();
        let length = words::duration(node.duration.as_ref());
        let length = length.map_or(whole - offset, |length| length.as_secs_f64());
        let column = |seconds: f64| (seconds / whole * width as f64).round() as usize;
        let from = column(offset).min(width - 1);
        let to = column(offset + length).clamp(from + 1, width);
        let line = if node.in_progress { "╌" } else { "━" };
        [" ".repeat(from), line.repeat(to - from), " ".repeat(width - to)].concat()
    }
}

fn moment(time: Option<prost_types::Timestamp>) -> Option<SystemTime> {
    time.and_then(|time| SystemTime::try_from(time).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn node(start_millis: i64, millis: i64) -> Node {
        Node {
            start: Some(prost_types::Timestamp {
                seconds: 1_790_000_000 + start_millis.div_euclid(1000),
                nanos: (start_millis.rem_euclid(1000) * 1_000_000) as i32,
            }),
            duration: Some(prost_types::Duration {
                seconds: millis / 1000,
                nanos: (millis % 1000 * 1_000_000) as i32,
            }),
            ..Node::default()
        }
    }

    #[test]
    fn bars_lie_where_the_time_was() {
        let trace = Trace {
            nodes: vec![node(0, 1000), node(250, 500), node(1000, 0)],
            ..Trace::default()
        };
        let scale = Scale::of(&trace);
        assert_eq!(scale.bar(&trace.nodes[0], 8), "━━━━━━━━");
        assert_eq!(scale.bar(&trace.nodes[1], 8), "  ━━━━  ");
        assert_eq!(scale.bar(&trace.nodes[2], 8), "       ━");
    }

    proptest! {
        #[test]
        fn a_bar_always_has_its_width(times in prop::collection::vec((-90_000i64..90_000, 0i64..90_000), 1..8), width in 1usize..80) {
            let nodes: Vec<Node> = times.into_iter().map(|(start, length)| node(start, length)).collect();
            let trace = Trace { nodes, ..Trace::default() };
            let scale = Scale::of(&trace);
            for node in &trace.nodes {
                prop_assert_eq!(columns(&scale.bar(node, width)), width);
            }
        }
    }
}
