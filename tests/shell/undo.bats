# shellcheck shell=bats
# Going back: what was committed before the last change is committed again.

load helper

C=apps/billing/orders/0/checkpoint
M=apps/billing/orders/0/metadata
T=apps/billing/orders/checkpoints

setup() {
    make_place
    mount_store
    cd "$MNT" || return
    mkdir -p apps/billing/orders/{0,1,2}
    grep -q null apps/billing/orders/*/status # so the mount knows that nothing is committed
}

# other COMMAND...: with another mount of the store, at $DIR/other.
other() {
    mkdir -p "$DIR/other"
    mount_at "$DIR/other"
    "$@"
    unmount "$DIR/other"
}

undo() {
    put "$C" undo
}

@test "undo commits what was there before, with its metadata" {
    put_once "$C" '10\nfirst\n'
    put_once "$C" '20\nsecond\n'
    undo
    is "$(cat "$C" "$M")" "$(printf '10\nfirst')"
    is "$(journal result what number metadata before | tail -n 1)" "$(printf 'ok\tundo\t10\tfirst\t20')"
}

@test "each undo goes one change further back, and the first commit is undone by deleting it" {
    for number in 10 20 30; do
        put "$C" "$number"
    done
    undo
    is "$(cat "$C")" 20
    undo
    is "$(cat "$C")" 10
    undo
    absent "$C"
    refused "No data available" undo
    matches "$(tail -n 1 errors)" "no change is known here that is not undone"
}

@test "a commit after an undo is undone like any other" {
    put "$C" 10
    put "$C" 20
    undo
    put "$C" 30
    undo
    is "$(cat "$C")" 10
    undo
    absent "$C"
}

@test "what is removed comes back" {
    put_once "$C" '10\nnote\n'
    rm "$C"
    undo
    is "$(cat "$C" "$M")" "$(printf '10\nnote')"
}

@test "a change of metadata is undone" {
    put_once "$C" '10\nbefore\n'
    put "$M" after
    undo
    is "$(cat "$C" "$M")" "$(printf '10\nbefore')"
}

@test "in checkpoints/ undo is a position, too" {
    put "$C" 10
    put checkpoints/billing/orders/0 20
    put checkpoints/billing/orders/0 undo
    is "$(cat checkpoints/billing/orders/0)" 10
}

@test "what failed, or another partition, does not count" {
    put "$C" 10
    put "$C" 20
    put apps/billing/orders/1/checkpoint 5
    refused "Invalid argument" put "$C" nonsense
    put streams/orders/0/latest 25
    refused "Numerical result out of range" put "$C" 99
    undo
    is "$(cat "$C")" 10
}

@test "what somebody else has committed since is not overwritten" {
    put "$C" 10
    put "$C" 20
    other put "$DIR/other/$C" 77
    refused "Device or resource busy" undo
    is "$(cat "$C")" 77
    matches "$(tail -n 1 errors)" "EBUSY.*77 is committed, and no longer 20"
}

@test "undo goes back to what another client has committed, however long ago" {
    put "$C" 10
    other put "$DIR/other/$C" 1000
    sleep 1.5
    printf '990\n' | dd of="$C" conv=notrunc status=none
    is "$(journal before number | tail -n 1)" "$(printf '1000\t990')"
    undo
    is "$(cat "$C")" 1000
}

@test "a table undoes a whole stream, each partition its own last change" {
    put_once "$T" '0\t10\tten\n1\t11\n2\t12\n'
    put_once "$T" '*\t@1h\n' 2>"$DIR/messages" || true
    put_once "$T" '*\t50\n'
    put apps/billing/orders/2/checkpoint 60
    put_once "$T" '*\tundo\n'
    is "$(cat "$T")" "$(printf '0\t10\tten\n1\t11\n2\t50')"
}

@test "undo brings metadata of its own, and takes none" {
    put "$C" 10
    put "$C" 20
    refused "Invalid argument" put_once "$C" 'undo\nnote\n'
    refused "Invalid argument" put_once "$T" '0\tundo\tnote\n'
    is "$(cat "$C")" 20
}

@test "monotonic refuses an undo that goes back, and clamp does not move it" {
    remount_store -o monotonic
    put "$C" 10
    put "$C" 20
    refused "Operation not permitted" undo
    is "$(cat "$C")" 20
    remount_store -o clamp
    put "$C" 30
    put "$C" 40
    put streams/orders/0/latest 50
    put streams/orders/0/earliest 35
    refused "Numerical result out of range" undo
    is "$(cat "$C")" 40
}

@test "ten thousand partitions are undone at once" {
    for ((i = 0; i < 10000; i++)); do
        printf '%d\t%d\n' "$i" $((i + 1))
    done >"$DIR/table"
    mkdir -p checkpoints/billing/many
    sqlite3 "$STORE" "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
        INSERT INTO partition (stream, number) SELECT (SELECT id FROM stream WHERE name = 'many'), i FROM n" ||
        skip "the store has another form"
    cat "$DIR/table" >apps/billing/many/checkpoints
    put_once apps/billing/many/checkpoints '*\tshift +5\n'
    put_once apps/billing/many/checkpoints '*\tundo\n'
    cmp apps/billing/many/checkpoints "$DIR/table"
}
