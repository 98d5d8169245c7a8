# shellcheck shell=bats
# shellcheck disable=SC2016 # what other shells are to expand
# shellcheck disable=SC2002 # wc alone would trust the size
# Records as files, of the embedded store.

load helper
load records
load readers

setup() {
    needs jq sqlite3
    begin
}

# ---- lines

@test "a record is a line of JSON, whose first member is what to commit after it" {
    local before
    before=$(date -u +%Y-%m-%dT%H:%M:%S)
    echo hello >"$NEW"
    matches "$(cat "$NOW")" \
        '^\{"checkpoint":"0","sequence":"0","time":"([0-9-]{10}T[0-9:]{8})\.[0-9]{3}Z","data":"hello"\}$'
    [[ ! ${BASH_REMATCH[1]} < $before && ! ${BASH_REMATCH[1]} > $(date -u +%Y-%m-%dT%H:%M:%S) ]]
    is "$(tail -c 1 "$NOW" | xxd -p)" 0a
}

@test "under -o checkpoint=next the number to commit is that of the next record" {
    remount_store -o checkpoint=next
    produce 0 4
    tail -n 1 "$NOW" >"$P/checkpoint"
    is "$(cat "$P/checkpoint") $(wc -l <"$NOW")" "5 0"
    produce 5 5
    is "$(jq -c '[.checkpoint, .sequence, .data]' "$NOW")" '["6","5","5"]'
}

# stored HEX: makes it the data of record 0, as a client may that writes more than lines.
stored() {
    sqlite3 "$STORE" "UPDATE record SET data = x'$1' WHERE number = 0"
}

# The bytes of a file, as stored takes them.
hex() {
    xxd -p <"$1" | tr -d '\n'
}

@test "every escape is \\uXXXX, and the text is what was stored" {
    echo hello >"$NEW"
    printf 'a\nb\tc\\d"e/f\r\b\f\x01\x1f\x7f $x `y` \xc3\xa9 \xf0\x9f\x98\x80 \xe2\x80\xa8\n' >"$DIR/data"
    stored "$(hex "$DIR/data")"
    is "$(wc -l <"$NOW")" 1
    is "$(grep -o '\\[^u]' "$NOW")" ""
    data_of "$NOW" | head -c -1 | cmp - "$DIR/data"
    cmp "$S/records/data/0" "$DIR/data"
}

@test "what is no UTF-8, or holds a NUL, is base64; data/N has the bytes" {
    local hex
    echo hello >"$NEW"
    for hex in ff c3 eda080 f8888080 c080 6100 00; do
        stored "$hex"
        is "$hex $(jq -r 'keys_unsorted | join(" ")' "$NOW")" "$hex checkpoint sequence time base64"
        is "$(jq -r .base64 "$NOW" | base64 -d | xxd -p)" "$hex"
        is "$(xxd -p <"$S/records/data/0")" "$hex"
    done
}

@test "data/N is one record, found though it is not listed, and there is none beside" {
    needs busybox
    produce 10 14
    is "$(cat "$S/records/data/3")" 13
    is "$(busybox cat "$S/records/data/3" | wc -c)" 2
    is "$(entries "$S/records/data")" ""
    refused "No such file or directory" cat "$S/records/data/5"
    error_says "$S/records/data/5" open ENOENT 5
    absent "$S/records/data/-1"
}

@test "streams have records from the oldest, a number or a time on, for no app" {
    local middle
    produce 0 2
    sleep 0.01
    middle=$(date +%s.%3N)
    sleep 0.01
    produce 3 5
    is "$(data_of "$S/records/earliest" | xargs)" "0 1 2 3 4 5"
    is "$(data_of "$S/records/at/4" | xargs)" "4 5"
    is "$(data_of "$S/records/after/4" | xargs)" 5
    is "$(data_of "$S/records/since/@$middle" | xargs)" "3 4 5"
    is "$(data_of "$S/records/since/1h" | wc -l)" 6
    is "$(cat "$S/records/at/6")$(cat "$S/records/after/5")$(cat "$S/records/since/now")" ""
    refused "Numerical result out of range" cat "$S/records/at/7"
    error_says "$S/records/at/7" open ERANGE 'earliest is 0 and latest 6'
}

# ---- programs

# many COUNT: records of which a batch is, that many times 140 bytes.
many() {
    seq -f '%04.0f a record that takes some room in the text of a batch' 0 "$(($1 - 1))" >"$NEW"
    cat "$NOW" >"$DIR/batch"
    is "$(wc -l <"$DIR/batch")" "$1"
    (($(wc -c <"$DIR/batch") > $1 * 100))
}

# all_of COMMAND...: it prints the whole batch, twice, of a file that it opens as its last argument.
all_of() {
    "$@" "$NOW" | cmp - "$DIR/batch" || is "$*" "whole"
}

@test "each program that copies reads the whole batch" {
    needs busybox socat pv perl python3 rsync
    local way
    many 500
    for way in busybox busybox-cp socat pv stdin direct cp sendfile splice copyfile mapped bytewise selected polled; do
        all_of with "$way"
    done
    all_of perl -pe 1
    all_of python3 -c 'import sys; sys.stdout.writelines(open(sys.argv[1]))'
    rsync "$NOW" "$DIR/copy"
    cmp "$DIR/copy" "$DIR/batch"
}

@test "each program that works on lines finds every record, and none twice" {
    needs busybox perl python3
    local whole="500 0000 0499"
    many 500
    # shellcheck disable=SC2317 # called by is
    ends() { awk 'NR == 1 { first = $1 } END { print NR, first, $1 }'; }
    is "$(data_of "$NOW" | ends)" "$whole"
    is "$(awk -F '"data":"' '{ print $2 }' "$NOW" | ends)" "$whole"
    is "$(sed 's/.*"data":"//' "$NOW" | ends)" "$whole"
    is "$(sort -t '"' -k 16 "$NOW" | sed 's/.*"data":"//' | ends)" "$whole"
    is "$(grep -c '"data":"....' "$NOW") $(grep -c 'data":"0[0-4]' <"$NOW")" "500 500"
    is "$(xargs -d '\n' -n 50 printf '%s\n' <"$NOW" | cmp - "$DIR/batch")" ""
    is "$(xargs -d '\n' -n 1 -P 4 -a "$NOW" echo | sort | cmp - <(sort "$DIR/batch"))" ""
    split -n l/4 "$NOW" "$DIR/part." && cat "$DIR"/part.* | cmp - "$DIR/batch"
    is "$(tac "$NOW" | tac | cmp - "$DIR/batch")" ""
    is "$(wc -lc <"$NOW" | xargs)" "$(wc -lc <"$DIR/batch" | xargs)"
}

# reads_lines SHELL...: its loop has every line, from a file and from a descriptor that it opened before.
reads_lines() {
    "$@" -c 'while read -r line; do printf "%s\n" "$line"; done <"$0"' "$NOW" | cmp - "$DIR/batch" &&
        "$@" -c 'exec 3<"$0"; while read -r line <&3; do printf "%s\n" "$line"; done' "$NOW" | cmp - "$DIR/batch"
}

@test "the loops of shells read every line" {
    needs dash busybox zsh
    many 500
    reads_lines bash
    reads_lines dash
    reads_lines zsh
    # polls for each byte, which is a request each
    put "$P/checkpoint" 449
    cat "$NOW" >"$DIR/batch"
    reads_lines busybox sh
}

@test "programs that share a descriptor go on behind the line where the one before ended" {
    many 500
    (head -n 5 && cat) <"$NOW" | cmp - "$DIR/batch"
    (grep -m 1 . && grep -m 3 . && cat) <"$NOW" | cmp - "$DIR/batch"
    (sed -u 7q && read -r line && echo "$line" && cat) <"$NOW" | cmp - "$DIR/batch"
    (dd bs=1000 count=3 status=none && tail -c +1) <"$NOW" | cmp - "$DIR/batch"
}

@test "GNU parallel runs a job for each record" {
    needs parallel
    produce 0 49
    is "$(HOME=$DIR parallel --will-cite -j 4 --pipe -N 10 jq -r .data <"$NOW" | sort -n | xargs)" "$(seq 0 49 | xargs)"
}

# ---- browsing

browses() {
    ls -lR . >"$DIR/listed"
    find . -size +0 -o -name now >"$DIR/listed"
    du -a . >"$DIR/listed"
    tar cf "$DIR/tree.tar" . 2>"$DIR/messages" || true
    cp -r apps streams "$DIR/copy" 2>"$DIR/messages" || true
    rsync -a apps streams "$DIR/copy" 2>"$DIR/messages" || true
    grep -r x . >"$DIR/listed" 2>"$DIR/messages" || true
    stat "$P"/records/{now,next} "$S"/records/{earliest,at/1,data/1,new} >"$DIR/listed"
    ! command -v rg >/dev/null || rg x >"$DIR/listed" || true
}

@test "browsing reads no record: ls, find, du, tar, cp, rsync, grep, rg, git and stat" {
    needs git rsync
    produce 0 9
    mkdir "$DIR/copy"
    browses
    git --git-dir="$DIR/git" --work-tree="$MNT" init -q
    git --git-dir="$DIR/git" --work-tree="$MNT" add apps streams checkpoints 2>"$DIR/messages" || true
    is "$(records_read)" "0 0"
    cat "$NOW" >"$DIR/batch"
    is "$(records_read)" "10 1"
}

@test "the directories of records list nothing, and their files are empty until they are opened" {
    produce 0 9
    is "$(find . -path '*/records/*')" ""
    is "$(stat -c %s "$NOW" "$NEXT" "$S"/records/{earliest,at/3,after/3,since/1h,data/3} | sort -u)" 0
    exec 8<"$NOW"
    is "$(stat -Lc %s /proc/self/fd/8)" "$(cat <&8 | wc -c)"
    exec 8<&-
    is "$(stat -c %s "$NOW")" 0
    is "$(grep -c '^[*] .*/records/' README) $(grep -c '^  a line of records/ ' README)" "8 1"
}

# ---- now

@test "reading commits nothing, and what was read is read again" {
    produce 0 9
    cat "$NOW" >"$DIR/batch"
    is "$(cat "$NEXT" | cmp - "$DIR/batch")" ""
    absent "$P/checkpoint"
    put "$P/checkpoint" 3
    is "$(data_of "$NOW" | xargs)" "4 5 6 7 8 9"
    is "$(data_of "$NEXT" | head -n 1) $(cat "$P/checkpoint")" "4 3"
}

@test "now is empty at the end" {
    is "$(wc -c <"$NOW")" 0
    produce 0 9
    tail -n 1 "$NOW" >"$P/checkpoint"
    is "$(cat "$NOW" | wc -c) $(cat "$P/lag")" "0 0"
}

@test "a batch that is open stays as it is, and the next open has another" {
    produce 0 9
    exec 8<"$NOW"
    put "$P/checkpoint" 4
    produce 10 11
    exec 7<"$NOW"
    is "$(data_of <&7 | xargs)" "5 6 7 8 9 10 11"
    is "$(data_of <&8 | xargs)" "0 1 2 3 4 5 6 7 8 9"
    # by another name of the same open file
    is "$(data_of /proc/self/fd/8 | xargs)" "0 1 2 3 4 5 6 7 8 9"
    is "$(data_of /proc/self/fd/7 | xargs)" "5 6 7 8 9 10 11"
    exec 7<&- 8<&-
}

@test "a record that retention has taken is ERANGE, and errors says what is kept" {
    local file
    produce 0 99
    put "$P/checkpoint" 9
    put "$S/earliest" 50
    for file in "$NOW" "$NEXT"; do
        refused "Numerical result out of range" timeout 10 cat "$file"
        error_says "$file" open ERANGE '^9 is committed, .* the oldest has number 50: echo earliest > checkpoint '
    done
    refused "Numerical result out of range" cat "$S/records/at/49"
    error_says "$S/records/at/49" open ERANGE 'earliest is 50'
    refused "Numerical result out of range" cat "$S/records/data/49"
    put "$P/checkpoint" earliest
    is "$(data_of "$NOW" | head -n 1)" 50
}

@test "what is not there is ENOENT" {
    local file
    for file in apps/billing/orders/7/records/{now,next} streams/orders/7/records/{earliest,at/0,data/0}; do
        refused "No such file or directory" timeout 10 cat "$file"
    done
    refused "No such file or directory" put streams/orders/7/records/new hello
}

# ---- next

# waits_for COMMAND...: in the background, until the mount has what it waits for. Its number is WAITING, and what it
# prints is in $DIR/waited.
waits_for() {
    behind "$@" >"$DIR/waited"
    WAITING=${BACKGROUND[-1]}
}

# has_waited DATA: it succeeds, with these records.
has_waited() {
    eventually ended "$WAITING"
    wait "$WAITING"
    is "$(data_of "$DIR/waited" | xargs)" "$1"
}

# These wait longer than any test lasts, for what this mount does itself wakes them.
be_patient() {
    remount_store -o watch=600,timeout=1
}

@test "next waits until there is a record, longer than -o timeout" {
    be_patient
    waits_for cat "$NEXT"
    sleep 1.5
    not ended "$WAITING"
    is "$(cat "$DIR/waited")" ""
    produce 0 2
    has_waited "0 1 2"
}

@test "next sees what comes by another mount" {
    remount_store -o watch=0.05
    mount_at "$DIR/other"
    waits_for cat "$NEXT"
    produce 0 2
    has_waited "0 1 2"
    put "$P/checkpoint" 2
    waits_for cat "$NEXT"
    seq 3 5 >"$DIR/other/$NEW"
    has_waited "3 4 5"
}

@test "next sees a commit that this mount makes meanwhile" {
    be_patient
    produce 0 5
    put "$P/checkpoint" latest
    waits_for cat "$NEXT"
    put "$P/checkpoint" 3
    has_waited "4 5"
    put "$P/checkpoint" latest
    waits_for cat "$NEXT"
    rm "$P/checkpoint"
    has_waited "0 1 2 3 4 5"
    put "$P/checkpoint" latest
    waits_for cat "$NEXT"
    put "$C" 4
    has_waited 5
}

@test "next sees a commit that another mount makes meanwhile, and never what was committed before" {
    remount_store -o watch=0.05
    mount_at "$DIR/other"
    produce 0 5
    put "$P/checkpoint" latest
    waits_for cat "$NEXT"
    put "$DIR/other/$P/checkpoint" 3
    has_waited "4 5"
    # A record comes before the next look at what is committed.
    put "$P/checkpoint" latest
    waits_for cat "$NEXT"
    put "$DIR/other/$P/checkpoint" 1
    seq 6 6 >"$DIR/other/$NEW"
    has_waited "2 3 4 5 6"
}

@test "next ends when its app is removed, with ENOENT" {
    be_patient
    waits_for cat "$NEXT"
    rmdir apps/billing
    eventually ended "$WAITING"
    not wait "$WAITING"
    grep -q 'next: No such file or directory$' "$DIR/messages"
}

@test "next ends when what is committed is kept no more, with ERANGE" {
    be_patient
    produce 0 5
    put "$P/checkpoint" latest
    put "$S/latest" 100
    put "$P/checkpoint" 99
    waits_for cat "$NEXT"
    put "$S/latest" 200
    put "$S/earliest" 150
    eventually ended "$WAITING"
    not wait "$WAITING"
    grep -q 'next: Numerical result out of range$' "$DIR/messages"
}

@test "timeout, Ctrl-C, TERM and KILL end a wait at once" {
    local signal begin
    be_patient
    run -124 timeout 0.3 cat "$NEXT"
    for signal in INT TERM HUP KILL; do
        waits_for cat "$NEXT"
        begin=$(milliseconds)
        kill -"$signal" "$WAITING"
        eventually ended "$WAITING"
        at_once_after "$begin"
    done
    eventually wait_now 1
}

@test "the end of a child, a window's new size, a stop and a timer end no wait" {
    needs python3
    be_patient
    # A shell with handlers that opens the file itself.
    waits_for bash -c 'trap : WINCH CHLD; sleep 0.2 & exec 3<"$0" && cat <&3' "$NEXT"
    sleep 0.4
    kill -WINCH "$WAITING"
    kill -STOP "$WAITING"
    kill -CONT "$WAITING"
    sleep 0.2
    not ended "$WAITING"
    produce 0 1
    has_waited "0 1"

    put "$P/checkpoint" latest
    waits_for python3 -c 'import signal, sys
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)
text = open(sys.argv[1]).read()
signal.setitimer(signal.ITIMER_REAL, 0)
print(text, end="")' "$NEXT"
    sleep 0.4
    not ended "$WAITING"
    produce 2 2
    has_waited 2
}

@test "what ends a wait does so after signals that do not" {
    be_patient
    waits_for bash -c 'trap : WINCH; exec 3<"$0"; echo opened' "$NEXT"
    kill -WINCH "$WAITING"
    sleep 0.2
    local begin
    begin=$(milliseconds)
    kill -TERM "$WAITING"
    eventually ended "$WAITING"
    at_once_after "$begin"
    is "$(cat "$DIR/waited")" ""
}

@test "who does not want to be blocked has what is there" {
    be_patient
    is "$(dd if="$NEXT" iflag=nonblock status=none | wc -c)" 0
    produce 0 2
    is "$(dd if="$NEXT" iflag=nonblock status=none | data_of | xargs)" "0 1 2"
}

@test "ten who wait share one question in each -o watch, and all have the record" {
    local begin number pids=() before after looks
    remount_store -o watch=0.2
    for number in {1..10}; do
        in_background cat "$NEXT" >"$DIR/waited.$number"
        pids+=("$!")
    done
    eventually wait_now 11
    begin=$(milliseconds)
    before=$(records_read)
    sleep 1
    after=$(records_read)
    looks=$((${after#* } - ${before#* }))
    ((looks >= 2 && looks <= ($(milliseconds) - begin) / 200 + 1)) || is "$looks" "a question each 200 ms"
    produce 0 0
    wait_all "${pids[@]}"
    is "$(data_of "$DIR"/waited.* | xargs)" "0 0 0 0 0 0 0 0 0 0"
    # and nobody asks when nobody waits
    before=$(records_read)
    sleep 0.6
    is "$(records_read)" "$before"
}

@test "those who wait for other apps and partitions do not share" {
    be_patient
    mkdir apps/audit apps/billing/orders/1
    produce 0 5
    put "$P/checkpoint" latest
    waits_for cat "$NEXT"
    local first=$WAITING
    is "$(data_of apps/audit/orders/0/records/next | xargs)" "0 1 2 3 4 5"
    behind cat apps/billing/orders/1/records/next >"$DIR/waited.1"
    echo other >streams/orders/1/records/new
    eventually grep -q other "$DIR/waited.1"
    not ended "$first"
    produce 6 6
    has_waited 6
}

# ---- a line is a position

@test "a line commits what comes after its record: tail, head, cut, in apps and in checkpoints" {
    produce 0 9
    tail -n 1 "$NOW" >"$P/checkpoint"
    is "$(cat "$P/checkpoint")" 9
    head -n 4 "$S/records/earliest" | tail -n 1 >"$C"
    is "$(cat "$C") $(cat "$P/metadata")" "3 "
    tail -n 1 "$NOW" | cut -d '"' -f 4 >"$P/checkpoint"
    is "$(cat "$P/checkpoint")" 9
    head -n 1 "$S/records/at/5" | cat >"$P/checkpoint"
    is "$(cat "$P/checkpoint")" 5
    is "$(journal result number)" $'ok\t9\nok\t3\nok\t9\nok\t5'
}

@test "metadata may follow a line" {
    produce 0 9
    (head -n 1 && echo '{"note": 1}') <"$NOW" >"$DIR/text"
    cp "$DIR/text" "$P/checkpoint"
    is "$(cat "$P/checkpoint" "$P/metadata")" $'0\n{"note": 1}'
}

@test "what says that it is from another partition or stream is no position here" {
    local line
    produce 0 9
    mkdir -p apps/billing/{orders/1,log/0}
    put "$P/checkpoint" 7
    for file in apps/billing/{orders/1,log/0}/checkpoint checkpoints/billing/orders/1; do
        refused "Invalid argument" cp --no-preserve=all "$P/status" "$file"
    done
    is "$(grep -c "that line is of partition 0" errors)" 2
    line=$(jq -c '. + {stream: "orders", partition: 0}' <(tail -n 1 "$NOW"))
    refused "Invalid argument" put apps/billing/log/0/checkpoint "$line"
    matches "$(tail -n 1 errors)" "that line is of the stream orders"
    put "$P/checkpoint" "$line"
    is "$(cat "$P/checkpoint")" 9
    cp "$P/status" "$P/checkpoint"
    is "$(journal result number)" $'ok\t7\nok\t9\nok\t9'
}

# echoes SHELL...: its echo commits a line that has everything in it that shells expand.
echoes() {
    put "$P/checkpoint" 1
    "$@" -c 'read -r line <"$0" && echo "$line" >"$1"' "$S/records/earliest" "$P/checkpoint"
    is "$* $(cat "$C")" "$* 0"
    put "$P/checkpoint" 1
    "$@" -c 'line=$(head -n 1 "$0") && echo "$line" >"$1"' "$S/records/earliest" "$C"
    is "$* $(cat "$C")" "$* 0"
}

@test "echo of a line commits it in bash, dash and busybox sh, whatever the data is" {
    needs dash busybox zsh
    local data
    produce 0 1
    for data in 'a\nb\tc\\d\0101\x41\c "q" $HOME `id` $(id) *' $'a\nb\tc\\\r"\x01\x7f' '-n' '{"checkpoint":"9"}' \
        '' 'é 😀 '$'\xe2\x80\xa8' $'\xff\xfe\\n'; do
        printf '%s' "$data" >"$DIR/data"
        stored "$(hex "$DIR/data")"
        echoes bash
        echoes dash
        echoes busybox sh
    done
    put "$P/checkpoint" 1
    zsh -c 'read -r line <"$0" && printf "%s\n" "$line" >"$1"' "$S/records/earliest" "$P/checkpoint"
    is "$(cat "$C")" 0
}

@test "more than one line is no position, and changes nothing" {
    local number
    produce 0 9
    put "$P/checkpoint" 2
    cat "$S/records/earliest" >"$DIR/batch"
    refused "Invalid argument" cp "$DIR/batch" "$P/checkpoint"
    error_says "$P/checkpoint" write EINVAL 'one line is a position, and not many'
    refused "Invalid argument" cp "$DIR/batch" "$C"
    refused "Invalid argument" dd if="$DIR/batch" of="$P/checkpoint" bs=100 status=none
    head -n 2 "$DIR/batch" >"$DIR/two"
    refused "Invalid argument" cp "$DIR/two" "$P/checkpoint"
    refused "write error: Invalid argument" bash -c 'cat "$0" | while read -r line; do echo "$line" || exit; done >"$1"' \
        "$DIR/two" "$P/checkpoint"
    is "$(cat "$P/checkpoint") $(cat "$P/metadata")" "0 "
}

@test "what begins as a line and is none is refused, and changes nothing" {
    local text
    produce 0 9
    put "$P/checkpoint" 2
    for text in '{' '{}' '{"checkpoint":""}' '{"checkpoint":"earliest"}' '{"checkpoint":"shift +1"}' \
        '{"checkpoint":null}' '{"sequence":"5"}' '{"checkpoint":"5"' '{"checkpoint":"5"} x' '{"checkpoint":"5\u0000"}' \
        '["checkpoint","5"]' '{"checkpoint":"5","data":"cut off' '{"checkpoint":"99"}'; do
        refused "" put "$P/checkpoint" "$text"
        refused "" put "$C" "$text"
        is "$text $(cat "$C")" "$text 2"
    done
    put "$P/checkpoint" '{"data":"x", "checkpoint": "5"}'
    is "$(cat "$C")" 5
}

@test "a line of the largest record is a position, also when its text is six times as long" {
    needs dash busybox
    local shell byte
    for byte in '\001' x; do
        head -c 1048576 /dev/zero | tr '\0' "$byte" >"$DIR/data"
        cp "$DIR/data" "$NEW"
        tail -n 1 "$NOW" >"$DIR/batch"
        cmp <(data_of "$DIR/batch" | head -c -1) "$DIR/data"
        tail -n 1 "$DIR/batch" >"$P/checkpoint"
        is "$(wc -c <"$NOW")" 0
        [[ $byte == x ]] || is "$(($(wc -c <"$DIR/batch") / 1048576))" 6
    done
    for shell in bash dash 'busybox sh'; do
        put "$P/checkpoint" 0
        $shell -c 'line=$(cat "$0"); echo "$line" >"$1"' "$DIR/batch" "$P/checkpoint"
        is "$(cat "$C")" 1
    done
}

# ---- new

@test "each line that is written is a record: echo, printf, cat, dd" {
    echo one >"$NEW"
    echo two >>"$NEW"
    printf 'three\nfour' >"$NEW"
    printf 'five\n%s\n' six | cat >>"$NEW"
    printf 'seven\neight\n' | dd of="$NEW" bs=1 status=none
    printf 'nine\nten\n' | tee "$NEW" >"$DIR/copy"
    is "$(data_of "$NOW" | xargs)" "one two three four five six seven eight nine ten"
    is "$(cat "$S/latest")" 10
}

@test "a line is acknowledged when it is stored, and the rest at close" {
    needs python3
    run -0 python3 - "$NEW" "$NOW" <<'END'
import json, os, sys
fd = os.open(sys.argv[1], os.O_WRONLY)
def stored():
    return [json.loads(line)["data"] for line in open(sys.argv[2])]
for text in (b"one\ntwo", b" and more\nthr", b"ee"):
    os.write(fd, text)
    print(stored())
os.fsync(fd)
print(stored())
os.write(fd, b"four")
os.close(os.dup(fd))
os.write(fd, b"five")
os.close(fd)
print(stored()[3:])
END
    is "$output" "['one']
['one', 'two and more']
['one', 'two and more']
['one', 'two and more', 'three']
['four', 'five']"
}

@test "empty lines are empty records, and an empty file is none" {
    printf '\n\nx\n\n' >"$NEW"
    is "$(jq -c .data "$NOW" | xargs -d '\n')" '"" "" "x" ""'
    is "$(cat "$S/records/data/0" | wc -c)" 0
    : >"$NEW"
    cat /dev/null >>"$NEW"
    touch "$NEW"
    is "$(cat "$S/latest")" 4
}

@test "a record may hold any bytes but a newline, a NUL too" {
    needs perl
    perl -e 'print join("", map { chr } grep { $_ != 10 } 0 .. 255)' >"$DIR/data"
    cp "$DIR/data" "$NEW"
    cmp "$S/records/data/0" "$DIR/data"
    printf 'a\0b\r\n' >"$NEW"
    is "$(xxd -p <"$S/records/data/1")" 6100620d
}

@test "a file of 5 MB becomes all its lines, and a batch of which any part can be read" {
    needs python3
    seq -f '%06.0f a line as long as others are, of which there are many' 0 79999 >"$DIR/lines"
    remount_store -o batch=16777216
    cat "$DIR/lines" >"$NEW"
    data_of "$NOW" | cmp - "$DIR/lines"
    python3 - "$NOW" <<'END'
import mmap, os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
size = os.fstat(fd).st_size
text = b""
while piece := os.read(fd, size):
    text += piece
assert len(text) == size and text.count(b"\n") == 80000, (len(text), size)
assert mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_READ)[:] == text
for offset in (0, 1, 4095, 4096, 1 << 20, size - 1, size, size + 5000):
    assert os.pread(fd, 5000, offset) == text[offset:offset + 5000], offset
END
}

@test "a record has at most 1 MiB: with a byte more nothing is stored, EFBIG" {
    head -c 1048576 /dev/zero | tr '\0' x >"$DIR/data"
    dd if="$DIR/data" of="$NEW" bs=3M status=none
    cmp "$S/records/data/0" "$DIR/data"
    echo x >>"$DIR/data"
    refused "File too large" cp "$DIR/data" "$NEW"
    refused "File too large" dd if="$DIR/data" of="$NEW" bs=1000 status=none
    refused "File too large" dd if="$DIR/data" of="$NEW" bs=3M status=none
    refused "File too large" dd if=/dev/zero of="$NEW" bs=1M count=5 status=none
    error_says "$NEW" write EFBIG 'at most 1048576 bytes'
    is "$(cat "$S/latest")" 1
}

@test "what an open file has refused it refuses further, until it is opened anew" {
    needs python3
    python3 - "$NEW" <<'END'
import errno, os, sys
fd = os.open(sys.argv[1], os.O_WRONLY)
os.write(fd, b"one\ntw")
def refused(text):
    try:
        return os.write(fd, text)
    except OSError as error:
        return errno.errorcode[error.errno]
written = refused(b"x" * 1048577 + b"\n") # the kernel passes on pieces, and a short count if the first ones were taken
assert written == "EFBIG" or written < 1048577, written
if written != "EFBIG":
    assert refused(b"\n" * 2) == "EFBIG"
for text in (b"\n", b"four\n", b"five"):
    assert refused(text) == "EFBIG", text
os.close(fd)
END
    is "$(data_of "$NOW" | xargs)" one
    echo two >"$NEW"
    is "$(data_of "$NOW" | xargs)" "one two"
}

@test "many writers at once lose and mix nothing" {
    local pids=() writer
    for writer in a b c d; do
        in_background bash -c 'for i in {1..50}; do echo "$0$i" >>"$1"; done' "$writer" "$NEW"
        pids+=("$!")
    done
    wait_all "${pids[@]}"
    is "$(data_of "$NOW" | sort | uniq -c | awk '{ print $1 }' | sort | uniq -c | xargs)" "200 1"
    for writer in a b c d; do
        is "$(data_of "$NOW" | grep "^$writer" | xargs)" "$(seq -f "$writer%.0f" 1 50 | xargs)"
    done
}

@test "new cannot be read, and nothing is made or removed beside it" {
    refused "Permission denied" cat "$NEW"
    refused "Permission denied" cp "$NEW" "$DIR/copy"
    refused "Permission denied" dd if=/dev/null of="$NEW" bs=1 conv=notrunc,sync oflag=direct,append if="$NEW"
    refused "" touch "$S/records/other"
    refused "" mkdir "$S/records/other"
    refused "" rm "$NEW"
    refused "" mv "$NEW" "$S/records/old"
    refused "" put "$NOW" hello
    refused "" put "$S/records/data/0" hello
    is "$(cat "$S/latest")" 0
}

@test "a record that cannot be stored fails the write" {
    put "$S/latest" 9223372036854775807
    refused "Numerical result out of range" put "$NEW" hello
    error_says "$NEW" write ERANGE 'no numbers left'
}

# ---- who may, and how much

@test "records are for their owner alone, whatever -o umask says" {
    local mask
    for mask in 0 022 077; do
        remount_store -o "umask=$mask"
        is "$mask $(stat -c %a "$P/records" "$NOW" "$NEXT" "$S/records" "$S"/records/{at,earliest,at/1,data,data/1,new} |
            xargs)" "$mask 500 400 400 500 500 400 400 500 400 200"
    done
}

@test "others read and write no records under -o allow_other" {
    needs_root
    remount_store -o allow_other,umask=0
    produce 0 2
    refused "Permission denied" as_nobody cat "$MNT/$NOW"
    refused "Permission denied" as_nobody cat "$MNT/$S/records/data/1"
    refused "Permission denied" as_nobody dd if=/dev/zero "of=$MNT/$NEW" count=1
    refused "Permission denied" as_nobody ls "$MNT/$P/records"
}

@test "-o ro reads records and writes none" {
    produce 0 2
    remount_store -o ro
    is "$(data_of "$NOW" | xargs) $(data_of "$S/records/at/1" | xargs)" "0 1 2 1 2"
    refused "Read-only file system" put "$NEW" hello
    is "$(cat "$S/latest")" 3
}

# batch_of BYTES COUNT: with -o batch=BYTES so many records are read.
batch_of() {
    remount_store -o "batch=$1"
    is "$1 $(wc -l <"$NOW") $(wc -l <"$S/records/earliest")" "$1 $2 $2"
}

@test "-o batch ends a batch after a whole record, and it has one at least" {
    seq -w 0000 0099 >"$NEW"
    batch_of 1 1
    batch_of 4 1
    batch_of 5 2
    batch_of 10 3
    batch_of 400 100
    batch_of 1048576 100
    tail -n 1 "$NOW" >"$P/checkpoint"
    head -c 900000 /dev/zero | tr '\0' x >"$NEW"
    batch_of() { remount_store -o "batch=$1"; is "$1 $(wc -l <"$NOW")" "$1 $2"; }
    batch_of 10 1
}

@test "a batch is a number of bytes up to 16 MiB" {
    local bytes
    cd / && unmount "$MNT"
    for bytes in 0 -1 16777217 1M x ''; do
        run -2 "$CHECKPOINTFS" -o "batch=$bytes" "local:$STORE" "$MNT"
        matches "$output" 'batch'
    done
}

# batch_bytes: of all files that are open.
batch_bytes() {
    awk '/^checkpointfs_batch_bytes/ { print $NF }' metrics
}

no_batches() {
    is "$(batch_bytes)" 0
}

@test "open files of records have 256 MiB together, and more is ENOMEM" {
    needs python3
    head -c 1048576 /dev/zero | tr '\0' z >"$DIR/data"
    cp "$DIR/data" "$NEW"
    python3 - "$S/records/data/0" metrics <<'END'
import errno, os, sys
opened = []
def open_until_refused():
    try:
        while len(opened) < 300:
            opened.append(os.open(sys.argv[1], os.O_RDONLY))
    except OSError as error:
        assert error.errno == errno.ENOMEM, error
open_until_refused()
assert len(opened) == 256, len(opened)
assert f"}} {256 << 20}\n" in open(sys.argv[2]).read().split("\ncheckpointfs_batch_bytes")[1]
assert os.pread(opened[255], 5, (1 << 20) - 3) == b"zzz"
os.close(opened.pop())
open_until_refused()
assert len(opened) == 256, len(opened)
END
    error_says "$S/records/data/0" open ENOMEM '256 MiB: close some, or mount with a smaller batch='
    eventually no_batches 2>"$DIR/messages"
    cmp "$S/records/data/0" "$DIR/data"
}

# ---- secrets

@test "no payload is in errors, commits, status, metrics or the system's log" {
    cd /
    begin_log
    remount_store -o debug
    printf 'PAYLOAD-of-one\nPAYLOAD \\n\n' >"$NEW"
    printf 'PAYLOAD\377\n' >"$NEW"
    cat "$NOW" "$S"/records/{earliest,at/1,since/1h,data/1} >"$DIR/batch"
    head -n 1 "$NOW" >"$P/checkpoint"
    refused "" cp "$NOW" "$P/checkpoint"
    head -n 1 "$NOW" | head -c 85 >"$DIR/cut"
    grep -q PAYLOAD "$DIR/cut"
    refused "" cp "$DIR/cut" "$P/checkpoint"
    refused "" cp "$DIR/cut" "$C"
    (head -c 1048576 /dev/zero && echo PAYLOAD) | tr '\0' P >"$DIR/large"
    refused "" cp "$DIR/large" "$NEW"
    eventually eval 'log_of_mount | grep -q append_records'
    is "$(log_of_mount | grep -c PAYLOAD) $(grep -h PAYLOAD errors commits status metrics "$P/status")" "0 "
}

# ---- the loop

@test "the loop that commits what it has processed loses nothing when it is killed" {
    local kills=${RECORDS_KILLS:-15} last=$((150 * ${RECORDS_KILLS:-15}))
    remount_store -o batch=60
    seq -w 00000 "$last" >"$NEW"
    # What it is to do with a batch writes it in one piece, as what is cut off would join the next line.
    cat >"$DIR/loop" <<'END'
while cat "$1/records/next" > "$2.batch"; do
    sed 's/.*"data":"\([0-9]*\).*/\1/' "$2.batch" >> "$2" && tail -n 1 "$2.batch" > "$1/checkpoint"
done
END
    set -m
    while ((kills--)); do
        sh "$DIR/loop" "$P" "$DIR/output" 3>&- 4>&- &
        sleep "0.$((RANDOM % 3))$((RANDOM % 10))"
        kill -KILL -- "-$!"
        wait "$!" || true
    done
    in_background sh "$DIR/loop" "$P" "$DIR/output"
    set +m
    eventually eval '[[ $(cat "$P/checkpoint" 2>/dev/null) == "$last" ]]'
    kill -KILL -- "-$!"
    sort -u "$DIR/output" | cmp - <(seq -w 00000 "$last")
    (($(wc -l <"$DIR/output") > last)) || echo "nothing was processed twice"
}

@test "next goes on from where another mount has moved the checkpoint, though what was next is gone" {
    local other
    remount_store -o watch=1
    seq 0 5 >"$NEW"
    put "$P/checkpoint" 5
    cat "$NEXT" >"$DIR/came" &
    other=$!
    sleep 0.3
    mkdir "$DIR/other"
    "$CHECKPOINTFS" -o watch=0.05 "local:$STORE" "$DIR/other"
    seq 6 9 >"$DIR/other/streams/orders/0/records/new"
    put "$DIR/other/$P/checkpoint" 8
    put "$DIR/other/streams/orders/0/earliest" 8
    wait "$other"
    unmount "$DIR/other"
    is "$(jq -r .sequence <"$DIR/came")" 9
}

@test "a checkpoint that is ahead is not told to be too old" {
    mkdir apps/billing/orders/7
    put apps/billing/orders/7/checkpoint 100
    put streams/orders/7/latest 50
    refused "Numerical result out of range" cat apps/billing/orders/7/records/now
    matches "$(tail -n 1 errors)" 'there are not so many records'
}
