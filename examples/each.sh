#!/bin/sh
# Usage: each.sh PARTITION COMMAND [ARGUMENT...]
#
# Runs COMMAND for each record of a partition, with the record's line as its standard input, and commits the
# record when COMMAND has succeeded. Waits for more records at the end. When COMMAND fails, so does each.sh: the
# record is the first one when it is started again. PARTITION is an app's directory of a partition in a checkpointfs
# mount, such as ~/mnt/apps/billing/orders/0.
#
#   each.sh ~/mnt/apps/billing/orders/0 jq -r .data
#
# Killed at any moment it loses nothing; the record that was being processed is processed again.
# Only one may work on a partition at a time: flock -n PARTITION each.sh PARTITION COMMAND
set -eu

case ${1-} in
-h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" && exit ;;
esac
if [ $# -lt 2 ]; then
    echo 'usage: each.sh PARTITION COMMAND [ARGUMENT...]' >&2
    exit 2
fi
partition=$1
shift

batch=$(mktemp)
trap 'rm -f "$batch"' EXIT
trap exit INT TERM HUP

while cat "$partition/records/next" >"$batch" || exit; do
    # COMMAND's standard input must not be the batch, of which it would take records away that the
    # next commit passes over: it is one record, or else </dev/null.
    while IFS= read -r line; do
        printf '%s\n' "$line" | "$@" || exit
        echo "$line" >"$partition/checkpoint"
    done <"$batch"
done
