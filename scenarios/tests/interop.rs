//! Real daemons in the places of peers. Skipped where something for that is missing, unless `ESPLANADE_INTEROP=required` says
//! that all must be there.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::time::Duration;

use esplanade::interop::Implementation;

const BINARY: &str = env!("CARGO_BIN_EXE_esplanade");

/// Whether strongSwan can run here.
fn strongswan_is_here() -> bool {
    let missing = Implementation::StrongSwan.missing();
    let required = std::env::var("ESPLANADE_INTEROP").is_ok_and(|value| value == "required");
    assert!(missing.is_none() || !required, "{missing:?}");
    if let Some(missing) = &missing {
        eprintln!("skipped: {missing}");
    }
    missing.is_none()
}

fn scenario(name: &str) -> String {
    format!("{}/interop/{name}.toml", env!("CARGO_MANIFEST_DIR"))
}

/// A folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("interop").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder.canonicalize().unwrap()
}

fn matrix(scenarios: &[&str], out: &Path) -> Output {
    let mut command = Command::new(BINARY);
    command.arg("interop").args(scenarios.iter().map(|name| scenario(name)));
    command.args(["--jobs", "17", "--out", out.to_str().unwrap()]).output().unwrap()
}

/// Programs that run in a folder or below it.
fn running_in(folder: &Path) -> usize {
    let programs = fs::read_dir("/proc").unwrap().flatten();
    programs
        .filter(|one| fs::read_link(one.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder)))
        .count()
}

/// Waits until so many programs run in the folder.
fn wait_for(count: usize, folder: &Path) -> bool {
    (0..1_000).any(|_| {
        bridge::wait(&[], Duration::from_millis(10)).unwrap();
        running_in(folder) == count
    })
}

#[test]
fn both_implementations_set_up_rekey_and_end_sas_with_each_other() {
    if !strongswan_is_here() {
        return;
    }
    let out = folder("matrix");
    let run = matrix(&["psk", "cookie", "ipv6", "rekey-ike", "v1-quick-pfs", "v1-xauth-mode-cfg"], &out);
    let said = String::from_utf8_lossy(&run.stdout);
    assert_eq!(run.status.code(), Some(0), "{said}\n{}", String::from_utf8_lossy(&run.stderr));
    assert!(said.lines().any(|line| line.starts_with("psk ") && line.matches("pass").count() == 3), "{said}");
    let cell = out.join("psk/strongswan-ours");
    for kept in ["wan.pcapng", "ladder.txt", "west/charon.log", "west/swanctl.conf"] {
        assert!(cell.join(kept).is_file(), "{kept}");
    }
}

#[test]
fn who_is_interrupted_leaves_no_daemon_behind() {
    if !strongswan_is_here() {
        return;
    }
    for signal in ["INT", "TERM", "KILL"] {
        let out = folder(signal);
        let mut command = Command::new(BINARY);
        command.args(["interop", &scenario("liveness"), "--out", out.to_str().unwrap()]);
        let mut run: Child = command.spawn().unwrap();
        assert!(wait_for(2, &out), "a daemon in each of two cells");
        let number = run.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &number]).status().unwrap().success());
        assert!(!run.wait().unwrap().success());
        assert!(wait_for(0, &out), "after {signal}");
    }
}

#[test]
fn who_may_not_make_a_namespace_is_told_so() {
    if !strongswan_is_here() {
        return;
    }
    let mut powerless = Command::new("setpriv");
    powerless.args([
        "--bounding-set",
        "-all",
        "--inh-caps",
        "-all",
        "--",
        BINARY,
        "interop",
        &scenario("psk"),
    ]);
    let run = powerless.output().unwrap();
    assert_eq!(run.status.code(), Some(2));
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(said.contains("no TUN device in a network namespace of its own"), "{said}");
}
