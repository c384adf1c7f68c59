"""Public suites of what `collect` reads, one module a suite.

Each has `measure(shared, collect)`, which gives the suite's counts by name. `shared` is the
folder whose `data/` holds the suites; `collect(path, kind="auto", settings={}, stage={})` runs the stage over a
file or folder (`settings`: further keys of its source, `stage`: of the section `[collect]`) and
gives all rows as dicts: those kept with `"kept": True` and the columns of a raw document (`body`
as text), those dropped with `"kept": False`, `rule`, `detail`, `url`, `file` and `offset`.
"""
