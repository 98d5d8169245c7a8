#!/usr/bin/env python3
"""Usage: failover.py [--writers N] [--readers N] [--commits N] [--faults WORD,...]

Writers commit by one mount of a real cluster, two to a partition, and readers read, while the broker that
coordinates their group is hurt:

    kill    by SIGKILL, and started again
    term    by SIGTERM, and started again
    pause   by SIGSTOP for 8 seconds
    all     all three by SIGKILL, and started again: meanwhile there must be errors, in seconds

What each was told is then held against the log of Kafka's own topic of commits, which has them in the order in
which they were carried out:

* what was acknowledged is there, and is not overtaken by what had been acknowledged before it began;
* what was read is not older than what the mount had acknowledged before the read began.

It prints what it did and the longest waits.
"""

import argparse
import collections
import itertools
import os
import sys
import threading
import time

from world import Wrong, World, eventually, make_app

GROUP, TOPIC, PARTITIONS = "billing", "orders", 4
STEP = 0.01  # between two commits of a writer, in seconds
PAUSE = 8  # seconds
SECONDS = 15  # what "in seconds" is at most, for a call gives up after 30


class Deed:
    """Somebody has read or committed a number. `ended` is infinite where nobody was told that it was done."""

    def __init__(self, number=None):
        self.number = number
        self.began = time.monotonic()
        self.ended = float("inf")

    def end(self, number):
        self.number = number
        self.ended = time.monotonic()


class Actor(threading.Thread):
    """Does its deed again and again."""

    def __init__(self, mount, partition):
        super().__init__(daemon=True)
        self.partition = partition
        self.path = mount.path(f"apps/{GROUP}/{TOPIC}/{partition}/checkpoint")
        self.deeds = []
        self.errors = collections.Counter()
        self.longest = 0
        self.is_over = False

    def run(self):
        while not self.is_over:
            began = time.monotonic()
            try:
                self.act()
            except OSError as error:
                self.errors[error.strerror] += 1
            self.longest = max(self.longest, time.monotonic() - began)
            time.sleep(STEP)

    def act(self):
        raise NotImplementedError

    def done(self):
        return sum(deed.ended < float("inf") for deed in list(self.deeds))


class Writer(Actor):
    """Commits numbers that no one else commits."""

    numbers = itertools.count(1)

    def act(self):
        deed = Deed(next(self.numbers))
        self.deeds.append(deed)
        handle = os.open(self.path, os.O_WRONLY | os.O_TRUNC)
        try:
            os.write(handle, f"{deed.number}\n".encode())
            deed.end(deed.number)
        finally:
            os.close(handle)


class Reader(Actor):
    """Reads; 0 is nothing."""

    def act(self):
        deed = Deed()
        try:
            with open(self.path, encoding="ascii") as file:
                deed.end(int(file.read()))
        except FileNotFoundError:
            deed.end(0)
        self.deeds.append(deed)


# What was done, held against what was carried out

def check_order(log, commits):
    """No commit stands behind one that began after it was acknowledged."""
    earliest = float("inf")
    for number in reversed(log):
        if number not in commits:
            raise Wrong(f"{number} was carried out, which nobody has committed")
        if earliest < commits[number].began:
            raise Wrong(f"{number} was overtaken by an older commit")
        earliest = min(earliest, commits[number].ended)


def check_kept(log, commits):
    lost = {number for number, deed in commits.items() if deed.ended < float("inf")} - set(log)
    if lost:
        raise Wrong(f"{len(lost)} acknowledged commits were lost, such as {min(lost)}")


def check_reads(log, commits, reads):
    """Each shows the last that the mount had acknowledged when it began, or a later one."""
    place = {number: i for i, number in enumerate(log)}  # the last, of one that was sent again
    acknowledged = sorted((deed.ended, place[number]) for number, deed in commits.items()
                          if deed.ended < float("inf"))
    newest, i = -1, 0
    for read in sorted(reads, key=lambda each: each.began):
        while i < len(acknowledged) and acknowledged[i][0] < read.began:
            newest = max(newest, acknowledged[i][1])
            i += 1
        if read.number and read.number not in place:
            raise Wrong(f"{read.number} was read and never carried out")
        if place.get(read.number, -1) < newest:
            raise Wrong(f"{read.number or 'nothing'} was read after {log[newest]} was acknowledged")


def check(world, writers, readers):
    logs = collections.defaultdict(list)
    for word in world.client("log", GROUP).split():
        _, partition, number = word.split(":")
        logs[int(partition)].append(int(number))
    for partition, log in logs.items():
        commits = {deed.number: deed for each in writers if each.partition == partition
                   for deed in each.deeds}
        check_kept(log, commits)
        check_order(log, commits)
        check_reads(log, commits, [deed for each in readers if each.partition == partition
                                   for deed in each.deeds])
    return sum(map(len, logs.values()))


# What is done to the cluster

def must_go_on(actors):
    """Each of them does something again."""
    before = [actor.done() for actor in actors]
    try:
        eventually(lambda: all(actor.done() > count + 2 for actor, count in zip(actors, before)),
                   "that all go on")
    except Wrong as wrong:
        raise Wrong(f"{wrong}; did: {[actor.done() - count for actor, count in zip(actors, before)]}, "
                    f"errors: {print_errors(actors)}") from wrong


def restart(world, word, nodes):
    """By SIGKILL or SIGTERM."""
    for node in nodes:
        world.cluster(word, node)
    return lambda: world.up(*nodes)


def pause(world, node):
    world.cluster("pause", node)
    time.sleep(PAUSE)
    return lambda: world.cluster("continue", node)


def hurt(world, actors, fault):
    node = int(world.client("coordinator", GROUP))
    mend = pause(world, node) if fault == "pause" else restart(world, fault, [node])
    must_go_on(actors)
    mend()
    must_go_on(actors)


def hurt_all(world, actors):
    """Errors come in seconds: each actor has one that soon."""
    mend = restart(world, "kill", [1, 2, 3])
    before = [sum(actor.errors.values()) for actor in actors]
    began = time.monotonic()
    eventually(lambda: all(sum(actor.errors.values()) > count
                           for actor, count in zip(actors, before)), "an error for all")
    took = time.monotonic() - began
    if took > SECONDS:
        raise Wrong(f"with no broker left there was no error for {took:.1f} s")
    print(f"all: errors for all after {took:.1f} s", flush=True)
    mend()
    must_go_on(actors)


def longest(actors):
    wait = max((actor.longest for actor in actors), default=0)
    for actor in actors:
        actor.longest = 0
    return wait


def print_errors(actors):
    errors = sum((actor.errors for actor in actors), collections.Counter())
    return ", ".join(f"{count} {what}" for what, count in errors.items()) or "none"


def hurt_by_turns(world, writers, readers, arguments):
    actors = writers + readers
    must_go_on(actors)
    for fault in arguments.faults:
        longest(actors)
        if fault == "all":
            hurt_all(world, actors)
        else:
            hurt(world, actors, fault)
        print(f"{fault}: longest wait of a writer {longest(writers):.1f} s, "
              f"of a reader {longest(readers):.1f} s", flush=True)
    eventually(lambda: sum(each.done() for each in writers) >= arguments.commits, "all commits")


def run(world, arguments):
    world.client("create", TOPIC, PARTITIONS)
    mount = world.mount()
    make_app(mount, GROUP)
    writers = [Writer(mount, i % PARTITIONS) for i in range(arguments.writers)]
    readers = [Reader(mount, i % PARTITIONS) for i in range(arguments.readers)]
    actors = writers + readers
    for actor in actors:
        actor.start()
    try:
        hurt_by_turns(world, writers, readers, arguments)
    finally:
        for actor in actors:
            actor.is_over = True
        for actor in actors:
            actor.join()
    carried_out = check(world, writers, readers)
    print(f"{len(writers)} writers: {sum(len(each.deeds) for each in writers)} commits, "
          f"{sum(each.done() for each in writers)} acknowledged, {carried_out} carried out, "
          f"0 lost, 0 overtaken; errors: {print_errors(writers)}\n"
          f"{len(readers)} readers: {sum(each.done() for each in readers)} reads, 0 outdated; "
          f"errors: {print_errors(readers)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--readers", type=int, default=4)
    parser.add_argument("--commits", type=int, default=5000)
    parser.add_argument("--faults", type=lambda text: text.split(","), default=["kill", "term", "pause", "all"])
    arguments = parser.parse_args()
    try:
        with World() as world:
            run(world, arguments)
    except Wrong as wrong:
        print(f"WRONG: {wrong}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
