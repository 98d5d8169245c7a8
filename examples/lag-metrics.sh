#!/bin/sh
# Usage: lag-metrics.sh MOUNT FILE
#
# Writes to FILE, for the textfile collector of Prometheus' node_exporter, what the mount tells of all apps in gauges/,
# and of itself in metrics. MOUNT is a checkpointfs mount; the label `source` tells several apart, so each may have a
# FILE in the same directory. FILE is replaced in one step, and stays as it is when something cannot be told: have an
# alert on its age, too.
set -eu

case ${1-} in
-h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" && exit ;;
esac
if [ $# -ne 2 ]; then
    echo 'usage: lag-metrics.sh MOUNT FILE, such as: lag-metrics.sh /srv/dis /var/lib/node/dis.prom' >&2
    exit 2
fi
file=$(realpath "$2")
cd "$1/gauges"
apps=$(ls)

new=$(mktemp "$file.XXXXXX")
trap 'rm -f "$new" "$new.all"' EXIT

# The gauges of one metric must stand together, behind its introduction.
for app in $apps; do
    cat "$app"
done >"$new.all"
cat ../metrics >>"$new.all"
awk '
    /^#/ { family = $3 }
    !/^#/ || !introduced[$0]++ { text[family] = text[family] $0 "\n" }
    !known[family]++ { order[++count] = family }
    END { for (i = 1; i <= count; i++) printf "%s", text[order[i]] }
' "$new.all" >"$new"
chmod 644 "$new"
mv "$new" "$file"
