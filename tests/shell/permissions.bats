# shellcheck shell=bats
# Whose the files are, and who may do what with them.

load helper

modes() {
    stat -c '%a %n' "$@"
}

@test "files belong to the user who mounted" {
    put "$P/checkpoint" 42
    is "$(find . -printf '%U:%G\n' | sort -u)" "$(id -u):$(id -g)"
}

@test "what can be written is 0644, what cannot 0444, directories 0755" {
    put "$P/checkpoint" 42
    local file
    for file in "$P"/{checkpoint,metadata} "$C" "$S"/{earliest,latest}; do
        is "$(modes "$file")" "644 $file"
    done
    for file in "$P"/{cursor,lag,status} "$S"/status "$S"/cursors/{earliest,latest,at/5} \
        streams/orders/status errors commits metrics; do
        is "$(modes "$file")" "444 $file"
    done
    is "$(find . -type d ! -perm 755)" ""
}

@test "all files are 0444 under -o ro" {
    put "$P/checkpoint" 42
    remount_store -o ro
    is "$(find . -type f ! -perm 444)" ""
}

@test "-o umask, uid and gid set modes and owners" {
    put "$P/checkpoint" 42
    remount_store -o umask=027,uid=12,gid=34
    is "$(stat -c '%a %u %g' "$P/checkpoint")" "640 12 34"
    is "$(stat -c '%a %u %g' "$P/lag")" "440 12 34"
    is "$(stat -c '%a %u %g' "$P")" "750 12 34"
    is "$(find . ! -uid 12 -o ! -gid 34)" ""
}

@test "chmod and chown that change nothing succeed" {
    put "$P/checkpoint" 42
    local file
    for file in "$P/checkpoint" "$C"; do
        chmod 644 "$file"
        chown "$(id -u):$(id -g)" "$file"
    done
    chmod 755 apps/billing
}

@test "chmod and chown that change something are EPERM" {
    put "$P/checkpoint" 42
    local file
    for file in "$P/checkpoint" "$C"; do
        refused "Operation not permitted" chmod 600 "$file"
        refused "Operation not permitted" chown 12 "$file"
        refused "Operation not permitted" chgrp 34 "$file"
    done
    refused "Operation not permitted" chmod 700 apps/billing
    is "$(stat -c '%a %u %g' "$P/checkpoint")" "644 $(id -u) $(id -g)"
}

@test "others are kept out without -o allow_other" {
    needs_root
    needs setpriv
    put "$P/checkpoint" 42
    cd /
    refused "Permission denied" as_nobody ls "$MNT"
    refused "Permission denied" as_nobody cat "$MNT/$P/checkpoint"
}

@test "others may read and not write under -o allow_other" {
    needs_root
    needs setpriv
    remount_store -o allow_other
    put "$P/checkpoint" 42
    cd /
    is "$(as_nobody cat "$MNT/$P/checkpoint")" 42
    is "$(as_nobody cat "$MNT/$C")" 42
    refused "Permission denied" as_nobody bash -c "echo 43 >$MNT/$P/checkpoint"
    refused "Permission denied" as_nobody bash -c "echo 43 >$MNT/$C"
    refused "Permission denied" as_nobody rm -f "$MNT/$P/checkpoint"
    refused "Permission denied" as_nobody rm -f "$MNT/$C"
    refused "Permission denied" as_nobody mkdir "$MNT/apps/other"
    refused "Permission denied" as_nobody rmdir "$MNT/streams/orders"
    is "$(cat "$MNT/$P/checkpoint")" 42
}

@test "umask decides what others may do under -o allow_other" {
    needs_root
    needs setpriv
    put "$P/checkpoint" 42
    remount_store -o allow_other,umask=077
    cd /
    refused "Permission denied" as_nobody cat "$MNT/$P/checkpoint"
    remount_store -o allow_other,umask=0
    cd /
    as_nobody bash -c "echo 43 >$MNT/$P/checkpoint"
    is "$(COMMITS=$MNT/commits journal number uid)" $'43\tuid=65534'
}

@test "temporary files are no way around the modes" {
    needs_root
    needs setpriv
    remount_store -o allow_other
    put "$P/checkpoint" 42
    echo 77 >checkpoints/billing/orders/draft
    cd /
    refused "Permission denied" as_nobody mv -f "$MNT/checkpoints/billing/orders/draft" "$MNT/$C"
    refused "Permission denied" as_nobody bash -c "echo 77 >$MNT/checkpoints/billing/orders/other"
    is "$(cat "$MNT/$C")" 42
}

@test "root is kept out of another user's mount, and that user is not" {
    needs_root
    needs setpriv
    [[ -w /dev/fuse && $(stat -c %a /dev/fuse) == 666 ]] || skip "others may not use /dev/fuse"
    cd /
    unmount "$MNT"
    chown 65534 "$DIR" "$MNT"
    as_nobody "$CHECKPOINTFS" "local:$DIR/nobody.db" "$MNT" 3>&- 4>&-
    refused "Permission denied" ls "$MNT"
    is "$(as_nobody stat -c %u "$MNT/errors")" 65534
    as_nobody mkdir -p "$MNT/$P"
    as_nobody bash -c "echo 42 >$MNT/$P/checkpoint"
    as_nobody fusermount3 -u "$MNT"
}
