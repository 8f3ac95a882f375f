use std::collections::BTreeMap;

use super::*;
use proptest::prelude::*;

fn client(number: u32) -> ClientId {
    let mut id = [b'0'; 24];
    id[20..].copy_from_slice(&number.to_be_bytes());
    ClientId(id)
}

fn saw(requests: u32) -> Seen {
    Seen { requests, borrowed: 0 }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

#[test]
fn shares_follow_need_and_use_the_whole_reservoir() {
    let check = |reservoir, needs: &[u32], expected: &[u32]| {
        let needs: Vec<Need> = needs.iter().copied().map(Need::UpTo).collect();
        assert_eq!(shares(reservoir, &needs), expected, "{reservoir} over {needs:?}");
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
fn who_takes_one_anyway_is_given_one_and_no_more() {
    let (one, many) = (Need::One, Need::UpTo(100));
    assert_eq!(shares(10, &[many, one, many]), [5, 1, 4]);
    assert_eq!(shares(10, &[one, one]), [1, 1]);
    assert_eq!(shares(1, &[many, one, one]), [0, 1, 0]);
    assert_eq!(shares(0, &[one, many]), [0, 0]);
}

#[test]
fn a_lone_client_gets_all_and_yields_when_a_second_comes() {
    let mut ledger = Ledger::default();
    assert_eq!(ledger.report(client(1), saw(1000), 10, at(100)), 10);
    // The second finds all leased; it is served once the first has reported again.
    assert_eq!(ledger.report(client(2), saw(1000), 10, at(105)), 0);
    assert_eq!(ledger.report(client(1), saw(1000), 10, at(110)), 5);
    assert_eq!(ledger.report(client(2), saw(1000), 10, at(115)), 5);
}

#[test]
fn a_client_that_borrows_although_it_holds_a_lease_leaves_the_rest_to_others() {
    let node = Seen {
        requests: 1000,
        borrowed: 10,
    };
    let mut ledger = Ledger::default();
    // The first time it borrowed because it had no lease, as every client does.
    assert_eq!(ledger.report(client(1), node, 10, at(100)), 10);
    assert_eq!(ledger.report(client(2), saw(1000), 10, at(101)), 0);
    assert_eq!(ledger.report(client(1), node, 10, at(110)), 1);
    assert_eq!(ledger.report(client(2), saw(1000), 10, at(111)), 9);
    // Who was late to hear of its lease once is not taken for such a client for good.
    assert_eq!(ledger.report(client(1), saw(1000), 10, at(120)), 1);
    assert_eq!(ledger.report(client(2), saw(1000), 10, at(121)), 5);
    assert_eq!(ledger.report(client(1), saw(1000), 10, at(130)), 5);
}

#[test]
fn a_client_that_fell_silent_gives_back_its_lease() {
    let mut ledger = Ledger::default();
    assert_eq!(ledger.report(client(1), saw(1000), 10, at(100)), 10);
    assert_eq!(ledger.report(client(2), saw(1000), 10, at(161)), 10);
    assert_eq!((ledger.clients(), ledger.leased()), (1, 10));
}

#[test]
fn thousands_of_clients_report_less_often_and_are_not_taken_for_silent_meanwhile() {
    let mut ledger = Ledger::default();
    let mut intervals = Vec::new();
    for number in 0..MOST_CLIENTS as u32 + 5 {
        ledger.report(client(number), saw(10), 100, at(1_000));
        intervals.push(ledger.interval());
    }
    assert_eq!((intervals[0], intervals[1_998], intervals[1_999]), (10, 10, 20));
    assert_eq!(intervals.last(), Some(&60));
    assert_eq!(ledger.clients(), MOST_CLIENTS, "further ones get no share");
    ledger.report(client(1), saw(10), 100, at(1_170));
    assert_eq!(ledger.clients(), MOST_CLIENTS);
    ledger.report(client(1), saw(10), 100, at(1_181));
    assert_eq!(ledger.clients(), 1);
    const {
        assert!(
            LEASE_LASTS >= 3 * 60 * SECOND,
            "a lease outlasts three of the longest intervals"
        )
    };
}

#[test]
fn one_request_per_second_wanders_between_fifty_clients() {
    let mut ledger = Ledger::default();
    let mut served = BTreeMap::<u32, u32>::new();
    for round in 0..6 * 200 {
        for number in 0..50 {
            if ledger.report(client(number), saw(100), 1, at(round * 10)) > 0 {
                *served.entry(number).or_default() += 1;
            }
        }
    }
    assert!(served.len() >= 45, "{served:?}");
    let rounds: u32 = served.values().sum();
    assert!(rounds > 1_000, "held by nobody in {} of 1,200 rounds", 1_200 - rounds);
}

#[test]
fn clients_that_report_one_after_the_other_hold_nearly_all_of_the_reservoir() {
    let mut ledger = Ledger::default();
    let mut leases = BTreeMap::new();
    let mut held = 0;
    for round in 0..600 {
        for number in 0..5 {
            let second = 10_000 + 10 * round + 2 * i64::from(number);
            leases.insert(number, ledger.report(client(number), saw(500), 12, at(second)));
            if round >= 6 {
                held += 2 * leases.values().sum::<u32>();
            }
        }
    }
    let part = f64::from(held) / f64::from(12 * 10 * 594);
    assert!((0.97..=1.0).contains(&part), "{part}");
}

proptest! {
    #[test]
    fn shares_add_up_to_the_reservoir_and_nobody_starves_for_anothers_surplus(
        reservoir in 0u32..1_000,
        needs in proptest::collection::vec(0u32..300, 1..60),
    ) {
        let wishes: Vec<Need> = needs.iter().copied().map(Need::UpTo).collect();
        let shares = shares(reservoir, &wishes);
        prop_assert_eq!(shares.iter().sum::<u32>(), reservoir);
        let unmet = needs.iter().zip(&shares).filter(|(need, share)| share < need).map(|(_, share)| *share).min();
        if let Some(least) = unmet {
            for (need, share) in needs.iter().zip(&shares) {
                prop_assert!(*share <= (*need).min(least + 1), "{share} of {need}, another has {least}");
            }
        }
    }

    #[test]
    fn shares_with_borrowers_never_exceed_the_reservoir(
        reservoir in 0u32..100,
        needs in proptest::collection::vec(proptest::option::of(0u32..300), 0..60),
    ) {
        let wishes: Vec<Need> = needs.iter().map(|need| need.map_or(Need::One, Need::UpTo)).collect();
        let shares = shares(reservoir, &wishes);
        prop_assert!(shares.iter().sum::<u32>() <= reservoir);
        for (wish, share) in wishes.iter().zip(&shares) {
            prop_assert!(*wish != Need::One || *share <= 1);
        }
    }

    #[test]
    fn the_leases_of_all_clients_never_exceed_the_reservoir(
        reservoir in 0u32..50,
        reports in proptest::collection::vec((0u32..30, 0u32..5_000, 0u32..20, 0i64..30), 0..200),
    ) {
        let mut ledger = Ledger::default();
        let mut held = BTreeMap::new();
        let mut now = 1_000;
        for (number, requests, borrowed, later) in reports {
            now += later;
            let lease = ledger.report(client(number), Seen { requests, borrowed }, reservoir, at(now));
            held.insert(number, (lease, now));
            let sum: u32 = held.values().filter(|(_, heard)| now - heard <= 60).map(|(lease, _)| lease).sum();
            prop_assert!(sum <= reservoir, "{sum} of {reservoir}");
            prop_assert_eq!(ledger.leased(), u64::from(sum));
        }
    }

    #[test]
    fn a_smaller_reservoir_holds_after_one_round(
        before in 0u32..50,
        after in 0u32..50,
        count in 1u32..20,
    ) {
        let mut ledger = Ledger::default();
        let mut held = BTreeMap::new();
        for round in 0..4 {
            let reservoir = if round < 2 { before } else { after };
            for number in 0..count {
                held.insert(number, ledger.report(client(number), saw(500), reservoir, at(1_000 + 10 * round)));
            }
        }
        prop_assert!(held.values().sum::<u32>() <= after);
    }

    #[test]
    fn clients_of_equal_need_hold_equal_leases_after_two_rounds(
        reservoir in 0u32..200,
        count in 1u32..30,
        spread in 0i64..10,
    ) {
        let mut ledger = Ledger::default();
        let mut held = BTreeMap::new();
        // Within one turn, so that nothing changes hands.
        for round in 0..4 {
            for number in 0..count {
                let second = 6_000 + 10 * round + i64::from(number) * spread / 30;
                held.insert(number, ledger.report(client(number), saw(5_000), reservoir, at(second)));
            }
        }
        let (least, most) = (held.values().min().unwrap(), held.values().max().unwrap());
        prop_assert!(most - least <= 1, "{held:?}");
        prop_assert_eq!(held.values().sum::<u32>(), reservoir);
    }
}
