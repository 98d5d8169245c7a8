"""Kafka's clients for Python beside a mount: what one commits the others see, with metadata.

Run by tests/service/sdk/run.sh, which installs them.
"""

import errno
import os
import sys

import confluent_kafka
import kafka
from world import World, Wrong, eventually

TOPIC = "orders"
TEXTS = ["a note", "", "ü and 😀", "two\nlines"]


class KafkaPython:
    """The client kafka-python."""

    name = "kafka-python"

    def __init__(self, brokers, group):
        self.consumer = kafka.KafkaConsumer(bootstrap_servers=brokers.split(","), group_id=group,
                                            enable_auto_commit=False)

    def commit(self, partition, offset, metadata):
        where = kafka.TopicPartition(TOPIC, partition)
        self.consumer.assign([where])
        self.consumer.commit({where: kafka.OffsetAndMetadata(offset, metadata, -1)})

    def committed(self, partition):
        found = self.consumer.committed(kafka.TopicPartition(TOPIC, partition), metadata=True)
        return found and (found.offset, found.metadata)

    def join(self):
        self.consumer.unsubscribe()
        self.consumer.subscribe([TOPIC])
        eventually(lambda: self.consumer.poll(100) is not None and self.consumer.assignment(), "a member")

    def close(self):
        self.consumer.close()


class Confluent:
    """The client confluent-kafka, which is librdkafka."""

    name = "confluent-kafka"

    def __init__(self, brokers, group):
        self.consumer = confluent_kafka.Consumer(
            {"bootstrap.servers": brokers, "group.id": group, "enable.auto.commit": False})

    def commit(self, partition, offset, metadata):
        where = confluent_kafka.TopicPartition(TOPIC, partition, offset, metadata)
        done = self.consumer.commit(offsets=[where], asynchronous=False)
        if done[0].error:
            raise Wrong(done[0].error)

    def committed(self, partition):
        found = self.consumer.committed([confluent_kafka.TopicPartition(TOPIC, partition)], 20)[0]
        return None if found.offset < 0 else (found.offset, (found.metadata or "").rstrip("\0"))

    def join(self):
        self.consumer.subscribe([TOPIC])
        eventually(lambda: self.consumer.poll(0.1) is None and self.consumer.assignment(), "a member")

    def close(self):
        self.consumer.close()


def must_be(what, got, expected):
    if got != expected:
        raise Wrong(f"{what}: {got!r} is not {expected!r}")


class Checkpoint:
    """A partition's, as files of the mount."""

    def __init__(self, mount, group, partition):
        self.mount = mount
        self.place = f"apps/{group}/{TOPIC}/{partition}"

    def get(self):
        return (int(self.mount.read(f"{self.place}/checkpoint")),
                self.mount.read(f"{self.place}/metadata").removesuffix("\n"))

    def put(self, offset, metadata):
        with open(self.mount.path(f"{self.place}/checkpoint"), "w", encoding="utf-8") as file:
            file.write(f"{offset}\n{metadata}\n")


def refuses(checkpoint):
    try:
        checkpoint.put(1, "")
    except OSError as error:
        must_be("a commit under a member", errno.errorcode[error.errno], "EBUSY")
        return True
    return False


def accepts(checkpoint):
    try:
        checkpoint.put(1, "")
    except OSError:
        return False
    return True


def check(world, mount, kind):
    group = f"group-of-{kind.name}"
    client = kind(world.brokers, group)
    for partition, text in enumerate(TEXTS):
        checkpoint = Checkpoint(mount, group, partition)
        client.commit(partition, 40 + partition, text)
        must_be("what the mount shows", checkpoint.get(), (40 + partition, text))
        checkpoint.put(50 + partition, text)
        must_be(f"what {kind.name} sees", client.committed(partition), (50 + partition, text))
    os.unlink(mount.path(f"checkpoints/{group}/{TOPIC}/0"))
    must_be(f"what {kind.name} sees of nothing", client.committed(0), None)
    client.join()
    if not refuses(checkpoint):
        raise Wrong(f"a commit under a member of {kind.name} was taken")
    client.close()
    eventually(lambda: accepts(checkpoint), "a commit when the member is gone")
    print(f"{kind.name}: sees what the mount commits, and the other way round")


def main():
    with World() as world:
        world.client("create", TOPIC, len(TEXTS))
        mount = world.mount()
        for kind in KafkaPython, Confluent:
            check(world, mount, kind)


if __name__ == "__main__":
    sys.exit(main())
