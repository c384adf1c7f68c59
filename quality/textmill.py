"""Runs the textmill binary on rows, for the measures beside this file."""

import base64
import json
import os
import subprocess
import tempfile
from pathlib import Path


def table(name, values):
    """A table of TOML, and those inside of it."""
    plain = [f"{key} = {json.dumps(value)}\n" for key, value in values.items() if not isinstance(value, dict)]
    inner = [table(f"{name}.{key}", value) for key, value in values.items() if isinstance(value, dict)]
    return f"[{name}]\n" + "".join(plain + inner)


class Textmill:
    """The binary, and the folder with the shared data."""

    def __init__(self, binary, shared):
        self.binary = str(Path(binary).resolve())
        self.shared = Path(shared)

    def apply(self, stage, rows, settings=()):
        """What `textmill apply STAGE` answers to each row, in order."""
        command = [self.binary, "apply", stage]
        for setting in settings:
            command += ["--set", setting]
        with tempfile.TemporaryFile("w+") as stdin:
            for row in rows:
                stdin.write(json.dumps(row) + "\n")
            stdin.seek(0)
            done = subprocess.run(command, stdin=stdin, stdout=subprocess.PIPE, check=True, text=True)
        answers = [json.loads(line) for line in done.stdout.split("\n") if line]
        for answer in answers:
            if "error" in answer:
                raise RuntimeError(f"apply {stage}: {answer}")
        return answers

    def run(self, until, rows, config, stages):
        """Runs the pipeline over rows of JSON lines; the rows that each named folder then holds."""
        with tempfile.TemporaryDirectory() as folder:
            lines = Path(folder, "rows.jsonl")
            with open(lines, "w") as out:
                for row in rows:
                    out.write(json.dumps(row) + "\n")
            path = Path(folder, "config.toml")
            source = f'[[collect.source]]\nname = "rows"\npath = {json.dumps(str(lines))}\n'
            path.write_text(f"[run]\ndir = {json.dumps(os.path.join(folder, 'run'))}\n{source}\n{config}")
            command = [self.binary, "run", "--quiet", "--until", until, "--config", str(path)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            return {stage: self.rows(Path(folder, "run", stage)) for stage in stages}

    def rows(self, shards):
        """All rows of a folder of shards."""
        command = [self.binary, "inspect", str(shards), "--json"]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
        return [json.loads(line) for line in done.stdout.split("\n") if line]

    def collect(self, path, kind="auto", settings=None, stage=None):
        """All rows that the collect stage makes of a file or folder, kept and dropped.

        `settings` are further keys of the source, `stage` of the section `[collect]`.
        """
        with tempfile.TemporaryDirectory() as folder:
            source = {"name": "suite", "path": str(Path(path).resolve()), "kind": kind, **(settings or {})}
            config = Path(folder, "config.toml")
            run = table("run", {"dir": os.path.join(folder, "run")})
            config.write_text(run + table("collect", stage or {}) + table("[collect.source]", source))
            command = [self.binary, "collect", "--quiet", "--config", str(config)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            shards = Path(folder, "run", "collect")
            kept = self.rows(shards) if any(shards.glob("part-*")) else []
            dropped = self.rows(shards / "dropped") if (shards / "dropped").is_dir() else []
        for row in kept:
            row["body"] = base64.b64decode(row["body"]).decode("utf-8", "replace")
        return [{"kept": True, **row} for row in kept] + [{"kept": False, **row} for row in dropped]
