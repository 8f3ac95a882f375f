//! The service `Metrics`.

mod request;

use std::collections::VecDeque;

use beamline_model::time::{TimeRange, Timestamp};
use beamline_proto::query as pb;
use beamline_proto::query::metrics_server::Metrics;
use beamline_store::api::metric::FoundSeries;
use pb::read_points_response::Part;
use tonic::{Request, Response, Status};

use super::desk::Desk;
use super::grpc::Answers;
use super::paged::{Paged, paged};
use super::render;
use crate::QueryError;
use crate::metrics::{self, Selection};
use crate::source::Source;

/// Answers the calls of `Metrics`.
#[derive(Clone)]
pub(super) struct MetricsService {
    desk: Desk,
}

impl MetricsService {
    pub(super) fn new(desk: Desk) -> Self {
        Self { desk }
    }
}

#[tonic::async_trait]
impl Metrics for MetricsService {
    type ReadPointsStream = Answers<pb::ReadPointsResponse>;

    async fn list_series(
        &self,
        request: Request<pb::ListSeriesRequest>,
    ) -> Result<Response<pb::ListSeriesResponse>, Status> {
        let work = |source: &dyn Source, message: pb::ListSeriesRequest| {
            let wanted = request::list(source, &message)?;
            let page = metrics::list(source, &wanted.selection, wanted.active, wanted.limit, wanted.after)?;
            Ok(pb::ListSeriesResponse {
                series: page.series.iter().map(render::metric_series).collect(),
                cursor: page.next.map(request::cursor_bytes).unwrap_or_default(),
            })
        };
        self.desk.answer(request, work).await
    }

    async fn read_points(
        &self,
        request: Request<pb::ReadPointsRequest>,
    ) -> Result<Response<Self::ReadPointsStream>, Status> {
        let deadline = self.desk.pool.deadline(request.metadata());
        let checked = self.desk.read(deadline, request, |source, message| {
            let wanted = request::points(source, &message)?;
            Ok(Reading {
                selection: wanted.selection,
                range: wanted.range,
                left: wanted.limit,
                after: wanted.after,
                more: true,
                waiting: VecDeque::new(),
                open: None,
                end: pb::ReadPointsEnd::default(),
                done: false,
            })
        });
        let points = paged(&self.desk, deadline, checked.await?);
        Ok(Response::new(Box::pin(points)))
    }

    async fn get_statistics(
        &self,
        request: Request<pb::GetStatisticsRequest>,
    ) -> Result<Response<pb::GetStatisticsResponse>, Status> {
        let work = |source: &dyn Source, message: pb::GetStatisticsRequest| {
            let wanted = request::statistics(source, &message)?;
            let names = wanted.statistics.iter().map(ToString::to_string).collect();
            Ok(render::statistics(&metrics::statistics(source, &wanted)?, names))
        };
        self.desk.answer(request, work).await
    }
}

/// So many series are asked for at once.
const PAGE: usize = 100;
/// So much of a series is read at once: a day, in nanoseconds.
const STRETCH: i64 = 86_400_000_000_000;

/// A read of points under way.
struct Reading {
    selection: Selection,
    range: TimeRange,
    /// Series that are still wanted.
    left: usize,
    /// Behind which series to go on.
    after: Option<u32>,
    /// There are series behind that one.
    more: bool,
    waiting: VecDeque<FoundSeries>,
    /// The series that is being read, what is still to be read of it, and whether it had points.
    open: Option<(FoundSeries, TimeRange, bool)>,
    end: pb::ReadPointsEnd,
    done: bool,
}

impl Reading {
    fn ask_for_series(&mut self, source: &dyn Source) -> Result<(), QueryError> {
        let limit = self.left.min(PAGE);
        let page = metrics::list(source, &self.selection, Some(self.range.clone()), limit, self.after)?;
        self.more = page.next.is_some();
        self.waiting = page.series.into();
        Ok(())
    }

    fn turn_to(&mut self, series: FoundSeries) {
        self.left = self.left.saturating_sub(1);
        self.after = Some(series.series);
        let mut range = self.range.clone();
        if let Some(active) = &series.active {
            // Its last point is at or before the end of what is known of it.
            range = range.start.max(active.start)..range.end.min(active.end.plus(1));
        }
        self.open = (range.start < range.end).then_some((series, range, false));
    }

    fn finish(&mut self) -> pb::ReadPointsResponse {
        self.done = true;
        if self.more || !self.waiting.is_empty() {
            self.end.cursor = self.after.map(request::cursor_bytes).unwrap_or_default();
        }
        pb::ReadPointsResponse {
            part: Some(Part::End(self.end.clone())),
        }
    }
}

impl Paged for Reading {
    type Message = pb::ReadPointsResponse;

    fn next(&mut self, source: &dyn Source) -> Result<VecDeque<pb::ReadPointsResponse>, QueryError> {
        let Some((series, range, seen)) = &mut self.open else {
            if self.waiting.is_empty() && self.more && self.left > 0 {
                self.ask_for_series(source)?;
            }
            return Ok(match self.waiting.pop_front() {
                Some(series) if self.left > 0 => {
                    self.turn_to(series);
                    VecDeque::new()
                }
                Some(series) => {
                    self.waiting.push_front(series);
                    [self.finish()].into()
                }
                None if self.more && self.left > 0 => VecDeque::new(),
                None => [self.finish()].into(),
            });
        };
        let until = stretch_end(range);
        let found = metrics::points(source, self.selection.account, series, &(range.start..until))?;
        if !found.is_empty() && !std::mem::replace(seen, true) {
            self.end.series += 1;
        }
        range.start = until;
        if range.start >= range.end {
            self.open = None;
        }
        self.end.points += found.iter().map(|(_, points)| *points as u64).sum::<u64>();
        let message = |(bytes, _)| pb::ReadPointsResponse {
            part: Some(Part::ResourceMetrics(bytes)),
        };
        Ok(found.into_iter().map(message).collect())
    }

    fn is_done(&self) -> bool {
        self.done
    }
}

fn stretch_end(range: &TimeRange) -> Timestamp {
    range.start.plus(STRETCH).min(range.end)
}
