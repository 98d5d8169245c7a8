#!/usr/bin/env python3
"""Usage: kill.py [--seed N] [--seconds S] [--writers N]

Writers commit to the embedded store by two mounts of it, while

* a daemon is killed by SIGKILL at a random moment, and mounted again;
* a daemon is stopped by SIGSTOP, its files are copied, and a third daemon mounts the copy.

Each writer has a partition of its own and counts upwards in it, with the number in the metadata. What was
acknowledged must be there then, in the store and in the copy, or else the one number that was under way: none
is lost, none invented, none mixed.
"""

import argparse
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
    """Commits 1, 2, 3 ... by a mount that may be killed at any time."""

    def __init__(self, number, paths):
        super().__init__(daemon=True)
        self.number = number
        self.paths = paths  # of the stream in each mount
        self.tried = self.acknowledged = 0
        self.failures = 0
        self.is_over = False
        self.wrong = None

    def run(self):
        while not self.is_over:
            try:
                self.commit(self.acknowledged + 1 if self.tried == self.acknowledged else self.look())
            except OSError:
                self.failures += 1
                time.sleep(0.005)

    def path(self, leaf):
        return os.path.join(self.paths[self.number % len(self.paths)], str(self.number), leaf)

    def look(self):
        """After a commit with an unknown end: whether it was made."""
        with open(self.path("checkpoint"), encoding="ascii") as file:
            number = int(file.read())
        if number not in (self.tried, self.acknowledged):
            self.wrong = f"writer {self.number}: {number} is read, {self.about()}"
            self.is_over = True
        self.tried = self.acknowledged = number
        return number + 1

    def about(self):
        return f"{self.acknowledged} was acknowledged and {self.tried} tried"

    def commit(self, number):
        self.tried = number
        handle = os.open(self.path("checkpoint"), os.O_WRONLY | os.O_TRUNC | os.O_CREAT)
        try:
            os.write(handle, f"{number}\nnote {number}\n".encode())
            self.acknowledged = number
        finally:
            os.close(handle)


def begin(place, mounts, count):
    """Partitions with 0 committed, and their writers."""
    os.mkdir(mounts[0].path("apps/billing"))
    os.makedirs(mounts[0].path("streams/orders"))
    writers = []
    for number in range(count):
        os.mkdir(mounts[0].path(f"streams/orders/{number}"))
        with open(mounts[0].path(f"{STREAM}/{number}/checkpoint"), "w", encoding="ascii") as file:
            file.write("0\n")
        writers.append(Writer(number, [mount.path(STREAM) for mount in mounts]))
    for writer in writers:
        writer.start()
    return writers


def check(mount, writers, before):
    """What is in a store is no older than what was acknowledged before, and no newer than what was tried."""
    for writer, acknowledged in zip(writers, before):
        number = mount.read(f"{STREAM}/{writer.number}/checkpoint").strip()
        if not acknowledged <= int(number) <= writer.tried:
            raise Wrong(f"{mount.root}: writer {writer.number}: {number} is stored, {acknowledged} was "
                        f"acknowledged and {writer.tried} tried")
        text = mount.read(f"checkpoints/billing/orders/{writer.number}")
        if text not in ("0\n", "{0}\nnote {0}\n".format(text.split()[0])):
            raise Wrong(f"writer {writer.number}: {text!r} is stored")


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
    """All of them commit, by whichever mount."""
    before = acknowledged(writers)
    eventually(lambda: all(now > then or writer.is_over for writer, now, then in
                           zip(writers, acknowledged(writers), before)), "a commit of each writer")
    for writer in writers:
        if writer.wrong:
            raise Wrong(writer.wrong)


def run(seed, seconds, count):
    randomly = random.Random(seed)
    kills = copies = 0
    with Place("local") as place:
        mounts = [place.mount("one"), place.mount("two")]
        writers = begin(place, mounts, count)
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
        for mount in mounts:
            check(mount, writers, acknowledged(writers))
    print(f"seed {seed}: {kills} kills, {copies} copies, {sum(acknowledged(writers))} commits "
          "acknowledged, none lost, none invented")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.splitlines()[0][7:])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--writers", type=int, default=8)
    options = parser.parse_args()
    try:
        run(options.seed, options.seconds, options.writers)
    except Wrong as wrong:
        print(f"seed {options.seed}: {wrong}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
