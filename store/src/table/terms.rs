//! Which terms a digest has.
//!
//! This is the other half of what [`Required`](crate::api::Required) promises: a digest that a matcher accepts has
//! the terms that the matcher requires. A term too many costs a look at a digest, a missing one loses a result, so
//! wherever a name can be understood in two ways both are terms.

use beamline_model::digest::{CallFact, Digest};
use beamline_model::node::{Flags, Scalar};
use xxhash_rust::xxh3::xxh3_64;

use crate::api::{Term, TraceFlag};

/// A term as indexes know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code {
    /// What kind of fact it is, for annotations together with the key: what decides between bitmaps and a filter.
    pub group: u64,
    /// The term.
    pub hash: u64,
}

/// A digest with more terms than this is taken to have every term: hostile input shall not fill the index.
pub const MOST: usize = 1024;

/// The kinds of terms, in the order of [`Term`].
mod kind {
    pub(super) const FLAG: u8 = 0;
    pub(super) const SERVICE: u8 = 1;
    pub(super) const SERVICE_KIND: u8 = 2;
    pub(super) const SERVICE_FLAG: u8 = 3;
    pub(super) const EDGE: u8 = 4;
    pub(super) const ANNOTATION_KEY: u8 = 5;
    pub(super) const ANNOTATION: u8 = 6;
    pub(super) const USER: u8 = 7;
    pub(super) const METHOD: u8 = 8;
    pub(super) const STATUS: u8 = 9;
    pub(super) const URL: u8 = 10;
    pub(super) const CLIENT_IP: u8 = 11;
    pub(super) const USER_AGENT: u8 = 12;
    pub(super) const RESOURCE: u8 = 13;
    pub(super) const INSTANCE: u8 = 14;
    pub(super) const ZONE: u8 = 15;
}

/// Hashes parts so that no two lists of parts are the same bytes: each part's length stands before it.
///
/// The bytes are put together first: a hasher that takes them piece by piece costs several times as much to set up as
/// so few bytes take to hash.
fn hash(kind: u8, parts: &[&[u8]]) -> u64 {
    const ROOM: usize = 256;
    let size = 1 + parts.iter().map(|part| 8 + part.len()).sum::<usize>();
    let (mut small, mut large) = ([0; ROOM], Vec::new());
    let bytes = if size <= ROOM {
        &mut small[..size]
    } else {
        large.resize(size, 0);
        &mut large[..]
    };
    bytes[0] = kind;
    let mut rest = &mut bytes[1..];
    for part in parts {
        let (length, after) = rest.split_at_mut(8);
        length.copy_from_slice(&(part.len() as u64).to_le_bytes());
        let (text, after) = after.split_at_mut(part.len());
        text.copy_from_slice(part);
        rest = after;
    }
    xxh3_64(bytes)
}

fn code(kind: u8, parts: &[&[u8]]) -> Code {
    Code {
        group: u64::from(kind),
        hash: hash(kind, parts),
    }
}

/// An annotation, `group` being the hash of its key alone.
fn annotation(group: u64, key: &str, value: &str) -> Code {
    Code {
        group,
        hash: hash(kind::ANNOTATION, &[key.as_bytes(), value.as_bytes()]),
    }
}

/// The term that says that there is an annotation with a key.
#[must_use]
pub fn annotation_key(key: &str) -> Code {
    code(kind::ANNOTATION_KEY, &[key.as_bytes()])
}

fn flag_byte(flag: TraceFlag) -> u8 {
    flag as u8
}

/// The flags of a whole trace, a bit each.
#[must_use]
pub fn flag_bits(digest: &Digest) -> u8 {
    flags(digest.flags, digest.partial, digest.inferred).fold(0, |bits, flag| bits | flag.bit())
}

impl From<&Term> for Code {
    fn from(term: &Term) -> Self {
        let text = |kind, text: &str| code(kind, &[text.as_bytes()]);
        match term {
            Term::Flag(flag) => code(kind::FLAG, &[&[flag_byte(*flag)]]),
            Term::Service(name) => text(kind::SERVICE, name),
            Term::ServiceKind(name) => text(kind::SERVICE_KIND, name),
            Term::ServiceFlag(name, flag) => code(kind::SERVICE_FLAG, &[name.as_bytes(), &[flag_byte(*flag)]]),
            Term::Edge(from, to) => code(kind::EDGE, &[from.as_bytes(), to.as_bytes()]),
            Term::AnnotationKey(key) => annotation_key(key),
            Term::Annotation(key, value) => annotation(annotation_key(key).hash, key, value),
            Term::User(name) => text(kind::USER, name),
            Term::HttpMethod(method) => text(kind::METHOD, method),
            Term::HttpStatus(status) => code(kind::STATUS, &[&status.to_le_bytes()]),
            Term::HttpUrl(url) => text(kind::URL, url),
            Term::HttpClientIp(address) => text(kind::CLIENT_IP, address),
            Term::HttpUserAgent(agent) => text(kind::USER_AGENT, agent),
            Term::ResourceArn(arn) => text(kind::RESOURCE, arn),
            Term::InstanceId(id) => text(kind::INSTANCE, id),
            Term::AvailabilityZone(zone) => text(kind::ZONE, zone),
        }
    }
}

fn flags(flags: Flags, partial: bool, inferred: bool) -> impl Iterator<Item = TraceFlag> {
    [
        (TraceFlag::Ok, flags.ok()),
        (TraceFlag::Error, flags.error),
        (TraceFlag::Fault, flags.fault),
        (TraceFlag::Throttle, flags.throttle),
        (TraceFlag::Partial, partial),
        (TraceFlag::Inferred, inferred),
    ]
    .into_iter()
    .filter_map(|(flag, set)| set.then_some(flag))
}

/// All terms of a digest, each once, in ascending order; `None` if they are more than [`MOST`].
#[must_use]
pub fn terms(digest: &Digest) -> Option<Vec<Code>> {
    let mut all = Terms(Vec::with_capacity(48 + digest.annotations.len()));
    all.collect(digest)?;
    let Terms(mut codes) = all;
    codes.sort_unstable();
    codes.dedup();
    Some(codes)
}

struct Terms(Vec<Code>);

impl Terms {
    fn push(&mut self, code: Code) -> Option<()> {
        // Repeated terms fill the list too; make room, and give up if they are not what fills it.
        if self.0.len() >= 4 * MOST && self.distinct() > MOST {
            return None;
        }
        self.0.push(code);
        Some(())
    }

    fn text(&mut self, kind: u8, text: &str) -> Option<()> {
        self.push(code(kind, &[text.as_bytes()]))
    }

    fn collect(&mut self, digest: &Digest) -> Option<()> {
        for flag in flags(digest.flags, digest.partial, digest.inferred) {
            self.push(code(kind::FLAG, &[&[flag_byte(flag)]]))?;
        }
        let names = names(digest);
        for (fact, names) in digest.services.iter().zip(&names) {
            self.text(kind::SERVICE_KIND, &fact.id.kind)?;
            for name in names {
                self.text(kind::SERVICE, name)?;
            }
        }
        for segment in &digest.segments {
            for name in names.get(usize::from(segment.service)).into_iter().flatten() {
                for flag in flags(segment.flags, segment.end.is_none(), segment.inferred) {
                    self.push(code(kind::SERVICE_FLAG, &[name.as_bytes(), &[flag_byte(flag)]]))?;
                }
            }
        }
        for call in &digest.calls {
            for from in names.get(usize::from(call.from)).into_iter().flatten() {
                for to in names.get(usize::from(call.to)).into_iter().flatten() {
                    self.push(code(kind::EDGE, &[from.as_bytes(), to.as_bytes()]))?;
                }
            }
        }
        // Of some hundred annotations a dozen keys are different ones.
        const RECENT: usize = 16;
        let mut recent: Vec<u64> = Vec::with_capacity(RECENT);
        for fact in &digest.annotations {
            let key = annotation_key(&fact.key);
            if !recent.contains(&key.hash) {
                self.push(key)?;
                if recent.len() < RECENT {
                    recent.push(key.hash);
                }
            }
            match &fact.value {
                Scalar::Text(text) => self.push(annotation(key.hash, &fact.key, text))?,
                value => self.push(annotation(key.hash, &fact.key, &value.to_string()))?,
            }
        }
        for user in &digest.users {
            self.text(kind::USER, &user.name)?;
        }
        let http = &digest.http;
        for (kind, text) in [
            (kind::METHOD, &http.method),
            (kind::URL, &http.url),
            (kind::CLIENT_IP, &http.client_ip),
            (kind::USER_AGENT, &http.user_agent),
        ] {
            if let Some(text) = text {
                self.text(kind, text)?;
            }
        }
        if let Some(status) = http.status {
            self.push(code(kind::STATUS, &[&status.to_le_bytes()]))?;
        }
        for (kind, texts) in [
            (kind::RESOURCE, &digest.resource_arns),
            (kind::INSTANCE, &digest.instance_ids),
            (kind::ZONE, &digest.availability_zones),
        ] {
            for text in texts {
                self.text(kind, text)?;
            }
        }
        (self.0.len() <= MOST || self.distinct() <= MOST).then_some(())
    }

    fn distinct(&mut self) -> usize {
        self.0.sort_unstable();
        self.0.dedup();
        self.0.len()
    }
}

/// Under which names each service is known: its own, its aliases, and what callers called it.
fn names(digest: &Digest) -> Vec<Vec<&str>> {
    let mut names: Vec<Vec<&str>> = digest
        .services
        .iter()
        .map(|fact| {
            std::iter::once(&fact.id.name)
                .chain(&fact.aliases)
                .map(String::as_str)
                .collect()
        })
        .collect();
    for CallFact { to, alias, .. } in &digest.calls {
        if let (Some(alias), Some(names)) = (alias, names.get_mut(usize::from(*to)))
            && !names.contains(&alias.as_str())
            && names.len() < MOST
        {
            names.push(alias);
        }
    }
    names
}
