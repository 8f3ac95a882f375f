//! The service `Logs`.

mod request;

use std::collections::VecDeque;

use beamline_proto::query as pb;
use beamline_proto::query::logs_server::Logs;
use pb::read_logs_response::Part;
use tonic::{Request, Response, Status};

use super::desk::Desk;
use super::grpc::Answers;
use super::paged::{Paged, paged};
use super::render;
use crate::QueryError;
use crate::logs::{self, ReadRequest};
use crate::source::Source;

/// Answers the calls of `Logs`.
#[derive(Clone)]
pub(super) struct LogsService {
    desk: Desk,
}

impl LogsService {
    pub(super) fn new(desk: Desk) -> Self {
        Self { desk }
    }
}

#[tonic::async_trait]
impl Logs for LogsService {
    type ReadLogsStream = Answers<pb::ReadLogsResponse>;

    async fn list_log_groups(
        &self,
        request: Request<pb::ListLogGroupsRequest>,
    ) -> Result<Response<pb::ListLogGroupsResponse>, Status> {
        let work = |source: &dyn Source, message: pb::ListLogGroupsRequest| {
            let wanted = request::groups(source, &message)?;
            let after = wanted.after.as_deref();
            let (groups, more) = logs::groups(source, wanted.account, &wanted.prefix, after, wanted.limit)?;
            let last = groups.last().filter(|_| more);
            Ok(pb::ListLogGroupsResponse {
                cursor: last.map(|group| request::name_bytes(group.name())).unwrap_or_default(),
                groups: groups
                    .iter()
                    .map(|group| render::log_group(group, &wanted.owner))
                    .collect(),
            })
        };
        self.desk.answer(request, work).await
    }

    async fn list_log_streams(
        &self,
        request: Request<pb::ListLogStreamsRequest>,
    ) -> Result<Response<pb::ListLogStreamsResponse>, Status> {
        let work = |source: &dyn Source, message: pb::ListLogStreamsRequest| {
            let wanted = request::streams(source, &message)?;
            let page = logs::streams(source, wanted.account, &message.group, &wanted.query)?;
            let last = page.streams.last().filter(|_| page.more);
            let streams = page.streams.iter();
            Ok(pb::ListLogStreamsResponse {
                cursor: last.map(request::stream_bytes).unwrap_or_default(),
                streams: streams
                    .map(|stream| render::log_stream(stream, &message.group, &wanted.owner))
                    .collect(),
            })
        };
        self.desk.answer(request, work).await
    }

    async fn read_logs(&self, request: Request<pb::ReadLogsRequest>) -> Result<Response<Self::ReadLogsStream>, Status> {
        let deadline = self.desk.pool.deadline(request.metadata());
        let checked = self.desk.read(deadline, request, |source, message| {
            Ok(Reading {
                request: request::read(source, &message)?,
                documents: message.documents,
                end: pb::ReadLogsEnd::default(),
                done: false,
            })
        });
        let events = paged(&self.desk, deadline, checked.await?);
        Ok(Response::new(Box::pin(events)))
    }
}

/// Most events that are read at once.
const PAGE: usize = 256;

/// A read of events under way.
struct Reading {
    /// What is still wanted.
    request: ReadRequest,
    documents: bool,
    end: pb::ReadLogsEnd,
    done: bool,
}

impl Paged for Reading {
    type Message = pb::ReadLogsResponse;

    fn next(&mut self, source: &dyn Source) -> Result<VecDeque<pb::ReadLogsResponse>, QueryError> {
        let page = logs::read(
            source,
            &ReadRequest {
                limit: self.request.limit.min(PAGE),
                ..self.request.clone()
            },
        )?;
        let (documents, request, end) = (self.documents, &mut self.request, &mut self.end);
        end.scanned_bytes += page.scanned_bytes;
        end.matched += page.events.len() as u64;
        end.cursor = page.cursor.as_ref().map(request::cursor_bytes).unwrap_or_default();
        request.limit = request.limit.saturating_sub(page.events.len());
        request.budget = request.budget.saturating_sub(page.scanned_bytes);
        request.cursor = page.cursor;
        self.done = page.cursor.is_none() || request.limit == 0 || request.budget == 0;
        let events = page
            .events
            .iter()
            .map(|event| Part::Event(render::log_event(event, documents)));
        let end = self.done.then(|| Part::End(end.clone()));
        let parts = events.chain(end);
        Ok(parts.map(|part| pb::ReadLogsResponse { part: Some(part) }).collect())
    }

    fn is_done(&self) -> bool {
        self.done
    }
}
