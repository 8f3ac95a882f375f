//! What X-Ray's blocks tell: the HTTP exchange, the query, the AWS call.

use super::Text;

/// The HTTP exchange a node stands for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Http<'a> {
    /// Request method, as sent.
    pub method: Option<Text<'a>>,
    /// Request URL.
    pub url: Option<Text<'a>>,
    /// `User-Agent`.
    pub user_agent: Option<Text<'a>>,
    /// The requester; may be `ip:port` or a forwarded list.
    pub client_ip: Option<Text<'a>>,
    /// Whether `client_ip` was read from `X-Forwarded-For`.
    pub x_forwarded_for: Option<bool>,
    /// Response status.
    pub status: Option<u16>,
    /// Response body size; −1 is a real SDK's "unknown".
    pub content_length: Option<i64>,
}

/// A query to an SQL database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sql<'a> {
    /// Connection string without secrets.
    pub connection_string: Option<Text<'a>>,
    /// Database URL.
    pub url: Option<Text<'a>>,
    /// The statement with its values removed.
    pub sanitized_query: Option<Text<'a>>,
    /// `PostgreSQL`, `sqlite3`, …
    pub database_type: Option<Text<'a>>,
    /// Its version.
    pub database_version: Option<Text<'a>>,
    /// The driver's version.
    pub driver_version: Option<Text<'a>>,
    /// The database user.
    pub user: Option<Text<'a>>,
    /// `call` or `statement`.
    pub preparation: Option<Text<'a>>,
}

/// The `aws` block: the members that typing, search and correlation read, and all the others as JSON.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Aws<'a> {
    /// The account that the work was done in.
    pub account_id: Option<Text<'a>>,
    /// API operation.
    pub operation: Option<Text<'a>>,
    /// Region that was called.
    pub region: Option<Text<'a>>,
    /// The callee's request id: the exact join to a trail event.
    pub request_id: Option<Text<'a>>,
    /// SQS queue.
    pub queue_url: Option<Text<'a>>,
    /// DynamoDB table.
    pub table_name: Option<Text<'a>>,
    /// DynamoDB tables of a batch call.
    pub table_names: Vec<Text<'a>>,
    /// SNS topic.
    pub topic_arn: Option<Text<'a>>,
    /// Lambda function.
    pub function_name: Option<Text<'a>>,
    /// S3 bucket.
    pub bucket_name: Option<Text<'a>>,
    /// EC2 instance id.
    pub instance_id: Option<Text<'a>>,
    /// Availability zone, of EC2 or ECS.
    pub availability_zone: Option<Text<'a>>,
    /// CloudWatch log groups: name and ARN, the hook for log correlation.
    pub log_groups: Vec<(Text<'a>, Option<Text<'a>>)>,
    /// The sampling rule that the SDK says it used.
    pub sampling_rule: Option<Text<'a>>,
    /// Every member of the block as it was sent, in order: name and JSON text. Includes those with a field above, so
    /// that writing a document back needs nothing else. Empty for OTLP spans.
    pub members: Vec<(Text<'a>, Text<'a>)>,
}
