//! Pages as a browser shows them. What needs one is skipped without `chromium`, unless `ESPLANADE_CHROMIUM=required` says that it
//! must be there.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Whether there is a chromium to ask.
pub(crate) fn is_here() -> bool {
    let here = Command::new("chromium").arg("--version").output().is_ok_and(|output| output.status.success());
    let required = std::env::var("ESPLANADE_CHROMIUM").is_ok_and(|value| value == "required");
    assert!(here || !required, "chromium is required, but not installed");
    if !here {
        eprintln!("skipped: chromium is not installed");
    }
    here
}

/// What a browser makes of a page, with an address behind `#` or without. It has nothing to say on its console.
pub(crate) fn seen(page: &Path, place: &str, arguments: &[&str]) -> String {
    let profile = own_folder(page, place);
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
        .args(["--virtual-time-budget=3000", "--enable-logging=stderr", "--window-size=1400,1800"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(arguments)
        .arg(format!("file://{}{place}", page.display()))
        .output()
        .unwrap();
    let _ = std::fs::remove_dir_all(&profile);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let console: Vec<&str> = told.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(console.is_empty(), "{}: {console:?}", page.display());
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A page as its script leaves it.
pub(crate) fn dom(page: &Path, place: &str) -> String {
    seen(page, place, &["--dump-dom"])
}

/// A folder for one browser's own files.
fn own_folder(page: &Path, place: &str) -> PathBuf {
    let name =
        format!("{}{place}", page.display()).replace(|character: char| !character.is_alphanumeric(), "-");
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser").join(name)
}
