#!/bin/sh
# Usage: migrate.sh [-n] [-p] FROM TO
#
# Lets an app go on in another service, or another stream, which has the same records by other numbers. FROM and TO
# are the app's directories of the stream in two checkpointfs mounts, such as ~/kafka/apps/billing/orders and
# ~/dis/apps/billing/orders; the app in TO is made if it is missing. All partitions of TO go to the time of the oldest
# record that is next in any partition of FROM: no record is lost, and those from then on come again. With -p, for
# streams of which each partition has the same records, each goes to the time of its own. With -n nothing is changed.
#
# reset.sh beside this script does that: it saves what TO has, and says where each partition was and is. The times are
# those that either service gives its records. Where TO received a record earlier than FROM tells, take a time by hand:
# reset.sh TO @TIME. Stop the app first.
set -eu

here=$(dirname -- "$0") dry='' each=''
while getopts hnp option; do
    case $option in
    h) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" && exit ;;
    n) dry=-n ;;
    p) each=1 ;;
    *) set -- ;;
    esac
done
[ $# -eq 0 ] || shift $((OPTIND - 1))
if [ $# -ne 2 ]; then
    echo 'usage: migrate.sh [-n] [-p] FROM TO, such as: migrate.sh ~/kafka/apps/billing/orders ~/dis/apps/billing/orders' >&2
    exit 2
fi
from=$(cd -- "$1" && pwd -P) || exit 1
to=$(realpath -m -- "$2")
streams=${from%/*/*/*}/streams/${from##*/}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/tables"

# time_of FILE: when its first record came.
time_of() {
    head -n 1 -- "$1" >"$work/record" || return
    jq -r '.time // error("its records have no time")' "$work/record"
}

# time_next PARTITION: when the record came that is next, or else the last one that was read; nothing where none is kept.
time_next() {
    set -- "$1" "$(jq -r 'if .earliest == .latest then "empty" elif .expired > 0 then "expired"
        elif .lag > 0 then "next" else .latest end' "$from/$1/status")"
    case $2 in
    empty) ;;
    expired) time_of "$streams/$1/records/earliest" ;;
    next) time_of "$from/$1/records/now" ;;
    *) time_of "$streams/$1/records/at/$(($2 - 1))" ;;
    esac
}

names=$(ls "$from")
for partition in $names; do
    [ "$partition" != checkpoints ] || continue
    time=$(time_next "$partition")
    [ -z "$time" ] || printf '%s\t@%s\n' "$partition" "$time"
done >"$work/each"
table=$work/tables/${to##*/}
if [ "$each" ]; then
    cp "$work/each" "$table"
else
    sort -k 2,2 "$work/each" | awk -F '\t' 'NR == 1 { print "*\t" $2 }' >"$table"
fi
if ! [ -s "$table" ]; then
    echo "migrate.sh: $from has no records, so no time" >&2
    exit 1
fi
[ -d "$to" ] || mkdir -p "$to"
sed 's/^/goes to: /' "$table"
"$here/reset.sh" ${dry:+"$dry"} --restore "$work/tables" "$to"
