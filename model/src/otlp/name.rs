//! What a span is called in X-Ray's world, and where its work was done.

use std::borrow::Cow;

use super::convention::{Attributes, Slot};
use crate::node::{Kind, Namespace, Node, Text};

const MAX_NAME: usize = 200;

fn is_aws_api(said: &Attributes<'_, '_>) -> bool {
    said.text(Slot::RpcSystem) == Some("aws-api")
}

/// `aws` for calls through an AWS SDK, `remote` for other calls out of the process.
pub(super) fn namespace<'a>(kind: Kind, said: &Attributes<'_, 'a>) -> Namespace<'a> {
    if kind == Kind::Server || kind == Kind::Consumer {
        return Namespace::Local;
    }
    if is_aws_api(said) || said.has(Slot::AwsService) {
        return Namespace::Aws;
    }
    match kind {
        Kind::Client | Kind::Producer => Namespace::Remote,
        _ => Namespace::Local,
    }
}

/// The first of the attributes that say who does the work; the span's own name if none does.
///
/// A span without a parent starts a service even if it is not a server, so it is named after the service too, unless
/// it is itself a call to another one.
pub(super) fn name<'a>(node: &Node<'a>, said: &Attributes<'_, 'a>) -> Text<'a> {
    let calls = matches!(node.kind, Kind::Client | Kind::Producer);
    let starts = node.kind == Kind::Server || (!calls && node.parent.is_none());
    let is_local_root = said.text(Slot::SpanKind) == Some("LOCAL_ROOT");
    if (starts || (node.kind == Kind::Internal && is_local_root))
        && let Some(service) = said.keep(Slot::LocalService)
    {
        return service;
    }
    if (calls || node.kind == Kind::Consumer)
        && let Some(remote) = said.keep(Slot::RemoteService)
    {
        return if is_aws_api(said) {
            without_aws_prefix(remote)
        } else {
            remote
        };
    }
    said.first(&[Slot::PeerService, Slot::AwsService])
        .or_else(|| database(said))
        .or_else(|| node.service.clone().filter(|service| starts && !service.is_empty()))
        .or_else(|| said.keep(Slot::RpcService))
        .or_else(|| rpc_service(said))
        .or_else(|| said.first(&[Slot::HttpHost, Slot::PeerName]))
        .or_else(|| said.keep(Slot::Destination))
        .or_else(|| said.keep(Slot::ServerAddress).filter(|_| calls))
        .unwrap_or_else(|| clean(node.span_name.clone().unwrap_or_default()))
}

fn without_aws_prefix(name: Text<'_>) -> Text<'_> {
    let strip = |name: &str| -> Option<usize> {
        let rest = name.strip_prefix("AWS.SDK.").or_else(|| name.strip_prefix("AWS::"))?;
        (!rest.is_empty()).then_some(name.len() - rest.len())
    };
    match (strip(&name), name) {
        (None, name) => name,
        (Some(at), Cow::Borrowed(name)) => Cow::Borrowed(&name[at..]),
        (Some(at), Cow::Owned(name)) => Cow::Owned(name[at..].to_owned()),
    }
}

/// `database@host`, or the database alone if no host is known.
fn database<'a>(said: &Attributes<'_, 'a>) -> Option<Text<'a>> {
    let database = said.keep(Slot::DbName)?;
    let from_connection = said.text(Slot::DbConnection).and_then(url_host);
    let host = from_connection
        .or_else(|| said.text(Slot::ServerAddress))
        .or_else(|| said.text(Slot::PeerName));
    Some(match host {
        Some(host) => Cow::Owned([&database, "@", host].concat()),
        None => database,
    })
}

fn url_host(url: &str) -> Option<&str> {
    let url = url.strip_prefix("jdbc:").unwrap_or(url);
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#', ';']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    (!host.is_empty()).then_some(host)
}

/// The service in a fully qualified `Service/method`.
fn rpc_service<'a>(said: &Attributes<'_, 'a>) -> Option<Text<'a>> {
    let method = said.keep(Slot::RpcMethod)?;
    let at = method.rfind('/').filter(|at| *at > 0)?;
    Some(match method {
        Cow::Borrowed(method) => Cow::Borrowed(&method[..at]),
        Cow::Owned(method) => Cow::Owned(method[..at].to_owned()),
    })
}

/// A span name as X-Ray allows it.
fn clean(name: Text<'_>) -> Text<'_> {
    let legal = |c: char| c == ' ' || c.is_alphabetic() || c.is_numeric() || "_.:/%&#=+\\-@".contains(c);
    if name.is_empty() {
        return Cow::Borrowed("span");
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'_' | b'.' | b':' | b'/' | b'-');
    if name.len() <= MAX_NAME && (name.bytes().all(plain) || name.chars().all(legal)) {
        return name;
    }
    let kept: String = name.chars().filter(|c| legal(*c)).take(MAX_NAME).collect();
    Cow::Owned(if kept.is_empty() { "span".to_owned() } else { kept })
}
