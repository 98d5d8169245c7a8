#!/usr/bin/env python3
"""Usage: tools.py [--all | --seconds S] [--backend local|dis|sls|kafka]... [--row REGEX] [--write FILE] [--lanes N]
           CHECKPOINTFS SIMULATED_DIS SIMULATED_SLS SIMULATED_KAFKA

Does what stands in the tables of rows/, one thing at a time that people type, on mounts of the embedded store and of
the three simulated services, and compares what the tool said, its exit status and what is at the service then with
what the table says. That was written from the manual. A row begins with a fresh mount, unless nothing was changed or
left by the one before, and no requests are counted.

Rows of tools that are not installed are skipped, and named. --all runs the heavy ones too, after it has installed
what is in .ci/packages.tools; --seconds begins no row after so many, and another one first each day; --row takes
those whose name matches; --write writes docs/tools.md, which otherwise must have what the tables say.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from queue import Empty, Queue

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import document
from row import PATHS
from rows import all_rows
from world import BACKENDS, World

# Programs of languages that are compiled, for a night.
COMPILED = {"tool-go": "go build -o $OUT/tool-go tool.go",
            "tool-rust": "rustc --edition 2021 -o $OUT/tool-rust tool.rs",
            "tool-java": "javac -d $OUT Tool.java && install -m 755 tool-java $OUT"}
ROOT = os.path.join(HERE, "..", "..")


def compile_programs(rows, place):
    """Those that the rows need and whose compiler is here, for them to find."""
    names = {**os.environ, "OUT": place, "GOCACHE": os.path.join(place, "cache"), "GO111MODULE": "off"}
    needed = {row.needs for row in rows}
    for name, command in COMPILED.items():
        if name in needed and shutil.which(command.split()[0]):
            subprocess.run(["bash", "-c", command], cwd=os.path.join(HERE, "programs"), env=names, check=False)
    os.environ["PATH"] += ":" + place


def missing(row):
    """A program that the row needs and that is not here, or ""."""
    return next((word for word in row.needs.split()
                 if not (os.environ.get(word) if word.isupper() else shutil.which(word))), "")


def environment(world):
    """Of a row, whose Python is this one."""
    names = {name: value for name, value in os.environ.items() if name == "READ_URING"}
    names["PATH"] = os.path.dirname(sys.executable) + ":" + os.environ["PATH"]
    return {**names, **PATHS, "HOME": world.home, "TOOLS": HERE, "LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "xterm",
            "PYTHONDONTWRITEBYTECODE": "1", "GIT_CONFIG_NOSYSTEM": "1", "MOUNT": world.mount.root}


def run(row, world):
    """Its standard output, standard error and exit status. What it has left running is ended."""
    process = subprocess.Popen(
        ["bash", "-c", row.script], cwd=world.mount.root, env=environment(world), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, text=True, errors="backslashreplace")
    try:
        out, said = process.communicate(timeout=row.seconds)
        return out, said, process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, said = process.communicate()
        return out, said, "none: it hangs"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def files_in(mount):
    """Checkpoints and temporary files of billing's orders."""
    with suppress(FileNotFoundError):
        return sorted(os.listdir(mount.path(PATHS["c"])))
    return []


def nothing_was_tried(mount):
    """No change; nothing has failed; and no app that only this mount has was made."""
    lines = sum(os.path.getsize(mount.path(name)) for name in ("commits", "errors"))
    return not lines and len(os.listdir(mount.path("apps"))) == 2


def differences(row, world):
    """Does the row, and gives what is not as it says."""
    world.empty_home()
    world.forget_requests()
    world.slow_down(row.slow)
    out, said, status = run(row, world)
    requests = world.requests()
    world.slow_down(0)
    expected = {**world.state_of_start, **row.state}
    expected = {key: value for key, value in expected.items() if value is not None}
    files = sorted([key.rsplit("/", 1)[1] for key in expected if key.startswith("billing/orders/")] + list(row.left))
    compared = [("exit status", status, row.status), ("standard output", out, row.out),
                ("at the service", world.state(), expected),
                ("in checkpoints/billing/orders", files_in(world.mount), files)]
    if row.requests is not None and requests is not None:
        compared.append(("requests", requests, row.requests))
    if not row.says():
        compared.append(("standard error", said, ""))
    elif row.says() not in said:
        compared.append(("standard error", said, f"... {row.says()} ..."))
    return [f"{what}: {found!r}, expected {wanted!r}" for what, found, wanted in compared if found != wanted]


class Lane(threading.Thread):
    """Does rows of one backend until there are no more."""

    def __init__(self, backend, rows, outcomes, until):
        super().__init__()
        self.backend, self.rows, self.outcomes, self.until = backend, rows, outcomes, until
        self.failure = None

    def run(self):
        try:
            with World(self.backend) as world:
                self._do_rows(world)
        except Exception as failure:  # in a thread nobody else would tell
            self.failure = failure

    def _do_rows(self, world):
        is_untouched = False
        with suppress(Empty):
            while time.monotonic() < self.until:
                row = self.rows.get_nowait()
                if not is_untouched or row.requests is not None:
                    world.lay_anew()
                wrong = differences(row, world)
                world.mount.must_live()
                self.outcomes.append((self.backend, row, wrong))
                is_changed = wrong or row.state or row.left or row.appends or row.slow
                is_untouched = not is_changed and nothing_was_tried(world.mount)


def parsed():
    parser = argparse.ArgumentParser(usage=__doc__.partition("\n\n")[0].removeprefix("Usage: "))
    parser.add_argument("programs", nargs=4)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--backend", action="append", choices=BACKENDS)
    parser.add_argument("--row", default="")
    parser.add_argument("--write")
    parser.add_argument("--lanes", type=int, default=2)
    return parser.parse_args()


def begin(options, rows):
    """Lanes that do the rows, and where they put what came of them."""
    outcomes, lanes = [], []
    start = int(time.time()) // 86400 * 37 % len(rows) if options.seconds < float("inf") and rows else 0
    until = time.monotonic() + options.seconds
    for backend in options.backend or BACKENDS:
        queue = Queue()
        for row in rows[start:] + rows[:start]:
            queue.put(row.for_backend(backend))
        lanes += [Lane(backend, queue, outcomes, until) for _ in range(options.lanes)]
    for lane in lanes:
        lane.start()
    return lanes, outcomes


def report(outcomes, skipped, lanes, count):
    """Prints what was wrong, and whether something was."""
    counts = Counter()
    for backend, row, wrong in outcomes:
        counts["wrong" if wrong else "refused" if row.refused else "right"] += 1
        if wrong:
            print(f"WRONG {backend}: {row.name}\n  {row.script}\n  " + "\n  ".join(wrong))
    for lane in lanes:
        if lane.failure:
            print(f"FAILED {lane.backend}: {lane.failure!r}")
    for word, names in sorted(skipped.items()):
        print(f"skipped, for there is no {word}: {', '.join(names)}")
    if count > len(outcomes):
        print(f"no time was left for {count - len(outcomes)}")
    print(f"{counts['right']} right, {counts['refused']} cleanly refused, {counts['wrong']} wrong")
    return bool(counts["wrong"] or not outcomes or any(lane.failure for lane in lanes))


def main():
    options = parsed()
    for name, program in zip(("CHECKPOINTFS", "SIMULATED_DIS", "SIMULATED_SLS", "SIMULATED_KAFKA"), options.programs):
        os.environ[name] = os.path.abspath(program)
    if options.all:
        subprocess.run([os.path.join(ROOT, ".ci", "install"), "tools"], check=True)
    table = all_rows()
    rows = [row for row in table if (options.all or not row.heavy) and re.search(options.row, row.name)]
    with tempfile.TemporaryDirectory(prefix="checkpointfs-tools.") as place:
        compile_programs(rows, place)
        sys.exit(try_rows(options, table, rows))


def try_rows(options, table, rows):
    """True if something is wrong."""
    skipped = {}
    for row in rows:
        if missing(row):
            skipped.setdefault(missing(row), []).append(row.name)
    rows = [row for row in rows if not missing(row)]
    lanes, outcomes = begin(options, rows)
    for lane in lanes:
        lane.join()
    failed = report(outcomes, skipped, lanes, len(rows) * len(options.backend or BACKENDS))
    if not options.write:
        return failed | document.differs(os.path.join(ROOT, "docs", "tools.md"), table)
    if failed or len(outcomes) < len(table) * len(BACKENDS):
        print(f"{options.write} is not written, for not all rows are as they should be")
        return True
    document.write(options.write, table)
    return False


if __name__ == "__main__":
    main()
