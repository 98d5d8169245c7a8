#!/bin/sh
# Usage: consume.sh PARTITION OUTPUT [next]
#
# A consumer: appends the number and the data of each record to OUTPUT, a line each. PARTITION is an app's
# directory of a partition in a checkpointfs mount, such as ~/mnt/apps/numbering/log/0. It ends when there is
# no record left; with `next` it waits for more.
#
# After each batch it commits what its last line says and, as metadata, how long OUTPUT is. Killed at any
# moment it goes on from there: what was written after the last commit is cut off and written again, so
# that no record is lost and none is there twice. SLS stores no metadata, so it is not for that.
#
# While it works OUTPUT.batch is there. Only after one that was killed with it is anything cut off: an OUTPUT
# of somebody else, which has more than was committed, is refused.
#
# Only one may work on a partition at a time: flock -n PARTITION consume.sh PARTITION OUTPUT
set -eu

case ${1-} in
-h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" && exit ;;
esac
if [ $# -lt 2 ]; then
    echo 'usage: consume.sh PARTITION OUTPUT [next], such as: consume.sh ~/mnt/apps/numbering/log/0 lines' >&2
    exit 2
fi
partition=$1
output=$2
records=$partition/records/${3:-now}
batch=$output.batch

# What is committed, and the metadata: how long OUTPUT was then.
committed() {
    jq -r '"\(.checkpoint) \(.metadata // "")"' "$partition/status"
}

trap 'rm -f "$batch.first"' EXIT

# A consumer that was killed may have a commit under way: the first batch is one that was read while nothing changed.
until
    before=$(committed)
    cat "$records" >"$batch.first" || exit
    [ "$(committed)" = "$before" ]
do :; done

# OUTPUT has nothing before the first commit. A position that was set by hand has no length.
case $before in
"null "*) length=0 ;;
*) length=${before#* } ;;
esac
: >>"$output"
case $length in
'' | *[!0-9]*) ;;
*)
    size=$(wc -c <"$output")
    if [ "$size" -lt "$length" ]; then
        echo "consume.sh: $output is shorter than the $length bytes that were committed" >&2
        exit 1
    fi
    if [ "$size" -gt "$length" ] && ! [ -e "$batch" ]; then
        echo "consume.sh: $output has $size bytes, and $length were committed: name another file, or," \
            "if the rest may go, truncate -s $length $output" >&2
        exit 1
    fi
    truncate -s "$length" "$output"
    ;;
esac
mv "$batch.first" "$batch"

while [ -s "$batch" ]; do
    jq -r '"\(.sequence)\t\(.data // .base64)"' "$batch" >>"$output"

    # One write, and so one commit: a shell's own printf writes line by line.
    number=$(tail -n 1 "$batch" | cut -d '"' -f 4)
    env printf '%s\n%d\n' "$number" "$(wc -c <"$output")" >"$partition/checkpoint"
    cat "$records" >"$batch" || exit
done
rm "$batch"
