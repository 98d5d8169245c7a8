# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # each test is a shell of its own
# When any service fails, answers nonsense or nothing, or is not there. SERVICE says which service it is.

load "${SERVICE:-dis}"

# An error is armed for the request of an operation, and not for one that asks for a size before it.
SNAPSHOT=600

# ---- what it answers

@test "no message can break the lines of errors" {
    warm
    fail_at commit status status=400 code="$MALFORMED"$'\tx' message=$'one\ttwo\nthree\e[2J'
    refused "${SAYS[EINVAL]:?}" op_commit
    is "$(wc -l <errors)" 1
    last_error
    is "${FIELD[3]}" EINVAL
    is "$(tr -d '\t\n -~' <errors)" ""
}

@test "no message can mislead who reads errors" {
    warm
    # turned around, and 8-bit control characters
    fail_at commit status status=400 code="$MALFORMED" message=$'a\xe2\x80\xaeb\xe2\x81\xa6c\xd8\x9cd\xc2\x9be\xef\xbb\xbff'
    refused "${SAYS[EINVAL]:?}" op_commit
    last_error
    is "${FIELD[7]}" 'a\xe2\x80\xaeb\xe2\x81\xa6c\xd8\x9cd\xc2\x9be\xef\xbb\xbff'
    is "$(LC_ALL=C tr -d '\t\n -~' <errors | wc -c) $(LC_ALL=C tr -d '\t\n -~' <commits | wc -c)" "0 0"
}

@test "that nothing is committed is no failure" {
    refused "${SAYS[ENOENT]:?}" cat apps/billing/orders/1/checkpoint
    refused "${SAYS[ENOENT]:?}" cat checkpoints/billing/orders/1
    refused "" test -x apps/billing/orders/1/checkpoint
    is "$(cat errors)" ""
}

@test "an answer that is not what the protocol says is EBADMSG" {
    warm
    spoilt truncated
    spoilt garbage
    spoilt html status=200
    spoilt wrong-type
    spoilt huge
    local text
    for text in "${NONSENSE[@]:?}"; do
        spoilt body text="$text"
    done
}

@test "only the documented answer acknowledges a commit" {
    warm
    local answer
    for answer in "${NO_COMMIT[@]:?}"; do
        fail_at commit body status="${answer%%:*}" text="${answer#*:}"
        refused "${SAYS[EBADMSG]:?}" op_commit
        last_error
        is "$answer ${FIELD[3]} ${FIELD[4]} ${FIELD[5]}" "$answer EBADMSG ${answer%%:*} -"
        is "$answer $(op_read)" "$answer $(shown 42)"
    done
    is "$(stored)" "$UNTOUCHED"
    # what somebody else has answered tells nothing of what the service has done
    is "$(journal what result | sort -u)" $'commit\tunknown'
}

@test "what a proxy refuses may have been done" {
    again_with -o timeout=1
    fail_at commit html status=429 execute=1 count=forever
    refused "${SAYS[EBUSY]:?}" op_commit
    no_faults
    hup
    is "$(op_read)" "$(shown 43)"
    is "$(journal what result)" $'commit\tunknown'
}

# by FAULT [NAME=VALUE...]: each operation gets it as EBADMSG.
by() {
    local operation
    for operation in read commit cursor resume lag rmdir; do
        fail_at "$operation" "$@" count=forever
        refused "${SAYS[EBADMSG]:?}" "op_$operation"
        no_faults
    done
}

@test "what a proxy does not find is not said to be absent" {
    warm
    by html status=404
    by html status=410
    by status status=404 shape=none
    by status status=404 code=NotFound message="no such route"
    by body status=404 text='{"message":"no Route matched with those values"}'
    by body status=410 text='{"code":"Gone","message":"gone"}'
    last_error
    is "${FIELD[3]} ${FIELD[4]} ${FIELD[5]}" "EBADMSG 410 -"
    matches "${FIELD[7]}" "Gone gone"
    is "$(stored) $(op_read)" "$UNTOUCHED $(shown 42)"
}

# unlisted FAULT [NAME=VALUE...]: no listing is shorter for it, and no name is said to be absent.
unlisted() {
    local directory
    remount_service -o lazy,timeout=1
    fault "$@" path="$CALLS" count=forever
    for directory in apps checkpoints streams apps/billing checkpoints/billing \
        apps/billing/orders checkpoints/billing/orders streams/orders; do
        run ls "$directory"
        ((status != 0))
        not grep -F "${SAYS[ENOENT]:?}" <<<"$output"
    done
    no_faults
}

@test "listings are not shorter, nor empty, for what a proxy answers" {
    unlisted html status=404
    unlisted status status=410 shape=none
    unlisted html status=403
    unlisted body text='{}'
    unlisted body text='{"login":"required"}'
    everything_is_right
}

# kept WHAT: rsync takes no file out of the backup.
kept() {
    run timeout 120 rsync -a --delete checkpoints/ "$DIR/backup/"
    no_faults
    ((status != 0 && status != 124))
    is "$* $(diff -r "$DIR/first" "$DIR/backup")" "$* "
}

@test "rsync -a --delete takes nothing out of a backup while a proxy answers, or nobody does" {
    needs rsync
    committed audit orders 1 50
    committed billing orders 2 60
    remount_service
    rsync -a checkpoints/ "$DIR/backup/"
    cp -r "$DIR/backup" "$DIR/first"
    is "$(find "$DIR/backup" -type f | wc -l)" 3
    local failure
    # when no name is known
    for failure in "html status=404" "status status=404 shape=none" "body status=410 text={}" \
        "body text={}" "html status=200" "html status=403" "html status=500" reset; do
        remount_service -o lazy,timeout=1
        # shellcheck disable=SC2086 # several words
        fault $failure path="$CALLS" count=forever
        kept "$failure"
    done
    # when all names are known, and values, or those of one app on one stream, are asked for
    for failure in "html status=404" "html status=410" "body text={}" "html status=500" reset; do
        remount_service -o timeout=1,snapshot=1
        warm
        let_values_age
        # shellcheck disable=SC2086
        fault $failure path="$VALUES" count=forever
        kept "$failure"
    done
    eventually rsync -a --delete checkpoints/ "$DIR/backup/"
    diff -r "$DIR/first" "$DIR/backup"
}

@test "5xx until the timeout is EIO" {
    again_with -o timeout=1
    local failure
    for failure in "${BROKEN[@]:?}"; do
        exhausts EIO status status="${failure%:*}" code="${failure#*:}" message=words
        reported EIO "${failure%:*}" "${failure#*:}" words
    done
    exhausts EIO html status=502
    last_error
    is "${FIELD[3]} ${FIELD[4]} ${FIELD[5]}" "EIO 502 -"
}

# retried REASON: how often, as metrics counts it.
retried() {
    sed -n "s/^checkpointfs_retries_total{.*reason=\"$1\"} //p" metrics
}

@test "what was sent once more is counted, by reason" {
    warm
    is "$(retried throttled) $(retried 5xx) $(retried connection)" "0 0 0"
    fail_at read status status=429 code="$THROTTLED" count=2
    op_read
    is "$(retried throttled) $(retried 5xx) $(retried connection)" "2 0 0"
    fail_at read status status=500
    op_read
    is "$(retried throttled) $(retried 5xx) $(retried connection)" "2 1 0"
    fail_at read status status=503
    op_read
    is "$(retried throttled) $(retried 5xx) $(retried connection)" "2 2 0"
    # of a connection that was kept libcurl sends the first one again unseen
    fail_at read reset count=3
    op_read
    is "$(retried throttled) $(retried 5xx)" "2 2"
    (($(retried connection) >= 1))
}

@test "retries pause: there is no storm" {
    again_with -o timeout=2
    fail_at read status status=503 count=forever
    refused "${SAYS[EIO]:?}" op_read
    (($(requests) >= 2 && $(requests) <= 15))
}

# misses ERRNO STATUS FAULT [NAME=VALUE...]: a name that nothing tells of, while all requests meet that fault.
misses() {
    remount_service -o lazy
    fault "${@:3}" path="$CALLS" count=forever
    refused "${SAYS[$1]:?}" stat apps/other
    no_faults
    last_error
    is "$* ${FIELD[2]} ${FIELD[3]} ${FIELD[4]}" "$* lookup $1 $2"
}

@test "a look-up that ran out of time says what has failed" {
    misses EIO 500 status status=500 code="${BROKEN[0]#*:}" message=words
    is "${FIELD[5]}" "${BROKEN[0]#*:}"
    matches "${FIELD[7]}" words
    misses EBUSY 429 status status=429
    misses ECONNRESET - reset
    misses ETIMEDOUT - never
}

@test "connections that always break are ECONNRESET" {
    again_with -o timeout=1
    exhausts ECONNRESET reset
    last_error
    is "${FIELD[3]} ${FIELD[4]}" "ECONNRESET -"
    eventually op_read
}

@test "an answer whose header was cut off is none" {
    again_with -o timeout=1
    fail_at commit raw text="HTTP/1.1 $COMMITTED OK"$'\r\nServer: x\r\nConte' execute=1 count=forever
    refused "${SAYS[ECONNRESET]:?}" op_commit
    no_faults
    is "$(journal what result)" $'commit\tunknown'
    fail_at read raw text=$'HTTP/1.1 200 OK\r\n'
    is "$(op_read)" "$(shown 43)"
}

@test "idle connections that the service closed are not noticed" {
    warm
    control POST connections/close >/dev/null
    is "$(op_read)" "$(shown 42)"
    control POST connections/close >/dev/null
    op_commit
    fail_at read close
    is "$(op_read)" "$(shown 43)"
    is "$(op_read)" "$(shown 43)"
    is "$(cat errors)" ""
}

# ---- answers that do not come

@test "no answer is ETIMEDOUT at the timeout" {
    again_with -o timeout=1
    fail_at read never count=forever
    local begin
    begin=$(milliseconds)
    refused "${SAYS[ETIMEDOUT]:?}" op_read
    (($(milliseconds) - begin >= 900))
    soon_after "$begin"
    last_error
    is "${FIELD[3]} ${FIELD[4]} ${FIELD[5]}" "ETIMEDOUT - -"
    eventually in_flight 0
    no_faults
    is "$(op_read)" "$(shown 42)"
}

@test "no answer to a commit is ETIMEDOUT, and commits says unknown" {
    again_with -o timeout=1
    fail_at commit never count=forever
    refused "${SAYS[ETIMEDOUT]:?}" op_commit
    is "$(journal path what result)" $'billing/orders/0\tcommit\tunknown'
    matches "$(journal number)" "^(43|$(shown 43))\$"
    no_faults
    is "$(op_read)" "$(shown 42)"
    op_commit
    is "$(op_read)" "$(shown 43)"
}

@test "an answer that comes slowly is waited for, up to the timeout" {
    again_with -o timeout=3
    fail_at read drip interval=5
    is "$(op_read)" "$(shown 42)"
    fail_at read drip interval=1000 count=forever
    local begin
    begin=$(milliseconds)
    refused "${SAYS[ETIMEDOUT]:?}" op_read
    soon_after "$begin"
}

@test "a slow request keeps no other waiting" {
    warm
    fail_at read never count=forever
    in_background cat "$P/checkpoint"
    eventually in_flight 1
    promptly cat "$S/latest" "$S/cursors/latest"
    promptly ls apps/billing/orders streams
    promptly op_commit
}

# ---- signals

@test "SIGTERM of the daemon with requests in flight ends all of them, and the mount" {
    warm
    fault never path="$CALLS" count=forever
    local i readers=() daemon begin
    daemon=$(daemon)
    for i in {1..10}; do
        in_background cat "$P/checkpoint"
        readers+=("$!")
    done
    in_background bash -c "echo 43 >$P/checkpoint"
    readers+=("$!")
    eventually in_flight 11
    cd /
    begin=$(milliseconds)
    kill -TERM "$daemon"
    for i in "${readers[@]}"; do
        not wait "$i"
    done 2>/dev/null
    eventually ended "$daemon"
    soon_after "$begin"
    eventually not is_mounted "$MNT"
    eventually in_flight 0
    is "$(stored)" "$UNTOUCHED"
}

@test "SIGTERM while the mount waits for its first answer leaves nothing" {
    cd /
    unmount "$MNT"
    fault never path="$CALLS" count=forever
    in_background "$CHECKPOINTFS" -f "$SOURCE" "$MNT" >/dev/null 2>&1
    local mounting=$!
    eventually in_flight 1
    kill -TERM "$mounting"
    promptly not wait "$mounting"
    not is_mounted "$MNT"
}

# ---- no service

@test "a service that is not there ends the mount with one line" {
    cd /
    unmount "$MNT"
    stop_service
    cannot_mount
    matches "$output" "$HOST:$PORT"
    matches "$output" "[Rr]efused|connect"
}

@test "a host whose name does not resolve ends the mount with one line" {
    cd /
    unmount "$MNT"
    SOURCE=$NOWHERE
    cannot_mount -o timeout=3
    matches "$output" "$NO_HOST"
    mount_service -o lazy,timeout=3
    refused "${SAYS[EHOSTUNREACH]:?}" cat "$MNT/$P/checkpoint"
}

@test "once the service is back, everything works again" {
    warm
    stop_service
    refused "${SAYS[ECONNREFUSED]:?}" op_read
    start_service
    make_world
    eventually op_read 2>/dev/null
    is "$(op_read)" "$(shown 42)"
    op_commit
    is "$(stored)" "$(row billing orders 0 43)"
}

@test "ls of what is known works with the service down" {
    remount_service -o listing=1
    ls -R apps checkpoints streams >/dev/null
    stop_service
    sleep 1.2
    local begin
    begin=$(milliseconds)
    is "$(entries apps) $(entries apps/billing) $(partitions apps/billing/orders)" \
        "audit billing orders payments 0 1 2"
    is "$(entries streams) $(entries streams/orders)" "orders payments 0 1 2 status"
    cd apps/billing/orders/0
    is "$(compgen -G '../*' | wc -l)" 4
    soon_after "$begin"
    cd /
    promptly unmount "$MNT"
}

@test "a refresh that fails keeps the listing" {
    remount_service -o listing=1
    ls -R apps checkpoints streams >/dev/null
    fault status status=500 path="$CALLS" count=forever
    sleep 1.2
    ls apps streams >/dev/null
    sleep 0.5
    is "$(entries apps)" "audit billing"
    no_faults
    another_app newapp
    eventually listed apps "audit billing newapp"
}

# A terminal sends it to all processes of the command.
@test "Ctrl-C while it mounts ends the command, and nothing is mounted" {
    cd /
    unmount "$MNT"
    fault delay delay=3000 count=forever
    forget_requests
    in_background setsid "$CHECKPOINTFS" "$SOURCE" "$MNT" 2>/dev/null
    eventually in_flight 1
    promptly kill -INT -- "-$!"
    promptly eventually not pgrep -f -- "$DAEMON.*$MNT"
    not is_mounted "$MNT"
}
