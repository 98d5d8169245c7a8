# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031 # each test is a shell of its own
# shellcheck disable=SC2154 # run and with_each_shell set what is read
# The scripts of examples/ that compare apps, and bring them elsewhere.

load examples

# ---- compare.sh

differ() {
    by_shell 1 compare.sh lag/billing lag/canary
    is "$output" "#stream	partition	next	other	ahead	lag	other-lag
log	0	-	1	-	-	4
orders	0	43	41	2	57	59
orders	10	78	100	-22	22	0
payments	0	6	-	-	0	-"
    by_shell 0 compare.sh lag/billing lag/billing
    is "$output" ""
}

@test "compare.sh tells on which partitions two apps differ, and by how many records" {
    local partition
    for partition in 0 1 10; do
        put "streams/orders/$partition/latest" 100
    done
    mkdir -p apps/canary/log/0
    seq 5 >streams/log/0/records/new
    put apps/canary/log/0/checkpoint 0
    put apps/canary/orders/0/checkpoint 40
    put apps/canary/orders/10/checkpoint 99
    put apps/canary/orders/1/checkpoint 7
    put apps/billing/orders/1/checkpoint 7
    with_each_shell differ
}

differ_by_three() {
    by_shell 1 compare.sh lag/billing "$DIR/other/lag/caf%20é"
    is "${lines[1]}" "orders	0	9223372036854775001	9223372036854775004	-3	0	0"
    is "$(wc -l <<<"$output")" 4
}

@test "compare.sh counts large numbers to the last digit, on two mounts" {
    local STORE=$DIR/other.db
    mount_at "$DIR/other"
    mkdir -p "$DIR/other/apps/caf%20é/orders/0"
    put "$DIR/other/apps/caf%20é/orders/0/checkpoint" 9223372036854775003
    put "$P/checkpoint" 9223372036854775000
    with_each_shell differ_by_three
}

tells_what_it_cannot_compare() {
    by_shell 2 compare.sh lag/billing lag/biling
    matches "$output" "lag/biling: No such file"
    by_shell 2 compare.sh lag/billing
    matches "$output" "^usage: compare.sh"
    by_shell 0 compare.sh -h
    matches "$output" "^Usage: compare.sh"
}

@test "compare.sh tells what it cannot compare" {
    with_each_shell tells_what_it_cannot_compare
}

# ---- offsets-csv.py

# csv STATUS ARGUMENT...
csv() {
    run "-$1" --separate-stderr python3 "$EXAMPLES/offsets-csv.py" "${@:2}"
}

@test "offsets-csv.py prints offsets, which are those of the next records" {
    needs python3
    csv 0 export apps/billing
    is "$output" "orders,0,43
orders,10,78
payments,0,6"
    mkdir -p 'apps/a%2C%22b%22/log.2/0' apps/none
    put 'apps/a%2C%22b%22/log.2/0/checkpoint' 1
    csv 0 export apps/a* apps/billing apps/none
    is "$output" '"a,""b""",log.2,0,2
billing,orders,0,43
billing,orders,10,78
billing,payments,0,6'
    remount_store -o checkpoint=next
    cd apps/billing
    csv 0 export .
    is "${lines[*]}" "orders,0,42 orders,10,77 payments,0,5"
}

@test "offsets-csv.py takes what it has printed, and what Kafka's tool prints" {
    needs python3
    mkdir -p 'apps/a%2C%22b%22/log.2/0'
    put 'apps/a%2C%22b%22/log.2/0/checkpoint' 1
    python3 "$EXAMPLES/offsets-csv.py" export apps/* >"$DIR/offsets.csv"
    local STORE=$DIR/other.db
    mount_at "$DIR/other" -o checkpoint=next
    csv 0 import "$DIR/other" <"$DIR/offsets.csv"
    is "$(cd "$DIR/other/checkpoints" && grep -r . . | sort -V)" './a%2C%22b%22/log.2/0:2
./billing/orders/0:43
./billing/orders/10:78
./billing/payments/0:6'
    # a group, a byte order mark, ends of lines as elsewhere, quotes, and record 0 as the next one
    csv 0 import . billing < <(printf '\xef\xbb\xbf"orders",0,20\r\norders,1,8\r\n"orders",10,0\r\n\r\n')
    is "$(cat apps/billing/orders/checkpoints)" $'0\t19\n1\t7'
}

@test "of what offsets-csv.py is given a bad row fails alone, with its number and the reason" {
    needs python3
    put streams/orders/0/latest 100
    csv 1 import "$MNT" < <(printf '%s\n' 'group,topic,partition,offset' '"billing",orders,0,21' 'orders,1,3' \
        'billing,orders,-1,3' '"billing,orders,1,4' 'billing,orders,1,x' 'billing,orders,1,5' 'billing,orders,0,500' \
        'billing,.,0,7' ',orders,0,1' 'billing,orders,99999999999,2' $'bil\001,orders,0,3')
    is "$output" ""
    matches "$stderr" "^row 1: 'partition' is no number
row 3: not group,topic,partition,offset
row 4: '-1' is no number
row 5: unexpected end of data
row 6: 'x' is no number
row 8: partition 0: 499 is out of range: [^
]*
row 9: [^
]*
row 10: not group,topic,partition,offset
row 11: [^
]*\$"
    is "$(cat apps/billing/orders/checkpoints)" $'0\t20\n1\t4\n10\t77'
    is "$(cat apps/bil%01/orders/0/checkpoint)" 2
}

@test "offsets-csv.py says what it cannot read or change at all" {
    needs python3
    csv 1 import "$DIR" </dev/null
    matches "$stderr" "^offsets-csv.py: .*No such file"
    csv 2 export
    matches "$stderr" "^Usage: offsets-csv.py export"
    remount_store -o ro
    csv 1 import . billing <<<orders,0,1
    is "$stderr" "row 1: Read-only file system"
}

# ---- migrate.sh

# log_of MOUNT FIRST COUNT PARTITION: so many records of a stream, the first of which has a number there. The record I
# of all came I minutes after eight.
log_of() {
    put "$1/streams/log/$4/latest" "$2"
    put "$1/streams/log/$4/earliest" "$2"
    seq -f '%g' 0 "$(($3 - 1))" >"$1/streams/log/$4/records/new"
}

came_by_minute() {
    sqlite3 "$1" "UPDATE record SET time = 1795248000000000000 + 60000000000 * CAST(data AS INTEGER)"
}

# Two mounts with the same records, whose numbers differ.
same_records() {
    needs jq
    mkdir -p apps/billing/log/{0,1,2}
    mount_other
    local partition
    for partition in 0 1; do
        log_of . 100 10 "$partition"
        log_of "$DIR/other" 7000 10 "$partition"
    done
    came_by_minute "$STORE"
    came_by_minute "$DIR/other.db"
    put apps/billing/log/0/checkpoint 103
    put apps/billing/log/1/checkpoint 109
}

mount_other() {
    local STORE=$DIR/other.db
    mount_at "$DIR/other" -o checkpoint=next
    mkdir -p "$DIR/other/streams/log/"{0,1}
}

goes_on_elsewhere() {
    local to=$DIR/other/apps/billing/log
    by_shell 0 migrate.sh apps/billing/log "$to"
    matches "$output" "goes to: \*	@2026-11-21T08:04:00.000Z"
    is "$(cut -f 1,2 "$to/checkpoints")" $'0\t7004\n1\t7004'
    # who has read all has its last record again, so that none is lost that came meanwhile
    by_shell 0 migrate.sh -p apps/billing/log "$to"
    is "$(cut -f 1,2 "$to/checkpoints")" $'0\t7004\n1\t7009'
    put apps/billing/log/1/checkpoint 99
    by_shell 0 migrate.sh apps/billing/log "$to"
    is "$(cut -f 1,2 "$to/checkpoints")" $'0\t7000\n1\t7000'
    put apps/billing/log/1/checkpoint 109
    rm "$DIR/other/checkpoints/billing/log/"*
}

@test "migrate.sh lets an app go on in another mount, at the record of that time" {
    same_records
    with_each_shell goes_on_elsewhere
}

@test "migrate.sh goes to the oldest record where what was next is lost, and fails where there is none" {
    same_records
    put streams/log/0/earliest 106
    run -0 "$EXAMPLES/migrate.sh" apps/billing/log "$DIR/other/apps/billing/log"
    is "$(cut -f 1,2 "$DIR/other/apps/billing/log/checkpoints")" $'0\t7006\n1\t7006'
    mkdir -p apps/billing/empty/0
    run -1 "$EXAMPLES/migrate.sh" apps/billing/empty "$DIR/other/apps/canary/log"
    matches "$output" "has no records, so no time"
    absent "$DIR/other/apps/canary"
    run -2 "$EXAMPLES/migrate.sh" -x a b
    matches "$output" "usage: migrate.sh"
}
