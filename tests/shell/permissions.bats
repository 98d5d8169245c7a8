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
        streams/orders/status README status errors commits metrics; do
        is "$(modes "$file")" "444 $file"
    done
    is "$(find . -type d ! -name records ! -perm 755)" ""
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

@test "chmod and chown by the owner succeed and change nothing" {
    put "$P/checkpoint" 42
    local file options owner
    for options in rw allow_other uid=12,gid=34; do
        remount_store -o "$options"
        owner=$(stat -c '%u %g' .)
        for file in . apps/billing "$P" "$P"/{checkpoint,lag} "$C" "$S/latest" errors; do
            is "$(chmod 600 "$file" && chmod 755 "$file" && chown 12:34 "$file" && chgrp 56 "$file" &&
                chown "$(id -u):$(id -g)" "$file" && stat -c '%u %g' "$file")" "$owner"
        done
        is "$(modes "$P/checkpoint" "$C" apps/billing "$P/lag" | cut -d ' ' -f 1 | xargs)" \
            "644 644 755 444"
        is "$(cat "$P/checkpoint") $(wc -l <commits) $(cat errors)" "42 0 "
    done
}

@test "chmod and chown by others are EPERM" {
    needs_root
    needs setpriv
    remount_store -o allow_other,umask=0
    put "$P/checkpoint" 42
    local file
    cd /
    for file in "$P/checkpoint" "$C" apps/billing errors; do
        refused "Operation not permitted" as_nobody chmod 600 "$MNT/$file"
        refused "Operation not permitted" as_nobody chown 65534 "$MNT/$file"
        refused "Operation not permitted" as_nobody chgrp 65534 "$MNT/$file"
    done
}

@test "root and the owner may chmod what root has mounted for another user" {
    needs_root
    needs setpriv
    remount_store -o allow_other,uid=65534,gid=65534
    put "$P/checkpoint" 42
    chmod 600 "$P/checkpoint"
    chown 12:34 "$P/checkpoint"
    cd /
    as_nobody chmod 600 "$MNT/$P/checkpoint"
    as_nobody chown 65534:65534 "$MNT/$P/checkpoint"
    refused "Operation not permitted" as_nobody chown 12 "$MNT/$P/checkpoint"
    is "$(stat -c '%a %u %g' "$MNT/$P/checkpoint")" "644 65534 65534"
}

@test "touch changes no time, and makes no checkpoint" {
    put "$P/checkpoint" 42
    local file before
    for file in "$P/checkpoint" "$C" apps/billing; do
        before=$(stat -c %y "$file")
        touch -d @1000000000 "$file"
        is "$(stat -c %y "$file")" "$before"
    done
    rm "$P/checkpoint"
    touch "$P/checkpoint" "$C"
    absent "$P/checkpoint"
    is "$(journal what | xargs)" "commit delete"
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
