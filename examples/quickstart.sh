#!/bin/bash
# Usage: quickstart.sh [LOG]
#
# Builds checkpointfs, mounts its embedded store on a temporary directory, makes records of the lines of
# LOG (or of a log of this machine), and runs a consumer of them that is killed half-way and resumes. Fails
# unless it has each record once then. Installs what is missing with apt, as root or with sudo. Removes what
# it has made, but for the build directory.
set -euo pipefail

case ${1-} in
-h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" && exit ;;
esac
project=$(cd "$(dirname "$0")/.." && pwd)

say() {
    printf '\n== %s\n' "$*"
}

say "Installing what is missing, and building"
"$project/.ci/install" build examples
cmake -S "$project" --preset release >/dev/null
cmake --build "$project/build/release" | tail -n 1

work=$(mktemp -d)
mnt=$work/mnt
clean_up() {
    ! mountpoint -q "$mnt" || fusermount3 -u "$mnt"
    rm -rf "$work"
}
trap clean_up EXIT

log=${1:-/var/log/dpkg.log}
[ -s "$log" ] || log=$project/docs/checkpointfs.1
head -n 2000 "$log" | iconv -c -f UTF-8 -t UTF-8 | tr -d '\000' >"$work/log"
lines=$(wc -l <"$work/log")

say "Mounting a new store on $mnt"
mkdir "$mnt"
"$project/build/release/fs/checkpointfs" -o batch=2000 "local:$work/checkpoints.db" "$mnt"
partition=$mnt/apps/numbering/log/0
mkdir -p "$partition"
ls "$mnt" "$partition"

say "Producing $lines records, the lines of $log"
cat "$work/log" >"$mnt/streams/log/0/records/new"
head -n 2 "$partition/records/now"

consume() {
    "$project/examples/consume.sh" "$partition" "$work/output"
}

say "Consuming them, until the consumer is killed half-way"
set -m
consume &
consumer=$!
until [ "$(cat "$partition/checkpoint" 2>/dev/null || echo 0)" -ge $((lines / 2)) ]; do
    kill -0 "$consumer" 2>/dev/null || break
done
kill -9 -- "-$consumer" 2>/dev/null || true
wait "$consumer" 2>/dev/null || true
set +m
echo "committed: $(cat "$partition/checkpoint")  lag: $(cat "$partition/lag")"

say "Resuming"
consume
echo "committed: $(cat "$partition/checkpoint")  lag: $(cat "$partition/lag")"
cat "$partition/status"

say "The end of its output, which has every record once"
tail -n 3 "$work/output"
awk '{ print NR - 1 "\t" $0 }' "$work/log" | cmp - "$work/output"
echo "All $lines records are there, none is missing and none is there twice."
