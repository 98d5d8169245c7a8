#!/usr/bin/env python3
"""Usage: kill.py [--all | --kills N] [--seed N] WRITER

Two programs (writer.c) add lines to one journal, and each is killed by SIGKILL at a random moment, 20 in all,
or 100 with --all. After two a third one reads what they have left, and adds some lines. Then FILE.1 and FILE
together must have every line that one of them has said to be on the disk, none twice, those of each in its order;
no line is cut but those that are marked so; and the third was told all of them in the order of the files. The
journal is of such a size that it is renamed once, if they live long enough.
"""

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
import time

FULL = 256 << 10
BYTES = 240 << 10  # of each writer, so that no file is renamed twice
LAST_BYTES = 10 << 10
LINE = re.compile(rb"(\w+) (\d+) (\d+) (\.*)")
BROKEN = b"\x18"


class Wrong(Exception):
    pass


class Writer:
    def __init__(self, program, directory, name, size, seed):
        self.name = name.encode()
        self.output = open(os.path.join(directory, f"{name}.out"), "w+b")
        self.process = subprocess.Popen(
            [program, os.path.join(directory, "journal"), str(FULL), name, str(size), str(seed)], stdout=self.output
        )

    def kill(self):
        """Whether it was killed before it had ended."""
        self.process.kill()
        status = self.process.wait()
        if status > 0:
            raise Wrong(f"{self.name} has failed")
        return status < 0

    def end(self):
        if self.process.wait(60):
            raise Wrong(f"{self.name} has failed")

    def said(self, word):
        self.output.seek(0)
        lines = self.output.read().split(b"\n")[:-1]
        return [line[len(word) + 1 :] for line in lines if line.startswith(word + b" ")]


def read_lines(path):
    """The lines of a file, and what stands after the last one."""
    try:
        with open(path, "rb") as file:
            *lines, rest = file.read().split(b"\n")
            return lines, rest
    except FileNotFoundError:
        return [], b""


def is_whole(line):
    match = LINE.fullmatch(line)
    return match is not None and len(match[4]) == int(match[3])


def check_numbers(writer, lines):
    numbers = [int(line.split(b" ")[1]) for line in lines if line.startswith(writer.name + b" ")]
    if numbers != list(range(1, len(numbers) + 1)):
        raise Wrong(f"{writer.name} has written {numbers}")
    lost = {int(number) for number in writer.said(b"done")} - set(numbers)
    if lost:
        raise Wrong(f"{writer.name} was told that {sorted(lost)} are on the disk")


def check(directory, writers):
    """How many lines there were, how many of them were cut, and whether a file was renamed."""
    path = os.path.join(directory, "journal")
    old, old_rest = read_lines(path + ".1")
    new, rest = read_lines(path)
    if old_rest or rest:
        raise Wrong(f"the end is {old_rest} {rest}")
    whole = [line for line in old + new if not line.endswith(BROKEN)]
    for line in whole:
        if not is_whole(line):
            raise Wrong(f"{line} is cut")
    for writer in writers:
        check_numbers(writer, whole)
    if writers[-1].said(b"told") != whole:
        raise Wrong("the last one was not told what is there")
    return len(whole), len(old + new) - len(whole), bool(old)


def run_round(program, chance, moment):
    with tempfile.TemporaryDirectory(prefix="checkpointfs-journal-") as directory:
        pair = [Writer(program, directory, name, BYTES, chance.randrange(65536)) for name in ("a", "b")]
        chance.shuffle(pair)
        time.sleep(moment * chance.random())
        killed = pair[0].kill()
        time.sleep(moment * chance.random() / 2)
        killed += pair[1].kill()
        last = Writer(program, directory, "c", LAST_BYTES, 0)
        last.end()
        return killed, check(directory, [*pair, last])


def time_of_writers(program):
    """How long two of them take that nobody kills."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="checkpointfs-journal-") as directory:
        pair = [Writer(program, directory, name, BYTES, 0) for name in ("a", "b")]
        for writer in pair:
            writer.end()
        took = time.monotonic() - began
        last = Writer(program, directory, "c", LAST_BYTES, 0)
        last.end()
        check(directory, [*pair, last])
    return took


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("writer")
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    wanted = 100 if arguments.all else arguments.kills
    moment = time_of_writers(arguments.writer)
    kills = rounds = lines = cut = renamed = 0
    while kills < wanted:
        killed, (some, broken, was_renamed) = run_round(arguments.writer, chance, moment)
        kills += killed
        moment *= 1.1 if killed == 2 else 0.9  # late in their lives, but in them
        rounds += 1
        lines += some
        cut += broken
        renamed += was_renamed
        if rounds > 10 * wanted:
            raise Wrong("nobody lives long enough to be killed")
    print(f"{kills} killed in {rounds} rounds: {lines} lines, {cut} cut, {renamed} times renamed: none lost")


try:
    main()
except Wrong as wrong:
    sys.exit(f"wrong: {wrong}")
