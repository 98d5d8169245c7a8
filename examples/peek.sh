#!/bin/sh
# Usage: peek.sh PARTITION
#
# Shows the records on both sides of a checkpoint: the last one that the app has read, and the one that it reads
# next. Commits nothing. PARTITION is an app's directory of a partition in a checkpointfs mount, such as
# ~/mnt/apps/billing/orders/0.
set -eu

case ${1-} in
-h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" && exit ;;
esac
if [ $# -ne 1 ]; then
    echo 'usage: peek.sh PARTITION, such as: peek.sh ~/mnt/apps/billing/orders/0' >&2
    exit 2
fi
cd "$1"
partition=$(pwd -P)
stream=${partition%/*}
mount=${stream%/*/*/*}
streams=$mount/streams/${stream##*/}/${partition##*/}

# show TITLE: the record that is read, as JSON of several lines; a terminal sees no control character in it.
show() {
    printf '%s:\n' "$1"
    jq .
}

# What is committed, as a number; and whether that is the number of the next record, not of the last one.
status=$(cat status)
committed=$(printf '%s' "$status" | jq -r '.decimal // .checkpoint // ""')
is_next=$(jq '.backend == "sls" or .options.checkpoint == "next"' "$mount/status")

if [ "$committed" ]; then
    [ "$is_next" = false ] || committed=$((committed - 1))
    head -n 1 "$streams/records/at/$committed" | show "read last"
else
    echo 'read last: nothing is committed'
fi
head -n 1 records/now | show "read next"
