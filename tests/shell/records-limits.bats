# shellcheck shell=bats
# shellcheck disable=SC2016 # what other shells are to expand
# shellcheck disable=SC2002 # wc alone would trust the size
# Who reads records of the embedded store, how much at once, and what is told of them.

load helper
load records
load readers

setup() {
    needs jq sqlite3
    begin
}

# ---- who may, and how much

@test "records are for their owner alone, whatever -o umask says" {
    local mask
    for mask in 0 022 077; do
        remount_store -o "umask=$mask"
        is "$mask $(stat -c %a "$P/records" "$NOW" "$NEXT" "$S/records" "$S"/records/{at,earliest,at/1,data,data/1,new} |
            xargs)" "$mask 500 400 400 500 500 400 400 500 400 200"
    done
}

@test "others read and write no records under -o allow_other" {
    needs_root
    remount_store -o allow_other,umask=0
    produce 0 2
    refused "Permission denied" as_nobody cat "$MNT/$NOW"
    refused "Permission denied" as_nobody cat "$MNT/$S/records/data/1"
    refused "Permission denied" as_nobody dd if=/dev/zero "of=$MNT/$NEW" count=1
    refused "Permission denied" as_nobody ls "$MNT/$P/records"
}

@test "-o ro reads records and writes none" {
    produce 0 2
    remount_store -o ro
    is "$(data_of "$NOW" | xargs) $(data_of "$S/records/at/1" | xargs)" "0 1 2 1 2"
    refused "Read-only file system" put "$NEW" hello
    is "$(cat "$S/latest")" 3
}

# batch_of BYTES COUNT: with -o batch=BYTES so many records are read.
batch_of() {
    remount_store -o "batch=$1"
    is "$1 $(wc -l <"$NOW") $(wc -l <"$S/records/earliest")" "$1 $2 $2"
}

@test "-o batch ends a batch after a whole record, and it has one at least" {
    seq -w 0000 0099 >"$NEW"
    batch_of 1 1
    batch_of 4 1
    batch_of 5 2
    batch_of 10 3
    batch_of 400 100
    batch_of 1048576 100
    tail -n 1 "$NOW" >"$P/checkpoint"
    head -c 900000 /dev/zero | tr '\0' x >"$NEW"
    batch_of() { remount_store -o "batch=$1"; is "$1 $(wc -l <"$NOW")" "$1 $2"; }
    batch_of 10 1
}

@test "a batch is a number of bytes up to 16 MiB" {
    local bytes
    cd / && unmount "$MNT"
    for bytes in 0 -1 16777217 1M x ''; do
        run -2 "$CHECKPOINTFS" -o "batch=$bytes" "local:$STORE" "$MNT"
        matches "$output" 'batch'
    done
}

# batch_bytes: of all files that are open.
batch_bytes() {
    awk '/^checkpointfs_batch_bytes/ { print $NF }' metrics
}

no_batches() {
    is "$(batch_bytes)" 0
}

@test "open files of records have 256 MiB together, and more is ENOMEM" {
    needs python3
    head -c 1048576 /dev/zero | tr '\0' z >"$DIR/data"
    cp "$DIR/data" "$NEW"
    python3 - "$S/records/data/0" metrics <<'END'
import errno, os, sys
opened = []
def open_until_refused():
    try:
        while len(opened) < 300:
            opened.append(os.open(sys.argv[1], os.O_RDONLY))
    except OSError as error:
        assert error.errno == errno.ENOMEM, error
open_until_refused()
assert len(opened) == 256, len(opened)
assert f"}} {256 << 20}\n" in open(sys.argv[2]).read().split("\ncheckpointfs_batch_bytes")[1]
assert os.pread(opened[255], 5, (1 << 20) - 3) == b"zzz"
os.close(opened.pop())
open_until_refused()
assert len(opened) == 256, len(opened)
END
    error_says "$S/records/data/0" open ENOMEM '256 MiB: close some, or mount with a smaller batch='
    eventually no_batches 2>"$DIR/messages"
    cmp "$S/records/data/0" "$DIR/data"
}

# ---- secrets

@test "no payload is in errors, commits, status, metrics or the system's log" {
    cd /
    begin_log
    remount_store -o debug
    printf 'PAYLOAD-of-one\nPAYLOAD \\n\n' >"$NEW"
    printf 'PAYLOAD\377\n' >"$NEW"
    cat "$NOW" "$S"/records/{earliest,at/1,since/1h,data/1} >"$DIR/batch"
    head -n 1 "$NOW" >"$P/checkpoint"
    refused "" cp "$NOW" "$P/checkpoint"
    head -n 1 "$NOW" | head -c 85 >"$DIR/cut"
    grep -q PAYLOAD "$DIR/cut"
    refused "" cp "$DIR/cut" "$P/checkpoint"
    refused "" cp "$DIR/cut" "$C"
    (head -c 1048576 /dev/zero && echo PAYLOAD) | tr '\0' P >"$DIR/large"
    refused "" cp "$DIR/large" "$NEW"
    eventually eval 'log_of_mount | grep -q append_records'
    is "$(log_of_mount | grep -c PAYLOAD) $(grep -h PAYLOAD errors commits status metrics "$P/status")" "0 "
}
