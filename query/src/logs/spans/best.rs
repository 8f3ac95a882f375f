//! The events of a page, while it is not certain yet which those are.

use std::collections::BTreeMap;

use super::{SpanEvent, SpanPlace};

/// The first events in an order, of all that were added.
pub(super) struct Best {
    limit: usize,
    descending: bool,
    events: BTreeMap<SpanPlace, SpanEvent>,
}

impl Best {
    pub(super) fn new(limit: usize, descending: bool) -> Self {
        Self {
            limit,
            descending,
            events: BTreeMap::new(),
        }
    }

    /// Adds an event; the last one goes when there are too many. One that is there already counts once.
    pub(super) fn add(&mut self, event: SpanEvent) {
        self.events.insert(event.place, event);
        if self.events.len() > self.limit {
            if self.descending {
                self.events.pop_first();
            } else {
                self.events.pop_last();
            }
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.events.len() >= self.limit
    }

    /// The place of the last event in the order.
    pub(super) fn last(&self) -> Option<SpanPlace> {
        let last = if self.descending {
            self.events.first_key_value()
        } else {
            self.events.last_key_value()
        };
        last.map(|(place, _)| *place)
    }

    /// Leaves out what comes at or behind a place in the order.
    pub(super) fn keep_before(&mut self, edge: SpanPlace) {
        let behind = self.events.split_off(&edge);
        if self.descending {
            self.events = behind;
        }
    }

    /// The events in order.
    pub(super) fn into_events(self) -> Vec<SpanEvent> {
        let mut events: Vec<SpanEvent> = self.events.into_values().collect();
        if self.descending {
            events.reverse();
        }
        events
    }
}
