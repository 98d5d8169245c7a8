# shellcheck shell=bats
# shellcheck disable=SC2030,SC2031 # each test is a shell of its own
# shellcheck disable=SC2016 # what other shells are to expand
# The scripts of examples/ that tell of lags and of commits.

load examples

@test "lag-alert.sh prints what is far behind, and nothing else" {
    put streams/orders/0/latest 100
    put streams/orders/10/latest 100
    put streams/orders/1/latest 100
    echo draft >checkpoints/billing/orders/draft
    run -1 "$EXAMPLES/lag-alert.sh" "$MNT" 22
    is "$output" "billing/orders/0 is 57 records behind
billing/orders/1: nothing is committed, and 100 records wait"
    run -0 "$EXAMPLES/lag-alert.sh" "$MNT" 100
    is "$output" ""
    run -0 "$EXAMPLES/lag-alert.sh" "$MNT"
    is "$output" ""
    run -1 "$EXAMPLES/lag-alert.sh" "$MNT" 0
    is "$output" "billing/orders/0 is 57 records behind
billing/orders/1: nothing is committed, and 100 records wait
billing/orders/10 is 22 records behind"
    rm checkpoints/billing/orders/10
    run -1 "$EXAMPLES/lag-alert.sh" "$MNT" 57
    is "$output" "billing/orders/1: nothing is committed, and 100 records wait
billing/orders/10: nothing is committed, and 100 records wait"
}

@test "lag-alert.sh prints who loses records, soon will, stands still, or is beyond the end" {
    put checkpoints/billing/orders/1 500
    put streams/orders/1/latest 100
    put streams/orders/0/latest 100
    put streams/orders/0/earliest 60
    put streams/orders/10/latest 100
    put streams/orders/10/earliest 70
    remount_store -o stalled=0
    run -1 "$EXAMPLES/lag-alert.sh" "$MNT"
    is "$output" "billing/orders/0 is expired, 40 records behind
billing/orders/1 is ahead, 0 records behind
billing/orders/10 is stalled, 22 records behind"
    put streams/orders/10/earliest 75
    run -1 "$EXAMPLES/lag-alert.sh" "$MNT"
    matches "$output" "billing/orders/10 is near, 22 records behind"
}

@test "a mount that is gone is an alert, too" {
    local mnt=$MNT
    run -1 "$EXAMPLES/lag-alert.sh" "$DIR"
    matches "$output" "$DIR: no mount of checkpointfs that can be read"
    cd /
    kill_daemon
    run -1 "$EXAMPLES/lag-alert.sh" "$mnt"
    matches "$output" "$mnt: no mount of checkpointfs that can be read"
}

@test "lag-metrics.sh fails where no mount is, and both tell their usage" {
    run "$EXAMPLES/lag-metrics.sh" "$DIR" "$DIR/lag.prom"
    ((status != 0))
    matches "$output" "$DIR/gauges"
    run -2 "$EXAMPLES/lag-alert.sh"
    run -2 "$EXAMPLES/lag-alert.sh" "$MNT" ten
    matches "$output" '^usage: '
    run -2 "$EXAMPLES/lag-metrics.sh" "$MNT"
    matches "$output" '^usage: '
    not test -e "$DIR/lag.prom"
}

@test "lag-metrics.sh writes what all apps and the mount have, as Prometheus reads it" {
    put streams/orders/0/latest 100
    mkdir 'apps/my%20app'
    put 'apps/my%20app/orders/0/checkpoint' 98
    echo draft >checkpoints/billing/orders/draft
    run -0 "$EXAMPLES/lag-metrics.sh" "$MNT" "$DIR/lag.prom"
    is "$output" ""
    is "$(stat -c %a "$DIR/lag.prom")" 644
    grep -qxF "checkpointfs_lag_records{source=\"local:$STORE\",app=\"billing\",stream=\"orders\",partition=\"0\"} 57" \
        "$DIR/lag.prom"
    grep -qxF "checkpointfs_lag_records{source=\"local:$STORE\",app=\"my app\",stream=\"orders\",partition=\"0\"} 1" \
        "$DIR/lag.prom"
    python3 "$BATS_TEST_DIRNAME/exposition.py" "$DIR/lag.prom" >"$DIR/samples"
    grep -q ^checkpointfs_start_time_seconds "$DIR/samples"
    is "$(ls "$DIR"/lag.prom*)" "$DIR/lag.prom"
}


# How often programs have polled a file of the mount.
polls() {
    awk '/^checkpointfs_file_request_seconds_count.*"poll"/ { count = $NF } END { print count + 0 }' metrics
}

polls_after() {
    (($(polls) > $1))
}

# waits_for OUTPUT COMMAND...: which changes the checkpoint.
waits_for() {
    local before waiting
    before=$(polls)
    in_background python3 "$EXAMPLES/wait-commit.py" "$P/checkpoint" >"$DIR/waited"
    waiting=$!
    eventually polls_after "$before"
    is "$(cat "$DIR/waited")" ""
    not ended "$waiting"
    "${@:2}"
    eventually ended "$waiting"
    wait "$waiting"
    is "$(cat "$DIR/waited")" "$1"
}

@test "wait-commit.py waits until something else is committed, or it is deleted" {
    needs python3
    mount_at "$DIR/other"
    waits_for 43 put "$P/checkpoint" 43
    waits_for 44 put "$DIR/other/$P/checkpoint" 44
    waits_for none rm "$P/checkpoint"
    run -1 python3 "$EXAMPLES/wait-commit.py"
    matches "$output" 'Usage: '
}

@test "wait-commit.py waits for the first commit, too, and not below what is not there" {
    needs python3
    local waiting
    rm "$P/checkpoint"
    in_background python3 "$EXAMPLES/wait-commit.py" "$P/checkpoint" >"$DIR/waited"
    waiting=$!
    sleep 0.3
    not ended "$waiting"
    put "$P/checkpoint" 43
    eventually ended "$waiting"
    wait "$waiting"
    is "$(cat "$DIR/waited")" 43
    run -1 python3 "$EXAMPLES/wait-commit.py" apps/biling/orders/0/checkpoint
    is "$output" "wait-commit.py: apps/biling/orders/0 is no directory"
}

@test "a mount that hangs is an alert, too" {
    local mnt=$MNT pid
    pid=$(daemon)
    kill -STOP "$pid"
    WAIT=1 run -1 "$EXAMPLES/lag-alert.sh" "$mnt"
    kill -CONT "$pid"
    is "$output" "$mnt: no mount of checkpointfs that can be read"
}

# ---- on-commit.py

# runs_on LINE COMMAND...: what on-commit.py says of a change of the checkpoints.
runs_on() {
    "${@:2}"
    eventually grep -qx -- "$1" "$DIR/ran"
}

@test "on-commit.py runs a command on each commit, by whomever, and on what is new" {
    needs python3
    mount_at "$DIR/other"
    in_background python3 "$EXAMPLES/on-commit.py" checkpoints/billing sh -c 'echo "$1 $2" >>"$0"' "$DIR/ran"
    local before=0
    eventually polls_after "$before"
    runs_on 'orders/0 43' put "$P/checkpoint" 43
    runs_on 'payments/0 6' put "$DIR/other/apps/billing/payments/0/checkpoint" 6
    runs_on 'orders/0 none' rm "$P/checkpoint"
    runs_on 'orders/0 44' put "$P/checkpoint" 44
    runs_on 'orders/1 1' put apps/billing/orders/1/checkpoint 1
    runs_on 'orders/1 2' put apps/billing/orders/1/checkpoint 2
    is "$(grep -c . "$DIR/ran")" 6
    kill -INT "$!"
    eventually ended "$!"
}

@test "on-commit.py waits for nothing where nothing can come" {
    needs python3
    local place
    for place in "$DIR" checkpoints/biling apps/billing /nonexistent .; do
        run -1 timeout 10 python3 "$EXAMPLES/on-commit.py" "$place" true
        is "$output" \
            "on-commit.py: $place is no directory of checkpoints/ in a mount, such as ~/mnt/checkpoints/billing"
    done
}

@test "on-commit.py ends when its command fails, or the mount does" {
    needs python3
    in_background python3 "$EXAMPLES/on-commit.py" checkpoints/billing/orders false 2>"$DIR/said"
    eventually polls_after 0
    put "$P/checkpoint" 43
    eventually ended "$!"
    matches "$(cat "$DIR/said")" "on-commit.py: Command .*'false', '0', .*43.* returned non-zero"
    in_background python3 "$EXAMPLES/on-commit.py" "$MNT/checkpoints/billing" true 2>"$DIR/said"
    eventually polls_after "$(polls)"
    cd /
    kill_daemon
    eventually ended "$!"
    matches "$(cat "$DIR/said")" "on-commit.py: .*(not connected|aborted)"
    run -2 python3 "$EXAMPLES/on-commit.py" "$MNT"
    matches "$output" "^Usage: on-commit.py DIRECTORY COMMAND"
}

# ---- units of systemd

@test "the units for the metrics are ones that systemd takes" {
    needs systemd-analyze
    cp "$EXAMPLES"/checkpointfs-metrics.{service,timer} "$DIR"
    sed -i "s|^ExecStart=[^ ]*|ExecStart=$(realpath "$EXAMPLES")/lag-metrics.sh|" "$DIR/checkpointfs-metrics.service"
    run -0 systemd-analyze verify "$DIR"/checkpointfs-metrics.{timer,service}
    is "$output" ""
}
