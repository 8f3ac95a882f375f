//! How fast the server answers over what was sent: one question after the other, as a person asks.

use std::time::{Duration, Instant, SystemTime};

use anyhow::Context;
use beamline_model::id::TraceId;
use beamline_proto::query::{GetServiceGraphRequest, GetTraceRequest, SearchRequest, Selection, TimeRange};
use hdrhistogram::Histogram;

use super::drive::Sent;
use crate::cli::{LoadArgs, Protocol};
use crate::show::client::{Query, connect};

/// What was asked, and how long answers took in microseconds.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) what: String,
    pub(super) times: Histogram<u64>,
    /// What the last answer had: nodes of a trace, traces of a page, services of a graph.
    pub(super) answer: u64,
}

/// Filter expressions of the kinds that people write: some match many traces, some few, some none. `ID` and `THREAD`
/// stand for annotations of every span.
const FILTERS: [&str; 9] = [
    "service(\"service-003\")",
    "fault",
    "responsetime > 0.2",
    "annotation[ID] BEGINSWITH \"00f\"",
    "annotation[ID] = \"none of them\"",
    "service(\"service-001\") AND http.status = 200 AND duration > 0.1",
    "edge(\"service-000\", \"service-001\")",
    "http.status >= 500",
    "annotation[THREAD] > 100",
];

/// What the annotations are called in the protocol that was sent.
fn filters(protocol: Protocol) -> impl Iterator<Item = String> {
    let (id, thread) = match protocol {
        Protocol::Otlp => ("request.id", "thread.id"),
        Protocol::XrayUdp | Protocol::XrayApi => ("request_id", "thread"),
    };
    let named = move |filter: &&str| filter.replace("ID", id).replace("THREAD", thread);
    FILTERS.iter().map(named)
}

/// Asks each kind of question `count` times.
pub(super) async fn run(args: &LoadArgs, sent: &Sent, count: u32) -> anyhow::Result<Vec<Read>> {
    let mut query = connect(&args.server.endpoint).await?;
    let mut reads = vec![traces(&mut query, sent, count).await?];
    let span = args
        .span_of
        .unwrap_or(Duration::from_secs(3600))
        .max(Duration::from_secs(3600));
    for filter in filters(args.protocol) {
        reads.push(searches(&mut query, &filter, span, count.min(50)).await?);
    }
    reads.push(graphs(&mut query, span, count.min(50)).await?);
    Ok(reads)
}

async fn traces(query: &mut Query, sent: &Sent, count: u32) -> anyhow::Result<Read> {
    let mut read = Read::of("trace by id")?;
    let step = (sent.traces.len() / count.max(1) as usize).max(1);
    for trace in sent.traces.iter().step_by(step).take(count as usize) {
        let request = GetTraceRequest {
            trace_id: TraceId(*trace).to_string(),
            ..GetTraceRequest::default()
        };
        let begun = Instant::now();
        let mut nodes = 0;
        match query.get_trace(request).await {
            Ok(parts) => {
                let mut parts = parts.into_inner();
                while let Some(part) = parts.message().await.context("reading a trace")? {
                    nodes += part.nodes.len() as u64;
                }
            }
            // By UDP a trace may be lost; looking for it takes time all the same.
            Err(status) if status.code() == tonic::Code::NotFound => {}
            Err(status) => return Err(status).context("asking for a trace"),
        }
        read.took(begun, nodes);
    }
    Ok(read)
}

async fn searches(query: &mut Query, filter: &str, span: Duration, count: u32) -> anyhow::Result<Read> {
    let mut read = Read::of(filter)?;
    for _ in 0..count {
        let request = SearchRequest {
            range: Some(range(span)?),
            selection: Some(selection(filter)),
            limit: 100,
            ..SearchRequest::default()
        };
        let begun = Instant::now();
        let mut parts = query
            .search(request)
            .await
            .with_context(|| format!("searching {filter}"))?
            .into_inner();
        let mut traces = 0;
        while parts.message().await.context("reading a page")?.is_some() {
            traces += 1;
        }
        // The last message ends the page.
        read.took(begun, traces - 1);
    }
    Ok(read)
}

async fn graphs(query: &mut Query, span: Duration, count: u32) -> anyhow::Result<Read> {
    let mut read = Read::of(&format!("service graph of {}", humantime::format_duration(span)))?;
    for _ in 0..count {
        let request = GetServiceGraphRequest {
            range: Some(range(span)?),
            ..GetServiceGraphRequest::default()
        };
        let begun = Instant::now();
        let graph = query.get_service_graph(request).await.context("asking for the graph")?;
        read.took(begun, graph.into_inner().edges.len() as u64);
    }
    Ok(read)
}

fn selection(filter: &str) -> Selection {
    Selection {
        filter: filter.to_owned(),
        group: String::new(),
    }
}

fn range(span: Duration) -> anyhow::Result<TimeRange> {
    let now = SystemTime::now();
    let start = now
        .checked_sub(span + Duration::from_secs(60))
        .context("that long ago is no time")?;
    Ok(TimeRange {
        start: Some(start.into()),
        end: Some((now + Duration::from_secs(60)).into()),
    })
}

impl Read {
    fn of(what: &str) -> anyhow::Result<Self> {
        Ok(Self {
            what: what.to_owned(),
            times: Histogram::new_with_bounds(1, 600_000_000, 3).context("making a histogram")?,
            answer: 0,
        })
    }

    fn took(&mut self, begun: Instant, answer: u64) {
        let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.times.saturating_record(micros.max(1));
        self.answer = answer;
    }
}
