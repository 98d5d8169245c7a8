#!/usr/bin/env python3
"""Usage: tmpfs.py [--backend local|dis] [--seed N] [--steps N | --seconds S]

A directory of checkpoints/ and one of a tmpfs (/dev/shm) in lock-step: the same random calls go to both, on
the names of temporary files, of directories for them and of partitions, and on what is open, whatever became of
its name meanwhile; and each must come to the same. What the manual says is different here is in DIFFERENCES,
with the reason: such a call goes to the mount alone, which must refuse it.
"""

import argparse
import ctypes
import os
import random
import stat
import sys
import tempfile
import time

from place import KEPT, STREAMS, Doer, Place, Wrong, fill

DIRECTORY = "checkpoints/billing/orders"
SCRATCH_SIZE = 65536
AT_FDCWD = -100
RENAME_NOREPLACE, RENAME_EXCHANGE = 1, 2
SHOWN = 15  # steps that a difference is shown with
STEPS_OF_A_MOUNT = 4000
FILES = 6  # open ones

PARTITIONS = "0", "1", "2"
NAMES = ".x", ".x", "draft", "draft", "007", ".d", ".d", ".d/a", ".d/1", ".x/a", "x" * 255
TEXTS = "42\n", "50\nnote\n", "60\ntwo\nlines\n"

libc = ctypes.CDLL(None, use_errno=True)


def is_partition(name):
    return name in PARTITIONS


class Side(Doer):
    """One of the two directories, with the files that are open in it."""

    def __init__(self, root):
        self.root = root
        self.files = {}

    def path(self, name):
        return os.path.join(self.root, name)

    def close_all(self):
        for handle in self.files.values():
            os.close(handle)
        self.files.clear()

    # ---- names

    def open(self, place, name, flags, mode):
        handle = os.open(self.path(name), flags, mode)
        self.close(place)
        self.files[place] = handle

    def close(self, place):
        if place in self.files:
            os.close(self.files.pop(place))

    def put(self, name, text):
        handle = os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            return os.write(handle, text.encode())
        finally:
            os.close(handle)

    def read_whole(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def stat(self, name):
        return self.about(os.lstat(self.path(name)))

    @staticmethod
    def about(found):
        kind = stat.S_IFMT(found.st_mode)
        is_there = found.st_nlink > 0
        return kind, is_there, kind == stat.S_IFDIR or (stat.S_IMODE(found.st_mode), found.st_size)

    def unlink(self, name):
        os.unlink(self.path(name))

    def mkdir(self, name):
        os.mkdir(self.path(name), 0o755)

    def rmdir(self, name):
        os.rmdir(self.path(name))

    def rename(self, old, new, flags):
        if libc.renameat2(AT_FDCWD, os.fsencode(self.path(old)), AT_FDCWD,
                          os.fsencode(self.path(new)), flags):
            raise OSError(ctypes.get_errno(), "rename")

    def listdir(self, name):
        return sorted(os.listdir(self.path(name)))

    def chmod(self, name, mode):
        os.chmod(self.path(name), mode)

    def truncate(self, name, size):
        os.truncate(self.path(name), size)

    def link(self, old, new):
        os.link(self.path(old), self.path(new))

    def symlink(self, old, new):
        os.symlink(old, self.path(new))

    def mknod(self, name):
        os.mknod(self.path(name), stat.S_IFIFO | 0o644)

    # ---- open files

    def read(self, place, size):
        return os.read(self.files[place], size)

    def pread(self, place, size, offset):
        return os.pread(self.files[place], size, offset)

    def write(self, place, text):
        return os.write(self.files[place], text.encode())

    def pwrite(self, place, text, offset):
        return os.pwrite(self.files[place], text.encode(), offset)

    def lseek(self, place, offset, whence):
        return os.lseek(self.files[place], offset, whence)

    def ftruncate(self, place, size):
        os.ftruncate(self.files[place], size)

    def fstat(self, place):
        return self.about(os.fstat(self.files[place]))

    def fchmod(self, place, mode):
        if not self.is_directory(place):  # whose mode is that of all of them
            os.fchmod(self.files[place], mode)

    def is_directory(self, place):
        return stat.S_ISDIR(os.fstat(self.files[place]).st_mode)

    def names_of(self, place):
        """Under which names there is what is open."""
        return [name for name in NAMES if self.is_at(name, self.files[place])]

    def is_at(self, name, handle):
        return os.path.lexists(self.path(name)) and \
            os.path.samestat(os.lstat(self.path(name)), os.fstat(handle))

    def stat_in(self, place, name):
        """Looks a name up in an open directory."""
        return self.about(os.stat(name, dir_fd=self.files[place], follow_symlinks=False))

    def open_in(self, place, name, flags, mode):
        os.close(os.open(name, flags, mode, dir_fd=self.files[place]))

    def fsync(self, place):
        os.fsync(self.files[place])


class Ordinary:
    """What the tmpfs tells of a step that is about to be done."""

    def __init__(self, side):
        self.side = side

    def has(self, name):
        return os.path.lexists(self.side.path(name))

    def is_directory(self, name):
        return os.path.isdir(self.side.path(name))

    def text(self, name):
        text = self.side.do(["read_whole", name])
        return text.decode() if isinstance(text, bytes) else text

    def is_open(self, name):
        return any(self.side.is_at(name, handle) for handle in self.side.files.values())

    def is_junk(self, name):
        """What is surely no position."""
        return self.text(name)[:1] in ("", "a", "x", "y", "z", "\0")

    def end_of_write(self, place, text, offset=None):
        handle = self.side.files[place]
        if self.is_appending(handle):
            begin = os.fstat(handle).st_size
        else:
            begin = os.lseek(handle, 0, os.SEEK_CUR) if offset is None else offset
        return begin + len(text)

    @staticmethod
    def is_appending(handle):
        with open(f"/proc/self/fdinfo/{handle}", encoding="ascii") as file:
            flags = next(line for line in file if line.startswith("flags:")).split()[1]
        return bool(int(flags, 8) & os.O_APPEND)

    def can_write(self, place):
        return self.side.do(["write", place, ""]) != "EBADF"


def is_too_large(ordinary, step):
    kind, target, *rest = step
    if kind in ("write", "pwrite"):
        return rest[0] and ordinary.can_write(target) and ordinary.end_of_write(target, *rest) > SCRATCH_SIZE
    if kind == "ftruncate":
        return ordinary.can_write(target) and rest[0] > SCRATCH_SIZE
    return kind == "truncate" and ordinary.has(target) and not ordinary.is_directory(target) and \
        rest[0] > SCRATCH_SIZE


def is_lasting_directory(ordinary, step):
    name = step[1]
    is_made = step[0] == "mkdir" and not ordinary.has(name) and \
        ordinary.is_directory(os.path.dirname(name))
    return is_made and (not name.startswith(".") or "/" in name)


def is_move(ordinary, step):
    """A rename that an ordinary directory would carry out."""
    if step[0] != "rename" or not ordinary.has(step[1]) or step[1] == step[2]:
        return False
    _, _, new, flags = step
    if flags and ordinary.has(new) == (flags == RENAME_NOREPLACE):
        return False
    return ordinary.is_directory(os.path.dirname(new)) and not ordinary.is_directory(new)


def is_move_of_directory(ordinary, step):
    return step[0] == "rename" and ordinary.is_directory(step[1]) and (
        not ordinary.has(step[2]) or ordinary.is_directory(step[2])) and step[1] != step[2] and \
        ordinary.is_directory(os.path.dirname(step[2])) and not step[2].startswith(step[1] + "/") and \
        not (step[3] and ordinary.has(step[2]) == (step[3] == RENAME_NOREPLACE))


def is_move_of_partition_inside(ordinary, step):
    return is_move(ordinary, step) and is_partition(step[1]) and "/" in step[2]


def is_commit_of_junk(ordinary, step):
    return is_move(ordinary, step) and not ordinary.is_directory(step[1]) and \
        is_partition(step[2]) and ordinary.is_junk(step[1])


def is_exchange(ordinary, step):
    if step[0] != "rename" or step[3] != RENAME_EXCHANGE or step[1] == step[2]:
        return False
    is_inside = any(a.startswith(b + "/") for a, b in (step[1:3], step[2:0:-1]))
    return ordinary.has(step[1]) and ordinary.has(step[2]) and not is_inside


def is_link(ordinary, step):
    new = step[-1]
    return step[0] in ("link", "symlink", "mknod") and not ordinary.has(new) and \
        ordinary.is_directory(os.path.dirname(new)) and \
        (step[0] != "link" or (ordinary.has(step[1]) and not ordinary.is_directory(step[1])))


# What is refused here and works in any directory; how it is refused, and why, in the manual's words.
DIFFERENCES = (
    (is_too_large, "EFBIG", "a temporary file is in memory, at most 64 KiB long"),
    (is_lasting_directory, "EPERM", "mkdir of a name that begins with a dot makes one for such files"),
    (is_exchange, "EINVAL EXDEV EPERM", "a rename commits what the file holds: both halves cannot be one"),
    (is_move_of_directory, "EXDEV", "directories cannot be renamed there, so mv copies"),
    (is_move_of_partition_inside, "EPERM", "no checkpoint can be moved into a directory for them"),
    (is_commit_of_junk, "EINVAL", "a rename commits what the file holds"),
    (is_link, "EPERM", "the tree is not changed in this way"),
)


class Generator:
    def __init__(self, random_numbers, sides):
        self.random = random_numbers
        self.sides = sides

    def one_of(self, *choices):
        return self.random.choice(choices)

    def name(self):
        return self.one_of(*NAMES)

    def any_name(self):
        return self.one_of(*PARTITIONS) if self.random.random() < 0.25 else self.name()

    def text(self):
        return self.one_of("any text\n", "x", "", "y" * 1000, "z" * 30000, *TEXTS)

    def step(self):
        places = sorted(self.sides[0].files)
        if places and self.random.random() < 0.5:
            return self.step_on_file(self.random.choice(places))
        return self.one_of(
            self.open, self.open, self.open, self.rename, self.rename, self.unlink, self.partition,
            self.partition, self.directory, self.directory, self.other, self.look, self.look)()

    def open(self):
        flags = self.one_of(os.O_RDONLY, os.O_WRONLY, os.O_RDWR, os.O_RDWR)
        for flag, share in ((os.O_CREAT, 0.7), (os.O_TRUNC, 0.2), (os.O_APPEND, 0.2), (os.O_EXCL, 0.1),
                            (os.O_DIRECTORY, 0.03), (os.O_NOFOLLOW, 0.1)):
            flags |= flag if self.random.random() < share else 0
        if not flags & os.O_CREAT:
            flags &= ~os.O_EXCL  # means nothing without it
        return ["open", self.random.randrange(FILES), self.name(), flags,
                self.one_of(0o644, 0o600, 0o755)]

    def rename(self):
        return ["rename", self.any_name(), self.any_name(),
                self.one_of(0, 0, 0, 0, RENAME_NOREPLACE, RENAME_EXCHANGE)]

    def unlink(self):
        return ["unlink", self.any_name()]

    def partition(self):
        name = self.one_of(*PARTITIONS)
        return self.one_of(["put", name, self.one_of(*TEXTS)], ["read_whole", name], ["stat", name])

    def directory(self):
        return self.one_of(["mkdir", self.name()], ["rmdir", self.any_name()], ["listdir", "."],
                           ["listdir", self.name()], ["mkdir", ".d"])

    def other(self):
        return self.one_of(
            ["chmod", self.name_of_file(), self.one_of(0o600, 0o644)],
            ["truncate", self.name(), self.one_of(0, 3, 1000, SCRATCH_SIZE, SCRATCH_SIZE + 1)],
            ["link", self.name(), self.name()], ["symlink", "target", self.name()],
            ["mknod", self.name()])

    def name_of_file(self):
        """A directory's mode is that of all of them."""
        return self.one_of("draft", "007", ".d/a", "x" * 255)

    def look(self):
        return self.one_of(["stat", self.any_name()], ["read_whole", self.any_name()])

    def step_on_file(self, place):
        size = self.one_of(0, 1, 5, 100, SCRATCH_SIZE, 200000)
        offset = self.one_of(0, 0, 1, 5, 1000, SCRATCH_SIZE - 1, SCRATCH_SIZE)
        return self.one_of(
            ["read", place, size], ["pread", place, size, offset], ["write", place, self.text()],
            ["write", place, self.text()], ["pwrite", place, self.text(), offset],
            ["lseek", place, self.one_of(-1, 0, 3, 2000),
             self.one_of(os.SEEK_SET, os.SEEK_CUR, os.SEEK_END)],
            ["ftruncate", place, self.one_of(0, 1, 10, 5000, SCRATCH_SIZE, SCRATCH_SIZE + 1)],
            ["fstat", place], ["fstat", place], ["names_of", place],
            ["fchmod", place, self.one_of(0o600, 0o644)], ["stat_in", place, self.one_of("a", "1")],
            ["open_in", place, self.one_of("a", "1"), os.O_RDWR | self.one_of(0, os.O_CREAT), 0o644],
            ["fsync", place], ["close", place])


def is_position_in_directory(ordinary, step):
    """POSIX leaves it open."""
    return step[0] == "lseek" and ordinary.side.is_directory(step[1])


def is_commit_of_open_file(ordinary, step):
    """A checkpoint has no mode, and who has the temporary file open changes no checkpoint."""
    return step[0] == "rename" and is_partition(step[2]) and ordinary.is_open(step[1])


def is_strange_position(ordinary, step):
    """Pieces of texts that may or may not be a position, and that a commit writes in its own way."""
    return step[0] == "rename" and is_partition(step[2]) and not is_partition(step[1]) and \
        ordinary.text(step[1]) not in TEXTS and not ordinary.is_junk(step[1])


SKIPPED = is_position_in_directory, is_commit_of_open_file, is_strange_position


def compare(mount, ordinary, step):
    if any(skips(Ordinary(ordinary), step) for skips in SKIPPED):
        return
    for applies, code, reason in DIFFERENCES:
        if applies(Ordinary(ordinary), step):
            result = mount.do(step)
            if result not in code.split():
                raise Wrong(f"came to {shown(result)} instead of {code}: {reason}")
            return
    expected, result = ordinary.do(step), mount.do(step)
    if result != expected:
        raise Wrong(f"came to {shown(result)} instead of {shown(expected)}")
    if step[0] == "rename" and is_partition(step[2]) and expected is None:
        os.chmod(ordinary.path(step[2]), 0o644)  # a checkpoint has no mode of its own


def shown(value):
    text = repr(value)
    return text if len(text) < 200 else f"{text[:150]}... ({len(value)})"


def run(backend, seed, count, until):
    """Returns how many steps were done, the last ones of them, and what is wrong."""
    steps = []
    with Place(backend) as place, tempfile.TemporaryDirectory(dir="/dev/shm") as directory:
        mount = place.mount("mnt")
        if place.service:
            fill(place.service, STREAMS, KEPT)
        os.mkdir(mount.path("checkpoints/billing"))
        os.mkdir(mount.path(DIRECTORY))
        sides = Side(mount.path(DIRECTORY)), Side(directory)
        generator = Generator(random.Random(f"tmpfs {seed}"), sides)
        try:
            while len(steps) < count and time.monotonic() < until:
                steps.append(generator.step())
                compare(*sides, steps[-1])
        except Wrong as wrong:
            return len(steps), steps[-SHOWN:], str(wrong)
        finally:
            for side in sides:
                side.close_all()
    return len(steps), [], None


def main():
    parser = argparse.ArgumentParser(usage=__doc__.splitlines()[0][7:])
    parser.add_argument("--backend", choices=("local", "dis"), default="local")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=5)
    options = parser.parse_args()
    until = time.monotonic() + (1e9 if options.steps else options.seconds)
    left, total, seed = options.steps or 1 << 60, 0, options.seed
    os.umask(0o022)
    while left > 0 and time.monotonic() < until:
        count, steps, wrong = run(options.backend, seed, min(left, STEPS_OF_A_MOUNT), until)
        total += count
        left -= count
        if wrong:
            print(f"seed {seed}, step {count}: {wrong}")
            print("\n".join(f"  {shown(step)}" for step in steps))
            return 1
        seed += 1
    print(f"seeds {options.seed} to {seed - 1}: {total} calls, each as a tmpfs has it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
