//! What happened, told once: each noteworthy happening is a small struct whose `emit` counts it, logs it and, if it is a
//! refused document, keeps it to be looked at.

pub mod reason;
pub mod registry;
pub mod rejects;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};

use beamline_model::otlp::Signal;
use beamline_model::time::Timestamp;
use tracing::{debug, warn};

pub use reason::{Dropped, Rejected, Transport};
use registry::{Counters, Histogram, Registry};
pub use rejects::{Reject, Rejects};

/// Upper ends of the buckets for how long a request took, in seconds.
const DURATIONS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// The collector's counters, and the ring of what it refused lately.
#[derive(Debug)]
pub struct Report {
    received: Counters<Transport>,
    received_bytes: Counters<Transport>,
    stored: Counters<(Transport, Signal)>,
    rejected: Counters<(Transport, Rejected)>,
    dropped: Counters<(Transport, Dropped)>,
    duration: Histogram,
    /// The latest refused documents.
    pub rejects: Rejects,
    warned: AtomicI64,
}

impl Report {
    /// Counters that `registry` shows.
    #[must_use]
    pub fn new(registry: &Registry) -> Self {
        Self {
            received: registry.counters(
                "beamline_collector_received_total",
                "Datagrams, requests of the X-Ray API and OTLP requests received.",
            ),
            received_bytes: registry.counters(
                "beamline_collector_received_bytes_total",
                "Bytes received, before decompression.",
            ),
            stored: registry.counters(
                "beamline_collector_stored_total",
                "Segment documents and spans, log records and data points handed to the store.",
            ),
            rejected: registry.counters(
                "beamline_collector_rejected_total",
                "Datagrams, requests, documents, spans, log records and data points refused because something is wrong with them.",
            ),
            dropped: registry.counters(
                "beamline_collector_dropped_total",
                "Datagrams, requests, documents, spans, log records and data points that could not be taken although nothing was wrong with them.",
            ),
            duration: registry.histogram(
                "beamline_collector_request_duration_seconds",
                "From the end of a request's head until its answer.",
                DURATIONS,
            ),
            rejects: Rejects::default(),
            warned: AtomicI64::new(0),
        }
    }

    /// How many things of a transport were refused for a reason.
    #[must_use]
    pub fn rejected(&self, transport: Transport, reason: Rejected) -> u64 {
        self.rejected.get((transport, reason))
    }

    /// How many things of a transport were lost for a reason.
    #[must_use]
    pub fn dropped(&self, transport: Transport, reason: Dropped) -> u64 {
        self.dropped.get((transport, reason))
    }

    /// How many datagrams or requests came in.
    #[must_use]
    pub fn received(&self, transport: Transport) -> u64 {
        self.received.get(transport)
    }

    /// How many documents, spans, log records and data points were handed to the store.
    #[must_use]
    pub fn stored(&self, transport: Transport) -> u64 {
        Signal::ALL
            .iter()
            .map(|signal| self.stored_of(transport, *signal))
            .sum()
    }

    /// How many of one signal were handed to the store.
    #[must_use]
    pub fn stored_of(&self, transport: Transport, signal: Signal) -> u64 {
        self.stored.get((transport, signal))
    }

    /// Notes how long a request took.
    pub fn took(&self, seconds: f64) {
        self.duration.observe(seconds);
    }
}

/// Datagrams or requests came in.
#[derive(Clone, Copy, Debug)]
pub struct Arrived {
    /// How.
    pub transport: Transport,
    /// How many.
    pub count: u64,
    /// How many bytes they had together.
    pub bytes: u64,
}

impl Arrived {
    /// Counts it.
    pub fn emit(self, report: &Report) {
        report.received.add(self.transport, self.count);
        report.received_bytes.add(self.transport, self.bytes);
    }
}

/// Documents and spans, log records or data points are with the store.
#[derive(Clone, Copy, Debug)]
pub struct Stored {
    /// How they came.
    pub transport: Transport,
    /// What they are; documents are traces too.
    pub signal: Signal,
    /// How many.
    pub count: u64,
}

impl Stored {
    /// Counts it.
    pub fn emit(self, report: &Report) {
        report.stored.add((self.transport, self.signal), self.count);
    }
}

/// Something is wrong with what came in, and it is not kept.
#[derive(Clone, Copy, Debug)]
pub struct Refusal<'a> {
    /// How it came.
    pub transport: Transport,
    /// What is wrong, for programs.
    pub reason: Rejected,
    /// What is wrong, for people.
    pub message: &'a str,
    /// Its id, if it has one.
    pub id: Option<&'a str>,
    /// Who sent it.
    pub peer: Option<SocketAddr>,
    /// When.
    pub at: Timestamp,
    /// How many items it is about.
    pub count: u64,
    /// What was sent, or the first of it.
    pub bytes: &'a [u8],
}

impl Refusal<'_> {
    /// Counts it and keeps the start of it to be looked at.
    pub fn emit(self, report: &Report) {
        let (transport, reason) = (self.transport.as_str(), self.reason.as_str());
        debug!(transport, reason, peer = ?self.peer, id = self.id, "rejected: {}", self.message);
        report.rejected.add((self.transport, self.reason), self.count);
        report.rejects.keep(&self);
    }
}

/// Something could not be taken although nothing is wrong with it.
#[derive(Clone, Copy, Debug)]
pub struct Lost {
    /// How it came.
    pub transport: Transport,
    /// Why.
    pub reason: Dropped,
    /// How many datagrams, requests, documents, spans, log records or data points.
    pub count: u64,
    /// When.
    pub at: Timestamp,
}

impl Lost {
    /// Counts it; the log hears of losses once a second at most.
    pub fn emit(self, report: &Report) {
        if self.count == 0 {
            return;
        }
        report.dropped.add((self.transport, self.reason), self.count);
        if self.reason.is_intended() {
            return;
        }
        let second = self.at.0.div_euclid(1_000_000_000);
        if report.warned.swap(second, Ordering::Relaxed) != second {
            let (transport, reason) = (self.transport.as_str(), self.reason.as_str());
            warn!(
                transport,
                reason,
                count = self.count,
                "dropped; further losses of this second are only counted"
            );
        }
    }
}
