# shellcheck shell=bats
# What the manual pages say of files whose content has parts.

load helper

@test "every member of a status is explained" {
    needs jq
    put "$P/checkpoint" 42
    statuses_are_explained
}

@test "every metric is explained" {
    local metrics
    put "$P/checkpoint" 42
    refused "" cat apps/nobody/orders/0/checkpoint
    metrics=$(sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' metrics)
    matches "$metrics" checkpointfs_places
    # shellcheck disable=SC2086 # a list of words
    is_in_manual METRICS $metrics
}

@test "what is not explained is noticed" {
    is_in_manual STATUS lag
    not is_in_manual STATUS lag not_there
    not is_in_manual METRICS lag
}

# display TEXT: the lines of the display of the manual in which a text is.
display() {
    awk -v text="$1" '
        /^[.]Ed/ && index(block, text) { printf "%s", block }
        /^[.]Bd/ { block = ""; next }
        { block = block $0 "\n" }
    ' "$BATS_TEST_DIRNAME"/../../docs/checkpointfs*.[1-8] | sed 's/\\e/\\/g; s/\\(dq/"/g'
}

# Runs an example as the manual has it, the commands of the display in which a text is, for the current mount.
example() {
    bash -eu -c "$(display "$1" | sed -n 's/^[$] //p')"
}

@test "the example of lags finds those that are behind, stalled, lost or ahead, and no other" {
    needs jq sqlite3
    mkdir -p streams/unused/0 apps/billing/orders/{1,2,3} apps/canary
    put streams/unused/0/latest 100000
    local number
    for number in 0 1 2 3; do
        put "streams/orders/$number/latest" 5000
    done
    put apps/billing/orders/0/checkpoint 4999
    put apps/billing/orders/1/checkpoint 3000
    put apps/billing/orders/2/checkpoint 4000
    put apps/billing/orders/3/checkpoint 4990
    put apps/canary/orders/3/checkpoint 4995
    put streams/orders/2/earliest 4500
    sqlite3 "$STORE" 'UPDATE checkpoint SET committed = committed - 700 * 1000000000 WHERE sequence = 4990'
    example 'column -t lag' >"$DIR/shown"
    is "$(head -n 2 "$DIR/shown" | xargs -n 9 echo | cut -d ' ' -f 1-8)" \
        "#stream partition checkpoint earliest latest lag margin state
orders 0 4999 0 5000 0 5000 ok"
    is "$(tail -n 4 "$DIR/shown" | cut -f 1-3,8)" "lag/billing orders 1 1999
lag/billing:orders	2	4000	expired
lag/billing:orders	3	4990	stalled
2508"
}

@test "the example of records makes two and consumes them" {
    needs jq
    put "$P/checkpoint" 42
    run -0 example "printf 'one"
    is "$output" $'one\ntwo'
    is "$(cat "$P/lag")" 0
}

# consumes SCRIPT: its text with a process of which one sees what it does, when ~/mnt is the mount.
consumes() {
    # shellcheck disable=SC2016 # for the script to expand
    echo "HOME='$DIR';"' process() { if (($#)); then cat && echo "$1" | jq -r .data; else jq -r .data; fi; }'
    echo "$1"
}

# committed_is NUMBER: whether the checkpoint is there, and is that.
committed_is() {
    [[ $(cat "$P/checkpoint" 2>/dev/null) == "$1" ]]
}

@test "the loops of the manual consume each record" {
    needs jq
    local loop
    seq 4 >"$S/records/new"
    loop=$(display 'while cat records/next')
    # shellcheck disable=SC2001 # the first <
    is "$(bash -c "$(consumes "sleep() { exit; }; $(sed 's/process </false </' <<<"$loop")")")" ""
    absent "$P/checkpoint"
    in_background bash -c "$(consumes "$loop")" >"$DIR/output"
    local consumer=$!
    eventually committed_is 3
    is "$(xargs <"$DIR/output") $(cat "$P/checkpoint")" "1 2 3 4 3"

    seq 5 6 >"$S/records/new"
    eventually committed_is 5
    eventually wait_now 2
    kill "$(pgrep -P "$consumer")"
    eventually ended "$consumer"

    put "$P/checkpoint" 3
    is "$(bash -c "$(consumes "cd $P; $(display 'done < records/now')")" | xargs) $(cat "$P/checkpoint")" "5 6 5"

    cp streams/orders/0/records/at/4 "$DIR/batch"
    bash -c "$(consumes "cd $P; length=17; $(display 'env printf')")"
    is "$(cat "$C")" $'5\n17'
}

@test "every time that a mount tells can be read by programs" {
    needs jq python3
    put "$P/checkpoint" 42
    refused "Invalid argument" put "$P/checkpoint" nonsense
    times_can_be_read
}

# named_tests: the tests that docs/security.md names, a line for each: a file, a colon and its sentence, or unit.NAME.
named_tests() {
    sed 's/|/\n/g' "$BATS_TEST_DIRNAME/../../docs/security.md" | awk '
        /^ *`/ {
            while (match($0, /`[a-z.-]+`|"[^"]+"/)) {
                word = substr($0, RSTART + 1, RLENGTH - 2)
                if (substr($0, RSTART, 1) == "\"")
                    print file ": " word
                else if (word ~ /[.]/)
                    print word
                else
                    file = word
                $0 = substr($0, RSTART + RLENGTH)
            }
        }'
}

@test "every test that the page on security names is there" {
    local name names tests=$BATS_TEST_DIRNAME/..
    names=$(named_tests)
    matches "$names" "permissions: all files are 0444 under -o ro"
    while read -r name; do
        echo "$name"
        case $name in
        unit.*) [[ -e $tests/unit/test-${name#*.}.c ]] ;;
        fuzz.*) [[ -e $tests/fuzz/fuzz-${name#*.}.c ]] ;;
        *) grep -qxF "@test \"${name#*: }\" {" "$tests/shell/${name%%: *}.bats" ;;
        esac
    done <<<"$names"
}
