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

@test "retries pause: there is no storm" {
    again_with -o timeout=2
    fail_at read status status=503 count=forever
    refused "${SAYS[EIO]:?}" op_read
    (($(requests) >= 2 && $(requests) <= 15))
}

@test "connections that always break are ECONNRESET" {
    again_with -o timeout=1
    exhausts ECONNRESET reset
    last_error
    is "${FIELD[3]} ${FIELD[4]}" "ECONNRESET -"
    eventually op_read
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
    is "$(entries apps) $(entries apps/billing) $(entries apps/billing/orders)" \
        "audit billing orders payments 0 1 2"
    is "$(entries streams) $(entries streams/orders)" "orders payments 0 1 2 status"
    cd apps/billing/orders/0
    is "$(compgen -G '../*' | wc -l)" 3
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
