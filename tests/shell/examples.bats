# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031 # each test is a shell of its own
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

# with_each_shell FUNCTION: called with the words of a shell, for each one that is here.
with_each_shell() {
    local shell
    for shell in dash bash 'busybox sh'; do
        if command -v "${shell% *}" >/dev/null; then
            "$1" "$shell" || return
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
    run -0 "$EXAMPLES/lag-alert.sh" "$MNT" 22
    is "$output" "billing/orders/0 is 57 records behind"
    run -0 "$EXAMPLES/lag-alert.sh" "$MNT" 57
    is "$output" ""
    run -0 "$EXAMPLES/lag-alert.sh" "$MNT" 0
    is "$(sort <<<"$output" | xargs -L 1 | head -n 2)" "billing/orders/0 is 57 records behind
billing/orders/10 is 22 records behind"
}

@test "lag-alert.sh and lag-metrics.sh fail where no mount is, and tell their usage" {
    local script
    for script in "lag-alert.sh $DIR 10" "lag-metrics.sh $DIR $DIR/lag.prom"; do
        # shellcheck disable=SC2086 # several words
        run $EXAMPLES/$script
        ((status != 0))
        matches "$output" "$DIR/checkpoints"
    done
    run -2 "$EXAMPLES/lag-alert.sh" "$MNT"
    run -2 "$EXAMPLES/lag-alert.sh" "$MNT" ten
    matches "$output" '^usage: '
    run -2 "$EXAMPLES/lag-metrics.sh" "$MNT"
    matches "$output" '^usage: '
    not test -e "$DIR/lag.prom"
}

@test "lag-metrics.sh writes a line with labels for each partition with a checkpoint" {
    put streams/orders/0/latest 100
    mkdir 'apps/my%20app'
    put 'apps/my%20app/orders/0/checkpoint' 98
    echo draft >checkpoints/billing/orders/draft
    run -0 "$EXAMPLES/lag-metrics.sh" "$MNT" "$DIR/lag.prom"
    is "$output" ""
    is "$(grep -c . "$DIR/lag.prom") $(stat -c %a "$DIR/lag.prom")" "6 644"
    grep -qxF "checkpointfs_lag_records{source=\"local:$STORE\",app=\"billing\",stream=\"orders\",partition=\"0\"} 57" \
        "$DIR/lag.prom"
    grep -qxF "checkpointfs_lag_records{source=\"local:$STORE\",app=\"my%20app\",stream=\"orders\",partition=\"0\"} 1" \
        "$DIR/lag.prom"
    is "$(ls "$DIR"/lag.prom*)" "$DIR/lag.prom"
}

# ---- wait-commit.py

# waits_for OUTPUT COMMAND...: which changes the checkpoint.
waits_for() {
    in_background python3 "$EXAMPLES/wait-commit.py" "$P/checkpoint" >"$DIR/waited"
    local waiting=$!
    sleep 0.5
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

# ---- consume.sh

consumes_once() {
    rm -f "$P/checkpoint" "$DIR/output"
    head -n 1 "$DIR/log" >"$DIR/beginning"
    # shellcheck disable=SC2086,SC2154 # more than a word, which with_each_shell sets
    $shell "$EXAMPLES/consume.sh" "$P/checkpoint" "$DIR/beginning" "$DIR/output"
    is "$(cat "$P/checkpoint")" 0
    printf 'cut off' >>"$DIR/output" # as if it had been killed
    $shell "$EXAMPLES/consume.sh" "$P/checkpoint" "$DIR/log" "$DIR/output" 2
    is "$(cut -f 1 "$DIR/output" | xargs) $(cat "$P/checkpoint")" "0 1 2 3 4 4"
}

@test "consume.sh goes on where it was, also behind the first record" {
    seq 100 104 >"$DIR/log"
    with_each_shell consumes_once
}

@test "consume.sh loses no output when its app was moved by hand" {
    seq 100 104 >"$DIR/log"
    rm "$P/checkpoint"
    "$EXAMPLES/consume.sh" "$P/checkpoint" "$DIR/log" "$DIR/output"
    put "$P/checkpoint" 2
    "$EXAMPLES/consume.sh" "$P/checkpoint" "$DIR/log" "$DIR/output"
    is "$(cut -f 1 "$DIR/output" | xargs)" "0 1 2 3 4 3 4"
}

@test "consume.sh tells its usage" {
    run -2 "$EXAMPLES/consume.sh" "$P/checkpoint" log
    matches "$output" '^usage: consume.sh CHECKPOINT LOG OUTPUT'
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
