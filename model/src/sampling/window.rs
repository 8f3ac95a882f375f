//! How much each rule saw and kept lately.

use std::collections::VecDeque;

use crate::time::Timestamp;

const SECOND: i64 = 1_000_000_000;

/// The length of one window.
pub const WINDOW: i64 = 10 * SECOND;

/// Windows kept: an hour of them.
pub const WINDOWS: usize = 360;

/// What all clients of a rule together reported within one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// When it began.
    pub start: Timestamp,
    /// Requests that fell under the rule.
    pub requests: u64,
    /// Requests sampled without a lease.
    pub borrowed: u64,
    /// Requests sampled.
    pub sampled: u64,
}

impl Window {
    /// When it ends.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.start.plus(WINDOW)
    }
}

/// The windows of the last hour, oldest first; windows in which nothing was reported are left out.
#[derive(Clone, Debug, Default)]
pub struct Windows {
    kept: VecDeque<Window>,
}

impl Windows {
    /// Adds a report to the window that `now` lies in.
    pub fn add(&mut self, requests: u32, borrowed: u32, sampled: u32, now: Timestamp) {
        let start = Timestamp(now.0.div_euclid(WINDOW) * WINDOW);
        if self.kept.back().is_none_or(|last| last.start < start) {
            self.kept.push_back(Window {
                start,
                requests: 0,
                borrowed: 0,
                sampled: 0,
            });
        }
        while self.kept.len() > WINDOWS {
            self.kept.pop_front();
        }
        if let Some(window) = self.kept.back_mut() {
            window.requests += u64::from(requests);
            window.borrowed += u64::from(borrowed);
            window.sampled += u64::from(sampled);
        }
    }

    /// The windows that began within the hour before `now`, newest first.
    pub fn recent(&self, now: Timestamp) -> impl Iterator<Item = &Window> {
        let oldest = now.plus(-(WINDOWS as i64) * WINDOW);
        self.kept.iter().rev().take_while(move |window| window.start > oldest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_of_one_window_add_up_and_old_windows_go() {
        let mut windows = Windows::default();
        let at = Timestamp::from_seconds;
        windows.add(100, 1, 10, at(1_000));
        windows.add(50, 0, 5, at(1_009));
        windows.add(7, 7, 7, at(1_010));
        let recent: Vec<Window> = windows.recent(at(1_020)).copied().collect();
        let window = |start, requests, borrowed, sampled| Window {
            start: at(start),
            requests,
            borrowed,
            sampled,
        };
        assert_eq!(recent, [window(1_010, 7, 7, 7), window(1_000, 150, 1, 15)]);
        assert_eq!(windows.recent(at(1_000 + 3_600)).count(), 1);
        assert_eq!(windows.recent(at(1_010 + 3_600)).count(), 0);
        for second in 0..10_000 {
            windows.add(1, 1, 1, at(2_000 + second));
        }
        assert_eq!(windows.kept.len(), WINDOWS);
    }
}
