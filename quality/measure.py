"""Measures what the stages reach on the shared data, against the floors of quality.toml.

    python3 quality/measure.py --shared ../shared [--only NAME ...] [--raise]

Standard library only, Python 3.11 or later. Exits with 1 when a figure is below its floor. A floor
only ever rises: --raise lifts each to what was measured, cut to three decimals.
"""

import argparse
import math
import re
import sys
import time
import tomllib
from pathlib import Path

import charset
import chinese
import decontamination
import duplicates
import encoder
import extraction
import language
import mojibake
import near_copies
import rules
import segments
from suites import epub, feeds, json_test_suite, robots, stackexchange, warc, wikidump
from textmill import Textmill

FLOORS = Path(__file__).parent.parent / "quality.toml"
STAGES = (extraction, charset, language, rules, chinese, decontamination, duplicates, near_copies, mojibake, segments, encoder)
# Public suites of what collect reads.
SUITES = (warc, feeds, robots, stackexchange, wikidump, epub, json_test_suite)
MEASURES = {module.__name__.removeprefix("suites."): module for module in STAGES + SUITES}


def main():
    arguments = parse()
    if not arguments.shared.is_dir():
        sys.exit(f"{arguments.shared}: no such folder; name the shared data with --shared FOLDER")
    floors = tomllib.loads(FLOORS.read_text())
    textmill = Textmill(arguments.textmill, arguments.shared)
    below = 0
    for name in arguments.only or MEASURES:
        start = time.monotonic()
        found = measured(MEASURES[name], textmill)
        print(f"{name}  ({MEASURES[name].__doc__.strip()}; {time.monotonic() - start:.0f} s)")
        for key, value in sorted(found.items()):
            floor = floors.get(name, {}).get(key)
            fails = floor is not None and value < floor
            below += fails
            mark = "BELOW" if fails else "no floor" if floor is None else ""
            print(f"  {key:<24} {value:.4f}  floor {'-' if floor is None else floor}  {mark}".rstrip())
        if arguments.lift:
            lift(name, found)
    if below:
        sys.exit(f"{below} figures are below their floors")


def measured(module, textmill):
    if module in SUITES:
        return module.measure(textmill.shared, textmill.collect)
    return module.measure(textmill)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with the shared data")
    parser.add_argument("--textmill", default="target/release/textmill", help="the binary")
    parser.add_argument("--only", nargs="+", choices=MEASURES, help="measure these alone")
    parser.add_argument("--raise", dest="lift", action="store_true", help="lift the floors to what is measured")
    return parser.parse_args()


def lift(name, found):
    """Rewrites the floors of one section, line by line, so that comments stay."""
    text = FLOORS.read_text()
    if f"[{name}]" not in text:
        text = f"{text.rstrip()}\n\n[{name}]\n"
    head, _, rest = text.partition(f"[{name}]\n")
    section, mark, tail = rest.partition("\n[")
    for key, value in sorted(found.items()):
        floor = math.floor(value * 1000) / 1000
        line = re.search(rf'(?m)^"?{re.escape(key)}"? = ([\d.]+)', section)
        if line is None:
            section = f'{section.rstrip()}\n"{key}" = {floor}\n'.lstrip("\n")
        elif float(line[1]) < floor:
            section = section.replace(line[0], f'"{key}" = {floor}')
    FLOORS.write_text(f"{head}[{name}]\n{section}{mark}{tail}")


if __name__ == "__main__":
    main()
