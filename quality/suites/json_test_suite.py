"""JSON parsing test suite: `y_` must be parsed, `n_` refused, `i_` may be either.

Each case is read in three ways, because the reader takes objects with a text, and most cases are
values of other kinds:

- `raw`: the file as it is, as JSON. A `y_` case must give no `collect.invalid_json` (that it holds
  no text is no fault), an `n_` case must be refused: `collect.invalid_json`, or `collect.empty` and
  `collect.media_type` for what is no text at all.
- `member`: in an array, as a further member of an object with a text. Then `y_` cases must be kept.
- `line`: the same object as a line of JSON lines, without the cases that hold a line feed.
"""

import tarfile
import tempfile
from pathlib import Path

REFUSED = {"collect.invalid_json", "collect.empty", "collect.media_type"}


def measure(shared, collect):
    """Pass counts by way of reading and kind of case."""
    cases = read_cases(Path(shared) / "data/json_test_suite/json_test_suite.tar.xz")
    counts = {"cases": len(cases)}
    ways = [
        ("raw", "json", lambda case: case),
        ("member", "json", lambda case: b'[{"text": "x", "extra": ' + case + b"}]"),
        ("line", "jsonl", lambda case: b'{"text": "x", "extra": ' + case + b"}\n"),
    ]
    for way, kind, wrap in ways:
        chosen = {name: case for name, case in cases.items() if way != "line" or b"\n" not in case}
        rows = read(chosen, kind, wrap, collect)
        for sort in "yni":
            names = [name for name in chosen if name.startswith(sort + "_")]
            counts[f"{way}_{sort}"] = len(names)
            passed = [name for name in names if passes(sort, way, rows.get(name, []))]
            key = f"{way}_{sort}_kept" if sort == "i" else f"{way}_{sort}_passed"
            counts[key] = len(passed)
    return counts


def read_cases(path):
    """The cases' bytes by name."""
    cases = {}
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isfile() and member.name.endswith(".json"):
                cases[Path(member.name).stem] = archive.extractfile(member).read()
    return dict(sorted(cases.items()))


def read(cases, kind, wrap, collect):
    """The rows of each case."""
    with tempfile.TemporaryDirectory() as folder:
        # A name of its own for each: some cases have names that no file should have.
        for number, case in enumerate(cases.values()):
            Path(folder, f"{number}.{kind}").write_bytes(wrap(case))
        found = collect(folder, kind=kind)
    names = list(cases)
    rows = {}
    for row in found:
        rows.setdefault(names[int(row["file"].split(".")[0])], []).append(row)
    return rows


def passes(sort, way, rows):
    """Whether the rows of a case are as they should be; for `i_` whether it was taken."""
    refused = any(not row["kept"] and row["rule"] in REFUSED for row in rows)
    if sort == "n":
        return refused
    kept = way == "raw" or any(row["kept"] for row in rows)
    return kept and not refused
