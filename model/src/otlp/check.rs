//! Whether everything nested in a span, resource or scope is well formed, so that what was accepted can be read later.

use super::wire::{BadWire, Fields, Wire};

/// How deep lists and maps may nest in an attribute. Keeps every accepted span within the recursion limit that
/// protobuf libraries have.
pub const MAX_VALUE_DEPTH: usize = 24;

const TOO_DEEP: &str = "attribute nested too deeply";
const WRONG_TYPE: &str = "field of another type than its number says";

/// Why a nested message cannot be kept.
pub(crate) type Flaw = &'static str;

fn flaw(bad: BadWire) -> Flaw {
    bad.message
}

/// An `Event` or a `Link`, whose attributes have the given number.
pub(crate) fn with_attributes(message: &[u8], attributes: u32) -> Result<(), Flaw> {
    for field in Fields::new(message) {
        match field.map_err(flaw)? {
            (number, Wire::Bytes(bytes)) if number == attributes => key_value(bytes, 0)?,
            (number, _) if number == attributes => return Err(WRONG_TYPE),
            _ => {}
        }
    }
    Ok(())
}

/// A message whose own fields need to be well formed and nothing more.
pub(crate) fn flat(message: &[u8]) -> Result<(), Flaw> {
    Fields::new(message).try_for_each(|field| field.map(drop).map_err(flaw))
}

/// One attribute.
pub(crate) fn key_value(message: &[u8], depth: usize) -> Result<(), Flaw> {
    for field in Fields::new(message) {
        match field.map_err(flaw)? {
            (2, Wire::Bytes(bytes)) => value(bytes, depth)?,
            (1, Wire::Bytes(_)) => {}
            (1 | 2, _) => return Err(WRONG_TYPE),
            _ => {}
        }
    }
    Ok(())
}

/// One value.
pub(super) fn value(message: &[u8], depth: usize) -> Result<(), Flaw> {
    if depth > MAX_VALUE_DEPTH {
        return Err(TOO_DEEP);
    }
    for field in Fields::new(message) {
        match field.map_err(flaw)? {
            (5, Wire::Bytes(list)) => each(list, depth, value)?,
            (6, Wire::Bytes(map)) => each(map, depth, key_value)?,
            (1 | 7, Wire::Bytes(_)) | (2 | 3, Wire::Varint(_)) | (4, Wire::Fixed64(_)) => {}
            (1..=7, _) => return Err(WRONG_TYPE),
            _ => {}
        }
    }
    Ok(())
}

fn each(list: &[u8], depth: usize, check: fn(&[u8], usize) -> Result<(), Flaw>) -> Result<(), Flaw> {
    for field in Fields::new(list) {
        match field.map_err(flaw)? {
            (1, Wire::Bytes(item)) => check(item, depth + 1)?,
            (1, _) => return Err(WRONG_TYPE),
            _ => {}
        }
    }
    Ok(())
}
