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
if not os.path.isdir(os.path.dirname(path) or "."):
    sys.exit(f"wait-commit.py: {os.path.dirname(path)} is no directory")
was_there = os.path.exists(path)
while not os.path.exists(path):
    time.sleep(1)

with open(path) as checkpoint:
    if was_there:
        changes = select.poll()
        changes.register(checkpoint, select.POLLPRI)
        changes.poll()
    try:
        checkpoint.seek(0)
        print(checkpoint.read(), end="")
    except FileNotFoundError:
        print("none")
