#!/bin/sh
# Usage: consume.sh CHECKPOINT LOG OUTPUT [BATCH]
#
# A consumer of a log file: numbers its lines, in batches of BATCH (10), and appends them to OUTPUT.
# CHECKPOINT is a checkpoint of a checkpointfs mount, such as apps/numbering/log/0/checkpoint. The
# lines are the records: line 1 has the sequence number 0.
#
# After each batch it commits the last line's number and, as metadata, how long OUTPUT is. Killed at any
# moment it goes on from there: what was written after the last commit is cut off and written again, so
# that no line is lost and none is there twice.
set -eu

if [ $# -lt 3 ]; then
    echo 'usage: consume.sh CHECKPOINT LOG OUTPUT [BATCH]' >&2
    exit 2
fi
checkpoint=$1
log=$2
output=$3
batch=${4:-10}

# One read of `status`, so that number and metadata belong together.
status=$(cat "${checkpoint%checkpoint}status")
number_of() {
    printf '%s\n' "$status" | sed -n "s/.*\"$1\":\"\([0-9]*\)\".*/\1/p"
}
last=$(number_of checkpoint)
length=$(number_of metadata)
[ -n "$last" ] || { last=-1 && length=0; }
: >>"$output"
# A position that was set by hand has no length.
[ -z "$length" ] || truncate -s "$length" "$output"

total=$(wc -l <"$log")
while [ $((last + 1)) -lt "$total" ]; do
    first=$((last + 1))
    last=$((last + batch))
    [ "$last" -lt "$total" ] || last=$((total - 1))

    sed -n "$((first + 1)),$((last + 1))p" "$log" |
        awk -v number="$first" '{ print number++ "\t" $0 }' >>"$output"

    # One write, and so one commit: a shell's own printf writes line by line.
    env printf '%d\n%d\n' "$last" "$(wc -c <"$output")" >"$checkpoint"
done
