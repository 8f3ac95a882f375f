//! How a rule's reservoir is shared between the clients that sample.
//!
//! Each client reports what it saw and is given a lease: so many requests per second that it may keep for sure. The
//! leases of all clients that are heard of together never exceed the reservoir.

use std::hash::Hash;

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::time::Timestamp;

/// A client that was not heard of for so long no longer has a share.
pub const ACTIVE_FOR: i64 = 60 * SECOND;

/// Clients remembered for one rule. Further ones get no share until others fall silent.
pub const MOST_CLIENTS: usize = 10_000;

const SECOND: i64 = 1_000_000_000;

/// Names one sampling process for as long as it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub [u8; 24]);

/// Who holds which part of one rule's reservoir.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    clients: FxHashMap<ClientId, Client>,
    /// The sum of all leases.
    leased: u64,
    /// What a client gets that appears between two balances.
    newcomer: u32,
    balanced: Option<Balance>,
}

/// When the shares were worked out last, and for which reservoir.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Balance {
    second: i64,
    reservoir: u32,
}

#[derive(Clone, Copy, Debug)]
struct Client {
    heard: Timestamp,
    /// Requests per second, smoothed.
    rate: f64,
    share: u32,
    lease: u32,
}

impl Ledger {
    /// Takes in what a client saw since its last report and gives it its lease, in requests per second.
    ///
    /// A lease may stay below the client's share until those who hold the rest have reported and were cut. So a sum
    /// of leases over the reservoir never occurs, and the shares are reached after one round of reports.
    pub fn report(&mut self, client: ClientId, requests: u32, reservoir: u32, now: Timestamp) -> u32 {
        let known = self.clients.contains_key(&client);
        if !known && self.clients.len() >= MOST_CLIENTS {
            self.forget_silent(now);
            if self.clients.len() >= MOST_CLIENTS {
                return 0;
            }
        }
        let newcomer = self.newcomer;
        let entry = self.clients.entry(client).or_insert(Client {
            heard: now.plus(-10 * SECOND),
            rate: f64::from(requests) / 10.0,
            share: newcomer,
            lease: 0,
        });
        let seconds = (now.since(entry.heard) as f64 / SECOND as f64).max(1.0);
        entry.rate = (entry.rate + f64::from(requests) / seconds) / 2.0;
        entry.heard = entry.heard.max(now);
        self.balance(reservoir, now);
        self.lease(client, reservoir)
    }

    /// How many clients were heard of lately.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.clients.len()
    }

    /// The sum of what is leased.
    #[must_use]
    pub fn leased(&self) -> u64 {
        self.leased
    }

    /// Works out the shares anew, once a second at most: a round of reports costs one pass over the clients then.
    fn balance(&mut self, reservoir: u32, now: Timestamp) {
        let balance = Balance {
            second: now.0.div_euclid(SECOND),
            reservoir,
        };
        if self.balanced == Some(balance) {
            return;
        }
        self.balanced = Some(balance);
        self.forget_silent(now);
        let round = (balance.second / 10) as u64;
        let mut order: Vec<(ClientId, u32)> = self
            .clients
            .iter()
            .map(|(id, client)| (*id, client.rate.ceil() as u32))
            .collect();
        // The order rotates from round to round, so that what cannot be divided goes to everybody in turn.
        order.sort_unstable_by_key(|(id, _)| (xxh3_64_with_seed(&id.0, round), *id));
        let needs: Vec<u32> = order.iter().map(|(_, need)| *need).collect();
        let shares = shares(reservoir, &needs);
        self.newcomer = shares.iter().copied().min().unwrap_or(reservoir);
        for ((id, _), share) in order.iter().zip(shares) {
            if let Some(client) = self.clients.get_mut(id) {
                client.share = share;
            }
        }
    }

    fn lease(&mut self, client: ClientId, reservoir: u32) -> u32 {
        let Some(client) = self.clients.get_mut(&client) else {
            return 0;
        };
        let others = self.leased - u64::from(client.lease);
        let free = u64::from(reservoir).saturating_sub(others);
        client.lease = u32::try_from(free).map_or(client.share, |free| client.share.min(free));
        self.leased = others + u64::from(client.lease);
        client.lease
    }

    fn forget_silent(&mut self, now: Timestamp) {
        let leased = &mut self.leased;
        self.clients.retain(|_, client| {
            let active = now.since(client.heard) <= ACTIVE_FOR as u64;
            if !active {
                *leased -= u64::from(client.lease);
            }
            active
        });
    }
}

/// Divides `reservoir` by need, as water fills vessels: who needs less than an even part keeps what it needs, the
/// others divide the rest evenly, and what nobody needs is handed out evenly too, since needs grow. What cannot be
/// divided goes to those who come first. The sum is the reservoir, or 0 without takers.
#[must_use]
pub fn shares(reservoir: u32, needs: &[u32]) -> Vec<u32> {
    let mut shares = vec![0u32; needs.len()];
    let mut by_need: Vec<usize> = (0..needs.len()).collect();
    by_need.sort_by_key(|&at| needs[at]);
    let mut left = reservoir;
    for (done, &at) in by_need.iter().enumerate() {
        let vessels = (needs.len() - done) as u32;
        if needs[at] > left / vessels {
            let rest = &by_need[done..];
            pour(left, rest, &mut shares);
            return shares;
        }
        shares[at] = needs[at];
        left -= needs[at];
    }
    pour(left, &by_need, &mut shares);
    shares
}

/// Adds an even part of `amount` to each of `vessels`, and the indivisible rest to the first ones in list order.
fn pour(amount: u32, vessels: &[usize], shares: &mut [u32]) {
    let Some(count) = u32::try_from(vessels.len()).ok().filter(|&count| count > 0) else {
        return;
    };
    let mut vessels = vessels.to_vec();
    vessels.sort_unstable();
    for (place, at) in vessels.into_iter().enumerate() {
        shares[at] += amount / count + u32::from((place as u32) < amount % count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn client(number: u32) -> ClientId {
        let mut id = [b'0'; 24];
        id[20..].copy_from_slice(&number.to_be_bytes());
        ClientId(id)
    }

    #[test]
    fn shares_follow_need_and_use_the_whole_reservoir() {
        let check = |reservoir, needs: &[u32], expected: &[u32]| {
            assert_eq!(shares(reservoir, needs), expected, "{reservoir} over {needs:?}");
        };
        check(10, &[], &[]);
        check(10, &[100], &[10]);
        check(10, &[1, 100, 100], &[1, 5, 4]);
        check(10, &[100, 2, 3], &[5, 2, 3]);
        check(10, &[1, 1], &[5, 5]);
        check(1, &[5, 5, 5], &[1, 0, 0]);
        check(0, &[5, 5], &[0, 0]);
        check(7, &[0, 0, 0], &[3, 2, 2]);
    }

    #[test]
    fn a_lone_client_gets_all_and_yields_when_a_second_comes() {
        let mut ledger = Ledger::default();
        let at = Timestamp::from_seconds;
        assert_eq!(ledger.report(client(1), 1000, 10, at(100)), 10);
        // The second finds all leased; it is served once the first has reported again.
        assert_eq!(ledger.report(client(2), 1000, 10, at(105)), 0);
        assert_eq!(ledger.report(client(1), 1000, 10, at(110)), 5);
        assert_eq!(ledger.report(client(2), 1000, 10, at(115)), 5);
    }

    #[test]
    fn a_client_that_fell_silent_gives_back_its_lease() {
        let mut ledger = Ledger::default();
        let at = Timestamp::from_seconds;
        assert_eq!(ledger.report(client(1), 1000, 10, at(100)), 10);
        assert_eq!(ledger.report(client(2), 1000, 10, at(161)), 10);
        assert_eq!((ledger.clients(), ledger.leased()), (1, 10));
    }

    #[test]
    fn one_request_per_second_wanders_between_fifty_clients() {
        let mut ledger = Ledger::default();
        let mut served = std::collections::BTreeSet::new();
        for round in 0..200 {
            for number in 0..50 {
                if ledger.report(client(number), 100, 1, Timestamp::from_seconds(round * 10)) > 0 {
                    served.insert(number);
                }
            }
        }
        assert!(served.len() > 25, "{served:?}");
    }

    proptest! {
        #[test]
        fn shares_add_up_to_the_reservoir_and_nobody_starves_for_anothers_surplus(
            reservoir in 0u32..1_000,
            needs in proptest::collection::vec(0u32..300, 1..60),
        ) {
            let shares = shares(reservoir, &needs);
            prop_assert_eq!(shares.iter().sum::<u32>(), reservoir);
            let unmet = needs.iter().zip(&shares).filter(|(need, share)| share < need).map(|(_, share)| *share).min();
            if let Some(least) = unmet {
                for (need, share) in needs.iter().zip(&shares) {
                    prop_assert!(*share <= (*need).min(least + 1), "{share} of {need}, another has {least}");
                }
            }
        }

        #[test]
        fn the_leases_of_all_clients_never_exceed_the_reservoir(
            reservoir in 0u32..50,
            reports in proptest::collection::vec((0u32..30, 0u32..5_000, 0i64..30), 0..200),
        ) {
            let mut ledger = Ledger::default();
            let mut held = std::collections::BTreeMap::new();
            let mut now = 1_000;
            for (number, requests, later) in reports {
                now += later;
                let lease = ledger.report(client(number), requests, reservoir, Timestamp::from_seconds(now));
                held.insert(number, (lease, now));
                let sum: u32 = held.values().filter(|(_, heard)| now - heard <= 60).map(|(lease, _)| lease).sum();
                prop_assert!(sum <= reservoir, "{sum} of {reservoir}");
            }
        }
    }
}
