//! Background work on summaries: small chunks become large ones, minutes that are quiet get their index, and hours that
//! are quiet get a filter of all their terms.

use beamline_model::digest::Digest;
use beamline_model::time::Timestamp;

use super::calendar::Table;
use super::index;
use super::keys::{self, Place};
use super::summaries::{self, CHUNK_ROWS, Head};
use super::writer::{Tables, is_loose};
use super::zone::Zone;
use crate::api::Account;
use crate::codec::varint::corrupt;
use crate::engine::{Change, EngineError, Family, View, WriteBatch};

const SECOND: i64 = 1_000_000_000;
/// A minute into which nothing was put for so long is merged.
const MINUTE_QUIET: i64 = 60 * SECOND;
/// So many loose chunks are merged at once.
const MOST_LOOSE: u32 = 64;
/// An hour into which nothing was put for so long gets its filter.
const HOUR_QUIET: i64 = 600 * SECOND;
/// An hour with more terms gets no filter: building it would take too much memory.
const MOST_HOUR_TERMS: usize = 4 << 20;
const TERMS_PER_FILTER: usize = 16_384;

impl Tables {
    pub(super) fn tidy_summaries(
        &mut self,
        view: &dyn View,
        now: Timestamp,
        batch: &mut WriteBatch,
    ) -> Result<bool, EngineError> {
        let open: Vec<(Account, u32)> = self
            .calendars
            .iter()
            .flat_map(|(&account, calendar)| calendar.open_hours().map(move |minute| (account, minute)))
            .collect();
        for (account, first) in open {
            let hour_place = Place { account, minute: first };
            let hour = self.hour(view, &hour_place)?;
            let quiet_since = |zone: &Zone, span: i64| zone.updated.1 < now.0.saturating_sub(span);
            let due = hour.minutes.iter().position(|minute| {
                minute.loose >= MOST_LOOSE || minute.loose > 0 && quiet_since(&minute.zone, MINUTE_QUIET)
            });
            if let Some(at) = due {
                let place = Place {
                    account,
                    minute: first + at as u32,
                };
                self.merge(view, &place, batch)?;
                self.put_hours(view, std::iter::once(&hour_place), batch)?;
                return Ok(true);
            }
            let quiet = hour
                .minutes
                .iter()
                .all(|minute| minute.loose == 0 && quiet_since(&minute.zone, HOUR_QUIET));
            if quiet {
                self.filter_hour(view, &hour_place, batch)?;
                self.put_hours(view, std::iter::once(&hour_place), batch)?;
                if let Some(calendar) = self.calendars.get_mut(&account) {
                    calendar.close(first);
                    calendar.put(Table::Summaries, account, batch);
                }
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Replaces loose chunks of a minute by one that is full or holds all of them. Rows move; whoever remembers an old
    /// place finds them by [`summaries::find`].
    fn merge(&mut self, view: &dyn View, place: &Place, batch: &mut WriteBatch) -> Result<(), EngineError> {
        let mut rows = 0;
        let all = summaries::heads(view, place)?;
        let loose: Vec<&Head> = all.iter().filter(|head| is_loose(head)).collect();
        // A merged chunk that is still small counts as loose by its size, but alone it is what it can be.
        let taken: Vec<&Head> = loose
            .iter()
            .copied()
            .take_while(|head| {
                rows += head.zone.rows as usize;
                rows <= CHUNK_ROWS
            })
            .collect();
        let filtered = self.hour(view, place)?.at(place.minute).filtered;
        let done = |head: &Head| head.index.is_some() && head.dead.is_empty();
        let alone = matches!(taken[..], [head] if done(head));
        if !alone && !taken.is_empty() {
            let mut digests: Vec<Digest> = Vec::with_capacity(rows);
            for head in &taken {
                digests.extend(summaries::digests(view, place, head)?);
                head.delete(place, batch);
                let zone = &mut self.hour(view, place)?.at(place.minute).zone;
                zone.rows = zone.rows.saturating_sub(head.zone.rows);
            }
            digests.sort_by_key(|digest| (digest.start, digest.trace));
            let digests: Vec<&Digest> = digests.iter().collect();
            self.note_merged(digests.len());
            if !digests.is_empty() {
                self.write_chunk(view, place, &digests, true, batch)?;
            }
        }
        let minute = self.hour(view, place)?.at(place.minute);
        minute.filtered = filtered; // the terms are what they were
        minute.loose = (loose.len() - taken.len()) as u32;
        Ok(())
    }

    /// Builds the filter of an hour from the indexes of its chunks. Minutes with terms that no shard knows stay out.
    fn filter_hour(&mut self, view: &dyn View, hour: &Place, batch: &mut WriteBatch) -> Result<(), EngineError> {
        let mut terms: Vec<u64> = Vec::new();
        let record = self.hour(view, hour)?;
        record.minutes.iter_mut().for_each(|minute| minute.filtered = false);
        let record = record.clone();
        let mut complete = [false; 60];
        for (at, _) in (0u32..)
            .zip(&record.minutes)
            .filter(|(_, minute)| minute.next_chunk > 0)
        {
            let place = Place {
                minute: hour.minute + at,
                ..*hour
            };
            let mut all = true;
            for head in summaries::heads(view, &place)? {
                let Some(index) = head
                    .index
                    .as_ref()
                    .filter(|index| index.wild.is_empty() && index.filtered.is_empty())
                else {
                    all = false;
                    continue;
                };
                for number in 0..1u16 << index.shards_log2 {
                    let shard = view
                        .get(Family::Bitmap, &place.part(), &keys::shard(head.chunk, number as u8))?
                        .ok_or_else(|| corrupt("a term index"))?;
                    index::terms_of(&shard, |short| terms.push(index::hour_hash(short)))
                        .ok_or_else(|| corrupt("a term index"))?;
                }
            }
            complete[at as usize] = all;
            if terms.len() > MOST_HOUR_TERMS {
                terms.sort_unstable();
                terms.dedup();
                if terms.len() > MOST_HOUR_TERMS / 2 {
                    return Ok(());
                }
            }
        }
        terms.sort_unstable();
        terms.dedup();
        let log2 = (terms
            .len()
            .div_ceil(TERMS_PER_FILTER)
            .next_power_of_two()
            .trailing_zeros() as u8)
            .min(8);
        let mut rest = &terms[..];
        for part in 0..1u16 << log2 {
            let (these, others) = rest.split_at(rest.partition_point(|&term| filter_part(term, log2) <= part as u8));
            rest = others;
            let filter = if these.is_empty() {
                Some(Vec::new())
            } else {
                index::filter(these)
            };
            let Some(value) = filter else { return Ok(()) };
            let key = keys::hour_filter(part as u8);
            batch.changes.push(Change::Put {
                family: Family::Filter,
                part: hour.part(),
                key,
                value,
            });
        }
        let record = self.hour(view, hour)?;
        record.filter_log2 = log2;
        record
            .minutes
            .iter_mut()
            .zip(complete)
            .for_each(|(minute, complete)| minute.filtered = complete);
        Ok(())
    }
}

/// Which part of an hour's filter a term belongs to.
pub(crate) fn filter_part(hour_hash: u64, log2: u8) -> u8 {
    if log2 == 0 {
        0
    } else {
        (hour_hash >> (64 - u32::from(log2))) as u8
    }
}
