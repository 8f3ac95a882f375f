//! What was acknowledged is found by search, by id and in the graph at once, and is counted once however it is sealed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod common;

use beamline_model::id::TraceId;
use beamline_model::stats::GraphStats;
use beamline_model::time::Timestamp;
use beamline_store::api::{Account, Order, Search, TimeBasis, WholeGraph};
use beamline_store::{Store, StoreConfig};
use common::{batch, trace_id, xray};

fn everything() -> Search {
    Search {
        account: Account::default(),
        range: Timestamp::ZERO..Timestamp::MAX,
        basis: TimeBasis::Start,
        matcher: None,
        order: Order::Newest,
        limit: 100,
        budget: 1000,
        cursor: None,
    }
}

fn segment(trace: u128, id: u64, name: &str, second: u32) -> common::Sent {
    let (trace_id, start, end) = (trace_id(trace), 1_795_415_000 + second, 1_795_415_001 + second);
    let body = format!(
        r#"{{"name":"{name}","id":"{id:016x}","trace_id":"{trace_id}","start_time":{start},"end_time":{end}}}"#
    );
    xray(trace, &body)
}

fn found(store: &Store) -> Vec<(TraceId, usize)> {
    let page = store.search(&everything()).unwrap();
    assert_eq!(page.cursor, None);
    for digest in &page.digests {
        assert_eq!(
            store.digest(Account::default(), digest.trace).unwrap().as_ref(),
            Some(digest)
        );
    }
    page.digests
        .iter()
        .map(|digest| (digest.trace, digest.segments.len()))
        .collect()
}

fn graph(store: &Store) -> GraphStats {
    let all = Timestamp::ZERO..Timestamp::MAX;
    let whole = store.graph(Account::default(), all.clone()).unwrap();
    let mut parts = GraphStats::default();
    store
        .each_graph(Account::default(), all, 5, &WholeGraph, &mut |_, part| {
            parts.merge(&part, 1)
        })
        .unwrap();
    assert_eq!(parts, whole);
    whole
}

#[tokio::test]
async fn live_sealed_and_amended_traces_are_each_found_once() {
    let store = Store::open(StoreConfig::in_memory()).unwrap();
    store
        .commit(batch(&store, &[segment(1, 1, "shop", 0), segment(2, 2, "shop", 90)]))
        .await
        .unwrap();
    let live = found(&store);
    assert_eq!(live.iter().map(|&(_, segments)| segments).collect::<Vec<_>>(), [1, 1]);
    let counted = graph(&store);
    assert_eq!(counted.nodes.values().map(|node| node.stats.total()).sum::<i64>(), 2);

    store.seal_all().unwrap();
    assert_eq!(found(&store), live);
    assert_eq!(graph(&store), counted);

    // Late, and sent twice: the amended trace counts once, before it is sealed again and after.
    for _ in 0..2 {
        store
            .commit(batch(&store, &[segment(1, 3, "payments", 1)]))
            .await
            .unwrap();
    }
    let amended = found(&store);
    assert_eq!(
        amended.iter().map(|&(_, segments)| segments).collect::<Vec<_>>(),
        [1, 2]
    );
    let counted = graph(&store);
    assert_eq!(counted.nodes.values().map(|node| node.stats.total()).sum::<i64>(), 3);
    store.seal_all().unwrap();
    assert_eq!(found(&store), amended);
    assert_eq!(graph(&store), counted);
    assert_eq!(store.digest(Account::default(), TraceId(77)).unwrap(), None);
}
