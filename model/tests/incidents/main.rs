//! Injected faults are found, blamed on whom they come from, and little else is: a few runs of each kind, of the many
//! that `cargo bench -p beamline-model --bench insights` measures.

#[path = "../../benches/insights/score.rs"]
mod score;
#[path = "../../benches/insights/world.rs"]
mod world;

use score::Score;
use world::Kind;

#[test]
fn injected_faults_are_found_and_little_else_is() {
    let (mut all, mut figures) = (Score::default(), Score::HEADINGS.to_owned());
    for kind in Kind::ALL {
        let mut score = Score::default();
        for seed in 1_000..1_003 {
            score.add(&score::of(kind, seed));
        }
        figures += &format!("\n{}", score.line(kind.name()));
        all.add(&score);
    }
    // Some of the faults are hardly to be seen.
    assert!(all.recall() >= 0.8, "{figures}");
    assert!(all.precision() >= 0.9, "{figures}");
    assert!(all.blame() >= 0.9, "{figures}");
}
