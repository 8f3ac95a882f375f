//! Requests through the sockets, as exporters send them.

use beamline_model::otlp::Signal;
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::metrics::v1::{ExportMetricsServiceRequest, ExportMetricsServiceResponse};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use prost::Message;
use serde_json::json;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};
use tonic_prost::ProstCodec;

use super::Sample;
use crate::harness::{Server, block_on};
use crate::wire::post;

/// How exporters send.
#[derive(Clone, Copy, Debug)]
pub(super) enum Transport {
    HttpJson,
    HttpProtobuf,
    Grpc,
}

/// Sends a request, all of which has to be taken.
pub(super) fn send(server: &Server, transport: Transport, sample: &Sample) {
    let name = &sample.name;
    let path = format!("/v1/{}", sample.signal);
    match transport {
        Transport::HttpJson => {
            let kind = [("Content-Type", "application/json")];
            let reply = post(server.otlp_http(), &path, &kind, sample.json.as_bytes());
            assert_eq!((reply.status, reply.json()), (200, json!({})), "{name}");
        }
        Transport::HttpProtobuf => {
            let kind = [("Content-Type", "application/x-protobuf")];
            let reply = post(server.otlp_http(), &path, &kind, &sample.protobuf);
            assert_eq!((reply.status, reply.body.as_slice()), (200, &[][..]), "{name}");
        }
        Transport::Grpc => block_on(export(server, sample)),
    }
}

async fn export(server: &Server, sample: &Sample) {
    let endpoint = Endpoint::from_shared(format!("http://{}", server.otlp_grpc())).unwrap();
    let channel = endpoint.connect().await.unwrap();
    let (name, bytes) = (&sample.name, sample.protobuf.as_slice());
    match sample.signal {
        Signal::Traces => {
            let path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
            let answer: ExportTraceServiceResponse =
                call(channel, path, ExportTraceServiceRequest::decode(bytes).unwrap()).await;
            assert_eq!(answer.partial_success, None, "{name}");
        }
        Signal::Logs => {
            let path = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
            let answer: ExportLogsServiceResponse =
                call(channel, path, ExportLogsServiceRequest::decode(bytes).unwrap()).await;
            assert_eq!(answer.partial_success, None, "{name}");
        }
        Signal::Metrics => {
            let path = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
            let answer: ExportMetricsServiceResponse =
                call(channel, path, ExportMetricsServiceRequest::decode(bytes).unwrap()).await;
            assert_eq!(answer.partial_success, None, "{name}");
        }
    }
}

async fn call<Q, A>(channel: Channel, path: &'static str, request: Q) -> A
where
    Q: Message + Send + Sync + 'static,
    A: Message + Default + Send + Sync + 'static,
{
    let mut client = Grpc::new(channel);
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static(path);
    let codec: ProstCodec<Q, A> = ProstCodec::default();
    let answer = client.unary(tonic::Request::new(request), path, codec).await;
    answer.unwrap().into_inner()
}
