//! How much is worked on at once: a request holds as many permits as it has bytes in memory.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::commit::Busy;
use crate::report::Dropped;

/// One permit is for so many bytes.
const UNIT: usize = 1024;

/// Bounds the bytes of all requests that are being worked on.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    permits: Arc<Semaphore>,
    units: usize,
    wait: Duration,
}

/// The bytes of one request; they are free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    admission: Admission,
    permit: Option<OwnedSemaphorePermit>,
    bytes: usize,
}

impl Admission {
    pub(crate) fn new(bytes: usize, wait: Duration) -> Self {
        let units = bytes.div_ceil(UNIT).min(Semaphore::MAX_PERMITS);
        Self {
            permits: Arc::new(Semaphore::new(units)),
            units,
            wait,
        }
    }

    pub(crate) fn start(&self) -> Held {
        Held {
            admission: self.clone(),
            permit: None,
            bytes: 0,
        }
    }

    /// Bytes that requests hold now.
    pub(crate) fn in_flight(&self) -> usize {
        (self.units - self.permits.available_permits()) * UNIT
    }
}

impl Held {
    /// Takes so many bytes more. Waits a moment for other requests to finish, since clients that are held are cheaper
    /// than clients that come back; then refuses, since two requests may wait for each other.
    pub(crate) async fn grow(&mut self, more: usize) -> Result<(), Busy> {
        let held = self.permit.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        self.bytes += more;
        let missing = self.bytes.div_ceil(UNIT).saturating_sub(held);
        if missing == 0 {
            return Ok(());
        }
        let refused = || Busy::new(Dropped::InFlight);
        let missing = u32::try_from(missing).map_err(|_| refused())?;
        let acquiring = Arc::clone(&self.admission.permits).acquire_many_owned(missing);
        let permit = tokio::time::timeout(self.admission.wait, acquiring).await;
        let permit = permit.map_err(|_| refused())?.map_err(|_| refused())?;
        match &mut self.permit {
            Some(held) => held.merge(permit),
            None => self.permit = Some(permit),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bytes_beyond_the_bound_wait_a_moment_and_are_refused() {
        let admission = Admission::new(10 * UNIT, Duration::from_millis(20));
        let mut first = admission.start();
        assert!(first.grow(6 * UNIT).await.is_ok());
        let mut second = admission.start();
        let before = tokio::time::Instant::now();
        assert!(second.grow(5 * UNIT).await.is_err());
        assert!(before.elapsed() >= Duration::from_millis(20));
        assert!(admission.start().grow(4 * UNIT).await.is_ok());
        drop(first);
        assert!(admission.start().grow(10 * UNIT).await.is_ok());
        assert_eq!(admission.in_flight(), 0);
        assert!(
            admission.start().grow(11 * UNIT).await.is_err(),
            "more than there is at all"
        );
    }
}
