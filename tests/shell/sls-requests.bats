# shellcheck shell=bats
# What is sent to SLS: the documented requests with all their parameters, and not one too many.

load sls

# Where the checkpoints of the small world are.
GROUP=/logstores/orders/consumergroups/billing

# body LINE: of a request.
body() {
    echo "{${1#*{}"
}

# ---- the documented requests

@test "echo sends the documented request, as the consumer that -o consumer names" {
    seed '{"logstores":[{"name":"logstore-4","shards":1}],
        "groups":[{"logstore":"logstore-4","name":"consumer_group_test"}]}'
    alive consumer_1 consumer_group_test logstore-4 0
    remount_service -o consumer=consumer_1
    warm
    put apps/consumer_group_test/logstore-4/0/checkpoint MTUyNDE1NTM3OTM3MzkwODQ5Ng==
    is "$(requests)" 1
    matches "$(last_request)" \
        '^POST /logstores/logstore-4/consumergroups/consumer_group_test[?][^ ]* 200 v1 \{'
    is "$(parameters "$(last_request)")" "consumer=consumer_1 forceSuccess=false type=checkpoint"
    is "$(body "$(last_request)")" '{"shard":0,"checkpoint":"MTUyNDE1NTM3OTM3MzkwODQ5Ng=="}'
    is "$(stored | grep test)" \
        "consumer_group_test logstore-4 0 MTUyNDE1NTM3OTM3MzkwODQ5Ng== consumer_1"
}

@test "echo without -o consumer is forced, and names none" {
    warm
    put "$P/checkpoint" NDM=
    is "$(requests)" 1
    matches "$(last_request)" "^POST ${GROUP}[?][^ ]* 200 v1 \{"
    is "$(parameters "$(last_request)")" "consumer= forceSuccess=true type=checkpoint"
    is "$(body "$(last_request)")" '{"shard":0,"checkpoint":"NDM="}'
}

@test "cat sends GetCheckPoint for the shard" {
    warm
    cat "$P/checkpoint" >/dev/null
    is "$(requests)" 1
    matches "$(last_request)" "^GET ${GROUP}[?]shard=0 200 v1"
    is "$(cat apps/billing/orders/shardId-0000000000/checkpoint)" NDI=
    matches "$(last_request)" "^GET ${GROUP}[?]shard=0 200 v1"
}

@test "cursors and ends send GetCursor" {
    warm
    cat "$S/cursors/earliest" >/dev/null
    matches "$(last_request)" "^GET /logstores/orders/shards/0[?]"
    is "$(parameters "$(last_request)")" "from=begin type=cursor"
    cat "$S/cursors/latest" >/dev/null
    is "$(parameters "$(last_request)")" "from=end type=cursor"
    cat "$S/earliest" >/dev/null
    is "$(parameters "$(last_request)")" "from=begin type=cursor"
    cat "$S/latest" >/dev/null
    is "$(parameters "$(last_request)")" "from=end type=cursor"
    is "$(requests GET /logstores/orders/shards/0) $(requests)" "4 4"
}

@test "since/ sends the time in seconds, rounded up" {
    warm
    local when name sent
    when=$(($(date +%s) - 60))
    for name in "@$when:$when" "@$when.0:$when" "@$when.000001:$((when + 1))" \
        "@$when.5:$((when + 1))" "$(date -ud "@$when" +%Y-%m-%dT%H:%M:%SZ):$when"; do
        sent=${name##*:}
        cat "$S/cursors/since/${name%:*}" >/dev/null
        is "$name $(parameters "$(last_request)")" "$name from=$sent type=cursor"
    done
    is "$(requests)" 5
}

@test "mkdir sends CreateConsumerGroup, with the defaults of the official consumers" {
    warm
    mkdir -p apps/newgroup/orders
    is "$(changes)" 1
    is "$(requests POST /logstores/orders/consumergroups)" 1
    is "$(body "$(control GET log | grep '^POST ')" | jq -cS .)" \
        '{"consumerGroup":"newgroup","order":false,"timeout":60}'
}

@test "-o group_timeout and -o group_order are those of the groups that mkdir makes" {
    remount_service -o group_timeout=120,group_order
    mkdir -p apps/newgroup/orders checkpoints/another/orders
    is "$(control GET groups | grep -E 'newgroup|another' | sort)" \
        $'orders another 120 true\norders newgroup 120 true'
}

@test "rmdir sends DeleteConsumerGroup" {
    warm
    rmdir apps/audit/orders
    is "$(changes)" 1
    is "$(requests DELETE /logstores/orders/consumergroups/audit)" 1
}

@test "logstores are listed by pages of 500" {
    make_many logstores=600 shards=1 groups=0
    remount_service
    forget_requests
    ls streams >/dev/null
    is "$(requests GET /logstores)" 2
    control GET log | grep '^GET /logstores[?]' >"$DIR/pages"
    is "$(grep -o 'size=[0-9]*' "$DIR/pages" | sort -u)" size=500
    is "$(grep -o 'offset=[0-9]*' "$DIR/pages" | sort -t = -k 2n | xargs)" "offset=0 offset=500"
}

# ---- counts

@test "cat is 1 request, each time, also of a checkpoint that is not there" {
    warm
    cat "$P/checkpoint" >/dev/null
    is "$(requests)" 1
    cat "$P/checkpoint" >/dev/null
    cat "$P/checkpoint" >/dev/null
    is "$(requests GET "$GROUP") $(requests)" "3 3"
    let_values_age
    forget_requests
    refused "${SAYS[ENOENT]:?}" cat apps/billing/orders/1/checkpoint
    is "$(requests)" 1
}

@test "cat in a mount that knows no names yet asks for the checkpoint once" {
    remount_service
    forget_requests
    is "$(cat "$P/checkpoint")" NDI=
    (($(requests) <= 7))
    forget_requests
    is "$(cat "$P/checkpoint")" NDI=
    is "$(requests)" 1
}

@test "echo of a cursor is 1 request, from every shell and tool, on both sides" {
    warm
    put "$P/checkpoint" NDM=
    is "$(requests)" 1
    dash -c "echo NDQ= >$P/checkpoint"
    printf NDU= >"$P/checkpoint"
    tee "$P/checkpoint" <<<NDY= >/dev/null
    put "$C" NDc=
    is "$(changes) $(requests POST "$GROUP") $(requests)" "5 5 5"
    : >"$P/checkpoint"
    : >"$C"
    is "$(changes)" 5
}

@test "echo of a decimal is 3 requests, and 1 with -o any" {
    warm
    local file
    for file in "$P/checkpoint" "$C"; do
        forget_requests
        put "$file" 43
        is "$(requests GET /logstores/orders/shards/0) $(requests POST "$GROUP") $(requests)" "2 1 3"
    done
    forget_requests
    refused "${SAYS[ERANGE]:?}" put "$P/checkpoint" 500
    is "$(requests GET /logstores/orders/shards/0) $(requests)" "2 2"
    again_with -o clamp
    put "$P/checkpoint" 500
    is "$(requests POST "$GROUP") $(requests)" "1 3"
    again_with -o any
    put "$P/checkpoint" 500
    is "$(requests)" 1
}

@test "echo earliest, latest, @TIME and shift are 2 requests" {
    warm
    local position
    for position in earliest latest @1m 'shift +1'; do
        forget_requests
        put "$P/checkpoint" "$position"
        is "$position $(requests POST "$GROUP") $(requests)" "$position 1 2"
    done
}

@test "cursor is 1 request with a checkpoint, and 2 without" {
    warm
    cat "$P/cursor" >/dev/null
    is "$(requests GET "$GROUP") $(requests)" "1 1"
    forget_requests
    cat apps/billing/orders/1/cursor >/dev/null
    is "$(requests GET "$GROUP") $(requests GET /logstores/orders/shards/1) $(requests)" "1 1 2"
}

@test "cursors/at and after are 0 requests, the others 1" {
    warm
    cat "$S"/cursors/{at,after}/{50,NTA=} >/dev/null
    is "$(requests)" 0
    local file
    for file in cursors/earliest cursors/latest cursors/since/1m earliest latest; do
        forget_requests
        cat "$S/$file" >/dev/null
        is "$file $(requests)" "$file 1"
    done
}

@test "a bound is 1 request, also when all that was known is old" {
    warm
    local file
    for file in earliest latest; do
        let_values_age
        forget_requests
        cat "$S/$file" >/dev/null
        is "$file $(requests)" "$file 1"
    done
}

@test "lag is 3 requests, and 2 at the end" {
    warm
    cat "$P/lag" >/dev/null
    is "$(requests GET "$GROUP") $(requests)" "1 3"
    let_values_age
    forget_requests
    cat apps/billing/orders/1/lag >/dev/null
    is "$(requests GET "$GROUP") $(requests)" "1 3"
    let_values_age
    local number
    for number in 100 5000; do
        committed billing orders 0 "$number"
        forget_requests
        cat "$P/lag" >/dev/null
        is "$(requests GET "$GROUP") $(requests)" "1 2"
    done
}

@test "status is 5 requests, 4 when nothing is committed, and 3 of a shard alone" {
    warm
    cat "$P/status"
    is "$(requests)" 5
    forget_requests
    cat apps/billing/orders/1/status
    is "$(requests)" 4
    forget_requests
    cat "$S/status"
    is "$(requests)" 3
}

@test "no cursor is asked for by ls, stat or du" {
    warm
    ls -lR apps streams >/dev/null
    stat "$P/cursor" "$S"/cursors/{earliest,latest,at/50} >/dev/null
    du -a apps streams >/dev/null
    is "$(requests GET '/logstores/[^/]*/shards/[0-9]*')" 0
}

@test "ls of what is known, df, and reading the mount's own files are 0 requests" {
    warm
    ls . apps apps/billing apps/billing/orders "$P" >/dev/null
    ls streams streams/orders "$S" "$S/cursors" "$S/cursors/at" checkpoints >/dev/null
    df . >/dev/null
    cat README commits errors metrics status >/dev/null
    cd "$P"
    is "$(compgen -G '../*' | wc -l)" 4
    is "$(requests)" 0
}

@test "ls -l checkpoints/G/LOGSTORE with 256 shards is 1 request" {
    wide 256
    remount_service -o snapshot=600
    ls apps apps/audit streams checkpoints checkpoints/audit >/dev/null
    forget_requests
    ls -l checkpoints/audit/wide >"$DIR/listing"
    is "$(requests GET /logstores/wide/consumergroups/audit) $(requests)" "1 1"
    not grep -F 'shard=' <<<"$(last_request)"
    is "$(grep -c '^-rw-r--r--' "$DIR/listing")" 256
    is "$(awk '$NF == 255 { print $5 }' "$DIR/listing")" 9
}

@test "ls -l of the checkpoints in apps/ is 1 request for a group and a logstore" {
    wide 256
    remount_service -o snapshot=600
    ls apps apps/audit >/dev/null
    forget_requests
    ls -l apps/audit/wide/*/checkpoint >"$DIR/listing"
    is "$(requests GET /logstores/wide/consumergroups/audit) $(requests)" "1 1"
    is "$(grep -c 'checkpoint$' "$DIR/listing")" 256
}

@test "diff -r, tar, cp -r and grep -r of checkpoints ask no shard by itself" {
    wide 100
    group clone wide
    remount_service -o snapshot=600
    ls checkpoints >/dev/null
    forget_requests
    run -1 diff -r checkpoints/audit checkpoints/clone
    tar -cf "$DIR/all.tar" checkpoints
    cp -r checkpoints "$DIR/copy"
    grep -rc . checkpoints >/dev/null
    is "$(control GET log | grep -c 'shard=' || true)" 0
    # one to see that there are checkpoints, and one for all of their values
    is "$(requests GET /logstores/wide/consumergroups/audit)" 2
    (($(requests GET '/logstores/[^/]*/consumergroups/.*') <= 15))
    is "$(find "$DIR/copy" -type f | wc -l) $(cat "$DIR/copy/audit/wide/99")" "101 $(b64 1099)"
}

@test "cp -r to a new group sends one request to make it, and one for each checkpoint" {
    wide 50
    remount_service
    ls -R checkpoints >/dev/null
    forget_requests
    cp -r checkpoints/audit checkpoints/clone
    is "$(requests POST /logstores/wide/consumergroups)" 1
    is "$(requests POST /logstores/wide/consumergroups/clone) $(changes)" "50 51"
    is "$(stored | grep -c ^clone)" 50
}

@test "a loop of 300 cats uses 1 connection" {
    warm
    local before
    before=$(stat_of connections)
    for _ in {1..300}; do
        cat "$P/checkpoint"
    done >"$DIR/numbers"
    # asking for the count takes one itself
    (($(stat_of connections) - before - 1 <= 1))
    is "$(requests) $(sort "$DIR/numbers" | uniq -c | xargs)" "300 300 NDI="
}

# ---- many logstores

@test "the union asks each logstore once, at most 8 at a time" {
    cd /
    unmount "$MNT"
    restart_service
    make_many logstores=60 shards=1 groups=2
    mount_service -o lazy
    forget_requests
    fault delay delay=50 path=/consumergroups count=forever
    is "$(entries "$MNT/apps")" "group-0000 group-0001"
    is "$(requests GET '/logstores/[^/]*/consumergroups') $(requests GET /logstores)" "60 1"
    is "$(requests)" 61
    (($(stat_of in_flight_most) <= 8 && $(stat_of in_flight_most) >= 4))
}

@test "200 logstores with 30 groups: what was listed is shared" {
    make_many logstores=200 shards=1 groups=30
    remount_service -o lazy
    forget_requests
    is "$(count apps)" 32
    is "$(requests GET '/logstores/[^/]*/consumergroups')" 202
    is "$(count apps/group-0000) $(count apps/group-0029) $(count checkpoints)" "200 200 32"
    (($(requests GET '/logstores/[^/]*/consumergroups') <= 404))
    remount_service -o lazy
    forget_requests
    is "$(find apps -mindepth 2 -maxdepth 2 | wc -l)" 6003
    # 32 groups, and not 32 times as many
    (($(requests GET '/logstores/[^/]*/consumergroups') <= 808))
}
