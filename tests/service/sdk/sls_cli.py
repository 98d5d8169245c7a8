#!/usr/bin/env python3
"""The aliyunlog CLI against simulated-sls; and it dumps what a file of a mount has appended.

Usage: sls_cli.py PATH-OF-SIMULATED-SLS PATH-OF-CHECKPOINTFS
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from urllib.parse import urlsplit

sys.dont_write_bytecode = True
here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "common"))
from simulation import ACCESS_KEY, SECRET_KEY, simulation
from sls_mount import KEY, PROJECT, REGION, cursor, mounted

CLI = os.path.join(os.path.dirname(sys.executable), "aliyunlog")
OF_GROUP = {"project": PROJECT, "logstore": "orders", "consumer_group": "billing"}
OF_SHARD = {"project_name": PROJECT, "logstore_name": "orders", "shard_id": 0}


class Cli:
    def __init__(self, home, server, version):
        shutil.copy(os.path.join(here, "sls_host.py"), os.path.join(home, "sitecustomize.py"))
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": home, "PYTHONPATH": home,
            "ALIYUN_LOG_CLI_ACCESSID": ACCESS_KEY, "ALIYUN_LOG_CLI_ACCESSKEY": SECRET_KEY,
            "ALIYUN_LOG_CLI_ENDPOINT": f"http://localhost:{urlsplit(server.url).port}",
            "ALIYUN_LOG_CLI_SIGN_VERSION": version, "ALIYUN_LOG_CLI_REGION_ID": REGION}

    def __call__(self, command, /, **options):
        words = [CLI, "log", command] + [f"--{name}={value}" for name, value in options.items()]
        done = subprocess.run(words, env=self.environment, capture_output=True, text=True,
                              timeout=60, check=False)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else None


def check(cli, server):
    assert cli("list_logstore", project_name=PROJECT)["logstores"] == ["orders"]
    cli("create_consumer_group", timeout=30, in_order="true", **OF_GROUP)
    assert server.control("GET", "groups") == "orders billing 30 true\n"
    (group,) = cli("list_consumer_group", project=PROJECT, logstore="orders")
    assert group["name"] == "billing", group
    place = cli("get_cursor", start_time="begin", **OF_SHARD)["cursor"]
    assert place == cursor(10)
    cli("update_check_point", shard=0, check_point=place, **OF_GROUP)
    assert server.control("GET", "checkpoints") == f"orders billing 0 {cursor(10)} -\n"
    (shown,) = cli("get_check_point", shard=0, **OF_GROUP)
    assert shown["checkpoint"] == cursor(10), shown
    assert len(cli("get_check_point", **OF_GROUP)) == 2
    assert len(cli("list_shards", project_name=PROJECT, logstore_name="orders")) == 2
    cli("delete_consumer_group", **OF_GROUP)
    assert server.control("GET", "groups") == ""


def dump(cli, server, checkpointfs, directory, version):
    with mounted(checkpointfs, server, "-o", f"region={REGION},signature={version}") as mount:
        mount.append(1, b"one", "two \u20ac".encode(), b'{"three":3}')
    cli("pull_log_dump", project_name=PROJECT, logstore_name="orders", from_time="begin",
        to_time="end", file_path=os.path.join(directory, "dump_{}"))
    with open(os.path.join(directory, "dump_1"), encoding="utf-8") as file:
        logs = [json.loads(line) for line in file]
    assert [log["content"] for log in logs if "content" in log] == [
        "one", "two \u20ac", '{"three":3}'], logs


def main():
    service, checkpointfs = sys.argv[1:]
    count = 0
    for version in ("v1", "v4"):
        with simulation(service, *KEY, project=PROJECT) as server, \
                tempfile.TemporaryDirectory() as home:
            server.control("POST", "logstore", name="orders", shards=2, earliest=10, latest=100)
            cli = Cli(home, server, version)
            check(cli, server)
            dump(cli, server, checkpointfs, home, version)
            assert server.stats()["signature_failures"] == 0, server.control("GET", "signatures")
            assert all(line.split()[3] == version for line in server.log()), server.log()
            count += len(server.log())
    print(f"aliyunlog CLI: {count} requests, all as expected")


if __name__ == "__main__":
    main()
