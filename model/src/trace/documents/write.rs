//! Documents of segments that nobody sent.

use crate::json::write_text;
use crate::node::{Aws, Cause, Exception, Http, Node, Sql, Text};
use crate::time::Timestamp;

/// The document of a segment that was made from its caller's call.
pub(super) fn inferred(node: &Node<'_>) -> String {
    let mut object = Object::new();
    object.text("id", &node.id.to_string());
    object.text("name", &node.name);
    times(&mut object, node);
    if let Some(parent) = node.parent {
        object.text("parent_id", &parent.to_string());
    }
    object.raw("inferred", "true");
    for (flag, key) in [
        (node.flags.error, "error"),
        (node.flags.fault, "fault"),
        (node.flags.throttle, "throttle"),
    ] {
        if flag {
            object.raw(key, "true");
        }
    }
    if let Some(block) = &node.http {
        object.raw("http", &http(block));
    }
    if let Some(block) = &node.aws {
        object.raw("aws", &aws(block));
    }
    if let Some(block) = &node.sql {
        object.raw("sql", &sql(block));
    }
    if let Some(block) = &node.cause {
        object.raw("cause", &cause(block));
    }
    object.text("trace_id", &node.trace.to_string());
    object.option("origin", &node.origin);
    object.close()
}

/// The document of a segment that never came, around the text of its subsegments.
pub(super) fn placeholder(node: &Node<'_>, subsegments: &str) -> String {
    let mut object = Object::new();
    object.text("id", &node.id.to_string());
    object.text("name", &node.name);
    times(&mut object, node);
    object.text("trace_id", &node.trace.to_string());
    if !subsegments.is_empty() {
        object.raw("subsegments", &format!("[{subsegments}]"));
    }
    object.close()
}

fn times(object: &mut Object, node: &Node<'_>) {
    object.time("start_time", node.start);
    match node.end {
        Some(end) => object.time("end_time", end),
        None => object.raw("in_progress", "true"),
    }
}

fn http(http: &Http<'_>) -> String {
    let mut request = Object::new();
    request.option("url", &http.url);
    request.option("method", &http.method);
    request.option("user_agent", &http.user_agent);
    request.option("client_ip", &http.client_ip);
    request.whole("x_forwarded_for", http.x_forwarded_for);
    let mut response = Object::new();
    response.whole("status", http.status);
    response.whole("content_length", http.content_length);
    let mut object = Object::new();
    object.filled("request", request);
    object.filled("response", response);
    object.close()
}

/// The block as it was sent; of a span, what is known.
fn aws(aws: &Aws<'_>) -> String {
    let mut object = Object::new();
    for (key, json) in &aws.members {
        object.raw(key, json);
    }
    if aws.members.is_empty() {
        object.option("account_id", &aws.account_id);
        object.option("operation", &aws.operation);
        object.option("region", &aws.region);
        object.option("request_id", &aws.request_id);
        object.option("queue_url", &aws.queue_url);
        object.option("table_name", &aws.table_name);
        object.list("table_names", &aws.table_names);
        object.option("topic_arn", &aws.topic_arn);
        object.option("function_name", &aws.function_name);
        object.option("bucket_name", &aws.bucket_name);
    }
    object.close()
}

fn sql(sql: &Sql<'_>) -> String {
    let mut object = Object::new();
    object.option("connection_string", &sql.connection_string);
    object.option("url", &sql.url);
    object.option("sanitized_query", &sql.sanitized_query);
    object.option("database_type", &sql.database_type);
    object.option("database_version", &sql.database_version);
    object.option("driver_version", &sql.driver_version);
    object.option("user", &sql.user);
    object.option("preparation", &sql.preparation);
    object.close()
}

fn cause(cause: &Cause<'_>) -> String {
    match cause {
        Cause::Reference(id) => {
            let mut json = String::new();
            write_text(&mut json, id);
            json
        }
        Cause::Exceptions {
            working_directory,
            paths,
            exceptions,
        } => {
            let mut object = Object::new();
            object.option("working_directory", working_directory);
            object.list("paths", paths);
            let exceptions: Vec<_> = exceptions.iter().map(exception).collect();
            object.raw("exceptions", &format!("[{}]", exceptions.join(",")));
            object.close()
        }
    }
}

fn exception(exception: &Exception<'_>) -> String {
    let mut object = Object::new();
    object.option("id", &exception.id);
    object.option("message", &exception.message);
    object.option("type", &exception.kind);
    object.whole("remote", exception.remote);
    object.whole("truncated", exception.truncated);
    object.whole("skipped", exception.skipped);
    object.option("cause", &exception.cause);
    if !exception.stack.is_empty() {
        let frames = exception.stack.iter().map(|frame| {
            let mut object = Object::new();
            object.option("path", &frame.path);
            object.whole("line", frame.line);
            object.option("label", &frame.label);
            object.close()
        });
        object.raw("stack", &format!("[{}]", frames.collect::<Vec<_>>().join(",")));
    }
    object.close()
}

/// A JSON object that is being written.
struct Object {
    json: String,
}

impl Object {
    fn new() -> Self {
        Self { json: "{".to_owned() }
    }

    fn raw(&mut self, key: &str, json: &str) {
        if self.json.len() > 1 {
            self.json.push(',');
        }
        write_text(&mut self.json, key);
        self.json.push(':');
        self.json.push_str(json);
    }

    fn text(&mut self, key: &str, text: &str) {
        let mut json = String::with_capacity(text.len() + 2);
        write_text(&mut json, text);
        self.raw(key, &json);
    }

    fn time(&mut self, key: &str, time: Timestamp) {
        self.raw(key, &time.to_string());
    }

    fn option(&mut self, key: &str, text: &Option<Text<'_>>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    fn whole(&mut self, key: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.raw(key, &value.to_string());
        }
    }

    fn list(&mut self, key: &str, texts: &[Text<'_>]) {
        if !texts.is_empty() {
            let mut json = String::from("[");
            for (number, text) in texts.iter().enumerate() {
                json.push_str(if number > 0 { "," } else { "" });
                write_text(&mut json, text);
            }
            json.push(']');
            self.raw(key, &json);
        }
    }

    fn filled(&mut self, key: &str, object: Self) {
        if object.json.len() > 1 {
            self.raw(key, &object.close());
        }
    }

    fn close(mut self) -> String {
        self.json.push('}');
        self.json
    }
}
