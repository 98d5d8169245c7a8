# shellcheck shell=bats
# Cursors: fresh tokens to read records with.

load helper

setup() {
    needs jq
    begin
}

# decoded FILE: the JSON of a cursor, which must be one line of padded, URL-safe base64.
decoded() {
    local cursor
    cursor=$(cat "$1") || return
    matches "$cursor" '^[A-Za-z0-9_-]+={0,2}$' || return
    ((${#cursor} % 4 == 0)) || return
    tr _- /+ <<<"$cursor" | base64 -d
}

# parameter FILE NAME: one parameter of the cursor that was read from a file.
parameter() {
    decoded "$1" | jq -r --arg name "$2" '.getIteratorParam[$name]'
}

@test "cursor resumes after the checkpoint" {
    put "$P/checkpoint" 42
    is "$(decoded "$P/cursor" | jq -c keys)" '["generateTimestamp","getIteratorParam"]'
    is "$(decoded "$P/cursor" | jq -c '.getIteratorParam | to_entries | sort[] | [.key, .value]')" \
        '["cursor-type","AFTER_SEQUENCE_NUMBER"]
["partition-id","0"]
["starting-sequence-number","42"]
["stream-name","orders"]'
}

@test "cursor under -o checkpoint=next resumes at the checkpoint" {
    remount_store -o checkpoint=next
    put "$P/checkpoint" 42
    is "$(parameter "$P/cursor" cursor-type)" AT_SEQUENCE_NUMBER
    is "$(parameter "$P/cursor" starting-sequence-number)" 42
}

@test "cursor without a checkpoint is at the oldest record" {
    is "$(parameter "$P/cursor" cursor-type)" TRIM_HORIZON
    is "$(parameter "$P/cursor" stream-name)" orders
    is "$(parameter "$P/cursor" partition-id)" 0
}

@test "cursor says when it was made, in milliseconds" {
    local before after made
    before=$(date +%s%3N)
    made=$(decoded "$P/cursor" | jq .generateTimestamp)
    after=$(date +%s%3N)
    ((before <= made && made <= after))
}

@test "cursor is never cached" {
    local first
    first=$(cat "$P/cursor")
    sleep 0.01
    not is "$(cat "$P/cursor")" "$first"
}

@test "cursor is a line" {
    is "$(wc -l <"$P/cursor")" 1
    matches "$(od -An -c "$P/cursor" | tr -d ' \n')" '[^\\]\\n$'
}

@test "cursor uses the plain number of the partition" {
    mkdir apps/billing/orders/12
    put apps/billing/orders/12/checkpoint 7
    is "$(parameter apps/billing/orders/shardId-0000000012/cursor partition-id)" 12
}

@test "cursors/earliest and latest are at the ends" {
    is "$(parameter "$S/cursors/earliest" cursor-type)" TRIM_HORIZON
    is "$(parameter "$S/cursors/latest" cursor-type)" LATEST
}

@test "cursors/at and after are at and after a number" {
    is "$(parameter "$S/cursors/at/42" cursor-type)" AT_SEQUENCE_NUMBER
    is "$(parameter "$S/cursors/at/42" starting-sequence-number)" 42
    is "$(parameter "$S/cursors/after/42" cursor-type)" AFTER_SEQUENCE_NUMBER
    is "$(parameter "$S/cursors/after/9223372036854775807" starting-sequence-number)" \
        9223372036854775807
}

@test "cursors/since is at a time, in each of its forms" {
    local time
    for time in 2026-11-21T08:00:00Z 2026-11-21T08:00:00.5+01:00 1700000000 1700000000.25 \
        1700000000123 1h 30m 2d 1h30m PT1H P1DT2H now; do
        is "$time $(parameter "$S/cursors/since/$time" cursor-type)" "$time AT_TIMESTAMP"
        is "@$time $(parameter "$S/cursors/since/@$time" cursor-type)" "@$time AT_TIMESTAMP"
    done
}

@test "cursors at what is no number or time are ENOENT" {
    local name
    for name in abc -1 1.5 ' 1' 0x1; do
        absent "$S/cursors/at/$name"
        absent "$S/cursors/after/$name"
    done
    for name in yesterday 2026-13-01T00:00:00Z 1y -1h @ @@1h @x 2026-11-21; do
        absent "$S/cursors/since/$name"
        absent "$S/since/$name"
    done
}

@test "errors says how a time is written that was not" {
    local name
    for name in .hidden autorun.inf yesterday; do
        absent "$S/cursors/since/$name"
        is "$name: $(cat errors)" "$name: "
    done
    absent "$S/cursors/since/2026-11-21T08:00:00"
    matches "$(tail -n 1 errors)" "add Z for UTC, or an offset such as .01:00; a time is an age "
    absent "$S/cursors/since/@yesterday"
    matches "$(tail -n 1 errors)" '"@yesterday" is not a time; a time is an age '
    matches "$(tail -n 1 errors)" "since/@yesterday"$'\t'lookup$'\t'ENOENT
    absent "$S/cursors/since/-1h"
    matches "$(tail -n 1 errors)" 'an age has no sign'
}

@test "cursors cannot be written" {
    refused "Read-only file system" put "$P/cursor" 42
    refused "Read-only file system" put "$S/cursors/latest" 42
    refused "Read-only file system" put "$S/cursors/at/42" 42
}

@test "finding a file by name, as browsing does, leaves cursors as they are" {
    find "$S" -ls >/dev/null
    is "$(entries "$S/cursors/since")" ""
    [[ -e $S/cursors/since/1h ]]
    is "$(entries "$S/cursors/since")" ""
}
