# shellcheck shell=bats
# What is sent to DIS: the documented requests with all their parameters, and how many for one value.

load dis

# body LINE: of a request, without metadata that is empty.
body() {
    jq -cS 'if .metadata == "" then del(.metadata) else . end' <<<"{${1#*{}"
}

# ---- the documented requests

@test "echo sends POST /checkpoints with the five fields, all texts" {
    seed '{"apps":["newapp"],"streams":[{"name":"newstream","partitions":1,"latest":10}]}'
    remount_service
    warm
    put apps/newapp/newstream/0/checkpoint 2
    is "$(requests)" 1
    matches "$(last_request)" "^POST /v2/$PROJECT/checkpoints 201 access \{"
    is "$(body "$(last_request)")" '{"app_name":"newapp","checkpoint_type":"LAST_READ",'\
'"partition_id":"0","sequence_number":"2","stream_name":"newstream"}'
}

@test "echo with metadata sends it as a sixth" {
    warm
    put_once "$P/checkpoint" '43\nreplayed by hand\n'
    is "$(requests)" 1
    is "$(body "$(last_request)")" '{"app_name":"billing","checkpoint_type":"LAST_READ",'\
'"metadata":"replayed by hand","partition_id":"0","sequence_number":"43","stream_name":"orders"}'
}

@test "cat sends GET /checkpoints with the four parameters, and prints the number" {
    warm
    is "$(cat "$P/checkpoint")" 42
    is "$(requests)" 1
    matches "$(last_request)" "^GET /v2/$PROJECT/checkpoints[?][^ ]* 200 access\$"
    is "$(parameters "$(last_request)")" \
        "app_name=billing checkpoint_type=LAST_READ partition_id=0 stream_name=orders"
}

@test "metadata sends the same request, and prints the text" {
    warm
    is "$(cat "$P/metadata")" note
    is "$(requests)" 1
    is "$(parameters "$(last_request)")" \
        "app_name=billing checkpoint_type=LAST_READ partition_id=0 stream_name=orders"
}

@test "cursor sends GET /cursors with hyphens, and prints partition_cursor" {
    warm
    local cursor
    cursor=$(cat "$P/cursor")
    is "$(parameters "$(last_request)")" \
        "$(xargs <<<"cursor-type=AFTER_SEQUENCE_NUMBER partition-id=0
            starting-sequence-number=42 stream-name=orders")"
    is "$(requests GET /cursors)" 1
    is "$(parameter "$cursor" cursor-type)" AFTER_SEQUENCE_NUMBER
    is "$(parameter "$cursor" starting-sequence-number)" 42
}

@test "cursor without a checkpoint asks for the oldest record" {
    warm
    local cursor
    cursor=$(cat apps/billing/orders/1/cursor)
    is "$(parameters "$(last_request)")" \
        "cursor-type=TRIM_HORIZON partition-id=1 stream-name=orders"
    is "$(parameter "$cursor" starting-sequence-number)" 10
}

@test "cursor under -o checkpoint=next asks for the checkpoint itself" {
    remount_service -o checkpoint=next
    warm
    cat "$P/cursor" >/dev/null
    is "$(parameters "$(last_request)")" \
        "$(xargs <<<"cursor-type=AT_SEQUENCE_NUMBER partition-id=0
            starting-sequence-number=42 stream-name=orders")"
}

@test "each file of cursors/ asks for its own type" {
    warm
    local directory=$S/cursors common="partition-id=0"
    cat "$directory/earliest" >/dev/null
    is "$(parameters "$(last_request)")" "cursor-type=TRIM_HORIZON $common stream-name=orders"
    cat "$directory/latest" >/dev/null
    is "$(parameters "$(last_request)")" "cursor-type=LATEST $common stream-name=orders"
    cat "$directory/at/50" >/dev/null
    is "$(parameters "$(last_request)")" \
        "cursor-type=AT_SEQUENCE_NUMBER $common starting-sequence-number=50 stream-name=orders"
    cat "$directory/after/50" >/dev/null
    is "$(parameters "$(last_request)")" \
        "cursor-type=AFTER_SEQUENCE_NUMBER $common starting-sequence-number=50 stream-name=orders"
    is "$(requests)" 4
}

@test "since/ sends the time in milliseconds" {
    warm
    local when
    when=$(($(date +%s) - 60))
    cat "$S/cursors/since/@$when" >/dev/null
    is "$(parameters "$(last_request)")" \
        "cursor-type=AT_TIMESTAMP partition-id=0 stream-name=orders timestamp=${when}000"
    cat "$S/cursors/since/@$when.5" >/dev/null
    is "$(parameters "$(last_request)")" \
        "cursor-type=AT_TIMESTAMP partition-id=0 stream-name=orders timestamp=${when}500"
    cat "$S/cursors/since/$(date -ud "@$when" +%Y-%m-%dT%H:%M:%SZ)" >/dev/null
    is "$(parameters "$(last_request)")" \
        "cursor-type=AT_TIMESTAMP partition-id=0 stream-name=orders timestamp=${when}000"
}

@test "a number since a time is 1 request; 2 when the cursor cannot be read" {
    warm
    is "$(($(cat "$S/since/50s") > 40)) $(requests GET /cursors) $(requests)" "1 1 1"
    forget_requests
    fault body path=/cursors text='{"partition_cursor":"b3BhcXVl"}'
    fault body path=/records text='{"records":[{"sequence_number":"71","data":"eA==","timestamp":1,
        "timestamp_type":"CreateTime"}],"next_partition_cursor":"bmV4dA=="}'
    is "$(cat "$S/since/50s") $(requests GET /records) $(requests)" "71 1 2"
}

@test "rm sends DELETE /checkpoints for the partition" {
    warm
    rm "$P/checkpoint"
    is "$(changes)" 1
    matches "$(last_request)" "^DELETE /v2/$PROJECT/checkpoints[?][^ ]* 204 access\$"
    is "$(parameters "$(last_request)")" \
        "app_name=billing checkpoint_type=LAST_READ partition_id=0 stream_name=orders"
    is "$(stored)" ""
}

@test "mkdir sends POST /apps, rmdir DELETE /apps/NAME" {
    warm
    mkdir apps/newapp
    is "$(changes)" 1
    is "$(requests POST /apps)" 1
    is "$(body "$(control GET log | grep '^POST ')")" '{"app_name":"newapp"}'
    forget_requests
    rmdir apps/newapp
    is "$(changes)" 1
    is "$(requests DELETE /apps/newapp)" 1
}

@test "the parameters are the same when a partition is named shardId" {
    warm
    is "$(cat apps/billing/orders/shardId-0000000000/checkpoint)" 42
    is "$(requests GET /checkpoints)" 1
    matches "$(parameters "$(last_request)")" \
        "^app_name=billing checkpoint_type=LAST_READ partition_id=(0|shardId-0000000000) "
}

# ---- counts

@test "cat is 1 request, each time" {
    warm
    cat "$P/checkpoint" >/dev/null
    is "$(requests)" 1
    cat "$P/checkpoint" >/dev/null
    cat "$P/checkpoint" >/dev/null
    is "$(requests GET /checkpoints) $(requests)" "3 3"
}

@test "cat of a checkpoint that is not there is 1 request" {
    warm
    let_values_age
    refused "No such file or directory" cat apps/billing/orders/1/checkpoint
    is "$(requests)" 1
}

@test "cat in a mount that knows no names yet asks once for the checkpoint" {
    remount_service
    forget_requests
    is "$(cat "$P/checkpoint")" 42
    is "$(requests GET /checkpoints)" 1
    (($(requests) <= 5))
    forget_requests
    is "$(cat "$P/checkpoint")" 42
    is "$(requests)" 1
}

@test "echo is 1 request, from every shell and tool" {
    warm
    put "$P/checkpoint" 43
    is "$(requests)" 1
    forget_requests
    dash -c "echo 44 >$P/checkpoint"
    is "$(requests)" 1
    forget_requests
    printf 45 >"$P/checkpoint"
    is "$(requests)" 1
    forget_requests
    tee "$P/checkpoint" <<<46 >/dev/null
    is "$(requests)" 1
    is "$(stored)" "billing orders 0 46"
}

@test "opening and truncating sends nothing that changes something" {
    warm
    : >"$P/checkpoint"
    : >"$C"
    is "$(changes)" 0
    is "$(cat "$P/checkpoint")" 42
}

@test "cursor is 2 requests, and each file of cursors/ is 1" {
    warm
    cat "$P/cursor" >/dev/null
    is "$(requests GET /checkpoints) $(requests GET /cursors) $(requests)" "1 1 2"
    local file
    for file in earliest latest at/50 after/50 since/1m; do
        forget_requests
        cat "$S/cursors/$file" >/dev/null
        is "$file $(requests GET /cursors) $(requests)" "$file 1 1"
    done
}

@test "a cursor is issued each time, and none by ls, stat or du" {
    warm
    cat "$P/cursor" "$P/cursor" >/dev/null
    is "$(requests GET /cursors)" 2
    forget_requests
    ls -lR apps streams >/dev/null
    stat "$P/cursor" "$S"/cursors/{earliest,latest,at/50} >/dev/null
    du -a apps streams >/dev/null
    is "$(requests GET /cursors)" 0
}

@test "statuses by way of checkpoints/ are one request, then one for all, and none where nothing is committed" {
    committed billing orders 2 50
    committed billing orders 1 50
    remount_service
    warm
    let_values_age
    local partition
    for partition in checkpoints/*/*/*; do
        cat "apps/${partition#*/}/status"
    done >"$DIR/statuses"
    is "$(jq -r '"\(.app) \(.stream) \(.partition)"' "$DIR/statuses" | xargs)" \
        "billing orders 0 billing orders 1 billing orders 2"
    # Two for what the apps have committed on, one for the partitions of that stream, which are its states, too.
    is "$(requests)" 4
}

# ---- one partition of many

# costs COUNT COMMAND: so many requests when what was known of values is old.
costs() {
    let_values_age
    forget_requests
    bash -c "$2" >/dev/null
    is "$2: $(requests)" "$2: $1"
}

@test "what concerns one partition of 2,500 asks for it alone, in a mount that knows them and in one that does not" {
    local command
    wide 2500
    for command in "stat apps/audit/wide/7/checkpoint" "test -e apps/audit/wide/8/checkpoint" \
        "ls -l apps/audit/wide/9" "cat apps/audit/wide/10/lag" "stat checkpoints/audit/wide/11" \
        "cat checkpoints/audit/wide/12" "cd streams/wide/13" "stat streams/wide/14/latest"; do
        remount_service
        ls checkpoints/audit streams >/dev/null
        costs 1 "$command"
        ls apps/audit/wide streams/wide checkpoints/audit/wide >/dev/null
        [[ $command == cd* ]] || costs 1 "$command"
    done
}

@test "the second of 2,500 partitions asks for all, and the others for nothing" {
    wide 2500
    remount_service
    ls checkpoints/audit/wide >/dev/null
    let_values_age
    forget_requests
    stat checkpoints/audit/wide/7 >/dev/null
    is "$(requests)" 1
    stat checkpoints/audit/wide/{8,9,10,11} apps/audit/wide/12/checkpoint >/dev/null
    is "$(requests)" 4
}

@test "what several look at in one partition at the same time is asked for once" {
    wide 2500
    remount_service
    ls checkpoints/audit/wide >/dev/null
    let_values_age
    forget_requests
    fault delay delay=300 path=/checkpoints
    local readers=()
    for _ in {1..6}; do
        in_background stat checkpoints/audit/wide/7
        readers+=("$!")
    done
    wait_all "${readers[@]}"
    is "$(requests)" 1
}

@test "pages of partitions are asked for side by side, once their number is known" {
    wide 5500
    remount_service
    ls checkpoints/audit >/dev/null
    fault delay delay=100 path=/wide count=forever
    forget_requests
    is "$(entries checkpoints/audit/wide | wc -w)" 5500
    is "$(requests GET /apps/audit/streams/wide) $(requests GET /streams/wide) $(requests)" "6 1 7"
    let_values_age
    forget_requests
    is "$(entries checkpoints/audit/wide | wc -w)" 5500
    is "$(requests GET /apps/audit/streams/wide) $(requests)" "6 6"
    (($(stat_of in_flight_most) == 6))
    # A stream that has grown, or shrunk, is listed as it is.
    control POST stream name=wide partitions=7500 earliest=0 latest=5000 >/dev/null
    remount_service
    is "$(entries streams/wide | wc -w)" 7501
}
