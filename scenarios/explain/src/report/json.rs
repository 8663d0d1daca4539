//! For programs: one object with the version of its form, what was told in order, and the summary.
//!
//! ```json
//! {"version":1,"told":[{"message":{…}},{"violation":{…}}],"summary":{…}}
//! ```

use std::io::{self, Write};

use crate::file::Unreadable;
use crate::told::{Summary, Told};

/// The version of the form. It grows when a field changes its meaning or goes.
const VERSION: u32 = 1;

/// Writes what is told, as it comes.
pub struct Json<W> {
    out: W,
    is_begun: bool,
    /// The first thing that could not be written.
    error: Option<io::Error>,
}

impl<W: Write> Json<W> {
    /// Writes to `out`.
    pub fn new(out: W) -> Self {
        Self { out, is_begun: false, error: None }
    }

    /// Takes what is told next.
    pub fn take(&mut self, told: &Told) {
        if self.error.is_none() {
            self.error = self.write(told).err();
        }
    }

    fn write(&mut self, told: &Told) -> io::Result<()> {
        self.begin()?;
        serde_json::to_writer(&mut self.out, told).map_err(io::Error::from)
    }

    /// What stands before an element.
    fn begin(&mut self) -> io::Result<()> {
        let before = if std::mem::replace(&mut self.is_begun, true) { ",\n".to_owned() } else { head() };
        self.out.write_all(before.as_bytes())
    }

    /// Writes the summary, and why the file could not be read to its end if that is so.
    ///
    /// # Errors
    /// When anything could not be written.
    pub fn finish(mut self, summary: &Summary, unreadable: Option<&Unreadable>) -> io::Result<W> {
        self.error.take().map_or(Ok(()), Err)?;
        if !self.is_begun {
            self.out.write_all(head().as_bytes())?;
        }
        self.out.write_all(b"],\"summary\":")?;
        serde_json::to_writer(&mut self.out, summary)?;
        if let Some(Unreadable { offset, expected, found }) = unreadable {
            let said = serde_json::json!({ "offset": offset, "expected": expected, "found": found });
            write!(self.out, ",\"unreadable\":{said}")?;
        }
        self.out.write_all(b"}\n")?;
        self.out.flush()?;
        Ok(self.out)
    }
}

fn head() -> String {
    format!("{{\"version\":{VERSION},\"told\":[")
}
