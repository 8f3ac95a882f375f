//! How a digest follows from a trace.
//!
//! [`digest`] reads an assembled [`Trace`] once and writes down every fact that search, summaries and the service
//! graph need. A digest is bounded whatever the trace: see [`limit`].
//!
//! | file | facts |
//! |---|---|
//! | `services` | which services took part |
//! | `requests` | what each of them answered, and who called whom |
//! | `words` | annotations, users, resources |
//! | `cause` | why it failed or took so long |

mod cause;
mod requests;
mod services;
mod words;

use crate::digest::{Digest, HttpFact};
use crate::node::{Flags, Form, Http};
use crate::time::Timestamp;
use crate::trace::{At, Trace};

/// How much of a trace its digest holds at most.
pub mod limit {
    /// Services, in order of their first segment. Segments and calls of any further ones are left out.
    pub const SERVICES: usize = 1_024;
    /// Segments, and as many calls. When there are more, those that agree in everything but time and HTTP share what
    /// room there is: the first ones stay as they are, and one fact stands for all the others, with the longest of
    /// their times and the sum of their weights.
    pub const REQUESTS: usize = 1_024;
    /// Distinct annotations.
    pub const ANNOTATIONS: usize = 512;
    /// Distinct users, ARNs, instances, zones, and names of one service: each.
    pub const WORDS: usize = 256;
    /// Root causes of each kind.
    pub const CAUSES: usize = 5;
    /// Services on the path of a root cause, and entities in each; of a longer path the middle is left out.
    pub const PATH: usize = 32;
    /// Exceptions of one entity.
    pub const EXCEPTIONS: usize = 8;
    /// Bytes of any one text.
    pub const TEXT: usize = 1_024;
}

/// Everything that can be asked about a trace without opening its records.
///
/// Whether the trace still waits for what was announced depends on `now`; nothing else does. The revision and whether
/// records were refused are the store's to fill in.
#[must_use]
pub fn digest(trace: &Trace<'_>, now: Timestamp) -> Digest {
    let mut digest = Digest::new(trace.id());
    let waits = trace.waits(now);
    digest.start = trace.arrived().first().map_or(digest.start, |node| node.start);
    digest.end = trace.end();
    digest.updated = trace.updated();
    digest.nodes = u32::try_from(trace.arrived().len()).unwrap_or(u32::MAX);
    digest.partial = trace
        .nodes()
        .iter()
        .any(|node| node.in_progress && node.form != Form::Placeholder)
        || trace.segments().iter().any(|&at| waits && is_missing(trace, at));

    let services = services::Services::of(trace);
    let facts = requests::Requests::of(trace, &services, waits);
    words::collect(trace, &services, &facts, &mut digest);
    if let Some(entry) = trace.entry() {
        let (node, end) = (&trace[entry], end(trace, entry, waits));
        digest.entry = services.index(entry);
        digest.response_time = end.map(|end| end.since(node.start));
        digest.flags = Flags {
            throttle: false,
            ..node.flags
        };
        digest.weight = node.weight;
        digest.http = http(node.http.as_deref());
        let causes = cause::Causes::of(trace, &services, entry);
        digest.fault_causes = causes.failures(|flags| flags.fault);
        digest.error_causes = causes.failures(|flags| flags.error && !flags.fault);
        if !digest.partial
            && let Some(time) = digest.response_time
        {
            digest.response_time_causes = causes.slowness(time);
        }
    }
    digest.segments = facts.segments;
    digest.calls = facts.calls;
    digest.flags.throttle = digest.segments.iter().any(|segment| segment.flags.throttle);
    digest.inferred = digest.segments.iter().any(|segment| segment.inferred);
    digest.services = services.into_facts(&digest.segments, &digest.calls);
    digest
}

/// Whether a segment stands for one that may still come.
fn is_missing(trace: &Trace<'_>, segment: At) -> bool {
    trace[segment].form == Form::Placeholder || trace.awaited(segment)
}

/// When a request ended. What stands for a missing segment is in progress as long as the trace waits, then has ended
/// with the last of what is known of it.
fn end(trace: &Trace<'_>, segment: At, waits: bool) -> Option<Timestamp> {
    let node = &trace[segment];
    match is_missing(trace, segment) {
        true if waits => None,
        true if node.form == Form::Placeholder => Some(trace.last_moment(segment)),
        _ => node.end,
    }
}

fn http(http: Option<&Http<'_>>) -> HttpFact {
    let Some(http) = http else {
        return HttpFact::default();
    };
    let text = |text: &Option<crate::node::Text<'_>>| text.as_deref().map(|text| cut(text).to_owned());
    HttpFact {
        url: text(&http.url),
        method: text(&http.method),
        status: http.status,
        user_agent: text(&http.user_agent),
        client_ip: text(&http.client_ip),
    }
}

/// The beginning of a text, as much as a digest keeps.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(limit::TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests;
