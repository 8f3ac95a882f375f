//! The `http`, `sql` and `aws` blocks as JSON.

use super::object::Object;
use crate::node::{Aws, Context, Http, Node, Sql, Value};

pub(crate) fn http(http: &Http<'_>) -> String {
    let mut request = Object::new();
    request.option("url", &http.url);
    request.option("method", &http.method);
    request.option("user_agent", &http.user_agent);
    request.option("client_ip", &http.client_ip);
    request.truth("x_forwarded_for", http.x_forwarded_for);
    let mut response = Object::new();
    response.int("status", http.status.map(i64::from));
    response.int("content_length", http.content_length);
    let mut object = Object::new();
    object.filled("request", request);
    object.filled("response", response);
    object.close()
}

pub(crate) fn sql(sql: &Sql<'_>) -> String {
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

/// The block as it was sent.
pub(super) fn members(aws: &Aws<'_>) -> String {
    let mut object = Object::new();
    for (key, raw) in &aws.members {
        object.raw(key, raw);
    }
    object.close()
}

/// The block as it was sent; of a span, what is known.
pub(crate) fn aws(aws: &Aws<'_>) -> String {
    if !aws.members.is_empty() {
        return members(aws);
    }
    let mut object = Object::new();
    object.option("account_id", &aws.account_id);
    called(aws, &mut object);
    object.close()
}

/// What was called, and on what.
fn called(aws: &Aws<'_>, object: &mut Object) {
    object.option("operation", &aws.operation);
    object.option("region", &aws.region);
    object.option("request_id", &aws.request_id);
    object.option("queue_url", &aws.queue_url);
    object.option("table_name", &aws.table_name);
    object.texts("table_names", aws.table_names.iter().map(|name| &**name));
    object.option("topic_arn", &aws.topic_arn);
    object.option("bucket_name", &aws.bucket_name);
    object.option("function_name", &aws.function_name);
}

/// The block of a span: what it called, and where its process runs.
pub(super) fn of_span(node: &Node<'_>, calls: bool) -> Object {
    let mut object = Object::new();
    if let Some(aws) = &node.aws {
        object.option("account_id", &aws.account_id);
        if calls {
            called(aws, &mut object);
        }
        object.list(
            "cloudwatch_logs",
            aws.log_groups.iter().map(|(name, arn)| {
                let mut group = Object::new();
                group.text("log_group", name);
                group.option("arn", arn);
                group.close()
            }),
        );
    }
    if let Some(context) = &node.context {
        process(context, &mut object);
    }
    object
}

fn process(context: &Context<'_>, object: &mut Object) {
    let said = |wanted: &str| {
        let found = context.resource.iter().rev().find(|(key, _)| key == wanted);
        found
            .and_then(|(_, value)| value.as_text())
            .filter(|text| !text.is_empty())
    };
    let block = |entries: &[(&str, &str)]| {
        let mut block = Object::new();
        for (member, key) in entries {
            if let Some(text) = said(key) {
                block.text(member, text);
            }
        }
        block
    };
    let platform = said("cloud.platform").unwrap_or("");
    if said("cloud.provider").is_none_or(|provider| provider == "aws") {
        if platform == "aws_ec2" || said("host.id").is_some() {
            object.filled("ec2", block(&EC2));
        }
        if platform == "aws_ecs" {
            object.filled("ecs", block(&ECS));
        }
        if platform == "aws_eks" || said("k8s.cluster.name").is_some() {
            object.filled("eks", block(&EKS));
        }
        if platform == "aws_elastic_beanstalk" {
            let mut beanstalk = block(&BEANSTALK);
            let deployment = said("service.instance.id").map(|id| id.parse().unwrap_or(0));
            beanstalk.int("deployment_id", deployment);
            object.filled("elastic_beanstalk", beanstalk);
        }
    }
    let mut xray = Object::new();
    if let Some(sdk) = said("telemetry.sdk.name") {
        let language = said("telemetry.sdk.language").map(|language| format!(" for {language}"));
        xray.text("sdk", &format!("{sdk}{}", language.unwrap_or_default()));
    }
    if let Some(version) = said("telemetry.sdk.version") {
        xray.text("sdk_version", version);
    }
    let is_auto = |(key, _): &(_, Value<'_>)| key == "telemetry.auto.version" || key == "telemetry.distro.version";
    xray.truth(
        "auto_instrumentation",
        context.resource.iter().any(is_auto).then_some(true),
    );
    object.filled("xray", xray);
}

const EC2: [(&str, &str); 4] = [
    ("instance_id", "host.id"),
    ("availability_zone", "cloud.availability_zone"),
    ("instance_size", "host.type"),
    ("ami_id", "host.image.id"),
];

const ECS: [(&str, &str); 8] = [
    ("container", "container.name"),
    ("container_id", "container.id"),
    ("availability_zone", "cloud.availability_zone"),
    ("container_arn", "aws.ecs.container.arn"),
    ("cluster_arn", "aws.ecs.cluster.arn"),
    ("task_arn", "aws.ecs.task.arn"),
    ("task_family", "aws.ecs.task.family"),
    ("launch_type", "aws.ecs.launchtype"),
];

const EKS: [(&str, &str); 3] = [
    ("cluster_name", "k8s.cluster.name"),
    ("pod", "k8s.pod.name"),
    ("container_id", "container.id"),
];

const BEANSTALK: [(&str, &str); 2] = [
    ("environment_name", "service.namespace"),
    ("version_label", "service.version"),
];
