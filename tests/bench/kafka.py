#!/usr/bin/env python3
"""What commits and reads cost on three real brokers, by a mount and by Kafka's clients. It asserts nothing.

    CHECKPOINTFS=build/release/fs/checkpointfs tests/service/sdk/run.sh kafka tests/bench/kafka.py

Each kind is measured with 1 client and with 64, in turns, as often as ROUNDS says; what is printed are medians.
A client has a partition of its own, and does one thing after another: of 64 there are 8 in each of 8 processes.
"""

import multiprocessing
import os
import statistics
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[0] = os.path.join(HERE, "..", "kafka")  # and not HERE: "kafka" is the client, not this file
import confluent_kafka
import kafka
from world import CLUSTER, World, make_app

TOPIC, CLIENTS, PROCESSES = "orders", 64, 8
MANY, MANY_PARTITIONS = "many", 5000
ROUNDS, SECONDS = 3, 2
TOOL = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"


class Mount:
    name = "mount"

    def __init__(self, where, group, partition):
        self.path = f"{where['root']}/apps/{group}/{TOPIC}/{partition}/checkpoint"

    def commit(self, number):
        handle = os.open(self.path, os.O_WRONLY | os.O_TRUNC)
        os.write(handle, b"%d\n" % number)
        os.close(handle)

    def read(self):
        with open(self.path, "rb", buffering=0) as file:
            return file.read()


class KafkaPython:
    name = "kafka-python"

    def __init__(self, where, group, partition):
        self.at = kafka.TopicPartition(TOPIC, partition)
        self.consumer = kafka.KafkaConsumer(bootstrap_servers=where["brokers"].split(","), group_id=group,
                                            enable_auto_commit=False)
        self.consumer.assign([self.at])

    def commit(self, number):
        self.consumer.commit({self.at: kafka.OffsetAndMetadata(number, "", -1)})

    def read(self):
        return self.consumer.committed(self.at)


class Confluent:
    name = "confluent-kafka"

    def __init__(self, where, group, partition):
        self.partition = partition
        self.consumer = confluent_kafka.Consumer(
            {"bootstrap.servers": where["brokers"], "group.id": group, "enable.auto.commit": False})

    def commit(self, number):
        self.consumer.commit(offsets=[confluent_kafka.TopicPartition(TOPIC, self.partition, number)],
                             asynchronous=False)

    def read(self):
        return self.consumer.committed([confluent_kafka.TopicPartition(TOPIC, self.partition)], 20)


def count(client, operation, until):
    """How often it is done until then."""
    done = 0
    while time.monotonic() < until:
        if operation == "commit":
            client.commit(done)
        else:
            client.read()
        done += 1
    return done


def work(kind, where, partitions, operation, barrier, results):
    """A process with a client for each of these partitions."""
    clients = [kind(where, f"bench-{kind.name}", partition) for partition in partitions]
    for client in clients:
        client.commit(0)
    barrier.wait()
    until = time.monotonic() + SECONDS
    done = [0] * len(clients)

    def run(i):
        done[i] = count(clients[i], operation, until)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put(sum(done))
    results.close()
    results.join_thread()
    os._exit(0)  # closing a client is not what is measured


def measure(kind, where, operation, clients):
    """How often in a second."""
    processes = min(PROCESSES, clients)
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(processes), context.Queue()
    workers = [context.Process(target=work, args=(kind, where, range(i, clients, processes), operation,
                                                  barrier, results)) for i in range(processes)]
    for worker in workers:
        worker.start()
    total = sum(results.get() for _ in workers)
    for worker in workers:
        worker.join()
    return total / SECONDS


def tool(where, operation, group):
    """The same by a process of Kafka's tool for each."""
    words = ["--describe", "--offsets"] if operation == "read" else [
        "--reset-offsets", "--topic", f"{TOPIC}:0", "--to-offset", "0", "--execute"]
    began = time.monotonic()
    subprocess.run([CLUSTER, "run", TOOL, "--bootstrap-server", where["brokers"], "--group", group, *words],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return 1 / (time.monotonic() - began)


def print_rates(where):
    print(f"{'a second':28}{'mount':>10}{'kafka-python':>16}{'confluent-kafka':>18}{'tool':>10}")
    for operation in "commit", "read":
        for clients in 1, CLIENTS:
            rates = {kind: [] for kind in (Mount, KafkaPython, Confluent)}
            tools = []
            for _ in range(ROUNDS):
                for kind, found in rates.items():
                    found.append(measure(kind, where, operation, clients))
                tools += [tool(where, operation, "bench-mount")] if clients == 1 else []
            medians = [statistics.median(found) for found in rates.values()]
            medians += [statistics.median(tools)] if tools else []
            cells = [f"{medians[0]:10.0f}"] + [
                f"{rate:{width}.1f} ({medians[0] / rate:.1f}x)" for rate, width in zip(medians[1:], (9, 11, 6))]
            print(f"{operation}, {clients} client{'s' if clients > 1 else ' '}".ljust(28) + "".join(cells), flush=True)


def of_daemon(mount):
    with open(f"/proc/{mount.daemon.pid}/status", encoding="ascii") as file:
        found = dict(line.split(":", 1) for line in file)
    sockets = sum("socket" in os.readlink(f"/proc/{mount.daemon.pid}/fd/{fd}")
                  for fd in os.listdir(f"/proc/{mount.daemon.pid}/fd"))
    return (f"{int(found['VmRSS'].split()[0]) / 1024:.1f} MB (at most {int(found['VmHWM'].split()[0]) / 1024:.1f}), "
            f"{found['Threads'].strip()} thread(s), {sockets} sockets")


def timed(command, directory):
    began = time.monotonic()
    subprocess.run(command, check=True, shell=True, cwd=directory, stdout=subprocess.DEVNULL)
    return (time.monotonic() - began) * 1000


def print_first(world):
    """From the start of the program to the first value."""
    times = []
    for i in range(5):
        began = time.monotonic()
        mount = world.mount(f"first-{i}")
        mount.read(f"apps/bench-mount/{TOPIC}/0/checkpoint")
        times.append((time.monotonic() - began) * 1000)
    print(f"first value of a fresh mount: {statistics.median(times):.0f} ms")


def print_many(world, mount):
    world.client("create", MANY, MANY_PARTITIONS)
    consumer = kafka.KafkaConsumer(bootstrap_servers=world.brokers.split(","), group_id="bench-many")
    consumer.commit({kafka.TopicPartition(MANY, i): kafka.OffsetAndMetadata(i, "", -1)
                     for i in range(MANY_PARTITIONS)})
    consumer.close()
    place = f"checkpoints/bench-many/{MANY}"
    for command in f"ls -l {place}", f"cat {place}/*", f"cat apps/bench-many/{MANY}/4999/checkpoint":
        times = [timed(command, mount.root) for _ in range(5)]
        print(f"{MANY_PARTITIONS} partitions, {command}: {statistics.median(times):.0f} ms")


def rows_of_tool(where, group):
    """TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG of each, as Kafka's tool prints them; but that it says a lag
    below 0 of what is beyond the end."""
    printed = subprocess.run([CLUSTER, "run", TOOL, "--bootstrap-server", where["brokers"], "--group", group,
                              "--describe", "--offsets"], check=True, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, text=True)
    lines = [line.split() for line in printed.stdout.splitlines()]
    return sorted((*line[1:5], str(max(0, int(line[5])))) for line in lines if line and line[0] == group)


def rows_of_mount(mount, group):
    """The same, by a process."""
    printed = subprocess.run(["cat", f"{mount.root}/lag/{group}"], check=True, stdout=subprocess.PIPE, text=True)
    lines = [line.split("\t") for line in printed.stdout.splitlines()[1:]]
    return sorted((line[0], line[1], line[2], line[4], line[5]) for line in lines if line[2] != "-")


def print_lag(where, mount, group):
    """How far behind a group is, by one process each."""
    times = []
    for _ in range(5):
        began = time.monotonic()
        of_tool = rows_of_tool(where, group)
        between = time.monotonic()
        of_mount = rows_of_mount(mount, group)
        times.append(((between - began) * 1000, (time.monotonic() - between) * 1000))
    tool_ms, mount_ms = (statistics.median(column) for column in zip(*times))
    print(f"lag of {len(of_mount)} partitions: cat {mount_ms:.0f} ms, the tool {tool_ms:.0f} ms, "
          f"ratio {tool_ms / mount_ms:.0f}, {'the same' if of_tool == of_mount else 'OTHER'} values")


def main():
    with World() as world:
        world.client("create", TOPIC, CLIENTS)
        world.client("produce", TOPIC, 0, 1, 1700000000000)
        mount = world.mount()
        where = {"root": mount.root, "brokers": world.brokers}
        make_app(mount, "bench-mount")
        print_rates(where)
        print("daemon after that:", of_daemon(mount))
        print_first(world)
        print_many(world, mount)
        print_lag(where, mount, "bench-many")
        print("daemon after that:", of_daemon(mount))


if __name__ == "__main__":
    main()
