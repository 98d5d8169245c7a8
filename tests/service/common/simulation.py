"""Starts a simulated service for a test, and talks to its control interface."""

import contextlib
import os
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from urllib.parse import urlencode

PROJECT = "0123456789abcdef0123456789abcdef"
ACCESS_KEY = "SIMULATEDACCESSKEY01"
SECRET_KEY = "simulated/secret+key"
USER, PASSWORD, DOMAIN = "tester", "a password, secret", "OTC00000000001"


class Simulation:
    def __init__(self, url, pid):
        self.url = url
        self.pid = pid

    def control(self, method, call, /, **parameters):
        query = "?" + urlencode(parameters) if parameters else ""
        request = urllib.request.Request(f"{self.url}/_control/{call}{query}", method=method)
        with urllib.request.urlopen(request) as answer:
            return answer.read().decode()

    def log(self):
        return self.control("GET", "log").splitlines()

    def stats(self):
        lines = self.control("GET", "stats").splitlines()
        return {name: int(value) for name, value in (line.split() for line in lines)}


@contextlib.contextmanager
def simulation(program, *options, project=PROJECT):
    """Runs the program until the block ends; it must then end by itself, and well. Kafka has no project: None."""
    with tempfile.TemporaryDirectory() as directory:
        port_file = os.path.join(directory, "port")
        command = [program, "--port", "0", "--port-file", port_file]
        command += ["--project", project] if project else []
        process = subprocess.Popen(command + list(options))
        try:
            while not os.path.exists(port_file):
                if process.poll() is not None:
                    raise RuntimeError(f"{program} ended with {process.returncode}")
                time.sleep(0.01)
            with open(port_file) as file:
                yield Simulation(f"http://127.0.0.1:{file.read().strip()}", process.pid)
        finally:
            process.terminate()
            status = process.wait(timeout=20)
        if status:
            raise RuntimeError(f"{program} ended with {status}")
