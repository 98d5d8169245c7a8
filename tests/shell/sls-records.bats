# shellcheck shell=bats
# Records of SLS as files: log groups, which hold many logs, and are the least that can be committed.

load sls

# What an app reads, and what all can.
R=apps/billing/orders/0/records
A=streams/orders/0/records

# group_of JSON [TIMES]: appends a log group to the first shard of orders, as loggroup.py makes it.
group_of() {
    "$BATS_TEST_DIRNAME/loggroup.py" <<<"$1" >"$DIR/loggroup"
    for _ in $(seq "${2:-1}"); do
        curl -sS --fail-with-body --data-binary "@$DIR/loggroup" -o /dev/null \
            "$URL/_control/loggroup?logstore=orders&shard=0"
    done
}

# Eight log groups of 3 MB each.
large_groups() {
    group_of "$(head -c 3000000 /dev/zero | tr '\0' x | jq -Rs '{logs: [[["n", .]]]}')" 8
}

# sequence FILE: the number of its first record, of which no more is looked at.
sequence() {
    head -c 200 "$1" | sed -En 's/.*"sequence":"([0-9]+)".*/\1/p'
}

# in_one_write FILE: what comes in is written to it at once.
in_one_write() {
    dd of="$1" bs=1M iflag=fullblock oflag=append conv=notrunc status=none
}

# values FIELD: of that field in each line.
values() {
    jq -r ".data.$1" | xargs
}

# put_logs: how many log groups were sent.
put_logs() {
    requests POST '/logstores/orders/shards/route'
}

# says_why TEXT: the last line of errors has that.
says_why() {
    last_error
    matches "${FIELD[3]} ${FIELD[7]}" "$1"
}

# ---- requests

@test "a batch takes two requests, and three with its commit" {
    put "$P/checkpoint" "$(b64 95)"
    warm
    cat "$R/now" >"$DIR/batch"
    is "$(wc -l <"$DIR/batch")" 5
    is "$(summary)" "1 GET /logstores/orders/consumergroups/billing
1 GET /logstores/orders/shards/0"
    is "$(parameters "$(last_request)")" "count=10 cursor=OTU%3D type=log"
    tail -n 1 "$DIR/batch" >"$P/checkpoint"
    is "$(requests)" 3
    is "$(stored | grep billing.orders)" "billing orders 0 $(b64 100) -"
}

@test "without a checkpoint the oldest is asked for, and a place is computed" {
    warm
    is "$(values number <apps/billing/orders/1/records/now)" "$(seq -s ' ' 10 99)"
    is "$(control GET log | grep -o 'count=[0-9]*' | xargs)" "count=10 count=20 count=40 count=80"
    is "$(requests)" 6
    forget_requests
    is "$(values number <"$A/at/95")" "95 96 97 98 99"
    is "$(values number <"$A/after/95")" "96 97 98 99"
    is "$(requests)" 2
    forget_requests
    is "$(head -n 2 <"$A/earliest" | values number)" "10 11"
    is "$(requests)" 5
}

@test "more is asked for at once while there is more, until a batch is full" {
    warm
    tail -n 1 <"$R/now" >"$P/checkpoint"
    is "$(control GET log | grep -o 'count=[0-9]*' | xargs)" "count=10 count=20 count=40"
    is "$(cat "$P/checkpoint")" "$(b64 100)"
}

@test "what has been read stands, whatever comes of the next answer" {
    local kind words
    for kind in 'garbage status=200' 'status status=400 code=ParameterInvalid' truncated; do
        put "$P/checkpoint" "$(b64 42)"
        remount_service
        read -ra words <<<"$kind"
        fault "${words[@]}" path=type=log skip=1
        tail -n 1 "$R/now" >"$P/checkpoint"
        is "$(cat "$P/checkpoint")" "$(b64 52)"
    done
    is "$(cat errors)" ""
}

@test "nobody waits for a batch to be filled for more than a second" {
    put "$P/checkpoint" "$(b64 10)"
    fault delay delay=700 path=type=log count=forever
    is "$(wc -l <"$R/now")" 30
}

@test "where all has been read, the shards are listed once in a minute" {
    put "$P/checkpoint" "$(b64 100)"
    warm
    for _ in 1 2 3; do is "$(cat "$R/now")" ""; done
    is "$(summary)" "3 GET /logstores/orders/consumergroups/billing
1 GET /logstores/orders/shards
3 GET /logstores/orders/shards/0"
}

# ---- lines

@test "records are the same compressed and not" {
    group_of '{"topic":"web","source":"10.0.0.1","tags":[["host","a"],["host","b"],["path","/x"]],
        "logs":[[["level","info"],["part","1"],["part","2"]],{"times":50,"log":[["n","#"]]}]}'
    cat "$A/at/95" >"$DIR/packed"
    quirk compression=none
    cat "$A/at/95" >"$DIR/plain"
    cmp "$DIR/packed" "$DIR/plain"
    is "$(wc -l <"$DIR/plain")" 56
    is "$(sed -n 6p "$DIR/plain")" "{\"checkpoint\":\"$(b64 100)\",\"sequence\":\"100\",\
\"time\":\"2023-11-14T22:13:20.000Z\",\"topic\":\"web\",\"source\":\"10.0.0.1\",\
\"tags\":{\"host\":[\"a\",\"b\"],\"path\":\"/x\"},\"data\":{\"level\":\"info\",\"part\":[\"1\",\"2\"]}}"
    is "$(tail -n 1 "$DIR/plain" | jq -r .checkpoint)" "$(b64 101)"
    quirk last_cursor=absent
    cmp - "$DIR/plain" <"$A/at/95"
}

@test "bytes that are no text come back" {
    group_of '{"logs":[[["raw",[255,0,10]],["raw","text"],[[254],"v"],["",""]]]}'
    cat "$A/at/100" >"$DIR/line"
    is "$(wc -l <"$DIR/line")" 1
    is "$(jq -c .data "$DIR/line")" '{"raw":[{"base64":"/wAK"},"text"],"":""}'
    is "$(jq -c .data_base64 "$DIR/line")" '{"/g==":"v"}'
    is "$(jq -r '.data.raw[0].base64' "$DIR/line" | base64 -d | od -An -tx1 | xargs)" "ff 00 0a"
}

@test "a log group that is left in its middle is read again from its beginning" {
    group_of '{"logs":[{"times":1000,"log":[["n","#"]]}]}'
    put "$P/checkpoint" "$(b64 100)"
    head -n 300 <"$R/now" >"$DIR/some"
    tail -n 1 "$DIR/some" >"$P/checkpoint"
    is "$(cat "$P/checkpoint")" "$(b64 100)"
    cat "$R/now" >"$DIR/all"
    is "$(jq -r .data.n "$DIR/all" | xargs)" "$(seq 0 999 | xargs)"
    tail -n 1 "$DIR/all" >"$P/checkpoint"
    is "$(cat "$P/checkpoint") $(cat "$R/now")" "$(b64 101) "
}

@test "a batch ends behind a whole log group, however small it is to be" {
    group_of '{"logs":[{"times":300,"log":[["n","group one, log #"]]}]}'
    group_of '{"logs":[{"times":300,"log":[["n","group two, log #"]]}]}'
    remount_service -o batch=4096
    put "$P/checkpoint" "$(b64 100)"
    is "$(wc -l <"$R/now")" 300
    tail -n 1 <"$R/now" >"$P/checkpoint"
    is "$(cat "$P/checkpoint")" "$(b64 101)"
    is "$(jq -r .data.n <"$R/now" | tail -n 1)" "group two, log 299"
}

@test "log groups without logs are passed over" {
    group_of '{"topic":"t"}' 12
    group_of '{"logs":[[["n","1"]]]}'
    is "$(jq -c '[.sequence, .data]' <"$A/at/100")" '["112",{"n":"1"}]'
}

# ---- what is not there, and what is wrong

@test "a position that is kept no more is out of range, whichever way the service says so" {
    control POST shard logstore=orders shard=0 earliest=50 >/dev/null
    for word in oldest invalid; do
        quirk old_cursor=$word
        refused "${SAYS[ERANGE]:?}" cat "$R/now"
        says_why 'the oldest has number 50'
        refused "${SAYS[ERANGE]:?}" cat "$A/at/49"
        is "$(head -n 1 <"$A/at/50" | values number)" 50
        is "$(head -n 1 <"$A/earliest" | values number)" 50
    done
    control POST shard logstore=orders shard=0 earliest=100 >/dev/null
    quirk old_cursor=oldest
    refused "${SAYS[ERANGE]:?}" cat "$R/now"
    is "$(cat "$A/earliest")" ""
}

@test "an answer that is not what it says is a bad message" {
    for wrong in raw_size=more raw_size=less records=garbage compression=other; do
        quirk "$wrong"
        refused "${SAYS[EBADMSG]:?}" cat "$R/now"
        says_why 'PullLogs'
        quirk "${wrong%=*}=$(control GET quirks | sed -En "s/^${wrong%=*}=.*\(([a-z]+)\|.*/\1/p")"
    done
    quirk compression=none
    for wrong in raw_size=more records=garbage; do
        quirk "$wrong"
        refused "${SAYS[EBADMSG]:?}" cat "$R/now"
        quirk raw_size=true records=whole
    done
    is "$(wc -l <"$R/now")" 58
}

@test "answers that are none are a bad message" {
    for kind in garbage html truncated; do
        fault "$kind" path=type=log status=200
        refused "${SAYS[EBADMSG]:?}" cat "$R/now"
    done
    is "$(wc -l <"$R/now")" 58
}

@test "as much is asked for at once as fits" {
    large_groups
    remount_service -o batch=16777216
    forget_requests
    for _ in 1 2 3 4; do is "$(sequence "$A/at/100")" 100; done
    is "$(control GET log | grep -o 'count=[0-9]*' | xargs)" \
        "count=10 count=2 count=4 count=4 count=4"
}

@test "of a line that is too long to be a position the number is one" {
    group_of "$(head -c 3000000 /dev/zero | tr '\0' '"' | jq -Rs '{logs: [[["n", .]]]}')"
    cp "$A/at/100" "$DIR/batch"
    is "$(wc -lc <"$DIR/batch" | xargs)" "1 18000089"
    refused "Invalid argument" cp "$DIR/batch" "$P/checkpoint"
    matches "$(cat errors)" "a line of records/ with more than 16 MiB is not taken whole.*cut -d '\"' -f 4"
    is "$(cat "$P/checkpoint")" "$(b64 42)"
    tail -n 1 "$DIR/batch" | cut -d '"' -f 4 >"$P/checkpoint"
    is "$(cat "$P/checkpoint")" "$(b64 101)"
}

@test "what has no room in a batch is in the next one, and nothing behind it before" {
    local tag at=100 all=
    tag=$(head -c 8192 /dev/zero | tr '\0' t)
    group_of '{"logs": [[["n", "small"]]]}'
    group_of "{\"topic\": \"$tag\", \"logs\": [{\"times\": 4096, \"log\": [[\"n\", \"#\"]]}]}"
    group_of '{"logs": [[["n", "small"]]]}' 20
    for _ in 1 2 3 4 5 6; do
        ((at < 122)) || break
        sed -E 's/.*"sequence":"([0-9]+)".*/\1/' "$A/at/$at" >"$DIR/numbers"
        all+=" $(uniq "$DIR/numbers" | xargs)"
        at=$(($(tail -n 1 "$DIR/numbers") + 1))
    done
    is "$all" " $(seq -s ' ' 100 121)"
}

@test "a log group that cannot be read is told of when those before it have been" {
    group_of '{"logs": [[["n", "small"]]]}'
    group_of "$(jq -n '{logs: [[range(65537) | ["k", ""]]]}')"
    group_of '{"logs": [[["n", "small"]]]}'
    is "$(sequence "$A/at/100") $(wc -l <"$A/at/100")" "100 1"
    refused "File too large" cat "$A/at/101"
    says_why 'the log group 101 is more than a batch of records holds'
    is "$(sequence "$A/at/102")" 102
}

@test "more than is taken is asked for in smaller parts, and is too large when it has none" {
    large_groups
    is "$(jq -r '.sequence + " " + (.data.n | length | tostring)' <"$A/at/100")" "100 3000000"
    is "$(jq -r .sequence <"$A/at/101")" 101
    fault huge path=type=log
    forget_requests
    is "$(values number <streams/orders/1/records/at/96)" "96 97 98 99"
    is "$(control GET log | grep -o 'count=[0-9]*' | xargs)" "count=10 count=2 count=4"
    quirk raw_size=huge
    forget_requests
    refused "File too large" cat "$A/at/100"
    says_why 'EFBIG.*larger than this program takes'
    matches "$(last_request)" 'count=1[& ]'
}

@test "a read that has been throttled is tried again" {
    fault status path=type=log status=403 code=ReadQuotaExceed
    is "$(wc -l <"$R/now")" 58
}

@test "what is not permitted is told by the name of its action" {
    fault status path=type=log status=401 code=Unauthorized "message=denied by sts or ram"
    refused "${SAYS[EACCES]:?}" cat "$R/now"
    says_why 'log:GetCursorOrData'
    fault status method=POST path=shards/route status=401 code=Unauthorized "message=denied by ram"
    refused "${SAYS[EACCES]:?}" put "$A/new" x
    says_why 'log:PostLogStoreLogs'
}

# ---- waiting, and the end

@test "who waits gets what is appended" {
    put "$P/checkpoint" "$(b64 100)"
    cat "$R/next" >"$DIR/waited" &
    waiting=$!
    sleep 0.3
    echo hello >"$A/new"
    wait "$waiting"
    is "$(values content <"$DIR/waited")" hello
}

@test "a shard that takes no more records has an end" {
    control POST shard logstore=orders shard=0 status=readonly >/dev/null
    put "$P/checkpoint" "$(b64 98)"
    tail -n 1 <"$R/next" >"$P/checkpoint"
    is "$(cat "$P/checkpoint")" "$(b64 100)"
    warm
    refused "No data available" cat "$R/next"
    is "$(requests GET /logstores/orders/shards)" 1
    is "$(cat "$R/now")" ""
    is "$(requests GET /logstores/orders/shards)" 1
}

@test "what comes before a shard is split is read before its end" {
    put "$P/checkpoint" "$(b64 100)"
    warm
    fault delay path=type=log hold=1
    cat "$R/now" >"$DIR/batch" &
    reader=$!
    eventually in_flight 1
    eventually is "$(control GET log | grep -c type=log)" 1
    group_of '{"logs":[[["n","last"]]]}'
    control POST shard logstore=orders shard=0 status=readonly >/dev/null
    release
    wait "$reader"
    is "$(values n <"$DIR/batch")" last
}

# split SHARD: of the three of orders; it is readonly, and there are two more.
split() {
    control POST shard logstore=orders "shard=$1" status=readonly >/dev/null
    control POST logstore name=orders shards=5 >/dev/null
}

has_looked_again() {
    (($(control GET log | grep -c type=log) > 1))
}

@test "who waits at the end of a shard while it is split is told once that is known, and not before" {
    put "$P/checkpoint" "$(b64 100)"
    warm
    cat "$R/next" >"$DIR/waited" 2>"$DIR/error" &
    waiting=$!
    eventually has_looked_again
    group_of '{"logs":[[["n","last"]]]}'
    split 0
    wait "$waiting"
    is "$(values n <"$DIR/waited")" last
    tail -n 1 "$DIR/waited" >"$P/checkpoint"
    run -124 timeout 2 cat "$R/next"
    hup
    refused "No data available" cat "$R/next"
}

@test "the shards that a split has made are read at once from their beginning, and have no end" {
    local child
    cat "$P/checkpoint" "$R/now" apps/billing/orders/*/checkpoint checkpoints/billing/orders/* >"$DIR/known"
    split 0
    child=apps/billing/orders/4/records
    run -124 timeout 2 cat "$child/next"
    is "$(cat "$child/now")" ""
    "$BATS_TEST_DIRNAME/loggroup.py" <<<'{"logs":[[["n","first"]],[["n","second"]]]}' >"$DIR/loggroup"
    curl -sS --fail-with-body --data-binary "@$DIR/loggroup" -o /dev/null \
        "$URL/_control/loggroup?logstore=orders&shard=4"
    is "$(values n <"$child/next")" "first second"
    tail -n 1 "$child/next" >"${child%/*}/checkpoint"
    run -124 timeout 2 cat "$child/next"
    is "$(stored | grep -c "billing orders 4 ")" 1
}

@test "without the right to list shards there is no end, and no error" {
    put "$P/checkpoint" "$(b64 100)"
    fault status path=/shards method=GET skip=1 status=401 code=Unauthorized "message=denied by ram"
    is "$(cat "$R/now")" ""
    is "$(control GET log | grep -c ' 401 ')" 1
}

# ---- appending

@test "what is appended is read again, in its order, and is one log group" {
    warm
    printf 'one\n\ntwo "\xe2\x82\xac"\n\xff\n' | in_one_write "$A/new"
    is "$(summary)" "1 GET /logstores/orders/shards
1 POST /logstores/orders/shards/route"
    is "$(parameters "$(last_request)")" "key=00000000000000000000000000000000"
    is "$(jq -c '[.sequence, .data.content]' <"$A/at/100" | xargs -d '\n')" \
        '["100","one"] ["100",""] ["100","two \"€\""] ["100",{"base64":"/w=="}]'
    echo more | in_one_write streams/orders/2/records/new
    is "$(parameters "$(last_request)")" "key=aaaaaaaaaaaaaaaa0000000000000000"
    is "$(values content <streams/orders/2/records/at/100)" more
}

@test "the shards are listed once for what is appended soon after" {
    warm
    for number in 1 2 3; do echo "$number" >"$A/new"; done
    is "$(summary)" "1 GET /logstores/orders/shards
3 POST /logstores/orders/shards/route"
}

@test "many records are as many log groups as it takes" {
    seq 10000 | in_one_write "$A/new"
    is "$(put_logs)" 3
    is "$(control GET loggroups logstore=orders shard=0 | wc -l)" 3
    is "$(jq -r .data.content <"$A/at/100" | xargs)" "$(seq 10000 | xargs)"
}

@test "an error after some are stored says how many" {
    fault status method=POST path=shards/route skip=1 status=403 code=WriteQuotaExceed
    seq 10000 >"$DIR/many"
    refused "${SAYS[EBUSY]:?}" in_one_write "$A/new" <"$DIR/many"
    says_why '[^t] 4096 of 10000 records are stored: '
    is "$(put_logs) $(wc -l <"$A/at/100")" "2 4096"
    fault reset method=POST path=shards/route skip=1 execute=1
    not in_one_write "$A/new" <"$DIR/many" 2>/dev/null
    says_why ' at least 4096 of 10000 records are stored: '
    is "$(control GET loggroups logstore=orders shard=0 | wc -l)" 3
}

@test "nothing is sent again whose answer is lost" {
    for kind in reset close-middle hang-up; do
        forget_requests
        fault "$kind" method=POST path=shards/route execute=1
        not put "$A/new" "$kind" 2>/dev/null
        is "$kind: $(put_logs)" "$kind: 1"
    done
}

@test "a shard that takes no records refuses them" {
    control POST shard logstore=orders shard=0 status=readonly >/dev/null
    refused "${SAYS[EPERM]:?}" put "$A/new" x
    says_why 'the shard 0 is readonly'
    is "$(changes)" 0
}

@test "with -o ro nothing is appended" {
    remount_service -o ro
    refused "${SAYS[EROFS]:?}" put "$A/new" x
    is "$(changes)" 0
    is "$(wc -l <"$R/now")" 58
}

@test "a service that refuses what is no UTF-8 says so" {
    quirk encoding=utf8
    printf '\xff\n' >"$DIR/bytes"
    refused "${SAYS[EINVAL]:?}" in_one_write "$A/new" <"$DIR/bytes"
    says_why 'Non-UTF8'
}

@test "what is read and appended is signed in both versions" {
    for version in v1 v4; do
        remount_service -o "signature=$version,region=$REGION"
        forget_requests
        echo "$version" >"$A/new"
        is "$(jq -r .data.content <"$A/at/100" | tail -n 1)" "$version"
        is "$(ways)" "$version"
    done
    is "$(stat_of signature_failures)" 0
}
