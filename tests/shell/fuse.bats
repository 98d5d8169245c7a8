# shellcheck shell=bats
# What the system has to do with a mount: mount points, /dev/fuse, fusermount3, users, automounters.

# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # the other shell expands, and run sets stderr
load helper

setup() {
    make_place
    chmod 777 "$DIR"
}

# apart SCRIPT: runs it in a mount namespace of its own, in which $MNT is nobody's, /dev/fuse is for everybody
# and /dev can be changed. What it mounts there goes with it.
apart() {
    needs_root
    needs unshare setpriv
    export MNT STORE DIR P CHECKPOINTFS
    export -f as_nobody eventually not is_mounted ended
    chown 65534 "$MNT"
    run timeout 60 unshare --mount bash -euc '
        mkdir "$DIR/dev"
        mount -t tmpfs -o mode=755 dev "$DIR/dev"
        cp -a /dev/null /dev/zero /dev/tty "$DIR/dev"
        mknod "$DIR/dev/fuse" c 10 229
        chmod 666 "$DIR/dev/fuse"
        mount --bind "$DIR/dev" /dev
        daemons() { pgrep -f -- "^[^ ]*checkpointfs .*$MNT\$" || true; }
        '"$1" 3>&- 4>&-
}

# says LINE: what apart printed, with status 1 for "status 1" at its end.
says() {
    is "$output" "checkpointfs: $1"$'\nstatus 1'
}

# ---- what is mounted there

@test "a live mount point is told with what is there, and is left alone" {
    mount_store
    mkdir -p "$MNT/$P"
    local path
    for path in "$MNT" "$MNT/" "$DIR/./mnt"; do
        run -1 --separate-stderr "$CHECKPOINTFS" "local:$DIR/other.db" "$path"
        is "$stderr" "checkpointfs: $MNT is already mounted: local:$STORE (fuse.checkpointfs); first fusermount3 -u $MNT"
    done
    not test -e "$DIR/other.db"
    is "$(mounts_below "$DIR")" "$MNT"
    put "$MNT/$P/checkpoint" 42
}

@test "a mount point with odd characters is told, too" {
    local odd=$DIR/$'a b\\c'
    mount_at "$odd"
    run -1 "$CHECKPOINTFS" "local:$STORE" "$odd"
    matches "$output" " is already mounted: local:"
    fusermount3 -u "$odd"
    eventually "$CHECKPOINTFS" "local:$STORE" "$odd" 3>&- 4>&-
    unmount "$odd"
}

@test "a user is told, and so is root of a user's mount" {
    apart '
        as_nobody "$CHECKPOINTFS" "local:$DIR/nobody.db" "$MNT"
        ! as_nobody "$CHECKPOINTFS" "local:$DIR/nobody.db" "$MNT"
        ! "$CHECKPOINTFS" "local:$DIR/root.db" "$MNT"
        grep -c " $MNT " /proc/self/mountinfo
        fusermount3 -u "$MNT"'
    is "$status" 0
    is "${lines[0]}" "checkpointfs: $MNT is already mounted: local:$DIR/nobody.db (fuse.checkpointfs); first fusermount3 -u $MNT"
    is "${lines[1]}" "${lines[0]}"
    is "${lines[2]}" 1
}

@test "another file system that is mounted there is a directory like others" {
    apart '
        mount -t tmpfs disk "$MNT"
        "$CHECKPOINTFS" "local:$STORE" "$MNT"
        ! "$CHECKPOINTFS" "local:$STORE" "$MNT"
        mkdir -p "$MNT/$P"
        fusermount3 -u "$MNT"
        findmnt -rno FSTYPE "$MNT"'
    is "$status" 0
    matches "${lines[0]}" "is already mounted"
    is "${lines[1]}" tmpfs
}

@test "a mount that is hidden by another is not there" {
    apart '
        mkdir -p "$DIR/a/mnt"
        "$CHECKPOINTFS" "local:$STORE" "$DIR/a/mnt"
        mount -t tmpfs disk "$DIR/a"
        mkdir "$DIR/a/mnt"
        "$CHECKPOINTFS" "local:$STORE" "$DIR/a/mnt"
        fusermount3 -u "$DIR/a/mnt"
        umount "$DIR/a"
        fusermount3 -u "$DIR/a/mnt"'
    is "$output" ""
    is "$status" 0
}

@test "a directory in a mount can be a mount point" {
    mount_store
    mkdir -p "$MNT/$P"
    mount_at "$MNT/apps"
    is "$(mounts_below "$DIR")" "$MNT/apps"$'\n'"$MNT"
    unmount "$MNT/apps"
}

@test "an automounter mounts it at the first use" {
    needs python3
    grep -q autofs /proc/filesystems || skip "the kernel has no autofs"
    AUTOFS=$BATS_TEST_DIRNAME/autofs.py
    export AUTOFS
    apart '
        python3 "$AUTOFS" "$MNT" "ls $MNT" "$CHECKPOINTFS" "local:$STORE" "$MNT"
        ! "$CHECKPOINTFS" "local:$STORE" "$MNT"
        fusermount3 -u "$MNT"
        eventually ended $(daemons)
        findmnt -rno FSTYPE "$MNT"'
    is "$status" 0
    matches "$output" "^README"$'\n'"apps"
    matches "${lines[-2]}" "is already mounted"
    is "${lines[-1]}" autofs
}

# ---- the end of the daemon

# The second process is the one that cleans up.
@test "-o auto_unmount unmounts when the program is killed, for root and for users" {
    local who source
    local scene='
        export OS_TOKEN=token
        $WHO "$CHECKPOINTFS" -o lazy,auto_unmount "$SOURCE" "$MNT"
        is_mounted "$MNT"
        kill -KILL "$(daemons | head -n 1)"
        eventually not is_mounted "$MNT"
        eventually ended $(daemons)
        ls "$MNT"'
    for who in "" as_nobody; do
        # a process with secrets may not look into itself
        for source in "local:$DIR/store.$who" dis://localhost/project; do
            export WHO=$who SOURCE=$source
            rm -rf "${DIR:?}/dev"
            apart "$scene"
            is "$who $source: $output, $status" "$who $source: , 0"
        done
    done
}

@test "-o auto_unmount lets go of everything, and ends with the mount" {
    mkfifo "$DIR/pipe"
    exec 9>"$DIR/lock"
    flock 9
    "$CHECKPOINTFS" -o auto_unmount "local:$STORE" "$MNT" </dev/null >"$DIR/mount.log" 2>&1 3>&- 4>&-
    exec 9>&-
    flock -n "$DIR/lock" true
    local cleaner
    cleaner=$(daemons_at "$MNT" | tail -n 1)
    is "$(ls "/proc/$cleaner/fd")" 0
    is "$(readlink "/proc/$cleaner/cwd")" /
    kill -TERM "$cleaner"
    kill -0 "$cleaner"
    unmount "$MNT"
    is "$(daemons_at "$MNT")" ""
}

@test "-o auto_unmount leaves no process when nothing was mounted" {
    run -1 "$CHECKPOINTFS" -o auto_unmount "local:$DIR" "$MNT"
    eventually not pgrep -f -- "$DAEMON.*$MNT"
}

# ---- what the system lacks

@test "who may not use /dev/fuse is told what to do" {
    apart '
        chmod 600 /dev/fuse
        as_nobody "$CHECKPOINTFS" "local:$DIR/nobody.db" "$MNT" || echo "status $?"'
    says "cannot mount on $MNT: fuse: failed to open /dev/fuse: Permission denied; join the group of /dev/fuse, or let root chmod 666 /dev/fuse"
}

@test "without /dev/fuse, or a device behind it, it is told what to do" {
    local how who
    for who in "" as_nobody; do
        for how in "rm /dev/fuse" "rm /dev/fuse; mknod -m 666 /dev/fuse c 10 250"; do
            export HOW=$how WHO=$who
            rm -rf "${DIR:?}/dev"
            apart 'eval "$HOW"; $WHO "$CHECKPOINTFS" "local:$DIR/$WHO.db" "$MNT" || echo "status $?"'
            says "cannot mount on $MNT: fuse: device not found, try 'modprobe fuse' first; a container needs --device /dev/fuse"
        done
    done
}

@test "a user without fusermount3 is told what to install" {
    apart '
        mount --bind /dev/null "$(command -v fusermount3)"
        as_nobody env PATH=/nowhere "$CHECKPOINTFS" "local:$DIR/nobody.db" "$MNT" || echo "status $?"'
    says "cannot mount on $MNT: fuse: failed to exec fusermount3: No such file or directory; install the package fuse3"
}

@test "root who may not mount is told what a container needs" {
    apart '
        setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "$CHECKPOINTFS" "local:$STORE" "$MNT" ||
            echo "status $?"'
    says "cannot mount on $MNT: fusermount3: mount failed: Operation not permitted; a container needs --cap-add SYS_ADMIN"
}

# What AppArmor's profile for fusermount3 does elsewhere than at home.
@test "a user whom AppArmor keeps from it is told where" {
    printf '#!/bin/sh\necho "fusermount3: mount failed: Permission denied" >&2\nexit 1\n' >"$DIR/fusermount3"
    chmod 755 "$DIR/fusermount3"
    apart '
        mount --bind "$DIR/fusermount3" "$(command -v fusermount3)"
        as_nobody "$CHECKPOINTFS" "local:$DIR/nobody.db" "$MNT" || echo "status $?"'
    says "cannot mount on $MNT: fusermount3: mount failed: Permission denied; AppArmor may allow it below your home, /mnt, /media and /tmp alone: see /etc/apparmor.d/fusermount3"
}

@test "a user without user_allow_other, or whose mount point is not his, is told so" {
    apart '
        mount --bind /dev/null /etc/fuse.conf
        as_nobody "$CHECKPOINTFS" -o allow_other "local:$DIR/nobody.db" "$MNT" || echo "status $?"'
    says "cannot mount on $MNT: fusermount3: option allow_other only allowed if 'user_allow_other' is set in /etc/fuse.conf"
    rm -rf "${DIR:?}/dev"
    apart '
        chown 0 "$MNT"
        as_nobody "$CHECKPOINTFS" "local:$DIR/nobody.db" "$MNT" || echo "status $?"'
    says "cannot mount on $MNT: fusermount3: user has no write access to mountpoint $MNT"
}

# ---- containers

@test "a mount goes in and out of a container where the directory above it is shared" {
    mkdir "$DIR/shared" "$DIR/shared/mnt"
    apart '
        contain() { unshare --mount --pid --fork --propagation "$@"; }
        mount --bind "$DIR/shared" "$DIR/shared"
        mount --make-shared "$DIR/shared"
        # docker run -v DIR:DIR:rshared
        contain unchanged "$CHECKPOINTFS" -f "local:$STORE" "$DIR/shared/mnt" &
        eventually is_mounted "$DIR/shared/mnt"
        mkdir -p "$DIR/shared/mnt/$P"
        echo 42 >"$DIR/shared/mnt/$P/checkpoint"
        # docker run -v DIR:DIR:rslave
        contain slave cat "$DIR/shared/mnt/$P/checkpoint"
        fusermount3 -u "$DIR/shared/mnt"
        wait "$!"'
    is "$output" 42
}
