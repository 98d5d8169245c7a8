# shellcheck shell=bash
# shellcheck disable=SC2034 # the tests use what is set here
# What the tests of records share. The mount has the partition 0 of the stream "orders", which the app
# "billing" consumes.

NOW=$P/records/now
NEXT=$P/records/next
NEW=$S/records/new

# produce FROM TO: records that say these numbers.
produce() {
    seq "$1" "$2" >"$NEW"
}

# loop_killed COUNT: the script $DIR/loop consumes P into $DIR/output, is killed so often, and goes on then in the
# background, in a group of processes of its own.
loop_killed() {
    local kills=$1
    set -m
    while ((kills--)); do
        sh "$DIR/loop" "$P" "$DIR/output" 3>&- 4>&- &
        sleep "0.$((RANDOM % 3))$((RANDOM % 10))"
        kill -KILL -- "-$!"
        wait "$!" || true
    done
    in_background sh "$DIR/loop" "$P" "$DIR/output"
    set +m
}

# data_of [FILE...]: what the records of a batch say, each on a line.
data_of() {
    jq -r .data "$@"
}

# records_read: how many records this mount has read, and with how many questions.
records_read() {
    awk '/^checkpointfs_records_read_total/ { records = $NF }
        /^checkpointfs_backend_operation_seconds_count.*operation="read_records"/ { questions = $NF }
        END { print records + 0, questions + 0 }' "$MNT/metrics"
}

# error_says PATH OPERATION ERRNO REGEX: the last line of errors does.
error_says() {
    fields "$(tail -n 1 "$MNT/errors")"
    is "${FIELD[1]} ${FIELD[2]} ${FIELD[3]}" "$1 $2 $3" || return
    matches "${FIELD[7]}" "$4"
}
