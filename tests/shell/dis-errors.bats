# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031,SC2034 # each test is a shell of its own
# What goes wrong at DIS and on the way there: the errno of each failure, what is tried again and
# what is not, and that nothing ever hangs.

load dis

# An error is armed for the request of an operation, and not for one that asks for a size before it.
SNAPSHOT=600

# ---- codes

@test "what is malformed is EINVAL" {
    warm
    local code
    for code in 4200 4201 4202 4216 4300; do
        answers read 400 "DIS.$code" EINVAL
        answers commit 400 "DIS.$code" EINVAL
    done
    answers delete 400 DIS.4200 EINVAL
    answers mkdir 400 DIS.4200 EINVAL
    answers rmdir 400 DIS.4200 EINVAL
    for code in 4200 4201 4215 4216 4300; do
        answers cursor 400 "DIS.$code" EINVAL
    done
    is "$(stored)" "billing orders 0 42 note"
}

@test "what is out of range is ERANGE" {
    warm
    answers commit 400 DIS.4224 ERANGE
    answers cursor 400 DIS.4224 ERANGE
}

@test "what is not there is ENOENT" {
    warm
    local code
    for code in 4301 4302 4332 4319; do
        gives read 400 "DIS.$code" ENOENT
        answers commit 400 "DIS.$code" ENOENT
        gives cursor 400 "DIS.$code" ENOENT
        gives lag 400 "DIS.$code" ENOENT
    done
    gives read 400 DIS.4375 ENOENT
    gives delete 400 DIS.4375 ENOENT
    gives rmdir 400 DIS.4332 ENOENT
    remount_service
    is "$(op_read)" 42
}

@test "quota, existence and use of apps have their own words" {
    warm
    answers mkdir 400 DIS.4329 EDQUOT
    gives mkdir 400 DIS.4330 EEXIST
    answers rmdir 400 DIS.4331 EBUSY
    is "$(entries apps)" "audit billing"
}

@test "a stream that is not running is no bare EIO" {
    warm
    control POST stream name=orders status=FROZEN >/dev/null
    run cat "$S/cursors/latest"
    is "$status" 1
    not grep -F "${SAYS[EIO]:?}" <<<"$output"
    last_error
    is "${FIELD[4]} ${FIELD[5]}" "400 DIS.4205"
}

@test "no permission is EACCES, and does not keep others out" {
    warm
    answers read 403 DIS.4116 EACCES
    answers commit 403 DIS.4116 EACCES
    answers read 400 DIS.4117 EACCES
    answers mkdir 403 DIS.4116 EACCES
    is "$(op_read)" 42
}

@test "each code of a refused authentication is EACCES" {
    local code
    for code in 4100 4101 4102 4103 4104 4105 4106 4107 4108 4109 4110 4111 4112 4113 4114; do
        again_with
        fail_at read status status=441 "code=DIS.$code" message="Authentication Error. [$code]" \
            count=forever
        refused "${SAYS[EACCES]:?}" op_read
        reported EACCES 441 "DIS.$code" "Authentication Error. [$code]"
        (($(requests) <= 2))
        no_faults
    done
}

@test "what a gateway refuses is EACCES" {
    fail_at read status status=401 shape=gateway code=APIGW.0301 count=forever \
        message="Incorrect IAM authentication information: decrypt token fail"
    refused "${SAYS[EACCES]:?}" op_read
    reported EACCES 401 APIGW.0301 "decrypt token fail"
}

@test "what IAM's shape of errors refuses is EACCES" {
    fail_at read status status=401 shape=nested count=forever \
        message="The request you have made requires authentication."
    refused "${SAYS[EACCES]:?}" op_read
    last_error
    is "${FIELD[3]} ${FIELD[4]}" "EACCES 401"
    matches "${FIELD[7]}" "requires authentication"
}

@test "the codes are found in the gateway's shape of errors" {
    warm
    fail_at commit status status=400 shape=gateway code=DIS.4224 message="Out of range. [1]"
    refused "${SAYS[ERANGE]:?}" op_commit
    reported ERANGE 400 DIS.4224 "Out of range. [1]"
}

@test "an error without a body, or with a page for one, has an errno" {
    warm
    fail_at read status status=403 shape=none
    refused "${SAYS[EACCES]:?}" op_read
    last_error
    is "${FIELD[3]} ${FIELD[4]} ${FIELD[5]}" "EACCES 403 -"
    fail_at read html status=403
    refused "${SAYS[EACCES]:?}" op_read
}

@test "the real answers of the service have the same errnos" {
    quirk commit_range=checked delete_none=refused app_delete=unused
    warm
    refused "${SAYS[ERANGE]:?}" put "$P/checkpoint" 101
    reported ERANGE 400 DIS.4224 "[101]"
    refused "${SAYS[ERANGE]:?}" cat "$S/cursors/at/5"
    reported ERANGE 400 DIS.4224 "[5]"
    refused "${SAYS[ENOENT]:?}" rm apps/billing/orders/1/checkpoint
    is "$(stored)" "billing orders 0 42 note"
}

@test "no message can break the lines of errors" {
    warm
    fail_at commit status status=400 code=$'DIS.4200\tx' message=$'one\ttwo\nthree\e[2J'
    refused "${SAYS[EINVAL]:?}" op_commit
    is "$(wc -l <errors)" 1
    last_error
    is "${FIELD[3]}" EINVAL
    is "$(tr -d '\t\n -~' <errors)" ""
}

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

@test "5xx until the timeout is EIO" {
    again_with -o timeout=1
    local number
    for number in 500 502 503; do
        exhausts EIO status status="$number"
        last_error
        is "${FIELD[3]} ${FIELD[4]} ${FIELD[5]}" "EIO $number DIS.5000"
    done
    exhausts EIO html
}

@test "throttling until the timeout is EBUSY" {
    again_with -o timeout=1
    exhausts EBUSY status status=429 code=APIGW.0308 shape=gateway
    last_error
    is "${FIELD[3]} ${FIELD[4]} ${FIELD[5]}" "EBUSY 429 APIGW.0308"
    exhausts EBUSY status status=400 code=DIS.4303
    exhausts EBUSY status status=400 code=DIS.4305
}

@test "retries pause: there is no storm" {
    again_with -o timeout=2
    fail_at read status status=503 count=forever
    refused "${SAYS[EIO]:?}" op_read
    (($(requests) >= 2 && $(requests) <= 15))
}

@test "a connection that breaks is tried again" {
    warm
    survives reset
    survives reset-middle
    survives close-middle
    is "$(cat errors)" ""
}

@test "connections that always break are ECONNRESET" {
    again_with -o timeout=3
    fail_at read reset count=forever
    refused "${SAYS[ECONNRESET]:?}" op_read
    no_faults
    last_error
    is "${FIELD[3]} ${FIELD[4]}" "ECONNRESET -"
    eventually op_read
}

@test "idle connections that the service closed are not noticed" {
    warm
    control POST connections/close >/dev/null
    is "$(op_read)" 42
    control POST connections/close >/dev/null
    op_commit
    fail_at read close
    is "$(op_read)" 43
    is "$(op_read)" 43
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
    is "$(cut -f 2-4,8 commits)" $'billing/orders/0\tcommit\t43\tok'
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

@test "a commit that was refused changes nothing, and is not in commits" {
    warm
    answers commit 400 DIS.4200 EINVAL
    is "$(requests POST /checkpoints)" 1
    is "$(op_read)" 42
    is "$(cat "$C")" $'42\nnote'
    is "$(cat commits)" ""
}

@test "a write(2) has the error of its commit" {
    needs python3
    warm
    fail_at commit status status=400 code=DIS.4224
    run -0 python3 - "$P/checkpoint" <<'END'
import errno, os, sys
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_TRUNC)
try:
    os.write(fd, b"43\n")
except OSError as error:
    print(errno.errorcode[error.errno])
os.close(fd)
END
    is "$output" ERANGE
}

@test "a rename has the error of its commit, and the file stays what it was" {
    warm
    echo 43 >checkpoints/billing/orders/draft
    fail_at commit status status=400 code=DIS.4224
    refused "${SAYS[ERANGE]:?}" rename checkpoints/billing/orders/draft "$C"
    is "$(cat "$C")" $'42\nnote'
}

# ---- answers that are none

@test "an answer that is not what the protocol says is EBADMSG" {
    warm
    spoilt truncated
    spoilt garbage
    spoilt html status=200
    spoilt wrong-type
    spoilt body text=
    spoilt body text='[]'
    spoilt body text='"42"'
    spoilt body text=42
    spoilt body text='null'
    spoilt body text='{"sequence_number":"42"'
    spoilt body text='{"sequence_number":"42","metadata":"x"} trailing'
}

@test "a sequence number that is none is EBADMSG, and never passed on" {
    warm
    spoilt body text='{"sequence_number":"newstram","metadata":""}'
    spoilt body text='{"sequence_number":"4 2","metadata":""}'
    spoilt body text='{"sequence_number":"42\n43","metadata":""}'
    spoilt body text='{"sequence_number":4.5,"metadata":""}'
    spoilt body text='{"sequence_number":true,"metadata":""}'
    spoilt body text='{"sequence_number":["42"],"metadata":""}'
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

@test "wrong types anywhere are EBADMSG, and nothing is listed that is not there" {
    warm
    fault wrong-type path=/cursors
    refused "${SAYS[EBADMSG]:?}" cat "$S/cursors/latest"
    fault body path=/cursors text='{"partition_cursor":""}'
    refused "${SAYS[EBADMSG]:?}" cat "$S/cursors/latest"
    fault body path=/cursors text='{}'
    refused "${SAYS[EBADMSG]:?}" cat "$S/cursors/latest"
    fault wrong-type path=/apps/billing/streams count=forever
    refused "${SAYS[EBADMSG]:?}" cat "$P/lag"
    no_faults
    remount_service -o lazy
    fault wrong-type path=/apps count=forever
    refused "${SAYS[EBADMSG]:?}" ls apps
    fault wrong-type path=/streams count=forever
    refused "${SAYS[EBADMSG]:?}" ls streams
    no_faults
    is "$(entries apps) $(entries streams)" "audit billing orders payments"
}

@test "numbers of any size are texts" {
    warm
    local number
    for number in 0 9007199254740993 9223372036854775807 18446744073709551616 \
        123456789012345678901234567890; do
        says "{\"sequence_number\":\"$number\",\"metadata\":\"\"}"
        is "$(op_read)" "$number"
    done
    for number in 0 9007199254740993 9223372036854775807; do
        says "{\"sequence_number\":$number,\"metadata\":\"\"}"
        is "$(op_read)" "$number"
    done
}

@test "members that are not known are ignored" {
    warm
    says '{"sequence_number":"7","metadata":"m","more":{"sequence_number":"8"},"list":[1]}'
    is "$(op_read)" 7
}

@test "an answer over 16 MiB is EBADMSG, and one below is read" {
    warm
    spoilt huge
    fail_at read huge bytes=15000000
    is "$(op_read)" 42
}

@test "an endless answer does not fill the memory" {
    is_sanitized && skip "a sanitizer has its own memory"
    warm
    fail_at read huge bytes=60000000 count=8
    local i
    for i in {1..8}; do
        refused "${SAYS[EBADMSG]:?}" op_read
    done
    (($(awk '/^VmHWM/ { print $2 }' "/proc/$(daemon)/status") < 80000))
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
    is "$(op_read)" 42
}

@test "no answer to a commit is ETIMEDOUT, and commits says unknown" {
    again_with -o timeout=1
    fail_at commit never count=forever
    refused "${SAYS[ETIMEDOUT]:?}" op_commit
    is "$(cut -f 2-4,8 commits)" $'billing/orders/0\tcommit\t43\tunknown'
    no_faults
    is "$(op_read)" 42
    op_commit
    is "$(op_read)" 43
}

@test "an answer that comes slowly is waited for, up to the timeout" {
    again_with -o timeout=3
    fail_at read drip interval=15
    is "$(op_read)" 42
    fail_at read drip interval=1000 count=forever
    local begin
    begin=$(milliseconds)
    refused "${SAYS[ETIMEDOUT]:?}" op_read
    soon_after "$begin"
}

@test "the timeout counts for all tries together" {
    again_with -o timeout=2
    fail_at read status status=503 delay=900 count=forever
    local begin
    begin=$(milliseconds)
    refused "" op_read
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
    interrupted INT bash -c "echo 43 >$P/checkpoint"
    is "$(stat_of aborted)" 3
    is "$(cut -f 4,8 commits | sort -u)" $'43\tunknown'
    no_faults
    is "$(op_read)" 42
}

@test "SIGTERM and SIGKILL end a caller at once, in every kind of request" {
    warm
    fault never path=/v2/ count=forever
    local signal
    for signal in TERM KILL; do
        interrupted "$signal" cat "$S/cursors/latest"
        interrupted "$signal" mkdir apps/newapp
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

@test "SIGTERM of the daemon with requests in flight ends all of them, and the mount" {
    warm
    fault never path=/v2/ count=forever
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
    is "$(stored)" "billing orders 0 42 note"
}

@test "SIGTERM while the mount waits for its first answer leaves nothing" {
    cd /
    unmount "$MNT"
    fault never path=/v2/ count=forever
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
    matches "$output" "127.0.0.1:$PORT"
    matches "$output" "[Rr]efused|connect"
}

@test "a host whose name does not resolve ends the mount with one line" {
    cd /
    unmount "$MNT"
    SOURCE=dis://no-such-host.invalid/$PROJECT
    cannot_mount -o timeout=3
    matches "$output" "no-such-host.invalid"
    mount_service -o lazy,timeout=3
    refused "No route to host" cat "$MNT/$P/checkpoint"
}

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

@test "once the service is back, everything works again" {
    warm
    stop_service
    refused "${SAYS[ECONNREFUSED]:?}" op_read
    start_service
    make_world
    eventually op_read 2>/dev/null
    is "$(op_read)" 42
    op_commit
    is "$(stored)" "billing orders 0 43"
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
}

@test "unmounting works with the service down" {
    warm
    stop_service
    cd /
    promptly unmount "$MNT"
}

@test "a refresh that fails keeps the listing" {
    remount_service -o listing=1
    ls -R apps checkpoints streams >/dev/null
    fault status status=500 path=/v2/ count=forever
    sleep 1.2
    ls apps streams >/dev/null
    sleep 0.5
    is "$(entries apps)" "audit billing"
    no_faults
    control POST app name=newapp >/dev/null
    eventually newapp_is_listed
}

newapp_is_listed() {
    [[ $(entries apps) == "audit billing newapp" ]]
}

@test "metrics counts what failed, and what was tried again" {
    warm
    grep -v '^#' metrics >"$DIR/before"
    answers commit 400 DIS.4224 ERANGE
    fail_at read status status=503
    op_read >/dev/null
    grep -v '^#' metrics >"$DIR/after"
    run -1 diff "$DIR/before" "$DIR/after"
    matches "$output" ERANGE
}

@test "what a proxy says in the service's place acknowledges no commit and no deletion" {
    warm
    fault body status=200 text='<html>login</html>' method=POST path=/checkpoints
    refused "${SAYS[EBADMSG]:?}" bash -c "echo 88 >$P/checkpoint"
    fault body status=200 text='<html>login</html>' method=DELETE path=/checkpoints
    refused "${SAYS[EBADMSG]:?}" rm "$P/checkpoint"
    is "$(cat "$P/checkpoint")" 42
    is "$(cut -f 8 commits | sort -u)" ""
}

@test "an app keeps its checkpoints when the service does not say on which streams it has some" {
    warm
    fault body text='{"app_name":"billing"}' method=GET path=/apps/billing
    refused "Directory not empty" rmdir apps/billing
    fault status status=404 method=GET path=/apps/billing/streams
    not rmdir apps/billing
    is "$(cat "$P/checkpoint")" 42
}
