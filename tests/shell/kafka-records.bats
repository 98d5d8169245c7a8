#!/usr/bin/env bats
# Records of Kafka, on three real brokers: what Kafka's own clients write the mount shows, and the other way round.
# Skipped where there is no Java or no Maven, see tests/kafka/cluster.

load helper
load cluster

# shellcheck disable=SC2034 # cluster.bash uses it
CLIENT=Records.java
CONSUME=$BATS_TEST_DIRNAME/../../examples/consume.sh

# A cluster takes seconds to start: all tests have one, and each its own topic and group.
setup_file() {
    export BROKERS NO_KAFKA=''
    begin_cluster
}

teardown_file() {
    end_cluster
}

# T is the test's topic, G its group, R what is in the topic, and P the group's partition.
setup() {
    [[ -z $NO_KAFKA ]] || skip "$NO_KAFKA"
    needs jq
    make_place
    T=topic-$BATS_TEST_NUMBER
    G=group-$BATS_TEST_NUMBER
    R=streams/$T/0/records
    P=apps/$G/$T/0
    mount_kafka
    cd "$MNT" || return
    kafka create "$T" >/dev/null
    eventually test -e "streams/$T/0/status"
    mkdir "apps/$G"
}

teardown() {
    [[ -n $NO_KAFKA ]] || clear_place
}

mount_kafka() {
    "$CHECKPOINTFS" -o watch=0.1 "$@" "kafka+plain://$BROKERS" "$MNT" </dev/null >"$DIR/mount.log" 2>&1 3>&- 4>&- ||
        { cat "$DIR/mount.log" && return 1; }
}

remount_kafka() {
    cd /
    unmount "$MNT"
    mount_kafka "$@"
    cd "$MNT" || return
}

# kafka WORD...: what Kafka's own client answers, see Records.java.
kafka() {
    ask_cluster "$@"
}

# encoded FORMAT: in base64, as Records.java has it.
encoded() {
    # shellcheck disable=SC2059 # escapes are wanted
    printf "$1" | base64 -w 0
}

last_error() {
    tail -n 1 errors
}

# ---- reading

@test "records of every codec are the same lines" {
    local codec from=0
    for codec in none gzip snappy lz4 zstd; do
        kafka numbers "$T" "$codec" "$from" $((from + 999)) >/dev/null
        from=$((from + 1000))
    done
    cat "$R/earliest" >"$DIR/batch"
    jq -r .data "$DIR/batch" | cmp - <(seq 0 4999)
    jq -r .sequence "$DIR/batch" | cmp - <(seq 0 4999)
    jq -r .checkpoint "$DIR/batch" | cmp - <(seq 1 5000)
    is "$(head -n 1 "$DIR/batch" | sed 's/"time":"[^"]*"/"time":""/')" \
        '{"checkpoint":"1","sequence":"0","time":"","data":"0"}'
}

@test "a batch begins where it is asked for, anywhere in Kafka's own, and ends where it is full" {
    local codec number
    for codec in none zstd; do
        kafka numbers "$T" "$codec" 0 999 >/dev/null
    done
    remount_kafka -o batch=100
    for number in 0 1 499 998 999 1000 1001 1500; do
        cat "$R/at/$number" >"$DIR/batch"
        is "$(head -n 1 "$DIR/batch" | jq -r .sequence)" "$number"
        is "$(head -n 1 "$R/after/$number" | jq -r .sequence)" $((number + 1))
        (($(wc -l <"$DIR/batch") <= 100))
    done
    is "$(wc -c <"$R/at/2000")" 0
    is "$(<"$R/data/1500")" 500
}

@test "keys, headers and values are there, are empty, or are not" {
    kafka record "$T" none "$(encoded k)" "$(encoded v)" name "$(encoded value)" twice "$(encoded 1)" twice "$(encoded 2)" \
        >/dev/null
    kafka record "$T" gzip "" "" empty "" null - binary "$(encoded '\xff')" >/dev/null
    kafka record "$T" lz4 "$(encoded '\xff')" - >/dev/null
    kafka record "$T" snappy - "$(encoded 'a\0b')" >/dev/null
    sed 's/"time":"[^"]*",//' "$R/earliest" >"$DIR/batch"
    is "$(<"$DIR/batch")" \
        '{"checkpoint":"1","sequence":"0","key":"k","headers":{"name":"value","twice":["1","2"]},"data":"v"}
{"checkpoint":"2","sequence":"1","key":"","headers":{"empty":"","null":null,"binary":{"base64":"/w=="}},"data":""}
{"checkpoint":"3","sequence":"2","key_base64":"/w==","data":null}
{"checkpoint":"4","sequence":"3","base64":"YQBi"}'
    refused "No data available" cat "$R/data/2"
    is "$(xxd -p "$R/data/3")" 610062
    is "$(wc -c <"$R/data/1")" 0
}

@test "records of 1 MiB and more come whole, however little is asked for" {
    local number
    head -c 3000000 /dev/urandom | base64 -w 0 | head -c 3000000 >"$DIR/large"
    kafka create "$T-large" max.message.bytes=9000000 >/dev/null
    eventually test -e "streams/$T-large/0/status"
    kafka record "$T-large" none - "$(base64 -w 0 "$DIR/large")" >/dev/null
    kafka record "$T-large" zstd - "$(base64 -w 0 "$DIR/large")" >/dev/null
    remount_kafka -o batch=1
    for number in 0 1; do
        cmp "streams/$T-large/0/records/data/$number" "$DIR/large"
        jq -rj .data "streams/$T-large/0/records/at/$number" | cmp - "$DIR/large"
    done
}

@test "the time since which is asked for is the record's" {
    kafka numbers "$T" none 0 9 >/dev/null
    kafka numbers "$T" none 10 10 >/dev/null
    cat "$R/at/10" >"$DIR/last"
    is "$(jq -r .data "$R/since/$(jq -r .time "$DIR/last")" | tail -n 1)" 10
    is "$(wc -l <"$R/since/1m")" 11
    is "$(wc -c <"$R/since/2099-01-01T00:00:00Z")" 0
}

# ---- transactions

@test "what a transaction aborts is never shown, what it commits is, and markers are not" {
    kafka begin "$T" 0 9
    kafka abort
    kafka begin "$T" 10 19
    kafka commit
    kafka begin "$T" 20 29
    kafka abort
    cat "$R/earliest" >"$DIR/batch"
    jq -r .data "$DIR/batch" | cmp - <(seq 10 19)
    is "$(jq -r .sequence "$DIR/batch" | xargs)" "$(seq -s ' ' 11 20)"
    is "$(wc -c <"$R/at/22")" 0
    refused "No such file or directory" cat "$R/data/3"
    refused "No such file or directory" cat "$R/data/21"
    tail -n 1 "$DIR/batch" >"$P/checkpoint"
    is "$(<"$P/checkpoint") $(<"streams/$T/0/latest") $(wc -c <"$P/records/now")" "21 33 0"
}

@test "what is open waits, and what comes behind it; then nothing is missing" {
    kafka numbers "$T" none 0 4
    kafka begin "$T" 5 9
    kafka numbers "$T" none 10 14
    jq -r .data "$R/earliest" | cmp - <(seq 0 4)
    is "$(wc -c <"$R/at/5") $(wc -c <"$R/at/12")" "0 0"
    put "$P/checkpoint" 5
    cat "$P/records/next" >"$DIR/batch" &
    sleep 0.5
    kafka commit
    wait $!
    jq -r .data "$DIR/batch" | cmp - <(seq 5 14)
    is "$(jq -r .sequence "$DIR/batch" | xargs)" "$(seq -s ' ' 5 14)"
}

# More than one answer has nothing to show.
@test "nothing but the end looks like the end, however much was aborted" {
    kafka begin "$T" 0 59999
    kafka abort
    kafka numbers "$T" none 1 1
    remount_kafka -o batch=1
    is "$(jq -c '[.sequence, .data]' "$R/earliest")" '["60001","1"]'
}

# ---- what is not there

@test "a position that is kept no more is ERANGE with what is, and never passed over" {
    kafka numbers "$T" gzip 0 99
    put "$P/checkpoint" 10
    kafka remove "$T" 42
    refused "Numerical result out of range" cat "$P/records/now"
    matches "$(last_error)" "10 is committed, and the records after it are kept no more; the oldest has number 42"
    refused "Numerical result out of range" cat "$P/records/next"
    refused "Numerical result out of range" cat "$R/at/41"
    refused "No such file or directory" cat "$R/data/41"
    is "$(head -n 1 "$R/earliest" | jq -r .data)" 42
    put "$P/checkpoint" earliest
    is "$(head -n 1 "$P/records/now" | jq -r .data)" 42
}

@test "a position beyond the end is ERANGE, and the end itself is empty" {
    kafka numbers "$T" none 0 9
    put "$P/checkpoint" 11
    refused "Numerical result out of range" cat "$P/records/now"
    matches "$(last_error)" "11 is committed, and there are not so many records"
    put "$P/checkpoint" 10
    is "$(wc -c <"$P/records/now")" 0
    refused "No such file or directory" cat "streams/nothing/0/records/at/0"
    refused "No such file or directory" cat "streams/$T/1/records/at/0"
}

# ---- appending

@test "any bytes that are written are what Kafka's consumer and this one read" {
    local number value
    { seq 1 100 && printf '\n\xff\0\xfe\n\xc3\xa9\n{"json":1}\n' && printf 'no newline'; } >"$R/new"
    kafka read "$T" 0 105 | tr ' ' '\n' | while read -r value; do base64 -d <<<"$value" && echo; done >"$DIR/read"
    { seq 1 100 && printf '\n\xff\0\xfe\n\xc3\xa9\n{"json":1}\nno newline\n'; } | cmp - "$DIR/read"
    for number in {0..104}; do cat "$R/data/$number" && echo; done | cmp - "$DIR/read"
    is "$(jq -c '[has("key"), has("headers")]' "$R/at/104")" "[false,false]"
}

@test "Kafka's console tools write what is read, and read what is written" {
    "$KAFKA/cluster" run org.apache.kafka.tools.ConsoleProducer --bootstrap-server "$BROKERS" --topic "$T" \
        --compression-codec snappy < <(seq 1 1000)
    jq -r .data "$R/earliest" | cmp - <(seq 1 1000)
    seq 1001 2000 >"$R/new"
    run -0 "$KAFKA/cluster" run org.apache.kafka.tools.consumer.ConsoleConsumer --bootstrap-server "$BROKERS" \
        --topic "$T" --partition 0 --offset "$(<"streams/$T/0/cursors/at/1000")" --max-messages 1000 --timeout-ms 20000
    grep -x '[0-9]*' <<<"$output" | cmp - <(seq 1001 2000)
}

@test "records that are larger than the topic takes are EFBIG, and smaller batches are tried" {
    kafka create "$T-small" max.message.bytes=10000 >/dev/null
    local small=streams/$T-small/0/records
    eventually test -e "streams/$T-small/0/status"
    seq 1 5000 >"$DIR/lines"
    dd if="$DIR/lines" of="$small/new" bs=1M status=none
    jq -r .data "$small/earliest" | cmp - "$DIR/lines"
    refused "File too large" dd if=<(repeat 10000 x && echo) of="$small/new" bs=1M iflag=fullblock status=none
    matches "$(last_error)" "max.message.bytes"
    refused "File too large" dd if=<(echo first && repeat 10000 x && echo) of="$small/new" bs=1M iflag=fullblock status=none
    matches "$(last_error)" "1 of 2 records are stored"
    is "$(<"streams/$T-small/0/latest")" 5001
}

@test "a compacted topic takes no records without keys" {
    kafka create "$T-compacted" cleanup.policy=compact >/dev/null
    eventually test -e "streams/$T-compacted/0/status"
    refused "Invalid argument" put "streams/$T-compacted/0/records/new" hello
    matches "$(last_error)" "compacted"
}

# ---- consuming

@test "examples/consume.sh, killed again and again, writes every record once" {
    local kills=${RECORDS_KILLS:-6} last=3000
    remount_kafka -o batch=300
    mkdir "apps/$G"
    seq 1 "$last" >"$R/new"
    kafka begin "$T" 900000 900999
    kafka abort
    kafka numbers "$T" lz4 $((last + 1)) $((last + 1000))
    set -m
    while ((kills--)); do
        sh "$CONSUME" "$MNT/$P" "$DIR/output" 3>&- 4>&- &
        sleep "0.$((RANDOM % 5))$((RANDOM % 10))"
        kill -KILL -- "-$!" 2>/dev/null || true
        wait "$!" || true
    done
    set +m
    sh "$CONSUME" "$MNT/$P" "$DIR/output"
    cut -f 2 "$DIR/output" | cmp - <(seq 1 $((last + 1000)))
}

@test "a broker that is killed loses no record that was stored, and nothing is written twice" {
    local number=0
    while ((number < 100)); do
        number=$((number + 1))
        ((number != 30)) || kill_broker 1
        ((number != 70)) || start_brokers 1
        if put_once "$R/new" "$number\n"; then
            echo "$number" >>"$DIR/stored"
        else
            echo "$number" >>"$DIR/unknown"
        fi
    done
    touch "$DIR/unknown"
    eventually cp "$R/at/0" "$DIR/batch"
    jq -r .data "$DIR/batch" >"$DIR/read"
    is "$(sort "$DIR/read" | uniq -d)" ""
    is "$(comm -23 <(sort "$DIR/stored") <(sort "$DIR/read"))" ""
    is "$(comm -13 <(sort "$DIR/stored" "$DIR/unknown") <(sort "$DIR/read"))" ""
    (($(wc -l <"$DIR/unknown") < 10))
}
