# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031 # each test is a shell of its own
# Many at once: mounts, writers, interrupts and sudden ends.

load helper

# listed DIRECTORY NAMES
listed() {
    [[ $(entries "$1") == "$2" ]]
}

# sized FILE SIZE
sized() {
    [[ $(stat -c %s "$1") == "$2" ]]
}

# Commits 1, 2, 3 ... and writes down each that was acknowledged.
count_up() {
    in_background bash -c "i=0
        while ((++i)); do
            echo \$i >$P/checkpoint || exit
            echo \$i >$DIR/acknowledged
        done" 2>/dev/null
}

acknowledged_more_than() {
    (($(tail -n 1 "$DIR/acknowledged" 2>/dev/null || echo 0) > $1))
}

# Mounts again: what is there must be the last acknowledged number, or the one that was under way.
nothing_was_lost() {
    local acknowledged now
    mount_store
    acknowledged=$(<"$DIR/acknowledged")
    now=$(<"$MNT/$P/checkpoint")
    ((now == acknowledged || now == acknowledged + 1))
}

# blocked PROCESS: it is still at work a while later.
blocked() {
    sleep 0.3
    kill -0 "$1"
}

@test "two mounts on one store see each other's commits at once" {
    mount_at "$DIR/other"
    put "$P/checkpoint" 42
    is "$(cat "$DIR/other/$P/checkpoint")" 42
    is "$(cat "$DIR/other/$C")" 42
    put_once "$DIR/other/$C" '43\nnote\n'
    is "$(cat "$P/checkpoint") $(cat "$P/metadata")" "43 note"
    rm "$DIR/other/$C"
    refused "No such file or directory" cat "$P/checkpoint"
}

@test "what another mount just made is found at once" {
    mount_at "$DIR/other"
    ls "$DIR/other/apps" "$DIR/other/streams" "$DIR/other/streams/orders" >/dev/null
    mkdir -p apps/audit/payments/3 streams/orders/1
    put apps/audit/payments/3/checkpoint 42
    is "$(cat "$DIR/other/apps/audit/payments/3/checkpoint")" 42
    is "$(cat "$DIR/other/checkpoints/audit/payments/3")" 42
    is "$(cat "$DIR/other/streams/orders/1/latest")" 0
}

@test "listings follow another mount after -o listing=SECONDS" {
    mount_at "$DIR/other" -o listing=1
    is "$(entries "$DIR/other/apps")" billing
    mkdir apps/audit
    eventually listed "$DIR/other/apps" "audit billing"
    rmdir apps/billing
    eventually listed "$DIR/other/apps" audit
}

@test "SIGHUP drops the listings" {
    mount_at "$DIR/other" -o listing=600
    is "$(entries "$DIR/other/apps")" billing
    mkdir apps/audit
    is "$(entries "$DIR/other/apps")" billing
    kill -HUP "$(daemons_at "$DIR/other")"
    eventually listed "$DIR/other/apps" "audit billing"
}

@test "sizes follow another mount within -o snapshot=SECONDS" {
    mount_at "$DIR/other" -o snapshot=1
    put "$P/checkpoint" 1
    is "$(stat -c %s "$DIR/other/$C")" 2
    put "$P/checkpoint" 1000
    eventually sized "$DIR/other/$C" 5
}

@test "an app that another mount deleted takes no commit" {
    mount_at "$DIR/other"
    ls -R "$DIR/other/apps" >/dev/null
    rmdir apps/billing
    refused "No such file or directory" put "$DIR/other/$P/checkpoint" 42
    absent apps/billing
}

@test "shifts of two mounts are never lost" {
    mount_at "$DIR/other"
    put "$P/checkpoint" 0
    local mount workers=()
    for mount in "$MNT" "$DIR/other" "$MNT" "$DIR/other"; do
        in_background bash -c \
            "for i in {1..50}; do echo 'shift +1' >$mount/$P/checkpoint || exit; done"
        workers+=("$!")
    done
    wait_all "${workers[@]}"
    is "$(cat "$P/checkpoint")" 200
}

@test "writers in parallel on many partitions all succeed" {
    mkdir streams/orders/{1..31}
    local partition workers=()
    for partition in {0..31}; do
        in_background bash -c "for i in {1..20}; do
            echo \$((i * 100 + $partition)) >apps/billing/orders/$partition/checkpoint || exit
        done"
        workers+=("$!")
    done
    wait_all "${workers[@]}"
    for partition in {0..31}; do
        is "$(cat "checkpoints/billing/orders/$partition")" $((2000 + partition))
    done
    is "$(journal path | wc -l)" 640
}

@test "commits to one partition go out in the order of the writes" {
    local number
    for number in {1..500}; do
        echo "$number" >"$P/checkpoint"
    done
    is "$(journal number | tail -n 100)" "$(seq 401 500)"
    is "$(cat "$P/checkpoint")" 500
}

@test "readers never see half a value" {
    put "$P/checkpoint" 1
    in_background bash -c \
        "while echo 1 >$P/checkpoint && echo 1000000 >$P/checkpoint; do :; done"
    local writer=$! value
    for _ in {1..500}; do
        value=$(<"$P/checkpoint")
        [[ $value == 1 || $value == 1000000 ]] || is "$value" "1 or 1000000"
    done
    kill -0 "$writer"
}

@test "Ctrl-C ends a blocked commit at once, and ls answers meanwhile" {
    put "$P/checkpoint" 41
    lock_store
    in_background tee "$P/checkpoint" <<<42
    local writer=$! begin
    blocked "$writer"
    run -0 timeout 5 ls apps checkpoints streams
    begin=$(milliseconds)
    kill -INT "$writer"
    wait "$writer" || true
    eventually ended "$writer"
    at_once_after "$begin"
    unlock_store
    sleep 0.3
    is "$(cat "$P/checkpoint")" 41
    put "$P/checkpoint" 43
    is "$(cat "$P/checkpoint")" 43
}

# Writes lines to a checkpoint by write(2), the first while a signal comes that is handled, and says
# what each write came to.
write_amid() {
    needs python3
    cat >"$DIR/write.py" <<'END'
import ctypes, errno, os, signal, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
number = getattr(signal, "SIG" + sys.argv[2])
signal.signal(number, lambda *_: None)
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
if number == signal.SIGALRM:
    signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)
else:
    threading.Thread(target=lambda: (time.sleep(0.3), os.kill(os.getpid(), number)), daemon=True).start()
for line in sys.argv[3:]:
    text = (line + "\n").encode()
    size = libc.write(fd, text, len(text))
    print(size if size >= 0 else errno.errorcode[ctypes.get_errno()], flush=True)
signal.setitimer(signal.ITIMER_REAL, 0)
END
    timeout 20 python3 "$DIR/write.py" "$P/checkpoint" "$@"
}

@test "a write that a program is asked to end in is EINTR" {
    lock_store
    is "$(write_amid TERM 42)" EINTR
    unlock_store
}

@test "a timer that a program handles interrupts no write, no open and no unlink" {
    put "$P/checkpoint" 41
    lock_store
    write_amid ALRM 42 >"$DIR/said" 3>&- 4>&- 9>&- &
    local writer=$!
    BACKGROUND+=("$writer")
    sleep 0.6
    unlock_store
    wait "$writer"
    is "$(cat "$DIR/said")" 3
    lock_store
    perl -MTime::HiRes=setitimer,ITIMER_REAL -e '$SIG{ALRM} = sub {}; setitimer(ITIMER_REAL, 0.1, 0.1);
        unlink $ARGV[0] or die "$!\n"; setitimer(ITIMER_REAL, 0)' "$P/checkpoint" 3>&- 4>&- 9>&- &
    writer=$!
    BACKGROUND+=("$writer")
    sleep 0.6
    unlock_store
    wait "$writer"
    absent "$C"
}

@test "Ctrl-Z and fg fail no write" {
    lock_store
    in_background tee "$P/checkpoint" <<<42
    local writer=$!
    blocked "$writer"
    kill -TSTP "$writer"
    sleep 0.2
    kill -CONT "$writer"
    sleep 0.2
    unlock_store
    wait "$writer"
    is "$(cat "$P/checkpoint")" 42
}

@test "after an interrupted write the same bytes are the same commit, and others are refused" {
    lock_store
    write_amid TERM 42 43 42 >"$DIR/said" 3>&- 4>&- 9>&- &
    local writer=$!
    BACKGROUND+=("$writer")
    eventually test -s "$DIR/said"
    unlock_store
    wait "$writer"
    is "$(cat "$DIR/said")" $'EINTR\nECANCELED\n3'
    is "$(cat "$P/checkpoint")" 42
}

@test "a program that repeats an interrupted write by itself commits once the store lets it" {
    needs python3
    lock_store
    cat >"$DIR/repeat.py" <<'END'
import os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: None)
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
open(sys.argv[2], "w").close()
print(os.write(fd, b"42\n"))
END
    timeout 20 python3 "$DIR/repeat.py" "$P/checkpoint" "$DIR/ready" >"$DIR/said" 3>&- 4>&- 9>&- &
    local writer=$! python
    BACKGROUND+=("$writer")
    eventually test -e "$DIR/ready"
    python=$(pgrep -P "$writer")
    blocked "$python"
    kill -TERM "$python"
    sleep 0.5
    unlock_store
    wait "$writer"
    is "$(cat "$DIR/said") $(cat "$P/checkpoint")" "3 42"
}

# A shell that is told of its child's end while it commits 42.
commits_while_a_child_ends() {
    in_background bash -c "sleep 0.2 & echo 42 >$P/checkpoint"
    sleep 0.6
    kill -0 "$!"
}

@test "a child that ends, or a window that changes, does not interrupt a commit" {
    lock_store
    commits_while_a_child_ends
    kill -WINCH "$!"
    kill -CONT "$!"
    sleep 0.2
    unlock_store
    wait "$!"
    is "$(cat "$P/checkpoint")" 42
    is "$(journal number result)" $'42\tok'
}

@test "what interrupts does so after what does not, too" {
    lock_store
    local signal begin
    for signal in INT TERM KILL; do
        commits_while_a_child_ends
        begin=$(milliseconds)
        kill "-$signal" "$!"
        not wait "$!"
        at_once_after "$begin"
    done
    unlock_store
    is "$(journal number result | sort -u)" $'42\tunknown'
}

@test "SIGTERM and SIGKILL of the caller end a blocked commit at once" {
    lock_store
    local signal writer begin
    for signal in TERM KILL; do
        in_background tee "$P/checkpoint" <<<42
        writer=$!
        blocked "$writer"
        begin=$(milliseconds)
        kill "-$signal" "$writer"
        eventually ended "$writer"
        at_once_after "$begin"
    done
    unlock_store
}

@test "SIGTERM of the daemon ends it although a commit is blocked" {
    put "$P/checkpoint" 41
    lock_store
    in_background tee "$P/checkpoint" <<<42
    local writer=$! daemon begin
    daemon=$(daemon)
    blocked "$writer"
    cd /
    begin=$(milliseconds)
    kill -TERM "$daemon"
    eventually ended "$writer"
    eventually ended "$daemon"
    soon_after "$begin"
    not wait "$writer"
    eventually not is_mounted "$MNT"
    unlock_store
    mount_store
    is "$(cat "$MNT/$P/checkpoint")" 41
}

@test "a commit waits for the lock, and then succeeds" {
    lock_store
    in_background bash -c "echo 42 >$P/checkpoint"
    local writer=$!
    blocked "$writer"
    unlock_store
    wait "$writer"
    is "$(cat "$P/checkpoint")" 42
}

@test "ls answers while 200 commits are blocked, and then all succeed" {
    needs python3
    mkdir streams/orders/{1..199}
    ls -R apps >/dev/null
    lock_store
    cat >"$DIR/writers.py" <<'END'
import threading

def commit(partition):
    with open(f"apps/billing/orders/{partition}/checkpoint", "w") as checkpoint:
        checkpoint.write(f"{partition}\n")

threads = [threading.Thread(target=commit, args=(p,)) for p in range(200)]
for thread in threads:
    thread.start()
print("started", flush=True)
for thread in threads:
    thread.join()
END
    in_background python3 "$DIR/writers.py" >"$DIR/writers"
    local writers=$!
    eventually grep -q started "$DIR/writers"
    blocked "$writers"
    run -0 timeout 5 ls apps/billing/orders
    is "${#lines[@]}" 201
    unlock_store
    wait "$writers"
    is "$(find checkpoints -type f | wc -l)" 200
    is "$(journal path | wc -l)" 200
}

@test "kill -9 of the daemon loses nothing that was acknowledged" {
    count_up
    eventually acknowledged_more_than 20
    kill_daemon
    wait "${BACKGROUND[0]}" || true
    cd /
    fusermount3 -u "$MNT"
    nothing_was_lost
}

@test "SIGTERM amid commits loses nothing that was acknowledged" {
    count_up
    eventually acknowledged_more_than 20
    cd /
    kill -TERM "$(daemon)"
    wait "${BACKGROUND[0]}" || true
    eventually not is_mounted "$MNT"
    nothing_was_lost
}

@test "flock serialises writers" {
    needs flock
    put "$P/checkpoint" 0
    local workers=()
    for _ in {1..4}; do
        in_background flock "$P/checkpoint" bash -c \
            "for i in {1..10}; do echo \$((\$(<$P/checkpoint) + 1)) >$P/checkpoint || exit; done"
        workers+=("$!")
    done
    wait_all "${workers[@]}"
    is "$(cat "$P/checkpoint")" 40
}

@test "an app that another mount removed is not found once that was noticed" {
    mount_at "$DIR/other"
    mkdir apps/audit
    test -d "$DIR/other/apps/audit"
    rmdir apps/audit
    refused "No such file or directory" bash -c "echo 1 >$DIR/other/apps/audit/orders/0/checkpoint"
    eventually absent "$DIR/other/apps/audit" 2>/dev/null
    mkdir "$DIR/other/apps/audit"
}

@test "-o timeout bounds a commit on a lock that is held" {
    remount_store -o timeout=0.3
    lock_store
    refused "Connection timed out" bash -c "echo 1 >$P/checkpoint"
    unlock_store
    put "$P/checkpoint" 2
}

# The socket of a log that nobody reads takes some lines, and then none.
@test "a system log that does not read stops nothing" {
    begin_log
    kill -STOP "$!"
    for i in {1..50}; do
        put "$P/checkpoint" "$i"
    done
    is "$(cat "$P/checkpoint")" 50
}

# commit_is_logged: with who did it, and the source.
commit_is_logged() {
    put "$P/checkpoint" 42
    rm "$P/checkpoint"
    sleep 0.1
    matches "$(log_of_mount)" "checkpointfs\[[0-9]+\]: local:$STORE [0-9TZ:.-]+ uid=0 pid=[0-9]+ [a-z]+ ok commit - billing orders  0 42 "
}

@test "each commit is a line of the system log" {
    begin_log
    eventually commit_is_logged
}
