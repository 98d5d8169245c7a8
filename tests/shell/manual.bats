# shellcheck shell=bats
# What the manual page says of files whose content has parts.

load helper

@test "every member of a status is explained" {
    needs jq
    put "$P/checkpoint" 42
    statuses_are_explained
}

@test "every metric is explained" {
    local metrics
    put "$P/checkpoint" 42
    refused "" cat apps/nobody/orders/0/checkpoint
    metrics=$(sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' metrics)
    matches "$metrics" checkpointfs_places
    # shellcheck disable=SC2086 # a list of words
    is_in_manual METRICS $metrics
}

@test "what is not explained is noticed" {
    is_in_manual STATUS lag
    not is_in_manual STATUS lag not_there
    not is_in_manual METRICS lag
}

@test "every time that a mount tells can be read by programs" {
    needs jq python3
    put "$P/checkpoint" 42
    refused "Invalid argument" put "$P/checkpoint" nonsense
    times_can_be_read
}
