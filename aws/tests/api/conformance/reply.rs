//! Replies held against the model.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use beamline_proto::aws::{Length, Operation, Range, Shape, Structure};
use beamline_proto::generated::xray::SERVICE;
use regex::Regex;
use serde_json::Value;

use crate::server::Reply;

/// Errors that every AWS service has without declaring them.
const COMMON: [&str; 2] = ["SerializationException", "ValidationException"];

/// Checks a reply: members that the model knows, of its types and within its limits, and all that it requires. Says
/// which members there are.
pub(super) fn conforms<'a>(operation: &Operation, body: &'a Value) -> BTreeSet<&'a str> {
    structure(operation.output, body, operation.name);
    body.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Checks a refusal: a code that the operation declares or that is common, its status, and its members and no others.
pub(super) fn refuses<'a>(operation: &Operation, reply: &'a Reply) -> &'a str {
    let name = operation.name;
    let code = reply.body["__type"].as_str().unwrap();
    assert_eq!(reply.headers["x-amzn-errortype"], code, "{name}");
    assert_eq!(reply.headers["content-type"], "application/json", "{name}");
    let declared = operation.errors.contains(&code);
    assert!(
        declared || COMMON.contains(&code),
        "{name} declares no {code}: {}",
        reply.body
    );
    let status = SERVICE.error_status(code).unwrap_or(400);
    assert_eq!(reply.status, status, "{name}: {}", reply.body);
    assert!(!reply.body["Message"].as_str().unwrap().is_empty(), "{name}");
    for (member, value) in reply.body.as_object().unwrap() {
        let known = member == "__type" || member == "Message" || error_members(code).contains(member);
        assert!(known && value.is_string(), "{name}: {member} in {}", reply.body);
    }
    code
}

/// What an error of the published model holds.
fn error_members(code: &str) -> Vec<String> {
    static MODEL: OnceLock<Value> = OnceLock::new();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../proto/aws/xray-2016-04-12.json");
    let model = MODEL.get_or_init(|| serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap());
    let members = model["shapes"][code]["members"].as_object();
    members
        .into_iter()
        .flat_map(|members| members.keys().cloned())
        .collect()
}

fn structure(of: &Structure, value: &Value, path: &str) {
    let members = value
        .as_object()
        .unwrap_or_else(|| panic!("{path} is no structure: {value}"));
    for (name, value) in members {
        let member = of.members.iter().find(|member| member.name == name);
        let member = member.unwrap_or_else(|| panic!("{path} has no member {name}"));
        shape(member.shape, value, &format!("{path}.{name}"));
    }
    for member in of.members.iter().filter(|member| member.required) {
        assert!(members.contains_key(member.name), "{path} lacks {}", member.name);
    }
}

fn shape(of: &Shape, value: &Value, path: &str) {
    let wrong = || -> i64 { panic!("{path} has another type: {value}") };
    match of {
        Shape::Boolean => assert!(value.is_boolean(), "{path}: {value}"),
        Shape::Integer(range) => {
            let whole = value.as_i64().unwrap_or_else(wrong);
            assert!(i32::try_from(whole).is_ok(), "{path}: {value}");
            within_range(*range, whole as f64, path);
        }
        Shape::Long(range) => within_range(*range, value.as_i64().unwrap_or_else(wrong) as f64, path),
        Shape::Double(range) => within_range(*range, value.as_f64().unwrap_or_else(|| wrong() as f64), path),
        Shape::Timestamp => assert!(value.is_number(), "{path}: {value}"),
        Shape::String {
            length,
            pattern,
            values,
        } => {
            let text = value.as_str().unwrap_or_else(|| panic!("{path} is no string: {value}"));
            within_length(*length, text.chars().count(), path);
            assert!(values.is_empty() || values.contains(&text), "{path}: {text}");
            if let Some(pattern) = pattern {
                let pattern = Regex::new(&format!("^(?:{pattern})$")).unwrap();
                assert!(pattern.is_match(text), "{path}: {text}");
            }
        }
        Shape::List { length, member } => {
            let items = value.as_array().unwrap_or_else(|| panic!("{path} is no list: {value}"));
            within_length(*length, items.len(), path);
            for (place, item) in items.iter().enumerate() {
                shape(member, item, &format!("{path}[{place}]"));
            }
        }
        Shape::Map { length, key, value: of } => {
            let entries = value.as_object().unwrap_or_else(|| panic!("{path} is no map: {value}"));
            within_length(*length, entries.len(), path);
            for (name, value) in entries {
                shape(key, &Value::from(name.as_str()), path);
                shape(of, value, &format!("{path}.{name}"));
            }
        }
        Shape::Structure(of) => structure(of, value, path),
    }
}

fn within_length(length: Length, found: usize, path: &str) {
    let fits = length.min.is_none_or(|min| found >= min) && length.max.is_none_or(|max| found <= max);
    assert!(fits, "{path} has length {found}, which is not in {length:?}");
}

fn within_range(range: Range, found: f64, path: &str) {
    // AWS's own default sampling rule has a priority beyond what it lets others have.
    let is_default_rule = path.ends_with(".Priority") && found == 10_000.0;
    let fits = range.min.is_none_or(|min| found >= min) && range.max.is_none_or(|max| found <= max);
    assert!(fits || is_default_rule, "{path} is {found}, which is not in {range:?}");
}
