//! The HTTP exchange in a span's attributes, in old and new conventions.

use std::borrow::Cow;
use std::net::IpAddr;

use super::convention::{Attributes, Slot};
use super::source::Source;
use crate::node::{Http, Kind, Node, Text, Value};

const SIGNS: [Slot; 8] = [
    Slot::HttpMethod,
    Slot::HttpStatus,
    Slot::HttpUrl,
    Slot::HttpTarget,
    Slot::UrlPath,
    Slot::UserAgent,
    Slot::HttpHost,
    Slot::HttpClientIp,
];

/// The exchange, if any attribute speaks of HTTP.
pub(super) fn http<'a>(node: &Node<'a>, said: &Attributes<'_, 'a>, source: &Source<'a>) -> Option<Box<Http<'a>>> {
    if !SIGNS.iter().any(|slot| said.has(*slot)) {
        return None;
    }
    let method = said.keep(Slot::HttpMethod);
    let method = match method.as_deref() {
        Some("_OTHER") => said.keep(Slot::HttpMethodOriginal).or(method),
        _ => method,
    };
    let (client_ip, x_forwarded_for) = client(node.kind, said);
    Some(Box::new(Http {
        method,
        url: said
            .keep(Slot::HttpUrl)
            .or_else(|| url(node.kind, said, source).map(Cow::Owned)),
        user_agent: said.keep(Slot::UserAgent),
        client_ip,
        x_forwarded_for,
        status: status(said),
        content_length: content_length(node, said),
    }))
}

pub(super) fn status(said: &Attributes<'_, '_>) -> Option<u16> {
    u16::try_from(said.int(Slot::HttpStatus)?).ok()
}

/// The requester. A client's peer is the server, so only those who answer look at their peer.
fn client<'a>(kind: Kind, said: &Attributes<'_, 'a>) -> (Option<Text<'a>>, Option<bool>) {
    let is_ip = |text: &Text<'a>| text.parse::<IpAddr>().is_ok();
    let named = said
        .keep(Slot::HttpClientIp)
        .or_else(|| said.keep(Slot::ClientAddress).filter(is_ip));
    if kind == Kind::Client || kind == Kind::Producer {
        return (named, None);
    }
    let peer = said
        .keep(Slot::PeerIp)
        .or_else(|| said.keep(Slot::PeerAddress).filter(is_ip));
    match (named, peer) {
        (Some(client), None) => (Some(client), Some(true)),
        (named, peer) => (named.or(peer), None),
    }
}

fn content_length(node: &Node<'_>, said: &Attributes<'_, '_>) -> Option<i64> {
    if let Some(size) = said.int(Slot::BodySize) {
        return Some(size);
    }
    match said.get(Slot::ContentLengthHeader) {
        Some(Value::List(values)) => return values.first().and_then(Value::as_int),
        Some(value) => return value.as_int(),
        None => {}
    }
    if said.text(Slot::MessageType) == Some("RECEIVED") {
        return said.int(Slot::PayloadSize);
    }
    node.events.iter().find_map(|event| {
        let attribute = |wanted: &str| {
            event
                .attributes
                .iter()
                .find(|(key, _)| key == wanted)
                .map(|(_, value)| value)
        };
        let received = attribute("message.type").and_then(Value::as_text) == Some("RECEIVED");
        let size = attribute("messaging.message_payload_size_bytes").filter(|_| received);
        size.and_then(Value::as_int)
    })
}

/// A URL from its parts, if any part names a host.
fn url(kind: Kind, said: &Attributes<'_, '_>, source: &Source<'_>) -> Option<String> {
    let whole_host = said.text(Slot::HttpHost);
    let (host, port) = if kind == Kind::Client || kind == Kind::Producer {
        let host = said.text(Slot::PeerName).or_else(|| said.text(Slot::PeerIp));
        let port = said.int(Slot::PeerPort).or_else(|| said.int(Slot::ServerPort));
        let host = host.or_else(|| said.text(Slot::ServerAddress));
        (host, port.or_else(|| said.int(Slot::PeerAddressPort)))
    } else {
        let host = said.text(Slot::HttpServerName).or_else(|| said.text(Slot::HostName));
        let host = host.or_else(|| said.text(Slot::ServerAddress));
        let port = said.int(Slot::HostPort).or_else(|| said.int(Slot::ServerPort));
        (host.or(source.host_name.as_deref()), port)
    };
    let scheme = said.text(Slot::HttpScheme).unwrap_or("http");
    let is_default = |port: i64| matches!((scheme, port), ("http", 80) | ("https", 443));
    let mut url = String::with_capacity(64);
    url.push_str(scheme);
    url.push_str("://");
    match whole_host {
        Some(host) => url.push_str(host),
        None => {
            url.push_str(host?);
            if let Some(port) = port.filter(|port| !is_default(*port)) {
                url.push(':');
                url.push_str(&port.to_string());
            }
        }
    }
    let path = said
        .text(Slot::HttpTarget)
        .or_else(|| said.text(Slot::UrlPath))
        .unwrap_or("/");
    if !path.starts_with('/') {
        url.push('/');
    }
    url.push_str(path);
    if !said.has(Slot::HttpTarget)
        && let Some(query) = said.text(Slot::UrlQuery)
    {
        url.push('?');
        url.push_str(query);
    }
    Some(url)
}
