//! (account, region) pairs and the numbers that keys are made of.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{PoisonError, RwLock};

use crate::api::Account;
use crate::codec::varint::{Put, Take};
use crate::engine::{Durability, Engine, Family, KeyRange, View, WriteBatch};
use crate::error::StoreError;
use crate::table::groups;

const PART: &[u8] = b"account";

/// All pairs that were ever named. A number is never given twice; those of the upper half are for groups.
pub(crate) struct Accounts {
    default: (String, String),
    known: RwLock<BTreeMap<(String, String), Account>>,
}

impl Accounts {
    pub(crate) fn load(view: &dyn View, default: (String, String)) -> Result<Self, StoreError> {
        let mut known = BTreeMap::new();
        let mut damaged = false;
        view.scan(Family::Meta, PART, KeyRange::all(), false, &mut |key, value| {
            match read(key, value) {
                Some((account, pair)) => drop(known.insert(pair, account)),
                None => damaged = true,
            }
            ControlFlow::Continue(())
        })?;
        if damaged {
            return Err(StoreError::Damaged(
                "the list of accounts; restore a checkpoint".to_owned(),
            ));
        }
        Ok(Self {
            default,
            known: RwLock::new(known),
        })
    }

    /// The number of a pair if that can be told from memory and at once: neither is so while a new pair is written.
    pub(crate) fn known(&self, id: &str, region: &str) -> Option<Account> {
        let pair = (id.to_owned(), region.to_owned());
        let known = self.known.try_read().ok()?;
        let default = || (pair == self.default).then(Account::default);
        known.get(&pair).copied().or_else(default)
    }

    /// The number of a pair, given out now if it is new.
    pub(crate) fn number(&self, engine: &dyn Engine, id: &str, region: &str) -> Result<Account, StoreError> {
        if let Some(account) = self.known(id, region) {
            return Ok(account);
        }
        let pair = (id.to_owned(), region.to_owned());
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(&account) = known.get(&pair) {
            return Ok(account);
        }
        if pair == self.default {
            return Ok(Account::default());
        }
        let next = known
            .values()
            .map(|account| account.0)
            .max()
            .unwrap_or(0)
            .checked_add(1)
            .filter(|&number| number < groups::FIRST);
        let account = Account(next.ok_or(StoreError::TooManyAccounts)?);
        let mut value = Vec::new();
        value.sized(id.as_bytes());
        value.sized(region.as_bytes());
        let mut batch = WriteBatch::default();
        batch.put(Family::Meta, PART, account.0.to_be_bytes(), value);
        engine.write(batch, Durability::Commit)?;
        known.insert(pair, account);
        Ok(account)
    }

    /// Every pair, the default one first.
    pub(crate) fn all(&self) -> Vec<(Account, String, String)> {
        let (id, region) = self.default.clone();
        let mut all = vec![(Account::default(), id, region)];
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        all.extend(
            known
                .iter()
                .map(|((id, region), &account)| (account, id.clone(), region.clone())),
        );
        all.sort_by_key(|(account, ..)| *account);
        all
    }
}

fn read(key: &[u8], value: &[u8]) -> Option<(Account, (String, String))> {
    let account = Account(u16::from_be_bytes(key.try_into().ok()?));
    let mut value = Take(value);
    let (id, region) = (value.text()?.to_owned(), value.text()?.to_owned());
    Some((account, (id, region)))
}
