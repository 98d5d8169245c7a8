# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031 # each test is a shell of its own
# shellcheck disable=SC2016 # what other shells are to expand
# The script of examples/ that moves an app.

load examples

# reset STATUS ARGUMENT...: by that shell.
reset() {
    by_shell "$1" reset.sh "${@:2}"
}

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
