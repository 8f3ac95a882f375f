//! Every limit in the service model, tried on every operation that has behaviour.

use beamline_proto::aws::{Length, Operation, Range, Shape, Structure};
use beamline_proto::generated::xray::SERVICE;
use serde_json::{Map, Value, json};

use crate::server::Server;

/// A document that keeps every limit: all members, each as small as it may be.
fn smallest(shape: &Shape) -> Value {
    match shape {
        Shape::Boolean => json!(false),
        Shape::Integer(range) | Shape::Long(range) => json!(range.min.unwrap_or_default() as i64),
        Shape::Double(range) => json!(range.min.unwrap_or_default()),
        Shape::Timestamp => json!(1),
        Shape::String { length, values, .. } => match values.first() {
            Some(value) => json!(value),
            None => json!("a".repeat(length.min.unwrap_or_default())),
        },
        Shape::List { length, member } => json!(vec![smallest(member); length.min.unwrap_or_default()]),
        Shape::Map { .. } => json!({}),
        Shape::Structure(structure) => all_members(structure),
    }
}

fn all_members(structure: &Structure) -> Value {
    let members = structure.members.iter();
    members
        .map(|member| (member.name.to_owned(), smallest(member.shape)))
        .collect::<Map<_, _>>()
        .into()
}

/// Every way to break one limit of a value, with the constraint that AWS names.
fn broken(shape: &Shape) -> Vec<(Value, String)> {
    let mut all = Vec::new();
    match shape {
        Shape::Boolean | Shape::Timestamp => {}
        Shape::Integer(Range { min, max }) | Shape::Long(Range { min, max }) | Shape::Double(Range { min, max }) => {
            all.extend(min.map(|min| (json!(min - 1.0), format!("value greater than or equal to {min}"))));
            all.extend(max.map(|max| (json!(max + 1.0), format!("value less than or equal to {max}"))));
        }
        Shape::String { length, values, .. } => {
            all.extend(lengths(*length, |length| json!("a".repeat(length))));
            if !values.is_empty() {
                all.push((json!("?"), format!("enum value set: [{}]", values.join(", "))));
            }
        }
        Shape::List { length, member } => {
            all.extend(lengths(*length, |length| json!(vec![smallest(member); length])));
            all.push((json!([null]), "must not be null".to_owned()));
            all.extend(
                broken(member)
                    .into_iter()
                    .map(|(value, constraint)| (json!([value]), constraint)),
            );
        }
        Shape::Map { length, value, .. } => {
            let entry = |number: usize| (number.to_string(), smallest(value));
            all.extend(lengths(*length, |length| {
                (0..length).map(entry).collect::<Map<_, _>>().into()
            }));
            all.extend(
                broken(value)
                    .into_iter()
                    .map(|(value, constraint)| (json!({"k": value}), constraint)),
            );
        }
        Shape::Structure(structure) => all.extend(broken_members(structure)),
    }
    all
}

fn lengths(length: Length, value: impl Fn(usize) -> Value) -> Vec<(Value, String)> {
    let too_short = length
        .min
        .map(|min| (value(min - 1), format!("length greater than or equal to {min}")));
    let too_long = length
        .max
        .map(|max| (value(max + 1), format!("length less than or equal to {max}")));
    too_short.into_iter().chain(too_long).collect()
}

fn broken_members(structure: &Structure) -> Vec<(Value, String)> {
    let mut all = Vec::new();
    for member in structure.members {
        let with = |value: Value| {
            let mut document = all_members(structure);
            document[member.name] = value;
            document
        };
        if member.required {
            all.push((with(Value::Null), "must not be null".to_owned()));
        }
        all.extend(
            broken(member.shape)
                .into_iter()
                .map(|(value, constraint)| (with(value), constraint)),
        );
    }
    all
}

#[tokio::test]
async fn every_limit_of_the_model_is_kept_by_every_operation() {
    let server = Server::start().await;
    let (mut operations, mut tried) = (0, 0);
    for Operation { path, input, .. } in SERVICE.operations {
        let known = server.post(path, &json!({})).await.status != 501;
        operations += usize::from(known);
        for (document, constraint) in broken_members(input).into_iter().filter(|_| known) {
            let reply = server.post(path, &document).await;
            reply.is_fault("InvalidRequestException", &constraint);
            reply.is_fault("InvalidRequestException", "validation error");
            tried += 1;
        }
    }
    assert!(
        operations >= 9 && tried > 30,
        "{tried} limits of {operations} operations"
    );
}

#[tokio::test]
async fn what_the_documentation_says_is_what_the_server_does() {
    let server = Server::start().await;
    let page = beamline_aws::compatibility();
    for operation in SERVICE.operations {
        let status = server.post(operation.path, &json!({})).await.status;
        let row = page
            .lines()
            .find(|line| line.starts_with(&format!("| {} |", operation.name)))
            .unwrap();
        assert_eq!(row.contains("| 501 |"), status == 501, "{row}");
    }
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/compatibility.md");
    assert!(
        std::fs::read_to_string(committed).unwrap_or_default() == page,
        "docs/compatibility.md is stale: cargo run -p beamline-aws --example compatibility"
    );
}
