"""Texts for the tokenizer's benchmark: JSON lines with a `text`, a file a group.

A folder of texts has a folder for each kind (english, chinese, code, whatever else): files of JSON
lines with a `text`, a document a line, or any other files of UTF-8, a document each. Without one,
the kinds are made of the pages that the other benchmarks read and of this repository's own sources.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

# A text with more Han characters than this is Chinese.
HAN = 0.3


def write(folder, pages, out, most):
    """Writes a file a kind and one of all of them, mixed; at most `most` bytes of text a file."""
    kinds = read(folder, pages)
    kinds["mixed"] = [text for texts in kinds.values() for text in texts]
    out.mkdir(parents=True, exist_ok=True)
    return [write_some(texts, out / f"{kind}.jsonl", most) for kind, texts in kinds.items() if texts]


def write_all(folder, pages, path, most):
    """Writes one file of texts of every kind, `most` bytes of text at most."""
    return write_some([text for texts in read(folder, pages).values() for text in texts], path, most)


def write_some(texts, path, most):
    """The same texts each time, in an order that has nothing to do with where they came from."""
    texts.sort(key=lambda text: hashlib.sha256(text.encode()).digest())
    with open(path, "w", encoding="utf-8") as file:
        for text in texts:
            most -= len(text.encode())
            if most < 0:
                break
            file.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")
    return path


def read(folder, pages):
    return of_folder(folder) if folder else of_repository(pages)


def of_folder(folder):
    kinds = {}
    for path in sorted(folder.rglob("*/*")):
        if path.is_file():
            kinds.setdefault(path.relative_to(folder).parts[0], []).extend(documents(path))
    if not any(kinds.values()):
        sys.exit(f"{folder}: there are no texts in its folders; name one for each kind, such as english, chinese, code")
    return kinds


def documents(path):
    if path.suffix == ".jsonl":
        return [json.loads(line)["text"] for line in open(path)]
    try:
        return [path.read_text()]
    except UnicodeDecodeError:
        print(f"{path}: is not UTF-8, left out", file=sys.stderr)
        return []


def of_repository(pages):
    kinds = {"english": [], "chinese": [], "code": []}
    for line in open(pages):
        text = json.loads(line)["text"]
        han = sum("\u4e00" <= c <= "\u9fff" for c in text)
        kinds["chinese" if han > HAN * len(text) else "english"].append(text)
    names = ["git", "ls-files", "*.rs", "*.py"]
    for name in subprocess.run(names, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines():
        kinds["code"].extend(documents(Path(name)))
    return kinds
