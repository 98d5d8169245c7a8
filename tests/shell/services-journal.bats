# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # each test is a shell of its own
# What `commits` tells of the changes of any service, above all of those whose answer was lost. SERVICE says
# which service it is.

load "${SERVICE:-dis}"

# Values are known, so that nothing but changes sends requests.
SNAPSHOT=600

# told COUNT: what the lines after the first COUNT say of how changes ended, on one line.
told() {
    journal result | tail -n +$(($1 + 1)) | xargs
}

# ends ERRNO RESULT FAULT...: with these faults, which are words such as "html status=200", the commit fails
# with this errno, and commits has one line more, with this result.
ends() {
    local before fault words
    before=$(journal path | wc -l)
    for fault in "${@:3}"; do
        read -ra words <<<"$fault"
        fail_at commit "${words[@]}"
    done
    refused "${SAYS[$1]:?}" op_commit
    no_faults
    is "${*:3}: $(told "$before")" "${*:3}: $2"
    last_error
    is "${*:3}: ${FIELD[3]}" "${*:3}: $1"
}

# The old number in the last line, in decimal.
old_number() {
    local number
    number=$(journal before | tail -n 1)
    [[ $number =~ ^([0-9]+|[-?])$ ]] || number=$(decimal "$number")
    echo "$number"
}

# ---- answers that are none

@test "a commit whose answer is not what the protocol says is unknown, whether it was carried out or not" {
    warm
    local execute
    for execute in 0 1; do
        ends EBADMSG unknown "html status=$COMMITTED execute=$execute"
        ends EBADMSG unknown "garbage status=$COMMITTED execute=$execute"
        ends EBADMSG unknown "body status=$COMMITTED execute=$execute text=[]"
        ends EBADMSG unknown "body status=$COMMITTED execute=$execute text={\"a\":"
    done
    is "$(stored)" "$(row billing orders 0 43)"
}

@test "a commit that is answered with another success than the protocol knows is unknown" {
    warm
    local http
    for http in "${NOT_COMMITTED[@]}"; do
        ends EBADMSG unknown "status status=$http shape=none"
    done
    is "$(stored)" "$UNTOUCHED"
}

@test "a commit that is answered with a success and an error in it is unknown" {
    warm
    ends EBADMSG unknown "status status=200"
    is "$(stored)" "$UNTOUCHED"
}

@test "a commit that is answered with a redirect is unknown, and the redirect is not followed" {
    warm
    local http
    for http in 301 302 303 307 308; do
        ends EBADMSG unknown "body status=$http execute=1 location=$URL$ROOT/elsewhere text="
    done
    is "$(control GET log | grep -c elsewhere)" 0
}

@test "a commit that is answered in something that is not HTTP is unknown" {
    again_with -o timeout=2
    ends EBADMSG unknown "raw execute=1 count=forever text=SSH-2.0-OpenSSH_9.2"
    ends EBADMSG unknown "raw execute=1 count=forever text={\"sequence_number\":\"43\"}"
}

@test "a commit whose answer is too large, or has no end, is unknown" {
    warm
    ends EBADMSG unknown huge
    ends EBADMSG unknown endless
    is "$(stored)" "$(row billing orders 0 43)"
}

@test "a commit whose answer is refused by what stands between is unknown" {
    warm
    local http
    for http in 400 403 404 405 409 413; do
        fail_at commit html status="$http" execute=1
        not op_commit
    done
    is "$(told 0)" "unknown unknown unknown unknown unknown unknown"
    is "$(stored)" "$(row billing orders 0 43)"
}

# lost ERRNO FAULT: each time, until the timeout. Then the service is out for a while, for this mount.
lost() {
    again_with -o timeout=1
    committed billing orders 0 42
    ends "$1" unknown "$2 execute=1 count=forever"
    is "$2: $(stored)" "$2: $(row billing orders 0 43)"
}

@test "a commit whose answer was lost each time is unknown, and a single line" {
    lost ECONNRESET reset
    lost ECONNRESET hang-up
    lost ETIMEDOUT never
    lost EIO "status status=500"
    lost EIO "html status=502"
}

# ---- repeated

# recovers FAULT...: after this the commit is repeated, and ok.
recovers() {
    local before
    before=$(journal path | wc -l)
    fail_at commit "$@" execute=1
    op_commit
    is "$*: $(told "$before")" "$*: ok"
}

@test "a commit that is repeated until it succeeds is a single line, and ok" {
    warm
    recovers status status=504 shape=none
    recovers status status=500
    recovers reset
    recovers hang-up
    recovers html status=502
}

@test "a commit whose first answer was lost, and whose repetition was refused, is unknown" {
    warm
    local refusal http code errno first
    for refusal in "${REFUSED[@]}"; do
        IFS=: read -r http code errno <<<"$refusal"
        for first in "status status=504 shape=none" "status status=500" "html status=502"; do
            ends "$errno" unknown "$first execute=1" "status status=$http code=$code"
        done
    done
    is "$(stored)" "$(row billing orders 0 43)"
}

# The program's library repeats by itself what was lost on a connection that was kept.
@test "it is unknown, too, when it was repeated by another hand" {
    warm
    local refusal http code errno first
    for refusal in "${REFUSED[@]}"; do
        IFS=: read -r http code errno <<<"$refusal"
        for first in reset hang-up; do
            op_read
            ends "$errno" unknown "$first execute=1" "status status=$http code=$code"
        done
    done
}

@test "a commit whose first answer was lost, and that is then throttled, is unknown" {
    again_with -o timeout=2
    ends EBUSY unknown "html status=502 execute=1" "status status=429 code=${THROTTLED:?} count=forever"
}

@test "a commit whose first answer was lost, and that finds no service after that, is unknown" {
    again_with -o timeout=5
    begin_commit "$P/checkpoint" 43 status status=503 execute=1 shape=none hold=1
    local writer=$!
    stop_service
    not wait "$writer"
    is "$(told 0)" unknown
}

# ---- refused

@test "a commit that the service has refused has failed" {
    warm
    local refusal http code errno
    for refusal in "${REFUSED[@]}"; do
        IFS=: read -r http code errno <<<"$refusal"
        ends "$errno" failed "status status=$http code=$code"
    done
    is "$(stored)" "$UNTOUCHED"
}

@test "a commit that the service would not take, for there was too much, has failed" {
    again_with -o timeout=1
    ends EBUSY failed "status status=429 code=${THROTTLED:?} count=forever"
    is "$(stored)" "$UNTOUCHED"
}

@test "a commit that could not be sent has failed" {
    warm
    stop_service
    refused "${SAYS[ECONNREFUSED]}" op_commit
    refused "${SAYS[ECONNREFUSED]}" op_commit
    is "$(told 0)" "failed failed"
}

# ---- interrupted

# interrupted_amid TEXT: its commit is interrupted while the service does not answer.
interrupted_amid() {
    in_background bash -c "echo $1 >$P/checkpoint"
    eventually in_flight 1
    sleep 0.1
    kill -INT "$!"
    not wait "$!"
    eventually in_flight 0
    no_faults
}

@test "a commit that is interrupted after it was sent is unknown" {
    warm
    fail_at commit never
    interrupted_amid 43
    is "$(told 0)" unknown
    fail_at commit never execute=1
    interrupted_amid 43
    is "$(told 1)" unknown
}

@test "a commit that is interrupted while its number is worked out has failed, for it was not sent" {
    warm
    local text
    for text in latest earliest @1h; do
        fault never method=GET path="$CALLS" count=forever
        interrupted_amid "$text"
    done
    is "$(told 0)" "failed failed failed"
    fault never method=GET path="$CALLS" count=forever
    interrupted_amid "'shift +1'"
    is "$(told 3) $(asked_for)" "failed "
}

@test "a commit that is interrupted in the pause before it is repeated is unknown" {
    warm
    fail_at commit status status=503 shape=none retry_after=20 count=forever
    in_background bash -c "echo 43 >$P/checkpoint"
    eventually commits_begun 1
    eventually in_flight 0
    kill -INT "$!"
    not wait "$!"
    is "$(told 0) $(asked_for)" "unknown 43"
}

# ---- what was there before

@test "a line has what the one before has left" {
    remount_service
    put "$P/checkpoint" 51
    put "$C" 52
    is "$(old_number)" 51
    put "$P/checkpoint" 'shift +1'
    is "$(old_number)" 52
    put "$P/checkpoint" latest
    is "$(old_number)" 53
    put apps/billing/orders/1/checkpoint 60
    put apps/billing/orders/1/checkpoint 61
    is "$(old_number)" 60
}

@test "what was read is known, and what was not is not" {
    remount_service
    cat "$P/checkpoint" >/dev/null
    put "$P/checkpoint" 51
    is "$(old_number)" 42
    committed audit orders 0 77
    put apps/audit/orders/0/checkpoint 51
    matches "$(old_number)" '^(77|\?)$'
}

@test "a refused commit leaves what was known" {
    warm
    put "$P/checkpoint" 51
    local http code errno
    IFS=: read -r http code errno <<<"${REFUSED[0]}"
    ends "$errno" failed "status status=$http code=$code"
    is "$(old_number)" 51
    put "$P/checkpoint" 52
    is "$(old_number)" 51
}

# doubts FAULT...: after a commit of 43 with an unknown end it is asked what is committed, before the next one.
doubts() {
    again_with -o timeout=2
    committed billing orders 0 42
    fail_at commit "$@"
    not op_commit
    is "$* $(told 0)" "$* unknown"
    no_faults
    eventually op_read >/dev/null 2>&1 # the service may be out for a while
    forget_requests
}

# reads: the reads of what is committed, and the commits, that the service was asked for: "GET POST".
reads() {
    control GET log | grep -E "${WHERE[read]}|${WHERE[commit]}" | cut -d ' ' -f 1 | xargs
}

# asks NUMBER: a commit of 52 asks for what is committed first, which is this number.
asks() {
    put "$P/checkpoint" 52
    matches "$(reads)" '^GET (GET )?POST$'
    is "$(asked_for) $(old_number)" "52 $1"
}

@test "after an unknown end it is asked what is committed" {
    doubts html status="$COMMITTED" execute=1
    asks 43
    # and not again
    forget_requests
    put "$P/checkpoint" 53
    is "$(reads) $(old_number)" "POST 52"
    doubts html status="$COMMITTED" execute=0
    asks 42
    doubts reset execute=1 count=forever
    asks 43
}

@test "what others have committed after an unknown end is seen" {
    doubts never execute=1
    committed billing orders 0 88
    asks 88
}

@test "after an interrupt it is asked what is committed" {
    warm
    fail_at commit never execute=1
    interrupted_amid 43
    forget_requests
    asks 43
}

# It is open before, so that the write is all that the program does.
@test "it is asked again when the first change after an unknown end did not get so far" {
    needs python3
    warm
    exec 7>"$P/checkpoint"
    fail_at commit html status="$COMMITTED" execute=1
    not op_commit
    fault never method=GET path="$CALLS" count=forever
    in_background python3 -c '
import os, signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.write(7, b"50\n")'
    eventually in_flight 1
    kill -INT "$!"
    not wait "$!"
    exec 7>&-
    eventually in_flight 0
    no_faults
    is "$(told 0)" "unknown failed"
    forget_requests
    asks 43
}

@test "an unknown end on one partition is no doubt of another" {
    doubts html status="$COMMITTED" execute=1
    put apps/billing/orders/1/checkpoint 60
    forget_requests
    asks 43
}

@test "-o monotonic judges by what is committed after an unknown end" {
    again_with -o monotonic
    fail_at commit html status="$COMMITTED" execute=1
    refused "${SAYS[EBADMSG]}" put "$P/checkpoint" 60
    refused "${SAYS[EPERM]}" put "$P/checkpoint" 50
    is "$(told 0)" "unknown failed"
    is "$(old_number)" 60
}

# ---- apps

# Where an app can be made.
room_for_app() {
    [[ ${SERVICE:-dis} != sls ]] || control POST logstore name=empty shards=1 >/dev/null
}

# app_line: the last line of commits, as far as it tells of an app.
app_line() {
    tail -n 1 commits | cut -f 5,6,8,9,11-14
}

# made_in_doubt OPERATION FAULT...: the operation fails, and commits says that nobody knows whether it was done.
made_in_doubt() {
    fail_at "$1" "${@:2}"
    not "op_$1"
    no_faults
    is "$* $(cut -f 5 commits | tail -n 1)" "$* unknown"
}

@test "an app that was made or removed is a line" {
    room_for_app
    op_mkdir
    is "$(app_line)" "ok"$'\t'"make-app"$'\t'"${MADE:?}"$'\t-\t-\t\t-'
    op_rmdir
    is "$(app_line)" "ok"$'\t'"remove-app"$'\t'"${REMOVED:?}"$'\t-\t-\t\t-'
    is "$(wc -l <commits)" 2
}

@test "an app that was not made or removed is a line" {
    warm
    fail_at mkdir status status=400 code="$MALFORMED"
    not op_mkdir
    is "$(app_line)" "failed"$'\t'"make-app"$'\t'"$MADE"$'\t-\t-\t\t-'
    fail_at rmdir status status=400 code="$MALFORMED"
    not op_rmdir
    is "$(app_line)" "failed"$'\t'"remove-app"$'\t'"$REMOVED"$'\t-\t-\t\t-'
    is "$(wc -l <commits)" 2
}

@test "an app that was perhaps made or removed is unknown" {
    again_with -o timeout=1
    made_in_doubt mkdir html status=201
    made_in_doubt mkdir html status=502 count=forever
    made_in_doubt mkdir never
    made_in_doubt rmdir html status=502 count=forever
    made_in_doubt rmdir never
    made_in_doubt rmdir html status=200
}

@test "a line tells who did it, of every kind of change" {
    room_for_app
    local made=${MADE//$'\t'//} removed=${REMOVED//$'\t'//} command
    for command in "mkdir apps/${made%/-}" "rmdir apps/${removed%/-}" "tee $P/checkpoint"; do
        run -0 bash -c "echo \$\$; exec $command" <<<43
        is "$(cut -f 2-4 commits | tail -n 1)" "uid=$EUID"$'\t'"pid=${lines[0]}"$'\t'"${command%% *}"
    done
    is "$(wc -l <commits)" 3
}

# ---- programs that are ended

# last_result RESULT: so the last change has ended.
last_result() {
    [[ $(journal result | tail -n 1) == "$1" ]]
}

@test "a program may be ended while the line of its failed change waits for the journal's file" {
    needs flock
    remount_service -o journal="$DIR/journal"
    warm
    local http code writer
    IFS=: read -r http code _ <<<"${REFUSED[0]}"
    begin_commit "$P/checkpoint" "$(shown 50)" status "status=$http" "code=$code" hold=1
    writer=$!
    exec 8>>"$DIR/journal"
    flock 8
    release
    eventually last_result failed
    kill -INT "$writer"
    is "$(timeout 10 cat "$P/checkpoint")" "$(shown 42)"
    wait "$writer" || true
    exec 8>&-
    put "$P/checkpoint" "$(shown 51)"
    is "$(journal result | tail -n 1)" ok
}
