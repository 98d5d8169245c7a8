"""Usage: every.py NAME...

Tries everything on each name below the current directory, and prints a line for each: what was tried,
the name, and what came of it, "ok" or an errno.
"""

import errno
import os
import select
import sys


def read(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        os.read(fd, 4096)
    finally:
        os.close(fd)


def write(path, flags, text):
    fd = os.open(path, os.O_WRONLY | flags, 0o644)
    try:
        os.write(fd, text)
    finally:
        os.close(fd)


def poll(path, events):
    fd = os.open(path, os.O_RDONLY)
    try:
        poller = select.poll()
        poller.register(fd, events)
        poller.poll(20)
    finally:
        os.close(fd)


OPERATIONS = {
    "stat": os.stat,
    "access": lambda path: os.access(path, os.R_OK),
    "list": os.listdir,
    "read": read,
    "write": lambda path: write(path, 0, b"42\n"),
    "write unfinished": lambda path: write(path, 0, b"42"),
    "write what is wrong": lambda path: write(path, 0, b"wrong\n"),
    "append": lambda path: write(path, os.O_APPEND, b"42\n"),
    "replace": lambda path: write(path, os.O_TRUNC | os.O_CREAT, b"42\nnote\n"),
    "create": lambda path: write(path, os.O_CREAT | os.O_EXCL, b"42\n"),
    "write earliest": lambda path: write(path, os.O_CREAT, b"earliest\n"),
    "write latest": lambda path: write(path, os.O_CREAT, b"latest\n"),
    "write a time": lambda path: write(path, os.O_CREAT, b"@0\n"),
    "write a shift": lambda path: write(path, os.O_CREAT, b"shift +1\n"),
    "truncate": lambda path: os.truncate(path, 0),
    "lengthen": lambda path: os.truncate(path, 10),
    "make a directory": os.mkdir,
    "make a node": os.mknod,
    "remove": os.unlink,
    "remove a directory": os.rmdir,
    "rename": lambda path: os.rename(path, path + "1"),
    "rename onto": lambda path: os.rename("checkpoints/billing/orders/0", path),
    "link": lambda path: os.link(path, path + "1"),
    "make a link": lambda path: os.symlink("nowhere", path + "1"),
    "read a link": os.readlink,
    "change the mode": lambda path: os.chmod(path, 0o600),
    "change the owner": lambda path: os.chown(path, os.getuid(), os.getgid()),
    "touch": os.utime,
    "get an attribute": lambda path: os.getxattr(path, "user.name"),
    "set an attribute": lambda path: os.setxattr(path, "user.name", b"value"),
    "list attributes": os.listxattr,
    "ask for room": os.statvfs,
    "poll for data": lambda path: poll(path, select.POLLIN | select.POLLOUT),
    "poll for changes": lambda path: poll(path, select.POLLPRI),
}


def attempt(operation, path):
    try:
        OPERATIONS[operation](path)
    except OSError as error:
        return errno.errorcode[error.errno]
    return "ok"


for name in sys.argv[1:]:
    for tried in OPERATIONS:
        print(tried, name, attempt(tried, name), sep="\t")
