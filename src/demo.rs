//! `demo`: the server and a small simulated shop that reports to it through the real sockets.
//!
//! | module | |
//! |---|---|
//! | [`story`], [`weather`] | what happens in the shop, and what goes wrong when |
//! | [`span`] | the words for it, before any protocol |
//! | [`xray`], [`otlp`] | the same in the two protocols |
//! | [`logs`], [`meter`] | what the services log and measure of it |
//! | [`courier`], [`shop`] | when it happens, and how it gets to the server |

mod courier;
mod logs;
mod meter;
mod otlp;
mod shop;
mod span;
mod story;
mod weather;
mod xray;

use std::io::Write;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::serve::{Ready, Server, interrupted};
use courier::Receivers;
pub(crate) use courier::now;
pub(crate) use shop::Shop;

/// Serves, tells the shop's past, says where to look, and keeps the shop open until it is told to stop.
pub(crate) async fn run(config: Config, shop: Shop) -> anyhow::Result<()> {
    let server = Server::start(config).await?;
    let receivers = Receivers {
        xray: server.ready.xray,
        otlp_grpc: server.ready.otlp_grpc,
        otlp_http: server.ready.otlp_http,
    };
    let told = tokio::select! {
        traces = shop.tell_past(receivers) => Some(traces?),
        signal = interrupted() => {
            signal?;
            None
        }
    };
    if let Some(traces) = told {
        say_where_to_look(&server.ready, &shop, traces)?;
        let (closing, mut tasks) = (CancellationToken::new(), JoinSet::new());
        let closed = closing.clone();
        tasks.spawn(async move { shop.open(receivers, closed).await });
        interrupted().await?;
        closing.cancel();
        while tasks.join_next().await.is_some() {}
    }
    server.drain().await
}

fn say_where_to_look(ready: &Ready, shop: &Shop, traces: u64) -> anyhow::Result<()> {
    let endpoint = match ready.http.port() {
        2001 => String::new(),
        _ => format!(" --endpoint http://{}", ready.http),
    };
    let past = match traces {
        0 => String::new(),
        traces => format!(
            "It has reported {traces} traces of the last {} already. ",
            humantime::format_duration(shop.history)
        ),
    };
    let Ready {
        http,
        xray,
        otlp_grpc,
        otlp_http,
        ..
    } = ready;
    writeln!(
        std::io::stdout().lock(),
        "\nBeamline runs, and a small shop of six services reports to it. {past}In another terminal:

  beamline map{endpoint}                  its services and the calls between them
  beamline search 'fault'{endpoint}       requests that failed, and why
  beamline search 'responsetime > 1'{endpoint} --order slowest
  beamline trace ID{endpoint}             one of them as a tree with a time line, its logs and metrics
  beamline logs --words error{endpoint}   what the services logged
  beamline metrics{endpoint}              what they measured
  beamline insights{endpoint}             services that fail more than they usually do, and who is to blame
  beamline tail{endpoint}                 what is going on right now

Point your own application here:

  X-Ray SDKs           AWS_XRAY_DAEMON_ADDRESS={xray}
  OpenTelemetry SDKs   OTEL_EXPORTER_OTLP_ENDPOINT=http://{otlp_grpc}   (gRPC; HTTP is http://{otlp_http})
  AWS CLI and SDKs     AWS_ENDPOINT_URL_XRAY=http://{http}

http://{http}/ tells the same. Ctrl-C stops it; the data stays in {}.\n",
        ready.data.display()
    )?;
    Ok(())
}
