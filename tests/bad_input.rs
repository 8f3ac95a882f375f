//! Hostile input: each gets its protocol's own error or, on UDP, a counted reason, and the server goes on.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use prost::Message;
use serde_json::json;

use crate::harness::Server;
use crate::wire::{datagram, eventually, framed, get, now, post};

/// The sum of all samples of `/metrics` whose name and labels contain every word.
fn counted(server: &Server, words: &[&str]) -> f64 {
    get(server.http(), "/metrics")
        .text()
        .lines()
        .filter(|line| !line.starts_with('#') && words.iter().all(|word| line.contains(word)))
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum()
}

/// Everything refused or lost so far, whatever the reason.
fn lost(server: &Server) -> f64 {
    counted(server, &["rejected", "reason="]) + counted(server, &["dropped", "reason="])
}

fn segment(id: u64, more: &str) -> String {
    let start = now();
    format!(
        r#"{{"name":"probe","id":"{id:016x}","trace_id":"1-{start:08x}-00000000000000000000{id:04x}","start_time":{start}.5,"end_time":{start}.7{more}}}"#
    )
}

/// The server still takes and finds what is right.
fn still_works(server: &Server, id: u64) {
    let document = segment(id, "");
    let trace = serde_json::from_str::<serde_json::Value>(&document).expect("JSON")["trace_id"].clone();
    datagram(server.xray(), &framed(&document));
    eventually("a good segment to be found", || {
        let reply = post(
            server.http(),
            "/Traces",
            &[],
            json!({ "TraceIds": [trace] }).to_string().as_bytes(),
        );
        (reply.json()["Traces"][0]["Segments"][0]["Document"] == document).then_some(())
    });
}

#[test]
fn bad_datagrams_are_counted_by_reason_and_change_nothing() {
    let server = Server::start();
    let deep = format!(
        r#"{{"name":"deep","metadata":{}1{}}}"#,
        "[".repeat(30_000),
        "]".repeat(30_000)
    );
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("no header", segment(1, "").into_bytes()),
        (
            "wrong version",
            format!("{{\"format\":\"json\",\"version\":2}}\n{}", segment(1, "")).into_bytes(),
        ),
        (
            "wrong format",
            format!("{{\"format\":\"xml\",\"version\":1}}\n{}", segment(1, "")).into_bytes(),
        ),
        ("no body", b"{\"format\":\"json\",\"version\":1}".to_vec()),
        ("bad JSON", framed("{\"name\":")),
        (
            "invalid UTF-8",
            [framed("{\"name\":\""), vec![0xff, 0xfe], b"\"}".to_vec()].concat(),
        ),
        ("nested too deep", framed(&deep)),
        (
            "no trace id",
            framed(r#"{"name":"a","id":"00000000000000aa","start_time":1,"end_time":2}"#),
        ),
        ("wrong id", framed(&segment(1, "").replace("0000000000000001", "xyz"))),
        (
            "NaN as time",
            framed(&segment(1, "").replace("\"end_time\":", "\"end_time\":NaN,\"x\":")),
        ),
        ("broken OTLP", framed("T1S!!!!")),
        ("empty", Vec::new()),
    ];
    for (what, bytes) in cases {
        let before = lost(&server);
        datagram(server.xray(), &bytes);
        eventually(&format!("{what} to be counted"), || {
            (lost(&server) > before).then_some(())
        });
    }
    still_works(&server, 2);
}

#[test]
fn odd_but_whole_segments_are_kept() {
    let server = Server::start();
    let many = (0..3_000)
        .map(|n| format!("\"k{n}\":{n}"))
        .collect::<Vec<_>>()
        .join(",");
    let cases = [
        segment(11, &format!(",\"annotations\":{{{many}}}")),
        segment(12, "").replace("\"start_time\":", "\"start_time\":-"),
        segment(13, "").replace("\"end_time\":", "\"end_time\":9"),
        segment(14, ",\"parent_id\":\"000000000000000e\""),
        segment(
            15,
            ",\"subsegments\":[{\"id\":\"000000000000000f\",\"name\":\"same id\",\"start_time\":1}]",
        ),
    ];
    for document in cases {
        datagram(server.xray(), &framed(&document));
        let id = serde_json::from_str::<serde_json::Value>(&document).expect("JSON")["trace_id"].clone();
        eventually(&format!("{id} to be found"), || {
            let reply = post(
                server.http(),
                "/Traces",
                &[],
                json!({ "TraceIds": [id] }).to_string().as_bytes(),
            );
            (reply.json()["Traces"][0]["Segments"][0]["Document"] == document).then_some(())
        });
    }
    still_works(&server, 16);
}

#[test]
fn the_api_names_each_document_it_refuses_and_keeps_the_others() {
    let server = Server::start();
    let deep = format!("{{\"name\":{}", "[".repeat(100_000));
    let huge = segment(
        3,
        &format!(",\"metadata\":{{\"d\":{{\"k\":\"{}\"}}}}", "x".repeat(5 << 20)),
    );
    let documents = json!({ "TraceSegmentDocuments": [
        segment(21, ""), "{", deep, "{\"id\":\"00000000000000ab\"}", "T1S###",
    ] });
    let reply = post(server.http(), "/TraceSegments", &[], documents.to_string().as_bytes());
    assert_eq!(reply.status, 200, "{}", reply.text());
    let refused = reply.json()["UnprocessedTraceSegments"]
        .as_array()
        .cloned()
        .expect("a list");
    assert_eq!(refused.len(), 4, "{refused:#?}");
    for one in &refused {
        assert!(one["ErrorCode"].is_string() && one["Message"].is_string(), "{one}");
    }
    let named: Vec<_> = refused.iter().filter_map(|one| one["Id"].as_str()).collect();
    assert_eq!(named, ["00000000000000ab"]);

    let reply = post(
        server.http(),
        "/TraceSegments",
        &[],
        json!({ "TraceSegmentDocuments": [huge] }).to_string().as_bytes(),
    );
    let too_large = reply.status == 413
        || reply.status == 400
        || reply.json()["UnprocessedTraceSegments"][0]["ErrorCode"].is_string();
    assert!(too_large, "{} {}", reply.status, reply.text());

    for (path, body) in [
        ("/TraceSegments", "{"),
        ("/TraceSummaries", "[1]"),
        ("/NoSuchOperation", "{}"),
    ] {
        // The port is shared: what no operation's path is for is refused as AWS does when the request is signed.
        let signed =
            "AWS4-HMAC-SHA256 Credential=any/20261123/us-east-1/xray/aws4_request, SignedHeaders=host, Signature=0";
        let reply = post(server.http(), path, &[("Authorization", signed)], body.as_bytes());
        assert!(
            (400..500).contains(&reply.status),
            "{path}: {} {}",
            reply.status,
            reply.text()
        );
        assert!(
            reply.head.to_ascii_lowercase().contains("x-amzn-errortype"),
            "{path}: {}",
            reply.head
        );
        assert!(reply.json()["__type"].is_string(), "{path}: {}", reply.text());
    }
    still_works(&server, 22);
}

/// 200 MiB of zeros in a few hundred kilobytes.
fn gzip_bomb() -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![0u8; 1 << 20];
    for _ in 0..200 {
        gzip.write_all(&zeros).expect("memory takes bytes");
    }
    gzip.finish().expect("memory takes bytes")
}

#[test]
fn otlp_http_answers_as_the_specification_says() {
    let server = Server::start();
    let bomb = gzip_bomb();
    let proto = ("Content-Type", "application/x-protobuf");
    type Case<'a> = (&'a str, Vec<(&'a str, &'a str)>, Vec<u8>, u16);
    let cases: Vec<Case> = vec![
        ("truncated protobuf", vec![proto], vec![0x0a, 0xff], 400),
        (
            "bad JSON",
            vec![("Content-Type", "application/json")],
            b"{".to_vec(),
            400,
        ),
        ("unknown type", vec![("Content-Type", "text/plain")], b"x".to_vec(), 415),
        ("gzip bomb", vec![proto, ("Content-Encoding", "gzip")], bomb, 413),
        (
            "not gzip",
            vec![proto, ("Content-Encoding", "gzip")],
            b"plain".to_vec(),
            400,
        ),
        ("empty", vec![proto], Vec::new(), 200),
    ];
    for (what, headers, body, status) in cases {
        let reply = post(server.otlp_http(), "/v1/traces", &headers, &body);
        assert_eq!(reply.status, status, "{what}: {}", reply.text());
    }
    assert_eq!(get(server.otlp_http(), "/v1/traces").status, 405);
    still_works(&server, 31);
}

/// A protobuf message with one field that holds other bytes.
fn within(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut message = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length >= 0x80 {
        message.push(length as u8 | 0x80);
        length >>= 7;
    }
    message.push(length as u8);
    message.extend_from_slice(bytes);
    message
}

/// A request whose one log record or metric is this.
fn request_of(item: &[u8]) -> Vec<u8> {
    within(1, &within(2, &within(2, item)))
}

/// Lists in lists, so deep that no reader should follow.
fn deep_value() -> Vec<u8> {
    (0..3_000).fold(Vec::new(), |value, _| within(5, &within(1, &value)))
}

/// Over HTTP as protobuf; gives the status and what the answer says was rejected.
fn rejected(server: &Server, path: &str, body: &[u8]) -> (u16, Option<i64>) {
    let reply = post(
        server.otlp_http(),
        path,
        &[("Content-Type", "application/x-protobuf")],
        body,
    );
    // The answers of the three signals have the same form.
    let partial = ExportLogsServiceResponse::decode(&reply.body[..]).ok();
    let partial = partial
        .filter(|_| reply.status == 200)
        .and_then(|answer| answer.partial_success);
    (reply.status, partial.map(|partial| partial.rejected_log_records))
}

#[test]
fn bad_log_records_and_metrics_are_refused_one_by_one_and_change_nothing() {
    let server = Server::start();
    let record = |value: &[u8]| request_of(&within(5, value));
    assert_eq!(rejected(&server, "/v1/logs", &record(&within(1, b"fine"))), (200, None));
    assert_eq!(rejected(&server, "/v1/logs", &record(&deep_value())), (200, Some(1)));
    assert_eq!(
        rejected(&server, "/v1/logs", &request_of(&[0xff])),
        (200, Some(1)),
        "cut off"
    );
    let large = vec![b'x'; 2 << 20];
    assert_eq!(
        rejected(&server, "/v1/logs", &record(&within(1, &large))),
        (200, Some(1)),
        "too large"
    );
    assert_eq!(rejected(&server, "/v1/logs", &[0x0a, 0xff]).0, 400);

    // A histogram of one point: three buckets, but only one bound between them; the time is field 3.
    let point = |counts: usize, bounds: usize| {
        let time = [&[3 << 3 | 1][..], &1_795_415_913_000_000_000u64.to_le_bytes()].concat();
        let (counts, bounds) = (within(6, &vec![0; counts * 8]), within(7, &vec![0; bounds * 8]));
        let histogram = within(1, &[time, counts, bounds].concat());
        request_of(&[within(1, b"took"), within(9, &histogram)].concat())
    };
    assert_eq!(rejected(&server, "/v1/metrics", &point(2, 1)), (200, None));
    assert_eq!(rejected(&server, "/v1/metrics", &point(3, 1)), (200, Some(1)));
    let deep = [
        within(1, b"deep"),
        within(5, &within(1, &within(7, &within(2, &deep_value())))),
    ]
    .concat();
    assert_eq!(rejected(&server, "/v1/metrics", &request_of(&deep)), (200, Some(1)));
    assert_eq!(rejected(&server, "/v1/metrics", &[0x0a, 0xff]).0, 400);

    for path in ["/v1/logs", "/v1/metrics"] {
        let json = [("Content-Type", "application/json")];
        assert_eq!(
            post(server.otlp_http(), path, &json, "[".repeat(100_000).as_bytes()).status,
            400,
            "{path}"
        );
        let bomb = [("Content-Type", "application/x-protobuf"), ("Content-Encoding", "gzip")];
        assert_eq!(
            post(server.otlp_http(), path, &bomb, &gzip_bomb()).status,
            413,
            "{path}"
        );
        assert_eq!(get(server.otlp_http(), path).status, 405, "{path}");
        // The AWS endpoint takes them too.
        let reply = post(server.http(), path, &[("Content-Type", "text/plain")], b"x");
        assert_eq!(reply.status, 415, "{path}: {}", reply.text());
        let reply = post(server.http(), path, &[("Content-Type", "application/json")], b"{}");
        assert_eq!((reply.status, reply.text().as_str()), (200, "{}"), "{path}");
    }
    still_works(&server, 32);
}

#[test]
fn a_client_that_never_finishes_does_not_hold_the_others_up() {
    let server = Server::start();
    let mut slow = Vec::new();
    for to in [server.otlp_http(), server.http(), server.otlp_grpc()] {
        for _ in 0..20 {
            let mut stream = TcpStream::connect(to).expect("the server listens");
            stream
                .set_write_timeout(Some(Duration::from_secs(1)))
                .expect("a timeout can be set");
            stream
                .write_all(b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
                .expect("the head can be sent");
            slow.push(stream);
        }
    }
    still_works(&server, 41);
    drop(slow);
}
