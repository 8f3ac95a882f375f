//! Starting and stopping.

use std::net::UdpSocket;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use beamline_collector::{Collector, Config};
use beamline_store::api::Account;
use beamline_store::{Store, StoreConfig};
use prost::Message;

use crate::metrics::{kept_in, one};
use crate::support::{Server, TRACE, segment, start};

#[tokio::test]
async fn what_was_received_before_the_stop_is_handed_to_the_store() {
    let Server { running, store } = start(|_| ()).await;
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for id in 1..=500 {
        let datagram = format!("{{\"format\":\"json\",\"version\":1}}\n{}", segment(id));
        socket
            .send_to(datagram.as_bytes(), running.addresses.xray_udp.unwrap())
            .unwrap();
    }
    let addresses = running.addresses;
    assert_eq!(running.drain(Duration::from_secs(10)).await, Ok(()));
    store.close();
    let stored = store
        .trace(Default::default(), TRACE.parse().unwrap())
        .unwrap()
        .unwrap();
    assert_eq!(stored.records.len(), 500);
    let refused = tokio::net::TcpStream::connect(addresses.otlp_http.unwrap()).await;
    assert!(refused.is_err(), "the port is closed");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = Config {
        xray_udp: None,
        otlp_grpc: None,
        otlp_http: Some(taken.local_addr().unwrap()),
        ..Config::default()
    };
    let store = Arc::new(Store::open(StoreConfig::in_memory()).unwrap());
    let error = Collector::start(config, store, Arc::default()).await.err().unwrap();
    let expected = format!("listening on {} for OTLP over HTTP", taken.local_addr().unwrap());
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn metrics_that_came_before_the_stop_are_kept() {
    let Server { running, store } = start(|_| ()).await;
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for number in 0..100 {
        let body = STANDARD.encode(one(&format!("udp {number}")).encode_to_vec());
        let datagram = format!("{{\"format\":\"json\",\"version\":1}}\nM1{body}");
        socket
            .send_to(datagram.as_bytes(), running.addresses.xray_udp.unwrap())
            .unwrap();
    }
    assert_eq!(running.drain(Duration::from_secs(10)).await, Ok(()));
    let kept = tokio::task::spawn_blocking(move || kept_in(&store, Account::default()))
        .await
        .unwrap();
    assert_eq!(kept.len(), 100);
}
