"""Times the tokenizer and its peers: the same vocabularies and texts, turn by turn, MB per CPU-second."""

import json
import os
import statistics
import subprocess
import sys

import texts

BENCHES = ["encode", "train", "stage"]
VOCABULARIES = ["cl100k_base", "gpt2"]
KINDS = ["english", "chinese", "code", "mixed"]
# Bytes of text of a kind to encode, and to train on.
ENCODE, TRAIN = 16_000_000, 100_000_000
SIZE = "32000"
# Its ids are those that the others are held against.
REFERENCE = "tokenizers"
US = "textmill"


def measure(folder, pages, work, cargo, crates, python, number_of_rounds):
    """Prints the tables; ends with an error when the ids of textmill are not those of the reference."""
    files = [file for file in texts.write(folder, pages, work, ENCODE) if file.stem in KINDS]
    files.sort(key=lambda file: KINDS.index(file.stem))
    corpus = texts.write_all(folder, pages, work / "all.jsonl", TRAIN)
    subprocess.run([*crates, "vocabularies", str(work)], check=True)
    # Compiling need not be done on one core.
    subprocess.run([*cargo, "-p", "textmill-tokenize", *(f"--bench={name}" for name in BENCHES), "--no-run"], check=True)
    rounds = []
    for number in range(number_of_rounds):
        print(f"tokenizers, round {number + 1} of {number_of_rounds} ...", file=sys.stderr)
        rounds.append(list(one_round(files, corpus, work, cargo, crates, python)))
    differing = [differ for name in VOCABULARIES for differ in print_encode(name, files, rounds)]
    print_threads(rounds)
    print_train(rounds, corpus)
    print_stage(rounds)
    if any(who == US for who, _ in differing):
        sys.exit("the ids of textmill are not those of the tokenizers crate")


def one_round(files, corpus, work, cargo, crates, python):
    encode, *benches = [[*cargo, "-p", "textmill-tokenize", "--bench", name, "--"] for name in BENCHES]
    names = [str(file.resolve()) for file in files]
    mixed, corpus = names[-1], str(corpus.resolve())
    for vocabulary in VOCABULARIES:
        tokenizer, ranks = ((work / f"{vocabulary}.{ending}").resolve() for ending in ("json", "tiktoken"))
        commands = [[*encode, str(tokenizer), *names], [*crates, "encode", str(tokenizer), *names]]
        if python:
            commands.append([*python, "encode", str(ranks), *names])
        for row in rows(commands):
            yield row | {"what": "encode", "vocabulary": vocabulary, "kind": row["stage"]}
    tokenizer = str((work / f"{VOCABULARIES[0]}.json").resolve())
    for threads in ("1", "2"):
        yield from (row | {"what": "threads"} for row in rows([[*encode, tokenizer, mixed, "--threads", threads]], cores=None))
    train, stage = benches
    commands = [[*train, corpus, "--size", SIZE], [*crates, "train", corpus, SIZE]]
    if python:
        commands.append([*python, "train", corpus, SIZE])
    yield from (row | {"what": "train"} for row in rows(commands))
    yield from (row | {"what": "stage"} for row in rows([[*stage, tokenizer, mixed]]))


def rows(commands, cores=1):
    """The JSON lines that the commands print; each may use so many cores."""
    pin = None
    if cores and hasattr(os, "sched_setaffinity"):
        chosen = sorted(os.sched_getaffinity(0))[-cores:]
        pin = lambda: os.sched_setaffinity(0, chosen)
    for command in commands:
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, preexec_fn=pin)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}: failed; without --peers those in Python are left out")
        yield from (json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))


def speed(row):
    return row["bytes"] / row["seconds"] / 1e6


def median(rounds, value, **wanted):
    """The median over the rounds of a figure of the row that has these values; None without one."""
    found = [value(row) for one in rounds for row in one if all(row.get(key) == wanted[key] for key in wanted)]
    return statistics.median(found) if found else None


def people(rows):
    """Who was measured, textmill first."""
    return sorted({row["who"] for row in rows}, key=lambda who: (who != US, who))


def print_encode(vocabulary, files, rounds):
    kinds = [file.stem for file in files]
    print(f"\nencode, {vocabulary}: MB per CPU-second on one core; * ids differ from the {REFERENCE} crate's")
    print(f"{'':<20}" + "".join(f"{kind:>11}" for kind in kinds))
    exact, differing = {}, []
    measured = [row for row in rounds[0] if row["what"] == "encode" and row["vocabulary"] == vocabulary]
    ids = {(row["who"], row["kind"]): (row["ids_hash"], row["ids"]) for row in measured}
    rates = {}
    for who, kind in ids:
        rates[who, kind] = median(rounds, speed, what="encode", vocabulary=vocabulary, kind=kind, who=who)
        if ids[who, kind] != ids[REFERENCE, kind]:
            differing.append((who, kind))
        elif who != US:
            exact[kind] = max(exact.get(kind, (0, "")), (rates[who, kind], who))
    for who in people(measured):
        cells = (f"{rates[who, kind]:>10.1f}{'*' if (who, kind) in differing else ' '}" for kind in kinds)
        print(f"{who:<20}" + "".join(cells).rstrip())
    for kind, (rate, who) in exact.items():
        print(f"  {kind}: {rates[US, kind] / rate:.2f} times the fastest with the same ids, {who}")
    for who, kind in differing:
        print(f"  * {who}, {kind}: {ids[who, kind][1]:,} ids; of the reference: {ids[REFERENCE, kind][1]:,}")
    return differing


def print_threads(rounds):
    one, two = (median(rounds, speed, what="threads", threads=threads) for threads in (1, 2))
    print(f"\nthreads, mixed: {one:.1f} MB/s with one, {two:.1f} MB/s with two, {two / one:.2f} times (wall)")


def print_train(rounds, corpus):
    print(f"\ntraining of a vocabulary of {SIZE}, cl100k's pieces, {corpus.stat().st_size / 1e6:.0f} MB of JSON lines, one core")
    print(f"{'':<20}{'MB/cpu-s':>11}{'peak MiB':>11}   textmill is faster by")
    ours = median(rounds, speed, what="train", who=US)
    for who in people(row for row in rounds[0] if row["what"] == "train"):
        rate = median(rounds, speed, what="train", who=who)
        peak = median(rounds, lambda row: row["peak_mib"], what="train", who=who)
        ratio = "" if who == US else f"{ours / rate:.2f}"
        print(f"{who:<20}{rate:>11.1f}{peak:>11.0f}   {ratio}".rstrip())


def print_stage(rounds):
    encoder, stage = (median(rounds, speed, what="stage", who=who) for who in (US, "stage"))
    print(f"\nthe whole stage, mixed, Parquet in and out: {stage:.1f} MB/cpu-s; the encoder alone {encoder:.1f}: {stage / encoder:.0%}")
