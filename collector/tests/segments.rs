//! Segment documents that other crates hand over.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use beamline_collector::SegmentsError;
use beamline_collector::report::{Rejected, Transport};
use beamline_store::api::Account;
use bytes::Bytes;
use prost::Message;

use crate::support::{TRACE, request, segment, span, start};

#[tokio::test]
async fn valid_documents_are_kept_and_the_others_named() {
    let server = start(|_| ()).await;
    let spans = request(vec![span(7, 1), span(0, 2)]).encode_to_vec();
    let documents: Vec<Bytes> = vec![
        segment(1).into(),
        segment(2).replace("cart", "").into(),
        format!("{{\"a\":{}", "[".repeat(100_000)).into(),
        format!("T1U{}", STANDARD.encode(spans)).into(),
        segment(3).into(),
    ];
    let collector = &server.running.collector;
    let unprocessed = collector
        .put_segments(Account::default(), None, &documents)
        .await
        .unwrap();
    let told: Vec<_> = unprocessed.iter().map(|u| (u.id.as_deref(), u.code.as_str())).collect();
    assert_eq!(
        told,
        [
            (Some("0000000000000002"), "MissingName"),
            (None, "ParseError"),
            (None, "InvalidSegment")
        ]
    );
    assert!(
        unprocessed[0]
            .message
            .starts_with("Invalid segment. ErrorCode: MissingName")
    );
    assert_eq!((server.kept(TRACE), server.weights(7).len()), (2, 1));
    let stored = server
        .store
        .trace(Account::default(), TRACE.parse().unwrap())
        .unwrap()
        .unwrap();
    assert_eq!(stored.records[0].body, segment(1).as_bytes(), "byte for byte");
}

#[tokio::test]
async fn the_limit_of_a_document_is_x_rays_when_strict() {
    let server = start(|config| config.limits = config.limits.strict()).await;
    let of_length = |length: usize| {
        let document = segment(1);
        let padding = " ".repeat(length - document.len());
        Bytes::from(document.replacen('{', &format!("{{{padding}"), 1))
    };
    let collector = &server.running.collector;
    let put = |document: Bytes| async move {
        let unprocessed = collector
            .put_segments(Account::default(), None, &[document])
            .await
            .unwrap();
        unprocessed.into_iter().map(|u| u.code).collect::<Vec<_>>()
    };
    assert_eq!(put(of_length(64 * 1024)).await, [""; 0]);
    assert_eq!(put(of_length(64 * 1024 + 1)).await, ["SegmentTooLarge"]);
    assert_eq!(server.rejected(Transport::XrayApi, Rejected::TooLarge), 1);
}

#[tokio::test]
async fn more_documents_than_a_call_may_have_are_refused_together() {
    let server = start(|config| config.limits.documents = 2).await;
    let documents: Vec<Bytes> = (1..=3).map(|id| segment(id).into()).collect();
    let refused = server
        .running
        .collector
        .put_segments(Account::default(), None, &documents)
        .await;
    assert_eq!(refused, Err(SegmentsError::TooMany { given: 3, limit: 2 }));
    assert_eq!(
        (
            server.kept(TRACE),
            server.rejected(Transport::XrayApi, Rejected::TooManyDocuments)
        ),
        (0, 1)
    );
}
