# shellcheck shell=bats
# streams/: the ends and the status of each partition.

load helper

@test "a new partition begins and ends at 0" {
    is "$(cat "$S/earliest")" 0
    is "$(cat "$S/latest")" 0
}

@test "the ends can be written, and stay over a new mount" {
    put "$S/latest" 100
    put "$S/earliest" 10
    is "$(cat "$S/earliest") $(cat "$S/latest")" "10 100"
    remount_store
    is "$(cat "$S/earliest") $(cat "$S/latest")" "10 100"
}

@test "each partition has ends of its own" {
    mkdir streams/orders/1
    put "$S/latest" 100
    is "$(cat streams/orders/1/latest)" 0
}

@test "earliest beyond latest is ERANGE" {
    put "$S/latest" 100
    put "$S/earliest" 10
    refused "Numerical result out of range" put "$S/earliest" 101
    refused "Numerical result out of range" put "$S/latest" 9
    is "$(cat "$S/earliest") $(cat "$S/latest")" "10 100"
    put "$S/earliest" 100
    is "$(cat "$S/earliest")" 100
}

@test "an end that is no number is EINVAL, too large a one ERANGE" {
    local text
    for text in '' abc -1 1.5 latest earliest @1h 'shift +1' '1 2'; do
        refused "Invalid argument" put "$S/latest" "$text"
        refused "Invalid argument" put "$S/earliest" "$text"
    done
    refused "Numerical result out of range" put "$S/latest" 9223372036854775808
    is "$(cat "$S/latest")" 0
}

@test "the largest end works" {
    put "$S/latest" 9223372036854775807
    is "$(cat "$S/latest")" 9223372036854775807
    is "$(cat "$P/lag")" 9223372036854775807
    put "$P/checkpoint" latest
    is "$(cat "$P/checkpoint")" 9223372036854775806
}

@test "the status of a stream is JSON" {
    needs jq
    mkdir streams/orders/1
    is "$(jq -c keys streams/orders/status)" '["created","partitions","status","stream"]'
    is "$(jq -r .stream streams/orders/status)" orders
    is "$(jq -r .partitions streams/orders/status)" 2
}

@test "the status of a partition is JSON" {
    needs jq
    put "$S/latest" 100
    put "$S/earliest" 10
    is "$(jq -c keys "$S/status")" '["earliest","latest","partition","stream"]'
    is "$(jq -c '[.stream, "\(.partition)", .earliest, .latest]' "$S/status")" \
        '["orders","0","10","100"]'
}
