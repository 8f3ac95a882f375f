use std::collections::BTreeMap;
use std::ops::Bound;

use beamline_model::digest::ServiceId;
use beamline_model::id::TraceId;
use beamline_model::stats::{GraphStats, contribution};
use proptest::prelude::*;

use super::*;
use crate::api::{Wanted, WholeGraph};
use crate::engine::memory::Memory;
use crate::engine::{Durability, Engine, Family, KeyRange};
use crate::table::cache::Cache;
use crate::table::edges::read;
use crate::table::{Live, Moment, arbitrary};
use beamline_model::time::{TimeRange, Timestamp};
use std::sync::Arc;

/// What happens to the tables, in the words of the property below.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// These traces are sealed; the latest digest of each counts.
    Seal(Vec<Digest>),
    /// So many seconds pass and background work is done as it is due.
    Wait(u32),
    /// The process starts anew.
    Reopen,
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let digests = prop::collection::vec(arbitrary::digest(1u128..60, 130), 1..24);
    let step = prop_oneof![
        6 => digests.prop_map(Step::Seal),
        2 => (1u32..2000).prop_map(Step::Wait),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..9)
}

/// Tables in memory, and what they should say.
pub(crate) struct World {
    pub(crate) engine: Memory,
    pub(crate) tables: Tables,
    pub(crate) sealed: BTreeMap<TraceId, (Arc<Digest>, DigestAt)>,
    pub(crate) cache: Cache,
    now: Timestamp,
}

pub(crate) const ACCOUNT: Account = Account(3);

impl World {
    pub(crate) fn new() -> Self {
        let engine = Memory::default();
        let tables = Tables::open(&*engine.view()).expect("opens");
        Self {
            engine,
            tables,
            sealed: BTreeMap::new(),
            // Small, so that some of it is forgotten.
            cache: Cache::new(1 << 20),
            now: Timestamp(arbitrary::BEGIN),
        }
    }

    fn write(&mut self, batch: WriteBatch) {
        self.engine.write(batch, Durability::Memory).expect("written");
    }

    pub(crate) fn run(&mut self, step: &Step) {
        match step {
            Step::Seal(digests) => self.seal(digests),
            Step::Reopen => self.tables = Tables::open(&*self.engine.view()).expect("opens"),
            Step::Wait(seconds) => {
                self.now = self.now.plus(i64::from(*seconds) * 1_000_000_000);
                for _ in 0..10_000 {
                    let worked = self.tables.maintain(&*self.engine.view(), self.now).expect("maintains");
                    let Some(batch) = worked else { return };
                    self.write(batch);
                }
                panic!("background work never ends");
            }
        }
    }

    pub(crate) fn seal(&mut self, digests: &[Digest]) {
        let latest: BTreeMap<TraceId, &Digest> = digests.iter().map(|digest| (digest.trace, digest)).collect();
        let view = self.engine.view();
        let sealed: Vec<Sealed> = latest
            .into_values()
            .map(|digest| {
                let before = self.sealed.get(&digest.trace).map(|(_, at)| {
                    summaries::find(&*view, ACCOUNT, digest.trace, *at)
                        .expect("reads")
                        .expect("is there")
                });
                let mut digest = digest.clone();
                digest.revision = before.as_ref().map_or(1, |(before, _)| before.revision + 1);
                Sealed {
                    account: ACCOUNT,
                    digest: Arc::new(digest),
                    before,
                }
            })
            .collect();
        let mut batch = WriteBatch::default();
        let places = self.tables.seal(&*view, &sealed, &mut batch).expect("seals");
        drop(view);
        self.write(batch);
        for (sealed, at) in sealed.into_iter().zip(places) {
            self.sealed.insert(sealed.digest.trace, (sealed.digest, at));
        }
    }

    fn keys(&self, family: Family) -> usize {
        let mut keys = 0;
        for minute in 0..200 {
            let place = Place {
                account: ACCOUNT,
                minute: Timestamp(arbitrary::BEGIN).minute() + minute,
            };
            let all = KeyRange {
                start: Bound::Unbounded,
                end: Bound::Unbounded,
            };
            let count = &mut |_: &[u8], _: &[u8]| {
                keys += 1;
                std::ops::ControlFlow::Continue(())
            };
            self.engine
                .view()
                .scan(family, &place.part(), all, false, count)
                .expect("scans");
        }
        keys
    }
}

fn recomputed<'a>(digests: impl Iterator<Item = &'a Digest>, minutes: std::ops::Range<u32>) -> GraphStats {
    let mut graph = GraphStats::default();
    for digest in digests {
        let inside = contribution(digest)
            .into_iter()
            .filter(|(minute, _)| minutes.contains(minute));
        inside.for_each(|(_, minute)| graph.merge(&minute, 1));
    }
    graph
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_trace_is_found_in_its_last_revision(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.run(step);
            let view = world.engine.view();
            for (trace, (digest, at)) in &world.sealed {
                let found = summaries::find(&*view, ACCOUNT, *trace, *at).expect("reads").map(|(found, _)| found);
                prop_assert_eq!(found.as_ref(), Some(digest));
            }
        }
    }

    #[test]
    fn the_graph_is_the_sum_of_all_digests(
        steps in steps(),
        live in prop::collection::vec(arbitrary::digest(40u128..80, 130), 0..6),
        cuts in any::<[u8; 2]>(),
        period in 1u32..90,
    ) {
        let mut world = World::new();
        for step in &steps {
            world.run(step);
            // So that what is remembered now is out of date later.
            let view = world.engine.view();
            let moment = Moment { view: &*view, live: &Vec::<Live>::new(), cache: &world.cache };
            read::graph(&moment, ACCOUNT, &(Timestamp::ZERO..Timestamp::MAX)).expect("reads");
        }
        let live: BTreeMap<TraceId, Live> = live
            .into_iter()
            .map(|digest| {
                let sealed = world.sealed.get(&digest.trace).map(|(sealed, _)| Arc::clone(sealed));
                (digest.trace, Live { digest: Arc::new(digest), sealed })
            })
            .collect();
        let mut latest: BTreeMap<TraceId, Arc<Digest>> =
            world.sealed.iter().map(|(&trace, (digest, _))| (trace, Arc::clone(digest))).collect();
        latest.extend(live.iter().map(|(&trace, live)| (trace, Arc::clone(&live.digest))));
        let live: Vec<Live> = live.into_values().collect();
        let view = world.engine.view();
        let moment = Moment { view: &*view, live: &live, cache: &world.cache };

        let first = Timestamp(arbitrary::BEGIN).minute();
        let [from, to] = cuts.map(|cut| first + u32::from(cut));
        let range = Timestamp::from_minute(from)..Timestamp::from_minute(to);
        for range in [range, Timestamp::ZERO..Timestamp::MAX] {
            let minutes = range.start.minute()..range.end.minute();
            let expected = recomputed(latest.values().map(|digest| &**digest), minutes.clone());
            prop_assert_eq!(read::graph(&moment, ACCOUNT, &range).expect("reads"), expected.clone());
            let mut sum = GraphStats::default();
            for (begin, graph) in each(&moment, &range, period, &WholeGraph) {
                let span = begin.minute()..begin.minute().saturating_add(period).min(minutes.end);
                prop_assert_eq!(&graph, &recomputed(latest.values().map(|digest| &**digest), span));
                sum.merge(&graph, 1);
            }
            prop_assert_eq!(sum, expected);
            let mut parts = each(&moment, &range, period, &WholeGraph);
            parts.values_mut().for_each(only_half);
            parts.retain(|_, graph| !graph.is_empty());
            prop_assert_eq!(each(&moment, &range, period, &Half), parts);
        }
    }
}

fn each(moment: &Moment<'_>, range: &TimeRange, period: u32, wanted: &dyn Wanted) -> BTreeMap<Timestamp, GraphStats> {
    let mut found = BTreeMap::new();
    let mut last = None;
    let mut visit = |begin, graph| {
        assert!(last < Some(begin), "ascending");
        last = Some(begin);
        found.insert(begin, graph);
    };
    read::each(moment, ACCOUNT, range, period, wanted, &mut visit).expect("reads");
    found
}

/// Wants about half of a graph.
struct Half;

impl Wanted for Half {
    fn service(&self, id: &ServiceId) -> bool {
        (id.name.len() + id.kind.len()).is_multiple_of(2)
    }

    fn edge(&self, from: Option<&ServiceId>, to: &ServiceId) -> bool {
        from.is_none_or(|from| from < to)
    }
}

fn only_half(graph: &mut GraphStats) {
    graph.nodes.retain(|id, _| Half.service(id));
    graph.edges.retain(|id, _| Half.edge(id.from.as_ref(), &id.to));
}

#[test]
fn quiet_hours_are_tidied_up_to_one_chunk_a_minute_and_one_value_a_bucket() {
    let mut world = World::new();
    for number in 0..40u32 {
        let mut digest = Digest::new(TraceId(u128::from(number) + 1));
        digest.start = Timestamp(arbitrary::BEGIN + i64::from(number % 2) * 60_000_000_000);
        (digest.end, digest.updated) = (digest.start, digest.start);
        world.seal(&[digest]);
    }
    assert_eq!(world.keys(Family::Summary), 1 + 40 * 3);
    world.run(&Step::Wait(10_000));
    assert_eq!(world.keys(Family::Summary), 1 + 2 * 3);
    assert_eq!(world.keys(Family::Bitmap), 2);
    assert!(
        world
            .tables
            .maintain(&*world.engine.view(), Timestamp::MAX)
            .expect("maintains")
            .is_none()
    );
}
