//! The house rules that Cargo and the eye can check.

use cargo_metadata::{DependencyKind, MetadataCommand};
use std::fs;
use std::path::{Path, PathBuf};

/// Crates that open connections or start processes by themselves.
const CLIENTS: [&str; 15] = [
    "reqwest",
    "hyper",
    "hyper-util",
    "ureq",
    "isahc",
    "curl",
    "attohttpc",
    "surf",
    "tokio-postgres",
    "postgres",
    "deadpool-postgres",
    "sqlx",
    "redis",
    "fred",
    "tungstenite",
];

#[test]
fn only_guard_depends_on_a_client_library() {
    let metadata =
        MetadataCommand::new().no_deps().other_options(vec!["--offline".to_owned()]).exec().unwrap();
    let mut names: Vec<&str> = metadata.packages.iter().map(|p| p.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["prodview", "prodview-demo", "prodview-guard", "prodview-providers", "prodview-tools"]
    );
    for package in &metadata.packages {
        let normal = package.dependencies.iter().filter(|d| d.kind != DependencyKind::Development);
        let clients: Vec<&str> =
            normal.map(|d| d.name.as_str()).filter(|name| CLIENTS.contains(name)).collect();
        let allowed: &[&str] = if package.name == "prodview-guard" {
            &["deadpool-postgres", "redis", "reqwest", "tokio-postgres"]
        } else {
            &[]
        };
        assert_eq!(clients, allowed, "{}", package.name);
    }
}

#[test]
fn dependencies_run_one_way() {
    let metadata =
        MetadataCommand::new().no_deps().other_options(vec!["--offline".to_owned()]).exec().unwrap();
    let own = |name: &str| -> Vec<String> {
        let package = metadata.packages.iter().find(|p| p.name == name).unwrap();
        let mut own: Vec<String> = package
            .dependencies
            .iter()
            .map(|d| d.name.clone())
            .filter(|n| n.starts_with("prodview"))
            .collect();
        own.sort();
        own.dedup();
        own
    };
    assert_eq!(own("prodview-guard"), Vec::<String>::new());
    assert_eq!(own("prodview-demo"), Vec::<String>::new());
    assert_eq!(own("prodview-providers"), ["prodview-guard"]);
    assert_eq!(own("prodview-tools"), ["prodview-guard", "prodview-providers"]);
}

#[test]
fn no_file_is_longer_than_four_hundred_lines() {
    let long: Vec<String> = rust_files(Path::new(env!("CARGO_MANIFEST_DIR")))
        .into_iter()
        .map(|path| (fs::read_to_string(&path).unwrap().lines().count(), path))
        .filter(|(lines, _)| *lines > 400)
        .map(|(lines, path)| format!("{lines} {}", path.display()))
        .collect();
    assert_eq!(long, Vec::<String>::new());
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && name != "target" {
            files.extend(rust_files(&path));
        } else if name.ends_with(".rs") {
            files.push(path);
        }
    }
    files
}
