# shellcheck shell=bats
# Records of DIS: the requests that reading and writing them takes, and what its errors come to.

load dis

R=$P/records
RECORDS=streams/orders/0/records

# record TEXT [KEY]: a producer writes it to the partition with the checkpoint.
record() {
    control POST record stream=orders partition=0 "data=$(printf '%s' "$1" | base64 -w 0)" \
        ${2+"key=$2"} >/dev/null
}

# written: what the service has of that partition, a line "number key data" each, the data as it was.
written() {
    local number key data
    control GET records stream=orders partition=0 | while read -r number key data; do
        echo "$number $key $(base64 -d <<<"$data")"
    done
}

# numbers FILE: of the records in a batch, on one line.
numbers() {
    jq -r .sequence "$1" | xargs
}

# Three records after the 90 that the small world has, the checkpoint before them, and all names known.
three_records() {
    record hello
    record 'two "lines"'$'\nof text' key
    record ''
    committed billing orders 0 99
    warm
}

# ---- a batch

@test "a batch has a line for each record, with its number, time and key" {
    three_records
    cat "$R/now" >"$DIR/batch"
    is "$(sed 's/"time":"[^"]*"/"time":""/' "$DIR/batch")" \
        '{"checkpoint":"100","sequence":"100","time":"","data":"hello"}
{"checkpoint":"101","sequence":"101","time":"","key":"key","data":"two \u0022lines\u0022\u000aof text"}
{"checkpoint":"102","sequence":"102","time":"","data":""}'
    times=$(jq -r .time "$DIR/batch" | xargs -I{} date -d {} +%s | sort -u)
    for time in $times; do
        (($(date +%s) - time < 60)) || is "$time" "a moment ago"
    done
}

@test "with checkpoint=next a line has the next number to commit" {
    three_records
    remount_service -o checkpoint=next
    committed billing orders 0 100
    is "$(jq -r .checkpoint "$R/now" | xargs)" "101 102 103"
}

@test "the service's records that are binary come as base64, and data/N has their bytes" {
    head -c 1048576 /dev/urandom >"$DIR/binary"
    jq -nc --rawfile data <(base64 -w 0 "$DIR/binary") \
        '{records: [{stream: "orders", partition: 0, data: $data, key: "k"}]}' >"$DIR/world"
    curl -sS --fail-with-body -d "@$DIR/world" "$URL/_control/seed"
    jq -r .base64 "$RECORDS/at/100" | base64 -d | cmp - "$DIR/binary"
    cmp "$RECORDS/data/100" "$DIR/binary"
}

@test "a batch of a kilobyte ends with the record that brings it there, and is of the next ones after a commit" {
    local data
    data=$(repeat 400 x)
    for _ in 1 2 3 4; do
        record "$data"
    done
    committed billing orders 0 99
    remount_service -o batch=1024
    is "$(numbers "$R/now")" "100 101 102"
    tail -n 1 "$R/now" >"$P/checkpoint"
    is "$(numbers "$R/now")" 103
}

@test "numbers may have gaps" {
    quirk record_numbers=even
    committed billing orders 0 90
    is "$(numbers "$R/now")" "92 94 96 98"
    tail -n 1 "$R/now" >"$P/checkpoint"
    forget_requests
    is "$(numbers "$R/now")" ""
    is "$(requests GET /cursors)" 0
}

@test "numbers that do not rise, or are below what was asked for, are a bad message" {
    local word
    three_records
    for word in repeated low; do
        quirk record_numbers=$word
        refused "${SAYS[EBADMSG]}" cat "$R/now"
    done
    refused "${SAYS[EBADMSG]}" cat "$RECORDS/at/101"
}

@test "a gap is no loss where DIS knows a cursor for it, which is asked for once" {
    quirk record_numbers=even
    committed billing orders 0 90
    warm
    is "$(numbers "$R/now")" "92 94 96 98"
    is "$(requests GET /cursors) $(requests GET /records)" "2 1"
    is "$(parameters "$(last_request)")" \
        "cursor-type=AT_SEQUENCE_NUMBER partition-id=0 starting-sequence-number=91 stream-name=orders"
}

@test "what is before a gap that may be a loss stands, and the next batch tells of it" {
    local fault=(status status=400 code=DIS.4224 message=range path=/cursors)
    quirk record_numbers=even
    committed billing orders 0 91
    fault "${fault[@]}" skip=1
    is "$(numbers "$R/now")" 92
    committed billing orders 0 92
    fault "${fault[@]}" skip=1
    refused "${SAYS[ERANGE]}" cat "$R/now"
    is "$(numbers "$R/now")" "94 96 98"
}

# ---- requests

@test "a batch is a cursor and the records, with room for a record of 1 MiB" {
    three_records
    cat "$RECORDS/at/100" >"$DIR/batch"
    is "$(summary)" "1 GET $ROOT/cursors
1 GET $ROOT/records"
    is "$(parameters "$(control GET log | head -n 1)")" \
        "cursor-type=AT_SEQUENCE_NUMBER partition-id=0 starting-sequence-number=100 stream-name=orders"
    matches "$(parameters "$(last_request)")" '^max_fetch_bytes=1572864 partition-cursor=[^ ]*$'
}

@test "a loop is three requests for each batch, after the first" {
    three_records
    cat "$R/now" >"$DIR/batch"
    is "$(requests)" 3
    tail -n 1 "$DIR/batch" >"$P/checkpoint"
    record more
    forget_requests
    cat "$R/next" >"$DIR/batch"
    is "$(numbers "$DIR/batch")" 103
    tail -n 1 "$DIR/batch" >"$P/checkpoint"
    is "$(summary)" "1 GET $ROOT/checkpoints
1 GET $ROOT/records
1 POST $ROOT/checkpoints"
}

@test "an empty batch, and the same batch again, need no other cursor" {
    three_records
    is "$(numbers "$R/now")" "100 101 102"
    committed billing orders 0 102
    is "$(numbers "$R/now")" ""
    forget_requests
    is "$(numbers "$R/now")" ""
    committed billing orders 0 99
    is "$(numbers "$R/now")" "100 101 102"
    is "$(requests GET /cursors)" 0
    is "$(requests GET /records)" 2
}

@test "a batch that leaves records behind goes on with a cursor for them" {
    record "$(repeat 1024 x)"
    record "$(repeat 1024 y)"
    committed billing orders 0 99
    remount_service -o batch=1024
    is "$(numbers "$R/now")" 100
    committed billing orders 0 100
    forget_requests
    is "$(numbers "$R/now")" 101
    is "$(parameters "$(control GET log | grep /cursors)")" \
        "cursor-type=AT_SEQUENCE_NUMBER partition-id=0 starting-sequence-number=101 stream-name=orders"
}

has_read() {
    (($(requests GET /records) >= 1))
}

@test "who waits asks once a second for records alone" {
    committed billing orders 0 99
    warm
    cat "$R/next" >"$DIR/batch" &
    local reader=$!
    eventually has_read
    sleep 2.5
    local begin
    begin=$(summary)
    record late
    wait_all "$reader"
    is "$(numbers "$DIR/batch")" 100
    is "$(requests GET /cursors)" 1
    matches "$begin" "^1 GET $ROOT/checkpoints"
}

# fetched: the sizes that were asked for, on one line.
fetched() {
    control GET log | sed -n 's/.*max_fetch_bytes=\([0-9]*\).*/\1/p' | xargs
}

@test "a large batch is asked for in one request, and none that is larger than an answer may be" {
    three_records
    again_with -o batch=4194304
    is "$(numbers "$R/now")" "100 101 102"
    is "$(fetched)" 3670016
    again_with -o batch=16777216
    is "$(numbers "$R/now")" "100 101 102"
    is "$(fetched)" 11534336
}

@test "who is far behind reads no more than a batch takes, and needs no cursor for the next" {
    local data
    data=$(repeat 10000 x)
    for _ in {1..20}; do
        record "$data"
    done
    committed billing orders 0 99
    again_with -o batch=65536
    is "$(numbers "$R/now")" "100 101 102 103 104 105 106"
    committed billing orders 0 106
    is "$(numbers "$R/now")" "107 108 109 110 111"
    committed billing orders 0 111
    is "$(numbers "$R/now")" "112 113 114 115 116"
    is "$(fetched)" "1572864 57344 57344"
    is "$(requests GET /cursors)" 2
}

@test "and where a record is larger than that it is asked for again" {
    local data
    data=$(repeat 10000 x)
    for _ in {1..7}; do
        record "$data"
    done
    record "$(repeat 70000 x)"
    committed billing orders 0 99
    again_with -o batch=65536
    is "$(numbers "$R/now")" "100 101 102 103 104 105 106"
    committed billing orders 0 106
    is "$(numbers "$R/now")" 107
    is "$(fetched)" "1572864 57344 1572864"
    committed billing orders 0 107
    is "$(numbers "$R/now")" ""
    is "$(fetched)" "1572864 57344 1572864 1572864"
}

@test "a batch that many records leave half empty is filled by the next answer" {
    keeps 10 3510
    committed billing orders 0 9
    warm
    is "$(wc -l <"$R/now")" 3500
    is "$(requests GET /cursors) $(requests GET /records)" "1 5"
    tail -n 1 "$R/now" >"$P/checkpoint"
    forget_requests
    is "$(numbers "$R/now")" ""
    is "$(requests GET /cursors) $(requests GET /records)" "0 1"
}

@test "what has been read stands, whatever comes of the next answer" {
    local kind words
    keeps 10 3510
    for kind in 'garbage status=200' 'status status=400 code=DIS.4302' truncated; do
        committed billing orders 0 9
        read -ra words <<<"$kind"
        fault "${words[@]}" path=/records skip=1
        tail -n 1 "$R/now" >"$P/checkpoint"
        is "$(cat "$P/checkpoint")" 1009
        is "$(head -n 1 "$R/now" | jq -r .sequence)" 1010
    done
    is "$(cat errors)" ""
}

@test "nobody waits for a batch to be filled for more than a second" {
    keeps 10 3510
    committed billing orders 0 9
    fault delay delay=700 path=/records count=forever
    is "$(wc -l <"$R/now")" 2000
}

@test "where an answer is too large, less is asked for" {
    three_records
    fault huge path=/records
    is "$(numbers "$R/now")" "100 101 102"
    is "$(fetched)" "1572864 786432"
    fault huge path=/records count=forever
    refused "${SAYS[EBADMSG]}" cat "$R/now"
}

@test "but then the end is not believed, for a large record looks like it" {
    record "$(repeat 90000 x)"
    committed billing orders 0 99
    warm
    fault huge path=/records count=5
    is "$(numbers "$R/now")" 100
    is "$(fetched)" "1572864 786432 393216 196608 98304 49152 1572864"
}

@test "a large answer that cannot be read is asked for in smaller ones" {
    head -c 1048576 /dev/urandom | base64 -w 0 >"$DIR/data"
    jq -nc --rawfile data "$DIR/data" \
        '{records: [range(3) | {stream: "orders", partition: 0, data: $data}]}' >"$DIR/world"
    curl -sS --fail-with-body -d "@$DIR/world" "$URL/_control/seed"
    committed billing orders 0 99
    again_with -o batch=4194304
    fault truncated path=/records
    is "$(numbers "$R/now")" 100
    is "$(fetched)" "3670016 1835008"
}

# ---- cursors that are refused

@test "an expired cursor is replaced, and nothing is said of it" {
    three_records
    is "$(numbers "$R/now")" "100 101 102"
    control POST cursors/expire
    forget_requests
    is "$(numbers "$R/now")" "100 101 102"
    is "$(requests GET /cursors)" 1
    is "$(requests GET /records)" 2
    is "$(cat errors)" ""
}

@test "SIGHUP forgets the cursors" {
    three_records
    is "$(numbers "$R/now")" "100 101 102"
    hup
    warm
    is "$(numbers "$R/now")" "100 101 102"
    is "$(requests GET /cursors)" 1
}

@test "a cursor that is always expired is the service's fault" {
    three_records
    fault status status=400 code=DIS.4225 message=Expired path=/records count=forever
    refused "${SAYS[EBADMSG]}" cat "$R/now"
    is "$(requests GET /records)" 2
}

@test "DIS.4226 gets another cursor, and the second one means that the record is gone" {
    three_records
    fault status status=400 code=DIS.4226 message=gone path=/records
    is "$(numbers "$R/now")" "100 101 102"
    fault status status=400 code=DIS.4226 message=gone path=/records count=2
    forget_requests
    refused "${SAYS[ERANGE]}" cat "$RECORDS/at/100"
    is "$(requests GET /records)" 2
}

@test "records that were deleted before they were read are ERANGE, and errors says what is left" {
    three_records
    keeps 101 103
    refused "${SAYS[ERANGE]}" cat "$R/now"
    matches "$(tail -n 1 errors)" "101"
    is "$(stored)" "billing orders 0 99"
    put "$P/checkpoint" earliest
    is "$(numbers "$R/now")" "101 102"
}

@test "so they are in the middle of a loop, while a cursor is kept" {
    three_records
    is "$(numbers "$R/now")" "100 101 102"
    keeps 101 103
    refused "${SAYS[ERANGE]}" cat "$R/now"
}

@test "so they are where DIS goes on at the oldest record with a cursor from before it" {
    quirk old_cursor=oldest
    three_records
    is "$(numbers "$R/now")" "100 101 102"
    keeps 102 103
    forget_requests
    refused "${SAYS[ERANGE]}" cat "$R/now"
    matches "$(tail -n 1 errors)" "the oldest has number 102"
    is "$(requests GET /cursors) $(requests GET /records)" "1 1"
    refused "${SAYS[ERANGE]}" cat "$RECORDS/at/100"
    put "$P/checkpoint" earliest
    is "$(numbers "$R/now")" 102
}

@test "a position that is kept no more is asked for once" {
    three_records
    keeps 101 103
    warm
    refused "${SAYS[ERANGE]}" cat "$R/now"
    is "$(summary)" "1 GET $ROOT/checkpoints
1 GET $ROOT/cursors
1 GET $ROOT/streams/orders"
}

@test "a checkpoint at the last record that was deleted leaves nothing out" {
    three_records
    keeps 100 103
    warm
    is "$(numbers "$R/now")" "100 101 102"
    is "$(requests GET /cursors)" 1
}

# ---- looking

@test "records of a stream: from the oldest, a number, a time" {
    three_records
    is "$(numbers "$RECORDS/earliest" | cut -d ' ' -f 1,2,91-)" "10 11 100 101 102"
    is "$(numbers "$RECORDS/at/101")" "101 102"
    is "$(numbers "$RECORDS/after/101")" 102
    is "$(numbers "$RECORDS/since/1h" | cut -d ' ' -f 1)" 10
    is "$(numbers "$RECORDS/since/1970-01-02T00:00:00Z" | cut -d ' ' -f 1)" 10
    is "$(numbers "$RECORDS/at/103")" ""
    refused "${SAYS[ERANGE]}" cat "$RECORDS/at/104"
    refused "${SAYS[ERANGE]}" cat "$RECORDS/after/8"
}

@test "data/N is of that record alone" {
    three_records
    is "$(cat "$RECORDS/data/100")" hello
    is "$(stat -c %s "$RECORDS/data/102")" 0
    is "$(cat "$RECORDS/data/102")" ""
    for number in 9 103 104; do
        refused "${SAYS[ENOENT]}" cat "$RECORDS/data/$number"
    done
    quirk record_numbers=even
    refused "${SAYS[ENOENT]}" cat "$RECORDS/data/101"
}

@test "a partition that was just made may not be there at once" {
    three_records
    fault status status=400 code=DIS.4302 message=absent path=/cursors count=2
    is "$(numbers "$RECORDS/at/100")" "100 101 102"
    fault status status=400 code=DIS.4319 message=expired path=/records
    is "$(numbers "$RECORDS/at/100")" "100 101 102"
    fault status status=400 code=DIS.4319 message=expired path=/records count=forever
    forget_requests
    refused "${SAYS[ENOENT]}" cat "$RECORDS/at/100"
    is "$(requests GET /records)" 5
}

# ---- writing

@test "each line is a record, and a write is one request" {
    warm
    printf 'one\ntwo\n\n' | dd status=none bs=1M of="$RECORDS/new" conv=notrunc
    is "$(written)" $'100 - one\n101 - two\n102 - '
    is "$(summary)" "1 POST $ROOT/records"
    is "$(last_request | sed 's/^[^{]*//' | jq -cS .)" '{"records":[{"data":"b25l","partition_id":"0"},'\
'{"data":"dHdv","partition_id":"0"},{"data":"","partition_id":"0"}],"stream_name":"orders"}'
}

@test "a record of 1 MiB that is no text comes out as it went in" {
    head -c 1048576 /dev/urandom | tr '\n' x >"$DIR/binary"
    cat "$DIR/binary" >"$RECORDS/new"
    cmp "$RECORDS/data/100" "$DIR/binary"
}

@test "more than 500 records are more than one request, in their order" {
    seq 1200 >"$DIR/many"
    dd status=none bs=1M if="$DIR/many" of="$RECORDS/new"
    is "$(summary | grep POST)" "3 POST $ROOT/records"
    jq -r .data "$RECORDS/at/601" | cmp - <(seq 502 1200)
}

@test "records for which DIS has no time are sent again, and they alone" {
    warm
    control POST records/fail code=4303 skip=1 count=2
    put_once "$RECORDS/new" 'one\ntwo\nthree\nfour\n'
    is "$(written)" $'100 - one\n101 - four\n102 - two\n103 - three'
    is "$(requests POST /records)" 2
}

@test "a record that DIS refuses is EIO, and errors says how many are stored" {
    warm
    control POST records/fail code=4302 skip=2
    refused "${SAYS[EIO]}" put_once "$RECORDS/new" 'one\ntwo\nthree\n'
    is "$(written)" $'100 - one\n101 - two'
    is "$(requests POST /records)" 1
    matches "$(tail -n 1 errors)" "2 of 3 records are stored"
    matches "$(tail -n 1 errors)" "DIS.4302"
}

@test "who gives up while DIS has no time leaves what is stored, and nothing more is sent" {
    control POST records/fail code=4303 skip=1 count=1000
    run -124 timeout -s INT 1 dd status=none bs=1M of="$RECORDS/new" conv=notrunc <<<$'one\ntwo'
    is "$(written)" "100 - one"
    forget_requests
    sleep 1
    is "$(requests)" 0
}

@test "DIS that has no time to the end is EBUSY" {
    remount_service -o timeout=2
    control POST records/fail code=4303 count=1000
    refused "${SAYS[EBUSY]}" put "$RECORDS/new" one
    is "$(written)" ""
}

@test "a request of several that is refused says what those before it stored" {
    seq 700 >"$DIR/many"
    fault status status=400 code=DIS.4205 message=frozen method=POST path=/records skip=1
    refused "${SAYS[EBUSY]}" dd status=none bs=1M if="$DIR/many" of="$RECORDS/new"
    matches "$(tail -n 1 errors)" "500 of 700 records are stored"
    is "$(requests POST /records)" 2
}

@test "records whose answer is lost are not sent again, and nobody knows what became of them" {
    warm
    fault reset method=POST path=/records execute=1
    refused "${SAYS[ECONNRESET]}" put "$RECORDS/new" one
    is "$(written)" "100 - one"
    is "$(requests POST /records)" 1
    fault truncated method=POST path=/records
    refused "${SAYS[EBADMSG]}" put "$RECORDS/new" two
    is "$(requests POST /records)" 2
}

@test "without the right to write, the error says which request it was" {
    fault status status=403 code=DIS.4116 'message=Invalid RBAC.' method=POST path=/records
    refused "${SAYS[EACCES]}" put "$RECORDS/new" one
    matches "$(tail -n 1 errors)" "does not permit POST /records"
}
