//! Records to nodes: the one place where stored bytes get their meaning.

use rustc_hash::FxHashMap;

use crate::node::Node;
use crate::otlp::{self, Source};
use crate::record::{Body, Record};
use crate::segment;

/// The nodes of some records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded<'a> {
    /// In the order of the records; a document's subsegments follow it.
    pub nodes: Vec<Node<'a>>,
    /// Records that could not be read. Receivers check what they accept, so this is 0 unless bytes were damaged.
    pub undecodable: usize,
}

/// Contexts decoded so far. Thousands of traces share them, so whoever decodes many traces keeps one of these.
#[derive(Debug, Default)]
pub struct Sources<'a>(FxHashMap<&'a [u8], Source<'a>>);

impl<'a> Sources<'a> {
    /// More than the processes of a large installation; beyond, everything is forgotten.
    const MOST: usize = 4096;

    fn of(&mut self, context: &'a [u8]) -> &Source<'a> {
        if self.0.len() >= Self::MOST && !self.0.contains_key(context) {
            self.0.clear();
        }
        self.0.entry(context).or_insert_with(|| otlp::context(context))
    }
}

/// Decodes records of any form and any number of traces. A context that several records share is decoded once.
#[must_use]
pub fn nodes<'a>(records: &[Record<'a>]) -> Decoded<'a> {
    nodes_from(&mut Sources::default(), records)
}

/// The same, with what earlier calls have decoded of contexts.
#[must_use]
pub fn nodes_from<'a>(sources: &mut Sources<'a>, records: &[Record<'a>]) -> Decoded<'a> {
    let mut decoded = Decoded {
        nodes: Vec::with_capacity(records.len()),
        undecodable: 0,
    };
    for record in records {
        match record.body {
            Body::Xray(_) => match segment::nodes(record) {
                Ok(nodes) => decoded.nodes.extend(nodes),
                Err(_) => decoded.undecodable += 1,
            },
            Body::Otlp { context, span } => match otlp::span(span, sources.of(context), record) {
                Some(node) => decoded.nodes.push(node),
                None => decoded.undecodable += 1,
            },
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::TraceId;
    use crate::time::Timestamp;

    #[test]
    fn what_cannot_be_read_is_counted_and_the_rest_goes_on() {
        let record = |body| Record {
            trace: TraceId(7),
            received: Timestamp::from_seconds(1_795_415_970),
            weight: 2.0,
            body,
        };
        let document = br#"{"id":"1a8ea28ac3381a40","trace_id":"1-6b03df9f-429d14ed5031f517127f5323","name":"shop",
            "start_time":1795415967,"in_progress":true,"subsegments":[{"id":"1a8ea28ac3381a41","name":"x","start_time":1795415967}]}"#;
        let mut span = vec![0x12, 8, 1, 2, 3, 4, 5, 6, 7, 8];
        span.extend([0x39, 1, 0, 0, 0, 0, 0, 0, 0]);
        let bodies = [
            Body::Xray(b"{"),
            Body::Xray(document),
            Body::Otlp {
                context: b"",
                span: &span,
            },
            Body::Otlp {
                context: b"",
                span: b"\xff",
            },
        ];
        let decoded = nodes(&bodies.map(record));
        let ids: Vec<_> = decoded.nodes.iter().map(|node| node.id.to_string()).collect();
        assert_eq!(ids, ["1a8ea28ac3381a40", "1a8ea28ac3381a41", "0102030405060708"]);
        assert_eq!(decoded.undecodable, 2);
        assert!(decoded.nodes.iter().all(|node| node.weight == 2.0));
    }
}
