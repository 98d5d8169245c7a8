#!/usr/bin/env python3
"""Usage: calls.py [--backend local|dis|sls] [--seed N] [--calls N] [--processes N]

Runs calls.c, whose path is in CALLS, on a mount: random system calls, of all backends unless one is named.
Afterwards the daemon must live, no process may be stuck, a commit and a read must work as ever, and no
sanitizer may have a report.
"""

import argparse
import os
import subprocess
import sys
import time

from place import BACKENDS, KEPT, STREAMS, Place, Wrong, fill

SECONDS_A_CALL = 0.05  # at most, on average
SKIPPED = 77  # the exit status that ctest takes for it


def prepare(place, mount):
    """A tree with something in it."""
    if place.service:
        fill(place.service, STREAMS, KEPT)
    for path in "apps/billing", "apps/billing/orders", "apps/billing/orders/0", "apps/billing/orders/1", \
            "checkpoints/audit", "checkpoints/audit/orders":
        try:
            os.mkdir(mount.path(path))
        except OSError:
            pass  # a service has its own


def must_work(mount, makes_streams):
    """What anybody does. Where a stream can be made, it is one that no call knew: they moved the
    bounds of all others, by which 50 may be out of range."""
    stream = "untouched" if makes_streams else "orders"
    made = [f"streams/{stream}", f"streams/{stream}/0"] if makes_streams else []
    for path in made + ["apps/last", f"apps/last/{stream}", f"apps/last/{stream}/0"]:
        try:
            os.mkdir(mount.path(path))
        except OSError:
            pass
    checkpoint = f"apps/last/{stream}/0/checkpoint"
    for number in "50", "60":
        with open(mount.path(checkpoint), "w", encoding="ascii") as file:
            file.write(number + "\n")
    read = mount.read(checkpoint).strip()
    if read not in ("60", "NjA="):
        raise Wrong(f"60 was committed, and {read} is read")


def run(backend, seed, count, processes):
    with Place(backend) as place:
        mount = place.mount("mnt", "timeout=10")
        prepare(place, mount)
        begin = time.monotonic()
        each = max(1, count // processes)
        done = subprocess.run(
            [os.environ["CALLS"], mount.root, str(seed), str(each), str(processes)], check=False,
            timeout=60 + count * SECONDS_A_CALL)
        mount.must_live()
        if done.returncode:
            raise Wrong("a process did not make all its calls")
        must_work(mount, makes_streams=not place.service)
        passed = time.monotonic() - begin
    print(f"{backend}: seed {seed}: {each * processes} calls in {passed:.1f} s")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.splitlines()[0][7:])
    parser.add_argument("--backend", choices=BACKENDS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--calls", type=int, default=100000)
    parser.add_argument("--processes", type=int, default=3)
    options = parser.parse_args()
    if os.geteuid():
        print("only root can make a chroot")
        return SKIPPED
    backends = [options.backend] if options.backend else BACKENDS
    for backend in backends:
        try:
            run(backend, options.seed, options.calls // len(backends), options.processes)
        except Wrong as wrong:
            print(f"{backend}: seed {options.seed}: {wrong}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
