use beamline_model::id::TraceId;
use beamline_model::node::{Cause, Form, Node};
use beamline_model::otlp::walk::{self, Walked};
use beamline_model::record::Body;
use beamline_model::{decode, otlp, segment};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

use super::{OTLP, documents, identified, otlp_json, record, with_records};

#[test]
fn json_requests_become_protobuf_and_back_without_loss() {
    for name in OTLP {
        let bytes = otlp::json::to_protobuf(otlp::Signal::Traces, otlp_json(name).as_bytes()).unwrap();
        let decoded = ExportTraceServiceRequest::decode(&bytes[..]).unwrap();
        assert!(!decoded.resource_spans.is_empty(), "{name}");
        let json = otlp::json::from_protobuf(otlp::Signal::Traces, &bytes).unwrap();
        let again = otlp::json::to_protobuf(otlp::Signal::Traces, json.as_bytes()).unwrap();
        assert_eq!(
            ExportTraceServiceRequest::decode(&again[..]).unwrap(),
            decoded,
            "{name}"
        );
    }
}

#[test]
fn what_json_says_is_what_the_published_types_read() {
    let bytes = otlp::json::to_protobuf(otlp::Signal::Traces, otlp_json("proto-example-trace").as_bytes()).unwrap();
    let decoded = ExportTraceServiceRequest::decode(&bytes[..]).unwrap();
    let scope = &decoded.resource_spans[0].scope_spans[0];
    let span = &scope.spans[0];
    assert_eq!(scope.scope.as_ref().unwrap().name, "my.library");
    assert_eq!(
        TraceId::from_bytes(&span.trace_id).unwrap().to_w3c(),
        "5b8efff798038103d269b633813fc60c"
    );
    assert_eq!((&*span.name, span.kind), ("I'm a server span", 2));
    assert_eq!(span.start_time_unix_nano, 1_544_712_660_000_000_000);
}

#[test]
fn every_otlp_sample_is_walked_and_decoded() {
    for name in OTLP {
        let request = identified(name);
        with_records(name, &request, |records| {
            let decoded = decode::nodes(records);
            assert_eq!((decoded.nodes.len(), decoded.undecodable), (records.len(), 0), "{name}");
            let sent = request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
            for (node, span) in decoded.nodes.iter().zip(sent.flat_map(|scope| &scope.spans)) {
                assert_eq!(node.form, Form::Span);
                assert_eq!(node.span_name.as_deref(), Some(&*span.name));
                assert_eq!(
                    (node.attributes.len(), node.events.len()),
                    (span.attributes.len(), span.events.len())
                );
                assert!(!node.name.is_empty() && node.service.is_some(), "{name}: {node:?}");
            }
        });
    }
}

#[test]
fn spans_scrubbed_of_their_ids_are_rejected_one_by_one() {
    let bytes = otlp::json::to_protobuf(otlp::Signal::Traces, otlp_json("go-ebpf-grpc").as_bytes()).unwrap();
    let (mut accepted, mut rejected) = (0, 0);
    walk::request(&bytes, &mut |item| match item {
        Walked::Rejected(_) => rejected += 1,
        _ => accepted += 1,
    })
    .unwrap();
    assert!(accepted == 0 && rejected > 1, "{accepted} {rejected}");
}

#[test]
fn every_document_is_accepted_and_read() {
    let documents = documents();
    assert_eq!(documents.len(), 10);
    for document in &documents {
        let head = segment::head(document.as_bytes()).unwrap_or_else(|refused| panic!("{document}: {refused}"));
        assert_eq!(head.oddities, [], "{document}");
        let record = record(head.trace, Body::Xray(document.as_bytes()));
        let nodes = segment::nodes(&record).unwrap();
        assert_eq!(
            (nodes[0].id, nodes[0].start, nodes[0].end),
            (head.id, head.start, head.end)
        );
        assert!(nodes.iter().all(|node| node.oddities.is_empty()), "{nodes:?}");
    }
}

fn named<'n, 'a>(nodes: &'n [Node<'a>], name: &str) -> &'n Node<'a> {
    nodes
        .iter()
        .find(|node| node.name == name)
        .unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn the_python_sdk_is_understood() {
    let documents = documents();
    let records: Vec<_> = documents[..7]
        .iter()
        .map(|document| {
            let head = segment::head(document.as_bytes()).unwrap();
            record(head.trace, Body::Xray(document.as_bytes()))
        })
        .collect();
    let nodes = decode::nodes(&records).nodes;
    assert_eq!(nodes.len(), 10);
    let segment = named(&nodes, "orders-api");
    let http = segment.http.as_ref().unwrap();
    assert_eq!(
        (segment.form, segment.user.as_deref(), http.status),
        (Form::Segment, Some("u-1029"), Some(500))
    );
    assert_eq!((segment.annotations.len(), segment.metadata.len()), (3, 1));
    assert_eq!(
        segment.metadata[0].1,
        r#"{"cart": {"items": [1, 2, {"sku": "\u00dcn\u00ef-42"}]}}"#
    );
    let throttled = nodes.iter().find(|node| node.flags.throttle).unwrap();
    assert!(throttled.flags.error && !throttled.flags.fault && throttled.form == Form::Subsegment);
    let put = nodes.iter().find(|node| {
        let operation = node.aws.as_ref().and_then(|aws| aws.operation.as_deref());
        operation == Some("PutItem")
    });
    let put = put.unwrap();
    assert_eq!(put.aws.as_ref().unwrap().table_name.as_deref(), Some("missing"));
    let Some(Cause::Exceptions { exceptions, .. }) = put.cause.as_deref() else {
        panic!("{put:?}")
    };
    assert_eq!((exceptions[0].remote, exceptions[0].stack.len()), (Some(true), 4));
    let compute = named(&nodes, "compute");
    assert_eq!((compute.form, compute.parent), (Form::Embedded, Some(segment.id)));
}
