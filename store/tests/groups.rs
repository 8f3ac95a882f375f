//! What a group counts is what the traces that belong to it add up to, whatever comes late and however it is sealed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::collections::BTreeMap;
use std::sync::Arc;

use beamline_model::group::{Group, GroupSet};
use beamline_model::id::TraceId;
use beamline_model::insight::Minute;
use beamline_model::lang::trace_filter::GroupRef;
use beamline_model::stats::{GraphStats, contribution};
use beamline_model::time::{TimeRange, Timestamp};
use beamline_store::api::{Account, Batch, BatchRecord, Order, Search, TimeBasis, WholeGraph};
use beamline_store::engine::memory::Memory;
use beamline_store::{ObjectKind, Store, StoreConfig};
use proptest::prelude::*;

const ACCOUNT: Account = Account(0);

/// The first minute that groups made now certainly count.
fn begin(store: &Store) -> u32 {
    store.stamp().minute() + 2
}

fn group(name: &str, expression: &str) -> Group {
    Group {
        name: name.to_owned(),
        unique: "1".to_owned(),
        expression: Some(expression.to_owned()),
        insights: false,
        notifications: false,
    }
}

fn keep(store: &Store, group: &Group) {
    let value = serde_json::to_vec(group).unwrap();
    store
        .put_object(ObjectKind::Group, ACCOUNT, &group.name, value)
        .unwrap();
}

/// One document of a trace: the root of an even number, what it calls of an odd one. The same number replaces the one
/// before.
#[derive(Clone, Debug)]
struct Document {
    trace: u8,
    number: u8,
    minute: u8,
    gold: bool,
    fault: bool,
}

fn document() -> impl Strategy<Value = Document> {
    (0u8..5, 0u8..2, 0u8..4, any::<bool>(), any::<bool>()).prop_map(|(trace, number, minute, gold, fault)| Document {
        trace,
        number,
        minute,
        gold,
        fault,
    })
}

fn batch(store: &Store, begin: u32, documents: &[Document]) -> Batch {
    let mut batch = Batch::default();
    let mut buffer = Vec::new();
    for document in documents {
        let start = Timestamp::from_minute(begin + u32::from(document.minute)).plus(1_000_000_000);
        let trace = TraceId((u128::from(begin * 60) << 96) | (u128::from(document.trace) + 1));
        let parent = match document.number {
            0 => String::new(),
            _ => r#""parent_id":"0000000000000001","#.to_owned(),
        };
        let body = format!(
            r#"{{"name":"s{number}","id":"{id:016x}","trace_id":"{trace}",{parent}"start_time":{start},"end_time":{end},
                "fault":{fault},"annotations":{{"tier":"{tier}"}}}}"#,
            number = document.number,
            id = u64::from(document.number) + 1,
            end = start.plus(1_000_000_000),
            fault = document.fault,
            tier = if document.gold { "gold" } else { "iron" },
        );
        let from = buffer.len() as u32;
        buffer.extend_from_slice(body.as_bytes());
        batch.records.push(BatchRecord {
            trace,
            received: store.stamp(),
            start,
            end: Some(start.plus(1_000_000_000)),
            weight: 1.0,
            context: None,
            body: from..buffer.len() as u32,
        });
    }
    batch.buffer = buffer.into();
    batch
}

/// What the traces that belong to a group add up to.
fn expected(store: &Store, groups: &GroupSet, name: &str, range: &TimeRange) -> BTreeMap<u32, GraphStats> {
    let search = Search {
        account: ACCOUNT,
        range: Timestamp::ZERO..Timestamp::MAX,
        basis: TimeBasis::Start,
        matcher: None,
        order: Order::Newest,
        limit: 1_000,
        budget: 1_000,
        cursor: None,
    };
    let mut sums: BTreeMap<u32, GraphStats> = BTreeMap::new();
    for digest in store.search(&search).unwrap().digests {
        if groups.has(GroupRef::Name(name), &digest) {
            for (minute, stats) in contribution(&digest) {
                if range.contains(&Timestamp::from_minute(minute)) {
                    sums.entry(minute).or_default().merge(&stats, 1);
                }
            }
        }
    }
    sums.retain(|_, stats| !stats.is_empty());
    sums
}

fn check(store: &Store, groups: &GroupSet, begin: u32) {
    let range = Timestamp::from_minute(begin)..Timestamp::from_minute(begin + 10);
    for name in ["gold", "bad-gold"] {
        let (number, since) = store
            .group_statistics(ACCOUNT, name, groups.version(name).unwrap())
            .unwrap();
        assert!(since <= begin);
        let expected = expected(store, groups, name, &range);
        let mut sum = GraphStats::default();
        expected.values().for_each(|stats| sum.merge(stats, 1));
        assert_eq!(store.graph(number, range.clone()).unwrap(), sum, "{name}");
        let mut by_minute: BTreeMap<u32, GraphStats> = BTreeMap::new();
        store
            .each_graph(number, range.clone(), 1, &WholeGraph, &mut |start, stats| {
                by_minute.insert(start.minute(), stats);
            })
            .unwrap();
        assert_eq!(by_minute, expected, "{name}");
        let counts = store.counts(number, begin..begin + 10).unwrap();
        let counts = counts.into_iter().map(|(at, minute)| (at, without_zeros(minute)));
        let counts: BTreeMap<u32, Minute> = counts.filter(|(_, minute)| *minute != Minute::default()).collect();
        let expected: BTreeMap<u32, Minute> = expected.iter().map(|(&at, it)| (at, Minute::from(it))).collect();
        assert_eq!(counts, expected, "{name}");
    }
}

/// Sums of corrections keep a zero where a service or a call was and is no more.
fn without_zeros(mut minute: Minute) -> Minute {
    minute.services.retain(|_, counts| counts.total != 0);
    minute.calls.retain(|_, calls| *calls != 0);
    minute
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_group_counts_what_its_traces_add_up_to(
        steps in prop::collection::vec((prop::collection::vec(document(), 1..6), 0u8..4), 1..8),
    ) {
        let engine = Arc::new(Memory::new());
        let open = || Store::on(Arc::clone(&engine) as _, StoreConfig::in_memory()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut store = open();
        let kept = [
            group("gold", "annotation.tier = \"gold\""),
            group("bad-gold", "group.name = \"gold\" AND fault"),
        ];
        kept.iter().for_each(|group| keep(&store, group));
        store.seal_due().unwrap();
        let groups = GroupSet::new("123456789012", "us-east-1", &kept);
        let begin = begin(&store);
        for (documents, then) in steps {
            let batch = batch(&store, begin, &documents);
            runtime.block_on(store.commit(batch)).unwrap();
            check(&store, &groups, begin);
            match then {
                0 => store.seal_all().unwrap(),
                1 => {
                    store.seal_all().unwrap();
                    drop(store);
                    store = open();
                    store.seal_due().unwrap();
                }
                _ => continue,
            }
            check(&store, &groups, begin);
        }
    }
}

#[tokio::test]
async fn a_changed_group_begins_anew_and_one_that_is_gone_counts_no_more() {
    let store = Store::open(StoreConfig::in_memory()).unwrap();
    let version = |kept: &[Group]| GroupSet::new("123456789012", "us-east-1", kept).version("g").unwrap();
    let first = group("g", "fault");
    assert_eq!(
        store.group_statistics(ACCOUNT, "g", version(std::slice::from_ref(&first))),
        None
    );
    keep(&store, &first);
    store.seal_due().unwrap();
    let (number, _) = store
        .group_statistics(ACCOUNT, "g", version(std::slice::from_ref(&first)))
        .unwrap();
    let changed = group("g", "ok");
    keep(&store, &changed);
    store.seal_due().unwrap();
    assert_eq!(
        store.group_statistics(ACCOUNT, "g", version(std::slice::from_ref(&first))),
        None
    );
    let (other, _) = store
        .group_statistics(ACCOUNT, "g", version(std::slice::from_ref(&changed)))
        .unwrap();
    assert_ne!(number, other);
    store.delete_object(ObjectKind::Group, ACCOUNT, "g").unwrap();
    store.seal_due().unwrap();
    assert_eq!(store.group_statistics(ACCOUNT, "g", version(&[changed])), None);
}

#[tokio::test]
async fn minutes_that_change_are_told_apart_from_those_that_do_not() {
    let store = Store::open(StoreConfig::in_memory()).unwrap();
    let begin = begin(&store);
    let at = |minute| Document {
        trace: minute,
        number: 0,
        minute,
        gold: true,
        fault: false,
    };
    let changed = |before: &[u32], after: &[u32]| -> Vec<usize> {
        (0..after.len()).filter(|&at| before.get(at) != after.get(at)).collect()
    };
    let marks = || -> Vec<u32> {
        let hours = store.changes(ACCOUNT, begin).unwrap();
        let all: BTreeMap<u32, u32> = hours.iter().flat_map(|hour| (hour.hour..).zip(hour.minutes)).collect();
        (begin..begin + 5)
            .map(|minute| all.get(&minute).copied().unwrap_or(0))
            .collect()
    };
    let none = marks();
    store.commit(batch(&store, begin, &[at(0), at(3)])).await.unwrap();
    assert_eq!(marks(), none, "nothing is sealed yet");
    store.seal_all().unwrap();
    let first = marks();
    assert_eq!(changed(&none, &first), [0, 3]);
    store.commit(batch(&store, begin, &[at(2)])).await.unwrap();
    store.seal_all().unwrap();
    assert_eq!(changed(&first, &marks()), [2]);
}
