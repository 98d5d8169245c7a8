# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031 # each test is a shell of its own
# The scripts of examples/ on a service.

# shellcheck source=tests/shell/dis.bash
load "$SERVICE"

EXAMPLES=$BATS_TEST_DIRNAME/../../examples

@test "reset.sh moves an app, says why what is refused was, and goes back" {
    local before
    before=$(cat "$C")
    export TMPDIR=$DIR
    run -0 "$EXAMPLES/reset.sh" apps/billing/orders latest
    # shellcheck disable=SC2154 # run sets it
    # What the others did not have is removed, which SLS does not do.
    run eval "${lines[0]#*: }"
    if [[ $SERVICE == sls ]]; then
        is "$status ${lines[-1]}" "1 orders/2: MTAw -> MTAw: the service cannot delete one checkpoint"
    else
        matches "$status ${lines[-1]}" "^0 orders/2: (99|100) -> none\$"
    fi
    is "$(cat "$C")" "$before"

    run -1 "$EXAMPLES/reset.sh" apps/billing/orders yesterday
    matches "${lines[2]}" '^orders/0: ([^ ]+) -> ([^ ]+): .*yesterday'
    is "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
    is "$(cat "$C")" "$before"
}

@test "reset.sh moves nothing when what is committed cannot be saved" {
    of http
    remount_service
    forget_requests
    fault status method=GET path="$VALUES" status=400 code="$MALFORMED" message=no count=forever
    run -1 "$EXAMPLES/reset.sh" "$MNT/apps/billing/orders" latest
    matches "$output" "nothing was moved"
    is "$(changes)" 0
}

@test "lag-alert.sh and lag-metrics.sh fail when the service does, and the old file stays" {
    run -1 "$EXAMPLES/lag-alert.sh" "$MNT" 1
    matches "${lines[0]}" '^billing/orders/0 is 5[78] records behind$'
    matches "${lines[1]}" '^billing/orders/1: nothing is committed, and [0-9]+ records wait$'
    "$EXAMPLES/lag-metrics.sh" "$MNT" "$DIR/lag.prom"
    cp "$DIR/lag.prom" "$DIR/before"
    matches "$(grep -m 1 ^checkpointfs_lag_records "$DIR/before")" 'stream="orders",partition="0"} 5[78]$'

    remount_service -o timeout=1
    stop_service
    local command
    for command in "lag-alert.sh $MNT 1" "lag-metrics.sh $MNT $DIR/lag.prom"; do
        # shellcheck disable=SC2086 # several words
        run timeout 60 "$EXAMPLES"/$command
        # shellcheck disable=SC2154 # run sets it
        ((status == 1))
        matches "$output" "Connection refused|timed out"
    done
    cmp "$DIR/lag.prom" "$DIR/before"
    is "$(ls "$DIR"/lag.prom*)" "$DIR/lag.prom"
}

@test "migrate.sh finds by time what is next, and compare.sh finds no difference then" {
    needs jq
    export TMPDIR=$DIR
    env printf '1\t20\n2\t30\n' >apps/billing/orders/checkpoints
    run -1 "$EXAMPLES/compare.sh" lag/billing lag/audit
    is "${#lines[@]}" 4
    run -0 "$EXAMPLES/migrate.sh" -p apps/billing/orders apps/audit/orders
    is "$(cut -f 1,2 apps/audit/orders/checkpoints)" "$(cut -f 1,2 apps/billing/orders/checkpoints)"
    run -0 "$EXAMPLES/compare.sh" lag/billing lag/audit
    is "$output" ""
    put apps/audit/orders/2/checkpoint 'shift +3'
    run -1 "$EXAMPLES/compare.sh" lag/billing lag/audit
    matches "${lines[1]}" '^orders	2	3[01]	3[34]	-3	(69|70)	(66|67)$'
}

@test "offsets-csv.py counts on where a checkpoint is the last record that was read" {
    needs python3
    if [[ $SERVICE == sls ]]; then
        run -1 python3 "$EXAMPLES/offsets-csv.py" export apps/billing
        is "$output" "billing/orders/0: NDI= is no offset"
    else
        put "$P/checkpoint" 50
        run -0 python3 "$EXAMPLES/offsets-csv.py" export apps/billing
        is "$output" "orders,0,$([[ $SERVICE == dis ]] && echo 51 || echo 50)"
    fi
    python3 "$EXAMPLES/offsets-csv.py" import "$MNT" <<<'audit,orders,1,60'
    # the record that is next
    is "$(head -n 1 apps/audit/orders/1/records/now | jq -r .sequence)" 60
}

@test "reset.sh -n sends nothing that changes something, and says how to do what it says" {
    needs jq
    export TMPDIR=$DIR
    local before
    before=$(cat "$C")
    forget_requests
    run -0 "$EXAMPLES/reset.sh" -n apps/billing/orders latest
    matches "$output" "^orders/0: [^ ]+ -> [^ ]+: skips 5[78]
orders/1: none -> [^ ]+: skips 90
orders/2: none -> [^ ]+: skips 90
a plan; to do that: .*"
    is "$(changes) $(cat "$C")" "0 $before"
    eval "${lines[-1]#*: }"
    is "$(cat apps/billing/orders/*/lag | xargs)" "0 0 0"
    run "$EXAMPLES/reset.sh" --undo apps/billing/orders
    is "$(cat "$C")" "$before"
}
