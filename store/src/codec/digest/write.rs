//! Digests to a page.

use beamline_model::digest::{Digest, ServiceFact, UserFact};
use beamline_model::node::Flags;
use beamline_model::time::Timestamp;
use rustc_hash::FxHashMap;

use super::super::varint::Put;
use super::streams::{Stream, Writing};
use super::texts::Known;
use super::{Said, Saying, UNITS, VERSION, head};

mod requests;
mod said;

/// How many values a digest adds to its page, roughly.
const VALUES_EACH: usize = 16;

/// A page in its binary form.
#[derive(Clone, Debug)]
pub struct Encoded<'a> {
    /// The page.
    pub bytes: Vec<u8>,
    /// Keys of annotations with numbers, numerals among them: the key, its least and its greatest.
    pub bounds: Vec<(&'a str, f64, f64)>,
}

/// Writes one page, its rows in the order given.
#[must_use]
pub fn encode<'a>(digests: impl IntoIterator<Item = &'a Digest>) -> Encoded<'a> {
    let digests = digests.into_iter();
    let mut writer = Writer {
        streams: Writing::default(),
        names: Known::with_room(256),
        values: Known::with_room(digests.size_hint().0 * VALUES_EACH),
        services: FxHashMap::default(),
        usual: FxHashMap::default(),
        bounds: FxHashMap::default(),
        scratch: Vec::new(),
        own: Vec::new(),
        start: Timestamp::ZERO,
        end: Timestamp::ZERO,
        unit: 1,
    };
    let mut rows = 0u64;
    for digest in digests {
        writer.digest(digest);
        rows += 1;
    }
    let mut page = vec![VERSION];
    page.varint(rows);
    let packed = writer.streams.to(Stream::Packed);
    writer.names.finish(packed, &mut page);
    writer.values.finish(packed, &mut page);
    writer.streams.finish(&mut page);
    let mut bounds: Vec<_> = writer.bounds.into_iter().collect();
    bounds.sort_unstable_by_key(|&(key, _)| key);
    Encoded {
        bytes: page,
        bounds: bounds.into_iter().map(|(_, bounds)| bounds).collect(),
    }
}

/// The coarsest unit in which all times of a digest are whole.
fn unit(digest: &Digest) -> i64 {
    let whole = |unit: i64| {
        // A quarter of what is possible, so that the difference between any two distances fits as well.
        let near = -(i64::MAX / 4)..i64::MAX / 4;
        let distance = |time: Timestamp| time.0.checked_sub(digest.start.0).filter(|nanos| near.contains(nanos));
        let fits = |time: Timestamp| distance(time).is_some_and(|nanos| nanos % unit == 0);
        let end_fits = |time: &Option<Timestamp>| time.is_none_or(fits);
        digest
            .segments
            .iter()
            .all(|s| fits(s.start) && end_fits(&s.end) && end_fits(&s.async_end))
            && digest.calls.iter().all(|c| fits(c.start) && end_fits(&c.end))
    };
    UNITS.into_iter().find(|&unit| whole(unit)).unwrap_or(1)
}

struct Writer<'a> {
    streams: Writing,
    names: Known<'a>,
    values: Known<'a>,
    services: FxHashMap<&'a ServiceFact, u32>,
    usual: FxHashMap<Saying, Said>,
    bounds: FxHashMap<u32, (&'a str, f64, f64)>,
    scratch: Vec<u16>,
    // Of the digest at hand: the numbers of its services, and its times.
    own: Vec<u32>,
    start: Timestamp,
    end: Timestamp,
    unit: i64,
}

/// Those of the bits whose condition is met.
fn bits(of: &[(u64, bool)]) -> u64 {
    of.iter().filter(|(_, set)| *set).fold(0, |bits, (bit, _)| bits | bit)
}

impl<'a> Writer<'a> {
    fn digest(&mut self, digest: &'a Digest) {
        (self.start, self.end, self.unit) = (digest.start, digest.end, unit(digest));
        let first_http = digest.segments.first().is_some_and(|first| first.http == digest.http);
        let Flags { error, fault, throttle } = digest.flags;
        let heads = self.streams.to(Stream::Heads);
        heads.push(UNITS.iter().position(|&unit| unit == self.unit).unwrap_or(2) as u8);
        heads.varint(bits(&[
            (head::ERROR, error),
            (head::FAULT, fault),
            (head::THROTTLE, throttle),
            (head::PARTIAL, digest.partial),
            (head::INFERRED, digest.inferred),
            (head::ENTRY, digest.entry.is_some()),
            (head::FIRST_HTTP, first_http),
            (head::LIMIT_EXCEEDED, digest.limit_exceeded),
            (head::WEIGHT, !is_one(digest.weight)),
        ]));
        heads.varint(u64::from(digest.nodes));
        digest.entry.iter().for_each(|&entry| heads.varint(u64::from(entry)));
        self.weight(digest.weight);

        self.services(&digest.services);
        self.segments(&digest.segments);
        self.calls(digest);
        if !first_http {
            self.http(&digest.http);
        }
        self.annotations(digest);
        self.count(digest.users.len());
        for UserFact { name, services } in &digest.users {
            self.value(Stream::Words, name);
            self.ascending(services);
        }
        for words in [&digest.resource_arns, &digest.instance_ids, &digest.availability_zones] {
            self.count(words.len());
            words.iter().for_each(|word| self.value(Stream::Words, word));
        }
        for causes in [&digest.fault_causes, &digest.error_causes, &digest.response_time_causes] {
            self.count(causes.len());
            causes.iter().for_each(|cause| self.cause(cause));
        }
    }

    fn count(&mut self, count: usize) {
        self.streams.to(Stream::Counts).varint(count as u64);
    }

    fn name(&mut self, stream: Stream, text: &'a str) {
        let (number, _) = self.names.number(text);
        self.streams.to(stream).varint(u64::from(number));
    }

    fn value(&mut self, stream: Stream, text: &'a str) {
        let (number, new) = self.values.number(text);
        self.streams
            .to(stream)
            .varint(if new { 0 } else { u64::from(number) + 1 });
    }

    fn time(&mut self, upper: Stream, time: Timestamp, base: Timestamp) {
        self.streams.wide(upper, time.0.wrapping_sub(base.0) / self.unit);
    }

    fn weight(&mut self, weight: f32) {
        if !is_one(weight) {
            self.float(weight);
        }
    }

    fn float(&mut self, float: f32) {
        let raw = self.streams.to(Stream::Raw);
        raw.extend_from_slice(&float.to_bits().to_le_bytes());
    }

    /// Indexes are mostly ascending, so each is the distance from the one before; whatever order they have comes back.
    fn ascending(&mut self, indexes: &[u16]) {
        let stream = self.streams.to(Stream::Indexes);
        stream.varint(indexes.len() as u64);
        let mut before = 0;
        for &index in indexes {
            stream.zigzag(i64::from(index) - before);
            before = i64::from(index);
        }
    }

    fn services(&mut self, services: &'a [ServiceFact]) {
        self.count(services.len());
        self.own.clear();
        for service in services {
            let next = self.services.len() as u32;
            let number = *self.services.entry(service).or_insert(next);
            self.own.push(number);
            self.streams.to(Stream::ServiceOf).varint(u64::from(number));
            if number == next {
                let id = &service.id;
                for text in [&id.name, &id.kind, &id.account] {
                    self.name(Stream::Services, text);
                }
                let aliases = (service.aliases.len() as u64) << 1 | u64::from(service.inferred);
                self.streams.to(Stream::Services).varint(aliases);
                service
                    .aliases
                    .iter()
                    .for_each(|alias| self.name(Stream::Services, alias));
            }
        }
    }
}

fn is_one(weight: f32) -> bool {
    weight.to_bits() == 1.0f32.to_bits()
}
