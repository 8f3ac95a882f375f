//! Reads that go on page by page.
//!
//! Nothing is read ahead of a client: a page is read when the one before was taken, so that a slow client costs one
//! page of memory and no thread.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::{Stream, stream};
use tonic::Status;

use super::desk::Desk;
use super::pool::Deadline;
use crate::QueryError;
use crate::source::Source;

/// A read under way.
pub(super) trait Paged: Send + 'static {
    /// What is given to the client.
    type Message: Send + 'static;

    /// The next messages; may be none although there will be more.
    fn next(&mut self, source: &dyn Source) -> Result<VecDeque<Self::Message>, QueryError>;

    /// Whether all was read.
    fn is_done(&self) -> bool;
}

/// Everything that a read gives.
pub(super) fn paged<R: Paged>(
    desk: &Desk,
    deadline: Deadline,
    read: R,
) -> impl Stream<Item = Result<R::Message, Status>> + Send + use<R> {
    let (source, pool) = (Arc::clone(&desk.source), Arc::clone(&desk.pool));
    let begin = (Some(read), VecDeque::new());
    stream::try_unfold(
        begin,
        move |(mut read, mut messages): (Option<R>, VecDeque<R::Message>)| {
            let (source, pool) = (Arc::clone(&source), Arc::clone(&pool));
            async move {
                while messages.is_empty() {
                    let Some(mut under_way) = read.filter(|read| !read.is_done()) else {
                        return Ok(None);
                    };
                    let source = Arc::clone(&source);
                    let page = pool.run(deadline, move || {
                        let page = under_way.next(&*source)?;
                        Ok((under_way, page))
                    });
                    let (under_way, page) = page.await?;
                    (read, messages) = (Some(under_way), page);
                }
                let message = messages.pop_front();
                Ok::<_, Status>(message.map(|message| (message, (read, messages))))
            }
        },
    )
}
