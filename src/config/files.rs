//! Which configuration file counts, and reading files without being held up by what they are.

use super::Problem;
use super::reading::{Env, is_placeholder};
use prodview_tools::toml_file::quoted;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// A configuration is a page or two: what is larger is another file.
const LARGEST: u64 = 1024 * 1024;

/// A configuration file that was found and read.
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// The first that is there of: the file named explicitly, the one that `PRODVIEW_CONFIG` names, `prodview.toml` in
/// `cwd`, `prodview/prodview.toml` in the user's configuration folder. A file that is named must be there.
pub(super) fn find(
    explicit: Option<&Path>,
    env: Env<'_>,
    cwd: &Path,
    user_config_dir: Option<&Path>,
) -> Result<Option<Found>, Problem> {
    if let Some(path) = explicit {
        return open(cwd, path, "give the path of a file to --config").map(Some);
    }
    let named = env("PRODVIEW_CONFIG").filter(|v| !v.trim().is_empty() && !is_placeholder(v));
    if let Some(path) = named {
        return open(cwd, Path::new(&path), "PRODVIEW_CONFIG should be the path of a file").map(Some);
    }
    let usual = [
        Some(PathBuf::from("prodview.toml")),
        user_config_dir.map(|d| d.join("prodview").join("prodview.toml")),
    ];
    for path in usual.into_iter().flatten() {
        if cwd.join(&path).exists() {
            return open(cwd, &path, "make it readable, or move it away").map(Some);
        }
    }
    Ok(None)
}

fn open(cwd: &Path, path: &Path, right: &str) -> Result<Found, Problem> {
    let bad = |why: &str| Problem {
        place: None,
        what: format!("the configuration {} cannot be read: {why}", quoted(&path.to_string_lossy())),
        right: right.to_owned(),
    };
    let bytes = read(&cwd.join(path), LARGEST).map_err(|why| bad(&why))?;
    let text = String::from_utf8(bytes).map_err(|_| bad("it is not text in UTF-8"))?;
    Ok(Found { path: path.to_owned(), text })
}

/// A file's bytes, or the end of the sentence "it cannot be read: …".
pub(super) fn read(path: &Path, largest: u64) -> Result<Vec<u8>, String> {
    let why = |e: std::io::Error| match e.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => "there is no such file".to_owned(),
        ErrorKind::PermissionDenied => "this user may not read it".to_owned(),
        ErrorKind::IsADirectory => "it is a folder".to_owned(),
        other => other.to_string(),
    };
    let file = File::open(path).map_err(why)?;
    if file.metadata().map_err(why)?.is_dir() {
        return Err("it is a folder".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(largest + 1).read_to_end(&mut bytes).map_err(why)?;
    if bytes.len() as u64 > largest {
        return Err(format!("it is larger than {} KiB", largest / 1024));
    }
    Ok(bytes)
}

/// Whether users other than its owner can read a file; never on systems where that is not a matter of mode bits.
pub(super) fn others_can_read(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o044 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}
