# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # each test is a shell of its own
# The changes of one partition of any service, which wait for each other. SERVICE says which service it is.

load "${SERVICE:-dis}"

# Values are known, so that nothing but changes sends requests.
SNAPSHOT=600

# The same checkpoint. Programs that write to one of these files wait in the kernel for each other; those that
# write to different ones wait in the mount.
FACES=("$P/checkpoint" "$C" apps/billing/orders/shardId-0000000000/checkpoint
    checkpoints/billing/orders/shardId-0000000000)
OTHER=apps/billing/orders/1/checkpoint

# stand_in_line FILE TEXT: a commit behind another, until the mount has it.
stand_in_line() {
    behind bash -c "echo $2 >$1"
}

# Each number that was to be committed, and how that ended; what was not sent may not be in the service's form.
ends() {
    local number result
    COMMITS=$MNT/commits journal number result | while read -r number result; do
        [[ $number =~ ^[0-9]+$ ]] || number=$(decimal "$number")
        echo "$number $result"
    done
}

# ends_are NUMBER RESULT...: these are all, in that order.
ends_are() {
    is "$(ends | xargs)" "$*"
}

# ---- the order

# follows FILE FILE: 52 by the second file waits until 51 by the first was answered, which succeeds when it is
# tried for the third time.
follows() {
    again_with
    begin_commit "$1" 51 status status=500 shape=none hold=1
    local first=$!
    fail_at commit status status=500 shape=none
    in_background bash -c "echo 52 >$2"
    sleep 0.2
    release
    wait_all "$first" "$!"
    is "$1 $2: $(asked_for)" "$1 $2: 51 51 51 52"
    is "$(stored | cut -d ' ' -f -4)" "$(row billing orders 0 52 | cut -d ' ' -f -4)"
    is "$(cat "$P/checkpoint")" "$(shown 52)"
    ends_are 51 ok 52 ok
}

@test "a commit waits for one that is repeated, whichever file each came by" {
    follows "$P/checkpoint" "$P/checkpoint"
    follows "$P/checkpoint" "$C"
    follows "$C" "$P/checkpoint"
    follows "${FACES[2]}" "${FACES[3]}"
    follows "${FACES[0]}" "${FACES[2]}"
}

@test "a commit waits for one that was carried out, and is repeated because its answer was lost" {
    warm
    begin_commit "$C" 51 status status=503 execute=1 hold=1
    local first=$!
    stand_in_line "$P/checkpoint" 52
    release
    wait_all "$first" "$!"
    is "$(asked_for)" "51 51 52"
    ends_are 51 ok 52 ok
}

@test "what waits goes out in the order in which it came, by all faces" {
    warm
    begin_commit "${FACES[3]}" 51 delay hold=1
    local writers=("$!")
    stand_in_line "${FACES[1]}" "'shift +1'"
    writers+=("$!")
    stand_in_line "${FACES[2]}" 53
    writers+=("$!")
    stand_in_line "${FACES[0]}" "'shift +1'"
    writers+=("$!")
    is "$(asked_for)" 51
    release
    wait_all "${writers[@]}"
    is "$(asked_for)" "51 52 53 54"
    is "$(cat "$P/checkpoint")" "$(shown 54)"
    ends_are 51 ok 52 ok 53 ok 54 ok
}

@test "shifts that wait for each other work with what the one before has left" {
    warm
    begin_commit "$P/checkpoint" "'shift +10'" status status=500 shape=none hold=1
    local first=$!
    stand_in_line "$C" "'shift +3'"
    release
    wait_all "$first" "$!"
    is "$(asked_for)" "52 52 55"
}

@test "a commit of another partition, or of another app, waits for none" {
    warm
    begin_commit "$P/checkpoint" 51 never
    promptly put "$OTHER" 50
    promptly put apps/audit/orders/0/checkpoint 50
    promptly ls -R apps checkpoints streams
    promptly cat "$P/checkpoint" "$OTHER"
    kill -0 "$!"
    ends_are 50 ok 50 ok
    is "$(stored | wc -l)" 3
}

# ---- -o monotonic

# judged FAULT [NAME=VALUE...]: what is committed behind a commit that is answered late, or repeated.
judged() {
    again_with -o monotonic
    committed billing orders 0 42
    begin_commit "$P/checkpoint" 50 "$@" hold=1
    local first=$!
    stand_in_line "$C" 60
    release
    wait_all "$first" "$!"
    ends_are 50 ok 60 ok
    is "$(cat "$P/checkpoint")" "$(shown 60)"

    again_with -o monotonic
    committed billing orders 0 42
    begin_commit "$P/checkpoint" 60 "$@" hold=1
    first=$!
    : >"$DIR/messages"
    stand_in_line "$C" 50
    release
    not wait "$!"
    wait "$first"
    matches "$(<"$DIR/messages")" "${SAYS[EPERM]}"
    is "$(asked_for | xargs -n 1 | sort -u)" 60
    ends_are 60 ok 50 failed
    is "$(cat "$P/checkpoint")" "$(shown 60)"
}

@test "-o monotonic judges by what the one before has left" {
    judged delay
    judged status status=500 shape=none
}

# ---- what is given up

@test "Ctrl-C ends a commit that waits, and nothing else" {
    local first second third begin file
    for file in "${FACES[@]:1}"; do
        again_with
        begin_commit "${FACES[0]}" 51 delay hold=1
        first=$!
        stand_in_line "$file" 52
        second=$!
        in_background bash -c "echo 53 >${FACES[0]}"
        third=$!
        begin=$(milliseconds)
        kill -INT "$second"
        not wait "$second"
        at_once_after "$begin"
        is "$file: $(asked_for)" "$file: 51"
        ends_are 52 failed
        kill -0 "$first" "$third"
        release
        wait_all "$first" "$third"
        is "$file: $(asked_for)" "$file: 51 53"
        ends_are 52 failed 51 ok 53 ok
    done
}

@test "the one behind it has its turn when a commit that waits is interrupted" {
    warm
    begin_commit "$P/checkpoint" 51 delay hold=1
    local first=$! second third
    stand_in_line "$C" 52
    second=$!
    stand_in_line "${FACES[2]}" 53
    third=$!
    kill -INT "$second"
    not wait "$second"
    is "$(asked_for)" 51
    release
    wait_all "$first" "$third"
    is "$(asked_for)" "51 53"
}

@test "SIGTERM and SIGKILL end a commit that waits, too" {
    warm
    begin_commit "$P/checkpoint" 51 delay hold=1
    local first=$! signal begin
    for signal in TERM KILL; do
        stand_in_line "$C" 52
        begin=$(milliseconds)
        kill "-$signal" "$!"
        not wait "$!"
        at_once_after "$begin"
        eventually wait_now 2
    done
    release
    wait "$first"
    is "$(asked_for)" 51
    ends_are 52 failed 52 failed 51 ok
}

@test "the next one has its turn when one was interrupted, after the connection was closed" {
    warm
    begin_commit "$P/checkpoint" 51 never
    local first=$!
    stand_in_line "$C" 52
    local second=$!
    is "$(stat_of aborted)" 0
    kill -INT "$first"
    not wait "$first"
    wait "$second"
    eventually in_flight 0
    is "$(stat_of aborted) $(asked_for)" "1 51 52"
    ends_are 51 unknown 52 ok
    is "$(cat "$P/checkpoint")" "$(shown 52)"
}

@test "waiting uses up the timeout" {
    again_with -o timeout=4
    fail_at commit never count=forever
    local begin writers=() writer file
    begin=$(milliseconds)
    for file in "${FACES[@]}"; do
        stand_in_line "$file" 51
        writers+=("$!")
    done
    for writer in "${writers[@]}"; do
        not wait "$writer"
    done
    # if each had its time from its turn on, it would be 16 seconds
    soon_after "$begin"
    is "$(grep -c "${SAYS[ETIMEDOUT]}" "$DIR/messages")" 4
    # what was sent is unknown
    (($(ends | grep -c unknown) >= $(asked_for | wc -w)))
    is "$(ends | wc -l)" 4
}

@test "what waits for one that times out still has its turn" {
    again_with -o timeout=3
    begin_commit "$P/checkpoint" 51 never
    local first=$!
    sleep 1
    in_background bash -c "echo 52 >$C"
    not wait "$first"
    wait "$!"
    is "$(asked_for)" "51 52"
    ends_are 51 unknown 52 ok
}

@test "one that is refused does not keep the next one from its turn" {
    warm
    begin_commit "$P/checkpoint" 51 status status=400 code="$MALFORMED" hold=1
    local first=$!
    stand_in_line "$C" 52
    release
    not wait "$first"
    wait "$!"
    is "$(asked_for)" "51 52"
    ends_are 51 failed 52 ok
}

@test "SIGTERM of the daemon sends nothing of what waits" {
    warm
    begin_commit "$P/checkpoint" 51 never count=forever
    local writers=("$!") writer daemon begin
    daemon=$(daemon)
    stand_in_line "$C" 52
    writers+=("$!")
    stand_in_line "${FACES[2]}" "'shift +1'"
    writers+=("$!")
    stand_in_line "${FACES[3]}" 54
    writers+=("$!")
    cd /
    begin=$(milliseconds)
    kill -TERM "$daemon"
    for writer in "${writers[@]}"; do
        not wait "$writer"
    done 2>/dev/null
    eventually ended "$daemon"
    soon_after "$begin"
    eventually in_flight 0
    is "$(asked_for)" 51
    is "$(stored)" "$UNTOUCHED"
}
