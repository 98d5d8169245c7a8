#!/usr/bin/env python3
"""Usage: unit.py [--all | --seconds S] [--seed N] PROGRAM...

Every allocation of the unit tests fails once: runs each PROGRAM with TORTURE in its environment, as
unit.c tells, side by side, and prints what they find, and how many allocations failed in all. --all takes
each allocation. Otherwise it takes one in SPARSE, other ones and in other tests for each seed (the date,
unless told), so that all ends after about S seconds (30).
"""
import argparse
import datetime
import os
import random
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

SPARSE = 7


def run(program, order):
    """Whether all was well, and how many allocations failed."""
    ended = subprocess.run(
        [program],
        env={**os.environ, "TORTURE": order},
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
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--seed", type=int, default=datetime.date.today().toordinal())
    parser.add_argument("programs", nargs="+")
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    workers = os.cpu_count() or 1
    seconds = max(1, int(arguments.seconds * workers / len(arguments.programs)))
    orders = ["1 0 0" if arguments.all else f"{SPARSE} {chance.randrange(1000)} {seconds}" for _ in arguments.programs]
    with ThreadPoolExecutor(workers) as pool:
        results = list(pool.map(run, arguments.programs, orders))
    failed = sum(count for _, count in results)
    good = all(good for good, _ in results)
    print(f"seed {arguments.seed}: {failed} allocations failed, {'all was well' if good else 'see above'}")
    sys.exit(not good)


main()
