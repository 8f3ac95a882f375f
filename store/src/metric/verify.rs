//! Scrubbing: every chunk can be read, and belongs to a series that is known.

use std::ops::ControlFlow;

use rustc_hash::FxHashSet;

use super::chunk::Chunk;
use super::keys;
use super::registry::descriptor_of;
use crate::api::Account;
use crate::engine::{Family, KeyRange, View};
use crate::error::StoreError;
use crate::verify::{Verified, parts};

/// Whether a row behind those of a trace leads to a measurement.
pub(crate) fn is_link(key: &[u8]) -> bool {
    keys::link_behind(key).is_some()
}

/// Reads every chunk and the descriptor of its series.
pub(crate) fn verify(view: &dyn View, verified: &mut Verified) -> Result<(), StoreError> {
    let mut series = FxHashSet::default();
    for part in parts(view, Family::Points)? {
        let account = part.last_chunk().map(|bytes| Account(u16::from_be_bytes(*bytes)));
        view.scan(Family::Points, &part, KeyRange::all(), false, &mut |key, value| {
            let number = key.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
            series.extend(account.zip(number));
            match Chunk::decode(value) {
                Some(chunk) => {
                    verified.chunks += 1;
                    verified.points += chunk.rows.len() as u64;
                }
                None => verified.problem(format!("points {part:02x?} {key:02x?} cannot be read")),
            }
            ControlFlow::Continue(())
        })?;
    }
    for key in series {
        match descriptor_of(view, key) {
            Ok(Some(_)) => verified.series += 1,
            Ok(None) => verified.problem(format!("series {} of account {} is not known", key.1, key.0.0)),
            Err(error) => verified.problem(format!("series {} of account {}: {error}", key.1, key.0.0)),
        }
    }
    Ok(())
}
