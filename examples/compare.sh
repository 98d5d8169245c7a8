#!/bin/sh
# Usage: compare.sh LAGS OTHER_LAGS
#
# Prints a line for each partition on which two apps differ: the stream, the partition, which record either reads next,
# how many records the first one is ahead of the other (or, with a minus, behind), and how many either has still to
# read; - for what there is not. The arguments are two files of lag/ in checkpointfs mounts, such as ~/mnt/lag/billing
# and ~/mnt/lag/canary. The exit status is 0 when there is no difference, 1 when there is, and 2 when that cannot be
# told, as of diff.
#
# The same app on two mounts can be compared, too. Where the same records have other numbers there, look at the lags.
set -eu

case ${1-} in
-h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" && exit ;;
esac
if [ $# -ne 2 ]; then
    echo 'usage: compare.sh LAGS OTHER_LAGS, such as: compare.sh ~/mnt/lag/billing ~/mnt/lag/canary' >&2
    exit 2
fi
tab=$(printf '\t')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# rows TABLE: what is committed, as STREAM/PARTITION, the oldest record, the margin from there to the next, and the lag.
rows() {
    cat -- "$1" >"$work/table" || exit 2
    awk -F '\t' -v OFS='\t' '!/^#/ && $3 != "-" { print $1 "/" $2, $4, $7, $6 }' "$work/table" | LC_ALL=C sort
}

# next EARLIEST MARGIN: the number of the record that is read next. awk would round a large one.
next() {
    case $1$2 in
    *-) echo - ;;
    *) echo $(($1 + $2)) ;;
    esac
}

rows "$1" >"$work/one"
rows "$2" >"$work/other"
LC_ALL=C join -t "$tab" -a 1 -a 2 -e - -o 0,1.2,1.3,2.2,2.3,1.4,2.4 "$work/one" "$work/other" >"$work/both"
sort -t / -k 1,1 -k 2,2n "$work/both" >"$work/sorted"

status=0
while IFS=$tab read -r partition earliest margin other_earliest other_margin lag other_lag; do
    one=$(next "$earliest" "$margin")
    other=$(next "$other_earliest" "$other_margin")
    [ "$one" != "$other" ] || [ "$one" = - ] || continue
    ahead=-
    [ "$one" = - ] || [ "$other" = - ] || ahead=$((one - other))
    [ "$status" -ne 0 ] || printf '#stream\tpartition\tnext\tother\tahead\tlag\tother-lag\n'
    printf '%s\t' "${partition%/*}" "${partition#*/}" "$one" "$other" "$ahead" "$lag"
    printf '%s\n' "$other_lag"
    status=1
done <"$work/sorted"
exit "$status"
