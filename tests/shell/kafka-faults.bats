# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031 # each test is a shell of its own
# What fails at Kafka's brokers: which errno that is, what is said of it, and what is asked again; and that a commit
# whose answer is lost is called unknown, and carried out all the same where it was.

load kafka

# once OPERATION CODE ERRNO TEXT: that error of Kafka is final: it was asked for once, and is in errors.
once() {
    settle
    forget_requests
    fail_at "$1" status code="$2" count=forever
    refused "${SAYS[$3]:?}" "op_$1"
    no_faults
    is "$2: $(requests "${METHOD[$1]}")" "$2: 1"
    reported_as "$3" "$2" "$4"
}

# again OPERATION CODE: that error, twice, is not seen by who asks, for it is asked for again.
again() {
    settle
    forget_requests
    fail_at "$1" status code="$2" count=2
    "op_$1" >/dev/null || is "$2 of $1" "not seen"
    is "$2: $(requests "${METHOD[$1]}")" "$2: 3"
    no_faults
}

# at_last OPERATION CODE ERRNO TEXT: that error for ever, when the time is up: it was asked for again, without haste.
at_last() {
    local begin
    settle
    forget_requests
    fail_at "$1" status code="$2" count=forever
    begin=$(milliseconds)
    refused "${SAYS[$3]:?}" "op_$1"
    soon_after "$begin"
    no_faults
    # 20, 40, 80, 160, 320 ms and so on, or half of each
    (($(requests "${METHOD[$1]}") >= 3 && $(requests "${METHOD[$1]}") <= 16)) ||
        is "$2: $(requests "${METHOD[$1]}")" "3 to 16"
    reported_as "$3" "$2" "$4"
}

# reported_as ERRNO CODE TEXT: the last line of errors.
reported_as() {
    last_error
    is "${FIELD[3]} ${FIELD[5]}" "$1 $2"
    [[ ${FIELD[7]} == *"$3"* ]] || is "$2: ${FIELD[7]}" "...$3..."
}

impatient() {
    remount_service -o timeout=1
    warm
}

# ---- the codes

@test "errors about groups with members are EBUSY, with what to do, and final" {
    local code
    for code in ILLEGAL_GENERATION UNKNOWN_MEMBER_ID REBALANCE_IN_PROGRESS FENCED_INSTANCE_ID FENCED_MEMBER_EPOCH \
        STALE_MEMBER_EPOCH; do
        once commit "$code" EBUSY "the group billing has members: stop its consumers"
    done
    once delete GROUP_SUBSCRIBED_TO_TOPIC EBUSY "has members: stop its consumers"
    once rmdir NON_EMPTY_GROUP EBUSY "the group audit has members"
    is "$(stored)" "$UNTOUCHED"
}

@test "errors of what may not be are EACCES, with the ACL that lacks, and final" {
    once commit TOPIC_AUTHORIZATION_FAILED EACCES "ACL Read on the topic orders"
    once commit GROUP_AUTHORIZATION_FAILED EACCES "ACL Read on the group billing"
    once read GROUP_AUTHORIZATION_FAILED EACCES "ACL Describe on the group billing"
    once read TOPIC_AUTHORIZATION_FAILED EACCES "ACL Describe on the topic orders"
    once delete TOPIC_AUTHORIZATION_FAILED EACCES "ACL Read on the topic orders"
    once delete GROUP_AUTHORIZATION_FAILED EACCES "ACL Delete on the group billing"
    once rmdir GROUP_AUTHORIZATION_FAILED EACCES "ACL Delete on the group audit"
    once cursor TOPIC_AUTHORIZATION_FAILED EACCES "ACL Describe on the topic orders"
    once search CLUSTER_AUTHORIZATION_FAILED EACCES "ACL: Describe"
    once commit ILLEGAL_SASL_STATE EACCES login
    is "$(stored)" "$UNTOUCHED"
}

@test "errors about what was asked are EINVAL, EPERM, ENOENT or EOPNOTSUPP, and final" {
    local code
    for code in OFFSET_METADATA_TOO_LARGE INVALID_TOPIC_EXCEPTION INVALID_GROUP_ID INVALID_COMMIT_OFFSET_SIZE \
        INVALID_REQUEST; do
        once commit "$code" EINVAL "group billing, topic orders: "
    done
    once commit UNSUPPORTED_VERSION EOPNOTSUPP "do not know this call"
    once cursor UNSUPPORTED_FOR_MESSAGE_FORMAT EOPNOTSUPP "of a format"
    once commit POLICY_VIOLATION EPERM "a policy"
    once delete GROUP_ID_NOT_FOUND ENOENT "no such group"
    once read UNSTABLE_OFFSET_COMMIT EBUSY "a transaction"
    once commit UNKNOWN_SERVER_ERROR EIO "error -1"
    is "$(stored)" "$UNTOUCHED"
}

@test "a code that nobody knows is EIO with its number" {
    fail_at commit status code=12345 count=forever
    refused "${SAYS[EIO]:?}" op_commit
    matches "$(tail -n 1 errors)" "Kafka's error 12345"
}

@test "what passes by itself is asked for again, and nobody sees it" {
    local code
    for code in COORDINATOR_LOAD_IN_PROGRESS COORDINATOR_NOT_AVAILABLE NOT_COORDINATOR REQUEST_TIMED_OUT \
        NOT_ENOUGH_REPLICAS NOT_ENOUGH_REPLICAS_AFTER_APPEND NETWORK_EXCEPTION KAFKA_STORAGE_ERROR \
        UNKNOWN_TOPIC_OR_PARTITION THROTTLING_QUOTA_EXCEEDED; do
        again commit "$code"
    done
    for code in COORDINATOR_LOAD_IN_PROGRESS COORDINATOR_NOT_AVAILABLE NOT_COORDINATOR; do
        again read "$code"
        again find "$code"
    done
    for code in LEADER_NOT_AVAILABLE NOT_LEADER_OR_FOLLOWER BROKER_NOT_AVAILABLE REPLICA_NOT_AVAILABLE \
        FENCED_LEADER_EPOCH UNKNOWN_LEADER_EPOCH OFFSET_NOT_AVAILABLE KAFKA_STORAGE_ERROR; do
        again cursor "$code"
    done
    is "$(stored)" "$(row billing orders 0 43)"
    is "$(cat errors)" ""
}

@test "what does not pass ends when the time is up, and was not hammered" {
    impatient
    at_last commit NOT_COORDINATOR EIO "coordinator has changed"
    at_last commit COORDINATOR_LOAD_IN_PROGRESS EIO "coordinator is starting"
    at_last read COORDINATOR_NOT_AVAILABLE EIO "no coordinator"
    at_last commit REQUEST_TIMED_OUT ETIMEDOUT "did not agree"
    at_last commit NOT_ENOUGH_REPLICAS EIO "too few replicas"
    at_last cursor LEADER_NOT_AVAILABLE EIO "no leader"
    at_last commit THROTTLING_QUOTA_EXCEEDED EBUSY "too many requests"
    is "$(stored)" "$UNTOUCHED"
}

@test "of several partitions, the error of one is that of all who asked for it" {
    committed billing orders 1 7
    let_values_age
    fault status method=OffsetFetch path=/billing/orders code=TOPIC_AUTHORIZATION_FAILED count=forever
    refused "${SAYS[EACCES]:?}" ls -l checkpoints/billing/orders
}

# ---- coordinators and leaders that move

coordinator_is() {
    control POST group name=billing "coordinator=$1" >/dev/null
}

@test "a group's new coordinator is asked for once, and then asked" {
    three_brokers
    warm
    coordinator_is 2
    forget_requests
    put "$P/checkpoint" 43
    is "$(control GET log | awk '$1 != "ApiVersions" { print $1, $2, $3 }' | grep -v Metadata | cut -d ' ' -f 1,2,3 |
        sed 's,Coordinator /.,Coordinator ,' | paste -sd ';')" \
        "OffsetCommit /1/billing/orders/0 16;FindCoordinator /billing 0;OffsetCommit /2/billing/orders/0 0"
    forget_requests
    put "$P/checkpoint" 44
    is "$(asked)" "OffsetCommit 1"
    is "$(stored)" "$(row billing orders 0 44)"
}

@test "an app is found wherever its coordinator was before, which lists it no more" {
    local broker
    three_brokers
    warm
    for broker in 1 2 3; do
        absent "apps/later$broker"
        control POST group "name=later$broker" "coordinator=$broker" >/dev/null
    done
    let_values_age
    for broker in 1 2 3; do
        [[ -d apps/later$broker ]] || is "apps/later$broker is missing" ""
    done
}

@test "a partition's new leader is asked for once, and then asked" {
    three_brokers
    warm
    control POST partition topic=orders partition=0 leader=1 >/dev/null
    cat "$S/latest" >/dev/null
    control POST partition topic=orders partition=0 leader=3 >/dev/null
    let_values_age
    forget_requests
    is "$(cat "$S/latest")" 100
    (($(requests ListOffsets) <= 2))
    let_values_age
    forget_requests
    is "$(cat "$S/latest")" 100
    is "$(asked)" "ListOffsets 1"
    is "$(last_request | cut -d ' ' -f 2)" /3/orders/0
}

@test "a broker that is gone is left for another, and nobody sees it" {
    three_brokers
    warm
    control POST broker id=1 state=down >/dev/null
    put "$P/checkpoint" 43
    let_values_age
    is "$(cat "$P/checkpoint") $(cat "$S/latest") $(entries apps)" "43 100 audit billing"
    is "$(cat errors)" ""
    control POST broker id=1 state=up >/dev/null
    put "$P/checkpoint" 44
    is "$(stored)" "$(row billing orders 0 44)"
}

@test "an answer that is older than what was acknowledged is asked for again, also of a step back or a removal" {
    three_brokers
    warm
    quirk failover=older
    put "$P/checkpoint" 43
    coordinator_is 2
    let_values_age
    is "$(cat "$P/checkpoint")" 43
    put "$P/checkpoint" 5
    coordinator_is 3
    let_values_age
    is "$(cat "$P/checkpoint")" 5
    put apps/billing/orders/1/checkpoint 8
    coordinator_is 1
    let_values_age
    is "$(entries checkpoints/billing/orders) $(cat apps/billing/orders/1/checkpoint)" "0 1 8"
}

@test "a cluster that was never asked for a coordinator has one in a moment" {
    restart_service
    quirk offsets_topic=absent
    make_world
    remount_service
    put "$P/checkpoint" 43
    is "$(stored)" "$(row billing orders 0 43)"
}

# ---- answers that are lost, late, or none

@test "an answer that is lost once is asked for again" {
    local kind
    for kind in hang-up reset close-middle reset-middle; do
        let_values_age
        forget_requests
        fail_at read "$kind"
        is "$kind $(op_read) $(requests OffsetFetch)" "$kind 42 2"
    done
    let_values_age
    forget_requests
    fail_at read close
    is "$(op_read) $(asked)" "42 OffsetFetch 1"
}

@test "a connection that was closed while it was idle costs nobody anything" {
    warm
    control POST connections/close >/dev/null
    put "$P/checkpoint" 43
    is "$(requests OffsetCommit)" 1
    is "$(cat errors)" ""
}

@test "a commit whose answer is lost is sent again, and stored once" {
    local kind
    warm
    for kind in hang-up reset close-middle reset-middle; do
        forget_requests
        fail_at commit "$kind" execute=1
        put "$P/checkpoint" 50
        is "$kind $(requests OffsetCommit)" "$kind 2"
        is "$(stored)" "$(row billing orders 0 50)"
    done
    is "$(journal result | sort -u)" ok
}

@test "a commit whose answers are all lost is unknown, carried out or not" {
    impatient
    fail_at commit hang-up execute=1 count=forever
    refused "${SAYS[ECONNRESET]:?}" put "$P/checkpoint" 50
    no_faults
    is "$(journal result number | tail -n 1)" $'unknown\t50'
    is "$(cat "$P/checkpoint") $(stored)" "50 $(row billing orders 0 50)"
    fail_at commit hang-up count=forever
    refused "${SAYS[ECONNRESET]:?}" put "$P/checkpoint" 60
    no_faults
    is "$(journal result number | tail -n 1)" $'unknown\t60'
    is "$(cat "$P/checkpoint")" 50
    fail_at commit never execute=1 count=forever
    refused "${SAYS[ETIMEDOUT]:?}" put "$P/checkpoint" 70
    no_faults
    is "$(journal result number | tail -n 1)" $'unknown\t70'
    is "$(cat "$P/checkpoint")" 70
}

@test "a commit that a broker gave up, but had stored, is read back" {
    impatient
    fail_at commit status code=REQUEST_TIMED_OUT execute=1 count=forever
    refused "${SAYS[ETIMEDOUT]:?}" put "$P/checkpoint" 50
    no_faults
    is "$(journal result number | tail -n 1)" $'unknown\t50'
    is "$(cat "$P/checkpoint")" 50
}

@test "a removal whose answer is lost is done, and not of something else" {
    warm
    fail_at delete hang-up execute=1
    rm "$C"
    is "$(stored)" ""
    is "$(requests OffsetDelete)" 1
    fail_at rmdir hang-up execute=1
    rmdir apps/audit
    is "$(control GET groups | grep -c audit)" 0
    is "$(cat errors)" ""
}

@test "with its last commit a group may be gone" {
    quirk last_commit=removed
    rm "$C"
    is "$(control GET groups | grep -c billing)" 0
    put "$P/checkpoint" 43
    is "$(stored)" "$(row billing orders 0 43)"
}

@test "an answer that is late is waited for" {
    warm
    fail_at read delay delay=1500
    is "$(op_read)" 42
    fail_at read drip bytes=3 interval=10
    let_values_age
    is "$(op_read)" 42
    is "$(cat errors)" ""
}

@test "what is no answer of Kafka's is EBADMSG, at once, and says what it may be" {
    local kind
    for kind in mixed garbage truncated huge html tls; do
        forget_requests
        let_values_age
        fail_at read "$kind" count=forever
        refused "${SAYS[EBADMSG]:?}" op_read
        no_faults
        is "$kind $(requests OffsetFetch)" "$kind 1"
        matches "$(tail -n 1 errors)" "does not answer as a Kafka broker|its answer cannot be read"
    done
    is "$(op_read)" 42
}

@test "a commit with an answer that is none is unknown" {
    local kind
    warm
    for kind in mixed garbage truncated huge; do
        fail_at commit "$kind" count=forever
        refused "${SAYS[EBADMSG]:?}" put "$P/checkpoint" 50
        no_faults
        is "$kind $(journal result number | tail -n 1)" "$kind "$'unknown\t50'
    done
}

@test "a port that speaks something else is told of" {
    fault tls count=forever
    hup
    control POST connections/close >/dev/null
    let_values_age
    refused "${SAYS[EBADMSG]:?}" op_read
    matches "$(tail -n 1 errors)" "its port speaks TLS, so write kafka://"
    no_faults
    fault html count=forever
    control POST connections/close >/dev/null
    refused "${SAYS[EBADMSG]:?}" op_read
    matches "$(tail -n 1 errors)" "its port speaks HTTP"
}

@test "brokers that know none of the versions are told of, and those of 2.4 will do" {
    quirk release=none
    control POST connections/close >/dev/null
    refused "${SAYS[EOPNOTSUPP]:?}" op_read
    quirk release=2.4
    control POST connections/close >/dev/null
    everything_is_right
    put "$P/checkpoint" 43
    is "$(stored)" "$(row billing orders 0 43)"
}

# ---- what is odd about Kafka

@test "a negative offset that somebody has stored is none" {
    local number
    for number in -1 -2 -5; do
        committed billing orders 0 "$number"
        let_values_age
        refused "${SAYS[ENOENT]:?}" cat "$P/checkpoint"
        is "$(cat "$P/lag") $(entries checkpoints/billing)" "90 "
    done
}

@test "share groups are not listed, cannot be found, and are told of" {
    control POST group name=shared type=share >/dev/null
    control POST group name=modern type=consumer >/dev/null
    remount_service
    is "$(entries apps)" "audit billing modern"
    absent apps/shared
    matches "$(cat errors)" 'the group "shared" cannot be shown: it is a share group'
}

@test "a group of which only members are known has no checkpoints, and its lag is all there is" {
    control POST member group=young topic=orders name=m >/dev/null
    remount_service
    is "$(entries checkpoints/young)" ""
    is "$(cat apps/young/orders/0/lag)" 90
}

@test "a topic that is removed takes its checkpoints with it" {
    control DELETE topic name=orders >/dev/null
    hup
    let_values_age
    refused "${SAYS[ENOENT]:?}" cat "$P/checkpoint"
    absent streams/orders
}

@test "metadata that is no text is told of, and its checkpoint stands" {
    committed billing orders 0 43 $'two\nlines'
    let_values_age
    is "$(cat "$P/checkpoint")" 43
}

# ---- tables, whose lines go out together

# make_wide COUNT [OPTION...]: an app with as many checkpoints, that of P being P + 1000.
make_wide() {
    W=apps/audit/wide/checkpoints
    wide "$1"
    remount_service "${@:2}"
    warm
    cat "$W" >/dev/null
    forget_requests
}

# committed_now NUMBER: on how many partitions of the table it is.
committed_now() {
    stored | grep -c "audit wide [0-9]* $1\( \|\$\)" || true
}

# How many changes have ended how.
results() {
    journal result | sort | uniq -c | xargs
}

@test "a partition that is refused in a request with others is refused alone" {
    make_wide 100
    run -1 put_once "$W" "$(seq 0 99 | sed 's/$/\\t7/;50s/^49/100000/')\n"
    matches "$(tail -n 1 errors | cut -f 8)" '^1 lines of this write failed, its others are done; line 50, partition 100000: '
    is "$(committed_now 7) $(journal result | sort | uniq -c | xargs)" "99 1 failed 99 ok"
}

@test "a table whose answers are all lost is unknown, line by line, and none is called committed" {
    make_wide 200 -o timeout=2
    fault hang-up method=OffsetCommit execute=1 count=forever
    run -1 put_once "$W" '*\t7\n'
    no_faults
    is "$(results)" "200 unknown"
    is "$(committed_now 7)" 200
    let_values_age
    forget_requests
    put_once "$W" '*\t7\n' # what is in doubt is asked for, and not sent without need
    is "$(cut -f 2 "$W" | sort -u)" 7
}

@test "whatever a table leaves in doubt is asked for before it is changed" {
    local partition
    make_wide 2000 -o timeout=2
    fault hang-up method=OffsetCommit execute=1 count=forever
    run -1 put_once "$W" '*\t7\n'
    no_faults
    is "$(results)" "2000 unknown"
    for partition in 0 1000 1999; do
        forget_requests
        put "apps/audit/wide/$partition/checkpoint" 9
        is "$(requests OffsetFetch)" 1
    done
}

@test "a table whose answer is lost once is sent again, and so is one that is reset before it is carried out" {
    local kind
    make_wide 200
    for kind in "hang-up execute=1" "hang-up execute=0" "reset execute=0" "reset-middle execute=1"; do
        # shellcheck disable=SC2086 # two words
        fault ${kind% *} method=OffsetCommit ${kind#* } count=1
        put_once "$W" "*\t$((++LATE + 10))\n"
        is "$kind $(committed_now "$((LATE + 10))")" "$kind 200"
    done
    is "$(results)" "800 ok"
}

@test "codes that pass are asked for again, each partition by itself, and those that do not refuse each line" {
    make_wide 50
    fault status method=OffsetCommit code=NOT_COORDINATOR count=1
    put_once "$W" '*\t7\n'
    is "$(committed_now 7)" 50
    fault status method=OffsetCommit code=GROUP_AUTHORIZATION_FAILED count=forever
    forget_requests
    run -1 put_once "$W" '*\t8\n'
    is "$(requests OffsetCommit)" 1
    matches "$(tail -n 1 errors | cut -f 8)" '^50 lines of this write failed, its others are done; line 1, partition 0: this needs the ACL Read'
    no_faults
    is "$(results)" "50 failed 50 ok"
}

@test "what is too much for a broker's log at once goes out in halves" {
    local code
    for code in INVALID_COMMIT_OFFSET_SIZE UNKNOWN_SERVER_ERROR; do
        make_wide 2000
        fault status method=OffsetCommit "code=$code" count=1
        put_once "$W" '*\t7\n'
        is "$code $(requests OffsetCommit)" "$code 3"
        is "$(committed_now 7) $(results)" "2000 2000 ok"
        forget_requests
        put_once "$W" '*\t8\n' # that is remembered
        is "$(requests OffsetCommit) $(committed_now 8)" "2 2000"
    done
}

@test "a broker that always fails is not asked for ever smaller parts of a table" {
    make_wide 2000
    fault status method=OffsetCommit code=UNKNOWN_SERVER_ERROR count=forever
    run -1 put_once "$W" '*\t7\n'
    no_faults
    (($(requests OffsetCommit) <= 7)) || is "$(requests OffsetCommit)" "7 at most"
    is "$(results)" "2000 unknown"
}

@test "Ctrl-C makes a table unknown that was sent, line by line" {
    make_wide 200
    fault delay hold=1 count=forever method=OffsetCommit
    in_background env printf '*\t7\n' >"$W"
    local writer=$!
    eventually in_flight 1
    kill -INT "$writer"
    wait "$writer" || true
    no_faults
    release
    eventually in_flight 0
    is "$(results)" "200 unknown"
    put_once "$W" '*\t8\n'
    is "$(committed_now 8)" 200
}

@test "an answer that leaves a partition out is none, and does not tell of another" {
    make_wide 50
    fault mixed method=OffsetCommit count=1
    put_once "$W" '*\t7\n' || true
    is "$(journal result | sort -u | grep -c failed)" 0
}

@test "reads that hang, more than there are connections, hold up no commit and no other call" {
    local partition before begin
    wide 64
    remount_service
    warm
    let_values_age
    fault never method=OffsetFetch path=/wide count=forever
    before=$(waiting)
    for partition in {0..63}; do
        in_background cat "apps/audit/wide/$partition/checkpoint" 2>>"$DIR/messages"
    done
    eventually wait_now "$((before + 64))"
    begin=$(milliseconds)
    put apps/audit/orders/0/checkpoint 50 # the same coordinator
    at_once_after "$begin"
    promptly cat streams/wide/0/latest >"$DIR/latest"
    no_faults
    is "$(cat apps/audit/orders/0/checkpoint)" 50
}
