//! Calls that cannot be answered.

use std::sync::Arc;

use beamline_proto::query as pb;
use tonic::Code;

use crate::server::{Server, in_range, refused, search_for, time};
use crate::support::{List, range};

#[tokio::test]
async fn mistakes_are_named_by_their_field() {
    let server = Server::with(Arc::new(List::conformance())).await;
    let mut client = server.client();
    let wrong = [
        (search_for("service(\"a\""), "column 8", "selection.filter"),
        (
            pb::SearchRequest {
                range: None,
                ..search_for("")
            },
            "required",
            "range",
        ),
        (
            pb::SearchRequest {
                order: 99,
                ..search_for("")
            },
            "99 is not one",
            "order",
        ),
        (
            pb::SearchRequest {
                cursor: vec![1, 2],
                ..search_for("")
            },
            "not given by this server",
            "cursor",
        ),
    ];
    for (request, message, field) in wrong {
        let status = client.search(request).await.unwrap_err();
        refused(status, Code::InvalidArgument, message, field);
    }
    let backwards = pb::TimeRange {
        start: Some(time(range().end)),
        end: Some(time(range().start)),
    };
    let request = pb::GetServiceGraphRequest {
        range: Some(backwards),
        ..pb::GetServiceGraphRequest::default()
    };
    let status = client.get_service_graph(request).await.unwrap_err();
    refused(status, Code::InvalidArgument, "later than the start", "range.end");
    let request = pb::GetTimeSeriesRequest {
        range: in_range(),
        entity: "service(".to_owned(),
        ..pb::GetTimeSeriesRequest::default()
    };
    refused(
        client.get_time_series(request).await.unwrap_err(),
        Code::InvalidArgument,
        "column",
        "entity",
    );
    let trace = |trace_id: &str| pb::GetTraceRequest {
        trace_id: trace_id.to_owned(),
        ..pb::GetTraceRequest::default()
    };
    refused(
        client.get_trace(trace("x")).await.unwrap_err(),
        Code::InvalidArgument,
        "not a trace id",
        "trace_id",
    );
    let nobody = format!("{:032x}", 7);
    refused(
        client.get_trace(trace(&nobody)).await.unwrap_err(),
        Code::NotFound,
        "there is no trace",
        "",
    );
    let group = pb::Selection {
        filter: String::new(),
        group: "nobody".to_owned(),
    };
    let request = pb::SearchRequest {
        selection: Some(group),
        ..search_for("")
    };
    refused(
        client.search(request).await.unwrap_err(),
        Code::NotFound,
        "no group",
        "",
    );
    let scope = pb::Scope {
        account: "000000000000".to_owned(),
        region: String::new(),
    };
    let request = pb::SearchRequest {
        scope: Some(scope),
        ..search_for("")
    };
    refused(
        client.search(request).await.unwrap_err(),
        Code::NotFound,
        "000000000000 in region us-east-1",
        "",
    );
}
