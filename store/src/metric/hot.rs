//! Items of the hot log: the data points of one commit.
//!
//! ```text
//! item 1    account u16                           whose the points after it are
//! item 16   series varint, time i64, received i64, length varint, body
//! ```
//! Numbers are little-endian. What is around the items is in [`envelope`].

use beamline_model::time::Timestamp;

use super::Incoming;
use crate::api::Account;
use crate::codec::varint::{Put, Take};
use crate::hot::envelope::{self, Damaged};

const ACCOUNT: u8 = 1;
const POINT: u8 = 16;

/// Gathers the points of one commit.
#[derive(Default)]
pub(crate) struct Encoder {
    items: Vec<u8>,
    account: Option<Account>,
}

impl Encoder {
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Adds a point.
    pub(crate) fn add(&mut self, point: &Incoming<'_>) {
        if self.account != Some(point.account) {
            self.account = Some(point.account);
            self.items.push(ACCOUNT);
            self.items.extend_from_slice(&point.account.0.to_le_bytes());
        }
        self.items.push(POINT);
        self.items.varint(u64::from(point.series));
        self.items.extend_from_slice(&point.time.0.to_le_bytes());
        self.items.extend_from_slice(&point.received.0.to_le_bytes());
        self.items.sized(point.body);
    }

    /// The value, and an encoder as new that keeps its memory.
    pub(crate) fn finish(&mut self) -> Vec<u8> {
        let value = envelope::close(&self.items);
        self.items.clear();
        self.account = None;
        value
    }
}

/// Calls `each` with every point of a value, in the order in which they were added. The value is checked as a whole
/// before the first call.
pub(crate) fn decode(value: &[u8], each: &mut dyn FnMut(Incoming<'_>)) -> Result<(), Damaged> {
    let items = envelope::open(value)?;
    each_point(&items, each).ok_or(Damaged("items do not parse"))
}

fn each_point(items: &[u8], each: &mut dyn FnMut(Incoming<'_>)) -> Option<()> {
    let mut items = Take(items);
    let mut account = Account::default();
    while let Some(tag) = items.byte() {
        match tag {
            ACCOUNT => account = Account(u16::from_le_bytes(items.array()?)),
            POINT => each(Incoming {
                account,
                series: items.number()?,
                time: Timestamp(i64::from_le_bytes(items.array()?)),
                received: Timestamp(i64::from_le_bytes(items.array()?)),
                body: items.sized()?,
            }),
            _ => return None,
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_was_added_comes_back_in_order() {
        let point = |account, series, body| Incoming {
            account: Account(account),
            series,
            time: Timestamp(i64::MAX),
            received: Timestamp(-1),
            body,
        };
        let points = [point(0, 1, &b"one"[..]), point(0, 70_000, b""), point(3, 1, b"three")];
        let mut encoder = Encoder::default();
        points.iter().for_each(|point| encoder.add(point));
        let value = encoder.finish();
        assert!(encoder.is_empty());
        let mut expected = points.into_iter();
        decode(&value, &mut |point| assert_eq!(Some(point), expected.next())).unwrap();
        assert_eq!(expected.next(), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes, &mut |_| {});
            let _ = each_point(&bytes, &mut |_| {});
        }
    }
}
