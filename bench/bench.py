"""Times textmill's stages and their peers on the same pages and texts, turn by turn, on one core.

    python3 bench/bench.py [--pages FOLDER] [--texts FOLDER] [--wiki FILE] [--only documents|tokens|training|wiki] [--rounds N] [--peers PYTHON]

The machine's speed drifts; what counts is the ratio within a round. Standard library only; the
peers run in an interpreter of their own (--peers), and those that it lacks are left out. Peers that
are Rust crates are in bench/peers, which is no part of the workspace.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import token_speed
import train_speed
import wiki_speed

WORK = Path("target/bench")


def main():
    arguments = parse()
    WORK.mkdir(parents=True, exist_ok=True)
    pages, texts = WORK / "pages.jsonl", WORK / "texts.jsonl"
    write_pages(arguments, pages)
    cargo = [os.environ.get("CARGO", "cargo"), "bench", "--quiet", "--locked", "-p", "textmill"]
    ours = [[*cargo, "--bench", "document_stages", "--", str(pages.resolve()), str(texts.resolve())]]
    crates = ["--manifest-path", "bench/peers/Cargo.toml", "--target-dir", str(WORK / "peers")]
    crates = [cargo[0], "run", "--quiet", "--release", "--locked", *crates, "--"]
    if arguments.only in (None, "documents"):
        documents(arguments, cargo, ours, crates, pages, texts)
    if arguments.only in (None, "wiki"):
        wiki(arguments, cargo)
    if arguments.only in (None, "training"):
        training(arguments, cargo)
    if arguments.only in (None, "tokens"):
        if not arguments.texts and not texts.exists():
            rows(ours[0])  # writes the texts of the pages
        python = arguments.peers and [arguments.peers, "bench/token_peers.py"]
        token_speed.measure(arguments.texts, texts, WORK / "tokens", cargo, crates, python, arguments.rounds)


def documents(arguments, cargo, ours, crates, pages, texts):
    # Both packages, so that their dependencies are those of the program.
    dedupe = [*cargo, "-p", "textmill-dedupe"]
    ours += [[*dedupe, "--bench", "stage", "--", str(texts.resolve())], [*dedupe, "--bench", "substrings"]]
    collect = [*cargo, "-p", "textmill-collect", "--bench", "read", "--"]
    ours += [[*collect, str(pages.resolve()), str(texts.resolve())]]
    theirs = [[*crates, "minhash", str(texts)]]
    theirs = [[arguments.peers, "bench/peers.py", str(pages), str(texts)], *theirs] if arguments.peers else []
    rounds = []
    for number in range(arguments.rounds):
        print(f"round {number + 1} of {arguments.rounds} ...", file=sys.stderr)
        rounds.append([row for command in [*ours, *theirs] for row in rows(command)])
    report(rounds)


def wiki(arguments, cargo):
    if not arguments.wiki:
        print("dumps of wikis are left out: name one with --wiki", file=sys.stderr)
        return
    wiki_speed.measure(arguments.wiki, WORK, cargo, arguments.peers, arguments.rounds)


def training(arguments, cargo):
    # All packages, so that their dependencies are those of the program.
    step = [*cargo, "-p", "textmill-model", "-p", "textmill-train", "--bench", "step"]
    subprocess.run([*step, "--no-run"], check=True)
    script = arguments.torch_peer
    peer = [arguments.peers, str(script)] if arguments.peers and script and script.exists() else None
    if not peer:
        print("PyTorch is left out: name its script with --torch-peer", file=sys.stderr)
    train_speed.measure([*step, "--"], peer, arguments.characters, arguments.rounds)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, default=Path("sample_corpus"), help="folder of HTML pages, UTF-8")
    parser.add_argument("--most", type=int, default=300, help="pages to take, evenly over the folder")
    parser.add_argument(
        "--texts", type=Path, help="folder of texts for the tokenizer, with a folder for each kind: english, chinese, code; see texts.py"
    )
    parser.add_argument("--only", choices=["documents", "tokens", "training", "wiki"], help="the document stages, the tokenizer, training and decoding, or reading a dump, alone")
    parser.add_argument("--wiki", type=Path, help="dump of a wiki, XML or bz2; its pages are repeated")
    parser.add_argument("--torch-peer", type=Path, help="script that trains the same model with PyTorch; see train_speed.py")
    parser.add_argument("--characters", type=Path, help="Tiny Shakespeare's input.txt")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter in which the peers are installed")
    return parser.parse_args()


def write_pages(arguments, path):
    files = sorted(arguments.pages.rglob("*.html"))
    if not files:
        sys.exit(f"{arguments.pages}: there are no .html files in this folder")
    step = max(1, len(files) // arguments.most)
    with open(path, "w") as out:
        for file in files[::step][: arguments.most]:
            # A page of another charset, or a bomb, would measure something else.
            page = file.read_bytes()
            if len(page) > 2_000_000:
                continue
            try:
                out.write(json.dumps({"id": str(file), "html": page.decode()}) + "\n")
            except UnicodeDecodeError:
                continue


def rows(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: failed; without --peers the peers are left out")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def report(rounds):
    """Medians over the rounds, and the peer's time over ours within each round."""
    order = [(row["stage"], row["who"]) for row in rounds[0]]
    print(f"{'stage':<22} {'who':<22} {'documents/s':>12} {'MB/s':>8}   textmill is faster by")
    for stage, who in sorted(order, key=lambda key: (key[0], key[1] != "textmill", key[1])):
        times, ratios = [], []
        for one in rounds:
            row = find(one, stage, who)
            ours = find(one, stage, "textmill")
            times.append(row["seconds"] / row["documents"])
            ratios.append((row["seconds"] / row["documents"]) / (ours["seconds"] / ours["documents"]))
        rate = 1 / statistics.median(times)
        megabytes = rate * row["bytes"] / row["documents"] / 1e6
        ratio = "" if who == "textmill" else f"{statistics.median(ratios):.2g} ({min(ratios):.2g} to {max(ratios):.2g})"
        print(f"{stage:<22} {who:<22} {rate:>12.0f} {megabytes:>8.1f}   {ratio}".rstrip())


def find(one, stage, who):
    return next(row for row in one if row["stage"] == stage and row["who"] == who)


if __name__ == "__main__":
    main()
