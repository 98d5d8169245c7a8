"""A mount of what simulated-sls serves, for the tests of official clients."""

import base64
import contextlib
import json
import os
import subprocess
import tempfile
import time
from urllib.parse import urlsplit

from simulation import ACCESS_KEY, SECRET_KEY

PROJECT, REGION = "my-project", "cn-hangzhou"
KEY = ("--key", f"{ACCESS_KEY}:{SECRET_KEY}", "--region", REGION)


def cursor(number):
    return base64.b64encode(str(number).encode()).decode()


def eventually(condition):
    deadline = time.monotonic() + 30
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("it never came true")
        time.sleep(0.05)


class Mount:
    """A mount of the project. Paths are below apps/billing/orders/."""

    def __init__(self, path):
        self.path = path
        self.place = os.path.join(path, "apps/billing/orders")
        self.stream = os.path.join(path, "streams/orders")

    def read(self, name):
        with open(os.path.join(self.place, name), encoding="utf-8") as file:
            return file.read().strip()

    def write(self, name, text):
        with open(os.path.join(self.place, name), "w", encoding="utf-8") as file:
            file.write(f"{text}\n")

    def status(self, shard):
        return json.loads(self.read(f"{shard}/status"))

    def errors(self):
        with open(os.path.join(self.path, "errors"), encoding="utf-8") as file:
            return file.read()

    def records(self, shard, number):
        """Those from a log group on, as they are read."""
        path = os.path.join(self.stream, f"{shard}/records/at/{number}")
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def append(self, shard, *records):
        path = os.path.join(self.stream, f"{shard}/records/new")
        with open(path, "wb", buffering=0) as file:
            file.write(b"".join(record + b"\n" for record in records))


@contextlib.contextmanager
def mounted(checkpointfs, server, *options, token=None):
    source = f"sls+http://{PROJECT}.localhost:{urlsplit(server.url).port}"
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "mnt")
        os.mkdir(path)
        environment = {**os.environ, "HOME": directory, "ALIBABA_CLOUD_ACCESS_KEY_ID": ACCESS_KEY,
                       "ALIBABA_CLOUD_ACCESS_KEY_SECRET": SECRET_KEY,
                       "ALIBABA_CLOUD_SECURITY_TOKEN": token or ""}
        process = subprocess.Popen([checkpointfs, "-f", *options, source, path], env=environment)
        try:
            eventually(lambda: os.path.ismount(path) or process.poll() is not None)
            yield Mount(path)
        finally:
            process.terminate()
            assert process.wait(timeout=20) == 0, "checkpointfs failed"
