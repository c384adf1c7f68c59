//! One cluster, and run after run on it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use textmill_schemas::Manifest;

use crate::corpus;
use crate::hosts::Hosts;
use crate::place::Place;
use crate::proxy::Proxy;
use crate::ray::{Ray, python};
use crate::server::Server;
use crate::support::{DATA_STAGES, both, root};

/// Shards of tens of documents, so that every step has a score of tasks.
const SETTINGS: &str =
    "[run]\nseed = 5\n\n[collect]\ntask_bytes = 100000\n\n[tokenize]\nvocab_size = 1200\n\n";

/// The corpus, its configuration, and a local run of it.
struct Reference {
    folder: tempfile::TempDir,
    hashes: BTreeMap<String, String>,
    files: BTreeSet<String>,
}

impl Reference {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let texts = folder.path().join("texts");
        corpus::write(&texts);
        let source = format!(
            "[[collect.source]]\nname = \"sites\"\npath = \"{}\"\n",
            texts.display()
        );
        fs::write(
            folder.path().join("config.toml"),
            SETTINGS.to_owned() + &source,
        )
        .unwrap();
        let place = Place::Folder(folder.path().join("local"));
        let mut reference = Self {
            folder,
            hashes: BTreeMap::new(),
            files: BTreeSet::new(),
        };
        succeed(&mut reference.textmill(&place, "run", &["--until", "tokenize"]));
        reference.hashes = hashes(&place);
        reference.files = files(&place);
        assert!(reference.hashes.len() > 100, "{:?}", reference.hashes);
        reference
    }

    fn textmill(&self, place: &Place, command: &str, arguments: &[&str]) -> Command {
        let mut process = Command::new(env!("CARGO_BIN_EXE_textmill"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
            process.env_remove(name);
        }
        process
            .current_dir(root())
            .arg(command)
            .arg("--config")
            .arg(self.folder.path().join("config.toml"))
            .arg("--set")
            .arg(format!("run.dir={}", place.location()))
            .args(arguments)
            .envs(place.environment(None));
        process
    }

    /// A run on the cluster.
    fn on(&self, ray: &Ray, place: &Place, until: &str) -> Command {
        self.at(&ray.address(), place, until)
    }

    /// A run on the cluster of that address.
    fn at(&self, address: &str, place: &Place, until: &str) -> Command {
        let mut process = self.textmill(place, "run", &["--until", until, "--cluster", address]);
        process.arg("--python").arg(python());
        process.stdout(Stdio::piped()).stderr(Stdio::piped());
        process
    }

    /// Every shard has the hash of the local run, and `gc` knows of everything else.
    fn compare(&self, place: &Place) {
        assert_eq!(hashes(place), self.hashes);
        let named = succeed(&mut self.textmill(place, "gc", &["--dry-run"]));
        succeed(&mut self.textmill(place, "gc", &[]));
        assert_eq!(files(place), self.files, "gc named {named}");
    }
}

/// The files of a run, but for what says which run it is.
fn files(place: &Place) -> BTreeSet<String> {
    let mut files = place.files();
    files.retain(|name| name != ".lock");
    files
}

fn manifest(place: &Place, stage: &str) -> Option<Manifest> {
    let bytes = place.read(&format!("{stage}/manifest.json"))?;
    Some(serde_json::from_slice(&bytes).unwrap())
}

/// The hash of every shard and file of every stage.
fn hashes(place: &Place) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for stage in DATA_STAGES {
        for file in manifest(place, stage).unwrap().outputs() {
            all.insert(format!("{stage}/{}", file.path), file.hash.clone());
        }
    }
    all
}

fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", both(&output));
    both(&output)
}

fn end(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", both(&output));
    both(&output)
}

/// Waits until a stage has tasks that are done, and others that are not.
fn wait_for_middle(place: &Place, stage: &str, child: &mut Child) {
    let start = Instant::now();
    let done = format!("{stage}/work/done/");
    while !place.files().iter().any(|name| name.starts_with(&done)) {
        assert!(
            child.try_wait().unwrap().is_none(),
            "{stage}: over before anything was seen of it"
        );
        assert!(start.elapsed() < Duration::from_secs(120), "{stage}");
        sleep(Duration::from_millis(5));
    }
}

/// Says how long a scenario took.
fn timed(name: &str, scenario: impl FnOnce()) {
    let start = Instant::now();
    scenario();
    eprintln!("{name}: {:.1} s", start.elapsed().as_secs_f64());
}

fn undisturbed(reference: &Reference, ray: &Ray, place: &Place) {
    let address = ray.address_from_elsewhere();
    end(reference.at(&address, place, "tokenize").spawn().unwrap());
    reference.compare(place);
    let said = end(reference.on(ray, place, "tokenize").spawn().unwrap());
    assert!(said.contains("up to date"), "{said}");
}

/// In every stage a node dies; the next one has it back.
fn a_node_dies_in_every_stage(reference: &Reference, ray: &Ray, place: &Place) {
    for (number, stage) in DATA_STAGES.into_iter().enumerate() {
        let mut child = reference.on(ray, place, stage).spawn().unwrap();
        wait_for_middle(place, stage, &mut child);
        let victim = ["a", "b"][number % 2];
        ray.kill(victim);
        assert!(
            manifest(place, stage).is_none(),
            "{stage}: over before the node died"
        );
        ray.node(victim);
        end(child);
        ray.wait_for_nodes(2);
    }
    reference.compare(place);
}

/// The driver dies with a stage half done; the same command goes on.
fn the_driver_dies(reference: &Reference, ray: &Ray, place: &Place) {
    for stage in ["filter", "dedupe"] {
        let mut child = reference.on(ray, place, "tokenize").spawn().unwrap();
        wait_for_middle(place, stage, &mut child);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(
            manifest(place, stage).is_none(),
            "{stage}: over before the driver died"
        );
    }
    end(reference.on(ray, place, "tokenize").spawn().unwrap());
    reference.compare(place);
}

fn an_interrupt_leaves_a_run_to_go_on_with(reference: &Reference, ray: &Ray, place: &Place) {
    let mut child = reference.on(ray, place, "tokenize").spawn().unwrap();
    wait_for_middle(place, "extract", &mut child);
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", both(&output));
    assert!(
        both(&output).contains("Run the same command again"),
        "{}",
        both(&output)
    );
    end(reference.on(ray, place, "tokenize").spawn().unwrap());
    reference.compare(place);
}

/// Where a node has several GPUs, training is torchrun's ranks on it. Over tokens that are there.
fn several_gpus_train_as_ranks(reference: &Reference, ray: &Ray, [many, one]: [&Place; 2]) {
    let tiny = [
        "train.layers=1",
        "train.heads=2",
        "train.width=32",
        "train.context=16",
        "train.batch=2",
        "train.accumulate=2",
        "train.steps=6",
        "train.eval_every=3",
        "train.eval_windows=4",
        "train.threads=1",
    ];
    let settings: Vec<&str> = tiny.iter().flat_map(|set| ["--set", *set]).collect();
    let mut ranks = reference.on(ray, many, "train");
    end(ranks.args(&settings).args(["--gpus", "2"]).spawn().unwrap());
    let asked = ray.torchrun_log();
    assert!(asked.contains("--nproc-per-node 2"), "{asked}");
    succeed(
        reference
            .textmill(one, "run", &["--until", "train"])
            .args(&settings),
    );
    let model = |place| {
        let files = manifest(place, "train").unwrap().files;
        let file = files
            .into_iter()
            .find(|file| file.path == "best/model.safetensors");
        file.unwrap().hash
    };
    // A sum of two gradients has one order.
    assert_eq!(model(many), model(one));
}

fn the_storage_refuses(reference: &Reference, ray: &Ray, place: &Place, server: SocketAddr) {
    let proxy = Proxy::start(server);
    let mut run = reference.on(ray, place, "tokenize");
    run.envs(place.environment(Some(proxy.address)));
    end(run.spawn().unwrap());
    let count =
        |counter: &std::sync::atomic::AtomicU64| counter.load(std::sync::atomic::Ordering::Relaxed);
    let (all, refused) = (count(&proxy.requests), count(&proxy.refused));
    assert!(refused > 20, "{refused} of {all} requests");
    eprintln!("{refused} of {all} requests refused");
    reference.compare(place);
}

/// Runs that cannot be say what to do.
fn what_is_wrong_is_named(reference: &Reference, ray: &Ray, place: &Place) {
    let fails = |run: &mut Command, words: &[&str]| {
        let output = run.output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", both(&output));
        for word in words {
            assert!(both(&output).contains(word), "{word}: {}", both(&output));
        }
    };
    let mut without_ray = reference.textmill(place, "run", &["--cluster", "ray://127.0.0.1:9"]);
    fails(
        without_ray.args(["--python", "/usr/bin/env"]),
        &["the connection to the cluster is lost"],
    );
    let mut no_binary = reference.on(ray, place, "collect");
    fails(
        no_binary.args(["--binary", "/nowhere/textmill"]),
        &["/nowhere/textmill", "failed 3 times"],
    );
}

fn folder(name: &str, parent: &Path) -> Place {
    let path: PathBuf = parent.join(name);
    fs::create_dir_all(&path).unwrap();
    Place::Folder(path)
}

#[test]
#[ignore = "starts a Ray cluster and an S3-compatible server: make test-cluster"]
fn a_cluster_writes_what_one_machine_writes() {
    let (reference, shared) = (Reference::new(), tempfile::tempdir().unwrap());
    let server = Server::start(&root());
    let ray = Ray::start(None);
    let on_disk = |name: &str| folder(name, shared.path());
    timed("a shared folder", || {
        undisturbed(&reference, &ray, &on_disk("undisturbed"));
    });
    timed("an interrupt", || {
        an_interrupt_leaves_a_run_to_go_on_with(&reference, &ray, &on_disk("interrupt"));
    });
    timed("mistakes", || {
        what_is_wrong_is_named(&reference, &ray, &on_disk("mistakes"));
    });
    timed("ranks of torchrun", || {
        let places = ["undisturbed", "interrupt"].map(on_disk);
        several_gpus_train_as_ranks(&reference, &ray, places.each_ref());
    });
    let in_store = |name: &str| Place::Bucket(server.address(), format!("runs/{name}"));
    timed("a node dies in every stage", || {
        a_node_dies_in_every_stage(&reference, &ray, &in_store("nodes"));
    });
    timed("the driver dies", || {
        the_driver_dies(&reference, &ray, &in_store("driver"));
    });
    timed("the storage refuses", || {
        the_storage_refuses(&reference, &ray, &in_store("refusals"), server.address());
    });
}

/// A node that is cut off works on, unseen, and comes back: its tasks were run twice by then.
#[test]
#[ignore = "needs root, for network namespaces: make test-hosts"]
fn hosts_of_their_own_may_be_cut_off_and_return() {
    let (reference, shared) = (Reference::new(), tempfile::tempdir().unwrap());
    let ray = Ray::start(Some(Hosts::start()));
    let place = folder("hosts", shared.path());
    for stage in DATA_STAGES {
        let address = ray.address_from_elsewhere();
        let mut child = reference.at(&address, &place, stage).spawn().unwrap();
        wait_for_middle(&place, stage, &mut child);
        ray.hosts().cut_off("a");
        // Nothing tells the others but that they hear nothing.
        ray.wait_for_nodes(1);
        ray.hosts().reconnect("a");
        end(child);
        // Ray has it start anew: what was given up is not taken back.
        ray.kill("a");
        ray.node("a");
        ray.wait_for_nodes(2);
    }
    reference.compare(&place);
}
