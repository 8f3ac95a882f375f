//! What happens in the shop: visits, and the shipments they lead to.
//!
//! A story is told against a clock of its own, which only [`Teller::spend`] moves, so the same seed and start give the
//! same story however fast it is told.

use beamline_model::time::Timestamp;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::span::{Api, CARD_NETWORK, Doing, Outcome, Service, Span, Story, Value};
use super::weather::Weather;

/// What one visit led to: the visit itself and, after an order, its shipment.
pub(crate) fn visit(seed: u64, start: Timestamp) -> Vec<Story> {
    let mut teller = Teller::new(seed, start);
    match teller.rng.random_range(0..100) {
        0..60 => teller.browse(),
        60..72 => teller.track(),
        _ => teller.buy(),
    }
    let shipment = teller.sent.map(|link| {
        let delay = teller.rng.random_range(300..9_000);
        let taken = teller.clock.plus(delay * 1_000_000);
        let mut shipper = Teller::new(teller.rng.random(), taken);
        shipper.ship(link);
        shipper.story()
    });
    std::iter::once(teller.story()).chain(shipment).collect()
}

struct Teller {
    rng: StdRng,
    clock: Timestamp,
    weather: Weather,
    trace: u128,
    spans: Vec<Span>,
    /// Indexes into `spans` of what is under way, outermost first.
    under_way: Vec<usize>,
    /// Trace and span that put a message into the queue.
    sent: Option<(u128, u64)>,
}

impl Teller {
    fn new(seed: u64, start: Timestamp) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let second = (start.0 / 1_000_000_000) as u32;
        let trace = (u128::from(second) << 96) | (rng.random::<u128>() >> 32);
        Self {
            rng,
            clock: start,
            weather: Weather::at(start),
            trace,
            spans: Vec::new(),
            under_way: Vec::new(),
            sent: None,
        }
    }

    fn story(self) -> Story {
        Story {
            trace: self.trace,
            spans: self.spans,
        }
    }

    // === the plots ===

    fn browse(&mut self) {
        let unknown = self.chance(0.04);
        let item = if unknown {
            999_000
        } else {
            self.rng.random_range(1..400)
        };
        self.serve(Service::Storefront, "GET", format!("/product/{item}"), |it| {
            it.name_the_user();
            it.work("find session", 2.0);
            let stock = it.call(Service::Inventory, "GET", format!("/stock/{item}"), |it| {
                let answer = it.query("SELECT available FROM stock WHERE item = $1", 3.0);
                if unknown { Outcome::NotFound } else { answer }
            });
            match stock {
                // A page without a stock figure is still a page.
                Outcome::Fine | Outcome::Failed => it.work("render page", 9.0),
                other => other,
            }
        });
    }

    fn track(&mut self) {
        let order = self.rng.random_range(10_000..99_999);
        self.serve(Service::Storefront, "GET", format!("/orders/{order}"), |it| {
            it.name_the_user();
            let found = it.call(Service::Orders, "GET", format!("/orders/{order}"), |it| {
                it.ask_table("GetItem", 4.0)
            });
            it.work("render page", 6.0);
            found
        });
    }

    fn buy(&mut self) {
        let (cart, order) = (
            self.rng.random_range(5.0..400.0_f64),
            self.rng.random_range(10_000..99_999),
        );
        self.serve(Service::Storefront, "POST", "/checkout".to_owned(), |it| {
            it.name_the_user();
            it.annotate("cart_value", Value::Number((cart * 100.0).round() / 100.0));
            it.work("read basket", 3.0);
            let answer = it.call(Service::Checkout, "POST", "/checkout".to_owned(), |it| {
                it.check_out(order)
            });
            it.work("render receipt", 5.0);
            answer
        });
    }

    fn check_out(&mut self, order: u32) -> Outcome {
        self.annotate("order_id", Value::Text(format!("o-{order}")));
        let reserved = self.call(Service::Inventory, "POST", "/reservations".to_owned(), |it| {
            it.query("SELECT available FROM stock WHERE item = ANY($1) FOR UPDATE", 4.0);
            it.work("choose warehouse", 2.0);
            it.query("UPDATE stock SET reserved = reserved + 1 WHERE item = $1", 5.0)
        });
        if reserved != Outcome::Fine {
            return reserved;
        }
        self.work("compute taxes", 4.0);
        let paid = self.call(Service::Payments, "POST", "/charges".to_owned(), Self::charge);
        if paid != Outcome::Fine {
            self.call(Service::Inventory, "DELETE", "/reservations".to_owned(), |it| {
                it.query("UPDATE stock SET reserved = reserved - 1 WHERE item = $1", 4.0)
            });
            return if paid.is_fault() { Outcome::Failed } else { paid };
        }
        self.call(Service::Orders, "POST", "/orders".to_owned(), |it| {
            it.annotate("order_id", Value::Text(format!("o-{order}")));
            let kept = it.ask_table("PutItem", 6.0);
            if kept == Outcome::Fine {
                return it.send_to_queue();
            }
            it.fail("OrderNotKept", format!("order o-{order} could not be written"));
            Outcome::Failed
        })
    }

    /// Asks the card network, up to three times with a pause in between.
    fn charge(&mut self) -> Outcome {
        self.work("check for fraud", 12.0);
        let mut answer = Outcome::Fine;
        for attempt in 0..3 {
            answer = self.ask_card_network();
            if matches!(answer, Outcome::Fine | Outcome::Declined) {
                return answer;
            }
            self.annotate("retries", Value::Number(f64::from(attempt)));
            self.spend(25.0 * f64::from(1 << attempt));
        }
        self.fail(
            "CardNetworkError",
            format!("gave up after 3 attempts, last status {}", answer.status()),
        );
        Outcome::Failed
    }

    fn ask_card_network(&mut self) -> Outcome {
        let doing = Doing::Calling {
            host: CARD_NETWORK,
            method: "POST",
            path: "/v2/authorizations".to_owned(),
            traced: false,
        };
        let down = self.weather.card_network_down;
        self.within(self.here(), doing, |it| {
            it.spend(if down { 400.0 } else { 70.0 });
            match it.rng.random_range(0..1000) {
                0..550 if down => {
                    it.fail("HTTPError", "503 Service Unavailable".to_owned());
                    Outcome::Unavailable
                }
                0..25 => Outcome::Throttled,
                25..65 => Outcome::Declined,
                _ => Outcome::Fine,
            }
        })
    }

    fn ship(&mut self, link: (u128, u64)) {
        self.within(Service::Shipping, Doing::Consuming { link }, |it| {
            it.work("print label", 40.0);
            if it.chance(0.02) {
                it.fail("AddressError", "no such postal code".to_owned());
                return Outcome::Failed;
            }
            let kept = it.ask_table("UpdateItem", 6.0);
            if kept != Outcome::Fine {
                it.fail("OrderNotKept", "the order could not be marked as shipped".to_owned());
                return Outcome::Failed;
            }
            it.ask_aws(Api::Topic, "Publish", 9.0)
        });
    }

    // === what plots are made of ===

    fn serve(&mut self, service: Service, method: &'static str, path: String, work: impl FnOnce(&mut Self) -> Outcome) {
        self.within(service, Doing::Serving { method, path }, work);
    }

    /// A call to a service that reports: the caller's span around the callee's.
    fn call(
        &mut self,
        callee: Service,
        method: &'static str,
        path: String,
        work: impl FnOnce(&mut Self) -> Outcome,
    ) -> Outcome {
        let doing = Doing::Calling {
            host: callee.name(),
            method,
            path: path.clone(),
            traced: true,
        };
        self.within(self.here(), doing, |it| {
            it.spend(0.4);
            let answer = it.within(callee, Doing::Serving { method, path }, work);
            it.spend(0.4);
            answer
        })
    }

    fn work(&mut self, name: &'static str, millis: f64) -> Outcome {
        self.within(self.here(), Doing::Working { name }, |it| {
            it.spend(millis);
            Outcome::Fine
        })
    }

    fn query(&mut self, statement: &'static str, millis: f64) -> Outcome {
        let slow = self.weather.database_slow;
        self.within(self.here(), Doing::Querying { statement }, |it| {
            it.spend(if slow { millis * 90.0 } else { millis });
            if slow && it.chance(0.12) {
                it.fail(
                    "QueryTimeout",
                    "canceling statement due to statement timeout".to_owned(),
                );
                return Outcome::Failed;
            }
            Outcome::Fine
        })
    }

    fn ask_table(&mut self, operation: &'static str, millis: f64) -> Outcome {
        self.ask_aws(Api::Table, operation, millis)
    }

    fn send_to_queue(&mut self) -> Outcome {
        let answer = self.ask_aws(Api::Queue, "SendMessage", 8.0);
        self.sent = self.spans.last().map(|span| (self.trace, span.id));
        answer
    }

    fn ask_aws(&mut self, api: Api, operation: &'static str, millis: f64) -> Outcome {
        let hot = api == Api::Table && self.weather.table_hot;
        let throttled = hot && self.chance(0.35);
        let retries = if throttled { 3 } else { u32::from(hot) };
        let doing = Doing::Aws {
            api,
            operation,
            retries,
        };
        self.within(self.here(), doing, |it| {
            it.spend(millis * f64::from(1 << retries));
            if throttled {
                let message = "The level of configured provisioned throughput for the table was exceeded";
                it.fail("ProvisionedThroughputExceededException", message.to_owned());
                return Outcome::Throttled;
            }
            Outcome::Fine
        })
    }

    fn within(&mut self, service: Service, doing: Doing, work: impl FnOnce(&mut Self) -> Outcome) -> Outcome {
        let index = self.spans.len();
        let span = Span {
            id: self.rng.random_range(1..=u64::MAX),
            parent: self.under_way.last().map(|&parent| self.spans[parent].id),
            service,
            start: self.clock,
            end: self.clock,
            doing,
            outcome: Outcome::Fine,
            exception: None,
            user: None,
            annotations: Vec::new(),
        };
        self.spans.push(span);
        self.under_way.push(index);
        let outcome = work(self);
        self.under_way.pop();
        self.spans[index].end = self.clock;
        self.spans[index].outcome = outcome;
        outcome
    }

    /// The service whose work is under way.
    fn here(&self) -> Service {
        self.under_way
            .last()
            .map_or(Service::Storefront, |&index| self.spans[index].service)
    }

    fn current(&mut self) -> Option<&mut Span> {
        let index = *self.under_way.last()?;
        self.spans.get_mut(index)
    }

    fn annotate(&mut self, key: &'static str, value: Value) {
        if let Some(span) = self.current() {
            span.annotations.retain(|(known, _)| *known != key);
            span.annotations.push((key, value));
        }
    }

    fn fail(&mut self, kind: &'static str, message: String) {
        if let Some(span) = self.current() {
            span.exception = Some((kind, message));
        }
    }

    fn name_the_user(&mut self) {
        let user = self.rng.random_range(1..=240);
        let tier = if user % 7 == 0 { "gold" } else { "standard" };
        let first_order = self.chance(0.2);
        self.annotate("tier", Value::Text(tier.to_owned()));
        self.annotate("first_order", Value::Truth(first_order));
        if let Some(span) = self.current() {
            span.user = Some(format!("user-{user:03}"));
        }
    }

    fn chance(&mut self, share: f64) -> bool {
        self.rng.random_bool(share)
    }

    /// Lets about this much time pass: never less than half of it, and now and then several times as much.
    fn spend(&mut self, millis: f64) {
        let unlucky: f64 = self.rng.random();
        let factor = 0.5 + self.rng.random::<f64>() + 4.0 * unlucky.powi(20);
        self.clock = self.clock.plus((millis * factor * 1e6) as i64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    #[test]
    fn every_service_and_resource_of_the_shop_appears_and_so_does_every_outcome() {
        let stories: Vec<Story> = (0..4_000)
            .flat_map(|n| visit(n, Timestamp::from_seconds(1_790_000_000 + n as i64 * 7)))
            .collect();
        let spans = || stories.iter().flat_map(|story| &story.spans);
        let services: HashSet<Service> = spans().map(|span| span.service).collect();
        assert_eq!(services.len(), 6);
        let outcomes: HashSet<u16> = spans().map(|span| span.outcome.status()).collect();
        assert_eq!(outcomes, HashSet::from([200, 402, 404, 429, 500, 503]));
        for api in [Api::Table, Api::Queue, Api::Topic] {
            assert!(spans().any(|span| matches!(span.doing, Doing::Aws { api: it, .. } if it == api)));
        }
    }

    proptest! {
        #[test]
        fn children_lie_within_their_parents(seed: u64) {
            for story in visit(seed, Timestamp::from_seconds(1_790_000_000)) {
                for span in &story.spans {
                    prop_assert!(span.start <= span.end);
                    let Some(parent) = span.parent else { continue };
                    let parent = story.spans.iter().find(|it| it.id == parent).unwrap();
                    prop_assert!(parent.start <= span.start && span.end <= parent.end);
                }
            }
        }

        #[test]
        fn a_shipment_is_linked_to_the_message_it_came_from(seed: u64) {
            let stories = visit(seed, Timestamp::from_seconds(1_790_000_000));
            if let [order, shipment] = stories.as_slice() {
                let Doing::Consuming { link } = shipment.spans[0].doing else { panic!("a shipment consumes") };
                prop_assert_eq!(link.0, order.trace);
                prop_assert!(order.spans.iter().any(|span| span.id == link.1));
                prop_assert!(shipment.trace != order.trace);
            }
        }
    }
}
