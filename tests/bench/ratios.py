#!/usr/bin/env python3
"""Usage: ratios.py CHECKPOINTFS [SECONDS]

Compares, within one run, what the file system does with what it stands on: reading and committing a
checkpoint of the embedded store with reading a plain file, and with SQLite transactions that are as
durable. Each figure is the median of five interleaved rounds of SECONDS (0.5) each. Only ratios mean
something: the machine may be busy with other things.
"""
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time


def rate(operation, seconds):
    """Operations in a second."""
    count = 0
    begin = time.perf_counter()
    while time.perf_counter() - begin < seconds:
        operation(count)
        count += 1
    return count / (time.perf_counter() - begin)


def rate_of_many(operations, seconds):
    """The same, of several threads together."""
    rates = [0.0] * len(operations)

    def run(index):
        rates[index] = rate(operations[index], seconds)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(operations))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(rates)


def reader(path):
    def read(_):
        fd = os.open(path, os.O_RDONLY)
        os.read(fd, 100)
        os.close(fd)

    return read


def writer(path):
    def write(number):
        fd = os.open(path, os.O_WRONLY | os.O_TRUNC)
        os.write(fd, b"%d\n" % number)
        os.close(fd)

    return write


def transaction(path):
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, value INTEGER)")
    return lambda number: database.execute("INSERT OR REPLACE INTO t VALUES (1, ?)", (number,))


def main():
    program = os.path.realpath(sys.argv[1])
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 0.5
    with tempfile.TemporaryDirectory() as work:
        mountpoint = f"{work}/mnt"
        os.mkdir(mountpoint)
        subprocess.run([program, f"local:{work}/store.db", mountpoint], check=True)
        paths = [f"{mountpoint}/apps/a/s/{i}/checkpoint" for i in range(8)]
        for path in paths:
            os.makedirs(os.path.dirname(path))
            writer(path)(0)
        plain = f"{work}/plain"
        with open(plain, "w", encoding="ascii") as file:
            file.write("0\n")
        insert = transaction(f"{work}/plain.db")
        figures = {
            "read a plain file": lambda: rate(reader(plain), seconds),
            "read a checkpoint": lambda: rate(reader(paths[0]), seconds),
            "stat a checkpoint": lambda: rate(lambda _: os.stat(paths[0]), seconds),
            "SQLite transaction": lambda: rate(insert, seconds),
            "commit, 1 writer": lambda: rate(writer(paths[0]), seconds),
            "commit, 8 writers": lambda: rate_of_many([writer(path) for path in paths], seconds),
        }
        rounds = {name: [] for name in figures}
        for _ in range(5):
            for name, measure in figures.items():
                rounds[name].append(measure())
        subprocess.run(["fusermount3", "-u", mountpoint], check=True)
    for name, rates in rounds.items():
        base = rounds["read a plain file" if "commit" not in name and "SQLite" not in name else "SQLite transaction"]
        print(f"{name:20} {statistics.median(rates):10.0f}/s  {statistics.median(rates) / statistics.median(base):.3f}")


if __name__ == "__main__":
    main()
