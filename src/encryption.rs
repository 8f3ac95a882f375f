//! `encryption`: master keys for encryption at rest, made and changed.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use beamline_store::Secret;
use beamline_store::cipher::MasterKey;

use crate::cli::{EncryptionCommand, RotateArgs};
use crate::config::Config;
use crate::config::secrets::read_text;
use crate::exit::Misuse;
use crate::send::http::Http;
use crate::serve::Ready;

/// A server looks at its files every two seconds; this is what it may take on top.
const PATIENCE: Duration = Duration::from_secs(60);
const EVERY: Duration = Duration::from_millis(250);

const MASTER: &str = "beamline_store_encryption_master_fingerprint";
const DATA_KEYS: &str = "beamline_store_encryption_data_keys";

pub(crate) async fn run(command: &EncryptionCommand) -> anyhow::Result<()> {
    match command {
        EncryptionCommand::NewKey { file } => new_key(file),
        EncryptionCommand::Rotate(args) => rotate(args).await,
    }
}

fn new_key(file: &Path) -> anyhow::Result<()> {
    let key = MasterKey::random()?;
    create(file, &lines(&[&key])).with_context(|| format!("writing {}", file.display()))?;
    say(&format!(
        "{} holds a new master key. Keep a copy elsewhere: without it, what it encrypted is lost.",
        file.display()
    ))
}

/// Puts a new key before those in the file, waits until the server has taken it up, and removes the others.
async fn rotate(args: &RotateArgs) -> anyhow::Result<()> {
    let config = Config::check(&args.server.layers()?)?;
    let file = config.master_files.keys.clone().ok_or_else(|| {
        Misuse(
            "the settings name no --encryption-key-file; a passphrase is changed by writing the new one on the first \
             line of its file, above the old one, which the running server notices"
                .to_owned(),
        )
    })?;
    let text = read_text(&file).with_context(|| format!("reading {}", file.display()))?;
    let before = MasterKey::parse_file(text.reveal()).with_context(|| format!("reading {}", file.display()))?;
    let server = Http::new(&format!("http://{}", address(&config)?));
    let Some(figures) = figures(&server).await else {
        let put = if args.data_keys {
            ""
        } else {
            " It takes the first key of the file when it starts."
        };
        return Err(Misuse(format!(
            "no server runs that could change its keys; nothing was changed.{put}"
        ))
        .into());
    };
    if args.data_keys {
        replace(&file, &text)?;
        await_figure(&server, |now| now.data_keys > figures.data_keys || now.data_keys == 0).await?;
        return say("New values are encrypted with new data keys.");
    }
    let key = MasterKey::random()?;
    let mut all = vec![&key];
    all.extend(&before);
    replace(&file, &lines(&all))?;
    await_figure(&server, |now| now.master == first_digits(&key)).await?;
    if args.keep_old {
        return say(&format!(
            "Data keys are sealed with the first key in {}.",
            file.display()
        ));
    }
    replace(&file, &lines(&[&key]))?;
    say(&format!(
        "Data keys are sealed with the new key in {}, and the old one opens nothing of this store any more. Keep a \
         copy elsewhere, and the old key as long as there are old copies of the data.",
        file.display()
    ))
}

/// Where the server is: as it says itself, or as its settings say.
fn address(config: &Config) -> anyhow::Result<SocketAddr> {
    match &config.ready_file {
        Some(file) if file.exists() => Ok(Ready::read(file)?.http),
        _ => Ok(config.http),
    }
}

#[derive(Clone, Copy)]
struct Figures {
    master: u64,
    data_keys: u64,
}

/// What the server says of its keys; `None` if none answers.
async fn figures(server: &Http) -> Option<Figures> {
    let (status, text) = server.get("/metrics").await.ok()?;
    let text = String::from_utf8_lossy(&text);
    let figure = |name: &str| {
        let mut lines = text.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
    };
    status.is_success().then(|| Figures {
        master: figure(MASTER).unwrap_or(0),
        data_keys: figure(DATA_KEYS).unwrap_or(0),
    })
}

async fn await_figure(server: &Http, reached: impl Fn(Figures) -> bool) -> anyhow::Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        match figures(server).await {
            Some(now) if reached(now) => return Ok(()),
            _ => tokio::time::sleep(EVERY).await,
        }
    }
    anyhow::bail!(
        "the server did not take up the changed file; its log says why. The old key is still in the file and stays \
         the one in use"
    )
}

/// The part of a fingerprint that the server's figures show.
fn first_digits(key: &MasterKey) -> u64 {
    let [a, b, c, d, ..] = key.fingerprint();
    u64::from(u32::from_be_bytes([a, b, c, d]))
}

fn lines(keys: &[&MasterKey]) -> Secret {
    let lines: Vec<String> = keys.iter().map(|key| format!("{}\n", key.digits().reveal())).collect();
    Secret::new(lines.concat())
}

/// Writes a file that only its owner may read and that was not there.
fn create(file: &Path, text: &Secret) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    let mut created = options.write(true).create_new(true).mode(0o600).open(file)?;
    created.write_all(text.reveal().as_bytes())?;
    created.sync_all()
}

/// Replaces a file so that whoever reads it sees all of the old or all of the new, after a loss of power too.
fn replace(file: &Path, text: &Secret) -> anyhow::Result<()> {
    let unfinished = PathBuf::from(format!("{}.unfinished", file.display()));
    // Left over from a run that was interrupted.
    let _ = std::fs::remove_file(&unfinished);
    let folder = file
        .parent()
        .filter(|it| !it.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    create(&unfinished, text)
        .and_then(|()| std::fs::rename(&unfinished, file))
        .and_then(|()| std::fs::File::open(folder)?.sync_all())
        .with_context(|| format!("writing {}", file.display()))
}

fn say(text: &str) -> anyhow::Result<()> {
    writeln!(io::stdout(), "{text}")?;
    Ok(())
}
