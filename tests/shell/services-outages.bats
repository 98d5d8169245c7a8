# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # each test is a shell of its own
# When a service is silent or has too many requests for good: who asks is told soon, not after a timeout
# each, and everything works again once it does. SERVICE says which service it is.

load "${SERVICE:-dis}"

# A mount with a timeout of two seconds, and a hundred partitions whose names are known and values are
# not.
a_hundred() {
    wide 100
    remount_service -o timeout=2,snapshot=1
    warm
    ls apps/audit/wide/* >/dev/null
    let_values_age
}

# read_all ERRNO: a loop over the partitions, of which all fail so, in far less than a hundred timeouts.
read_all() {
    local partition begin
    begin=$(milliseconds)
    for partition in {0..99}; do
        cat "apps/audit/wide/$partition/checkpoint" || true
    done 2>"$DIR/messages"
    (($(milliseconds) - begin < 30000)) || is "$(($(milliseconds) - begin)) ms" "less than 30000"
    is "$(grep -c "${SAYS[$1]:?}" "$DIR/messages")" 100
}

# commit_some UNKNOWN: commits fail, and hardly any is sent. Those that are have an unknown end, or, with
# none, have failed like the others.
commit_some() {
    local partition sent unknown=0
    forget_requests
    for partition in {0..19}; do
        not put "apps/audit/wide/$partition/checkpoint" 5 || return
    done 2>"$DIR/messages"
    sent=$(changes)
    ((sent <= 5)) || is "$sent were sent" "5 or fewer"
    [[ $1 == none ]] || unknown=$sent
    is "$(journal result | grep -c unknown)" "$unknown"
    is "$(journal result | grep -c failed)" "$((20 - unknown))"
}

names_work() {
    promptly ls -R apps streams >"$DIR/names"
    promptly ls checkpoints >>"$DIR/names"
    is "$(partitions apps/audit/wide | wc -w)" 100
}

recovers() {
    no_faults
    eventually cat apps/audit/wide/7/checkpoint 2>"$DIR/messages"
    is "$(for i in {0..99}; do cat "apps/audit/wide/$i/checkpoint"; done | wc -l)" 100
    put apps/audit/wide/7/checkpoint 7
    is "$(cat apps/audit/wide/7/checkpoint)" "$(shown 7)"
}

@test "a silent service: a loop over 100 partitions fails in seconds, and works when it answers again" {
    a_hundred
    fault never path="$CALLS" count=forever
    read_all ETIMEDOUT
    last_error
    is "${FIELD[3]} ${FIELD[4]}" "ETIMEDOUT -"
    names_work
    commit_some sent
    names_work # nobody knows what is committed, but everybody that the partitions are there
    recovers
}

@test "too many requests for good: a loop over 100 partitions fails in seconds, and works afterwards" {
    a_hundred
    fault status path="$CALLS" status=429 count=forever
    read_all EBUSY
    last_error
    is "${FIELD[3]} ${FIELD[4]}" "EBUSY 429"
    names_work
    commit_some none
    recovers
}

@test "503 for good: a loop over 100 partitions fails in seconds, and works afterwards" {
    a_hundred
    fault status path="$CALLS" status=503 count=forever
    read_all EIO
    last_error
    is "${FIELD[3]} ${FIELD[4]}" "EIO 503"
    names_work
    recovers
}

@test "connections that break for good: a loop over 100 partitions fails in seconds" {
    a_hundred
    fault reset path="$CALLS" count=forever
    read_all ECONNRESET
    names_work
    recovers
}

@test "a silent service: many programs at once wait for one timeout together" {
    a_hundred
    fault never path="$CALLS" count=forever
    local partition begin readers=()
    begin=$(milliseconds)
    for partition in {0..49}; do
        in_background cat "apps/audit/wide/$partition/checkpoint" 2>"$DIR/messages.$partition"
        readers+=("$!")
    done
    for partition in "${readers[@]}"; do
        not wait "$partition"
    done
    soon_after "$begin"
    is "$(cat "$DIR"/messages.* | grep -c "${SAYS[ETIMEDOUT]:?}")" 50
}

@test "SIGHUP begins anew at once" {
    a_hundred
    fault never path="$CALLS" count=forever
    read_all ETIMEDOUT
    no_faults
    hup
    promptly cat apps/audit/wide/7/checkpoint
}

@test "SIGHUP begins anew for names too" {
    remount_service -o timeout=2
    warm
    fault never path="$CALLS" count=forever
    refused "${SAYS[ETIMEDOUT]:?}" stat apps/other
    no_faults
    another_app other
    hup
    promptly stat apps/other
}

@test "one request that hangs among many that are answered keeps nobody out" {
    remount_service -o timeout=2,snapshot=0
    warm
    fail_at read never
    in_background cat "$P/checkpoint" 2>"$DIR/messages"
    local hanging=$!
    eventually in_flight 1
    while kill -0 "$hanging" 2>/dev/null; do
        cat "$S/latest" >/dev/null
        sleep 0.05
    done
    not wait "$hanging"
    grep -q "${SAYS[ETIMEDOUT]:?}" "$DIR/messages"
    for _ in {1..20}; do
        cat "$P/checkpoint" "$S/latest" >/dev/null
    done
}

@test "requests that are throttled now and then are all served" {
    a_hundred
    local partition
    for partition in {0..99}; do
        ((partition % 7)) || fault status path="$CALLS" status=429 count=1
        cat "apps/audit/wide/$partition/checkpoint" >/dev/null
        put "apps/audit/wide/$partition/checkpoint" 9
    done
    is "$(cat errors)" ""
}

@test "look-ups that wait for a second do not make a slow service a silent one" {
    warm
    fault delay delay=1300 path="$CALLS" count=forever
    local name
    for name in new1 new2 new3 new4; do
        not test -e "apps/$name"
        sleep 1.1
    done
    cat "$P/checkpoint" >/dev/null
    put "$P/checkpoint" "$(shown 43)"
}

# ---- one kind of request that is never answered

# reads_hang COUNT: so many programs read so many checkpoints, which the service never answers.
reads_hang() {
    local partition before
    fault never method=GET path="$READS_OF_WIDE" count=forever
    before=$(waiting)
    for ((partition = 0; partition < $1; partition++)); do
        in_background cat "apps/audit/wide/$partition/checkpoint" 2>>"$DIR/messages"
        HANGING+=("$!")
    done
    eventually wait_now "$((before + $1))"
}

reads_end() {
    kill "${HANGING[@]}"
    wait "${HANGING[@]}" || true
}

# Another call, and a change, are answered.
others_are_served() {
    promptly put "$P/checkpoint" "$(shown "$1")"
    promptly cat "$S/latest" >"$DIR/latest"
    promptly ls streams apps >"$DIR/names"
}

@test "reads that hang, more than may be under way, hold up no commit and no other call" {
    wide 600
    remount_service
    warm
    let_values_age
    HANGING=()
    reads_hang 600
    others_are_served 50
    others_are_served 51
    reads_end
    no_faults
    is "$(cat "$P/checkpoint")" "$(shown 51)"
}

@test "a first request that hangs holds up no commit and no other call" {
    wide 2
    remount_service
    warm
    HANGING=()
    hup # nothing is known of the service
    reads_hang 1
    others_are_served 50
    reads_end
}

@test "lag-alert.sh says for how long it has waited for a service that never answers" {
    warm
    ls lag >/dev/null
    let_values_age
    fault never count=forever
    WAIT=1 run -1 "$BATS_TEST_DIRNAME/../../examples/lag-alert.sh" "$MNT"
    matches "$output" "billing: no answer for 1 seconds"
    no_faults
}

@test "an outage of one call alone is none of a commit or of another call" {
    a_hundred
    fault never method=GET path="$READS_OF_WIDE" count=forever
    read_all ETIMEDOUT
    others_are_served 50
    recovers
}
