# shellcheck shell=bats
# checkpoints/: ordinary files, for the tools that copy, compare, edit and restore files.

load helper

# Two streams, three partitions, with and without metadata.
setup() {
    make_place
    mount_store
    cd "$MNT" || return
    mkdir -p apps/billing/orders/{0,1} apps/billing/payments/7
    put_once apps/billing/orders/0/checkpoint '42\nnote\n'
    put apps/billing/orders/1/checkpoint 1234567
    put_once apps/billing/payments/7/checkpoint '9\nline one\nline two\n'
}

# All checkpoints, one line each.
everything() {
    (cd checkpoints && grep -r '' . | sort)
}

# Runs a command, after which all checkpoints must be as before.
restores() {
    "$@"
    is "$(everything)" "$before"
}

@test "cp -r out and diff -r find no difference" {
    cp -r checkpoints "$DIR/backup"
    diff -r checkpoints "$DIR/backup"
    is "$(cat "$DIR/backup/billing/payments/7")" $'9\nline one\nline two'
    is "$(find "$DIR/backup" -type f | wc -l)" 3
}

@test "diff -r shows what has moved since" {
    cp -r checkpoints "$DIR/backup"
    put apps/billing/orders/1/checkpoint 1234568
    run -1 diff -r "$DIR/backup" checkpoints
    matches "$output" $'< 1234567\n---\n> 1234568$'
}

@test "cp -r restores a backup" {
    local before
    before=$(everything)
    cp -r checkpoints "$DIR/backup"
    put apps/billing/orders/0/checkpoint 43
    rm apps/billing/orders/1/checkpoint
    restores cp -r "$DIR/backup/billing" checkpoints/
    rm -r checkpoints/billing
    is "$(entries apps)" ""
    restores cp -r "$DIR/backup/billing" checkpoints/
}

@test "cp -r clones an app" {
    cp -r checkpoints/billing checkpoints/invoicing
    diff -r checkpoints/billing checkpoints/invoicing
    is "$(entries apps)" "billing invoicing"
    is "$(cat apps/invoicing/payments/7/metadata)" $'line one\nline two'
}

@test "cp -r brings what was never there" {
    mkdir -p "$DIR/backup/clicks" checkpoints/audit
    printf '43\nnote\n' >"$DIR/backup/clicks/3"
    echo 5 >"$DIR/backup/clicks/12"
    cp -r "$DIR/backup/." checkpoints/audit/
    diff -r "$DIR/backup" checkpoints/audit
}

@test "cp -a restores a backup" {
    local before
    before=$(everything)
    cp -a checkpoints "$DIR/backup"
    rm -r checkpoints/billing
    restores cp -a "$DIR/backup/billing" checkpoints/
}

@test "tar saves and restores" {
    local before
    before=$(everything)
    tar -C checkpoints -cf "$DIR/backup.tar" .
    put apps/billing/orders/0/checkpoint 5
    restores tar -C checkpoints -xf "$DIR/backup.tar"
    rm -r checkpoints/billing
    restores tar -C checkpoints -xf "$DIR/backup.tar"
}

@test "rsync saves and restores" {
    needs rsync
    local before
    before=$(everything)
    rsync -a checkpoints/ "$DIR/backup/"
    diff -r checkpoints "$DIR/backup"
    put apps/billing/orders/0/checkpoint 5
    rm apps/billing/orders/1/checkpoint
    restores rsync -a "$DIR/backup/" checkpoints/
    rm -r checkpoints/billing
    restores rsync -a "$DIR/backup/" checkpoints/
}

@test "rsync --delete and --inplace make one app like another" {
    needs rsync
    mkdir -p apps/other/refunds/0
    put apps/other/refunds/0/checkpoint 1
    rsync -r --checksum --inplace --delete checkpoints/billing/ checkpoints/other/
    diff -r checkpoints/billing checkpoints/other
}

@test "tools that set a mode, an owner or a time in the end succeed" {
    needs python3
    local file=$DIR/saved
    echo 500 >"$file"
    chmod 640 "$file"
    ((EUID != 0)) || chown 12:34 "$file"
    install -m 600 "$file" checkpoints/billing/orders/0
    is "$(cat checkpoints/billing/orders/0)" 500
    echo 501 >"$file"
    cp -p "$file" checkpoints/billing/orders/0
    is "$(cat checkpoints/billing/orders/0)" 501
    echo 502 >"$file"
    python3 -c 'import shutil, sys; shutil.copy2(*sys.argv[1:])' "$file" checkpoints/billing/orders/0
    is "$(cat checkpoints/billing/orders/0)" 502
    # as logrotate's create
    python3 - checkpoints/billing/orders/0 <<'END'
import os, sys
os.rename(sys.argv[1], sys.argv[1] + ".1")
fd = os.open(sys.argv[1], os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
os.fchmod(fd, 0o600)
os.fchown(fd, os.getuid(), os.getgid())
os.write(fd, b"503\n")
os.close(fd)
END
    is "$(cat checkpoints/billing/orders/0)" 503
    is "$(cat errors)" ""
}

@test "rsync -a and tar xp restore from directories and files of any mode" {
    needs rsync
    mkdir -p "$DIR/backup/billing/orders"
    echo 5000 >"$DIR/backup/billing/orders/0"
    chmod -R u=rwX,g=rwxs,o= "$DIR/backup"
    rsync -a "$DIR/backup/" checkpoints/
    is "$(cat checkpoints/billing/orders/0)" 5000
    tar -C "$DIR/backup" -cf "$DIR/backup.tar" .
    put apps/billing/orders/0/checkpoint 42
    tar -C checkpoints -xpf "$DIR/backup.tar"
    is "$(cat checkpoints/billing/orders/0)" 5000
}

@test "sed -i edits" {
    sed -i s/42/43/ checkpoints/billing/orders/0
    is "$(cat apps/billing/orders/0/checkpoint)" 43
    is "$(cat apps/billing/orders/0/metadata)" note
    is "$(entries checkpoints/billing/orders)" "0 1"
}

@test "sed -i with a suffix keeps the old text beside it" {
    sed -i.old s/42/43/ checkpoints/billing/orders/0
    is "$(head -n 1 checkpoints/billing/orders/0)" 43
    is "$(cat checkpoints/billing/orders/0.old)" $'42\nnote'
}

@test "perl -i edits" {
    perl -i -pe s/42/43/ checkpoints/billing/orders/0
    is "$(cat checkpoints/billing/orders/0)" $'43\nnote'
}

@test "vim edits" {
    needs vim
    vim -u NONE -i NONE -es -c '%s/42/43/' -c wq checkpoints/billing/orders/0
    is "$(cat checkpoints/billing/orders/0)" $'43\nnote'
    is "$(entries checkpoints/billing/orders)" "0 1"
}

@test "vim edits and keeps a backup" {
    needs vim
    vim -u NONE -i NONE -es -c 'set backup backupdir=. backupskip=' -c '%s/42/43/' -c wq \
        checkpoints/billing/orders/0
    is "$(cat checkpoints/billing/orders/0)" $'43\nnote'
    is "$(cat checkpoints/billing/orders/0~)" $'42\nnote'
}

@test "git records and restores" {
    needs git
    local before
    before=$(everything)
    export GIT_DIR=$DIR/git GIT_WORK_TREE=$MNT/checkpoints
    export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
    export GIT_AUTHOR_NAME=n GIT_AUTHOR_EMAIL=e GIT_COMMITTER_NAME=n GIT_COMMITTER_EMAIL=e
    git init -q
    git add -A
    git commit -qm first
    is "$(git ls-files | paste -sd ' ')" "billing/orders/0 billing/orders/1 billing/payments/7"
    put apps/billing/orders/0/checkpoint 43
    rm apps/billing/orders/1/checkpoint
    is "$(git status --porcelain)" $' M billing/orders/0\n D billing/orders/1'
    git commit -qam second
    restores git checkout -q HEAD~1 -- .
    is "$(git status --porcelain | wc -l)" 2
    git reset -q --hard HEAD
    is "$(entries checkpoints/billing/orders)" 0
    is "$(cat checkpoints/billing/orders/0)" 43
    is "$(cat checkpoints/billing/payments/7)" $'9\nline one\nline two'
}

@test "mv to another partition commits there and deletes here" {
    mv checkpoints/billing/orders/0 checkpoints/billing/orders/1
    is "$(entries checkpoints/billing/orders)" 1
    is "$(cat checkpoints/billing/orders/1)" $'42\nnote'
    absent apps/billing/orders/0/checkpoint
}

@test "mv to another stream and another app works" {
    mkdir -p apps/audit checkpoints/audit/orders
    mv checkpoints/billing/orders/0 checkpoints/billing/payments/7
    is "$(cat apps/billing/payments/7/metadata)" note
    mv checkpoints/billing/payments/7 checkpoints/audit/orders/0
    is "$(cat apps/audit/orders/0/checkpoint)" 42
    is "$(find checkpoints/billing -type f)" checkpoints/billing/orders/1
}

@test "mv to a temporary name and back works" {
    mv checkpoints/billing/orders/0 checkpoints/billing/orders/saved
    absent apps/billing/orders/0/checkpoint
    is "$(cat checkpoints/billing/orders/saved)" $'42\nnote'
    mv checkpoints/billing/orders/saved checkpoints/billing/orders/0
    is "$(cat apps/billing/orders/0/checkpoint)" 42
    is "$(entries checkpoints/billing/orders)" "0 1"
}

@test "renaming a checkpoint to itself changes nothing" {
    rename checkpoints/billing/orders/0 checkpoints/billing/orders/0
    is "$(cat checkpoints/billing/orders/0)" $'42\nnote'
}

@test "renaming any file to itself changes nothing" {
    local file
    for file in status README apps/billing/orders/0/{checkpoint,lag,cursor} streams/orders/status; do
        rename "$file" "$file"
    done
    is "$(cat errors)" ""
}

@test "rename of a directory is EXDEV" {
    refused "Invalid cross-device link" rename checkpoints/billing checkpoints/other
    refused "Invalid cross-device link" rename checkpoints/billing/orders checkpoints/billing/other
}

@test "mv of an app copies it and deletes the old" {
    mv checkpoints/billing checkpoints/invoicing
    is "$(entries apps)" invoicing
    is "$(cat checkpoints/invoicing/orders/0)" $'42\nnote'
    is "$(find checkpoints -type f | wc -l)" 3
}

@test "a temporary file may hold anything, and is listed" {
    echo "any text" >checkpoints/billing/orders/draft
    is "$(cat checkpoints/billing/orders/draft)" "any text"
    echo more >>checkpoints/billing/orders/draft
    is "$(cat checkpoints/billing/orders/draft)" $'any text\nmore'
    is "$(stat -c %s checkpoints/billing/orders/draft)" 14
    is "$(entries checkpoints/billing/orders)" "0 1 draft"
    rm checkpoints/billing/orders/draft
    is "$(entries checkpoints/billing/orders)" "0 1"
}

@test "temporary files can be truncated, overwritten in place and written sparsely" {
    local draft=checkpoints/billing/orders/draft
    printf 0123456789 >"$draft"
    truncate -s 4 "$draft"
    is "$(cat "$draft")" 0123
    printf X | dd of="$draft" bs=1 seek=1 conv=notrunc status=none
    is "$(cat "$draft")" 0X23
    truncate -s 6 "$draft"
    is "$(od -An -c "$draft" | tr -d ' ')" '0X23\0\0'
    : >"$draft"
    is "$(stat -c %s "$draft")" 0
}

@test "a temporary file accepts chmod and touch" {
    echo text >checkpoints/billing/orders/draft
    chmod 600 checkpoints/billing/orders/draft
    touch -d @1000000000 checkpoints/billing/orders/draft
    is "$(cat checkpoints/billing/orders/draft)" text
}

@test "a temporary file is private to its mount, and gone with it" {
    echo text >checkpoints/billing/orders/draft
    mount_at "$DIR/other"
    absent "$DIR/other/checkpoints/billing/orders/draft"
    remount_store
    absent checkpoints/billing/orders/draft
}

@test "a temporary file commits nothing until it is renamed over a partition" {
    echo 77 >checkpoints/billing/orders/draft
    is "$(cat apps/billing/orders/0/checkpoint)" 42
    mv checkpoints/billing/orders/draft checkpoints/billing/orders/0
    is "$(cat apps/billing/orders/0/checkpoint)" 77
    is "$(cat apps/billing/orders/0/metadata)" ""
    is "$(entries checkpoints/billing/orders)" "0 1"
}

@test "a temporary file may say latest, and the rename commits that" {
    put streams/orders/0/latest 100
    echo latest >checkpoints/billing/orders/draft
    mv checkpoints/billing/orders/draft checkpoints/billing/orders/0
    is "$(cat checkpoints/billing/orders/0)" 99
}

@test "renaming junk over a partition is EINVAL and loses neither" {
    echo junk >checkpoints/billing/orders/draft
    refused "Invalid argument" rename checkpoints/billing/orders/draft checkpoints/billing/orders/0
    is "$(cat checkpoints/billing/orders/0)" $'42\nnote'
    is "$(cat checkpoints/billing/orders/draft)" junk
}

@test "renaming a number out of range over a partition is ERANGE and loses neither" {
    put streams/orders/0/latest 100
    echo 100 >checkpoints/billing/orders/draft
    refused "Numerical result out of range" \
        rename checkpoints/billing/orders/draft checkpoints/billing/orders/0
    is "$(head -n 1 checkpoints/billing/orders/0)" 42
    is "$(cat checkpoints/billing/orders/draft)" 100
}

@test "a temporary file holds 64 KiB and no more" {
    local draft=checkpoints/billing/orders/draft
    head -c 65536 /dev/zero >"$DIR/fits"
    head -c 65537 /dev/zero >"$DIR/big"
    cp "$DIR/fits" "$draft"
    cmp "$DIR/fits" "$draft"
    run -1 cp "$DIR/big" "$draft"
    run -1 dd if=/dev/zero of="$draft" bs=1 count=1 seek=65536 conv=notrunc
    run -1 dd if=/dev/zero of="$draft" bs=1 count=1 seek=1T conv=notrunc
    run -1 truncate -s 65537 "$draft"
    (($(stat -c %s "$draft") <= 65536))
}

@test "names that are almost partitions are temporary files" {
    local name
    for name in 007 00 -1 99999999999 .0.Ab12Cd 0~ '#0#' '4913 x' $'\xc3\xa9' $'a\nb'; do
        echo 5 >"checkpoints/billing/orders/$name"
        is "$(cat "checkpoints/billing/orders/$name")" 5
        rm -- "checkpoints/billing/orders/$name"
    done
    is "$(journal path | sort -u | grep -c orders)" 2
}

@test "rsync --delay-updates and --partial-dir commit" {
    needs rsync
    mkdir -p "$DIR/backup/billing/orders"
    echo 5000 >"$DIR/backup/billing/orders/0"
    printf '5001\nnote\n' >"$DIR/backup/billing/orders/1"
    rsync -a --delay-updates "$DIR/backup/" checkpoints/
    diff -r "$DIR/backup/billing/orders" checkpoints/billing/orders
    echo 50000 >"$DIR/backup/billing/orders/0"
    rsync -a --partial-dir=.rsync-partial "$DIR/backup/" checkpoints/
    diff -r "$DIR/backup/billing/orders" checkpoints/billing/orders
    is "$(entries checkpoints/billing/orders)" "0 1"
}

@test "rsync --delay-updates fails when there are too many files for it" {
    needs rsync
    mkdir -p "$DIR/backup/billing/orders"
    touch "$DIR/backup/billing/orders/"{0..299}
    local file
    for file in "$DIR/backup/billing/orders/"*; do
        echo "${file##*/}" >"$file"
    done
    refused "No space left on device" rsync -a --delay-updates "$DIR/backup/" checkpoints/
    rsync -a --checksum --delay-updates "$DIR/backup/" checkpoints/
    diff -r "$DIR/backup/billing/orders" checkpoints/billing/orders
}

@test "a directory for temporary files is one while it is there" {
    local where=checkpoints/billing/orders
    mkdir "$where/.parts"
    refused "File exists" mkdir "$where/.parts"
    echo 77 >"$where/.parts/0"
    echo more >>"$where/.parts/draft"
    is "$(entries "$where") $(entries "$where/.parts")" ".parts 0 1 0 draft"
    is "$(find "$where" -type d -printf '%P ') $(stat -c %F "$where/.parts/0")" " .parts  regular file"
    is "$(head -n 1 "$where/0")" 42
    mv "$where/.parts/0" "$where/0"
    is "$(cat "$where/0")" 77
    refused "Directory not empty" rmdir "$where/.parts"
    mv "$where/.parts/draft" "$where/.draft"
    is "$(cat "$where/.draft")" more
    rmdir "$where/.parts"
    absent "$where/.parts"
    mv "$where/.draft" "$where/.parts"
    is "$(cat "$where/.parts")" more
    refused "File exists" mkdir "$where/.parts"
    rm "$where/.parts"
    mkdir "$where/.parts"
    rm -r checkpoints/billing
    is "$(entries apps)" ""
}

@test "only a temporary file is moved into a directory for them" {
    local where=checkpoints/billing/orders
    mkdir "$where/.trash"
    refused "Operation not permitted" mv "$where/0" "$where/.trash/"
    refused "Operation not permitted" rename "$where/0" "$where/.trash/0"
    is "$(cat "$where/0") $(entries "$where/.trash")" $'42\nnote '
    refused "Invalid cross-device link" rename "$where/.trash" "$where/.other"
}

@test "nothing is made in a directory for temporary files that has gone" {
    needs python3
    mkdir -p checkpoints/audit/orders/.parts apps/audit
    python3 - checkpoints/audit/orders/.parts apps/audit <<'END'
import os, sys
directory = os.open(sys.argv[1], os.O_RDONLY)
os.rmdir(sys.argv[2])
try:
    os.open("0", os.O_WRONLY | os.O_CREAT, dir_fd=directory)
    sys.exit("made")
except FileNotFoundError:
    pass
END
    mkdir -p checkpoints/audit/orders
    is "$(entries checkpoints/audit/orders)" ""
    rm -r checkpoints/audit
}

@test "directories are made for temporary files only, beside partitions, and not in one another" {
    local name
    for name in .Trash-0 checkpoints/.x checkpoints/billing/.x checkpoints/billing/orders/{x,5,x.d}; do
        not mkdir "$name" 2>/dev/null
        absent "$name"
    done
    mkdir checkpoints/billing/orders/.x
    refused "Operation not permitted" mkdir checkpoints/billing/orders/.x/.y
    is "$(journal what | sort -u)" commit
}

@test "rm -r takes temporary files along" {
    echo text >checkpoints/billing/orders/draft
    rm -r checkpoints/billing
    is "$(entries apps)" ""
}

@test "a handle is an ordinary file: lines after the first are metadata" {
    { echo 43; echo other; } >checkpoints/billing/orders/0
    is "$(cat checkpoints/billing/orders/0)" $'43\nother'
    is "$(cat apps/billing/orders/0/metadata)" other
}

@test "a handle is an ordinary file: the builtin printf may write line by line" {
    printf '43\none\ntwo\n' >checkpoints/billing/orders/0
    is "$(cat checkpoints/billing/orders/0)" $'43\none\ntwo'
}

@test "a handle is an ordinary file: appending adds metadata" {
    echo more >>checkpoints/billing/orders/0
    is "$(cat checkpoints/billing/orders/0)" $'42\nnote\nmore'
    echo first >>checkpoints/billing/orders/1
    is "$(cat checkpoints/billing/orders/1)" $'1234567\nfirst'
}

@test "a handle is an ordinary file: bytes are replaced in place" {
    printf 43 1<>checkpoints/billing/orders/0
    is "$(cat checkpoints/billing/orders/0)" $'43\nnote'
}

@test "a checkpoint is made by writing a file" {
    rm checkpoints/billing/orders/1
    echo 5 >checkpoints/billing/orders/1
    is "$(cat apps/billing/orders/1/checkpoint)" 5
}

@test "what is no position is EINVAL, and the old checkpoint stays" {
    refused "Invalid argument" put checkpoints/billing/orders/0 junk
    is "$(cat checkpoints/billing/orders/0)" $'42\nnote'
    : >checkpoints/billing/orders/0
    is "$(cat checkpoints/billing/orders/0)" $'42\nnote'
}

@test "rm deletes one commit" {
    rm checkpoints/billing/orders/0
    is "$(entries checkpoints/billing/orders)" 1
    absent apps/billing/orders/0/checkpoint
    refused "No such file or directory" rm checkpoints/billing/orders/0
}

@test "a directory whose last file was removed takes new ones" {
    rm checkpoints/billing/payments/7
    echo 10 >checkpoints/billing/payments/7
    is "$(cat apps/billing/payments/7/checkpoint)" 10
    perl -i -pe s/10/11/ checkpoints/billing/payments/7
    sed -i s/11/12/ checkpoints/billing/payments/7
    is "$(cat apps/billing/payments/7/checkpoint)" 12
}

@test "a temporary file that is removed while open can still be used" {
    needs python3
    python3 - checkpoints/billing/orders/draft <<'END'
import os, sys
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT | os.O_EXCL)
os.unlink(sys.argv[1])
os.write(fd, b"text")
assert os.pread(fd, 100, 0) == b"text"
END
    absent checkpoints/billing/orders/draft
}

@test "an open temporary file stays what it is when its name is another's" {
    needs python3
    python3 - checkpoints/billing/orders <<'END'
import os, sys
os.chdir(sys.argv[1])
first = os.open(".a", os.O_RDWR | os.O_CREAT, 0o644)
os.write(first, b"first")
os.rename(".a", ".b")
second = os.open(".a", os.O_RDWR | os.O_CREAT, 0o600)
os.write(second, b"the second")

def about(fd):
    found = os.fstat(fd)
    return found.st_mode & 0o777, found.st_size, found.st_nlink, os.lseek(fd, 0, os.SEEK_END)

assert about(first) == (0o644, 5, 1, 5), about(first)
assert os.path.samestat(os.fstat(first), os.stat(".b"))
assert not os.path.samestat(os.fstat(first), os.stat(".a"))
os.fchmod(first, 0o640)
os.ftruncate(first, 2)
assert about(first) == (0o640, 2, 1, 2), about(first)
assert about(second) == (0o600, 10, 1, 10), about(second)
assert open(".a").read() == "the second" and open(".b").read() == "fi"
os.mkdir(".d")
os.rename(".b", ".d/b")
assert os.path.samestat(os.fstat(first), os.stat(".d/b"))
os.rename(".a", ".d/b")
assert about(first) == (0o640, 2, 0, 2) and about(second) == (0o600, 10, 1, 10)
assert open(".d/b").read() == "the second"
END
}

@test "a checkpoint can be moved over a temporary file when there can be no more" {
    local directory=checkpoints/billing/orders count=0
    while echo 1 2>/dev/null >"$directory/.x$count"; do
        count=$((count + 1))
    done
    is "$count" 256
    refused "No space left on device" mv "$directory/0" "$directory/.new"
    mv "$directory/0" "$directory/.x0"
    is "$(cat "$directory/.x0")" "$(printf '42\nnote')"
}

@test "files are only made in the directories of streams" {
    refused "Operation not permitted" put checkpoints/file 1
    refused "Operation not permitted" put checkpoints/billing/file 1
    refused "Operation not permitted" cp "$STORE" checkpoints/
}

@test "a temporary name has 255 bytes, as anywhere" {
    echo 5 >"checkpoints/billing/orders/$(repeat 255 x)"
    refused "File name too long" put "checkpoints/billing/orders/$(repeat 256 x)" 5
}

@test "1000 checkpoints are copied, compared and restored" {
    mkdir streams/payments/{100..1096}
    local partition
    for partition in {100..1096}; do
        echo "$partition" >"checkpoints/billing/payments/$partition"
    done
    is "$(find checkpoints -type f | wc -l)" 1000
    cp -r checkpoints "$DIR/backup"
    rm -r checkpoints/billing
    cp -r "$DIR/backup/billing" checkpoints/
    diff -r checkpoints "$DIR/backup"
}

@test "a rename to the long name of the same partition changes nothing" {
    put "$C" 42
    mv "$C" checkpoints/billing/orders/shardId-0000000000
    is "$(cat "$C")" 42
}

@test "a rename takes what another mount has just committed" {
    mount_at "$DIR/other"
    mkdir -p apps/audit
    put "$C" 42
    cat "$C"
    put "$DIR/other/$C" 50
    mkdir checkpoints/audit/orders
    mv "$C" checkpoints/audit/orders/0
    is "$(cat checkpoints/audit/orders/0)" 50
}

@test "appending adds to what another mount has just committed" {
    mount_at "$DIR/other"
    put "$C" 42
    cat "$C"
    put "$DIR/other/$C" 50
    echo "a note" >>"$C"
    is "$(cat "$C")" $'50\na note'
}

@test "a directory with a temporary file keeps its app" {
    mkdir -p checkpoints/audit/orders
    echo text >checkpoints/audit/orders/.temporary
    refused "Directory not empty" rmdir checkpoints/audit
    rmdir apps/audit
    mkdir checkpoints/audit checkpoints/audit/orders
    is "$(entries checkpoints/audit/orders)" ""
}

@test "after unmounting the store is one file that can be copied" {
    put "$C" 42
    cd /
    unmount "$MNT"
    is "$(entries "$DIR")" "mnt mount.log store.db"
    cp "$STORE" "$DIR/copy.db"
    is "$(sqlite3 "$DIR/copy.db" 'SELECT max(sequence) FROM checkpoint WHERE sequence = 42')" 42
}

@test "an empty directory whose stream has gone can be removed" {
    rm checkpoints/billing/payments/7
    rmdir streams/payments/7 streams/payments
    rm -r checkpoints/billing/payments
    rm -r checkpoints/billing
    is "$(entries checkpoints)" ""
}

# ---- what the kernel answers by itself, for as long as a listing is young

# asked: how many names and attributes the kernel has asked for.
asked() {
    awk -F'[" ]' '/^checkpointfs_file_requests?[a-z_]*{.*request="(lookup|getattr)"/ && !/bucket|_sum/ { sum += $NF }
        END { print sum + 0 }' metrics
}

# A stream with so many checkpoints (200), in a mount whose answers last for the test.
with_many() { # [COUNT]
    local last=$((${1:-200} - 1))
    remount_store -o snapshot=60
    seq -f 'apps/audit/wide/%.0f' 0 "$last" | xargs mkdir -p
    seq 0 "$last" | awk '{ print $1 "\t" $1 + 1000 }' >apps/audit/wide/checkpoints
}

@test "files of a directory that was made again while somebody held it are their own" {
    exec 7<checkpoints/billing/payments
    rm checkpoints/billing/payments/*
    rmdir checkpoints/billing/payments
    mkdir checkpoints/billing/payments
    echo 42 >checkpoints/billing/payments/7
    for _ in 1 2; do
        matches "$(ls -l checkpoints/billing/payments)" ' 3 [^ ]+ +[0-9]+ [0-9:]+ 7$'
    done
    is "$(find checkpoints/billing/payments -type f -printf %i)" "$(stat -c %i checkpoints/billing/payments/7)"
    is "$(cat checkpoints/billing/payments/7)" 42
    exec 7<&-
}

listed_long() {
    ls -l checkpoints/audit/wide >"$DIR/listed"
    grep -c '^-' "$DIR/listed"
}

# The kernel takes some 400 of them at a time, and programs look at the first when they have read all.
@test "ls -l, du and find of a listing ask for no attributes" {
    local before
    with_many 1000
    before=$(asked)
    is "$(find checkpoints/audit/wide -type f -size -3 -mmin -5 | wc -l)" 1000
    is "$(listed_long)" 1000
    is "$(du -a checkpoints/audit/wide | wc -l)" 1001
    (($(asked) - before < 40)) || is "$(($(asked) - before))" "less than 40"
}

@test "what is committed through this mount is seen at once, whichever file it comes by" {
    local file=checkpoints/audit/wide/7
    with_many
    ls -l checkpoints/audit/wide >/dev/null
    put apps/audit/wide/7/checkpoint 1234567
    is "$(stat -c %s "$file") $(cat "$file")" "8 1234567"
    ls -l checkpoints/audit/wide >/dev/null
    printf '7\t5\n' >apps/audit/wide/checkpoints
    is "$(cat "$file") $(stat -c %s "$file")" "5 2"
    ls -l checkpoints/audit/wide >/dev/null
    put apps/audit/wide/7/checkpoint undo
    printf 'note\n' >>"$file"
    is "$(stat -c %s "$file") $(cat "$file")" $'13 1234567\nnote'
    ls -l checkpoints/audit/wide >/dev/null
    rm apps/audit/wide/7/checkpoint
    refused "No such file or directory" stat "$file"
    refused "No such file or directory" cat "$file"
    is "$(listed_long)" 199
    (set -C && echo 6 >"$file")
    is "$(stat -c %s "$file") $(cat "$file")" "2 6"
}

@test "the new name of a checkpoint stands for itself, and so does the old one" {
    local directory=checkpoints/audit/wide
    with_many
    ls -l "$directory" >/dev/null
    mv "$directory/7" "$directory/8"
    put "$directory/7" 1234567
    is "$(stat -c %s "$directory/7" "$directory/8" | xargs) $(cat "$directory/7" "$directory/8" | xargs)" "8 5 1234567 1007"
    ls -l "$directory" >/dev/null
    mv "$directory/9" "$directory/.kept"
    put "$directory/9" 1234567
    is "$(stat -c %s "$directory/.kept" "$directory/9" | xargs) $(cat "$directory/.kept")" "5 8 1009"
}

@test "what is removed with its app is gone at once" {
    with_many
    ls -l checkpoints/audit/wide >/dev/null
    printf '%s\t-\n' '*' >apps/audit/wide/checkpoints || rm apps/audit/wide/*/checkpoint
    rmdir apps/audit
    refused "No such file or directory" stat checkpoints/audit/wide/7
    refused "No such file or directory" cat checkpoints/audit/wide/8
}
