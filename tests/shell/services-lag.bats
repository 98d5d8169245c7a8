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
    closes 0
    is "$(state)" closed
    committed billing orders 0 98
    is "$(state)" rewound
    committed billing orders 0 99
    keeps 90 100
    [[ $(state) =~ ^(ok|closed)$ ]]
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
    is "$(requests GET ".*/orders.*|$VALUES")" "$(asking 1 3)"
    forget_requests
    exec 7<lag/billing
    cat <&7 >"$DIR/read"
    is "$(requests GET ".*/orders.*|$VALUES")" "$(asking 1 3)"
    python3 -c 'import os; os.lseek(7, 0, 0); os.read(7, 65536); os.read(7, 65536)'
    exec 7<&-
    is "$(requests GET ".*/orders.*|$VALUES")" "$(asking 2 3)"
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
    is "$(requests GET '.*/s[0-9]+/?.*')" "$(asking 20 50)"
    (($(stat_of in_flight_most) >= 20))
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
    is "$(requests GET ".*/orders.*|$VALUES")" "$(asking 1 3)"
}

# ---- failures

@test "if a stream cannot be asked there is no table, and errors names the stream" {
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
