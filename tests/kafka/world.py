"""A real cluster for programs: its brokers, Kafka's own client, and mounts of it.

CHECKPOINTFS is the program under test.

    with World() as world:
        world.client("create", "orders", 4)
        mount = world.mount()
        mount.read("apps/billing/orders/0/checkpoint")

Where there is no Java or no Maven, see tests/kafka/cluster, the program ends with 77. At its end nothing is
mounted and no process is left, and what a sanitizer has reported is a Wrong.
"""

import errno
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "model"))
from place import Place, Wrong, die_with_parent, eventually  # pylint: disable=unused-import

CLUSTER = os.path.join(HERE, "cluster")
SKIPPED = 77


class Client:
    """Kafka's own client, see Client.java."""

    def __init__(self, brokers, log):
        self.process = subprocess.Popen(
            [CLUSTER, "run", os.path.join(HERE, "Client.java"), brokers], text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, preexec_fn=die_with_parent)

    def __call__(self, *words):
        self.process.stdin.write("\t".join(map(str, words)) + "\n")
        line = self.process.stdout.readline().rstrip("\n")
        if not line.startswith("ok"):
            raise Wrong(f"{words[0]}: {line or 'the client is gone'}")
        return line[3:]

    def end(self):
        self.process.kill()
        self.process.wait()


def make_app(mount, app):
    """A new cluster makes its coordinators when somebody first asks for one, and on a busy machine that can take
    longer than a mount waits."""
    def is_made():
        try:
            os.mkdir(mount.path(f"apps/{app}"))
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return False
        return True
    eventually(is_made, f"an app {app}")


class World(Place):
    """Three brokers, with properties more if need be, and what is needed to use them. Their numbers are 1 to 3."""

    def __init__(self, properties=""):
        super().__init__("local")
        self.properties = properties
        self.cluster_place = os.path.join(self.directory, "cluster")
        self.client = None
        self.brokers = self.start() or self.start()
        self.source = "kafka+plain://" + self.brokers
        self.log = open(os.path.join(self.directory, "client.log"), "ab")
        self.client = Client(self.brokers, self.log)

    def cluster(self, word, *nodes):
        return subprocess.run([CLUSTER, word, self.cluster_place, *map(str, nodes)], check=False,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def start(self):
        """Its addresses; or "", for a busy machine may be too slow for an election."""
        with open(os.path.join(self.directory, "started"), "w+", encoding="utf-8") as out:
            # no pipes: the brokers would hold them
            status = subprocess.run([CLUSTER, "start", self.cluster_place], check=False, stdout=out,
                                    stdin=subprocess.DEVNULL, stderr=out,
                                    env={**os.environ, "KAFKA_PROPERTIES": self.properties}).returncode
            out.seek(0)
            told = out.read()
        if status == 0:
            return told.splitlines()[-1]
        self.cluster("stop")
        if status == SKIPPED:
            print(told, end="")
            sys.exit(SKIPPED)
        print(told, end="", file=sys.stderr)
        return ""

    def up(self, *nodes):
        with open(os.devnull, "w", encoding="ascii") as nowhere:
            subprocess.run([CLUSTER, "up", self.cluster_place, *map(str, nodes)], check=True,
                           stdin=subprocess.DEVNULL, stdout=nowhere, stderr=nowhere)

    def __exit__(self, kind, error, trace):
        try:
            self.client.end()
            self.log.close()
            self.cluster("stop")
        finally:
            super().__exit__(kind, error, trace)
