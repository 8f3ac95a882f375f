//! Sampling clients beside the load: whether they are answered in time while the server takes in as much as it can.

use std::rc::Rc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context;
use bytes::Bytes;
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use tokio::task::LocalSet;
use tokio_util::sync::CancellationToken;

use crate::cli::LoadArgs;
use crate::send::http::Http;

/// Each client asks this often, many times as often as a real one, so that a short run has answers enough for a p99.
const EVERY: Duration = Duration::from_millis(500);

/// What was asked, and how long answers took in microseconds.
#[derive(Debug)]
pub(super) struct Poll {
    pub(super) what: &'static str,
    pub(super) times: Histogram<u64>,
    /// Questions that were not answered with what was asked for.
    pub(super) failed: u64,
}

/// Clients that poll until they are stopped. They have a thread of their own, so that what is measured is the server and
/// not how busy the sender of the load is.
pub(super) struct Polls {
    stop: CancellationToken,
    thread: JoinHandle<anyhow::Result<Vec<Poll>>>,
}

impl Polls {
    /// Starts as many clients as asked for; none if that is 0.
    pub(super) fn start(args: &LoadArgs) -> anyhow::Result<Option<Self>> {
        let (clients, base) = (args.pollers, format!("http://{}", args.xray));
        if clients == 0 {
            return Ok(None);
        }
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let thread = std::thread::Builder::new()
            .name("pollers".to_owned())
            .spawn(move || run(&base, clients, &stopped))
            .context("starting a thread for pollers")?;
        Ok(Some(Self { stop, thread }))
    }

    /// Stops them, and gives what they saw.
    pub(super) fn stop(self) -> anyhow::Result<Vec<Poll>> {
        self.stop.cancel();
        let polled = self.thread.join();
        polled.map_err(|_| anyhow::anyhow!("the thread of the pollers failed"))?
    }
}

fn run(base: &str, clients: u16, stop: &CancellationToken) -> anyhow::Result<Vec<Poll>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = LocalSet::new();
    let rules = runtime.block_on(rule_names(base))?;
    let rules: Rc<[String]> = rules.into();
    let clients: Vec<_> = (1..=clients)
        .map(|number| {
            let client = Client {
                http: Http::new(base),
                id: format!("{number:024x}"),
                rules: Rc::clone(&rules),
            };
            let begin = EVERY.mul_f64(f64::from(number) / f64::from(clients));
            local.spawn_local(client.run(begin, stop.clone()))
        })
        .collect();
    let mut all = Poll::both()?;
    local.block_on(&runtime, async {
        for client in clients {
            let polled = client.await.context("a poller ended by itself")??;
            for (sum, part) in all.iter_mut().zip(&polled) {
                sum.times.add(&part.times).context("adding up the answers of pollers")?;
                sum.failed += part.failed;
            }
        }
        anyhow::Ok(())
    })?;
    Ok(all.into())
}

async fn rule_names(base: &str) -> anyhow::Result<Vec<String>> {
    let (_, body) = Http::new(base)
        .post("/GetSamplingRules", JSON, Bytes::from_static(b"{}"))
        .await?;
    let answer: Value = serde_json::from_slice(&body).context("reading the sampling rules")?;
    let records = answer["SamplingRuleRecords"]
        .as_array()
        .context("the answer has no rules")?;
    let names = records
        .iter()
        .filter_map(|record| record["SamplingRule"]["RuleName"].as_str());
    Ok(names.map(str::to_owned).collect())
}

const JSON: &str = "application/json";

/// One client.
struct Client {
    http: Http,
    id: String,
    rules: Rc<[String]>,
}

impl Client {
    async fn run(self, begin: Duration, stop: CancellationToken) -> anyhow::Result<[Poll; 2]> {
        let [mut fetches, mut targets] = Poll::both()?;
        let mut due = tokio::time::interval_at(tokio::time::Instant::now() + begin, EVERY);
        due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while stop.run_until_cancelled(due.tick()).await.is_some() {
            let report = report(&self.rules, &self.id)?;
            targets
                .ask(&self.http, "/SamplingTargets", report, "SamplingTargetDocuments")
                .await;
            let all = Bytes::from_static(b"{}");
            fetches
                .ask(&self.http, "/GetSamplingRules", all, "SamplingRuleRecords")
                .await;
        }
        Ok([fetches, targets])
    }
}

/// What a client would report that saw ten requests a second under each rule.
fn report(rules: &[String], client: &str) -> anyhow::Result<Bytes> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
    let documents = rules.iter().map(|rule| {
        json!({"RuleName": rule, "ClientID": client, "Timestamp": now, "RequestCount": 5, "SampledCount": 1,
               "BorrowCount": 0})
    });
    let report = json!({"SamplingStatisticsDocuments": documents.collect::<Vec<_>>()});
    Ok(Bytes::from(report.to_string()))
}

impl Poll {
    /// Of rules and of targets.
    fn both() -> anyhow::Result<[Self; 2]> {
        Ok([Self::of("GetSamplingRules")?, Self::of("GetSamplingTargets")?])
    }

    fn of(what: &'static str) -> anyhow::Result<Self> {
        Ok(Self {
            what,
            times: Histogram::new_with_bounds(1, 60_000_000, 3).context("making a histogram")?,
            failed: 0,
        })
    }

    /// Asks once; `member` is what an answer has in any case.
    async fn ask(&mut self, http: &Http, path: &str, body: Bytes, member: &str) {
        let begun = Instant::now();
        let answer = http.post(path, JSON, body).await;
        let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.times.saturating_record(micros.max(1));
        let good = answer.is_ok_and(|(status, body)| {
            let body: Value = serde_json::from_slice(&body).unwrap_or_default();
            status.is_success() && body[member].is_array()
        });
        self.failed += u64::from(!good);
    }
}
