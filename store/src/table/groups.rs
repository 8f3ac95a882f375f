//! Which groups have statistics of their own, since when, and which traces count in them.
//!
//! A group with an expression gets a number of the kind that accounts have, from the upper half, and under that number
//! the same table of graph statistics that accounts have: every trace that is sealed adds to each group it belongs to.
//! A number stands for one version of a group. When something changes that decides which traces belong to it, the
//! version ends and the next one begins with a number of its own, because what was added cannot be told apart any more.
//!
//! A version counts requests that ended in the minute after it began or later. Those are all sealed after it began, so
//! that whatever is taken away again when a trace changes was added before, and no minute is counted by half.
//!
//! `Meta`, partition `group`, key number u16:
//!
//! ```text
//! version u8 = 1 | account u16 | version of the group u64 | first minute | 0 or else 1 + first minute not counted | name
//! ```

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use beamline_model::digest::Digest;
use beamline_model::group::{Group, GroupSet};
use beamline_model::lang::trace_filter::GroupRef;
use beamline_model::time::Timestamp;

use super::{Live, LiveTraces};
use crate::api::Account;
use crate::codec::varint::{Put, Take, corrupt};
use crate::engine::{Change, EngineError, Family, KeyRange, View, WriteBatch};
use crate::object::{ObjectKind, part};

const PART: &[u8] = b"group";
/// The first number that is a group's and no account's.
pub const FIRST: u16 = 0x8000;

/// One version of a group, which has statistics of its own.
#[derive(Clone, Debug)]
pub struct Counted {
    /// The number under which its statistics are.
    pub number: Account,
    /// Whose group it is.
    pub owner: Account,
    /// Name of the group.
    pub name: String,
    /// See [`GroupSet::version`].
    pub version: u64,
    /// The first minute that is counted.
    pub since: u32,
    /// The first minute that is not counted any more; `None` while it is the current version.
    pub until: Option<u32>,
    /// All groups of the account, to decide what belongs to this one; `None` for versions that have ended.
    groups: Option<Arc<GroupSet>>,
}

impl Counted {
    /// Whether a trace counts in this group.
    #[must_use]
    pub fn has(&self, digest: &Digest) -> bool {
        let groups = self.groups.as_ref();
        groups.is_some_and(|groups| groups.has(GroupRef::Name(&self.name), digest))
    }

    fn put(&self, batch: &mut WriteBatch) {
        let mut value = vec![1];
        value.extend(self.owner.0.to_be_bytes());
        value.extend(self.version.to_be_bytes());
        value.varint(u64::from(self.since));
        value.varint(self.until.map_or(0, |until| u64::from(until) + 1));
        value.sized(self.name.as_bytes());
        batch.put(Family::Meta, PART, self.number.0.to_be_bytes(), value);
    }

    fn decode(key: &[u8], value: &[u8]) -> Option<Self> {
        let (&[1], value) = value.split_first_chunk()? else {
            return None;
        };
        let (owner, value) = value.split_first_chunk()?;
        let (version, value) = value.split_first_chunk()?;
        let mut take = Take(value);
        Some(Self {
            number: Account(u16::from_be_bytes(key.try_into().ok()?)),
            owner: Account(u16::from_be_bytes(*owner)),
            version: u64::from_be_bytes(*version),
            since: take.number()?,
            until: take.varint()?.checked_sub(1).map(u32::try_from).transpose().ok()?,
            name: take.text()?.to_owned(),
            groups: None,
        })
    }
}

/// All versions of groups, by number.
#[derive(Clone, Debug, Default)]
pub struct CountedGroups {
    versions: BTreeMap<Account, Arc<Counted>>,
}

impl CountedGroups {
    /// The version that has a number.
    #[must_use]
    pub fn by_number(&self, number: Account) -> Option<&Arc<Counted>> {
        self.versions.get(&number)
    }

    /// The current version of a group.
    #[must_use]
    pub fn current(&self, owner: Account, name: &str) -> Option<&Arc<Counted>> {
        self.of(owner).find(|counted| counted.name == name)
    }

    /// The current versions of an account's groups.
    pub fn of(&self, owner: Account) -> impl Iterator<Item = &Arc<Counted>> {
        let current = move |counted: &&Arc<Counted>| counted.owner == owner && counted.until.is_none();
        self.versions.values().filter(current)
    }
}

/// Name and value of a group as it is kept.
type Object = (Vec<u8>, Vec<u8>);

/// Follows the groups as they are made, changed and removed.
#[derive(Debug, Default)]
pub(super) struct GroupWriter {
    counted: CountedGroups,
    /// The groups as they were looked at last.
    seen: BTreeMap<Account, Vec<Object>>,
}

impl GroupWriter {
    pub(super) fn open(view: &dyn View) -> Result<Self, EngineError> {
        let mut writer = Self::default();
        let mut sound = Some(());
        view.scan(Family::Meta, PART, KeyRange::all(), false, &mut |key, value| {
            match Counted::decode(key, value) {
                Some(counted) => drop(writer.counted.versions.insert(counted.number, Arc::new(counted))),
                None => sound = None,
            }
            ControlFlow::Continue(())
        })?;
        sound.map(|()| writer).ok_or_else(|| corrupt("the list of groups"))
    }

    pub(super) fn counted(&self) -> &CountedGroups {
        &self.counted
    }

    /// Looks at the groups of all accounts, and adds to a batch what begins and ends.
    pub(super) fn follow(
        &mut self,
        view: &dyn View,
        owners: &[(Account, String, String)],
        now: Timestamp,
        batch: &mut WriteBatch,
    ) -> Result<(), EngineError> {
        for (owner, id, region) in owners {
            let mut kept = Vec::new();
            view.scan(
                Family::Object,
                &part(ObjectKind::Group, *owner),
                KeyRange::all(),
                false,
                &mut |key, value| {
                    kept.push((key.to_vec(), value.to_vec()));
                    ControlFlow::Continue(())
                },
            )?;
            if self.seen.get(owner).unwrap_or(&Vec::new()) == &kept {
                continue;
            }
            // One that cannot be read has no traces; whoever asks for it is told why.
            let read = |(_, value): &Object| serde_json::from_slice::<Group>(value).ok();
            let groups: Vec<Group> = kept.iter().filter_map(read).collect();
            self.adapt(*owner, Arc::new(GroupSet::new(id, region, &groups)), now, batch);
            self.seen.insert(*owner, kept);
        }
        Ok(())
    }

    fn adapt(&mut self, owner: Account, groups: Arc<GroupSet>, now: Timestamp, batch: &mut WriteBatch) {
        let next_minute = now.minute().saturating_add(1);
        let wanted: BTreeMap<String, u64> = groups
            .names()
            .filter_map(|name| Some((name.to_owned(), groups.version(name)?)))
            .collect();
        let current: Vec<Counted> = self.counted.of(owner).map(|counted| (**counted).clone()).collect();
        for mut counted in current {
            if wanted.get(&counted.name) == Some(&counted.version) {
                counted.groups = Some(Arc::clone(&groups));
            } else {
                counted.until = Some(next_minute);
                counted.groups = None;
                counted.put(batch);
            }
            self.counted.versions.insert(counted.number, Arc::new(counted));
        }
        for (name, version) in wanted {
            if self.counted.current(owner, &name).is_some() {
                continue;
            }
            let Some(number) = self.free_number() else {
                tracing::warn!(group = name, "no number is free for the statistics of this group");
                continue;
            };
            let counted = Counted {
                number,
                owner,
                name,
                version,
                since: next_minute,
                until: None,
                groups: Some(Arc::clone(&groups)),
            };
            counted.put(batch);
            self.counted.versions.insert(number, Arc::new(counted));
        }
    }

    fn free_number(&self) -> Option<Account> {
        let free = |number: &Account| !self.counted.versions.contains_key(number);
        (FIRST..=u16::MAX).map(Account).find(free)
    }

    /// Forgets versions of which nothing is left from a minute on.
    pub(super) fn forget_below(&mut self, minute: u32, batch: &mut WriteBatch) {
        let is_gone = |counted: &Counted| counted.until.is_some_and(|until| until <= minute);
        for number in self
            .counted
            .versions
            .values()
            .filter(|it| is_gone(it))
            .map(|it| it.number)
        {
            batch.changes.push(Change::Delete {
                family: Family::Meta,
                part: PART.to_vec(),
                key: number.0.to_be_bytes().to_vec(),
            });
        }
        self.counted.versions.retain(|_, counted| !is_gone(counted));
    }
}

/// The live traces of an account as a group sees them: what does not belong to it has no requests.
pub(crate) struct OfGroup<'a> {
    pub(crate) traces: &'a dyn LiveTraces,
    pub(crate) group: &'a Counted,
}

impl LiveTraces for OfGroup<'_> {
    fn len(&self) -> usize {
        self.traces.len()
    }

    fn trace(&self, number: usize) -> beamline_model::id::TraceId {
        self.traces.trace(number)
    }

    fn latest_start(&self, number: usize) -> Timestamp {
        self.traces.latest_start(number)
    }

    fn derive(&self, number: usize) -> Result<Option<Live>, EngineError> {
        let Some(live) = self.traces.derive(number)? else {
            return Ok(None);
        };
        let sealed = live.sealed.filter(|sealed| self.group.has(sealed));
        let belongs = self.group.has(&live.digest);
        if !belongs && sealed.is_none() {
            return Ok(None);
        }
        let digest = if belongs {
            live.digest
        } else {
            Arc::new(Digest::new(live.digest.trace))
        };
        Ok(Some(Live { digest, sealed }))
    }
}
