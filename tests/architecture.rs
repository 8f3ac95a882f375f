//! What the code may depend on, and what may not be in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Allowed arrows: a package and what of the workspace it may use.
const ARROWS: [(&str, &[&str]); 8] = [
    ("beamline-model", &[]),
    ("beamline-store", &["beamline-model"]),
    ("beamline-proto", &[]),
    ("beamline-proto-generator", &[]),
    (
        "beamline-collector",
        &["beamline-model", "beamline-store", "beamline-proto"],
    ),
    (
        "beamline-query",
        &["beamline-model", "beamline-store", "beamline-proto"],
    ),
    (
        "beamline-aws",
        &[
            "beamline-model",
            "beamline-store",
            "beamline-proto",
            "beamline-collector",
            "beamline-query",
        ],
    ),
    (
        "beamline",
        &[
            "beamline-model",
            "beamline-store",
            "beamline-proto",
            "beamline-collector",
            "beamline-query",
            "beamline-aws",
        ],
    ),
];

fn workspace() -> Metadata {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap()
}

/// What a package itself uses; what only its tests use is its own affair.
fn dependencies(package: &Package) -> BTreeSet<&str> {
    let used = package
        .dependencies
        .iter()
        .filter(|it| it.kind != DependencyKind::Development);
    used.map(|it| it.name.as_str()).collect()
}

#[test]
fn dependencies_point_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.into();
    for package in &workspace().packages {
        let name = package.name.as_str();
        let arrows = allowed
            .get(name)
            .unwrap_or_else(|| panic!("{name} has no place in the architecture yet"));
        let own = dependencies(package)
            .into_iter()
            .filter(|it| it.starts_with("beamline"));
        let forbidden: Vec<&str> = own.filter(|it| !arrows.contains(it)).collect();
        assert!(forbidden.is_empty(), "{name} uses {forbidden:?}");
    }
}

#[test]
fn only_the_store_knows_its_engine() {
    for package in &workspace().packages {
        let name = package.name.as_str();
        assert!(
            name == "beamline-store" || !dependencies(package).contains("rocksdb"),
            "{name} uses rocksdb"
        );
    }
    let store = Path::new(env!("CARGO_MANIFEST_DIR")).join("store/src");
    for path in files(&store)
        .into_iter()
        .filter(|path| !path.starts_with(store.join("engine")))
    {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("rocksdb::"), "{} names RocksDB", path.display());
    }
}

#[test]
fn what_things_mean_needs_neither_a_runtime_nor_the_outside_world() {
    let workspace = workspace();
    let model = workspace
        .packages
        .iter()
        .find(|it| it.name.as_str() == "beamline-model")
        .unwrap();
    for outside in ["tokio", "tonic", "axum", "hyper", "rocksdb", "socket2", "tracing"] {
        assert!(!dependencies(model).contains(outside), "beamline-model uses {outside}");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("model/src");
    let is_test = |path: &PathBuf| {
        path.components()
            .any(|part| part.as_os_str().to_string_lossy().starts_with("test"))
    };
    for path in files(&root).into_iter().filter(|path| !is_test(path)) {
        let text = std::fs::read_to_string(&path).unwrap();
        // Tests read recorded payloads; they come last in a file.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for outside in [
            "SystemTime::now",
            "Instant::now",
            "std::fs",
            "TcpStream",
            "UdpSocket",
            "std::env",
        ] {
            assert!(!code.contains(outside), "{} uses {outside}", path.display());
        }
    }
}

#[test]
fn every_package_keeps_the_workspaces_lints() {
    for package in &workspace().packages {
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{} has lints of its own",
            package.name
        );
    }
}

#[test]
fn nothing_is_left_over_from_the_machine_it_was_written_on() {
    // Spelled in two halves, so that this file is none of its own findings.
    let leftovers = [
        ["/ro", "ot/"],
        ["/ho", "me/"],
        ["/wo", "rk/"],
        ["TO", "DO"],
        ["FIX", "ME"],
        ["dbg", "!("],
    ]
    .map(|it| it.concat());
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for path in files(root) {
        // Not text, or payloads as they were recorded elsewhere.
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        if path.starts_with(root.join("tests/samples")) || path.starts_with(root.join("proto/aws")) {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            for leftover in &leftovers {
                assert!(!line.contains(leftover), "{}:{}: {line}", path.display(), number + 1);
            }
        }
    }
}

/// Files that belong to the project: sources, documents and settings, but nothing built or installed.
fn files(folder: &Path) -> Vec<PathBuf> {
    const KINDS: [&str; 10] = ["rs", "md", "toml", "proto", "py", "js", "sh", "txt", "yml", "yaml"];
    const ELSEWHERE: [&str; 5] = ["target", "node_modules", "__pycache__", "samples", "beamline-data"];
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let hidden = name.starts_with('.');
        if path.is_dir() && !hidden && !ELSEWHERE.contains(&name.as_str()) {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|kind| KINDS.iter().any(|it| kind == *it)) || name == "Makefile" {
            found.push(path);
        }
    }
    found
}
