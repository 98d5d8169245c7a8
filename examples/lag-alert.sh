#!/bin/sh
# Usage: lag-alert.sh MOUNT [LIMIT]
#
# Prints a line for each partition that somebody should look at: where records are lost, or soon will be; where an
# app stands still or is beyond the end; where that cannot be told; and where it is more than LIMIT records behind, or
# has committed nothing while more than that wait. An app that has no checkpoint at all is not looked at.
# MOUNT is a checkpointfs mount; its options near= and stalled= say what is soon, and still. The exit status is 0 when
# there is no such partition, else 1, also when the mount is gone, or does not answer for $WAIT (60) seconds, or its
# service does not, which is a line, too. As a job of cron it sends a mail when somebody should look.
set -u

case ${1-} in
-h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" && exit ;;
esac
case ${2-0} in
*[!0-9]* | '') set -- ;;
esac
if [ $# -lt 1 ] || [ $# -gt 2 ]; then
    echo 'usage: lag-alert.sh MOUNT [LIMIT], such as: lag-alert.sh ~/mnt 1000' >&2
    exit 2
fi
mount=$1
limit=${2-}

# in_time COMMAND: a mount that hangs lets a program go for SIGKILL alone.
in_time() {
    timeout -k 1 "${WAIT:-60}" "$@"
}

if ! apps=$(in_time ls "$mount/lag"); then
    echo "$mount: no mount of checkpointfs that can be read"
    exit 1
fi

# alerts APP: of its table.
alerts() {
    awk -F '\t' -v app="$1" -v limit="$limit" '
        /^#/ { next }
        { partition = app "/" $1 "/" $2 }
        $8 == "-" { print partition ": how far behind it is cannot be told"; next }
        $8 ~ /^(expired|near|ahead|stalled)$/ { print partition " is " $8 ", " $6 " records behind"; next }
        limit == "" || $6 + 0 <= limit + 0 { next }
        $8 == "none" { print partition ": nothing is committed, and " $6 " records wait"; next }
        { print partition " is " $6 " records behind" }'
}

# reason APP STATUS: why its table could not be read, as far as the mount has said.
reason() {
    case $2 in
    124 | 137) echo "no answer for ${WAIT:-60} seconds" && return ;;
    esac
    said=$(in_time tail -n 1 "$mount/errors" | awk -F '\t' -v path="lag/$1" '$2 == path { print $4, $8 }')
    echo "${said:-it cannot be read}"
}

status=0
for app in $apps; do
    table=$(in_time cat "$mount/lag/$app") || {
        echo "$app: $(reason "$app" $?)"
        status=1
        continue
    }
    lines=$(printf '%s\n' "$table" | alerts "$app")
    [ -n "$lines" ] || continue
    printf '%s\n' "$lines"
    status=1
done
exit "$status"
