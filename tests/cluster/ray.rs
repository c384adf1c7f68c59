//! A Ray cluster on loopback: a head without cores, and nodes that can be killed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::hosts::Hosts;

/// What marks the processes of a node, in their environment.
const MARK: &str = "RAY_TEST_NODE";

/// The interpreter that `make test-cluster` sets up.
pub fn python() -> PathBuf {
    let python = crate::support::root().join(".venv-cluster/bin/python");
    assert!(
        python.exists(),
        "{} is missing; `make test-cluster` installs it",
        python.display()
    );
    python
}

/// The cluster; its processes end with the value.
pub struct Ray {
    folder: tempfile::TempDir,
    port: u16,
    client: u16,
    hosts: Option<Hosts>,
    /// What was started and not killed.
    started: RefCell<BTreeMap<String, Child>>,
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Ray {
    /// Starts a head and nodes `a` and `b` with a core each, on this host or on hosts of their own.
    pub fn start(hosts: Option<Hosts>) -> Self {
        let folder = tempfile::Builder::new().prefix("ray").tempdir_in("/tmp");
        let ray = Self {
            folder: folder.unwrap(),
            port: free_port(),
            client: free_port(),
            hosts,
            started: RefCell::default(),
        };
        ray.write_torchrun();
        let temp = format!("--temp-dir={}", ray.folder.path().display());
        let port = format!("--port={}", ray.port);
        let client = format!("--ray-client-server-port={}", ray.client);
        let dashboard = "--include-dashboard=false";
        ray.spawn(
            "head",
            &["--head", "--num-cpus=0", dashboard, &temp, &port, &client],
        );
        ray.wait_for_head();
        // One after the other: on one host they would pick the same ports.
        ray.node("a");
        ray.wait_for_nodes(1);
        ray.node("b");
        ray.wait_for_nodes(2);
        ray
    }

    /// The hosts that it is on.
    pub fn hosts(&self) -> &Hosts {
        self.hosts.as_ref().unwrap()
    }

    fn address_of(&self, name: &str) -> String {
        let own = self.hosts.as_ref().map(|hosts| hosts.address(name));
        own.unwrap_or_else(|| "127.0.0.1".to_owned())
    }

    /// What `--cluster` takes on this host.
    pub fn address(&self) -> String {
        format!("{}:{}", self.address_of("head"), self.port)
    }

    /// What it takes anywhere: slower to connect, through a process that the head starts.
    pub fn address_from_elsewhere(&self) -> String {
        format!("ray://{}:{}", self.address_of("head"), self.client)
    }

    /// Starts a node, or starts it again.
    pub fn node(&self, name: &str) {
        let head = format!("--address={}:{}", self.address_of("head"), self.port);
        // Two of what `a` has go for GPUs.
        let gpus = if name == "a" {
            "--num-gpus=2"
        } else {
            "--num-gpus=0"
        };
        self.spawn(name, &[&head, "--num-cpus=1", gpus]);
    }

    /// A torchrun for the nodes, which notes what it is asked for.
    fn write_torchrun(&self) {
        let bin = self.folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        let script = format!(
            "#!/bin/sh\necho \"$@\" >> {}/torchrun.log\nexec {}/.venv/bin/torchrun \"$@\"\n",
            self.folder.path().display(),
            crate::support::root().display()
        );
        fs::write(bin.join("torchrun"), script).unwrap();
        fs::set_permissions(bin.join("torchrun"), Permissions::from_mode(0o755)).unwrap();
    }

    /// What torchrun was asked for on the nodes.
    pub fn torchrun_log(&self) -> String {
        fs::read_to_string(self.folder.path().join("torchrun.log")).unwrap_or_default()
    }

    fn spawn(&self, name: &str, arguments: &[&str]) {
        let log = File::create(self.folder.path().join(format!("{name}.log"))).unwrap();
        let program = python().with_file_name("ray");
        let mut command = match &self.hosts {
            Some(hosts) => hosts.command(name, &program),
            None => Command::new(program),
        };
        command
            .args(["start", "--block", "--object-store-memory=80000000"])
            .arg(format!("--node-ip-address={}", self.address_of(name)))
            .args(arguments)
            .env(MARK, self.mark(name))
            .env("PATH", self.path())
            .env("RAY_USAGE_STATS_ENABLED", "0")
            // Half a second without a sign of life, four times, and a node is given up.
            .env("RAY_health_check_period_ms", "500")
            .env("RAY_health_check_timeout_ms", "1000")
            .env("RAY_health_check_failure_threshold", "4")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        let child = command.spawn().unwrap();
        self.started.borrow_mut().insert(name.to_owned(), child);
    }

    /// Programs that the nodes find.
    fn path(&self) -> String {
        let own = self.folder.path().join("bin");
        format!("{}:{}", own.display(), std::env::var("PATH").unwrap())
    }

    fn mark(&self, name: &str) -> String {
        format!("{}:{name}", self.port)
    }

    /// Ends a node as a power cut does: all its processes at once, down to the tasks.
    pub fn kill(&self, name: &str) {
        let started = self.started.borrow_mut().remove(name);
        let mark = format!("{MARK}={}", self.mark(name));
        while signal(&mark) > 0 {
            sleep(Duration::from_millis(20));
        }
        if let Some(mut child) = started {
            child.wait().unwrap();
        }
    }

    /// Starts nodes again that could not start: Ray gives up where a machine is slow.
    fn restart(&self) {
        let has_ended = |(name, child): (&String, &mut Child)| {
            let ended = child.try_wait().unwrap().is_some();
            (ended && name != "head").then(|| name.clone())
        };
        let ended: Vec<String> = self
            .started
            .borrow_mut()
            .iter_mut()
            .filter_map(has_ended)
            .collect();
        for name in ended {
            self.kill(&name);
            self.node(&name);
        }
    }

    /// Waits until so many nodes have cores to give.
    pub fn wait_for_nodes(&self, wanted: usize) {
        let script = "import sys, time\n\
            from ray._raylet import GcsClient\n\
            head = GcsClient(address=sys.argv[1])\n\
            nodes = lambda: head.get_all_node_info().values()\n\
            alive = lambda: sum(node.state == 0 and 'CPU' in node.resources_total for node in nodes())\n\
            while alive() != int(sys.argv[2]): time.sleep(0.1)";
        let address = format!("{}:{}", self.address_of("head"), self.port);
        let mut command = Command::new(python());
        command.args(["-c", script, &address, &wanted.to_string()]);
        let mut child = command.spawn().unwrap();
        let start = Instant::now();
        while child.try_wait().unwrap().is_none() {
            assert!(
                start.elapsed() < Duration::from_secs(120),
                "there are not {wanted} nodes"
            );
            self.restart();
            sleep(Duration::from_millis(50));
        }
        assert!(child.wait().unwrap().success());
    }

    fn wait_for_head(&self) {
        let start = Instant::now();
        let head = self.address_of("head");
        while TcpStream::connect((head.as_str(), self.client)).is_err() {
            let log = || fs::read_to_string(self.folder.path().join("head.log"));
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "{}",
                log().unwrap()
            );
            sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Ray {
    fn drop(&mut self) {
        for name in ["a", "b", "head"] {
            self.kill(name);
        }
    }
}

/// Kills every process that has this in its environment, and all that those have started; says how many
/// there were.
fn signal(mark: &str) -> usize {
    let mut parents: BTreeMap<String, String> = BTreeMap::new();
    let mut found: Vec<String> = Vec::new();
    for process in fs::read_dir("/proc").unwrap().flatten() {
        let id = process.file_name().into_string().unwrap();
        let environment = fs::read(process.path().join("environ")).unwrap_or_default();
        let mut variables = environment.split(|byte| *byte == 0);
        if variables.any(|variable| variable == mark.as_bytes()) {
            found.push(id.clone());
        }
        // The parent stands behind the name, which ends with the last bracket, and the state.
        let status = fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        let rest = status.rsplit_once(')').map_or("", |(_, rest)| rest);
        if let Some(parent) = rest.split_whitespace().nth(1) {
            parents.insert(id, parent.to_owned());
        }
    }
    // Ray's workers write their titles over their environment.
    let mut next = 0;
    while let Some(parent) = found.get(next).cloned() {
        let children = parents.iter().filter(|(_, of)| **of == parent);
        found.extend(children.map(|(id, _)| id.clone()));
        next += 1;
    }
    if !found.is_empty() {
        let mut kill = Command::new("kill");
        let _ = kill.arg("-9").args(&found).stderr(Stdio::null()).status();
    }
    found.len()
}
