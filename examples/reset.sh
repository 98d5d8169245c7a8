#!/bin/sh
# Usage: reset.sh [-n] DIRECTORY POSITION
#        reset.sh [-n] --undo DIRECTORY
#        reset.sh [-n] --restore SAVED DIRECTORY
#
# Moves an app on all partitions of a stream, or of all streams on which it has a checkpoint. DIRECTORY is what the
# app has in a checkpointfs mount: ~/mnt/apps/billing/orders, or ~/mnt/apps/billing. POSITION is whatever can be
# written to a checkpoint: a number, earliest, latest, @2026-11-21T08:00:00Z, @1h, "shift -100".
#
# First it saves what is committed, below $TMPDIR or /var/tmp, a table for each stream, and says how to go back by
# --restore. That brings back metadata, too, and removes the checkpoints that were not there. For each partition it
# prints where it was and where it is, and why it was refused or what else one should know. It goes on when a partition
# cannot be moved, and fails in the end.
#
# --undo goes back on each partition by its own last change, whenever that was, unless something else was committed
# since: also on a partition that the last reset had nothing to do on. To go back from one reset use the --restore that
# it printed.
#
# With -n nothing is changed: it prints what would be, and how many records would be read again, or passed over. What it
# saves then is the plan, and --restore of that does it, but for the partitions that have moved meanwhile. For this
# it mounts the same once more, with -o plan, so it needs jq, and credentials where the mount has them from. That mount
# knows what was changed only from a journal: -n --undo needs the mount to have -o journal.
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

# added FILE: its lines that were not there when the file was copied.
added() {
    awk 'NR == FNR && FILENAME != ARGV[2] { told[$0]++; next } told[$0]-- <= 0' "$work/$1" "$1"
}

# report STREAM LINES: where each partition was and is, or would be, and what was said of it, or of the line that moved it.
report() {
    added commits | awk -F '\t' -v OFS='\t' -v dry="$dry" -v app="$app" -v stream="$1" '
        dry && $5 == "planned" && $8 == app && $9 == stream { print $11, $12, $13, $14, $7 }' >"$work/planned"
    added errors | awk -F '\t' -v path="apps/$app/$1/checkpoints" '$2 == path { print $8 }' >"$work/said"
    awk -F '\t' -v stream="$1" '
        part == "lines" { moved[++count] = $1 }
        part == "said" && match($0, /^(line [0-9]+(, )?)?(partition [0-9]+)?: /) {
            split(substr($0, 1, RLENGTH), word, /[ ,:]+/)
            number = /^line [0-9]+: / ? moved[word[2]] : word[1] == "line" ? word[4] : word[2]
            why[number] = ": " substr($0, RLENGTH + 1)
        }
        { number = $2 == "-" ? "none" : $2 }
        part == "planned" { planned[$1] = number; why[$1] = ": " $5 why[$1] }
        part == "old" { old[$1] = number }
        part == "new" {
            if ($1 in planned) number = planned[$1]
            print stream "/" $1 ": " old[$1] " -> " number ($1 in why ? why[$1] : why["*"])
        }
    ' part=lines "$2" part=said "$work/said" part=planned "$work/planned" part=old "$work/old" part=new "$work/new"
}

# move STREAM LINES: by the lines of a table.
move() {
    cp "$saved/$1" "$work/old"
    cat errors >"$work/errors" && cat commits >"$work/commits"
    if ! said=$( (cat "$2" >"apps/$app/$1/checkpoints") 2>&1); then
        failed=1
        echo "$1: ${said##*: }" >&2
    fi
    { table "$1" >"$work/new" && report "$1" "$2"; } || failed=1
    [ -z "$dry" ] || cut -f 1-4 "$work/planned" >"$saved/$1"
}

# plan: goes to a mount of the same that sends nothing.
plan() {
    options=$(jq -r '[.options | to_entries[] | select(.value)
        | select(.key | IN("ro", "allow_other", "auto_unmount", "uid", "gid", "umask", "lazy", "debug") | not)
        | if .value == true then .key else "\(.key)=\(.value | tostring | gsub("(?<c>[,\\\\])"; "\\\(.c)"))" end]
        | join(",")' status)
    mkdir "$work/mnt"
    "${CHECKPOINTFS:-checkpointfs}" -o "plan,$options" "$(jq -r .source status)" "$work/mnt"
    cd "$work/mnt/"
}

clean_up() {
    cd /
    ! [ -e "$work/mnt/commits" ] || fusermount3 -u "$work/mnt" || return
    rm -rf "$work"
}

dry='' back='' failed=0
case ${1-} in
-h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" && exit ;;
-n) dry=1 && shift ;;
esac
case ${1-} in
--undo) [ $# -ne 2 ] || set -- "$2" undo ;;
--restore) [ $# -ne 3 ] || { back=$(realpath -- "$2") && set -- "$3" ''; } ;;
esac
case ${1-} in
-*) set -- ;;
esac
if [ $# -ne 2 ] || [ "$(printf '%s\n' "$2" | wc -l)" -ne 1 ]; then
    sed -n '/^#$/q; 2,$s/^# //p' "$0" >&2
    echo 'such as: reset.sh ~/mnt/apps/billing/orders @1h; or with -h' >&2
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
trap clean_up EXIT
trap exit INT TERM HUP
printf '*\t%s\n' "$2" >"$work/all"
cd "$mount/"
if grep -q '"plan":true' status; then
    dry=1
elif [ "$dry" ]; then
    [ "$2" != undo ] || grep -q '"journal":"' status ||
        give_up "-n cannot foresee an undo without a journal: mount with -o journal=FILE"
    plan
fi
saved=$(mktemp -d "${TMPDIR:-/var/tmp}/checkpoints.XXXXXX")
for stream in $streams; do
    table "$stream" >"$saved/$stream" || { rm -r "$saved" && give_up 'nothing was moved'; }
done
[ "$dry" ] || echo "saved; to go back: $0 --restore '$saved' '$directory'"
for stream in $streams; do
    lines=$work/all
    [ -z "$back" ] || lines=$back/$stream
    move "$stream" "$lines"
done
if [ "$dry" ] && cat "$saved"/* | grep -q .; then
    echo "a plan; to do that: $0 --restore '$saved' '$directory'"
elif [ "$dry" ]; then
    rm -r "$saved"
    echo 'nothing is planned'
fi
[ "$failed" -eq 0 ]
