//! Traces with known answers, for the tests of every crate.
//!
//! They are documents as clients send them, so that one fixture goes through a socket, a store or a function alike.
//! Nothing outside tests uses them.

mod conformance;
mod shop;

pub use conformance::conformance;
pub use shop::shop;

use crate::derive;
use crate::digest::Digest;
use crate::id::TraceId;
use crate::record::{Body, Record};
use crate::segment;
use crate::time::Timestamp;
use crate::trace::Trace;

/// One trace as the X-Ray SDK for Python 2.15.0 (Apache-2.0) sent it: a JSON object a line, whose `datagram` is what
/// went over the wire. Recorded on loopback; finished subsegments come before their segment.
pub const RECORDED_PYTHON: &str = include_str!("../../../tests/samples/xray/sdk-python-2.15.0-orders-api.ndjson");

/// One trace of a fixture.
#[derive(Clone, Debug)]
pub struct Sample {
    /// How the reference calls it.
    pub name: &'static str,
    /// Its id.
    pub trace: TraceId,
    /// X-Ray documents, in the order a client would send them.
    pub documents: Vec<String>,
}

impl Sample {
    /// The documents as they would be stored if the first were received at a moment, each a millisecond after the other.
    pub fn records(&self, received: Timestamp) -> Vec<Record<'_>> {
        let documents = (0..).zip(&self.documents);
        let records = documents.map(|(number, document)| Record {
            trace: self.trace,
            received: received.plus(number * 1_000_000),
            weight: 1.0,
            body: Body::Xray(document.as_bytes()),
        });
        records.collect()
    }

    /// What search would know of it, long after it was received.
    ///
    /// # Panics
    /// When a document is refused, since a fixture holds none that is.
    #[must_use]
    pub fn digest(&self, received: Timestamp) -> Digest {
        let records = self.records(received);
        let nodes = records
            .iter()
            .flat_map(|record| segment::nodes(record).expect("a fixture's documents are accepted"));
        let trace = Trace::assemble(self.trace, nodes.collect());
        derive::digest(&trace, received.plus(2 * crate::trace::GRACE))
    }
}
