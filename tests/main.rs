//! The whole system, driven from outside: the binary on free ports, through its real sockets.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the verdict")]

mod architecture;
mod cli;
mod crash;
mod flow;
mod harness;
