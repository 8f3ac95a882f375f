//! Starts the binary on free ports with its data in a folder of its own, and stops it again.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use beamline_proto::query::query_client::QueryClient;
use beamline_proto::query::tail_response::Event;
use beamline_proto::query::{GetTraceRequest, TailRequest, Trace};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tonic::Code;
use tonic::transport::Channel;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The flags of the listeners, and their names in the ready file.
const LISTENERS: [(&str, &str); 4] = [
    ("--http", "http"),
    ("--xray", "xray"),
    ("--otlp-grpc", "otlp_grpc"),
    ("--otlp-http", "otlp_http"),
];

/// A running server. It is killed when dropped, and its data goes with it.
pub(crate) struct Server {
    process: Child,
    ready: serde_json::Value,
    folder: Option<TempDir>,
}

/// The binary under test, with an environment in which nothing of ours is set.
pub(crate) fn beamline(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_beamline"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BEAMLINE_") || name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    command.args(args);
    command
}

/// Runs the binary to its end in an empty folder.
pub(crate) fn run(args: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    beamline(args).current_dir(folder.path()).output().unwrap()
}

impl Server {
    /// Starts a server with nothing in it.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server with nothing in it and further flags.
    pub(crate) fn start_with(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Self::start_on(&folder.path().join("data"), flags);
        server.folder = Some(folder);
        server
    }

    /// Starts a server on data that may exist already.
    pub(crate) fn start_on(data: &Path, flags: &[&str]) -> Self {
        Self::listening(data, ["127.0.0.1:0"; 4], flags)
    }

    /// Starts a server that was killed again, on its data and its ports.
    pub(crate) fn start_again(&mut self) {
        let addresses = LISTENERS.map(|(_, name)| self.address(name).to_string());
        let started = Self::listening(&self.data(), addresses.each_ref().map(String::as_str), &[]);
        let folder = self.folder.take();
        *self = started;
        self.folder = folder;
    }

    fn listening(data: &Path, addresses: [&str; 4], flags: &[&str]) -> Self {
        let ready_file = data.with_extension("ready.json");
        let mut command = beamline(&["serve", "--data"]);
        command.arg(data).arg("--ready-file").arg(&ready_file);
        for ((flag, _), address) in LISTENERS.iter().zip(addresses) {
            command.args([flag, address]);
        }
        let mut process = command.args(flags).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stderr.take().unwrap()).lines();
        await_start_up_line(lines);
        let ready = serde_json::from_slice(&std::fs::read(&ready_file).unwrap()).unwrap();
        Self {
            process,
            ready,
            folder: None,
        }
    }

    /// AWS APIs, gRPC query API, health and metrics.
    pub(crate) fn http(&self) -> SocketAddr {
        self.address("http")
    }

    /// X-Ray daemon protocol, UDP and TCP.
    pub(crate) fn xray(&self) -> SocketAddr {
        self.address("xray")
    }

    /// OTLP over gRPC.
    pub(crate) fn otlp_grpc(&self) -> SocketAddr {
        self.address("otlp_grpc")
    }

    /// OTLP over HTTP.
    pub(crate) fn otlp_http(&self) -> SocketAddr {
        self.address("otlp_http")
    }

    /// Where the data is.
    pub(crate) fn data(&self) -> PathBuf {
        PathBuf::from(self.ready["data"].as_str().unwrap())
    }

    /// The endpoint for `--endpoint` and for SDKs.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.http())
    }

    fn address(&self, name: &str) -> SocketAddr {
        self.ready[name].as_str().unwrap().parse().unwrap()
    }

    /// Sends a datagram to the X-Ray port.
    pub(crate) fn send_datagram(&self, datagram: &[u8]) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.send_to(datagram, self.xray()).unwrap();
    }

    /// The query API.
    pub(crate) async fn query(&self) -> QueryClient<Channel> {
        QueryClient::connect(self.endpoint()).await.unwrap()
    }

    /// One trace with its documents; `None` if there is none.
    pub(crate) async fn trace(&self, id: &str) -> Option<Trace> {
        let request = GetTraceRequest {
            trace_id: id.to_owned(),
            documents: true,
            ..GetTraceRequest::default()
        };
        let mut parts = match self.query().await.get_trace(request).await {
            Ok(parts) => parts.into_inner(),
            Err(status) if status.code() == Code::NotFound => return None,
            Err(status) => panic!("{status}"),
        };
        let mut whole = parts.message().await.unwrap()?;
        while let Some(part) = parts.message().await.unwrap() {
            whole.nodes.extend(part.nodes);
            whole.documents.extend(part.documents);
        }
        Some(whole)
    }

    /// Does something that nobody acknowledges, and waits until the server has told of `changes` changes to the trace.
    pub(crate) async fn await_trace(&self, id: &str, changes: usize, act: impl FnOnce()) {
        let mut events = self
            .query()
            .await
            .tail(TailRequest::default())
            .await
            .unwrap()
            .into_inner();
        act();
        let wait = async {
            let mut seen = 0;
            while seen < changes {
                let event = events.message().await.unwrap().unwrap();
                if let Some(Event::Trace(trace)) = event.event {
                    seen += usize::from(trace.trace_id == id);
                }
            }
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .unwrap_or_else(|_| panic!("{id} was not told of"));
    }

    /// Ends it as a power switch would.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Asks it to end, and waits for that.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        let pid = Pid::from_raw(i32::try_from(self.process.id()).unwrap());
        kill(pid, Signal::SIGTERM).unwrap();
        self.process.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits for the start-up line, then keeps reading so that the server never blocks on a full pipe.
fn await_start_up_line(lines: impl Iterator<Item = std::io::Result<String>> + Send + 'static) {
    let (told, started) = mpsc::channel();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            if std::env::var_os("BEAMLINE_TEST_LOG").is_some() {
                eprintln!("{line}");
            }
            // Nobody listens any more once it has started.
            let _ = told.send(line);
        }
    });
    let mut said = Vec::new();
    loop {
        match started.recv_timeout(PATIENCE) {
            Ok(line) if line.contains(" serves: ") => return,
            Ok(line) => said.push(line),
            Err(_) => panic!("the server did not start: {}", said.join("\n")),
        }
    }
}

/// One HTTP/1.1 request; gives the status and the body.
pub(crate) fn http(address: SocketAddr, method: &str, path: &str, kind: &str, body: &[u8]) -> (u16, String) {
    try_http(address, method, path, kind, body).unwrap()
}

/// The same, for servers that may be killed meanwhile.
pub(crate) fn try_http(
    address: SocketAddr,
    method: &str,
    path: &str,
    kind: &str,
    body: &[u8],
) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: {kind}\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let broken = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(broken)?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .ok_or_else(broken)?;
    Ok((status, body.to_owned()))
}

/// Runs asynchronous test code.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}
