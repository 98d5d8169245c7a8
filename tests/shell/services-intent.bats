# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # each test is a shell of its own
# What ordinary tools make of names that are there and that are not, and how much is sent for it.
# SERVICE says which service it is.

load "${SERVICE:-dis}"
load intent

setup() {
    begin_service
    NUMBER=$(shown 50)
}

# What another client does; the mount is told to forget.
uncommit() {
    withdrawn billing orders 1
    hup
}

remount_with() { remount_service "$@"; }

@test "what is there" { in_every_mount what_is_there; }
@test "what is not there" { in_every_mount what_is_not_there; }
@test "the first checkpoint" { in_every_mount what_is_made; }

# ---- how much is sent

@test "the first cat of an app that the mount has listed is 1 request" {
    remount_service
    forget_requests
    cat "$P/checkpoint" >/dev/null
    is "$(requests)" 1
}

@test "the first cat in a stream of 10,000 partitions is 1 request" {
    wide 10000
    remount_service
    forget_requests
    not cat apps/billing/wide/9999/checkpoint
    is "$(requests)" 1
}

@test "a cat under -o allow_other is 3 requests at first, then 2 at most" {
    remount_service -o allow_other
    forget_requests
    cat "$P/checkpoint" >/dev/null
    (($(requests) <= 3))
    let_values_age
    forget_requests
    cat "$P/checkpoint" >/dev/null
    is "$(requests)" 2
}

@test "a new name waits a second at most for a service that is silent, and six together no longer" {
    fault never path="$CALLS" count=forever
    local began name
    began=$(milliseconds)
    for name in {1..6}; do
        in_background cat "apps/new$name/orders/0/checkpoint"
    done
    not wait_all "${BACKGROUND[@]}"
    (($(milliseconds) - began < 2000))
    no_faults
}
