//! Where a published model is stricter than the service behind it, with the evidence.

use anyhow::{Context, Result};

use super::model::Model;

/// Lists whose modelled maximum real clients exceed: service, shape, why.
const UNBOUNDED: &[(&str, &str, &str)] = &[
    (
        "xray",
        "SamplingStatisticsDocumentList",
        "SDKs report 25 rules and Default in one call",
    ),
    (
        "xray",
        "SamplingBoostStatisticsDocumentList",
        "SDKs report 25 rules and Default in one call",
    ),
];

pub(crate) fn apply(service: &str, model: &mut Model) -> Result<()> {
    for (_, shape, why) in UNBOUNDED.iter().filter(|(of, _, _)| *of == service) {
        let shape = model
            .shapes
            .get_mut(*shape)
            .with_context(|| format!("{shape} is gone; is it still true that {why}?"))?;
        shape.max = None;
    }
    Ok(())
}
