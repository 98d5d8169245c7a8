# shellcheck shell=bats
# Records of the embedded store: what is written to `new` is read again, for as long as it is kept.

# shellcheck disable=SC2030,SC2031 # each test has a mount of its own
load helper

R=$S/records

# append LINE...: each as a record.
append() {
    local line
    for line; do
        echo "$line" >>"$R/new" || return
    done
}

# data_of FILE: the data of its lines, joined by blanks.
data_of() {
    jq -r .data "$1" | paste -s -d ' '
}

# numbers_of FILE: the numbers of its lines, joined by blanks.
numbers_of() {
    jq -r .sequence "$1" | paste -s -d ' '
}

# consume: takes the next batch, appends its data to a file, and commits its last line.
consume() {
    cat "$P/records/now" >"$DIR/batch"
    [[ -s $DIR/batch ]] || return
    jq -r .data <"$DIR/batch" >>"$DIR/consumed"
    tail -n 1 "$DIR/batch" >"$P/checkpoint"
}

@test "a line that is written to new is a record, which every file of records/ shows" {
    append a b c
    matches "$(head -n 1 "$R/earliest")" \
        '^\{"checkpoint":"0","sequence":"0","time":"20[0-9T:.-]+Z","data":"a"\}$'
    is "$(data_of "$R/earliest")" "a b c"
    is "$(data_of "$R/at/1")" "b c"
    is "$(data_of "$R/after/1")" c
    is "$(data_of "$R/since/1h")" "a b c"
    is "$(cat "$R/at/3" "$R/after/2" "$R/since/now")" ""
    is "$(cat "$R/data/1")" b
    is "$(cat "$S/earliest" "$S/latest" | paste -s)" $'0\t3'
    is "$(data_of "$P/records/now")" "a b c"
}

@test "since/TIME is the number of the first record of that time or later" {
    local first second
    refused "Numerical result out of range" cat "$S/since/1h"
    matches "$(tail -n 1 errors)" "nobody has written streams/orders/0/latest yet"
    append a
    sleep 0.01
    append b
    first=$(jq -r .time <"$R/earliest" | head -n 1)
    second=$(jq -r .time <"$R/at/1")
    is "$(stat -c %s "$S/since/$second")" 0
    is "$(cat "$S/since/$first" "$S/since/$second" "$S/since/1h" "$S/since/now" | paste -s -d ' ')" "0 1 0 2"
    put "$P/checkpoint" "@$second"
    is "$(cat "$P/checkpoint")" 0 # the one before, which was read last
    remount_store -o checkpoint=next
    is "$(cat "$S/since/$second")" 1
    put "$P/checkpoint" "@$second"
    is "$(cat "$P/checkpoint")" 1
    is "$(entries "$S/since")" ""
}

@test "what is to be committed after a record is told as the mount means it" {
    append a b
    is "$(jq -r .checkpoint <"$R/after/0")" 1
    remount_store -o checkpoint=next
    is "$(jq -r .checkpoint <"$R/after/0")" 2
    tail -n 1 "$R/earliest" >"$P/checkpoint"
    is "$(cat "$P/checkpoint" "$P/lag" | paste -s)" $'2\t0'
    is "$(cat "$P/records/now")" ""
}

@test "each record is consumed once, batch by batch, and by each app" {
    local i
    for i in {1..20}; do
        append "line $i"
    done
    remount_store -o batch=30
    while consume; do :; done
    is "$(paste -s -d , "$DIR/consumed")" "$(seq -s , -f 'line %g' 20)"
    is "$(cat "$P/checkpoint" "$P/lag" | paste -s)" $'19\t0'
    mkdir -p apps/audit/orders/0
    is "$(jq -r .data <"apps/audit/orders/0/records/now" | head -n 1)" "line 1"
}

@test "records come after what an app has committed already" {
    put "$P/checkpoint" 41
    append a
    is "$(numbers_of "$R/earliest")" 42
    is "$(data_of "$P/records/now")" a
}

@test "any bytes but a newline are a record" {
    printf '\0\xff\n\n"\\\t\x7f\n' >>"$R/new"
    printf 'without a newline' >>"$R/new"
    head -c 1048576 /dev/urandom | tr '\n' x >"$DIR/large"
    cat "$DIR/large" >>"$R/new"
    is "$(sed -n 1p "$R/earliest" | jq -r .base64 | base64 -d | od -An -tx1)" " 00 ff"
    is "$(sed -n 2p "$R/earliest" | jq .data)" '""'
    is "$(sed -n 3p "$R/earliest" | jq -r .data | od -An -tx1)" " 22 5c 09 7f 0a"
    is "$(cat "$R/data/3")" "without a newline"
    cmp "$R/data/4" "$DIR/large"
    head -c 1048577 /dev/zero | tr '\0' x >"$DIR/large"
    refused "File too large" dd bs=2M if="$DIR/large" of="$R/new" conv=notrunc
    is "$(cat "$S/latest")" 5
}

@test "what is kept no more is ERANGE, and errors says what is" {
    append a b c d
    put "$P/checkpoint" 0
    put "$S/earliest" 2
    refused "Numerical result out of range" cat "$R/at/1"
    matches "$(tail -n 1 errors)" "1 is out of range: earliest is 2 and latest 4"
    refused "Numerical result out of range" cat "$R/data/0"
    refused "Numerical result out of range" cat "$P/records/now"
    is "$(data_of "$R/earliest")" "c d"
    put "$P/checkpoint" earliest
    is "$(data_of "$P/records/now")" "c d"
    refused "Numerical result out of range" put "$S/earliest" 1
    matches "$(tail -n 1 errors)" "the records below 2 are gone"
    refused "Numerical result out of range" put "$S/latest" 3
    matches "$(tail -n 1 errors)" "latest must be greater than 3, the last record"
    refused "No such file or directory" cat "$R/data/4"
}

@test "the oldest records go when there are more than 100,000, and earliest rises" {
    seq 0 99999 >"$DIR/lines"
    dd bs=1M if="$DIR/lines" of="$R/new" conv=notrunc status=none
    is "$(cat "$S/earliest" "$S/latest" | paste -s)" $'0\t100000'
    append a b c
    is "$(cat "$S/earliest" "$S/latest" | paste -s)" $'3\t100003'
    is "$(head -n 1 "$R/earliest" | jq -r .data)" 3
    is "$(cat "$R/data/100002")" c
    refused "Numerical result out of range" cat "$R/data/2"
}

@test "numbers that were passed over by hand are no loss" {
    append a b
    put "$S/latest" 100
    append c
    is "$(numbers_of "$R/earliest")" "0 1 100"
    is "$(data_of "$R/at/50")" c
    refused "No such file or directory" cat "$R/data/50"
}

@test "records go with their partition" {
    append a b
    rmdir "$S"
    mkdir "$S"
    is "$(cat "$R/earliest")" ""
    append c
    is "$(numbers_of "$R/earliest")" 0
}

@test "what two mounts append has numbers without a gap, and each sees all of it" {
    local i one two
    mount_at "$DIR/other"
    for i in {1..50}; do echo "a $i" >>"$R/new"; done &
    one=$!
    for i in {1..50}; do echo "b $i" >>"$DIR/other/$R/new"; done &
    two=$!
    wait_all "$one" "$two"
    is "$(numbers_of "$DIR/other/$R/earliest")" "$(seq -s ' ' 0 99)"
    is "$(jq -r .data <"$R/earliest" | grep a)" "$(seq -f 'a %g' 50)"
    is "$(jq -r .data <"$R/earliest" | grep b)" "$(seq -f 'b %g' 50)"
}

@test "who waits for records gets what another mount appends" {
    mount_at "$DIR/other" -o watch=0.1
    in_background cat "$DIR/other/$P/records/next" >"$DIR/next"
    sleep 0.3
    is "$(cat "$DIR/next")" ""
    append a
    eventually test -s "$DIR/next"
    wait_all "${BACKGROUND[-1]}"
    is "$(jq -r .data <"$DIR/next")" a
}

@test "what was acknowledged outlives the daemon" {
    append a b
    kill_daemon
    cd /
    fusermount3 -u -z "$MNT"
    mount_store
    cd "$MNT"
    is "$(data_of "$R/earliest")" "a b"
}

@test "on a full disk nothing of a write is stored, and what there was stays" {
    needs_root
    mkdir "$DIR/small"
    mount -t tmpfs -o size=800k tmpfs "$DIR/small"
    # shellcheck disable=SC2034 # mount_store uses it
    STORE=$DIR/small/store.db
    remount_store
    mkdir -p "$P"
    append a
    dd if=/dev/zero of="$DIR/small/fill" bs=4k 2>/dev/null || true
    repeat 2000 $'some text that is a record\n' >"$DIR/lines"
    refused "No space left on device" dd bs=1M if="$DIR/lines" of="$R/new" conv=notrunc
    is "$(data_of "$R/earliest")" a
    rm "$DIR/small/fill"
    append b
    is "$(numbers_of "$R/earliest")" "0 1"
}

@test "a read-only mount reads records and takes none" {
    append a
    remount_store -o ro
    is "$(data_of "$R/earliest")" a
    refused "Read-only file system" append b
}
