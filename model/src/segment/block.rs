//! The blocks of a document that have fields of their own: `http`, `sql`, `aws`, annotations, links.
//!
//! Each reader says whether the fields hold all that was sent. If not, the caller keeps the block's text beside them.

use std::borrow::Cow;

use super::field::{self, Flaws};
use super::head::sampling_rule;
use super::nodes::MAX_ANNOTATIONS;
use crate::json::{Value, items, members};
use crate::node::{Aws, Http, Link, Oddity, Scalar, Sql, Text, Value as Any};

/// Whether the fields hold all that was sent.
pub(super) type Whole = bool;

/// Text that was sent as text; empty text counts as absent.
pub(super) fn plain<'a>(value: &Value<'a>, slot: &mut Option<Text<'a>>, flaws: &mut Flaws) -> Whole {
    *slot = field::text(value, flaws).filter(|text| !text.is_empty());
    slot.is_some() && matches!(value, Value::Text(_))
}

pub(super) fn http<'a>(object: &'a str, http: &mut Http<'a>, traced: &mut bool, flaws: &mut Flaws) -> Whole {
    let mut whole = true;
    for (key, value, _) in members(object) {
        whole &= match (&*key, value) {
            ("request", Value::Object(request)) => {
                all(request, |key, value| match key {
                    "method" => plain(&value, &mut http.method, flaws),
                    "url" => plain(&value, &mut http.url, flaws),
                    "user_agent" => plain(&value, &mut http.user_agent, flaws),
                    "client_ip" => plain(&value, &mut http.client_ip, flaws),
                    "x_forwarded_for" => {
                        http.x_forwarded_for = field::truth(&value, flaws);
                        matches!(value, Value::Bool(_))
                    }
                    "traced" => {
                        *traced |= field::truth(&value, flaws) == Some(true);
                        false
                    }
                    _ => false,
                }) && request_said(http)
            }
            ("response", Value::Object(response)) => {
                all(response, |key, value| match key {
                    "status" => {
                        http.status = field::whole(&value, flaws).and_then(|status| u16::try_from(status).ok());
                        http.status.is_some() && matches!(value, Value::Number(_))
                    }
                    "content_length" => {
                        http.content_length = field::whole(&value, flaws);
                        http.content_length.is_some() && matches!(value, Value::Number(_))
                    }
                    _ => false,
                }) && (http.status.is_some() || http.content_length.is_some())
            }
            _ => false,
        };
    }
    whole && (request_said(http) || http.status.is_some() || http.content_length.is_some())
}

fn request_said(http: &Http<'_>) -> bool {
    http.method.is_some()
        || http.url.is_some()
        || http.user_agent.is_some()
        || http.client_ip.is_some()
        || http.x_forwarded_for.is_some()
}

fn all<'a>(object: &'a str, mut read: impl FnMut(&str, Value<'a>) -> Whole) -> Whole {
    let mut whole = true;
    for (key, value, _) in members(object) {
        whole &= read(&key, value);
    }
    whole
}

pub(super) fn sql<'a>(object: &'a str, sql: &mut Sql<'a>, flaws: &mut Flaws) -> Whole {
    let mut some = false;
    let whole = all(object, |key, value| {
        let slot = match key {
            "connection_string" => &mut sql.connection_string,
            "url" => &mut sql.url,
            "sanitized_query" => &mut sql.sanitized_query,
            "database_type" => &mut sql.database_type,
            "database_version" => &mut sql.database_version,
            "driver_version" => &mut sql.driver_version,
            "user" => &mut sql.user,
            "preparation" => &mut sql.preparation,
            _ => return false,
        };
        some = true;
        plain(&value, slot, flaws)
    });
    whole && some
}

/// The `aws` block. It always holds all that was sent, because every member is kept as text too.
pub(super) fn aws<'a>(object: &'a str, aws: &mut Aws<'a>, flaws: &mut Flaws) {
    for (key, value, raw) in members(object) {
        read_aws(&key, value, aws, flaws);
        aws.members.push((key, Cow::Borrowed(raw)));
    }
    aws.sampling_rule = sampling_rule(object);
}

fn read_aws<'a>(key: &str, value: Value<'a>, aws: &mut Aws<'a>, flaws: &mut Flaws) {
    let slot = match (key, value) {
        ("account_id", _) => &mut aws.account_id,
        ("operation", _) => &mut aws.operation,
        ("region", _) => &mut aws.region,
        ("request_id", _) => &mut aws.request_id,
        ("queue_url", _) => &mut aws.queue_url,
        ("table_name", _) => &mut aws.table_name,
        ("topic_arn", _) => &mut aws.topic_arn,
        ("function_name", _) => &mut aws.function_name,
        ("bucket_name", _) => &mut aws.bucket_name,
        ("table_names", Value::Array(names)) => {
            aws.table_names = items(names).filter_map(|(name, _)| field::text(&name, flaws)).collect();
            return;
        }
        ("cloudwatch_logs", Value::Array(groups)) => {
            aws.log_groups = items(groups).filter_map(|(group, _)| log_group(group, flaws)).collect();
            return;
        }
        ("cloudwatch_logs", group @ Value::Object(_)) => {
            aws.log_groups = log_group(group, flaws).into_iter().collect();
            return;
        }
        ("ec2" | "ecs", Value::Object(machine)) => {
            all(machine, |key, value| match key {
                "instance_id" => plain(&value, &mut aws.instance_id, flaws),
                "availability_zone" => plain(&value, &mut aws.availability_zone, flaws),
                _ => true,
            });
            return;
        }
        _ => return,
    };
    plain(&value, slot, flaws);
}

fn log_group<'a>(group: Value<'a>, flaws: &mut Flaws) -> Option<(Text<'a>, Option<Text<'a>>)> {
    let Value::Object(group) = group else { return None };
    let (mut name, mut arn) = (None, None);
    all(group, |key, value| match key {
        "log_group" => plain(&value, &mut name, flaws),
        "arn" => plain(&value, &mut arn, flaws),
        _ => true,
    });
    name.map(|name| (name, arn))
}

pub(super) fn annotations<'a>(object: &'a str, into: &mut Vec<(Text<'a>, Scalar<'a>)>, flaws: &mut Flaws) -> Whole {
    let mut whole = true;
    for (key, value, _) in members(object) {
        if into.len() == MAX_ANNOTATIONS {
            flaws.add(Oddity::TooManyEntries);
            return false;
        }
        let scalar = match value {
            Value::Text(text) => Scalar::Text(text.text()),
            Value::Bool(truth) => Scalar::Bool(truth),
            Value::Number(number) => {
                // A whole number of more digits does not fit a double.
                whole &= number.len() <= 15 || number.contains(['.', 'e', 'E']);
                match number.parse::<f64>() {
                    Ok(number) if number.is_finite() => Scalar::Number(number),
                    _ => {
                        whole = false;
                        continue;
                    }
                }
            }
            Value::Null => {
                whole = false;
                continue;
            }
            Value::Array(_) | Value::Object(_) => {
                flaws.add(Oddity::AnnotationNotScalar);
                whole = false;
                continue;
            }
        };
        into.push((key, scalar));
    }
    whole && !into.is_empty()
}

pub(super) fn links<'a>(array: &'a str, into: &mut Vec<Link<'a>>, flaws: &mut Flaws) -> Whole {
    let mut whole = true;
    for (item, _) in items(array) {
        let (mut trace, mut id, mut attributes) = (None, None, Vec::new());
        let Value::Object(link) = item else {
            flaws.add(Oddity::WrongType);
            whole = false;
            continue;
        };
        whole &= all(link, |key, value| match (key, value) {
            ("trace_id", Value::Text(text)) => {
                trace = text.text().parse().ok();
                trace.is_some() && canonical(&text.text(), 35)
            }
            ("id", Value::Text(text)) => {
                id = text.text().parse().ok();
                id.is_some() && canonical(&text.text(), 16)
            }
            ("attributes", Value::Object(object)) => {
                let mut whole = true;
                for (key, value, raw) in members(object) {
                    attributes.push((key, any(value, raw, 0, &mut whole)));
                }
                whole && !attributes.is_empty()
            }
            _ => false,
        });
        match (trace, id) {
            (Some(trace), Some(id)) => into.push(Link {
                trace,
                id,
                trace_state: None,
                attributes,
                dropped_attributes: 0,
                flags: 0,
            }),
            _ => {
                flaws.add(Oddity::BadReference);
                whole = false;
            }
        }
    }
    whole && !into.is_empty()
}

/// Whether an id is spelled as it would be printed.
pub(super) fn canonical(id: &str, length: usize) -> bool {
    id.len() == length && !id.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// JSON as an attribute value. Below the depth that attributes may have, the text stands for the value.
fn any<'a>(value: Value<'a>, raw: &'a str, depth: usize, whole: &mut Whole) -> Any<'a> {
    match value {
        Value::Null => Any::Empty,
        Value::Bool(truth) => Any::Bool(truth),
        Value::Text(text) => Any::Text(text.text()),
        Value::Number(number) => match number.parse() {
            Ok(int) => Any::Int(int),
            Err(_) => Any::Double(number.parse().unwrap_or(f64::INFINITY)),
        },
        Value::Array(_) | Value::Object(_) if depth == crate::otlp::MAX_VALUE_DEPTH => {
            *whole = false;
            Any::Text(Cow::Borrowed(raw))
        }
        Value::Array(array) => Any::List(
            items(array)
                .map(|(item, raw)| any(item, raw, depth + 1, whole))
                .collect(),
        ),
        Value::Object(object) => Any::Map(
            members(object)
                .map(|(key, value, raw)| (key, any(value, raw, depth + 1, whole)))
                .collect(),
        ),
    }
}
