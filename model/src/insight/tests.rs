use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::Range;

use proptest::prelude::*;

use super::watch::{Judged, judge};
use super::*;
use crate::digest::ServiceId;
use crate::time::Timestamp;

/// Statistics by the minute, as they would be kept.
#[derive(Clone, Debug, Default)]
struct Kept(BTreeMap<u32, Minute>);

/// Everything begins here: the middle of a day.
const BEGIN: u32 = 29_760_000;

fn service(name: &str) -> ServiceId {
    ServiceId {
        name: name.to_owned(),
        ..ServiceId::default()
    }
}

impl Kept {
    /// A client calls the first service, which calls the next, …; all with the same traffic and no faults.
    fn chain(names: &[&str], minutes: u32, total: i64) -> Self {
        let mut kept = Self::default();
        for minute in BEGIN..BEGIN + minutes {
            let at = kept.0.entry(minute).or_default();
            let well = Counts {
                total,
                ok: total,
                fault: 0,
            };
            at.clients = well;
            for name in names {
                at.services.insert(service(name), well);
            }
            for pair in names.windows(2) {
                at.calls.insert((service(pair[0]), service(pair[1])), total);
            }
        }
        kept
    }

    /// Makes so many requests of some services fail in each of some minutes.
    fn fail(mut self, names: &[&str], minutes: Range<u32>, fault: i64) -> Self {
        for minute in minutes {
            let at = self.0.entry(BEGIN + minute).or_default();
            for (number, name) in names.iter().enumerate() {
                let counts = at.services.entry(service(name)).or_default();
                let fault = fault.min(counts.total);
                (counts.fault, counts.ok) = (fault, counts.total - fault);
                if number == 0 {
                    at.clients = *counts;
                }
            }
        }
        self
    }

    fn read(&self, minutes: Range<u32>) -> Result<Vec<(u32, Minute)>, Infallible> {
        Ok(self
            .0
            .range(minutes)
            .map(|(&at, minute)| (at, minute.clone()))
            .collect())
    }

    fn judge(&self, minutes: Range<u32>, until: u32, kept: &[Insight]) -> Judged {
        let changed = BEGIN + minutes.start..BEGIN + minutes.end;
        let Ok(judged) = judge(changed, BEGIN + until, kept, |minutes| self.read(minutes));
        judged
    }
}

fn judgement(judged: &Judged, now: u32) -> Judgement<'static> {
    Judgement {
        group: "shop",
        group_unique: "1",
        window: judged.window.clone(),
        announce: true,
        now: Timestamp::from_minute(BEGIN + now),
    }
}

/// Judges some minutes and keeps what that changes.
fn watch(stats: &Kept, changed: Range<u32>, now: u32, insights: &mut Vec<Insight>) {
    let judged = stats.judge(changed, now, insights);
    for insight in reconcile(insights, &judged.findings, &judgement(&judged, now)) {
        insights.retain(|known| known.id() != insight.id());
        insights.push(insight);
    }
    insights.sort_by(|a, b| (a.first, &a.root).cmp(&(b.first, &b.root)));
}

/// An insight in words, without its id and its events.
fn words(insight: &Insight) -> String {
    let services: Vec<String> = insight
        .anomalies
        .iter()
        .map(|it| format!("{} {}/{}", it.service.name, it.counts.fault, it.counts.total))
        .collect();
    format!(
        "{:?} {}..{} root {}: {}; clients {}/{}",
        insight.state,
        insight.first - BEGIN,
        insight.end - BEGIN,
        insight.root.name,
        services.join(", "),
        insight.clients.fault,
        insight.clients.total,
    )
}

fn check(stats: &Kept, now: u32, expected: &[&str]) {
    let mut insights = Vec::new();
    watch(stats, 0..now, now, &mut insights);
    let found: Vec<String> = insights.iter().map(words).collect();
    assert_eq!(found, expected);
}

const SHOP: [&str; 3] = ["web", "cart", "table"];

#[test]
fn a_failure_is_blamed_on_the_service_farthest_downstream() {
    let stats = Kept::chain(&SHOP, 240, 50).fail(&SHOP, 200..206, 20);
    check(
        &stats,
        240,
        &["Closed 200..206 root table: cart 120/300, table 120/300, web 120/300; clients 120/300"],
    );
    let stats = Kept::chain(&SHOP, 240, 50).fail(&["web", "cart"], 200..206, 20);
    check(
        &stats,
        240,
        &["Closed 200..206 root cart: cart 120/300, web 120/300; clients 120/300"],
    );
}

#[test]
fn it_is_active_until_ten_minutes_were_quiet() {
    let stats = Kept::chain(&SHOP, 240, 50).fail(&["web"], 200..206, 20);
    check(&stats, 201, &[]);
    check(&stats, 202, &["Active 200..202 root web: web 40/100; clients 40/100"]);
    check(&stats, 215, &["Active 200..206 root web: web 120/300; clients 120/300"]);
    check(&stats, 216, &["Closed 200..206 root web: web 120/300; clients 120/300"]);
}

#[test]
fn one_bad_minute_or_few_faults_are_no_insight() {
    check(&Kept::chain(&SHOP, 240, 50).fail(&["web"], 200..201, 30), 240, &[]);
    check(&Kept::chain(&SHOP, 240, 1).fail(&["web"], 200..203, 1), 240, &[]);
    // Two of three are enough.
    let stats = Kept::chain(&SHOP, 240, 50)
        .fail(&["web"], 200..201, 30)
        .fail(&["web"], 202..203, 30);
    check(&stats, 240, &["Closed 200..203 root web: web 60/150; clients 60/150"]);
}

#[test]
fn little_traffic_is_looked_at_over_ten_minutes() {
    let stats = Kept::chain(&SHOP, 240, 2).fail(&["web"], 200..209, 2);
    check(&stats, 240, &["Closed 200..209 root web: web 18/18; clients 18/18"]);
}

#[test]
fn services_that_do_not_call_each_other_fail_apart() {
    let mut stats = Kept::chain(&["web", "cart"], 240, 50);
    for (at, minute) in Kept::chain(&["mail"], 240, 50).0 {
        stats.0.entry(at).or_default().services.extend(minute.services);
    }
    let stats = stats.fail(&["web"], 200..206, 20).fail(&["mail"], 201..205, 20);
    let mut insights = Vec::new();
    watch(&stats, 0..240, 240, &mut insights);
    let roots: Vec<&str> = insights.iter().map(|it| it.root.name.as_str()).collect();
    assert_eq!(roots, ["web", "mail"]);
}

#[test]
fn a_circle_of_calls_has_a_root_all_the_same() {
    let mut stats = Kept::chain(&["a", "b"], 240, 50);
    for minute in stats.0.values_mut() {
        minute.calls.insert((service("b"), service("a")), 1);
    }
    let stats = stats.fail(&["a"], 200..206, 20).fail(&["b"], 200..206, 30);
    let mut insights = Vec::new();
    watch(&stats, 0..240, 240, &mut insights);
    assert_eq!(insights.len(), 1);
    assert_eq!(insights[0].root.name, "b");
}

#[test]
fn of_very_many_services_the_worst_are_told() {
    let mut stats = Kept::chain(&["web"], 240, 50);
    let names: Vec<String> = (0..300).map(|number| format!("s{number}")).collect();
    for (&at, minute) in &mut stats.0 {
        for (number, name) in names.iter().enumerate() {
            let fault = if (BEGIN + 200..BEGIN + 203).contains(&at) {
                20 + number as i64 % 30
            } else {
                0
            };
            let (total, ok) = (50, 50 - fault);
            minute.services.insert(service(name), Counts { total, ok, fault });
            minute.calls.insert((service("web"), service(name)), 1);
        }
    }
    let stats = stats.fail(&["web"], 200..203, 10);
    let mut insights = Vec::new();
    watch(&stats, 200..203, 203, &mut insights);
    assert_eq!(insights.len(), 1);
    let told = &insights[0].anomalies;
    assert_eq!(told.len(), detect::MOST_ANOMALIES + 1);
    assert!(told.iter().all(|it| it.counts.fault >= 3 * 39), "the worst");
    assert_eq!(insights[0].root, told[0].service);
}

#[test]
fn a_long_failure_is_not_soon_called_usual() {
    let stats = Kept::chain(&["web"], 700, 50).fail(&["web"], 200..500, 20);
    check(
        &stats,
        700,
        &["Closed 200..500 root web: web 6000/15000; clients 6000/15000"],
    );
}

#[test]
fn it_says_what_happened_in_two_sentences() {
    let stats = Kept::chain(&SHOP, 240, 50).fail(&SHOP, 200..206, 20);
    let mut insights = Vec::new();
    watch(&stats, 0..203, 203, &mut insights);
    assert_eq!(
        insights[0].summary(),
        "40 % of the requests to table failed since 19:20 UTC, usually less than 1 %. 2 more services are affected, and \
         60 of 150 requests of clients failed."
    );
    watch(&stats, 203..240, 240, &mut insights);
    assert_eq!(insights.len(), 1);
    let states: Vec<State> = insights[0].events.iter().map(|event| event.state).collect();
    assert_eq!(states, [State::Active, State::Closed]);
    assert!(insights[0].summary().contains("from 19:20 UTC to 19:26 UTC"));
    let top: Vec<&str> = insights[0].top_services().map(|it| it.name.as_str()).collect();
    assert_eq!(top, ["table", "cart", "web"]);
}

#[test]
fn what_later_data_no_longer_shows_is_closed_and_stays() {
    let stats = Kept::chain(&SHOP, 240, 50).fail(&["web"], 200..203, 30);
    let mut insights = Vec::new();
    watch(&stats, 0..203, 203, &mut insights);
    assert_eq!(insights[0].state, State::Active);
    // The many requests that went well were late.
    let mut well = stats;
    for minute in 200..203 {
        let at = well.0.get_mut(&(BEGIN + minute)).unwrap();
        at.services.get_mut(&service("web")).unwrap().total = 100_000;
    }
    watch(&well, 200..203, 204, &mut insights);
    assert_eq!(insights.len(), 1);
    assert_eq!(insights[0].state, State::Closed);
}

/// Some faults of some services in some minutes, as seed for statistics.
fn troubles() -> impl Strategy<Value = Vec<(usize, u32, u32, i64)>> {
    prop::collection::vec((0usize..3, 180u32..290, 1u32..25, 0i64..50), 0..6)
}

fn with_troubles(troubles: &[(usize, u32, u32, i64)]) -> Kept {
    troubles
        .iter()
        .fold(Kept::chain(&SHOP, 300, 50), |stats, &(which, start, length, fault)| {
            stats.fail(&[SHOP[which]], start..(start + length).min(300), fault)
        })
}

/// All but the id and the events.
fn essence(insights: &[Insight]) -> Vec<String> {
    insights.iter().map(words).collect()
}

proptest! {
    // Each case judges 120 times, which takes half a second without optimization.
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn watching_by_the_minute_finds_what_looking_back_finds(troubles in troubles()) {
        let stats = with_troubles(&troubles);
        let mut watched = Vec::new();
        for now in 180..=300 {
            watch(&stats, now - 1..now, now, &mut watched);
        }
        let mut looked_back = Vec::new();
        watch(&stats, 0..300, 300, &mut looked_back);
        for insight in &looked_back {
            prop_assert!(essence(&watched).contains(&words(insight)), "{:?} lacks {}", essence(&watched), words(insight));
        }
        // What was told and then became part of another stays told.
        for insight in &watched {
            let part = |of: &Insight| of.first <= insight.first && insight.end <= of.end;
            prop_assert!(looked_back.iter().any(part), "{} is part of none", words(insight));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn late_data_is_judged_as_if_it_had_come_in_time(troubles in troubles(), late in 180u32..299, length in 1u32..60) {
        let stats = with_troubles(&troubles);
        let late = late..(late + length).min(300);
        // The late minutes are not there at first.
        let mut early = stats.clone();
        early.0.retain(|&at, _| !(BEGIN + late.start..BEGIN + late.end).contains(&at));
        let mut watched = Vec::new();
        watch(&early, 0..300, 300, &mut watched);
        watch(&stats, late, 300, &mut watched);
        let mut in_time = Vec::new();
        watch(&stats, 0..300, 300, &mut in_time);
        for insight in &in_time {
            prop_assert!(essence(&watched).contains(&words(insight)), "{:?} lacks {}", essence(&watched), words(insight));
        }
    }

    #[test]
    fn judging_again_changes_nothing(troubles in troubles(), from in 0u32..300, length in 1u32..300) {
        let stats = with_troubles(&troubles);
        let mut insights = Vec::new();
        watch(&stats, 0..300, 300, &mut insights);
        let judged = stats.judge(from..(from + length).min(300), 300, &insights);
        let changed = reconcile(&insights, &judged.findings, &judgement(&judged, 300));
        prop_assert_eq!(changed, vec![]);
    }

    #[test]
    fn the_order_of_minutes_is_nobody_s_business(troubles in troubles(), seed: u64) {
        let stats = with_troubles(&troubles);
        let mut minutes: Vec<u32> = stats.0.keys().copied().collect();
        minutes.sort_by_key(|&minute| u64::from(minute).wrapping_mul(seed | 1).rotate_left(17));
        let (mut shuffled, mut sorted) = (History::default(), History::default());
        for minute in minutes {
            shuffled.put(minute, stats.0[&minute].clone());
        }
        for (&at, minute) in &stats.0 {
            sorted.put(at, minute.clone());
        }
        let window = BEGIN + 180..BEGIN + 300;
        prop_assert_eq!(detect::findings(&shuffled, window.clone()), detect::findings(&sorted, window));
    }

    #[test]
    fn steady_traffic_is_no_insight(rate in 0u64..20, total in 1i64..200, seed: u64) {
        // Every service fails with the same probability all the time, in hundredths.
        let mut stats = Kept::chain(&SHOP, 400, total);
        let mut state = seed;
        for minute in stats.0.values_mut() {
            for counts in minute.services.values_mut() {
                counts.fault = (0..total).filter(|_| draw(&mut state) % 100 < rate).count() as i64;
                counts.ok = total - counts.fault;
            }
        }
        let mut insights = Vec::new();
        watch(&stats, 190..400, 400, &mut insights);
        prop_assert_eq!(essence(&insights), Vec::<String>::new());
    }
}

/// SplitMix64.
fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 8
}
