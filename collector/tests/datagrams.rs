//! UDP 2000.

use std::net::UdpSocket;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use beamline_collector::report::{Dropped, Rejected, Transport};
use beamline_model::id::TraceId;
use beamline_model::otlp::Signal;
use beamline_store::api::Account;
use bytes::Bytes;
use prost::Message;

use crate::metrics::{names, one};
use crate::support::{Server, TRACE, eventually, request, segment, span, start};

const HEADER: &str = "{\"format\":\"json\",\"version\":1}\n";
const UDP: Transport = Transport::XrayUdp;

fn send(server: &Server, datagrams: &[Vec<u8>]) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for datagram in datagrams {
        socket.send_to(datagram, server.udp()).unwrap();
    }
}

fn with_header(body: impl AsRef<[u8]>) -> Vec<u8> {
    [HEADER.as_bytes(), body.as_ref()].concat()
}

#[tokio::test]
async fn documents_of_every_shape_are_kept() {
    let server = start(|_| ()).await;
    let subsegment = |id: u64| {
        let document = segment(id);
        document.replacen('{', r#"{"type":"subsegment","parent_id":"00000000000000ff","#, 1)
    };
    let spans = request(vec![span(TRACE.parse::<TraceId>().unwrap().0, 40)]).encode_to_vec();
    send(
        &server,
        &[
            with_header(segment(1)),
            [
                b"{\"version\": 1, \"format\": \"JSON\"}\n".as_slice(),
                segment(2).as_bytes(),
            ]
            .concat(),
            with_header(subsegment(3)),
            with_header(format!("[{},{}]", subsegment(4), subsegment(5))),
            with_header(format!("T1S{}", STANDARD.encode(&spans))),
            with_header(format!("{}\n", segment(6).replace("\"name\"", "\n\"name\""))),
        ],
    );
    eventually("seven records", || server.kept(TRACE) == 7).await;
    let report = &server.running.collector.report;
    assert_eq!((report.received(UDP), report.stored(UDP)), (6, 7));
    assert_eq!(report.rejects.latest(), []);
}

#[tokio::test]
async fn every_bad_datagram_is_counted_by_its_reason_and_the_next_good_one_is_kept() {
    let server = start(|config| config.limits = config.limits.strict()).await;
    let padded = |length: usize| {
        let document = segment(1).replacen('{', "{\"pad\":\"\",", 1);
        document.replacen("\"\"", &format!("\"{}\"", "x".repeat(length - document.len())), 1)
    };
    let cases: Vec<(Vec<u8>, Rejected)> = vec![
        (b"".to_vec(), Rejected::NoBody),
        (segment(1).into_bytes(), Rejected::NoBody),
        (with_header(""), Rejected::NoBody),
        (format!("\n{}", segment(1)).into_bytes(), Rejected::Header),
        (
            format!("{{\"format\":\"json\",\"version\":2}}\n{}", segment(1)).into_bytes(),
            Rejected::Header,
        ),
        (with_header("{\"name\":"), Rejected::Json),
        (
            with_header([&b"{\"name\":\""[..], &[0xff, 0xfe], b"\"}"].concat()),
            Rejected::Json,
        ),
        (with_header("[".repeat(60_000)), Rejected::Json),
        (with_header("{\"a\":".repeat(12_000)), Rejected::Json),
        (with_header("17"), Rejected::NotASegment),
        (with_header(segment(1).replace("cart", "")), Rejected::MissingName),
        (
            with_header(segment(1).replace("0000000000000001", "nonsense")),
            Rejected::InvalidId,
        ),
        (
            with_header(segment(1).replace(TRACE, "1-2-3")),
            Rejected::InvalidTraceId,
        ),
        (
            with_header(segment(1).replace("1795415913.219", "\"x\"")),
            Rejected::InvalidStartTime,
        ),
        (with_header("T1S!!!"), Rejected::Base64),
        (with_header("M1!!!"), Rejected::Base64),
        (with_header("M1AAAA"), Rejected::Protobuf),
        (
            with_header(format!("T1S{}", STANDARD.encode([0x0a, 0xff]))),
            Rejected::Protobuf,
        ),
    ];
    for (sent, reason) in &cases {
        let before = server.rejected(UDP, *reason);
        send(&server, std::slice::from_ref(sent));
        let what = format!(
            "{reason:?} for {}",
            String::from_utf8_lossy(&sent[..sent.len().min(80)])
        );
        eventually(&what, || server.rejected(UDP, *reason) == before + 1).await;
    }
    assert_eq!(server.kept(TRACE), 0);
    send(&server, &[with_header(segment(1)), with_header(padded(60_000))]);
    eventually("the good ones", || server.kept(TRACE) >= 1).await;
    let latest = server.running.collector.report.rejects.latest();
    assert_eq!(latest.len(), cases.len());
    assert_eq!(latest[0].reason, Rejected::Protobuf);
    assert!(latest.iter().all(|reject| reject.peer.is_some()));
    let metrics = server.registry().render();
    let line = "beamline_collector_rejected_total{transport=\"xray_udp\",reason=\"header\"} 2\n";
    assert!(metrics.contains(line), "{metrics}");
}

#[tokio::test]
async fn of_a_burst_every_datagram_is_either_received_or_counted_as_lost() {
    const SENT: u64 = 100_000;
    let server = start(|_| ()).await;
    let address = server.udp();
    let sender = std::thread::spawn(move || {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        for number in 1..SENT {
            socket.send_to(&with_header(segment(number)), address).unwrap();
        }
        socket
    });
    let socket = tokio::task::spawn_blocking(|| sender.join()).await.unwrap().unwrap();
    let report = &server.running.collector.report;
    let accounted = || report.received(UDP) + report.dropped(UDP, Dropped::KernelBuffer);
    // The kernel tells how many it dropped with the next datagram that it does not drop.
    let mut sent = SENT - 1;
    while accounted() < sent {
        socket.send_to(&with_header(segment(SENT)), address).unwrap();
        sent += 1;
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    eventually("all are accounted for", || accounted() == sent).await;
    let stored = || report.stored(UDP) + report.dropped(UDP, Dropped::StoreOverloaded);
    eventually("all are with the store", || stored() == report.received(UDP)).await;
}

#[tokio::test]
async fn metrics_in_datagrams_and_documents_are_kept() {
    let server = start(|_| ()).await;
    let document = |name: &str| format!("M1{}", STANDARD.encode(one(name).encode_to_vec()));
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for number in 0..20 {
        let datagram = format!(
            "{{\"format\":\"json\",\"version\":1}}\n{}",
            document(&format!("udp {number}"))
        );
        socket.send_to(datagram.as_bytes(), server.udp()).unwrap();
    }
    let report = &server.running.collector.report;
    eventually("all points are kept", || report.stored_of(UDP, Signal::Metrics) == 20).await;
    let documents = [document("api").into(), Bytes::from("M1AAAA"), document("too").into()];
    let collector = &server.running.collector;
    let unprocessed = collector
        .put_segments(Account::default(), None, &documents)
        .await
        .unwrap();
    let codes: Vec<_> = unprocessed.iter().map(|one| one.code.as_str()).collect();
    assert_eq!(codes, ["ParseError"]);
    assert_eq!(names(&server).await.len(), 22);
}
