# shellcheck shell=bats
# lag/ and gauges/ of any service. SERVICE says which service it is.

load "${SERVICE:-dis}"

# table [APP]: without its head and its times, a blank between fields.
table() {
    tail -n +2 "lag/${1:-billing}" | cut -f 1-8 | tr '\t' ' '
}

# state: of billing on the partition 0 of orders.
state() {
    awk '$1 == "orders" && $2 == 0 { print $8 }' lag/billing
}

# What is asked to know on which streams apps have checkpoints is known when this returns, so that the requests
# that are counted from here are those for the streams.
know_streams() {
    cat lag/audit lag/billing >"$DIR/known"
    forget_requests
}

@test "a line for each partition of the streams with a checkpoint, as the service tells it" {
    is "$(table)" "orders 0 $(shown 42) 10 100 $((58 - GAP)) $((32 + GAP)) ok
orders 1 - 10 100 90 0 none
orders 2 - 10 100 90 0 none"
    is "$(table audit)" ""
}

@test "states" {
    committed billing orders 0 "$((100 - GAP))"
    is "$(state)" ok
    committed billing orders 0 98
    is "$(state)" rewound
    committed billing orders 0 99
    keeps 90 100
    [[ $(state) == ok ]]
    keeps 98 200
    is "$(state)" near
    keeps 150 200
    is "$(state)" expired
    is "$(table | head -n 1)" "orders 0 $(shown 99) 150 200 50 0 expired"
    committed billing orders 0 5000
    is "$(state)" ahead
    withdrawn billing orders 0
    committed billing orders 1 50
    is "$(state)" none
}

@test "a closed partition that was read to its end" {
    of closing
    closes 0
    is "$(state)" ok
    committed billing orders 0 "$((100 - GAP))"
    is "$(state)" closed
}

@test "stalled: records wait, and nothing is committed" {
    remount_service -o stalled=2
    committed billing orders 0 50
    is "$(state)" ok
    eventually state_is stalled
    committed billing orders 0 51
    is "$(state)" ok
    committed billing orders 0 "$((100 - GAP))"
    sleep 2.1
    is "$(state)" ok
}

state_is() {
    [[ $(state) == "$1" ]]
}

@test "stalled, though records are appended here" {
    of appending
    remount_service -o stalled=2
    committed billing orders 0 50
    appended_and_stalled() {
        echo more >>"$S/records/new"
        state_is stalled
    }
    local begin
    begin=$(milliseconds)
    eventually appended_and_stalled
    (($(milliseconds) - begin >= 1500))
    is "$(awk '$1 == "orders" && $2 == 0 { print ($6 > 50) }' lag/billing)" 1
}

@test "what was committed through the mount is in it at once" {
    put "$P/checkpoint" "$(shown 50)"
    is "$(table | head -n 1)" "orders 0 $(shown 50) 10 100 $((50 - GAP)) $((40 + GAP)) ok"
    matches "$(awk 'NR == 2 { print $9 }' lag/billing)" '^20.*Z$'
    put "$P/checkpoint" "$(shown 40)"
    is "$(state)" rewound
}

@test "gauges are what Prometheus reads" {
    python3 "$BATS_TEST_DIRNAME/exposition.py" gauges/billing metrics >"$DIR/samples"
    is "$(awk -F '\t' '/"partition": "0"/ && !/timestamp/ { print $1, $3 }' "$DIR/samples")" \
        "checkpointfs_lag_records $((58 - GAP))
checkpointfs_margin_records $((32 + GAP))
checkpointfs_checkpoint 42
checkpointfs_earliest 10
checkpointfs_latest 100
checkpointfs_expired_records 0"
    is "$(grep '"partition"' "$DIR/samples" | cut -f 2 | jq -r '"\(.source) \(.app) \(.stream)"' | sort -u)" \
        "$SOURCE billing orders"
}

# ---- requests

@test "a stream is asked in one batch, each time that the file is opened or read again" {
    know_streams
    cat lag/billing >"$DIR/read"
    is "$(requests "$READS" ".*/orders.*|$VALUES")" "$(asking 1 3)"
    forget_requests
    exec 7<lag/billing
    cat <&7 >"$DIR/read"
    is "$(requests "$READS" ".*/orders.*|$VALUES")" "$(asking 1 3)"
    python3 -c 'import os; os.lseek(7, 0, 0); os.read(7, 65536); os.read(7, 65536)'
    exec 7<&-
    is "$(requests "$READS" ".*/orders.*|$VALUES")" "$(asking 2 3)"
}

@test "who looks at the directory, and what it says of its files, asks nothing" {
    warm
    ls -l lag gauges >"$DIR/listed"
    stat lag/billing gauges/audit >"$DIR/listed"
    is "$(requests)" 0
}

@test "20 streams of 50 partitions are asked side by side" {
    many 20 50
    remount_service
    know_streams
    fault delay delay=200 count=forever
    cat lag/audit >"$DIR/read"
    is "$(tail -n +2 "$DIR/read" | wc -l)" 1000
    is "$(requests "$READS" '.*/s[0-9]+/?.*')" "$(asking 20 50)"
    # A broker of Kafka has 16 connections.
    (($(stat_of in_flight_most) >= 16))
    is "$(cut -f 8 "$DIR/read" | sort | uniq -c | xargs)" "1000 ok 1 state"
    # The streams are in their order, and so are the partitions.
    is "$(tail -n +2 "$DIR/read" | cut -f 1 | uniq)" "$(printf 's%s\n' {1..20} | LC_ALL=C sort)"
    is "$(awk '$1 == "s7" { print $2, $3 }' "$DIR/read")" \
        "$(for ((i = 0; i < 50; i++)); do echo "$i $(shown $((i + 1000)))"; done)"
}

@test "two readers at a time share what is asked" {
    know_streams
    fault delay delay=500 count=forever
    cat lag/billing >"$DIR/one" &
    local first=$!
    cat gauges/billing >"$DIR/two"
    wait "$first"
    is "$(requests "$READS" ".*/orders.*|$VALUES")" "$(asking 1 3)"
}

# ---- lag and status of many partitions, one after the other

# batches BEGIN: how many there may have been since that time, when one does for a second.
batches() {
    echo $((($(milliseconds) - $1) / 1000 + 1))
}

@test "cat */lag takes one partition by itself, and then a batch a second" {
    local count=1000 alone=1 begin
    [[ $SERVICE == dis ]] || count=100 alone=3
    wide "$count"
    remount_service
    ls apps/audit/wide >"$DIR/names"
    forget_requests
    begin=$(milliseconds)
    cat apps/audit/wide/*/lag >"$DIR/lags"
    (($(requests) <= alone + $(batches "$begin") * $(asking 1 "$count"))) || is "$(requests)" "fewer"
    is "$(cat "$DIR/lags")" "$(for file in apps/audit/wide/[0-9]*; do echo $((4000 - GAP - ${file##*/})); done)"
}

@test "what a batch says is what is said of each by itself" {
    put apps/billing/orders/1/checkpoint "$(shown 50)"
    cat apps/billing/orders/*/{lag,status} >"$DIR/together"
    SNAPSHOT=0 remount_service
    cat apps/billing/orders/*/{lag,status} >"$DIR/alone"
    is "$(jq -c 'if type == "object" then del(.seen, .committed) else . end' "$DIR/together")" \
        "$(jq -c 'if type == "object" then del(.seen, .committed) else . end' "$DIR/alone")"
}

@test "a partition that is read alone is asked for each time" {
    warm
    local number
    for number in 50 51 52; do
        committed billing orders 0 "$number"
        is "$(cat "$P/lag")" "$((100 - GAP - number))"
    done
    (($(requests) >= 3))
}

@test "a commit of this mount is in the lag at once, though a batch has told another" {
    cat apps/billing/orders/{0,1,2}/lag >"$DIR/lags"
    put "$P/checkpoint" "$(shown 60)"
    is "$(cat apps/billing/orders/{1,0,2}/lag | xargs)" "90 $((40 - GAP)) 90"
    put apps/billing/orders/1/checkpoint "$(shown 70)"
    is "$(cat apps/billing/orders/{1,0,2}/lag | xargs)" "$((30 - GAP)) $((40 - GAP)) 90"
}

@test "what another client commits is in the lags after a second" {
    cat apps/billing/orders/{0,1,2}/lag >"$DIR/lags"
    committed billing orders 1 60
    let_values_age
    is "$(cat apps/billing/orders/{0,1,2}/lag | xargs)" "$((58 - GAP)) $((40 - GAP)) 90"
}

@test "checkpoint, metadata and cursor are asked for each time" {
    put apps/billing/orders/1/checkpoint "$(shown 50)"
    put apps/billing/orders/2/checkpoint "$(shown 50)"
    cat apps/billing/orders/{0,1,2}/lag >"$DIR/lags"
    forget_requests
    cat apps/billing/orders/{0,1,2}/checkpoint >"$DIR/read"
    is "$(requests)" 3
}

@test "-o snapshot=0: each lag is asked for by itself" {
    SNAPSHOT=0 remount_service
    warm
    cat apps/billing/orders/{0,1,2}/lag >"$DIR/lags"
    (($(requests) >= 3))
    committed billing orders 2 60
    is "$(cat apps/billing/orders/{0,1,2}/lag | xargs)" "$((58 - GAP)) 90 $((40 - GAP))"
}

# ---- failures

@test "if a stream cannot be asked there is no table, and errors names the stream" {
    of http
    committed billing payments 0 50
    remount_service
    know_streams
    fault status status=403 code=DIS.4116 shape="$SERVICE" path=payments count=forever
    refused "${SAYS[EACCES]:?}" cat lag/billing
    last_error
    is "${FIELD[1]} ${FIELD[2]} ${FIELD[3]}" "lag/billing open EACCES"
    matches "${FIELD[7]}" '^payments: '
    refused "${SAYS[EACCES]:?}" cat gauges/billing
    no_faults
    is "$(table | cut -d ' ' -f 1 | uniq | xargs)" "orders payments"
}

@test "an answer that is none is EBADMSG" {
    of http
    know_streams
    local body
    for body in '' '[]x' 42 '{"partition_consuming_states":[{"partition_id":"x"}],"has_more":false}' \
        '[{"shard":0,"checkpoint":7,"updateTime":"x"}]'; do
        fault body text="$body" path=billing count=forever
        refused "${SAYS[EBADMSG]:?}" cat lag/billing
        no_faults
    done
    is "$(state)" ok
}

@test "Ctrl-C ends it at once, and what was asked with it" {
    know_streams
    fault delay delay=20000 path=orders count=forever
    interrupted INT cat lag/billing
}

# ---- size

# The simulated SLS needs a second for each thousand of them.
@test "10,000 partitions" {
    local count=10000 pid before
    [[ $SERVICE == dis ]] || count=1000
    wide "$count"
    remount_service
    pid=$(daemon)
    cat lag/audit >"$DIR/read"
    is "$(tail -n +2 "$DIR/read" | wc -l)" "$count"
    is "$(awk '$2 == 999' "$DIR/read" | cut -f 1-8 | tr '\t' ' ')" \
        "wide 999 $(shown 1999) 0 5000 $((3001 - GAP)) $((1999 + GAP)) ok"
    before=$(awk '$1 == "VmRSS:" { print $2 }' "/proc/$pid/status")
    for _ in 1 2 3 4; do
        cat lag/audit gauges/audit >"$DIR/read"
    done
    is_sanitized || (($(awk '$1 == "VmHWM:" { print $2 }' "/proc/$pid/status") < before + 65536))
}
