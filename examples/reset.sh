#!/bin/sh
# Usage: reset.sh DIRECTORY POSITION
#        reset.sh --undo DIRECTORY
#        reset.sh --restore SAVED DIRECTORY
#
# Moves an app on all partitions of a stream, or of all streams on which it has a checkpoint. DIRECTORY is what the
# app has in a checkpointfs mount: ~/mnt/apps/billing/orders, or ~/mnt/apps/billing. POSITION is whatever can be
# written to a checkpoint: a number, earliest, latest, @2026-11-21T08:00:00Z, @1h, "shift -100".
#
# First it saves what is committed, below $TMPDIR or /var/tmp, a table for each stream, and says how to go back by
# --restore. That brings back metadata, too, and removes the checkpoints that were not there. --undo takes back the last
# change of each partition, unless something else was committed since. For each partition it prints where it was and
# where it is, and why it was refused or what else one should know. It goes on when a partition cannot be moved, and
# fails in the end.
#
# Stop the app first: a consumer that runs keeps its position in memory and commits it again.
set -eu

give_up() {
    echo "reset.sh: $*" >&2
    exit 1
}

# table STREAM: what is committed on it, with a line for each partition without a checkpoint, too.
table() {
    cat "apps/$app/$1/checkpoints" >"$work/table" && ls "apps/$app/$1" >"$work/names" || return
    awk -F '\t' 'NR == FNR && FILENAME != ARGV[2] { line[$1] = $0; next }
        /^[0-9]+$/ { print $1 in line ? line[$1] : $1 "\t-" }' "$work/table" "$work/names" | sort -n
}

# report STREAM LINES: where each partition was and is, and what was said meanwhile of it, or of the line that moved it.
report() {
    awk -F '\t' -v path="apps/$app/$1/checkpoints" -v stream="$1" '
        part == "lines" { moved[++count] = $1 }
        part == "before" { told[$0]++ }
        part == "errors" && $2 == path && told[$0]-- <= 0 && match($8, /^(line [0-9]+(, )?)?(partition [0-9]+)?: /) {
            split(substr($8, 1, RLENGTH), word, /[ ,:]+/)
            number = $8 ~ /^line [0-9]+: / ? moved[word[2]] : word[1] == "line" ? word[4] : word[2]
            why[number] = ": " substr($8, RLENGTH + 1)
        }
        { number = $2 == "-" ? "none" : $2 }
        part == "old" { old[$1] = number }
        part == "new" { print stream "/" $1 ": " old[$1] " -> " number ($1 in why ? why[$1] : why["*"]) }
    ' part=lines "$2" part=before "$work/errors" part=errors errors part=old "$saved/$1" part=new "$work/new"
}

# move STREAM LINES: by the lines of a table.
move() {
    cat errors >"$work/errors"
    if ! said=$( (cat "$2" >"apps/$app/$1/checkpoints") 2>&1); then
        failed=1
        echo "$1: ${said##*: }" >&2
    fi
    { table "$1" >"$work/new" && report "$1" "$2"; } || failed=1
}

back='' failed=0
case ${1-} in
-h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" && exit ;;
--undo) [ $# -ne 2 ] || set -- "$2" undo ;;
--restore) [ $# -ne 3 ] || { back=$(realpath -- "$2") && set -- "$3" ''; } ;;
esac
case ${1-} in
-*) set -- ;;
esac
if [ $# -ne 2 ] || [ "$(printf '%s\n' "$2" | wc -l)" -ne 1 ]; then
    echo 'usage: reset.sh DIRECTORY POSITION, such as: reset.sh ~/mnt/apps/billing/orders @1h; or with -h' >&2
    exit 2
fi

# Where it is: MOUNT/apps/APP, or a stream of that.
directory=$(cd -- "$1" && pwd -P) || exit 1
app=${directory%/*} streams=''
if [ "${app##*/}" = apps ]; then
    mount=${app%/*} app=${directory##*/}
    streams=$(ls "${back:-$mount/checkpoints/$app}") || give_up 'nothing was moved'
else
    mount=${app%/*/*} stream=${directory##*/}
    [ "$app" != "$mount/apps/${app##*/}" ] || streams=$stream
    app=${app##*/}
fi
if ! [ -f "$mount/commits" ] || ! [ "$streams" ]; then
    give_up "$directory has no checkpoints of an app in a mount, such as ~/mnt/apps/billing/orders"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '*\t%s\n' "$2" >"$work/all"
saved=$(mktemp -d "${TMPDIR:-/var/tmp}/checkpoints.XXXXXX")
cd "$mount/"
for stream in $streams; do
    table "$stream" >"$saved/$stream" || give_up 'nothing was moved'
done
echo "saved; to go back: $0 --restore '$saved' '$directory'"
for stream in $streams; do
    lines=$work/all
    [ -z "$back" ] || lines=$back/$stream
    move "$stream" "$lines"
done
exit "$failed"
