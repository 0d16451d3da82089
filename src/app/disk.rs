//! How much room the store takes and has.

use std::fs;
use std::io;
use std::path::Path;

use nix::sys::statvfs::statvfs;

/// Less than this is told as too little, in bytes.
const TOO_LITTLE: u64 = 500_000_000;

/// Room on a disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskRoom {
    /// What the store's directory takes, without what lies in directories below it.
    pub used: u64,
    /// What plazo may still write.
    pub free: u64,
}

impl DiskRoom {
    /// Looks at the disk of a directory.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub(super) fn of(directory: &Path) -> io::Result<Self> {
        let disk = statvfs(directory)?;
        let mut used = 0;
        for entry in fs::read_dir(directory)? {
            // A file that is gone meanwhile takes nothing.
            used += entry?.metadata().map_or(0, |found| if found.is_file() { found.len() } else { 0 });
        }
        Ok(Self { used, free: disk.blocks_available() * disk.fragment_size() })
    }

    /// Whether somebody should make room.
    pub const fn is_scarce(self) -> bool {
        self.free < TOO_LITTLE
    }
}
