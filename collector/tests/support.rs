//! A collector on free ports, and clients for it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use beamline_collector::report::registry::Registry;
use beamline_collector::report::{Dropped, Rejected, Transport};
use beamline_collector::{Collector, Config, Running};
use beamline_model::id::TraceId;
use beamline_store::api::Account;
use beamline_store::{Store, StoreConfig};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};

pub(crate) struct Server {
    pub(crate) running: Running,
    pub(crate) store: Arc<Store>,
}

/// A collector with the given changes to a configuration that has every port free.
pub(crate) async fn start(change: impl FnOnce(&mut Config)) -> Server {
    start_on(StoreConfig::in_memory(), change).await
}

/// The same with a store of one's own choice.
pub(crate) async fn start_on(store: StoreConfig, change: impl FnOnce(&mut Config)) -> Server {
    let free = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    let mut config = Config {
        xray_udp: free,
        otlp_grpc: free,
        otlp_http: free,
        ..Config::default()
    };
    change(&mut config);
    let store = Arc::new(Store::open(store).unwrap());
    let running = Collector::start(config, Arc::clone(&store), Arc::default())
        .await
        .unwrap();
    Server { running, store }
}

impl Server {
    pub(crate) fn udp(&self) -> SocketAddr {
        self.running.addresses.xray_udp.unwrap()
    }

    pub(crate) fn grpc(&self) -> String {
        format!("http://{}", self.running.addresses.otlp_grpc.unwrap())
    }

    pub(crate) fn http(&self) -> SocketAddr {
        self.running.addresses.otlp_http.unwrap()
    }

    pub(crate) fn rejected(&self, transport: Transport, reason: Rejected) -> u64 {
        self.running.collector.report.rejected(transport, reason)
    }

    pub(crate) fn dropped(&self, transport: Transport, reason: Dropped) -> u64 {
        self.running.collector.report.dropped(transport, reason)
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.running.collector.registry
    }

    /// How many records are kept of a trace.
    pub(crate) fn kept(&self, trace: &str) -> usize {
        let trace: TraceId = trace.parse().unwrap();
        let stored = self.store.trace(Account::default(), trace).unwrap();
        stored.map_or(0, |trace| trace.records.len())
    }

    /// The weights of a trace's records.
    pub(crate) fn weights(&self, trace: u128) -> Vec<f32> {
        let stored = self.store.trace(Account::default(), TraceId(trace)).unwrap();
        stored
            .into_iter()
            .flat_map(|trace| trace.records)
            .map(|record| record.weight)
            .collect()
    }
}

/// Waits until something is so, and says what is not if it takes too long.
pub(crate) async fn eventually(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("not so after ten seconds: {what}");
}

pub(crate) const TRACE: &str = "1-5759e988-bd862e3fe1be46a994272793";

pub(crate) fn segment(id: u64) -> String {
    format!(
        r#"{{"name":"cart","id":"{id:016x}","trace_id":"{TRACE}","start_time":1795415913.219,"end_time":1795415913.5}}"#
    )
}

pub(crate) fn span(trace: u128, id: u64) -> Span {
    Span {
        trace_id: trace.to_be_bytes().to_vec(),
        span_id: id.to_be_bytes().to_vec(),
        name: "GET /cart".to_owned(),
        start_time_unix_nano: 1_795_415_913_219_000_000,
        end_time_unix_nano: 1_795_415_913_500_000_000,
        ..Span::default()
    }
}

/// A service called `cart`.
pub(crate) fn resource() -> Resource {
    let service = KeyValue {
        key: "service.name".to_owned(),
        value: Some(AnyValue {
            value: Some(Value::StringValue("cart".to_owned())),
        }),
        ..KeyValue::default()
    };
    Resource {
        attributes: vec![service],
        ..Resource::default()
    }
}

/// A value so deep that nothing which has it can be kept.
pub(crate) fn too_deep() -> AnyValue {
    let mut value = AnyValue::default();
    for _ in 0..=beamline_model::otlp::MAX_VALUE_DEPTH {
        value = AnyValue {
            value: Some(Value::ArrayValue(ArrayValue { values: vec![value] })),
        };
    }
    value
}

pub(crate) fn request(spans: Vec<Span>) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource()),
            scope_spans: vec![ScopeSpans {
                spans,
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    }
}
