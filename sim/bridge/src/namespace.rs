//! A network namespace without a name, in which only what is started there lives.

use std::fs;
use std::io::{self, Write as _};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use nix::sched::{CloneFlags, unshare};

use crate::{Process, Tun};

/// A network namespace. It ends when this is dropped and no device and no program in it is left.
#[derive(Debug)]
pub struct Namespace {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

type Job = Box<dyn FnOnce() + Send>;

/// Why something could not be set up in a namespace.
#[derive(Debug, thiserror::Error)]
pub enum BridgeError {
    /// The kernel refuses.
    #[error("{what}: {error}")]
    Kernel {
        /// What was asked for.
        what: String,
        /// What it says.
        error: io::Error,
    },
    /// A program failed.
    #[error("{program}: {message}")]
    Program {
        /// Which.
        program: String,
        /// What it said.
        message: String,
    },
    /// The namespace's thread has ended.
    #[error("the namespace is gone")]
    Gone,
}

/// What a namespace of gateways is like: it forwards, also between an address of its own and a network behind it, and sends
/// nothing by itself.
const SETTINGS: [(&str, &str); 9] = [
    ("ipv4/ip_forward", "1"),
    ("ipv4/conf/all/rp_filter", "0"),
    ("ipv4/conf/default/rp_filter", "0"),
    ("ipv4/conf/default/accept_local", "1"),
    ("ipv4/conf/default/send_redirects", "0"),
    ("ipv6/conf/all/forwarding", "1"),
    ("ipv6/conf/default/addr_gen_mode", "1"),
    ("ipv6/conf/default/accept_dad", "0"),
    ("ipv6/conf/default/router_solicitations", "0"),
];

impl Namespace {
    /// A namespace with nothing but its loopback.
    ///
    /// # Errors
    /// When the kernel refuses: who asks has to be root.
    pub fn new() -> Result<Self, BridgeError> {
        let (jobs, orders) = channel::<Job>();
        let work = move || orders.into_iter().for_each(|job| job());
        let thread = std::thread::Builder::new().name("namespace".into()).spawn(work);
        let thread = thread.map_err(|error| BridgeError::Kernel { what: "a thread".into(), error })?;
        let namespace = Self { jobs: Some(jobs), thread: Some(thread) };
        namespace.enter(enter_anew)??;
        namespace.ip("link set lo up\n")?;
        Ok(namespace)
    }

    /// Does something inside: the sockets that it opens are those of the namespace, also when they are used outside.
    ///
    /// # Errors
    /// When the namespace's thread has ended.
    pub fn enter<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, BridgeError> {
        let (sender, result) = channel();
        let job: Job = Box::new(move || drop(sender.send(work())));
        let jobs = self.jobs.as_ref().ok_or(BridgeError::Gone)?;
        jobs.send(job).map_err(|_| BridgeError::Gone)?;
        result.recv().map_err(|_| BridgeError::Gone)
    }

    /// Adds a TUN device that is up and takes packets of so many octets.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn tun(&self, name: &str, mtu: u16) -> Result<Tun, BridgeError> {
        let own = name.to_owned();
        let tun = self.enter(move || Tun::new(&own))?;
        let tun = tun.map_err(|error| BridgeError::Kernel { what: format!("TUN device {name}"), error })?;
        self.ip(&format!("link set {name} mtu {mtu} up\n"))?;
        Ok(tun)
    }

    /// Gives orders to `ip`, one a line: `address add 192.0.2.1/32 dev wan`.
    ///
    /// # Errors
    /// With what it says when it refuses one; those before it have been carried out.
    pub fn ip(&self, orders: &str) -> Result<(), BridgeError> {
        self.run("ip", &["-batch", "-"], orders).map(drop)
    }

    /// Runs a program to its end, with this input, and gives what it wrote.
    ///
    /// # Errors
    /// With what it says when it fails.
    pub fn run(&self, program: &str, arguments: &[&str], input: &str) -> Result<String, BridgeError> {
        let mut command = Command::new(program);
        command.args(arguments);
        self.run_command(command, input)
    }

    /// Runs a prepared program to its end, with this input, and gives what it wrote.
    ///
    /// # Errors
    /// With what it says when it fails.
    pub fn run_command(&self, mut command: Command, input: &str) -> Result<String, BridgeError> {
        let program = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let input = input.to_owned();
        let ran = self.enter(move || {
            let mut child = command.spawn()?;
            if let Some(mut stdin) = child.stdin.take() {
                stdin.write_all(input.as_bytes())?;
            }
            child.wait_with_output()
        })?;
        let failed = |message: String| BridgeError::Program { program: program.clone(), message };
        let output = ran.map_err(|error| failed(error.to_string()))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said =
            [output.stderr, output.stdout].map(|said| String::from_utf8_lossy(&said).trim().to_owned());
        Err(failed(format!("{}: {}", output.status, said.join(" "))))
    }

    /// Starts a program that goes on, without input. The kernel kills it when this namespace is dropped, or the process ends.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&self, command: &Command) -> Result<Process, BridgeError> {
        // `setpriv` asks the kernel for that, and becomes the program.
        let mut guarded = Command::new("setpriv");
        guarded.args(["--pdeathsig", "KILL", "--"]).arg(command.get_program()).args(command.get_args());
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => guarded.env(key, value),
                None => guarded.env_remove(key),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            guarded.current_dir(folder);
        }
        guarded.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let program = command.get_program().to_string_lossy().into_owned();
        let started = self.enter(move || guarded.spawn())?;
        let failed =
            |error: io::Error| BridgeError::Program { program: program.clone(), message: error.to_string() };
        let mut process = started.map(Process).map_err(failed)?;
        process.wait_for(&program).map_err(failed)?;
        Ok(process)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Puts this thread into a network namespace that nobody else is in.
fn enter_anew() -> Result<(), BridgeError> {
    unshare(CloneFlags::CLONE_NEWNET)
        .map_err(|error| BridgeError::Kernel { what: "a network namespace".into(), error: error.into() })?;
    for (name, value) in SETTINGS {
        let path = format!("/proc/sys/net/{name}");
        // A kernel without IPv6 has no such settings, and no need of them.
        if fs::exists(&path).unwrap_or(false) {
            fs::write(&path, value).map_err(|error| BridgeError::Kernel { what: path, error })?;
        }
    }
    Ok(())
}
