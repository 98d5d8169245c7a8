# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031 # each test is a shell of its own
# shellcheck disable=SC2016 # what other shells are to expand
# What people copy: the scripts of examples/, and the sessions of README and docs/recipes.md.

load helper

EXAMPLES=$BATS_TEST_DIRNAME/../../examples

setup() {
    begin
    mkdir apps/billing/orders/1 apps/billing/orders/10 apps/billing/payments apps/billing/payments/0
    put_once "$P/checkpoint" '42\nnote\n'
    put apps/billing/orders/10/checkpoint 77
    put apps/billing/payments/0/checkpoint 5
    export TMPDIR=$DIR/saved
    mkdir "$TMPDIR"
}

# with_each_shell FUNCTION: called with the words of a shell, for each one that is here. Not before ||, where
# bash would go on behind what fails in it.
with_each_shell() {
    local shell
    for shell in dash bash 'busybox sh'; do
        if command -v "${shell% *}" >/dev/null; then
            "$1" "$shell"
        fi
    done
}

# reset STATUS ARGUMENT...: by that shell.
reset() {
    # shellcheck disable=SC2086,SC2154 # more than a word, which with_each_shell sets
    run "-$1" $shell "$EXAMPLES/reset.sh" "${@:2}"
}

# ---- reset.sh

moves_all() {
    put apps/billing/orders/10/checkpoint 77
    rm -f apps/billing/orders/1/checkpoint
    put_once "$P/checkpoint" '42\nnote\n'
    reset 0 apps/billing/orders/ 50
    # shellcheck disable=SC2154 # run sets it
    is "${lines[*]:1}" "0: 42 -> 50 1: none -> 50 10: 77 -> 50"
}

@test "reset.sh moves all partitions of a stream, and no other" {
    with_each_shell moves_all
    is "$(cat checkpoints/billing/payments/0)" 5
}

goes_back() {
    put_once "$P/checkpoint" '42\nnote\n'
    put apps/billing/orders/10/checkpoint 77
    put apps/billing/payments/0/checkpoint 5
    reset 0 "$1" 50
    put apps/billing/payments/0/checkpoint 6
    matches "${lines[0]}" "^saved; to go back: cp -r '$TMPDIR/.*/\.' '$MNT/checkpoints/'\$"
    eval "${lines[0]#*: }"
    is "$(head checkpoints/billing/orders/{0,10} checkpoints/billing/payments/0)" \
        "==> checkpoints/billing/orders/0 <==
42
note

==> checkpoints/billing/orders/10 <==
77

==> checkpoints/billing/payments/0 <==
6"
}

goes_back_from_each_place() {
    goes_back apps/billing/orders || return
    goes_back "$DIR/link/orders" || return
    cd apps/billing/orders || return
    reset 0 . 51
    cd "$MNT" || return
    eval "${lines[0]#*: }"
    is "$(cat "$C")" $'42\nnote'
}

@test "reset.sh saves what was committed, metadata too, and says how to go back" {
    ln -s "$MNT/apps/billing" "$DIR/link"
    with_each_shell goes_back_from_each_place
}

says_why() {
    reset 1 apps/billing/orders forty
    matches "${lines[1]}" '^0: 42 -> 42: "forty" is not '
    reset 1 apps/billing/orders 'shift -50'
    matches "${lines[1]}" '^0: 42 -> 42: -8 is before '
    matches "${lines[2]}" '^1: none -> none: .'
    is "${lines[3]}" '10: 77 -> 27'
    put apps/billing/orders/10/checkpoint 77
}

@test "reset.sh says why a partition was refused, goes on, and fails" {
    with_each_shell says_why
}

is_read_only() {
    reset 1 apps/billing/orders 50
    is "${lines[1]}" '0: 42 -> 42: Read-only file system'
}

@test "reset.sh says why a mount is not to be changed" {
    remount_store -o ro
    with_each_shell is_read_only
}

deletes() {
    put "$P/checkpoint" 42
    reset 0 apps/billing/orders earliest
    matches "${lines[1]}" '^0: 42 -> none: done by deleting the checkpoint, .* will skip '
    # and says that of itself alone
    reset 0 apps/billing/orders 50
    is "${lines[1]}" '0: none -> 50'
}

@test "reset.sh says that earliest deletes a checkpoint" {
    with_each_shell deletes
}

is_no_stream() {
    local place
    for place in . apps apps/billing "$P" streams/orders checkpoints/billing/orders \
        "$DIR/other/apps/billing/orders" /; do
        reset 1 "$place" 50
        matches "$output" "^reset.sh: /.* is no stream of an app in a mount, such as "
    done
    reset 1 apps/billing/empty 50
    matches "$output" "^reset.sh: /.*/apps/billing/empty has no partitions\$"
    reset 1 apps/biling/orders 50
    matches "$output" "apps/biling/orders"
}

@test "reset.sh moves nothing in what is no stream of an app" {
    mkdir -p streams/empty "$DIR/other/apps/billing/orders/0"
    with_each_shell is_no_stream
    is "$(journal number | xargs) $(ls "$TMPDIR")" "42 77 5 "
}

needs_two() {
    local arguments
    for arguments in '' apps/billing/orders 'apps/billing/orders shift -1'; do
        # shellcheck disable=SC2086 # none, or several
        reset 2 $arguments
        matches "$output" '^usage: reset.sh DIRECTORY POSITION'
    done
}

@test "reset.sh tells its usage" {
    with_each_shell needs_two
}

# ---- lag-alert.sh, lag-metrics.sh

@test "lag-alert.sh prints what is far behind, and nothing else" {
    put streams/orders/0/latest 100
    put streams/orders/10/latest 100
    put streams/orders/1/latest 100
    echo draft >checkpoints/billing/orders/draft
    run -1 "$EXAMPLES/lag-alert.sh" "$MNT" 22
    is "$output" "billing/orders/0 is 57 records behind"
    run -0 "$EXAMPLES/lag-alert.sh" "$MNT" 57
    is "$output" ""
    run -0 "$EXAMPLES/lag-alert.sh" "$MNT"
    is "$output" ""
    run -1 "$EXAMPLES/lag-alert.sh" "$MNT" 0
    is "$output" "billing/orders/0 is 57 records behind
billing/orders/10 is 22 records behind"
}

@test "lag-alert.sh prints who loses records, soon will, stands still, or is beyond the end" {
    put checkpoints/billing/orders/1 500
    put streams/orders/1/latest 100
    put streams/orders/0/latest 100
    put streams/orders/0/earliest 60
    put streams/orders/10/latest 100
    put streams/orders/10/earliest 70
    remount_store -o stalled=0
    run -1 "$EXAMPLES/lag-alert.sh" "$MNT"
    is "$output" "billing/orders/0 is expired, 40 records behind
billing/orders/1 is ahead, 0 records behind
billing/orders/10 is stalled, 22 records behind"
    put streams/orders/10/earliest 75
    run -1 "$EXAMPLES/lag-alert.sh" "$MNT"
    matches "$output" "billing/orders/10 is near, 22 records behind"
}

@test "a mount that is gone is an alert, too" {
    local mnt=$MNT
    run -1 "$EXAMPLES/lag-alert.sh" "$DIR"
    matches "$output" "$DIR: no mount of checkpointfs that can be read"
    cd /
    kill_daemon
    run -1 "$EXAMPLES/lag-alert.sh" "$mnt"
    matches "$output" "$mnt: no mount of checkpointfs that can be read"
}

@test "lag-metrics.sh fails where no mount is, and both tell their usage" {
    run "$EXAMPLES/lag-metrics.sh" "$DIR" "$DIR/lag.prom"
    ((status != 0))
    matches "$output" "$DIR/gauges"
    run -2 "$EXAMPLES/lag-alert.sh"
    run -2 "$EXAMPLES/lag-alert.sh" "$MNT" ten
    matches "$output" '^usage: '
    run -2 "$EXAMPLES/lag-metrics.sh" "$MNT"
    matches "$output" '^usage: '
    not test -e "$DIR/lag.prom"
}

@test "lag-metrics.sh writes what all apps and the mount have, as Prometheus reads it" {
    put streams/orders/0/latest 100
    mkdir 'apps/my%20app'
    put 'apps/my%20app/orders/0/checkpoint' 98
    echo draft >checkpoints/billing/orders/draft
    run -0 "$EXAMPLES/lag-metrics.sh" "$MNT" "$DIR/lag.prom"
    is "$output" ""
    is "$(stat -c %a "$DIR/lag.prom")" 644
    grep -qxF "checkpointfs_lag_records{source=\"local:$STORE\",app=\"billing\",stream=\"orders\",partition=\"0\"} 57" \
        "$DIR/lag.prom"
    grep -qxF "checkpointfs_lag_records{source=\"local:$STORE\",app=\"my app\",stream=\"orders\",partition=\"0\"} 1" \
        "$DIR/lag.prom"
    python3 "$BATS_TEST_DIRNAME/exposition.py" "$DIR/lag.prom" >"$DIR/samples"
    grep -q ^checkpointfs_start_time_seconds "$DIR/samples"
    is "$(ls "$DIR"/lag.prom*)" "$DIR/lag.prom"
}

# ---- wait-commit.py

# How often programs have polled a file of the mount.
polls() {
    awk '/^checkpointfs_file_request_seconds_count.*"poll"/ { count = $NF } END { print count + 0 }' metrics
}

polls_after() {
    (($(polls) > $1))
}

# waits_for OUTPUT COMMAND...: which changes the checkpoint.
waits_for() {
    local before waiting
    before=$(polls)
    in_background python3 "$EXAMPLES/wait-commit.py" "$P/checkpoint" >"$DIR/waited"
    waiting=$!
    eventually polls_after "$before"
    is "$(cat "$DIR/waited")" ""
    not ended "$waiting"
    "${@:2}"
    eventually ended "$waiting"
    wait "$waiting"
    is "$(cat "$DIR/waited")" "$1"
}

@test "wait-commit.py waits until something else is committed, or it is deleted" {
    needs python3
    mount_at "$DIR/other"
    waits_for 43 put "$P/checkpoint" 43
    waits_for 44 put "$DIR/other/$P/checkpoint" 44
    waits_for none rm "$P/checkpoint"
    run -1 python3 "$EXAMPLES/wait-commit.py"
    matches "$output" 'Usage: '
}

# ---- consumers

L=apps/billing/log/0
LOG=streams/log/0/records/new

# log_has LINE...: as records of a stream of their own, in batches of two or three.
log_has() {
    remount_store -o batch=8
    mkdir -p "$L"
    printf '%s\n' "$@" >"$LOG"
}

# by_shell STATUS SCRIPT ARGUMENT...: by that shell.
by_shell() {
    # shellcheck disable=SC2086,SC2154 # more than a word, which with_each_shell sets
    run "-$1" $shell "$EXAMPLES/$2" "${@:3}"
}

consumes_once() {
    rm -f "$L/checkpoint" "$DIR/output"
    by_shell 0 consume.sh "$L" "$DIR/output"
    is "$output $(cat "$DIR/output")" $' 0\t100\n1\t101\n2\t102\n3\t103\n4\t104'
    is "$(cat "$L/checkpoint" "$L/metadata" | xargs)" "4 $(wc -c <"$DIR/output")"
    # as if it had been killed behind record 2
    : >"$DIR/output.batch"
    put_once "$L/checkpoint" '2\n18\n'
    by_shell 0 consume.sh "$L" "$DIR/output"
    is "$(cut -f 2 "$DIR/output" | xargs) $(cat "$L/checkpoint")" "100 101 102 103 104 4"
    # and before anything was committed
    : >"$DIR/output.batch"
    rm "$L/checkpoint"
    by_shell 0 consume.sh "$L" "$DIR/output"
    is "$(cut -f 2 "$DIR/output" | xargs)" "100 101 102 103 104"
    is "$(ls "$DIR"/output*)" "$DIR/output"
}

@test "consume.sh has every record once, wherever it goes on" {
    needs jq
    log_has 100 101 102 103 104
    with_each_shell consumes_once
}

@test "consume.sh loses no output when its app was moved by hand" {
    needs jq
    log_has 100 101 102 103 104
    "$EXAMPLES/consume.sh" "$L" "$DIR/output"
    put "$L/checkpoint" 2
    "$EXAMPLES/consume.sh" "$L" "$DIR/output"
    put_once "$L/checkpoint" '3\nby hand, 12 lines\n'
    "$EXAMPLES/consume.sh" "$L" "$DIR/output"
    is "$(cut -f 1 "$DIR/output" | xargs)" "0 1 2 3 4 3 4 4"
}

refuses_output_of_others() {
    rm -f "$L/checkpoint" "$DIR/output"
    echo precious >"$DIR/mine"
    by_shell 1 consume.sh "$L" "$DIR/mine"
    is "$output" "consume.sh: $DIR/mine has 9 bytes, and 0 were committed: name another file, or, \
if the rest may go, truncate -s 0 $DIR/mine"
    by_shell 0 consume.sh "$L" "$DIR/output"
    seq 100 >"$DIR/mine"
    by_shell 1 consume.sh "$L" "$DIR/mine"
    matches "$output" ' has 292 bytes, and 30 were committed: '
    is "$(seq 100 | cmp - "$DIR/mine")$(find "$DIR" -name '*.batch*')" ""
}

@test "consume.sh takes nothing from an output that somebody else has written" {
    needs jq
    log_has 100 101 102 103 104
    with_each_shell refuses_output_of_others
}

@test "consume.sh has every record once when it is killed at any moment" {
    needs jq
    local kills=${RECORDS_KILLS:-15} count=$((20 * ${RECORDS_KILLS:-15}))
    remount_store -o batch=160
    mkdir -p "$L"
    seq -f '%09.0f "quoted" \ ' "$count" >"$DIR/log"
    cat "$DIR/log" >"$LOG"
    set -m
    while ((kills--)); do
        "$EXAMPLES/consume.sh" "$L" "$DIR/output" 3>&- 4>&- &
        sleep "0.$((RANDOM % 2))$((RANDOM % 10))"
        kill -KILL -- "-$!" || true
        wait "$!" || true
    done
    set +m
    "$EXAMPLES/consume.sh" "$L" "$DIR/output"
    cut -f 2 "$DIR/output" | cmp - "$DIR/log"
    is "$(cut -f 1 "$DIR/output" | xargs)" "$(seq 0 "$((count - 1))" | xargs)"
}

@test "consume.sh refuses an output that lacks what was committed, and says why it cannot read" {
    needs jq
    log_has 100 101 102 103 104
    "$EXAMPLES/consume.sh" "$L" "$DIR/output"
    rm "$DIR/output"
    run -1 "$EXAMPLES/consume.sh" "$L" "$DIR/output"
    matches "$output" "output is shorter than the 30 bytes "
    put "$L/checkpoint" 0
    put streams/log/0/earliest 3
    run -1 "$EXAMPLES/consume.sh" "$L" "$DIR/output"
    matches "$output" "Numerical result out of range"
    run -1 "$EXAMPLES/consume.sh" apps/billing/logs/0 "$DIR/output"
    matches "$output" "No such file or directory"
}

commits_each() {
    rm -f "$L/checkpoint"
    # reads the next record, too, if it can
    by_shell 3 each.sh "$L" sh -c 'cat >>"$0"; cat "$1"; grep -q "\"data\":\"d\"" "$0" && exit 3; true' \
        "$DIR/output" "$L/checkpoint"
    is "$(jq -r .data "$DIR/output" | xargs) $(cat "$L/checkpoint")" "a b c d 2"
    rm "$DIR/output"
    by_shell 4 each.sh "$L" sh -c 'jq -r .data >>"$0"; ! grep -q e "$0" || exit 4' "$DIR/output"
    is "$(xargs <"$DIR/output") $(cat "$L/checkpoint")" "d e 3"
    rm "$DIR/output"
}

@test "each.sh commits each record once its command has succeeded, and no other" {
    needs jq
    log_has a b c d e f
    with_each_shell commits_each
}

@test "each.sh waits for more, and ends by a signal" {
    needs jq
    log_has $'tab\tand \\n "quote" $x `y`' é
    in_background "$EXAMPLES/each.sh" "$L" jq -r .data >"$DIR/output"
    eventually eval '[[ $(cat "$L/checkpoint" 2>/dev/null) == 1 ]]'
    is "$(cat "$DIR/output")" $'tab\tand \\n "quote" $x `y`\né'
    echo more >"$LOG"
    eventually eval '[[ $(cat "$L/checkpoint") == 2 ]]'
    eventually wait_now 2
    kill "$!"
    kill "$(pgrep -P "$!")"
    eventually ended "$!"
    is "$(cat "$L/checkpoint")" 2
}

@test "each-partition.sh works on all partitions, and on none that somebody works on" {
    needs jq flock
    log_has 1 2 3
    mkdir apps/billing/log/{1,2}
    seq 11 13 >streams/log/1/records/new
    seq 21 23 >streams/log/2/records/new
    exec 7<apps/billing/log/1
    flock -n 7
    run -0 "$EXAMPLES/each-partition.sh" apps/billing/log sh -c '"$0" "$1" "$2.${1##*/}"' \
        "$EXAMPLES/consume.sh" PARTITION "$DIR/output"
    is "$output $(cut -f 2 "$DIR"/output.* | xargs)" " 1 2 3 21 22 23"
    exec 7<&-
    run -0 env JOBS=0 "$EXAMPLES/each-partition.sh" apps/billing/log sh -c '"$0" "$1" "$2.${1##*/}"' \
        "$EXAMPLES/consume.sh" PARTITION "$DIR/output"
    is "$(cut -f 2 "$DIR"/output.* | xargs)" "1 2 3 11 12 13 21 22 23"
    run ! "$EXAMPLES/each-partition.sh" apps/billing/log sh -c 'exit 3'
}

@test "consume.py commits what it has printed, and reads any data" {
    needs python3
    log_has a é 'c "quoted" \n'
    printf 'd\377\n' >>"$LOG"
    in_background python3 "$EXAMPLES/consume.py" "$L" >"$DIR/output"
    eventually eval '[[ $(cat "$L/checkpoint" 2>/dev/null) == 3 ]]'
    printf '0\ta\n1\té\n2\tc "quoted" \\n\n3\td\377\n' | cmp - "$DIR/output"
    eventually wait_now 2
    kill -INT "$!"
    eventually ended "$!"
    wait "$!"
    run -1 python3 "$EXAMPLES/consume.py"
    matches "$output" '^Usage: consume.py PARTITION'
}

# peeks DATA DATA: of the records before and after the checkpoint, "-" for none.
peeks() {
    run -0 "$EXAMPLES/peek.sh" "$L"
    is "$(sed -n '/^read last/,/^read next/p' <<<"$output" | sed -n 's/^  "data": "\(.*\)"$/\1/p')" "$1"
    is "$(sed -n '/^read next/,$p' <<<"$output" | sed -n 's/^  "data": "\(.*\)"$/\1/p')" "$2"
}

@test "peek.sh shows the records on both sides of a checkpoint, and commits nothing" {
    needs jq
    log_has a b c
    peeks "" a
    matches "$output" "^read last: nothing is committed"
    put "$L/checkpoint" 0
    peeks a b
    put "$L/checkpoint" 2
    peeks c ""
    remount_store -o checkpoint=next
    peeks b c
    is "$(cat "$L/checkpoint") $(journal result | wc -l)" "2 0"
}

@test "the consumers tell their usage" {
    run -2 "$EXAMPLES/consume.sh" "$L"
    matches "$output" '^usage: consume.sh PARTITION OUTPUT'
    run -2 "$EXAMPLES/each.sh" "$L"
    matches "$output" '^usage: each.sh PARTITION COMMAND'
    run -2 "$EXAMPLES/each-partition.sh" apps/billing/log
    matches "$output" '^usage: each-partition.sh STREAM COMMAND'
    run -2 "$EXAMPLES/peek.sh"
    matches "$output" '^usage: peek.sh PARTITION'
}

# ---- sessions

# A user who has nothing yet.
be_new() {
    cd /
    unmount "$MNT"
    unset XDG_DATA_HOME
    export HOME=$DIR/home PATH=$DIR/bin:$PATH
    mkdir -p "$HOME" "$DIR/bin"
    ln -sf "$CHECKPOINTFS" "$DIR/bin/checkpointfs"
}

@test "the session of README is what one sees" {
    be_new
    block README.md '# checkpointfs' >"$DIR/session"
    sed -n 's/^[$] //p' "$DIR/session" >"$DIR/typed"
    grep -v '^[$] ' "$DIR/session" >"$DIR/expected"
    bash "$DIR/typed" </dev/null >"$DIR/shown" 2>&1
    sed 's/^[^ ]*typed: line [0-9]*: /bash: /' "$DIR/shown" | diff "$DIR/expected" -
    not is_mounted "$HOME/mnt"
}

@test "the recipe for moving an app keeps what there was" {
    be_new
    mkdir "$HOME/mnt"
    mount_at "$HOME/mnt"
    put "$HOME/mnt/streams/orders/0/latest" 100
    run -1 bash -c "$(block docs/recipes.md '## Before you move an app')" # what diff says
    matches "$output" "Only in .*before/billing/orders: 0"
    run -0 bash -c "$(block docs/recipes.md 'To go back:')"
    is "$(cat "$HOME/mnt/$C")" $'42\nnote'
}

@test "the recipes for many partitions move them, bring them back, and change nothing that has moved" {
    be_new
    mkdir "$HOME/mnt"
    mount_at "$HOME/mnt"
    for bound in "$HOME/mnt"/streams/orders/*/earliest; do
        put "${bound%/*}/latest" 1000
        put "$bound" 10
    done
    echo '* 500' >"$HOME/mnt/apps/billing/orders/checkpoints"
    run -0 bash -c "$(block docs/recipes.md '## Many partitions at once')"
    matches "$output" '9$'
    is "$(cat "$HOME/mnt/apps/billing/orders/0/checkpoint")" 500
    run -0 bash -c "$(block docs/recipes.md 'A table that is written back')"
    is "$(cat "$HOME/mnt/apps/billing/orders/0/checkpoint")" 400
    refused "Stale file handle" bash -c "$(block docs/recipes.md 'A table that is written back')"
    is "$(cat "$HOME/mnt/apps/billing/orders/0/checkpoint")" 400
}

@test "the recipe for an import takes what Kafka's tool prints" {
    be_new
    mkdir "$HOME/mnt"
    printf '%s\n' '"group-one","orders",0,17' group-two,orders,3,18 >"$HOME/offsets.csv"
    run -0 bash -c "$(block docs/recipes.md '## Import from Kafka')" </dev/null
    is "$(head "$HOME"/mnt/checkpoints/group-*/*/*)" "==> $HOME/mnt/checkpoints/group-one/orders/0 <==
17

==> $HOME/mnt/checkpoints/group-two/orders/3 <==
18"
    matches "$(base64 -d <"$HOME/mnt/apps/group-two/orders/3/cursor")" 'AT_SEQUENCE_NUMBER.*"18"'
}

@test "the recipes for lags show who is behind, and compare two apps" {
    be_new
    mkdir "$HOME/mnt"
    mount_at "$HOME/mnt"
    local mnt=$HOME/mnt
    put "$mnt/streams/orders/0/latest" 100
    mkdir -p "$mnt/apps/canary/orders/0" "$mnt/apps/canary/idle/0"
    put "$mnt/apps/canary/orders/0/checkpoint" 89
    put "$mnt/apps/canary/idle/0/checkpoint" 0
    run -0 bash -c "$(block docs/recipes.md '## How far behind is an app?')"
    is "$(tail -n 1 <<<"$output")" 57
    run -0 bash -c "$(block docs/recipes.md '## Compare two apps')"
    matches "$output" "orders/0 +57 +ok +10 +ok"
    matches "$output" "idle/0 +- +- +0 +ok"
}

@test "the recipe for git brings back what an app had" {
    needs git
    be_new
    mkdir "$HOME/mnt"
    mount_at "$HOME/mnt"
    export GIT_AUTHOR_NAME=me GIT_AUTHOR_EMAIL=me@localhost GIT_COMMITTER_NAME=me GIT_COMMITTER_EMAIL=me@localhost
    {
        block docs/recipes.md '## A history with git'
        echo "echo 43 > ~/mnt/$P/checkpoint; sleep 1.2; g add -A && g commit -qm later"
        block docs/recipes.md 'Bring back'
    } >"$DIR/typed"
    run -0 bash -e "$DIR/typed" </dev/null
    is "$(cat "$HOME/mnt/$C")" $'42\nnote'
}

# once: a loop, of which only the first round is made.
once() {
    sed 's/^while \(.*\); do$/if \1; then/; s/^done$/fi/'
}

# at_home COMMANDS: with ~/mnt and what else they name.
at_home() {
    cd "$DIR" || return
    HOME=$DIR PATH=$EXAMPLES/..:$PATH run -0 bash -c "cd '$EXAMPLES/..'; $1"
}

@test "the recipes for records look at them, pass over one, and consume the rest" {
    needs jq
    rm "$P/checkpoint"
    printf '%s\n' poison two three >streams/orders/0/records/new
    at_home "$(block docs/recipes.md 'What an app has read last')"
    is "$(grep -c 'Z \(poison\|two\|three\)$' <<<"$output") $(grep -c '"data": "poison"' <<<"$output")" "3 1"
    at_home "$(block docs/recipes.md 'A poison record')"
    is "$(jq -r .data "$DIR/poison.json") $(cat "$MNT/$P/lag")" "poison 2"
    at_home "$(block docs/recipes.md '## Consume records' | once)"
    is "$(xargs <"$DIR/orders.txt") $(cat "$MNT/$P/lag")" "two three 0"
}

@test "the consumer of README prints what it says is produced" {
    needs jq
    rm "$P/checkpoint"
    HOME=$DIR bash -c "$(sed -n 's/^`\(echo hello [^`]*\)`.*/\1/p' "$EXAMPLES/../README.md")"
    at_home "$(block README.md 'A consumer, in three' | once)"
    is "$output $(cat "$MNT/$P/lag")" "hello 0"
}
