# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031,SC2034 # each test is a shell of its own
# When DIS fails for a while, or does not answer: what is tried again and what is not, timeouts,
# interrupts, a service that is not there; and that nothing ever hangs.

load dis

# An error is armed for the request of an operation, and not for one that asks for a size before it.
SNAPSHOT=600

# ---- tried again

@test "5xx, 429 and throttling are tried again, and then succeed" {
    warm
    local number code
    for number in 500 502 503 504 429; do
        survives status status="$number"
    done
    for code in 4303 4305; do
        survives status status=400 code="DIS.$code"
    done
    survives html
    is "$(cat errors)" ""
}

@test "two failures in a row are survived, with growing pauses" {
    warm
    fail_at read status status=503 count=3
    is "$(op_read)" 42
    is "$(requests)" 4
}

@test "Retry-After is waited for" {
    warm
    local number begin
    for number in 429 503; do
        forget_requests
        fail_at read status status="$number" retry_after=1
        begin=$(milliseconds)
        is "$(op_read)" 42
        (($(milliseconds) - begin >= 1000))
        soon_after "$begin"
        is "$(requests GET /checkpoints)" 2
    done
}

@test "a Retry-After beyond the timeout is not waited for" {
    again_with -o timeout=2
    fail_at read status status=429 code=DIS.4303 retry_after=3600 count=forever
    local begin
    begin=$(milliseconds)
    refused "${SAYS[EBUSY]:?}" op_read
    soon_after "$begin"
    (($(requests) <= 8))
}

@test "throttling until the timeout is EBUSY" {
    again_with -o timeout=1
    exhausts EBUSY status status=429 code=APIGW.0308 shape=gateway
    last_error
    is "${FIELD[3]} ${FIELD[4]} ${FIELD[5]}" "EBUSY 429 APIGW.0308"
    exhausts EBUSY status status=400 code=DIS.4303
    exhausts EBUSY status status=400 code=DIS.4305
}

@test "a connection that breaks is tried again" {
    warm
    survives reset
    survives reset-middle
    survives close-middle
    is "$(cat errors)" ""
}

# ---- changes

@test "a commit is tried again with the same number" {
    warm
    fail_at commit status status=503
    op_commit
    is "$(stored)" "billing orders 0 43"
    is "$(requests POST /checkpoints)" 2
    is "$(control GET log | grep -c '"sequence_number":"43"')" 2
    is "$(journal path what number result)" $'billing/orders/0\tcommit\t43\tok'
}

@test "a commit whose answer was lost succeeds, or says that it is not known" {
    warm
    fail_at commit reset execute=1
    run op_commit
    is "$(stored)" "billing orders 0 43"
    ((status == 0)) || matches "$output" "${SAYS[ECONNRESET]:?}"
}

@test "a shift whose answer was lost is not made twice" {
    warm
    fail_at commit reset execute=1
    run put "$P/checkpoint" 'shift +1'
    is "$(stored)" "billing orders 0 43"
    fail_at commit status execute=1 status=503
    run put "$P/checkpoint" 'shift -10'
    is "$(stored)" "billing orders 0 33"
}

@test "a commit that is tried again does not overtake the next one" {
    warm
    fail_at commit status execute=1 status=503 delay=300
    in_background bash -c "echo 50 >$P/checkpoint"
    local first=$!
    eventually in_flight 1
    in_background bash -c "echo 51 >$P/checkpoint"
    wait_all "$first" "$!"
    is "$(stored)" "billing orders 0 51"
    is "$(control GET log | grep -o '"sequence_number":"[0-9]*"' | tr -dc '0-9\n' | xargs)" \
        "50 50 51"
}

@test "an app that was made although the answer was lost is not told as EEXIST" {
    warm
    fail_at mkdir reset execute=1
    run op_mkdir
    ((status == 0)) || matches "$output" "${SAYS[ECONNRESET]:?}"
    eventually test -d apps/newapp
}

@test "an app that was deleted although the answer was lost is not told as ENOENT" {
    warm
    fail_at rmdir reset execute=1
    run op_rmdir
    ((status == 0)) || matches "$output" "${SAYS[ECONNRESET]:?}"
    eventually absent apps/audit 2>/dev/null
}

@test "a checkpoint that was deleted although the answer was lost is gone, and told so" {
    quirk delete_none=refused
    warm
    fail_at delete reset execute=1
    run op_delete
    ((status == 0)) || matches "$output" "${SAYS[ECONNRESET]:?}"
    is "$(stored)" ""
    refused "${SAYS[ENOENT]:?}" op_read
}

@test "so it is while other connections are kept, by one of which libcurl repeats it unseen" {
    local readers=()
    quirk delete_none=refused
    warm
    fault delay delay=300 count=4 path=/checkpoints
    for _ in 1 2 3 4; do
        op_read >/dev/null 3>&- 4>&- &
        readers+=($!)
    done
    wait "${readers[@]}"
    fail_at delete reset execute=1
    op_delete
    is "$(stored)" ""
}

# ---- answers that do not come

@test "the timeout counts for all tries together" {
    again_with -o timeout=2
    fail_at read status status=503 delay=900 count=forever
    local begin
    begin=$(milliseconds)
    refused "" op_read
    soon_after "$begin"
}

@test "the mount says in one line that the service does not answer" {
    cd /
    unmount "$MNT"
    fault never path=/v2/ count=forever
    local begin
    begin=$(milliseconds)
    cannot_mount -o timeout=1
    soon_after "$begin"
    no_faults
    fault status status=500 path=/v2/ count=forever
    cannot_mount -o timeout=1
    no_faults
    fault html status=200 path=/v2/ count=forever
    cannot_mount -o timeout=1
    no_faults
    restart_service
    SOURCE=dis+$URL/ffffffffffffffffffffffffffffffff
    cannot_mount
    matches "$output" "DIS.4117|roject"
}

# ---- Ctrl-C and signals

@test "Ctrl-C ends a cat at once, and its request" {
    warm
    fail_at read never count=forever
    interrupted INT cat "$P/checkpoint"
    is "$(stat_of aborted)" 3
}

@test "Ctrl-C ends an echo at once, and its request" {
    warm
    fail_at commit never count=forever
    PATIENCE=200 interrupted INT bash -c "echo 43 >$P/checkpoint"
    is "$(stat_of aborted)" 3
    is "$(journal number result | sort -u)" $'43\tunknown'
    no_faults
    is "$(op_read)" 42
}

@test "a commit that is answered a moment after Ctrl-C has a known end" {
    warm
    fail_at commit delay delay=150
    in_background bash -c "echo 43 >$P/checkpoint"
    eventually in_flight 1
    kill -INT "$!"
    wait "$!" || true
    eventually in_flight 0
    is "$(journal number result)" $'43\tok'
    is "$(op_read)" 43
}

@test "SIGTERM and SIGKILL end a caller at once, in every kind of request" {
    warm
    fault never path=/v2/ count=forever
    local signal
    for signal in TERM KILL; do
        interrupted "$signal" cat "$S/cursors/latest"
        PATIENCE=200 interrupted "$signal" mkdir apps/newapp
    done
}

@test "Ctrl-C ends a pause between two tries" {
    warm
    fail_at read status status=503 retry_after=20 count=forever
    in_background cat "$P/checkpoint"
    sleep 0.7
    is "$(requests)" 1
    local begin
    begin=$(milliseconds)
    kill -INT "$!"
    wait "$!" || true
    at_once_after "$begin"
}

@test "a commit that waits behind another one is not sent after Ctrl-C" {
    warm
    fail_at commit delay delay=3000
    in_background bash -c "echo 50 >$P/checkpoint"
    local first=$!
    eventually in_flight 1
    in_background bash -c "echo 51 >$P/checkpoint"
    local second=$!
    sleep 0.3
    kill -INT "$second"
    not wait "$second"
    in_flight 1
    wait "$first"
    is "$(stored)" "billing orders 0 50"
}

@test "a caller that waits for a listing can be interrupted, too" {
    remount_service -o lazy
    fault never path=/v2/ count=forever
    local begin
    for _ in 1 2 3; do
        in_background ls apps/billing/orders
        sleep 0.3
        begin=$(milliseconds)
        kill -INT "$!"
        not wait "$!"
        at_once_after "$begin"
    done
}

@test "a listing that was interrupted is abandoned: the next one does not wait for it" {
    remount_service -o lazy
    fault never path=/v2/
    in_background ls apps
    eventually in_flight 1
    kill -INT "$!"
    not wait "$!"
    is "$(timeout 5 ls apps | xargs)" "audit billing"
}

# ---- programs that take their time

# Git's progress has a timer, whose signal comes each second.
@test "git reset --hard on a slow service restores every checkpoint" {
    needs git
    wide 20
    remount_service
    export GIT_DIR=$DIR/git GIT_WORK_TREE=$MNT/checkpoints
    export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
    export GIT_AUTHOR_NAME=n GIT_AUTHOR_EMAIL=e GIT_COMMITTER_NAME=n GIT_COMMITTER_EMAIL=e
    git init -q
    git add audit
    git commit -qm first
    stored | grep wide | sort >"$DIR/first"
    local partition
    for partition in {0..19}; do
        put "apps/audit/wide/$partition/checkpoint" 77
    done
    git add audit
    git commit -qm second
    fault delay delay=80 path="$CALLS" count=forever
    git reset --hard HEAD~1
    no_faults
    is "$(stored | grep wide | sort)" "$(<"$DIR/first")"
    is "$(wc -l <"$DIR/first")" 20
}

# ---- no service

@test "a loop over 100 partitions waits for no timeout when the service is down" {
    control POST stream name=wide partitions=100 earliest=0 latest=1000 >/dev/null
    remount_service -o snapshot=1
    ls apps/billing/wide/* >/dev/null
    let_values_age
    stop_service
    local partition begin
    begin=$(milliseconds)
    for partition in {0..99}; do
        cat "apps/billing/wide/$partition/checkpoint" 2>>"$DIR/messages" || true
        echo 1 2>>"$DIR/messages" >"apps/billing/wide/$partition/checkpoint" || true
    done 2>>"$DIR/messages"
    (($(milliseconds) - begin < 60000))
    is "$(grep -c "${SAYS[ECONNREFUSED]:?}" "$DIR/messages")" 200
    last_error
    is "${FIELD[3]} ${FIELD[4]} ${FIELD[5]}" "ECONNREFUSED - -"
}

@test "unmounting works with the service down" {
    warm
    stop_service
    cd /
    promptly unmount "$MNT"
}
