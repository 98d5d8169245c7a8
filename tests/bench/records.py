#!/usr/bin/env python3
"""Usage: records.py CHECKPOINTFS [SECONDS [RECORDS]]

Compares, within one run, what records cost with what they stand on, for the embedded store:

* consuming RECORDS (50000) of 100 bytes by the loop of the manual, batch by batch with a commit after each,
  with cat(1) of a plain file that has the same lines;
* appending, one line and 1000 lines with a write(2), with SQLite transactions that are as durable.

Each figure is the median of five interleaved rounds; those of appending take SECONDS (0.5) each. Only ratios
mean something: the machine may be busy with other things.
"""
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import stage

TEXT = b"x" * 92

# As docs/checkpointfs-tree.7 has it, until the last record has been consumed.
LOOP = """
while cat "$1/records/next" >batch; do
    line=$(tail -n 1 batch)
    printf '%s\\n' "$line" >"$1/checkpoint"
    case $line in *'"sequence":"'$2'"'*) exit ;; esac
done
exit 1
"""


def rate(operation, seconds):
    """Operations in a second."""
    count = 0
    begin = time.perf_counter()
    while time.perf_counter() - begin < seconds:
        operation(count)
        count += 1
    return count / (time.perf_counter() - begin)


def transaction(path):
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, value INTEGER)")
    return lambda number: database.execute("INSERT OR REPLACE INTO t VALUES (1, ?)", (number,))


def lines(first, count):
    return b"".join(b"%07d %s\n" % (number, TEXT) for number in range(first, first + count))


def append(path, data):
    """In one write(2)."""
    handle = os.open(path, os.O_WRONLY)
    if os.write(handle, data) != len(data):
        raise OSError("a short write")
    os.close(handle)


def appender(path, count):
    data = lines(0, count)
    return lambda _: append(path, data)


def shell(work, script, *arguments):
    """How long it takes."""
    begin = time.perf_counter()
    subprocess.run(["sh", "-c", script, "sh", *arguments], cwd=work, check=True)
    return time.perf_counter() - begin


def consume(work, partition, records):
    """Records in a second, from the oldest on."""
    with open(f"{partition}/checkpoint", "w", encoding="ascii") as file:
        file.write("earliest\n")
    return records / shell(work, LOOP, partition, str(records - 1))


def read_plainly(work, records):
    return records / shell(work, "cat lines >batch")


def copy_lines(source, last, path):
    """What the files of records/ say, up to that record, as a plain file."""
    after = -1
    with open(path, "wb") as file:
        while after < last:
            with open(f"{source}/after/{after}" if after >= 0 else f"{source}/earliest", "rb") as batch:
                text = batch.read()
            file.write(text)
            after = int(text.splitlines()[-1].split(b'"')[7])


def measure(work, mountpoint, records, seconds):
    """The figures of five rounds, by name."""
    new = [f"{mountpoint}/streams/s/{partition}/records/new" for partition in range(3)]
    for partition in range(3):
        os.makedirs(f"{mountpoint}/apps/a/s/{partition}")
    for first in range(0, records, 1000):
        append(new[0], lines(first, min(1000, records - first)))
    copy_lines(f"{mountpoint}/streams/s/0/records", records - 1, f"{work}/lines")
    insert = transaction(f"{work}/plain.db")
    figures = {
        "cat a plain file": lambda: read_plainly(work, records),
        "consume records": lambda: consume(work, f"{mountpoint}/apps/a/s/0", records),
        "SQLite transaction": lambda: rate(insert, seconds),
        "append, 1 a write": lambda: rate(appender(new[1], 1), seconds),
        "append, 1000 a write": lambda: 1000 * rate(appender(new[2], 1000), seconds),
    }
    rounds = {name: [] for name in figures}
    for _ in range(5):
        for name, figure in figures.items():
            rounds[name].append(figure())
    return rounds


def main():
    program = os.path.realpath(sys.argv[1])
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 0.5
    records = int(sys.argv[3]) if len(sys.argv) > 3 else 50000
    with tempfile.TemporaryDirectory() as work, stage.checkpointfs(program, f"local:{work}/store.db") as mount:
        rounds = measure(work, mount.root, records, seconds)
    for name, rates in rounds.items():
        base = rounds["SQLite transaction" if "append" in name or "SQLite" in name else "cat a plain file"]
        print(f"{name:20} {statistics.median(rates):10.0f}/s  {statistics.median(rates) / statistics.median(base):.3f}")


if __name__ == "__main__":
    main()
