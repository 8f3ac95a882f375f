//! The store answers as a plain list of the same traces does.

use std::ops::Range;
use std::sync::Arc;

use beamline_model::testkit::{Sample, conformance};
use beamline_model::time::Timestamp;
use beamline_query::filter::Selection;
use beamline_query::graph::graph;
use beamline_query::search::{SearchRequest, search};
use beamline_query::source::Source;
use beamline_query::trace::{TraceView, stored};
use beamline_store::api::{Batch, BatchRecord, Order};
use beamline_store::{Store, StoreConfig};
use bytes::Bytes;

use crate::matching::CONDITIONS;
use crate::support::{ACCOUNT, List, START, names, now, range};

/// What the collector would make of some documents.
pub(crate) fn batch(store: &Store, sample: &Sample) -> Batch {
    let mut buffer = Vec::new();
    let mut records = Vec::new();
    for document in &sample.documents {
        let head = beamline_model::segment::head(document.as_bytes()).unwrap();
        let begin = u32::try_from(buffer.len()).unwrap();
        buffer.extend_from_slice(document.as_bytes());
        let body: Range<u32> = begin..u32::try_from(buffer.len()).unwrap();
        records.push(BatchRecord {
            trace: sample.trace,
            received: store.stamp(),
            start: head.start,
            end: head.end,
            weight: 1.0,
            context: None,
            body,
        });
    }
    Batch {
        account: ACCOUNT,
        buffer: Bytes::from(buffer),
        contexts: Vec::new(),
        records,
    }
}

async fn filled() -> Arc<Store> {
    let store = Arc::new(Store::open(StoreConfig::in_memory()).unwrap());
    for sample in conformance(START) {
        let batch = batch(&store, &sample);
        let kept = store.commit(batch).await.unwrap();
        assert!(kept.refused.is_empty());
    }
    store
}

#[tokio::test]
async fn every_condition_finds_the_same_traces() {
    let (store, list) = (filled().await, List::conformance());
    for order in [Order::Newest, Order::Oldest, Order::Slowest, Order::MostErrors] {
        for condition in CONDITIONS.iter().filter(|condition| !condition.contains("group")) {
            for text in [(*condition).to_owned(), format!("!({condition})")] {
                let request = SearchRequest {
                    selection: Selection::parse(&text, "").unwrap(),
                    order,
                    ..SearchRequest::new(ACCOUNT, range())
                };
                let sorted = |source: &dyn Source| {
                    let mut found = search(source, &request).unwrap().digests;
                    found.sort_by_key(|digest| digest.trace);
                    names(&found)
                };
                assert_eq!(sorted(&*store), sorted(&list), "{text} {order:?}");
            }
        }
    }
}

#[tokio::test]
async fn the_graph_and_the_traces_are_the_same() {
    let (store, list) = (filled().await, List::conformance());
    for filter in ["", "fault", "ok OR !ok"] {
        let told = |source: &dyn Source| {
            let graph = graph(source, ACCOUNT, range(), &Selection::parse(filter, "").unwrap()).unwrap();
            format!("{:?}", graph.graph)
        };
        let (from_store, from_list) = (told(&*store), told(&list));
        assert_eq!(from_store, from_list, "{filter}");
    }
    for sample in conformance(START) {
        let (one, other) = (
            stored(&*store, ACCOUNT, sample.trace).unwrap(),
            stored(&list, ACCOUNT, sample.trace).unwrap(),
        );
        let documents = |stored: &beamline_store::api::StoredTrace| {
            let records = stored.records.iter();
            records.map(|record| record.body.clone()).collect::<Vec<_>>()
        };
        assert_eq!(documents(&one), documents(&other), "{}", sample.name);
        let view = TraceView::open(sample.trace, &one, now());
        let digest = |updated: Timestamp| beamline_model::digest::Digest {
            updated,
            ..view.digest.clone()
        };
        let found = list.digest(ACCOUNT, sample.trace).unwrap().unwrap();
        assert_eq!(digest(found.updated), *found, "{}", sample.name);
    }
}
