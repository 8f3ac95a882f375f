//! The query API: messages, client, server, and the descriptors that reflection serves.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use prost::Message;

use crate::Output;

const PACKAGE: &str = "beamline.query.v1";
const ROOT: &str = "beamline/query/v1/query.proto";

/// The Rust of the package, and its encoded `FileDescriptorSet` with comments and imports.
pub(crate) fn generate(proto: &Path) -> Result<Vec<Output>> {
    let descriptors = protox::Compiler::new([proto])
        .context("opening the proto folder")?
        .include_source_info(true)
        .include_imports(true)
        .open_file(ROOT)
        .with_context(|| format!("compiling {ROOT}"))?
        .file_descriptor_set();

    let scratch = tempfile::tempdir().context("creating a scratch folder")?;
    tonic_prost_build::configure()
        .out_dir(scratch.path())
        .emit_rerun_if_changed(false)
        .compile_fds(descriptors.clone())
        .context("writing Rust")?;
    let source = PathBuf::from(format!("{PACKAGE}.rs"));
    let rust = fs::read(scratch.path().join(&source)).context("reading the written Rust")?;

    Ok(vec![
        Output {
            path: source,
            content: rust,
        },
        Output {
            path: PathBuf::from(format!("{PACKAGE}.bin")),
            content: descriptors.encode_to_vec(),
        },
    ])
}
