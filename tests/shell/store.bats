# shellcheck shell=bats
# The embedded store's files in other hands while they are mounted.

# shellcheck disable=SC2030,SC2031 # each test has a store of its own
load helper

# stale: nothing is committed, created or read, and errors says what to do.
stale() {
    refused "Stale file handle" put "$P/checkpoint" 43
    matches "$(tail -n 1 errors)" "ESTALE.*$1 was .*mount again"
    is "$(journal result | tail -n 1)" failed
    refused "Stale file handle" put "$P/checkpoint" "shift +1"
    refused "Stale file handle" mkdir apps/other
    refused "Stale file handle" cat "$P/checkpoint"
    refused "Stale file handle" ls "apps/audit"
}

@test "a store that is removed is ESTALE, and makes way for a new one" {
    put "$P/checkpoint" 42
    rm "$STORE"*
    stale "$STORE"
    [[ ! -e $STORE ]]
    remount_store
    is "$(entries apps)" ""
}

@test "a store that is replaced is ESTALE, and works again when it is put back" {
    put "$P/checkpoint" 42
    mv "$STORE" "$DIR/away"
    stale "$STORE"
    : >"$STORE"
    stale "$STORE"
    cp "$DIR/away" "$STORE"
    stale "$STORE"
    mv "$DIR/away" "$STORE"
    put "$P/checkpoint" 43
    is "$(cat "$P/checkpoint")" 43
    remount_store
    is "$(cat "$P/checkpoint")" 43
}

@test "a store whose directory is removed is ESTALE, and unmounts" {
    cd /
    unmount "$MNT"
    mkdir "$DIR/away"
    STORE=$DIR/away/store.db
    mount_store
    mkdir -p "$MNT/$P"
    cd "$MNT"
    rm -r "$DIR/away"
    stale "$STORE"
    cd /
    unmount "$MNT"
    [[ ! -e $DIR/away ]]
}

@test "with a log that is removed nothing is committed, and nothing was lost" {
    put "$P/checkpoint" 42
    rm "$STORE-wal"
    stale "$STORE-wal"
    remount_store
    is "$(cat "$P/checkpoint")" 42
    put "$P/checkpoint" 43
}

@test "a log that is emptied does not take the store with it" {
    put "$P/checkpoint" 42
    remount_store
    put "$P/checkpoint" 43
    : >"$STORE-wal"
    stale "$STORE-wal"
    remount_store
    is "$(cat "$P/checkpoint")" 42
    put "$P/checkpoint" 43
}

@test "an index that is removed or emptied is ESTALE, and nothing was lost" {
    put "$P/checkpoint" 42
    rm "$STORE-shm"
    stale "$STORE-shm"
    remount_store
    is "$(cat "$P/checkpoint")" 42
    : >"$STORE-shm"
    stale "$STORE-shm"
    remount_store
    is "$(cat "$P/checkpoint")" 42
}

@test "sqlite3 may look into a mounted store, tidy it up and back it up" {
    needs sqlite3
    local number
    for number in 1 2 3; do
        put "$P/checkpoint" "$number"
        is "$(sqlite3 "$STORE" "SELECT sequence FROM checkpoint")" "$number"
        sqlite3 "$STORE" ".backup $DIR/backup.db" "PRAGMA wal_checkpoint(TRUNCATE)" "VACUUM" >"$DIR/sqlite3.log"
        is "$(cat "$P/checkpoint")" "$number"
    done
    put "$P/checkpoint" 4
    remount_store
    is "$(cat "$P/checkpoint")" 4
}

@test "a store that is removed amid a read-only mount is ESTALE" {
    put "$P/checkpoint" 42
    remount_store -o ro
    mv "$STORE" "$DIR/away"
    refused "Stale file handle" cat "$P/checkpoint"
    mv "$DIR/away" "$STORE"
    is "$(cat "$P/checkpoint")" 42
}

# ---- what other programs write

@test "what other programs have named is listed if it can be, and no name ends a list" {
    needs sqlite3
    sqlite3 "$STORE" "INSERT INTO app (name, created) VALUES ('a' || char(0) || 'b', 0),
        ('$(repeat 300 x)', 0), (CAST(x'63ff' AS TEXT), 0), ('', 0);
        INSERT INTO stream (name, created) VALUES ('x y', 0), ('$(repeat 300 y)', 0)"
    remount_store
    is "$(entries apps)" "billing c%FF"
    is "$(entries streams)" "orders x%20y"
    put "$P/checkpoint" 42
    ls apps streams >/dev/null
    is "$(cut -f 2-4 errors | sort | uniq -c | xargs)" "4 / list -"
    is "$(grep -c 'cannot be shown: its name' errors)" 4
}
