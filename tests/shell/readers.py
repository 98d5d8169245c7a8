"""Usage: readers.py WAY FILE

Prints the file as programs read it that do more than read(2).
"""

import mmap
import os
import select
import shutil
import sys
import tempfile

OUT = sys.stdout.fileno()


def sendfile(fd):
    while os.sendfile(OUT, fd, None, 1 << 20):
        pass


def splice(fd):
    reader, writer = os.pipe()
    while size := os.splice(fd, writer, 1 << 16):
        os.write(OUT, os.read(reader, size))


def copyfile(fd):
    with tempfile.NamedTemporaryFile() as copy:
        shutil.copyfile(f"/proc/self/fd/{fd}", copy.name)
        os.write(OUT, copy.read())


def mapped(fd):
    os.write(OUT, mmap.mmap(fd, 0, mmap.MAP_PRIVATE, mmap.PROT_READ))


def selected(fd):
    assert select.select([fd], [], [], 5)[0] == [fd]
    os.write(OUT, os.read(fd, 1 << 20))


def polled(fd):
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    assert poll.poll(5000) == [(fd, select.POLLIN)]
    os.write(OUT, os.read(fd, 1 << 20))


def bytewise(fd):
    while byte := os.read(fd, 1):
        os.write(OUT, byte)


WAYS = [sendfile, splice, copyfile, mapped, selected, polled, bytewise]

if __name__ == "__main__":
    way = {way.__name__: way for way in WAYS}[sys.argv[1]]
    way(os.open(sys.argv[2], os.O_RDONLY))
