//! What a load showed, for people or as JSON.

use std::io::{self, Write};
use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Value, json};

use super::drive::Sent;
use super::polls::Poll;
use super::reads::Read;
use super::server::Look;
use crate::cli::{LoadArgs, Protocol, ShapeArg};
use crate::show::words::{count, length};

/// All figures.
pub(super) struct Report<'a> {
    args: &'a LoadArgs,
    sent: &'a Sent,
    stored: f64,
    lost: Vec<(String, f64)>,
    /// CPU seconds of the server, up to the last trace sealed.
    cpu: Option<f64>,
    own_cpu: Option<f64>,
    resident: Option<u64>,
    disk: Option<u64>,
    polls: Vec<Poll>,
    reads: Vec<Read>,
}

impl<'a> Report<'a> {
    pub(super) fn new(
        args: &'a LoadArgs,
        sent: &'a Sent,
        before: &Look,
        after: &Look,
        polls: Vec<Poll>,
        reads: Vec<Read>,
    ) -> Self {
        let gained = |get: fn(&Look) -> Option<f64>| Some(get(after)? - get(before)?);
        Self {
            args,
            sent,
            stored: after.stored(before),
            lost: after.lost(before).into_iter().collect(),
            cpu: gained(|look| look.cpu),
            own_cpu: gained(|look| look.own_cpu),
            resident: after.resident,
            disk: after
                .disk
                .zip(before.disk)
                .map(|(after, before)| after.saturating_sub(before)),
            polls,
            reads,
        }
    }

    fn rate(&self) -> f64 {
        self.sent.spans as f64 / self.sent.took.as_secs_f64().max(1e-9)
    }

    fn per_million(&self, seconds: Option<f64>) -> Option<f64> {
        (self.stored > 0.0).then_some(seconds? * 1e6 / self.stored)
    }

    fn bytes_per_span(&self) -> Option<f64> {
        (self.stored > 0.0).then_some(self.disk? as f64 / self.stored)
    }

    /// By UDP nobody acknowledges, so what was stored is all there is to go by.
    fn lost_on_the_way(&self) -> u64 {
        let accounted = self.stored + self.lost.iter().map(|(_, lost)| lost).sum::<f64>();
        (self.sent.documents() as f64 - accounted).max(0.0) as u64
    }

    /// One JSON object.
    pub(super) fn json(&self) -> Value {
        let sent = self.sent;
        let failed: Value = sent
            .failed
            .iter()
            .map(|(reason, spans)| (reason.clone(), json!(spans)))
            .collect();
        let lost: Value = self
            .lost
            .iter()
            .map(|(reason, spans)| (reason.clone(), json!(spans)))
            .collect();
        let reads: Vec<Value> = self
            .reads
            .iter()
            .map(|read| json!({"what": read.what, "answer": read.answer, "micros": quantiles(&read.times)}))
            .collect();
        let polls: Vec<Value> = self
            .polls
            .iter()
            .map(|poll| {
                json!({"what": poll.what, "asked": poll.times.len(), "failed": poll.failed,
                       "micros": quantiles(&poll.times)})
            })
            .collect();
        json!({
            "protocol": protocol(self.args.protocol),
            "shape": shape(self.args.shape),
            "target_rate": self.args.rate,
            "connections": self.args.connections,
            "seconds": sent.took.as_secs_f64(),
            "spans_per_second": self.rate(),
            "sent": sent.spans,
            "sent_bytes": sent.bytes,
            "acknowledged": if self.args.protocol == Protocol::XrayUdp { Value::Null } else { json!(sent.acknowledged) },
            "stored": self.stored,
            "rejected": sent.rejected,
            "failed": failed,
            "lost": lost,
            "lost_on_the_way": self.lost_on_the_way(),
            "latency_micros": quantiles(&sent.latency),
            "server_cpu_seconds_per_million": self.per_million(self.cpu),
            "own_cpu_seconds_per_million": self.per_million(self.own_cpu),
            "server_resident_bytes": self.resident,
            "disk_bytes_per_span": self.bytes_per_span(),
            "polls": polls,
            "reads": reads,
        })
    }

    /// A page of text.
    pub(super) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let sent = self.sent;
        let mut line = |name: &str, text: String| writeln!(out, "{name:<22} {text}");
        let (protocol, shape) = (protocol(self.args.protocol), shape(self.args.shape));
        line(
            "load",
            format!("{protocol}, {shape} shape, {} connections", self.args.connections),
        )?;
        line("sent", format!("{} spans in {}", count(sent.spans), length(sent.took)))?;
        let target = match self.args.rate {
            0 => "as many as the server takes".to_owned(),
            rate => format!("{} asked for", count(rate)),
        };
        line("rate", format!("{} spans/s ({target})", count(self.rate() as u64)))?;
        if self.args.protocol != Protocol::XrayUdp {
            let rate = sent.acknowledged as f64 / sent.took.as_secs_f64().max(1e-9);
            line(
                "acknowledged",
                format!("{} spans, {}/s", count(sent.acknowledged), count(rate as u64)),
            )?;
        }
        line(
            "stored",
            format!("{} spans, as the server counts", count(self.stored as u64)),
        )?;
        let lost = sent.failed.iter().map(|(reason, spans)| (reason.as_str(), *spans));
        let lost = lost.chain(self.lost.iter().map(|(reason, spans)| (reason.as_str(), *spans as u64)));
        let way = Some(("on the way", self.lost_on_the_way())).filter(|(_, spans)| *spans > 0);
        let lost: Vec<_> = lost.chain(way).collect();
        if lost.is_empty() {
            line("lost", "nothing".to_owned())?;
        }
        for (reason, spans) in lost {
            line("lost", format!("{} spans: {reason}", count(spans)))?;
        }
        line("time to answer", times(&sent.latency))?;
        for (name, seconds) in [("server CPU", self.cpu), ("own CPU", self.own_cpu)] {
            if let Some(seconds) = self.per_million(seconds) {
                line(name, format!("{seconds:.2} s per million spans"))?;
            }
        }
        if let Some(bytes) = self.resident {
            line("server memory", format!("{} MiB resident", bytes >> 20))?;
        }
        if let Some(bytes) = self.bytes_per_span() {
            line("disk", format!("{bytes:.1} bytes per span, all indexes"))?;
        }
        for poll in &self.polls {
            let failed = match poll.failed {
                0 => String::new(),
                failed => format!(", {} failed", count(failed)),
            };
            let asked = count(poll.times.len());
            line(
                "poll",
                format!("{}  {} ({asked} asked{failed})", times(&poll.times), poll.what),
            )?;
        }
        for read in &self.reads {
            line(
                "read",
                format!("{}  {} ({} found)", times(&read.times), read.what, count(read.answer)),
            )?;
        }
        Ok(())
    }
}

fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::XrayUdp => "xray-udp",
        Protocol::XrayApi => "xray-api",
        Protocol::Otlp => "otlp",
    }
}

fn shape(shape: ShapeArg) -> &'static str {
    match shape {
        ShapeArg::Jaeger => "jaeger",
        ShapeArg::Skewed => "skewed",
    }
}

fn quantiles(times: &Histogram<u64>) -> Value {
    json!({
        "p50": times.value_at_quantile(0.5), "p95": times.value_at_quantile(0.95),
        "p99": times.value_at_quantile(0.99), "max": times.max(),
    })
}

fn times(times: &Histogram<u64>) -> String {
    let at = |quantile| length(Duration::from_micros(times.value_at_quantile(quantile)));
    format!("p50 {:>8}  p95 {:>8}  p99 {:>8}", at(0.5), at(0.95), at(0.99))
}
