//! Writes `proto/src/generated/` from the published contracts.
//!
//! The output is committed, so that neither a build nor a reader needs this tool; a test regenerates and compares.
//! Each contract is one module, which turns the text of the contract into [`Output`]s and touches no file of its own.

mod aws;
mod grpc;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// A file to write, by its path below `proto/src/generated/`.
struct Output {
    path: PathBuf,
    content: Vec<u8>,
}

/// Makes the files of one contract from what is in the `proto` folder.
type Generate = fn(proto: &Path) -> Result<Vec<Output>>;

const CONTRACTS: &[(&str, Generate)] = &[("aws", aws::generate), ("jaeger", grpc::jaeger), ("query", grpc::query)];

/// `beamline-proto-generator [CONTRACT…]` writes the named contracts, or all of them.
/// `beamline-proto-generator --botocore FOLDER` takes over AWS's service models from an unpacked botocore before that.
fn main() -> Result<()> {
    let proto = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("the generator lives inside the proto folder")?;
    let mut wanted: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, botocore] = wanted.as_slice()
        && flag == "--botocore"
    {
        aws::import(Path::new(botocore), proto)?;
        wanted = vec!["aws".to_owned()];
    }
    for name in &wanted {
        if !CONTRACTS.iter().any(|(known, _)| known == name) {
            bail!("unknown contract `{name}`, expected one of: {}", known_contracts());
        }
    }
    for (name, generate) in CONTRACTS {
        if !wanted.is_empty() && !wanted.iter().any(|want| want == name) {
            continue;
        }
        for output in generate(proto).with_context(|| format!("generating {name}"))? {
            let path = proto.join("src/generated").join(&output.path);
            let folder = path.parent().context("an output is a file in a folder")?;
            fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
            fs::write(&path, &output.content).with_context(|| format!("writing {}", path.display()))?;
        }
    }
    Ok(())
}

fn known_contracts() -> String {
    let names: Vec<&str> = CONTRACTS.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_code_is_what_the_contracts_say() {
        let proto = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for (name, generate) in CONTRACTS {
            for output in generate(proto).unwrap() {
                let path = proto.join("src/generated").join(&output.path);
                let committed = fs::read(&path).unwrap_or_default();
                assert!(
                    committed == output.content,
                    "{} is not what {name} generates: run `cargo run -p beamline-proto-generator`",
                    path.display()
                );
            }
        }
    }
}
