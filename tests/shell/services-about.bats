# shellcheck shell=bats
# What a mount of a service says of itself: README and status at its root.

# shellcheck disable=SC2154 # run sets output
load "${SERVICE:-dis}"

# report FILTER: of status.
report() {
    jq -r "$1" "$MNT/status"
}

# The names in README, each as one that is there.
named() {
    sed -nE '/^To commit/q; s/^[ *] ([^ ]+) .*/\1/p' README |
        sed -E 's/APP/billing/; s/STREAM/orders/; s/NUMBER/5/; s/TIME/1h/; s,/N(/|$),/0\1,'
}

@test "README and status are 0 requests, and as long as they are said to be" {
    warm
    local file size
    for file in README status; do
        size=$(stat -c %s "$file")
        is "$file $(wc -c <"$file") $(cat "$file" - </dev/null | wc -c)" "$file $size $size"
        ((size > 100))
    done
    ls -l >/dev/null
    is "$(requests)" 0
}

@test "README names all that is there, and nothing else" {
    local name
    named | grep -v NAME >"$DIR/named"
    (($(wc -l <"$DIR/named") > 15))
    while read -r name; do
        stat "$name" >/dev/null
    done <"$DIR/named"
    find apps/billing/orders/0 streams/orders -type f | grep -v 'orders/[1-9]' >"$DIR/found"
    while read -r name; do
        grep -qx "$name" "$DIR/named" || is "$name" "in README"
    done <"$DIR/found"
    is "$(named | grep -v / | sort)" "$(find . -maxdepth 1 -type f -printf '%f\n' | sort)"
    if [[ -e $P/metadata ]]; then
        grep -q 'committed as metadata' README
    else
        not grep -q 'committed as metadata' README
    fi
}

@test "README fits a terminal of 80 columns, and tells how to end the mount" {
    is "$(awk 'length > 80' README)" ""
    grep -q 'fusermount3 -u' README
    grep -q 'shift +N, shift -N' README
    is "$(LC_ALL=C tr -d '\n -~' <README)" ""
}

@test "status tells of the mount, in a line of JSON" {
    is "$(wc -l <status)" 1
    is "$(report .source)" "$SOURCE"
    is "$(report .backend)" "$SERVICE"
    is "$(report .version)" "$("$CHECKPOINTFS" --version | cut -d ' ' -f 2)"
    (($(report '.mounted | fromdate') <= $(date +%s) && $(report '.mounted | fromdate') > $(date +%s) - 100))
    is "$(report .last_error)" null
    is "$(report .requests)" 0
    python3 -c 'import json; json.load(open("status"))'
}

@test "status tells of the last success, and of the last failure" {
    local before
    before=$(date +%s)
    op_read >/dev/null
    (($(report '.last_success | fromdate') >= before))
    refused "Invalid argument" put "$P/checkpoint" frobnicate
    is "$(report '.last_error | .operation, .path, .errno' | xargs)" "write $P/checkpoint EINVAL"
    matches "$(report .last_error.message)" frobnicate
    (($(report '.last_error.time | fromdate') >= before))
    fail_at read status status=403 code=X message="Said so." count=forever
    refused "" op_read
    is "$(report '.last_error.path')" "$P/checkpoint"
    is "$(report .last_error.errno)" EACCES
    not test "$(report .last_error.time)" = null
}

@test "status tells of a service that is away, and is read all the same" {
    local success
    op_read >/dev/null
    success=$(report .last_success)
    stop_service
    sleep 1.1
    refused "Connection refused" op_read
    is "$(report .last_error.errno)" ECONNREFUSED
    is "$(report .last_success)" "$success"
}

@test "status counts the requests that wait" {
    fail_at read delay delay=3000
    behind cat "$P/checkpoint"
    is "$(report .requests)" 1
    kill -INT "$!"
    wait "$!" || true
    eventually wait_now 1
    is "$(report .requests)" 0
}

@test "status has the options that are in force, also those of the backend" {
    local way=access
    [[ $SERVICE != sls ]] || way=v1
    remount_service -o "ro,timeout=2.5,umask=027,signature=$way"
    is "$(report '.options | .ro, .timeout, .umask, .signature, .clamp' | xargs)" "true 2.5 027 $way false"
    grep -q 'read-only' README
    not grep -q 'shift +N' README
    not grep -q mkdir README
}
