//! What a series is: everything that is said beside its points, in one canonical form.
//!
//! Two points belong to the same series if their descriptors are the same bytes. Attributes and dimensions are sorted,
//! so that their order does not matter; of attributes with one key the last counts. Resource, scope, names and texts are
//! part of it, so that what was sent can be said again from descriptors and points alone.
//!
//! ```text
//! version u8 = 1 | source u8 | …
//! source 1, OTLP        u8 whether there is a resource | its schema URL, resource
//!                       | u8 whether there is a scope | its schema URL, scope
//!                       | kind u8 | temporality varint | monotonic u8 | name, description, unit, metadata
//!                       | attributes of the points: each a KeyValue, to the end
//! source 2, CloudWatch  namespace, name | dimensions: each name and value, to the end
//! ```
//! Resource, scope and every `KeyValue` are protobuf messages; metadata is `KeyValue`s like the attributes, its length in
//! front as that of all other parts of varying length.

use xxhash_rust::xxh3::xxh3_128;

use super::form::{Put, Take};
use crate::node::Text;
use crate::otlp::value::text;

mod build;
mod facts;

pub(crate) use build::{Metric, Prefix};
pub use facts::{Facts, Label, Origin};

const VERSION: u8 = 1;
const OTLP: u8 = 1;
const CLOUDWATCH: u8 = 2;

/// A series, by everything that is said about it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Descriptor(Box<[u8]>);

/// What is measured of a series. The numbers are part of the stored form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A value now and then.
    Gauge = 1,
    /// A sum.
    Sum = 2,
    /// Counts between explicit bounds.
    Histogram = 3,
    /// Counts between powers of a base.
    Exponential = 4,
    /// Quantiles.
    Summary = 5,
    /// CloudWatch's data.
    Statistics = 6,
}

/// What sums and counts are counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Temporality {
    /// Not said, or a number that no version knows.
    Unspecified,
    /// The point before.
    Delta,
    /// A start that many points have in common.
    Cumulative,
}

impl Kind {
    fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Gauge,
            2 => Self::Sum,
            3 => Self::Histogram,
            4 => Self::Exponential,
            5 => Self::Summary,
            6 => Self::Statistics,
            _ => return None,
        })
    }
}

impl Temporality {
    fn from_number(number: u64) -> Self {
        match number {
            1 => Self::Delta,
            2 => Self::Cumulative,
            _ => Self::Unspecified,
        }
    }
}

impl Descriptor {
    /// The descriptor with these bytes; `None` if they are none.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Parts::read(bytes).map(|_| Self(bytes.into()))
    }

    /// The descriptor of a CloudWatch metric. Of dimensions with one name the last counts.
    #[must_use]
    pub fn cloudwatch(namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> Self {
        let mut dimensions = dimensions.to_vec();
        build::sort(&mut dimensions, |(name, _)| name.as_bytes());
        let mut bytes = vec![VERSION, CLOUDWATCH];
        bytes.sized(namespace.as_bytes());
        bytes.sized(name.as_bytes());
        for (name, value) in dimensions {
            bytes.sized(name.as_bytes());
            bytes.sized(value.as_bytes());
        }
        Self(bytes.into())
    }

    /// The canonical bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// A hash of the canonical bytes.
    #[must_use]
    pub fn hash(&self) -> u128 {
        hash(&self.0)
    }

    /// What it says.
    #[must_use]
    pub fn facts(&self) -> Facts<'_> {
        Facts::of(&self.parts())
    }

    pub(crate) fn parts(&self) -> Parts<'_> {
        Parts::read(&self.0).expect("only bytes that can be read become a descriptor")
    }
}

/// The hash of a descriptor's canonical bytes.
#[must_use]
pub fn hash(bytes: &[u8]) -> u128 {
    xxh3_128(bytes)
}

/// The parts of a descriptor, as they stand in its bytes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Parts<'a> {
    Otlp(Otlp<'a>),
    CloudWatch {
        namespace: Text<'a>,
        name: Text<'a>,
        dimensions: Vec<(Text<'a>, Text<'a>)>,
    },
}

/// The parts of an OTLP descriptor.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Otlp<'a> {
    pub(crate) resource: Option<&'a [u8]>,
    pub(crate) resource_schema: &'a [u8],
    pub(crate) scope: Option<&'a [u8]>,
    pub(crate) scope_schema: &'a [u8],
    /// The bytes of all that points of one resource have in common, and of one scope.
    pub(crate) of_resource: &'a [u8],
    pub(crate) of_scope: &'a [u8],
    /// Those of all that points of one metric have in common.
    pub(crate) of_metric: &'a [u8],
    pub(crate) kind: Kind,
    pub(crate) temporality: u64,
    pub(crate) monotonic: bool,
    pub(crate) name: &'a [u8],
    pub(crate) description: &'a [u8],
    pub(crate) unit: &'a [u8],
    pub(crate) metadata: Vec<&'a [u8]>,
    pub(crate) attributes: Vec<&'a [u8]>,
}

impl<'a> Parts<'a> {
    /// `None` if the bytes are no descriptor.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut take = Take(bytes);
        if take.byte()? != VERSION {
            return None;
        }
        match take.byte()? {
            OTLP => Otlp::read(bytes, take).map(Self::Otlp),
            CLOUDWATCH => {
                let (namespace, name) = (text(take.sized()?), text(take.sized()?));
                let mut dimensions = Vec::new();
                while !take.0.is_empty() {
                    dimensions.push((text(take.sized()?), text(take.sized()?)));
                }
                Some(Self::CloudWatch {
                    namespace,
                    name,
                    dimensions,
                })
            }
            _ => None,
        }
    }
}

impl<'a> Otlp<'a> {
    fn read(bytes: &'a [u8], mut take: Take<'a>) -> Option<Self> {
        let upto = |take: &Take<'_>| &bytes[..bytes.len() - take.0.len()];
        let (has_resource, resource_schema, resource) = (take.byte()? != 0, take.sized()?, take.sized()?);
        let of_resource = upto(&take);
        let (has_scope, scope_schema, scope) = (take.byte()? != 0, take.sized()?, take.sized()?);
        let of_scope = upto(&take);
        let kind = Kind::from_number(take.byte()?).filter(|kind| *kind != Kind::Statistics)?;
        let (temporality, monotonic) = (take.varint()?, take.byte()? != 0);
        let (name, description, unit) = (take.sized()?, take.sized()?, take.sized()?);
        let metadata = list(take.sized()?)?;
        Some(Self {
            resource: has_resource.then_some(resource),
            resource_schema,
            scope: has_scope.then_some(scope),
            scope_schema,
            of_resource,
            of_scope,
            of_metric: upto(&take),
            kind,
            temporality,
            monotonic,
            name,
            description,
            unit,
            metadata,
            attributes: list(take.0)?,
        })
    }
}

/// Messages with their lengths in front.
fn list(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut take = Take(bytes);
    let mut messages = Vec::new();
    while !take.0.is_empty() {
        messages.push(take.sized()?);
    }
    Some(messages)
}

#[cfg(test)]
mod tests;
