# shellcheck shell=bats
# shellcheck disable=SC2034 # what is made of names reads it
# What ordinary tools make of names that are there and that are not, on the embedded store.

load helper
load intent

NUMBER=50

setup() {
    begin
    mkdir -p apps/billing/orders/1
    put "$P/checkpoint" 42
}

uncommit() {
    rm -f apps/billing/orders/1/checkpoint
    kill -HUP "$(daemon)"
    sleep 0.2
}

remount_with() { remount_store "$@"; }

@test "what is there" { in_every_mount what_is_there; }
@test "what is not there" { in_every_mount what_is_not_there; }
@test "the first checkpoint" { in_every_mount what_is_made; }

@test "a name that can be made is made, and one that is there is not" {
    local none="No such file or directory" path options
    for options in listing=600 allow_other; do
        remount_store -o "$options"
        for path in apps/new apps/billing/new apps/billing/orders/7 streams/newer streams/orders/8 \
            checkpoints/newest; do
            expected "" "test -e $path"
            expected ok "mkdir $path"
            expected "File exists" "mkdir $path"
            expected ok "rmdir $path"
            expected "$none" "rmdir $path"
        done
    done
    is "$(cat "$DIR/wrong" 2>/dev/null)" ""
}
