//! Training steps and greedy decoding beside PyTorch's, driven line by line, so that contenders
//! can take turns.
//!
//! `serve`: warms up, then obeys lines of standard input, `run N` or `quit`, with one line of
//! JSON each: seconds and CPU seconds of every step, and the last loss. `parity --dir D`: trains
//! on D/batches.safetensors from D/init.safetensors and prints the losses. `decode`: tokens a
//! second, with the KV cache. The model is the one of the PyTorch peer: gpt2, tied.
//! `gpu`: steps of GPT-2 124M on a context of 1,024 in bf16 on the first GPU: seconds to the end of
//! the first step since the start, and tokens a second.
//! `characters --file F`: nanoGPT's run for a CPU on the characters of a file (Tiny Shakespeare),
//! the first nine tenths for training, and the loss on all of the last tenth.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::Path;
use std::time::Instant;

use serde_json::json;
use tch::{Device, Kind, Tensor, no_grad};
use textmill_model::{
    Architecture, Dropout, Gpt, ModelConfig, Sampling, Size, WEIGHTS_FILE, generate, read_tensors,
    write_tensors,
};
use textmill_train::{Config, Optimizer, gradient_norm};

struct Arguments(BTreeMap<String, String>);

impl Arguments {
    fn parse() -> (String, Self) {
        let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
        let mode = words.next().unwrap_or_else(|| "serve".to_owned());
        let mut found = BTreeMap::new();
        while let Some(key) = words.next() {
            let value = words
                .next()
                .unwrap_or_else(|| panic!("{key}: needs a value"));
            found.insert(key, value);
        }
        (mode, Self(found))
    }

    fn number(&self, key: &str, default: i64) -> i64 {
        self.0
            .get(key)
            .map_or(default, |value| value.parse().unwrap())
    }

    fn text(&self, key: &str, default: &str) -> String {
        self.0.get(key).map_or(default, String::as_str).to_owned()
    }

    fn kind(&self) -> Kind {
        match self.text("--prec", "fp32").as_str() {
            "bf16" => Kind::BFloat16,
            _ => Kind::Float,
        }
    }

    fn config(&self) -> ModelConfig {
        let architecture = Architecture::named(&self.text("--preset", "gpt2")).unwrap();
        let size = Size {
            name: "bench",
            layers: self.number("--layers", 6),
            heads: self.number("--heads", 6),
            width: self.number("--dim", 384),
        };
        let (vocab, context) = (self.number("--vocab", 4096), self.number("--ctx", 256));
        ModelConfig::new(architecture, size, vocab, context)
    }
}

/// What a training run needs, put together as the trainer does for one micro-batch a step.
struct Run {
    weights: Gpt,
    half: Option<Gpt>,
    net: Gpt,
    optimizer: Optimizer,
    step: u64,
    lr: f64,
    /// Whether libtorch's autograd computes the gradients.
    autograd: bool,
}

impl Run {
    fn new(weights: Gpt, kind: Kind, beta2: f64, weight_decay: f64) -> Self {
        let half = (kind != Kind::Float).then(|| weights.cast(kind).unwrap());
        let net = half.as_ref().unwrap_or(&weights).trainable().unwrap();
        let config = Config {
            weight_decay,
            clip: 1.0,
            beta2,
            ..Config::default()
        };
        let optimizer = Optimizer::new(&config, &weights, 1).unwrap();
        Self {
            weights,
            half,
            net,
            optimizer,
            step: 0,
            lr: 1e-3,
            autograd: false,
        }
    }

    fn step(&mut self, tokens: &Tensor, targets: &Tensor) -> f64 {
        let scale = 1.0 / targets.numel() as f64;
        let mut off = Dropout::off();
        let (net, off) = (&self.net, &mut off);
        let found = match self.autograd {
            true => net.gradients_by_autograd(tokens, targets, None, scale, off),
            false => net.gradients(tokens, targets, scale, off),
        };
        let found = found.unwrap();
        let norm = gradient_norm(&found.flat).unwrap();
        self.optimizer
            .update(self.weights.flat(), &found.flat, &norm, self.step, self.lr)
            .unwrap();
        if let Some(half) = &self.half {
            half.flat().shallow_clone().copy_(self.weights.flat());
        }
        self.step += 1;
        found.loss.double_value(&[])
    }
}

fn cpu_seconds() -> f64 {
    // utime and stime of all threads, in ticks of a hundredth of a second
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let behind = stat.rsplit(')').next().unwrap();
    let fields: Vec<f64> = behind
        .split_whitespace()
        .filter_map(|field| field.parse().ok())
        .collect();
    // The state is no number: utime is the 11th of the numbers, stime the 12th.
    (fields[10] + fields[11]) / 100.0
}

/// Token ids of a batch, another one for each seed.
fn ids(config: &ModelConfig, shape: [i64; 2], seed: i64) -> Tensor {
    let count = shape.iter().product();
    let ids: Vec<i64> = (0..count)
        .map(|i: i64| (i * 7919 + seed * 104_729) % config.vocab_size)
        .collect();
    Tensor::from_slice(&ids).reshape(shape)
}

fn serve(arguments: &Arguments) {
    let config = arguments.config();
    let (batch, context) = (arguments.number("--batch", 16), config.context);
    let mut run = Run::new(
        Gpt::new(&config, 1, Device::Cpu).unwrap(),
        arguments.kind(),
        0.95,
        0.1,
    );
    let mut number = 0;
    let mut step = || {
        number += 1;
        let shape = [batch, context];
        run.step(
            &ids(&config, shape, number),
            &ids(&config, shape, number + 1),
        )
    };
    for _ in 0..arguments.number("--warmup", 2) {
        step();
    }
    println!("{}", json!({"ready": true}));
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let Some(count) = line.strip_prefix("run ") else {
            return;
        };
        let (mut seconds, mut cpu, mut loss) = (Vec::new(), Vec::new(), 0.0);
        for _ in 0..count.trim().parse::<u64>().unwrap() {
            let (wall, before) = (Instant::now(), cpu_seconds());
            loss = step();
            seconds.push(wall.elapsed().as_secs_f64());
            cpu.push(cpu_seconds() - before);
        }
        let peak = peak_memory();
        println!(
            "{}",
            json!({"step_s": seconds, "cpu_s": cpu, "loss": loss, "peak_mib": peak})
        );
    }
}

/// Peak of resident memory in MiB.
fn peak_memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    let kib: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib / 1024.0
}

/// What CUDA computed is there only once it is asked for: `run.step` does, by returning the loss.
fn gpu(arguments: &Arguments) {
    let start = Instant::now();
    let device = textmill_model::best_device();
    assert!(
        device.is_cuda(),
        "no GPU is seen; `textmill doctor` says why"
    );
    let size = Size::named(&arguments.text("--size", "gpt2-124m")).unwrap();
    let (context, batch) = (
        arguments.number("--ctx", 1024),
        arguments.number("--batch", 32),
    );
    let config = ModelConfig::new(Architecture::Gpt2, size, 50_257, context);
    let mut run = Run::new(
        Gpt::new(&config, 1, device).unwrap(),
        Kind::BFloat16,
        0.95,
        0.1,
    );
    let batch = |seed| ids(&config, [batch, context], seed).to_device(device);
    let (tokens, targets) = (batch(1), batch(2));
    run.step(&tokens, &targets);
    let first = start.elapsed().as_secs_f64();
    let mut seconds: Vec<f64> = (0..arguments.number("--steps", 30))
        .map(|_| {
            let start = Instant::now();
            run.step(&tokens, &targets);
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    let speed = tokens.numel() as f64 / seconds[seconds.len() / 2];
    println!(
        "{}",
        json!({"first_step_s": first, "tokens_per_second": speed})
    );
}

/// The peer's names, as GPT-2's.
fn stock_name(name: &str) -> String {
    let name = name
        .replace("blocks.", "h.")
        .replace(".ln1.", ".ln_1.")
        .replace(".ln2.", ".ln_2.")
        .replace(".qkv.", ".attn.c_attn.")
        .replace(".proj.", ".attn.c_proj.")
        .replace(".up.", ".mlp.c_fc.")
        .replace(".down.", ".mlp.c_proj.")
        .replace("lnf.", "ln_f.");
    format!("transformer.{name}")
}

fn parity(arguments: &Arguments) {
    let dir = arguments.text("--dir", ".");
    let dir = Path::new(&dir);
    let scratch = dir.join("textmill");
    std::fs::create_dir_all(&scratch).unwrap();
    Gpt::new(&arguments.config(), 1, Device::Cpu)
        .unwrap()
        .save(&scratch)
        .unwrap();
    let theirs = read_tensors(&dir.join("init.safetensors")).unwrap();
    let renamed: Vec<(String, Tensor)> = theirs
        .iter()
        .map(|(name, tensor)| {
            let linear = tensor.dim() == 2 && name.starts_with("blocks.");
            let tensor = if linear {
                tensor.tr()
            } else {
                tensor.shallow_clone()
            };
            (stock_name(name), tensor)
        })
        .collect();
    let named = renamed.iter().map(|(name, tensor)| (name.as_str(), tensor));
    write_tensors(&scratch.join(WEIGHTS_FILE), named).unwrap();
    let mut run = Run::new(
        Gpt::load(&scratch, Device::Cpu).unwrap(),
        arguments.kind(),
        0.95,
        0.0,
    );
    run.autograd = arguments.text("--autograd", "no") == "yes";
    let batches = read_tensors(&dir.join("batches.safetensors")).unwrap();
    let (x, y) = (&batches["x"], &batches["y"]);
    let losses: Vec<f64> = (0..x.size()[0])
        .map(|step| run.step(&x.select(0, step), &y.select(0, step)))
        .collect();
    println!("{}", json!({"losses": losses}));
}

fn decode(arguments: &Arguments) {
    let config = arguments.config();
    let gpt = Gpt::new(&config, 1, Device::Cpu).unwrap();
    let gpt = match arguments.kind() {
        Kind::Float => gpt,
        kind => gpt.cast(kind).unwrap(),
    };
    let prompt: Vec<u32> = (0..arguments.number("--prompt", 64) as u32)
        .map(|i| i * 7919 % config.vocab_size as u32)
        .collect();
    let sampling = Sampling {
        temperature: 0.0,
        max_new_tokens: arguments.number("--new", 96) as usize,
        ..Sampling::default()
    };
    let mut speeds: Vec<f64> = (0..arguments.number("--reps", 5))
        .map(|_| {
            let start = Instant::now();
            let found = no_grad(|| {
                generate(&gpt, &prompt, &sampling, |_| {
                    std::ops::ControlFlow::Continue(())
                })
            });
            found.unwrap().len() as f64 / start.elapsed().as_secs_f64()
        })
        .collect();
    speeds.sort_by(f64::total_cmp);
    println!("{}", json!({"cached_tok_s": speeds[speeds.len() / 2]}));
}

/// nanoGPT's train_shakespeare_char.py with the values that its README gives for a CPU.
fn characters(arguments: &Arguments) {
    let text = std::fs::read_to_string(arguments.text("--file", "input.txt")).unwrap();
    let all: std::collections::BTreeSet<char> = text.chars().collect();
    let number: BTreeMap<char, i64> = all.into_iter().zip(0..).collect();
    let ids: Vec<i64> = text.chars().map(|c| number[&c]).collect();
    let (train, validation) = ids.split_at(ids.len() * 9 / 10);
    let (context, batch, steps) = (64, 12, arguments.number("--steps", 2000) as u64);
    let architecture = Architecture::named(&arguments.text("--preset", "gpt2")).unwrap();
    let size = Size {
        name: "characters",
        layers: 4,
        heads: 4,
        width: 128,
    };
    let config = ModelConfig::new(architecture, size, number.len() as i64, context as i64);
    let weights = Gpt::new(&config, 1337, Device::Cpu).unwrap();
    let mut run = Run::new(weights, arguments.kind(), 0.99, 0.1);
    let schedule = Config {
        steps,
        warmup: 100,
        lr: 1e-3,
        min_lr: 1e-4,
        ..Config::default()
    };
    let window = |ids: &[i64], starts: &[usize]| {
        let rows = |shift: usize| -> Tensor {
            let rows = starts
                .iter()
                .flat_map(|at| &ids[at + shift..at + shift + context]);
            let rows: Vec<i64> = rows.copied().collect();
            Tensor::from_slice(&rows).reshape([starts.len() as i64, context as i64])
        };
        (rows(0), rows(1))
    };
    let mut state = 1u64; // a linear congruential generator (Knuth): any window is as good
    for step in 0..steps {
        let starts: Vec<usize> = (0..batch)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (state >> 33) as usize % (train.len() - context)
            })
            .collect();
        let (tokens, targets) = window(train, &starts);
        run.lr = schedule.learning_rate(step);
        run.step(&tokens, &targets);
    }
    let starts: Vec<usize> = (0..(validation.len() - 1) / context)
        .map(|i| i * context)
        .collect();
    let (mut sum, mut count) = (0.0, 0);
    for starts in starts.chunks(64) {
        let (tokens, targets) = window(validation, starts);
        let scores = no_grad(|| run.weights.score(&tokens, &targets)).unwrap();
        sum += scores.nll.sum(Kind::Double).double_value(&[]);
        count += targets.numel();
    }
    println!(
        "{}",
        json!({"val_loss": sum / count as f64, "characters": count})
    );
}

fn main() {
    let (mode, arguments) = Arguments::parse();
    tch::set_num_threads(arguments.number("--threads", 1) as i32);
    match mode.as_str() {
        "serve" => serve(&arguments),
        "parity" => parity(&arguments),
        "decode" => decode(&arguments),
        "characters" => characters(&arguments),
        "gpu" => gpu(&arguments),
        other => panic!("no mode `{other}`; there are serve, gpu, parity, decode and characters"),
    }
}
