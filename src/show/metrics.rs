//! `metrics`: series, and what was measured of them.

use std::io::Write;

use beamline_proto::query::{
    GetStatisticsRequest, GetStatisticsResponse, LabelCondition, LabelOrigin, ListSeriesRequest, MetricKind,
    MetricSeries, SeriesSelection, StatisticsSeries,
};

use super::screen::{QUIET, SERVICE, Screen};
use super::spark::spark;
use super::table::{Align, Cell, Table};
use super::{Json, client, words};
use crate::cli::MetricsArgs;

/// The widest sparkline.
const SPARK: usize = 40;

/// Prints series, or statistics of them.
pub(crate) async fn run(args: &MetricsArgs) -> anyhow::Result<()> {
    if args.stat.is_empty() {
        series(args).await
    } else {
        statistics(args).await
    }
}

fn selection(args: &MetricsArgs) -> Option<SeriesSelection> {
    let condition = |text: &String| match text.split_once('=') {
        Some((key, value)) => LabelCondition {
            key: key.to_owned(),
            value: Some(value.to_owned()),
        },
        None => LabelCondition {
            key: text.clone(),
            value: None,
        },
    };
    Some(SeriesSelection {
        name: args.name.clone(),
        namespace: args.namespace.clone(),
        service: args.service.clone(),
        labels: args.label.iter().map(condition).collect(),
    })
}

async fn series(args: &MetricsArgs) -> anyhow::Result<()> {
    let request = ListSeriesRequest {
        scope: client::scope(&args.show),
        selection: selection(args),
        active: Some(client::range(&args.when)?),
        limit: args.limit,
        cursor: Vec::new(),
    };
    let mut metrics = client::metrics(&args.show.server.endpoint).await?;
    let answer = metrics.list_series(request).await;
    let mut answer = answer.map_err(|status| client::failure(status, ""))?.into_inner();
    answer
        .series
        .sort_by(|a, b| (&a.name, service(a)).cmp(&(&b.name, service(b))));
    let mut screen = Screen::stdout();
    if args.show.json {
        let json = Json::new()?;
        for series in &answer.series {
            json.print("MetricSeries", series, &mut screen)?;
        }
    } else if answer.series.is_empty() {
        let since = humantime::format_duration(args.when.since);
        writeln!(std::io::stderr(), "no such metrics in the last {since}")?;
    } else {
        let (paint, width) = (screen.paint, screen.width);
        series_table(&answer.series).print(&mut screen, paint, width)?;
    }
    screen.flush()?;
    if !answer.cursor.is_empty() {
        let shown = words::counted(answer.series.len() as u64, "series");
        writeln!(
            std::io::stderr(),
            "{} of more; -n gives more",
            shown.trim_end_matches('s')
        )?;
    }
    Ok(())
}

fn series_table(series: &[MetricSeries]) -> Table {
    let mut table = Table::new([
        ("METRIC", Align::Left),
        ("KIND", Align::Left),
        ("UNIT", Align::Left),
        ("SERVICE", Align::Left),
        ("LABELS", Align::Left),
    ]);
    for it in series {
        table.row([
            Cell::from(full_name(it)),
            Cell::new(kind(it), QUIET),
            Cell::new(it.unit.clone(), QUIET),
            Cell::new(service(it), SERVICE),
            Cell::from(labels(it)),
        ]);
    }
    table
}

async fn statistics(args: &MetricsArgs) -> anyhow::Result<()> {
    let period = args.period.map(|period| prost_types::Duration {
        seconds: i64::try_from(period.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(period.subsec_nanos()).unwrap_or(0),
    });
    let request = GetStatisticsRequest {
        scope: client::scope(&args.show),
        selection: selection(args),
        range: Some(client::range(&args.when)?),
        period,
        statistics: args.stat.clone(),
        split: !args.merge,
    };
    let mut metrics = client::metrics(&args.show.server.endpoint).await?;
    let answer = metrics.get_statistics(request).await;
    let answer = answer.map_err(|status| client::failure(status, ""))?.into_inner();
    let mut screen = Screen::stdout();
    if args.show.json {
        Json::new()?.print("GetStatisticsResponse", &answer, &mut screen)?;
    } else if answer.series.iter().all(|series| series.buckets.is_empty()) {
        let since = humantime::format_duration(args.when.since);
        writeln!(std::io::stderr(), "nothing of that was measured in the last {since}")?;
    } else {
        let (paint, width) = (screen.paint, screen.width);
        statistics_table(&answer, args).print(&mut screen, paint, width)?;
    }
    screen.flush()?;
    if answer.truncated {
        writeln!(
            std::io::stderr(),
            "there are more series than one answer looks at; select fewer"
        )?;
    }
    Ok(())
}

/// One row for each series and statistic.
fn statistics_table(answer: &GetStatisticsResponse, args: &MetricsArgs) -> Table {
    let mut table = Table::new([
        ("METRIC", Align::Left),
        ("SERVICE", Align::Left),
        ("STAT", Align::Left),
        ("OVER TIME", Align::Left),
        ("LEAST", Align::Right),
        ("MOST", Align::Right),
        ("LAST", Align::Right),
        ("LABELS", Align::Left),
    ]);
    let limit = args.limit as usize;
    for series in answer.series.iter().take(limit) {
        for (index, statistic) in answer.statistics.iter().enumerate() {
            table.row(statistics_row(answer, series, index, statistic, args));
        }
    }
    table
}

fn statistics_row(
    answer: &GetStatisticsResponse,
    series: &StatisticsSeries,
    index: usize,
    statistic: &str,
    args: &MetricsArgs,
) -> Vec<Cell> {
    let period = answer.period.map_or(60, |period| period.seconds.max(1));
    let seconds = |time: Option<prost_types::Timestamp>| time.map_or(0, |time| time.seconds);
    let (start, end) = match &answer.range {
        Some(range) => (seconds(range.start), seconds(range.end)),
        None => (0, 0),
    };
    let values: Vec<(usize, f64)> = series
        .buckets
        .iter()
        .filter_map(|bucket| {
            let place = usize::try_from((seconds(bucket.start) - start) / period).ok()?;
            Some((place, *bucket.values.get(index)?))
        })
        .filter(|(_, value)| !value.is_nan())
        .collect();
    let places = usize::try_from((end - start) / period).unwrap_or(1);
    let only = || values.iter().map(|(_, value)| *value);
    let (least, most) = (only().reduce(f64::min), only().reduce(f64::max));
    // Counts have no unit, whatever is counted.
    let unit = if statistic == "SampleCount" {
        ""
    } else {
        series.unit.as_str()
    };
    let shown = |value: Option<f64>| Cell::from(value.map_or_else(|| "-".to_owned(), |it| words::measured(it, unit)));
    let of = series.series.as_ref();
    vec![
        Cell::from(of.map_or_else(|| together(args, series), full_name)),
        Cell::new(of.map(service).unwrap_or_default(), SERVICE),
        Cell::new(statistic, QUIET),
        Cell::from(spark(&values, places, SPARK)),
        shown(least),
        shown(most),
        shown(only().next_back()),
        Cell::from(of.map(labels).unwrap_or_default()),
    ]
}

/// What several series are called together.
fn together(args: &MetricsArgs, series: &StatisticsSeries) -> String {
    let name = if args.name.is_empty() { "all" } else { &args.name };
    format!("{name} ({} series)", words::count(series.count))
}

fn full_name(series: &MetricSeries) -> String {
    match series.namespace.as_str() {
        "" => series.name.clone(),
        namespace => format!("{namespace} {}", series.name),
    }
}

/// The service that a series is about.
pub(super) fn service(series: &MetricSeries) -> String {
    let key = |wanted: &str| series.labels.iter().find(|label| label.key == wanted);
    let found = ["service.name", "Service", "ServiceName"].into_iter().find_map(key);
    found.map(|label| label.value.clone()).unwrap_or_default()
}

/// What tells series of one name and service apart: the labels of their points.
pub(super) fn labels(series: &MetricSeries) -> String {
    let of_points = series
        .labels
        .iter()
        .filter(|label| label.origin() == LabelOrigin::Point);
    let pairs: Vec<String> = of_points
        .map(|label| format!("{}={}", label.key, label.value))
        .collect();
    pairs.join(" ")
}

fn kind(series: &MetricSeries) -> &'static str {
    match series.kind() {
        MetricKind::Unspecified => "",
        MetricKind::Gauge => "gauge",
        MetricKind::Sum if series.monotonic => "counter",
        MetricKind::Sum => "sum",
        MetricKind::Histogram => "histogram",
        MetricKind::ExponentialHistogram => "exponential",
        MetricKind::Summary => "summary",
        MetricKind::Statistics => "statistics",
    }
}
