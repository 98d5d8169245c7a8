# shellcheck shell=bats
# What it costs to look at a partition as file managers do: with GIO they ask for the attributes of each file, and open
# those whose names tell no type.

load dis

TYPES=$BATS_TEST_DIRNAME/../../packaging/mime/checkpointfs.xml

# know_types [FILE...]: no others but those that the system has.
know_types() {
    needs gio update-mime-database
    export XDG_DATA_HOME=$DIR/data
    mkdir -p "$XDG_DATA_HOME/mime/packages"
    (($# == 0)) || cp "$@" "$XDG_DATA_HOME/mime/packages"
    update-mime-database "$XDG_DATA_HOME/mime"
    remount_service
    forget_requests
}

# look: the names and types of what is in a partition.
look() {
    gio list -a 'standard::*' "$PWD/$P" | sed -nE 's/^([^\t]*)\t.*standard::content-type=([^ ]*).*/\1 \2/p'
}

@test "a look at a partition takes three requests at most, and no cursor" {
    know_types "$TYPES"
    is "$(look | sort | grep -v '^cursor ')" "checkpoint text/plain
lag text/plain
metadata text/plain
records inode/directory
status text/plain"
    (($(requests) <= 3))
    is "$(control GET log | grep -ci cursor)" 0
}

@test "without the types of our files it takes more, for they are opened" {
    [[ ! -e /usr/share/mime/packages/checkpointfs.xml ]] || skip "this system has them"
    know_types
    look >/dev/null
    (($(requests) > 3))
}
