//! OTLP over gRPC with requests that are encoded already.
//!
//! A load generator that builds message objects only to encode them spends more than the server under test, so this
//! client takes bytes. Answers are decoded.

use std::time::Duration;

use anyhow::Context;
use beamline_model::otlp::Signal;
use bytes::{Buf, BufMut, Bytes};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

/// The call that takes in requests of a signal.
fn export_of(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Signal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    }
}

/// One connection to an OTLP gRPC receiver.
#[derive(Clone)]
pub(crate) struct OtlpGrpc {
    grpc: tonic::client::Grpc<Channel>,
}

impl OtlpGrpc {
    /// Connects to `host:port`.
    pub(crate) async fn connect(address: &str) -> anyhow::Result<Self> {
        let endpoint = Endpoint::from_shared(format!("http://{address}"))?
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(30))
            .tcp_nodelay(true)
            .initial_stream_window_size(1 << 20)
            .initial_connection_window_size(4 << 20);
        let channel = endpoint
            .connect()
            .await
            .with_context(|| format!("connecting to {address}"))?;
        Ok(Self {
            grpc: tonic::client::Grpc::new(channel),
        })
    }

    /// Sends an encoded `ExportTraceServiceRequest`; when this returns without error, what was not named as rejected
    /// is acknowledged.
    pub(crate) async fn export(&mut self, request: Bytes) -> Result<ExportTraceServiceResponse, Status> {
        self.export_signal(Signal::Traces, request).await
    }

    /// The same for an encoded request of any signal: what they are answered is alike on the wire.
    pub(crate) async fn export_signal(
        &mut self,
        signal: Signal,
        request: Bytes,
    ) -> Result<ExportTraceServiceResponse, Status> {
        let path = http::uri::PathAndQuery::from_static(export_of(signal));
        self.grpc
            .ready()
            .await
            .map_err(|error| Status::unavailable(error.to_string()))?;
        let answer = self.grpc.unary(Request::new(request), path, Verbatim).await?;
        Ok(answer.into_inner())
    }
}

/// Requests as they are, answers decoded.
#[derive(Clone, Copy, Debug, Default)]
struct Verbatim;

impl Codec for Verbatim {
    type Encode = Bytes;
    type Decode = ExportTraceServiceResponse;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Verbatim {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put(item);
        Ok(())
    }
}

impl Decoder for Verbatim {
    type Item = ExportTraceServiceResponse;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<ExportTraceServiceResponse>, Status> {
        let bytes = from.copy_to_bytes(from.remaining());
        ExportTraceServiceResponse::decode(bytes)
            .map(Some)
            .map_err(|error| Status::internal(error.to_string()))
    }
}
