#!/bin/bash
# Usage: kafka.sh [BROKERS]
#
# Builds checkpointfs, starts three brokers of Apache Kafka on this machine, mounts them on a temporary directory, and
# moves a consumer group: what Kafka's own consumer has committed is in a file, and it goes on from what is written
# there. Fails unless it does. With BROKERS, such as localhost:9092, it takes that Kafka rather than one of its own, and
# makes a topic there that it deletes in the end. Installs what is missing with apt, as root or with sudo; Kafka's jars
# come from Maven Central, once. Removes what else it has made, but for the build directory.
set -euo pipefail

case ${1-} in
-h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" && exit ;;
esac
project=$(cd "$(dirname "$0")/.." && pwd)
cluster=$project/tests/kafka/cluster

say() {
    printf '\n== %s\n' "$*"
}

# What the command lines of Kafka do, without their scripts.
tool() { # CLASS ARGUMENT...
    "$cluster" run "org.apache.kafka.tools.$1" --bootstrap-server "$brokers" "${@:2}"
}

if [ -z "${CHECKPOINTFS:-}" ]; then
    say "Installing what is missing, and building"
    "$project/.ci/install" build examples kafka
    cmake -S "$project" --preset release >/dev/null
    cmake --build "$project/build/release" | tail -n 1
    CHECKPOINTFS=$project/build/release/fs/checkpointfs
fi

work=$(mktemp -d)
mnt=$work/mnt
brokers=${1:-}
topic=orders-$$ group=billing-$$
clean_up() {
    cd /
    ! mountpoint -q "$mnt" || fusermount3 -u "$mnt"
    if [ -e "$work/cluster" ]; then
        "$cluster" stop "$work/cluster"
    else
        tool TopicCommand --delete --topic "$topic" || true
    fi
    rm -rf "$work"
}
trap clean_up EXIT

if [ -z "$brokers" ]; then
    say "Starting three brokers"
    brokers=$("$cluster" start "$work/cluster")
    echo "$brokers"
fi

say "Producing 100 records to the topic $topic"
tool TopicCommand --create --topic "$topic" --partitions 1
seq 100 | tool ConsoleProducer --topic "$topic"

consume() { # COUNT
    tool consumer.ConsoleConsumer --topic "$topic" --group "$group" --from-beginning --max-messages "$1" \
        2>"$work/log" || { cat "$work/log" >&2 && return 1; }
}

say "Kafka's own consumer reads 60 of them, as the group $group"
consume 60 | tail -n 1

say "What it has committed, in the mount"
mkdir "$mnt"
"$CHECKPOINTFS" "kafka+plain://$brokers" "$mnt"
cd "$mnt/apps/$group/$topic/0"
tail -n +1 checkpoint lag status

say "Moving it back by 10 records: echo shift -10 > checkpoint"
echo shift -10 >checkpoint
committed=$(cat checkpoint)
echo "committed: $committed  lag: $(cat lag)"

say "Kafka's own consumer goes on from there, with record"
record=$(consume 1)
echo "$record"
[ "$record" = $((committed + 1)) ] # they are numbered from 0, and count from 1
echo "committed: $(cat checkpoint)  lag: $(cat lag)"
