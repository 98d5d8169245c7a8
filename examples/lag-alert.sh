#!/bin/sh
# Usage: lag-alert.sh MOUNT LIMIT
#
# Prints the partitions on which an app is more than LIMIT records behind, and nothing when there are none:
# as a job of cron it sends a mail when somebody should look. MOUNT is a checkpointfs mount. Fails, and says
# why, when a lag cannot be told, as when the mount is gone.
set -eu

case ${2-} in
'' | *[!0-9]*)
    echo 'usage: lag-alert.sh MOUNT LIMIT, such as: lag-alert.sh ~/mnt 1000' >&2
    exit 2
    ;;
esac
limit=$2
cd "$1/checkpoints"

# APP/STREAM/PARTITION, and no temporary files.
partitions=$(find . -mindepth 3 -maxdepth 3 -type f ! -name '*[!0-9]*')
for partition in $partitions; do
    lag=$(cat "../apps/$partition/lag")
    [ "$lag" -le "$limit" ] || echo "${partition#./} is $lag records behind"
done
