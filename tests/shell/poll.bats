# shellcheck shell=bats
# poll(2): every file is always ready, and a checkpoint tells of a change to those who ask for POLLPRI.

load helper

setup() {
    needs python3
    begin
    remount_store -o watch=1
    put "$P/checkpoint" 42
    export PYTHONPATH=$BATS_TEST_DIRNAME PYTHONDONTWRITEBYTECODE=1
}

@test "nothing is reported before the value changes" {
    python3 - "$P/checkpoint" <<'END'
import sys
from watch import Watch
watch = Watch(sys.argv[1])
assert watch.changed(0) is False
assert watch.read() == "42\n"
assert watch.changed(200) is False
END
}

@test "a commit through this mount wakes at once" {
    python3 - "$P/checkpoint" <<'END'
import sys, time
from watch import Watch, commit
watch = Watch(sys.argv[1])
assert watch.changed(0) is False
commit(sys.argv[1], 43)
begin = time.monotonic()
assert watch.changed(5000) is True
assert time.monotonic() - begin < 0.9, "waited for the next look at the store"
assert watch.read() == "43\n"
END
}

@test "a change is reported until it is read from offset 0" {
    python3 - "$P/checkpoint" <<'END'
import sys
from watch import Watch, commit
watch = Watch(sys.argv[1])
commit(sys.argv[1], 43)
assert watch.changed(5000) is True
assert watch.changed(0) is True
assert watch.read() == "43\n"
assert watch.changed(200) is False
commit(sys.argv[1], 44)
assert watch.changed(5000) is True
END
}

@test "a change between open and the first poll is reported" {
    python3 - "$P/checkpoint" <<'END'
import sys
from watch import Watch, commit
watch = Watch(sys.argv[1])
commit(sys.argv[1], 43)
assert watch.changed(0) is True
END
}

@test "a commit through another mount wakes within -o watch=SECONDS" {
    mount_at "$DIR/other"
    python3 - "$P/checkpoint" "$DIR/other/$P/checkpoint" <<'END'
import sys
from watch import Watch, commit
watch = Watch(sys.argv[1])
assert watch.changed(0) is False
commit(sys.argv[2], 43)
assert watch.changed(8000) is True
assert watch.read() == "43\n"
END
}

@test "a deleted checkpoint wakes" {
    python3 - "$P/checkpoint" <<'END'
import os, sys
from watch import Watch
watch = Watch(sys.argv[1])
assert watch.changed(0) is False
os.unlink(sys.argv[1])
assert watch.changed(5000) is True
END
}

@test "a change of another partition does not wake" {
    mkdir streams/orders/1
    python3 - "$P/checkpoint" apps/billing/orders/1/checkpoint <<'END'
import sys
from watch import Watch, commit
watch = Watch(sys.argv[1])
assert watch.changed(0) is False
commit(sys.argv[2], 43)
assert watch.changed(1500) is False
END
}

@test "a handle that is closed while polled harms nothing" {
    python3 - "$P/checkpoint" <<'END'
import sys
from watch import Watch, commit
for number in range(50):
    watch = Watch(sys.argv[1])
    assert watch.changed(1) is False
    watch.close()
commit(sys.argv[1], 43)
END
    is "$(cat "$P/checkpoint")" 43
}

@test "ls answers while 200 poll, and one commit wakes them all" {
    in_background python3 - "$P/checkpoint" >"$DIR/watchers" <<'END'
import select, sys
from watch import Watch
watches = [Watch(sys.argv[1]) for _ in range(200)]
poll = select.poll()
for watch in watches:
    assert watch.changed(0) is False
    poll.register(watch.fd, select.POLLPRI)
print("parked", flush=True)
woken = set()
while len(woken) < 200:
    events = poll.poll(10000)
    assert events, "only %d woke" % len(woken)
    for fd, _ in events:
        woken.add(fd)
        poll.unregister(fd)
print("woken", flush=True)
END
    local watchers=$!
    eventually grep -q parked "$DIR/watchers"
    run -0 timeout 5 ls -lR apps streams
    put "$P/checkpoint" 43
    wait "$watchers"
    grep -q woken "$DIR/watchers"
}

@test "pollers do not keep the daemon from ending" {
    in_background python3 - "$P/checkpoint" >"$DIR/watchers" <<'END'
import select, sys
from watch import Watch
poll = select.poll()
watches = [Watch(sys.argv[1]) for _ in range(200)]
for watch in watches:
    poll.register(watch.fd, select.POLLPRI)
print("parked", flush=True)
poll.poll()
END
    eventually grep -q parked "$DIR/watchers"
    local daemon
    daemon=$(daemon)
    kill -TERM "$daemon"
    eventually ended "$daemon"
    eventually not is_mounted "$MNT"
}

@test "a reader that was woken amid a number reads that number to its end" {
    put "$P/checkpoint" 111
    python3 - "$P/checkpoint" <<'END'
import os, sys
from watch import Watch, commit
watch = Watch(sys.argv[1])
assert os.pread(watch.fd, 1, 0) == b"1"
commit(sys.argv[1], 2222)
assert watch.changed(1000)
assert os.pread(watch.fd, 10, 1) == b"11\n"
assert watch.read() == "2222\n"
END
}

@test "every file is ready for those who want to read or to write" {
    python3 - "$P"/* streams/orders/0/{latest,status} checkpoints/billing/orders/0 errors <<'END'
import os, select, sys
for path in sys.argv[1:]:
    fd = os.open(path, os.O_RDONLY)
    poll = select.poll()
    poll.register(fd, select.POLLIN | select.POLLOUT)
    assert poll.poll(0) == [(fd, select.POLLIN | select.POLLOUT)], path
    assert select.select([fd], [fd], [], 0) == ([fd], [fd], []), path
fd = os.open(sys.argv[1], os.O_WRONLY)
assert select.select([], [fd], [fd], 0) == ([], [fd], [])
END
}

@test "who wants to read and to be told of changes gets both" {
    python3 - "$P/checkpoint" <<'END'
import os, select, sys
from watch import commit
fd = os.open(sys.argv[1], os.O_RDONLY)
poll = select.poll()
poll.register(fd, select.POLLIN | select.POLLPRI)
assert poll.poll(0) == [(fd, select.POLLIN)]
commit(sys.argv[1], 43)
assert poll.poll(0) == [(fd, select.POLLIN | select.POLLPRI | select.POLLERR)]
poll.modify(fd, select.POLLIN)
assert poll.poll(0) == [(fd, select.POLLIN)]
END
}

@test "who waits by epoll and by select for exceptions is woken each time" {
    python3 - "$P/checkpoint" <<'END'
import os, select, sys
from watch import commit
fd = os.open(sys.argv[1], os.O_RDONLY)
epoll = select.epoll()
epoll.register(fd, select.EPOLLPRI)
for number in 43, 44, 45:
    assert epoll.poll(0) == []
    commit(sys.argv[1], number)
    assert epoll.poll(5) == [(fd, select.EPOLLPRI | select.EPOLLERR)]
    assert os.pread(fd, 10, 0) == b"%d\n" % number
assert select.select([], [], [fd], 0) == ([], [], [])
commit(sys.argv[1], 46)
assert select.select([], [], [fd], 5) == ([], [], [fd])
END
}

@test "one who reads does not end the waiting of another on the same open file" {
    python3 - "$P/checkpoint" <<'END'
import os, select, sys, threading, time
from watch import Watch, commit
watch = Watch(sys.argv[1])
woken = []
waiter = threading.Thread(target=lambda: woken.append(watch.changed(8000)))
waiter.start()
time.sleep(0.3)
assert select.select([watch.fd], [], [], 0) == ([watch.fd], [], [])
commit(sys.argv[1], 43)
waiter.join()
assert woken == [True]
END
}
