//! From a trace to the events that name it.

use std::sync::Arc;

use beamline_model::id::TraceId;
use beamline_store::Store;
use beamline_store::engine::memory::Memory;

use super::world::{ACCOUNT, DAY, MINUTE, commit, config, messages, open, sent};

fn of_trace(store: &Store, trace: TraceId, limit: usize) -> Vec<String> {
    messages(&store.log_events_of_trace(ACCOUNT, trace, limit).unwrap().events)
}

#[test]
fn events_are_found_by_the_trace_they_name_wherever_they_are() {
    let engine = Arc::new(Memory::crashing());
    let store = open(&engine, &config());
    let now = store.stamp();
    let (wanted, other) = (TraceId(0x5759_e988 << 96 | 5), TraceId(0x5759_e988 << 96 | 6));
    let mut expected = Vec::new();
    for round in 0..30 {
        let group = ["a", "b"][round as usize % 2];
        let time = now.plus(round * MINUTE - DAY);
        let text = match round % 3 {
            0 => format!("{round} trace_id={}", wanted.to_w3c()),
            1 => format!("{round} {wanted}@53995c3f42cd8ad8"),
            _ => format!("{round} {other}"),
        };
        commit(
            &store,
            &[sent(group, "s", time, &text), sent(group, "s", time, "nothing")],
        );
        if round % 3 < 2 {
            expected.push(text);
        }
        if round < 27 {
            store.seal_all().unwrap();
        }
    }
    assert_eq!(of_trace(&store, wanted, 100), expected);
    assert_eq!(of_trace(&store, wanted, 3), expected[..3]);
    assert_eq!(of_trace(&store, TraceId(9), 100), [""; 0]);
    assert_eq!(
        store.trace(ACCOUNT, wanted).unwrap(),
        None,
        "a trace of which only events tell"
    );
    store.seal_all().unwrap();
    assert_eq!(of_trace(&store, wanted, 100), expected);
    assert_eq!(store.verify().unwrap().problems, [""; 0]);
    let other_account = store.account("210987654321", "us-east-1").unwrap();
    assert_eq!(
        store
            .log_events_of_trace(other_account, wanted, 9)
            .unwrap()
            .events
            .len(),
        0
    );
    store.delete_log_group(ACCOUNT, "a").unwrap();
    let of_b: Vec<_> = expected
        .iter()
        .filter(|text| text.split(' ').next().unwrap().parse::<u32>().unwrap() % 2 == 1)
        .collect();
    assert_eq!(of_trace(&store, wanted, 100).iter().collect::<Vec<_>>(), of_b);
}
