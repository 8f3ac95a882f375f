//! `import`: files of traces, logs and metrics, sent to the server through its APIs. What a file holds is told by its content.

mod content;

use std::io::{IsTerminal, Read, Write};
use std::path::Path;

use anyhow::Context;
use beamline_model::otlp::Signal;
use bytes::Bytes;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use crate::cli::ImportArgs;
use crate::exit::Negative;
use crate::send::http::Http;
use crate::show::words::counted;
use content::{Content, Unknown};

/// Larger files are no traces of one service; they would only fill the memory.
const MAX_FILE: u64 = 2 << 30;
/// Documents in one request, as the X-Ray daemon sends them.
const DOCUMENTS: usize = 50;

/// Sends every file, then says what became of it. Fails if anything was refused.
pub(crate) async fn run(args: &ImportArgs) -> anyhow::Result<()> {
    let mut import = Import {
        aws: Http::new(&args.server.endpoint).signed_for("xray"),
        otlp: Http::new(&args.otlp_http),
        sent: Tally::default(),
        refused: Vec::new(),
    };
    let progress = progress(args.files.len());
    for path in &args.files {
        progress.set_message(path.display().to_string());
        let bytes = read(path).with_context(|| format!("reading {}", path.display()))?;
        let contents =
            content::recognise(&bytes).map_err(|Unknown(why)| anyhow::anyhow!("{}: {why}", path.display()))?;
        import
            .send(contents)
            .await
            .with_context(|| format!("sending {}", path.display()))?;
        progress.inc(1);
    }
    progress.finish_and_clear();
    import.tell()
}

/// A file, or standard input for `-`; never more than the limit.
fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let taken = if path == Path::new("-") {
        std::io::stdin().lock().take(MAX_FILE + 1).read_to_end(&mut bytes)?
    } else {
        std::fs::File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?
    };
    anyhow::ensure!(taken as u64 <= MAX_FILE, "more than {} GiB; split it", MAX_FILE >> 30);
    Ok(bytes)
}

#[derive(Default)]
struct Tally {
    documents: u64,
    requests: u64,
}

struct Import {
    aws: Http,
    otlp: Http,
    sent: Tally,
    /// What the server said to what it did not take.
    refused: Vec<String>,
}

impl Import {
    async fn send(&mut self, contents: Vec<Content>) -> anyhow::Result<()> {
        let mut documents = Vec::new();
        for content in contents {
            match content {
                Content::Document(document) => {
                    documents.push(document);
                    if documents.len() == DOCUMENTS {
                        self.put_segments(std::mem::take(&mut documents)).await?;
                    }
                }
                Content::OtlpJson(signal, body) => self.export(signal, "application/json", body).await?,
                Content::OtlpProtobuf(signal, body) => self.export(signal, "application/x-protobuf", body).await?,
            }
        }
        self.put_segments(documents).await
    }

    async fn put_segments(&mut self, documents: Vec<String>) -> anyhow::Result<()> {
        if documents.is_empty() {
            return Ok(());
        }
        let count = documents.len() as u64;
        let body = json!({"TraceSegmentDocuments": documents}).to_string();
        let (status, answer) = self
            .aws
            .post("/TraceSegments", "application/json", Bytes::from(body))
            .await?;
        anyhow::ensure!(
            status.is_success(),
            "the server answered {status}: {}",
            String::from_utf8_lossy(&answer)
        );
        let answer: serde_json::Value = serde_json::from_slice(&answer).context("understanding the server's answer")?;
        let unprocessed = answer["UnprocessedTraceSegments"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        self.sent.documents += count.saturating_sub(unprocessed.len() as u64);
        for segment in unprocessed {
            let id = segment["Id"].as_str().unwrap_or("document without an id");
            let message = segment["Message"]
                .as_str()
                .or(segment["ErrorCode"].as_str())
                .unwrap_or("refused");
            self.refused.push(format!("{id}: {message}"));
        }
        Ok(())
    }

    async fn export(&mut self, signal: Signal, kind: &str, body: Bytes) -> anyhow::Result<()> {
        let (status, answer) = self.otlp.post(&format!("/v1/{signal}"), kind, body).await?;
        if !status.is_success() {
            self.refused
                .push(format!("OTLP request: {status}: {}", String::from_utf8_lossy(&answer)));
            return Ok(());
        }
        self.sent.requests += 1;
        if kind == "application/json" {
            let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap_or_default();
            if let Some(message) = answer["partialSuccess"]["errorMessage"]
                .as_str()
                .filter(|it| !it.is_empty())
            {
                self.refused.push(format!("OTLP {signal}: {message}"));
            }
        }
        Ok(())
    }

    fn tell(self) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        let Tally { documents, requests } = self.sent;
        writeln!(
            out,
            "took in {} and {}",
            counted(documents, "X-Ray document"),
            counted(requests, "OTLP request")
        )?;
        if self.refused.is_empty() {
            return Ok(());
        }
        let mut err = std::io::stderr().lock();
        writeln!(err, "refused {}:", counted(self.refused.len() as u64, "thing"))?;
        const SHOWN: usize = 20;
        for refused in self.refused.iter().take(SHOWN) {
            writeln!(err, "  {}", crate::show::screen::printable(refused))?;
        }
        if self.refused.len() > SHOWN {
            writeln!(err, "  and {} more", self.refused.len() - SHOWN)?;
        }
        Err(Negative.into())
    }
}

fn progress(files: usize) -> ProgressBar {
    if files < 2 || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(files as u64), ProgressDrawTarget::stderr_with_hz(4));
    bar.set_style(
        ProgressStyle::with_template("{bar:30} {pos} of {len} files  {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar
}
