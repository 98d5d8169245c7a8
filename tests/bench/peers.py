"""The rows of the report with what one would use instead of a mount. Where such a program is missing, its figure is,
and a line says so."""

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import time

import stage
from measure import Figure, Skip, make_tree, needs, run, scratch, took_ms
from rows import APP, EACH, NGINX, nginx_at, row

HERE = os.path.dirname(os.path.abspath(__file__))
KAFKA = os.path.join(HERE, "..", "kafka", "cluster")
TOPICS = "org.apache.kafka.tools.TopicCommand"
DESCRIBE = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"

DIS_SDK = """
import sys
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkdis.v2 import DisClient, ShowCheckpointRequest
client = DisClient.new_builder().with_credentials(BasicCredentials("id", "secret", sys.argv[2])) \\
    .with_endpoint(sys.argv[1]).build()
print(client.show_checkpoint(ShowCheckpointRequest(
    app_name="app-0000", stream_name="stream-0000", partition_id="5", checkpoint_type="LAST_READ")).sequence_number)
"""

SLS_SDK = """
import sys
import sls_host
from aliyun.log import LogClient
client = LogClient(sys.argv[1], "id", "secret")
print(client.get_check_point("my-project", "stream-0000", "app-0000", 5).get_consumer_group_check_points())
"""


# File systems that ask somebody

@contextlib.contextmanager
def web(directory):
    """The URL at which the files of a directory can be had and listed."""
    needs("nginx")
    (port,) = stage.free_ports(1)
    server = f"listen 127.0.0.1:{port}; root {directory}/files; autoindex on; add_header Accept-Ranges bytes;"
    with nginx_at(directory, NGINX.format(place=directory, more="", server=server), port):
        yield f"http://127.0.0.1:{port}/"


def rclone(directory, kept):
    needs("rclone")
    return web(directory), lambda url: [
        "rclone", "mount", "--config", "/dev/null", "--http-url", url, "--dir-cache-time", kept, "--vfs-cache-mode",
        "off", "--read-only", ":http:"]


def httpdirfs(directory):
    needs("httpdirfs")
    return web(directory), lambda url: ["httpdirfs", "-f", url]


def sshfs(directory, *options):
    """Without ssh: it talks to the server of files at once."""
    needs("sshfs")
    server = next(filter(os.path.exists, ("/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server")), None)
    if not server:
        raise Skip("there is no sftp-server")
    wrapper = f"{directory}/ssh"
    with open(wrapper, "w", encoding="ascii") as file:
        file.write(f"#!/bin/sh\nexec {server}\n")
    os.chmod(wrapper, 0o755)
    return contextlib.nullcontext(f"localhost:{directory}/files"), lambda url: [
        "sshfs", "-f", "-o", f"ssh_command={wrapper}", *options, url]


OTHERS = (
    ("rclone, names kept for 0 s", lambda directory: rclone(directory, "0"), 1),
    ("rclone, names kept for an hour", lambda directory: rclone(directory, "1h"), 1),
    ("httpdirfs, which keeps names and contents", httpdirfs, 1),
    ("sshfs, which keeps them for 20 s", sshfs, 1),
    ("sshfs, which keeps nothing",
     lambda directory: sshfs(directory, "-o", "dir_cache=no,attr_timeout=0,entry_timeout=0,direct_io"), 1),
)


@row("A loop of cat, by one client, against other file systems")
def loops(bench):
    for name, prepare, goal in OTHERS:
        try:
            with scratch() as directory, bench.service() as service, bench.mount(service) as mount:
                os.chmod(directory, 0o755)
                make_tree(f"{directory}/files", 64)
                source, command = prepare(directory)
                home = {**stage.ENVIRONMENT, "HOME": directory}  # where they keep things of their own
                with source as url, stage.mounted(command(url), env=home) as other:
                    other_path = other / "%u"
                    bench.load(other_path)
                    rounds = bench.interleave({"us": lambda: bench.load(mount / EACH)["rate"],
                                               "other": lambda: bench.load(other_path)["rate"]}, 12)
        except Skip as why:
            yield Figure(f"a loop of cat, of {name}", None, note=str(why))
            continue
        yield rounds.figure(f"a loop of cat, of {name}", lambda of: of["us"] / of["other"], goal=(">=", goal), unit="x",
                            note=f"{rounds.median('us'):,.0f} of {rounds.median('other'):,.0f} a second")


# Programs that ask once

def sdk(bench, name):
    """The folder in which tests/service/sdk/run.sh has installed an official client."""
    place = os.path.join(bench.sdks, f"sdk-{name}", "bin")
    if not os.path.exists(os.path.join(place, "..", "ready")):
        raise Skip(f"tests/service/sdk/run.sh has installed no {name} in {bench.sdks}")
    return place


def script(bench, service, directory):
    needs("openssl", "curl")
    url, _, query = service.checkpoint_url().partition("?")
    return [f"{HERE}/signed.sh", url, query], {}


def dis_sdk(bench, service, directory):
    return [f"{sdk(bench, 'dis_sdk')}/python", "-c", DIS_SDK, f"http://127.0.0.1:{service.port}", stage.PROJECT], {}


def sls_sdk(bench, service, directory):
    return [f"{sdk(bench, 'sls_python')}/python", "-c", SLS_SDK, f"http://localhost:{service.port}"], {
        "PYTHONPATH": f"{HERE}/../service/sdk", "PYTHONDONTWRITEBYTECODE": "1"}


def aliyunlog(bench, service, directory):
    shutil.copy(f"{HERE}/../service/sdk/sls_host.py", f"{directory}/sitecustomize.py")
    command = [f"{sdk(bench, 'sls_cli')}/aliyunlog", "log", "get_check_point", "--project=my-project",
               "--logstore=stream-0000", "--consumer_group=app-0000", "--shard=5"]
    return command, {"PYTHONPATH": directory, "ALIYUN_LOG_CLI_ACCESSID": "id",
                     "ALIYUN_LOG_CLI_ACCESSKEY": "secret", "ALIYUN_LOG_CLI_SIGN_VERSION": "v4",
                     "ALIYUN_LOG_CLI_REGION_ID": "cn-hangzhou",
                     "ALIYUN_LOG_CLI_ENDPOINT": f"http://localhost:{service.port}"}


PROGRAMS = (
    ("a script with openssl and curl", "dis", script, 10, "1000"),
    ("Python with huaweicloudsdkdis", "dis", dis_sdk, 100, "1000"),
    ("Python with aliyun-log-python-sdk", "sls", sls_sdk, None, "MTAwMA=="),
    ("aliyunlog", "sls", aliyunlog, None, "MTAwMA=="),
)


def compare_process(bench, kind, prepare, expected):
    """Rounds of one read by a program, and by cat."""
    with bench.service() as service, scratch() as directory, bench.mount(service, kind) as mount:
        command, environment = prepare(bench, service, directory)
        environment = {**stage.ENVIRONMENT, "HOME": directory, **environment}
        said = run(command, env=environment)
        if expected not in said:
            raise RuntimeError(f"{command[0]} says {said[:80]!r}")
        words = ["env", *(f"{name}={value}" for name, value in environment.items()), *command]
        times = bench.of(3, 2, 1)
        return bench.interleave({"cat": lambda: bench.spawn(10 * times, "cat", mount / f"{APP}/5/checkpoint"),
                                 "other": lambda: bench.spawn(times, *words)}, 10)


@row("One read, by a process of its own, against other programs")
def processes(bench):
    for name, kind, prepare, goal, expected in PROGRAMS:
        try:
            rounds = compare_process(bench, kind, prepare, expected)
        except Skip as why:
            yield Figure(f"{name}, of cat", None, note=str(why))
            continue
        yield rounds.figure(f"{name}, of cat", lambda of: of["other"] / of["cat"], unit="x",
                            goal=(">=", goal) if goal else None,
                            note=f"{rounds.median('other'):.1f} and {rounds.median('cat'):.2f} ms")


# Kafka

@contextlib.contextmanager
def cluster():
    """Three real brokers: their addresses."""
    needs("java")
    with scratch() as directory, open(f"{directory}/told", "w+", encoding="utf-8") as told:
        place = f"{directory}/cluster"
        try:  # no pipes: the brokers would hold them
            status = subprocess.run([KAFKA, "start", place], check=False, stdin=subprocess.DEVNULL, stdout=told,
                                    stderr=told).returncode
            told.seek(0)
            said = told.read().strip().splitlines() or [""]
            if status:
                raise Skip(said[-1]) if status == 77 else RuntimeError(said[-1])
            yield said[-1]
        finally:
            subprocess.run([KAFKA, "stop", place], check=False, capture_output=True)


def join(mount, partitions, seconds=30):
    """Commits on each. A cluster that has just started may refuse that for a while."""
    end = time.monotonic() + seconds
    left = partitions
    while left:
        try:
            os.makedirs(mount / f"{APP}/{left - 1}", exist_ok=True)
            with open(mount / f"{APP}/{left - 1}/checkpoint", "w", encoding="ascii") as file:
                file.write("0\n")
            left -= 1
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)


def describe(address, group):
    return [KAFKA, "run", DESCRIBE, "--bootstrap-server", address, "--group", group, "--describe", "--offsets"]


@row("All lags of a group of Kafka, against kafka-consumer-groups")
def kafka(bench):
    if bench.mode == "smoke":
        raise Skip("a cluster takes too long to start for this form")
    partitions = 100
    with cluster() as address, stage.checkpointfs(bench.program, f"kafka+plain://{address}") as mount:
        run([KAFKA, "run", TOPICS, "--bootstrap-server", address, "--create", "--topic", "stream-0000", "--partitions",
             str(partitions)], env=None, timeout=60)
        join(mount, partitions)
        said = run(describe(address, "app-0000"), env=None, timeout=60)
        if len(re.findall("stream-0000", said)) != partitions:
            raise RuntimeError(f"Kafka's tool says {said[:200]!r}")
        rounds = bench.interleave({"cat": lambda: bench.spawn(10, "cat", mount / "lag/app-0000"),
                                   "other": lambda: took_ms(shlex.join(describe(address, "app-0000")), env=None)}, 15)
    yield rounds.figure(f"of {partitions} partitions, of cat lag/GROUP", lambda of: of["other"] / of["cat"], unit="x",
                        note=f"{rounds.median('other'):,.0f} and {rounds.median('cat'):.2f} ms; three brokers")
    yield Figure("kcl", None, note="it is not packaged, and cannot be installed here")
