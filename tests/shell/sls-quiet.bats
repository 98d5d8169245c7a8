# shellcheck shell=bats
# What is not sent to SLS, and in which order and how often the rest is.

load sls

GROUP=/logstores/orders/consumergroups/billing

@test "a logstore that is not known is asked for once, and not again for a while" {
    warm
    for _ in {1..20}; do
        absent apps/billing/nosuchstore
        absent streams/nosuchstore
    done
    (($(requests) <= 12))
    is "$(changes)" 0
}

@test "opening and closing without a word sends nothing that changes something" {
    warm
    : >"$P/checkpoint"
    : >>"$P/checkpoint"
    : >"$C"
    truncate -s 0 "$P/checkpoint"
    is "$(changes) $(stored)" "0 billing orders 0 NDI= -"
}

@test "-o ro sends nothing that changes something" {
    remount_service -o ro
    warm
    is "$(cat "$P/checkpoint") $(flat "$C")" "NDI= NDI="
    cat "$P/cursor" "$P/lag" "$P/status" "$S/earliest" >/dev/null
    refused "${SAYS[EROFS]:?}" put "$P/checkpoint" 43
    refused "${SAYS[EROFS]:?}" put "$C" 43
    refused "${SAYS[EROFS]:?}" rm "$P/checkpoint"
    refused "${SAYS[EROFS]:?}" rm "$C"
    refused "${SAYS[EROFS]:?}" mkdir apps/newgroup
    refused "${SAYS[EROFS]:?}" mkdir apps/audit/payments
    refused "${SAYS[EROFS]:?}" mkdir checkpoints/audit/payments
    refused "${SAYS[EROFS]:?}" rmdir apps/audit/orders
    refused "${SAYS[EROFS]:?}" rmdir apps/audit
    is "$(stat -c %a "$P/checkpoint") $(changes)" "444 0"
    is "$(stored)" "billing orders 0 NDI= -"
}

@test "commits to one shard go out one after the other, in the order of the writes" {
    warm
    fault delay delay=600 method=POST path="$GROUP"
    in_background bash -c "echo 50 >$P/checkpoint"
    local first=$!
    eventually in_flight 1
    in_background bash -c "echo 51 >$P/checkpoint"
    wait_all "$first" "$!"
    is "$(control GET log | grep -o '"checkpoint":"[^"]*"' | cut -d '"' -f 4 | xargs)" "NTA= NTE="
    is "$(stored)" "billing orders 0 NTE= -"
}

@test "commits to many shards go out side by side" {
    wide 20
    remount_service -o snapshot=600
    ls apps/audit/wide/* >/dev/null
    forget_requests
    fault delay delay=1000 method=POST path=/consumergroups count=forever
    local shard writers=()
    for shard in {0..19}; do
        in_background bash -c "echo NTAw >apps/audit/wide/$shard/checkpoint"
        writers+=("$!")
    done
    wait_all "${writers[@]}"
    (($(stat_of in_flight_most) > 4))
    is "$(requests) $(stored | grep -c " $(b64 500) ")" "20 20"
}

@test "all shards of a group go to the beginning in one shell loop" {
    wide 40
    local file
    for file in apps/audit/wide/*/; do
        put "${file}checkpoint" earliest
    done
    is "$(stored | grep -c '^audit wide [0-9]* MA== -$')" 40
    is "$(journal result | sort | uniq -c | xargs)" "40 ok"
}

# ---- tried again

@test "what is idempotent is tried again, and nothing is done twice" {
    warm
    fault status status=503 code=ServerBusy method=POST path="$GROUP"
    put "$P/checkpoint" 43
    is "$(requests POST "$GROUP") $(stored)" "2 billing orders 0 NDM= -"
    fault reset execute=1 method=POST path="$GROUP"
    run put "$P/checkpoint" 'shift +1'
    is "$(stored)" "billing orders 0 $(b64 44) -"
    fault status status=500 execute=1 method=POST path="$GROUP"
    run put "$P/checkpoint" 'shift -10'
    is "$(stored)" "billing orders 0 $(b64 34) -"
}

@test "what is refused is not tried again" {
    warm
    local code
    for code in 400:ParameterInvalid 400:InvalidShardCheckPoint 401:Unauthorized \
        403:ProjectForbidden 404:ConsumerGroupNotExist; do
        forget_requests
        fault status status="${code%:*}" code="${code#*:}" method=POST path="$GROUP" count=forever
        not put "$P/checkpoint" 43
        is "$code $(requests POST "$GROUP")" "$code 1"
        no_faults
    done
}

@test "a group that was made although the answer was lost is not told as EEXIST" {
    warm
    fault reset execute=1 method=POST path=/consumergroups
    run mkdir -p apps/newgroup/orders
    # shellcheck disable=SC2154 # run sets them
    ((status == 0)) || matches "$output" "${SAYS[ECONNRESET]:?}"
    eventually test -d apps/newgroup/orders
}

@test "a group that was deleted although the answer was lost is not told as ENOENT" {
    local answer
    for answer in 404 200; do
        quirk delete_missing_group="$answer"
        group newgroup orders
        remount_service
        warm
        fault reset execute=1 method=DELETE path=/newgroup
        run rmdir apps/newgroup/orders
        ((status == 0)) || matches "$output" "${SAYS[ECONNRESET]:?}"
        eventually absent apps/newgroup/orders 2>/dev/null
    done
}
