//! OTLP over gRPC, with tonic's client.

use beamline_collector::HeadSampling;
use beamline_collector::report::{Dropped, Rejected, Transport};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::trace::v1::Span;
use tonic::codec::CompressionEncoding;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_prost::ProstCodec;
use tonic_types::StatusExt;

use crate::support::{Server, request, span, start};

const GRPC: Transport = Transport::OtlpGrpc;
const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

pub(crate) async fn channel(server: &Server) -> Channel {
    Endpoint::from_shared(server.grpc()).unwrap().connect().await.unwrap()
}

/// One call of any service.
pub(crate) async fn call<I, O>(
    channel: Channel,
    path: &'static str,
    compression: Option<CompressionEncoding>,
    request: tonic::Request<I>,
) -> Result<O, Status>
where
    I: prost::Message + 'static,
    O: prost::Message + Default + 'static,
{
    let mut client = tonic::client::Grpc::new(channel);
    if let Some(compression) = compression {
        client = client.send_compressed(compression);
    }
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static(path);
    let answer = client.unary(request, path, ProstCodec::<I, O>::default()).await;
    answer.map(tonic::Response::into_inner)
}

async fn export_to(
    channel: Channel,
    path: &'static str,
    compression: Option<CompressionEncoding>,
    message: ExportTraceServiceRequest,
) -> Result<ExportTraceServiceResponse, Status> {
    call(channel, path, compression, tonic::Request::new(message)).await
}

async fn export(server: &Server, spans: Vec<Span>) -> Result<ExportTraceServiceResponse, Status> {
    export_to(channel(server).await, TRACES, None, request(spans)).await
}

#[tokio::test]
async fn spans_are_kept_before_they_are_acknowledged() {
    let server = start(|_| ()).await;
    let channel = channel(&server).await;
    let encodings = [None, Some(CompressionEncoding::Gzip), Some(CompressionEncoding::Zstd)];
    for (number, compression) in (1..).zip(encodings) {
        let message = request(vec![span(7, number), span(8, number)]);
        let answer = export_to(channel.clone(), TRACES, compression, message).await.unwrap();
        assert_eq!(answer.partial_success, None);
        assert_eq!(
            (server.weights(7).len(), server.weights(8).len()),
            (number as usize, number as usize)
        );
    }
    assert_eq!(export(&server, vec![]).await.unwrap().partial_success, None);
}

#[tokio::test]
async fn a_bad_span_does_not_take_the_good_ones_with_it() {
    let server = start(|_| ()).await;
    let bad = |trace_id: Vec<u8>| Span { trace_id, ..span(7, 2) };
    let spans = vec![span(7, 1), bad(vec![1, 2]), bad(vec![0; 16]), span(7, 3)];
    let partial = export(&server, spans).await.unwrap().partial_success.unwrap();
    assert_eq!((partial.rejected_spans, server.weights(7).len()), (2, 2));
    assert_eq!(partial.error_message, "a trace id is 16 bytes, not all zero");
    assert_eq!(server.rejected(GRPC, Rejected::SpanIds), 2);
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused_for_good_also_after_decompression() {
    let server = start(|config| config.limits.request_bytes = 100_000).await;
    let large = || {
        let mut span = span(7, 1);
        span.name = "x".repeat(200_000);
        request(vec![span])
    };
    for compression in [None, Some(CompressionEncoding::Gzip), Some(CompressionEncoding::Zstd)] {
        let refused = export_to(channel(&server).await, TRACES, compression, large())
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::ResourceExhausted, "{compression:?}: {refused:?}");
        assert!(
            refused.get_details_retry_info().is_none(),
            "a client must not try again"
        );
    }
    assert_eq!(server.rejected(GRPC, Rejected::TooLarge), 3);
    assert!(export(&server, vec![span(7, 1)]).await.is_ok(), "the server goes on");
}

#[tokio::test]
async fn an_overloaded_server_says_when_to_come_back() {
    let server = start(|config| config.limits.in_flight_bytes = 1_024).await;
    let mut large = span(7, 1);
    large.name = "x".repeat(10_000);
    let refused = export(&server, vec![large]).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
    let delay = refused.get_details_retry_info().unwrap().retry_delay;
    assert!(
        delay.is_some_and(|delay| (1..=5).contains(&delay.as_secs())),
        "{delay:?}"
    );
    assert_eq!(server.dropped(GRPC, Dropped::InFlight), 1);
    assert!(export(&server, vec![span(7, 2)]).await.is_ok(), "the server goes on");
}

#[tokio::test]
async fn services_that_are_not_here_are_named_so() {
    let server = start(|_| ()).await;
    let profiles = "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export";
    let refused = export_to(channel(&server).await, profiles, None, request(vec![]))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);
    let refused = export_to(channel(&server).await, "/what.Ever/Export", None, request(vec![]))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);
    assert_eq!(server.rejected(GRPC, Rejected::Unimplemented), 1);
    assert_eq!(server.rejected(GRPC, Rejected::Path), 1);
}

#[tokio::test]
async fn many_calls_share_one_connection() {
    let server = start(|_| ()).await;
    let channel = channel(&server).await;
    let mut calls = tokio::task::JoinSet::new();
    for number in 1..=200 {
        calls.spawn(export_to(channel.clone(), TRACES, None, request(vec![span(9, number)])));
    }
    let answers = calls.join_all().await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(server.weights(9).len(), 200);
}

#[tokio::test]
async fn rules_decide_for_whoever_did_not_and_weights_tell_how_often() {
    let server = start(|config| config.head_sampling = HeadSampling::Rules).await;
    // The default rule: one a second for sure, then 5 %.
    let spans = (1..=2_000u128)
        .flat_map(|trace| [span(trace, 1), span(trace, 2)])
        .collect();
    export(&server, spans).await.unwrap();
    let decided = |flags: u32| {
        let sampled = (10_001..=10_050u128).map(move |trace| Span {
            flags,
            ..span(trace, 1)
        });
        sampled.collect::<Vec<_>>()
    };
    export(&server, decided(1)).await.unwrap();
    let weights: Vec<Vec<f32>> = (1..=2_000).map(|trace| server.weights(trace)).collect();
    assert!(
        weights.iter().all(|trace| trace.len() != 1),
        "a trace is kept whole or not at all"
    );
    let kept = weights.iter().filter(|trace| !trace.is_empty()).count();
    assert!((50..200).contains(&kept), "{kept} of 2000");
    let heavy = weights.iter().flatten().filter(|&&weight| weight == 20.0).count();
    assert!(heavy > 80, "{heavy}");
    assert!(
        (10_001..=10_050).all(|trace| server.weights(trace) == [1.0]),
        "an SDK's decision stands"
    );
    assert_eq!(server.dropped(GRPC, Dropped::SampledOut), 2 * (2_000 - kept as u64));
}
