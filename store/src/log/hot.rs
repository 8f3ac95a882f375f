//! Items of the hot log: the log events of one commit.
//!
//! ```text
//! item 1        account u16                           whose the events after it are
//! item 2        length varint, bytes                  a context; contexts are numbered from 0
//! item 16 + f   group and stream varints, time i64, received i64, [context varint], length varint, body
//!               f: 1 it has a context
//! ```
//! Numbers are little-endian. What is around the items is in [`envelope`].

use beamline_model::time::Timestamp;

use super::Incoming;
use crate::api::Account;
use crate::api::log::LogStreamId;
use crate::codec::varint::{Put, Take};
use crate::hot::envelope::{self, Damaged};

const ACCOUNT: u8 = 1;
const CONTEXT: u8 = 2;
const EVENT: u8 = 16;
const HAS_CONTEXT: u8 = 1;

/// Gathers the events of one commit.
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

    /// Forgets which contexts have been written: the next events come from another batch.
    pub(crate) fn next_batch(&mut self) {
        self.numbers.clear();
    }

    /// Adds an event; `context` is its number in the batch at hand.
    pub(crate) fn add(&mut self, event: &Incoming<'_>, context: Option<u32>) {
        if self.account != Some(event.account) {
            self.account = Some(event.account);
            self.items.push(ACCOUNT);
            self.items.extend_from_slice(&event.account.0.to_le_bytes());
        }
        let context = context
            .zip(event.context)
            .map(|(index, bytes)| self.number(index, bytes));
        self.items.push(EVENT + if context.is_some() { HAS_CONTEXT } else { 0 });
        self.items.varint(u64::from(event.stream.group));
        self.items.varint(u64::from(event.stream.stream));
        self.items.extend_from_slice(&event.time.0.to_le_bytes());
        self.items.extend_from_slice(&event.received.0.to_le_bytes());
        if let Some(number) = context {
            self.items.varint(u64::from(number));
        }
        self.items.sized(event.body);
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

/// Calls `each` with every event of a value, in the order in which they were added. The value is checked as a whole
/// before the first call.
pub(crate) fn decode(value: &[u8], each: &mut dyn FnMut(Incoming<'_>)) -> Result<(), Damaged> {
    let items = envelope::open(value)?;
    each_event(&items, each).ok_or(Damaged("items do not parse"))
}

fn each_event(items: &[u8], each: &mut dyn FnMut(Incoming<'_>)) -> Option<()> {
    let mut items = Take(items);
    let mut account = Account::default();
    let mut contexts: Vec<&[u8]> = Vec::new();
    while let Some(tag) = items.byte() {
        match tag {
            ACCOUNT => account = Account(u16::from_le_bytes(items.array()?)),
            CONTEXT => contexts.push(items.sized()?),
            _ => {
                let flags = tag.checked_sub(EVENT).filter(|flags| *flags < 2)?;
                each(Incoming {
                    account,
                    stream: LogStreamId {
                        group: items.number()?,
                        stream: items.number()?,
                    },
                    time: Timestamp(i64::from_le_bytes(items.array()?)),
                    received: Timestamp(i64::from_le_bytes(items.array()?)),
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

    #[test]
    fn what_was_added_comes_back_in_order() {
        let event = |account, stream, context, body| Incoming {
            account: Account(account),
            stream: LogStreamId { group: 7, stream },
            time: Timestamp(-5),
            received: Timestamp(9),
            context,
            body,
        };
        let batches = [
            vec![
                (event(0, 1, Some(&b"resource"[..]), &b"one"[..]), Some(2)),
                (event(0, 300, None, b"two"), None),
                (event(0, 1, Some(b"resource"), b"three"), Some(2)),
            ],
            vec![(event(4, 1, Some(b"another"), b"four"), Some(2))],
        ];
        let mut encoder = Encoder::default();
        for batch in &batches {
            encoder.next_batch();
            batch.iter().for_each(|(event, context)| encoder.add(event, *context));
        }
        let value = encoder.finish();
        assert!(encoder.is_empty());
        let mut expected = batches.iter().flatten().map(|(event, _)| *event);
        decode(&value, &mut |event| assert_eq!(Some(event), expected.next())).unwrap();
        assert_eq!(expected.next(), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes, &mut |_| {});
            let _ = each_event(&bytes, &mut |_| {});
        }
    }
}
