"""Plays the part of an automounter, such as systemd: autofs.py MOUNTPOINT USE COMMAND...

Has a trigger mounted at MOUNTPOINT, runs the shell command USE, mounts with COMMAND when USE comes
there, lets USE go on, and ends as it ended. See the kernel's Documentation/filesystems/autofs.rst.
"""

import ctypes
import fcntl
import os
import subprocess
import sys

READY = 0x9360  # AUTOFS_IOC_READY
PACKET = 304  # struct autofs_v5_packet; its wait_queue_token is in the bytes 8 to 11


def main():
    path, use, command = sys.argv[1], sys.argv[2], sys.argv[3:]
    os.setpgid(0, 0)
    reading, writing = os.pipe()
    libc = ctypes.CDLL(None, use_errno=True)
    data = f"fd={writing},pgrp={os.getpid()},minproto=5,maxproto=5,direct"
    if libc.mount(b"automounter", path.encode(), b"autofs", 0, data.encode()):
        sys.exit(f"autofs: {os.strerror(ctypes.get_errno())}")
    os.close(writing)
    trigger = os.open(path, os.O_RDONLY)
    user = subprocess.Popen(["bash", "-c", use], start_new_session=True)
    token = int.from_bytes(os.read(reading, PACKET)[8:12], sys.byteorder)
    mounted = subprocess.run(command, timeout=20, check=False)
    if not mounted.returncode:
        fcntl.ioctl(trigger, READY, token)
    os.close(trigger)
    os.close(reading)
    sys.exit(mounted.returncode or user.wait(20))


main()
