//! Items of the hot log: the records of one commit that belong to one shard.
//!
//! ```text
//! item 1        account u16                           whose the records after it are
//! item 2        length varint, bytes                  a context; contexts are numbered from 0
//! item 16 + f   trace 16, received i64, start i64, weight f32, [context varint], length varint, body
//!               f: 1 it has a context, 2 it is in progress
//! ```
//! Numbers are little-endian. What is around the items is in [`envelope`].

use beamline_model::id::TraceId;
use beamline_model::time::Timestamp;

use super::Incoming;
use super::envelope::{self, Damaged};
use crate::api::Account;
use crate::codec::varint::{Put, Take};

const ACCOUNT: u8 = 1;
const CONTEXT: u8 = 2;
const RECORD: u8 = 16;
const HAS_CONTEXT: u8 = 1;
const IN_PROGRESS: u8 = 2;

/// Gathers the records of one shard.
#[derive(Default)]
pub(crate) struct Encoder {
    items: Vec<u8>,
    account: Option<Account>,
    /// Which context of the batch at hand has which number here.
    numbers: Vec<Option<u32>>,
    contexts: u32,
}

impl Encoder {
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Forgets which contexts have been written: the next records come from another batch.
    pub(crate) fn next_batch(&mut self) {
        self.numbers.clear();
    }

    /// Adds a record; `context` is its number in the batch at hand.
    pub(crate) fn add(&mut self, record: &Incoming<'_>, context: Option<u32>) {
        if self.account != Some(record.account) {
            self.account = Some(record.account);
            self.items.push(ACCOUNT);
            self.items.extend_from_slice(&record.account.0.to_le_bytes());
        }
        let context = context
            .zip(record.context)
            .map(|(index, bytes)| self.number(index, bytes));
        let flags = if context.is_some() { HAS_CONTEXT } else { 0 } | if record.in_progress { IN_PROGRESS } else { 0 };
        self.items.push(RECORD + flags);
        self.items.extend_from_slice(&record.trace.to_bytes());
        self.items.extend_from_slice(&record.received.0.to_le_bytes());
        self.items.extend_from_slice(&record.start.0.to_le_bytes());
        self.items.extend_from_slice(&record.weight.to_le_bytes());
        if let Some(number) = context {
            self.items.varint(u64::from(number));
        }
        self.items.sized(record.body);
    }

    fn number(&mut self, index: u32, bytes: &[u8]) -> u32 {
        let index = index as usize;
        if self.numbers.len() <= index {
            self.numbers.resize(index + 1, None);
        }
        *self.numbers[index].get_or_insert_with(|| {
            self.items.push(CONTEXT);
            self.items.sized(bytes);
            self.contexts += 1;
            self.contexts - 1
        })
    }

    /// The value, and an encoder as new that keeps its memory.
    pub(crate) fn finish(&mut self) -> Vec<u8> {
        let value = envelope::close(&self.items);
        self.items.clear();
        self.account = None;
        self.numbers.clear();
        self.contexts = 0;
        value
    }
}

/// Calls `each` with every record of a value, in the order in which they were added. The value is checked as a whole
/// before the first call.
pub(crate) fn decode(value: &[u8], each: &mut dyn FnMut(Incoming<'_>)) -> Result<(), Damaged> {
    let items = envelope::open(value)?;
    each_record(&items, each).ok_or(Damaged("items do not parse"))
}

fn each_record(items: &[u8], each: &mut dyn FnMut(Incoming<'_>)) -> Option<()> {
    let mut items = Take(items);
    let mut account = Account::default();
    let mut contexts: Vec<&[u8]> = Vec::new();
    while let Some(tag) = items.byte() {
        match tag {
            ACCOUNT => account = Account(u16::from_le_bytes(items.array()?)),
            CONTEXT => contexts.push(items.sized()?),
            _ => {
                let flags = tag.checked_sub(RECORD).filter(|flags| *flags < 4)?;
                each(Incoming {
                    account,
                    trace: TraceId(u128::from_be_bytes(items.array()?)),
                    received: Timestamp(i64::from_le_bytes(items.array()?)),
                    start: Timestamp(i64::from_le_bytes(items.array()?)),
                    in_progress: flags & IN_PROGRESS != 0,
                    weight: f32::from_le_bytes(items.array()?),
                    context: match flags & HAS_CONTEXT {
                        0 => None,
                        _ => Some(contexts.get(items.number::<usize>()?)?),
                    },
                    body: items.sized()?,
                });
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn records(account: u16, context: &[u8]) -> Vec<(Incoming<'_>, Option<u32>)> {
        let record = |trace: u128, context| Incoming {
            account: Account(account),
            trace: TraceId(trace),
            received: Timestamp(7),
            start: Timestamp(-1),
            in_progress: trace == 2,
            weight: 2.5,
            context,
            body: b"body",
        };
        vec![
            (record(1, Some(context)), Some(3)),
            (record(2, None), None),
            (record(3, Some(context)), Some(3)),
        ]
    }

    #[test]
    fn what_was_added_comes_back_in_order() {
        let mut encoder = Encoder::default();
        let batches = [records(0, b"resource"), records(9, b"another")];
        for batch in &batches {
            encoder.next_batch();
            batch.iter().for_each(|(record, context)| encoder.add(record, *context));
        }
        let value = encoder.finish();
        assert!(encoder.is_empty());
        let mut expected = batches.iter().flatten().map(|(record, _)| *record);
        decode(&value, &mut |record| assert_eq!(Some(record), expected.next())).unwrap();
        assert_eq!(expected.next(), None);
    }

    #[test]
    fn a_flipped_bit_is_noticed_or_changes_nothing() {
        let records = records(0, b"resource");
        let mut encoder = Encoder::default();
        records
            .iter()
            .for_each(|(record, context)| encoder.add(record, *context));
        let value = encoder.finish();
        for bit in 0..value.len() * 8 {
            let mut damaged = value.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let mut seen = 0;
            let result = decode(&damaged, &mut |record| {
                // Equal bytes can be copied from more than one place.
                assert_eq!(record, records[seen].0, "bit {bit}");
                seen += 1;
            });
            assert_eq!(seen, if result.is_err() { 0 } else { records.len() }, "bit {bit}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes, &mut |_| {});
            let _ = each_record(&bytes, &mut |_| {});
        }
    }
}
