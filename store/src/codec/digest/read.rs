//! A page to digests.

use std::borrow::Cow;

use beamline_model::digest::{
    AnnotationFact, CallFact, CauseEntity, CauseService, Digest, HttpFact, Indexes, RootCause, SegmentFact,
    ServiceFact, ServiceId, UserFact,
};
use beamline_model::node::{Flags, Scalar};
use beamline_model::time::Timestamp;
use rustc_hash::FxHashMap;

use super::super::varint::Take;
use super::streams::{Cursors, Stream};
use super::texts::Texts;
use super::{Head, Mark, NO_SERVICE, Page, SHARES, Said, Saying, UNITS, call, head, kind, place, segment, services_of};

/// All services of a page.
pub(super) fn services(take: &mut Take<'_>, names: &Texts) -> Option<Vec<ServiceFact>> {
    let mut services = Vec::new();
    while !take.0.is_empty() {
        let mut text = || Some(names.get(take.number()?)?.to_owned());
        let id = ServiceId {
            name: text()?,
            kind: text()?,
            account: text()?,
        };
        let head = take.varint()?;
        let count = usize::try_from(head >> 1).ok().filter(|&count| count <= take.0.len())?;
        let aliases = (0..count)
            .map(|_| Some(names.get(take.number()?)?.to_owned()))
            .collect::<Option<_>>()?;
        services.push(ServiceFact {
            id,
            aliases,
            inferred: head & 1 == 1,
        });
    }
    Some(services)
}

/// What keys say, service by service.
enum Usual<'p> {
    /// On the first walk over a page: what they said so far.
    Learning(FxHashMap<Saying, Said>),
    Known(&'p FxHashMap<Saying, Said>),
}

/// Reads rows one after the other.
pub(super) struct Reader<'p> {
    page: &'p Page,
    services: &'p [ServiceFact],
    cursors: Cursors<'p>,
    /// The number of the next value that is new.
    next_value: usize,
    /// The row at hand is not wanted: nothing is made of it.
    skips: bool,
    usual: Usual<'p>,
    /// Values that came again, a bit each.
    again: Vec<u64>,
    /// The numbers of the services of the row at hand.
    own: Vec<u32>,
    start: Timestamp,
    end: Timestamp,
    unit: i64,
}

impl<'p> Reader<'p> {
    /// Reads a page from its beginning and learns what is usual there.
    pub(super) fn new(page: &'p Page, services: &'p [ServiceFact], cursors: Cursors<'p>) -> Self {
        Self {
            page,
            services,
            cursors,
            next_value: 0,
            skips: false,
            usual: Usual::Learning(FxHashMap::default()),
            again: Vec::new(),
            own: Vec::new(),
            start: Timestamp::ZERO,
            end: Timestamp::ZERO,
            unit: 1,
        }
    }

    /// Where it is now.
    pub(super) fn mark(&self) -> Mark {
        Mark {
            place: self.cursors.place(),
            next_value: self.next_value,
        }
    }

    /// Goes to where a reader was that had learnt all of this in the end.
    pub(super) fn go_to(&mut self, mark: &Mark, usual: &'p FxHashMap<Saying, Said>) {
        self.cursors.go_to(&mark.place);
        self.next_value = mark.next_value;
        self.usual = Usual::Known(usual);
    }

    /// What was usual in the rows it read, and which values came more than once; `None` if it knew before.
    pub(super) fn learnt(self) -> Option<(FxHashMap<Saying, Said>, Vec<u64>)> {
        match self.usual {
            Usual::Learning(learnt) => Some((learnt, self.again)),
            Usual::Known(_) => None,
        }
    }

    fn comes_again(&mut self, value: usize) {
        if matches!(self.usual, Usual::Learning(_)) {
            if self.again.len() <= value / 64 {
                self.again.resize(value / 64 + 1, 0);
            }
            self.again[value / 64] |= 1 << (value % 64);
        }
    }

    /// Passes over a row.
    pub(super) fn skip(&mut self) -> Option<()> {
        self.skips = true;
        self.row(&mut Digest::new(beamline_model::id::TraceId(0)))?;
        self.skips = false;
        Some(())
    }

    /// Reads a row.
    pub(super) fn digest(&mut self, head: &Head) -> Option<Digest> {
        let mut digest = Digest::new(head.trace);
        digest.revision = head.revision;
        (digest.start, digest.end, digest.updated) = (head.start, head.end, head.updated);
        digest.response_time = head.response_time;
        (self.start, self.end) = (head.start, head.end);
        self.row(&mut digest)?;
        Some(digest)
    }

    fn row(&mut self, digest: &mut Digest) -> Option<()> {
        let heads = self.cursors.of(Stream::Heads);
        self.unit = *UNITS.get(usize::from(heads.byte()?))?;
        let bits = heads.varint()?;
        digest.nodes = heads.number()?;
        digest.entry = if bits & head::ENTRY != 0 {
            Some(heads.number()?)
        } else {
            None
        };
        digest.weight = self.weight(bits & head::WEIGHT != 0)?;
        digest.flags = flags(bits, head::ERROR, head::FAULT, head::THROTTLE);
        digest.partial = bits & head::PARTIAL != 0;
        digest.inferred = bits & head::INFERRED != 0;
        digest.limit_exceeded = bits & head::LIMIT_EXCEEDED != 0;

        self.own.clear();
        digest.services = self.list(Self::service)?;
        digest.segments = self.segments()?;
        digest.calls = self.calls(&digest.segments)?;
        digest.http = match bits & head::FIRST_HTTP {
            0 => self.http()?,
            _ => digest
                .segments
                .first()
                .map(|first| first.http.clone())
                .unwrap_or_default(),
        };
        digest.annotations = self.annotations(digest)?;
        digest.users = self.list(|reader| {
            Some(UserFact {
                name: reader.value(Stream::Words)?,
                services: reader.indexes()?,
            })
        })?;
        for words in [
            &mut digest.resource_arns,
            &mut digest.instance_ids,
            &mut digest.availability_zones,
        ] {
            *words = self.list(|reader| reader.value(Stream::Words))?;
        }
        for causes in [
            &mut digest.fault_causes,
            &mut digest.error_causes,
            &mut digest.response_time_causes,
        ] {
            *causes = self.list(Self::cause)?;
        }
        Some(())
    }

    /// How many of something follow. An element in memory can be a hundred times as large as its smallest form, so
    /// room for them is not made in advance.
    fn count(&mut self) -> Option<usize> {
        self.cursors.of(Stream::Counts).number()
    }

    fn list<T>(&mut self, each: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.count()?;
        self.times(count, each)
    }

    /// Reads so many, and keeps them unless the row is skipped.
    fn times<T>(&mut self, count: usize, mut each: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut items = Vec::with_capacity(if self.skips { 0 } else { count.min(64) });
        for _ in 0..count {
            let item = each(self)?;
            if !self.skips {
                items.push(item);
            }
        }
        Some(items)
    }

    fn text(&self, text: &str) -> String {
        if self.skips { String::new() } else { text.to_owned() }
    }

    fn name(&mut self, stream: Stream) -> Option<String> {
        let text = self.page.names.get(self.cursors.of(stream).number()?)?;
        Some(self.text(text))
    }

    fn value(&mut self, stream: Stream) -> Option<String> {
        let number = self.value_number(stream)?;
        let text = self.page.values.get(number)?;
        Some(self.text(text))
    }

    fn value_number(&mut self, stream: Stream) -> Option<usize> {
        match self.cursors.of(stream).number::<usize>()?.checked_sub(1) {
            None => {
                self.next_value += 1;
                Some(self.next_value - 1)
            }
            Some(known) if known < self.page.values.len() => {
                self.comes_again(known);
                Some(known)
            }
            Some(_) => None,
        }
    }

    fn time(&mut self, upper: Stream, base: Timestamp) -> Option<Timestamp> {
        let distance = self.cursors.wide(upper)?.checked_mul(self.unit)?;
        Some(Timestamp(base.0.wrapping_add(distance)))
    }

    fn weight(&mut self, told: bool) -> Option<f32> {
        if told { self.float() } else { Some(1.0) }
    }

    fn float(&mut self) -> Option<f32> {
        let raw = self.cursors.of(Stream::Raw).array()?;
        Some(f32::from_bits(u32::from_le_bytes(raw)))
    }

    fn indexes(&mut self) -> Option<Indexes> {
        let stream = self.cursors.of(Stream::Indexes);
        let count = stream.count()?;
        let mut before = 0i64;
        let each = (0..count).map(|_| {
            before = before.checked_add(stream.zigzag()?)?;
            u16::try_from(before).ok()
        });
        each.collect()
    }

    fn service(&mut self) -> Option<ServiceFact> {
        let number = self.cursors.of(Stream::ServiceOf).number::<u32>()?;
        let service = self.services.get(number as usize)?;
        self.own.push(number);
        Some(if self.skips {
            ServiceFact::default()
        } else {
            service.clone()
        })
    }

    fn http(&mut self) -> Option<HttpFact> {
        let bits = self.cursors.of(Stream::HttpBits).byte()?;
        let mut http = HttpFact::default();
        if bits & 2 != 0 {
            http.method = Some(self.name(Stream::HttpNames)?);
        }
        if bits & 4 != 0 {
            http.user_agent = Some(self.name(Stream::HttpNames)?);
        }
        if bits & 1 != 0 {
            http.url = Some(self.value(Stream::HttpValues)?);
        }
        if bits & 8 != 0 {
            http.client_ip = Some(self.value(Stream::HttpValues)?);
        }
        if bits & 16 != 0 {
            http.status = Some(self.cursors.of(Stream::HttpStatus).number()?);
        }
        Some(http)
    }

    /// Segments are kept even of a row that is skipped: what follows refers to them.
    fn segments(&mut self) -> Option<Vec<SegmentFact>> {
        let count = self.count()?;
        let mut segments = Vec::with_capacity(count.min(64));
        let mut next = 0i64;
        for _ in 0..count {
            let distance = self.cursors.of(Stream::SegmentService).zigzag()?;
            let service = u16::try_from(next.checked_add(distance)?).ok()?;
            next = next.max(i64::from(service) + 1);
            segments.push(self.segment(service)?);
        }
        Some(segments)
    }

    fn segment(&mut self, service: u16) -> Option<SegmentFact> {
        let bits = self.cursors.of(Stream::SegmentBits).varint()?;
        let start = self.time(Stream::SegmentStart, self.start)?;
        let end = match (bits & segment::ENDED != 0, bits & segment::ENDS_LAST != 0) {
            (false, _) => None,
            (true, true) => Some(self.end),
            (true, false) => Some(self.time(Stream::SegmentLength, start)?),
        };
        let async_end = match bits & segment::ASYNC_END {
            0 => None,
            _ => Some(self.time(Stream::SegmentLength, start)?),
        };
        Some(SegmentFact {
            service,
            root: bits & segment::ROOT != 0,
            inferred: bits & segment::INFERRED != 0,
            flags: flags(bits, segment::ERROR, segment::FAULT, segment::THROTTLE),
            start,
            end,
            async_end,
            http: if bits & segment::HTTP != 0 {
                self.http()?
            } else {
                HttpFact::default()
            },
            weight: self.weight(bits & segment::WEIGHT != 0)?,
        })
    }

    fn calls(&mut self, segments: &[SegmentFact]) -> Option<Vec<CallFact>> {
        let mut number = 0;
        self.list(|reader| {
            number += 1;
            reader.call(segments.get(number - 1))
        })
    }

    fn call(&mut self, segment: Option<&SegmentFact>) -> Option<CallFact> {
        let from = self.cursors.of(Stream::CallFrom).number::<u16>()?.wrapping_sub(1);
        let bits = self.cursors.of(Stream::CallBits).varint()?;
        let pair = match bits & call::PAIR {
            0 => None,
            _ => Some(segment?),
        };
        let to = match pair {
            Some(pair) => pair.service,
            None => self.cursors.of(Stream::CallTo).number()?,
        };
        let (start, end) = match bits & call::SAME_TIME {
            0 => {
                let start = self.time(Stream::CallStart, pair.map_or(self.start, |pair| pair.start))?;
                let usual = pair.map_or(Some(start), |pair| pair.end).unwrap_or(start);
                let end = match bits & call::ENDED {
                    0 => None,
                    _ => Some(self.time(Stream::CallLength, usual)?),
                };
                (start, end)
            }
            _ => (pair?.start, pair?.end),
        };
        let http = match (bits & call::SAME_HTTP != 0, bits & call::HTTP != 0) {
            (true, _) if self.skips => HttpFact::default(),
            (true, _) => pair?.http.clone(),
            (false, true) => self.http()?,
            (false, false) => HttpFact::default(),
        };
        Some(CallFact {
            from,
            to,
            link: bits & call::LINK != 0,
            flags: match bits & call::SAME_FLAGS {
                0 => flags(bits, call::ERROR, call::FAULT, call::THROTTLE),
                _ => pair?.flags,
            },
            start,
            end,
            http,
            alias: if bits & call::ALIAS != 0 {
                Some(self.value(Stream::Words)?)
            } else {
                None
            },
            weight: self.weight(bits & call::WEIGHT != 0)?,
        })
    }

    fn annotations(&mut self, digest: &Digest) -> Option<Vec<AnnotationFact>> {
        let mut before = 0i64;
        let mut derived = Vec::new();
        self.list(|reader| {
            let key = reader.cursors.of(Stream::AnnotationKey).number()?;
            let (segments, told) = reader.place(digest.segments.len(), &mut before)?;
            let service_of = |&at: &u16| digest.segments.get(usize::from(at)).map(|segment| segment.service);
            let first = segments.iter().filter_map(service_of).min();
            let first = first.and_then(|service| reader.own.get(usize::from(service)).copied());
            let value = reader.scalar((key, first.unwrap_or(NO_SERVICE)))?;
            let key = reader.page.names.get(key as usize)?;
            let services = match told {
                Some(services) => services,
                None if reader.skips => Indexes::new(),
                None => {
                    services_of(&segments, &digest.segments, &mut derived);
                    derived.as_slice().into()
                }
            };
            Some(AnnotationFact {
                key: reader.text(key),
                value,
                services,
                segments,
            })
        })
    }

    /// The segments that said something, and the services if they do not follow from those.
    fn place(&mut self, all: usize, before: &mut i64) -> Option<(Indexes, Option<Indexes>)> {
        let bits = self.cursors.of(Stream::AnnotationWhere).varint()?;
        let segments = if bits & place::LIST != 0 {
            self.indexes()?
        } else if bits & place::ALL != 0 {
            (0..u16::try_from(all).ok()?).collect()
        } else {
            let distance = bits >> place::DISTANCE;
            *before = before.checked_add((distance >> 1) as i64 ^ -((distance & 1) as i64))?;
            Indexes::from_slice(&[u16::try_from(*before).ok()?])
        };
        let told = bits & place::SERVICES != 0;
        Some((segments, if told { Some(self.indexes()?) } else { None }))
    }

    fn scalar(&mut self, saying: Saying) -> Option<Scalar<'static>> {
        let kind = self.cursors.of(Stream::AnnotationKind).byte()?;
        let usual = kind == kind::USUAL;
        let said = match kind {
            kind::USUAL => *match &self.usual {
                Usual::Learning(learnt) => learnt.get(&saying)?,
                Usual::Known(known) => known.get(&saying)?,
            },
            kind::TEXT => (kind::TEXT, self.value_number(Stream::AnnotationValue)? as u64),
            kind::WHOLE => (kind::WHOLE, self.cursors.of(Stream::AnnotationNumber).zigzag()? as u64),
            kind::FLOAT => (kind::FLOAT, u64::from_le_bytes(self.cursors.of(Stream::Raw).array()?)),
            kind @ (kind::FALSE | kind::TRUE) => (kind, 0),
            _ => return None,
        };
        match (&mut self.usual, said) {
            (_, (kind::TEXT, value)) if usual => self.comes_again(usize::try_from(value).ok()?),
            (Usual::Learning(learnt), _) if !usual => {
                learnt.entry(saying).or_insert(said);
            }
            _ => {}
        }
        Some(match said {
            (kind::TEXT, number) => {
                let text = self.page.values.get(usize::try_from(number).ok()?)?;
                Scalar::Text(Cow::Owned(self.text(text)))
            }
            (kind::WHOLE, number) => Scalar::Number(number as i64 as f64),
            (kind::FLOAT, bits) => Scalar::Number(f64::from_bits(bits)),
            (kind, _) => Scalar::Bool(kind == kind::TRUE),
        })
    }

    fn cause(&mut self) -> Option<RootCause> {
        let head = self.cursors.of(Stream::Causes).varint()?;
        let services = self.times(usize::try_from(head >> 1).ok()?, |reader| {
            let causes = reader.cursors.of(Stream::Causes);
            let (service, entities) = (causes.varint()?, causes.number::<usize>()?);
            Some(CauseService {
                service: u16::try_from(service >> 1).ok()?,
                inferred: service & 1 == 1,
                path: reader.times(entities, Self::entity)?,
            })
        })?;
        Some(RootCause {
            services,
            client_impacting: head & 1 == 1,
        })
    }

    fn entity(&mut self) -> Option<CauseEntity> {
        let name = self.name(Stream::CauseNames)?;
        let causes = self.cursors.of(Stream::Causes);
        let (head, shares) = (causes.varint()?, causes.varint()?);
        let coverage = match shares.checked_sub(1) {
            Some(shares) => shares as f32 / SHARES,
            None => self.float()?,
        };
        let exceptions = self.times(usize::try_from(head >> 1).ok()?, |reader| {
            Some((reader.name(Stream::CauseNames)?, reader.value(Stream::CauseValues)?))
        })?;
        Some(CauseEntity {
            name,
            remote: head & 1 == 1,
            coverage,
            exceptions,
        })
    }
}

fn flags(bits: u64, error: u64, fault: u64, throttle: u64) -> Flags {
    Flags {
        error: bits & error != 0,
        fault: bits & fault != 0,
        throttle: bits & throttle != 0,
    }
}
