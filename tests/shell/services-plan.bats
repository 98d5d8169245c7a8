# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # each test is a shell of its own
# Moves of an app on any service that are tried first (-o plan), taken back (undo), kept on a disk
# (-o journal), or left to the consumers that are alive (-o idle_only). SERVICE says which service it is.

load "${SERVICE:-dis}"

# Values are known, so that nothing but changes sends requests.
SNAPSHOT=600

T=apps/billing/orders/checkpoints
OTHER=apps/billing/orders/1/checkpoint

# plain NUMBER: as a decimal.
plain() {
    if [[ $1 =~ ^([0-9]+|[-?])$ ]]; then
        echo "$1"
    else
        decimal "$1"
    fi
}

# told [COUNT]: of the last lines of commits, one unless it is said, oldest first: how each ended, what was to be
# done, where, the old number, the new one, and the note.
told() {
    tail -n "${1:-1}" "$MNT/commits" | awk -F '\t' -v OFS='\t' '{ print $5, $6, $8 "/" $9 "/" $11, $14, $12, $7 }' |
        while IFS=$'\t' read -r result what path before number note; do
            echo "$result $what $path $(plain "$before") $(plain "$number") $note"
        done
}

# counted: how many lines commits has.
counted() {
    wc -l <"$MNT/commits"
}

# at WHERE NUMBER: a line of stored without what comes after the number, which each service has otherwise.
at() {
    row billing orders "$@" | cut -d ' ' -f -4
}

# has LINE...: these checkpoints, and no others, are committed.
has() {
    is "$(stored | cut -d ' ' -f -4 | sort)" "$(printf '%s\n' "$@" | sort)"
}

# note_of PARTITION: the metadata that are committed with it.
note_of() {
    stored | awk -v partition="$1" '$3 == partition { print $5 }'
}

# in_doubt TEXT EXECUTE: the program is interrupted while the answer to its commit is held, which is carried out or not.
in_doubt() {
    fail_at commit never execute="$2"
    in_background bash -c "echo $1 >$P/checkpoint" 2>>"$DIR/messages"
    eventually in_flight 1
    sleep 0.1
    kill -INT "$!"
    not wait "$!"
    eventually in_flight 0
    no_faults
}

# nothing_sent ERRNO COMMAND...: it fails so, and no request that changes anything is sent.
nothing_sent() {
    forget_requests
    refused "${SAYS[$1]:?}" "${@:2}"
    is "${*:2}: $(changes)" "${*:2}: 0"
}

# ---- -o plan

# plans POSITION NUMBER NOTE: of the partition with the checkpoint.
plans() {
    put "$P/checkpoint" "$1"
    is "$1: $(told)" "$1: planned commit billing/orders/0 42 $2 $3"
}

# untouched: the service has what it had, and was asked to change nothing.
untouched() {
    is "$(changes) $(stored)" "0 $UNTOUCHED"
}

@test "a plan tells where each position leads, and how many records would be read again or not at all" {
    again_with -o plan
    plans "$(shown 50)" 50 "skips 8"
    plans "$(shown 20)" 20 "replays 22"
    plans 43 43 "skips 1"
    plans "shift +3" 45 "skips 3"
    plans "shift -3" 39 "replays 3"
    plans latest $((100 - GAP)) "skips $((58 - GAP))"
    plans @now $((100 - GAP)) "skips $((58 - GAP))"
    plans earliest $((10 - GAP)) "replays $((32 + GAP))"
    plans @1h $((10 - GAP)) "replays $((32 + GAP))"
    plans "$(shown 42)" 42 "replays 0"
    untouched
    is "$(counted) $(cat errors)" "10 "
}

@test "a plan counts only records that are kept" {
    keeps 30 60
    again_with -o plan
    plans "$(shown 30)" 30 "replays 12"
    plans "shift +5" 47 "skips 5"
    keeps 45 60
    again_with -o plan
    plans latest $((60 - GAP)) "skips 15" # of what was lost none can be skipped
    untouched
}

@test "a plan of a first commit counts from the oldest record on, which is next where nothing is committed" {
    again_with -o plan
    put "$OTHER" "$(shown 50)"
    is "$(told)" "planned commit billing/orders/1 - 50 skips $((40 + GAP))"
    untouched
}

@test "what a plan is asked for by checkpoints/ is planned, and the same is shown as before" {
    again_with -o plan
    put "$C" "$(shown 50)"
    is "$(told)" "planned commit billing/orders/0 42 50 skips 8"
    cp -r checkpoints/billing/. checkpoints/audit
    is "$(told)" "planned commit audit/orders/0 - 42 skips $((32 + GAP))"
    put checkpoints/billing/orders/draft "$(shown 51)"
    rename checkpoints/billing/orders/draft "$C"
    is "$(told)" "planned commit billing/orders/0 42 51 skips 9"
    untouched
    is "$(cat "$C") $(cat "$P/checkpoint")" "$CONTENT $(shown 42)"
    is "$(cat "$P/lag") $(cut -f 2 "$T")" "$((58 - GAP)) $(shown 42)"
    refused "${SAYS[ENOENT]}" cat checkpoints/audit/orders/0
}

@test "a plan of a table has a line for each of its changes" {
    again_with -o plan
    put_once "$T" "*\t$(shown 60)\n"
    is "$(told 3 | sort)" "planned commit billing/orders/0 42 60 skips 18
planned commit billing/orders/1 - 60 skips $((50 + GAP))
planned commit billing/orders/2 - 60 skips $((50 + GAP))"
    put_once "$T" "1\t$(shown 20)\n2\tlatest\n"
    is "$(told 2 | sort)" "planned commit billing/orders/1 - 20 skips $((10 + GAP))
planned commit billing/orders/2 - $((100 - GAP)) skips 90"
    untouched
}

@test "a plan of metadata and of a removal has them in its lines" {
    [[ ${SERVICE:-dis} != sls ]] || skip "SLS has neither"
    again_with -o plan
    put "$P/metadata" other
    is "$(told)" "planned commit billing/orders/0 42 42 replays 0"
    is "$(tail -n 1 commits | cut -f 10,13)" $'note\tother'
    rm "$P/checkpoint"
    is "$(told)" "planned delete billing/orders/0 42 - replays $((32 + GAP))"
    rm "$C"
    put_once "$T" '0\t-\n'
    is "$(told 2 | sort -u)" "planned delete billing/orders/0 42 - replays $((32 + GAP))"
    untouched
    is "$(cat "$C")" "$CONTENT"
}

@test "a planned app can be planned with, and the service has none" {
    again_with -o plan
    cp -r checkpoints/billing checkpoints/billing-new
    is "$(told)" "planned commit billing-new/orders/0 - 42 skips $((32 + GAP))"
    mkdir apps/later
    put apps/later/orders/1/checkpoint "$(shown 50)"
    is "$(told)" "planned commit later/orders/1 - 50 skips $((40 + GAP))"
    put_once apps/later/orders/checkpoints "0\tlatest\n"
    is "$(told)" "planned commit later/orders/0 - $((100 - GAP)) skips 90"
    not test -e apps/later/orders/1/checkpoint
    rmdir apps/later
    not test -e apps/later
    untouched
    remount_service
    is "$(entries apps)" "audit billing"
}

@test "a plan of an app that goes is a line, and the app stays" {
    again_with -o plan
    local removed=${REMOVED//$'\t'//}
    rmdir "apps/${removed%/-}"
    is "$(told)" "planned remove-app $removed/- - - -"
    untouched
    remount_service
    is "$(entries apps)" "audit billing"
}

@test "a plan refuses what would be refused, and a typo makes no app" {
    again_with -o plan
    nothing_sent EINVAL put "$P/checkpoint" hello
    nothing_sent EINVAL put "$P/checkpoint" -1
    nothing_sent ENOENT put apps/biling/orders/0/checkpoint 50
    nothing_sent ENOENT put apps/billing/orders/9/checkpoint 50
    nothing_sent ENOENT put apps/billing/order/0/checkpoint 50
    nothing_sent EROFS put "$S/records/new" text
    nothing_sent EINVAL put "$T" "nonsense"
    if [[ ${SERVICE:-dis} != kafka ]]; then # which takes any number
        nothing_sent ERANGE put "$P/checkpoint" 5
        nothing_sent ERANGE put "$P/checkpoint" 500
    fi
    is "$(cut -f 5 commits | sort -u)" failed
    is "$(stored) $(entries apps)" "$UNTOUCHED audit billing"
}

@test "planned lines do exactly that when a mount that does not plan has them in its table" {
    again_with -o plan
    put "$P/checkpoint" "$(shown 50)"
    put "$OTHER" latest
    cut -f 11- commits >"$DIR/plan"
    again_with
    cat "$DIR/plan" >"$T"
    has "$(at 0 50)" "$(at 1 $((100 - GAP)))"
    is "$(told 2 | sort)" "ok commit billing/orders/0 42 50 -
ok commit billing/orders/1 - $((100 - GAP)) -"
}

@test "planned lines are refused where the app has committed meanwhile" {
    again_with -o plan
    put "$P/checkpoint" "$(shown 50)"
    put "$OTHER" "$(shown 60)"
    cut -f 11- commits >"$DIR/plan"
    committed billing orders 1 55
    again_with
    run -1 cp "$DIR/plan" "$T"
    matches "$output" "Stale file handle"
    has "$(at 0 50)" "$(at 1 55)"
    matches "$(cut -f 4,8 errors | tail -n 1)" "^ESTALE.*line 2"
    # nor is anything done twice
    run -1 cp "$DIR/plan" "$T"
    has "$(at 0 50)" "$(at 1 55)"
}

@test "a plan heeds monotonic, clamp and ro" {
    again_with -o plan,monotonic
    nothing_sent EPERM put "$P/checkpoint" "$(shown 41)"
    plans "$(shown 43)" 43 "skips 1"
    again_with -o plan,clamp
    put "$P/checkpoint" 5
    is "$(told)" "planned commit billing/orders/0 42 $((10 - GAP)) replays $((32 + GAP))"
    put "$P/checkpoint" 500
    is "$(told | cut -d ' ' -f -5)" "planned commit billing/orders/0 42 $((100 - GAP))"
    again_with -o plan,ro
    nothing_sent EROFS put "$P/checkpoint" 50
    is "$(stored) $(cat commits)" "$UNTOUCHED "
}

# ---- undo

# undone NUMBER [NOTE]: undo brings back this number, with its metadata.
undone() {
    put "$P/checkpoint" undo
    is "$(cat "$P/checkpoint")" "$(shown "$1")"
    is "$(stored | grep 'orders 0' | cut -d ' ' -f -4) $(note_of 0)" "$(at 0 "$1") $(noted "${2:-}")"
}

# noted TEXT: what note_of prints of these metadata.
noted() {
    [[ ${SERVICE:-dis} == sls ]] && echo - || echo "$1"
}

# cannot_undo ERRNO: nothing is sent, and nothing changed.
cannot_undo() {
    local before
    before=$(stored)
    nothing_sent "$1" put "${2:-$P/checkpoint}" undo
    is "$(stored)" "$before"
}

@test "undo goes back to what was there before the last change, and then before the one before" {
    again_with
    put "$P/checkpoint" "$(shown 50)"
    put "$P/checkpoint" "$(shown 60)"
    put "$C" latest
    undone 60
    is "$(told)" "ok undo billing/orders/0 $((100 - GAP)) 60 -"
    undone 50
    undone 42 note
    is "$(told)" "ok undo billing/orders/0 50 42 -"
    cannot_undo ENODATA
    is "$(told | cut -d ' ' -f -3)" "failed undo billing/orders/0"
    # what comes after an undo is undone as if there had been none
    put "$P/checkpoint" "$(shown 70)"
    undone 42 note
    cannot_undo ENODATA
}

@test "undo takes back what came by any file" {
    again_with
    put_once "$T" "*\t$(shown 50)\n"
    undone 42 note
    put "$C" "$(shown 51)"
    put "$C" undo
    is "$(stored | head -n 1)" "$UNTOUCHED"
    put checkpoints/billing/orders/draft "$(shown 52)"
    rename checkpoints/billing/orders/draft "$C"
    put checkpoints/billing/orders/draft undo
    rename checkpoints/billing/orders/draft "$C"
    is "$(stored | head -n 1)" "$UNTOUCHED"
    put "$P/checkpoint" "shift +5"
    put_once "$T" '0\tundo\n'
    is "$(stored | head -n 1)" "$UNTOUCHED"
    cannot_undo ENODATA
}

@test "undo brings back metadata, and what was removed" {
    [[ ${SERVICE:-dis} != sls ]] || skip "SLS has neither"
    again_with
    put "$P/metadata" other
    is "$(note_of 0)" other
    undone 42 note
    put_once "$P/checkpoint" '50\nfirst\n'
    put_once "$P/checkpoint" '60\nsecond\n'
    rm "$P/checkpoint"
    undone 60 second
    is "$(told)" "ok undo billing/orders/0 - 60 -"
    undone 50 first
    undone 42 note
    rm "$C"
    put_once "$T" '0\tundo\n'
    is "$(stored)" "$UNTOUCHED"
}

@test "undo of a first commit deletes, which SLS cannot" {
    again_with
    put "$OTHER" "$(shown 50)"
    if [[ ${SERVICE:-dis} == sls ]]; then
        cannot_undo EOPNOTSUPP "$OTHER"
        has "$(at 0 42)" "$(at 1 50)"
    else
        put "$OTHER" undo
        is "$(stored) $(told)" "$UNTOUCHED ok undo billing/orders/1 50 - -"
        refused "${SAYS[ENOENT]}" cat "$OTHER"
        cannot_undo ENODATA "$OTHER"
    fi
}

@test "undo of all partitions takes back what was moved, and tells of those that cannot" {
    again_with
    committed billing orders 1 33
    committed billing orders 2 34
    again_with
    put_once "$T" '*\tlatest\n'
    has "$(at 0 $((100 - GAP)))" "$(at 1 $((100 - GAP)))" "$(at 2 $((100 - GAP)))"
    put_once "$T" '*\tundo\n'
    has "$(at 0 42)" "$(at 1 33)" "$(at 2 34)"
    is "$(note_of 0)" "$(noted note)"
    put "$OTHER" "$(shown 50)"
    refused "${SAYS[ENODATA]}" put_once "$T" '*\tundo\n'
    has "$(at 0 42)" "$(at 1 33)" "$(at 2 34)"
    matches "$(tail -n 1 errors | cut -f 8)" "^2 lines of this write failed"
}

@test "undo passes over changes that failed" {
    again_with
    put "$P/checkpoint" "$(shown 50)"
    local http code errno
    IFS=: read -r http code errno <<<"${REFUSED[1]}"
    fail_at commit status status="$http" code="$code"
    refused "${SAYS[$errno]}" op_commit
    not put "$P/checkpoint" hello
    undone 42 note
    cannot_undo ENODATA
}

@test "undo leaves what another client has committed, and says what there is and what there was" {
    again_with
    put "$P/checkpoint" "$(shown 50)"
    committed billing orders 0 77
    cannot_undo EBUSY
    matches "$(tail -n 1 errors | cut -f 8)" "$(shown 77).*$(shown 50)"
    is "$(told | cut -d ' ' -f -3)" "failed undo billing/orders/0"
    cannot_undo EBUSY
    # of what was committed over it, one step is ours
    put "$P/checkpoint" "$(shown 60)"
    undone 77
    cannot_undo EBUSY
    # and when it is there again, it goes on
    committed billing orders 0 50
    undone 42 note
}

@test "undo leaves what another client has removed" {
    again_with
    put "$P/checkpoint" "$(shown 50)"
    withdrawn billing orders 0
    cannot_undo EBUSY
    matches "$(tail -n 1 errors | cut -f 8)" "$(shown 50)"
}

@test "undo takes back a commit of which nobody knows whether it was carried out" {
    again_with
    local execute
    for execute in 0 1; do
        in_doubt "$(shown 50)" "$execute"
        is "$(told | cut -d ' ' -f -2)" "unknown commit"
        undone 42 note
        put "$P/checkpoint" "$(shown 43)"
        in_doubt "$(shown 50)" "$execute"
        undone 43
        undone 42 note
    done
}

@test "undo of which nobody knows whether it was carried out is made once more" {
    again_with
    local execute
    for execute in 0 1; do
        put "$P/checkpoint" "$(shown 43)"
        put "$P/checkpoint" "$(shown 50)"
        in_doubt undo "$execute"
        is "$(told | cut -d ' ' -f -2)" "unknown undo"
        undone 43
        undone 42 note
    done
}

@test "undo needs to know what was there" {
    [[ ${SERVICE:-dis} != sls ]] || skip "SLS is asked who holds a shard, which tells what is there"
    remount_service
    put "$P/checkpoint" 50
    is "$(told)" "ok commit billing/orders/0 ? 50 -"
    cannot_undo ENODATA
    matches "$(tail -n 1 errors | cut -f 8)" "not known"
    put "$P/checkpoint" 60
    undone 50
    cannot_undo ENODATA
}

@test "undo is not more than one word" {
    again_with
    put "$P/checkpoint" "$(shown 50)"
    nothing_sent EINVAL put_once "$P/checkpoint" 'undo\nnote\n'
    nothing_sent EINVAL put "$P/checkpoint" 'undo 2'
    has "$(at 0 50)"
    undone 42 note
}

@test "undo goes no way that monotonic, ro and plan do not allow" {
    again_with -o monotonic
    put "$P/checkpoint" "$(shown 50)"
    nothing_sent EPERM put "$P/checkpoint" undo
    has "$(at 0 50)"
    put "$P/checkpoint" "$(shown 60)"
    nothing_sent EPERM put "$P/checkpoint" undo
    has "$(at 0 60)"
    again_with -o ro
    nothing_sent EROFS put "$P/checkpoint" undo
    again_with -o plan
    put "$P/checkpoint" "$(shown 60)"
    nothing_sent ENODATA put "$P/checkpoint" undo
}

# ---- -o journal=FILE

# kept [OPTION...]: a mount with a journal in FILE, and all names known.
kept() {
    FILE=$DIR/journal
    again_with -o journal="$FILE" "$@"
}

# on_disk COUNT: of the last lines in FILE, how they end and their numbers.
on_disk() {
    tail -n "$1" "$FILE" | awk -F '\t' '{ print $7, $8, $16, $14 }' |
        while read -r result what before number; do
            echo "$result $what $(plain "$before") $(plain "$number")"
        done
}

# has_lines COUNT: FILE, into which is written soon after a program was interrupted.
has_lines() {
    [[ $(wc -l <"$FILE") == "$1" ]]
}

@test "the intent is on the disk before the service has it, and the outcome before the program has its answer" {
    kept
    begin_commit "$P/checkpoint" "$(shown 50)" delay hold=1
    is "$(on_disk 9)" "begun commit 42 50"
    is "$(cat commits)" ""
    release
    wait "$!"
    is "$(on_disk 9)" "begun commit 42 50
ok commit 42 50"
    is "$(stat -c %a "$FILE") $(cut -f 1 "$FILE" | uniq | wc -l) $(cut -f 2 "$FILE" | uniq)" "600 1 $SOURCE"
    fail_at commit status status=400 code="$MALFORMED"
    not op_commit
    is "$(on_disk 2 | cut -d ' ' -f 1 | xargs)" "begun failed"
}

@test "every kind of change is on the disk first" {
    kept
    put_once "$T" "*\t$(shown 60)\n"
    is "$(on_disk 99 | sort | cut -d ' ' -f 1 | uniq -c | xargs)" "3 begun 3 ok"
    put "$P/checkpoint" undo
    is "$(on_disk 2)" "begun undo 60 42
ok undo 60 42"
    put checkpoints/billing/orders/draft "$(shown 51)"
    rename checkpoints/billing/orders/draft "$C"
    is "$(on_disk 2)" "begun commit 42 51
ok commit 42 51"
    local removed=${REMOVED//$'\t'//}
    rmdir "apps/${removed%/-}"
    is "$(on_disk 2)" "begun remove-app - -
ok remove-app - -"
    [[ ${SERVICE:-dis} != sls ]] || return 0
    rm "$P/checkpoint"
    is "$(on_disk 2)" "begun delete 51 -
ok delete 51 -"
}

@test "the old value is asked for in one request, however much is known" {
    kept
    committed billing orders 0 77
    put "$P/checkpoint" "$(shown 50)"
    is "$(requests) $(changes)" "2 1"
    is "$(told)" "ok commit billing/orders/0 77 50 -"
    put "$P/checkpoint" undo
    is "$(stored | cut -d ' ' -f -4)" "$(at 0 77)"
}

@test "a change whose mount was killed is unknown in the next, which undoes it" {
    local execute
    for execute in 0 1; do
        kept
        put "$P/checkpoint" "$(shown 43)"
        begin_commit "$P/checkpoint" "$(shown 50)" never execute="$execute"
        cd /
        kill_daemon
        fusermount3 -uz "$MNT"
        no_faults
        mount_service -o journal="$FILE"
        cd "$MNT"
        is "$(told)" "unknown commit billing/orders/0 43 50 -"
        undone 43
        undone 42 note
    done
    # and is told as unknown for good
    kept
    is "$(cut -f 5 commits | grep -c unknown)" 2
}

@test "mounts with the same journal undo each other's changes" {
    kept
    mount_service_at "$DIR/other" -o journal="$FILE"
    put "$P/checkpoint" "$(shown 50)"
    put "$DIR/other/$P/checkpoint" "$(shown 60)"
    undone 50
    put "$DIR/other/$P/checkpoint" undo
    is "$(stored)" "$UNTOUCHED"
    nothing_sent ENODATA put "$P/checkpoint" undo
    is "$(cut -f 5,6 commits | tr '\t' ' ')" "ok commit
ok commit
ok undo
ok undo
failed undo"
    # a mount that comes later knows all that, and one without the journal nothing
    put "$P/checkpoint" "$(shown 70)"
    unmount "$DIR/other"
    again_with
    nothing_sent ENODATA put "$P/checkpoint" undo
    kept
    undone 42 note
}

@test "what cannot be written to the journal is refused and not sent, until there is room" {
    needs_root
    mkdir "$DIR/small"
    mount -t tmpfs -o size=64k tmpfs "$DIR/small"
    again_with -o journal="$DIR/small/journal"
    put "$P/checkpoint" "$(shown 50)"
    # less than a page is left, which is full with the first lines
    dd if=/dev/zero of="$DIR/small/fill" bs=4k 2>/dev/null || true
    local number
    for ((number = 51; number < 99; number++)); do
        put "$P/checkpoint" "$(shown "$number")" 2>"$DIR/message" || break
    done
    matches "$(<"$DIR/message")" "No space left on device"
    has "$(at 0 $((number - 1)))"
    # nor is there room for a line that is shorter
    while echo; do :; done >>"$DIR/small/journal" 2>/dev/null
    forget_requests
    refused "No space left on device" put "$OTHER" "$(shown 50)"
    refused "No space left on device" put "$P/checkpoint" undo
    refused "No space left on device" put_once "$T" "*\t$(shown 50)\n"
    local removed=${REMOVED//$'\t'//}
    refused "No space left on device" rmdir "apps/${removed%/-}"
    is "$(changes)" 0
    is "$(tail -n 1 errors | cut -f 4)" ENOSPC
    rm "$DIR/small/fill"
    put "$OTHER" "$(shown 50)"
    has "$(at 0 $((number - 1)))" "$(at 1 50)"
    undone $((number - 2))
    # of the last one that went out the end may have found no room
    again_with -o journal="$DIR/small/journal"
    (($(grep -c unknown commits) <= 1))
    undone $((number - 3))
}

@test "a change that is given up while its answer is awaited is unknown, once" {
    kept -o timeout=2
    in_doubt "$(shown 50)" 1
    eventually has_lines 2
    is "$(on_disk 9)" "begun commit 42 50
unknown commit 42 50"
    is "$(counted) $(told)" "1 unknown commit billing/orders/0 42 50 given up while it was under way"
    fail_at commit never count=forever
    refused "${SAYS[ETIMEDOUT]}" put "$P/checkpoint" "$(shown 60)"
    no_faults
    is "$(on_disk 2)" "begun commit 50 60
unknown commit 50 60"
    is "$(counted)" 2
    eventually op_read >/dev/null 2>&1
    kept
    is "$(cut -f 5 commits | xargs)" "unknown unknown"
    undone 50
    undone 42 note
}

@test "a change that is given up before it is sent is failed, and on the disk nothing has begun" {
    kept
    fault never method="${METHOD[read]}" path="${WHERE[read]}"
    in_background bash -c "echo $(shown 50) >$P/checkpoint" 2>>"$DIR/messages"
    eventually in_flight 1
    sleep 0.1
    kill -INT "$!"
    not wait "$!"
    eventually in_flight 0
    no_faults
    is "$(changes) $(told | cut -d ' ' -f -2) $(grep -c begun "$FILE")" "0 failed commit 0"
    is "$(stored)" "$UNTOUCHED"
}

@test "lines of other sources, and what is no line, are left alone" {
    kept
    put "$P/checkpoint" "$(shown 50)"
    sed -e "s,$SOURCE,local:/elsewhere,; s,^,x," "$FILE" >"$DIR/foreign"
    {
        cat "$DIR/foreign"
        printf 'garbage\n\n\t\t\t\n\0\0\n%s\n' "$(repeat 100000 x)"
        head -c 20000 /dev/urandom
        printf '\n'
        sed -n 1p "$FILE" | sed 's/^[^\t]*/0000000000000000-9/; s/$/\tmore/'
        sed -n 1p "$FILE" | cut -c 1-60 | tr -d '\n' # cut off, as by a power failure
    } >"$DIR/rest"
    cat "$DIR/rest" >>"$FILE"
    kept
    is "$(told 9)" "ok commit billing/orders/0 42 50 -"
    put "$P/checkpoint" "$(shown 60)"
    is "$(told 9)" "ok commit billing/orders/0 42 50 -
ok commit billing/orders/0 50 60 -"
    undone 50
    cat "$DIR/rest" >>"$FILE"
    undone 42 note
    nothing_sent ENODATA put "$P/checkpoint" undo
    # nothing of it was lost
    is "$(grep -c elsewhere "$FILE")" 4
}

@test "a journal goes with plan, monotonic and ro" {
    kept
    put "$P/checkpoint" "$(shown 50)"
    kept -o plan
    put "$P/checkpoint" undo
    is "$(told)" "planned undo billing/orders/0 50 42 replays 8"
    put "$P/checkpoint" "$(shown 60)"
    is "$(on_disk 1)" "planned commit 50 60"
    is "$(changes)" 0
    kept -o monotonic
    nothing_sent EPERM put "$P/checkpoint" undo
    kept -o ro
    nothing_sent EROFS put "$P/checkpoint" undo
    is "$(head -n 1 commits | cut -f 5,6)" $'ok\tcommit'
    kept # what was planned or refused is no change
    undone 42 note
}

# ---- consumers that are alive

# consumer: one that has just committed there.
consumer() {
    case ${SERVICE:-dis} in
    sls)
        alive consumer_1 billing orders 0
        committed billing orders 0 45 consumer=consumer_1
        ;;
    kafka) control POST member group=billing name=consumer_1 topic=orders >/dev/null ;;
    *) skip "DIS does not know who consumes" ;;
    esac
}

@test "with -o idle_only nothing is sent that a consumer which is alive would overwrite" {
    [[ ${SERVICE:-dis} == sls ]] || skip "only SLS lets others commit meanwhile, and knows"
    again_with -o idle_only
    put "$P/checkpoint" "$(shown 50)"
    consumer
    let_values_age
    again_with -o idle_only
    nothing_sent EBUSY put "$P/checkpoint" "$(shown 60)"
    matches "$(tail -n 1 errors | cut -f 8)" consumer_1
    is "$(told | cut -d ' ' -f -3)" "failed commit billing/orders/0"
    nothing_sent EBUSY put "$C" "$(shown 60)"
    nothing_sent EBUSY put "$P/checkpoint" latest
    put checkpoints/billing/orders/draft "$(shown 60)"
    nothing_sent EBUSY rename checkpoints/billing/orders/draft "$C"
    put "$OTHER" "$(shown 60)"
    put apps/audit/orders/0/checkpoint "$(shown 60)"
    refused "${SAYS[EBUSY]}" put_once "$T" "*\t$(shown 61)\n"
    has "$(at 0 45)" "$(at 1 61)" "$(at 2 61)" "$(row audit orders 0 60 | cut -d ' ' -f -4)"
    # one that has been silent for more than two minutes is not alive
    committed billing orders 0 45 consumer=consumer_1 update_time=$(($(date +%s%6N) - 130000000))
    again_with -o idle_only
    put "$P/checkpoint" "$(shown 60)"
    is "$(told)" "ok commit billing/orders/0 45 60 -"
}

@test "with -o idle_only nothing is sent where nobody can tell who is alive" {
    [[ ${SERVICE:-dis} == sls ]] || skip "only SLS is asked"
    SNAPSHOT=1
    again_with -o idle_only,timeout=2
    let_values_age
    fault status method=GET path="${WHERE[read]}" status=403 code=ProjectForbidden count=forever
    nothing_sent EACCES put "$P/checkpoint" "$(shown 50)"
    no_faults
    put "$P/checkpoint" "$(shown 50)"
    has "$(at 0 50)"
}

@test "with -o idle_only a change is refused on any service that knows who consumes" {
    consumer
    again_with -o idle_only,journal="$DIR/journal"
    local before
    before=$(stored)
    not put "$P/checkpoint" "$(shown 60)"
    is "$(told | cut -d ' ' -f -3)" "failed commit billing/orders/0"
    is "$(stored)" "$before"
}

@test "undo with a consumer that is alive is as any commit" {
    again_with
    put "$P/checkpoint" "$(shown 45)"
    consumer
    again_with -o journal="$DIR/journal"
    if [[ ${SERVICE:-dis} == kafka ]]; then
        refused "${SAYS[EBUSY]}" put "$P/checkpoint" "$(shown 60)"
        refused "${SAYS[ENODATA]}" put "$P/checkpoint" undo
        has "$(at 0 45)"
        is "$(told 2 | cut -d ' ' -f -2)" $'failed commit\nfailed undo'
    else
        put "$P/checkpoint" "$(shown 60)"
        committed billing orders 0 60 consumer=consumer_1
        again_with -o journal="$DIR/journal" # what is known of consumers may be a minute old
        put "$P/checkpoint" undo
        is "$(told)" "ok undo billing/orders/0 60 45 consumer_1 seems to be alive and will overwrite this"
        has "$(at 0 45)"
    fi
}
