//! Digests to a page.

use std::collections::hash_map::Entry;

use beamline_model::digest::{
    AnnotationFact, CallFact, Digest, HttpFact, RootCause, SegmentFact, ServiceFact, UserFact,
};
use beamline_model::lang::trace_filter::numeral;
use beamline_model::node::{Flags, Scalar};
use beamline_model::time::Timestamp;
use rustc_hash::FxHashMap;

use super::super::varint::Put;
use super::streams::{Stream, Writing};
use super::texts::Known;
use super::{NO_SERVICE, SHARES, Said, Saying, UNITS, VERSION, call, head, kind, place, segment, services_of};

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

    fn http(&mut self, http: &'a HttpFact) {
        let has = |text: &Option<String>| u8::from(text.is_some());
        self.streams.to(Stream::HttpBits).push(
            has(&http.url)
                | has(&http.method) << 1
                | has(&http.user_agent) << 2
                | has(&http.client_ip) << 3
                | u8::from(http.status.is_some()) << 4,
        );
        for text in [&http.method, &http.user_agent].into_iter().flatten() {
            self.name(Stream::HttpNames, text);
        }
        for text in [&http.url, &http.client_ip].into_iter().flatten() {
            self.value(Stream::HttpValues, text);
        }
        if let Some(status) = http.status {
            self.streams.to(Stream::HttpStatus).varint(u64::from(status));
        }
    }

    fn segments(&mut self, segments: &'a [SegmentFact]) {
        self.count(segments.len());
        // Services are in the order of their first segment, so that mostly the next one comes.
        let mut next = 0;
        for fact in segments {
            self.streams
                .to(Stream::SegmentService)
                .zigzag(i64::from(fact.service) - next);
            next = next.max(i64::from(fact.service) + 1);
            self.segment(fact);
        }
    }

    fn segment(&mut self, fact: &'a SegmentFact) {
        let has_http = fact.http != HttpFact::default();
        let ends_last = fact.end == Some(self.end);
        self.streams.to(Stream::SegmentBits).varint(bits(&[
            (segment::ENDED, fact.end.is_some()),
            (segment::ENDS_LAST, ends_last),
            (segment::HTTP, has_http),
            (segment::ROOT, fact.root),
            (segment::INFERRED, fact.inferred),
            (segment::ERROR, fact.flags.error),
            (segment::FAULT, fact.flags.fault),
            (segment::THROTTLE, fact.flags.throttle),
            (segment::ASYNC_END, fact.async_end.is_some()),
            (segment::WEIGHT, !is_one(fact.weight)),
        ]));
        self.time(Stream::SegmentStart, fact.start, self.start);
        if let Some(end) = fact.end.filter(|_| !ends_last) {
            self.time(Stream::SegmentLength, end, fact.start);
        }
        if let Some(end) = fact.async_end {
            self.time(Stream::SegmentLength, end, fact.start);
        }
        if has_http {
            self.http(&fact.http);
        }
        self.weight(fact.weight);
    }

    fn calls(&mut self, digest: &'a Digest) {
        self.count(digest.calls.len());
        for (number, fact) in digest.calls.iter().enumerate() {
            let pair = digest.segments.get(number).filter(|segment| segment.service == fact.to);
            self.call(fact, pair);
        }
    }

    fn call(&mut self, fact: &'a CallFact, pair: Option<&SegmentFact>) {
        let same_time = pair.is_some_and(|pair| (pair.start, pair.end) == (fact.start, fact.end));
        let same_http = pair.is_some_and(|pair| pair.http == fact.http);
        let same_flags = pair.is_some_and(|pair| pair.flags == fact.flags);
        let has_http = !same_http && fact.http != HttpFact::default();
        let told = |flag: bool| flag && !same_flags;
        self.streams
            .to(Stream::CallFrom)
            .varint(u64::from(fact.from.wrapping_add(1)));
        self.streams.to(Stream::CallBits).varint(bits(&[
            (call::PAIR, pair.is_some()),
            (call::SAME_TIME, same_time),
            (call::SAME_HTTP, same_http),
            (call::SAME_FLAGS, same_flags),
            (call::ENDED, fact.end.is_some()),
            (call::LINK, fact.link),
            (call::HTTP, has_http),
            (call::ERROR, told(fact.flags.error)),
            (call::FAULT, told(fact.flags.fault)),
            (call::THROTTLE, told(fact.flags.throttle)),
            (call::ALIAS, fact.alias.is_some()),
            (call::WEIGHT, !is_one(fact.weight)),
        ]));
        if pair.is_none() {
            self.streams.to(Stream::CallTo).varint(u64::from(fact.to));
        }
        if !same_time {
            // What the caller saw began a little earlier and took a little longer.
            let base = pair.map_or(self.start, |pair| pair.start);
            self.time(Stream::CallStart, fact.start, base);
            if let Some(end) = fact.end {
                let usual = pair.map_or(Some(fact.start), |pair| pair.end).unwrap_or(fact.start);
                self.time(Stream::CallLength, end, usual);
            }
        }
        if has_http {
            self.http(&fact.http);
        }
        if let Some(alias) = &fact.alias {
            self.value(Stream::Words, alias);
        }
        self.weight(fact.weight);
    }

    fn annotations(&mut self, digest: &'a Digest) {
        self.count(digest.annotations.len());
        let mut before = 0;
        let mut derived = std::mem::take(&mut self.scratch);
        for fact in &digest.annotations {
            let (key, _) = self.names.number(&fact.key);
            self.streams.to(Stream::AnnotationKey).varint(u64::from(key));
            services_of(&fact.segments, &digest.segments, &mut derived);
            self.place(
                fact,
                digest.segments.len(),
                derived[..] != fact.services[..],
                &mut before,
            );
            let first = derived.first().and_then(|&service| self.own.get(usize::from(service)));
            self.scalar(&fact.key, &fact.value, (key, first.copied().unwrap_or(NO_SERVICE)));
        }
        self.scratch = derived;
    }

    fn place(&mut self, fact: &AnnotationFact, all: usize, told: bool, before: &mut i64) {
        let told_bit = bits(&[(place::SERVICES, told)]);
        let of_all = || fact.segments.iter().map(|&at| usize::from(at)).eq(0..all);
        let out = self.streams.to(Stream::AnnotationWhere);
        match fact.segments[..] {
            [only] => {
                let distance = i64::from(only) - *before;
                *before = i64::from(only);
                out.varint((((distance << 1) ^ (distance >> 63)) as u64) << place::DISTANCE | told_bit);
            }
            _ if of_all() => out.varint(place::ALL | told_bit),
            _ => {
                out.varint(place::LIST | told_bit);
                self.ascending(&fact.segments);
            }
        }
        if told {
            self.ascending(&fact.services);
        }
    }

    fn bound(&mut self, number_of_key: u32, key: &'a str, value: &Scalar<'_>) {
        let number = match value {
            Scalar::Number(number) => Some(*number),
            // A numeral is compared as what it says.
            Scalar::Text(text) => numeral(text),
            Scalar::Bool(_) => None,
        };
        let Some(number) = number.filter(|number| !number.is_nan()) else {
            return;
        };
        let (_, least, most) = self.bounds.entry(number_of_key).or_insert((key, number, number));
        (*least, *most) = (least.min(number), most.max(number));
    }

    fn scalar(&mut self, key: &'a str, value: &'a Scalar<'static>, saying: Saying) {
        let (said, new) = match value {
            Scalar::Text(text) => {
                let (number, new) = self.values.number(text);
                ((kind::TEXT, u64::from(number)), new)
            }
            Scalar::Number(number) if is_whole(*number) => ((kind::WHOLE, *number as i64 as u64), false),
            Scalar::Number(number) => ((kind::FLOAT, number.to_bits()), false),
            Scalar::Bool(truth) => ((if *truth { kind::TRUE } else { kind::FALSE }, 0), false),
        };
        let usual = match self.usual.entry(saying) {
            Entry::Occupied(usual) => *usual.get() == said,
            Entry::Vacant(unknown) => {
                unknown.insert(said);
                false
            }
        };
        let kinds = self.streams.to(Stream::AnnotationKind);
        if usual {
            return kinds.push(kind::USUAL);
        }
        kinds.push(said.0);
        self.bound(saying.0, key, value);
        match said {
            (kind::TEXT, _) if new => self.streams.to(Stream::AnnotationValue).varint(0),
            (kind::TEXT, number) => self.streams.to(Stream::AnnotationValue).varint(number + 1),
            (kind::WHOLE, number) => self.streams.to(Stream::AnnotationNumber).zigzag(number as i64),
            (kind::FLOAT, bits) => self.streams.to(Stream::Raw).extend_from_slice(&bits.to_le_bytes()),
            _ => {}
        }
    }

    fn cause(&mut self, cause: &'a RootCause) {
        let heads = self.streams.to(Stream::Causes);
        heads.varint((cause.services.len() as u64) << 1 | u64::from(cause.client_impacting));
        for service in &cause.services {
            let heads = self.streams.to(Stream::Causes);
            heads.varint(u64::from(service.service) << 1 | u64::from(service.inferred));
            heads.varint(service.path.len() as u64);
            for entity in &service.path {
                self.name(Stream::CauseNames, &entity.name);
                let heads = self.streams.to(Stream::Causes);
                heads.varint((entity.exceptions.len() as u64) << 1 | u64::from(entity.remote));
                match shares(entity.coverage) {
                    Some(shares) => heads.varint(shares + 1),
                    None => {
                        heads.varint(0);
                        self.float(entity.coverage);
                    }
                }
                for (kind, message) in &entity.exceptions {
                    self.name(Stream::CauseNames, kind);
                    self.value(Stream::CauseValues, message);
                }
            }
        }
    }
}

fn is_one(weight: f32) -> bool {
    weight.to_bits() == 1.0f32.to_bits()
}

fn is_whole(number: f64) -> bool {
    (number as i64 as f64).to_bits() == number.to_bits()
}

/// How many thousandths a share is, if it is a whole number of them.
fn shares(coverage: f32) -> Option<u64> {
    let shares = (coverage * SHARES).round();
    let same = (0.0..=SHARES).contains(&shares) && (shares / SHARES).to_bits() == coverage.to_bits();
    same.then_some(shares as u64)
}
