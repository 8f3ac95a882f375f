//! A page to digests.

use beamline_model::digest::{Digest, Indexes, ServiceFact, ServiceId, UserFact};
use beamline_model::node::Flags;
use beamline_model::time::Timestamp;
use rustc_hash::FxHashMap;

use super::super::varint::Take;
use super::streams::{Cursors, Stream};
use super::texts::Texts;
use super::{Head, Mark, Page, Said, Saying, UNITS, head};

mod requests;
mod said;

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
}

fn flags(bits: u64, error: u64, fault: u64, throttle: u64) -> Flags {
    Flags {
        error: bits & error != 0,
        fault: bits & fault != 0,
        throttle: bits & throttle != 0,
    }
}
