//! Insights in sentences.
//!
//! Grafana shows what follows the first full stop, so the first sentence has no number with a point in it. Names of
//! services may have one; nothing can be done about that.

use super::kept::{Insight, State};

pub(super) fn summary(insight: &Insight) -> String {
    let root = &insight.root.name;
    let when = match insight.state {
        State::Active => format!("since {}", clock(insight.first)),
        State::Closed => format!("from {} to {}", clock(insight.first), clock(insight.end)),
    };
    let usual = insight.anomalies.iter().find(|anomaly| anomaly.service == insight.root);
    let usual = usual.map_or_else(String::new, |anomaly| format!(", usually {}", percent(anomaly.usual())));
    let failed = share(insight.at_root.fault, insight.at_root.total);
    let others = insight.anomalies.iter().filter(|it| it.service != insight.root).count();
    let spread = match others {
        0 => "No other service is affected".to_owned(),
        1 => "One more service is affected".to_owned(),
        more => format!("{more} more services are affected"),
    };
    let clients = match (insight.clients.fault, insight.clients.total) {
        (_, 0) => "no requests of clients are known".to_owned(),
        (0, _) => "no client felt it".to_owned(),
        (fault, total) => format!("{fault} of {total} requests of clients failed"),
    };
    format!("{failed} of the requests to {root} failed {when}{usual}. {spread}, and {clients}.")
}

fn clock(minute: u32) -> String {
    format!("{:02}:{:02} UTC", minute / 60 % 24, minute % 60)
}

fn share(part: i64, whole: i64) -> String {
    percent(part.max(0) as f64 / whole.max(1) as f64)
}

fn percent(share: f64) -> String {
    match share * 100.0 {
        percent if percent < 0.05 => "hardly any".to_owned(),
        percent if percent < 1.0 => "less than 1 %".to_owned(),
        percent => format!("{percent:.0} %"),
    }
}
