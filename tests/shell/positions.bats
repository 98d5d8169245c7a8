# shellcheck shell=bats
# The grammar of positions, and which of them are in range.

load helper

# lands POSITION NUMBER: what is committed, and read again.
lands() {
    put "$P/checkpoint" "$1"
    is "$1: $(cat "$P/checkpoint")" "$1: $2"
}

# clears POSITION: so that there is no checkpoint.
clears() {
    put "$P/checkpoint" 42
    put "$P/checkpoint" "$1"
    absent "$P/checkpoint"
}

invalid() {
    refused "Invalid argument" put "$P/checkpoint" "$1"
}

out_of_range() {
    refused "Numerical result out of range" put "$P/checkpoint" "$1"
}

@test "what is no position is EINVAL" {
    put "$P/checkpoint" 42
    local text
    # shellcheck disable=SC2016 # nothing is to expand
    for text in '' ' ' abc 42abc '4 2' 1.0 1e3 0x2a 1,000 -1 -0 -42 '- 1' none null '"42"' \
        "'42'" @ @yesterday @2026-13-01T00:00:00Z @2026-02-30T00:00:00Z @1x @-1h shift \
        'shift x' 'shift +' 'shift +-1' 'shift +1.5' 'shifty +1' earliestlatest \
        'latest -1' 'earliest+1' '%s%n' '42;43' '$(id)' "1' OR '1'='1"; do
        invalid "$text"
    done
    is "$(cat "$P/checkpoint")" 42
}

# tells POSITION TEXT...: it is refused, and errors says all forms and these texts.
tells() {
    local position=$1 text
    invalid "$position"
    shift
    for text in "$@" "a position is a sequence number, earliest, latest, @TIME, shift" \
        "a TIME is an age"; do
        [[ $(tail -n 1 errors) == *"$text"* ]] || matches "$(tail -n 1 errors)" "$text"
    done
}

@test "errors says what to write instead of what is no position" {
    put "$P/checkpoint" 42
    tells 1h '"1h" is not a position: write @1h;'
    tells 100s 'write @100s;'
    tells PT1H 'write @PT1H;'
    tells now 'write @now;'
    tells oldest 'write earliest;'
    tells beginning 'write earliest;'
    tells EARLIEST 'write earliest;'
    tells newest 'write latest;'
    tells end 'write latest;'
    tells -1 'remove the checkpoint to have none, or write shift -1;'
    tells -100 'write shift -100;'
    tells 'shift x' 'write the sign and whole records: shift +5 or shift -5;'
    tells 'shift 5' 'write the sign and whole records: shift +5 or shift -5;'
    tells @-1h 'an age has no sign'
    tells @2026-11-21 'add a time and a zone'
    tells @2026-11-21T08:00:00 'add Z for UTC'
    tells @1795706127947123 'milliseconds 13'
    tells forty '"forty" is not a sequence number;'
    tells junk '"junk" is not a sequence number;'
    tells @yesterday '"@yesterday" is not a position;'
    tells '' 'the first line is the position;'
    is "$(cat "$P/checkpoint")" 42
    refused "Invalid argument" put "$C" 1h
    matches "$(tail -n 1 errors)" 'write @1h; a position is'
    echo oldest >checkpoints/billing/orders/draft
    refused "Invalid argument" rename checkpoints/billing/orders/draft "$C"
    matches "$(tail -n 1 errors)" 'write earliest; a position is'
}

@test "NULs and invalid UTF-8 are EINVAL" {
    put "$P/checkpoint" 42
    local text
    for text in '\0\n' '43\0\n' '\00043\n' '4\0003\n' '\377\n' '43\n\377\n' '43\n\300\257\n' \
        '43\n\355\240\200\n' '43\n\364\220\200\200\n' '43\n\303\n' '43\nno\0te\n' \
        '\357\273\27743\n'; do
        refused "Invalid argument" put_once "$P/checkpoint" "$text"
        refused "Invalid argument" put_once "$C" "$text"
    done
    is "$(cat "$C")" 42
}

@test "blanks around a position are skipped" {
    lands '  42  ' 42
    lands $'\t43\t' 43
    put "$S/latest" 100
    lands ' latest ' 99
}

@test "a number beyond the store's largest is ERANGE" {
    out_of_range 9223372036854775808
    out_of_range 18446744073709551616
    out_of_range "$(repeat 60 9)"
    absent "$P/checkpoint"
}

@test "any number is in range until latest is written" {
    lands 0 0
    lands 9223372036854775807 9223372036854775807
}

@test "last-read: earliest - 1 to latest - 1 is in range" {
    put "$S/latest" 100
    put "$S/earliest" 10
    lands 9 9
    lands 10 10
    lands 99 99
    out_of_range 8
    out_of_range 0
    out_of_range 100
    is "$(cat "$P/checkpoint")" 99
}

@test "next: earliest to latest is in range" {
    remount_store -o checkpoint=next
    put "$S/latest" 100
    put "$S/earliest" 10
    lands 10 10
    lands 100 100
    out_of_range 9
    out_of_range 101
    is "$(cat "$P/checkpoint")" 100
}

@test "checkpoint=last-read is the default" {
    remount_store -o checkpoint=last-read
    put "$S/latest" 100
    lands latest 99
}

@test "-o clamp commits the nearest number in range" {
    remount_store -o clamp
    put "$S/latest" 100
    put "$S/earliest" 10
    lands 500 99
    lands 3 9
    lands 50 50
}

@test "-o clamp under next" {
    remount_store -o clamp,checkpoint=next
    put "$S/latest" 100
    put "$S/earliest" 10
    lands 500 100
    lands 3 10
}

@test "-o clamp commits what it says that it committed" {
    remount_store -o clamp
    put "$S/latest" 100
    put "$P/checkpoint" 500
    is "$(journal number)" 99
}

@test "earliest: the next record read is the oldest kept" {
    put "$S/latest" 100
    put "$S/earliest" 10
    lands earliest 9
    remount_store -o checkpoint=next
    lands earliest 10
}

@test "earliest, when that is 0, deletes the commit under last-read" {
    clears earliest
    put "$S/latest" 100
    clears earliest
}

@test "commits and errors say that no number says it" {
    clears earliest
    is "$(journal what result number note | tail -n 1)" \
        $'delete\tok\t-\tno number says that the oldest record is next'
    matches "$(tail -n 1 errors)" "done by deleting the checkpoint"
    put "$S/latest" 100
    put "$P/checkpoint" 42
    put "$P/checkpoint" latest
    is "$(wc -l <errors)" 1
}

@test "-o clamp: earliest deletes the commit, and a shift stops at record 0" {
    remount_store -o clamp
    put "$S/latest" 100
    clears earliest
    put "$P/checkpoint" 42
    lands 'shift -1000' 0
    clears @2001-01-01T00:00:00Z
}

@test "earliest, when that is 0, is 0 under next" {
    remount_store -o checkpoint=next
    lands earliest 0
    put "$S/latest" 100
    lands earliest 0
}

@test "latest: the next record read is the next one written" {
    put "$S/latest" 100
    lands latest 99
    is "$(cat "$P/lag")" 0
    remount_store -o checkpoint=next
    lands latest 100
    is "$(cat "$P/lag")" 0
}

@test "shift moves by records" {
    put "$P/checkpoint" 42
    lands 'shift +8' 50
    lands 'shift -10' 40
    lands 'shift +0' 40
    lands 'shift -40' 0
}

@test "shift cannot leave the range" {
    put "$P/checkpoint" 42
    out_of_range 'shift -44'
    out_of_range 'shift +9223372036854775807'
    out_of_range "shift +$(repeat 60 9)"
    put "$S/latest" 100
    put "$S/earliest" 10
    out_of_range 'shift +58'
    out_of_range 'shift -34'
    is "$(cat "$P/checkpoint")" 42
    lands 'shift +57' 99
    lands 'shift -90' 9
}

@test "shift under -o clamp stops at the ends" {
    remount_store -o clamp
    put "$S/latest" 100
    put "$S/earliest" 10
    put "$P/checkpoint" 42
    lands 'shift +1000' 99
    lands 'shift -1000' 9
}

@test "shift without a checkpoint is ENOENT" {
    refused "No such file or directory" put "$P/checkpoint" 'shift +1'
    absent "$P/checkpoint"
}

# Writes latest twice, and leaves in $between a time when it was 10.
grow() {
    put "$S/latest" 10
    sleep 0.05
    between=$EPOCHREALTIME
    sleep 0.05
    put "$S/latest" 20
}

@test "@TIME: the next record read is the one that was next to be written then" {
    local between
    grow
    lands "@$between" 9
    lands "@$(date -u -d "@$between" +%Y-%m-%dT%H:%M:%S.%NZ)" 9
    lands "@$(TZ=UTC-2 date -d "@$between" +%Y-%m-%dT%H:%M:%S.%N%:z)" 9
}

@test "@TIME under next" {
    remount_store -o checkpoint=next
    local between
    grow
    lands "@$between" 10
}

@test "@TIME in the future is where latest is" {
    local between
    grow
    lands @2200-01-01T00:00:00Z 19
}

@test "@TIME in the past is the oldest record kept" {
    local between
    grow
    put "$S/earliest" 5
    lands @1h 4
    lands @90m 4
    lands @2d 4
    lands @2001-01-01T00:00:00Z 4
    lands @1000000000 4
    lands @1000000000.5 4
    lands @1000000000000 4
    lands @1h30m 4
    lands @PT1H30M 4
    lands @P1DT2H 4
    lands @@1000000000 4
}

@test "13 digits are milliseconds, and a bare number is none of them" {
    local between
    grow
    lands "@$((${between/./} / 1000))" 9
    out_of_range "$((${between/./} / 1000))"
    is "$(cat "$P/checkpoint")" 9
}

@test "an age of 0 is now" {
    local between
    grow
    lands @0s 19
    lands @now 19
}

@test "-o monotonic refuses to go backwards with EPERM" {
    remount_store -o monotonic
    put "$S/latest" 100
    lands 42 42
    lands 42 42
    lands 43 43
    refused "Operation not permitted" put "$P/checkpoint" 42
    refused "Operation not permitted" put "$P/checkpoint" 'shift -1'
    refused "Operation not permitted" put "$P/checkpoint" earliest
    refused "Operation not permitted" put "$C" 42
    is "$(cat "$P/checkpoint")" 43
    lands latest 99
}

@test "-o monotonic refuses to remove, after which any number could be committed" {
    lands 43 43
    remount_store -o monotonic
    refused "Operation not permitted" rm "$P/checkpoint"
    refused "Operation not permitted" rm "$C"
    refused "Operation not permitted" put "${P%/*}/checkpoints" $'0\t-'
    refused "Operation not permitted" mv "$C" "${C%/*}/1"
    refused "Operation not permitted" rm -r checkpoints/billing
    refused "Operation not permitted" rmdir "$S"
    is "$(cat "$P/checkpoint")" 43
    not test -e "${C%/*}/1"
    matches "$(tail -n 1 errors)" "the mount is monotonic: it removes nothing"
    matches "$(cut -f 5,6,8-13 commits)" $'failed\tdelete\tbilling\torders\t'
}

@test "-o monotonic compares numbers, not text" {
    remount_store -o monotonic
    lands 9 9
    lands 10 10
    refused "Operation not permitted" put "$P/checkpoint" 9
}

@test "latest and @TIME are out of range while nobody has written latest" {
    put "$P/checkpoint" 42
    refused "Numerical result out of range" bash -c "echo latest >$P/checkpoint"
    refused "Numerical result out of range" bash -c "echo @1h >$P/checkpoint"
    matches "$(tail -n 1 errors)" "nobody has written streams/orders/0/latest"
    is "$(cat "$P/checkpoint")" 42
}

@test "metadata is added to a checkpoint that has left the range, also under -o clamp" {
    put "$P/checkpoint" 5
    put "$S/latest" 100
    put "$S/earliest" 50
    put "$P/metadata" "a note"
    is "$(cat "$C")" $'5\na note'
    remount_store -o clamp
    put "$P/metadata" "another"
    is "$(cat "$C")" $'5\nanother'
}
