#!/bin/sh
# Usage: reset.sh DIRECTORY POSITION
#
# Moves an app on all partitions of a stream. DIRECTORY is the app's directory of that stream in a
# checkpointfs mount, such as ~/mnt/apps/billing/orders. POSITION is whatever can be written to a
# checkpoint: a number, earliest, latest, @2026-11-21T08:00:00Z, @1h, "shift -100".
#
# First it saves what is committed, below $TMPDIR or /var/tmp, and says how to go back; a partition that had
# no checkpoint keeps its new one then. For each partition it prints where it was and where it is, and why it
# was refused or what else one should know. It goes on when a partition cannot be moved, and fails in the end.
#
# Stop the app first: a consumer that runs keeps its position in memory and commits it again.
set -eu

if [ $# -ne 2 ]; then
    echo 'usage: reset.sh DIRECTORY POSITION, such as: reset.sh ~/mnt/apps/billing/orders @1h' >&2
    exit 2
fi
position=$2

give_up() {
    echo "reset.sh: $*" >&2
    exit 1
}

# What is committed: a number, "none", or "unknown" when that cannot be read.
committed() {
    if said=$(LC_ALL=C cat "$1" 2>&1); then
        echo "$said"
    else
        case $said in
        *'No such file or directory') echo none ;;
        *) echo unknown ;;
        esac
    fi
}

# What the file `errors` says of an operation on a partition since the script began.
sentence() {
    awk -F '\t' -v before="$last" -v path="$1" -v operation="$2" \
        '$1 > before && $2 == path && $3 == operation { text = $8 } END { print text }' errors
}

directory=$(cd -- "$1" && pwd -P) || exit 1
stream=${directory##*/}
app=${directory%/*}
mount=${app%/*/*}
app=${app##*/}
cd "$mount/"
if [ "$directory" != "$mount/apps/$app/$stream" ] || ! [ -f commits ]; then
    give_up "$directory is no stream of an app in a mount, such as ~/mnt/apps/billing/orders"
fi
partitions=$(find "apps/$app/$stream" -mindepth 1 -maxdepth 1 -type d) || give_up 'nothing was moved'
[ "$partitions" ] || give_up "$directory has no partitions"

saved=$(mktemp -d "${TMPDIR:-/var/tmp}/checkpoints.XXXXXX")
mkdir "$saved/$app"
streams=$(ls "checkpoints/$app") || give_up 'nothing was moved'
if printf '%s\n' "$streams" | grep -Fqx -e "$stream"; then
    cp -r "checkpoints/$app/$stream" "$saved/$app" || give_up 'nothing was moved'
fi
echo "saved; to go back: cp -r '$saved/.' '$mount/checkpoints/'"

last=$(tail -n 1 errors | cut -f 1)
failed=0
for partition in $partitions; do
    number=${partition##*/}
    path=$partition/checkpoint
    before=$(head -n 1 "$saved/$app/$stream/$number" 2>/dev/null || echo none)
    if said=$( (printf '%s\n' "$position" >"$path") 2>&1); then
        why=$(sentence "$path" commit)
    else
        failed=1
        why=$(sentence "$path" write)
        why=${why:-${said##*: }}
    fi
    echo "$number: $before -> $(committed "$path")${why:+: $why}"
done
exit "$failed"
