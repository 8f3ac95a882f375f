//! `GetTimeSeriesServiceStatistics`: how often and how well, over time.

use beamline_model::insight::band::Band;
use beamline_model::lang::trace_filter::EntitySelector;
use beamline_model::stats::Stats;
use beamline_model::time::Timestamp;
use beamline_proto::generated::xray::{
    ForecastStatistics, GetTimeSeriesServiceStatisticsRequest, GetTimeSeriesServiceStatisticsResult,
    TimeSeriesServiceStatistics,
};
use beamline_query::QueryError;
use beamline_query::forecast::bands;
use beamline_query::series::{SeriesRequest, series};

use super::render::{moment, statistics};
use super::{Call, asked, token};
use crate::fault::Fault;

/// Points on one page: half a day in minutes.
const PAGE: u32 = 720;

pub(super) fn run(
    call: &Call,
    request: GetTimeSeriesServiceStatisticsRequest,
) -> Result<GetTimeSeriesServiceStatisticsResult, Fault> {
    let entity = request
        .entity_selector_expression
        .as_deref()
        .map(EntitySelector::parse)
        .transpose()?;
    let of_service = matches!(entity, Some(EntitySelector::Service(_)));
    let wanted = SeriesRequest {
        account: call.account,
        range: asked::range(call, request.start_time, request.end_time)?,
        minutes: Some(request.period.map_or(Ok(1), |period| minutes(call, period))?),
        selection: asked::group(call, request.group_name, request.group_arn)?,
        entity,
        split: false,
        from: request.next_token.as_deref().map(token::to_bucket).transpose()?,
        most: PAGE,
    };
    let answer = series(&*call.source, &wanted).map_err(|error| match error {
        QueryError::Invalid { field: "cursor", .. } => token::bad_token(),
        other => other.into(),
    })?;
    let forecast = match request.forecast_statistics.unwrap_or_default() {
        false => Vec::new(),
        true if of_service => bands(&*call.source, &wanted, &answer)?,
        true => {
            return Err(Fault::invalid(
                "ForecastStatistics needs an EntitySelectorExpression that names a service",
            ));
        }
    };
    let points = answer.series.iter().flat_map(|series| &series.points);
    let bands = forecast.into_iter().map(Some).chain(std::iter::repeat(None));
    let points = points
        .zip(bands)
        .map(|((at, stats), band)| point(*at, stats, of_service, band));
    Ok(GetTimeSeriesServiceStatisticsResult {
        time_series_service_statistics: Some(points.collect()),
        contains_old_group_versions: Some(false),
        next_token: answer.next.map(token::of_bucket),
    })
}

fn minutes(call: &Call, period: i32) -> Result<u32, Fault> {
    if call.limits.strict && period != 60 && period != 300 {
        return Err(Fault::invalid("Period must be 60 or 300 seconds"));
    }
    let whole = u32::try_from(period)
        .ok()
        .filter(|seconds| *seconds > 0 && seconds % 60 == 0);
    let seconds = whole.ok_or_else(|| Fault::invalid("Period must be a positive multiple of 60 seconds"))?;
    Ok(seconds / 60)
}

fn point(at: Timestamp, stats: &Stats, of_service: bool, band: Option<Band>) -> TimeSeriesServiceStatistics {
    TimeSeriesServiceStatistics {
        timestamp: Some(moment(at)),
        edge_summary_statistics: (!of_service).then(|| statistics::edge(stats)),
        service_summary_statistics: of_service.then(|| statistics::service(stats)),
        service_forecast_statistics: band.map(|band| ForecastStatistics {
            fault_count_high: Some(band.high),
            fault_count_low: Some(band.low),
        }),
        response_time_histogram: Some(statistics::histogram(&stats.response_times)),
    }
}
