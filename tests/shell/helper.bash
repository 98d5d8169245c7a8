# shellcheck shell=bash
# shellcheck disable=SC2034 # the tests use what is set here
# What the tests share: a fresh store and a fresh mount for each, and ways to say what is expected.
#
# CHECKPOINTFS is the program under test:  CHECKPOINTFS=build/fs/checkpointfs bats tests/shell

bats_require_minimum_version 1.5.0
export LC_ALL=C TZ=UTC
export BATS_TEST_TIMEOUT="${BATS_TEST_TIMEOUT:-120}"

# One partition seen from each side, relative to the mount.
P=apps/billing/orders/0
C=checkpoints/billing/orders/0
S=streams/orders/0

setup() {
    begin
}

teardown() {
    clear_place
}

# ---- places and mounts

# A mount with an app, a stream and a partition, as the current directory.
begin() {
    make_place
    mount_store
    cd "$MNT" || return
    mkdir -p "$P"
}

make_place() {
    if [[ ! -x "${CHECKPOINTFS:-}" ]]; then
        echo "CHECKPOINTFS must be the path of the program under test" >&2
        return 1
    fi
    CHECKPOINTFS=$(realpath "$CHECKPOINTFS")
    DIR=$(mktemp -d "${TMPDIR:-/tmp}/checkpointfs.XXXXXX")
    chmod 755 "$DIR" # other users pass through it in some tests
    MNT=$DIR/mnt
    STORE=$DIR/store.db
    BACKGROUND=()
    mkdir "$MNT"
    export XDG_DATA_HOME=$DIR/data

    local options log="log_path=$DIR/sanitizer"
    for options in ASAN_OPTIONS LSAN_OPTIONS UBSAN_OPTIONS TSAN_OPTIONS MSAN_OPTIONS; do
        export "$options=${!options:+${!options}:}$log"
    done
}

# mount_at MOUNTPOINT [OPTION...]: mounts $STORE there too.
mount_at() {
    local mountpoint=$1
    shift
    mkdir -p "$mountpoint"
    # bats waits for whoever holds its descriptors 3 and 4
    if ! "$CHECKPOINTFS" "$@" "local:$STORE" "$mountpoint" \
        </dev/null >"$DIR/mount.log" 2>&1 3>&- 4>&-; then
        cat "$DIR/mount.log"
        return 1
    fi
}

mount_store() {
    mount_at "$MNT" "$@"
}

# Mounts again with other options.
remount_store() {
    cd /
    unmount "$MNT"
    mount_store "$@"
    cd "$MNT" || return
}

# Unmounts, and waits for the daemon to end.
unmount() {
    local before
    before=$(daemons_at "$1")
    eventually fusermount3 -u "$1" 2>/dev/null || return 1
    # shellcheck disable=SC2086 # a list of process numbers
    eventually ended $before
}

is_mounted() {
    awk -v where="$1" '$5 == where { found = 1 } END { exit !found }' /proc/self/mountinfo
}

mounts_below() {
    awk -v dir="$1/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo | tac
}

# What the command line of a daemon begins with.
DAEMON='^[^ ]*checkpointfs(-null)? '

# The daemons that serve a mount point.
daemons_at() {
    pgrep -f -- "$DAEMON.*$1( |\$)" || true
}

daemon() {
    daemons_at "$MNT" | head -n 1
}

# Kills the daemon. What waits for it meanwhile gets ECONNABORTED; the mount is dead when ENOTCONN comes.
kill_daemon() {
    kill -KILL "$(daemon)"
    eventually refused "Transport endpoint is not connected" ls "$MNT"
}

# True when all these processes are gone; a zombie is.
ended() {
    local pid
    for pid in "$@"; do
        if [[ -e /proc/$pid ]] && ! grep -qs '^State:.*zombie' "/proc/$pid/status"; then
            return 1
        fi
    done
}

clear_place() {
    local failed=0 pid mountpoint log
    [[ -n "${DIR:-}" ]] || return 0
    cd /
    exec 7>&- 8>&- 9>&-
    end_log
    for pid in "${BACKGROUND[@]}"; do
        kill -KILL "$pid" 2>/dev/null
    done
    for mountpoint in $(mounts_below "$DIR"); do
        if ! unmount "$mountpoint"; then
            echo "$mountpoint: the mount or its daemon did not go away" >&2
            failed=1
            # shellcheck disable=SC2046 # a list of process numbers
            kill -KILL $(daemons_at "$mountpoint") 2>/dev/null
            umount -l "$mountpoint" 2>/dev/null || fusermount3 -uz "$mountpoint"
        fi
    done
    if ! eventually not pgrep -f -- "$DAEMON.*$DIR/"; then
        echo "a daemon is left" >&2
        failed=1
        pkill -KILL -f -- "$DAEMON.*$DIR/"
    fi
    for log in "$DIR"/sanitizer.*; do
        if [[ -e $log ]]; then
            cat "$log" >&2
            failed=1
        fi
    done
    rm -rf --one-file-system "$DIR"
    return "$failed"
}

# ---- processes

# Waits until a command succeeds, 30 seconds at most: a daemon that looks for leaks as it ends takes its
# time on a busy machine.
eventually() {
    local deadline=$((SECONDS + 30))
    until "$@"; do
        if ((SECONDS > deadline)); then
            echo "never came true: $*" >&2
            return 1
        fi
        sleep 0.02
    done
}

milliseconds() {
    echo $((${EPOCHREALTIME//[.,]/} / 1000))
}

# True within 8 seconds of a time in milliseconds: that is long for a busy machine, and short beside the
# 30 seconds of the timeout, and beside what never ends.
soon_after() {
    local passed=$(($(milliseconds) - $1))
    ((passed < 8000)) || is "$passed ms" "less than 8000"
}

# True within a second of a time in milliseconds: what ends at once does.
at_once_after() {
    local passed=$(($(milliseconds) - $1))
    ((passed < 1000)) || is "$passed ms" "less than 1000"
}

# promptly COMMAND...: it succeeds, and soon.
promptly() {
    local begin
    begin=$(milliseconds)
    "$@" || return
    soon_after "$begin"
}

# in_background COMMAND...: starts it, with signals as a terminal leaves them; its number is $!.
in_background() {
    # <&0, for & alone would make it /dev/null
    env --default-signal "$@" <&0 3>&- 4>&- 9>&- &
    BACKGROUND+=("$!")
}

# wait_all PROCESS...: all must succeed.
wait_all() {
    local pid
    for pid in "$@"; do
        wait "$pid" || return
    done
}

# behind COMMAND...: in the background, until the mount has its request.
behind() {
    local before
    before=$(waiting)
    in_background "$@" 2>>"$DIR/messages"
    eventually wait_now $((before + 1))
}

# How many requests of programs wait for an answer, this one among them.
waiting() {
    awk '/^checkpointfs_requests_waiting/ { print $NF }' "$MNT/metrics"
}

wait_now() {
    [[ $(waiting) == "$1" ]]
}

# Holds the store's lock, so that no commit can get through until unlock_store.
lock_store() {
    rm -f "$DIR/lock" "$DIR/locked"
    mkfifo "$DIR/lock"
    sqlite3 -batch "$STORE" <"$DIR/lock" >"$DIR/locked" 2>&1 3>&- 4>&- &
    BACKGROUND+=("$!")
    exec 9>"$DIR/lock"
    printf '%s\n' '.timeout 5000' 'BEGIN EXCLUSIVE;' "SELECT 'locked';" >&9
    eventually grep -q locked "$DIR/locked"
}

unlock_store() {
    printf '%s\n' 'ROLLBACK;' "SELECT 'unlocked';" >&9
    eventually grep -q unlocked "$DIR/locked"
    exec 9>&-
}

needs() {
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null || skip "$tool is not installed"
    done
}

needs_root() {
    ((EUID == 0)) || skip "only root can do this"
}

as_nobody() {
    setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# ---- writing

# put FILE LINE: as a shell's echo does it.
put() {
    printf '%s\n' "$2" >"$1"
}

# put_once FILE FORMAT: all in one write(2), where the builtin printf makes one of each line.
put_once() {
    # shellcheck disable=SC2059 # escapes are wanted
    env printf "$2" >"$1"
}

# rename FROM TO: with the error of rename(2), which mv makes up its own words for.
rename() {
    perl -e 'rename($ARGV[0], $ARGV[1]) or die "$!\n"' "$@"
}

# repeat COUNT TEXT
repeat() {
    local text
    printf -v text '%*s' "$1" ''
    printf '%s' "${text// /$2}"
}

# ---- the system's log

# Takes the place of the system's log, which only one test at a time can do, until end_log. All mounts on this
# machine write to it, and none waits for it, so what was not logged is to be tried again.
begin_log() {
    needs_root
    needs socat flock
    exec 6>"${TMPDIR:-/tmp}/checkpointfs-log.lock"
    flock -w 60 6
    [[ ! -e /dev/log ]] || skip "this machine has a log"
    HAS_LOG=1
    in_background socat -u UNIX-RECV:/dev/log "CREATE:$DIR/syslog" 6>&-
    eventually test -S /dev/log
}

# Prints what the mount at $MNT has written to the log, each message on a line.
log_of_mount() {
    pid=$(daemon) perl -0777 -ne '
        print "$1\n" while /(<30>checkpointfs\[$ENV{pid}\]: .*?)(?=<30>checkpointfs\[\d+\]: \w+(?:\+\w+)?:|\z)/sg
    ' "$DIR/syslog"
}

end_log() {
    if [[ -n "${HAS_LOG:-}" ]]; then
        rm -f /dev/log
        HAS_LOG=
    fi
    exec 6>&-
}

# ---- documents

# block FILE START: the lines of the first block of code after a line that begins with START.
block() {
    awk -v start="$2" '
        index($0, start) == 1 { found = 1 }
        found && /^```/ { if (inside++) exit; next }
        inside' "$BATS_TEST_DIRNAME/../../$1"
}

# ---- the journal

# journal FIELD...: these fields of the lines of `commits` that tell of checkpoints, oldest first;
# `path` is app/stream/partition. COMMITS is another mount's file.
journal() {
    awk -F '\t' -v wanted="$*" '
        BEGIN {
            count = split("time uid pid command result what note app stream old-metadata partition" \
                " number metadata before", names, " ")
            for (i = 1; i <= count; i++)
                place[names[i]] = i
            fields = split(wanted, field, " ")
        }
        $6 == "commit" || $6 == "delete" || $6 == "undo" {
            for (i = 1; i <= fields; i++)
                printf "%s%s", field[i] == "path" ? $8 "/" $9 "/" $11 : $place[field[i]],
                    i < fields ? "\t" : "\n"
        }' "${COMMITS:-commits}"
}

# ---- expecting

# is ACTUAL EXPECTED
is() {
    if [[ "$1" != "$2" ]]; then
        printf 'got:      %q\nexpected: %q\n' "$1" "$2" >&2
        return 1
    fi
}

# matches ACTUAL REGEX
matches() {
    if [[ ! "$1" =~ $2 ]]; then
        printf 'got:      %q\nexpected: %s\n' "$1" "$2" >&2
        return 1
    fi
}

# refused ERROR COMMAND...: the command must fail and say so.
refused() {
    local error=$1
    shift
    run "$@"
    # shellcheck disable=SC2154 # run sets them
    if ((status == 0)) || [[ "$output" != *"$error"* ]]; then
        printf '%s\nstatus: %d\noutput: %s\nexpected: %s\n' "$*" "$status" "$output" "$error" >&2
        return 1
    fi
}

not() {
    ! "$@"
}

# absent FILE: there is no such name.
absent() {
    refused "No such file or directory" stat "$1"
}

# entries DIRECTORY: its names on one line, numbers in their order.
entries() {
    local names
    names=$(ls -A -v "$1") || return
    echo "${names//$'\n'/ }"
}

# partitions DIRECTORY: the same, in a stream of an app, without the table.
partitions() {
    local names
    names=$(entries "$1") || return
    is "${names: -12}" " checkpoints" >&2 || [[ $names == checkpoints ]] || return
    names=${names%checkpoints}
    echo "${names% }"
}

# fields LINE: splits at TABs into the array FIELD; fields may be empty.
fields() {
    mapfile -t -d $'\t' FIELD < <(printf '%s' "$1")
}

# ---- what a mount tells of itself

# statuses: all files `status` of the mount.
statuses() {
    find . -name status -type f
}

# is_in_manual SECTION NAME...: an item of that section explains each.
is_in_manual() {
    local section=$1 items name
    shift
    items=$(awk -v heading=".Sh $section" '/^[.]Sh/ { inside = $0 == heading }
        inside && /^[.]It Li/' "$BATS_TEST_DIRNAME"/../../docs/checkpointfs*.[1-8])
    for name; do
        grep -qw -- "$name" <<<"$items" || is "$name" "something that the manual explains" || return
    done
}

# statuses_are_explained: every member that a status has is in the manual, and there are some.
statuses_are_explained() {
    local members
    # shellcheck disable=SC2046 # a list of files
    members=$(jq -r 'keys[]' $(statuses) | sort -u)
    matches "$members" partition || return
    # shellcheck disable=SC2086 # a list of words
    is_in_manual STATUS $members
}

# times_told: every time that is in a file of the mount, one a line.
times_told() {
    # shellcheck disable=SC2046 # a list of files
    jq -r '.. | strings | select(test("^[0-9]{4}-[0-9]{2}-[0-9]{2}"))' $(statuses) || return
    cut -f 1 commits errors || return
    sed -n 's/^checkpointfs_start_time_seconds\({.*}\)\? /@/p' metrics
}

# times_can_be_read: programs take all of them as they are, and jq those in a status.
times_can_be_read() {
    # shellcheck disable=SC2046 # a list of files
    jq '.. | strings | select(test("^[0-9]{4}-[0-9]{2}-[0-9]{2}")) | fromdate' $(statuses) >/dev/null || return
    times_told >"$DIR/times" || return
    date --file="$DIR/times" >/dev/null || return
    grep -v '^@' "$DIR/times" | python3 -c '
import datetime, sys
times = [datetime.datetime.fromisoformat(line.rstrip("\n")) for line in sys.stdin]
assert len(times) > 3 and all(time.tzinfo for time in times), times'
}
