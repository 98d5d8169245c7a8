#!/bin/sh
# Usage: reset.sh DIRECTORY POSITION
#
# Moves an app on all partitions of a stream. DIRECTORY is the app's directory of that stream in a
# checkpointfs mount, such as apps/billing/orders. POSITION is whatever can be written to a checkpoint:
# earliest, latest, @2026-11-21T08:00:00Z, @1h, "shift -100". Prints for each partition where it was and
# where it is. Goes on when a partition cannot be moved, and fails in the end.
#
# Stop the app first: a consumer that runs keeps its position in memory and commits it again.
set -eu

directory=$1
position=$2
failed=0

for partition in "$directory"/*/; do
    checkpoint=${partition}checkpoint
    before=$(cat "$checkpoint" 2>/dev/null || echo none)
    echo "$position" >"$checkpoint" || failed=1
    echo "$(basename "$partition"): $before -> $(cat "$checkpoint" 2>/dev/null || echo none)"
done
exit "$failed"
