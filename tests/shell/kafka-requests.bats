# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031 # each test is a shell of its own
# What is sent to Kafka, counted on the wire of simulated brokers: not one request too many, warm and cold.

load kafka

# brokers_asked METHOD: which, each once.
brokers_asked() {
    control GET log | awk -v method="$1" '$1 == method { print substr($2, 2, 1) }' | sort | xargs
}

# mount_unasked: again, with the requests counted that mounting takes.
mount_unasked() {
    cd /
    unmount "$MNT"
    forget_requests
    mount_service
    cd "$MNT" || return
}

@test "cat is 1 request, each time, also of a checkpoint that is not there" {
    warm
    cat "$P/checkpoint" >/dev/null
    is "$(asked)" "OffsetFetch 1"
    is "$(last_request)" "OffsetFetch /1/billing/orders/0 0 v5"
    cat "$P/checkpoint" "$P/metadata" >/dev/null
    cat "$P/checkpoint" >/dev/null
    (($(requests) <= 4)) || is "$(asked)" "OffsetFetch 4"
    let_values_age
    forget_requests
    refused "${SAYS[ENOENT]:?}" cat apps/billing/orders/1/checkpoint
    is "$(asked)" "OffsetFetch 1"
}

@test "echo is 1 request, from every shell and tool" {
    warm
    put "$P/checkpoint" 43
    is "$(asked)" "OffsetCommit 1"
    is "$(last_request)" "OffsetCommit /1/billing/orders/0 0 v7 43"
    dash -c "echo 44 >$P/checkpoint"
    echo 45 | tee "$P/checkpoint" >/dev/null
    put_once "$P/checkpoint" '46\nnote\n'
    echo 47 >"$DIR/47"
    cp "$DIR/47" "$P/checkpoint"
    is "$(asked)" "OffsetCommit 5"
    is "$(asked_for)" "43 44 45 46 47"
}

@test "a commit on a partition that nothing was committed on is 1 request too" {
    warm
    put apps/billing/orders/2/checkpoint 7
    is "$(asked)" "OffsetCommit 1"
    is "$(stored | tail -n 1)" "$(row billing orders 2 7)"
}

@test "positions with words ask for what they stand for, then commit" {
    warm
    put "$P/checkpoint" latest
    is "$(asked)" "ListOffsets 1 OffsetCommit 1"
    forget_requests
    put "$P/checkpoint" earliest
    is "$(asked)" "ListOffsets 1 OffsetCommit 1"
    forget_requests
    let_values_age
    put "$P/checkpoint" "shift +1"
    (($(changes) == 1))
    is "$(stored)" "$(row billing orders 0 11)"
}

@test "ls -l of 1,000 partitions is 1 request" {
    wide 1000
    remount_service
    ls -R apps checkpoints >/dev/null
    let_values_age
    forget_requests
    is "$(ls -l checkpoints/audit/wide >"$DIR/list" && wc -l <"$DIR/list")" 1001
    is "$(asked)" "OffsetFetch 1"
    let_values_age
    forget_requests
    ls -l checkpoints/audit/wide >/dev/null
    (cd checkpoints/audit/wide && cat 0 999 >/dev/null)
    is "$(requests OffsetFetch /audit/wide)" 1
}

@test "ls apps is 1 request to each broker" {
    three_brokers -o listing=0
    another_app third
    control POST group name=third coordinator=3 >/dev/null
    ls apps >/dev/null
    forget_requests
    is "$(entries apps)" "audit billing third"
    is "$(asked)" "ListGroups 3"
    is "$(brokers_asked ListGroups)" "1 2 3"
}

@test "who listed a group is asked for its checkpoints, and nobody is searched for" {
    three_brokers
    control POST group name=third coordinator=3 >/dev/null
    hup
    committed audit payments 0 7
    committed third orders 1 9
    ls apps >/dev/null
    forget_requests
    is "$(cat "$P/checkpoint") $(cat apps/third/orders/1/checkpoint)" "42 9"
    is "$(cat apps/audit/payments/0/checkpoint)" 7
    is "$(asked)" "OffsetFetch 3"
    is "$(brokers_asked OffsetFetch)" "1 2 3"
}

@test "leaders are asked for the ends of their partitions" {
    three_brokers
    control POST partition topic=orders partition=0 leader=3 >/dev/null
    control POST partition topic=orders partition=1 leader=2 >/dev/null
    warm
    is "$(cat "$S/latest") $(cat streams/orders/1/latest)" "100 100"
    is "$(control GET log | awk '$1 == "ListOffsets" { print $2 }' | xargs)" "/3/orders/0 /2/orders/1"
    is "$(requests FindCoordinator)" 0
}

@test "lag/ asks the coordinator of a group once for a topic, and each leader for both ends" {
    three_brokers
    control POST partition topic=orders partition=0 leader=3 >/dev/null
    control POST partition topic=orders partition=1 leader=2 >/dev/null
    control POST partition topic=orders partition=2 leader=2 >/dev/null
    warm
    cat lag/billing >"$DIR/read"
    forget_requests
    is "$(cut -f 1-8 lag/billing | tail -n +2 | tr '\t' ' ')" "orders 0 42 10 100 58 32 ok
orders 1 - 10 100 90 0 none
orders 2 - 10 100 90 0 none"
    is "$(asked)" "ListOffsets 4 OffsetFetch 1"
    is "$(control GET log | awk '$1 == "ListOffsets" { split($2, path, "/"); print path[2] }' | sort | xargs)" "2 2 3 3"
}

@test "a leader that refuses is looked for again, and a table is whole or is not there" {
    warm
    cat lag/billing >"$DIR/read"
    fault status method=ListOffsets code=NOT_LEADER_OR_FOLLOWER
    is "$(cut -f 1-8 lag/billing | tail -n +2 | wc -l)" 3
    fault status method=ListOffsets code=TOPIC_AUTHORIZATION_FAILED count=forever
    refused "${SAYS[EACCES]:?}" cat lag/billing
    last_error
    matches "${FIELD[7]}" '^orders: '
}

@test "cat in a mount that knows nothing yet lists groups, and so knows who coordinates this one" {
    mount_unasked
    is "$(cat "$P/checkpoint")" 42
    is "$(requests ListGroups) $(requests FindCoordinator) $(requests OffsetFetch)" "1 0 1"
    (($(requests) <= 8)) || is "$(asked)" "8 at most"
    let_values_age
    forget_requests
    is "$(cat "$P/checkpoint")" 42
    is "$(requests)" 1
}

@test "echo in a mount that knows nothing yet commits once" {
    mount_unasked
    put "$P/checkpoint" 43
    is "$(requests ListGroups) $(requests FindCoordinator) $(requests OffsetCommit)" "1 0 1"
    (($(requests) <= 8)) || is "$(asked)" "8 at most"
}

@test "rm asks whether there is something, and deletes it" {
    warm
    rm "$C"
    is "$(asked)" "OffsetDelete 1 OffsetFetch 1"
    is "$(stored)" ""
}

@test "rmdir asks whether something is committed, and deletes the group" {
    warm
    refused "${SAYS[ENOTEMPTY]:?}" rmdir apps/billing
    is "$(changes)" 0
    forget_requests
    rmdir apps/audit
    is "$(asked)" "DeleteGroups 1 OffsetFetch 1"
    is "$(control GET groups | grep -c audit)" 0
}

@test "mkdir sends nothing, for Kafka has no such call" {
    warm
    mkdir apps/newgroup
    is "$(entries apps) $(changes)" "audit billing newgroup 0"
    rmdir apps/newgroup
    is "$(entries apps)" "audit billing"
}

@test "an app is listed that its first commit has made after its directory was removed" {
    warm
    mkdir apps/newgroup
    exec 5>apps/newgroup/orders/0/checkpoint
    rmdir apps/newgroup
    is "$(entries apps)" "audit billing"
    echo 7 >&5
    exec 5>&-
    is "$(entries apps)" "audit billing newgroup"
    is "$(cat apps/newgroup/orders/0/checkpoint)" 7
}

@test "the lag of a checkpoint reads it before the end, so that it is never below 0" {
    warm
    is "$(cat "$P/lag")" 58
    is "$(control GET log | awk '{ print $1 }' | sed -n '1p;$p' | xargs)" "OffsetFetch ListOffsets"
    is "$(requests OffsetFetch) $(changes)" "1 0"
}

@test "an app that is not there is searched for at its coordinator alone" {
    three_brokers
    warm
    absent apps/nobody
    is "$(asked)" "FindCoordinator 1 ListGroups 1 OffsetFetch 1"
    is "$(brokers_asked ListGroups | wc -w)" 1
}

@test "no topic comes into being because a mount looks for it" {
    absent streams/nothing
    refused "${SAYS[ENOENT]:?}" put apps/billing/nothing/0/checkpoint 1
    ls -R streams >/dev/null
    is "$(control GET topics | awk '{ print $1 }' | xargs)" "orders payments"
}

@test "64 readers share at most 16 connections to a broker, and none has two requests at once" {
    local _ readers=()
    warm
    fault delay method=OffsetFetch delay=50 count=forever
    for _ in {1..64}; do
        in_background cat "$P/checkpoint" >/dev/null
        readers+=($!)
    done
    wait_all "${readers[@]}"
    (($(stat_of clients) <= 17)) || is "$(stat_of clients)" "17 at most"
    is "$(stat_of pipelined)" 0
}

@test "what a broker says of a throttle is waited for, and loses nothing" {
    warm
    control POST throttle ms=300 >/dev/null
    put "$P/checkpoint" 43
    is "$(cat apps/billing/orders/0/checkpoint)" 43
    is "$(changes)" 1
    is "$(stored)" "$(row billing orders 0 43)"
}

# make_wide COUNT: an app with as many checkpoints, that of P being P + 1000.
make_wide() {
    W=apps/audit/wide/checkpoints
    wide "$1"
    remount_service
    warm
    cat "$W" >/dev/null # who coordinates it, and what there is, is known
    forget_requests
}

# As asked, without Metadata, which is good for 10 s.
asked_lately() {
    asked | sed 's/Metadata [0-9]* //'
}

@test "a table of 3,000 partitions is one OffsetCommit" {
    make_wide 3000
    printf '*\t7\n' >"$W"
    is "$(asked_lately)" "OffsetCommit 1 OffsetFetch 1"
    is "$(stored | grep -c ' wide .* 7$')" 3000
    forget_requests
    shuf -i 0-2999 | sed 's/$/\t8\tmoved/' >"$DIR/table"
    cat "$DIR/table" >"$W"
    is "$(requests OffsetCommit)" 1
    is "$(stored | grep -c ' wide .* 8 moved$')" 3000
    is "$(journal result | sort | uniq -c | xargs)" "6000 ok"
}

@test "words and old values in a table are asked for together too, as long as answers stay small" {
    make_wide 1000
    printf '*\tlatest\n' >"$W"
    is "$(asked_lately)" "ListOffsets 1 OffsetCommit 1 OffsetFetch 1"
    forget_requests
    printf '*\tshift -3\n' >"$W"
    is "$(asked_lately)" "OffsetCommit 1 OffsetFetch 2"
    forget_requests
    printf '*\t5\tback\t4997\n' >"$W"
    is "$(asked_lately)" "OffsetCommit 1 OffsetFetch 2"
    is "$(stored | grep -c ' wide .* 5 back$')" 1000
}

@test "checkpoints that a table removes are removed together" {
    make_wide 1000
    printf '*\t-\n' >"$W"
    is "$(asked_lately)" "OffsetDelete 1 OffsetFetch 2"
    is "$(stored | grep -c wide)" 0
}

@test "two tables at once are two requests, each for its group" {
    make_wide 1000
    put "apps/billing/wide/0/checkpoint" 1
    cat apps/billing/wide/checkpoints >/dev/null
    forget_requests
    in_background env printf '*\t7\n' >"$W"
    local one=$!
    in_background env printf '*\t9\n' >apps/billing/wide/checkpoints
    wait_all "$one" "$!"
    is "$(requests OffsetCommit)" 2
    is "$(stored | grep -c 'audit wide .* 7$') $(stored | grep -c 'billing wide .* 9$')" "1000 1000"
}

@test "leaders are each asked for the ends of their partitions, in one request" {
    three_brokers
    make_wide 300
    control POST partition topic=wide partition=7 leader=2 >/dev/null
    control POST partition topic=wide partition=8 leader=3 >/dev/null
    forget_requests
    printf '*\tlatest\n' >"$W"
    is "$(stored | grep -c ' wide .* 5000$')" 300
    is "$(requests OffsetFetch) $(requests ListOffsets)" "1 3"
    (($(requests OffsetCommit) <= 3)) || is "$(asked_lately)" "3 OffsetCommit at most"
}
