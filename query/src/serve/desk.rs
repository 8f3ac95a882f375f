//! What all services of the API share: the source as a caller may see it, threads that may block, deadlines, the clock.

use std::sync::Arc;

use beamline_model::time::Timestamp;
use tonic::{Request, Response, Status};

use super::caller::Caller;
use super::fault::Failure;
use super::pool::{Deadline, Pool, PoolConfig};
use crate::QueryError;
use crate::source::Source;

/// Tells the time.
pub(super) type Clock = fn() -> Timestamp;

/// Where calls are taken, whichever service they are of.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) source: Arc<dyn Source>,
    pub(super) pool: Arc<Pool>,
    pub(super) clock: Clock,
}

impl Desk {
    pub(super) fn new(source: Arc<dyn Source>, config: PoolConfig, clock: Clock) -> Self {
        Self {
            source,
            pool: Arc::new(Pool::new(config)),
            clock,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Answers one request by a function that may block.
    pub(super) async fn answer<M: Send + 'static, T: Send + 'static>(
        &self,
        request: Request<M>,
        work: impl FnOnce(&dyn Source, M) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<Response<T>, Status> {
        let deadline = self.pool.deadline(request.metadata());
        let answer = self.read(deadline, request, work).await?;
        Ok(Response::new(answer))
    }

    /// The same, until a deadline.
    pub(super) async fn read<M: Send + 'static, T: Send + 'static>(
        &self,
        deadline: Deadline,
        request: Request<M>,
        work: impl FnOnce(&dyn Source, M) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, Failure> {
        let source = self.seen_by(&request);
        let message = request.into_inner();
        self.pool.run(deadline, move || work(&*source, message)).await
    }

    /// The source as whoever calls may see it.
    fn seen_by<M>(&self, request: &Request<M>) -> Arc<dyn Source> {
        let source = Arc::clone(&self.source);
        match request.extensions().get::<Caller>() {
            Some(caller) => caller.restrict(source),
            None => source,
        }
    }
}
