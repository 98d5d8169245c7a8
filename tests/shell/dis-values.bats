# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031 # each test is a shell of its own
# The values of DIS: positions, lag, metadata, times, and what commits says.

load dis

# ---- positions

@test "numbers, earliest and latest under last-read" {
    lands 50 50
    begins earliest
    lands latest 99
    is "$(cat "$P/lag")" 0
    keeps 0 9223372036854775807
    lands 0 0
    lands 9223372036854775807 9223372036854775807
}

@test "numbers, earliest and latest under -o checkpoint=next" {
    remount_service -o checkpoint=next
    is "$(cat "$P/lag")" 58
    lands earliest 10
    is "$(cat "$P/lag")" 90
    lands latest 100
    is "$(cat "$P/lag")" 0
}

@test "after earliest, or a time before all that is kept, cursor begins with the oldest record" {
    local position
    for position in earliest @2d earliest; do
        begins "$position"
        is "$(cat "$P/lag")" 90
    done
}

# The requests, how often each, in one line.
sent() {
    summary | sed "s#$ROOT##" | paste -sd ' '
}

@test "latest of a partition that was emptied deletes the checkpoint, where no number says so" {
    keeps 100 100
    warm
    put "$P/checkpoint" latest
    if [[ $COMMIT_RANGE == checked ]]; then
        is "$(stored) $(journal what | tail -n 1)" " delete"
        is "$(sent)" "1 DELETE /checkpoints 2 GET /streams/orders 1 POST /checkpoints"
    else
        is "$(stored)" "billing orders 0 99"
    fi
    is "$(cat "$P/lag") $(first_of "$(cat "$P/cursor")")" "0 100"
}

@test "what no number says cannot carry metadata: the checkpoint stays" {
    [[ $COMMIT_RANGE == checked ]] || skip "the number before the oldest record says it"
    local position
    for position in earliest @2d; do
        refused "${SAYS[ERANGE]:?}" put_once "$P/checkpoint" "$position\nnote\n"
        matches "$(tail -n 1 errors)" "remove the checkpoint"
        is "$(stored)" "billing orders 0 42 note"
    done
}

@test "all partitions of an app go to the beginning by the example" {
    committed billing orders 2 77
    TMPDIR=$DIR run -0 "$BATS_TEST_DIRNAME/../../examples/reset.sh" apps/billing/orders earliest
    local partition
    for partition in 0 1 2; do
        is "$(first_of "$(cat "apps/billing/orders/$partition/cursor")")" 10
    done
    if [[ $COMMIT_RANGE != any ]]; then
        matches "${lines[3]}" "^orders/2: 77 -> none: done by deleting the checkpoint"
        is "$(stored)" ""
    fi
}

@test "what no number says is said in checkpoints/ and by a rename, too" {
    put "$C" earliest
    if [[ $COMMIT_RANGE == checked ]]; then
        absent "$C"
        is "$(stored)" ""
    fi
    committed billing orders 2 77
    let_values_age
    echo earliest >checkpoints/billing/orders/draft
    rename checkpoints/billing/orders/draft checkpoints/billing/orders/2
    [[ $COMMIT_RANGE == any ]] || is "$(stored)" ""
}

@test "earliest of a partition that begins with 0 deletes the checkpoint, but not under next" {
    control POST partition stream=orders earliest=0 >/dev/null
    put "$P/checkpoint" earliest
    is "$(stored)" ""
    refused "${SAYS[ENOENT]:?}" cat "$P/checkpoint"
    is "$(cat "$P/lag")" 100
    remount_service -o checkpoint=next
    lands earliest 0
}

@test "a shift is from what is committed now" {
    put "$P/checkpoint" 42
    lands 'shift +8' 50
    committed billing orders 0 60
    lands 'shift -10' 50
    lands 'shift +0' 50
    rm "$P/checkpoint"
    refused "${SAYS[ENOENT]:?}" put "$P/checkpoint" 'shift +1'
}

@test "@TIME lands before the record that since/ begins with" {
    local when number
    when=@$(($(date +%s) - 50))
    number=$(parameter "$(cat "$S/cursors/since/$when")" starting-sequence-number)
    ((number > 40 && number < 60))
    lands "$when" $((number - 1))
    when=@$(date -ud "$when" +%Y-%m-%dT%H:%M:%SZ)
    lands "$when" $((number - 1))
    put "$P/checkpoint" @50s
    (($(cat "$P/checkpoint") >= number - 1 && $(cat "$P/checkpoint") <= number + 15))
    remount_service -o checkpoint=next
    lands "$when" "$number"
}

@test "@TIME when the cursor cannot be read: the first record is asked" {
    local when number records
    when=@$(($(date +%s) - 50))
    number=$(parameter "$(cat "$S/cursors/since/$when")" starting-sequence-number)
    fault body path=/cursors text='{"partition_cursor":"b3BhcXVl"}'
    records='{"records":[{"sequence_number":"71","data":"eA==","timestamp":1,'
    records+='"timestamp_type":"CreateTime"}],"next_partition_cursor":"bmV4dA=="}'
    fault body path=/records text="$records"
    lands "$when" 70
    ((number > 0))
}

@test "cursors of numbers out of range are ERANGE" {
    refused "${SAYS[ERANGE]:?}" cat "$S/cursors/at/101"
    refused "${SAYS[ERANGE]:?}" cat "$S/cursors/at/9"
    is "$(parameter "$(cat "$S/cursors/at/100")" starting-sequence-number)" 100
}

@test "earliest and times are exact under -o clamp, and what is below becomes what is taken" {
    [[ $COMMIT_RANGE == checked ]] || skip "the number before the oldest record is taken"
    remount_service -o clamp
    begins earliest
    begins @2d
    lands 5 10
    lands 0 10
    lands 'shift -100' 10
    lands 500 99
    lands 50 50
    keeps 100 100
    begins_at_end latest
    begins_at_end earliest
    begins_at_end @1m
    lands 5 100
}

# begins_at_end POSITION: nothing is committed, and all that is written is next.
begins_at_end() {
    put "$P/checkpoint" "$1"
    is "$1: $(stored) $(first_of "$(cat "$P/cursor")")" "$1:  100"
}

@test "the service judges what is in range; -o clamp does it here" {
    quirk commit_range=checked
    refused "${SAYS[ERANGE]:?}" put "$P/checkpoint" 5
    refused "${SAYS[ERANGE]:?}" put "$P/checkpoint" 500
    is "$(stored)" "billing orders 0 42 note"
    quirk commit_range=any
    lands 500 500
    quirk commit_range=checked
    remount_service -o clamp
    lands 500 99
    lands 50 50
    remount_service -o clamp,checkpoint=next
    lands 500 100
    lands 3 10
    is "$(journal number | paste -sd ' ')" "100 10"
}

# ---- values

@test "lag is never negative, and counts all when nothing is committed" {
    put "$P/checkpoint" 99
    is "$(cat "$P/lag")" 0
    committed billing orders 0 1000
    let_values_age
    is "$(cat "$P/lag")" 0
    is "$(cat apps/billing/orders/1/lag) $(cat apps/audit/payments/0/lag)" "90 90"
    is "$(stat -c %s "$P/lag")" 2
}

@test "metadata in any language comes back as it was, from both sides" {
    local text
    for text in $'\xc3\xa9\xe2\x82\xac' $'\xe4\xbd\xa0\xe5\xa5\xbd' $'\xf0\x9f\x90\x9f fish' \
        '{"owner":"etl","n":[1,2]}' '"' $'\\' '\n' $'a\tb' $'bell\a' ' two  blanks ' '%s%n&a=b+c' \
        $'one\n\ntwo' '-1' $'\xe2\x80\xa8'; do
        printf '42\n%s\n' "$text" >"$DIR/text"
        cp "$DIR/text" "$P/checkpoint"
        is "$(cat "$P/metadata")" "$text"
        let_values_age 0.01
        cmp "$DIR/text" "$C"
        is "$(jq -r .metadata "$P/status")" "$text"
    done
    remount_service
    cmp "$DIR/text" "$C"
}

@test "metadata of other clients that is no UTF-8 is shown as it is, and makes no bad JSON" {
    committed billing orders 0 43 $'caf\xe9'
    is "$(base64 <"$P/metadata")" "$(printf 'caf\xe9\n' | base64)"
    is "$(base64 <"$C")" "$(printf '43\ncaf\xe9\n' | base64)"
    iconv -f UTF-8 -t UTF-8 "$P/status" >/dev/null
    is "$(jq -r '.metadata, (.metadata_base64 | @base64d)' "$P/status" | base64)" \
        "$(printf 'caf\xef\xbf\xbd\ncaf\xef\xbf\xbd\n' | base64)"
    is "$(jq -r .metadata_base64 "$P/status")" "$(printf 'caf\xe9' | base64)"
    put "$P/metadata" note
    is "$(jq -c .metadata_base64 "$P/status")" null
}

@test "1000 characters of metadata are kept, whatever their bytes; 1001 are EINVAL" {
    local wide=$'\xf0\x9f\x90\x9f'
    put_once "$P/checkpoint" "42\\n$(repeat 1000 "$wide")\\n"
    is "$(cat "$P/metadata")" "$(repeat 1000 "$wide")"
    is "$(stat -c %s "$P/metadata" "$C" | xargs)" "4001 4004"
    refused "${SAYS[EINVAL]:?}" put_once "$P/checkpoint" "43\\n$(repeat 1001 x)\\n"
    is "$(cat "$P/checkpoint")" 42
}

@test "metadata written alone commits the present number again" {
    committed billing orders 0 60 old
    put "$P/metadata" new
    is "$(stored)" "billing orders 0 60 new"
    put "$P/metadata" ''
    is "$(stored)" "billing orders 0 60"
}

@test "mtime is when a value was first seen, and stays while the value stays" {
    local before first
    before=$(date +%s)
    remount_service
    first=$(stat -c %.Y "$C")
    ((${first%.*} >= before && ${first%.*} <= $(date +%s)))
    is "$(stat -c %.Y "$P/checkpoint")" "$first"
    let_values_age
    cat "$C" "$P/checkpoint" >/dev/null
    is "$(stat -c %.Y "$C") $(stat -c %.Y "$P/checkpoint")" "$first $first"
    committed billing orders 0 43
    let_values_age
    not is "$(stat -c %.Y "$C")" "$first"
    first=$(stat -c %.Y "$C")
    let_values_age
    is "$(stat -c %.Y "$C")" "$first"
    put "$P/checkpoint" 44
    not is "$(stat -c %.Y "$C")" "$first"
}

@test "find -mmin finds fresh checkpoints" {
    is "$(find checkpoints -type f -mmin -1)" "$C"
    is "$(find checkpoints -type f -mmin +1)" ""
}

@test "commits names the number, the writer, and how it ended" {
    run -0 bash -c "echo \$\$; echo latest >$P/checkpoint"
    rm "$P/checkpoint"
    is "$(journal path what number result)" $'billing/orders/0\tcommit\t99\tok
billing/orders/0\tdelete\t-\tok'
    is "$(journal uid pid command | head -n 1)" "uid=$EUID"$'\t'"pid=$output"$'\tbash'
}

@test "earliest on record 0 of an app that has gone is ENOENT" {
    control POST partition stream=orders partition=0 earliest=0 latest=100 >/dev/null
    warm
    fail_at delete status status=404 code=DIS.4332
    fail_at read status status=404 code=DIS.4332
    refused "${SAYS[ENOENT]:?}" put "$P/checkpoint" earliest
}
