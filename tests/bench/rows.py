"""The rows of the report, but for those with other people's programs, which are in peers.py. Each is a function that
makes its figures, one by one, so that those that were made stay when another fails."""

import contextlib
import http.client
import os
import re
import select
import signal
import statistics
import subprocess
import time

import stage
from measure import MS, Bench, Figure, Skip, listed, make_tree, memory, needs, run, scratch, took_ms, total

APP = "apps/app-0000/stream-0000"
SAVED = "checkpoints/app-0000/stream-0000"
EACH = f"{APP}/%u/checkpoint"  # of each client of bench-load
RTT = 20  # milliseconds, where the service takes its time
PLACES = (("both cores", None), ("one core", 0))
ROWS = []


def row(title):
    """Makes a function a row of that title."""
    def add(function):
        ROWS.append((title, function))
        return function
    return add


# Many readers

@row("Readers of a service that takes 20 ms")
def many_readers(bench: Bench):
    for clients, goals in ((64, (0.95, 0.95)), (256, (0.85, None))):
        for (where, core), goal in zip(PLACES, goals):
            if goal is None or (bench.mode == "smoke" and core is not None):
                continue
            with bench.service(core, delay=RTT) as service, bench.mount(service, core=core) as mount:
                bench.load(mount / EACH, clients, burst=True)
                rounds = bench.interleave({
                    "wrk": lambda: bench.wrk(service.checkpoint_url(), clients, core),
                    "us": lambda: bench.load(mount / EACH, clients, core=core, seconds=bench.of(1, 0.5, 0.05))["rate"]})
            yield rounds.figure(f"{clients} readers, of wrk with as many connections, {where}",
                                lambda of: of["us"] / of["wrk"], goal=(">=", goal),
                                note=f"{rounds.median('us'):,.0f} of {rounds.median('wrk'):,.0f} a second")


@row("A thousand readers at once")
def burst(bench):
    readers = bench.of(1000, 1000, 50)
    with bench.service(delay=RTT) as service, bench.mount(service) as mount, bench.floor() as floor, \
            bench.floor("-t", "10", "-d", str(RTT)) as threads:
        service.asked()
        first = bench.load(mount / EACH, readers, burst=True)["ms"]
        rounds = bench.interleave({
            "floor": lambda: bench.load(floor / "%u", readers, burst=True)["ms"],
            "us": lambda: bench.load(mount / EACH, readers, burst=True)["ms"],
            "threads": lambda: bench.load(threads / "%u", readers, burst=True)["ms"]})
        most = service.control()["most-unanswered"]
    yield rounds.figure("of a file in memory and 20 ms", lambda of: of["us"] / (of["floor"] + RTT), goal=("<=", 2),
                        unit="x", note=f"{rounds.median('us'):.0f} ms; the file in memory "
                        f"{rounds.median('floor'):.0f}; at most {most} requests in flight; the first burst "
                        f"{first:.0f} ms")
    yield rounds.figure("of ten threads that ask", lambda of: of["us"] / of["threads"], goal=("<=", 1 / 16), unit="x",
                        note=f"they take {rounds.median('threads'):,.0f} ms")


@row("Readers of a service that answers at once")
def at_once(bench):
    for where, core in PLACES[:bench.of(2, 2, 1)]:
        with bench.service(core) as service, bench.mount(service, core=core) as mount, \
                bench.floor(core=core) as floor:
            for clients in (1, 8, 64):
                things = {
                    "floor": lambda: bench.load(floor / "%u", clients, core=core)["rate"],
                    "wrk": lambda: bench.wrk(service.checkpoint_url(), clients, core),
                    "us": lambda: bench.load(mount / EACH, clients, core=core)["rate"]}
                if clients == 1:
                    things["curl"] = lambda: bench.curl(service.checkpoint_url(), core)
                rounds = bench.interleave(things)
                yield rounds.figure(
                    f"{clients} reader{'s' * (clients > 1)}, of 1/(1/FUSE + 1/wrk), {where}",
                    lambda of: of["us"] * (1 / of["floor"] + 1 / of["wrk"]), goal=(">=", 0.5) if clients > 1 else None,
                    note=f"{rounds.median('us'):,.0f} a second; FUSE {rounds.median('floor'):,.0f}, "
                    f"wrk {rounds.median('wrk'):,.0f}")
                if clients == 1:
                    yield rounds.figure(f"1 reader, of 1/(1/FUSE + 1/libcurl), {where}",
                                        lambda of: of["us"] * (1 / of["floor"] + 1 / of["curl"]),
                                        note=f"a loop of libcurl alone reaches {rounds.median('curl'):,.0f} a second")


@row("A cat, and an echo, that is a process of its own")
def one_process(bench):
    times = bench.of(60, 60, 3)
    for where, core in PLACES[:bench.of(2, 2, 1)]:
        with bench.service(core) as service, bench.mount(service, core=core) as mount, \
                bench.floor(core=core) as floor, scratch() as directory:
            local = make_tree(f"{directory}/local", 1) + "/0"
            write = ["sh", "-c", 'echo 1234 >"$1"', "sh"]
            paths = {"local": local, "floor": floor / "5", "apps": mount / f"{APP}/5/checkpoint",
                     "checkpoints": mount / f"{SAVED}/5"}
            things = {name: lambda path=path: bench.spawn(times, "cat", path, core=core)
                      for name, path in paths.items()}
            things["echo local"] = lambda: bench.spawn(times, *write, local, core=core)
            things["echo"] = lambda: bench.spawn(times, *write, paths["apps"], core=core)
            rounds = bench.interleave(things)
        note = f"{rounds.median('apps'):.2f} of {rounds.median('local'):.2f} ms; a FUSE file in memory " \
            f"{rounds.median('floor') / rounds.median('local'):.2f} x"
        yield rounds.figure(f"cat in apps/, of a local file, {where}", lambda of: of["apps"] / of["local"],
                            goal=("<=", 1.5), unit="x", note=note)
        yield rounds.figure(f"cat in checkpoints/, of a local file, {where}",
                            lambda of: of["checkpoints"] / of["local"], goal=("<=", 1.25), unit="x")
        yield rounds.figure(f"echo, of a local file, {where}", lambda of: of["echo"] / of["echo local"], unit="x")


# What is counted

def instructions(bench, service, operations):
    with scratch() as directory:
        out = f"{directory}/callgrind"
        before = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"]
        with bench.mount(service, before=before) as mount:
            bench.spawn(operations, "cat", mount / f"{APP}/5/checkpoint")
        with open(out, encoding="ascii", errors="replace") as file:
            return int(re.search(r"^(?:summary|totals): (\d+)", file.read(), re.M).group(1))


@row("Instructions in user space")
def count_instructions(bench):
    needs("valgrind")
    few, many = bench.of((20, 220), (20, 120), (1, 3))
    with bench.service() as service:
        one = (instructions(bench, service, many) - instructions(bench, service, few)) / (many - few)
    yield Figure("of a cat", one, goal=("<=", 220000), note="callgrind, of the daemon alone")


def system_calls(mount, operate):
    """Of the daemon while operate() runs, which tells how often it did what it does: by name, for each."""
    with scratch() as directory:
        out = f"{directory}/strace"
        with stage.process(["strace", "-f", "-c", "-o", out, "-p", str(mount.pid)]) as strace:
            while mount.status("TracerPid") != strace.pid:
                if strace.poll() is not None:
                    raise Skip("strace may not attach to a process here")
                time.sleep(0.01)
            done = operate()
            strace.send_signal(signal.SIGINT)
            strace.wait(timeout=10)
        with open(out, encoding="ascii") as file:
            lines = [line.split() for line in file if re.match(r"\s*\d", line)]
    return {words[-1]: int(words[3]) / done for words in lines}


@row("System calls")
def count_system_calls(bench):
    needs("strace")
    with bench.service() as service, bench.mount(service) as mount:
        def loop(operation, clients):
            found = bench.load(mount / EACH, clients, operation, seconds=bench.of(0.5, 0.3, 0.05))
            return found["rate"] * found["ms"] / MS

        for operation, clients, goal in (("cat", 1, 16), ("echo", 1, 17), ("cat", 64, None)):
            calls = system_calls(mount, lambda: loop(operation, clients))
            yield Figure(f"of {operation}, {clients} client{'s' * (clients > 1)}", calls.pop("total"),
                         goal=("<=", goal) if goal else None,
                         note=", ".join(f"{name} {count:.1f}" for name, count in calls.items() if count >= 0.05))


# What it is, the command, how many requests it may take of n partitions.
COUNTED = (
    ("cat apps/A/S/5/checkpoint", "cat {apps}/5/checkpoint", lambda n: 1),
    ("echo", "echo 1234 >{apps}/5/checkpoint", lambda n: 1),
    ("ls -l", "ls -l {saved}", lambda n: 1 + -(-n // 1000)),
    ("ls of what was just listed", "ls {saved}", lambda n: 0),
    ("test -e, of an old listing", "test -e {apps}/5", lambda n: 1),
    ("ls -l of one partition, of an old listing", "ls -l {apps}/5", lambda n: 1),
    ("tar c, of an old listing", "tar cf - {saved} | cat", lambda n: 1 + n // 1000),
    ("grep -r, of an old listing", "grep -r 77777 {saved} || true", lambda n: 1 + n // 1000),
    ("cp -r, a clone", "mkdir {root}/checkpoints/clone; cp -r {saved} {root}/checkpoints/clone", lambda n: n + 10),
)


@row("Requests")
def count_requests(bench):
    for partitions in bench.of((1000, 10000), (1000,), (100,)):
        with bench.service(partitions=partitions) as service, bench.mount(service) as mount, scratch() as directory:
            run(["ls", mount / "checkpoints"])
            for name, command, goal in COUNTED:
                if "clone" in name and partitions > 1000:
                    continue
                if "old" in name:
                    bench.age()
                service.asked()
                run(["bash", "-c", command.format(apps=mount / APP, saved=mount / SAVED, root=mount.root)],
                    cwd=directory)
                asked = service.asked()
                yield Figure(f"{name}, {partitions:,} partitions", total(asked), goal=("<=", goal(partitions)),
                             note=listed(asked))
    with bench.service() as service, bench.mount(service) as mount:
        service.control(reset=1)
        cats = bench.of(1000, 1000, 10)
        bench.spawn(cats, "cat", mount / f"{APP}/5/checkpoint")
        yield Figure(f"connections of {cats:,} cats", service.control()["connections"] - 1, goal=("<=", 1))


# What hangs

def until_steady(measure):
    """Waits until a number grows no more, and returns it."""
    before, now = -1, measure()
    while now != before:
        time.sleep(0.3)
        before, now = now, measure()
    return now


def round_trips(bench, path, operation):
    """How many an operation takes, or infinitely many where it fails, or has no end after 3 s."""
    try:
        found = run([bench.tool("load"), "-b", "-o", operation, path], timeout=3).split()
    except (subprocess.TimeoutExpired, RuntimeError):
        return float("inf")
    return float(found[3]) / RTT


def usual_round_trips(bench, path, operation):
    """The median, of more than one where there is an end."""
    found = [round_trips(bench, path, operation)]
    while len(found) < bench.rounds and found[-1] != float("inf"):
        found.append(round_trips(bench, path, operation))
    return statistics.median(found)


def interrupt_ms(path):
    with stage.process(["cat", path], stdout=subprocess.DEVNULL) as cat:
        time.sleep(0.2)
        began = time.monotonic()
        cat.send_signal(signal.SIGINT)
        cat.wait(timeout=10)
        return (time.monotonic() - began) * MS


@row("While a thousand reads hang")
def hanging(bench):
    readers, other = bench.of(1000, 1000, 50), f"{APP}/1500"
    with bench.service() as service, bench.mount(service) as mount:
        bench.load(mount / f"{other}/checkpoint")
        idle = mount.status("VmRSS")
        service.control(hang="get-checkpoint", reset=1)
        command = [bench.tool("load"), "-c", str(readers), "-b", mount / EACH]
        with stage.process(command, stdout=subprocess.DEVNULL) as load:
            in_flight = until_steady(lambda: service.control()["get-checkpoint"])
            service.control(hang="", delay=RTT)
            for what, path, operation, goal in (
                    ("a commit", "checkpoint", "echo", ("<=", 2)), ("status, another call", "status", "cat", ("<=", 2)),
                    ("a checkpoint, the call that hangs", "checkpoint", "cat", None)):
                yield Figure(f"{what}, of another partition",
                             usual_round_trips(bench, mount / f"{other}/{path}", operation), goal=goal,
                             unit="round trips")
            stat = bench.load(mount / f"{other}/checkpoint", operation="stat")
            yield Figure("stat, the median", stat["p50_us"] / MS, goal=("<=", 1), unit="ms",
                         note=f"99 in 100 within {stat['p99_us'] / MS:.2f} ms")
            yield Figure("Ctrl-C of a cat that hangs", interrupt_ms(mount / f"{APP}/5/checkpoint"), goal=("<=", 100),
                         unit="ms")
            yield Figure("memory", mount.status("VmRSS"), goal=("<=", 22), unit="MB",
                         note=f"{in_flight} of {readers} requests are in flight; {idle:.1f} MB before")
            load.kill()
            load.wait()


@row("Nothing to do")
def idle_mount(bench):
    with bench.service() as service, bench.mount(service) as mount:
        yield Figure("memory of a new mount", mount.status("VmRSS"), goal=("<=", 9), unit="MB",
                     note=f"{mount.status('Threads'):.0f} thread(s); all but {mount.status('RssAnon'):.1f} MB are "
                     "pages of files, mostly of libraries")
        bench.load(mount / EACH)
        run(["ls", "-l", mount / SAVED])
        time.sleep(bench.of(2, 2, 0.2))
        def switches():
            return mount.status("voluntary_ctxt_switches") + mount.status("nonvoluntary_ctxt_switches")
        before = switches()
        seconds = bench.of(5, 2, 0.5)
        time.sleep(seconds)
        yield Figure("wake-ups", switches() - before, goal=("<=", 0), note=f"in {seconds} s")
        yield Figure("memory after cats and a listing of 2,000", mount.status("VmRSS"), unit="MB")


@row("Programs that wait for changes")
def pollers(bench):
    count = bench.of(1000, 1000, 20)
    with bench.service(partitions=count) as service, bench.mount(service) as mount, contextlib.ExitStack() as files:
        waiting = select.poll()
        for i in range(count):
            file = files.enter_context(open(mount / f"{APP}/{i}/checkpoint", encoding="ascii"))
            file.read()
            waiting.register(file, select.POLLPRI)
        waiting.poll(100)
        service.asked()
        seconds = bench.of(5, 3, 1)
        waiting.poll(seconds * MS)
        asked = service.asked()
    yield Figure(f"requests a second for {count:,} pollers", total(asked) / seconds,
                 goal=("<=", 1.4 * -(-count // 1000)), note=f"{listed(asked)} in {seconds} s; -o watch=1")


# Trees

TREES = (
    ("ls -l", "ls -l {}", 2),
    ("du", "du -s {}", 4),
    ("find -mmin", "find {} -mmin -1", 4),
    ("tar c", "tar cf - -C {} . | cat", 8),
    ("cp -r out", "cp -r {} out; rm -r out", 4),
)


def pages_ms(service, partitions):
    """What the requests of a listing take by themselves, one after the other on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port)
    began = time.monotonic()
    for first in range(0, partitions, 1000):
        after = f"&start_partition_id=shardId-{first - 1:010}" if first else ""
        connection.request("GET", f"/v2/{stage.PROJECT}/apps/app-0000/streams/stream-0000?checkpoint_type=LAST_READ"
                           f"&limit=1000{after}")
        connection.getresponse().read()
    return (time.monotonic() - began) * MS


@row("Trees")
def trees(bench):
    files = bench.of(10000, 10000, 100)
    with bench.service(partitions=files) as service, bench.mount(service) as mount, memory() as directory, \
            bench.floor("-n", str(files)) as floor:
        tree = make_tree(f"{directory}/tree", files)
        pages = statistics.median(pages_ms(service, files) for _ in range(5))
        for name, command, goal in TREES:
            def run_in(place, command=command):
                return took_ms(command.format(place), cwd=directory)

            def run_aged(command=command):
                bench.age()
                return run_in(mount / SAVED, command)

            service.asked()
            rounds = bench.interleave({
                "us": run_aged, "tmpfs": lambda: run_in(tree), "floor": lambda: run_in(floor / ".")}, 15)
            asked = total(service.asked()) / rounds.count
            yield rounds.figure(f"{name} of {files:,}, of tmpfs and requests",
                                lambda of: of["us"] / (of["tmpfs"] + pages), goal=("<=", goal), unit="x",
                                note=f"{rounds.median('us'):.0f} ms; tmpfs {rounds.median('tmpfs'):.0f}, "
                                f"requests {pages:.0f}; {asked:.0f} requests")
            yield rounds.figure(f"{name} of {files:,}, of FUSE files in memory and requests",
                                lambda of: of["us"] / (of["floor"] + pages), unit="x",
                                note=f"the files in memory {rounds.median('floor'):.0f} ms")


def asked_for(service, *command):
    service.asked()
    run(command)
    return service.asked()


def list_at_last(place):
    """A busy machine may take longer than a look-up waits: the next finds what that one has asked for."""
    for left in range(4, -1, -1):
        try:
            run(["ls", "-U", place])
            return
        except RuntimeError:
            if not left:
                raise


@row("Large streams")
def large(bench):
    for partitions in bench.of((100000, 1000000), (100000,), (3000,)):
        with bench.service(partitions=partitions) as service, bench.mount(service) as mount:
            cat = ["cat", mount / f"{APP}/{partitions // 2}/checkpoint"]
            cold = asked_for(service, *cat)
            yield Figure(f"requests of a cat, {partitions:,} partitions, cold", total(cold), goal=("<=", 1),
                         note=listed(cold))
            list_at_last(mount / SAVED)
            memory_after = mount.status("VmRSS")
            run(["ls", mount / "apps", mount / "streams"])
            run(cat)
            warm = asked_for(service, *cat)
            yield Figure(f"requests of a cat, {partitions:,} partitions, warm", total(warm), goal=("<=", 1),
                         note=listed(warm))
            if partitions == 1000000:
                yield Figure("memory after a listing of 1,000,000 (DIS)", memory_after, goal=("<=", 60),
                             unit="MB", note=f"at most {mount.status('VmHWM'):.0f} MB")


@row("A large logstore")
def large_logstore(bench):
    partitions = bench.of(100000, 100000, 3000)
    with bench.service(partitions=partitions) as service, bench.mount(service, "sls") as mount:
        list_at_last(mount / SAVED)
        yield Figure(f"memory after a listing of {partitions:,} (SLS)", mount.status("VmRSS"), goal=("<=", 25),
                     unit="MB", note=f"at most {mount.status('VmHWM'):.0f} MB")


@row("Listings far away")
def far_away(bench):
    """The service tells of the round trips, so that the time that they take does not matter."""
    logstores = bench.of(200, 200, 10)
    with bench.service(streams=logstores, partitions=1, delay=RTT) as service, \
            bench.mount(service, "sls", "-o", "lazy") as mount:
        service.control(reset=1)
        run(["ls", mount / "apps"])
        found = service.control()
    yield Figure(f"the groups of {logstores} logstores (SLS), round trips", found["round-trips"],
                 note=f"{found['list-apps']} list-apps, {found['most-unanswered']} at once")
    partitions = bench.of(100000, 100000, 3000)
    with bench.service(partitions=partitions, delay=RTT) as service, bench.mount(service) as mount:
        def listing():
            bench.age()
            service.control(reset=1)
            run(["ls", "-l", mount / SAVED])
            counts.append(service.control())
            return counts[-1]["round-trips"]

        counts = []
        rounds = bench.interleave({"us": listing}, 20)
    yield rounds.figure(f"ls -l of {partitions:,}, round trips", lambda of: of["us"], goal=("<=", 5),
                        note=f"{counts[-1]['get-states']} get-states, {counts[-1]['most-unanswered']} at once")


@row("A careless grep -r over all")
def careless(bench):
    apps, partitions = bench.of((20, 50), (20, 50), (2, 2))
    with bench.service(apps=apps, streams=apps, partitions=partitions) as service, bench.mount(service) as mount:
        service.asked()
        began = time.monotonic()
        with stage.process(["grep", "-r", "77777", mount.root], stdout=subprocess.DEVNULL) as grep:
            try:
                grep.wait(timeout=bench.of(40, 20, 5))
                ended = f"{time.monotonic() - began:.0f} s"
            except subprocess.TimeoutExpired:
                ended = f"it was ended after {time.monotonic() - began:.0f} s"
        asked = service.asked()
    what = f"{apps} apps x {apps} streams x {partitions} partitions"
    yield Figure(f"requests, {what}", total(asked), note=f"{listed(asked)}; {ended}")
    yield Figure("requests for records", asked.get("get-records", 0), goal=("<=", 0))


# Writers

@row("A restore by 64 copies at once")
def restore(bench):
    files = bench.of(10000, 10000, 100)
    with bench.service(partitions=files, delay=RTT) as service, bench.mount(service) as mount, memory() as directory:
        make_tree(f"{directory}/saved", files, "1234\n")
        command = f"ls | xargs -P 64 -n {files // 64} cp -t {mount / SAVED}"
        service.asked()
        rounds = bench.interleave({"us": lambda: took_ms(command, cwd=f"{directory}/saved")}, 25)
        asked = total(service.asked()) / rounds.count
    ideal = files / 64 * RTT
    yield rounds.figure(f"{files:,} files at 20 ms, of n/64 x 20 ms", lambda of: of["us"] / ideal, goal=("<=", 1.2),
                        unit="x", note=f"{rounds.median('us') / MS:.2f} s; {asked:,.0f} requests")


POST = """wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"app_name":"app-0000","checkpoint_type":"LAST_READ","stream_name":"stream-0000",' ..
    '"partition_id":"5","sequence_number":"1234"}'
"""


@row("Writers of a service")
def writers(bench):
    with bench.service() as service, bench.mount(service) as mount, scratch() as directory:
        script = f"{directory}/post.lua"
        with open(script, "w", encoding="ascii") as file:
            file.write(POST)
        url = f"http://127.0.0.1:{service.port}/v2/{stage.PROJECT}/checkpoints"
        for delay, clients, goal in bench.of(((0, 1, None), (0, 64, None), (RTT, 64, 0.9)),
                                             ((0, 64, None), (RTT, 64, 0.9)), ((RTT, 4, None),)):
            service.control(delay=delay)
            rounds = bench.interleave({"wrk": lambda: bench.wrk(url, clients, script=script),
                                       "us": lambda: bench.load(mount / EACH, clients, "echo")["rate"]}, 15)
            yield rounds.figure(f"{clients} writer{'s' * (clients > 1)} at {delay} ms, of wrk",
                                lambda of: of["us"] / of["wrk"], goal=(">=", goal) if goal else None,
                                note=f"{rounds.median('us'):,.0f} of {rounds.median('wrk'):,.0f} a second")


@row("Writers of the embedded store")
def embedded(bench):
    for where, place, goals in (("in memory", memory, (0.5, 1.3, 1.6)), ("on a disk", scratch, (None, None, None))):
        with place() as directory, \
                stage.checkpointfs(bench.program, f"local:{directory}/store.db") as mount:
            for i in range(64):
                os.makedirs(mount / f"{APP}/{i}")
            things = {f"{n}": lambda n=n: bench.load(mount / EACH, n, "echo")["rate"] for n in (1, 8, 64)}
            things["bare"] = lambda: float(run([bench.tool("transactions"), f"{directory}/bare.db",
                                                str(bench.seconds)]).split()[1])
            rounds = bench.interleave(things)
            for n, goal in zip((1, 8, 64), goals):
                yield rounds.figure(f"{n} writer{'s' * (n > 1)} {where}, of bare SQLite transactions",
                                    lambda of, n=n: of[f"{n}"] / of["bare"], goal=(">=", goal) if goal else None,
                                    note=f"{rounds.median(f'{n}'):,.0f} of {rounds.median('bare'):,.0f} a second")


# TLS

NGINX = """
daemon off; worker_processes 1; pid {place}/pid; error_log {place}/error; user root;
events {{ worker_connections 4096; }}
http {{
    log_format mine "$connection $ssl_session_reused"; access_log {place}/log mine; proxy_temp_path {place}/t;
    client_body_temp_path {place}/b; fastcgi_temp_path {place}/f; uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;
    keepalive_requests 1000000;
    {more}
    server {{ {server} }}
}}
"""
CERTIFICATE = "ssl_certificate {0}/cert; ssl_certificate_key {0}/key; ssl_session_cache shared:s:1m; " \
    "upstream service {{ server 127.0.0.1:{1}; keepalive 256; }}"
FORWARD = 'location / { proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection ""; }'


@contextlib.contextmanager
def nginx_at(place, configuration, port):
    """Runs nginx until the block ends; port is one that it listens at."""
    with open(f"{place}/conf", "w", encoding="ascii") as file:
        file.write(configuration)
    with stage.process(["nginx", "-c", f"{place}/conf", "-p", place]):
        stage.wait_for_port(port)
        yield


def make_certificate(place):
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", f"{place}/key",
         "-out", f"{place}/cert"])


def forwarder(place, service, ports):
    """Stands before the service, with plain HTTP/1.1, TLS with HTTP/1.1, or TLS with HTTP/2, by the port."""
    needs("nginx", "openssl")
    make_certificate(place)
    listen = " ".join(f"listen 127.0.0.1:{port}{words};" for port, words in ports)
    certificate = CERTIFICATE.format(place, service.port)
    configuration = NGINX.format(place=place, more=certificate, server=listen + FORWARD)
    return nginx_at(place, configuration, ports[-1][0])


@row("TLS")
def tls(bench):
    readers = bench.of(64, 64, 8)
    ports = list(zip(stage.free_ports(3), ("", " ssl", " ssl http2")))
    names = ("plain", "HTTP/1.1", "HTTP/2")
    with scratch() as directory, bench.service(delay=RTT) as service, forwarder(directory, service, ports):
        os.chmod(directory, 0o755)

        def cold(port, words):
            scheme = "dis://" if words else "dis+http://"
            options = ["-o", f"cacert={directory}/cert"] if words else []
            source = f"{scheme}127.0.0.1:{port}/{stage.PROJECT}"
            with stage.checkpointfs(bench.program, source, *options) as mount:
                return bench.load(mount / EACH, readers, burst=True)["ms"]

        rounds = bench.interleave({name: lambda at=at: cold(*at) for name, at in zip(names, ports)})
        for name, goal in (("HTTP/2", 1.2), ("HTTP/1.1", None)):
            yield rounds.figure(f"the first {readers} reads at once with TLS and {name}, of plain",
                                lambda of, name=name: of[name] / of["plain"], goal=("<=", goal) if goal else None,
                                unit="x", note=f"{rounds.median(name):.0f} of {rounds.median('plain'):.0f} ms")
        open(f"{directory}/log", "w", encoding="ascii").close()
        cold(*ports[1])
        time.sleep(0.2)
        with open(f"{directory}/log", encoding="ascii") as file:
            handshakes = set(tuple(line.split()) for line in file)
        full = sum(words[-1] != "r" for words in handshakes)
        yield Figure(f"full handshakes of the first {readers} reads with HTTP/1.1", full, goal=("<=", 2),
                     note=f"{len(handshakes)} connections")
