//! Payloads that real SDKs sent, through the sockets they would use.

use std::net::UdpSocket;
use std::path::PathBuf;

use beamline_collector::report::{Rejected, Transport};
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use crate::support::{eventually, start};

fn sample(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/samples");
    std::fs::read(folder.join(name)).unwrap()
}

#[tokio::test]
async fn every_x_ray_datagram_is_kept() {
    let server = start(|_| ()).await;
    let mut datagrams = vec![sample("xray/contrib-serverSample.dgram")];
    let python = String::from_utf8(sample("xray/sdk-python-2.15.0-orders-api.ndjson")).unwrap();
    for line in python.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        datagrams.push(line["datagram"].as_str().unwrap().as_bytes().to_vec());
    }
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for datagram in &datagrams {
        socket.send_to(datagram, server.udp()).unwrap();
    }
    let report = &server.running.collector.report;
    let sent = datagrams.len() as u64;
    eventually("all are judged", || report.received(Transport::XrayUdp) == sent).await;
    assert_eq!(report.rejects.latest(), []);
    eventually("all are kept", || report.stored(Transport::XrayUdp) == sent).await;
}

#[tokio::test]
async fn every_otlp_trace_is_kept() {
    let server = start(|_| ()).await;
    let report = &server.running.collector.report;
    for (name, is_redacted) in [
        ("demo-traces-023", false),
        ("demo-traces-037", false),
        ("demo-traces-067", false),
        ("proto-example-trace", false),
        // Whoever published these put `xxxxx` in place of every id.
        ("go-ebpf-databasesql", true),
        ("go-ebpf-grpc", true),
    ] {
        let request = Request::post(format!("http://{}/v1/traces", server.http()))
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(sample(&format!("otlp/{name}.json")))))
            .unwrap();
        let count = || {
            let redacted = report.rejected(Transport::OtlpHttp, Rejected::SpanIds);
            (report.stored(Transport::OtlpHttp), redacted)
        };
        let before = count();
        let client = Client::builder(TokioExecutor::new()).build_http();
        assert_eq!(client.request(request).await.unwrap().status(), 200, "{name}");
        let (stored, redacted) = (count().0 - before.0, count().1 - before.1);
        assert_eq!((stored > 0, redacted > 0), (!is_redacted, is_redacted), "{name}");
    }
}
