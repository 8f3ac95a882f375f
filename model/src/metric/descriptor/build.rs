//! Building descriptors of OTLP: what points have in common is written once.

use smallvec::SmallVec;

use super::super::form::Put;
use super::{Kind, OTLP, VERSION};
use crate::otlp::check;
use crate::otlp::wire::{BadWire, Fields, Wire, write_bytes};

/// Attributes of one list: key, and value as a protobuf `AnyValue` if there is one.
type Attributes<'a> = SmallVec<[(&'a [u8], Option<&'a [u8]>); 16]>;

/// A descriptor under construction, of which the front stays the same from point to point.
#[derive(Default)]
pub(crate) struct Prefix {
    bytes: Vec<u8>,
    of_resource: usize,
    of_scope: usize,
    of_metric: usize,
}

/// What is said of a metric beside its points.
pub(crate) struct Metric<'a> {
    pub(crate) kind: Kind,
    pub(crate) temporality: u64,
    pub(crate) monotonic: bool,
    pub(crate) name: &'a [u8],
    pub(crate) description: &'a [u8],
    pub(crate) unit: &'a [u8],
    pub(crate) metadata: &'a [&'a [u8]],
}

impl Prefix {
    /// Begins with a resource, which may stand in several pieces or not at all.
    pub(crate) fn resource(&mut self, schema: &[u8], pieces: &[&[u8]]) -> Result<(), &'static str> {
        self.bytes.clear();
        self.bytes.extend([VERSION, OTLP, u8::from(!pieces.is_empty())]);
        self.bytes.sized(schema);
        let resource = envelope(&pieces.concat(), 1, |number, wire| {
            number == 2 && *wire == Wire::Varint(0)
        })?;
        self.bytes.sized(&resource);
        self.of_resource = self.bytes.len();
        Ok(())
    }

    /// Goes on with a scope.
    pub(crate) fn scope(&mut self, schema: &[u8], pieces: &[&[u8]]) -> Result<(), &'static str> {
        self.bytes.truncate(self.of_resource);
        self.bytes.push(u8::from(!pieces.is_empty()));
        self.bytes.sized(schema);
        let scope = envelope(&pieces.concat(), 3, |number, wire| match wire {
            Wire::Bytes(bytes) => number <= 2 && bytes.is_empty(),
            wire => number == 4 && *wire == Wire::Varint(0),
        })?;
        self.bytes.sized(&scope);
        self.of_scope = self.bytes.len();
        Ok(())
    }

    /// Goes on with a metric.
    pub(crate) fn metric(&mut self, metric: &Metric<'_>) -> Result<(), &'static str> {
        self.bytes.truncate(self.of_scope);
        self.bytes.push(metric.kind as u8);
        self.bytes.varint(metric.temporality);
        self.bytes.push(u8::from(metric.monotonic));
        for text in [metric.name, metric.description, metric.unit] {
            self.bytes.sized(text);
        }
        let mut metadata = Vec::new();
        put_attributes(&mut metadata, metric.metadata.iter().copied())?;
        self.bytes.sized(&metadata);
        self.of_metric = self.bytes.len();
        Ok(())
    }

    /// The whole descriptor of a point with these attributes.
    pub(crate) fn point<'a>(&mut self, attributes: impl Iterator<Item = &'a [u8]>) -> Result<&[u8], &'static str> {
        self.bytes.truncate(self.of_metric);
        put_attributes(&mut self.bytes, attributes)?;
        Ok(&self.bytes)
    }
}

/// A resource or scope with its attributes sorted before what else it says, which is sorted by field number. Fields that
/// say the same as no field are left out.
fn envelope(
    message: &[u8],
    attributes: u32,
    says_nothing: impl Fn(u32, &Wire<'_>) -> bool,
) -> Result<Vec<u8>, &'static str> {
    let mut found: Vec<&[u8]> = Vec::new();
    let mut others: Vec<(u32, &[u8])> = Vec::new();
    let mut fields = Fields::new(message);
    let mut start = 0;
    while let Some(field) = fields.next() {
        let (number, wire) = field.map_err(|bad: BadWire| bad.message)?;
        let end = fields.position();
        match wire {
            Wire::Bytes(attribute) if number == attributes => found.push(attribute),
            _ if number == attributes => return Err("field of another type than its number says"),
            wire if says_nothing(number, &wire) => {}
            _ => others.push((number, &message[start..end])),
        }
        start = end;
    }
    others.sort_by_key(|(number, _)| *number);
    let mut out = Vec::with_capacity(message.len());
    let mut each = Vec::new();
    for (key, value) in sorted(found.into_iter())? {
        each.clear();
        put_key_value(&mut each, key, value);
        write_bytes(&mut out, attributes, &each);
    }
    others.iter().for_each(|(_, field)| out.extend_from_slice(field));
    Ok(out)
}

fn put_attributes<'a>(out: &mut Vec<u8>, attributes: impl Iterator<Item = &'a [u8]>) -> Result<(), &'static str> {
    for (key, value) in sorted(attributes)? {
        let value_length = value.map_or(0, |value| 1 + varint_length(value.len()) + value.len());
        out.varint((1 + varint_length(key.len()) + key.len() + value_length) as u64);
        put_key_value(out, key, value);
    }
    Ok(())
}

fn put_key_value(out: &mut Vec<u8>, key: &[u8], value: Option<&[u8]>) {
    write_bytes(out, 1, key);
    if let Some(value) = value {
        write_bytes(out, 2, value);
    }
}

fn varint_length(value: usize) -> usize {
    (usize::BITS - (value | 1).leading_zeros()).div_ceil(7) as usize
}

fn sorted<'a>(attributes: impl Iterator<Item = &'a [u8]>) -> Result<Attributes<'a>, &'static str> {
    let mut found = Attributes::new();
    for attribute in attributes {
        check::key_value(attribute, 0)?;
        let (mut key, mut value): (&[u8], Option<&[u8]>) = (&[], None);
        for field in Fields::new(attribute) {
            match field.map_err(|bad| bad.message)? {
                (1, Wire::Bytes(bytes)) => key = bytes,
                (2, Wire::Bytes(bytes)) => value = Some(bytes),
                _ => {}
            }
        }
        found.push((key, value));
    }
    // Exporters send the same attributes in the same order, and mostly a sorted one.
    if !found.is_sorted_by(|one, next| one.0 < next.0) {
        let mut rest = found.into_vec();
        sort(&mut rest, |(key, _)| key);
        found = rest.into();
    }
    Ok(found)
}

/// Sorts by key; of those with the same key the last stays.
pub(super) fn sort<T>(items: &mut Vec<T>, key: impl Fn(&T) -> &[u8]) {
    items.reverse();
    items.sort_by(|one, other| key(one).cmp(key(other)));
    items.dedup_by(|later, kept| key(later) == key(kept));
}
