# shellcheck shell=bats
# shellcheck disable=SC2016 # what other shells are to expand
# shellcheck disable=SC2002 # wc alone would trust the size
# Records as files, of the embedded store: what they say, and as positions.

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
