//! Whatever happens to a store, its events are those that were acknowledged, and a search finds what a scan would.

use std::collections::BTreeSet;
use std::sync::Arc;

use beamline_model::id::TraceId;
use beamline_model::log::word;
use beamline_model::time::Timestamp;
use beamline_store::StoreConfig;
use beamline_store::api::log::{LogEvent, LogGroups, LogMatcher, LogSearch, LogStreams};
use beamline_store::engine::memory::Memory;
use proptest::prelude::*;

use super::world::{ACCOUNT, DAY, MINUTE, Sent, all, commit, config, figure, open, walk};

#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<Event>),
    SealAll,
    SealLarge,
    Restart,
    LosePower,
    DeleteStream(usize, usize),
    DeleteGroup(usize),
    Search(Question),
}

/// Group, stream, minutes before now, context, words.
type Event = (usize, usize, i64, Option<u8>, Vec<usize>);

#[derive(Clone, Debug)]
struct Question {
    groups: Option<BTreeSet<usize>>,
    /// Names, or a prefix.
    streams: Option<Result<Vec<usize>, String>>,
    /// Minutes before now.
    range: (i64, i64),
    words: Vec<usize>,
    trace: Option<usize>,
    matcher: bool,
    descending: bool,
    limit: usize,
    budget: u64,
    seal_between: bool,
}

const GROUPS: [&str; 3] = ["/aws/lambda/a", "/otlp/b", "c"];
const STREAMS: [&str; 4] = ["2026/x", "2026/y", "host-1", "z"];
const WORDS: [&str; 9] = [
    "alpha",
    "Beta",
    "gamma_7",
    "ERROR",
    "grün",
    "1-5759e988-bd862e3fe1be46a994272793",
    "trace_id=5759e988bd862e3fe1be46a994272793",
    "traceId=00000000000000000000000000000007@",
    "5759e988bd862e3fe1be46a994272793",
];

fn trace(which: usize) -> TraceId {
    [
        TraceId(0x5759_e988_bd86_2e3f_e1be_46a9_9427_2793),
        TraceId(7),
        TraceId(8),
    ][which]
}

fn event() -> impl Strategy<Value = Event> {
    let words = prop::collection::vec(0..WORDS.len(), 0..6);
    let context = prop_oneof![4 => Just(None), 1 => (0..3u8).prop_map(Some)];
    (0..3usize, 0..4usize, -30..4000i64, context, words)
}

fn question() -> impl Strategy<Value = Question> {
    let groups = prop::option::of(prop::collection::btree_set(0..3usize, 1..3));
    let streams = prop::option::of(prop_oneof![
        prop::collection::vec(0..4usize, 1..3).prop_map(Ok),
        prop::sample::select(vec!["2026", "", "host-1", "nothing"]).prop_map(|prefix| Err(prefix.to_owned())),
    ]);
    let range = prop_oneof![2 => Just((5000i64, -1000i64)), 3 => (-40..4100i64, -40..4100i64)];
    let words = prop_oneof![2 => Just(vec![]), 1 => prop::collection::vec(0..WORDS.len(), 1..3)];
    let rest = (
        prop::option::weighted(0.2, 0..3usize),
        prop::bool::weighted(0.2),
        any::<bool>(),
    );
    let paging = (
        1..9usize,
        prop::sample::select(vec![1u64, 100, 1 << 30]),
        prop::bool::weighted(0.3),
    );
    (groups, streams, range, words, rest, paging).prop_map(
        |(groups, streams, range, words, (trace, matcher, descending), (limit, budget, seal_between))| Question {
            groups,
            streams,
            range,
            words,
            trace,
            matcher,
            descending,
            limit,
            budget,
            seal_between,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => prop::collection::vec(event(), 1..12).prop_map(Step::Commit),
        6 => Just(Step::SealAll),
        3 => Just(Step::SealLarge),
        1 => Just(Step::Restart),
        2 => Just(Step::LosePower),
        1 => (0..3usize, 0..4usize).prop_map(|(group, stream)| Step::DeleteStream(group, stream)),
        1 => (0..3usize).prop_map(Step::DeleteGroup),
        6 => question().prop_map(Step::Search),
    ]
}

struct HasAlpha;

impl LogMatcher for HasAlpha {
    fn matches(&self, message: &str) -> bool {
        message.contains("alpha")
    }
}

/// What tells events apart, and what they are.
type Kept = (Timestamp, Timestamp, String, String, Option<String>, String);

fn kept(event: &LogEvent) -> Kept {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        event.time,
        event.received,
        event.group.name.to_string(),
        event.stream.to_string(),
        event.context.as_deref().map(text),
        text(&event.body),
    )
}

fn follow(steps: &[Step], config: &StoreConfig) {
    let mut engine = Arc::new(Memory::crashing());
    let mut store = open(&engine, config);
    let now = store.stamp();
    let mut model: Vec<Kept> = Vec::new();
    for step in steps {
        match step {
            Step::Commit(events) => {
                let events: Vec<Sent> = events.iter().map(|event| of(event, now)).collect();
                let received = commit(&store, &events);
                let each = events.into_iter().zip(received);
                model.extend(each.map(|((group, stream, time, context, body), received)| {
                    (time, received, group, stream, context, body)
                }));
            }
            Step::SealAll => store.seal_all().unwrap(),
            Step::SealLarge => store.seal_due().unwrap(),
            Step::Restart => {
                drop(store);
                store = open(&engine, config);
            }
            Step::LosePower => {
                let found = Arc::new(engine.crash());
                drop(store);
                engine = found;
                store = open(&engine, config);
            }
            Step::DeleteStream(group, stream) => {
                let (group, stream) = (GROUPS[*group], STREAMS[*stream]);
                if store.delete_log_stream(ACCOUNT, group, stream).is_ok() {
                    model.retain(|event| (event.2.as_str(), event.3.as_str()) != (group, stream));
                }
            }
            Step::DeleteGroup(group) => {
                if store.delete_log_group(ACCOUNT, GROUPS[*group]).is_ok() {
                    model.retain(|event| event.2 != GROUPS[*group]);
                }
            }
            Step::Search(question) => ask(&store, question, now, &model),
        }
    }
    check_all(&store, &mut model);
    store.seal_all().unwrap();
    check_all(&store, &mut model);
    let verified = store.verify().unwrap();
    assert_eq!(verified.problems, [""; 0]);
    assert!(verified.log_events >= model.len() as u64);
}

fn of(event: &Event, now: Timestamp) -> Sent {
    let (group, stream, minutes, context, words) = event;
    let words: Vec<&str> = words.iter().map(|&word| WORDS[word]).collect();
    (
        GROUPS[*group].to_owned(),
        STREAMS[*stream].to_owned(),
        now.plus(-minutes * MINUTE),
        context.map(|context| "\n".repeat(usize::from(context))),
        words.join(" "),
    )
}

/// Everything, and every event by its id.
fn check_all(store: &beamline_store::Store, model: &mut [Kept]) -> Vec<LogEvent> {
    model.sort();
    let found = all(store, LogGroups::All);
    assert_eq!(found.iter().map(kept).collect::<Vec<_>>(), model);
    for event in &found {
        let again = store.log_event(ACCOUNT, event.id()).unwrap().unwrap();
        assert_eq!(kept(&again), kept(event));
    }
    assert!(found.is_sorted_by_key(|event| event.id().to_string()));
    found
}

/// A search, page by page, against a scan.
fn ask(store: &beamline_store::Store, question: &Question, now: Timestamp, model: &[Kept]) {
    let exists = |name: &&str| store.log_group(ACCOUNT, name).is_ok();
    let groups = question.groups.as_ref().map(|groups| {
        let names = groups.iter().map(|&group| GROUPS[group]).filter(exists);
        names.map(str::to_owned).collect::<Vec<_>>()
    });
    let minutes = |minutes: i64| now.plus(-minutes * MINUTE);
    let search = LogSearch {
        groups: groups.clone().map_or(LogGroups::All, LogGroups::Named),
        streams: match &question.streams {
            None => LogStreams::All,
            Some(Ok(streams)) => LogStreams::Named(streams.iter().map(|&stream| STREAMS[stream].to_owned()).collect()),
            Some(Err(prefix)) => LogStreams::Prefix(prefix.clone()),
        },
        range: minutes(question.range.0)..minutes(question.range.1),
        words: question
            .words
            .iter()
            .map(|&word| WORDS[word].replace("trace_id=", "").to_uppercase())
            .collect(),
        trace: question.trace.map(trace),
        matcher: question.matcher.then(|| Arc::new(HasAlpha) as _),
        descending: question.descending,
        limit: question.limit,
        budget: question.budget,
        ..LogSearch::new(ACCOUNT, LogGroups::All)
    };
    let mut scanned = check_all(store, &mut model.to_vec());
    scanned.retain(|event| {
        let named = |group: &String| group == event.group.name.as_str();
        let of_stream = match &search.streams {
            LogStreams::All => true,
            LogStreams::Named(names) => names.iter().any(|name| name == event.stream.as_str()),
            LogStreams::Prefix(prefix) => event.stream.as_str().starts_with(prefix.as_str()),
        };
        let message = event.message();
        let names = |trace| event.mentions().iter().any(|mention| mention.trace == trace);
        let has = |text: &String| match text.parse::<TraceId>() {
            Ok(trace) => names(trace) || word::missing(&message, &[trace.to_w3c()]).is_empty(),
            Err(_) => word::missing(&message, &word::words(text)).is_empty(),
        };
        groups.as_ref().is_none_or(|groups| groups.iter().any(named))
            && of_stream
            && search.range.contains(&event.time)
            && search.words.iter().all(has)
            && search.trace.is_none_or(names)
            && (search.matcher.is_none() || message.contains("alpha"))
    });
    if search.descending {
        scanned.reverse();
    }
    let found = walk(store, &search, |_| {
        if question.seal_between {
            store.seal_all().unwrap();
        }
    });
    let expected: Vec<Kept> = scanned.iter().map(kept).collect();
    assert_eq!(found.iter().map(kept).collect::<Vec<_>>(), expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whatever_happens_a_search_finds_what_a_scan_would(steps in prop::collection::vec(step(), 1..60)) {
        let mut config = config();
        config.logs.seal_bytes = 1200;
        follow(&steps, &config);
    }
}

#[test]
fn small_chunks_are_merged_and_nothing_is_lost() {
    let engine = Arc::new(Memory::crashing());
    let store = open(&engine, &config());
    let now = store.stamp();
    let mut model = Vec::new();
    for round in 0..100 {
        let time = now.plus(round * 1000 - DAY * (round % 2));
        let body = format!("round {round} alpha");
        let received = commit(
            &store,
            &[(GROUPS[0].into(), STREAMS[0].into(), time, None, body.clone())],
        );
        model.push((time, received[0], GROUPS[0].into(), STREAMS[0].into(), None, body));
        store.seal_all().unwrap();
    }
    check_all(&store, &mut model);
    let (sealed, merged) = (
        figure(&store, "beamline_store_log_chunks_sealed_total"),
        figure(&store, "beamline_store_log_chunks_merged_total"),
    );
    assert_eq!(sealed, 100);
    // Each merge leaves one chunk of eight, and up to seven wait on each of two days.
    assert!(merged >= 90, "{merged}");
    let verified = store.verify().unwrap();
    assert!(verified.frames <= 16, "{verified:?}");
    drop(store);
    check_all(&open(&engine, &config()), &mut model);
}

#[test]
fn of_a_commit_that_is_half_sealed_nothing_is_doubled_by_a_replay() {
    let engine = Arc::new(Memory::crashing());
    let mut config = config();
    config.logs.seal_bytes = 10_000;
    let store = open(&engine, &config);
    let now = store.stamp();
    let large: Sent = (GROUPS[0].into(), STREAMS[0].into(), now, None, "alpha ".repeat(2000));
    let small: Sent = (GROUPS[1].into(), STREAMS[0].into(), now, None, "small".into());
    let received = commit(&store, &[large.clone(), small.clone()]);
    let mut model: Vec<Kept> = [large, small]
        .into_iter()
        .zip(received)
        .map(|((group, stream, time, context, body), received)| (time, received, group, stream, context, body))
        .collect();
    store.seal_due().unwrap();
    assert_eq!(figure(&store, "beamline_store_log_events_sealed_total"), 1);
    check_all(&store, &mut model);
    drop(store);
    let store = open(&engine, &config);
    assert_eq!(figure(&store, "beamline_store_log_events_replayed_total"), 1);
    check_all(&store, &mut model);
    // Without the seal, which was not synced.
    let store = open(&Arc::new(engine.crash()), &config);
    check_all(&store, &mut model);
}
