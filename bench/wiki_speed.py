"""Times reading a dump of a wiki beside wikiextractor: CPU-seconds of one process, turn by turn."""

import bz2
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile

# Bytes of XML to read: the dump, over and over.
BYTES = 50_000_000
US, ALONE, PEER = "textmill", "textmill, no shards", "wikiextractor"


def measure(dump, work, cargo, python, number_of_rounds):
    """Prints how fast each is, and the peer's time over ours within each round."""
    file = work / "wiki.xml"
    pages = write(dump, file)
    bench = [*cargo, "-p", "textmill-collect", "--bench", "read"]
    # Compiling need not be done on one core.
    subprocess.run([*bench, "--no-run"], check=True)
    rounds = []
    for number in range(number_of_rounds):
        print(f"wiki, round {number + 1} of {number_of_rounds} ...", file=sys.stderr)
        rounds.append(ours([*bench, "--", "--wiki", str(file.resolve())], pages) | peer(python, file))
    report(rounds, pages, file.stat().st_size)


def write(dump, path):
    """Repeats the pages of a dump; gives their number."""
    with bz2.open(dump) if dump.suffix == ".bz2" else open(dump, "rb") as file:
        text = file.read()
    start, end = text.index(b"<page>"), text.rindex(b"</page>") + len(b"</page>")
    head, pages, tail = text[:start], text[start:end] + b"\n", text[end:]
    times = -(-BYTES // len(pages))
    with open(path, "wb") as out:
        out.writelines([head, *[pages] * times, tail])
    return pages.count(b"<page>") * times


def pinned():
    """Runs the process that starts here on one core, where the system can do so."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-1:])


def ours(command, pages):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, preexec_fn=pinned)
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    for row in found:
        if row["documents"] != pages:
            sys.exit(f"{row['who']} read {row['documents']} of {pages} pages")
    return {row["who"]: row["seconds"] for row in found}


def peer(python, file):
    """Its processes (one extracts, one writes, one reads) together."""
    if not python:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        before = processor()
        command = [python, "-m", "wikiextractor.WikiExtractor", "--processes", "1", "--no-templates", "--quiet", "-o", folder]
        subprocess.run([*command, str(file)], check=True, preexec_fn=pinned)
        return {PEER: processor() - before}


def processor():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def report(rounds, pages, size):
    print(f"{'wiki dump':<22} {'who':<22} {'pages/s':>12} {'MB/s':>8}   textmill is faster by")
    for who in (US, ALONE, PEER):
        times = [one[who] for one in rounds if who in one]
        if not times:
            continue
        seconds = statistics.median(times)
        ratios = [one[who] / one[US] for one in rounds]
        ratio = "" if who == US else f"{statistics.median(ratios):.2g} ({min(ratios):.2g} to {max(ratios):.2g})"
        print(f"{'':<22} {who:<22} {pages / seconds:>12.0f} {size / seconds / 1e6:>8.1f}   {ratio}".rstrip())
