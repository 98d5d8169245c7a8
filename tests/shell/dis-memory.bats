# shellcheck shell=bats
# What much of DIS takes in memory. A sanitizer has its own: only a build without one shows this.

load dis

@test "an endless answer does not fill the memory" {
    is_sanitized && skip "a sanitizer has its own memory"
    warm
    fail_at read huge bytes=60000000 count=8
    for _ in {1..8}; do
        refused "${SAYS[EBADMSG]:?}" op_read
    done
    (($(awk '/^VmHWM/ { print $2 }' "/proc/$(daemon)/status") < 80000))
}

@test "10,000 partitions, 500 apps and 200 streams: find counts right, and memory stays small" {
    make_many apps=498 streams=197
    control POST stream name=wide partitions=10000 latest=50000 >/dev/null
    jq -nc '{checkpoints: [range(10000) |
        {app: "audit", stream: "wide", partition: ., sequence: .}]}' >"$DIR/seed"
    seed "$(<"$DIR/seed")"
    remount_service
    # the directory, 500 apps, 2 streams, and 10,001 partitions
    is "$(timeout 60 find checkpoints | wc -l)" 10504
    is "$(find checkpoints/audit -type f | wc -l)" 10000
    is "$(count apps/audit/wide)" 10001
    is "$(count streams/wide)" 10001
    is "$(cat checkpoints/audit/wide/9999) $(cat apps/audit/wide/9999/checkpoint)" "9999 9999"
    is "$(cat errors)" ""
    if ! is_sanitized; then
        (($(awk '/^VmRSS/ { print $2 }' "/proc/$(daemon)/status") < 40960))
    fi
}
