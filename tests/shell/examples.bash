# shellcheck shell=bash
# shellcheck disable=SC2034 # the tests use what is set here
# What the tests of examples/ share: apps to move and to watch, and each shell that a script may be run by.

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

# by_shell STATUS SCRIPT ARGUMENT...: by that shell.
by_shell() {
    # shellcheck disable=SC2086,SC2154 # more than a word, which with_each_shell sets
    run "-$1" $shell "$EXAMPLES/$2" "${@:3}"
}
