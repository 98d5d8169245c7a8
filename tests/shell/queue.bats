# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031,SC2034 # each test is a shell of its own
# Changes of one partition at once, of every kind that DIS and the embedded store have: none undoes another.
# What holds for every service is in services-queue.bats.
#
# QUEUE_COMMITS is how many commits a test of many makes; 1000 unless it is set.

load dis

# Values are known, so that nothing but changes sends requests.
SNAPSHOT=600

MANY=${QUEUE_COMMITS:-1000}

# The checkpoint that $P/checkpoint and $C are, too. Programs that write to one file, or remove it, wait in the
# kernel for each other; what comes by different files waits in the mount.
ALSO=apps/billing/orders/shardId-0000000000/checkpoint
SECOND=checkpoints/billing/orders/1

# The changes that the service was asked for, in their order, on one line: numbers and deletions.
asked_to() {
    control GET log | sed -n 's/^POST .*"sequence_number":"\([0-9]*\)".*/\1/p; s/^DELETE .*/delete/p' | xargs
}

# What is committed on partitions 0 and 1; "-" for nothing.
both() {
    stored | awk 'BEGIN { number[0] = number[1] = "-" } { number[$3] = $4 } END { print number[0], number[1] }'
}

# Runs a command again and again, in the background, until stop_it.
keep_doing() {
    rm -f "$DIR/stop"
    in_background bash -c "i=0; while [[ ! -e $DIR/stop ]] && ((++i)); do $1; done" 2>>"$DIR/messages"
}

stop_it() {
    touch "$DIR/stop"
    wait "$1"
}

# ---- many

# Makes room for many numbers.
make_room() {
    control POST partition stream=orders latest=1000000 >/dev/null
    warm
}

# count_up FILE FIRST LAST: commits all numbers between, and none of those acknowledged is undone.
count_up() {
    local number now
    for ((number = $2; number <= $3; number++)); do
        echo "$number" >"$1" || return
        read -r now <"$1" || return
        ((now == number)) || is "$now" "$number" || return
    done
}

# beside_metadata: none of the commits is undone by what is written to metadata all the time.
beside_metadata() {
    # shellcheck disable=SC2016 # it is for the other shell
    keep_doing 'echo "note $i" >'"$P/metadata"
    local notes=$!
    count_up "$P/checkpoint" 1001 $((1000 + MANY))
    stop_it "$notes"
    is "$(cat "$P/checkpoint")" $((1000 + MANY))
    # the other was at work, and all of it was told
    (($(journal metadata | grep -c '^note ') > 10))
    (($(journal metadata | grep -cv '^note ') >= MANY))
    is "$(journal result | sort -u)" ok
}

@test "no acknowledged commit is undone by metadata that is written beside it" {
    make_room
    beside_metadata
}

@test "no acknowledged commit is undone by metadata that is written beside it, in the embedded store" {
    mount_at "$DIR/local"
    cd "$DIR/local"
    mkdir -p "$P"
    put "$P/checkpoint" 1
    MANY=$((MANY / 4))
    beside_metadata
}

# shift_by_both: 200 shifts by two programs, through both faces.
shift_by_both() {
    local file shifters=()
    put "$P/checkpoint" 1000
    for file in "$P/checkpoint" "$C"; do
        in_background bash -c "for i in {1..100}; do echo shift +1 >$file || exit; done"
        shifters+=("$!")
    done
    wait_all "${shifters[@]}"
    is "$(cat "$P/checkpoint")" 1200
}

@test "no shift of two programs is lost, through apps/ and checkpoints/" {
    make_room
    shift_by_both
}

@test "no shift of two programs is lost, through apps/ and checkpoints/ of the embedded store" {
    mount_at "$DIR/local"
    cd "$DIR/local"
    mkdir -p "$P"
    shift_by_both
}

@test "nothing acknowledged is lost while checkpoints are renamed to each other" {
    make_room
    keep_doing "perl -e 'rename(\"$SECOND\", \"$C\")'"
    local renames=$! number now
    for number in {1001..1100}; do
        echo "$number" >apps/billing/orders/1/checkpoint
        # it is where it was written, or where it was moved to
        now=$(both)
        matches "$number in $now" "^$number in (.* $number|$number -)\$"
    done
    stop_it "$renames"
    (($(journal what | grep -c delete) > 3))
}

# ---- metadata, rm and rename

@test "metadata that waits for a commit is written to its number" {
    warm
    begin_commit "$C" 51 status status=500 shape=none hold=1
    local first=$!
    behind bash -c "echo text >$P/metadata"
    release
    wait_all "$first" "$!"
    is "$(stored)" "billing orders 0 51 text"
    is "$(asked_to)" "51 51 51"
    is "$(journal number metadata before result)" $'51\t\t42\tok\n51\ttext\t51\tok'
}

@test "a commit waits for metadata that reads what is committed" {
    warm
    fault delay hold=1 method=GET path=/checkpoints
    in_background bash -c "echo text >$P/metadata"
    local first=$!
    eventually in_flight 1
    behind bash -c "echo 51 >$P/checkpoint"
    is "$(asked_to)" ""
    release
    wait_all "$first" "$!"
    is "$(asked_to) $(stored)" "42 51 billing orders 0 51"
}

@test "a deletion waits for a commit, and a commit for it" {
    warm
    begin_commit "$P/checkpoint" 51 status status=500 shape=none hold=1
    local first=$! second
    behind rm "$C"
    second=$!
    behind bash -c "echo 52 >$ALSO"
    is "$(asked_to)" 51
    release
    wait_all "$first" "$second" "$!"
    is "$(asked_to) $(stored)" "51 51 delete 52 billing orders 0 52"
    is "$(journal what number before result)" \
        $'commit\t51\t42\tok\ndelete\t-\t51\tok\ncommit\t52\t-\tok'
}

@test "what was committed is gone after a deletion that waited for it" {
    warm
    begin_commit "$C" 51 status status=500 shape=none hold=1
    local first=$!
    behind rm "$P/checkpoint"
    release
    wait_all "$first" "$!"
    is "$(asked_to) $(stored)" "51 51 delete "
}

@test "a rename onto a partition waits for a commit of it, and a commit for the rename" {
    committed billing orders 1 77 moved
    warm
    begin_commit "$P/checkpoint" 51 status status=500 shape=none hold=1
    local first=$! second
    behind perl -e "rename('$SECOND', '$C') or die"
    second=$!
    behind bash -c "echo 52 >$ALSO"
    is "$(asked_to)" 51
    release
    wait_all "$first" "$second" "$!"
    is "$(asked_to)" "51 51 77 delete 52"
    is "$(both)" "52 -"
}

@test "a rename of a temporary file waits for a commit" {
    warm
    echo 77 >checkpoints/billing/orders/draft
    begin_commit "$P/checkpoint" 51 status status=500 shape=none hold=1
    local first=$!
    behind mv checkpoints/billing/orders/draft "$C"
    release
    wait_all "$first" "$!"
    is "$(asked_to) $(both)" "51 51 77 77 -"
    is "$(journal number command result)" $'51\tbash\tok\n77\tmv\tok'
}

@test "a rename takes along what is committed on the old partition while it waits" {
    committed billing orders 1 77
    warm
    begin_commit apps/billing/orders/1/checkpoint 78 status status=500 shape=none hold=1
    local first=$!
    behind perl -e "rename('$SECOND', '$C') or die"
    release
    wait_all "$first" "$!"
    is "$(asked_to) $(both)" "78 78 78 delete 78 -"
}

# beside_a_rename PARTITION: commits 90 there while a rename from 1 to 0 is under way.
beside_a_rename() {
    committed billing orders 1 77
    again_with
    fail_at commit status status=500 shape=none hold=1
    in_background perl -e "rename('$SECOND', '$C') or die"
    local first=$!
    eventually commits_begun 1
    behind bash -c "echo 90 >apps/billing/orders/$1/checkpoint"
    release
    wait_all "$first" "$!"
    is "$(asked_to)" "77 77 delete 90"
}

@test "a commit of either partition waits for a rename" {
    beside_a_rename 0
    is "$(both)" "90 -"
    beside_a_rename 1
    is "$(both)" "77 90"
}

@test "a rename of other partitions waits for none" {
    committed billing orders 1 77
    warm
    begin_commit "$P/checkpoint" 51 never
    promptly mv "$SECOND" checkpoints/billing/orders/2
    promptly mv checkpoints/billing/orders/2 "$SECOND"
    is "$(asked_to)" "51 77 delete 77 delete"
}

# ---- apps

@test "rmdir of an app waits for a commit of it, and then it has a checkpoint" {
    local app
    for app in apps/audit checkpoints/audit; do
        control DELETE checkpoint app=audit stream=orders partition=0 >/dev/null
        again_with
        begin_commit apps/audit/orders/0/checkpoint 51 status status=500 shape=none hold=1
        local first=$!
        : >"$DIR/messages"
        behind rmdir "$app"
        release
        wait "$first"
        not wait "$!"
        matches "$(<"$DIR/messages")" "${SAYS[ENOTEMPTY]}"
        is "$(cat apps/audit/orders/0/checkpoint)" 51
    done
}

@test "a commit waits for rmdir of its app, and then there is none" {
    warm
    fault delay hold=1 path=/apps/audit
    in_background rmdir apps/audit
    local first=$!
    eventually in_flight 1
    behind bash -c "echo 51 >apps/audit/orders/0/checkpoint"
    release
    wait "$first"
    not wait "$!"
    matches "$(<"$DIR/messages")" "${SAYS[ENOENT]}"
    is "$(stored)" "billing orders 0 42 note"
    absent apps/audit
}

# ---- what is given up

# given_up SIGNAL COMMAND...: the command waits for a commit when it gets the signal: nothing is sent for it.
given_up() {
    local first begin
    again_with
    : >checkpoints/billing/orders/draft
    begin_commit "$ALSO" 51 delay hold=1
    first=$!
    behind "${@:2}"
    begin=$(milliseconds)
    kill "-$1" "$!"
    not wait "$!"
    at_once_after "$begin"
    release
    wait "$first"
    is "${*:2}: $(asked_to)" "${*:2}: 51"
    is "$(stored)" "billing orders 0 51"
}

@test "metadata and a deletion that are interrupted while they wait are not sent, and have failed" {
    given_up INT bash -c "echo text >$P/metadata"
    is "$(journal what result | xargs)" "commit failed commit ok"
    given_up INT rm "$C"
    is "$(journal what result | xargs)" "delete failed commit ok"
    given_up TERM rm "$P/checkpoint"
    is "$(journal what result | xargs)" "delete failed commit ok"
}

@test "a rename that is interrupted while it waits is not sent, and has failed" {
    given_up INT mv checkpoints/billing/orders/draft "$C"
    is "$(cat checkpoints/billing/orders/draft)" ""
    is "$(journal result | xargs)" "failed ok"
}

@test "SIGTERM of the daemon sends nothing of metadata, rm and mv that wait" {
    committed billing orders 1 77
    warm
    begin_commit "$ALSO" 51 never count=forever
    local writers=("$!") writer daemon
    daemon=$(daemon)
    behind bash -c "echo text >$P/metadata"
    writers+=("$!")
    behind rm "$P/checkpoint"
    writers+=("$!")
    behind perl -e "rename('$SECOND', '$C') or die"
    writers+=("$!")
    cd /
    kill -TERM "$daemon"
    for writer in "${writers[@]}"; do
        not wait "$writer"
    done 2>/dev/null
    eventually ended "$daemon"
    eventually in_flight 0
    is "$(asked_to) $(both)" "51 42 77"
}
