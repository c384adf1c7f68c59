"""Training steps and greedy decoding of textmill and PyTorch, one step of each in turn, on one core.

The peer is a script with `serve` and `decode` modes (--peer, train_torch.py): the same GPT-2-type model,
batch, AdamW and clipping. What counts is CPU seconds a step: the ratio within a round, over all rounds.
"""

import json
import statistics
import subprocess
import tempfile
from pathlib import Path

MODEL = ["--layers", "6", "--heads", "6", "--dim", "384", "--ctx", "256", "--vocab", "4096", "--batch", "16"]
TOKENS = 16 * 256
# The peer's fastest forms in each precision; `amp` is bf16 under autocast, `bf16` has bf16 weights and moments.
PEERS = {
    "fp32": {"eager, fused AdamW": ["--prec", "fp32", "--opt", "fused"], "torch.compile": ["--prec", "fp32", "--opt", "fused", "--compile"]},
    "bf16": {
        "eager, autocast": ["--prec", "amp", "--opt", "fused", "--attn", "manual"],
        "eager, bf16 weights": ["--prec", "bf16", "--opt", "fused"],
        "torch.compile, bf16 weights": ["--prec", "bf16", "--opt", "fused", "--compile"],
    },
}


class Contender:
    """A warmed-up process that runs a step when told."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.cpu, self.peak = [], None

    def ready(self):
        line = self.process.stdout.readline()
        return bool(line) and json.loads(line).get("ready", False)

    def step(self):
        self.process.stdin.write("run 1\n")
        self.process.stdin.flush()
        found = json.loads(self.process.stdout.readline())
        cpu = found["cpu_s"]
        self.cpu.append(cpu[0] if isinstance(cpu, list) else cpu)
        self.peak = found.get("peak_mib") or self.peak_memory()

    def peak_memory(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            peak = next(line for line in status if line.startswith("VmHWM"))
        return int(peak.split()[1]) / 1024

    def quit(self):
        self.process.stdin.close()
        self.process.wait()


def measure(ours, peer, characters, rounds):
    """Prints the tables; `ours` and `peer` are the commands of the two programs, `characters` is Tiny Shakespeare."""
    for precision, forms in PEERS.items():
        steps(ours, peer, precision, forms, rounds)
    for precision in PEERS:
        decoding(ours, peer, precision, rounds)
    if peer:
        parity(ours, peer)
    if characters:
        shakespeare(ours, characters)


def answer(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def parity(ours, peer):
    """20 steps from the same weights on the same batches, with one thread and the same update rule: without
    weight decay, which the peer has on vectors too."""
    with tempfile.TemporaryDirectory() as folder:
        options = [*MODEL, "--steps", "20", "--threads", "1", "--wd", "0", "--dir", folder]
        subprocess.run([*peer, "export", *options], check=True)
        theirs = answer([*peer, "parity", *options, "--opt", "fused"])["losses"]
        command = [*ours, "parity", *MODEL, "--threads", "1", "--dir", folder]
        forms = {"by autograd": answer([*command, "--autograd", "yes"]), "written out": answer(command)}
    print("\n20 steps beside PyTorch, fp32: largest difference of the loss")
    for name, found in forms.items():
        apart = [abs(a - b) for a, b in zip(found["losses"], theirs)]
        print(f"gradients {name:<24} {max(apart[:12]):.1e} over 12 steps, {max(apart):.1e} over {len(apart)}")


def shakespeare(ours, path):
    print("\nTiny Shakespeare, characters, 4 layers, 128 wide, 2,000 steps of 12 x 64 (nanoGPT says 1.88)")
    for preset in ["gpt2", "llama"]:
        found = answer([*ours, "characters", "--preset", preset, "--file", str(Path(path).resolve()), "--threads", "1"])
        print(f"{preset:<34} validation loss {found['val_loss']:.4f}")


def steps(ours, peer, precision, forms, rounds):
    threads = ["--threads", "1"]
    contenders = {"textmill": Contender([*ours, "serve", *MODEL, "--prec", precision, *threads])}
    for name, options in forms.items() if peer else []:
        contenders[f"PyTorch {name}"] = Contender([*peer, "serve", *MODEL, *options, *threads])
    contenders = {name: contender for name, contender in contenders.items() if contender.ready()}
    for _ in range(rounds):
        for contender in contenders.values():
            contender.step()
    print(f"\n{precision + ' training':<34} {'CPU s/step':>10} {'tokens/CPU s':>13} {'peak MiB':>9}   textmill is faster by")
    mine = contenders["textmill"].cpu
    for name, contender in contenders.items():
        median = statistics.median(contender.cpu)
        ratios = [theirs / own for theirs, own in zip(contender.cpu, mine)]
        ratio = "" if name == "textmill" else f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"{name:<34} {median:>10.3f} {TOKENS / median:>13.0f} {contender.peak:>9.0f}   {ratio}".rstrip())
        contender.quit()


def decoding(ours, peer, precision, rounds):
    options = [*MODEL[:-2], "--prec", precision, "--prompt", "64", "--new", "96", "--threads", "1"]
    commands = {"textmill": [*ours, "decode", *options, "--reps", "3"]}
    if peer:
        commands["PyTorch eager"] = [*peer, "decode", *options, "--reps", "3"]
    speeds = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            speeds[name].append(answer(command)["cached_tok_s"])
    print(f"\n{precision + ' greedy decoding, batch 1':<34} {'tokens/s':>10}   textmill is faster by")
    for name, found in speeds.items():
        ratios = [own / theirs for own, theirs in zip(speeds["textmill"], found)]
        ratio = "" if name == "textmill" else f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"{name:<34} {statistics.median(found):>10.1f}   {ratio}".rstrip())
