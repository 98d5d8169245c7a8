#!/bin/sh
# Usage: each-partition.sh STREAM COMMAND [ARGUMENT...]
#
# Runs COMMAND for each partition of a stream, for $JOBS (4) of them at once, and leaves out those that somebody
# works on by this script. STREAM is an app's directory of a stream in a checkpointfs mount, such as
# ~/mnt/apps/billing/orders. In the arguments PARTITION stands for the partition's directory. Fails when a
# COMMAND has failed.
#
#   each-partition.sh ~/mnt/apps/billing/orders each.sh PARTITION jq -r .data
#
# Commands that wait for more records need a job each: JOBS=0 runs all at once.
set -eu

case ${1-} in
-h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" && exit ;;
esac
if [ $# -lt 2 ]; then
    echo 'usage: each-partition.sh STREAM COMMAND [ARGUMENT...]' >&2
    exit 2
fi
stream=$1
shift

# The lock is one of this machine, and ends with COMMAND. From xargs its standard input is /dev/null.
find "$stream" -mindepth 1 -maxdepth 1 -type d -print0 |
    xargs -0 -I PARTITION -P "${JOBS:-4}" flock -n -E 0 PARTITION "$@"
