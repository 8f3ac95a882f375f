//! One method per call.

use std::pin::Pin;
use std::sync::Arc;

use beamline_model::group::DEFAULT_GROUP;
use beamline_model::sampling::record::in_order;
use beamline_model::time::Timestamp;
use beamline_proto::query as pb;
use beamline_proto::query::query_server::Query;
use futures_util::Stream;
use tonic::{Request, Response, Status};

use super::desk::Desk;
use super::pool::{Pool, PoolConfig};
use super::{Operations, render, request, sampling, stream, trace};
use crate::source::Source;
use crate::{graph, insights, paths, series};

/// Answers the calls of `beamline.query.v1`.
#[derive(Clone)]
pub struct QueryService {
    pub(super) desk: Desk,
    operations: Arc<dyn Operations>,
}

pub(super) type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl QueryService {
    /// Answers from a source. `clock` tells what is still waited for.
    #[must_use]
    pub fn new(
        source: Arc<dyn Source>,
        operations: Arc<dyn Operations>,
        config: PoolConfig,
        clock: fn() -> Timestamp,
    ) -> Self {
        Self {
            desk: Desk::new(source, config, clock),
            operations,
        }
    }
}

#[tonic::async_trait]
impl Query for QueryService {
    type SearchStream = Answers<pb::SearchResponse>;
    type GetTraceStream = Answers<pb::Trace>;
    type TailStream = Answers<pb::TailResponse>;

    async fn search(&self, request: Request<pb::SearchRequest>) -> Result<Response<Self::SearchStream>, Status> {
        let deadline = self.desk.pool.deadline(request.metadata());
        let checked = self.desk.read(deadline, request, |source, message| {
            let wanted = request::search(source, &message)?;
            // A group that does not exist is told before the stream begins.
            crate::filter::matcher(source, wanted.account, &wanted.selection)?;
            Ok(wanted)
        });
        let wanted = checked.await?;
        let found = stream::search(
            Arc::clone(&self.desk.source),
            Arc::clone(&self.desk.pool),
            deadline,
            wanted,
        );
        Ok(Response::new(Box::pin(found)))
    }

    async fn get_trace(&self, request: Request<pb::GetTraceRequest>) -> Result<Response<Self::GetTraceStream>, Status> {
        let parts = trace::parts(&self.desk, request).await?;
        let parts = futures_util::stream::iter(parts.into_iter().map(Ok));
        Ok(Response::new(Box::pin(parts)))
    }

    async fn get_service_graph(
        &self,
        request: Request<pb::GetServiceGraphRequest>,
    ) -> Result<Response<pb::ServiceGraph>, Status> {
        let work = |source: &dyn Source, message: pb::GetServiceGraphRequest| {
            let account = request::account(source, message.scope.as_ref())?;
            let range = request::range(message.range.as_ref())?;
            let selection = request::selection(message.selection.as_ref())?;
            let graph = graph::graph(source, account, range, &selection)?;
            Ok(render::graph(&graph))
        };
        self.desk.answer(request, work).await
    }

    async fn get_trace_graph(
        &self,
        request: Request<pb::GetTraceGraphRequest>,
    ) -> Result<Response<pb::GetTraceGraphResponse>, Status> {
        let work = |source: &dyn Source, message: pb::GetTraceGraphRequest| {
            let account = request::account(source, message.scope.as_ref())?;
            let traces = request::traces(&message.trace_ids)?;
            let (graph, unknown) = graph::trace_graph(source, account, &traces)?;
            let asked = message.trace_ids.into_iter().zip(traces);
            let missing = asked.filter(|(_, trace)| unknown.contains(trace)).map(|(text, _)| text);
            Ok(pb::GetTraceGraphResponse {
                graph: Some(render::graph(&graph)),
                unknown_trace_ids: missing.collect(),
            })
        };
        self.desk.answer(request, work).await
    }

    async fn get_error_paths(
        &self,
        request: Request<pb::GetErrorPathsRequest>,
    ) -> Result<Response<pb::GetErrorPathsResponse>, Status> {
        let now = self.desk.now();
        let work = move |source: &dyn Source, message: pb::GetErrorPathsRequest| {
            let wanted = request::paths(source, &message)?;
            Ok(render::ranked(&paths::paths(source, &wanted, now)?))
        };
        self.desk.answer(request, work).await
    }

    async fn get_time_series(
        &self,
        request: Request<pb::GetTimeSeriesRequest>,
    ) -> Result<Response<pb::GetTimeSeriesResponse>, Status> {
        let work = |source: &dyn Source, message: pb::GetTimeSeriesRequest| {
            let wanted = request::series(source, &message)?;
            Ok(render::series_set(&series::series(source, &wanted)?))
        };
        self.desk.answer(request, work).await
    }

    async fn list_insights(&self, request: Request<pb::ListInsightsRequest>) -> Result<Response<pb::Insights>, Status> {
        let work = |source: &dyn Source, message: pb::ListInsightsRequest| {
            let page = insights::list(source, &request::insights(source, &message)?)?;
            Ok(pb::Insights {
                insights: page.insights.iter().map(render::insight).collect(),
                cursor: page.next.map(|place| request::place_bytes(&place)).unwrap_or_default(),
            })
        };
        self.desk.answer(request, work).await
    }

    async fn replay_insights(
        &self,
        request: Request<pb::ReplayInsightsRequest>,
    ) -> Result<Response<pb::Insights>, Status> {
        let now = self.desk.now();
        let work = move |source: &dyn Source, message: pb::ReplayInsightsRequest| {
            let account = request::account(source, message.scope.as_ref())?;
            let range = request::range(message.range.as_ref())?;
            let group = Some(message.group.as_str()).filter(|group| !group.is_empty());
            let found = insights::replay(source, account, group.unwrap_or(DEFAULT_GROUP), range, now)?;
            Ok(pb::Insights {
                insights: found.iter().map(render::insight).collect(),
                cursor: Vec::new(),
            })
        };
        self.desk.answer(request, work).await
    }

    async fn list_sampling_rules(
        &self,
        request: Request<pb::ListSamplingRulesRequest>,
    ) -> Result<Response<pb::ListSamplingRulesResponse>, Status> {
        let (now, operations) = (self.desk.now(), Arc::clone(&self.operations));
        let work = move |source: &dyn Source, message: pb::ListSamplingRulesRequest| {
            let account = request::account(source, message.scope.as_ref())?;
            let rules = in_order(source.sampling_rules(account)?);
            Ok(sampling::rules(&rules, &operations.sampling(account, now)))
        };
        self.desk.answer(request, work).await
    }

    async fn simulate_sampling(
        &self,
        request: Request<pb::SimulateSamplingRequest>,
    ) -> Result<Response<pb::SimulateSamplingResponse>, Status> {
        let work = |source: &dyn Source, message: pb::SimulateSamplingRequest| {
            let wanted = sampling::request(source, message)?;
            Ok(sampling::simulated(&crate::sampling::simulate(source, wanted)?))
        };
        self.desk.answer(request, work).await
    }

    async fn tail(&self, request: Request<pb::TailRequest>) -> Result<Response<Self::TailStream>, Status> {
        let deadline = Pool::open_end(request.metadata());
        // Whatever is sent from here on is told, also if it comes while the request is still being looked at.
        let touched = self.desk.source.subscribe();
        let checked = self.desk.read(deadline, request, |source, message| {
            let account = request::account(source, message.scope.as_ref())?;
            let selection = request::selection(message.selection.as_ref())?;
            let matcher = crate::filter::matcher(source, account, &selection)?;
            Ok((account, matcher))
        });
        let (account, matcher) = checked.await?;
        let tail = stream::Tail::new(
            Arc::clone(&self.desk.source),
            Arc::clone(&self.desk.pool),
            account,
            matcher,
        );
        Ok(Response::new(Box::pin(tail.follow(touched, deadline))))
    }

    async fn get_status(
        &self,
        request: Request<pb::GetStatusRequest>,
    ) -> Result<Response<pb::GetStatusResponse>, Status> {
        const USUAL: u32 = 20;
        const MOST: u32 = 1_000;
        let wanted = match request.get_ref().rejected_limit {
            0 => USUAL,
            wanted => wanted.min(MOST),
        };
        let mut status = self.operations.status(wanted as usize);
        status.figures.sort_by(|(a, _), (b, _)| a.cmp(b));
        let figures = status
            .figures
            .into_iter()
            .map(|(name, value)| pb::Figure { name, value });
        let rejected = status.rejected.into_iter().map(|rejected| pb::Rejected {
            time: Some(render::time(rejected.time)),
            receiver: rejected.receiver,
            reason: rejected.reason,
            message: rejected.message,
            excerpt: rejected.excerpt,
        });
        Ok(Response::new(pb::GetStatusResponse {
            version: status.version,
            started: Some(render::time(status.started)),
            ready: status.ready,
            figures: figures.collect(),
            rejected: rejected.collect(),
        }))
    }
}
