//! What is refused, and why.

use beamline_model::time::Timestamp;
use beamline_store::api::log::{LogBatch, LogBatchEvent, LogGroupChange, LogStreamId};
use beamline_store::{LogError, Store, StoreError};

use super::world::{ACCOUNT, commit, config, figure, sent};

async fn try_commit(store: &Store, stream: LogStreamId, bytes: usize) -> Result<(), StoreError> {
    let event = LogBatchEvent {
        stream,
        time: Timestamp::ZERO,
        received: store.stamp(),
        context: None,
        body: 0..bytes as u32,
    };
    let batch = LogBatch {
        account: ACCOUNT,
        buffer: vec![b'x'; bytes].into(),
        contexts: Vec::new(),
        events: vec![event],
    };
    store.commit_logs(batch).await
}

#[tokio::test]
async fn groups_streams_and_events_have_bounds() {
    let mut config = config();
    config.logs.groups = 2;
    config.logs.streams = 2;
    config.logs.event_bytes = 100;
    let store = Store::open(config).unwrap();
    let create = |name: &str| store.create_log_group(ACCOUNT, name.parse().unwrap(), LogGroupChange::default());
    create("a").unwrap();
    create("b").unwrap();
    assert_eq!(create("c"), Err(LogError::TooManyGroups(2).into()));
    store.delete_log_group(ACCOUNT, "b").unwrap();
    create("c").unwrap();
    let stream = |name: &str| store.ensure_log_stream(ACCOUNT, "a", &name.parse().unwrap());
    let first = stream("1").unwrap();
    stream("2").unwrap();
    assert_eq!(stream("3"), Err(LogError::TooManyStreams(2).into()));
    store.delete_log_stream(ACCOUNT, "a", "2").unwrap();
    let third = stream("3").unwrap();
    assert_eq!((first.stream, third.stream), (0, 2), "a number is never given twice");
    assert_eq!(try_commit(&store, first, 100).await, Ok(()));
    let too_large = LogError::EventTooLarge { bytes: 101, most: 100 };
    assert_eq!(try_commit(&store, first, 101).await, Err(too_large.into()));
    let nowhere = LogStreamId { group: 99, stream: 0 };
    assert_eq!(try_commit(&store, nowhere, 1).await, Err(LogError::NoSuchGroup.into()));
    assert_eq!(figure(&store, "beamline_store_log_events_rejected_failed_total"), 2);
}

#[tokio::test]
async fn events_that_come_faster_than_they_are_sealed_are_refused() {
    let mut config = config();
    config.memory = 1 << 20;
    let store = Store::open(config).unwrap();
    store
        .create_log_group(ACCOUNT, "g".parse().unwrap(), LogGroupChange::default())
        .unwrap();
    let stream = store.ensure_log_stream(ACCOUNT, "g", &"s".parse().unwrap()).unwrap();
    let mut kept = 0;
    let refused = loop {
        match try_commit(&store, stream, 10_000).await {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
        assert!(kept < 1000);
    };
    assert!(matches!(refused, StoreError::Overloaded(_)), "{refused}");
    assert!(figure(&store, "beamline_store_log_live_bytes") > 2 * (1 << 20) / 16);
    store.seal_all().unwrap();
    assert_eq!(figure(&store, "beamline_store_log_live_bytes"), 0);
    assert_eq!(try_commit(&store, stream, 10_000).await, Ok(()));
}

#[test]
fn when_memory_is_short_the_largest_groups_are_sealed() {
    let mut config = config();
    config.memory = 1 << 20;
    let store = Store::open(config).unwrap();
    let now = store.stamp();
    commit(
        &store,
        &[
            sent("small", "s", now, "x"),
            sent("large", "s", now, &"y".repeat(200_000)),
        ],
    );
    store.seal_due().unwrap();
    assert_eq!(figure(&store, "beamline_store_log_events_sealed_total"), 1);
    assert_eq!(figure(&store, "beamline_store_log_events_live"), 1);
}
