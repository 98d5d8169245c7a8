# shellcheck shell=bats
# lag/ and gauges/: a whole app at a time.

load helper

HEAD=$'#stream\tpartition\tcheckpoint\tearliest\tlatest\tlag\tmargin\tstate\tcommitted'

# filled COUNT: that many records from 0 on, of which all are kept.
filled() {
    put "$S/latest" "$1"
}

# table [APP]: without its head and its times, a blank between fields.
table() {
    tail -n +2 "lag/${1:-billing}" | cut -f 1-8 | tr '\t' ' '
}

# state: of billing on the partition 0 of orders.
state() {
    awk '$1 == "orders" && $2 == 0 { print $8 }' lag/billing
}

@test "lag/ and gauges/ list the apps" {
    mkdir apps/audit 'apps/my%20app'
    is "$(entries lag)" "audit billing my%20app"
    is "$(entries gauges)" "audit billing my%20app"
    rmdir apps/audit
    is "$(entries lag) $(entries gauges)" "billing my%20app billing my%20app"
}

@test "an app without a checkpoint has a head and nothing else" {
    is "$(cat lag/billing)" "$HEAD"
}

@test "a line for each partition of the streams with a checkpoint" {
    mkdir -p apps/billing/orders/{1,10,2} apps/billing/payments/0 apps/billing/idle/0
    filled 100
    put "$P/checkpoint" 41
    put apps/billing/payments/0/checkpoint 3
    is "$(head -n 1 lag/billing)" "$HEAD"
    is "$(table)" "orders 0 41 0 100 58 42 ok
orders 1 - 0 0 0 0 none
orders 2 - 0 0 0 0 none
orders 10 - 0 0 0 0 none
payments 0 3 0 0 0 4 ok"
}

@test "the last field is when it was committed" {
    put "$P/checkpoint" 41
    is "$(awk 'NR == 2 { print $9 }' lag/billing)" "$(date -u -d "@$(stat -c %Y "$P/checkpoint")" +%FT%TZ)"
    rm "$P/checkpoint"
    mkdir streams/orders/1
    put apps/billing/orders/1/checkpoint 1
    is "$(awk '$2 == 0 { print $9 }' lag/billing)" "-"
}

@test "states" {
    filled 100
    mkdir streams/orders/1
    put apps/billing/orders/1/checkpoint 0
    is "$(state)" none
    put "$P/checkpoint" 99
    is "$(state)" ok
    put "$P/checkpoint" 50
    is "$(state)" rewound
    put "$P/checkpoint" 51
    is "$(state)" ok
    put "$S/earliest" 50
    is "$(state)" near
    put "$S/earliest" 60
    is "$(state)" expired
    is "$(table | head -n 1)" "orders 0 51 60 100 40 0 expired"
    rm "$P/checkpoint"
    is "$(state)" none
}

@test "what another mount committed went back, too" {
    filled 100
    put "$P/checkpoint" 60
    is "$(state)" ok
    mount_at "$DIR/other"
    put "$DIR/other/$P/checkpoint" 50
    is "$(state)" rewound
    is "$(state)" rewound
    put "$DIR/other/$P/checkpoint" 51
    is "$(state)" ok
    unmount "$DIR/other"
}

@test "nobody goes on: rewound, and then stalled" {
    remount_store -o stalled=2
    filled 100
    put "$P/checkpoint" 60
    put "$P/checkpoint" 50
    is "$(state)" rewound
    eventually state_is stalled
    put "$P/checkpoint" 51
    is "$(state)" ok
    put "$P/checkpoint" 99
    sleep 2
    is "$(state)" ok
}

state_is() {
    [[ $(state) == "$1" ]]
}

@test "-o near and -o stalled" {
    filled 100
    put "$P/checkpoint" 29
    is "$(state)" ok
    remount_store -o near=31
    is "$(state)" near
    remount_store -o near=30
    is "$(state)" ok
    remount_store -o stalled=0
    is "$(state)" stalled
    is "$(jq -c '.options | [.near, .stalled]' status)" "[20,0]"
    remount_store -o near=0,stalled=86400
    is "$(state)" ok
    is "$(jq -c '.options | [.near, .stalled]' status)" "[0,86400]"
}

@test "options that are none" {
    cd /
    unmount "$MNT"
    local option
    for option in near=101 near=-1 near=x near= stalled=-1 stalled=x stalled=86401; do
        run -2 timeout 20 "$CHECKPOINTFS" -o "$option" "local:$STORE" "$MNT"
        matches "$output" "${option%%=*}="
    done
}

@test "-o checkpoint=next" {
    filled 100
    put "$P/checkpoint" 50
    remount_store -o checkpoint=next
    is "$(table)" "orders 0 50 0 100 50 50 ok"
}

@test "a checkpoint beyond the end is ahead" {
    put "$P/checkpoint" 9223372036854775806
    is "$(table)" "orders 0 9223372036854775806 0 0 0 9223372036854775807 ok"
    filled 100
    is "$(table)" "orders 0 9223372036854775806 0 100 0 9223372036854775807 ahead"
}

@test "its size is 0 until it is opened, and true after that" {
    put "$P/checkpoint" 41
    is "$(stat -c %s lag/billing gauges/billing | xargs)" "0 0"
    cat lag/billing >"$DIR/read"
    is "$(stat -L -c %s /dev/stdin <lag/billing)" "$(stat -c %s "$DIR/read")"
    busybox cat lag/billing | cmp - "$DIR/read"
    python3 -c 'import shutil, sys; shutil.copyfile(*sys.argv[1:])' lag/billing "$DIR/copied"
    cmp "$DIR/copied" "$DIR/read"
    is "$(stat -c %A lag/billing gauges/billing | xargs)" "-r--r--r-- -r--r--r--"
}

@test "read again from its beginning it is asked for again" {
    filled 100
    put "$P/checkpoint" 41
    exec 7<lag/billing
    matches "$(cat <&7)" $'\t58\t'
    put "$P/checkpoint" 42
    python3 -c 'import os; os.lseek(7, 0, 0); print(os.read(7, 65536).decode())' >"$DIR/again"
    exec 7<&-
    grep -q $'\t57\t' "$DIR/again"
}

@test "nothing is changed here" {
    put "$P/checkpoint" 41
    refused "Read-only file system" put lag/billing x
    refused "Operation not permitted" rm lag/billing
    refused "Operation not permitted" touch lag/new
    refused "Operation not permitted" mkdir lag/new
    refused "Operation not permitted" rename lag/billing lag/b
    refused "No such file or directory" cat lag/nobody
    refused "No such file or directory" cat gauges/nobody
    is "$(cat "$P/checkpoint")" 41
}

@test "names as files have them" {
    mkdir -p 'apps/my%20app/orders.v2/0'
    put 'apps/my%20app/orders.v2/0/checkpoint' 3
    is "$(table my%20app)" "orders.v2 0 3 0 0 0 4 ok"
    while read -r stream partition checkpoint _; do
        is "$(cat "apps/my%20app/$stream/$partition/checkpoint")" "$checkpoint"
    done < <(tail -n +2 'lag/my%20app')
}

# ---- Prometheus

# samples FILE...: as the textfile collector reads them.
samples() {
    python3 "$BATS_TEST_DIRNAME/exposition.py" "$@"
}

@test "gauges are what Prometheus reads" {
    filled 100
    put "$S/earliest" 10
    put "$P/checkpoint" 41
    mkdir streams/orders/1
    samples gauges/billing >"$DIR/samples"
    local labels="{\"app\": \"billing\", \"partition\": \"0\", \"source\": \"local:$STORE\", \"stream\": \"orders\"}"
    is "$(grep -F "$labels" "$DIR/samples" | cut -f 1,3)" \
        "checkpointfs_lag_records	58
checkpointfs_margin_records	32
checkpointfs_checkpoint	41
checkpointfs_earliest	10
checkpointfs_latest	100
checkpointfs_expired_records	0
checkpointfs_committed_timestamp_seconds	$(stat -c %Y "$P/checkpoint")"
    is "$(grep -F '"partition": "1"' "$DIR/samples" | cut -f 1,3)" \
        "checkpointfs_lag_records	0
checkpointfs_margin_records	0
checkpointfs_earliest	0
checkpointfs_latest	0
checkpointfs_expired_records	0"
    put "$S/earliest" 50
    samples gauges/billing | grep -qP '^checkpointfs_expired_records\t.*"0".*\t8$'
}

@test "gauges of an app with a nasty name" {
    local name='%22%7D%20%0A%5Cn'
    mkdir -p "apps/$name/orders/0"
    put "apps/$name/orders/0/checkpoint" 3
    samples "gauges/$name" >"$DIR/samples"
    is "$(cut -f 2 "$DIR/samples" | jq -r .app | sort -u)" $'"} \n\\n'
}

@test "all that several mounts tell can be in one directory" {
    mkdir -p apps/audit/orders/0 "$DIR/textfiles"
    put "$P/checkpoint" 41
    put apps/audit/orders/0/checkpoint 42
    STORE=$DIR/another.db mount_at "$DIR/other"
    mkdir -p "$DIR/other/$P"
    put "$DIR/other/$P/checkpoint" 43
    local file
    for file in metrics gauges/{billing,audit} "$DIR/other/"{metrics,gauges/billing}; do
        cat "$file" >"$DIR/textfiles/$(echo "$file" | tr / -)"
    done
    samples "$DIR/textfiles"/* >"$DIR/samples"
    is "$(grep -c ^checkpointfs_lag_records "$DIR/samples")" 3
    is "$(cut -f 2 "$DIR/samples" | jq -r .source | sort -u | wc -l)" 2
    unmount "$DIR/other"
}
