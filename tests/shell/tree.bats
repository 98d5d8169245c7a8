# shellcheck shell=bats
# The tree: what is listed, what is found, what can be made and removed.

load helper

@test "the root has its names and no more" {
    is "$(entries .)" "README apps checkpoints commits errors gauges lag metrics overview.html status streams"
}

@test "mkdir -p apps/A/S/P makes app, stream and partition" {
    is "$(entries apps)" billing
    is "$(entries apps/billing)" orders
    is "$(partitions apps/billing/orders)" 0
    is "$(entries streams)" orders
    is "$(entries streams/orders)" "0 status"
}

@test "mkdir -p streams/S/P makes stream and partition, and no app" {
    mkdir -p streams/payments/3
    is "$(entries streams/payments)" "3 status"
    is "$(entries apps)" billing
    is "$(partitions apps/billing/payments)" 3
}

@test "mkdir streams/S makes a stream without partitions" {
    mkdir streams/payments
    is "$(entries streams/payments)" status
}

@test "mkdir apps/A makes an app that could consume every stream" {
    mkdir -p streams/payments/0 apps/audit
    is "$(entries apps)" "audit billing"
    is "$(entries apps/audit)" "orders payments"
    is "$(partitions apps/audit/orders)" 0
}

@test "mkdir checkpoints/A makes the app" {
    mkdir checkpoints/audit
    is "$(entries apps)" "audit billing"
    is "$(entries checkpoints)" "audit billing"
    is "$(entries apps/audit)" orders
}

@test "mkdir of what exists is EEXIST" {
    refused "File exists" mkdir apps/billing
    refused "File exists" mkdir checkpoints/billing
    refused "File exists" mkdir streams/orders
    refused "File exists" mkdir "$S"
    refused "File exists" mkdir "$P"
}

@test "a partition without a commit has no checkpoint and no metadata" {
    is "$(entries "$P")" "cursor lag records status"
    absent "$P/checkpoint"
    absent "$P/metadata"
}

@test "a partition with a commit has all six files" {
    put "$P/checkpoint" 42
    is "$(entries "$P")" "checkpoint cursor lag metadata records status"
    rm "$P/checkpoint"
    is "$(entries "$P")" "cursor lag records status"
}

@test "a partition of a stream has its ends, its status and cursors" {
    is "$(entries "$S")" "cursors earliest latest records since status"
    is "$(entries "$S/cursors")" "after at earliest latest since"
}

@test "at, after and since list nothing" {
    local directory
    for directory in at after since; do
        is "$(entries "$S/cursors/$directory")" ""
    done
    is "$(entries "$S/since")" ""
}

@test "checkpoints lists only what has a checkpoint" {
    mkdir -p streams/orders/{1..3} streams/payments/0
    is "$(entries checkpoints)" billing
    is "$(entries checkpoints/billing)" ""
    put apps/billing/orders/2/checkpoint 42
    is "$(entries checkpoints/billing)" orders
    is "$(entries checkpoints/billing/orders)" 2
    rm apps/billing/orders/2/checkpoint
    is "$(entries checkpoints/billing)" ""
}

@test "a partition is also found as shardId, and not listed so" {
    put "$P/checkpoint" 42
    is "$(cat apps/billing/orders/shardId-0000000000/checkpoint)" 42
    put apps/billing/orders/shardId-0000000000/checkpoint 43
    is "$(cat "$P/checkpoint")" 43
    is "$(cat streams/orders/shardId-0000000000/latest)" 0
    is "$(partitions apps/billing/orders)" 0
    is "$(entries streams/orders)" "0 status"
    absent apps/billing/orders/shardId-0000000001
    absent apps/billing/orders/shardId-000000000
    absent apps/billing/orders/shardId-00000000000
}

@test "names that no service could hold are not there" {
    local name
    for name in .Trash .Trash-0 .hidden autorun.inf .git .xdg-volume-info desktop.ini 'a b' 'a:b' \
        $'a\nb' $'a\tb' $'\xc3\xa9' $'\xff' '*' "x'; DROP TABLE checkpoints;--" '%s%n' '~' ... \
        "$(repeat 201 a)" "$(repeat 255 a)"; do
        absent "apps/$name"
        absent "checkpoints/$name"
        absent "streams/$name"
        absent "apps/billing/$name"
        absent "apps/billing/orders/$name"
        absent "apps/billing/orders/0/$name"
        absent "streams/orders/$name"
        absent "streams/orders/0/cursors/at/$name"
    done
}

@test "partitions are decimal numbers without leading zeros" {
    local name
    for name in 00 01 -1 +1 0x0 1.0 33554432 18446744073709551616 "$(repeat 100 9)"; do
        absent "streams/orders/$name"
        refused "Invalid argument" mkdir -- "streams/orders/$name"
        refused "Invalid argument" mkdir -- "apps/billing/orders/$name"
    done
    mkdir streams/orders/33554431
    is "$(entries streams/orders)" "0 33554431 status"
}

@test "mkdir of a name that is no file name of one is EINVAL" {
    local name
    for name in .hidden 'a b' $'\xff' $'\u202e' $'a\nb' 'a;b' a%b a%2 a%41 a%2f %2e%2e %00 %; do
        refused "Invalid argument" mkdir "apps/$name"
        refused "Invalid argument" mkdir "checkpoints/$name"
        refused "Invalid argument" mkdir "streams/$name"
        absent "apps/$name"
    done
    refused "Invalid argument" mkdir "streams/$(repeat 250 a)"
    refused "Invalid argument" mkdir streams/a%20b streams/%2E
    is "$(entries apps)" billing
    is "$(entries streams)" orders
}

@test "a refused name is told how it is written" {
    refused "Invalid argument" mkdir "apps/my app;x"
    matches "$(tail -n 1 errors)" 'my%20app%3Bx'
}

@test "apps and streams may be named as in Kafka" {
    mkdir -p apps/connect.orders.v1/orders.v2/0 'apps/my%20app%2Fx/orders.v2' \
        "apps/b%C3%BCr%E2%80%8Bo" apps/%2Ehidden apps/größe 2>"$DIR/said" || true
    is "$(cat "$DIR/said")" \
        "mkdir: cannot create directory 'apps/b%C3%BCr%E2%80%8Bo': Invalid argument"
    is "$(entries apps)" "billing connect.orders.v1 größe my%20app%2Fx %2Ehidden"
    is "$(entries streams)" "orders orders.v2"
    put_once apps/my%20app%2Fx/orders.v2/0/checkpoint '7\nnote\n'
    is "$(cat checkpoints/my%20app%2Fx/orders.v2/0)" $'7\nnote'
    is "$(jq -r .app apps/my%20app%2Fx/orders.v2/0/status)" "my app/x"
    is "$(journal path)" my%20app%2Fx/orders.v2/0
    cp -r checkpoints/my%20app%2Fx checkpoints/%2Ecopy
    is "$(cat checkpoints/%2Ecopy/orders.v2/0)" $'7\nnote'
    rm -r checkpoints/%2Ecopy
    is "$(entries checkpoints)" "billing connect.orders.v1 größe my%20app%2Fx %2Ehidden"
    remount_store
    is "$(cat apps/my%20app%2Fx/orders.v2/0/checkpoint)" 7
}

@test "the longest names work" {
    local app stream
    app=$(repeat 255 a)
    stream=$(repeat 249 s)
    mkdir -p "apps/$app/$stream/33554431"
    put "apps/$app/$stream/33554431/checkpoint" 9223372036854775807
    is "$(cat "checkpoints/$app/$stream/33554431")" 9223372036854775807
}

@test "names differ by case" {
    mkdir apps/{Billing,BILLING,a_b,a-b,9,_,-}
    is "$(entries apps | wc -w)" 8
    mkdir -p apps/Billing/orders
    put apps/Billing/orders/0/checkpoint 1
    put apps/billing/orders/0/checkpoint 2
    is "$(cat checkpoints/Billing/orders/0)" 1
}

@test "1000 partitions are each listed once" {
    mkdir streams/orders/{1..999}
    is "$(partitions apps/billing/orders)" "$(seq -s ' ' 0 999)"
    is "$(entries streams/orders)" "$(seq -s ' ' 0 999) status"
}

@test "1000 apps are each listed once" {
    mkdir apps/app-{0..999}
    is "$(entries apps | tr ' ' '\n' | grep -c '^app-')" 1000
    is "$(find apps -maxdepth 1 -name 'app-*' | sort | uniq -d)" ""
}

@test "the fixed directories cannot be removed" {
    local directory
    for directory in apps checkpoints streams "$S/cursors" "$S/cursors/at" "$S/cursors/since"; do
        refused "Operation not permitted" rmdir "$directory"
    done
}

@test "directories are not made where none belong" {
    refused "Operation not permitted" mkdir other
    refused "Operation not permitted" mkdir "$P/other"
    refused "Operation not permitted" mkdir "$S/other"
    refused "Operation not permitted" mkdir "$S/cursors/other"
}

@test "in apps and streams nothing is created, renamed or linked" {
    put "$P/checkpoint" 42
    mkdir -p apps/billing/orders/1
    refused "Operation not permitted" put file 42
    refused "Operation not permitted" put apps/file 42
    refused "Operation not permitted" put apps/billing/file 42
    refused "Operation not permitted" put apps/billing/orders/file 42
    refused "Operation not permitted" put "$P/file" 42
    refused "Operation not permitted" put streams/orders/file 42
    refused "Operation not permitted" put "$S/file" 42
    refused "Operation not permitted" mv "$P/checkpoint" "$P/saved"
    refused "Operation not permitted" mv "$P/checkpoint" apps/billing/orders/1/checkpoint
    refused "Operation not permitted" mv apps/billing apps/other
    refused "Operation not permitted" mv streams/orders streams/other
    refused "Operation not permitted" ln "$P/checkpoint" "$P/hard"
    refused "Operation not permitted" ln -s checkpoint "$P/soft"
    refused "Operation not permitted" mkfifo "$P/pipe"
    is "$(cat "$P/checkpoint")" 42
    is "$(entries "$P")" "checkpoint cursor lag metadata records status"
}

@test "README names every file that is there, and tells of times and positions" {
    put_once "$P/checkpoint" '42\nnote\n'
    local name
    for name in $(find . -type f -printf '%P\n' | sed -E \
        's,billing,APP,; s,orders,STREAM,; s,/0(/|$),/N\1,') \
        streams/STREAM/N/{since/TIME,cursors/{at/NUMBER,after/NUMBER,since/TIME}}; do
        grep -qE "^[ *] $name " README || is "$name" "in README"
    done
    is "$(awk 'length > 80' README)" ""
    is "$(wc -c <README)" "$(stat -c %s README)"
    # it never changes
    is "$(stat -c %Y README)" "$(jq '.mounted | fromdate' status)"
}

@test "README says whether the mount plans, and whether it keeps a journal" {
    grep -q '^This mount keeps no journal ' README
    not grep -q '^This mount plans' README
    remount_store -o plan,journal="$DIR/journal"
    grep -q '^This mount plans' README
    grep -q '^This mount keeps a journal' README
    not grep -q 'keeps no journal' README
    is "$(wc -c <README)" "$(stat -c %s README)"
}

@test "status is of the embedded store" {
    is "$(jq -r '.source, .backend' status | xargs)" "local:$STORE local"
    is "$(jq -r '.last_error' status)" null
    refused "Invalid argument" put "$P/checkpoint" x
    is "$(jq -r '.last_error | .path, .errno' status | xargs)" "$P/checkpoint EINVAL"
    (($(jq '.last_success | fromdate' status) > $(date +%s) - 100))
    cd /
    unmount "$MNT"
    "$CHECKPOINTFS" -o lazy "$MNT" 3>&- 4>&-
    is "$(jq -r '.source, .last_success, .options.lazy' "$MNT/status" | xargs)" "local: null true"
}

@test "the virtual files cannot be removed" {
    put "$P/checkpoint" 42
    local file
    for file in "$P"/{cursor,lag,status,metadata} "$S"/{earliest,latest,status} \
        streams/orders/status README commits errors metrics status; do
        refused "Operation not permitted" rm -f "$file"
    done
}

@test "rmdir of an app with checkpoints is ENOTEMPTY" {
    put "$P/checkpoint" 42
    refused "Directory not empty" rmdir apps/billing
    refused "Directory not empty" rmdir checkpoints/billing
    refused "Directory not empty" rmdir checkpoints/billing/orders
    is "$(cat "$P/checkpoint")" 42
}

@test "rmdir of an app without checkpoints deletes it" {
    rmdir apps/billing
    is "$(entries apps)" ""
    is "$(entries checkpoints)" ""
    is "$(entries streams)" orders
    mkdir apps/billing
    rmdir checkpoints/billing
    is "$(entries apps)" ""
}

@test "rmdir of a stream is ENOTEMPTY while an app has a checkpoint on it" {
    put "$P/checkpoint" 42
    mkdir apps/audit
    refused "Directory not empty" rmdir streams/orders
    refused "Directory not empty" rmdir streams/orders/0
    refused "Directory not empty" rmdir apps/audit/orders
    rm "$P/checkpoint"
    rmdir streams/orders
    is "$(entries streams)" ""
    is "$(entries apps/billing)" ""
}

@test "rmdir apps/A/S deletes a stream and its partitions" {
    mkdir streams/orders/1
    rmdir apps/billing/orders
    is "$(entries streams)" ""
    mkdir streams/orders
    is "$(entries streams/orders)" status
}

@test "rmdir streams/S/P deletes one partition" {
    mkdir streams/orders/1
    put apps/billing/orders/1/checkpoint 42
    rmdir streams/orders/0
    is "$(entries streams/orders)" "1 status"
    absent "$P"
    is "$(cat apps/billing/orders/1/checkpoint)" 42
}

@test "rm -r checkpoints/A/S deletes the app's checkpoints on a stream" {
    mkdir -p apps/billing/orders/1 apps/billing/payments/0 apps/audit
    put apps/billing/orders/0/checkpoint 1
    put apps/billing/orders/1/checkpoint 2
    put apps/billing/payments/0/checkpoint 3
    put apps/audit/orders/0/checkpoint 4
    rm -r checkpoints/billing/orders
    is "$(entries checkpoints/billing)" payments
    absent "$P/checkpoint"
    is "$(entries streams)" "orders payments"
    is "$(entries streams/orders)" "0 1 status"
    is "$(cat apps/billing/payments/0/checkpoint)" 3
    is "$(cat apps/audit/orders/0/checkpoint)" 4
}

@test "rm -r checkpoints/A deletes the app's checkpoints and the app" {
    put "$P/checkpoint" 42
    mkdir apps/audit
    put apps/audit/orders/0/checkpoint 7
    rm -r checkpoints/billing
    is "$(entries apps)" audit
    is "$(entries checkpoints)" audit
    is "$(cat checkpoints/audit/orders/0)" 7
    is "$(entries streams/orders)" "0 status"
}

@test "rmdir of what is not there is ENOENT" {
    refused "No such file or directory" rmdir apps/other
    refused "No such file or directory" rmdir streams/other
    refused "No such file or directory" rmdir streams/orders/7
    refused "No such file or directory" rmdir checkpoints/other
}

@test "every listed file can be read, with a checkpoint and without" {
    find . -type f -exec cat {} + >/dev/null
    put_once "$P/checkpoint" '42\nnote\n'
    find . -type f -exec cat {} + >/dev/null
    ls -lR >/dev/null
}

@test "odd system calls are answered, and harm nothing" {
    needs python3
    put "$P/checkpoint" 42
    python3 - "$P/checkpoint" <<'END'
import fcntl, mmap, os, stat, sys
path = sys.argv[1]
fd = os.open(path, os.O_RDWR)
for call in (
    lambda: os.posix_fallocate(fd, 0, 1 << 20),
    lambda: mmap.mmap(fd, 3).close(),
    lambda: os.setxattr(path, "user.x", b"y"),
    lambda: os.getxattr(path, "security.capability"),
    lambda: os.listxattr(path),
    lambda: os.mknod(path + "x", stat.S_IFCHR | 0o644, 0x103),
    lambda: os.lseek(fd, 0, os.SEEK_DATA),
    lambda: os.lseek(fd, 0, os.SEEK_HOLE),
    lambda: fcntl.ioctl(fd, 0x5401, bytes(64)),
    lambda: fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB),
    lambda: os.truncate(path, 1 << 50),
    lambda: os.copy_file_range(fd, fd, 3, 0, 3),
    lambda: os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY),
    lambda: os.open(path, os.O_DIRECTORY),
    lambda: os.open("apps", os.O_RDWR),
    lambda: os.rmdir(path),
    lambda: os.unlink("apps"),
    lambda: os.listdir(path),
):
    try:
        call()
    except OSError:
        pass
END
    is "$(cat "$P/checkpoint")" 42
    is "$(entries .)" "README apps checkpoints commits errors gauges lag metrics overview.html status streams"
}

@test "a directory that is made again is another, whoever holds the old one" {
    local directory old
    for directory in checkpoints/audit/orders/.parts checkpoints/audit/orders checkpoints/audit apps/audit/orders/0 \
        apps/audit/orders streams/new/3 streams/new apps/audit; do
        mkdir -p "$directory"
        exec 9<"$directory"
        old=$(stat -L -c %i /proc/self/fd/9)
        for _ in 1 2 3; do
            rmdir "$directory"
            is "$(stat -L -c '%F %h' /proc/self/fd/9)" "directory 0"
            mkdir "$directory"
            entries "$directory" >/dev/null
        done
        exec 9<&-
        is "$(stat -c %h "$directory")" 1
        not [ "$(stat -c %i "$directory")" = "$old" ]
        rmdir "$directory"
    done
    mkdir -p apps/audit/orders/0 checkpoints/audit/payments
    put apps/audit/orders/0/checkpoint 42
    echo 43 >checkpoints/audit/payments/0
    is "$(cat apps/audit/orders/0/checkpoint apps/audit/payments/0/checkpoint)" $'42\n43'
}

@test "no two entries share an inode number, and each keeps its own" {
    put "$P/checkpoint" 42
    find . -printf '%i %p\n' | sort >"$DIR/first"
    find . -printf '%i %p\n' | sort >"$DIR/second"
    cmp "$DIR/first" "$DIR/second"
    is "$(cut -d ' ' -f 1 "$DIR/first" | uniq -d)" ""
}
