//! AWS service models → Rust.
//!
//! AWS publishes each service as a JSON model inside the botocore package. [`import`] keeps names, types, required
//! members, limits, patterns, enumerations, errors and HTTP bindings of it, drops all prose and commits that under
//! `proto/aws/`. [`generate`] makes Rust of the committed copy, offline and without a look at the network.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::read::GzDecoder;

mod amend;
mod model;
mod names;
mod rust;

use crate::Output;
use model::Model;

/// The version of botocore that the committed models were taken from.
const BOTOCORE: &str = "1.44.5";

/// Services by their folder in botocore, with the model's version.
const SERVICES: &[(&str, &str)] = &[("xray", "2016-04-12")];

/// Reads the published models in an unpacked botocore and writes the reduced copies.
pub(crate) fn import(botocore: &Path, proto: &Path) -> Result<()> {
    let init = fs::read_to_string(botocore.join("__init__.py")).context("reading botocore's version")?;
    anyhow::ensure!(
        init.contains(&format!("'{BOTOCORE}'")),
        "expected botocore {BOTOCORE} (pip download botocore=={BOTOCORE}); to follow another version change BOTOCORE"
    );
    for (service, version) in SERVICES {
        let published = botocore
            .join("data")
            .join(service)
            .join(version)
            .join("service-2.json.gz");
        let mut json = String::new();
        GzDecoder::new(File::open(&published).with_context(|| format!("opening {}", published.display()))?)
            .read_to_string(&mut json)?;
        let model: Model = serde_json::from_str(&json).with_context(|| format!("understanding {service}"))?;
        let mut reduced = serde_json::to_string_pretty(&model)?;
        reduced.push('\n');
        fs::write(reduced_copy(proto, service, version), reduced)?;
    }
    Ok(())
}

/// The Rust of all services.
pub(crate) fn generate(proto: &Path) -> Result<Vec<Output>> {
    let mut outputs = Vec::new();
    for (service, version) in SERVICES {
        let source = reduced_copy(proto, service, version);
        let json = fs::read_to_string(&source).with_context(|| format!("reading {}", source.display()))?;
        let mut model: Model = serde_json::from_str(&json)?;
        amend::apply(service, &mut model)?;
        let rust = rust::write(&model).with_context(|| format!("writing the Rust of {service}"))?;
        outputs.push(Output {
            path: Path::new(service).with_extension("rs"),
            content: rust.into_bytes(),
        });
    }
    Ok(outputs)
}

fn reduced_copy(proto: &Path, service: &str, version: &str) -> PathBuf {
    proto.join("aws").join(format!("{service}-{version}.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_models_hold_no_prose() {
        let proto = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for (service, version) in SERVICES {
            let json = fs::read_to_string(reduced_copy(proto, service, version)).unwrap();
            assert!(!json.contains("documentation") && !json.contains("<p>"), "{service}");
        }
    }
}
