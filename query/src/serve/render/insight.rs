//! Insights.

use beamline_model::insight::{Anomaly, Counts, Event, Insight, State};
use beamline_model::time::Timestamp;
use beamline_proto::query as pb;

use super::{count, service_id, time};

pub(in super::super) fn insight(insight: &Insight) -> pb::Insight {
    pb::Insight {
        id: insight.id().to_owned(),
        group: insight.group.clone(),
        state: state(insight.state).into(),
        start: Some(time(insight.start())),
        end: Some(time(Timestamp::from_minute(insight.end))),
        updated: Some(time(insight.updated())),
        summary: insight.summary(),
        root_cause: Some(service_id(&insight.root)),
        anomalies: insight.anomalies.iter().map(anomaly).collect(),
        root_cause_impact: Some(impact(insight.at_root)),
        client_impact: Some(impact(insight.clients)),
        events: insight.events.iter().map(event).collect(),
    }
}

fn state(state: State) -> pb::InsightState {
    match state {
        State::Active => pb::InsightState::Active,
        State::Closed => pb::InsightState::Closed,
    }
}

fn anomaly(anomaly: &Anomaly) -> pb::Anomaly {
    pb::Anomaly {
        service: Some(service_id(&anomaly.service)),
        start: Some(time(Timestamp::from_minute(anomaly.start))),
        end: Some(time(Timestamp::from_minute(anomaly.end))),
        impact: Some(impact(anomaly.counts)),
        usual_fault_rate: anomaly.usual(),
        expected_faults: anomaly.expected_milli as f64 / 1e3,
        deviation: anomaly.deviation_milli as f64 / 1e3,
    }
}

fn impact(counts: Counts) -> pb::Impact {
    pb::Impact {
        total: count(counts.total),
        ok: count(counts.ok),
        fault: count(counts.fault),
    }
}

fn event(event: &Event) -> pb::InsightEvent {
    pb::InsightEvent {
        time: Some(time(event.at())),
        summary: event.summary.clone(),
        state: state(event.state).into(),
        root_cause_impact: Some(impact(event.at_root)),
        client_impact: Some(impact(event.clients)),
        services: event.services.iter().map(service_id).collect(),
    }
}
