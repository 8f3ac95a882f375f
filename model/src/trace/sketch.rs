//! Traces in words, for tests: `seg shop 0..300, aws dynamodb of shop 10..50 table=orders`.
//!
//! A sketch is a list of entities. Each is a form (`seg`, `sub` sent alone, `emb` inside its parent's document, `aws`,
//! `remote` and `sql` embedded likewise; `server`, `client`, `internal`, `producer`, `consumer` spans), a name, and in
//! any order: `of <name>` for the parent, `start..end` in milliseconds (no end: in progress), `+<n>` for the moment of
//! reception, flags, and `key=value` for the rest. Ids follow from names unless `id=` says otherwise.

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64;

use super::Trace;
use crate::id::{SpanId, TraceId};
use crate::node::{Aws, Cause, Exception, Form, Http, Kind, Link, Namespace, Node, Scalar, Sql, Value};
use crate::time::Timestamp;

pub(crate) const TRACE: TraceId = TraceId(0x5759_e988_bd86_2e3f_e1be_46a9_9427_2793);

/// 2026-11-23T00:00:00Z, from which sketches count milliseconds.
pub(crate) const EPOCH: Timestamp = Timestamp::from_seconds(1_795_392_000);

pub(crate) fn at(millis: i64) -> Timestamp {
    EPOCH.plus(millis * 1_000_000)
}

pub(crate) fn id(name: &str) -> SpanId {
    SpanId(xxh3_64(name.as_bytes()).max(1))
}

pub(crate) fn trace(sketch: &str) -> Trace<'static> {
    Trace::assemble(TRACE, nodes(sketch))
}

pub(crate) fn nodes(sketch: &str) -> Vec<Node<'static>> {
    let entities = sketch.split([',', '\n']).map(str::trim);
    entities.filter(|entity| !entity.is_empty()).map(node).collect()
}

fn own(text: &str) -> Cow<'static, str> {
    Cow::Owned(text.to_owned())
}

fn node(entity: &str) -> Node<'static> {
    let mut words = entity.split_whitespace();
    let (form, name) = (words.next().unwrap(), words.next().unwrap());
    let mut node = Node::new(Form::Span, TRACE, id(name));
    node.name = own(name);
    (node.start, node.end, node.received) = (at(0), Some(at(1)), at(1));
    match form {
        "seg" => (node.form, node.service) = (Form::Segment, Some(own(name))),
        "sub" => node.form = Form::Subsegment,
        "emb" => node.form = Form::Embedded,
        "aws" => (node.form, node.namespace) = (Form::Embedded, Namespace::Aws),
        "remote" => (node.form, node.namespace) = (Form::Embedded, Namespace::Remote),
        "sql" => (node.form, node.sql) = (Form::Embedded, Some(Box::new(Sql::default()))),
        "server" => node.kind = Kind::Server,
        "client" => node.kind = Kind::Client,
        "internal" => node.kind = Kind::Internal,
        "producer" => node.kind = Kind::Producer,
        "consumer" => node.kind = Kind::Consumer,
        other => panic!("no form `{other}`"),
    }
    while let Some(word) = words.next() {
        property(&mut node, word, &mut words);
    }
    node
}

fn property<'w>(node: &mut Node<'static>, word: &str, words: &mut impl Iterator<Item = &'w str>) {
    let millis = |text: &str| text.parse().map(at).unwrap();
    if let Some((start, end)) = word.split_once("..") {
        node.start = millis(start);
        node.end = (!end.is_empty()).then(|| millis(end));
        node.in_progress = node.end.is_none();
        return;
    }
    if let Some(received) = word.strip_prefix('+') {
        node.received = millis(received);
        return;
    }
    let Some((key, value)) = word.split_once('=') else {
        match word {
            "of" => node.parent = Some(id(words.next().unwrap())),
            "error" => node.flags.error = true,
            "fault" => node.flags.fault = true,
            "throttle" => node.flags.throttle = true,
            "traced" => node.traced = true,
            "alone" => node.form = Form::Subsegment,
            "far" => node.remote_parent = Some(true),
            other => panic!("no property `{other}`"),
        }
        return;
    };
    let exception = |id: &str, kind: &str, message: &str| Exception {
        id: Some(own(id)),
        kind: Some(own(kind)),
        message: Some(own(message)),
        ..Exception::default()
    };
    match key {
        "id" => node.id = id(value),
        "in" => node.service = Some(own(value)),
        "origin" => node.origin = Some(own(value)),
        "user" => node.user = Some(own(value)),
        "weight" => node.weight = value.parse().unwrap(),
        "status" => http(node).status = value.parse().ok(),
        "url" => http(node).url = Some(own(value)),
        "table" => aws(node).table_name = Some(own(value)),
        "account" => aws(node).account_id = Some(own(value)),
        "system" => node.attributes.push((own("messaging.system"), Value::Text(own(value)))),
        "throws" => {
            let parts: Vec<_> = value.split(':').collect();
            node.cause = Some(Box::new(Cause::Exceptions {
                working_directory: None,
                paths: Vec::new(),
                exceptions: vec![exception(parts[0], parts[1], parts[2])],
            }));
        }
        "blames" => node.cause = Some(Box::new(Cause::Reference(own(value)))),
        "links" => node.links.push(Link {
            trace: TRACE,
            id: id(value),
            trace_state: None,
            attributes: Vec::new(),
            dropped_attributes: 0,
            flags: 0,
        }),
        _ => {
            let value = match value.parse::<f64>() {
                Ok(number) => Scalar::Number(number),
                Err(_) => value.parse().map_or_else(|_| Scalar::Text(own(value)), Scalar::Bool),
            };
            node.annotations.push((own(key), value));
        }
    }
}

fn http<'n>(node: &'n mut Node<'static>) -> &'n mut Http<'static> {
    node.http.get_or_insert_default()
}

fn aws<'n>(node: &'n mut Node<'static>) -> &'n mut Aws<'static> {
    node.aws.get_or_insert_default()
}
