//! Which minutes have to be read and judged.
//!
//! The same for who watches as data comes in and for who looks back: minutes are read when they turn out to be needed,
//! from wherever they are kept.

use std::ops::Range;

use super::band;
use super::detect::{self, Finding, LEAD, LONG, QUIET};
use super::history::{History, Minute};
use super::kept::Insight;

/// A window that turns out to be too short is made longer by so much.
const STEP: u32 = 60;
/// It begins so long before what changed.
const MARGIN: u32 = QUIET + LEAD;
/// The longest window: whatever goes on for longer is cut.
pub const LONGEST: u32 = 24 * 60;

/// What was found in a window.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The minutes that were judged: those that were asked for, and all that belongs to what was found in them.
    pub window: Range<u32>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// All that was read.
    pub history: History,
}

/// Judges minutes that have changed. `read` gives what is known of some minutes; no minute is read twice. Nothing from
/// the minute `until` on is judged, because it is not over. `kept` are the group's insights: those that the changed
/// minutes may touch are judged again as a whole.
///
/// # Errors
/// Those of `read`.
pub fn judge<E>(
    changed: Range<u32>,
    until: u32,
    kept: &[Insight],
    mut read: impl FnMut(Range<u32>) -> Result<Vec<(u32, Minute)>, E>,
) -> Result<Judged, E> {
    let mut history = History::default();
    let mut window = around(changed, until, kept);
    loop {
        load(&mut history, needed(&window), &mut read)?;
        for minute in detect::suspects(&history, window.clone()) {
            for season in band::seasons(&(minute..minute.saturating_add(1))) {
                load(&mut history, season, &mut read)?;
            }
        }
        let findings = detect::findings(&history, window.clone());
        let Some(longer) = longer(&window, &findings, until) else {
            return Ok(Judged {
                window,
                findings,
                history,
            });
        };
        window = longer;
    }
}

/// The minutes to judge when some have changed: all that these may have a say in.
fn around(changed: Range<u32>, until: u32, kept: &[Insight]) -> Range<u32> {
    let mut window = changed.start.saturating_sub(MARGIN)..changed.end.saturating_add(LONG + QUIET).min(until);
    // One insight may lead to another.
    for _ in 0..kept.len() {
        let touches = |insight: &&Insight| insight.first < window.end && window.start <= insight.end + QUIET;
        let touched = kept.iter().filter(touches);
        let wider = touched.fold(window.clone(), |window, insight| {
            let start = window.start.min(insight.first.saturating_sub(MARGIN));
            start..window.end.max((insight.end + QUIET).min(until))
        });
        if wider == window {
            break;
        }
        window = wider;
    }
    window.start = window.start.max(window.end.saturating_sub(LONGEST));
    window
}

fn needed(window: &Range<u32>) -> Range<u32> {
    band::past(&(window.start.saturating_sub(LEAD + LONG)..window.end))
}

/// The window in which everything found begins and ends, if this one is too short for that.
fn longer(window: &Range<u32>, findings: &[Finding], until: u32) -> Option<Range<u32>> {
    let starts_early = findings.iter().any(|it| it.start < window.start.saturating_add(QUIET));
    let ends_late = window.end < until && findings.iter().any(|it| it.open);
    let longer = match (starts_early && window.start > 0, ends_late) {
        (false, false) => return None,
        (true, _) => window.start.saturating_sub(STEP)..window.end,
        (false, true) => window.start..window.end.saturating_add(STEP).min(until),
    };
    (longer.end - longer.start <= LONGEST).then_some(longer)
}

/// Reads what is not known of some minutes.
fn load<E>(
    history: &mut History,
    minutes: Range<u32>,
    read: &mut impl FnMut(Range<u32>) -> Result<Vec<(u32, Minute)>, E>,
) -> Result<(), E> {
    let mut at = minutes.start;
    while at < minutes.end {
        if history.knows(at) {
            at += 1;
            continue;
        }
        let end = (at..minutes.end)
            .find(|&minute| history.knows(minute))
            .unwrap_or(minutes.end);
        for (minute, counts) in read(at..end)? {
            history.put(minute, counts);
        }
        history.complete(at..end);
        at = end;
    }
    Ok(())
}
