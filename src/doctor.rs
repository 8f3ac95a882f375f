//! `doctor`: why something does not show up. Asks the questions that a person would ask, in order.

use std::io::Write;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use beamline_model::id::TraceId;
use beamline_model::time::Timestamp;
use beamline_proto::query::{Form, GetStatusRequest, GetStatusResponse, GetTraceRequest, Rejected, Trace};
use serde_json::json;
use tokio::net::TcpStream;
use tonic::Code;

use crate::cli::DoctorArgs;
use crate::exit::Negative;
use crate::send::http::Http;
use crate::show::client::{Query, connect, failure, scope};
use crate::show::screen::{FAULT, GOOD, QUIET, Screen, printable};
use crate::show::words::{count, counted, length, moment};

/// A finding.
struct Finding {
    verdict: Verdict,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Fine,
    Told,
    Wrong,
}

/// A clock that differs less than this is right: the answer itself takes time.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(2);

/// What is stored, by the label that the server's counters have for it.
const STORED: [(&str, &str); 3] = [
    ("signal=\"traces\"", "document"),
    ("signal=\"logs\"", "log record"),
    ("signal=\"metrics\"", "data point"),
];

/// Looks, and prints what it found. Fails if anything is wrong.
pub(crate) async fn run(args: &DoctorArgs) -> anyhow::Result<()> {
    let mut findings = Findings::default();
    findings.look_at_server(args).await;
    findings.look_at_ports(args).await;
    if let Ok(mut query) = connect(&args.show.server.endpoint).await {
        findings.look_at_status(&mut query).await;
        if let Some(trace) = &args.trace {
            findings.look_for_trace(&mut query, args, trace).await?;
        }
    }
    findings.print(args.show.json)
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, verdict: Verdict, text: impl Into<String>) {
        self.0.push(Finding {
            verdict,
            text: text.into(),
        });
    }

    async fn look_at_server(&mut self, args: &DoctorArgs) {
        let endpoint = &args.show.server.endpoint;
        match Http::new(endpoint).get("/readyz").await {
            Ok((status, _)) if status.is_success() => {
                self.add(Verdict::Fine, format!("{endpoint} answers and is ready"))
            }
            Ok((_, body)) => {
                let reason = printable(String::from_utf8_lossy(&body).trim());
                self.add(
                    Verdict::Wrong,
                    format!("{endpoint} answers but takes in nothing: {reason}"),
                );
            }
            Err(error) => {
                let why = error.root_cause();
                self.add(
                    Verdict::Wrong,
                    format!("{endpoint} does not answer ({why}); is `beamline serve` running?"),
                );
            }
        }
    }

    /// A datagram port cannot be asked whether somebody is there, but the X-Ray port has a TCP twin.
    async fn look_at_ports(&mut self, args: &DoctorArgs) {
        for (what, address) in [
            ("X-Ray", daemon_address(&args.xray)),
            ("OTLP gRPC", args.otlp_grpc.clone()),
            ("OTLP HTTP", args.otlp_http.clone()),
        ] {
            let attempt = tokio::time::timeout(Duration::from_secs(2), TcpStream::connect(&address)).await;
            match attempt {
                Ok(Ok(_)) => self.add(Verdict::Fine, format!("{what} port {address} is open")),
                Ok(Err(error)) => self.add(Verdict::Wrong, format!("{what} port {address} is not: {error}")),
                Err(_) => self.add(Verdict::Wrong, format!("{what} port {address} does not answer")),
            }
        }
    }

    async fn look_at_status(&mut self, query: &mut Query) {
        let asked = SystemTime::now();
        let answer = query.get_status(GetStatusRequest { rejected_limit: 10 }).await;
        let status = match answer {
            Ok(answer) => answer,
            Err(status) => return self.add(Verdict::Wrong, format!("{:#}", failure(status, ""))),
        };
        self.look_at_clock(status.metadata(), asked);
        self.look_at_counters(status.get_ref());
        for rejected in &status.get_ref().rejected {
            self.add(Verdict::Told, rejected_text(rejected));
        }
    }

    fn look_at_clock(&mut self, metadata: &tonic::metadata::MetadataMap, asked: SystemTime) {
        let date = metadata.get("date").and_then(|date| date.to_str().ok());
        let Some(server) = date.and_then(parse_http_date) else {
            return;
        };
        // The header has whole seconds.
        let off = match asked.duration_since(server) {
            Ok(behind) => behind.saturating_sub(Duration::from_secs(1)),
            Err(ahead) => ahead.duration(),
        };
        if off > CLOCK_TOLERANCE {
            let off = length(off);
            self.add(
                Verdict::Wrong,
                format!("the clocks here and at the server differ by {off}; traces appear at odd times"),
            );
        } else {
            self.add(Verdict::Fine, "the clocks here and at the server agree");
        }
    }

    fn look_at_counters(&mut self, status: &GetStatusResponse) {
        let since = status.started.as_ref().map(|started| moment(Some(started)));
        self.add(
            Verdict::Told,
            format!(
                "version {}, running since {} UTC",
                status.version,
                since.unwrap_or_default()
            ),
        );
        let mut stored = STORED.map(|(signal, noun)| (signal, noun, 0.0));
        for figure in status.figures.iter().filter(|figure| figure.value > 0.0) {
            if figure.name.starts_with("beamline_collector_stored_total") {
                let of = stored.iter_mut().filter(|(signal, ..)| figure.name.contains(signal));
                of.for_each(|(.., sum)| *sum += figure.value);
            }
            let is_loss = figure.name.contains("rejected") || figure.name.contains("dropped");
            if is_loss && figure.name.starts_with("beamline_collector") {
                self.add(
                    Verdict::Told,
                    format!("lost so far: {} {}", count(figure.value as u64), figure.name),
                );
            }
        }
        let parts = stored.iter().filter(|(.., sum)| *sum > 0.0);
        let parts: Vec<String> = parts.map(|(_, noun, sum)| counted(*sum as u64, noun)).collect();
        if parts.is_empty() {
            self.add(
                Verdict::Wrong,
                "nothing has arrived since it was started; is the address right that applications send to?",
            );
        } else {
            self.add(
                Verdict::Fine,
                format!("{} stored since it was started", parts.join(", ")),
            );
        }
    }

    async fn look_for_trace(&mut self, query: &mut Query, args: &DoctorArgs, trace: &str) -> anyhow::Result<()> {
        let id: TraceId = match trace.parse() {
            Ok(id) => id,
            Err(error) => {
                self.add(Verdict::Wrong, format!("{error}"));
                return Ok(());
            }
        };
        let request = GetTraceRequest {
            scope: scope(&args.show),
            trace_id: id.to_string(),
            ..GetTraceRequest::default()
        };
        let answer = match query.get_trace(request).await {
            Ok(parts) => parts.into_inner().message().await,
            Err(status) => Err(status),
        };
        match answer {
            Ok(Some(trace)) => self.judge_trace(&trace),
            Err(status) if status.code() == Code::NotFound => self.explain_absence(query, id).await?,
            Ok(None) => self.add(Verdict::Wrong, "the server answered with nothing"),
            Err(status) => self.add(Verdict::Wrong, format!("{:#}", failure(status, ""))),
        }
        Ok(())
    }

    fn judge_trace(&mut self, trace: &Trace) {
        let id = trace
            .summary
            .as_ref()
            .map_or("the trace", |summary| summary.trace_id.as_str());
        self.add(
            Verdict::Fine,
            format!("{id} is there: {}", counted(trace.nodes.len() as u64, "node")),
        );
        for node in &trace.nodes {
            match node.form() {
                Form::Placeholder => self.add(
                    Verdict::Wrong,
                    format!(
                        "{} names the parent {}, which never arrived",
                        printable(&node.name),
                        node.id
                    ),
                ),
                _ if node.in_progress => {
                    self.add(
                        Verdict::Told,
                        format!("{} ({}) has not ended", printable(&node.name), node.id),
                    );
                }
                _ => {}
            }
            for oddity in &node.oddities {
                let oddity = oddity.replace('_', " ");
                self.add(
                    Verdict::Told,
                    format!("{} ({}): {oddity}", printable(&node.name), node.id),
                );
            }
        }
        if trace.summary.as_ref().is_some_and(|summary| summary.limit_exceeded) {
            self.add(
                Verdict::Wrong,
                "the trace is larger than one may be; what came last was refused",
            );
        }
    }

    /// Refused documents keep their beginning, and trace ids stand at the beginning.
    async fn explain_absence(&mut self, query: &mut Query, id: TraceId) -> anyhow::Result<()> {
        self.add(Verdict::Wrong, format!("nothing is stored of {id}"));
        let request = GetStatusRequest { rejected_limit: 1_000 };
        let status = query
            .get_status(request)
            .await
            .context("asking for what was refused")?
            .into_inner();
        let spellings = [id.to_string(), id.to_w3c()];
        let bytes = id.to_bytes();
        let about = |rejected: &&Rejected| {
            let text = String::from_utf8_lossy(&rejected.excerpt).to_lowercase();
            spellings.iter().any(|spelling| text.contains(spelling))
                || rejected.excerpt.windows(bytes.len()).any(|window| window == bytes)
        };
        let refused: Vec<&Rejected> = status.rejected.iter().filter(about).collect();
        for rejected in &refused {
            self.add(
                Verdict::Wrong,
                format!("a part of it was refused: {}", rejected_text(rejected)),
            );
        }
        if refused.is_empty() {
            self.add(
                Verdict::Told,
                "no part of it is among what was refused lately; it was not sent, not sampled, or lost on the way by UDP",
            );
        }
        let age = crate::demo::now().since(Timestamp::from_seconds(id.epoch_seconds().into()));
        if age > 30 * 86_400 * 1_000_000_000 && id.epoch_seconds() > 1_400_000_000 {
            self.add(
                Verdict::Told,
                format!(
                    "by its id it is {} old; it may have expired",
                    length(Duration::from_nanos(age))
                ),
            );
        }
        Ok(())
    }

    fn print(self, json: bool) -> anyhow::Result<()> {
        let mut screen = Screen::stdout();
        let paint = screen.paint;
        for Finding { verdict, text } in &self.0 {
            let (mark, word, style) = match verdict {
                Verdict::Fine => ("✓", "fine", GOOD),
                Verdict::Told => ("·", "told", QUIET),
                Verdict::Wrong => ("✗", "wrong", FAULT),
            };
            if json {
                writeln!(screen, "{}", json!({"verdict": word, "finding": text}))?;
            } else {
                writeln!(screen, "{} {text}", paint.text(style, mark))?;
            }
        }
        screen.flush()?;
        if self.0.iter().any(|finding| finding.verdict == Verdict::Wrong) {
            return Err(Negative.into());
        }
        Ok(())
    }
}

fn rejected_text(rejected: &Rejected) -> String {
    let beginning: String = String::from_utf8_lossy(&rejected.excerpt).chars().take(120).collect();
    printable(&format!(
        "{} UTC: {} refused ({}): {}: {beginning}",
        moment(rejected.time.as_ref()),
        rejected.receiver,
        rejected.reason,
        rejected.message
    ))
}

/// The TCP address in what X-Ray SDKs accept: `host:port`, or `tcp:host:port udp:host:port` in either order.
fn daemon_address(text: &str) -> String {
    let parts = || text.split_whitespace();
    let tcp = parts().find_map(|part| part.strip_prefix("tcp:"));
    tcp.or_else(|| parts().next()).unwrap_or(text).to_owned()
}

/// `Tue, 15 Nov 1994 08:12:31 GMT`.
fn parse_http_date(text: &str) -> Option<SystemTime> {
    let parts: Vec<&str> = text.split_whitespace().collect();
    let [_, day, month, year, time, "GMT"] = parts.as_slice() else {
        return None;
    };
    let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let month = 1 + months.iter().position(|name| name == month)?;
    humantime::parse_rfc3339(&format!("{year}-{month:02}-{day:0>2}T{time}Z")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn daemon_addresses_are_read_as_sdks_read_them() {
        assert_eq!(daemon_address("127.0.0.1:2000"), "127.0.0.1:2000");
        assert_eq!(daemon_address("tcp:10.0.0.1:2000 udp:10.0.0.2:2000"), "10.0.0.1:2000");
        assert_eq!(daemon_address("udp:10.0.0.2:2000 tcp:10.0.0.1:3000"), "10.0.0.1:3000");
    }

    #[test]
    fn the_servers_clock_is_read_from_the_date_header() {
        let time = parse_http_date("Tue, 15 Nov 1994 08:12:31 GMT").unwrap();
        assert_eq!(time, humantime::parse_rfc3339("1994-11-15T08:12:31Z").unwrap());
        assert_eq!(parse_http_date("yesterday"), None);
    }
}
