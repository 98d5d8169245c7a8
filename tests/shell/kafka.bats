#!/usr/bin/env bats
# Kafka, on three real brokers: what the mount commits Kafka's own client sees, and the other way round.
# Skipped where there is no Java or no Maven, see tests/kafka/cluster.

load helper

KAFKA=$BATS_TEST_DIRNAME/../kafka

# A cluster takes seconds to start: all tests have one, and each its own group.
setup_file() {
    export CLUSTER=$BATS_FILE_TMPDIR/cluster BROKERS NO_KAFKA='' TO=$BATS_FILE_TMPDIR/to FROM=$BATS_FILE_TMPDIR/from
    start_cluster || return
    [[ -z $NO_KAFKA ]] || return 0
    mkfifo "$TO" "$FROM"
    # Somebody holds both ends, so that they stay open between two lines.
    sleep 300 7<>"$TO" 8<>"$FROM" 3>&- 4>&- &
    echo $! >"$BATS_FILE_TMPDIR/holder"
    "$KAFKA/cluster" run "$KAFKA/Client.java" "$BROKERS" <"$TO" >"$FROM" 2>"$BATS_FILE_TMPDIR/client.log" 3>&- 4>&- &
    echo $! >"$BATS_FILE_TMPDIR/client"
    kafka create orders 4 >/dev/null
    kafka produce orders 1 5 1700000000000 >/dev/null
}

# Once more if that fails: a busy machine may be too slow for an election.
start_cluster() {
    local status
    for _ in 1 2; do
        status=0
        BROKERS=$("$KAFKA/cluster" start "$CLUSTER" 2>"$BATS_FILE_TMPDIR/log") || status=$?
        ((status)) || return 0
        if ((status == 77)); then
            NO_KAFKA=$(<"$BATS_FILE_TMPDIR/log")
            return 0
        fi
        "$KAFKA/cluster" stop "$CLUSTER"
    done
    cat "$BATS_FILE_TMPDIR/log"
    return 1
}

teardown_file() {
    local name
    "$KAFKA/cluster" stop "$CLUSTER"
    for name in client holder; do
        [[ ! -e $BATS_FILE_TMPDIR/$name ]] || kill -KILL "$(<"$BATS_FILE_TMPDIR/$name")" || true
    done
}

setup() {
    [[ -z $NO_KAFKA ]] || skip "$NO_KAFKA"
    make_place
    mount_kafka
    cd "$MNT" || return
    G=group-$BATS_TEST_NUMBER
    P=apps/$G/orders/0
}

teardown() {
    [[ -n $NO_KAFKA ]] || clear_place
}

mount_kafka() {
    "$CHECKPOINTFS" -o listing=0 "kafka+plain://$BROKERS" "$MNT" </dev/null >"$DIR/mount.log" 2>&1 3>&- 4>&- ||
        { cat "$DIR/mount.log" && return 1; }
}

# kafka WORD...: what Kafka's own client answers, see Client.java.
kafka() {
    local IFS=$'\t' line
    echo "$*" >"$TO"
    read -r -t 60 line <"$FROM" || return
    [[ $line == ok* ]] || { echo "$line" && return 1; }
    echo "${line#ok }"
}

# make_app: with a commit, for that is what makes a group.
make_app() {
    mkdir "apps/$G"
    put "$P/checkpoint" 42
}

is_listed() {
    grep -qxF -- "$1" < <(ls apps)
}

last_error() {
    tail -n 1 errors
}

@test "what the mount commits Kafka's client sees, with metadata" {
    make_app
    is "$(kafka get "$G" orders 0)" "42 "
    printf '43\nwith ü and 😀\n' >"$P/checkpoint"
    is "$(kafka get "$G" orders 0)" "43 with ü and 😀"
    is "$(<"$P/checkpoint")" 43
    is "$(<"$P/metadata")" "with ü and 😀"
}

@test "what Kafka's client commits the mount shows, with metadata" {
    kafka put "$G" orders 2 7 "from Java"
    eventually is_listed "$G"
    is "$(entries "apps/$G")" orders
    is "$(<"apps/$G/orders/2/checkpoint")" 7
    is "$(<"apps/$G/orders/2/metadata")" "from Java"
    kafka put "$G" orders 2 8 ""
    is "$(<"apps/$G/orders/2/checkpoint")" 8
    is "$(<"apps/$G/orders/2/metadata")" ""
    is "$(entries "checkpoints/$G/orders")" 2
}

@test "Kafka's own tool shows what the mount commits, and resets it" {
    make_app
    local tool=(org.apache.kafka.tools.consumer.group.ConsumerGroupCommand --bootstrap-server "$BROKERS" --group "$G")
    run -0 "$KAFKA/cluster" run "${tool[@]}" --describe --offsets
    matches "$output" "$G +orders +0 +42 "
    run -0 "$KAFKA/cluster" run "${tool[@]}" --reset-offsets --to-earliest --topic orders:0 --execute
    is "$(<"$P/checkpoint")" 0
}

@test "positions are resolved, and a lag is what is left to read" {
    make_app
    local one=apps/$G/orders/1
    put "$one/checkpoint" latest
    is "$(<"$one/checkpoint")" 5
    is "$(<"$one/lag")" 0
    put "$one/checkpoint" earliest
    is "$(<"$one/checkpoint")" 0
    is "$(<"$one/lag")" 5
    put "$one/checkpoint" "shift +3"
    is "$(<"$one/lag")" 2
    put "$one/checkpoint" @1700000000.001
    is "$(<"$one/checkpoint")" 1
    put "$one/checkpoint" @1700000000.0011
    is "$(<"$one/checkpoint")" 2
    put "$one/checkpoint" @now
    is "$(<"$one/checkpoint")" 5
    is "$(jq -c '[.earliest, .latest, .checkpoint, .lag]' "$one/status")" '["0","5","5",0]'
}

@test "numbers that Kafka would store and not mean are refused" {
    make_app
    refused "Invalid argument" put "$P/checkpoint" -1
    refused "Numerical result out of range" put "$P/checkpoint" 9223372036854775808
    put "$P/checkpoint" 9223372036854775807
    is "$(kafka get "$G" orders 0)" "9223372036854775807 "
}

@test "a group with members refuses, and says what to do" {
    kafka put "$G" orders 0 7 ""
    kafka join "$G" orders classic
    refused "Device or resource busy" put "$P/checkpoint" 42
    matches "$(last_error)" "the group $G has members: stop its consumers first"
    refused "Device or resource busy" rm "checkpoints/$G/orders/0"
    kafka leave
    eventually put "$P/checkpoint" 42
    is "$(kafka get "$G" orders 0)" "42 "
}

# status_of PATH MEMBER...: those members of the JSON object.
status_of() {
    local path=$1
    shift
    local IFS=,
    jq -c "[${*/#/.}]" <"$path"
}

has_status() { # PATH EXPECTED MEMBER...
    is "$(status_of "$1" "${@:3}")" "$2"
}

@test "status tells of the group, and of the member that has the partition" {
    make_app
    local group=(group_state group_type protocol leader_epoch consumer)
    has_status "$P/status" '["Empty","classic",null,null,""]' "${group[@]}"
    is "$(status_of "$P/status" coordinator)" "[$(kafka coordinator "$G")]"
    kafka join "$G" orders classic
    eventually has_status "$P/status" "[\"Stable\",\"classic\",\"range\",null,\"client of $G\"]" "${group[@]}"
    kafka leave
    eventually has_status "$P/status" '["Empty",""]' group_state consumer
    kafka join "$G" orders consumer
    eventually has_status "$P/status" "[\"Stable\",\"consumer\",\"uniform\",null,\"client of $G\"]" "${group[@]}"
    kafka leave
    kafka put "$G" orders 0 5 note
    eventually has_status "$P/status" '["Empty","consumer",""]' group_state group_type consumer
}

@test "status tells who leads a partition, and of its replicas" {
    is "$(status_of streams/orders/0/status replicas in_sync offline)" '[3,3,0]'
    matches "$(status_of streams/orders/0/status leader leader_epoch)" '^\[[123],[0-9]+\]$'
}

@test "checkpoints and apps are removed" {
    make_app
    put "apps/$G/orders/1/checkpoint" 3
    refused "Directory not empty" rmdir "apps/$G"
    rm "checkpoints/$G/orders/1"
    is "$(kafka get "$G" orders 1)" none
    refused "No such file or directory" rm "checkpoints/$G/orders/1"
    rm -r "checkpoints/$G"
    not is_listed "$G"
    not grep -qw "$G" <(kafka groups)
}

@test "what is not there is not there" {
    absent apps/nobody
    absent streams/nothing
    absent streams/orders/4
    absent "apps/nobody/orders"
    refused "No such file or directory" cat apps/nobody/orders/0/checkpoint
    make_app
    refused "No such file or directory" put "apps/$G/nothing/0/checkpoint" 1
    refused "No such file or directory" put "apps/$G/orders/4/checkpoint" 1
}

@test "groups of any name have files, and go from group to group with cp" {
    local name file
    make_app
    for name in "a/b" ".." ".hidden" "with blank" "ü😀" "100%"; do
        kafka put "$name" orders 0 5 note >/dev/null
    done
    for file in a%2Fb %2E. %2Ehidden with%20blank ü😀 100%25; do
        is "$(<"apps/$file/orders/0/checkpoint")" 5
        eventually is_listed "$file"
    done
    mkdir apps/new%0Aline
    cp -r checkpoints/a%2Fb/orders checkpoints/new%0Aline/
    is "$(<apps/new%0Aline/orders/0/metadata)" note
    rm -r checkpoints/a%2Fb
    absent apps/a%2Fb
}

@test "topics are listed, and Kafka's own are told of and found by name" {
    make_app
    is "$(entries streams)" orders
    is "$(entries streams/orders)" "0 1 2 3 status"
    is "$(jq -c '[.partitions, .replicas, .internal]' streams/orders/status)" "[4,3,false]"
    matches "$(cat errors)" "topics of Kafka's own are not listed: __consumer_offsets"
    is "$(jq .internal streams/__consumer_offsets/status)" true
}

@test "metadata is as long as Kafka takes it, in units of UTF-16" {
    make_app
    { echo 1 && repeat 4096 ü; } >"$DIR/umlauts"
    { echo 2 && repeat 2048 😀; } >"$DIR/faces"
    { echo 3 && repeat 2049 😀; } >"$DIR/more"
    cat "$DIR/umlauts" >"$P/checkpoint"
    cat "$DIR/faces" >"$P/checkpoint"
    is "$(<"$P/metadata")" "$(repeat 2048 😀)"
    refused "Invalid argument" cp "$DIR/more" "checkpoints/$G/orders/0"
    matches "$(last_error)" "4098 units of UTF-16"
    is "$(<"$P/checkpoint")" 2
}

@test "metadata with a NUL at its end, as the Python client stores it, is shown without" {
    printf 'put\t%s\torders\t0\t9\town\0\n' "$G" >"$TO"
    read -r -t 60 <"$FROM"
    is "$(<"apps/$G/orders/0/metadata")" own
    is "$(<"apps/$G/orders/0/checkpoint")" 9
}

@test "what was acknowledged is there after the coordinator was killed" {
    local number=0 end acknowledged=0 coordinator
    make_app
    coordinator=$(kafka coordinator "$G")
    ("$KAFKA/cluster" kill "$CLUSTER" "$coordinator" && touch "$DIR/killed") 3>&- 4>&- &
    end=$((SECONDS + 40))
    until [[ -e $DIR/killed ]] && ((number > 50 && acknowledged == number)); do
        number=$((number + 1))
        put "$P/checkpoint" "$number" && acknowledged=$number
        is "$(<"$P/checkpoint")" "$acknowledged"
        ((SECONDS < end))
    done
    wait $!
    is "$(kafka get "$G" orders 0)" "$acknowledged "
}

# The one that was killed before may be down still.
@test "with no broker left there is an error in seconds, and all is right when they are back" {
    local n
    make_app
    for n in 1 2 3; do "$KAFKA/cluster" kill "$CLUSTER" "$n"; done
    # in seconds, for a timeout is 30 of them
    refused "Connection refused" promptly cat "$P/checkpoint"
    refused "Connection refused" promptly put "$P/checkpoint" 43
    "$KAFKA/cluster" up "$CLUSTER" 1 2 3 3>&- 4>&-
    eventually put "$P/checkpoint" 44
    is "$(<"$P/checkpoint")" 44
    is "$(kafka get "$G" orders 0)" "44 "
}
