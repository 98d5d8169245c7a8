# shellcheck shell=bats
# shellcheck disable=SC2016 # what other shells are to expand
# shellcheck disable=SC2002 # wc alone would trust the size
# Waiting for records of the embedded store, and the loop that consumes them.

load helper
load records
load readers

setup() {
    needs jq sqlite3
    begin
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
    loop_killed "$kills"
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
