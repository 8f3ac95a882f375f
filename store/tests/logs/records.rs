//! OTLP records: told as texts, found by what those say.

use beamline_model::id::TraceId;
use beamline_model::log::word;
use beamline_store::Store;
use beamline_store::api::Account;
use beamline_store::api::log::{LogBatch, LogBatchEvent, LogGroupChange, LogGroups, LogSearch};

use super::world::{ACCOUNT, all, config};

/// A field of bytes, shorter than 128.
fn sized(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, bytes.len() as u8], bytes].concat()
}

fn pair(key: &str, value: &str) -> Vec<u8> {
    [sized(1, key.as_bytes()), sized(2, &sized(1, value.as_bytes()))].concat()
}

#[tokio::test]
async fn a_record_is_found_by_every_word_it_is_told_in() {
    let store = Store::open(config()).unwrap();
    let chosen = LogGroupChange::default();
    store.create_log_group(ACCOUNT, "g".parse().unwrap(), chosen).unwrap();
    let stream = store.ensure_log_stream(ACCOUNT, "g", &"s".parse().unwrap()).unwrap();
    let contexts: Vec<_> = ["checkout", "stock"]
        .map(|service| sized(1, &sized(1, &pair("service.name", service))).into())
        .into();
    let mut buffer = Vec::new();
    let mut events = Vec::new();
    for number in 0..40u8 {
        let from = buffer.len() as u32;
        buffer.extend(sized(3, b"WARN"));
        buffer.extend(sized(5, &sized(1, format!("Order o{number} was \"late\"").as_bytes())));
        buffer.extend(sized(6, &pair("customer.id", &format!("c{number}"))));
        buffer.extend(sized(9, &TraceId(u128::from(number / 4) + 1).to_bytes()));
        events.push(LogBatchEvent {
            stream,
            time: store.stamp(),
            received: store.stamp(),
            context: Some(u32::from(number % 2)),
            body: from..buffer.len() as u32,
        });
    }
    let batch = LogBatch {
        account: Account(0),
        buffer: buffer.into(),
        contexts,
        events,
    };
    store.commit_logs(batch).await.unwrap();
    for sealed in [false, true] {
        if sealed {
            store.seal_all().unwrap();
        }
        let events = all(&store, LogGroups::All);
        assert_eq!(events.len(), 40);
        for event in &events {
            let message = event.message();
            assert!(
                message.starts_with('{') && message.contains("service.name"),
                "{message}"
            );
            let search = LogSearch {
                words: word::words(&message),
                ..LogSearch::new(ACCOUNT, LogGroups::All)
            };
            let found = store.search_logs(&search).unwrap().events;
            assert_eq!(found.len(), 1, "{message}");
            assert_eq!(found[0].id(), event.id());
        }
        let of_service = LogSearch {
            words: vec!["Stock".to_owned()],
            ..LogSearch::new(ACCOUNT, LogGroups::All)
        };
        assert_eq!(store.search_logs(&of_service).unwrap().events.len(), 20);
        assert_eq!(
            store.log_events_of_trace(ACCOUNT, TraceId(3), 9).unwrap().events.len(),
            4
        );
    }
}
