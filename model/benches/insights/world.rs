//! A shop of six services, its traffic, and what goes wrong in it.
//!
//! ```text
//! client → web → cart → orders → table
//!               cart → stock
//!          web → search
//! ```

use std::collections::BTreeMap;
use std::ops::Range;

use beamline_model::digest::ServiceId;
use beamline_model::insight::{Counts, Minute};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Services, each with its caller and the share of the caller's requests that lead to it.
const SERVICES: [(&str, Option<usize>, f64); 6] = [
    ("web", None, 1.0),
    ("cart", Some(0), 0.6),
    ("search", Some(0), 0.7),
    ("orders", Some(1), 0.7),
    ("stock", Some(1), 0.8),
    ("table", Some(3), 1.0),
];

const WEB: usize = 0;
const SEARCH: usize = 2;
const ORDERS: usize = 3;
const STOCK: usize = 4;
const TABLE: usize = 5;

/// A failed request fails its caller with this probability.
const SPREADS: f64 = 0.9;
const DAY: u32 = 1_440;

/// What kind of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Most requests to one service fail for some minutes.
    Burst,
    /// A service gets worse over half an hour.
    SlowRise,
    /// Two or three requests a minute.
    LowTraffic,
    /// Faults come and go all the time.
    NoisyBaseline,
    /// Ten times the traffic at noon, and every night a job that fails.
    DailyPattern,
    /// What fails deep down is felt by everybody above.
    Cascade,
    /// A tenth of the requests fails for twenty minutes.
    Mild,
    /// A tenth always fails, and nothing is wrong about that.
    Nothing,
}

impl Kind {
    pub(crate) const ALL: [Self; 8] = [
        Self::Burst,
        Self::SlowRise,
        Self::LowTraffic,
        Self::NoisyBaseline,
        Self::DailyPattern,
        Self::Cascade,
        Self::Mild,
        Self::Nothing,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Burst => "burst",
            Self::SlowRise => "slow rise",
            Self::LowTraffic => "low traffic",
            Self::NoisyBaseline => "noisy baseline",
            Self::DailyPattern => "daily pattern",
            Self::Cascade => "cascade",
            Self::Mild => "mild",
            Self::Nothing => "nothing",
        }
    }

    /// Minutes before the ones that are judged.
    fn past(self) -> u32 {
        match self {
            Self::DailyPattern => 7 * DAY + 200,
            _ => 200,
        }
    }

    /// Which service fails, for how long, and how often at the very worst.
    fn trouble(self) -> Option<(usize, u32, f64)> {
        Some(match self {
            Self::Burst => (STOCK, 5, 0.6),
            Self::SlowRise => (ORDERS, 40, 0.5),
            Self::LowTraffic => (WEB, 15, 0.9),
            Self::NoisyBaseline => (SEARCH, 8, 0.4),
            Self::DailyPattern => (STOCK, 6, 0.6),
            Self::Cascade => (TABLE, 10, 0.7),
            Self::Mild => (SEARCH, 20, 0.1),
            Self::Nothing => return None,
        })
    }

    fn requests(self, minute: u32) -> f64 {
        match self {
            Self::LowTraffic => 2.5,
            Self::DailyPattern => {
                let hour = f64::from(minute % DAY) / 60.0;
                10.0 + 45.0 * (1.0 - ((hour - 12.0) / 12.0 * std::f64::consts::PI).cos().abs()).abs()
                    + if (8.0..18.0).contains(&hour) { 50.0 } else { 0.0 }
            }
            _ => 60.0,
        }
    }

    /// The share of requests that fails though nothing is wrong.
    fn usual(self, minute: u32, service: usize, rng: &mut StdRng) -> f64 {
        match self {
            Self::NoisyBaseline => rng.random_range(0.0..0.08),
            Self::DailyPattern if service == STOCK && (120..130).contains(&(minute % DAY)) => 0.3,
            Self::Nothing => 0.1,
            _ => 0.005,
        }
    }
}

/// What went wrong.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    pub(crate) minutes: Range<u32>,
    pub(crate) service: ServiceId,
}

/// The statistics of one run, and what there is to find in them.
pub(crate) struct World {
    pub(crate) minutes: BTreeMap<u32, Minute>,
    /// What is to be judged.
    pub(crate) window: Range<u32>,
    pub(crate) trouble: Option<Trouble>,
}

impl World {
    /// Hours that are judged in each run.
    pub(crate) const HOURS: u32 = 10;

    pub(crate) fn new(kind: Kind, seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        // Any time of the day.
        let begin = 29_760_000 + rng.random_range(0..DAY);
        let window = begin..begin + Self::HOURS * 60;
        let trouble = kind.trouble().map(|(service, length, worst)| {
            let start = rng.random_range(window.start + 30..window.end - length - 30);
            // From hardly to be seen to plain.
            (service, start..start + length, worst * rng.random_range(0.3..1.0))
        });
        let mut minutes = BTreeMap::new();
        for minute in begin - kind.past()..window.end {
            let share = |service: usize, usual: f64| match &trouble {
                Some((bad, when, worst)) if *bad == service && when.contains(&minute) => {
                    let part = f64::from(minute - when.start + 1) / f64::from(when.end - when.start);
                    let grown = if kind == Kind::SlowRise {
                        (part * 1.3).min(1.0)
                    } else {
                        1.0
                    };
                    usual.max(worst * grown)
                }
                _ => usual,
            };
            let shares: Vec<f64> = (0..SERVICES.len())
                .map(|service| share(service, kind.usual(minute, service, &mut rng)))
                .collect();
            let requests = poisson(kind.requests(minute), &mut rng);
            minutes.insert(minute, count(requests, &shares, &mut rng));
        }
        Self {
            minutes,
            window,
            trouble: trouble.map(|(service, minutes, _)| Trouble {
                minutes,
                service: id(service),
            }),
        }
    }
}

fn id(service: usize) -> ServiceId {
    ServiceId {
        name: SERVICES[service].0.to_owned(),
        ..ServiceId::default()
    }
}

/// Lets so many requests in, and counts what becomes of them.
fn count(requests: u32, shares: &[f64], rng: &mut StdRng) -> Minute {
    let mut counts = [Counts::default(); SERVICES.len()];
    for _ in 0..requests {
        let mut reached = [false; SERVICES.len()];
        let mut failed = [false; SERVICES.len()];
        for (service, (_, caller, share)) in SERVICES.iter().enumerate() {
            let called = caller.is_none_or(|caller| reached[caller]);
            reached[service] = called && rng.random_bool(*share);
            failed[service] = reached[service] && rng.random_bool(shares[service]);
        }
        // A callee comes after its caller, so what fails spreads from the end to the front.
        for (service, (_, caller, _)) in SERVICES.iter().enumerate().rev() {
            if let Some(caller) = caller {
                failed[*caller] |= failed[service] && rng.random_bool(SPREADS);
            }
        }
        for (service, count) in counts.iter_mut().enumerate().filter(|(service, _)| reached[*service]) {
            count.total += 1;
            count.fault += i64::from(failed[service]);
            count.ok += i64::from(!failed[service]);
        }
    }
    let called = SERVICES.iter().enumerate().filter_map(|(service, (_, caller, _))| {
        let caller = (*caller)?;
        let calls = counts[service].total;
        (calls > 0).then(|| ((id(caller), id(service)), calls))
    });
    Minute {
        clients: counts[WEB],
        calls: called.collect(),
        services: (0..SERVICES.len())
            .filter(|&service| counts[service].total > 0)
            .map(|service| (id(service), counts[service]))
            .collect(),
    }
}

/// How many of independent events happen that happen so often on average.
fn poisson(mean: f64, rng: &mut StdRng) -> u32 {
    let (limit, mut product, mut events) = ((-mean).exp(), 1.0, 0);
    loop {
        product *= rng.random::<f64>();
        if product <= limit {
            return events;
        }
        events += 1;
    }
}
