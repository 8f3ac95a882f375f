//! The shop in time: some hours of past at the start, then visits as they come.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::courier::{Courier, Receivers, now};
use super::story::visit;

/// How many visits the past consists of, however long it is: enough for graphs, soon told.
const PAST_VISITS: u32 = 3_000;
/// After a failure to deliver, the shop tries again after this long.
const RETRY: Duration = Duration::from_secs(1);

/// What kind of shop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shop {
    pub(crate) seed: u64,
    /// Visits a second. They come whether or not the server keeps up.
    pub(crate) rate: f64,
    /// How much past to tell.
    pub(crate) history: Duration,
}

impl Shop {
    /// Tells the past. Returns the number of traces.
    pub(crate) async fn tell_past(&self, receivers: Receivers) -> anyhow::Result<u64> {
        let mut rng = StdRng::seed_from_u64(self.seed);
        let present = now();
        let length = i64::try_from(self.history.as_nanos()).unwrap_or(i64::MAX);
        let mut courier = Courier::connect(receivers, present.plus(-length)).await?;
        let visits = if self.history.is_zero() { 0 } else { PAST_VISITS };
        let mut traces = 0;
        for number in 0..visits {
            let share = f64::from(number) / f64::from(PAST_VISITS);
            let start = present.plus(-length).plus((length as f64 * share) as i64);
            for story in visit(rng.random(), start) {
                courier.take(&story);
                traces += 1;
            }
            // What would still be under way now is left out of the past rather than sent from the future.
            courier.deliver(start).await?;
        }
        courier.deliver(now()).await?;
        Ok(traces)
    }

    /// Keeps the shop open until `closing`. Survives a server that refuses for a while.
    pub(crate) async fn open(&self, receivers: Receivers, closing: CancellationToken) {
        let mut rng = StdRng::seed_from_u64(self.seed.wrapping_add(1));
        while !closing.is_cancelled() {
            let day = self.day(receivers, &mut rng);
            let ended = tokio::select! {
                ended = day => ended,
                () = closing.cancelled() => return,
            };
            if let Err(error) = ended {
                warn!("the shop cannot report: {error:#}");
                tokio::select! {
                    () = tokio::time::sleep(RETRY) => {}
                    () = closing.cancelled() => {}
                }
            }
        }
    }

    /// Lets visitors in until something cannot be delivered.
    async fn day(&self, receivers: Receivers, rng: &mut StdRng) -> anyhow::Result<()> {
        let mut next_visit = now();
        let mut courier = Courier::connect(receivers, next_visit).await?;
        loop {
            let present = now();
            while next_visit <= present {
                visit(rng.random(), next_visit)
                    .iter()
                    .for_each(|story| courier.take(story));
                next_visit = next_visit.plus(self.pause(rng));
            }
            let next = courier.deliver(present).await?.min(next_visit);
            let wait = Duration::from_nanos(next.since(now()));
            debug!(?wait, "the shop waits");
            tokio::time::sleep(wait).await;
        }
    }

    /// Time to the next visit: visitors come independently of each other.
    fn pause(&self, rng: &mut StdRng) -> i64 {
        if self.rate <= 0.0 {
            return i64::from(u32::MAX) * 1_000_000_000;
        }
        let patience: f64 = -(1.0 - rng.random::<f64>()).ln();
        (patience / self.rate * 1e9) as i64
    }
}
