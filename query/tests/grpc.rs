//! The gRPC API through a real socket.

use std::ops::Range;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use beamline_model::digest::Digest;
use beamline_model::group::Group;
use beamline_model::id::TraceId;
use beamline_model::insight::{Insight, InsightId, Minute};
use beamline_model::sampling::record::RuleRecord;
use beamline_model::stats::GraphStats;
use beamline_model::time::{TimeRange, Timestamp};
use beamline_proto::query as pb;
use beamline_proto::query::tail_response::Event;
use beamline_query::filter::Selection;
use beamline_query::search::{SearchRequest, search};
use beamline_query::serve::PoolConfig;
use beamline_query::source::{LogSource, MetricSource, Nothing, Source};
use beamline_query::{graph, trace};
use beamline_store::StoreError;
use beamline_store::api::{Account, Page, Search, StoredTrace, Touched, Wanted};
use prost::Message;
use tokio::sync::broadcast;
use tonic::{Code, Request};
use tonic_types::StatusExt;

use crate::server::{Server, found, ids, in_range, search_for, selecting};
use crate::support::{ACCOUNT, List, START, names, now, range, sample};

#[tokio::test]
async fn searches_find_what_the_function_finds() {
    let list = Arc::new(List::conformance());
    let server = Server::with(Arc::clone(&list)).await;
    for filter in [
        "",
        "ok",
        "service(\"payments\") { fault }",
        "annotation.age > 1",
        "user = \"nobody\"",
    ] {
        let (traces, end) = found(&server, search_for(filter)).await;
        let request = SearchRequest {
            selection: Selection::parse(filter, "").unwrap(),
            ..SearchRequest::new(ACCOUNT, range())
        };
        let page = search(&*list, &request).unwrap();
        let expected: Vec<String> = page.digests.iter().map(|digest| digest.trace.to_string()).collect();
        assert_eq!(ids(&traces), expected, "{filter}");
        assert_eq!((end.scanned, end.matched), (7, expected.len() as u64));
        assert!(end.cursor.is_empty());
        for (trace, digest) in traces.iter().zip(&page.digests) {
            let seconds = trace.duration.unwrap().seconds as f64 + f64::from(trace.duration.unwrap().nanos) / 1e9;
            assert_eq!(seconds, digest.duration() as f64 / 1e9);
            assert_eq!(trace.services.len(), digest.services.len());
            assert_eq!(trace.flags.unwrap().fault, digest.flags.fault);
        }
    }
}

#[tokio::test]
async fn a_cursor_goes_on_where_the_search_before_ended() {
    let server = Server::with(Arc::new(List::conformance())).await;
    let (all, _) = found(&server, search_for("")).await;
    let mut request = pb::SearchRequest {
        limit: 3,
        ..search_for("")
    };
    let mut gathered = Vec::new();
    loop {
        let (traces, end) = found(&server, request.clone()).await;
        assert!(traces.len() <= 3);
        gathered.extend(traces);
        if end.cursor.is_empty() {
            break;
        }
        request.cursor = end.cursor;
    }
    assert_eq!(gathered, all);
}

#[tokio::test]
async fn graphs_are_those_of_the_function() {
    let list = Arc::new(List::conformance());
    let server = Server::with(Arc::clone(&list)).await;
    for filter in ["", "fault"] {
        let request = pb::GetServiceGraphRequest {
            range: in_range(),
            selection: selecting(filter),
            ..pb::GetServiceGraphRequest::default()
        };
        let told = server.client().get_service_graph(request).await.unwrap().into_inner();
        let selection = Selection::parse(filter, "").unwrap();
        let expected = graph::graph(&*list, ACCOUNT, range(), &selection).unwrap();
        assert_eq!(told.nodes.len(), expected.graph.node_count(), "{filter}");
        assert_eq!(told.edges.len(), expected.graph.edge_count(), "{filter}");
        for (node, at) in told.nodes.iter().zip(expected.graph.node_indices()) {
            let other = &expected.graph[at];
            assert_eq!(node.reference_id as usize, at.index());
            assert_eq!(node.names, other.names);
            let total = node.statistics.as_ref().map(|stats| stats.total as i64);
            assert_eq!(total, (!other.client).then(|| other.stats.total()));
            let counted = node.statistics.iter().flat_map(|stats| &stats.response_times);
            assert_eq!(
                counted.map(|entry| entry.count as i64).sum::<i64>(),
                other.stats.total()
            );
        }
    }
    let request = pb::GetTraceGraphRequest {
        trace_ids: vec![sample(2).trace.to_w3c(), format!("{:032x}", 7)],
        ..pb::GetTraceGraphRequest::default()
    };
    let told = server.client().get_trace_graph(request).await.unwrap().into_inner();
    assert_eq!(told.unknown_trace_ids, [format!("{:032x}", 7)]);
    let (expected, _) = graph::trace_graph(&*list, ACCOUNT, &[sample(2).trace]).unwrap();
    assert_eq!(told.graph.unwrap().nodes.len(), expected.graph.node_count());
}

#[tokio::test]
async fn a_trace_comes_whole_with_its_documents_untouched() {
    let list = Arc::new(List::conformance());
    let server = Server::with(Arc::clone(&list)).await;
    let request = pb::GetTraceRequest {
        trace_id: sample(2).trace.to_string(),
        documents: true,
        ..pb::GetTraceRequest::default()
    };
    let mut parts = server.client().get_trace(request).await.unwrap().into_inner();
    let mut whole = pb::Trace::default();
    while let Some(part) = parts.message().await.unwrap() {
        whole.merge(&*part.encode_to_vec()).unwrap();
    }
    let stored = trace::stored(&*list, ACCOUNT, sample(2).trace).unwrap();
    let view = trace::TraceView::open(sample(2).trace, &stored, now());
    assert_eq!(whole.nodes.len(), view.trace.len());
    for (index, node) in whole.nodes.iter().enumerate() {
        match node.parent {
            Some(parent) => {
                assert!((parent as usize) < index, "parents come first");
                assert_eq!(whole.nodes[parent as usize].depth + 1, node.depth);
            }
            None => assert_eq!(node.depth, 0),
        }
    }
    let path: Vec<&str> = whole.error_paths[0]
        .nodes
        .iter()
        .map(|&at| whole.nodes[at as usize].name.as_str())
        .collect();
    assert_eq!(path, ["DynamoDB", "DynamoDB", "payments", "payments", "shop"]);
    let documents = whole
        .documents
        .iter()
        .map(|document| match document.body.as_ref().unwrap() {
            pb::document::Body::Xray(json) => String::from_utf8(json.clone()).unwrap(),
            pb::document::Body::Otlp(_) => panic!("only X-Ray documents were sent"),
        });
    assert_eq!(documents.collect::<Vec<_>>(), sample(2).documents);
    assert_eq!(whole.summary.unwrap().causes.len(), 2);
}

/// Answers searches only when told to.
struct Stuck {
    list: List,
    go: Mutex<Receiver<()>>,
}

impl Source for Stuck {
    fn accounts(&self) -> Vec<(Account, String, String)> {
        self.list.accounts()
    }

    fn groups(&self, account: Account) -> Result<Vec<Group>, StoreError> {
        self.list.groups(account)
    }

    fn sampling_rules(&self, account: Account) -> Result<Vec<RuleRecord>, StoreError> {
        self.list.sampling_rules(account)
    }

    fn trace(&self, account: Account, trace: TraceId) -> Result<Option<StoredTrace>, StoreError> {
        self.list.trace(account, trace)
    }

    fn digest(&self, account: Account, trace: TraceId) -> Result<Option<Arc<Digest>>, StoreError> {
        self.list.digest(account, trace)
    }

    fn search(&self, search: &Search) -> Result<Page, StoreError> {
        // When the sender is gone, everything goes.
        let _ = self.go.lock().unwrap_or_else(PoisonError::into_inner).recv();
        self.list.search(search)
    }

    fn graph(&self, account: Account, range: TimeRange) -> Result<GraphStats, StoreError> {
        self.list.graph(account, range)
    }

    fn each_graph(
        &self,
        account: Account,
        range: TimeRange,
        minutes: u32,
        wanted: &dyn Wanted,
        visit: &mut dyn FnMut(Timestamp, GraphStats),
    ) -> Result<(), StoreError> {
        self.list.each_graph(account, range, minutes, wanted, visit)
    }

    fn group_statistics(&self, account: Account, name: &str, version: u64) -> Option<(Account, u32)> {
        self.list.group_statistics(account, name, version)
    }

    fn counts(&self, account: Account, minutes: Range<u32>) -> Result<Vec<(u32, Minute)>, StoreError> {
        self.list.counts(account, minutes)
    }

    fn insights(&self, account: Account) -> Result<Vec<Insight>, StoreError> {
        self.list.insights(account)
    }

    fn insight(&self, account: Account, id: InsightId) -> Result<Option<Insight>, StoreError> {
        self.list.insight(account, id)
    }

    fn subscribe(&self) -> broadcast::Receiver<Touched> {
        self.list.subscribe()
    }

    fn logs(&self) -> &dyn LogSource {
        &Nothing
    }

    fn metrics(&self) -> &dyn MetricSource {
        &Nothing
    }
}

#[tokio::test]
async fn deadlines_end_calls_and_too_many_calls_are_refused() {
    let (release, go) = std::sync::mpsc::channel();
    let stuck = Stuck {
        list: List::conformance(),
        go: Mutex::new(go),
    };
    let config = PoolConfig {
        at_once: 1,
        waiting: 0,
        longest: Duration::from_secs(60),
    };
    let server = Server::start(Arc::new(stuck), config).await;
    let mut request = Request::new(search_for(""));
    // The client gives up a little later than it says, so that it is the server that answers.
    request.metadata_mut().insert("grpc-timeout", "200m".parse().unwrap());
    let mut stream = server.client().search(request).await.unwrap().into_inner();
    let status = stream.message().await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");

    // The work goes on behind its deadline and holds the only turn.
    let busy = server.client().search(search_for("")).await.unwrap_err();
    assert_eq!(busy.code(), Code::ResourceExhausted, "{busy}");
    assert!(busy.get_error_details().retry_info().is_some());
    drop(release);
}

#[tokio::test]
async fn a_tail_tells_of_what_changes_and_matches() {
    let list = Arc::new(List::conformance());
    let server = Server::with(Arc::clone(&list)).await;
    let request = pb::TailRequest {
        selection: selecting("fault"),
        ..pb::TailRequest::default()
    };
    let mut tail = server.client().tail(request).await.unwrap().into_inner();
    for number in [1, 2, 3] {
        list.send(&sample(number));
    }
    let told = tail.message().await.unwrap().unwrap().event.unwrap();
    let Event::Trace(trace) = told else { panic!("{told:?}") };
    assert_eq!((trace.trace_id, trace.revision), (sample(2).trace.to_string(), 2));
    list.send(&sample(2));
    let told = tail.message().await.unwrap().unwrap().event.unwrap();
    let Event::Trace(trace) = told else { panic!("{told:?}") };
    assert_eq!((trace.trace_id, trace.revision), (sample(2).trace.to_string(), 3));
}

#[tokio::test]
async fn causes_and_series_are_told() {
    let server = Server::with(Arc::new(List::conformance())).await;
    let request = pb::GetErrorPathsRequest {
        range: in_range(),
        kinds: vec![pb::CauseKind::Fault.into()],
        ..pb::GetErrorPathsRequest::default()
    };
    let told = server.client().get_error_paths(request).await.unwrap().into_inner();
    assert_eq!((told.matched, told.causes.len()), (7, 2));
    let culprits = told.causes.iter().map(|ranked| {
        let services = &ranked.cause.as_ref().unwrap().services;
        services.last().unwrap().id.as_ref().unwrap().name.as_str()
    });
    assert_eq!(culprits.collect::<Vec<_>>(), ["payments", "orders"]);

    let request = pb::GetTimeSeriesRequest {
        range: in_range(),
        ..pb::GetTimeSeriesRequest::default()
    };
    let told = server.client().get_time_series(request).await.unwrap().into_inner();
    assert_eq!((told.series.len(), told.series[0].points.len()), (1, 2));
    assert_eq!(told.series[0].points[0].statistics.as_ref().unwrap().total, 6);
    assert_eq!(told.period.unwrap().seconds, 60);
    assert!(told.cursor.is_empty());
}

#[tokio::test]
async fn the_status_is_that_of_the_process() {
    let server = Server::with(Arc::new(List::conformance())).await;
    let told = server
        .client()
        .get_status(pb::GetStatusRequest { rejected_limit: 1 })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (told.version.as_str(), told.ready, told.rejected.len()),
        ("1.2.3", true, 1)
    );
    let figures: Vec<&str> = told.figures.iter().map(|figure| figure.name.as_str()).collect();
    assert_eq!(figures, ["a", "b"]);
}

#[tokio::test]
async fn programs_can_ask_what_there_is_and_whether_it_serves() {
    use tonic_health::pb::HealthCheckRequest;
    use tonic_health::pb::health_check_response::ServingStatus;
    use tonic_health::pb::health_client::HealthClient;
    use tonic_reflection::pb::v1::ServerReflectionRequest;
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

    let server = Server::with(Arc::new(List::conformance())).await;
    let service = "beamline.query.v1.Query".to_owned();
    let mut health = HealthClient::new(server.channel.clone());
    let asked = HealthCheckRequest {
        service: service.clone(),
    };
    let answer = health.check(asked).await.unwrap().into_inner();
    assert_eq!(answer.status(), ServingStatus::Serving);

    let ask = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut client = ServerReflectionClient::new(server.channel.clone());
    let asked = futures_util::stream::iter([ask]);
    let mut answers = client.server_reflection_info(asked).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response.unwrap();
    let MessageResponse::ListServicesResponse(services) = answer else {
        panic!("{answer:?}")
    };
    assert!(services.service.iter().any(|known| known.name == service));
}

#[tokio::test]
async fn large_traces_come_in_parts() {
    let list = Arc::new(List::conformance());
    let mut large = sample(4);
    let filler = "x".repeat(60_000);
    for number in 0..60 {
        let document = format!(
            r#"{{"id":"{:016x}","trace_id":"{}","parent_id":"{:016x}","type":"subsegment","name":"n","start_time":{},"end_time":{},"metadata":{{"d":{{"f":"{filler}"}}}}}}"#,
            1_000 + number,
            large.trace,
            0xabc,
            START.seconds(),
            START.seconds() + 1.0,
        );
        large.documents.push(document);
    }
    list.send(&large);
    let server = Server::with(Arc::clone(&list)).await;
    let request = pb::GetTraceRequest {
        trace_id: large.trace.to_string(),
        documents: true,
        ..pb::GetTraceRequest::default()
    };
    let mut stream = server.client().get_trace(request).await.unwrap().into_inner();
    let (mut parts, mut nodes, mut documents) = (0, 0, 0);
    while let Some(part) = stream.message().await.unwrap() {
        parts += 1;
        nodes += part.nodes.len();
        documents += part.documents.len();
    }
    let stored = trace::stored(&*list, ACCOUNT, large.trace).unwrap();
    let view = trace::TraceView::open(large.trace, &stored, now());
    assert_eq!((nodes, documents), (view.trace.len(), stored.records.len()));
    assert!(parts >= 6, "{parts} parts");
    assert_eq!(names(&[Arc::new(view.digest)]), "T4");
}
