#!/usr/bin/env python3
"""Usage: wait-commit.py CHECKPOINT

Waits until something else is committed, by whomever, and prints it, or "none" when the checkpoint was
deleted. CHECKPOINT is one of a checkpointfs mount, such as ~/mnt/apps/billing/orders/0/checkpoint."""

import select
import sys

if sys.argv[1:] in (["-h"], ["--help"]):
    print(__doc__)
    sys.exit()
if len(sys.argv) != 2:
    sys.exit(__doc__)

with open(sys.argv[1]) as checkpoint:
    changes = select.poll()
    changes.register(checkpoint, select.POLLPRI)
    changes.poll()
    try:
        checkpoint.seek(0)
        print(checkpoint.read(), end="")
    except FileNotFoundError:
        print("none")
