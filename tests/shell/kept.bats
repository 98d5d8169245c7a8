# shellcheck shell=bats
# -o journal=FILE: what was changed is known to later mounts, and to others.

load helper

C=apps/billing/orders/0/checkpoint

setup() {
    make_place
    FILE=$DIR/journal
    mount_store -o journal="$FILE"
    cd "$MNT" || return
    mkdir -p apps/billing/orders/{0,1}
}

# results WHAT: how the changes in the file ended, by id.
results() {
    awk -F '\t' -v what="$1" '$8 == what { print $1, $7 }' "$FILE"
}

@test "the next mount knows what was changed, and undoes it" {
    put_once "$C" '10\nnote\n'
    put "$C" 20
    cp commits "$DIR/commits"
    cd "$DIR"
    remount_store -o journal="$FILE"
    cd "$MNT"
    cmp commits "$DIR/commits"
    put "$C" undo
    is "$(cat "$C" apps/billing/orders/0/metadata)" "$(printf '10\nnote')"
    is "$(stat -c %a "$FILE")" 600
}

@test "each change has a line before it is sent and one at its end" {
    put "$C" 10
    is "$(results commit | cut -d ' ' -f 2 | xargs)" "begun ok"
    is "$(results commit | cut -d ' ' -f 1 | sort -u | wc -l)" 1
    is "$(tail -n 1 "$FILE" | cut -f 2)" "local:$STORE"
    rm "$C"
    is "$(results delete | cut -d ' ' -f 2 | xargs)" "begun ok"
    is "$(results make-app | cut -d ' ' -f 2 | xargs)" "begun ok"
}

@test "the old value is always asked for" {
    mkdir "$DIR/other"
    mount_at "$DIR/other"
    put_once "$DIR/other/$C" '77\nof another\n'
    put "$C" 80
    is "$(journal before old-metadata | tail -n 1)" "$(printf '77\tof another')"
    put "$C" undo
    is "$(cat "$C" apps/billing/orders/0/metadata)" "$(printf '77\nof another')"
}

@test "two mounts of a source share a file, and undo what the other did" {
    mkdir "$DIR/other"
    mount_at "$DIR/other" -o journal="$FILE"
    put "$C" 10
    put "$DIR/other/$C" 20
    put "$C" undo
    is "$(cat "$C")" 10
    put "$DIR/other/$C" undo
    refused "No such file or directory" cat "$C"
}

@test "the lines of another source are not this one's" {
    mkdir "$DIR/other"
    STORE=$DIR/other.db mount_at "$DIR/other" -o journal="$FILE"
    mkdir -p "$DIR/other/apps/billing/orders/0"
    put "$DIR/other/$C" 20
    refused "No data available" put "$C" undo
    is "$(grep -c "$DIR/other.db" "$FILE")" 8
    is "$(grep -c commit commits)" 0
}

@test "a file that is no journal, or not ours to write, is refused before anything is mounted" {
    cd "$DIR"
    unmount "$MNT"
    refused "directory" mount_store -o journal="$DIR"
    mkfifo "$DIR/fifo"
    refused "fifo" timeout 20 "$CHECKPOINTFS" -o journal="$DIR/fifo" "local:$STORE" "$MNT"
    touch "$DIR/open"
    chmod 666 "$DIR/open"
    refused "chmod go-w" mount_store -o journal="$DIR/open"
    refused "journal" mount_store -o journal=
    not is_mounted "$MNT"
}

@test "garbage in the file is passed over" {
    put "$C" 10
    cd "$DIR"
    unmount "$MNT"
    printf 'garbage\n\tmore\t\t\t\n\xff\xfe\n' >>"$FILE"
    head -c 100 /dev/urandom >>"$FILE"
    mount_store -o journal="$FILE"
    cd "$MNT"
    put "$C" 20
    put "$C" undo
    is "$(cat "$C")" 10
}

@test "on a full disk nothing is sent, and with room again all is well" {
    needs_root
    mkdir "$DIR/small"
    mount -t tmpfs -o size=64k tmpfs "$DIR/small"
    cd "$DIR"
    remount_store -o journal="$DIR/small/journal"
    cd "$MNT"
    put "$C" 10
    dd if=/dev/zero of="$DIR/small/fill" bs=4k 2>/dev/null || true
    local i
    for ((i = 11; i < 60; i++)); do
        put "$C" "$i" 2>>"$DIR/messages" || break
    done
    ((i < 60))
    is "$(cat "$C")" $((i - 1))
    matches "$(tail -n 1 errors)" "ENOSPC.*nothing was sent, for the journal.s file failed"
    is "$(journal number result | tail -n 1)" "$(printf '%d\tfailed' "$i")"
    rm "$DIR/small/fill"
    put "$C" 99
    is "$(cat "$C")" 99
    put "$C" undo
    is "$(cat "$C")" $((i - 1))
    cd "$DIR"
    unmount "$MNT"
    umount "$DIR/small"
}

# lock_file: nobody can write to the journal until unlock_file.
lock_file() {
    exec 8>>"$FILE"
    flock 8
}

unlock_file() {
    exec 8>&-
}

@test "a directory that has gone is no word of the store" {
    mkdir "$DIR/gone"
    cd "$DIR"
    remount_store -o journal="$DIR/gone/journal"
    put "$C" 10
    rm -r "$DIR/gone"
    refused "Input/output error" rm -f "$C"
    refused "Input/output error" rmdir apps/billing/orders/1
    is "$(cat "$C")" 10
    is "$(ls apps/billing/orders)" "$(printf '0\n1\ncheckpoints')"
}

@test "what is given up before it is sent has its line in the file" {
    put "$C" 10
    lock_file
    behind timeout --signal INT 0.5 bash -c "echo 20 >$C"
    eventually grep -q $'failed\tcommit\tgiven up' commits
    unlock_file
    eventually grep -q $'failed\tcommit\tgiven up' "$FILE"
    is "$(cat "$C")" 10
}

@test "a change that is done is told so, though the file cannot be written in time" {
    cd "$DIR"
    remount_store -o journal="$FILE",timeout=1
    put "$C" 10
    put "$C" 20
    lock_store
    behind bash -c "echo 30 >$C; echo \$? >$DIR/ended"
    eventually grep -q $'begun\tcommit\t.*\t30\t' "$FILE"
    lock_file
    unlock_store
    eventually test -s "$DIR/ended"
    is "$(cat "$DIR/ended" "$C")" "$(printf '0\n30')"
    unlock_file
    eventually grep -q $'ok\tcommit\t.*\t30\t' "$FILE"
}

@test "a program that repeats an interrupted undo undoes one change" {
    local number
    for number in 10 20 30; do
        put "$C" "$number"
    done
    lock_store
    behind python3 -c '
import os, signal, sys
signal.signal(signal.SIGINT, lambda *_: None)
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_TRUNC)
os.write(fd, b"undo\n")' "$C"
    eventually grep -q $'begun\tundo' "$FILE"
    lock_file
    unlock_store
    eventually grep -q $'ok\tundo' commits
    kill -INT "${BACKGROUND[-1]}"
    eventually ended "${BACKGROUND[-1]}"
    unlock_file
    is "$(cat "$C")" 20
}

@test "what waits for its turn too long is not made when it comes" {
    cd "$DIR"
    remount_store -o journal="$FILE",timeout=1
    put "$C" 10
    lock_store
    behind bash -c "echo 20 >$C"
    eventually grep -q $'begun\tcommit\t.*\t20\t' "$FILE"
    behind bash -c "echo 30 >checkpoints/billing/orders/0"
    lock_file
    eventually wait_now 1
    unlock_file
    unlock_store
    put "$C" 40
    is "$(journal number result | tail -n 1)" "$(printf '40\tok')"
    is "$(grep -c $'\t30\t' commits)" 1
    is "$(grep $'\t30\t' commits | cut -f 5)" failed
}

@test "a daemon that is killed between the two lines leaves a change with an unknown end" {
    put "$C" 10
    lock_store
    in_background bash -c "echo 20 >$C" 2>>"$DIR/messages"
    eventually grep -q $'begun\tcommit\t.*\t20\t' "$FILE"
    cd "$DIR"
    kill_daemon
    unlock_store
    eventually fusermount3 -u "$MNT"
    mount_store -o journal="$FILE"
    cd "$MNT"
    is "$(journal result number before | tail -n 1)" "$(printf 'unknown\t20\t10')"
    put "$C" undo
    is "$(cat "$C")" 10
}

@test "whenever it is killed, what was acknowledged is in the journal, and what was sent is" {
    local round acknowledged
    for round in {1..10}; do
        (
            for ((i = 0; ; i++)); do
                # shellcheck disable=SC3037
                echo $((round * 1000 + i)) >"$C" || exit 0
                echo $((round * 1000 + i)) >>"$DIR/acknowledged"
            done
        ) 2>>"$DIR/messages" 3>&- &
        eventually grep -q "^${round}0" "$DIR/acknowledged"
        sleep "0.0$((RANDOM % 10))"
        cd "$DIR"
        kill_daemon
        wait $!
        eventually fusermount3 -u "$MNT"
        acknowledged=$(tail -n 1 "$DIR/acknowledged")
        mount_store -o journal="$FILE"
        cd "$MNT"
        # what is committed is the last that was acknowledged, or one that has begun
        number=$(cat "$C")
        ((number == acknowledged || number == acknowledged + 1))
        grep -q $'begun\tcommit\t.*\t'"$number"$'\t' "$FILE"
        grep -q $'\tok\tcommit\t.*\t'"$acknowledged"$'\t' "$FILE"
    done
    # each number that was acknowledged has a line that says so
    awk -F '\t' '$7 == "ok" && $8 == "commit" { print $14 }' "$FILE" | sort >"$DIR/told"
    is "$(sort "$DIR/acknowledged" | comm -23 - "$DIR/told")" ""
}
