# shellcheck shell=bats
# A backend that lacks everything: the mount works, says so everywhere, and never dies of it.
#
# CHECKPOINTFS_NULL is checkpointfs with that backend, see tests/null.

load helper

# What there would be, and what there would not.
APP_FILES=(apps/billing/orders/0/{checkpoint,metadata,cursor,lag,status})
STREAM_FILES=(streams/orders/status streams/orders/0/{earliest,latest,status})
CURSOR_FILES=(streams/orders/0/{since/1h,cursors/{earliest,latest,at/5,after/5,since/@0,since/1h}})
DIRECTORIES=(apps/billing{,/orders{,/0,/shardId-0000000000}} checkpoints/billing{,/orders}
    streams/orders{,/0,/0/since,/0/cursors{,/at,/after,/since}})
FILES=("${APP_FILES[@]}" checkpoints/billing/orders/0 "${STREAM_FILES[@]}" "${CURSOR_FILES[@]}")
OTHERS=(apps/billing/orders/7/checkpoint apps/billing/orders/0/other apps/billing/other/0/checkpoint
    apps/other/orders/0/checkpoint apps/.Trash checkpoints/billing/orders/{.0.tmp,7}
    checkpoints/other/orders/0 streams/other/0/latest streams/orders/7/latest
    streams/orders/0/cursors/{other,at/x,since/x} other)

# What a backend can claim: see enum ability.
ABILITIES=(none all 1 2 4 8 16 32 64 128 256 512)

setup() {
    if [[ ! -x "${CHECKPOINTFS_NULL:-}" ]]; then
        echo "CHECKPOINTFS_NULL must be the path of checkpointfs with the null backend" >&2
        return 1
    fi
    CHECKPOINTFS_NULL=$(realpath "$CHECKPOINTFS_NULL")
    make_place
}

# mount_null [OPTION...]: mounts it as the current directory.
mount_null() {
    if ! "$CHECKPOINTFS_NULL" "$@" null: "$MNT" </dev/null >"$DIR/mount.log" 2>&1 3>&- 4>&-; then
        cat "$DIR/mount.log"
        return 1
    fi
    cd "$MNT" || return
    DAEMON_AT_FIRST=$(daemon)
}

unmount_null() {
    cd /
    unmount "$MNT"
}

# The daemon is the one that began, and serves what it can serve by itself.
alive() {
    is "$(daemon)" "$DAEMON_AT_FIRST"
    is "$(entries .)" "README apps checkpoints commits errors gauges lag metrics overview.html status streams"
    cat README commits errors metrics status >"$DIR/files"
}

unsupported() {
    refused "Operation not supported" "$@"
}

# unsupported_at_most COMMAND...: or the tree itself has it otherwise.
unsupported_at_most() {
    run "$@"
    # shellcheck disable=SC2154 # run sets them
    ((status != 0)) || is "$*" "a failure"
    matches "$output" "Operation not (supported|permitted)|Read-only file system|File exists|(Is|Not) a directory|No such file or directory"
}

# change_all COMMAND NAME...: whatever changes something, before each of which COMMAND stands.
change_all() {
    local how=$1 name
    shift
    for name in "$@"; do
        "$how" put "$name" 42
        "$how" bash -c "echo 42 >>'$name'"
        "$how" truncate -s 0 "$name"
        "$how" mkdir "$name"
        "$how" rmdir "$name"
        "$how" rm "$name"
        "$how" rename "$name" "$name.new"
    done
}

# read_none NAME...: none of these says what it is, or what is in it.
read_none() {
    local name
    for name in "$@"; do
        unsupported cat "$name"
        unsupported ls "$name"
        unsupported stat "$name"
        not test -e "$name"
    done
}

# everything NAME...: tries it, leaving a line for each in $DIR/tried. No outcome is one of a failure,
# and what can be read is what the mount knows by itself.
everything() {
    needs python3
    timeout 100 python3 "$BATS_TEST_DIRNAME/every.py" "$@" >"$DIR/tried"
    is "$(cut -f 3 "$DIR/tried" | sort -u | grep -vE \
        '^(ok|ENOTSUP|ENOENT|EPERM|EROFS|EISDIR|ENOTDIR|EEXIST|ENOTEMPTY|EINVAL|EXDEV|EBUSY)$')" ""
}

# readable: the names of which something was read, of those that everything was tried on.
readable() {
    local names
    names=$(awk -F '\t' '$1 == "read" && $3 == "ok" { print $2 }' "$DIR/tried")
    echo "${names//$'\n'/ }"
}

@test "a backend that can do nothing is mounted, tried before or not" {
    local options can
    for can in none all; do
        for options in "can=$can" "can=$can,lazy" "can=$can,ro" "can=$can,lazy,ro"; do
            mount_null -o "$options"
            alive
            unmount_null
        done
    done
}

@test "nothing is in apps/, checkpoints/ and streams/, and they say so" {
    local can directory
    for can in none all; do
        mount_null -o "can=$can"
        for directory in apps checkpoints streams; do
            unsupported ls "$directory"
            test -d "$directory"
            stat "$directory" >/dev/null
            refused "Operation not permitted" rmdir "$directory"
            refused "Operation not permitted" rename "$directory" other
        done
        alive
        unmount_null
    done
}

@test "nothing can be named, and everything says so" {
    mount_null -o can=all
    read_none "${FILES[@]}" "${DIRECTORIES[@]}"
    change_all unsupported "${FILES[@]}" "${DIRECTORIES[@]}"
    alive
}

# What cannot be made there is found in streams/ without asking, and what is opened tells.
@test "without abilities it is so, too" {
    mount_null -o can=none
    read_none "${STREAM_FILES[@]}" apps/billing apps/billing/orders/0/{checkpoint,lag,status} \
        checkpoints/billing/orders/0 streams/orders streams/orders/0
    change_all unsupported_at_most "${FILES[@]}" "${DIRECTORIES[@]}"
    alive
}

@test "errors names the operation that there is not" {
    mount_null -o can=all
    unsupported ls apps
    unsupported cat "$P/checkpoint"
    unsupported ls streams
    grep -q $'apps\topendir\tEOPNOTSUPP\t.*null list_apps' errors
    grep -q $'apps/billing\tlookup\tEOPNOTSUPP\t.*null list_apps' errors
    grep -q $'streams\topendir\tEOPNOTSUPP\t.*null list_streams' errors
    is "$(<commits)" ""
}

@test "whatever is tried on any name fails as it should, with each ability and without" {
    local can
    for can in "${ABILITIES[@]}"; do
        mount_null -o "can=$can"
        everything apps checkpoints streams README commits errors metrics status "${DIRECTORIES[@]}" "${FILES[@]}" \
            "${OTHERS[@]}"
        is "$(readable)" "README commits errors metrics status"
        alive
        unmount_null
    done
}

# ---- with names, so that every file is there, and nothing behind them

@test "with names the tree is whole" {
    mount_null -o can=all,committed
    is "$(entries apps/billing/orders/0)" "checkpoint cursor lag metadata records status"
    is "$(entries streams/orders)" "0 status"
    is "$(entries streams/orders/0)" "cursors earliest latest records since status"
    is "$(entries checkpoints/billing/orders)" 0
    is "$(<checkpoints/billing/orders/0)" $'41\nnote'
    unmount_null
    mount_null -o can=none,committed
    is "$(entries apps/billing/orders/0)" "checkpoint lag status"
    is "$(entries streams/orders/0)" "earliest latest status"
    absent apps/billing/orders/0/cursor
    absent apps/billing/orders/0/metadata
    absent streams/orders/0/cursors
    absent streams/orders/0/cursors/earliest
}

@test "with names no value can be read" {
    local file
    mount_null -o can=all,committed
    for file in "${APP_FILES[@]}" "${STREAM_FILES[@]}" "${CURSOR_FILES[@]}"; do
        unsupported cat "$file"
    done
    alive
    for file in get_checkpoint get_state describe_stream get_cursor; do
        grep -q "null $file: the backend cannot do this" errors
    done
}

@test "with names no value can be written" {
    local file position
    mount_null -o can=all,committed
    for file in "$P/checkpoint" "$C"; do
        for position in 42 earliest latest @0 "shift +1"; do
            unsupported put_once "$file" "$position\n"
        done
        unsupported rm "$file"
    done
    unsupported put_once "$P/metadata" 'a\n'
    unsupported put_once "$S/earliest" '1\n'
    unsupported put_once "$S/latest" '9\n'
    unsupported put_once checkpoints/billing/orders/7 '1\n'
    alive
    # what is to be deleted is asked for before
    for file in get_checkpoint commit locate set_bound; do
        grep -q "null $file: the backend cannot do this" errors
    done
    is "$(cut -f 5 commits | sort -u)" failed
}

@test "with names nothing can be made, removed or renamed" {
    mount_null -o can=all,committed
    unsupported mkdir apps/audit
    unsupported mkdir checkpoints/audit
    unsupported mkdir apps/billing/payments
    unsupported mkdir apps/billing/orders/7
    unsupported mkdir streams/payments
    unsupported mkdir streams/orders/7
    unsupported rmdir apps/billing/orders
    unsupported rmdir apps/billing/orders/0
    unsupported rmdir streams/orders
    unsupported rmdir streams/orders/0
    unsupported rename checkpoints/billing/orders/0 checkpoints/billing/orders/7
    put checkpoints/billing/orders/.0.tmp 42
    unsupported rename checkpoints/billing/orders/.0.tmp checkpoints/billing/orders/0
    is "$(<checkpoints/billing/orders/0)" $'41\nnote'
    alive
}

@test "with names, whatever is tried fails as it should, with each ability and without" {
    local can tree
    for tree in tree committed committed,brief; do
        for can in "${ABILITIES[@]}"; do
            mount_null -o "can=$can,$tree"
            everything "${FILES[@]}" "${DIRECTORIES[@]}" "${OTHERS[@]}" apps checkpoints streams \
                README commits errors metrics status
            matches "$(readable)" "^(checkpoints/billing/orders/0 )?README commits errors metrics status$"
            alive
            unmount_null
        done
    done
}

@test "with names a read-only mount changes nothing, and reads as little" {
    local file
    mount_null -o can=all,committed,ro
    for file in "$P/checkpoint" "$P/metadata" "$C" "$S/earliest" "$S/latest"; do
        refused "Read-only file system" put "$file" 42
        refused "Read-only file system" rm "$file"
    done
    refused "Read-only file system" mkdir apps/audit streams/payments streams/orders/7
    refused "Read-only file system" rmdir apps/billing/orders
    refused "Read-only file system" rename "$C" checkpoints/billing/orders/7
    for file in "${APP_FILES[@]}" "${STREAM_FILES[@]}" "${CURSOR_FILES[@]}"; do
        unsupported cat "$file"
    done
    everything "${FILES[@]}" "${DIRECTORIES[@]}" "${OTHERS[@]}"
    alive
    is "$(<commits)" ""
}

@test "watching what cannot be read sees nothing, and stops nothing" {
    needs python3
    mount_null -o can=all,committed,watch=0.05
    cat >"$DIR/poll.py" <<'END'
import os
import select
import sys

poller = select.poll()
for name in sys.argv[1:]:
    try:
        poller.register(os.open(name, os.O_RDONLY), select.POLLPRI)
    except OSError:
        pass
print(poller.poll(1000))
END
    run -0 timeout 20 python3 "$DIR/poll.py" "${FILES[@]}" "${DIRECTORIES[@]}" README commits errors metrics status
    is "$output" "[]"
    alive
}

@test "SIGHUP changes nothing" {
    local tree
    for tree in can=none can=all can=all,committed; do
        mount_null -o "$tree"
        ls -R . >/dev/null 2>&1 || true
        kill -HUP "$(daemon)"
        unsupported cat streams/orders/0/latest
        kill -HUP "$(daemon)"
        alive
        unmount_null
    done
}

@test "many at once find the same" {
    local workers=() i
    mount_null -o can=all,committed
    for i in {1..8}; do
        in_background bash -c "for i in {1..50}; do
            ! echo 42 >$P/checkpoint && ! cat $P/lag && ls checkpoints/billing/orders || exit 1
        done >$DIR/out.$i 2>&1"
        workers+=("$!")
    done
    wait_all "${workers[@]}"
    alive
}
