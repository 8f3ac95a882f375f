//! X-Ray: one file for each operation or small family of operations.
//!
//! Each operation is a function from its typed request to its typed reply. What it does is done by collector, query and
//! store; what is decided here is only how that is said in X-Ray's words.

mod asked;
mod batch_get_traces;
mod encryption;
mod get_time_series_service_statistics;
mod get_trace_summaries;
mod groups;
mod implemented;
mod indexing_rules;
mod insights;
mod kept;
mod put_telemetry_records;
mod put_trace_segments;
mod render;
mod resource_policies;
mod retrieved_traces_graph;
mod sampling_rules;
mod sampling_targets;
mod segment_destination;
mod service_graph;
mod tags;
mod token;
mod trace_retrieval;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use beamline_collector::Collector;
use beamline_collector::report::Rejected;
use beamline_proto::aws::{Input, Operation};
use beamline_proto::generated::xray::SERVICE;
use beamline_query::source::Source;
use beamline_store::Store;
use beamline_store::api::Account;
use http::request::Parts;
use serde::Serialize;
use serde_json::Value;
use token::Named;
use tokio::sync::Semaphore;

pub(crate) use self::implemented::IMPLEMENTED;
use crate::caller::{Caller, peer};
use crate::fault::Fault;
use crate::protocol::rest_json;

/// So many operations read or write the store at once; others wait for their turn.
const AT_ONCE: usize = 32;

/// So many accounts at once have their rules read for the first time.
const FIRST_READS: usize = 4;

/// Where Beamline may be more generous than AWS.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Keep to AWS's own limits.
    pub(crate) strict: bool,
}

/// What the operations work on.
pub(crate) struct Xray {
    collector: Collector,
    store: Arc<Store>,
    source: Arc<dyn Source>,
    limits: Limits,
    turns: Arc<Semaphore>,
    first_reads: Arc<Semaphore>,
}

/// What one request works on, and for whom.
#[derive(Clone)]
struct Call {
    collector: Collector,
    store: Arc<Store>,
    source: Arc<dyn Source>,
    limits: Limits,
    caller: Caller,
    account: Account,
}

impl Xray {
    pub(crate) fn new(collector: Collector, store: Arc<Store>, source: Arc<dyn Source>, limits: Limits) -> Self {
        Self {
            collector,
            store,
            source,
            limits,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            first_reads: Arc::new(Semaphore::new(FIRST_READS)),
        }
    }

    /// Whether an operation is what sampling clients ask for again and again, with patience for a second or two. These
    /// wait neither for room that ingest takes nor for the store.
    pub(crate) fn is_poll(operation: &Operation) -> bool {
        matches!(
            operation.name,
            "GetSamplingRules" | "GetSamplingTargets" | "GetSamplingStatisticSummaries"
        )
    }

    /// Answers one request.
    pub(crate) async fn call(&self, operation: &Operation, caller: Caller, document: Value) -> Result<Response, Fault> {
        match operation.name {
            "BatchGetTraces" => self.run(caller, document, batch_get_traces::run).await,
            "CancelTraceRetrieval" => self.run(caller, document, trace_retrieval::cancel).await,
            "CreateGroup" => self.run(caller, document, groups::create).await,
            "CreateSamplingRule" => self.run(caller, document, sampling_rules::create).await,
            "DeleteGroup" => self.run(caller, document, groups::delete).await,
            "DeleteResourcePolicy" => self.run(caller, document, resource_policies::delete).await,
            "DeleteSamplingRule" => self.run(caller, document, sampling_rules::delete).await,
            "GetEncryptionConfig" => self.run(caller, document, encryption::get).await,
            "GetGroup" => self.run(caller, document, groups::get).await,
            "GetGroups" => self.run(caller, document, groups::list).await,
            "GetIndexingRules" => self.run(caller, document, indexing_rules::list).await,
            "GetInsight" => self.run(caller, document, insights::get).await,
            "GetInsightEvents" => self.run(caller, document, insights::events).await,
            "GetInsightImpactGraph" => self.run(caller, document, insights::impact_graph).await,
            "GetInsightSummaries" => self.run(caller, document, insights::summaries).await,
            "GetRetrievedTracesGraph" => self.run(caller, document, retrieved_traces_graph::run).await,
            "GetSamplingRules" => self.answer_poll(caller, document, sampling_rules::list).await,
            "GetSamplingStatisticSummaries" => self.answer_poll(caller, document, sampling_targets::summaries).await,
            "GetSamplingTargets" => self.answer_poll(caller, document, sampling_targets::report).await,
            "GetServiceGraph" => self.run(caller, document, service_graph::of_range).await,
            "GetTimeSeriesServiceStatistics" => {
                self.run(caller, document, get_time_series_service_statistics::run)
                    .await
            }
            "GetTraceGraph" => self.run(caller, document, service_graph::of_traces).await,
            "GetTraceSegmentDestination" => self.run(caller, document, segment_destination::get).await,
            "GetTraceSummaries" => self.run(caller, document, get_trace_summaries::run).await,
            "ListResourcePolicies" => self.run(caller, document, resource_policies::list).await,
            "ListRetrievedTraces" => self.run(caller, document, trace_retrieval::list).await,
            "ListTagsForResource" => self.run(caller, document, tags::list).await,
            "PutEncryptionConfig" => self.run(caller, document, encryption::put).await,
            "PutResourcePolicy" => self.run(caller, document, resource_policies::put).await,
            "PutTelemetryRecords" => self.run(caller, document, put_telemetry_records::run).await,
            "PutTraceSegments" => {
                let request = Input::from_document(document)?;
                let peer = caller.peer;
                let call = self.of(caller).await?;
                rest_json::reply(&put_trace_segments::run(&call, peer, request).await?)
            }
            "StartTraceRetrieval" => self.run(caller, document, trace_retrieval::start).await,
            "TagResource" => self.run(caller, document, tags::add).await,
            "UntagResource" => self.run(caller, document, tags::remove).await,
            "UpdateGroup" => self.run(caller, document, groups::update).await,
            "UpdateIndexingRule" => self.run(caller, document, indexing_rules::update).await,
            "UpdateSamplingRule" => self.run(caller, document, sampling_rules::update).await,
            "UpdateTraceSegmentDestination" => self.run(caller, document, segment_destination::update).await,
            _ => Err(Fault::not_implemented(&SERVICE, operation)),
        }
    }

    /// Answers an OTLP request on the AWS endpoint.
    pub(crate) async fn export(&self, caller: Caller, request: Request) -> Result<Response, Fault> {
        let peer = caller.peer;
        let account = self.of(caller).await?.account;
        let answer = self.collector.export(account, peer, request).await;
        Ok(answer.map(Body::from))
    }

    /// Answers an export that is not let in as OTLP clients understand it, and counts it.
    pub(crate) fn turn_away_export(&self, parts: &Parts, fault: &Fault) -> Response {
        // A body that is not read as a document can only have broken off.
        let failure = fault.as_failure(Rejected::Disconnected);
        let answer = self.collector.turn_away_export(peer(parts), &parts.headers, &failure);
        answer.map(Body::from)
    }

    /// Counts a call that is not let in, if it would have brought segments.
    pub(crate) fn turn_away(&self, operation: &Operation, parts: &Parts, fault: &Fault) {
        if operation.name == "PutTraceSegments" {
            let failure = fault.as_failure(Rejected::Json);
            self.collector.turn_away_segments(peer(parts), &failure);
        }
    }

    /// What a request of a caller works on. The caller gets an account with its first request.
    async fn of(&self, caller: Caller) -> Result<Call, Fault> {
        if let Some(account) = self.store.known_account(&caller.account, &caller.region) {
            return Ok(self.call_of(caller, account));
        }
        let (store, pair) = (Arc::clone(&self.store), (caller.account.clone(), caller.region.clone()));
        let account = Self::blocking(&self.turns, move || Ok(store.account(&pair.0, &pair.1)?)).await?;
        Ok(self.call_of(caller, account))
    }

    fn call_of(&self, caller: Caller, account: Account) -> Call {
        Call {
            collector: self.collector.clone(),
            store: Arc::clone(&self.store),
            source: Arc::clone(&self.source),
            limits: self.limits,
            caller,
            account,
        }
    }

    /// Runs an operation that sampling clients poll with, on this thread and from memory, so that nothing else that goes
    /// on keeps them waiting. Only the first one for an account has to read the store.
    async fn answer_poll<I, O>(
        &self,
        caller: Caller,
        document: Value,
        operation: fn(&Call, I) -> Result<O, Fault>,
    ) -> Result<Response, Fault>
    where
        I: Input,
        O: Serialize,
    {
        let request = I::from_document(document)?;
        let known = self.store.known_account(&caller.account, &caller.region);
        let account = match known.filter(|account| self.collector.rules.are_known(*account)) {
            Some(account) => account,
            None => self.read_rules(&caller).await?,
        };
        rest_json::reply(&operation(&self.call_of(caller, account), request)?)
    }

    async fn read_rules(&self, caller: &Caller) -> Result<Account, Fault> {
        let (store, rules) = (Arc::clone(&self.store), Arc::clone(&self.collector.rules));
        let (id, region) = (caller.account.clone(), caller.region.clone());
        let read = move || {
            let account = store.account(&id, &region)?;
            rules.list(account)?;
            Ok(account)
        };
        Self::blocking(&self.first_reads, read).await
    }

    /// Runs an operation that reads or writes the store, on a thread that may wait.
    async fn run<I, O>(
        &self,
        caller: Caller,
        document: Value,
        operation: fn(&Call, I) -> Result<O, Fault>,
    ) -> Result<Response, Fault>
    where
        I: Input + Send + 'static,
        O: Serialize + 'static,
    {
        let request = I::from_document(document)?;
        let call = self.of(caller).await?;
        Self::blocking(&self.turns, move || rest_json::reply(&operation(&call, request)?)).await
    }

    async fn blocking<T: Send + 'static>(
        turns: &Arc<Semaphore>,
        work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let turn = Arc::clone(turns).acquire_owned().await;
        let turn = turn.map_err(|_| Fault::unavailable("the server is shutting down"))?;
        let span = tracing::Span::current();
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            span.in_scope(work)
        });
        done.await.unwrap_or_else(|error| Err(Fault::internal(&error)))
    }
}

impl Call {
    /// The ARN of a resource of the caller.
    fn arn(&self, resource: &str) -> String {
        format!("arn:aws:xray:{}:{}:{resource}", self.caller.region, self.caller.account)
    }

    /// The resource in an ARN of the caller: `group/shop/1F…` in `arn:aws:xray:us-east-1:123456789012:group/shop/1F…`.
    fn resource<'a>(&self, arn: &'a str) -> Option<&'a str> {
        arn.strip_prefix(&self.arn(""))
    }
}

/// FNV-1a over texts: tells two lists apart.
fn fingerprint<'a>(texts: impl Iterator<Item = &'a str>) -> u64 {
    let bytes = texts.flat_map(|text| text.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// One page of a list that is made anew for each page, and the token of the next.
fn page<T>(
    list: Vec<T>,
    size: usize,
    token: Option<&str>,
    name: impl Fn(&T) -> String,
) -> Result<(Vec<T>, Option<String>), Fault> {
    let names: Vec<String> = list.iter().map(name).collect();
    let shape = fingerprint(names.iter().map(String::as_str));
    let given = match token {
        None => 0,
        Some(token) => match token::to_rows(token)? {
            (given, same) if same == shape => given,
            _ => {
                return Err(Fault::invalid(
                    "the list has changed since NextToken was given; start again without it",
                ));
            }
        },
    };
    let end = given.saturating_add(size);
    let next = (end < list.len()).then(|| token::of_rows(end, shape));
    Ok((list.into_iter().skip(given).take(size).collect(), next))
}

/// One page of a list in the ascending order of unique places, and the token of the next. Rows that come or go between
/// two pages make no other row missing or doubled.
fn named_page<T>(
    mut list: Vec<T>,
    size: usize,
    named: Named,
    token: Option<&str>,
    place: impl Fn(&T) -> String,
) -> Result<(Vec<T>, Option<String>), Fault> {
    if let Some(token) = token {
        let last = token::to_name(named, token)?;
        list.retain(|row| place(row) > last);
    }
    let more = list.len() > size;
    list.truncate(size);
    let last = list.last().filter(|_| more);
    let next = last.map(|last| token::of_name(named, &place(last)));
    Ok((list, next))
}
