//! The whole system, driven from outside: the binary on free ports, through its real sockets.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the verdict")]

mod architecture;
mod bad_input;
mod cli;
mod clients;
mod crash;
mod encryption;
mod filter_table;
mod flow;
mod golden;
mod harness;
mod samples;
mod sampling;
mod signals;
mod signatures;
mod wire;
