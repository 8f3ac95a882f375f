//! `beamline encryption`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ServerArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum EncryptionCommand {
    /// Write a new master key to a file, for --encryption-key-file
    NewKey {
        /// A file that does not exist
        file: PathBuf,
    },
    /// Change to a new master key and new data keys while the server runs
    Rotate(RotateArgs),
}

#[derive(Debug, Args)]
#[command(
    after_help = "The settings have to be those of the running server: its key file is written anew, and its HTTP \
address or ready file tells when it has taken the new key up."
)]
pub(crate) struct RotateArgs {
    /// Change the data keys only
    #[arg(long)]
    pub(crate) data_keys: bool,
    /// Leave the old master key in the file, below the new one
    #[arg(long, conflicts_with = "data_keys")]
    pub(crate) keep_old: bool,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}
