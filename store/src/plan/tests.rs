use std::cell::Cell;
use std::collections::BTreeMap;

use beamline_model::id::TraceId;
use beamline_model::lang::trace_filter::numeral;
use beamline_model::node::{Flags, Scalar};
use proptest::prelude::*;
use rustc_hash::FxHashSet;

use super::*;
use crate::api::{Matcher, Term, TextPart, TraceFlag};
use crate::engine::Engine;
use crate::table::writer::tests::{ACCOUNT, World, steps};
use crate::table::{Live, LiveTraces, arbitrary};

const NONE: Vec<Live> = Vec::new();

/// Decides a condition on the digest itself, and requires it.
#[derive(Clone, Debug)]
struct Exactly(Required);

impl Matcher for Exactly {
    fn matches(&self, digest: &Digest) -> bool {
        holds(&self.0, digest)
    }

    fn required(&self) -> Required {
        self.0.clone()
    }
}

fn holds(required: &Required, digest: &Digest) -> bool {
    match required {
        Required::Anything => true,
        Required::Nothing => false,
        Required::Term(term) => has(term, digest),
        Required::Text(part) => texts(digest).iter().any(|text| part.is_in(text)),
        Required::Number(key, range) => digest.annotations.iter().any(|fact| {
            let number = match &fact.value {
                Scalar::Number(number) => Some(*number),
                Scalar::Text(text) => numeral(text),
                Scalar::Bool(_) => None,
            };
            fact.key == *key && number.is_some_and(|number| range.contains(&number))
        }),
        Required::HttpStatus(range) => digest.http.status.is_some_and(|status| range.contains(&status)),
        Required::Duration(range) => range.contains(&digest.duration()),
        Required::ResponseTime(range) => digest.response_time.is_some_and(|nanos| range.contains(&nanos)),
        Required::All(parts) => parts.iter().all(|part| holds(part, digest)),
        Required::Any(parts) => parts.iter().any(|part| holds(part, digest)),
    }
}

fn flagged(flag: TraceFlag, flags: Flags, partial: bool, inferred: bool) -> bool {
    match flag {
        TraceFlag::Ok => !flags.error && !flags.fault,
        TraceFlag::Error => flags.error,
        TraceFlag::Fault => flags.fault,
        TraceFlag::Throttle => flags.throttle,
        TraceFlag::Partial => partial,
        TraceFlag::Inferred => inferred,
    }
}

/// Some of the texts of a digest.
fn texts(digest: &Digest) -> Vec<&str> {
    let http = &digest.http;
    let of_http = [&http.url, &http.method, &http.user_agent, &http.client_ip];
    let said = digest.annotations.iter().filter_map(|fact| match &fact.value {
        Scalar::Text(text) => Some(&**text),
        _ => None,
    });
    let users = digest.users.iter().map(|user| user.name.as_str());
    let zones = digest.availability_zones.iter().map(String::as_str);
    let of_http = of_http.into_iter().flatten().map(String::as_str);
    said.chain(users).chain(zones).chain(of_http).collect()
}

/// What a term means, written down a second time.
fn has(term: &Term, digest: &Digest) -> bool {
    let called = |index: u16, wanted: &str| {
        let fact = digest.services.get(usize::from(index));
        fact.is_some_and(|fact| fact.id.name == wanted || fact.aliases.iter().any(|alias| alias == wanted))
    };
    let is = |text: &Option<String>, wanted: &String| text.as_ref() == Some(wanted);
    match term {
        Term::Flag(flag) => flagged(*flag, digest.flags, digest.partial, digest.inferred),
        Term::Service(name) => (0..digest.services.len() as u16).any(|index| called(index, name)),
        Term::ServiceKind(kind) => digest.services.iter().any(|fact| fact.id.kind == *kind),
        Term::ServiceFlag(name, flag) => digest.segments.iter().any(|segment| {
            called(segment.service, name) && flagged(*flag, segment.flags, segment.end.is_none(), segment.inferred)
        }),
        Term::Edge(from, to) => digest
            .calls
            .iter()
            .any(|call| called(call.from, from) && called(call.to, to)),
        Term::AnnotationKey(key) => digest.annotations.iter().any(|fact| fact.key == *key),
        Term::Annotation(key, value) => digest
            .annotations
            .iter()
            .any(|fact| fact.key == *key && fact.value.to_string() == *value),
        Term::User(name) => digest.users.iter().any(|user| user.name == *name),
        Term::HttpMethod(method) => is(&digest.http.method, method),
        Term::HttpStatus(status) => digest.http.status == Some(*status),
        Term::HttpUrl(url) => is(&digest.http.url, url),
        Term::HttpClientIp(address) => is(&digest.http.client_ip, address),
        Term::HttpUserAgent(agent) => is(&digest.http.user_agent, agent),
        Term::ResourceArn(arn) => digest.resource_arns.contains(arn),
        Term::InstanceId(id) => digest.instance_ids.contains(id),
        Term::AvailabilityZone(zone) => digest.availability_zones.contains(zone),
    }
}

fn term() -> impl Strategy<Value = Term> {
    let name = || "[a-g]";
    let flag = || {
        prop::sample::select(vec![
            TraceFlag::Ok,
            TraceFlag::Error,
            TraceFlag::Fault,
            TraceFlag::Throttle,
            TraceFlag::Partial,
            TraceFlag::Inferred,
        ])
    };
    prop_oneof![
        flag().prop_map(Term::Flag),
        name().prop_map(Term::Service),
        name().prop_map(Term::ServiceKind),
        (name(), flag()).prop_map(|(name, flag)| Term::ServiceFlag(name, flag)),
        (name(), name()).prop_map(|(from, to)| Term::Edge(from, to)),
        name().prop_map(Term::AnnotationKey),
        (
            name(),
            prop_oneof![
                name().prop_map(String::from),
                Just("0.5".into()),
                Just("1".into()),
                Just("true".into())
            ]
        )
            .prop_map(|(key, value)| Term::Annotation(key, value)),
        name().prop_map(Term::User),
        name().prop_map(Term::HttpMethod),
        (200u16..205).prop_map(Term::HttpStatus),
        name().prop_map(Term::HttpUrl),
        name().prop_map(Term::HttpClientIp),
        name().prop_map(Term::HttpUserAgent),
        name().prop_map(Term::ResourceArn),
        name().prop_map(Term::InstanceId),
        name().prop_map(Term::AvailabilityZone),
    ]
}

fn part() -> impl Strategy<Value = TextPart> {
    let text = || prop_oneof!["[a-f]", "[a-f0-9]{2}"];
    prop_oneof![
        text().prop_map(TextPart::Begin),
        text().prop_map(TextPart::Within),
        text().prop_map(TextPart::End),
    ]
}

fn required() -> impl Strategy<Value = Required> {
    let span = || (0u64..3_000_000_000, 0u64..9_000_000_000).prop_map(|(from, length)| from..from + length);
    let leaf = prop_oneof![
        1 => Just(Required::Anything),
        1 => Just(Required::Nothing),
        20 => term().prop_map(Required::Term),
        4 => part().prop_map(Required::Text),
        2 => ("[a-f]", -2i8..4, 0i8..3).prop_map(|(key, least, more)| {
            Required::Number(key, f64::from(least) / 2.0..=f64::from(least + more) / 2.0)
        }),
        2 => (200u16..204, 0u16..3).prop_map(|(from, more)| Required::HttpStatus(from..=from + more)),
        2 => span().prop_map(Required::Duration),
        2 => span().prop_map(Required::ResponseTime),
    ];
    leaf.prop_recursive(3, 12, 3, |part| {
        prop_oneof![
            prop::collection::vec(part.clone(), 0..3).prop_map(Required::All),
            prop::collection::vec(part, 0..4).prop_map(Required::Any),
        ]
    })
}

/// Live traces of which only roughly is known when they start.
struct Roughly {
    live: Vec<Live>,
    slack: i64,
    derived: Cell<usize>,
}

impl LiveTraces for Roughly {
    fn len(&self) -> usize {
        self.live.len()
    }

    fn trace(&self, number: usize) -> TraceId {
        self.live[number].digest.trace
    }

    fn latest_start(&self, number: usize) -> Timestamp {
        self.live[number].digest.start.plus(number as i64 % 3 * self.slack)
    }

    fn derive(&self, number: usize) -> Result<Option<Live>, EngineError> {
        self.derived.set(self.derived.get() + 1);
        Ok(Some(self.live[number].clone()))
    }
}

const ORDERS: [Order; 4] = [Order::Newest, Order::Oldest, Order::Slowest, Order::MostErrors];
const BASES: [TimeBasis; 3] = [TimeBasis::Start, TimeBasis::Update, TimeBasis::SegmentEnd];

fn named(digests: &[Arc<Digest>]) -> Vec<(TraceId, u32)> {
    digests.iter().map(|digest| (digest.trace, digest.revision)).collect()
}

/// All pages of a search, put together.
fn all_pages(moment: &Moment<'_>, search: &Search, required: Option<&Required>) -> (Vec<Arc<Digest>>, u64) {
    let (mut search, mut digests, mut scanned) = (search.clone(), Vec::new(), 0);
    for _ in 0..2000 {
        let page = match required {
            Some(required) => with(moment, &search, required),
            None => super::search(moment, &search),
        }
        .expect("searches");
        assert!(page.digests.len() <= search.limit);
        digests.extend(page.digests);
        scanned += page.scanned;
        let Some(cursor) = page.cursor else {
            return (digests, scanned);
        };
        search.cursor = Some(cursor);
    }
    panic!("the pages never end");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn indexed_answers_are_scanned_answers_are_what_the_digests_say(
        steps in steps(),
        live in prop::collection::vec(arbitrary::digest(40u128..80, 130), 0..6),
        required in prop::collection::vec(required(), 4),
        (from, length) in (0i64..9_000, 0i64..9_000),
        (limit, budget) in (1usize..9, 1usize..40),
        slack in 0i64..9_000_000_000_000,
    ) {
        let mut world = World::new();
        for step in &steps {
            world.run(step);
            // So that what is remembered now is out of date later.
            let view = world.engine.view();
            let moment = Moment { view: &*view, live: &NONE, cache: &world.cache };
            for (order, required) in [Order::Slowest, Order::Oldest].into_iter().zip(&required) {
                let matcher: Option<Arc<dyn Matcher>> = Some(Arc::new(Exactly(required.clone())));
                let (basis, range) = (TimeBasis::Start, Timestamp::ZERO..Timestamp::MAX);
                let search = Search { account: ACCOUNT, range, basis, matcher, order, limit, budget, cursor: None };
                super::search(&moment, &search).expect("searches");
            }
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
        let live = Roughly { live: live.into_values().collect(), slack, derived: Cell::default() };
        let view = world.engine.view();
        let moment = Moment { view: &*view, live: &live, cache: &world.cache };
        let begin = Timestamp(arbitrary::BEGIN).plus(from * 1_000_000_000);
        let part = begin..begin.plus(length * 1_000_000_000);
        let ranges = [part, Timestamp::ZERO..Timestamp::MAX];

        for (number, required) in required.into_iter().enumerate() {
            let range = ranges[number % 2].clone();
            let matcher: Arc<dyn Matcher> = Arc::new(Exactly(required.clone()));
            for (order, basis) in ORDERS.into_iter().flat_map(|order| BASES.map(|basis| (order, basis))) {
                let mut expected: Vec<Arc<Digest>> = latest
                    .values()
                    .filter(|digest| lies_in(digest, basis, &range) && holds(&required, digest))
                    .cloned()
                    .collect();
                expected.sort_by(|a, b| Key::of(order, a).order(&Key::of(order, b), order));
                let matcher = Some(Arc::clone(&matcher));
                let search =
                    Search { account: ACCOUNT, range: range.clone(), basis, matcher, order, limit, budget, cursor: None };
                let (indexed, _) = all_pages(&moment, &search, None);
                prop_assert_eq!(named(&indexed), named(&expected), "{:?} {:?} {:?}", order, basis, required);
                prop_assert!(indexed == expected);
                let (scanned, _) = all_pages(&moment, &search, Some(&Required::Anything));
                prop_assert!(scanned == expected);
            }
        }
    }

    #[test]
    fn what_arrives_between_two_pages_neither_repeats_nor_hides_a_row(
        first in prop::collection::vec(arbitrary::digest(1u128..60, 30), 1..40),
        then in prop::collection::vec(arbitrary::digest(100u128..160, 30), 1..40),
        limit in 1usize..9,
    ) {
        let mut world = World::new();
        world.seal(&first);
        for order in ORDERS {
            let search = Search {
                account: ACCOUNT,
                range: Timestamp::ZERO..Timestamp::MAX,
                basis: TimeBasis::Start,
                matcher: None,
                order,
                limit,
                budget: 1000,
                cursor: None,
            };
            let view = world.engine.view();
            let before = super::search(&Moment { view: &*view, live: &NONE, cache: &world.cache }, &search).expect("searches");
            let (whole, scanned) = all_pages(&Moment { view: &*view, live: &NONE, cache: &world.cache }, &search, None);
            prop_assert_eq!(scanned, whole.len() as u64);
            drop(view);
            world.seal(&then);
            let view = world.engine.view();
            let mut seen: Vec<TraceId> = before.digests.iter().map(|digest| digest.trace).collect();
            if before.cursor.is_some() {
                let rest = Search { cursor: before.cursor, ..search };
                let (rest, _) = all_pages(&Moment { view: &*view, live: &NONE, cache: &world.cache }, &rest, None);
                seen.extend(rest.iter().map(|digest| digest.trace));
            }
            let old: Vec<TraceId> = whole.iter().map(|digest| digest.trace).collect();
            let known: FxHashSet<u128> = old.iter().map(|trace| trace.0).collect();
            prop_assert_eq!(seen.iter().copied().filter(|trace| known.contains(&trace.0)).collect::<Vec<_>>(), old);
            let mut once = seen.clone();
            once.sort_unstable();
            once.dedup();
            prop_assert_eq!(once.len(), seen.len());
        }
    }
}

#[test]
fn a_trace_that_moves_between_two_pages_comes_by_where_it_is_and_all_others_once() {
    let at = |trace: u128, second: i64| {
        let mut digest = Digest::new(TraceId(trace));
        digest.start = Timestamp(arbitrary::BEGIN + second * 1_000_000_000);
        (digest.end, digest.updated) = (digest.start, digest.start);
        digest
    };
    let mut world = World::new();
    world.seal(&(1..=6).map(|n| at(n, 100 * n as i64)).collect::<Vec<_>>());
    let mut search = Search {
        account: ACCOUNT,
        range: Timestamp::ZERO..Timestamp::MAX,
        basis: TimeBasis::Start,
        matcher: None,
        order: Order::Newest,
        limit: 2,
        budget: 1000,
        cursor: None,
    };
    let page = |world: &World, search: &Search| {
        let view = world.engine.view();
        let moment = Moment {
            view: &*view,
            live: &NONE,
            cache: &world.cache,
        };
        super::search(&moment, search).expect("searches")
    };
    let traces = |page: &Page| page.digests.iter().map(|digest| digest.trace.0).collect::<Vec<_>>();
    let first = page(&world, &search);
    assert_eq!(traces(&first), [6, 5]);
    // One that was given moves behind the cursor, one that was not moves before it, one changes and stays.
    world.seal(&[at(6, 350), at(2, 700), at(3, 300)]);
    (search.cursor, search.limit) = (first.cursor, 10);
    assert_eq!(traces(&page(&world, &search)), [4, 6, 3, 1]);
}

#[test]
fn a_page_of_the_newest_derives_few_of_many_live_traces() {
    let world = World::new();
    let live = |number: u32| {
        let mut digest = Digest::new(TraceId(u128::from(number) + 1));
        // In no order, a millisecond apart.
        digest.start = Timestamp(arbitrary::BEGIN + i64::from(number * 7_919 % 10_000) * 1_000_000);
        digest.end = digest.start;
        Live {
            digest: Arc::new(digest),
            sealed: None,
        }
    };
    let live = Roughly {
        live: (0..10_000).map(live).collect(),
        slack: 5_000_000,
        derived: Cell::default(),
    };
    let view = world.engine.view();
    let moment = Moment {
        view: &*view,
        live: &live,
        cache: &world.cache,
    };
    let search = Search {
        account: ACCOUNT,
        range: Timestamp::ZERO..Timestamp::MAX,
        basis: TimeBasis::Start,
        matcher: None,
        order: Order::Newest,
        limit: 100,
        budget: 1000,
        cursor: None,
    };
    let page = super::search(&moment, &search).expect("searches");
    let starts: Vec<i64> = page.digests.iter().map(|digest| digest.start.0).collect();
    let expected: Vec<i64> = (0..100).map(|n| arbitrary::BEGIN + (9_999 - n) * 1_000_000).collect();
    assert_eq!(starts, expected);
    assert!(live.derived.get() < 400, "{}", live.derived.get());
}
