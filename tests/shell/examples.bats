# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031 # each test is a shell of its own
# shellcheck disable=SC2016 # what other shells are to expand
# The scripts of examples/ that consume records, and look at them.

load examples

L=apps/billing/log/0
LOG=streams/log/0/records/new

# log_has LINE...: as records of a stream of their own, in batches of two or three.
log_has() {
    remount_store -o batch=8
    mkdir -p "$L"
    printf '%s\n' "$@" >"$LOG"
}

consumes_once() {
    rm -f "$L/checkpoint" "$DIR/output"
    by_shell 0 consume.sh "$L" "$DIR/output"
    is "$output $(cat "$DIR/output")" $' 0\t100\n1\t101\n2\t102\n3\t103\n4\t104'
    is "$(cat "$L/checkpoint" "$L/metadata" | xargs)" "4 $(wc -c <"$DIR/output")"
    # as if it had been killed behind record 2
    : >"$DIR/output.batch"
    put_once "$L/checkpoint" '2\n18\n'
    by_shell 0 consume.sh "$L" "$DIR/output"
    is "$(cut -f 2 "$DIR/output" | xargs) $(cat "$L/checkpoint")" "100 101 102 103 104 4"
    # and before anything was committed
    : >"$DIR/output.batch"
    rm "$L/checkpoint"
    by_shell 0 consume.sh "$L" "$DIR/output"
    is "$(cut -f 2 "$DIR/output" | xargs)" "100 101 102 103 104"
    is "$(ls "$DIR"/output*)" "$DIR/output"
}

@test "consume.sh has every record once, wherever it goes on" {
    needs jq
    log_has 100 101 102 103 104
    with_each_shell consumes_once
}

@test "consume.sh loses no output when its app was moved by hand" {
    needs jq
    log_has 100 101 102 103 104
    "$EXAMPLES/consume.sh" "$L" "$DIR/output"
    put "$L/checkpoint" 2
    "$EXAMPLES/consume.sh" "$L" "$DIR/output"
    put_once "$L/checkpoint" '3\nby hand, 12 lines\n'
    "$EXAMPLES/consume.sh" "$L" "$DIR/output"
    is "$(cut -f 1 "$DIR/output" | xargs)" "0 1 2 3 4 3 4 4"
}

refuses_output_of_others() {
    rm -f "$L/checkpoint" "$DIR/output"
    echo precious >"$DIR/mine"
    by_shell 1 consume.sh "$L" "$DIR/mine"
    is "$output" "consume.sh: $DIR/mine has 9 bytes, and 0 were committed: name another file, or, \
if the rest may go, truncate -s 0 $DIR/mine"
    by_shell 0 consume.sh "$L" "$DIR/output"
    seq 100 >"$DIR/mine"
    by_shell 1 consume.sh "$L" "$DIR/mine"
    matches "$output" ' has 292 bytes, and 30 were committed: '
    is "$(seq 100 | cmp - "$DIR/mine")$(find "$DIR" -name '*.batch*')" ""
}

@test "consume.sh takes nothing from an output that somebody else has written" {
    needs jq
    log_has 100 101 102 103 104
    with_each_shell refuses_output_of_others
}

@test "consume.sh has every record once when it is killed at any moment" {
    needs jq
    local kills=${RECORDS_KILLS:-15} count=$((20 * ${RECORDS_KILLS:-15}))
    remount_store -o batch=160
    mkdir -p "$L"
    seq -f '%09.0f "quoted" \ ' "$count" >"$DIR/log"
    cat "$DIR/log" >"$LOG"
    set -m
    while ((kills--)); do
        "$EXAMPLES/consume.sh" "$L" "$DIR/output" 3>&- 4>&- &
        sleep "0.$((RANDOM % 2))$((RANDOM % 10))"
        kill -KILL -- "-$!" || true
        wait "$!" || true
    done
    set +m
    "$EXAMPLES/consume.sh" "$L" "$DIR/output"
    cut -f 2 "$DIR/output" | cmp - "$DIR/log"
    is "$(cut -f 1 "$DIR/output" | xargs)" "$(seq 0 "$((count - 1))" | xargs)"
}

@test "consume.sh refuses an output that lacks what was committed, and says why it cannot read" {
    needs jq
    log_has 100 101 102 103 104
    "$EXAMPLES/consume.sh" "$L" "$DIR/output"
    rm "$DIR/output"
    run -1 "$EXAMPLES/consume.sh" "$L" "$DIR/output"
    matches "$output" "output is shorter than the 30 bytes "
    put "$L/checkpoint" 0
    put streams/log/0/earliest 3
    run -1 "$EXAMPLES/consume.sh" "$L" "$DIR/output"
    matches "$output" "Numerical result out of range"
    run -1 "$EXAMPLES/consume.sh" apps/billing/logs/0 "$DIR/output"
    matches "$output" "No such file or directory"
}

commits_each() {
    rm -f "$L/checkpoint"
    # reads the next record, too, if it can
    by_shell 3 each.sh "$L" sh -c 'cat >>"$0"; cat "$1"; grep -q "\"data\":\"d\"" "$0" && exit 3; true' \
        "$DIR/output" "$L/checkpoint"
    is "$(jq -r .data "$DIR/output" | xargs) $(cat "$L/checkpoint")" "a b c d 2"
    rm "$DIR/output"
    by_shell 4 each.sh "$L" sh -c 'jq -r .data >>"$0"; ! grep -q e "$0" || exit 4' "$DIR/output"
    is "$(xargs <"$DIR/output") $(cat "$L/checkpoint")" "d e 3"
    rm "$DIR/output"
}

@test "each.sh commits each record once its command has succeeded, and no other" {
    needs jq
    log_has a b c d e f
    with_each_shell commits_each
}

@test "each.sh waits for more, and ends by a signal" {
    needs jq
    log_has $'tab\tand \\n "quote" $x `y`' é
    in_background "$EXAMPLES/each.sh" "$L" jq -r .data >"$DIR/output"
    eventually eval '[[ $(cat "$L/checkpoint" 2>/dev/null) == 1 ]]'
    is "$(cat "$DIR/output")" $'tab\tand \\n "quote" $x `y`\né'
    echo more >"$LOG"
    eventually eval '[[ $(cat "$L/checkpoint") == 2 ]]'
    eventually wait_now 2
    kill "$!"
    kill "$(pgrep -P "$!")"
    eventually ended "$!"
    is "$(cat "$L/checkpoint")" 2
}

@test "each-partition.sh works on all partitions, and on none that somebody works on" {
    needs jq flock
    log_has 1 2 3
    mkdir apps/billing/log/{1,2}
    seq 11 13 >streams/log/1/records/new
    seq 21 23 >streams/log/2/records/new
    exec 7<apps/billing/log/1
    flock -n 7
    run -0 "$EXAMPLES/each-partition.sh" apps/billing/log sh -c '"$0" "$1" "$2.${1##*/}"' \
        "$EXAMPLES/consume.sh" PARTITION "$DIR/output"
    is "$output $(cut -f 2 "$DIR"/output.* | xargs)" " 1 2 3 21 22 23"
    exec 7<&-
    run -0 env JOBS=0 "$EXAMPLES/each-partition.sh" apps/billing/log sh -c '"$0" "$1" "$2.${1##*/}"' \
        "$EXAMPLES/consume.sh" PARTITION "$DIR/output"
    is "$(cut -f 2 "$DIR"/output.* | xargs)" "1 2 3 11 12 13 21 22 23"
    run ! "$EXAMPLES/each-partition.sh" apps/billing/log sh -c 'exit 3'
}

@test "consume.py commits what it has printed, and reads any data" {
    needs python3
    log_has a é 'c "quoted" \n'
    printf 'd\377\n' >>"$LOG"
    in_background python3 "$EXAMPLES/consume.py" "$L" >"$DIR/output"
    eventually eval '[[ $(cat "$L/checkpoint" 2>/dev/null) == 3 ]]'
    printf '0\ta\n1\té\n2\tc "quoted" \\n\n3\td\377\n' | cmp - "$DIR/output"
    eventually wait_now 2
    kill -INT "$!"
    eventually ended "$!"
    wait "$!"
    run -1 python3 "$EXAMPLES/consume.py"
    matches "$output" '^Usage: consume.py PARTITION'
}

# peeks DATA DATA: of the records before and after the checkpoint, "-" for none.
peeks() {
    run -0 "$EXAMPLES/peek.sh" "$L"
    is "$(sed -n '/^read last/,/^read next/p' <<<"$output" | sed -n 's/^  "data": "\(.*\)"$/\1/p')" "$1"
    is "$(sed -n '/^read next/,$p' <<<"$output" | sed -n 's/^  "data": "\(.*\)"$/\1/p')" "$2"
}

@test "peek.sh shows the records on both sides of a checkpoint, and commits nothing" {
    needs jq
    log_has a b c
    peeks "" a
    matches "$output" "^read last: nothing is committed"
    put "$L/checkpoint" 0
    peeks a b
    put "$L/checkpoint" 2
    peeks c ""
    remount_store -o checkpoint=next
    peeks b c
    is "$(cat "$L/checkpoint") $(journal result | wc -l)" "2 0"
}

@test "the consumers tell their usage" {
    run -2 "$EXAMPLES/consume.sh" "$L"
    matches "$output" '^usage: consume.sh PARTITION OUTPUT'
    run -2 "$EXAMPLES/each.sh" "$L"
    matches "$output" '^usage: each.sh PARTITION COMMAND'
    run -2 "$EXAMPLES/each-partition.sh" apps/billing/log
    matches "$output" '^usage: each-partition.sh STREAM COMMAND'
    run -2 "$EXAMPLES/peek.sh"
    matches "$output" '^usage: peek.sh PARTITION'
}
