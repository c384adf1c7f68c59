"""Hands tasks of textmill to a Ray cluster: JSON lines in, JSON lines out, no decisions.

`textmill run --cluster ADDRESS` starts this and writes a line for each batch of tasks: its id, the
program (argv, env, cwd), the line that the program is to be given, and what it takes (cores, memory,
gpus). A line comes back for each when it is done, with what the program said. It ends with its input,
and with it all that it started.
"""

import json
import os
import sys
import threading
import time

KEPT = []  # on a worker: the program that it keeps between batches, behind what it was started with
SAYING = threading.Lock()


def start(spec, program):
    """Starts the program; it is to end with this worker, whatever becomes of that."""
    import ctypes
    import signal
    import subprocess
    import tempfile

    prctl, death = ctypes.CDLL(None).prctl, 1  # PR_SET_PDEATHSIG
    errors = tempfile.TemporaryFile()
    cwd = spec["cwd"] if os.path.isdir(spec["cwd"]) else None
    env = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    child = subprocess.Popen(
        spec["argv"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, cwd=cwd,
        env=env | spec["env"], preexec_fn=lambda: prctl(death, signal.SIGTERM),
    )
    KEPT[:] = [program, child, errors]


def work(spec):
    """Gives a line to the program that this worker keeps; returns the line that it answers."""
    if not spec["argv"]:
        return {}
    program = [spec["argv"], spec["env"], spec["cwd"], os.environ.get("CUDA_VISIBLE_DEVICES")]
    try:
        if not KEPT or KEPT[0] != program or KEPT[1].poll() is not None:
            if KEPT:
                KEPT[1].stdin.close()
                KEPT[1].wait()
            start(spec, program)
        child, errors = KEPT[1:]
        if spec["line"] is not None:
            child.stdin.write(json.dumps(spec["line"]).encode() + b"\n")
            child.stdin.flush()
            if answer := child.stdout.readline():
                return json.loads(answer)
        child.communicate()
        KEPT.clear()
        if spec["line"] is None and child.returncode == 0:
            return {}
        errors.seek(max(0, errors.tell() - 4000))
        said = errors.read().decode(errors="replace").strip()
        return {"error": f"ended with status {child.returncode}; its last words: {said}"}
    except OSError as error:
        return {"error": str(error)}
    except BaseException:  # the batch was cancelled
        if KEPT:
            KEPT[1].terminate()
            KEPT.clear()
        raise


def say(**line):
    with SAYING:
        print(json.dumps(line), flush=True)


def described(nodes):
    """What the cluster has: of each live node that works, its cores, memory and GPUs."""
    resources = [node["Resources"] for node in nodes if node["Alive"]]
    kinds = [("cores", "CPU"), ("memory", "memory"), ("gpus", "GPU")]
    return [{name: node.get(kind, 0) for name, kind in kinds} for node in resources if node.get("CPU")]


def watch(ray, nodes):
    """Tells when nodes come and go."""
    while not threading.Event().wait(2):
        now = described(ray.nodes())
        if now != nodes:
            nodes = now
            say(nodes=nodes)


def connect(ray, address):
    """Connects; again where the process failed that the head starts for each `ray://`: its fork does at times."""
    for pause in (1, 3, None):
        try:
            return ray.init(address, log_to_driver=False, logging_level="error")
        except ConnectionAbortedError:
            if pause is None:
                raise
            time.sleep(pause)


def main(address):
    try:
        import ray
    except ImportError as error:
        say(missing=str(error))
        return 1
    try:
        connect(ray, address)
    except Exception as error:
        say(refused=f"{type(error).__name__}: {error}")
        return 1
    nodes = described(ray.nodes())
    say(nodes=nodes)
    threading.Thread(target=watch, args=(ray, nodes), daemon=True).start()
    remote, tasks = ray.remote(work), {}

    def done(number, future):
        tasks.pop(number, None)
        try:
            say(id=number, answer=future.result())
        except Exception as error:  # what Ray has given up, after all its retries
            say(id=number, answer={"error": f"{type(error).__name__}: {error}"})

    for line in sys.stdin:
        spec = json.loads(line)
        hints = {"num_cpus": spec["cores"], "memory": spec["memory"], "num_gpus": spec["gpus"]}
        number = spec["id"]
        task = tasks[number] = remote.options(max_retries=10, name=spec["name"], **hints).remote(spec)
        task.future().add_done_callback(lambda future, number=number: done(number, future))
    ending = threading.Timer(20, os._exit, [0])  # a head that is gone cannot be told
    ending.daemon = True
    ending.start()
    for task in list(tasks.values()):  # nobody waits for them any more
        ray.cancel(task)
    ray.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
