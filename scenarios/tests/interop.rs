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

/// The file of a scenario: one for pairs, or in a folder of the suites.
fn scenario(name: &str) -> String {
    let folder = if name.contains('/') { "suites" } else { "interop" };
    format!("{}/{folder}/{name}.toml", env!("CARGO_MANIFEST_DIR"))
}

/// An adapter of the contract.
fn adapter(name: &str) -> String {
    format!("{}/tests/adapters/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("interop").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder.canonicalize().unwrap()
}

fn matrix(scenarios: &[&str], options: &[&str], out: &Path) -> Output {
    let mut command = Command::new(BINARY);
    command.arg("interop").args(scenarios.iter().map(|name| scenario(name))).args(options);
    command.args(["--jobs", "17", "--out", out.to_str().unwrap()]).output().unwrap()
}

/// The marks in the matrix's line of a scenario.
fn marks(said: &str, scenario: &str) -> Vec<String> {
    let line = said.lines().find(|line| line.split_whitespace().next() == Some(scenario)).unwrap_or_default();
    line.split_whitespace().skip(1).map(str::to_owned).collect()
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
    let run = matrix(&["psk", "cookie", "ipv6", "rekey-ike", "v1-quick-pfs", "v1-xauth-mode-cfg"], &[], &out);
    let said = String::from_utf8_lossy(&run.stdout);
    assert_eq!(run.status.code(), Some(0), "{said}\n{}", String::from_utf8_lossy(&run.stderr));
    assert!(said.lines().any(|line| line.starts_with("psk ") && line.matches("pass").count() == 3), "{said}");
    let cell = out.join("psk/strongswan-ours");
    for kept in ["wan.pcapng", "ladder.txt", "west/charon.log", "west/swanctl.conf"] {
        assert!(cell.join(kept).is_file(), "{kept}");
    }
}

#[test]
fn a_daemon_is_held_to_what_a_tester_says() {
    if !strongswan_is_here() {
        return;
    }
    let out = folder("tester");
    let run = matrix(&["conformance/message-ids", "conformance/rekeys"], &[], &out);
    let said = String::from_utf8_lossy(&run.stdout);
    assert_eq!(run.status.code(), Some(0), "{said}");
    assert!(said.contains("tester → strongswan"), "{said}");
    assert_eq!(marks(&said, "message-ids#IKE_AUTH-comes-twice"), ["pass"], "{said}");
}

#[test]
fn another_adapter_plays_by_the_contract() {
    if !strongswan_is_here() {
        return;
    }
    let out = folder("contract");
    let with = format!("other={}", adapter("strongswan"));
    let scenarios = ["psk", "ipv6", "rekey-child", "delete-child", "certificates", "conformance/deletes"];
    let run = matrix(&scenarios, &["--with", &with], &out);
    let said = String::from_utf8_lossy(&run.stdout);
    assert_eq!(run.status.code(), Some(0), "{said}\n{}", String::from_utf8_lossy(&run.stderr));
    assert_eq!(marks(&said, "psk"), ["pass"; 3], "{said}");
    assert_eq!(marks(&said, "certificates#ecdsa-p256"), ["-"; 2], "{said}");
    assert!(said.contains("unsupported: this adapter has shared keys only"), "{said}");
    assert_eq!(running_in(&out), 0, "what it has started ends with it");
}

#[test]
fn an_adapter_that_can_do_nothing_passes_nothing() {
    if !strongswan_is_here() {
        return;
    }
    let with = format!("idle={}", adapter("nothing"));
    let run = matrix(&["psk"], &["--with", &with, "--peers", "ours,idle"], &folder("nothing"));
    let said = String::from_utf8_lossy(&run.stdout);
    assert_eq!(run.status.code(), Some(1), "{said}");
    assert!(
        said.contains("idle: nothing 1.0") && said.contains("unsupported: nothing can be done with it"),
        "{said}"
    );
}

#[test]
fn a_wrong_adapter_is_refused_before_anything_runs() {
    for (with, said) in [
        ("mine", "expected NAME=PATH"),
        ("mine=/nowhere/at/all", "No such file"),
        (&format!("mine={}", scenario("psk")), "cannot be executed"),
        (&format!("a b={}", adapter("nothing")), "is no name"),
    ] {
        let run = matrix(&["psk"], &["--with", with], &folder("wrong"));
        assert_eq!(run.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&run.stderr).contains(said), "{with}");
    }
    let run = matrix(&["psk"], &["--peers", "ours,strongswann"], &folder("wrong"));
    assert_eq!(run.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&run.stderr).contains("\"strongswann\" is no implementation"));
}

/// In a mount namespace of its own a file can be hidden without taking it away from others.
#[test]
fn what_is_missing_is_named_with_the_package_that_has_it() {
    if !strongswan_is_here() {
        return;
    }
    let hide = "mount --bind /dev/null /usr/sbin/swanctl && exec \"$0\" interop \"$1\"";
    let mut without = Command::new("unshare");
    without.args(["--mount", "sh", "-c", hide, BINARY, &scenario("psk")]);
    let run = without.output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(2), "{said}");
    assert!(
        said.contains("strongSwan lacks /usr/sbin/swanctl here: apt-get install strongswan-swanctl"),
        "{said}"
    );
}

#[test]
fn who_is_interrupted_leaves_no_daemon_behind() {
    if !strongswan_is_here() {
        return;
    }
    for signal in ["INT", "TERM", "KILL"] {
        let out = folder(signal);
        // Who starts the tests in the background may ignore SIGINT, which is inherited.
        let mut command = Command::new("env");
        command.args(["--default-signal=INT,TERM", BINARY]);
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
