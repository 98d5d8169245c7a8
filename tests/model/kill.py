#!/usr/bin/env python3
"""Usage: kill.py [--seed N] [--seconds S] [--writers N]

Writers commit to the embedded store, and as many append records to it, by two mounts of it, while

* a daemon is killed by SIGKILL at a random moment, and mounted again;
* a daemon is stopped by SIGSTOP, its files are copied, and a third daemon mounts the copy.

Each writer has a partition of its own and counts upwards in it: who commits has the number in the metadata too,
who appends makes it the data of a record. What was acknowledged must be there then, in the store and in the
copy, or else what was under way: none is lost, none invented, none mixed, none twice.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import threading
import time

from place import Place, Wrong, eventually

STREAM = "apps/billing/orders"
PAUSE = 0.05, 0.4  # between one blow and the next, in seconds


class Writer(threading.Thread):
    """Writes 1, 2, 3 ... by a mount that may be killed at any time."""

    def __init__(self, number, mounts):
        super().__init__(daemon=True)
        self.number = number
        self.roots = [mount.root for mount in mounts]
        self.tried = self.acknowledged = 0
        self.is_over = False
        self.wrong = None

    def run(self):
        while not self.is_over:
            try:
                self.write_next()
            except OSError:
                time.sleep(0.005)

    def path(self, path):
        return os.path.join(self.roots[self.number % len(self.roots)], path)

    def write(self, path, number, text):
        self.tried = number
        handle = os.open(self.path(path), os.O_WRONLY | os.O_TRUNC)
        try:
            os.write(handle, text.encode())
            self.acknowledged = number
        finally:
            os.close(handle)

    def about(self):
        return f"{self.acknowledged} was acknowledged and {self.tried} tried"


class Committer(Writer):
    """Commits them."""

    def begin(self, mount):
        os.mkdir(mount.path(f"streams/orders/{self.number}"))
        with open(mount.path(f"{STREAM}/{self.number}/checkpoint"), "w", encoding="ascii") as file:
            file.write("0\n")

    def write_next(self):
        number = self.acknowledged + 1 if self.tried == self.acknowledged else self.look()
        self.write(f"{STREAM}/{self.number}/checkpoint", number, f"{number}\nnote {number}\n")

    def look(self):
        """After a commit with an unknown end: whether it was made."""
        with open(self.path(f"{STREAM}/{self.number}/checkpoint"), encoding="ascii") as file:
            number = int(file.read())
        if number not in (self.tried, self.acknowledged):
            self.wrong = f"writer {self.number}: {number} is read, {self.about()}"
            self.is_over = True
        self.tried = self.acknowledged = number
        return number + 1

    def check(self, mount, acknowledged):
        """What is stored is no older than what was acknowledged then, and no newer than what was tried."""
        number = mount.read(f"{STREAM}/{self.number}/checkpoint").strip()
        if not acknowledged <= int(number) <= self.tried:
            raise Wrong(f"{mount.root}: writer {self.number}: {number} is stored, {acknowledged} was "
                        f"acknowledged and {self.tried} tried")
        text = mount.read(f"checkpoints/billing/orders/{self.number}")
        if text not in ("0\n", "{0}\nnote {0}\n".format(text.split()[0])):
            raise Wrong(f"writer {self.number}: {text!r} is stored")


class Appender(Writer):
    """Makes each of them a record."""

    def __init__(self, number, mounts):
        super().__init__(number, mounts)
        self.doubtful = set()  # those with an unknown end
        self.checked = -1, 0  # the last record that was found right: its number, and its data

    def begin(self, mount):
        os.mkdir(mount.path(f"streams/orders/{self.number}"))

    def write_next(self):
        if self.tried != self.acknowledged:
            self.doubtful.add(self.tried)
        self.write(f"streams/orders/{self.number}/records/new", self.tried + 1, f"{self.tried + 1}\n")

    def stored(self, mount, after):
        """The number and the data of each record after that one."""
        where = f"after/{after}" if after >= 0 else "earliest"
        while text := mount.read(f"streams/orders/{self.number}/records/{where}"):
            for line in text.splitlines():
                record = json.loads(line)
                yield int(record["sequence"]), int(record["data"])
            where = f"after/{record['sequence']}"

    def check(self, mount, acknowledged):
        """After what was checked already, what was acknowledged then is there, and nothing but what was tried."""
        number, data = self.checked
        for next_number, next_data in self.stored(mount, number):
            lost = set(range(data + 1, next_data)) - self.doubtful
            if next_number != number + 1 or not data < next_data <= self.tried or lost:
                raise Wrong(f"{mount.root}: writer {self.number}: record {next_number} is {next_data} after {number} "
                            f"with {data}; {self.about()}, lost are {lost}")
            number, data = next_number, next_data
        lost = set(range(data + 1, acknowledged + 1)) - self.doubtful
        if lost:
            raise Wrong(f"{mount.root}: writer {self.number}: the last record is {data}, and {acknowledged} was "
                        "acknowledged")
        self.checked = number, data


def begin(mounts, count):
    """Partitions, and their writers."""
    os.mkdir(mounts[0].path("apps/billing"))
    os.makedirs(mounts[0].path("streams/orders"))
    writers = [(Committer if number < count else Appender)(number, mounts) for number in range(2 * count)]
    for writer in writers:
        writer.begin(mounts[0])
    for writer in writers:
        writer.start()
    return writers


def check(mount, writers, before):
    for writer, acknowledged in zip(writers, before):
        writer.check(mount, acknowledged)


def acknowledged(writers):
    return [writer.acknowledged for writer in writers]


def kill_one(place, mounts, writers, which):
    """A crash; what it had acknowledged is there for the daemon after it."""
    name = os.path.basename(mounts[which].root)
    mounts[which].kill()
    before = acknowledged(writers)
    place.mounts.remove(mounts[which])
    mounts[which] = place.mount(name)
    check(mounts[which], writers, before)


def stop(mounts):
    """Until none of their threads runs any more."""
    for mount in mounts:
        mount.daemon.send_signal(signal.SIGSTOP)
    eventually(lambda: all(state == "T" for mount in mounts for state in states(mount.daemon.pid)),
               "that the daemons stop")


def states(pid):
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/stat", encoding="ascii", errors="replace") as file:
            yield file.read().rpartition(")")[2].split()[0]


def copy_one(place, mounts, writers, number):
    """The files of the store as a crash of the machine would leave them, but for what no disk has yet."""
    stop(mounts)
    try:
        before = acknowledged(writers)
        copy = os.path.join(place.directory, f"copy-{number}.db")
        for end in "", "-wal":
            shutil.copyfile(place.store + end, copy + end)
    finally:
        for mount in mounts:
            mount.daemon.send_signal(signal.SIGCONT)
    source, place.source = place.source, "local:" + copy
    try:
        other = place.mount(f"other-{number}")
    finally:
        place.source = source
    check(other, writers, before)
    other.unmount()
    place.mounts.remove(other)
    for end in "", "-wal", "-shm":
        if os.path.exists(copy + end):
            os.unlink(copy + end)


def must_move(writers):
    """All of them write, by whichever mount."""
    before = acknowledged(writers)
    eventually(lambda: all(now > then or writer.is_over for writer, now, then in
                           zip(writers, acknowledged(writers), before)), "that each writer goes on")
    for writer in writers:
        if writer.wrong:
            raise Wrong(writer.wrong)


def check_all(mounts, writers):
    """From the beginning."""
    for mount in mounts:
        for writer in writers:
            writer.checked = -1, 0
        check(mount, writers, acknowledged(writers))


def run(seed, seconds, count):
    randomly = random.Random(seed)
    kills = copies = 0
    with Place("local") as place:
        mounts = [place.mount("one"), place.mount("two")]
        writers = begin(mounts, count)
        until = time.monotonic() + seconds
        try:
            while time.monotonic() < until:
                time.sleep(randomly.uniform(*PAUSE))
                if randomly.random() < 0.6:
                    kill_one(place, mounts, writers, randomly.randrange(len(mounts)))
                    kills += 1
                else:
                    copy_one(place, mounts, writers, copies)
                    copies += 1
                must_move(writers)
        finally:
            for writer in writers:
                writer.is_over = True
            for writer in writers:
                writer.join()
        check_all(mounts, writers)
    commits, records = (sum(acknowledged(half)) for half in (writers[:count], writers[count:]))
    print(f"seed {seed}: {kills} kills, {copies} copies, {commits} commits and {records} records "
          "acknowledged, none lost, none invented")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.splitlines()[0][7:])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--writers", type=int, default=8, help="who commit, and as many who append")
    options = parser.parse_args()
    try:
        run(options.seed, options.seconds, options.writers)
    except Wrong as wrong:
        print(f"seed {options.seed}: {wrong}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
