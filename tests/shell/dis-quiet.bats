# shellcheck shell=bats
# How little is sent to DIS for many values, in which order, and what is not sent at all.

load dis

# A stream of 100 partitions, with a checkpoint on each for every app that is named.
hundred() {
    control POST stream name=wide partitions=100 earliest=0 latest=1000 >/dev/null
    local app
    for app; do
        seed "$(jq -nc --arg app "$app" '{apps: [$app], checkpoints: [range(100) |
            {app: $app, stream: "wide", partition: ., sequence: (. + 1)}]}')"
    done
}

@test "ls of what is known is 0 requests" {
    warm
    ls >/dev/null
    ls apps apps/billing apps/billing/orders "$P" >/dev/null
    ls streams streams/orders "$S" "$S/cursors" "$S/cursors/at" >/dev/null
    cd "$P"
    # shellcheck disable=SC2035 # there are no such names here
    echo ../* >/dev/null
    is "$(requests)" 0
}

@test "df, and reading the mount's own files are 0 requests" {
    warm
    df . >/dev/null
    cat README commits errors metrics status >/dev/null
    is "$(requests)" 0
}

@test "ls -l checkpoints/a/s with 1,000 partitions is 1 request" {
    control POST stream name=wide partitions=1000 latest=5000 >/dev/null
    seed "$(jq -nc '{checkpoints: [range(1000) |
        {app: "audit", stream: "wide", partition: ., sequence: (. * 3)}]}')"
    remount_service -o snapshot=600
    ls apps apps/audit streams checkpoints checkpoints/audit >/dev/null
    forget_requests
    ls -l checkpoints/audit/wide >"$DIR/listing"
    is "$(requests GET /apps/audit/streams/wide) $(requests)" "1 1"
    is "$(grep -c '^-rw-r--r--' "$DIR/listing")" 1000
    is "$(awk '$NF == 999 { print $5 }' "$DIR/listing")" 5
}

@test "ls -l checkpoints/a/s with 10,000 partitions is 10 requests, and one for how many there are" {
    control POST stream name=wide partitions=10000 latest=50000 >/dev/null
    jq -nc '{checkpoints: [range(10000) |
        {app: "audit", stream: "wide", partition: ., sequence: (. * 3)}]}' >"$DIR/seed"
    seed "$(<"$DIR/seed")"
    remount_service -o snapshot=600
    ls apps apps/audit streams checkpoints checkpoints/audit >/dev/null
    forget_requests
    ls -l checkpoints/audit/wide >"$DIR/listing"
    is "$(requests GET /apps/audit/streams/wide) $(requests)" "10 11"
    is "$(grep -c '^-rw-r--r--' "$DIR/listing")" 10000
    is "$(awk '$NF == 9999 { print $5 }' "$DIR/listing")" 6
}

@test "ls -l of the checkpoints in apps/ is 1 request for an app and a stream" {
    hundred audit
    remount_service -o snapshot=600
    ls apps apps/audit >/dev/null
    forget_requests
    ls -l apps/audit/wide/*/checkpoint >"$DIR/listing"
    is "$(requests GET /apps/audit/streams/wide) $(requests)" "1 1"
    is "$(grep -c 'checkpoint$' "$DIR/listing")" 100
    is "$(awk '/\/99\/checkpoint$/ { print $5 }' "$DIR/listing")" 4
}

@test "diff -r of two apps with 10 streams of 100 partitions is 20 requests and the listings" {
    make_many streams=10 partitions=100 latest=1000
    seed "$(jq -nc '{apps: ["a", "b"], checkpoints: [("a", "b") as $app | range(10) as $stream |
        range(100) | {app: $app, stream: "stream-000\($stream)", partition: ., sequence: .}]}')"
    committed b stream-0007 31 777
    remount_service -o snapshot=600
    ls apps streams checkpoints >/dev/null
    forget_requests
    run -1 diff -r checkpoints/a checkpoints/b
    is "${lines[0]}" "diff -r checkpoints/a/stream-0007/31 checkpoints/b/stream-0007/31"
    is "$(printf '%s\n' "${lines[@]}" | grep -c ^diff)" 1
    is "$(requests GET '/apps/[ab]/streams/[^/]*')" 20
    is "$(requests GET /checkpoints)" 0
    (($(requests) <= 26))
}

@test "tar, cp -r and grep -r of checkpoints ask no partition by itself" {
    hundred audit
    remount_service -o snapshot=600
    ls checkpoints >/dev/null
    forget_requests
    tar -cf "$DIR/all.tar" checkpoints
    cp -r checkpoints "$DIR/copy"
    grep -rc . checkpoints >/dev/null
    is "$(requests GET /checkpoints) $(requests GET /apps/audit/streams/wide)" "0 1"
    (($(requests) <= 6))
    is "$(find "$DIR/copy" -type f | wc -l)" 101
    is "$(cat "$DIR/copy/audit/wide/99")" 100
}

@test "rm -r of a stream's checkpoints sends nothing but deletes" {
    hundred audit
    remount_service
    ls -R checkpoints >/dev/null
    forget_requests
    rm -r checkpoints/audit/wide
    (($(requests DELETE /checkpoints) >= 1))
    (($(requests DELETE /checkpoints) <= 101))
    is "$(changes)" "$(requests DELETE /checkpoints)"
    is "$(stored)" "billing orders 0 42 note"
}

@test "rm -r of an app deletes its checkpoints and the app" {
    hundred audit
    remount_service
    ls -R checkpoints >/dev/null
    rm -r checkpoints/audit
    is "$(requests DELETE /apps/audit)" 1
    is "$(stored)" "billing orders 0 42 note"
    absent apps/audit
}

@test "a loop of 1,000 cats uses 1 connection" {
    warm
    local before
    before=$(stat_of connections)
    for _ in {1..1000}; do
        cat "$P/checkpoint"
    done >"$DIR/numbers"
    # asking for the count takes one itself
    (($(stat_of connections) - before - 1 <= 1))
    is "$(requests GET /checkpoints) $(requests)" "1000 1000"
    is "$(sort "$DIR/numbers" | uniq -c | xargs)" "1000 42"
}

@test "an app that is not there takes no commit, and none is sent" {
    warm
    refused "No such file or directory" put apps/nosuchapp/orders/0/checkpoint 42
    refused "No such file or directory" put checkpoints/nosuchapp/orders/0 42
    is "$(changes)" 0
}

@test "whether a stream and a partition are there the commit tells" {
    warm
    refused "No such file or directory" put apps/billing/nosuchstream/0/checkpoint 42
    refused "No such file or directory" put apps/billing/orders/99/checkpoint 42
    is "$(changes) $(requests)" "2 2"
}

@test "what is no position or no text is refused and not sent" {
    warm
    local text
    for text in '-1' 'x' '' '4 2' '@yesterday'; do
        refused "Invalid argument" put "$P/checkpoint" "$text"
        refused "Invalid argument" put "$C" "$text"
    done
    refused "Invalid argument" put_once "$P/checkpoint" '43\n\377\n'
    refused "Invalid argument" put "$P/metadata" "$(repeat 1001 x)"
    is "$(changes)" 0
}

@test "-o ro sends nothing that changes something" {
    remount_service -o ro
    warm
    is "$(cat "$P/checkpoint") $(flat "$C")" "42 42 note"
    cat "$P/cursor" "$P/lag" "$P/status" "$S/earliest" >/dev/null
    refused "Read-only file system" put "$P/checkpoint" 43
    refused "Read-only file system" put "$P/metadata" text
    refused "Read-only file system" put "$C" 43
    refused "Read-only file system" rm "$P/checkpoint"
    refused "Read-only file system" rm "$C"
    refused "Read-only file system" mkdir apps/newapp
    refused "Read-only file system" rmdir apps/audit
    is "$(changes)" 0
    is "$(stored)" "billing orders 0 42 note"
}

@test "commits to one partition go out one after the other, in the order of the writes" {
    warm
    fault delay delay=600 method=POST path=/checkpoints
    in_background bash -c "echo 50 >$P/checkpoint"
    local first=$!
    eventually in_flight 1
    in_background bash -c "echo 51 >$P/checkpoint"
    wait_all "$first" "$!"
    is "$(control GET log | grep -o '"sequence_number":"[0-9]*"' | tr -dc '0-9\n' | xargs)" "50 51"
    is "$(stored)" "billing orders 0 51"
    is "$(stat_of in_flight_most)" 1
}

@test "commits to many partitions go out side by side" {
    hundred audit
    remount_service -o snapshot=600
    ls apps/audit/wide/* >/dev/null
    forget_requests
    fault delay delay=1000 method=POST path=/checkpoints count=forever
    local partition writers=()
    for partition in {0..19}; do
        in_background bash -c "echo 500 >apps/audit/wide/$partition/checkpoint"
        writers+=("$!")
    done
    wait_all "${writers[@]}"
    (($(stat_of in_flight_most) > 4))
    is "$(requests POST /checkpoints) $(requests)" "20 20"
    is "$(stored | grep -c ' 500$')" 20
}
