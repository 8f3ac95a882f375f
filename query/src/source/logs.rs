//! What queries need of a store to read logs.

use std::sync::Arc;

use beamline_model::id::TraceId;
use beamline_model::log::LogGroup;
use beamline_store::api::Account;
use beamline_store::api::log::{LogGroups, LogPage, LogSearch, LogStreamPage, LogStreamQuery};
use beamline_store::{LogError, Store, StoreError};

use super::Nothing;
use crate::QueryError;

/// Something that log events can be read from. Calls block. Reads go through [`crate::logs`], which has a group more.
pub trait LogSource: Send + Sync {
    /// The groups whose names begin so and are behind `after`, by name.
    fn groups(&self, account: Account, prefix: &str, after: Option<&str>) -> Result<Vec<Arc<LogGroup>>, QueryError>;

    /// The group of this name.
    fn group(&self, account: Account, name: &str) -> Result<Option<Arc<LogGroup>>, QueryError>;

    /// Some streams of a group.
    fn streams(&self, account: Account, group: &str, query: &LogStreamQuery) -> Result<LogStreamPage, QueryError>;

    /// One page of events.
    fn search(&self, search: &LogSearch) -> Result<LogPage, QueryError>;

    /// Events that name a trace, in all groups, by time; a cursor if there are more than `limit`.
    fn of_trace(&self, account: Account, trace: TraceId, limit: usize) -> Result<LogPage, QueryError>;
}

impl LogSource for Store {
    fn groups(&self, account: Account, prefix: &str, after: Option<&str>) -> Result<Vec<Arc<LogGroup>>, QueryError> {
        Ok(self.log_groups(account, prefix, after))
    }

    fn group(&self, account: Account, name: &str) -> Result<Option<Arc<LogGroup>>, QueryError> {
        match self.log_group(account, name) {
            Ok(group) => Ok(Some(group)),
            Err(StoreError::Log(LogError::NoSuchGroup)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn streams(&self, account: Account, group: &str, query: &LogStreamQuery) -> Result<LogStreamPage, QueryError> {
        self.log_streams(account, group, query)
            .map_err(|error| of_groups(error, || group.to_owned()))
    }

    fn search(&self, search: &LogSearch) -> Result<LogPage, QueryError> {
        let missing = || match &search.groups {
            LogGroups::All => String::new(),
            LogGroups::Named(names) => {
                let missing = names.iter().find(|name| self.log_group(search.account, name).is_err());
                missing.cloned().unwrap_or_default()
            }
        };
        self.search_logs(search).map_err(|error| of_groups(error, missing))
    }

    fn of_trace(&self, account: Account, trace: TraceId, limit: usize) -> Result<LogPage, QueryError> {
        Ok(self.log_events_of_trace(account, trace, limit)?)
    }
}

/// A group that somebody named and that does not exist is the caller's mistake.
fn of_groups(error: StoreError, name: impl FnOnce() -> String) -> QueryError {
    match error {
        StoreError::Log(LogError::NoSuchGroup) => QueryError::NoSuchLogGroup(name()),
        error => QueryError::Store(error),
    }
}

impl LogSource for Nothing {
    fn groups(&self, _: Account, _: &str, _: Option<&str>) -> Result<Vec<Arc<LogGroup>>, QueryError> {
        Ok(Vec::new())
    }

    fn group(&self, _: Account, _: &str) -> Result<Option<Arc<LogGroup>>, QueryError> {
        Ok(None)
    }

    fn streams(&self, _: Account, group: &str, _: &LogStreamQuery) -> Result<LogStreamPage, QueryError> {
        Err(QueryError::NoSuchLogGroup(group.to_owned()))
    }

    fn search(&self, _: &LogSearch) -> Result<LogPage, QueryError> {
        Ok(LogPage::default())
    }

    fn of_trace(&self, _: Account, _: TraceId, _: usize) -> Result<LogPage, QueryError> {
        Ok(LogPage::default())
    }
}
