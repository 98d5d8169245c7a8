#!/usr/bin/env python3
"""Usage: unit.py [--all | --stacks | --seconds S] [--seed N] PROGRAM...

Every allocation of the unit tests fails once: runs each PROGRAM with TORTURE in its environment, as
unit.c tells, side by side, and prints what they find, and how many allocations failed in all. --all takes
each allocation, which takes hours; --stacks one on each way through the program (memory.h). Otherwise it
takes one in SPARSE, other ones and in other tests for each seed (the date, unless told), so that all ends
after about S seconds (30).

Many tests wait most of the time. So with --all each program is run SHARES times, with every SHARES-th
allocation, or by --stacks with every SHARES-th test, and one more is started whenever a processor has nothing to do.
"""
import argparse
import datetime
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

SPARSE = 7
SHARES = 16
WORKERS_MAX = 100
LOOK_SECONDS = 0.5


class Turns:
    """Who may run: as many as there are processors, and one more whenever these had nothing to do."""

    def __init__(self, is_patient):
        self.changed = threading.Condition()
        self.running = 0
        self.allowed = self.least = os.cpu_count() or 1
        if is_patient:
            threading.Thread(target=self.look, daemon=True).start()

    def __enter__(self):
        with self.changed:
            self.changed.wait_for(lambda: self.running < self.allowed)
            self.running += 1

    def __exit__(self, *_):
        with self.changed:
            self.running -= 1
            self.changed.notify()

    @staticmethod
    def idle():
        """For how many seconds, all processors together."""
        with open("/proc/uptime", encoding="ascii") as file:
            return float(file.read().split()[1])

    def look(self):
        after = self.idle()
        while True:
            before = after
            time.sleep(LOOK_SECONDS)
            after = self.idle()
            with self.changed:
                self.allowed = self.running + 1 if after - before > LOOK_SECONDS / 2 else self.least
                self.changed.notify()


def run(program, order, turns, directory):
    """Whether all was well, and how many allocations failed."""
    with turns:
        return run_now(program, order, directory)


def run_now(program, order, directory):
    ended = subprocess.run(
        [program],
        env={**os.environ, "TORTURE": order, "TMPDIR": directory},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    counted = re.search(r"(\d+) allocations failed", ended.stdout)
    good = ended.returncode == 0 and counted is not None
    if not good:
        print(f"TORTURE='{order}' {program}\n{ended.stdout}{ended.stderr}", flush=True)
    return good, int(counted[1]) if counted else 0


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--stacks", action="store_true")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--seed", type=int, default=datetime.date.today().toordinal())
    parser.add_argument("programs", nargs="+")
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    workers = os.cpu_count() or 1
    seconds = max(1, int(arguments.seconds * workers / len(arguments.programs)))
    if arguments.stacks:
        orders = [(program, f"stacks {SHARES} {share}") for program in arguments.programs for share in range(SHARES)]
    elif arguments.all:
        orders = [(program, f"{SHARES} {share} 0") for program in arguments.programs for share in range(SHARES)]
    else:
        orders = [(program, f"{SPARSE} {chance.randrange(1000)} {seconds}") for program in arguments.programs]
    turns = Turns(arguments.all or arguments.stacks)
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as directory, ThreadPoolExecutor(WORKERS_MAX) as pool:
        os.chmod(directory, 0o755)  # for tests of other users
        results = list(pool.map(lambda order: run(*order, turns, directory), orders))
    failed = sum(count for _, count in results)
    good = all(good for good, _ in results)
    print(f"seed {arguments.seed}: {failed} allocations failed, {'all was well' if good else 'see above'}")
    sys.exit(not good)


main()
