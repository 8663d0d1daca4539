//! Files that are there whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Writes a file: first under another name in the same folder, which is made if need be, then renamed. A reader sees the
/// old octets or the new ones.
///
/// # Errors
/// What the file system says. The file that was there before is then untouched, and nothing is left behind.
pub fn write(path: &Path, octets: &[u8]) -> io::Result<()> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"))?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut other = OsString::from(".");
    other.push(name);
    other.push(format!(".{}", std::process::id()));
    let other = path.with_file_name(other);
    let written = File::create(&other)
        .and_then(|mut file| file.write_all(octets).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&other, path));
    if written.is_err() {
        // The first error is the one to tell; this one would only say that there is nothing to remove.
        let _ = fs::remove_file(&other);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/results.json");
        write(&path, b"old").unwrap();
        write(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(path.parent().unwrap()), ["results.json"]);
    }

    #[test]
    fn a_file_that_cannot_be_written_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taken");
        fs::create_dir_all(path.join("full")).unwrap();
        assert!(write(&path, b"new").is_err());
        assert_eq!(names(folder.path()), ["taken"]);
        assert!(write(Path::new("/"), b"").is_err());
    }
}
