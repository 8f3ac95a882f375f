//! What was bound: told to people on the start-up line and to programs in the ready file.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

/// Where the server can be reached and where it keeps its data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ready {
    pub(crate) pid: u32,
    pub(crate) version: String,
    pub(crate) data: PathBuf,
    pub(crate) http: SocketAddr,
    /// UDP and TCP.
    pub(crate) xray: SocketAddr,
    pub(crate) otlp_grpc: SocketAddr,
    pub(crate) otlp_http: SocketAddr,
}

impl Ready {
    /// Writes the file so that whoever sees it sees all of it.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        let unfinished = path.with_extension("unfinished");
        std::fs::write(&unfinished, serde_json::to_vec(self)?)?;
        std::fs::rename(&unfinished, path)
    }

    /// Reads a file that a server wrote.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("understanding {}", path.display()))
    }
}

impl fmt::Display for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "beamline {} serves: http://{} (AWS APIs, gRPC query API, /metrics), X-Ray on {} (UDP and TCP), \
             OTLP on {} (gRPC) and http://{}; data in {}",
            self.version,
            self.http,
            self.xray,
            self.otlp_grpc,
            self.otlp_http,
            self.data.display()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let ready = Ready {
            pid: 7,
            version: "0.1.0".to_owned(),
            data: folder.path().to_owned(),
            http: "127.0.0.1:2001".parse().unwrap(),
            xray: "127.0.0.1:2000".parse().unwrap(),
            otlp_grpc: "[::1]:4317".parse().unwrap(),
            otlp_http: "127.0.0.1:4318".parse().unwrap(),
        };
        let path = folder.path().join("ready.json");
        ready.write(&path).unwrap();
        assert_eq!(Ready::read(&path).unwrap(), ready);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
