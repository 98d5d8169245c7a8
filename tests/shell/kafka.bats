#!/usr/bin/env bats
# Kafka, on three real brokers, and once more on simulated ones: what the mount commits Kafka's own client sees,
# and the other way round. Skipped where there is no Java or no Maven, see tests/kafka/cluster.

# shellcheck disable=SC2030,SC2031 # each test is a shell of its own
load helper
load cluster

# A cluster takes seconds to start: all tests have one, and each its own group.
setup_file() {
    export BROKERS NO_KAFKA=''
    begin_cluster || return
    [[ -z $NO_KAFKA ]] || return 0
    kafka create orders 4 >/dev/null
    kafka produce orders 1 5 1700000000000 >/dev/null
    kafka create jobs 2 >/dev/null
}

teardown_file() {
    end_cluster
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

# kafka WORD...: what a client of Kafka's answers, see Client.java.
kafka() {
    ask_cluster "$@"
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
    is "$(entries "apps/$G")" "jobs orders"
    is "$(<"apps/$G/orders/2/checkpoint")" 7
    is "$(<"apps/$G/orders/2/metadata")" "from Java"
    kafka put "$G" orders 2 8 ""
    is "$(<"apps/$G/orders/2/checkpoint")" 8
    is "$(<"apps/$G/orders/2/metadata")" ""
    is "$(entries "checkpoints/$G/orders")" 2
}

@test "Kafka's own tool shows what the mount commits, and resets it" {
    [[ ${CLUSTER:-real} == real ]] || skip "only real brokers serve it"
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
    is "$(cat streams/orders/1/since/{@1700000000.001,@1700000000.0011,2001-01-01T00:00:00Z,now} | paste -s)" \
        $'1\t2\t0\t5'
    is "$(jq -c '[.earliest, .latest, .checkpoint, .lag]' "$one/status")" '["0","5","5",0]'
}

# asked NAME: how many of those questions this mount has asked.
asked() {
    awk -v operation="operation=\"$1\"" '
        /^checkpointfs_backend_operation_seconds_count/ && index($0, operation) { count = $NF }
        END { print count + 0 }' metrics
}

@test "lag/ has all partitions of a group, with the ends that their leaders tell" {
    make_app
    put "apps/$G/orders/1/checkpoint" 2
    local head="#stream partition checkpoint earliest latest lag margin state"
    is "$(cut -f 1-8 "lag/$G" | tr '\t' ' ')" "$head
orders 0 42 0 0 0 42 ahead
orders 1 2 0 5 3 2 ok
orders 2 - 0 0 0 0 none
orders 3 - 0 0 0 0 none"
    is "$(asked get_states) $(asked get_bounds)" "1 1"
    python3 "$BATS_TEST_DIRNAME/exposition.py" "gauges/$G" >"$DIR/samples"
    is "$(grep -c ^checkpointfs_latest "$DIR/samples")" 4
}

@test "lags of many partitions are asked for in one batch" {
    make_app
    put "apps/$G/orders/1/checkpoint" 2
    is "$(cat "apps/$G/orders/"*/lag | xargs)" "0 3 0 0"
    # By itself, and then for all, unless that took a second.
    is "$(asked get_state)" 1
    (($(asked get_bounds) <= 3))
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
}

@test "status tells of a group of KIP-848, too" {
    [[ ${CLUSTER:-real} == real ]] || skip "only real brokers serve it"
    make_app
    local group=(group_state group_type protocol leader_epoch consumer)
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

@test "a table is committed at once, and a line that Kafka refuses stops no other" {
    make_app
    put_once "apps/$G/orders/checkpoints" '*\t5\tall\n'
    is "$(cut -f 2-3 "apps/$G/orders/checkpoints" | sort | uniq -c | xargs)" "4 5 all"
    is "$(kafka get "$G" orders 3)" "$(kafka get "$G" orders 0)"
    run -1 put_once "apps/$G/orders/checkpoints" '0\t6\n1\t7\n99\t8\n3\t9\tlast\n'
    matches "$(last_error | cut -f 8)" '^1 lines of this write failed, its others are done; line 3, partition 99: '
    is "$(paste -sd ';' "apps/$G/orders/checkpoints")" $'0\t6;1\t7;2\t5\tall;3\t9\tlast'
    put_once "apps/$G/orders/checkpoints" '0\t-\n1\tlatest\n2\tshift -2\n3\t-\n'
    is "$(paste -sd ';' "apps/$G/orders/checkpoints")" $'1\t5;2\t3'
}

# But of a checkpoint beyond the end, of which it says a lag below 0.
@test "lag/ says of each partition what Kafka's tool says" {
    [[ ${CLUSTER:-real} == real ]] || skip "a tool for real brokers"
    local tool=(org.apache.kafka.tools.consumer.group.ConsumerGroupCommand --bootstrap-server "$BROKERS")
    kafka put "$G" orders 0 0 "" >/dev/null
    kafka put "$G" orders 1 1 note >/dev/null
    kafka put "$G" orders 3 0 "" >/dev/null
    kafka put "$G" jobs 1 0 "" >/dev/null
    eventually is_listed "$G"
    "$KAFKA/cluster" run "${tool[@]}" --group "$G" --describe --offsets |
        awk '$1 == "'"$G"'" { print $2, $3, $4, $5, $6 }' | sort >"$DIR/tool"
    awk -F '\t' '!/^#/ && $3 != "-" { print $1, $2, $3, $5, $6 }' "lag/$G" | sort >"$DIR/lag"
    is "$(wc -l <"$DIR/tool")" 4
    diff "$DIR/tool" "$DIR/lag"
}

# Between Kafka and the embedded store, and back

# fill_group: on three partitions of two topics, with metadata of several lines.
fill_group() {
    kafka put "$G" orders 0 42 "note" >/dev/null
    kafka put "$G" orders 3 7 "" >/dev/null
    kafka put "$G" jobs 1 3 "with ü" >/dev/null
    eventually is_listed "$G"
    printf '%s\n' 43 "one line" "and more" >"checkpoints/$G/orders/0"
}

# there_and_back COPY: by a function that is given two directories, from Kafka to the embedded store, and when
# Kafka has it no longer, back.
there_and_back() {
    local copy=$1
    fill_group
    cp -r "checkpoints/$G" "$DIR/before"
    mount_at "$DIR/store"
    mkdir "$DIR/store/checkpoints/$G"
    "$copy" "$MNT/checkpoints/$G" "$DIR/store/checkpoints/$G"
    diff -r "$DIR/before" "$DIR/store/checkpoints/$G"
    rm -r "checkpoints/$G"
    mkdir "checkpoints/$G"
    "$copy" "$DIR/store/checkpoints/$G" "$MNT/checkpoints/$G"
    diff -r "$DIR/before" "checkpoints/$G"
    is "$(kafka get "$G" jobs 1)" "3 with ü"
}

by_cp() {
    cp -r "$1/." "$2/"
}

by_tar() {
    tar -C "$1" -cf - . | tar -C "$2" -xpf -
}

by_rsync() {
    rsync -a "$1/" "$2/"
}

by_git() {
    export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
    export GIT_AUTHOR_NAME=n GIT_AUTHOR_EMAIL=e GIT_COMMITTER_NAME=n GIT_COMMITTER_EMAIL=e
    local git=$DIR/git-$RANDOM
    git init -q --bare "$git"
    git --git-dir="$git" --work-tree="$1" add -A
    git --git-dir="$git" --work-tree="$1" commit -qm all
    git --git-dir="$git" --work-tree="$2" checkout -q -f HEAD -- .
}

@test "cp -r brings checkpoints to the embedded store, and back" {
    there_and_back by_cp
}

@test "tar brings checkpoints to the embedded store, and back" {
    there_and_back by_tar
}

@test "rsync brings checkpoints to the embedded store, and back" {
    needs rsync
    there_and_back by_rsync
}

@test "git brings checkpoints to the embedded store, and back" {
    needs git
    there_and_back by_git
}

@test "groups of every odd name are saved by cp -r, and restored" {
    [[ ${CLUSTER:-real} == real ]] || skip "only real brokers serve it"
    local odd=("a/b" "." ".." ".hidden" " " " x" "x y " "%" "%41" "ü😀" "-rf" "a:b" "*" "'" '"' "\\" "a|b,c" $'a\x01' $'b\x7f'
        "$(printf 'x%.0s' {1..255})" CON "{}") name
    for name in "${odd[@]}"; do
        kafka alter "$name" jobs 0 5 "of $name"
    done
    eventually is_listed %2E.
    mount_at "$DIR/store"
    cp -r checkpoints/. "$DIR/store/checkpoints/"
    for name in checkpoints/*; do
        [[ ! -e $name/jobs/0 ]] || rm -r "$name"
    done
    not grep -qw "a/b" <(kafka groups)
    cp -r "$DIR/store/checkpoints/." checkpoints/
    for name in "${odd[@]}"; do
        is "$(kafka get "$name" jobs 0)" "5 of $name"
        kafka delete "$name" >/dev/null
    done
}

@test "the tool's CSV goes in, and comes out" {
    [[ ${CLUSTER:-real} == real ]] || skip "only real brokers serve it"
    local csv=$BATS_TEST_DIRNAME/../../examples/offsets-csv.py
    fill_group
    kafka tool --bootstrap-server "$BROKERS" --group "$G" --reset-offsets --to-current --all-topics --export |
        tr '|' '\n' >"$DIR/offsets.csv"
    matches "$(<"$DIR/offsets.csv")" '(^|
)"?orders"?,0,43'
    rm -r "checkpoints/$G"
    run -0 "$csv" import "$MNT" "$G" <"$DIR/offsets.csv"
    is "$(kafka get "$G" orders 0)" "43 "
    is "$(kafka get "$G" jobs 1)" "3 "

    rm "checkpoints/$G/jobs/1"
    kafka put "$G" orders 3 0 ""
    put "checkpoints/$G/orders/3" 1
    run -0 "$csv" export "apps/$G"
    echo "$output" >"$DIR/offsets.csv"
    rm -r "checkpoints/$G"
    kafka tool --bootstrap-server "$BROKERS" --group "$G" --reset-offsets --from-file "$DIR/offsets.csv" --execute
    is "$(kafka get "$G" orders 0)" "0 "
    is "$(kafka get "$G" jobs 1)" none
}

# prepare_billing: a group with the same commits each time.
prepare_billing() {
    kafka delete billing >/dev/null || true
    kafka alter billing timed 0 4 "" >/dev/null
    kafka alter billing timed 1 1 "" >/dev/null
    kafka alter billing jobs 0 0 "" >/dev/null
}

committed_of_billing() {
    local partition
    for partition in timed:0 timed:1 jobs:0 jobs:1; do
        kafka get billing "${partition%:*}" "${partition#*:}"
    done
}

# Each line of the guide, with what is there for orders.
@test "what is typed here does what was typed with Kafka's tool" {
    [[ ${CLUSTER:-real} == real ]] || skip "only real brokers serve it"
    local typed here tool count=0 PATH=$BATS_TEST_DIRNAME/../../examples:$PATH
    export TMPDIR=$DIR
    kafka create timed 2 >/dev/null
    kafka produce timed 0 2 1795248000000 # at 2026-11-21T08:00:00Z
    kafka produce timed 0 3 "$(($(date +%s) - 600))000"
    while IFS='|' read -r _ typed here _; do
        [[ $typed == *--execute* || $typed == *--delete* ]] && [[ $typed != *--from-file* ]] || continue
        typed=${typed//\`/} typed=${typed//orders/timed} here=${here//\`/} here=${here//orders/timed}
        prepare_billing
        read -r -a tool <<<"$typed"
        kafka tool --bootstrap-server "$BROKERS" "${tool[@]}" >/dev/null
        committed_of_billing >"$DIR/expected"
        prepare_billing
        eventually bash -c "$here" >"$DIR/said" 2>&1
        committed_of_billing | diff "$DIR/expected" - || { echo "$here" && return 1; }
        count=$((count + 1))
    done < <(sed -n '/^| .kafka-consumer-groups.sh/,/^$/p' "$BATS_TEST_DIRNAME/../../docs/kafka.md")
    ((count == 11))
}

@test "what is typed here to list, save and restore does what the guide says" {
    [[ ${CLUSTER:-real} == real ]] || skip "only real brokers serve it"
    prepare_billing
    ls -l apps checkpoints >/dev/null
    eventually is_listed billing
    is "$(jq .group_state,.coordinator apps/billing/jobs/0/status | paste -sd ' ')" "\"Empty\" $(kafka coordinator billing)"
    is "$(jq .consumer apps/billing/jobs/*/status | paste -sd ' ')" '"" ""'
    matches "$(tail -n +1 apps/billing/*/*/status)" 'apps/billing/jobs/0/status <==.*"checkpoint":"0"'
    cp -r checkpoints/billing "$DIR/saved"
    rm -r checkpoints/billing
    mkdir checkpoints/billing
    cp -r "$DIR/saved/." checkpoints/billing
    is "$(committed_of_billing | paste -sd ,)" "4 ,1 ,0 ,none"
    matches "$(cat streams/jobs/status streams/jobs/*/status)" '"leader":'
    is "$(cat streams/timed/0/earliest streams/timed/0/latest | paste -sd ' ')" "0 5"
}

@test "kafka.sh moves a group, and leaves nothing" {
    [[ ${CLUSTER:-real} == real ]] || skip "only real brokers serve it"
    local topics
    topics=$(entries streams)
    export TMPDIR=$DIR/tmp
    mkdir "$TMPDIR"
    run -0 timeout 100 "$BATS_TEST_DIRNAME/../../examples/kafka.sh" "$BROKERS"
    matches "$output" "committed: 50  lag: 50"
    is "${lines[-2]}" 51
    is "${lines[-1]}" "committed: 51  lag: 49"
    is "$(ls -A "$TMPDIR")" ""
    eventually is "$(entries streams)" "$topics"
}

@test "topics are listed, and Kafka's own are told of and found by name" {
    make_app
    matches "$(entries streams)" "jobs orders"
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
    put_with_nul "$G" orders 0 9 own
    is "$(<"apps/$G/orders/0/metadata")" own
    is "$(<"apps/$G/orders/0/checkpoint")" 9
}

@test "what was acknowledged is there after the coordinator was killed" {
    local number=0 end acknowledged=0 coordinator
    make_app
    coordinator=$(kafka coordinator "$G")
    (kill_broker "$coordinator" && touch "$DIR/killed") 3>&- 4>&- &
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
    for n in 1 2 3; do kill_broker "$n"; done
    # in seconds, for a timeout is 30 of them
    refused "Connection refused" promptly cat "$P/checkpoint"
    refused "Connection refused" promptly put "$P/checkpoint" 43
    start_brokers 1 2 3
    eventually put "$P/checkpoint" 44
    is "$(<"$P/checkpoint")" 44
    is "$(kafka get "$G" orders 0)" "44 "
}
