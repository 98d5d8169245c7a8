"""A mount of the simulated DIS, beside an official client of it."""

import contextlib
import json
import os
import subprocess
import tempfile
import time
from urllib.parse import urlsplit

from simulation import ACCESS_KEY, PROJECT, SECRET_KEY

# What a client puts: what is text, what is not, and what is nothing.
TEXTS = [b"hello", b'"two"\nlines']
PAYLOADS = [*TEXTS, b"\x00\xff" * 500, b""]

# What a mount appends: a record is a line.
LINES = [b"from a file", b"\x00\xfe binary", b""]


class Records:
    """The records of one partition, as the files of a mount."""

    def __init__(self, path, stream, partition):
        self.place = os.path.join(path, "streams", stream, str(partition), "records")

    def data(self, number):
        with open(os.path.join(self.place, "data", str(number)), "rb") as file:
            return file.read()

    def batch(self, name):
        with open(os.path.join(self.place, name), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def append(self):
        with open(os.path.join(self.place, "new"), "wb", buffering=0) as file:
            file.write(b"".join(line + b"\n" for line in LINES))

    def check(self, first, payloads):
        """The mount has what a client has put, the first of it with this number."""
        numbers = range(first, first + len(payloads))
        lines = self.batch(f"at/{first}")
        assert [line["sequence"] for line in lines] == [str(number) for number in numbers], lines
        assert ["data" in line for line in lines] == [b"\x00" not in data for data in payloads]
        assert [self.data(number) for number in numbers] == payloads


@contextlib.contextmanager
def mounted(checkpointfs, server, *options):
    """Gives the mount point, until the block ends."""
    source = f"dis+http://{urlsplit(server.url).netloc}/{PROJECT}"
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "mnt")
        os.mkdir(path)
        environment = {**os.environ, "HOME": directory, "HUAWEICLOUD_SDK_AK": ACCESS_KEY,
                       "HUAWEICLOUD_SDK_SK": SECRET_KEY}
        process = subprocess.Popen([checkpointfs, "-f", *options, source, path], env=environment)
        try:
            deadline = time.monotonic() + 30
            while not os.path.ismount(path):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("there is no mount")
                time.sleep(0.05)
            yield path
        finally:
            process.terminate()
            process.wait(timeout=20)
