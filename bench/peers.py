"""Times the peers that are installed, each on one core, on the same pages and texts.

    python peers.py PAGES.jsonl TEXTS.jsonl

Prints one JSON object a peer, as the Rust benchmark does for textmill. The best of several rounds
counts: other work on the machine only ever slows a round down.
"""

import importlib
import json
import re
import sys
import time

AT_LEAST = 2.0


def main():
    pages = [json.loads(line) for line in open(sys.argv[1])]
    texts = [json.loads(line)["text"] for line in open(sys.argv[2])]
    htmls = [page["html"] for page in pages]
    for stage, name, make, inputs in [
        ("extract", "trafilatura", trafilatura, htmls),
        ("extract", "resiliparse", resiliparse, htmls),
        ("normalize", "ftfy", ftfy, texts),
        ("normalize", "plsfix", plsfix, texts),
        ("minhash", "rensa", rensa, texts),
        ("minhash", "datasketch", datasketch, texts),
    ]:
        try:
            work = make()
        except ImportError as error:
            print(f"{name}: not installed ({error})", file=sys.stderr)
            continue
        row = {"who": name, "stage": stage, "documents": len(inputs)}
        row["bytes"] = sum(len(text.encode()) for text in inputs)
        row["seconds"] = best(work, inputs)
        print(json.dumps(row), flush=True)


def best(work, inputs):
    found, started = None, time.monotonic()
    while found is None or time.monotonic() - started < AT_LEAST:
        start = time.perf_counter()
        for one in inputs:
            try:
                work(one)
            except Exception as error:  # a peer that gives up on a page has still spent the time
                print(f"{work}: {error}", file=sys.stderr)
        seconds = time.perf_counter() - start
        found = seconds if found is None else min(found, seconds)
    return found


def trafilatura():
    module = importlib.import_module("trafilatura")
    return lambda html: module.extract(html, include_comments=False)


def resiliparse():
    module = importlib.import_module("resiliparse.extract.html2text")
    return lambda html: module.extract_plain_text(html, main_content=True)


def ftfy():
    return importlib.import_module("ftfy").fix_text


def plsfix():
    return importlib.import_module("plsfix").fix_text


def rensa():
    """112 hashes over shingles of five words, as textmill's 14 bands of 8 rows."""
    module = importlib.import_module("rensa")

    def sign(text):
        minhash = module.RMinHash(num_perm=112, seed=1)
        minhash.update(shingles(text))
        return minhash.digest()

    return sign


def datasketch():
    module = importlib.import_module("datasketch")

    def sign(text):
        minhash = module.MinHash(num_perm=112)
        minhash.update_batch([shingle.encode() for shingle in shingles(text)])
        return minhash.digest()

    return sign


# A character of a script without spaces is a word: kana, Thai, Han.
WORD = re.compile(r"[\u3041-\u30ff\u3400-\u9fff\u0e01-\u0e46]|[^\W\u3041-\u30ff\u3400-\u9fff\u0e01-\u0e46]+")


def shingles(text):
    words = WORD.findall(text.lower())
    return [" ".join(words[at : at + 5]) for at in range(max(1, len(words) - 4))]


if __name__ == "__main__":
    main()
