"""Times the tokenizers in Python that are installed, each on one core.

    python token_peers.py encode RANKS.tiktoken TEXTS.jsonl...
    python token_peers.py train TEXTS.jsonl VOCABULARY_SIZE

RANKS are those of cl100k_base or gpt2. Prints one JSON object a peer, as the Rust benchmarks do.
Seconds are processor time of all threads; lists of Python are part of what these peers cost.
"""

import base64
import importlib
import json
import sys
import time
from pathlib import Path

AT_LEAST = 2.0
WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
PATTERNS = {
    "cl100k_base": WORDS + r"|\s*[\r\n]+|\s+(?!\S)|\s+",
    "gpt2": r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
}


def main():
    command, *rest = sys.argv[1:]
    {"encode": encode, "train": train}[command](*rest)


def encode(ranks, *files):
    ranks = Path(ranks)
    for file in map(Path, files):
        texts = read(file)
        for name, make in [("quicktok (Python)", quicktok), ("tiktoken (Python)", tiktoken)]:
            work = load(name, make, ranks)
            if work:
                report_ids(name, file, texts, work)


def load(name, make, *arguments):
    try:
        return make(*arguments)
    except ImportError as error:
        print(f"{name}: not installed ({error})", file=sys.stderr)


def quicktok(ranks):
    """Its batch on one thread, which makes no lists of Python."""
    module = importlib.import_module("quicktok")
    if ranks.stem != "cl100k_base":
        return None  # brings no other vocabulary of the two
    encoding = module.get_encoding(ranks.stem)
    return lambda texts: encoding.encode_batch(texts, 1)[0]


def tiktoken(ranks):
    module = importlib.import_module("tiktoken")
    lines = (line.split() for line in open(ranks))
    mergeable = {base64.b64decode(token): int(rank) for token, rank in lines}
    pattern = PATTERNS[ranks.stem]
    encoding = module.Encoding(ranks.stem, pat_str=pattern, mergeable_ranks=mergeable, special_tokens={})
    return lambda texts: [token for text in texts for token in encoding.encode_ordinary(text)]


def report_ids(name, file, texts, work):
    import numpy
    import xxhash

    ids = work(texts)  # warm
    started, cpu, rounds = time.monotonic(), time.process_time(), 0
    while rounds == 0 or time.monotonic() - started < AT_LEAST:
        ids = work(texts)
        rounds += 1
    seconds = (time.process_time() - cpu) / rounds
    digest = xxhash.xxh3_64_hexdigest(numpy.asarray(ids, dtype="<u4").tobytes())
    row = {"stage": file.stem, "who": name, "threads": 1, "documents": len(texts), "bytes": size(texts)}
    print(json.dumps(row | {"seconds": seconds, "ids": len(ids), "ids_hash": digest}), flush=True)


def train(file, vocabulary_size):
    module = load("rustbpe (Python)", importlib.import_module, "rustbpe")
    if not module:
        return
    texts = read(Path(file))
    tokenizer = module.Tokenizer()
    before, cpu = status("VmRSS"), time.process_time()
    tokenizer.train_from_iterator(iter(texts), int(vocabulary_size), pattern=PATTERNS["cl100k_base"])
    row = {"stage": "train vocabulary", "who": "rustbpe (Python)", "documents": len(texts), "bytes": size(texts)}
    row |= {"seconds": time.process_time() - cpu, "peak_mib": (status("VmHWM") - before) // 1024}
    print(json.dumps(row | {"merges": tokenizer.vocab_size - 256}))


def status(key):
    """Memory of this process in KiB: VmRSS now, VmHWM at most so far."""
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(key))


def read(path):
    return [json.loads(line)["text"] for line in open(path, encoding="utf-8")]


def size(texts):
    return sum(len(text.encode()) for text in texts)


if __name__ == "__main__":
    main()
