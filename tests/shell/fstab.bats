#!/usr/bin/env bats
# /etc/fstab: both types, and each word that the manual page names, as mount(8) and users have them.
# shellcheck shell=bash disable=SC2016 # the other shell expands

load helper

PACKAGING=$BATS_TEST_DIRNAME/../../packaging

setup() {
    make_place
    chmod 777 "$DIR"
    mkdir "$DIR/sbin"
    cp "$PACKAGING/mount.checkpointfs" "$DIR/sbin/"
}

# with_fstab LINES SCRIPT: runs it where the program is installed, /etc/fstab has these lines, /dev/fuse is for
# everybody, and the mount point is nobody's; what is mounted there goes with it. $STORE is everybody's.
with_fstab() {
    needs_root
    needs unshare setpriv mount.fuse3
    grep -qw overlay /proc/filesystems || modprobe overlay 2>/dev/null || skip "the kernel has no overlay"
    printf '%s\n' "$1" >"$DIR/fstab"
    export MNT STORE DIR P
    export -f as_nobody not is_mounted eventually ended
    chown 65534 "$MNT"
    run -0 timeout 60 unshare --mount bash -euc '
        exec 2>&1
        trap "[[ \$? = 0 ]] || echo FAILED" EXIT
        mount --make-rprivate /
        mkdir -p "$DIR/device"
        mount -t tmpfs -o mode=755 device "$DIR/device"
        mknod "$DIR/device/fuse" c 10 229
        chmod 666 "$DIR/device/fuse"
        mount --bind "$DIR/device/fuse" /dev/fuse
        mount --bind "'"$(dirname "$CHECKPOINTFS")"'" /usr/local/bin
        mount -t overlay -o "lowerdir=$DIR/sbin:/usr/sbin" overlay /usr/sbin
        mount --bind "$DIR/fstab" /etc/fstab
        '"$2"'
        for mountpoint in $(awk -v "dir=$DIR/" "index(\$5, dir) == 1 { print \$5 }" /proc/self/mountinfo); do
            umount "$mountpoint"
        done
        eventually not pgrep -f "^checkpointfs .*$DIR/" >/dev/null' 3>&- 4>&-
}

@test "mount -a mounts both types once, but what says noauto" {
    local words=defaults,_netdev,nofail,dev,suid,exec,x-systemd.requires=network.target,x-gvfs-hide,comment=x
    mkdir "$DIR/second" "$DIR/third"
    with_fstab "local:$STORE $MNT checkpointfs $words,listing=5 0 0
local:$STORE $DIR/second fuse.checkpointfs $words,listing=6 0 0
local:$STORE $DIR/third checkpointfs noauto,$words 0 0" '
        mount -a
        mount -a
        findmnt -rno TARGET,FSTYPE,SOURCE | grep "$DIR/[mst].*checkpointfs" | sort
        jq .options.listing "$MNT/status" "$DIR/second/status"
        mount "$DIR/third"
        is_mounted "$DIR/third"'
    is "$output" "$MNT fuse.checkpointfs local:$STORE
$DIR/second fuse.checkpointfs local:$STORE
5
6"
}

@test "ro, uid, gid, umask and allow_other reach the program" {
    local type
    for type in checkpointfs fuse.checkpointfs; do
        with_fstab "local:$STORE $MNT $type noauto,ro,allow_other,uid=1234,gid=567,umask=027 0 0" '
            checkpointfs "local:$STORE" "$MNT"
            umount "$MNT"
            mount "$MNT"
            stat -c "%u %g %a" "$MNT/errors"
            not mkdir "$MNT/apps/billing"
            setpriv --reuid=1234 --clear-groups cat "$MNT/errors"
            not setpriv --reuid=99 --regid=99 --clear-groups cat "$MNT/errors"'
        is "${lines[0]}" "1234 567 440"
        matches "${lines[1]}" "Read-only file system"
        matches "${lines[2]}" "Permission denied"
        is "${#lines[@]}" 3
    done
}

@test "a user mounts and unmounts what says user or users" {
    local type word
    for type in checkpointfs fuse.checkpointfs; do
        for word in user users; do
            rm -f "$STORE"
            with_fstab "local:$STORE $MNT $type noauto,$word 0 0" '
                as_nobody mount "$MNT"
                as_nobody mkdir -p "$MNT/$P"
                as_nobody stat -c %u "$MNT/$P/status"
                as_nobody umount "$MNT"
                not is_mounted "$MNT"'
            is "$type $word: $output" "$type $word: 65534"
        done
    done
}

@test "setuid mounts in the name of a user" {
    local type
    for type in checkpointfs fuse.checkpointfs; do
        rm -f "$STORE"
        with_fstab "local:$STORE $MNT $type noauto,setuid=nobody 0 0" '
            mount "$MNT"
            as_nobody stat -c %u "$MNT/errors"
            not ls "$MNT"'
        is "${lines[0]}" 65534
        matches "${lines[1]}" "Permission denied"
    done
}

@test "what cannot be mounted says why, and is refused" {
    local type
    for type in checkpointfs fuse.checkpointfs; do
        with_fstab "local:$DIR $MNT $type noauto,listing=x 0 0" '
            not mount "$MNT"
            echo "$(sed s/listing=x/listing=5/ /etc/fstab)" >/etc/fstab
            not mount "$MNT"
            not is_mounted "$MNT"'
        is "${lines[0]}" "checkpointfs: listing=x is not a number of seconds from 0 to 86400"
        is "${lines[1]}" "checkpointfs: cannot make the store $DIR: Is a directory"
    done
}

@test "mount -f mounts nothing" {
    with_fstab "local:$STORE $MNT checkpointfs noauto 0 0" '
        mount -f "$MNT"
        not is_mounted "$MNT"
        mount -v -n -s "$MNT"
        is_mounted "$MNT"'
}

# generated WORDS UNIT: what systemd makes of a line of fstab.
generated() {
    local generator=/lib/systemd/system-generators/systemd-fstab-generator
    needs "$generator"
    rm -rf "$DIR/generated"
    mkdir "$DIR/generated"
    echo "local:/var/lib/c.db /srv/c checkpointfs $1 0 0" >"$DIR/fstab"
    SYSTEMD_FSTAB=$DIR/fstab "$generator" "$DIR/generated" "$DIR/generated" "$DIR/generated" 2>&1
    cat "$DIR/generated/$2"
}

@test "systemd makes mounts and automounts of the lines" {
    matches "$(generated noauto,x-systemd.automount srv-c.automount)" "Where=/srv/c"
    matches "$(generated _netdev,x-systemd.automount srv-c.mount)" "Type=checkpointfs"
    matches "$(ls -R "$DIR/generated")" "remote-fs.target.requires"
    generated nofail srv-c.mount
    matches "$(ls -R "$DIR/generated")" "local-fs.target.wants"
}
