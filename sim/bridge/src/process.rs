//! A program in a namespace.

use std::env;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread;

/// A running program, which is killed when this is dropped.
#[derive(Debug)]
pub struct Process(pub(crate) Child);

impl Process {
    /// Its number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Whether it still runs.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub fn is_running(&mut self) -> io::Result<bool> {
        Ok(self.0.try_wait()?.is_none())
    }

    /// What it has ended with; nothing as long as it runs, and -1 when it was killed.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub fn exit_code(&mut self) -> io::Result<Option<i32>> {
        Ok(self.0.try_wait()?.map(|status| status.code().unwrap_or(-1)))
    }

    /// Waits until it has become this program, or has failed to: before that the kernel may not know yet that it is to be
    /// killed with its namespace.
    pub(crate) fn wait_for(&mut self, program: &str) -> io::Result<()> {
        let name = Path::new(program).file_name().unwrap_or_default().as_bytes();
        let shown = &name[..name.len().min(MOST_SHOWN)];
        let place = format!("/proc/{}/comm", self.0.id());
        while self.is_running()? && fs::read(&place)?.trim_ascii_end() != shown {
            thread::yield_now();
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// So many octets of a program's name the kernel tells.
const MOST_SHOWN: usize = 15;

/// Where a program is, among the folders of the search path and those of a system's own programs.
pub(crate) fn which(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    folders.map(|folder| folder.join(program)).find(|path| path.is_file())
}
