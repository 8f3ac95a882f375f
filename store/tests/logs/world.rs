//! A store, and what was sent to it.

use std::sync::Arc;

use beamline_model::time::Timestamp;
use beamline_store::api::Account;
use beamline_store::api::log::{LogBatch, LogBatchEvent, LogEvent, LogGroupChange, LogGroups, LogPage, LogSearch};
use beamline_store::engine::memory::Memory;
use beamline_store::{LogConfig, LogError, Store, StoreConfig, StoreError};

pub(crate) const ACCOUNT: Account = Account(0);
pub(crate) const MINUTE: i64 = 60_000_000_000;
pub(crate) const DAY: i64 = 24 * 60 * MINUTE;

/// What is sent: group, stream, time, context, body.
pub(crate) type Sent = (String, String, Timestamp, Option<String>, String);

pub(crate) fn sent(group: &str, stream: &str, time: Timestamp, body: &str) -> Sent {
    (group.to_owned(), stream.to_owned(), time, None, body.to_owned())
}

/// In memory; nothing is sealed unless told to.
pub(crate) fn config() -> StoreConfig {
    let mut config = StoreConfig::in_memory();
    config.logs = LogConfig {
        seal_bytes: usize::MAX,
        seal_age: std::time::Duration::from_secs(86_400),
        ..LogConfig::default()
    };
    config
}

pub(crate) fn open(engine: &Arc<Memory>, config: &StoreConfig) -> Store {
    Store::on(Arc::clone(engine) as _, config.clone()).unwrap()
}

/// Makes groups and streams as needed and commits; gives the moments of reception.
pub(crate) fn commit(store: &Store, events: &[Sent]) -> Vec<Timestamp> {
    let mut batch = LogBatch::default();
    let mut buffer = Vec::new();
    for (group, stream, time, context, body) in events {
        match store.create_log_group(ACCOUNT, group.parse().unwrap(), LogGroupChange::default()) {
            Ok(_) | Err(StoreError::Log(LogError::GroupExists)) => {}
            Err(other) => panic!("{other}"),
        }
        let name = stream.parse().unwrap();
        let stream = store.ensure_log_stream(ACCOUNT, group, &name).unwrap();
        assert_eq!(store.known_log_stream(ACCOUNT, group, name.as_str()), Some(stream));
        let from = buffer.len() as u32;
        buffer.extend_from_slice(body.as_bytes());
        let context = context.as_ref().map(|context| {
            batch.contexts.push(context.clone().into());
            batch.contexts.len() as u32 - 1
        });
        batch.events.push(LogBatchEvent {
            stream,
            time: *time,
            received: store.stamp(),
            context,
            body: from..buffer.len() as u32,
        });
    }
    batch.buffer = buffer.into();
    let received = batch.events.iter().map(|event| event.received).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(store.commit_logs(batch)).unwrap();
    received
}

/// All pages of a search; `between` is called after each.
pub(crate) fn walk(store: &Store, search: &LogSearch, between: impl Fn(&LogPage)) -> Vec<LogEvent> {
    let mut search = search.clone();
    let mut found = Vec::new();
    for _ in 0..10_000 {
        let page = store.search_logs(&search).unwrap();
        assert!(page.events.len() <= search.limit);
        assert_eq!(page.damaged, 0);
        between(&page);
        found.extend(page.events);
        match page.cursor {
            Some(cursor) => search.cursor = Some(cursor),
            None => return found,
        }
    }
    panic!("a walk without end: {:?}", search.cursor);
}

/// Everything in some groups.
pub(crate) fn all(store: &Store, groups: LogGroups) -> Vec<LogEvent> {
    walk(store, &LogSearch::new(ACCOUNT, groups), |_| {})
}

pub(crate) fn named(group: &str) -> LogGroups {
    LogGroups::Named(vec![group.to_owned()])
}

pub(crate) fn messages(events: &[LogEvent]) -> Vec<String> {
    events.iter().map(|event| event.message().into_owned()).collect()
}

pub(crate) fn figure(store: &Store, wanted: &str) -> u64 {
    let figures = store.figures();
    figures.iter().find(|(name, _)| *name == wanted).unwrap().1
}
