//! What one node is called, and what there is to say about it.

use beamline_proto::query::{Form, Node, Scalar, Value, scalar, value};

use crate::show::screen::printable;
use crate::show::words;

/// The service it ran in.
pub(super) fn service(node: &Node) -> String {
    printable(words::short(&words::service(node.service.as_ref())))
}

/// What it did, in a few words, without the service.
pub(super) fn label(node: &Node) -> String {
    let http = node
        .http
        .as_ref()
        .filter(|http| !http.method.is_empty() || !http.url.is_empty());
    let aws = node.aws.as_ref().filter(|aws| !aws.operation.is_empty());
    let name = if node.span_name.is_empty() {
        &node.name
    } else {
        &node.span_name
    };
    let service_name = node.service.as_ref().map_or("", |id| id.name.as_str());
    let words = match (aws, http) {
        (Some(aws), _) => {
            let resource = aws
                .resources
                .first()
                .map(|it| it.rsplit(['/', ':']).next().unwrap_or(it));
            vec![node.name.as_str(), aws.operation.as_str(), resource.unwrap_or_default()]
        }
        (None, Some(http)) => {
            let own = if node.name == service_name {
                ""
            } else {
                node.name.as_str()
            };
            vec![own, http.method.as_str(), words::path_of(&http.url)]
        }
        (None, None) if name == service_name => vec![],
        (None, None) => vec![name.as_str()],
    };
    let mut text = words
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    // A call, not the work itself: whoever was called is named here.
    if !node.namespace.is_empty() && !node.inferred {
        text.insert_str(0, "→ ");
    }
    match node.form() {
        Form::Placeholder => text.push_str(" (never arrived)"),
        Form::Inferred => text.push_str(" (inferred)"),
        _ => {}
    }
    printable(text.trim())
}

/// The exception that it recorded, or its status text.
pub(super) fn cause(node: &Node) -> String {
    match node.exceptions.first() {
        Some(exception) if exception.message.is_empty() => printable(&exception.r#type),
        Some(exception) => printable(&format!("{}: {}", exception.r#type, exception.message)),
        None => {
            let status = node.http.as_ref().map_or(0, |http| http.status);
            match (status, node.status_message.as_str()) {
                (0, message) => printable(message),
                (status, "") => format!("status {status}"),
                (status, message) => printable(&format!("status {status}: {message}")),
            }
        }
    }
}

/// Everything else, one fact per line.
pub(super) fn details(node: &Node) -> Vec<String> {
    let mut facts = vec![format!("id {}", node.id)];
    let mut add = |name: &str, text: &str| {
        if !text.is_empty() {
            facts.push(printable(&format!("{name} {text}")));
        }
    };
    add("user", &node.user);
    add("resource", &node.resource_arn);
    if let Some(http) = &node.http {
        add("url", &http.url);
        add("user agent", &http.user_agent);
        add("client", &http.client_ip);
        if http.status > 0 {
            add("status", &http.status.to_string());
        }
    }
    if let Some(sql) = &node.sql {
        add("database", &[sql.database_type.as_str(), sql.url.as_str()].join(" "));
        add("query", &sql.sanitized_query);
    }
    for member in node.aws.iter().flat_map(|aws| &aws.members) {
        add(&format!("aws.{}", member.name), &member.json);
    }
    for annotation in &node.annotations {
        add(&annotation.key, &scalar_text(annotation.value.as_ref()));
    }
    for attribute in &node.attributes {
        add(&attribute.key, &value_text(attribute.value.as_ref(), 0));
    }
    for metadata in &node.metadata {
        add(&format!("metadata {}", metadata.name), &metadata.json);
    }
    for event in node.events.iter().filter(|event| event.name != "exception") {
        add(
            "event",
            &format!("{} {}", words::moment(event.time.as_ref()), event.name),
        );
    }
    for link in &node.links {
        add("link", &format!("{} {}", link.trace_id, link.id));
    }
    for oddity in &node.oddities {
        add("flaw", &oddity.replace('_', " "));
    }
    facts
}

fn scalar_text(scalar: Option<&Scalar>) -> String {
    match scalar.and_then(|scalar| scalar.value.as_ref()) {
        Some(scalar::Value::Text(text)) => text.clone(),
        Some(scalar::Value::Number(number)) => number.to_string(),
        Some(scalar::Value::Truth(truth)) => truth.to_string(),
        None => String::new(),
    }
}

/// A value on one line; what is nested deeper than anybody reads is left out.
fn value_text(value: Option<&Value>, depth: usize) -> String {
    const DEEPEST: usize = 6;
    match value.and_then(|value| value.value.as_ref()) {
        None => String::new(),
        Some(value::Value::Text(text)) => text.clone(),
        Some(value::Value::Truth(truth)) => truth.to_string(),
        Some(value::Value::Int(number)) => number.to_string(),
        Some(value::Value::Double(number)) => number.to_string(),
        Some(value::Value::Bytes(bytes)) => format!("({} bytes)", bytes.len()),
        Some(_) if depth >= DEEPEST => "…".to_owned(),
        Some(value::Value::List(list)) => {
            let items: Vec<String> = list
                .items
                .iter()
                .map(|item| value_text(Some(item), depth + 1))
                .collect();
            format!("[{}]", items.join(", "))
        }
        Some(value::Value::Map(map)) => {
            let entry = |it: &beamline_proto::query::Attribute| {
                format!("{}: {}", it.key, value_text(it.value.as_ref(), depth + 1))
            };
            format!("{{{}}}", map.entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use beamline_proto::query::{Aws, Http, ServiceId};

    fn check(node: Node, expected: &str) {
        assert_eq!(label(&node), expected);
    }

    fn node(service: &str, name: &str) -> Node {
        Node {
            service: Some(ServiceId {
                name: service.to_owned(),
                ..ServiceId::default()
            }),
            name: name.to_owned(),
            ..Node::default()
        }
    }

    #[test]
    fn a_label_says_what_the_service_column_does_not() {
        check(node("cart", "cart"), "");
        check(node("cart", "render"), "render");
        let mut call = node("cart", "DynamoDB");
        call.aws = Some(Aws {
            operation: "GetItem".to_owned(),
            resources: vec!["arn:aws:dynamodb:eu-west-1:1:table/orders".to_owned()],
            ..Aws::default()
        });
        call.namespace = "aws".to_owned();
        check(call, "→ DynamoDB GetItem orders");
        let mut request = node("cart", "cart");
        request.http = Some(Http {
            method: "GET".to_owned(),
            url: "http://cart/items?x=1".to_owned(),
            ..Http::default()
        });
        check(request, "GET /items?x=1");
        let mut missing = node("", "unknown");
        missing.form = Form::Placeholder.into();
        check(missing, "unknown (never arrived)");
    }

    #[test]
    fn nested_values_end_somewhere() {
        let mut value = Value {
            value: Some(value::Value::Int(1)),
        };
        for _ in 0..100 {
            value = Value {
                value: Some(value::Value::List(beamline_proto::query::ValueList {
                    items: vec![value],
                })),
            };
        }
        assert_eq!(value_text(Some(&value), 0), "[[[[[[…]]]]]]");
    }
}
