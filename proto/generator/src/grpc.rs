//! gRPC services: messages, client and server.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use prost::Message;

use crate::Output;

/// The query API, with the descriptors that reflection serves.
pub(crate) fn query(proto: &Path) -> Result<Vec<Output>> {
    const ROOTS: &[&str] = &[
        "beamline/query/v1/query.proto",
        "beamline/query/v1/logs.proto",
        "beamline/query/v1/metrics.proto",
    ];
    let (rust, descriptors) = generate(proto, "beamline.query.v1", ROOTS)?;
    Ok(vec![rust, descriptors])
}

/// What Jaeger's remote samplers ask.
pub(crate) fn jaeger(proto: &Path) -> Result<Vec<Output>> {
    let (rust, _) = generate(proto, "jaeger.api_v2", &["jaeger/api_v2/sampling.proto"])?;
    Ok(vec![rust])
}

/// The Rust of a package, and its encoded `FileDescriptorSet` with comments and imports.
fn generate(proto: &Path, package: &str, roots: &[&str]) -> Result<(Output, Output)> {
    let mut compiler = protox::Compiler::new([proto]).context("opening the proto folder")?;
    compiler.include_source_info(true).include_imports(true);
    for root in roots {
        compiler.open_file(root).with_context(|| format!("compiling {root}"))?;
    }
    let descriptors = compiler.file_descriptor_set();

    let scratch = tempfile::tempdir().context("creating a scratch folder")?;
    tonic_prost_build::configure()
        .out_dir(scratch.path())
        .emit_rerun_if_changed(false)
        .compile_fds(descriptors.clone())
        .context("writing Rust")?;
    let source = PathBuf::from(format!("{package}.rs"));
    let rust = fs::read(scratch.path().join(&source)).context("reading the written Rust")?;

    let rust = Output {
        path: source,
        content: rust,
    };
    let descriptors = Output {
        path: PathBuf::from(format!("{package}.bin")),
        content: descriptors.encode_to_vec(),
    };
    Ok((rust, descriptors))
}
