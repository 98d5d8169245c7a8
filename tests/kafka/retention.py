#!/usr/bin/env python3
"""What -o retention= commits is kept for longer than the brokers keep it, which takes a minute and a half to see."""

import sys
import time

from world import World, Wrong, make_app

PROPERTIES = "offsets.retention.minutes=1\noffsets.retention.check.interval.ms=1000"
RETAINED = 600  # seconds
PATIENCE = 150  # seconds


def commit(mount, group):
    make_app(mount, group)
    with open(mount.path(f"apps/{group}/orders/0/checkpoint"), "w", encoding="ascii") as file:
        file.write("42\nnote\n")


def wait_until_gone(world, group):
    began = time.monotonic()
    while world.client("get", group, "orders", 0) != "none":
        if time.monotonic() - began > PATIENCE:
            raise Wrong(f"{group} is there after {PATIENCE} s")
        time.sleep(1)
    return time.monotonic() - began


def main():
    with World(PROPERTIES) as world:
        world.client("create", "orders", 1)
        commit(world.mount("retained", f"retention={RETAINED}"), "retained")
        commit(world.mount("plain"), "plain")
        took = wait_until_gone(world, "plain")
        kept = world.client("get", "retained", "orders", 0)
        if kept != "42 note":
            raise Wrong(f"of what was to be retained there is: {kept}")
        print(f"plain was gone after {took:.0f} s, and what was to be retained is there")


if __name__ == "__main__":
    sys.exit(main())
