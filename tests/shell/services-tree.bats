# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # each test is a shell of its own
# The tree of any service, its values, and what is sent for them. SERVICE says which service it is.

load "${SERVICE:-dis}"

# ---- the tree

@test "the tree of a small world" {
    of cursors
    everything_is_right
    is "$(entries .)" "README apps checkpoints commits errors gauges lag metrics overview.html status streams"
    is "$(entries "$S") $(entries "$S/cursors")" \
        "cursors earliest latest records since status after at earliest latest since"
    is "$(entries "$S/cursors/at")$(entries "$S/cursors/since")$(entries "$S/since")" ""
    is "$(cat errors)" ""
}

@test "SIGHUP forgets what is known" {
    remount_service -o listing=600,snapshot=600
    local size=$((${#CONTENT} + 1))
    is "$(entries apps) $(stat -c %s "$C")" "audit billing $size"
    another_app newapp
    committed billing orders 0 1000000
    is "$(entries apps) $(stat -c %s "$C")" "audit billing $size"
    kill -HUP "$(daemon)"
    eventually listed apps "audit billing newapp"
    size=$(shown 1000000 | wc -c)
    is "$(cat "$C") $(stat -c %s "$C")" "$(shown 1000000) $size"
}

@test "a directory that is made again can be used, whoever holds the old one" {
    mkdir checkpoints/again
    exec 9<checkpoints/again
    rmdir checkpoints/again
    mkdir checkpoints/again checkpoints/again/orders
    exec 8<checkpoints/again/orders
    rmdir checkpoints/again/orders
    mkdir checkpoints/again/orders
    echo 42 >checkpoints/again/orders/0
    is "$(cat apps/again/orders/0/checkpoint) $(stat -L -c %h /proc/self/fd/8) $(entries checkpoints/again)" \
        "$(shown 42) 0 orders"
    exec 8<&- 9<&-
}

@test "files of apps/ and streams/ cannot be made, renamed or removed" {
    of cursors
    local file
    for file in apps/file "$P/file" "$S/file"; do
        refused "${SAYS[EPERM]:?}" touch "$file"
    done
    refused "${SAYS[ENOENT]:?}" touch streams/file
    for file in "$P/cursor" "$P/lag" "$P/status" "$S/latest" "$S/status" streams/orders/status; do
        refused "${SAYS[EPERM]:?}" rm -f "$file"
    done
    refused "${SAYS[EPERM]:?}" rename "$P/checkpoint" "$P/other"
    for file in "$S/earliest" "$S/latest"; do
        refused "${SAYS[EROFS]:?}" put "$file" 50
    done
    is "$(changes)" 0
}

# ---- values

@test "@TIME of the future is the end, and one before all that is kept is the beginning" {
    of cursors
    lands @2099-01-01T00:00:00Z $((100 - GAP))
    is "$(first_of "$(cat "$S/cursors/since/2d")")" 10
    is "$(first_of "$(cat "$S/cursors/since/2099-01-01T00:00:00Z")")" 100
    is "$(cat errors)" ""
    begins @2d
    begins @0
    begins @2001-01-01T00:00:00Z
}

@test "since/TIME is the number of the first record of that time or later, in one request" {
    of cursors
    local when number
    when=@$(($(date +%s) - 50))
    warm
    cat "$S/latest" >/dev/null # so that who leads the partition is known
    forget_requests
    is "$(stat -c %s "$S/since/$when") $(requests)" "0 0"
    number=$(cat "$S/since/$when")
    is "$(requests)" 1
    ((number > 40 && number < 60))
    is "$number" "$(first_of "$(cat "$S/cursors/since/$when")")"
    is "$(cat "$S/since/${when#@}" "$S/since/$(date -ud "$when" +%Y-%m-%dT%H:%M:%SZ)" | uniq)" "$number"
    lands "$when" $((number - GAP))
}

@test "since/TIME of before all that is kept is earliest, and past the newest record latest" {
    of cursors
    is "$(cat "$S/since/2d" "$S/earliest" | uniq)" 10
    is "$(cat "$S/since/2099-01-01T00:00:00Z" "$S/latest" | uniq)" 100
    is "$(cat "$S/since/now")" 100
    exec 9<"$S/since/now"
    is "$(stat -L -c %s /proc/self/fd/9) $(timeout 5 python3 -c 'import os; os.sendfile(1, 0, 0, 100)' <&9)" "4 100"
    exec 9<&-
    refused "${SAYS[ENOENT]:?}" cat "streams/nosuchstream/0/since/1h"
    refused "${SAYS[ENOENT]:?}" cat "streams/orders/7/since/1h"
    refused "${SAYS[EROFS]:?}" put "$S/since/1h" 42
}

@test "-o monotonic refuses to go backwards" {
    remount_service -o monotonic
    refused "${SAYS[EPERM]:?}" put "$P/checkpoint" 41
    refused "${SAYS[EPERM]:?}" put "$P/checkpoint" "$(shown 9)"
    refused "${SAYS[EPERM]:?}" put "$P/checkpoint" earliest
    keeps 10 2000
    committed billing orders 0 1000
    # 999 is less than 1000, whatever their texts
    refused "${SAYS[EPERM]:?}" put "$P/checkpoint" 999
    is "$(requests POST)" 0
    lands 1000 1000
    lands 1001 1001
    put apps/billing/orders/1/checkpoint 50
}

@test "two mounts see each other's commits at once" {
    mount_service_at "$DIR/other"
    local number
    for number in 50 51 17; do
        put "$P/checkpoint" "$number"
        is "$(cat "$DIR/other/$P/checkpoint")" "$(shown "$number")"
    done
    of "apps of their own"
    mkdir -p "$DIR/other/apps/newapp/orders"
    put apps/newapp/orders/0/checkpoint 15
    is "$(cat "$DIR/other/checkpoints/newapp/orders/0")" "$(shown 15)"
}

# ---- requests

@test "a mount asks for little, and proves who it is" {
    of http
    cd /
    unmount "$MNT"
    forget_requests
    mount_service
    eventually in_flight 0
    (($(requests) >= 1 && $(requests) <= 4))
    is "$(control GET log | awk '{ print $3, $4 }' | sort -u)" "200 $WAY"
}

@test "-o lazy mounts without a request, and without the service" {
    cd /
    unmount "$MNT"
    forget_requests
    mount_service -o lazy
    is "$(requests)" 0
    unmount "$MNT"
    stop_service
    mount_service -o lazy
    is "$(entries "$MNT")" "README apps checkpoints commits errors gauges lag metrics overview.html status streams"
}

@test "a proxy of the environment is used" {
    of http
    cd /
    unmount "$MNT"
    # shellcheck disable=SC2034 # mount_service uses it
    SOURCE=$ELSEWHERE
    http_proxy=$URL mount_service
    cd "$MNT"
    warm
    is "$(cat "$P/checkpoint")" "$(shown 42)"
    put "$P/checkpoint" 43
    is "$(stored)" "$(row billing orders 0 43)"
    is "$(ways) $(stat_of signature_failures)" "$WAY_ELSEWHERE 0"
}

@test "cat of a service that is slow is 1 request" {
    warm
    fault delay delay=1300 path="$CALLS" count=forever
    is "$(cat "$P/checkpoint")" "$(shown 42)"
    is "$(requests)" 1
}

@test "the request is sent after the open began: what another client committed is seen at once" {
    warm
    local number
    for number in 50 7 1000000; do
        committed billing orders 0 "$number"
        is "$(cat "$P/checkpoint")" "$(shown "$number")"
    done
    is "$(requests)" 3
}

@test "values of a snapshot are shared for its time, and then asked for once" {
    remount_service -o snapshot=5
    cat "$C" "$P/checkpoint" >/dev/null
    let_values_age 5.2
    forget_requests
    for _ in {1..20}; do
        stat "$C" "$P/checkpoint" >/dev/null
        cat "$C" >/dev/null
    done
    is "$(requests)" 1
}

@test "100 readers at once all get their own answer, from 1 request each" {
    wide 100
    ls apps/audit/wide/* >/dev/null
    forget_requests
    local partition readers=() before
    before=$(stat_of connections)
    for partition in {0..99}; do
        in_background cat "apps/audit/wide/$partition/checkpoint" >"$DIR/read.$partition"
        readers+=("$!")
    done
    wait_all "${readers[@]}"
    for partition in {0..99}; do
        is "$(<"$DIR/read.$partition")" "$(shown $((partition + 1000)))"
    done
    # Kafka is asked for several at once, where they come together
    if [[ $SERVICE == kafka ]]; then
        (($(requests) <= 100))
    else
        is "$(requests)" 100
    fi
    (($(stat_of connections) - before <= 101))
}

@test "names that no service could hold are 0 requests" {
    of narrow-names
    warm
    local name directory
    for name in .Trash .Trash-0 .hidden autorun.inf .xdg-volume-info desktop.ini .git 'a b' a:b \
        $'\xc3\xa9' '%s' '*' ... "$(repeat 201 a)" "$(repeat 255 a)"; do
        for directory in . apps checkpoints streams apps/billing checkpoints/billing \
            apps/billing/orders checkpoints/billing/orders streams/orders "$P" "$S" "$S/cursors" \
            "$S/cursors/at" "$S/cursors/since" "$S/since"; do
            absent "$directory/$name"
        done
    done
    for name in -1 01 shardId-1 shardId-00000000000 4294967296 99999999999999999999; do
        absent "apps/billing/orders/$name"
        absent "streams/orders/$name"
    done
    absent "streams/$(repeat 65 a)"
    is "$(requests) $(cat errors)" "0 "
}

@test "a name that is not known is asked for once, and not again for a while" {
    warm
    for _ in {1..20}; do
        absent apps/nosuchapp
    done
    (($(requests) >= 1 && $(requests) <= SEARCH))
    is "$(changes)" 0
}

@test "poll sends one batch request per -o watch, and none when nobody polls" {
    needs python3
    export PYTHONPATH=$BATS_TEST_DIRNAME PYTHONDONTWRITEBYTECODE=1
    remount_service -o watch=1
    warm
    cat >"$DIR/poll.py" <<'END'
import sys
from watch import Watch
watches = [Watch(sys.argv[1]) for _ in range(20)]
for watch in watches:
    watch.changed(0)
    watch.read()
open(sys.argv[2], "w").close()
print(watches[0].changed(10000), watches[0].read().strip())
END
    in_background python3 "$DIR/poll.py" "$P/checkpoint" "$DIR/watching" >"$DIR/polled"
    local watcher=$! begin
    eventually test -e "$DIR/watching"
    forget_requests
    begin=$(milliseconds)
    sleep 2.5
    once_a_second "$begin" "$(summary)" "${METHOD[read]} $ROOT$VALUES"
    # of all partitions, and not of one
    is "$(control GET log | grep -cE '[?&](shard|partition_id)=' || true)" 0
    committed billing orders 0 43
    wait "$watcher"
    is "$(<"$DIR/polled")" "True $(shown 43)"
    sleep 1.2
    forget_requests
    sleep 1.5
    is "$(requests)" 0
}

@test "values are looked at for those who sleep for POLLPRI, and for no other poll" {
    again_with -o watch=1
    python3 - "$P/checkpoint" <<'END'
import os, select, sys, time
fd = os.open(sys.argv[1], os.O_RDONLY)
for _ in range(3):
    assert select.select([fd], [], [], 1) == ([fd], [], [])
    time.sleep(0.8)
END
    is "$(requests)" 1
    not timeout 3 python3 - "$P/checkpoint" <<'END'
import os, select, sys
poll = select.poll()
poll.register(os.open(sys.argv[1], os.O_RDONLY), select.POLLPRI)
poll.poll()
END
    (($(requests) >= 3))
}

@test "rsync --delay-updates commits what it has put into its directory" {
    needs rsync
    mkdir -p "$DIR/backup/billing/orders"
    shown 50 >"$DIR/backup/billing/orders/0"
    shown 51 >"$DIR/backup/billing/orders/1"
    rsync -a --checksum --delay-updates "$DIR/backup/" checkpoints/
    diff -r "$DIR/backup/billing" checkpoints/billing
    is "$(stored)" "$(row billing orders 0 50)"$'\n'"$(row billing orders 1 51)"
    is "$(entries checkpoints/billing/orders)" "0 1"
}

# ---- names that the mount would not make

# File names and names of what other clients have made.
declare -gA FOREIGN=([with.dot]=with.dot [a%20b]='a b' [café]=café [x%2541]=x%41 [a%2Fb]=a/b [%2Ehidden]=.hidden
    [line%0Aend]=$'line\nend')

make_foreign() {
    local file
    for file in "${!FOREIGN[@]}"; do
        another_app "${FOREIGN[$file]}"
    done
}

@test "names of other clients are listed, read, committed, backed up and restored" {
    local file signature
    make_foreign
    for signature in "${SIGNATURES[@]}"; do
        committed with.dot orders 0 43
        remount_service -o "signature=$signature${REGION:+,region=$REGION}"
        is "$(ls apps)" "$(printf '%s\n' audit billing "${!FOREIGN[@]}" | sort)"
        is "$(ls checkpoints)" "$(ls apps)"
        is "$(cat apps/with.dot/orders/0/checkpoint)" "$(shown 43)"
        for file in "${!FOREIGN[@]}"; do
            put "apps/$file/orders/0/checkpoint" "$(shown 50)"
            is "$file $(cat "apps/$file/orders/0/checkpoint")" "$file $(shown 50)"
            is "$file $(jq -r .app "apps/$file/orders/0/status")" "$file ${FOREIGN[$file]}"
        done
        rm -rf "$DIR/backup"
        cp -r checkpoints "$DIR/backup"
        put checkpoints/with.dot/orders/0 "$(shown 51)"
        put 'checkpoints/a%2Fb/orders/0' "$(shown 51)"
        cp -r "$DIR/backup/." checkpoints/
        sleep 1.1
        diff -r checkpoints "$DIR/backup"
        is "$(stored | grep -c "$(shown 50)")" "${#FOREIGN[@]}"
    done
    is "$(cut -f 1-7 errors)" ""
}

@test "streams that other clients have named are read, committed, backed up and restored" {
    another_stream or.ders
    another_stream 'x y'
    remount_service
    is "$(entries streams)" "or.ders orders payments x%20y"
    is "$(cat streams/or.ders/0/latest)" 100
    is "$(jq -r .stream streams/x%20y/status)" "x y"
    put apps/billing/x%20y/1/checkpoint "$(shown 5)"
    is "$(entries checkpoints/billing)" "orders x%20y"
    cp -r checkpoints "$DIR/backup"
    put checkpoints/billing/x%20y/1 "$(shown 6)"
    cp -r "$DIR/backup/." checkpoints/
    is "$(cat apps/billing/x%20y/1/checkpoint)" "$(shown 5)"
    is "$(cat errors)" ""
}

@test "a NUL in one name ends neither the list nor the mount" {
    of http
    names_with_nul
    remount_service
    is "$(entries apps)" billing
    is "$(cut -f 8 errors | grep -c 'cannot be shown: its name holds a NUL')" 1
    no_faults
}

@test "a name of another client is found without a look at a list, and nothing else is asked for" {
    of narrow-names
    make_foreign
    committed with.dot orders 0 43
    remount_service -o lazy
    is "$(cat checkpoints/with.dot/orders/0)" "$(shown 43)"
    hup
    is "$(cat apps/with.dot/orders/0/checkpoint)" "$(shown 43)"
    forget_requests
    absent apps/autorun.inf
    absent checkpoints/new.dot
    absent 'apps/a%20c'
    absent streams/autorun.inf
    refused "${SAYS[EINVAL]:?}" mkdir apps/new.dot
    is "$(summary | grep -v "${LIST_OF_STREAMS:?}")" ""
    is "$(changes)" 0
}

@test "a name that cannot be shown ends no list, and is told once" {
    of narrow-names
    another_app "$(repeat 300 x)"
    another_app ..
    another_app "$(repeat 100 ' ')"
    remount_service
    is "$(entries apps)" "audit billing"
    hup
    is "$(entries checkpoints)" "audit billing"
    is "$(cat "$P/checkpoint")" "$(shown 42)"
    is "$(cut -f 2-4 errors | sort | uniq -c | xargs)" "3 / list -"
    is "$(cut -f 8 errors | grep -c 'cannot be shown: its name')" 3
}
