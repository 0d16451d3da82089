//! Files and directories for their owner alone: they hold names, words and addresses of clients, and links that act.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// Makes a directory, and those above it that are missing, for its owner alone. One that is there is left as it is.
///
/// # Errors
///
/// What the system says.
pub fn make_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Opens a file for writing, made for its owner alone if it is new. One that is there is closed to others, where it is ours.
///
/// # Errors
///
/// What the system says.
pub fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    if is_open_to_others(path) {
        // Not ours to change if this fails; what was there stays as it was.
        file.set_permissions(std::fs::Permissions::from_mode(0o600)).ok();
    }
    Ok(file)
}

/// Whether anybody but the owner may read, write or enter it.
pub fn is_open_to_others(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}
