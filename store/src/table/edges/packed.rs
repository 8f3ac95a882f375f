//! The binary form of graph statistics.
//!
//! ```text
//! version, size, zstd of:
//!   services = count, {name, kind, account}
//!   nodes    = count, {service, roots, reported, stats}
//!   edges    = count, {caller + 1 or 0 for the client, callee * 2 + link, stats, aliases}
//!   stats    = six counts, response times, 1 or else 0 and durations      histogram = count, {distance to the bucket before, count}
//! ```

use beamline_model::digest::ServiceId;
use beamline_model::insight::Counts;

use super::sum::{Dense, StatsSum, Sum};
use crate::api::Wanted;
use crate::codec::squeeze::{self, Effort};
use crate::codec::varint::{Put, Take};

const VERSION: u8 = 1;
const MAX_SIZE: usize = 256 << 20;

/// Writes a sum; `None` if nothing is in it.
#[must_use]
pub fn encode(sum: &Sum) -> Option<Vec<u8>> {
    (!is_nothing(sum)).then(|| encode_even_nothing(sum))
}

fn is_nothing(sum: &Sum) -> bool {
    let empty = |stats: &StatsSum| {
        stats.counts == [0; 6]
            && stats.response_times.buckets().next().is_none()
            && stats.durations.buckets().next().is_none()
    };
    sum.nodes
        .values()
        .all(|node| empty(&node.stats) && node.roots == 0 && node.reported == 0)
        && sum
            .edges
            .values()
            .all(|edge| empty(&edge.stats) && edge.aliases.values().all(|&uses| uses == 0))
}

/// Writes a sum.
#[must_use]
pub fn encode_even_nothing(sum: &Sum) -> Vec<u8> {
    let mut body = Vec::new();
    body.varint(sum.services.len() as u64);
    for id in &sum.services {
        [&id.name, &id.kind, &id.account]
            .into_iter()
            .for_each(|text| body.sized(text.as_bytes()));
    }
    body.varint(sum.nodes.len() as u64);
    for (&service, node) in &sum.nodes {
        body.varint(u64::from(service));
        body.zigzag(node.roots);
        body.zigzag(node.reported);
        put_stats(&mut body, &node.stats);
    }
    body.varint(sum.edges.len() as u64);
    for (&(from, to, link), edge) in &sum.edges {
        body.varint(from.map_or(0, |from| u64::from(from) + 1));
        body.varint(u64::from(to) << 1 | u64::from(link));
        put_stats(&mut body, &edge.stats);
        let aliases = || edge.aliases.iter().filter(|&(_, &uses)| uses != 0);
        body.varint(aliases().count() as u64);
        for (alias, &uses) in aliases() {
            body.sized(alias.as_bytes());
            body.zigzag(uses);
        }
    }
    let mut value = vec![VERSION];
    squeeze::put(&mut value, &body, Effort::Fast);
    value
}

fn put_stats(out: &mut Vec<u8>, stats: &StatsSum) {
    stats.counts.iter().for_each(|&count| out.zigzag(count));
    put_histogram(out, &stats.response_times);
    let same = stats.durations.buckets().eq(stats.response_times.buckets());
    out.push(u8::from(same));
    if !same {
        put_histogram(out, &stats.durations);
    }
}

fn put_histogram(out: &mut Vec<u8>, histogram: &Dense) {
    out.varint(histogram.buckets().count() as u64);
    let mut before = 0;
    for (bucket, count) in histogram.buckets() {
        out.varint(u64::from(bucket - before));
        out.zigzag(count);
        before = bucket;
    }
}

/// Adds what is wanted of a value to a sum; `None` if its bytes are damaged.
pub fn add(value: &[u8], wanted: &dyn Wanted, sum: &mut Sum) -> Option<()> {
    let body = unpack(value)?;
    let mut take = Take(&body);
    let mut services = Services::default();
    for _ in 0..take.count()? {
        services.0.push((take_service(&mut take)?, None));
    }
    for _ in 0..take.count()? {
        let service = place(take.varint()?)?;
        let (roots, reported) = (take.zigzag()?, take.zigzag()?);
        if !wanted.service(services.id(service)?) {
            skip_stats(&mut take)?;
            continue;
        }
        let number = services.number(service, sum)?;
        let node = sum.nodes.entry(number).or_default();
        node.roots = node.roots.saturating_add(roots);
        node.reported = node.reported.saturating_add(reported);
        add_stats(&mut take, &mut node.stats)?;
    }
    for _ in 0..take.count()? {
        let from = match take.varint()? {
            0 => None,
            from => Some(place(from - 1)?),
        };
        let to = take.varint()?;
        let (to, link) = (place(to >> 1)?, to & 1 == 1);
        let caller = match from {
            None => None,
            Some(from) => Some(services.id(from)?),
        };
        if !wanted.edge(caller, services.id(to)?) {
            skip_stats(&mut take)?;
            skip_aliases(&mut take)?;
            continue;
        }
        let from = match from {
            None => None,
            Some(from) => Some(services.number(from, sum)?),
        };
        let to = services.number(to, sum)?;
        let edge = sum.edges.entry((from, to, link)).or_default();
        add_stats(&mut take, &mut edge.stats)?;
        for _ in 0..take.count()? {
            let (alias, uses) = (take.text()?, take.zigzag()?);
            match edge.aliases.get_mut(alias) {
                Some(sum) => *sum += uses,
                None => drop(edge.aliases.insert(alias.to_owned(), uses)),
            }
        }
    }
    take.0.is_empty().then_some(())
}

/// The services of a value, each with its number in a sum once it has one.
#[derive(Default)]
struct Services(Vec<(ServiceId, Option<u32>)>);

impl Services {
    fn id(&self, place: usize) -> Option<&ServiceId> {
        self.0.get(place).map(|(id, _)| id)
    }

    fn number(&mut self, place: usize, sum: &mut Sum) -> Option<u32> {
        let (id, number) = self.0.get_mut(place)?;
        Some(*number.get_or_insert_with(|| sum.service(id)))
    }
}

fn place(number: u64) -> Option<usize> {
    usize::try_from(number).ok()
}

/// The bytes of a value as they were before they were compressed.
pub(super) fn unpack(value: &[u8]) -> Option<Vec<u8>> {
    let mut take = Take(value);
    if take.byte()? != VERSION {
        return None;
    }
    squeeze::take(take, MAX_SIZE)
}

pub(super) fn take_service(take: &mut Take<'_>) -> Option<ServiceId> {
    let mut text = || take.text().map(str::to_owned);
    Some(ServiceId {
        name: text()?,
        kind: text()?,
        account: text()?,
    })
}

/// Takes statistics, of which only the counts are wanted.
pub(super) fn take_counts(take: &mut Take<'_>) -> Option<Counts> {
    let [ok, error, throttle, fault] = [take.zigzag()?, take.zigzag()?, take.zigzag()?, take.zigzag()?];
    let _time_and_weight = (take.zigzag()?, take.zigzag()?);
    skip_histogram(take)?;
    if take.byte()? == 0 {
        skip_histogram(take)?;
    }
    Some(Counts {
        total: ok.saturating_add(error).saturating_add(throttle).saturating_add(fault),
        ok,
        fault,
    })
}

fn skip_stats(take: &mut Take<'_>) -> Option<()> {
    take_counts(take).map(|_| ())
}

pub(super) fn skip_aliases(take: &mut Take<'_>) -> Option<()> {
    for _ in 0..take.count()? {
        let _alias_and_uses = (take.text()?, take.zigzag()?);
    }
    Some(())
}

fn skip_histogram(take: &mut Take<'_>) -> Option<()> {
    for _ in 0..take.count()? {
        let _distance_and_count = (take.varint()?, take.zigzag()?);
    }
    Some(())
}

fn add_stats(take: &mut Take<'_>, stats: &mut StatsSum) -> Option<()> {
    for count in &mut stats.counts {
        *count = count.saturating_add(take.zigzag()?);
    }
    let mut again = *take;
    add_histogram(take, &mut stats.response_times)?;
    match take.byte()? {
        0 => add_histogram(take, &mut stats.durations),
        _ => add_histogram(&mut again, &mut stats.durations),
    }
}

fn add_histogram(take: &mut Take<'_>, histogram: &mut Dense) -> Option<()> {
    let mut bucket = 0u16;
    for _ in 0..take.count()? {
        bucket = bucket.checked_add(take.number()?)?;
        histogram.add(bucket, take.zigzag()?);
    }
    Some(())
}
