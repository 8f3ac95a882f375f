//! Pages of digests.
//!
//! A page holds up to a few dozen digests of neighbouring traces. Their texts are kept once for the page, their times
//! relative to the trace's start in the coarsest unit that loses nothing, and any one of them can be read without
//! reading the others. What searches sort and prune by, the [`Head`], is not in the page: it is kept in columns.
//!
//! ```text
//! page   = version, texts, rows          texts = count, {length}, bytes     rows = count, {length}, bytes
//! ```

use std::borrow::Cow;

use beamline_model::digest::{
    AnnotationFact, CallFact, CauseEntity, CauseService, Digest, HttpFact, RootCause, SegmentFact, ServiceFact,
    ServiceId, UserFact,
};
use beamline_model::id::TraceId;
use beamline_model::node::{Flags, Scalar};
use beamline_model::time::Timestamp;
use rustc_hash::FxHashMap;

use super::varint::{Put, Take};

const VERSION: u8 = 1;
/// How many texts a digest adds to its page, roughly.
const TEXTS_EACH: usize = 16;
const UNITS: [i64; 3] = [1_000_000, 1_000, 1];

/// The part of a digest that its page leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// See [`Digest::trace`].
    pub trace: TraceId,
    /// See [`Digest::revision`].
    pub revision: u32,
    /// See [`Digest::start`].
    pub start: Timestamp,
    /// See [`Digest::end`].
    pub end: Timestamp,
    /// See [`Digest::updated`].
    pub updated: Timestamp,
    /// See [`Digest::response_time`].
    pub response_time: Option<u64>,
}

impl Head {
    /// The head of a digest.
    #[must_use]
    pub fn of(digest: &Digest) -> Self {
        Self {
            trace: digest.trace,
            revision: digest.revision,
            start: digest.start,
            end: digest.end,
            updated: digest.updated,
            response_time: digest.response_time,
        }
    }
}

/// Writes the binary form of one page, its rows in the order given.
#[must_use]
pub fn encode<'a>(digests: impl IntoIterator<Item = &'a Digest>) -> Vec<u8> {
    let digests = digests.into_iter();
    let mut texts = Texts::default();
    texts.known.reserve(digests.size_hint().0 * TEXTS_EACH);
    let (mut rows, mut lengths, mut count) = (Vec::new(), Vec::new(), 0);
    for digest in digests {
        let before = rows.len();
        Writer {
            out: &mut rows,
            texts: &mut texts,
            start: digest.start,
            unit: unit(digest),
        }
        .digest(digest);
        lengths.varint((rows.len() - before) as u64);
        count += 1;
    }
    let mut page = vec![VERSION];
    page.varint(texts.list.len() as u64);
    texts.list.iter().for_each(|text| page.varint(text.len() as u64));
    texts
        .list
        .iter()
        .for_each(|text| page.extend_from_slice(text.as_bytes()));
    page.varint(count);
    page.extend_from_slice(&lengths);
    page.extend_from_slice(&rows);
    page
}

/// A page whose head was read.
#[derive(Clone, Debug)]
pub struct Page<'a> {
    texts: Vec<&'a str>,
    rows: Vec<&'a [u8]>,
}

impl<'a> Page<'a> {
    /// Reads the head; `None` if the bytes are not a page.
    #[must_use]
    pub fn open(bytes: &'a [u8]) -> Option<Self> {
        let mut take = Take(bytes);
        if take.byte()? != VERSION {
            return None;
        }
        let texts = slices(&mut take)?
            .into_iter()
            .map(|text| std::str::from_utf8(text).ok())
            .collect::<Option<_>>()?;
        Some(Self {
            texts,
            rows: slices(&mut take)?,
        })
    }

    /// How many digests it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Reads one digest, completed with its head; `None` if there is no such row or its bytes are damaged.
    #[must_use]
    pub fn digest(&self, row: usize, head: &Head) -> Option<Digest> {
        let take = Take(self.rows.get(row)?);
        let mut reader = Reader {
            take,
            texts: &self.texts,
            start: head.start,
            unit: 1,
        };
        let digest = reader.digest(head)?;
        reader.take.0.is_empty().then_some(digest)
    }
}

fn slices<'a>(take: &mut Take<'a>) -> Option<Vec<&'a [u8]>> {
    let count = take.count()?;
    let lengths = (0..count).map(|_| take.number::<usize>()).collect::<Option<Vec<_>>>()?;
    lengths.into_iter().map(|length| take.bytes(length)).collect()
}

/// The coarsest unit in which all times of a digest are whole.
fn unit(digest: &Digest) -> i64 {
    let whole = |unit: i64| {
        // Half of what is possible, so that the distance between any two of them fits as well.
        let near = -(i64::MAX / 2)..i64::MAX / 2;
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

#[derive(Default)]
struct Texts<'a> {
    known: FxHashMap<&'a str, u64>,
    list: Vec<&'a str>,
}

impl<'a> Texts<'a> {
    fn code(&mut self, text: &'a str) -> u64 {
        *self.known.entry(text).or_insert_with(|| {
            self.list.push(text);
            self.list.len() as u64 - 1
        })
    }
}

struct Writer<'o, 't, 'a> {
    out: &'o mut Vec<u8>,
    texts: &'t mut Texts<'a>,
    start: Timestamp,
    unit: i64,
}

/// Packs truths into the bits of one number, first truth lowest.
fn bits(truths: &[bool]) -> u64 {
    truths
        .iter()
        .enumerate()
        .fold(0, |bits, (at, &truth)| bits | u64::from(truth) << at)
}

impl<'a> Writer<'_, '_, 'a> {
    fn digest(&mut self, digest: &'a Digest) {
        let Digest { flags, .. } = digest;
        self.out
            .push(UNITS.iter().position(|&unit| unit == self.unit).unwrap_or(2) as u8);
        self.out.varint(bits(&[
            flags.error,
            flags.fault,
            flags.throttle,
            digest.partial,
            digest.inferred,
            digest.limit_exceeded,
            digest.entry.is_some(),
            !is_one(digest.weight),
        ]));
        if let Some(entry) = digest.entry {
            self.out.varint(u64::from(entry));
        }
        self.weight(digest.weight);
        self.out.varint(u64::from(digest.nodes));
        self.http(&digest.http);
        self.list(&digest.services, Self::service);
        self.list(&digest.segments, Self::segment);
        self.list(&digest.calls, Self::call);
        self.list(&digest.annotations, Self::annotation);
        self.list(&digest.users, |writer, user| {
            writer.text(&user.name);
            writer.ascending(&user.services);
        });
        self.list(&digest.resource_arns, |writer, text| writer.text(text));
        self.list(&digest.instance_ids, |writer, text| writer.text(text));
        self.list(&digest.availability_zones, |writer, text| writer.text(text));
        for causes in [&digest.fault_causes, &digest.error_causes, &digest.response_time_causes] {
            self.list(causes, Self::cause);
        }
    }

    fn list<T>(&mut self, items: &'a [T], mut each: impl FnMut(&mut Self, &'a T)) {
        self.out.varint(items.len() as u64);
        items.iter().for_each(|item| each(self, item));
    }

    fn text(&mut self, text: &'a str) {
        let code = self.texts.code(text);
        self.out.varint(code);
    }

    fn time(&mut self, time: Timestamp, base: Timestamp) {
        let delta = time.0.wrapping_sub(base.0);
        self.out.zigzag(delta / self.unit);
    }

    fn weight(&mut self, weight: f32) {
        if !is_one(weight) {
            self.out.extend_from_slice(&weight.to_bits().to_le_bytes());
        }
    }

    /// Indexes are mostly ascending, so each is the distance from the one before; whatever order they have comes back.
    fn ascending(&mut self, indexes: &[u16]) {
        self.out.varint(indexes.len() as u64);
        let mut before = 0;
        for &index in indexes {
            self.out.zigzag(i64::from(index) - before);
            before = i64::from(index);
        }
    }

    fn http(&mut self, http: &'a HttpFact) {
        let texts = [&http.url, &http.method, &http.user_agent, &http.client_ip];
        let [url, method, agent, ip] = texts.map(Option::is_some);
        self.out
            .push(bits(&[url, method, agent, ip, http.status.is_some()]) as u8);
        texts.into_iter().flatten().for_each(|text| self.text(text));
        if let Some(status) = http.status {
            self.out.varint(u64::from(status));
        }
    }

    fn service(&mut self, fact: &'a ServiceFact) {
        self.text(&fact.id.name);
        self.text(&fact.id.kind);
        self.text(&fact.id.account);
        self.out
            .varint((fact.aliases.len() as u64) << 1 | u64::from(fact.inferred));
        fact.aliases.iter().for_each(|alias| self.text(alias));
    }

    fn segment(&mut self, fact: &'a SegmentFact) {
        let has_http = fact.http != HttpFact::default();
        self.out.varint(u64::from(fact.service));
        self.out.varint(bits(&[
            fact.flags.error,
            fact.flags.fault,
            fact.flags.throttle,
            fact.root,
            fact.inferred,
            fact.end.is_some(),
            has_http,
            fact.async_end.is_some(),
            !is_one(fact.weight),
        ]));
        self.time(fact.start, self.start);
        for end in [fact.end, fact.async_end].into_iter().flatten() {
            self.time(end, fact.start);
        }
        if has_http {
            self.http(&fact.http);
        }
        self.weight(fact.weight);
    }

    fn call(&mut self, fact: &'a CallFact) {
        let has_http = fact.http != HttpFact::default();
        self.out.varint(u64::from(fact.from.wrapping_add(1)));
        self.out.varint(u64::from(fact.to));
        self.out.varint(bits(&[
            fact.flags.error,
            fact.flags.fault,
            fact.flags.throttle,
            fact.link,
            fact.end.is_some(),
            has_http,
            fact.alias.is_some(),
            !is_one(fact.weight),
        ]));
        self.time(fact.start, self.start);
        if let Some(end) = fact.end {
            self.time(end, fact.start);
        }
        if has_http {
            self.http(&fact.http);
        }
        if let Some(alias) = &fact.alias {
            self.text(alias);
        }
        self.weight(fact.weight);
    }

    fn annotation(&mut self, fact: &'a AnnotationFact) {
        self.text(&fact.key);
        match &fact.value {
            Scalar::Text(text) => {
                self.out.push(0);
                self.text(text);
            }
            Scalar::Number(number) => {
                self.out.push(1);
                self.out.extend_from_slice(&number.to_bits().to_le_bytes());
            }
            Scalar::Bool(truth) => self.out.push(2 + u8::from(*truth)),
        }
        self.ascending(&fact.services);
        self.ascending(&fact.segments);
    }

    fn cause(&mut self, cause: &'a RootCause) {
        self.out.push(u8::from(cause.client_impacting));
        self.list(&cause.services, |writer, service| {
            writer
                .out
                .varint(u64::from(service.service) << 1 | u64::from(service.inferred));
            writer.list(&service.path, |writer, entity| {
                let has_coverage = entity.coverage.to_bits() != 0;
                writer.text(&entity.name);
                writer.out.push(bits(&[entity.remote, has_coverage]) as u8);
                if has_coverage {
                    writer.out.extend_from_slice(&entity.coverage.to_bits().to_le_bytes());
                }
                writer.list(&entity.exceptions, |writer, (kind, message)| {
                    writer.text(kind);
                    writer.text(message);
                });
            });
        });
    }
}

fn is_one(weight: f32) -> bool {
    weight.to_bits() == 1.0f32.to_bits()
}

struct Reader<'t, 'a> {
    take: Take<'a>,
    texts: &'t [&'a str],
    start: Timestamp,
    unit: i64,
}

impl Reader<'_, '_> {
    fn digest(&mut self, head: &Head) -> Option<Digest> {
        let mut digest = Digest::new(head.trace);
        digest.revision = head.revision;
        (digest.start, digest.end, digest.updated) = (head.start, head.end, head.updated);
        digest.response_time = head.response_time;
        self.unit = *UNITS.get(usize::from(self.take.byte()?))?;
        let bits = self.take.varint()?;
        let set = |at: u32| bits >> at & 1 == 1;
        digest.flags = flags(bits);
        (digest.partial, digest.inferred, digest.limit_exceeded) = (set(3), set(4), set(5));
        digest.entry = self.when(set(6), |reader| reader.take.number())?;
        digest.weight = self.weight(set(7))?;
        digest.nodes = self.take.number()?;
        digest.http = self.http()?;
        digest.services = self.list(Self::service)?;
        digest.segments = self.list(Self::segment)?;
        digest.calls = self.list(Self::call)?;
        digest.annotations = self.list(Self::annotation)?;
        digest.users = self.list(|reader| {
            Some(UserFact {
                name: reader.text()?,
                services: reader.ascending()?,
            })
        })?;
        digest.resource_arns = self.list(Self::text)?;
        digest.instance_ids = self.list(Self::text)?;
        digest.availability_zones = self.list(Self::text)?;
        digest.fault_causes = self.list(Self::cause)?;
        digest.error_causes = self.list(Self::cause)?;
        digest.response_time_causes = self.list(Self::cause)?;
        Some(digest)
    }

    /// An element in memory can be a hundred times as large as its smallest form, so room is not made in advance.
    fn list<T>(&mut self, mut each: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.take.count()?;
        let mut items = Vec::with_capacity(count.min(64));
        for _ in 0..count {
            items.push(each(self)?);
        }
        Some(items)
    }

    fn when<T>(&mut self, present: bool, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if present { read(self).map(Some) } else { Some(None) }
    }

    fn text(&mut self) -> Option<String> {
        let code = self.take.number::<usize>()?;
        self.texts.get(code).map(|&text| text.to_owned())
    }

    fn time(&mut self, base: Timestamp) -> Option<Timestamp> {
        let delta = self.take.zigzag()?.checked_mul(self.unit)?;
        Some(Timestamp(base.0.wrapping_add(delta)))
    }

    fn weight(&mut self, present: bool) -> Option<f32> {
        if present { self.float() } else { Some(1.0) }
    }

    fn float(&mut self) -> Option<f32> {
        Some(f32::from_bits(u32::from_le_bytes(self.take.array()?)))
    }

    fn ascending(&mut self) -> Option<Vec<u16>> {
        let mut before = 0i64;
        self.list(|reader| {
            before = before.checked_add(reader.take.zigzag()?)?;
            u16::try_from(before).ok()
        })
    }

    fn http(&mut self) -> Option<HttpFact> {
        let bits = self.take.byte()?;
        let set = |at: u32| bits >> at & 1 == 1;
        Some(HttpFact {
            url: self.when(set(0), Self::text)?,
            method: self.when(set(1), Self::text)?,
            user_agent: self.when(set(2), Self::text)?,
            client_ip: self.when(set(3), Self::text)?,
            status: self.when(set(4), |reader| reader.take.number())?,
        })
    }

    fn service(&mut self) -> Option<ServiceFact> {
        let id = ServiceId {
            name: self.text()?,
            kind: self.text()?,
            account: self.text()?,
        };
        let head = self.take.varint()?;
        let count = usize::try_from(head >> 1).ok()?;
        if count > self.take.0.len() {
            return None;
        }
        let aliases = (0..count).map(|_| self.text()).collect::<Option<_>>()?;
        Some(ServiceFact {
            id,
            aliases,
            inferred: head & 1 == 1,
        })
    }

    fn segment(&mut self) -> Option<SegmentFact> {
        let service = self.take.number()?;
        let bits = self.take.varint()?;
        let set = |at: u32| bits >> at & 1 == 1;
        let start = self.time(self.start)?;
        Some(SegmentFact {
            service,
            root: set(3),
            inferred: set(4),
            flags: flags(bits),
            start,
            end: self.when(set(5), |reader| reader.time(start))?,
            async_end: self.when(set(7), |reader| reader.time(start))?,
            http: self.when(set(6), Self::http)?.unwrap_or_default(),
            weight: self.weight(set(8))?,
        })
    }

    fn call(&mut self) -> Option<CallFact> {
        let from = self.take.number::<u16>()?.wrapping_sub(1);
        let to = self.take.number()?;
        let bits = self.take.varint()?;
        let set = |at: u32| bits >> at & 1 == 1;
        let start = self.time(self.start)?;
        Some(CallFact {
            from,
            to,
            link: set(3),
            flags: flags(bits),
            start,
            end: self.when(set(4), |reader| reader.time(start))?,
            http: self.when(set(5), Self::http)?.unwrap_or_default(),
            alias: self.when(set(6), Self::text)?,
            weight: self.weight(set(7))?,
        })
    }

    fn annotation(&mut self) -> Option<AnnotationFact> {
        let key = self.text()?;
        let value = match self.take.byte()? {
            0 => Scalar::Text(Cow::Owned(self.text()?)),
            1 => Scalar::Number(f64::from_bits(u64::from_le_bytes(self.take.array()?))),
            2 => Scalar::Bool(false),
            3 => Scalar::Bool(true),
            _ => return None,
        };
        Some(AnnotationFact {
            key,
            value,
            services: self.ascending()?,
            segments: self.ascending()?,
        })
    }

    fn cause(&mut self) -> Option<RootCause> {
        let client_impacting = self.take.byte()? & 1 == 1;
        let services = self.list(|reader| {
            let head = reader.take.varint()?;
            let service = u16::try_from(head >> 1).ok()?;
            Some(CauseService {
                service,
                inferred: head & 1 == 1,
                path: reader.list(Self::entity)?,
            })
        })?;
        Some(RootCause {
            services,
            client_impacting,
        })
    }

    fn entity(&mut self) -> Option<CauseEntity> {
        let name = self.text()?;
        let bits = self.take.byte()?;
        Some(CauseEntity {
            name,
            remote: bits & 1 == 1,
            coverage: if bits & 2 == 2 { self.float()? } else { 0.0 },
            exceptions: self.list(|reader| Some((reader.text()?, reader.text()?)))?,
        })
    }
}

fn flags(bits: u64) -> Flags {
    Flags {
        error: bits & 1 == 1,
        fault: bits & 2 == 2,
        throttle: bits & 4 == 4,
    }
}

#[cfg(test)]
#[path = "digest_tests.rs"]
mod tests;
