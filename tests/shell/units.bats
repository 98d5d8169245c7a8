#!/usr/bin/env bats
# What systemd has to do with a mount: its units, readiness, credentials. No test here needs it to be running.
# shellcheck shell=bash

load helper

UNITS=$BATS_TEST_DIRNAME/../../packaging/systemd

setup() {
    make_place
}

# ---- readiness

# listen NAME: prints what comes to that socket, and whether the mount could be used when READY=1 came.
listen() {
    in_background python3 - "$1" "$MNT" >"$DIR/told" <<'PYTHON'
import os, socket, sys
name, mountpoint = sys.argv[1:]
ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ear.bind(name.replace("@", "\0", 1) if name[0] == "@" else name)
print("listens", flush=True)
while True:
    text = ear.recv(4096).decode()
    usable = os.path.exists(mountpoint + "/apps") if text == "READY=1" else ""
    print(text, usable, flush=True)
PYTHON
    eventually grep -q listens "$DIR/told"
}

@test "a service manager is told when the mount can be used, and when it ends" {
    needs python3
    local name
    for name in "$DIR/notify" "@checkpointfs $DIR"; do
        listen "$name"
        NOTIFY_SOCKET=$name in_background "$CHECKPOINTFS" -f "local:$STORE" "$MNT"
        eventually grep -qx 'READY=1 True' "$DIR/told"
        kill -TERM "$!"
        wait "$!"
        eventually grep -q STOPPING "$DIR/told"
        is "$(cat "$DIR/told")" $'listens\nREADY=1 True\nSTOPPING=1 '
    done
}

@test "a manager is not told of what goes into the background, or is not mounted" {
    needs python3
    listen "$DIR/notify"
    export NOTIFY_SOCKET=$DIR/notify
    mount_store
    unmount "$MNT"
    run -1 "$CHECKPOINTFS" -f "local:$DIR" "$MNT"
    run -2 "$CHECKPOINTFS" -f -o bogus "local:$STORE" "$MNT"
    python3 -c 'import socket, sys
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"last", sys.argv[1])' "$DIR/notify"
    eventually grep -q last "$DIR/told"
    is "$(cat "$DIR/told")" $'listens\nlast '
}

@test "a manager that is not there, or does not listen, keeps nobody" {
    needs python3
    local name
    python3 -c 'import socket, sys, time
ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ear.bind(sys.argv[1])
mouth = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
mouth.setblocking(False)
try:
    while True:
        mouth.sendto(b"x", sys.argv[1])
except BlockingIOError:
    print("full", flush=True)
time.sleep(60)' "$DIR/full" >"$DIR/told" 3>&- 4>&- &
    BACKGROUND+=("$!")
    eventually grep -q full "$DIR/told"
    for name in "$DIR/missing" "$DIR/full" "" @ / vsock:1:2 "$(repeat 200 /)"; do
        NOTIFY_SOCKET=$name in_background "$CHECKPOINTFS" -f "local:$STORE" "$MNT"
        eventually test -e "$MNT/apps"
        kill -TERM "$!"
        wait "$!"
    done
}

# ---- credentials

@test "a name without a slash is that of a credential of systemd" {
    mkdir "$DIR/credentials"
    cd "$DIR"
    export CREDENTIALS_DIRECTORY=$DIR/credentials
    : >"$DIR/elsewhere"
    echo '{' >"$DIR/credentials/orders"
    chmod 644 "$DIR/credentials/orders" "$DIR/elsewhere"
    run -1 "$CHECKPOINTFS" -o lazy,credentials=orders dis://localhost/project "$MNT"
    matches "$output" "$DIR/credentials/orders can be read by others"
    run -1 "$CHECKPOINTFS" -o lazy,credentials=elsewhere dis://localhost/project "$MNT"
    matches "$output" "$DIR/elsewhere can be read by others"
    run -1 "$CHECKPOINTFS" -o lazy,credentials=./orders dis://localhost/project "$MNT"
    matches "$output" "$DIR/./orders: No such file"
}

# ---- the units

@test "an empty word of options is none" {
    mount_store -o ""
    is_mounted "$MNT"
    unmount "$MNT"
    "$CHECKPOINTFS" -o "" "" "$MNT" 3>&- 4>&-
    is "$(findmnt -rno SOURCE "$MNT")" local:
}

# verified system|user LINE WANTED: what systemd says of a unit with one of its lines changed. It has the program under
# test for the one in /usr/bin.
verified() {
    local unit="$DIR/units/checkpointfs@orders.service"
    mkdir -p "$DIR/units" "$DIR/run"
    sed "s:=checkpointfs -f:=$CHECKPOINTFS -f:; s:^$2\$:$3:" "$UNITS/$1/checkpointfs@.service" >"$unit"
    XDG_RUNTIME_DIR=$DIR/run SYSTEMD_LOG_LEVEL=warning systemd-analyze "--$1" --man=no verify "$unit" 2>&1
}

@test "systemd finds nothing wrong with the units" {
    needs systemd-analyze
    local kind
    for kind in system user; do
        is "$(verified "$kind" - -)" ""
        matches "$(verified "$kind" Type=notify Typ=notify)" "Unknown key.*Typ"
    done
}

@test "the unit of the system is protected, and gives the mount to all" {
    needs systemd-analyze
    local setting
    run -0 systemd-analyze security --offline=true --threshold=45 "$UNITS/system/checkpointfs@.service"
    # with mounts of its own nobody else would see ours, and without rights fusermount3 is no use
    for setting in ProtectSystem ProtectHome PrivateTmp PrivateDevices PrivateMounts PrivateUsers DynamicUser \
        ProtectKernel ProtectControlGroups ProtectProc ProcSubset ReadOnlyPaths InaccessiblePaths RootDirectory MountFlags; do
        not grep -r "^$setting" "$UNITS"
    done
    not grep -E '^(NoNewPrivileges|SystemCall|Restrict(Namespaces|Realtime|SUIDSGID)|MemoryDeny|LockPers|Protect)' \
        "$UNITS/user/checkpointfs@.service"
}
