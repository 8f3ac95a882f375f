//! How well insights are found: precision, recall and time to detection on injected faults.
//! `cargo bench -p beamline-model --bench insights`, and as a part of `make bench`.
//!
//! Statistics are simulated, request by request, for a shop of six services with traffic and faults of several kinds,
//! and judged by the same functions that the server judges by. Every run has a seed of its own, so that the figures can
//! be repeated.

#![allow(clippy::print_stdout, reason = "this is what it is for")]

mod score;
mod world;

use score::Score;
use world::Kind;

/// Runs of each kind.
const RUNS: u64 = 50;

fn main() {
    // `cargo test --benches` asks for nothing to be measured.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    println!("{}", Score::HEADINGS);
    let mut all = Score::default();
    for kind in Kind::ALL {
        let mut score = Score::default();
        for seed in 0..RUNS {
            score.add(&score::of(kind, seed));
        }
        println!("{}", score.line(kind.name()));
        all.add(&score);
    }
    println!("{}", all.line("all"));
}
