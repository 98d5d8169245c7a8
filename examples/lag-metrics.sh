#!/bin/sh
# Usage: lag-metrics.sh MOUNT FILE
#
# Writes to FILE, for the textfile collector of Prometheus' node_exporter, how far each app is behind on each
# partition on which it has committed. MOUNT is a checkpointfs mount; the label `source` tells several apart.
# FILE is replaced in one step, and stays as it is when a lag cannot be told: have an alert on its age, too.
set -eu

if [ $# -ne 2 ]; then
    echo 'usage: lag-metrics.sh MOUNT FILE, such as: lag-metrics.sh /srv/dis /var/lib/node/dis.prom' >&2
    exit 2
fi
file=$(realpath "$2")
cd "$1/checkpoints"
source=$(findmnt -n -o SOURCE -T . | sed 's/[\\"]/\\&/g')

new=$(mktemp "$file.XXXXXX")
trap 'rm -f "$new"' EXIT

# APP/STREAM/PARTITION, and no temporary files.
partitions=$(find . -mindepth 3 -maxdepth 3 -type f ! -name '*[!0-9]*')
{
    echo '# HELP checkpointfs_lag_records Records that an app has not read yet.'
    echo '# TYPE checkpointfs_lag_records gauge'
    for partition in $partitions; do
        lag=$(cat "../apps/$partition/lag")
        labels=$(echo "$partition" | sed 's|^./\(.*\)/\(.*\)/\(.*\)|app="\1",stream="\2",partition="\3"|')
        printf 'checkpointfs_lag_records{source="%s",%s} %s\n' "$source" "$labels" "$lag"
    done
} >"$new"
chmod 644 "$new"
mv "$new" "$file"
