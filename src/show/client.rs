//! A connection to the query API, and its failures in words for people.

use std::time::{Duration, SystemTime};

use anyhow::Context;
use beamline_proto::query::logs_client::LogsClient;
use beamline_proto::query::metrics_client::MetricsClient;
use beamline_proto::query::query_client::QueryClient;
use beamline_proto::query::{Scope, TimeRange};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

use crate::cli::{ShowArgs, WhenArgs};
use crate::exit::{Misuse, NoServer};
use crate::send::signed::{self, Signed};
use crate::serve::SERVICE;

/// Answers may hold a huge trace in parts, each far below this.
const MAX_MESSAGE: usize = 64 << 20;

/// A client of the query API.
pub(crate) type Query = QueryClient<Signed<Channel>>;

/// The query API of the server at `endpoint`.
pub(crate) async fn connect(endpoint: &str) -> anyhow::Result<Query> {
    let client = QueryClient::new(channel(endpoint).await?);
    Ok(client.max_decoding_message_size(MAX_MESSAGE))
}

/// Its logs.
pub(super) async fn logs(endpoint: &str) -> anyhow::Result<LogsClient<Signed<Channel>>> {
    let client = LogsClient::new(channel(endpoint).await?);
    Ok(client.max_decoding_message_size(MAX_MESSAGE))
}

/// Its metrics.
pub(super) async fn metrics(endpoint: &str) -> anyhow::Result<MetricsClient<Signed<Channel>>> {
    let client = MetricsClient::new(channel(endpoint).await?);
    Ok(client.max_decoding_message_size(MAX_MESSAGE))
}

async fn channel(endpoint: &str) -> anyhow::Result<Signed<Channel>> {
    let address = Endpoint::from_shared(endpoint.to_owned())
        .map_err(|_| Misuse(format!("`{endpoint}` is not an address; write http://127.0.0.1:2001")))?;
    let host = address.uri().authority().map_or("", |host| host.as_str()).to_owned();
    let channel = address
        .connect_timeout(Duration::from_secs(5))
        .http2_adaptive_window(true)
        .connect()
        .await;
    let channel = channel.map_err(|_| NoServer {
        endpoint: endpoint.to_owned(),
    })?;
    Signed::new(channel, signed::signer(SERVICE), &host)
}

/// Whose data was asked for.
pub(crate) fn scope(args: &ShowArgs) -> Option<Scope> {
    Some(Scope {
        account: args.account.clone(),
        region: args.region.clone(),
    })
}

/// When, counted back from now.
pub(crate) fn range(when: &WhenArgs) -> anyhow::Result<TimeRange> {
    if when.until >= when.since {
        return Err(Misuse("--until has to be shorter ago than --since".to_owned()).into());
    }
    let now = SystemTime::now();
    let back = |by: Duration| {
        now.checked_sub(by)
            .map(prost_types::Timestamp::from)
            .context("that long ago is no time")
    };
    // What was acknowledged a moment ago by a clock that is slightly ahead is still meant by "until now".
    let end = if when.until.is_zero() {
        prost_types::Timestamp::from(now + Duration::from_secs(60))
    } else {
        back(when.until)?
    };
    Ok(TimeRange {
        start: Some(back(when.since)?),
        end: Some(end),
    })
}

/// A failure in words for people: what they asked wrongly, or what the server suffers from.
pub(crate) fn failure(status: Status, filter: &str) -> anyhow::Error {
    match status.code() {
        Code::InvalidArgument => Misuse(explain_filter(filter, status.message())).into(),
        Code::DeadlineExceeded => anyhow::anyhow!("the server did not answer in time"),
        Code::Unauthenticated => anyhow::anyhow!(
            "{}; the server wants calls to be signed: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            status.message()
        ),
        Code::Unimplemented => anyhow::anyhow!("the server there is not Beamline, or another version of it"),
        _ => anyhow::anyhow!("{}", status.message()).context("the server could not answer"),
    }
}

/// Points at the place in a filter expression that the message speaks of, if it speaks of one.
fn explain_filter(filter: &str, message: &str) -> String {
    let column = message.split_once("column ").and_then(|(_, rest)| {
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse::<usize>().ok()
    });
    match column {
        Some(column) if column >= 1 && column <= filter.chars().count() + 1 && !filter.contains('\n') => {
            format!("{message}\n  {filter}\n  {}^", " ".repeat(column - 1))
        }
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_in_a_filter_is_pointed_at() {
        assert_eq!(
            explain_filter("fault AND", "column 10: expected a condition"),
            "column 10: expected a condition\n  fault AND\n           ^"
        );
        assert_eq!(explain_filter("", "limit is too large"), "limit is too large");
        assert_eq!(explain_filter("x", "column 99: odd"), "column 99: odd");
    }
}
