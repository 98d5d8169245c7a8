#!/usr/bin/env python3
"""Usage: wait-commit.py CHECKPOINT

Waits until something else is committed, by whomever, and prints it, or "none" when the checkpoint was
deleted. CHECKPOINT is one of a checkpointfs mount, such as ~/mnt/apps/billing/orders/0/checkpoint. While
nothing is committed it is not there, and is looked for once in a second."""

import os
import select
import sys
import time

if sys.argv[1:] in (["-h"], ["--help"]):
    print(__doc__)
    sys.exit()
if len(sys.argv) != 2:
    sys.exit(__doc__)

path = sys.argv[1]
directory = os.path.dirname(path) or "."


def is_there(name):
    """Any other error than that there is none ends the program."""
    try:
        os.stat(name)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def wait():
    was_there = is_there(path)
    while not is_there(path):
        time.sleep(1)
    with open(path) as checkpoint:
        if was_there:
            changes = select.poll()
            changes.register(checkpoint, select.POLLPRI)
            changes.poll()
        checkpoint.seek(0)
        print(checkpoint.read(), end="")


try:
    if not is_there(directory):
        sys.exit(f"wait-commit.py: {directory} is no directory")
    wait()
except FileNotFoundError:
    print("none")
except OSError as error:
    sys.exit(f"wait-commit.py: {error}")
