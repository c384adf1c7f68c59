//! Hosts with networks of their own: a network namespace each, all on one bridge. Needs root.

use std::path::Path;
use std::process::{Command, Stdio};

/// The hosts, in the order of their addresses.
const NAMES: [&str; 3] = ["head", "a", "b"];

/// Namespaces `head`, `a` and `b`; they go with the value.
pub struct Hosts {
    /// Tells the namespaces of one process from those of another.
    own: u32,
}

impl Hosts {
    /// Makes them, and connects them with each other and with this host.
    pub fn start() -> Self {
        let hosts = Self {
            own: std::process::id() % 10_000,
        };
        let (bridge, network) = (hosts.bridge(), hosts.network());
        ip(&format!("link add {bridge} type bridge"));
        ip(&format!("addr add {network}.1/24 dev {bridge}"));
        ip(&format!("link set {bridge} up"));
        for name in NAMES {
            let (space, cable, address) =
                (hosts.space(name), hosts.cable(name), hosts.address(name));
            ip(&format!("netns add {space}"));
            ip(&format!(
                "link add {cable} type veth peer name eth0 netns {space}"
            ));
            ip(&format!("link set {cable} master {bridge} up"));
            ip(&format!("-n {space} addr add {address}/24 dev eth0"));
            ip(&format!("-n {space} link set eth0 up"));
            ip(&format!("-n {space} link set lo up"));
            ip(&format!("-n {space} route add default via {network}.1"));
        }
        hosts
    }

    /// The address of a host.
    pub fn address(&self, name: &str) -> String {
        let place = NAMES.iter().position(|host| *host == name).unwrap();
        format!("{}.{}", self.network(), place + 2)
    }

    /// A program on a host.
    pub fn command(&self, name: &str, program: &Path) -> Command {
        let mut command = Command::new("ip");
        command
            .args(["netns", "exec", &self.space(name)])
            .arg(program);
        command
    }

    /// Pulls the cable of a host, which goes on working.
    pub fn cut_off(&self, name: &str) {
        ip(&format!("link set {} down", self.cable(name)));
    }

    /// Puts it back.
    pub fn reconnect(&self, name: &str) {
        ip(&format!("link set {} up", self.cable(name)));
    }

    fn network(&self) -> String {
        format!("10.{}.{}", 100 + self.own / 256, self.own % 256)
    }

    fn bridge(&self) -> String {
        format!("tm{}", self.own)
    }

    fn cable(&self, name: &str) -> String {
        format!("tm{}{name}", self.own)
    }

    fn space(&self, name: &str) -> String {
        format!("textmill-{}-{name}", self.own)
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        let quietly = |arguments: String| {
            let mut command = Command::new("ip");
            command.args(arguments.split(' ')).stderr(Stdio::null());
            let _ = command.status();
        };
        for name in NAMES {
            quietly(format!("netns del {}", self.space(name)));
        }
        quietly(format!("link del {}", self.bridge()));
    }
}

fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "ip {arguments}: are you root?"
    );
}
