#!/usr/bin/env python3
"""Usage: typist.py KEYS PROGRAM [ARGUMENT]...

Runs a program on a terminal of its own and types KEYS, in which {wait} is until the program has been silent for a
moment, as it is before the first key and after the last. Ends with the program's exit status, and prints what is
on its screen if that is not 0. \\e, \\r and \\cX are escape, return and control X.
"""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time

SILENCE = 0.4  # seconds
PATIENCE = 15


def keys_of(text):
    def key(match):
        word = match[1]
        return {"e": "\x1b", "r": "\r"}.get(word) or chr(ord(word[1].upper()) & 31)

    return [re.sub(r"\\(e|r|c.)", key, part) for part in text.split("{wait}")]


def read_until_silence(terminal, process):
    """What the program shows. A terminal that nobody holds any more is silent."""
    shown, last = b"", time.monotonic()
    until = last + PATIENCE
    while last + SILENCE > time.monotonic() and time.monotonic() < until and process.poll() is None:
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                shown += os.read(terminal, 65536)
            except OSError:
                break
            last = time.monotonic()
    return shown


def main():
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(sys.argv[2:], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
                               preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
    os.close(theirs)
    shown = read_until_silence(ours, process)
    for part in keys_of(sys.argv[1]):
        if process.poll() is None:
            os.write(ours, part.encode())
            shown += read_until_silence(ours, process)
    try:
        status = process.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        status = 1
    if status:
        sys.exit(f"{status}: {shown.decode(errors='replace')[-500:]!r}")


if __name__ == "__main__":
    main()
