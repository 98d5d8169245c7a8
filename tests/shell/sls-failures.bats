# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031,SC2034 # each test is a shell of its own
# When SLS does not answer: timeouts, interrupts, and a service that is not there.

load sls

# An error is armed for the request of an operation, and not for one that asks for a size before it.
SNAPSHOT=600

@test "no answer is ETIMEDOUT at the timeout" {
    again_with -o timeout=1
    fail_at read never count=forever
    local begin
    begin=$(milliseconds)
    refused "${SAYS[ETIMEDOUT]:?}" cat "$P/checkpoint"
    (($(milliseconds) - begin >= 900))
    soon_after "$begin"
    last_error
    is "${FIELD[3]} ${FIELD[4]} ${FIELD[5]}" "ETIMEDOUT - -"
    eventually in_flight 0
    no_faults
    is "$(cat "$P/checkpoint")" NDI=
}

@test "no answer to a commit is ETIMEDOUT, and commits says unknown" {
    again_with -o timeout=1
    fail_at commit never count=forever
    refused "${SAYS[ETIMEDOUT]:?}" put "$P/checkpoint" 43
    is "$(cut -f 2-3,8 commits)" $'billing/orders/0\tcommit\tunknown'
    no_faults
    is "$(cat "$P/checkpoint")" NDI=
    put "$P/checkpoint" 43
    is "$(cat "$P/checkpoint")" NDM=
}

@test "an answer that comes slowly is waited for, up to the timeout" {
    again_with -o timeout=3
    fail_at read drip interval=5
    is "$(cat "$P/checkpoint")" NDI=
    fail_at read drip interval=1000 count=forever
    local begin
    begin=$(milliseconds)
    refused "${SAYS[ETIMEDOUT]:?}" cat "$P/checkpoint"
    soon_after "$begin"
}

@test "a slow request keeps no other waiting" {
    warm
    fail_at read never count=forever
    in_background cat "$P/checkpoint"
    eventually in_flight 1
    promptly cat "$S/latest" "$S/cursors/latest"
    promptly ls apps/billing/orders streams
    promptly put "$P/checkpoint" 43
}

@test "Ctrl-C ends a cat, an echo, a mkdir and an ls at once, and their requests" {
    again_with -o snapshot=600
    fault never path=/logstores count=forever
    interrupted INT cat "$P/checkpoint"
    interrupted INT bash -c "echo 43 >$P/checkpoint"
    interrupted INT mkdir apps/audit/payments
    is "$(stat_of aborted)" 9
    is "$(cut -f 8 commits | sort -u)" unknown
    no_faults
    is "$(cat "$P/checkpoint")" NDI=
}

@test "SIGTERM and SIGKILL end a caller at once" {
    warm
    fault never path=/logstores count=forever
    local signal
    for signal in TERM KILL; do
        interrupted "$signal" cat "$P/lag"
    done
}

@test "a caller that waits for the union of many logstores can be interrupted, and it ends" {
    make_many logstores=30 shards=1 groups=1
    remount_service -o lazy
    fault never path=/consumergroups count=forever
    local begin
    for _ in 1 2; do
        in_background ls apps
        eventually in_flight 8
        begin=$(milliseconds)
        kill -INT "$!"
        not wait "$!"
        at_once_after "$begin"
        eventually in_flight 0
    done
    no_faults
    is "$(timeout 5 ls apps | xargs)" "audit billing group-0000"
}

@test "one logstore of many that fails makes the union fail, rather than shorter" {
    make_many logstores=20 shards=1 groups=1
    remount_service -o lazy,timeout=1
    fault status status=500 code=InternalServerError path=/logstore-0007/consumergroups count=forever
    refused "${SAYS[EIO]:?}" ls apps
    no_faults
    is "$(count apps/group-0000)" 20
}

@test "SIGTERM of the daemon with requests in flight ends all of them, and the mount" {
    warm
    fault never path=/logstores count=forever
    local i readers=() daemon begin
    daemon=$(daemon)
    for i in {1..10}; do
        in_background cat "$P/checkpoint"
        readers+=("$!")
    done
    eventually in_flight 10
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
}

@test "SIGTERM while the mount waits for its first answer leaves nothing" {
    cd /
    unmount "$MNT"
    fault never path=/logstores count=forever
    in_background "$CHECKPOINTFS" -f "$SOURCE" "$MNT" >/dev/null 2>&1
    local mounting=$!
    eventually in_flight 1
    kill -TERM "$mounting"
    promptly not wait "$mounting"
    not is_mounted "$MNT"
}

@test "the mount says in one line that the service does not answer, or answers nonsense" {
    cd /
    unmount "$MNT"
    fault never path=/logstores count=forever
    promptly cannot_mount -o timeout=1
    no_faults
    fault status status=500 code=InternalServerError path=/logstores count=forever
    cannot_mount -o timeout=1
    no_faults
    fault html status=200 path=/logstores count=forever
    cannot_mount -o timeout=1
}

@test "a project that is not there ends the mount with one line" {
    cd /
    unmount "$MNT"
    SOURCE=sls+http://other-project.localhost:$PORT
    cannot_mount
    matches "$output" "ProjectNotExist|other-project"
}

@test "a service that is not there ends the mount with one line" {
    cd /
    unmount "$MNT"
    stop_service
    cannot_mount -o timeout=3
    matches "$output" "localhost:$PORT"
    matches "$output" "[Rr]efused|connect"
}

@test "a host whose name does not resolve ends the mount with one line" {
    cd /
    unmount "$MNT"
    SOURCE=sls://my-project.no-such-host.invalid
    cannot_mount -o timeout=3
    matches "$output" "my-project.no-such-host.invalid"
    mount_service -o lazy,timeout=3
    refused "${SAYS[EHOSTUNREACH]:?}" cat "$MNT/$P/checkpoint"
}

@test "a loop over 100 shards waits for no timeout when the service is down" {
    wide 100
    remount_service
    ls apps/audit/wide/* >/dev/null
    let_values_age
    stop_service
    local shard begin
    begin=$(milliseconds)
    for shard in {0..99}; do
        cat "apps/audit/wide/$shard/checkpoint" || true
        echo 1 >"apps/audit/wide/$shard/checkpoint" || true
    done 2>"$DIR/messages"
    (($(milliseconds) - begin < 60000))
    is "$(grep -c "${SAYS[ECONNREFUSED]:?}" "$DIR/messages")" 200
    last_error
    is "${FIELD[3]} ${FIELD[4]} ${FIELD[5]}" "ECONNREFUSED - -"
}

@test "once the service is back, everything works again" {
    warm
    stop_service
    refused "${SAYS[ECONNREFUSED]:?}" cat "$P/checkpoint"
    start_service
    make_world
    eventually cat "$P/checkpoint" 2>/dev/null
    put "$P/checkpoint" 43
    is "$(stored)" "billing orders 0 NDM= -"
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
    soon_after "$begin"
    cd /
    promptly unmount "$MNT"
}

@test "a refresh that fails keeps the listing" {
    remount_service -o listing=1
    ls -R apps checkpoints streams >/dev/null
    fault status status=500 path=/logstores count=forever
    sleep 1.2
    ls apps streams >/dev/null
    sleep 0.5
    is "$(entries apps)" "audit billing"
    no_faults
    group newgroup orders
    eventually listed apps "audit billing newgroup"
}

@test "idle connections that the service closed are not noticed" {
    warm
    control POST connections/close >/dev/null
    is "$(cat "$P/checkpoint")" NDI=
    control POST connections/close >/dev/null
    put "$P/checkpoint" 43
    fail_at read close
    is "$(cat "$P/checkpoint") $(cat "$P/checkpoint")" "NDM= NDM="
    is "$(cat errors)" ""
}
