//! SDKs that are offered requests at a steady rate, and what their samplers kept: one process each, which tells its
//! counts on standard output, and between it and the server a pass-through that counts what it asks for.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use super::program::Named;
use crate::harness::Server;

/// Requests offered for each path in each second.
pub(super) const OFFERED: u64 = 60;

/// What was offered and kept so far, by path.
pub(super) type Counts = BTreeMap<String, [u64; 2]>;

/// Counts as a poller told them.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) at: Instant,
    pub(super) counts: Counts,
}

/// Several SDKs that sample at the same time. They end when this is dropped.
pub(super) struct Pollers {
    pollers: Vec<Poller>,
    lines: mpsc::Receiver<(usize, Told)>,
}

/// One SDK.
pub(super) struct Poller {
    pub(super) name: &'static str,
    process: Child,
    /// Everything it told, oldest first.
    pub(super) told: Vec<Told>,
    fetches: Arc<AtomicU64>,
}

impl Pollers {
    /// Starts one process for each program, as the service named.
    pub(super) fn start(server: &Server, programs: &[Named], paths: &[&str]) -> Self {
        let (tell, lines) = mpsc::channel();
        let start = |(index, (name, program)): (usize, &Named)| {
            let fetches = Arc::<AtomicU64>::default();
            let daemon = pass_through(server.xray(), Arc::clone(&fetches));
            let mut process = program
                .clone()
                .with(&[&OFFERED.to_string()])
                .with(paths)
                .command(server)
                .env("SERVICE", name)
                .env("AWS_XRAY_DAEMON_ADDRESS", format!("tcp:{daemon} udp:{}", server.xray()))
                .env("SAMPLER_ENDPOINT", format!("http://{daemon}"))
                .env("POLLING_INTERVAL", "10")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap_or_else(|error| panic!("starting {name} as {program:?}: {error}"));
            let output = BufReader::new(process.stdout.take().expect("stdout is piped"));
            let tell = tell.clone();
            std::thread::spawn(move || {
                for line in output.lines().map_while(Result::ok) {
                    let at = Instant::now();
                    // An SDK may log there too.
                    if let Ok(counts) = serde_json::from_str(&line) {
                        // Nobody listens any more once the test is over.
                        let _ = tell.send((index, Told { at, counts }));
                    }
                }
            });
            Poller {
                name,
                process,
                told: Vec::new(),
                fetches,
            }
        };
        Self {
            pollers: programs.iter().enumerate().map(start).collect(),
            lines,
        }
    }

    /// Each of them, in the order in which they were started.
    pub(super) fn each(&self) -> &[Poller] {
        &self.pollers
    }

    /// Listens until all of them satisfy a condition, or fails at the deadline.
    pub(super) fn until(&mut self, what: &str, within: Duration, done: impl Fn(&Poller) -> bool) {
        let deadline = Instant::now() + within;
        while !self.pollers.iter().all(&done) {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok((index, told)) = self.lines.recv_timeout(left) else {
                let late: Vec<_> = self.pollers.iter().filter(|it| !done(it)).collect();
                let late: Vec<_> = late.iter().map(|it| (it.name, it.told.last())).collect();
                panic!("{what} took longer than {within:?}: {late:?}");
            };
            self.pollers[index].told.push(told);
        }
    }

    /// Listens until all of them have told something after a moment.
    pub(super) fn until_after(&mut self, moment: Instant) {
        let within = moment.saturating_duration_since(Instant::now()) + Duration::from_secs(20);
        self.until("telling", within, |it| {
            it.told.last().is_some_and(|told| told.at > moment)
        });
    }
}

impl Pollers {
    /// Ends all of them, and gives what each offered and kept in the end.
    pub(super) fn finish(mut self) -> Vec<(&'static str, Counts)> {
        for poller in &mut self.pollers {
            drop(poller.process.stdin.take());
        }
        for poller in &mut self.pollers {
            poller.process.wait().expect("it ends with its standard input");
        }
        // Whatever ended told its last before that; the readers only have to come to the end.
        while let Ok((index, told)) = self.lines.recv() {
            self.pollers[index].told.push(told);
        }
        let last = |poller: &Poller| Some((poller.name, poller.told.last()?.counts.clone()));
        self.pollers.iter().filter_map(last).collect()
    }
}

impl Poller {
    /// How often it asked for the rules.
    pub(super) fn fetches(&self) -> u64 {
        self.fetches.load(Ordering::Relaxed)
    }

    /// What was offered for a path, and kept of it, between two moments.
    pub(super) fn between(&self, path: &str, from: Instant, to: Instant) -> [u64; 2] {
        let until = |moment: Instant| {
            let before = self.told.iter().rev().find(|told| told.at <= moment);
            before
                .and_then(|told| told.counts.get(path))
                .copied()
                .unwrap_or_default()
        };
        let ([offered, kept], [before, kept_before]) = (until(to), until(from));
        [offered - before, kept - kept_before]
    }

    /// When it first kept something of a path after a moment.
    pub(super) fn first_kept(&self, path: &str, after: Instant) -> Option<Instant> {
        let kept = |told: &Told| told.counts.get(path).map_or(0, |count| count[1]);
        let before = self.told.iter().rev().find(|told| told.at <= after).map_or(0, kept);
        let later = self.told.iter().filter(|told| told.at > after);
        later.clone().find(|told| kept(told) > before).map(|told| told.at)
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        // They end when standard input does; this is for those that hang.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Listens on a port of its own and passes everything on, as the daemon does. Counts the requests for rules.
fn pass_through(server: SocketAddr, fetches: Arc<AtomicU64>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(upstream) = TcpStream::connect(server) else {
                return;
            };
            let (Ok(client_reader), Ok(upstream_reader)) = (client.try_clone(), upstream.try_clone()) else {
                return;
            };
            let fetches = Arc::clone(&fetches);
            std::thread::spawn(move || copy(client_reader, upstream, Some(&fetches)));
            std::thread::spawn(move || copy(upstream_reader, client, None));
        }
    });
    address
}

/// Copies until either end closes. A request line is never split here: clients send their short heads in one piece.
fn copy(mut from: TcpStream, mut to: TcpStream, fetches: Option<&AtomicU64>) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if let Some(fetches) = fetches {
            let line = b"POST /GetSamplingRules";
            let found = buffer[..read]
                .windows(line.len())
                .filter(|window| window == line)
                .count();
            fetches.fetch_add(found as u64, Ordering::Relaxed);
        }
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
