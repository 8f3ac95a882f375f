//! A server on a free port, and what is asked of it again and again.

use std::sync::Arc;

use beamline_model::time::Timestamp;
use beamline_proto::query as pb;
use beamline_proto::query::query_client::QueryClient;
use beamline_proto::query::search_response::Part;
use beamline_query::serve::{Operations, PoolConfig, QueryService, Rejected, RuleUse, SamplingUse, Status, routes};
use beamline_query::source::Source;
use beamline_store::api::Account;
use tokio::task::JoinSet;
use tonic::Code;
use tonic::transport::Channel;
use tonic_types::StatusExt;

use crate::support::{List, START, now, range};

struct Process;

impl Operations for Process {
    fn status(&self, rejected: usize) -> Status {
        let refused = Rejected {
            time: START,
            receiver: "xray-udp".to_owned(),
            reason: "json".to_owned(),
            message: "unexpected end".to_owned(),
            excerpt: b"{".to_vec(),
        };
        Status {
            version: "1.2.3".to_owned(),
            started: START,
            ready: true,
            figures: vec![("b".to_owned(), 2.0), ("a".to_owned(), 1.0)],
            rejected: vec![refused; rejected.min(2)],
        }
    }

    fn sampling(&self, _: Account, now: Timestamp) -> SamplingUse {
        let kept = RuleUse {
            clients: 3,
            leased: 2,
            requests: 500,
            sampled: 40,
            borrowed: 1,
            boosted_rate: Some(0.5),
        };
        SamplingUse {
            since: now.plus(-60_000_000_000),
            changed: START,
            rules: [("kept".to_owned(), kept)].into(),
        }
    }
}

/// A server on a free port; dropping it stops it.
pub(crate) struct Server {
    pub(crate) channel: Channel,
    _serving: JoinSet<()>,
}

impl Server {
    pub(crate) async fn start(source: Arc<dyn Source>, config: PoolConfig) -> Self {
        let service = QueryService::new(source, Arc::new(Process), config, now);
        let router = routes(service).await.prepare().into_axum_router();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            channel: Channel::from_shared(address).unwrap().connect().await.unwrap(),
            _serving: serving,
        }
    }

    pub(crate) async fn with(list: Arc<List>) -> Self {
        Self::start(list, PoolConfig::default()).await
    }

    pub(crate) fn client(&self) -> QueryClient<Channel> {
        QueryClient::new(self.channel.clone())
    }
}

pub(crate) fn time(time: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: time.0 / 1_000_000_000,
        nanos: (time.0 % 1_000_000_000) as i32,
    }
}

pub(crate) fn in_range() -> Option<pb::TimeRange> {
    Some(pb::TimeRange {
        start: Some(time(range().start)),
        end: Some(time(range().end)),
    })
}

pub(crate) fn selecting(filter: &str) -> Option<pb::Selection> {
    Some(pb::Selection {
        filter: filter.to_owned(),
        group: String::new(),
    })
}

pub(crate) fn search_for(filter: &str) -> pb::SearchRequest {
    pb::SearchRequest {
        range: in_range(),
        selection: selecting(filter),
        ..pb::SearchRequest::default()
    }
}

pub(crate) async fn found(server: &Server, request: pb::SearchRequest) -> (Vec<pb::TraceSummary>, pb::SearchEnd) {
    let mut stream = server.client().search(request).await.unwrap().into_inner();
    let mut traces = Vec::new();
    loop {
        match stream.message().await.unwrap().unwrap().part.unwrap() {
            Part::Trace(trace) => traces.push(trace),
            Part::End(end) => {
                assert_eq!(stream.message().await.unwrap(), None, "the end is the last message");
                return (traces, end);
            }
        }
    }
}

pub(crate) fn ids(traces: &[pb::TraceSummary]) -> Vec<String> {
    traces.iter().map(|trace| trace.trace_id.clone()).collect()
}

/// A call is refused with this code; the text has this in it, and the details name this field.
pub(crate) fn refused(status: tonic::Status, code: Code, message: &str, field: &str) {
    assert_eq!(status.code(), code, "{status}");
    assert!(status.message().contains(message), "{status}");
    let details = status.get_error_details();
    let named = details.bad_request().map(|bad| bad.field_violations[0].field.clone());
    assert_eq!(named.unwrap_or_default(), field, "{status}");
}
