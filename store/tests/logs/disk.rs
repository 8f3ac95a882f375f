//! The same on RocksDB: sealed, merged, forgotten, copied.

use beamline_model::id::TraceId;
use beamline_model::log::Retention;
use beamline_store::api::log::{LogGroupChange, LogGroups, LogSearch};
use beamline_store::{Location, Store, StoreConfig};

use super::world::{ACCOUNT, DAY, all, commit, config, figure, messages, named, sent};

fn on(folder: &std::path::Path) -> StoreConfig {
    StoreConfig {
        location: Location::Folder(folder.to_owned()),
        ..config()
    }
}

#[test]
fn events_on_disk_are_found_merged_forgotten_and_copied() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let store = Store::open(on(&data)).unwrap();
    let now = store.stamp();
    let trace = TraceId(1 << 96 | 5);
    let mut expected = Vec::new();
    for round in 0..40 {
        let text = format!("round r{round} of trace_id={}", trace.to_w3c());
        let time = now.plus(round - DAY * (round % 2));
        commit(&store, &[sent("g", "s", time, &text), sent("h", "s", time, "other")]);
        expected.push((time, text));
        store.seal_all().unwrap();
    }
    expected.sort();
    let expected: Vec<String> = expected.into_iter().map(|(_, text)| text).collect();
    assert!(figure(&store, "beamline_store_log_chunks_merged_total") > 40);
    assert_eq!(messages(&all(&store, named("g"))), expected);
    let found = store.log_events_of_trace(ACCOUNT, trace, 100).unwrap();
    assert_eq!(messages(&found.events), expected);
    let search = LogSearch {
        words: vec!["R17".to_owned()],
        ..LogSearch::new(ACCOUNT, LogGroups::All)
    };
    assert_eq!(store.search_logs(&search).unwrap().events.len(), 1);
    assert_eq!(store.verify().unwrap().problems, [""; 0]);
    assert!(figure(&store, "beamline_store_engine_disk_bytes{table=\"lidx\"}") < 1 << 20);

    let copy = folder.path().join("copy");
    store.checkpoint(&copy).unwrap();
    store.delete_log_group(ACCOUNT, "h").unwrap();
    let keep_a_day = LogGroupChange {
        retention: Some(Retention::new(1).ok()),
        ..LogGroupChange::default()
    };
    store.change_log_group(ACCOUNT, "g", keep_a_day).unwrap();
    store.retain(now.plus(DAY)).unwrap();
    let kept = |events: &[String]| -> Vec<String> { events.iter().skip(20).cloned().collect() };
    assert_eq!(messages(&all(&store, LogGroups::All)), kept(&expected));
    drop(store);
    assert_eq!(
        messages(&all(&Store::open(on(&data)).unwrap(), LogGroups::All)),
        kept(&expected)
    );
    assert_eq!(messages(&all(&Store::open(on(&copy)).unwrap(), named("g"))), expected);
}
