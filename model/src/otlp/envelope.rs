//! What encloses the items of every request: resources that hold scopes that hold spans, log records or metrics.
//!
//! The three requests are alike: field 1 holds resources; of each, field 1 says who it is and field 2 holds scopes; of
//! each of those, field 1 says which library it is and field 2 holds the items. Nothing is copied or decoded.

use std::ops::Range;

use super::check;
use super::wire::{BadWire, Fields, Wire, write_bytes};

/// The field of a resource's and a scope's own message, and the field of what is in it.
const OWN: u32 = 1;
const INNER: u32 = 2;

/// Bytes of contexts that a request may have besides a multiple of its own.
const MOST_CONTEXTS: usize = 1 << 20;
const CONTEXTS_BY_REQUEST: usize = 16;

/// A `ResourceSpans`, `ResourceLogs` or `ResourceMetrics`.
pub(crate) struct Resource<'a>(Level<'a>);

/// A `ScopeSpans`, `ScopeLogs` or `ScopeMetrics`.
pub(crate) struct Scope<'a>(Level<'a>);

/// Bytes that contexts may still have: a large resource with many small scopes is a short request with long contexts.
pub(crate) struct Contexts {
    left: usize,
}

/// One message of the envelope.
struct Level<'a> {
    buffer: &'a [u8],
    range: Range<usize>,
    /// All its fields but those of what is in it, as they stand in the input.
    pieces: Vec<&'a [u8]>,
}

/// The resources of a request, in order. Nothing that came before an error should be kept, since the sender will be
/// told that the request failed as a whole.
pub(crate) fn resources(request: &[u8]) -> impl Iterator<Item = Result<Resource<'_>, BadWire>> {
    let whole = Level {
        buffer: request,
        range: 0..request.len(),
        pieces: Vec::new(),
    };
    whole.inner(1).map(move |place| {
        let (_, range) = place?;
        // Attributes of a resource have the number 1, those of a scope 3.
        Level::of(request, range, 1).map(Resource)
    })
}

impl<'a> Resource<'a> {
    /// The protobuf `Resource`: usually one, but pieces of one message may come apart.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &'a [u8]> {
        self.0.messages()
    }

    /// The scopes in it.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = Result<Scope<'a>, BadWire>> {
        let buffer = self.0.buffer;
        self.0.inner(INNER).map(move |place| {
            let (_, range) = place?;
            Level::of(buffer, range, 3).map(Scope)
        })
    }
}

impl<'a> Scope<'a> {
    /// The items in it, and where they are in the request.
    pub(crate) fn items(&self) -> impl Iterator<Item = Result<(&'a [u8], Range<usize>), BadWire>> {
        self.0.inner(INNER)
    }

    /// The resource's message with this one scope instead of all, and without any item.
    pub(crate) fn context(&self, resource: &Resource<'a>, contexts: &mut Contexts) -> Result<Vec<u8>, BadWire> {
        let [outer, inner] = [resource.0.length(), self.0.length()];
        contexts.left = contexts.left.checked_sub(outer + inner).ok_or(BadWire {
            position: self.0.range.start,
            message: "resource too large for so many scopes",
        })?;
        let mut bytes = resource.0.pieces.concat();
        write_bytes(&mut bytes, INNER, &self.0.pieces.concat());
        Ok(bytes)
    }
}

impl Contexts {
    pub(crate) fn of(request: &[u8]) -> Self {
        Self {
            left: MOST_CONTEXTS + CONTEXTS_BY_REQUEST * request.len(),
        }
    }
}

impl<'a> Level<'a> {
    /// What says who it is may come after what is in it, so all fields are looked at before any item.
    fn of(buffer: &'a [u8], range: Range<usize>, attributes: u32) -> Result<Self, BadWire> {
        let mut pieces: Vec<&'a [u8]> = Vec::new();
        let mut fields = Fields::within(buffer, range.clone());
        let mut start = fields.position();
        while let Some(field) = fields.next() {
            let (number, wire) = field?;
            let end = fields.position();
            if number != INNER {
                pieces.push(&buffer[start..end]);
            }
            if let (OWN, Wire::Bytes(message)) = (number, wire) {
                check::with_attributes(message, attributes).map_err(|message| BadWire {
                    position: range.start,
                    message,
                })?;
            }
            start = end;
        }
        Ok(Self { buffer, range, pieces })
    }

    fn length(&self) -> usize {
        self.pieces.iter().map(|piece| piece.len()).sum()
    }

    fn messages(&self) -> impl Iterator<Item = &'a [u8]> {
        Fields::within(self.buffer, self.range.clone()).filter_map(|field| match field {
            Ok((OWN, Wire::Bytes(message))) => Some(message),
            _ => None,
        })
    }

    /// The messages in a field, and where they are in the buffer.
    fn inner(&self, number: u32) -> impl Iterator<Item = Result<(&'a [u8], Range<usize>), BadWire>> + use<'a> {
        let mut fields = Fields::within(self.buffer, self.range.clone());
        std::iter::from_fn(move || {
            loop {
                match fields.next()? {
                    Ok((found, Wire::Bytes(message))) if found == number => {
                        let end = fields.position();
                        return Some(Ok((message, end - message.len()..end)));
                    }
                    Ok(_) => {}
                    Err(bad) => return Some(Err(bad)),
                }
            }
        })
    }
}
