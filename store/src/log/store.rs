//! What the store offers for log events.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use beamline_model::id::TraceId;
use beamline_model::log::{LogEventId, LogGroup, LogGroupName, LogStreamName};

use super::keys::GroupKey;
use super::{correlate, day, groups, listing, search, streams};
use crate::Store;
use crate::api::Account;
use crate::api::log::{
    LogEvent, LogGroupChange, LogGroups, LogPage, LogSearch, LogStream, LogStreamId, LogStreamPage, LogStreamQuery,
};
use crate::error::{LogError, StoreError};

/// Log groups and their streams. All of it may block but what says that it does not.
impl Store {
    /// Makes a group, durably.
    ///
    /// # Errors
    /// [`LogError::GroupExists`], [`LogError::TooManyGroups`].
    pub fn create_log_group(
        &self,
        account: Account,
        name: LogGroupName,
        chosen: LogGroupChange,
    ) -> Result<Arc<LogGroup>, StoreError> {
        groups::create(&self.inner, account, name, chosen)
    }

    /// A group, by name. Does not block.
    ///
    /// # Errors
    /// [`LogError::NoSuchGroup`].
    pub fn log_group(&self, account: Account, name: &str) -> Result<Arc<LogGroup>, StoreError> {
        Ok(self.inner.log_groups.get(account, name)?)
    }

    /// Groups of an account by name: those whose names begin with `prefix`, behind the one named `after`. Does not block.
    #[must_use]
    pub fn log_groups(&self, account: Account, prefix: &str, after: Option<&str>) -> Vec<Arc<LogGroup>> {
        self.inner.log_groups.list(account, prefix, after)
    }

    /// Changes what was chosen about a group, durably.
    ///
    /// # Errors
    /// [`LogError::NoSuchGroup`].
    pub fn change_log_group(
        &self,
        account: Account,
        name: &str,
        change: LogGroupChange,
    ) -> Result<Arc<LogGroup>, StoreError> {
        groups::change(&self.inner, account, name, change)
    }

    /// Removes a group with its streams and events, durably and all at once. A group that is made later under the same
    /// name has none of them.
    ///
    /// # Errors
    /// [`LogError::NoSuchGroup`], [`LogError::Protected`].
    pub fn delete_log_group(&self, account: Account, name: &str) -> Result<(), StoreError> {
        groups::delete(&self.inner, account, name)
    }

    /// Bytes of the messages that a group keeps, those not sealed yet left out.
    ///
    /// # Errors
    /// [`LogError::NoSuchGroup`].
    pub fn log_group_bytes(&self, account: Account, name: &str) -> Result<u64, StoreError> {
        let (key, _) = self.log_group_key(account, name)?;
        let days = day::all(&*self.inner.engine.view(), key)?;
        Ok(days.iter().map(|(_, day)| day.bytes).sum())
    }

    /// Makes a stream, durably.
    ///
    /// # Errors
    /// [`LogError::NoSuchGroup`], [`LogError::StreamExists`], [`LogError::TooManyStreams`].
    pub fn create_log_stream(
        &self,
        account: Account,
        group: &str,
        name: &LogStreamName,
    ) -> Result<LogStreamId, StoreError> {
        let group = self.inner.log_groups.get(account, group)?;
        match streams::ensure(&self.inner, account, &group, name)? {
            (id, true) => Ok(id),
            (_, false) => Err(LogError::StreamExists.into()),
        }
    }

    /// A stream's number, which it is given now if it is new: durably, before this returns.
    ///
    /// # Errors
    /// [`LogError::NoSuchGroup`], [`LogError::TooManyStreams`].
    pub fn ensure_log_stream(
        &self,
        account: Account,
        group: &str,
        name: &LogStreamName,
    ) -> Result<LogStreamId, StoreError> {
        let group = self.inner.log_groups.get(account, group)?;
        streams::ensure(&self.inner, account, &group, name).map(|(id, _)| id)
    }

    /// A stream's number if it can be told without waiting for anything: for callers that must not block. `None` for a
    /// stream that has not been asked for since the start.
    #[must_use]
    pub fn known_log_stream(&self, account: Account, group: &str, name: &str) -> Option<LogStreamId> {
        let group = self.inner.log_groups.get(account, group).ok()?.number;
        let stream = self.inner.log_streams.known(GroupKey { account, group }, name)?;
        Some(LogStreamId { group, stream })
    }

    /// What is known of a stream.
    ///
    /// # Errors
    /// [`LogError::NoSuchGroup`], [`LogError::NoSuchStream`].
    pub fn log_stream(&self, account: Account, group: &str, name: &str) -> Result<LogStream, StoreError> {
        let (key, group) = self.log_group_key(account, group)?;
        listing::one(&self.inner, (key, group), name)?.ok_or_else(|| LogError::NoSuchStream.into())
    }

    /// Streams of a group, page by page.
    ///
    /// # Errors
    /// [`LogError::NoSuchGroup`].
    pub fn log_streams(
        &self,
        account: Account,
        group: &str,
        query: &LogStreamQuery,
    ) -> Result<LogStreamPage, StoreError> {
        listing::page(&self.inner, self.log_group_key(account, group)?, query)
    }

    /// Removes a stream, durably. Its events are not found any more.
    ///
    /// # Errors
    /// [`LogError::NoSuchGroup`], [`LogError::NoSuchStream`].
    pub fn delete_log_stream(&self, account: Account, group: &str, name: &str) -> Result<(), StoreError> {
        let group = self.inner.log_groups.get(account, group)?;
        streams::delete(&self.inner, account, &group, name)
    }

    fn log_group_key(&self, account: Account, name: &str) -> Result<(GroupKey, Arc<LogGroup>), StoreError> {
        let group = self.inner.log_groups.get(account, name)?;
        let key = GroupKey {
            account,
            group: group.number,
        };
        Ok((key, group))
    }
}

/// Log events. All of it blocks.
impl Store {
    /// One page of a search, over everything that was acknowledged before the call.
    ///
    /// # Errors
    /// [`LogError::NoSuchGroup`] for a group that was named and does not exist.
    pub fn search_logs(&self, search: &LogSearch) -> Result<LogPage, StoreError> {
        let page = search::page(&self.inner, search)?;
        self.count_damage(&page);
        Ok(page)
    }

    /// One event, by its id.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn log_event(&self, account: Account, id: LogEventId) -> Result<Option<LogEvent>, StoreError> {
        let key = GroupKey {
            account,
            group: id.group,
        };
        let Some(group) = self.inner.log_groups.of_number(key) else {
            return Ok(None);
        };
        let name = group.name.to_string();
        let mut search = LogSearch::new(account, LogGroups::Named(vec![name]));
        search.range = id.time..id.time.plus(1);
        search.cursor = Some(crate::api::log::LogCursor {
            time: id.time,
            received: id.received,
        });
        search.limit = 1;
        search.budget = u64::MAX;
        let found = self.search_logs(&search)?.events.pop();
        Ok(found.filter(|event| event.received == id.received))
    }

    /// The events of an account that name a trace, earliest first, at most so many.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn log_events_of_trace(&self, account: Account, trace: TraceId, limit: usize) -> Result<LogPage, StoreError> {
        let page = correlate::events(&self.inner, account, trace, limit)?;
        self.count_damage(&page);
        Ok(page)
    }

    fn count_damage(&self, page: &LogPage) {
        let damaged = &self.inner.counters.logs.damaged;
        damaged.fetch_add(u64::from(page.damaged), Ordering::Relaxed);
    }
}
