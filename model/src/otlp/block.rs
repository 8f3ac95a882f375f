//! The AWS and SQL details in a span's attributes.

use std::borrow::Cow;

use super::convention::{Attributes, Slot};
use super::source::Source;
use crate::node::{Aws, Node, Sql, Text, Value};

const AWS_SIGNS: [Slot; 11] = [
    Slot::AwsOperation,
    Slot::AwsAccount,
    Slot::AwsRegion,
    Slot::AwsRequestId,
    Slot::AwsQueueUrl,
    Slot::MessagingUrl,
    Slot::AwsTable,
    Slot::AwsTables,
    Slot::AwsTopic,
    Slot::AwsBucket,
    Slot::AwsFunction,
];

/// AWS details of the call over those of the process. Calls to AWS from elsewhere keep theirs: the request id is what
/// joins them to a trail event.
pub(super) fn aws<'a>(said: &Attributes<'_, 'a>, source: &Source<'a>) -> Option<Box<Aws<'a>>> {
    let is_api = said.text(Slot::RpcSystem) == Some("aws-api");
    if !is_api && !AWS_SIGNS.iter().any(|slot| said.has(*slot)) {
        return source.aws.clone();
    }
    let mut aws = source.aws.clone().unwrap_or_default();
    let put = |slot: &mut Option<Text<'a>>, found: Option<Text<'a>>| {
        if found.is_some() {
            *slot = found;
        }
    };
    put(
        &mut aws.operation,
        said.keep(Slot::AwsOperation)
            .or_else(|| operation(said).filter(|_| is_api)),
    );
    put(&mut aws.account_id, said.keep(Slot::AwsAccount));
    put(&mut aws.region, said.keep(Slot::AwsRegion));
    put(&mut aws.request_id, said.keep(Slot::AwsRequestId));
    put(&mut aws.queue_url, said.first(&[Slot::MessagingUrl, Slot::AwsQueueUrl]));
    put(&mut aws.table_name, said.keep(Slot::AwsTable));
    put(&mut aws.topic_arn, said.keep(Slot::AwsTopic));
    put(&mut aws.bucket_name, said.keep(Slot::AwsBucket));
    put(&mut aws.function_name, said.keep(Slot::AwsFunction));
    if let Some(Value::List(tables)) = said.get(Slot::AwsTables) {
        let mut names: Vec<Text<'a>> = tables.iter().filter_map(table).collect();
        if names.len() == 1 {
            aws.table_name = names.pop();
        } else {
            aws.table_names = names;
        }
    }
    Some(aws)
}

fn table<'a>(name: &Value<'a>) -> Option<Text<'a>> {
    match name {
        Value::Text(name) => Some(name.clone()),
        _ => None,
    }
}

/// The method, without the service that newer conventions put before it.
fn operation<'a>(said: &Attributes<'_, 'a>) -> Option<Text<'a>> {
    let method = said.keep(Slot::RpcMethod)?;
    let after = method.rfind('/').map_or(0, |at| at + 1);
    Some(match method {
        Cow::Borrowed(method) => Cow::Borrowed(&method[after..]),
        Cow::Owned(method) => Cow::Owned(method[after..].to_owned()),
    })
}

fn is_sql(system: &str) -> bool {
    matches!(
        system,
        "db2"
            | "ibm.db2"
            | "derby"
            | "hive"
            | "mariadb"
            | "mssql"
            | "microsoft.sql_server"
            | "mysql"
            | "oracle"
            | "oracle.db"
            | "postgresql"
            | "sqlite"
            | "teradata"
            | "other_sql"
    )
}

/// The query, for systems that speak SQL.
pub(super) fn sql<'a>(node: &Node<'a>, said: &Attributes<'_, 'a>) -> Option<Box<Sql<'a>>> {
    let database_type = said.keep(Slot::DbSystem).filter(|system| is_sql(system))?;
    let server = said.text(Slot::DbConnection).unwrap_or("localhost");
    let database = said.text(Slot::DbName).unwrap_or("");
    Some(Box::new(Sql {
        connection_string: Some(Cow::Owned([server, "/", database].concat())),
        url: node.span_name.clone(),
        sanitized_query: said.keep(Slot::DbStatement),
        database_type: Some(database_type),
        user: said.keep(Slot::DbUser),
        ..Sql::default()
    }))
}
