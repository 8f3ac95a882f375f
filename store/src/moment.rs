//! What search and the service graph look at: sealed and live traces of one moment, each once.

use std::sync::PoisonError;

use crate::api::Account;
use crate::derive;
use crate::error::StoreError;
use crate::inner::Inner;
use crate::table::Moment;

impl Inner {
    /// Lets `read` look at the traces of an account as they are now. Everything acknowledged before the call is
    /// there; nothing is there twice.
    pub(crate) fn at_this_moment<T, E: From<StoreError>>(
        &self,
        account: Account,
        read: impl FnOnce(&Moment<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        let entries = self.live.of_account(account);
        let view = self.engine.view();
        drop(gate);
        let days = view.days();
        let mut live = Vec::with_capacity(entries.len());
        for entry in entries {
            live.extend(derive::for_readers(self, &*view, &days, &entry)?);
        }
        read(&Moment {
            view: &*view,
            live: &live,
            cache: &self.cache,
        })
    }
}
