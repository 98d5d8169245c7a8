"""Programs that wait: for a change, for readiness, for each other."""

from row import Row

GROUP = "waiting and watching"
WORDS = ("Every file is always ready, as regular files are. A change of a checkpoint is told by `POLLPRI`; "
         "inotify tells of what is done through this mount alone.")


def python(name, text, *arguments, **more):
    text = text.replace("'", '"')
    return Row(name, f"python3 -c '{text}'", *arguments, needs="python3", **more)


IN_OUT = "import os, select; f = os.open(os.environ['p'] + '/checkpoint', os.O_RDWR); "
PRI = (IN_OUT + "o = select.poll(); o.register(f, select.POLLPRI); os.read(f, 99); ")
COMMIT = "open(os.environ['p'] + '/checkpoint', 'w').write('51\\n'); "

ROWS = [
    python("poll for reading and writing",
           IN_OUT + "o = select.poll(); o.register(f, 5); print(o.poll(5000)[0][1] & 5)", "5\n"),
    python("select", IN_OUT + "print([len(x) for x in select.select([f], [f], [], 5)])", "[1, 1, 0]\n"),
    python("select of each file of a partition",
           "import os, select; d = os.environ['p']; fs = [open(d + '/' + n) for n in ('checkpoint', 'lag', 'status')]; "
           "print(len(select.select(fs, [], [], 5)[0]))", "3\n"),
    python("epoll", IN_OUT + "e = select.epoll(); e.register(f, select.EPOLLIN); print(e.poll(5)[0][1] & 1)", "1\n"),
    python("epoll for a change",
        IN_OUT + "e = select.epoll(); e.register(f, select.EPOLLPRI); os.read(f, 99); " + COMMIT +
           "print(e.poll(8)[0][1] == select.EPOLLPRI | select.EPOLLERR)", "True\n", state={"0": "51"}),
    python("poll for a change", PRI + COMMIT + "print(o.poll(8000)[0][1] == select.POLLPRI | select.POLLERR)", "True\n",
           state={"0": "51"}),
    python("poll for a change that does not come", PRI + "print(o.poll(300))", "[]\n"),
    python("selectors", "import selectors, os; s = selectors.PollSelector(); "
           "s.register(open(os.environ['p'] + '/checkpoint'), 1); print(len(s.select(5)))", "1\n"),
    python("asyncio in a thread", "import asyncio, os, pathlib; "
           "print(asyncio.run(asyncio.to_thread(pathlib.Path(os.environ['p'] + '/lag').read_text)), end='')",
           "{lag}\n"),
    Row("io_uring", "$READ_URING $p/checkpoint", "{42}\n", needs="READ_URING"),
    Row("io_uring below checkpoints/", "$READ_URING $c/1", "{50}\n", needs="READ_URING"),
    Row("socat -u OPEN:FILE STDOUT", "socat -u OPEN:$p/checkpoint STDOUT", "{42}\n", needs="socat"),
    Row("socat -u STDIN OPEN:FILE", "echo 51 | socat -u STDIN OPEN:$p/checkpoint", state={"0": "51"}, needs="socat"),
    Row("pv", "pv -q $p/checkpoint", "{42}\n", needs="pv"),
    Row("pv >", "echo 51 | pv -q > $p/checkpoint", state={"0": "51"}, needs="pv"),
    Row("perl can_read", "perl -MIO::Select -e 'open F, \"<\", \"$ENV{p}/checkpoint\"; "
        "print scalar(my @x = IO::Select->new(*F)->can_read(5)), \"\\n\"'", "1\n", needs="perl"),
    Row("flock", "flock $p cat $p/checkpoint", "{42}\n", needs="flock"),
    Row("flock -n of what is held", "exec 9< $p; flock 9; flock -n $p true", fails="", status=1, needs="flock"),
    Row("flock of a checkpoint", "flock $c/0 sh -c \"echo 51 > $c/0\"", state={"0": "51"}, needs="flock"),
    Row("inotifywait of a write through the mount",
        "inotifywait -q -t 8 -e close_write $p/checkpoint > ~/o & while ! pgrep -s 0 inotifywait >/dev/null; do :; done; "
        "sleep 0.3; echo 51 > $p/checkpoint; wait; cut -d ' ' -f 2 ~/o", "CLOSE_WRITE,CLOSE\n", state={"0": "51"},
        needs="inotifywait pgrep"),
    Row("a stop and a CONT are no interruption",
        "cat $p/checkpoint & sleep 0.2; kill -STOP $! 2>&-; sleep 0.2; kill -CONT $! 2>&-; wait $!", "{42}\n",
        slow=700),
    Row("tee, stopped and continued",
        "tee $p/checkpoint <<< 51 & sleep 0.2; kill -STOP $! 2>&-; sleep 0.2; kill -CONT $! 2>&-; wait $!", "51\n",
        state={"0": "51"},
        slow=700),
    Row("a timer does not interrupt",
        "perl -MTime::HiRes=setitimer,ITIMER_REAL -e '$SIG{ALRM} = sub {}; setitimer(ITIMER_REAL, 0.05, 0.05); "
        "open F, \"<\", \"$ENV{p}/checkpoint\" or die \"open: $!\"; sysread F, $x, 99 or die \"read: $!\"; "
        "setitimer(ITIMER_REAL, 0); print $x'",
        "{42}\n", slow=400, needs="perl"),
    Row("a timer does not interrupt a write",
        "perl -MTime::HiRes=setitimer,ITIMER_REAL -e '$SIG{ALRM} = sub {}; setitimer(ITIMER_REAL, 0.05, 0.05); "
        "open F, \"+<\", \"$ENV{p}/checkpoint\" or die \"open: $!\"; syswrite F, \"51\\n\" or die \"write: $!\"; "
        "setitimer(ITIMER_REAL, 0)'",
        state={"0": "51"}, slow=400, needs="perl"),
    Row("timeout ends a wait", "timeout 0.3 cat $p/checkpoint", status=124, slow=3000, on={"local": {
        "status": 0, "out": "{42}\n"}}),
    Row("records/next waits", "timeout 0.7 cat apps/billing/orders/2/records/next", status=124,
        on={backend: {"script": "echo latest > apps/billing/orders/2/checkpoint; "
                      "timeout 0.7 cat apps/billing/orders/2/records/next", "state": {"2": number}}
            for backend, number in (("dis", "99"), ("sls", "100"), ("kafka", "100"), ("local", "99"))}),
    Row("watch", "timeout 1 watch -n 0.2 -t cat $p/checkpoint </dev/null >~/o 2>/dev/null; grep -c {42} ~/o", "1\n",
        needs="watch"),
]
