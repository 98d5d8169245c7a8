# shellcheck shell=bats
# shellcheck disable=SC2034 # the tests use what is set here
# What the tests of Kafka on simulated brokers share: its small world, and how to say what is asked and what fails.
# An app is a consumer group, a stream a topic.
#
# SIMULATED_KAFKA is the simulated cluster that the tests talk to; see tests/service/README.md. It has as many brokers
# as BROKER_COUNT says, and control talks to its control interface, which is HTTP on a port of its own.

load service

SIMULATED=${SIMULATED_KAFKA:-}
BROKER_COUNT=${BROKER_COUNT:-1}
ROOT=/1 # the broker
VALUES=/billing/orders
REFUSALS='^[1-9]'
HOST=127.0.0.1
ELSEWHERE=kafka+plain://kafka.invalid
NO_HOST=no-such-host.invalid
NOWHERE=kafka+plain://$NO_HOST
# shellcheck disable=SC2054 # a list of hosts has commas
INCOMPLETE=(kafka: kafka:// kafka:///x kafka://127.0.0.1:99999 kafka://127.0.0.1:x kafka+ftp://127.0.0.1
    kafka://127.0.0.1/topic "kafka://a b" 'kafka://a,,b')
UNTOUCHED="billing orders 0 42 note"
CONTENT=$'42\nnote'
READS=
GAP=0
MALFORMED=INVALID_REQUEST
THROTTLED=THROTTLING_QUOTA_EXCEEDED
REFUSED=(400:INVALID_REQUEST:EINVAL 403:GROUP_AUTHORIZATION_FAILED:EACCES 404:GROUP_ID_NOT_FOUND:ENOENT)
SEARCH=3 # who coordinates it, that one's list, and what it knows to be committed
REMOVED=$'audit\t-'
LACKS=(closing http narrow-names "apps of their own")

# ---- the service

# start_service [OPTION...]: brokers keep their ports when it is started again.
start_service() {
    local id
    PORTS=("${PORTS[@]}")
    for ((id = 0; id < BROKER_COUNT; id++)); do
        set -- "$@" --broker "${PORTS[id]:-0}"
    done
    run_service "$@" || return
    mapfile -t PORTS < <(control GET brokers | sed 's/.*:\([0-9]*\) .*/\1/')
    SOURCE=kafka+plain://127.0.0.1:${PORTS[0]}
}

# Topics with the records 10 to 99, one a second until now, in three partitions and one; and one checkpoint.
make_world() {
    local time=$(($(milliseconds) - 100000))
    seed '{
        "topics": [
            {"name": "orders", "partitions": 3, "earliest": 10, "latest": 100, "time": '$time'},
            {"name": "payments", "partitions": 1, "earliest": 10, "latest": 100, "time": '$time'}],
        "groups": ["audit", "billing"],
        "checkpoints": [
            {"group": "billing", "topic": "orders", "partition": 0, "offset": 42, "metadata": "note"}]}'
}

# three_brokers [OPTION...]: the small world on as many, mounted anew. The first coordinates billing, the second
# audit.
three_brokers() {
    BROKER_COUNT=3
    PORTS=()
    restart_service
    make_world
    control POST group name=billing coordinator=1 >/dev/null
    control POST group name=audit coordinator=2 >/dev/null
    remount_service "$@"
}

# What a client has done wrong by the protocol.
end_service() {
    local failed=0 malformed
    if [[ -n ${SERVER:-} ]]; then
        malformed=$(control GET malformed)
        is "malformed: $malformed" "malformed: " || failed=1
        is "pipelined: $(stat_of pipelined)" "pipelined: 0" || failed=1
    fi
    cd /
    stop_service || failed=1
    clear_place || failed=1
    return "$failed"
}

# fault KIND [NAME=VALUE...]: what is said of HTTP in the scenes that hold for every service is said as Kafka does.
fault() {
    local word words=() kind=$1
    shift
    for word; do
        case $kind:$word in
        status:status=5*) words+=(code=COORDINATOR_LOAD_IN_PROGRESS) ;;
        *:status=* | *:shape=* | *:message=* | *:retry_after=*) ;;
        *) words+=("$word") ;;
        esac
    done
    control POST fault "kind=$kind" "${words[@]}" >/dev/null
}

# committed GROUP TOPIC PARTITION OFFSET [METADATA]: as if another client had.
committed() {
    control POST checkpoint "group=$1" "topic=$2" "partition=$3" "offset=$4" ${5+"metadata=$5"} >/dev/null
}

# withdrawn GROUP TOPIC PARTITION: another client removes the checkpoint.
withdrawn() {
    control DELETE checkpoint "group=$1" "topic=$2" "partition=$3" >/dev/null
}

# keeps FIRST NEXT: the bounds of the partition with the checkpoint.
keeps() {
    control POST partition topic=orders partition=0 "earliest=$1" "latest=$2" >/dev/null
}

# All checkpoints that the service has: group topic partition number metadata.
stored() {
    control GET checkpoints | sed 's/ $//'
}

# The numbers that the service was asked to commit, in their order, on one line.
asked_for() {
    control GET log | awk '$1 == "OffsetCommit" { print $5 }' | xargs
}

# another_app NAME: another client makes it.
another_app() {
    control POST group "name=$1" >/dev/null
}

# another_stream NAME: another client makes it, for billing too.
another_stream() {
    control POST topic "name=$1" partitions=2 earliest=0 latest=100 >/dev/null
}

# A topic "wide" with that many partitions, and a checkpoint on each for audit: its number and 1000.
wide() {
    control POST topic name=wide "partitions=$1" earliest=0 latest=5000 >/dev/null
    seed "$(jq -nc --argjson partitions "$1" '{checkpoints: [range($partitions) | {topic: "wide",
        group: "audit", partition: ., offset: (. + 1000)}]}')"
}

# many COUNT PARTITIONS: topics s1, s2 ... with so many partitions, and a checkpoint on each for audit.
many() {
    seed "$(jq -nc --argjson count "$1" --argjson partitions "$2" '[range(1; $count + 1) | "s\(.)"] as $names | {
        topics: [$names[] | {name: ., partitions: $partitions, earliest: 0, latest: 5000}],
        checkpoints: [$names[] as $name | range($partitions) | {topic: $name, group: "audit", partition: .,
            offset: (. + 1000)}]}')"
}

# asking TOPICS PARTITIONS: how many requests it takes to ask so many topics for their lags: for each its
# coordinator, and its one leader for both ends.
asking() {
    echo $((3 * $1))
}

# shown NUMBER: as files show it.
shown() {
    echo "$1"
}

# row GROUP TOPIC PARTITION NUMBER: a line of stored.
row() {
    echo "$*"
}

# requests [METHOD [PATH]]: as in service.bash, without what a connection begins with.
requests() {
    control GET log | awk -v method="${1:-}" -v path="${2:-}" -v root="$ROOT" '
        $1 != "ApiVersions" && (method == "" || $1 == method) && (path == "" || $2 ~ "^" root path "$") { count++ }
        END { print count + 0 }'
}

# What was asked how often, in one look, without what a connection begins with.
summary() {
    control GET log | awk '$1 != "ApiVersions" { print $1, $2 }' | sort | uniq -c | sed 's/^ *//'
}

# Those that change something.
changes() {
    control GET log | grep -cE '^(OffsetCommit|OffsetDelete|DeleteGroups|Produce) ' || true
}

# Those of how many kinds, without what a connection begins with.
asked() {
    control GET log | awk '$1 != "ApiVersions" { print $1 }' | sort | uniq -c | awk '{ print $2, $1 }' | xargs
}

# ---- operations that fail

op_read() { cat "$P/checkpoint"; }
op_commit() { put "$P/checkpoint" 43; }
op_delete() { rm "$C"; }
op_cursor() { cat "$S/latest"; }
op_lag() { cat "$P/lag"; }
op_apps() { ls apps; }
op_stream() { cat streams/orders/status; }
op_search() { stat apps/nobody; }
op_find() { another_app "late-$((++LATE))" && stat "apps/late-$LATE"; } # that nobody has listed
op_rmdir() { rmdir apps/audit; }

# Which request each of them sends last.
declare -gA METHOD=([read]=OffsetFetch [commit]=OffsetCommit [delete]=OffsetDelete [cursor]=ListOffsets
    [lag]=ListOffsets [apps]=ListGroups [stream]=Metadata [search]=ListGroups [find]=ListGroups [rmdir]=DeleteGroups)
declare -gA WHERE=([read]=/billing/orders/0 [commit]=/billing/orders/0 [delete]=/billing/orders/0 [cursor]=/orders/0
    [lag]=/orders/0 [apps]=/ [stream]=/ [search]=/ [find]=/ [rmdir]=/audit)

# ---- credentials: there are none

use_keys() {
    :
}

# ---- expecting

# first_of CURSOR: the number of the record that it begins with.
first_of() {
    echo "$1"
}

# begins POSITION: the oldest record is next then.
begins() {
    lands "$1" 10
    is "$1: $(cat "$P/cursor")" "$1: 10"
}

# everything_is_right: the small world, seen from all sides.
everything_is_right() {
    is "$(entries apps) $(entries streams)" "audit billing orders payments"
    is "$(entries apps/billing) $(entries apps/billing/orders)" "orders payments 0 1 2 checkpoints"
    is "$(entries streams/orders) $(entries streams/payments)" "0 1 2 status 0 status"
    is "$(entries checkpoints) $(entries checkpoints/billing)" "audit billing orders"
    is "$(entries checkpoints/billing/orders)$(entries checkpoints/audit)" 0
    is "$(cat "$P/checkpoint") $(cat "$P/metadata") $(cat "$P/lag")" "42 note 58"
    is "$(stat -c %s "$P/checkpoint" "$P/metadata" "$C" | xargs)" "3 5 8"
    is "$(cat "$C")" $'42\nnote'
    refused "${SAYS[ENOENT]:?}" cat apps/billing/orders/1/checkpoint
    is "$(cat apps/billing/orders/1/lag)" 90
    is "$(cat "$S/earliest") $(cat "$S/latest")" "10 100"
}
