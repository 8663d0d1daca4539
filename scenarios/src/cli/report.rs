//! Reports in HTML, as several commands write them.

use std::path::Path;

use reports::html::Report;

use super::{Trouble, at};
use crate::account::{Pages, Secrets};

/// The pages of a report in this folder.
pub(super) fn pages(folder: &Path, keys: bool) -> Result<Pages, Trouble> {
    let secrets = if keys { Secrets::Told } else { Secrets::Withheld };
    Ok(Pages::new(at(folder, Report::new(folder))?, secrets))
}
