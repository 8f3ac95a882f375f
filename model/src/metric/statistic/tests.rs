use super::*;

fn check(values: &[(f64, f64)], expected: &[(&str, f64)]) {
    let mut distribution = Distribution::default();
    values.iter().for_each(|&(value, count)| distribution.add(value, count));
    for (name, expected) in expected {
        let statistic: Statistic = name.parse().unwrap();
        let found = distribution.statistic(statistic).unwrap();
        assert!(
            (found - expected).abs() <= 1e-9 * expected.abs().max(1.0),
            "{name}: {found}, not {expected}"
        );
    }
}

#[test]
fn ten_values_have_the_statistics_that_cloudwatch_documents() {
    let values: Vec<_> = (1..=10).map(|value| (f64::from(value), 1.0)).collect();
    let expected = [
        ("SampleCount", 10.0),
        ("Sum", 55.0),
        ("Average", 5.5),
        ("Minimum", 1.0),
        ("Maximum", 10.0),
        ("p0", 1.0),
        ("p10", 1.0),
        ("p50", 5.0),
        ("p50.1", 6.0),
        ("p90", 9.0),
        ("p99.9", 10.0),
        ("p100", 10.0),
        ("tm90", 5.0),
        ("TM(10%:90%)", 5.5),
        ("TM(:95%)", 50.0 / 9.5),
        ("TM(2:4)", 3.5),
        ("TM(5:)", 8.0),
        ("IQM", 5.5),
        ("tc90", 9.0),
        ("TC(2:4)", 2.0),
        ("TC(0.005:0.030)", 0.0),
        ("ts90", 45.0),
        ("TS(80%:)", 19.0),
        ("wm90", 5.4),
        ("WM(10%:90%)", 5.4),
        ("WM(2:4)", 3.5),
        ("PR(0:5)", 50.0),
        ("PR(:5)", 50.0),
        ("PR(5:)", 50.0),
    ];
    check(&values, &expected);
}

#[test]
fn negative_and_repeated_values_are_ranked_like_others() {
    let values = [(-3.0, 2.0), (0.0, 1.0), (4.0, 1.0)];
    let expected = [
        ("p50", -3.0),
        ("p75", 0.0),
        ("p76", 4.0),
        ("tm50", -3.0),
        ("PR(-4:0)", 75.0),
        ("wm75", -1.5),
        ("TS(50%:)", 4.0),
    ];
    check(&values, &expected);
}

#[test]
fn many_values_are_known_to_half_a_percent() {
    let mut distribution = Distribution::default();
    (1..=100_000).for_each(|value| distribution.add(f64::from(value) / 7.0, 1.0));
    for percent in [1.0, 25.0, 50.0, 99.0, 99.9] {
        let (found, expected) = (distribution.percentile(percent).unwrap(), percent * 1_000.0 / 7.0);
        assert!(
            (found / expected - 1.0).abs() < 0.0051,
            "p{percent}: {found}, not {expected}"
        );
    }
    assert_eq!(distribution.percentile(100.0), Some(100_000.0 / 7.0));
}

#[test]
fn what_is_printed_can_be_read_and_nothing_else() {
    for text in [
        "Sum",
        "p99.9",
        "TM(10%:90%)",
        "TC(0.005:0.03)",
        "WM(:95)",
        "PR(1:)",
        "TS(0%:99%)",
    ] {
        let statistic: Statistic = text.parse().unwrap();
        assert_eq!(statistic.to_string().parse(), Ok(statistic), "{text}");
    }
    for text in [
        "",
        "p",
        "p101",
        "p-1",
        "p1.12345678901",
        "P90",
        "TM90",
        "tm(1:2)",
        "TM(:)",
        "TM(9%:1%)",
        "TM(1%:2)",
        "PR(1%:2%)",
        "sum",
    ] {
        assert_eq!(text.parse::<Statistic>(), Err(BadStatistic(text.into())), "{text}");
    }
}

#[test]
fn a_statistic_set_has_no_percentiles_unless_it_is_of_one_value() {
    use crate::metric::point::{Measured, Statistics};
    let set = |count, sum, min, max| Statistics {
        measured: Measured::Set { count, sum, min, max },
        ..Statistics::default()
    };
    let mut distribution = Distribution::default();
    distribution.add_statistics(&set(3.0, 6.0, 2.0, 2.0));
    assert_eq!(distribution.statistic(Statistic::Percentile(50.0)), Some(2.0));
    distribution.add_statistics(&set(2.0, 9.0, 1.0, 8.0));
    let of = |statistic| distribution.statistic(statistic);
    assert_eq!(
        (of(Statistic::Percentile(50.0)), of(Statistic::Average)),
        (None, Some(3.0))
    );
    assert_eq!((of(Statistic::Minimum), of(Statistic::Maximum)), (Some(1.0), Some(8.0)));
}
