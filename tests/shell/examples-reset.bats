# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031 # each test is a shell of its own
# shellcheck disable=SC2016 # what other shells are to expand
# The script of examples/ that moves an app.

load examples

# reset STATUS ARGUMENT...: by that shell. What it says of partitions is in REPORT, how to go back in BACK.
reset() {
    by_shell "$1" reset.sh "${@:2}"
    # shellcheck disable=SC2154 # run sets it
    BACK=${lines[0]#saved; to go back: }
    REPORT=$(printf '%s\n' "${lines[@]:1}")
}

# begin_again: with what setup made.
begin_again() {
    put_once "$P/checkpoint" '42\nnote \\ \t tab\n'
    put apps/billing/orders/10/checkpoint 77
    put apps/billing/payments/0/checkpoint 5
    rm -f apps/billing/orders/1/checkpoint
}

# has WHAT: the checkpoints of the app, with their metadata, on a line.
has() {
    is "$(cd checkpoints/billing && grep -r . . | sort -V | paste -sd ' ')" "$1"
}

ALL='./orders/0:42 ./orders/0:note \ '$'\t'' tab ./orders/10:77 ./payments/0:5'

moves_all() {
    begin_again
    reset 0 apps/billing/orders/ 50
    is "$REPORT" "orders/0: 42 -> 50
orders/1: none -> 50
orders/10: 77 -> 50"
    reset 0 apps/billing 'shift -2'
    is "$REPORT" "orders/0: 50 -> 48
orders/1: 50 -> 48
orders/10: 50 -> 48
payments/0: 5 -> 3"
}

@test "reset.sh moves all partitions of a stream, or of an app, and no other" {
    mkdir apps/audit apps/billing/idle apps/billing/idle/0
    put apps/audit/orders/0/checkpoint 6
    with_each_shell moves_all
    is "$(cat checkpoints/audit/orders/0)" 6
    absent checkpoints/billing/idle
}

# goes_back DIRECTORY
goes_back() {
    begin_again
    reset 0 "$1" 50
    put apps/billing/payments/0/checkpoint 6
    matches "$BACK" "^.*/reset.sh --restore '$TMPDIR/.*' '$MNT/apps/billing(/orders)?'\$"
    eval "$BACK" >"$DIR/said"
    grep -qx 'orders/1: 50 -> none' "$DIR/said"
}

goes_back_from_each_place() {
    goes_back apps/billing/orders
    has "${ALL/%5/6}"
    goes_back "$DIR/link"
    has "$ALL"
    begin_again
    cd apps/billing/orders || return
    reset 0 . 51
    cd "$MNT" || return
    eval "$BACK"
    has "$ALL"
}

@test "reset.sh brings back all that was committed, metadata too, and no more" {
    ln -s "$MNT/apps/billing" "$DIR/link"
    with_each_shell goes_back_from_each_place
}

@test "reset.sh restores the streams of an app, or one of them, and another app" {
    # shellcheck disable=SC2034 # by_shell uses it
    local saved shell=bash
    begin_again
    reset 0 apps/billing 50
    saved=$(ls -d "$TMPDIR"/checkpoints.*)
    is "$(entries "$saved")" "orders payments"
    reset 0 --restore "$saved" apps/billing/payments
    is "$REPORT" "payments/0: 50 -> 5"
    mkdir apps/canary
    cd "$DIR"
    reset 0 --restore "saved/${saved##*/}" "$MNT/apps/canary"
    is "$(grep -c -- '->' <<<"$REPORT")" 4
    diff "$MNT/checkpoints/canary/orders/0" <(printf '42\nnote \\ \t tab\n')
}

says_why() {
    begin_again
    reset 1 apps/billing/orders forty
    matches "${lines[2]}" '^orders/0: 42 -> 42: "forty" is not '
    reset 1 apps/billing/orders 'shift -50'
    matches "$REPORT" 'orders/0: 42 -> 42: -8 is before .*
orders/1: none -> none: .*
orders/10: 77 -> 27$'
}

@test "reset.sh says why a partition was refused, goes on, and fails" {
    with_each_shell says_why
}

is_read_only() {
    reset 1 apps/billing/orders 50
    matches "$output" '
orders: Read-only file system
orders/0: 42 -> 42
'
}

@test "reset.sh says why a mount is not to be changed" {
    remount_store -o ro
    with_each_shell is_read_only
}

deletes() {
    put "$P/checkpoint" 42
    reset 0 apps/billing/orders earliest
    matches "${lines[1]}" '^orders/0: 42 -> none: done by deleting the checkpoint, .* will skip '
    # and says that of itself alone
    reset 0 apps/billing/orders 50
    is "${lines[1]}" 'orders/0: none -> 50'
}

@test "reset.sh says that earliest deletes a checkpoint" {
    with_each_shell deletes
}

# What other places have in their names is written otherwise in the list of mounts.
teardown() {
    cd /
    [[ -z ${OTHER:-} ]] || eventually fusermount3 -u "$OTHER/mnt" || umount -l "$OTHER/mnt"
    clear_place
}

has_other_names() {
    reset 0 "$OTHER/mnt/apps/caf%20é" 50
    is "$REPORT" 'or-d.e_rs/0: 1 -> 50'
    eval "$BACK"
    is "$(cat "$OTHER/mnt/apps/caf%20é/or-d.e_rs/0/checkpoint")" 1
}

@test "reset.sh takes names of any language, and mounts and temporary directories with blanks" {
    OTHER="$DIR/apps/an other é"
    mkdir -p "$OTHER/mnt" "$OTHER/tmp"
    mount_at "$OTHER/mnt"
    mkdir -p "$OTHER/mnt/apps/caf%20é/or-d.e_rs/0"
    put "$OTHER/mnt/apps/caf%20é/or-d.e_rs/0/checkpoint" 1
    export TMPDIR="$OTHER/tmp"
    with_each_shell has_other_names
}

is_nothing_of_an_app() {
    local place
    for place in . apps streams/orders "$P" checkpoints/billing/orders checkpoints/billing \
        "$DIR/other/apps/billing/orders" /; do
        reset 1 "$place" 50
        matches "$output" "^reset.sh: /.* has no checkpoints of an app in a mount, such as "
    done
    reset 1 apps/biling/orders 50
    matches "$output" "apps/biling/orders"
    reset 1 apps/new 50
    matches "$output" "nothing was moved|has no checkpoints"
}

@test "reset.sh moves nothing in what is nothing of an app" {
    mkdir -p apps/new "$DIR/other/apps/billing/orders/0"
    with_each_shell is_nothing_of_an_app
    is "$(journal number | xargs) $(ls "$TMPDIR")" "42 77 5 "
}

# ---- plans

# plan_here STATUS ARGUMENT...: what would be done is in REPORT, how to do it in BACK.
plan_here() {
    by_shell "$1" reset.sh "${@:2}"
    BACK=${lines[-1]#a plan; to do that: }
    REPORT=$(printf '%s\n' "${lines[@]:0:${#lines[@]}-1}")
}

# plan STATUS ARGUMENT...: the same with -n; nothing has been done.
plan() {
    local before
    before=$(journal result | wc -l)
    plan_here "$1" -n "${@:2}"
    is "$(journal result | wc -l)" "$before"
}

bounded() {
    local partition
    for partition in orders/0 orders/1 orders/10 payments/0; do
        put "streams/$partition/latest" 100
    done
}

plans() {
    begin_again
    plan 0 apps/billing/orders 50
    is "$REPORT" "orders/0: 42 -> 50: skips 8
orders/1: none -> 50: skips 51
orders/10: 77 -> 50: replays 27"
    has "$ALL"
    # what has moved meanwhile is not done
    put apps/billing/orders/10/checkpoint 78
    run eval "$BACK"
    is "$status $(printf '%s\n' "${lines[@]:2}")" "1 orders/0: 42 -> 50
orders/1: none -> 50
orders/10: 78 -> 78: 78 is committed, and no longer 77"
    begin_again
    plan 1 apps/billing 'shift -10'
    is "$(grep / <<<"$REPORT")" "orders/0: 42 -> 32: replays 10
orders/1: none -> none: nothing is committed that could be shifted
orders/10: 77 -> 67: replays 10
payments/0: 5 -> 5: -5 is before the first record"
    has "$ALL"
}

@test "reset.sh -n tells what would be done, and that is what can be done then" {
    needs jq
    bounded
    with_each_shell plans
}

@test "reset.sh -n plans to restore, with the options of the mount, and leaves no other mount" {
    needs jq
    local shell=bash saved
    bounded
    ln -s "$STORE" "$DIR/st,or\\e.db"
    cd /
    unmount "$MNT"
    "$CHECKPOINTFS" -o checkpoint=next,clamp "local:$DIR/st,or\\e.db" "$MNT" 3>&- 4>&-
    cd "$MNT"
    reset 0 apps/billing 500
    is "$REPORT" "orders/0: 42 -> 100
orders/1: none -> 100
orders/10: 77 -> 100
payments/0: 5 -> 100"
    saved=$(ls -d "$TMPDIR"/checkpoints.*)
    plan 0 --restore "$saved" apps/billing
    is "$REPORT" "orders/0: 100 -> 42: replays 58
orders/1: 100 -> none: replays 100
orders/10: 100 -> 77: replays 23
payments/0: 100 -> 5: replays 95"
    is "$(mounts_below "$DIR")" "$MNT"
}

plans_nothing() {
    begin_again
    plan 0 apps/billing/payments 5
    is "$output" "payments/0: 5 -> 5
nothing is planned"
    plan 1 apps/billing/payments 'shift -10'
    is "${lines[-1]}" 'nothing is planned'
    is "$(ls "$TMPDIR")" ''
}

@test "reset.sh -n says so when nothing is planned, and leaves nothing" {
    needs jq
    bounded
    with_each_shell plans_nothing
}

@test "reset.sh takes a mount that plans for what it is" {
    local shell=bash
    bounded
    remount_store -o plan
    plan_here 0 apps/billing/payments 7
    is "$REPORT ${lines[-1]%%;*}" "payments/0: 5 -> 7: skips 2 a plan"
    remount_store
    eval "$BACK"
    is "$(cat apps/billing/payments/0/checkpoint)" 7
}

# ---- undoing

undoes() {
    begin_again
    reset 0 apps/billing latest
    has './orders/0:99 ./orders/1:99 ./orders/10:99 ./payments/0:99'
    reset 0 --undo apps/billing
    has "$ALL"
}

@test "reset.sh --undo brings back what was there, metadata too" {
    bounded
    with_each_shell undoes
    # the first commit of a partition is undone by deleting it, and that for no other reason
    matches "$REPORT" 'orders/1: 99 -> none: done by deleting the checkpoint, for nothing committed is what says this: '
}

@test "reset.sh --undo takes back the last change after a remount, and not what was moved since" {
    needs jq
    # shellcheck disable=SC2034 # by_shell uses it
    local shell=bash
    bounded
    remount_store -o journal="$DIR/journal"
    begin_again
    reset 0 apps/billing/orders 50
    remount_store -o journal="$DIR/journal"
    mount_at "$DIR/other"
    put "$DIR/other/apps/billing/orders/10/checkpoint" 51
    plan 1 --undo apps/billing/orders
    matches "$REPORT" '^orders: Device or resource busy
orders/0: 50 -> 42: replays 8
orders/1: 50 -> none: .*
orders/10: 51 -> 51: .*51.*50'
    reset 1 --undo apps/billing/orders
    matches "$REPORT" '^orders: Device or resource busy
orders/0: 50 -> 42
orders/1: 50 -> none: .*
orders/10: 51 -> 51: .*51.*50'
    diff checkpoints/billing/orders/0 <(printf '42\nnote \\ \t tab\n')
}

foresees_no_undo() {
    begin_again
    reset 0 apps/billing/orders 50
    rm -r "${TMPDIR:?}"/*
    local arguments
    for arguments in '--undo apps/billing' 'apps/billing undo'; do
        # shellcheck disable=SC2086 # several
        by_shell 1 reset.sh -n $arguments
        is "$output" 'reset.sh: -n cannot foresee an undo without a journal: mount with -o journal=FILE'
    done
    is "$(ls "$TMPDIR") $(mounts_below "$DIR")" " $MNT"
    reset 0 --undo apps/billing/orders
    has "$ALL"
}

@test "reset.sh -n foresees no undo without a journal, and says so" {
    needs jq
    with_each_shell foresees_no_undo
}

goes_back_by_each_partition() {
    begin_again
    put apps/billing/orders/10/checkpoint 50
    reset 0 apps/billing/orders 50
    is "$REPORT" "orders/0: 42 -> 50
orders/1: none -> 50
orders/10: 50 -> 50"
    reset 0 --undo apps/billing/orders
    has "$ALL"
}

@test "reset.sh --undo goes back by the last change of each partition, also one that was not the reset's" {
    with_each_shell goes_back_by_each_partition
}

tells_usage() {
    local arguments
    for arguments in '' apps/billing/orders 'apps/billing/orders shift -1' '--restore apps/billing' --undo '--undone apps/billing'; do
        # shellcheck disable=SC2086 # none, or several
        reset 2 $arguments
        matches "$output" '^Usage: reset.sh .*DIRECTORY POSITION.*--undo DIRECTORY.*--restore SAVED DIRECTORY
such as: reset.sh '
    done
    reset 2 apps/billing/orders $'50\n1\t7'
    reset 0 -h
    matches "$output" '^Usage: reset.sh .*DIRECTORY POSITION.*--undo.*--restore'
    not grep -q '^#' <<<"$output"
}

@test "reset.sh tells its usage" {
    with_each_shell tells_usage
    is "$(journal number | xargs) $(ls "$TMPDIR")" "42 77 5 "
}
