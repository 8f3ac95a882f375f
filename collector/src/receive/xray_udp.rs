//! The X-Ray daemon's UDP port: takes many datagrams from the kernel in one call, on a thread of its own, into buffers
//! that are used again and again.

use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use beamline_store::api::Account;
use nix::errno::Errno;
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, MultiHeaders, SockaddrStorage, recvmmsg, setsockopt, sockopt::RxqOvfl,
};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::pipeline::{Datagrams, Pipeline, SentMetrics, Source};
use crate::report::{Dropped, Transport};

/// Datagrams taken at a time.
const SLOTS: usize = 32;

/// No datagram is longer.
const SLOT: usize = 64 * 1024;

/// What the kernel is asked to keep while nobody looks: at 4 MiB nothing was lost up to 140,000 datagrams a second.
const KERNEL_BUFFER: usize = 4 << 20;

/// Requests with metrics that may wait to be kept, each of at most one datagram; when there are more, they are dropped
/// and counted.
const METRICS_QUEUE: usize = 256;

/// So many of them are kept at the same time, so that they share commits.
const METRICS_AT_ONCE: usize = 64;

/// How often an idle receiver looks whether it should stop.
const LOOK_UP: Duration = Duration::from_millis(200);

/// How long datagrams are still taken after the word to stop.
const FINISH: Duration = Duration::from_secs(1);

/// A bound socket.
#[derive(Debug)]
pub(crate) struct XrayUdp {
    socket: UdpSocket,
}

/// One datagram in its slot.
#[derive(Clone, Copy)]
struct Received {
    bytes: usize,
    peer: Option<SocketAddr>,
    /// Datagrams that this socket has lost so far, modulo 2³².
    lost: Option<u32>,
}

impl XrayUdp {
    pub(crate) fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        // The kernel grants what its settings allow; less is no reason not to start, and losses are counted.
        let _ = socket.set_recv_buffer_size(KERNEL_BUFFER);
        setsockopt(&socket, RxqOvfl, &1)?;
        socket.set_read_timeout(Some(LOOK_UP))?;
        socket.bind(&address.into())?;
        Ok(Self { socket: socket.into() })
    }

    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Receives until `stop` is set and the kernel's buffer is empty, or [`FINISH`] has passed since: senders do not know
    /// that they should stop.
    pub(crate) fn run(self, pipeline: &Pipeline, metrics: &mpsc::Sender<SentMetrics>, stop: &AtomicBool) {
        let mut buffers = vec![0u8; SLOTS * SLOT];
        let mut batch = Datagrams::default();
        let mut lost = 0;
        let mut stopping: Option<Instant> = None;
        loop {
            if stopping.is_none() && stop.load(Ordering::Relaxed) {
                stopping = Some(Instant::now());
            }
            // While datagrams wait to be handed over, only those are added that are already there.
            let wait = batch.is_empty() && stopping.is_none();
            let received = match self.receive(&mut buffers, wait) {
                Ok(received) => received,
                Err(Errno::EAGAIN | Errno::EINTR) => Vec::new(),
                Err(error) => {
                    tracing::warn!("receiving datagrams: {error}");
                    std::thread::park_timeout(LOOK_UP);
                    Vec::new()
                }
            };
            self.take(pipeline, &mut batch, &received, &buffers, &mut lost);
            let ending = stopping.is_some_and(|since| received.is_empty() || since.elapsed() > FINISH);
            if ending || batch.is_full() || (received.len() < SLOTS && !batch.is_empty()) {
                for sent in pipeline.offer(&mut batch) {
                    if metrics.try_send(sent).is_err() {
                        pipeline.lost(Transport::XrayUdp, Dropped::MetricsQueue, 1);
                    }
                }
            }
            if ending {
                return;
            }
        }
    }

    fn take(&self, pipeline: &Pipeline, batch: &mut Datagrams, received: &[Received], buffers: &[u8], lost: &mut u32) {
        let bytes: usize = received.iter().map(|datagram| datagram.bytes).sum();
        pipeline.arrived(Transport::XrayUdp, received.len() as u64, bytes as u64);
        for (datagram, slot) in received.iter().zip(buffers.chunks_exact(SLOT)) {
            if let Some(total) = datagram.lost {
                pipeline.lost(
                    Transport::XrayUdp,
                    Dropped::KernelBuffer,
                    u64::from(total.wrapping_sub(*lost)),
                );
                *lost = total;
            }
            let source = Source {
                transport: Transport::XrayUdp,
                account: Account::default(),
                peer: datagram.peer,
            };
            pipeline.datagram(batch, source, &slot[..datagram.bytes]);
        }
    }

    fn receive(&self, buffers: &mut [u8], wait: bool) -> Result<Vec<Received>, Errno> {
        let mut slots: Vec<[IoSliceMut<'_>; 1]> = buffers
            .chunks_exact_mut(SLOT)
            .map(|slot| [IoSliceMut::new(slot)])
            .collect();
        // The kernel shortens the space for control messages when it has none, so the headers are made anew.
        let mut headers = MultiHeaders::<SockaddrStorage>::preallocate(SLOTS, Some(nix::cmsg_space!(u32)));
        let flags = if wait {
            MsgFlags::MSG_WAITFORONE
        } else {
            MsgFlags::MSG_DONTWAIT
        };
        let messages = recvmmsg(self.socket.as_raw_fd(), &mut headers, slots.iter_mut(), flags, None)?;
        let received = messages.map(|message| Received {
            bytes: message.bytes.min(SLOT),
            peer: message.address.and_then(|address| internet(&address)),
            lost: message.cmsgs().ok().and_then(|mut all| {
                all.find_map(|control| match control {
                    ControlMessageOwned::RxqOvfl(total) => Some(total),
                    _ => None,
                })
            }),
        });
        Ok(received.collect())
    }
}

fn internet(address: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = address.as_sockaddr_in() {
        return Some(SocketAddr::V4((*v4).into()));
    }
    address.as_sockaddr_in6().map(|v6| SocketAddr::V6((*v6).into()))
}

/// Keeps metrics that came in datagrams, some requests at a time, until there is nobody left who receives any.
pub(crate) async fn keep_metrics(pipeline: Arc<Pipeline>, mut queue: mpsc::Receiver<SentMetrics>) {
    let mut waiting = Vec::new();
    while queue.recv_many(&mut waiting, METRICS_AT_ONCE).await > 0 {
        let mut tasks = JoinSet::new();
        for sent in waiting.drain(..) {
            let pipeline = Arc::clone(&pipeline);
            tasks.spawn(async move {
                let transport = sent.0.transport;
                // What is wrong with a request has been counted.
                if let Err(busy) = pipeline.metrics(sent).await {
                    pipeline.lost(transport, busy.reason, 1);
                }
            });
        }
        while tasks.join_next().await.is_some() {}
    }
}

/// The thread that runs a receiver, and how to end it.
#[derive(Debug)]
pub(crate) struct Receiver {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<()>,
}

impl Receiver {
    /// Starts it; what holds metrics comes out of the queue, which ends when the thread does.
    pub(crate) fn start(udp: XrayUdp, pipeline: Arc<Pipeline>) -> io::Result<(Self, mpsc::Receiver<SentMetrics>)> {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let (metrics, queue) = mpsc::channel(METRICS_QUEUE);
        let thread = std::thread::Builder::new()
            .name("xray-udp".to_owned())
            .spawn(move || udp.run(&pipeline, &metrics, &told))?;
        Ok((Self { stop, thread }, queue))
    }

    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Waits until everything that the kernel had is handed over. Blocks.
    pub(crate) fn join(self) {
        if self.thread.join().is_err() {
            tracing::error!("the thread that receives datagrams panicked");
        }
    }
}
