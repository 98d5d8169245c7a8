#!/usr/bin/env python3
"""Usage: on-commit.py DIRECTORY COMMAND [ARGUMENT...]

Runs COMMAND each time something else is committed, by whomever, with two more arguments: the checkpoint, such as
orders/0, and its number, or "none" when it was deleted. DIRECTORY is what an app has in a checkpointfs mount, such as
~/mnt/checkpoints/billing, or ~/mnt/checkpoints/billing/orders.

    on-commit.py ~/mnt/checkpoints/billing logger -t billing

COMMAND is run for one commit after the other. What is committed while it runs is seen after it, several commits of one
partition as the last. A checkpoint that was not there before is seen within three seconds. When COMMAND fails, so does
on-commit.py; and it ends when the mount does."""

import os
import pathlib
import select
import subprocess
import sys


class Watched:
    """Checkpoints that are open, to be told of their changes."""

    def __init__(self, directory):
        self.directory = directory
        self.files = {}  # by descriptor
        self.poll = select.poll()

    def add_new(self):
        """Opens what is not open yet; returns the descriptors."""
        known = {file.name for file in self.files.values()}
        new = []
        for path in sorted(map(str, self.directory.rglob("*"))):
            if path not in known and os.path.isfile(path) and os.path.basename(path).isdecimal():
                file = open(path, "rb", buffering=0)
                self.files[file.fileno()] = file
                self.poll.register(file, select.POLLPRI)
                new.append(file.fileno())
        return new

    def changed(self):
        return [descriptor for descriptor, _ in self.poll.poll(3_000)]

    def read(self, descriptor):
        """The number and the metadata; to read them is also what ends the report of a change."""
        try:
            return os.pread(descriptor, 1 << 20, 0)
        except FileNotFoundError:
            return b"none"

    def name(self, descriptor):
        return os.path.relpath(self.files[descriptor].name, self.directory)


def is_of_checkpoints(directory):
    """Whether it is in the checkpoints/ of a mount."""
    place = directory.resolve()
    return any((root / "commits").is_file() and place.relative_to(root).parts[:1] == ("checkpoints",)
               for root in place.parents) and place.is_dir()


def main():
    if sys.argv[1:] in (["-h"], ["--help"]):
        print(__doc__)
        return
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    directory = pathlib.Path(sys.argv[1])
    if not is_of_checkpoints(directory):
        sys.exit(f"on-commit.py: {directory} is no directory of checkpoints/ in a mount, "
                 "such as ~/mnt/checkpoints/billing")
    watched = Watched(directory)
    seen = {descriptor: watched.read(descriptor) for descriptor in watched.add_new()}
    while True:
        for descriptor in watched.changed() + watched.add_new():
            content = watched.read(descriptor)
            if content != seen.get(descriptor):
                seen[descriptor] = content
                number = content.split(b"\n")[0]
                subprocess.run([*sys.argv[2:], watched.name(descriptor), number], check=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"on-commit.py: {error}")
