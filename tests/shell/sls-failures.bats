# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031,SC2034 # each test is a shell of its own
# When SLS does not answer: timeouts, interrupts, and a service that is not there.

load sls

# An error is armed for the request of an operation, and not for one that asks for a size before it.
SNAPSHOT=600

@test "Ctrl-C ends a cat, an echo, a mkdir and an ls at once, and their requests" {
    again_with -o snapshot=600
    fault never path=/logstores count=forever
    interrupted INT cat "$P/checkpoint"
    PATIENCE=200 interrupted INT bash -c "echo NDM= >$P/checkpoint"
    PATIENCE=200 interrupted INT mkdir apps/audit/payments
    is "$(stat_of aborted)" 9
    is "$(journal result | sort -u)" unknown
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
