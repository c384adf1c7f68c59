"""Encoder: the ids of the tokenizers crate and the text back, over all shared text, naughty strings and random bytes"""

import bz2
import gzip
import json
import lzma
import random
import re
import subprocess
import tarfile
import tempfile
import zipfile
from pathlib import Path

# Files that hold no text; of others the bytes that are no UTF-8 are replaced.
BINARY = (".parquet", ".ftz", ".lz4", ".png", ".jpg", ".jpeg", ".gif", ".ttf", ".otf", ".woff", ".mp3", ".mp4", ".ico")
# Of html_corpus, which has 166 MB, and readability_pages a part: the crate encodes 3 MB a second.
MAX_BYTES = 20_000_000
# What a vocabulary is trained on.
SAMPLE_BYTES = 6_000_000
PATTERNS = ("cl100k", "o200k")


def measure(textmill):
    with tempfile.TemporaryDirectory() as folder:
        texts = Path(folder, "texts.jsonl")
        write(texts, [*shared(textmill.shared / "data"), *naughty(textmill.shared / "data"), *noise()])
        vocabularies = {"gpt2": textmill.shared / "data/tokenizer_gpt2"}
        vocabularies |= {name: train(textmill, texts, name, folder) for name in PATTERNS}
        found = [check(textmill, vocabulary, texts) for vocabulary in vocabularies.values()]
    count, ids, decoded, fast = map(sum, zip(*found))
    return {"equal": 1 - ids / count, "decoded": 1 - decoded / count, "fast": fast / len(found)}


def shared(data):
    """Texts of all folders of the data, file by file, those in archives too."""
    for folder in sorted(path for path in data.iterdir() if path.is_dir()):
        left = MAX_BYTES
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            for name, raw in contents(path, left):
                left -= len(raw)
                yield f"{path.relative_to(data)} {name}", raw.decode("utf-8", "replace")


def contents(path, most):
    """The files in a file, some bytes of them at most: of an archive its members."""
    if path.name.endswith((".tar.xz", ".tar.gz", ".tar.bz2")):
        with tarfile.open(path) as archive:
            for member in archive:
                if most > 0 and member.isfile() and not member.name.endswith(BINARY):
                    raw = archive.extractfile(member).read(most)
                    most -= len(raw)
                    yield member.name, raw
    elif path.suffix == ".epub":
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if not name.endswith(BINARY):
                    yield name, archive.read(name)
    elif not path.name.endswith(BINARY) and most > 0:
        opener = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}.get(path.suffix, open)
        with opener(path, "rb") as file:
            try:
                yield "", file.read(most)
            except (OSError, EOFError, lzma.LZMAError):
                pass  # damaged on purpose


def naughty(data):
    """The naughty strings, each by itself and doubled."""
    for number, line in enumerate(json.loads((data / "naughty_strings/blns.json").read_text())):
        yield f"naughty {number}", line
        yield f"naughty {number} doubled", line + line


def noise():
    """Random bytes as text, alone and amid words; random characters of all planes; long runs."""
    dice = random.Random(6)
    for number in range(2000):
        raw = dice.randbytes(dice.randrange(1, 400))
        yield f"bytes {number}", raw.decode("utf-8", "replace")
        words = dice.choices([" the", "磨坊", "\r\n", "  ", "'ll", "'S", "123", "é", "e\u0301", "\t", "Ab", "\u3000", "\0"], k=60)
        yield f"pieces {number}", "".join(words)
        codes = (dice.choice([0x250, 0x3000, 0x10000, 0x110000]) for _ in range(80))
        yield f"characters {number}", "".join(chr(dice.randrange(top)) for top in codes).encode("utf-8", "replace").decode()
    for unit in ("a", " ", "\n", "\r\n", "磨", "1", "!", " a", "ab", "\u00a0", "🌊", "e\u0301"):
        yield f"run of {unit!r}", unit * 30_000


def write(path, texts):
    with open(path, "w") as out:
        for place, text in texts:
            out.write(json.dumps({"id": place, "text": text}) + "\n")


def train(textmill, texts, pre_tokenizer, folder):
    """A vocabulary of the program's own, trained on the first texts."""
    sample, read = Path(folder, f"{pre_tokenizer}.jsonl"), 0
    with open(texts) as lines, open(sample, "w") as out:
        for line in lines:
            # Every third, so that all kinds of text come in.
            if hash_of(line) % 3 == 0 and read < SAMPLE_BYTES and len(line) < 200_000:
                out.write(line)
                read += len(line)
    run = Path(folder, pre_tokenizer)
    config = Path(folder, f"{pre_tokenizer}.toml")
    config.write_text(
        f"[run]\ndir = {json.dumps(str(run))}\n"
        f'[[collect.source]]\nname = "texts"\npath = {json.dumps(str(sample))}\n'
        "[filter]\nfamilies = []\n"
        f'[tokenize]\npre_tokenizer = "{pre_tokenizer}"\nvocab_size = 16000\n'
    )
    command = [textmill.binary, "tokenize", "--quiet", "--config", str(config)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return run / "tokenize/tokenizer.json"


def hash_of(line):
    return sum(line[:200].encode())


def check(textmill, vocabulary, texts):
    """Texts, those with other ids, those not decoded to themselves, and whether the fast path was taken."""
    command = [textmill.binary, "tokenizer", "check", "--tokenizer", str(vocabulary), str(texts)]
    done = subprocess.run(command, capture_output=True, text=True)
    figures = [r"^(\d+) texts", r"^ids differ: (\d+)", r"^decoded text differs: (\d+)"]
    figures = [re.search(pattern, done.stdout, re.MULTILINE) for pattern in figures]
    if None in figures:
        raise RuntimeError(f"tokenizer check: {done.stdout}{done.stderr}")
    count, ids, decoded = (int(figure[1]) for figure in figures)
    if (done.returncode == 0) != (ids + decoded == 0) or ids + decoded:
        print(done.stdout, done.stderr)
    return count, ids, decoded, "takes the fast path" in done.stdout
