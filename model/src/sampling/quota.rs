//! How a rule's reservoir is shared between the clients that sample.
//!
//! Each client reports what it saw and is given a lease: so many requests per second that it may keep for sure. The
//! leases of all clients that are heard of together never exceed the reservoir.

use std::hash::Hash;

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::time::Timestamp;

/// A lease can be used for so long; AWS gives five minutes too. Clients renew theirs at every report, so that one
/// runs out only where nothing is sampled any more.
pub const LEASE_LASTS: i64 = 300 * SECOND;

/// A client that was not heard of for so long, or for three of its intervals, no longer has a share.
pub const ACTIVE_FOR: i64 = 60 * SECOND;

/// Clients remembered for one rule. Further ones get no share until others fall silent.
pub const MOST_CLIENTS: usize = 10_000;

/// So many more clients make everybody report ten seconds less often.
const CLIENTS_PER_STEP: usize = 2_000;

/// The least and the most seconds between two reports. SDKs count in steps of ten.
const STEP: u32 = 10;
const MOST_STEPS: usize = 6;

/// What cannot be divided goes to others every so many intervals. A part that changes hands lies idle until the next
/// owner reports, so this should be rare.
const TURN: i64 = 6;

const SECOND: i64 = 1_000_000_000;

/// Names one sampling process for as long as it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub [u8; 24]);

/// What a client saw since its last report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Requests that fell under the rule.
    pub requests: u32,
    /// Those of them that it kept as one of the one per second that a client without a lease may keep.
    pub borrowed: u32,
}

/// Who holds which part of one rule's reservoir.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    clients: FxHashMap<ClientId, Client>,
    /// The sum of all leases.
    leased: u64,
    /// The sum of what shares exceed leases by: what clients will ask for at their next report.
    wanted: u64,
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
    /// It keeps one request per second whatever lease it holds, as the X-Ray SDK for Node does.
    borrows: bool,
    share: u32,
    lease: u32,
}

impl Ledger {
    /// Takes in what a client saw since its last report and gives it its lease, in requests per second.
    ///
    /// A lease may stay below the client's share until those who hold the rest have reported and were cut. So a sum
    /// of leases over the reservoir never occurs, and the shares are reached after one round of reports.
    pub fn report(&mut self, client: ClientId, seen: Seen, reservoir: u32, now: Timestamp) -> u32 {
        let known = self.clients.contains_key(&client);
        if !known && self.clients.len() >= MOST_CLIENTS {
            self.forget_silent(now);
            if self.clients.len() >= MOST_CLIENTS {
                return 0;
            }
        }
        if !known {
            self.wanted += u64::from(self.newcomer);
        }
        let newcomer = self.newcomer;
        let entry = self.clients.entry(client).or_insert(Client {
            heard: now.plus(-i64::from(STEP) * SECOND),
            rate: f64::from(seen.requests) / f64::from(STEP),
            borrows: false,
            share: newcomer,
            lease: 0,
        });
        entry.hear(seen, now);
        self.balance(reservoir, now);
        self.lease(client, reservoir)
    }

    /// How many clients were heard of lately.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.clients.len()
    }

    /// How many clients have a share at this moment.
    pub fn active(&mut self, now: Timestamp) -> usize {
        self.forget_silent(now);
        self.clients.len()
    }

    /// The sum of what is leased.
    #[must_use]
    pub fn leased(&self) -> u64 {
        self.leased
    }

    /// Seconds until a client should report again, a multiple of ten: thousands of clients report less often, so that
    /// their reports stay a small part of the work.
    #[must_use]
    pub fn interval(&self) -> u32 {
        let steps = (1 + self.clients.len() / CLIENTS_PER_STEP).min(MOST_STEPS);
        STEP * u32::try_from(steps).unwrap_or(1)
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
        let turn = (balance.second / (TURN * i64::from(self.interval()))) as u64;
        let mut order: Vec<(ClientId, Need)> = self.clients.iter().map(|(id, client)| (*id, client.need())).collect();
        // The order changes from turn to turn, so that what cannot be divided goes to everybody in turn.
        order.sort_unstable_by_key(|(id, _)| (xxh3_64_with_seed(&id.0, turn), *id));
        let needs: Vec<Need> = order.iter().map(|(_, need)| *need).collect();
        let shares = shares(reservoir, &needs);
        self.newcomer = shares.iter().copied().min().unwrap_or(reservoir);
        self.wanted = 0;
        for ((id, _), share) in order.iter().zip(shares) {
            if let Some(client) = self.clients.get_mut(id) {
                client.share = share;
                self.wanted += client.wanted();
            }
        }
    }

    fn lease(&mut self, client: ClientId, reservoir: u32) -> u32 {
        let Some(client) = self.clients.get_mut(&client) else {
            return 0;
        };
        let others_hold = self.leased - u64::from(client.lease);
        let others_want = self.wanted - client.wanted();
        let free = u64::from(reservoir).saturating_sub(others_hold);
        // What nobody else will ask for may stay where it is rather than lie idle.
        let unwanted = free.saturating_sub(others_want);
        let due = u64::from(client.share).max(u64::from(client.lease).min(unwanted));
        client.lease = u32::try_from(due.min(free)).unwrap_or(u32::MAX);
        self.leased = others_hold + u64::from(client.lease);
        self.wanted = others_want + client.wanted();
        client.lease
    }

    fn forget_silent(&mut self, now: Timestamp) {
        let active_for = ACTIVE_FOR.max(3 * i64::from(self.interval()) * SECOND);
        let (leased, wanted) = (&mut self.leased, &mut self.wanted);
        self.clients.retain(|_, client| {
            let active = now.since(client.heard) <= active_for as u64;
            if !active {
                *leased -= u64::from(client.lease);
                *wanted -= client.wanted();
            }
            active
        });
    }
}

impl Client {
    fn hear(&mut self, seen: Seen, now: Timestamp) {
        let seconds = (now.since(self.heard) as f64 / SECOND as f64).max(1.0);
        self.rate = (self.rate + f64::from(seen.requests) / seconds) / 2.0;
        self.heard = self.heard.max(now);
        // A client borrows until its lease arrives, which may take a second or two, and not after that.
        if self.lease > 0 && f64::from(seen.borrowed) > (seconds / 2.0).max(2.0) {
            self.borrows = true;
        } else if seen.requests > 0 && seen.borrowed == 0 {
            self.borrows = false;
        }
    }

    fn need(&self) -> Need {
        if self.borrows {
            Need::One
        } else {
            Need::UpTo(self.rate.ceil() as u32)
        }
    }

    /// How much more than its lease its share is.
    fn wanted(&self) -> u64 {
        u64::from(self.share.saturating_sub(self.lease))
    }
}

/// What a client can make use of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// One request per second, whatever it is given.
    One,
    /// So many requests per second, and more if there are more.
    UpTo(u32),
}

/// Divides `reservoir` by need, as water fills vessels: who needs less than an even part keeps what it needs, the
/// others divide the rest evenly, and what nobody needs is handed out evenly too, since needs grow. What cannot be
/// divided goes to those who come first. The sum is the reservoir if anybody can take more than one.
#[must_use]
pub fn shares(reservoir: u32, needs: &[Need]) -> Vec<u32> {
    let mut shares = vec![0u32; needs.len()];
    let mut left = reservoir;
    let mut by_need = Vec::with_capacity(needs.len());
    for (at, need) in needs.iter().enumerate() {
        match need {
            // It takes its one in any case, so the others have to do without.
            Need::One => {
                shares[at] = left.min(1);
                left -= shares[at];
            }
            Need::UpTo(need) => by_need.push((*need, at)),
        }
    }
    by_need.sort_by_key(|(need, _)| *need);
    for (done, &(need, at)) in by_need.iter().enumerate() {
        let vessels = (by_need.len() - done) as u32;
        if need > left / vessels {
            pour(left, &by_need[done..], &mut shares);
            return shares;
        }
        shares[at] = need;
        left -= need;
    }
    pour(left, &by_need, &mut shares);
    shares
}

/// Adds an even part of `amount` to each of `vessels`, and the indivisible rest to the first ones in list order.
fn pour(amount: u32, vessels: &[(u32, usize)], shares: &mut [u32]) {
    let Some(count) = u32::try_from(vessels.len()).ok().filter(|&count| count > 0) else {
        return;
    };
    let mut places: Vec<usize> = vessels.iter().map(|(_, at)| *at).collect();
    places.sort_unstable();
    for (place, at) in places.into_iter().enumerate() {
        shares[at] += amount / count + u32::from((place as u32) < amount % count);
    }
}

#[cfg(test)]
#[path = "quota_tests.rs"]
mod tests;
