//! Whose clock is wrong, and by how much.
//!
//! Every segment may come from another host. One that starts before its caller called, or after the caller had its
//! answer, shows that the clocks disagree. Stored times are never changed; the difference is kept beside them, so that
//! a picture can place the callee inside the call.

use super::{At, Trace, fold};
use crate::node::{Form, Kind, Namespace, Oddity};

/// Clocks that are kept in step still differ by so much, in nanoseconds.
const TOLERANCE: i64 = 1_000_000;

/// Marks segments whose clock disagrees with everything known, and fills in what to add to the times of all that ran
/// by that clock.
pub(super) fn detect(trace: &mut Trace<'_>) {
    for index in 0..trace.order.len() {
        let at = trace.order[index];
        let Some(parent) = trace.parent(at) else {
            continue;
        };
        let inherited = trace.place(parent).skew;
        let other_clock = trace.enters(at) && trace[at].form != Form::Inferred;
        let call = Call::of(trace, at, parent);
        let skew = if !other_clock || (call.admits(inherited) && !call.admits(0)) {
            inherited
        } else if call.admits(0) {
            0
        } else {
            fold::note(&mut trace.nodes[at.index()], Oddity::ClockSkew);
            call.centred()
        };
        trace.places[at.index()].skew = skew;
    }
}

/// The interval of a call by the root's clock, and what the callee's own clock says; all in nanoseconds.
struct Call {
    start: i64,
    /// `None` when the callee may start after the caller went on: messages, work in progress.
    end: Option<i64>,
    callee_start: i64,
    callee_time: Option<u64>,
}

impl Call {
    fn of(trace: &Trace<'_>, segment: At, parent: At) -> Self {
        let call = trace.call_to(segment);
        let caller = call.unwrap_or(parent);
        let (skew, caller, callee) = (trace.place(caller).skew, &trace[caller], &trace[segment]);
        let waited = call.is_some()
            && caller.kind != Kind::Producer
            && callee.kind != Kind::Consumer
            && caller.namespace != Namespace::Aws;
        Self {
            start: caller.start.plus(skew).0,
            end: caller.end.filter(|_| waited).map(|end| end.plus(skew).0),
            callee_start: callee.start.0,
            callee_time: callee.duration(),
        }
    }

    /// Whether the callee's start lies in the call when so much is added to it.
    fn admits(&self, skew: i64) -> bool {
        let start = self.callee_start.saturating_add(skew);
        let early = start.saturating_add(TOLERANCE) < self.start;
        let late = self.end.is_some_and(|end| start > end.saturating_add(TOLERANCE));
        !early && !late
    }

    /// What to add so that request and answer travelled equally long; when it cannot be told, so that the callee
    /// starts with the call.
    fn centred(&self) -> i64 {
        let spare = self.end.zip(self.callee_time).and_then(|(end, time)| {
            let time = i64::try_from(time).ok()?;
            let spare = end.saturating_sub(self.start).saturating_sub(time);
            (spare > 0).then_some(spare / 2)
        });
        let start = self.start.saturating_add(spare.unwrap_or(0));
        start.saturating_sub(self.callee_start)
    }
}
