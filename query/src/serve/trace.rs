//! One trace, and what goes with it if that is asked for.

use std::sync::Arc;
use std::time::Instant;

use beamline_model::enrich::Scene;
use beamline_model::id::TraceId;
use beamline_proto::query as pb;
use beamline_store::api::Account;
use tonic::Request;

use super::desk::Desk;
use super::fault::Failure;
use super::pool::Deadline;
use super::{render, request};
use crate::QueryError;
use crate::enrich::{self, BUDGET, FoundLogs, Ranked, Reached, Until};
use crate::source::Source;
use crate::trace::{TraceView, stored};

/// What is looked for.
struct Wanted {
    account: Account,
    scene: Arc<Scene>,
    ranked: Ranked,
    /// Something of the trace is stored.
    stored: bool,
}

/// One trace in parts.
pub(super) async fn parts(desk: &Desk, request: Request<pb::GetTraceRequest>) -> Result<Vec<pb::Trace>, Failure> {
    let now = desk.now();
    let deadline = desk.pool.deadline(request.metadata());
    let read = desk.read(deadline, request, move |source, message| {
        let account = request::account(source, message.scope.as_ref())?;
        let id = request::trace("trace_id", &message.trace_id)?;
        let stored = match stored(source, account, id) {
            Err(QueryError::NoSuchTrace(_)) if message.enrich => return Ok(unknown(account, id)),
            found => found?,
        };
        let view = TraceView::open(id, &stored, now);
        let wanted = message.enrich.then(|| Wanted {
            account,
            scene: Arc::new(Scene::of(&view.trace)),
            ranked: enrich::ranked(&view.trace),
            stored: true,
        });
        Ok((render::trace_parts(&view, message.documents), wanted))
    });
    let (parts, wanted) = read.await?;
    match wanted {
        None => Ok(parts),
        Some(wanted) => enriched(desk, deadline, parts, wanted).await,
    }
}

/// A trace of which nothing is stored; others may know of it.
fn unknown(account: Account, id: TraceId) -> (Vec<pb::Trace>, Option<Wanted>) {
    let summary = pb::TraceSummary {
        trace_id: id.to_string(),
        ..pb::TraceSummary::default()
    };
    let part = pb::Trace {
        summary: Some(summary),
        ..pb::Trace::default()
    };
    let wanted = Wanted {
        account,
        scene: Arc::new(Scene::empty(id)),
        ranked: Ranked::default(),
        stored: false,
    };
    (vec![part], Some(wanted))
}

/// Looks for everything at once, and goes without what is late.
async fn enriched(
    desk: &Desk,
    deadline: Deadline,
    parts: Vec<pb::Trace>,
    wanted: Wanted,
) -> Result<Vec<pb::Trace>, Failure> {
    let deadline = deadline.within(BUDGET);
    let until = Until::within(BUDGET);
    let (account, ranked) = (wanted.account, wanted.ranked);
    let [for_logs, for_metrics, for_exemplars] = std::array::from_fn(|_| Arc::clone(&wanted.scene));
    let (logs, metrics, exemplars, ranks) = tokio::join!(
        look(desk, deadline, move |source| enrich::logs(
            source, account, &for_logs, until
        )),
        look(desk, deadline, move |source| {
            enrich::metrics(source, account, &for_metrics, until)
        }),
        look(desk, deadline, move |source| {
            enrich::exemplars(source, account, &for_exemplars, until)
        }),
        look(desk, deadline, move |source| enrich::ranks(source, account, &ranked)),
    );
    let Looked {
        found: FoundLogs { named, nearby },
        ..
    } = &logs;
    if !wanted.stored && named.items.is_empty() {
        return Err(Failure::Query(QueryError::NoSuchTrace(wanted.scene.trace)));
    }
    let looks = vec![
        logs.told(pb::Panel::Logs, named.reached),
        logs.told(pb::Panel::NearbyLogs, nearby.reached),
        metrics.told(pb::Panel::Metrics, metrics.found.reached),
        exemplars.told(pb::Panel::Exemplars, exemplars.found.reached),
        ranks.told(pb::Panel::Ranks, ranks.found.reached),
    ];
    let enrichment = pb::Enrichment {
        log_only: !wanted.stored,
        logs: Vec::new(),
        metrics: metrics.found.items.iter().map(render::joined_metric).collect(),
        exemplars: exemplars.found.items.iter().map(render::joined_exemplar).collect(),
        ranks: ranks.found.items.iter().map(render::rank).collect(),
        looks,
    };
    let events = named.items.iter().chain(&nearby.items).map(render::joined_log);
    Ok(render::with_enrichment(parts, enrichment, events))
}

/// What a look found, and how it went.
struct Looked<T> {
    found: T,
    /// How it ended without an answer, if it did.
    failed: Option<pb::LookState>,
    took: std::time::Duration,
}

async fn look<T: Default + Send + 'static>(
    desk: &Desk,
    deadline: Deadline,
    work: impl FnOnce(&dyn Source) -> Result<T, QueryError> + Send + 'static,
) -> Looked<T> {
    let begun = Instant::now();
    let source = Arc::clone(&desk.source);
    let answer = desk.pool.run(deadline, move || work(&*source)).await;
    let took = begun.elapsed();
    let (found, failed) = match answer {
        Ok(found) => (found, None),
        Err(Failure::Deadline) => (T::default(), Some(pb::LookState::Late)),
        Err(Failure::Query(error)) => {
            tracing::warn!(%error, "a trace is told without all that goes with it");
            (T::default(), Some(pb::LookState::Failed))
        }
    };
    Looked { found, failed, took }
}

impl<T> Looked<T> {
    fn told(&self, panel: pb::Panel, reached: Reached) -> pb::Look {
        let state = self.failed.unwrap_or(match reached {
            Reached::Complete => pb::LookState::Complete,
            Reached::Truncated => pb::LookState::Truncated,
            Reached::Late => pb::LookState::Late,
        });
        pb::Look {
            panel: panel.into(),
            state: state.into(),
            took: Some(render::took(self.took)),
        }
    }
}
