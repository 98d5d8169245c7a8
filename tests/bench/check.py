#!/usr/bin/env python3
"""Usage: check.py BENCH_SERVICE CHECKPOINTFS

The service that is measured with is one that the program can use, in both shapes."""

import base64
import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import stage

SIZE = {"apps": 2, "streams": 2, "partitions": 1100}
PLACE = "apps/app-0001/stream-0001"


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text + "\n")


def check_tree(service, mount):
    assert sorted(os.listdir(mount / "apps")) == ["app-0000", "app-0001"]
    assert {"stream-0000", "stream-0001"} <= set(os.listdir(mount / "apps/app-0000"))
    assert {str(i) for i in range(SIZE["partitions"])} <= set(os.listdir(mount / PLACE))
    asked = service.asked()
    assert asked["get-states"] in (1, 2), asked  # pages of 1000, or all at once


def check_values(service, mount, spelled):
    path = mount / f"{PLACE}/1034/checkpoint"
    assert read(path) == spelled(1000) + "\n"
    assert service.asked() == {"get-checkpoint": 1}
    write(path, spelled(4321))
    assert service.asked()["commit"] == 1
    assert read(path) == spelled(4321) + "\n"
    assert read(mount / f"{PLACE}/1033/checkpoint") == spelled(1000) + "\n"
    assert len(read(mount / "lag/app-0000").splitlines()) == 1 + 2 * SIZE["partitions"]
    write(mount / "checkpoints/app-0000/stream-0000/7", spelled(7))
    assert read(mount / "apps/app-0000/stream-0000/7/checkpoint") == spelled(7) + "\n"


def check_waiting(service, mount, spelled):
    """Answers wait as long as is said, and those of a kind that hangs for ever."""
    service.control(delay=50)
    begin = time.monotonic()
    read(mount / f"{PLACE}/0/checkpoint")
    assert time.monotonic() - begin >= 0.05
    service.control(delay=0, hang="get-checkpoint")
    with stage.process(["cat", mount / f"{PLACE}/0/checkpoint"], stdout=subprocess.PIPE) as hanging:
        write(mount / f"{PLACE}/1/checkpoint", spelled(42))
        assert hanging.poll() is None


def check(kind, programs, spelled):
    with stage.service(programs[0], **SIZE) as service:
        with stage.checkpointfs(programs[1], service.source(kind)) as mount:
            check_tree(service, mount)
            check_values(service, mount, spelled)
            check_waiting(service, mount, spelled)


def main():
    programs = [os.path.realpath(path) for path in sys.argv[1:3]]
    check("dis", programs, str)
    check("sls", programs, lambda number: base64.b64encode(str(number).encode()).decode())


if __name__ == "__main__":
    main()
