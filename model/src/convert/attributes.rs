//! Attributes in the published OTLP types, and what an X-Ray node says in them.

use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList, any_value};

use super::object::Object;
use super::{block, cause};
use crate::node::{Cause, Namespace, Node, Scalar, Text, Value};

pub(super) fn any(value: &Value<'_>) -> AnyValue {
    use any_value::Value as Any;
    let value = match value {
        Value::Empty => None,
        Value::Text(text) => Some(Any::StringValue(text.to_string())),
        Value::Bool(truth) => Some(Any::BoolValue(*truth)),
        Value::Int(int) => Some(Any::IntValue(*int)),
        Value::Double(double) => Some(Any::DoubleValue(*double)),
        Value::Bytes(bytes) => Some(Any::BytesValue(bytes.to_vec())),
        Value::List(items) => Some(Any::ArrayValue(ArrayValue {
            values: items.iter().map(any).collect(),
        })),
        Value::Map(entries) => Some(Any::KvlistValue(KeyValueList { values: all(entries) })),
    };
    AnyValue { value }
}

pub(super) fn all(attributes: &[(Text<'_>, Value<'_>)]) -> Vec<KeyValue> {
    let attribute = |(key, value): &(Text<'_>, Value<'_>)| KeyValue {
        key: key.to_string(),
        value: Some(any(value)),
        ..Default::default()
    };
    attributes.iter().map(attribute).collect()
}

/// Attributes that are being gathered.
#[derive(Default)]
pub(super) struct Attributes(pub(super) Vec<KeyValue>);

impl Attributes {
    pub(super) fn put(&mut self, key: &str, value: any_value::Value) {
        self.0.push(KeyValue {
            key: key.to_owned(),
            value: Some(AnyValue { value: Some(value) }),
            ..Default::default()
        });
    }

    pub(super) fn text(&mut self, key: &str, text: impl Into<String>) {
        self.put(key, any_value::Value::StringValue(text.into()));
    }

    pub(super) fn option(&mut self, key: &str, text: &Option<Text<'_>>) {
        if let Some(text) = text {
            self.text(key, text.as_ref());
        }
    }

    pub(super) fn int(&mut self, key: &str, int: Option<i64>) {
        if let Some(int) = int {
            self.put(key, any_value::Value::IntValue(int));
        }
    }

    pub(super) fn truth(&mut self, key: &str, truth: Option<bool>) {
        if let Some(truth) = truth {
            self.put(key, any_value::Value::BoolValue(truth));
        }
    }

    pub(super) fn texts(&mut self, key: &str, texts: impl Iterator<Item = String>) {
        let value = |text| AnyValue {
            value: Some(any_value::Value::StringValue(text)),
        };
        let values: Vec<AnyValue> = texts.map(value).collect();
        if !values.is_empty() {
            self.put(key, any_value::Value::ArrayValue(ArrayValue { values }));
        }
    }
}

/// What an X-Ray node says, in OpenTelemetry's words where there are any and as `aws.xray.*` otherwise.
pub(super) fn of_xray(node: &Node<'_>) -> Vec<KeyValue> {
    let mut said = Attributes::default();
    match &node.namespace {
        Namespace::Aws => said.text("aws.service", &*node.name),
        Namespace::Other(word) => said.text("aws.xray.namespace", &**word),
        Namespace::Remote | Namespace::Local => {}
    }
    said.truth("aws.xray.inprogress", node.in_progress.then_some(true));
    said.truth("aws.xray.traced", node.traced.then_some(true));
    said.truth("aws.xray.error", node.flags.error.then_some(true));
    said.truth("aws.xray.fault", node.flags.fault.then_some(true));
    said.truth("aws.xray.throttle", node.flags.throttle.then_some(true));
    said.option("aws.xray.origin", &node.origin);
    said.option("enduser.id", &node.user);
    said.texts(
        "aws.xray.precursor_ids",
        node.precursors.iter().map(ToString::to_string),
    );
    exchange(node, &mut said);
    if let Some(Cause::Exceptions {
        working_directory,
        paths,
        ..
    }) = node.cause.as_deref()
    {
        said.option("aws.xray.cause.working_directory", working_directory);
        said.texts("aws.xray.cause.paths", paths.iter().map(ToString::to_string));
    }
    for (key, scalar) in &node.annotations {
        match scalar {
            Scalar::Text(text) => said.text(key, text.as_ref()),
            Scalar::Bool(truth) => said.truth(key, Some(*truth)),
            Scalar::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
                said.int(key, Some(*number as i64));
            }
            Scalar::Number(number) => said.put(key, any_value::Value::DoubleValue(*number)),
        }
    }
    said.texts(
        "aws.xray.annotations",
        node.annotations.iter().map(|(key, _)| key.to_string()),
    );
    for (namespace, json) in &node.metadata {
        said.text(&format!("aws.xray.metadata.{namespace}"), json.as_ref());
    }
    let mut unknown = Object::new();
    for (key, json) in &node.unknown {
        unknown.raw(key, json);
    }
    let unknown = unknown.close();
    if unknown != "{}" {
        said.text("aws.xray.members", unknown);
    }
    said.0
}

fn exchange(node: &Node<'_>, said: &mut Attributes) {
    if let Some(http) = &node.http {
        said.option("http.method", &http.method);
        said.option("http.url", &http.url);
        said.option("http.user_agent", &http.user_agent);
        said.option("http.client_ip", &http.client_ip);
        said.truth("aws.xray.x_forwarded_for", http.x_forwarded_for);
        said.int("http.status_code", http.status.map(i64::from));
        said.int("http.response_content_length", http.content_length);
    }
    if let Some(sql) = &node.sql {
        said.option("db.system", &sql.database_type);
        said.option("db.statement", &sql.sanitized_query);
        said.option("db.user", &sql.user);
        said.option("db.connection_string", &sql.connection_string);
        said.text("aws.xray.sql", block::sql(sql));
    }
    if let Some(aws) = &node.aws {
        said.option("aws.account_id", &aws.account_id);
        said.option("aws.operation", &aws.operation);
        said.option("aws.region", &aws.region);
        said.option("aws.request_id", &aws.request_id);
        said.option("aws.queue_url", &aws.queue_url);
        said.option("aws.table_name", &aws.table_name);
        said.option("aws.sns.topic.arn", &aws.topic_arn);
        said.option("aws.s3.bucket", &aws.bucket_name);
        said.texts(
            "aws.dynamodb.table_names",
            aws.table_names.iter().map(ToString::to_string),
        );
        said.text("aws.xray.aws", block::members(aws));
    }
}

/// The attributes of an `exception` event.
pub(super) fn of_exception(exception: &crate::node::Exception<'_>) -> Vec<KeyValue> {
    let mut said = Attributes::default();
    said.option("exception.type", &exception.kind);
    said.option("exception.message", &exception.message);
    if let Some(stack) = cause::stack_text(exception) {
        said.text("exception.stacktrace", stack);
    }
    said.option("aws.xray.exception.id", &exception.id);
    said.truth("aws.xray.exception.remote", exception.remote);
    said.int("aws.xray.exception.truncated", exception.truncated);
    said.int("aws.xray.exception.skipped", exception.skipped);
    said.option("aws.xray.exception.cause", &exception.cause);
    said.0
}
