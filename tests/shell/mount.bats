# shellcheck shell=bats
# The command: what it accepts, what it refuses, how it starts and ends.

# shellcheck disable=SC2154 # run sets stderr
load helper

setup() {
    make_place
}

# usage_error ARGUMENT...: exit status 2, and one line that says why.
usage_error() {
    run -2 "$CHECKPOINTFS" "$@"
    is "${#lines[@]}" 1
    not is_mounted "$MNT"
}

# cannot_mount ARGUMENT...: exit status 1, and one line that says why.
cannot_mount() {
    run -1 "$CHECKPOINTFS" "$@"
    is "${#lines[@]}" 1
    not is_mounted "$MNT"
}

@test "--help and -h explain the use on standard output" {
    local option
    for option in --help -h; do
        run -0 --separate-stderr "$CHECKPOINTFS" "$option"
        matches "$output" "MOUNTPOINT"
        is "$stderr" ""
    done
}

@test "--version and -V name the versions of the program and its libraries on standard output" {
    local option name
    for option in --version -V; do
        run -0 --separate-stderr "$CHECKPOINTFS" "$option"
        for name in checkpointfs libfuse SQLite cJSON LZ4 'libcurl/' 'OpenSSL/'; do
            matches "$output" "$name ?[0-9]+\.[0-9]+"
        done
        is "$stderr" ""
    done
}

@test "the mount is usable when the command returns" {
    mount_store
    is_mounted "$MNT"
    is "$(entries "$MNT")" "README apps checkpoints commits errors gauges lag metrics overview.html status streams"
}

@test "the daemon lets go of its caller's descriptors and directory" {
    mkdir "$DIR/here"
    cd "$DIR/here"
    mkfifo "$DIR/pipe"
    "$CHECKPOINTFS" "local:$STORE" "$MNT" >"$DIR/pipe" 2>&1 3>&- 4>&- &
    run -0 timeout 10 cat "$DIR/pipe"
    is_mounted "$MNT"
    is "$(readlink "/proc/$(daemon)/cwd")" "/"
}

@test "the daemon holds no descriptor that its command was started with" {
    mkfifo "$DIR/pipe"
    exec 9>"$DIR/lock"
    flock 9
    # shellcheck disable=SC2094 # two ends of a pipe
    "$CHECKPOINTFS" "local:$STORE" "$MNT" </dev/null >"$DIR/mount.log" 2>&1 \
        3>&- 4>&- 99<>"$DIR/pipe" 200<"$DIR"
    exec 9>&-
    is_mounted "$MNT"
    flock -n "$DIR/lock" true
    # what it has open is its store
    is "$(readlink "/proc/$(daemon)/fd/"* | grep "^$DIR" | grep -v "^$STORE" || true)" ""
}

@test "a command that flock(1) runs lets go of the lock" {
    flock "$DIR/lock" "$CHECKPOINTFS" "local:$STORE" "$MNT" 3>&- 4>&-
    is_mounted "$MNT"
    flock -n "$DIR/lock" true
}

@test "in the foreground what the command was started with stays open" {
    in_background flock --no-fork "$DIR/lock" "$CHECKPOINTFS" -f "local:$STORE" "$MNT"
    eventually is_mounted "$MNT"
    not flock -n "$DIR/lock" true
    kill -TERM "$!"
    wait "$!"
    flock -n "$DIR/lock" true
}

# without CLOSED COMMAND...: starts it with those of the descriptors 0, 1 and 2 closed.
without() {
    python3 - "$@" 3>&- 4>&- <<'EOF'
import os, sys
null = os.open("/dev/null", os.O_RDWR)
for fd in range(3):
    os.dup2(null, fd)
os.closerange(3, 64)
for fd in sys.argv[1]:
    if fd != "-":
        os.close(int(fd))
os.execv(sys.argv[2], sys.argv[2:])
EOF
}

@test "standard input, output and error may be closed, each and all" {
    local closed
    for closed in - 0 1 2 01 02 12 012; do
        without "$closed" "$CHECKPOINTFS" "local:$STORE" "$MNT" || is "$closed: $?" "$closed: 0"
        mkdir -p "$MNT/$P"
        put "$MNT/$P/checkpoint" 42
        is "$closed: $(cat "$MNT/$P/checkpoint")" "$closed: 42"
        is "$closed: $(readlink "/proc/$(daemon)/fd/"[012] | sort -u)" "$closed: /dev/null"
        unmount "$MNT"
        run -1 without "$closed" "$CHECKPOINTFS" "local:$STORE" "$DIR/missing"
    done
}

@test "in the foreground too" {
    local closed
    for closed in - 0 1 2 01 02 12 012; do
        without "$closed" "$CHECKPOINTFS" -f -o debug "local:$STORE" "$MNT" &
        BACKGROUND+=("$!")
        eventually is_mounted "$MNT"
        mkdir -p "$MNT/$P"
        put "$MNT/$P/checkpoint" 42
        is "$closed: $(cat "$MNT/$P/checkpoint")" "$closed: 42"
        is "$closed: $(readlink "/proc/$(daemon)/fd/"[012] | sort -u)" "$closed: /dev/null"
        fusermount3 -u "$MNT"
        wait "$!"
        run -1 without "$closed" "$CHECKPOINTFS" -f "local:$STORE" "$DIR/missing"
    done
}

@test "source and mount point may be relative" {
    cd "$DIR"
    "$CHECKPOINTFS" local:store.db mnt 3>&- 4>&-
    is_mounted "$MNT"
    mkdir -p "mnt/$P"
    put "mnt/$P/checkpoint" 42
    [[ -s $STORE ]]
    fusermount3 -u mnt
    eventually not pgrep -f "checkpointfs local:store.db mnt"
    mount_store
    is "$(cat "mnt/$P/checkpoint")" 42
}

@test "options may stand before and after source and mount point" {
    mount_store
    unmount "$MNT"
    "$CHECKPOINTFS" "local:$STORE" "$MNT" -o ro 3>&- 4>&-
    matches "$(findmnt -rno OPTIONS "$MNT")" "^ro,"
    unmount "$MNT"
    "$CHECKPOINTFS" -o ro "local:$STORE" "$MNT" 3>&- 4>&-
    matches "$(findmnt -rno OPTIONS "$MNT")" "^ro,"
}

@test "without a source the store is in XDG_DATA_HOME" {
    "$CHECKPOINTFS" "$MNT" 3>&- 4>&-
    [[ -e $XDG_DATA_HOME/checkpointfs/checkpoints.db ]]
}

@test "local: alone is the same store as none" {
    "$CHECKPOINTFS" local: "$MNT" 3>&- 4>&-
    [[ -e $XDG_DATA_HOME/checkpointfs/checkpoints.db ]]
}

@test "without XDG_DATA_HOME the store is in HOME's .local/share" {
    mkdir "$DIR/home"
    env -u XDG_DATA_HOME HOME="$DIR/home" "$CHECKPOINTFS" "$MNT" 3>&- 4>&-
    [[ -e $DIR/home/.local/share/checkpointfs/checkpoints.db ]]
}

@test "what was committed is there at the next mount" {
    mount_store
    mkdir -p "$MNT/$P"
    put_once "$MNT/$P/checkpoint" '42\nnote\n'
    unmount "$MNT"
    mount_store
    is "$(cat "$MNT/$C")" $'42\nnote'
}

@test "the words that mount(8) and fstab add are ignored" {
    local words=_netdev,nofail,user,users,nouser,noauto,auto,defaults,dev,nodev,suid,nosuid
    mount_store -o "$words,exec,noexec,rw,x-systemd.automount,x-gvfs-hide,comment=backup"
    mkdir -p "$MNT/$P"
    put "$MNT/$P/checkpoint" 42
}

@test "every option of the embedded store is accepted" {
    mount_store -o lazy,uid=1,gid=2,umask=027,listing=5,snapshot=2,watch=3,timeout=4 \
        -o checkpoint=last-read,clamp -o monotonic
    is_mounted "$MNT"
}

# installed SCRIPT: runs it where the program is installed, in a mount namespace of its own, for
# mount(8) looks for it in the standard places and no others.
installed() {
    export MNT STORE DIR P
    unshare --mount bash -euc "mount --bind '$(dirname "$CHECKPOINTFS")' /usr/local/bin
        $1
        fusermount3 -u \"\$MNT\"" 3>&- 4>&-
}

@test "mount -t fuse.checkpointfs works as it is" {
    needs_root
    needs unshare mount.fuse
    # shellcheck disable=SC2016 # the other shell expands
    run -0 installed '
        mount -t fuse.checkpointfs "local:$STORE" "$MNT" -o noatime,nosuid,_netdev
        mkdir -p "$MNT/$P"
        echo 42 >"$MNT/$P/checkpoint"
        cat "$MNT/$P/checkpoint"
        findmnt -rno FSTYPE,SOURCE,OPTIONS "$MNT"'
    is "${lines[0]}" 42
    matches "${lines[1]}" "^fuse.checkpointfs local:$STORE rw,.*nosuid"
}

@test "mount -o ro reaches the program" {
    mount_store
    unmount "$MNT"
    needs_root
    needs unshare mount.fuse
    # shellcheck disable=SC2016 # the other shell expands
    run -0 installed '
        mount -t fuse.checkpointfs "local:$STORE" "$MNT" -o ro
        stat -c %a "$MNT/errors"
        mkdir "$MNT/apps/billing" 2>&1 || :'
    is "${lines[0]}" 444
    matches "${lines[1]}" "Read-only file system"
}

@test "a line of fstab works as it is" {
    local words=noauto,nofail,user,_netdev,x-systemd.automount,comment=x,dev,suid,listing=5
    mkdir "$DIR/etc"
    echo "local:$STORE $MNT fuse.checkpointfs $words 0 0" >"$DIR/etc/fstab"
    needs_root
    needs unshare mount.fuse
    # shellcheck disable=SC2016 # the other shell expands
    run -0 installed '
        mount -T "$DIR/etc/fstab" "$MNT"
        mkdir -p "$MNT/$P"
        echo 42 >"$MNT/$P/checkpoint"
        cat "$MNT/$P/checkpoint"'
    is "$output" 42
}

@test "a line of fstab can name a program that is in no usual place" {
    mkdir "$DIR/etc"
    echo "$CHECKPOINTFS#local:$STORE $MNT fuse noauto,user,_netdev,clamp 0 0" >"$DIR/etc/fstab"
    needs_root
    needs mount.fuse
    PATH=/usr/sbin:/usr/bin:/sbin:/bin mount -T "$DIR/etc/fstab" "$MNT" 3>&- 4>&-
    mkdir -p "$MNT/$P"
    is "$(findmnt -rno FSTYPE,SOURCE "$MNT")" "fuse.checkpointfs local:$STORE"
    run mount -T "$DIR/etc/fstab" "$MNT"
    matches "$output" "is already mounted"
}

@test "a line of fstab that is mounted already is not mounted once more" {
    mkdir "$DIR/etc"
    echo "local:$STORE $MNT fuse.checkpointfs noauto,user 0 0" >"$DIR/etc/fstab"
    needs_root
    needs unshare mount.fuse
    # shellcheck disable=SC2016 # the other shell expands
    run -0 installed '
        mount -T "$DIR/etc/fstab" "$MNT"
        ! mount -T "$DIR/etc/fstab" "$MNT" 2>&1
        sed -i s/noauto,// "$DIR/etc/fstab"
        mount -a -T "$DIR/etc/fstab"
        ! mount -o remount,ro "$MNT" 2>&1
        grep -c " $MNT " /proc/self/mountinfo'
    matches "${lines[0]}" "$MNT is already mounted"
    is "${lines[1]}" "checkpointfs: a mount cannot be changed: unmount it, and mount it again"
    is "${lines[-1]}" 1
}

@test "a usage error exits 2 and mounts nothing" {
    usage_error
    usage_error --bogus "$MNT"
    usage_error "local:$STORE" "$MNT" extra
    usage_error "ftp://example.com/" "$MNT"
}

@test "an unknown or malformed option is a usage error that names it" {
    local option
    for option in bogus checkpoint=bogus listing=abc snapshot= watch=x timeout=-1 umask=999 uid=-x \
        gid=1x; do
        usage_error -o "$option" "local:$STORE" "$MNT"
        matches "$output" "${option%%=*}"
    done
}

@test "what is said cannot control the terminal" {
    usage_error -o $'bo\e[2J\ngus' "local:$STORE" "$MNT"
    matches "$output" '\\x1b\[2J\\ngus'
}

@test "no mount point exits 1" {
    cannot_mount "local:$STORE" "$DIR/missing"
    matches "$output" "does not exist"
}

@test "a mount point that is a file exits 1" {
    : >"$DIR/file"
    cannot_mount "local:$STORE" "$DIR/file"
}

@test "a store that is no store exits 1" {
    repeat 8192 x >"$STORE"
    cannot_mount "local:$STORE" "$MNT"
    matches "$output" "$STORE"
    is "$(head -c 8 "$STORE")" xxxxxxxx
}

@test "a store that is a directory exits 1" {
    cannot_mount "local:$DIR" "$MNT"
}

@test "a dead mount point exits 1" {
    mount_store
    kill_daemon
    run -1 "$CHECKPOINTFS" "local:$STORE" "$MNT"
    is "${#lines[@]}" 1
    matches "$output" "fusermount3 -u|umount"
}

@test "SIGTERM and SIGINT unmount and end the daemon" {
    local signal pid
    for signal in TERM INT; do
        mount_store
        pid=$(daemon)
        kill "-$signal" "$pid"
        eventually ended "$pid"
        not is_mounted "$MNT"
    done
}

@test "SIGTERM unmounts although a file is open" {
    mount_store
    exec 7<"$MNT/errors"
    kill -TERM "$(daemon)"
    eventually not is_mounted "$MNT"
    exec 7<&-
    eventually not pgrep -f "checkpointfs .*$MNT"
}

@test "SIGHUP keeps the mount and every value" {
    mount_store
    mkdir -p "$MNT/$P"
    put "$MNT/$P/checkpoint" 42
    kill -HUP "$(daemon)"
    is "$(cat "$MNT/$P/checkpoint")" 42
    kill -HUP "$(daemon)"
    put "$MNT/$P/checkpoint" 43
    is "$(cat "$MNT/$C")" 43
}

@test "-f stays in the foreground, and SIGTERM and SIGINT end it with 0" {
    local signal
    for signal in TERM INT; do
        in_background "$CHECKPOINTFS" -f "local:$STORE" "$MNT"
        eventually is_mounted "$MNT"
        kill -0 "$!"
        kill "-$signal" "$!"
        wait "$!"
        not is_mounted "$MNT"
    done
}

@test "fusermount3 -u ends a daemon in the foreground with 0" {
    in_background "$CHECKPOINTFS" -f "local:$STORE" "$MNT"
    eventually is_mounted "$MNT"
    fusermount3 -u "$MNT"
    wait "$!"
}

@test "-o ro refuses every change with EROFS and reads on" {
    mount_store
    mkdir -p "$MNT/$P"
    put "$MNT/$P/checkpoint" 42
    remount_store -o ro
    is "$(cat "$P/checkpoint")" 42
    is "$(cat "$C")" 42
    refused "Read-only file system" put "$P/checkpoint" 43
    refused "Read-only file system" put "$P/metadata" note
    refused "Read-only file system" put "$C" 43
    refused "Read-only file system" put "checkpoints/billing/orders/draft" 43
    refused "Read-only file system" put "$S/latest" 43
    refused "Read-only file system" rm "$P/checkpoint"
    refused "Read-only file system" rm "$C"
    refused "Read-only file system" mv "$C" checkpoints/billing/orders/1
    refused "Read-only file system" mkdir apps/other
    refused "Read-only file system" mkdir streams/other
    refused "Read-only file system" rmdir streams/orders
    is "$(cat "$P/checkpoint")" 42
}

@test "df and stat -f answer" {
    mount_store
    df "$MNT"
    stat -f "$MNT"
}
