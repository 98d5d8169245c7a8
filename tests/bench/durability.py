#!/usr/bin/env python3
"""Usage: durability.py CHECKPOINTFS [ROUNDS [COMMITS [WRITERS]]]

Kills the daemon with SIGKILL at a random moment while writers commit, ROUNDS (20) times, and checks
after each that what was acknowledged is in the store. Prints how many commits that were, and fails if
one is missing. Each writer commits ascending numbers on a partition of its own; COMMITS (10000) are the
most of a round, WRITERS (8) share them.
"""
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import time


def write(path, count, first, queue):
    """Commits until the daemon is gone; tells the last number that was acknowledged."""
    last = first - 1
    try:
        for number in range(first, first + count):
            fd = os.open(path, os.O_WRONLY | os.O_TRUNC)
            try:
                os.write(fd, b"%d\n" % number)
            finally:
                os.close(fd)
            last = number
    except OSError:
        pass
    queue.put((path, last))


def daemon_of(mountpoint):
    found = subprocess.run(["pgrep", "-f", f" {mountpoint}$"], capture_output=True, text=True, check=True)
    return int(found.stdout.split()[0])


def run_round(program, store, mountpoint, commits, writers, first):
    """One round; returns the acknowledged numbers by path, and how many that were."""
    subprocess.run([program, f"local:{store}", mountpoint], check=True)
    paths = [f"{mountpoint}/apps/a/s/{i}/checkpoint" for i in range(writers)]
    for path in paths:
        os.makedirs(os.path.dirname(path), exist_ok=True)
    queue = multiprocessing.Queue()
    workers = [
        multiprocessing.Process(target=write, args=(path, commits // writers, first, queue)) for path in paths
    ]
    for worker in workers:
        worker.start()
    time.sleep(random.uniform(0.05, 1.0))
    os.kill(daemon_of(mountpoint), signal.SIGKILL)
    acknowledged = dict(queue.get() for _ in workers)
    for worker in workers:
        worker.join()
    subprocess.run(["fusermount3", "-u", "-z", mountpoint], check=True)
    return acknowledged


def check(program, store, mountpoint, acknowledged):
    """How many of the checkpoints are older than what was acknowledged."""
    lost = 0
    subprocess.run([program, f"local:{store}", mountpoint], check=True)
    for path, last in acknowledged.items():
        try:
            with open(path) as file:
                now = int(file.read())
        except FileNotFoundError:
            now = -1
        if now not in (last, last + 1):
            print(f"{path}: {last} was acknowledged, {now} is there")
            lost += 1
    subprocess.run(["fusermount3", "-u", mountpoint], check=True)
    return lost


def main():
    program = os.path.realpath(sys.argv[1])
    rounds, commits, writers = [int(x) for x in sys.argv[2:5] + ["20", "10000", "8"][len(sys.argv) - 2 :]]
    lost = total = 0
    with tempfile.TemporaryDirectory() as work:
        mountpoint = f"{work}/mnt"
        os.mkdir(mountpoint)
        for i in range(rounds):
            first = i * commits
            acknowledged = run_round(program, f"{work}/store.db", mountpoint, commits, writers, first)
            total += sum(last - first + 1 for last in acknowledged.values() if last >= first)
            lost += check(program, f"{work}/store.db", mountpoint, acknowledged)
    print(f"{rounds} kills, {total} acknowledged commits, {lost} lost")
    return lost != 0


if __name__ == "__main__":
    sys.exit(main())
