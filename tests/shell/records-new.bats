# shellcheck shell=bats
# shellcheck disable=SC2016 # what other shells are to expand
# shellcheck disable=SC2002 # wc alone would trust the size
# Appending records to the embedded store.

load helper
load records
load readers

setup() {
    needs jq sqlite3
    begin
}

# ---- new

@test "each line that is written is a record: echo, printf, cat, dd" {
    echo one >"$NEW"
    echo two >>"$NEW"
    printf 'three\nfour' >"$NEW"
    printf 'five\n%s\n' six | cat >>"$NEW"
    printf 'seven\neight\n' | dd of="$NEW" bs=1 status=none
    printf 'nine\nten\n' | tee "$NEW" >"$DIR/copy"
    is "$(data_of "$NOW" | xargs)" "one two three four five six seven eight nine ten"
    is "$(cat "$S/latest")" 10
}

@test "a line is acknowledged when it is stored, and the rest at close" {
    needs python3
    run -0 python3 - "$NEW" "$NOW" <<'END'
import json, os, sys
fd = os.open(sys.argv[1], os.O_WRONLY)
def stored():
    return [json.loads(line)["data"] for line in open(sys.argv[2])]
for text in (b"one\ntwo", b" and more\nthr", b"ee"):
    os.write(fd, text)
    print(stored())
os.fsync(fd)
print(stored())
os.write(fd, b"four")
os.close(os.dup(fd))
os.write(fd, b"five")
os.close(fd)
print(stored()[3:])
END
    is "$output" "['one']
['one', 'two and more']
['one', 'two and more']
['one', 'two and more', 'three']
['four', 'five']"
}

@test "empty lines are empty records, and an empty file is none" {
    printf '\n\nx\n\n' >"$NEW"
    is "$(jq -c .data "$NOW" | xargs -d '\n')" '"" "" "x" ""'
    is "$(cat "$S/records/data/0" | wc -c)" 0
    : >"$NEW"
    cat /dev/null >>"$NEW"
    touch "$NEW"
    is "$(cat "$S/latest")" 4
}

@test "a record may hold any bytes but a newline, a NUL too" {
    needs perl
    perl -e 'print join("", map { chr } grep { $_ != 10 } 0 .. 255)' >"$DIR/data"
    cp "$DIR/data" "$NEW"
    cmp "$S/records/data/0" "$DIR/data"
    printf 'a\0b\r\n' >"$NEW"
    is "$(xxd -p <"$S/records/data/1")" 6100620d
}

@test "a file of 5 MB becomes all its lines, and a batch of which any part can be read" {
    needs python3
    seq -f '%06.0f a line as long as others are, of which there are many' 0 79999 >"$DIR/lines"
    remount_store -o batch=16777216
    cat "$DIR/lines" >"$NEW"
    data_of "$NOW" | cmp - "$DIR/lines"
    python3 - "$NOW" <<'END'
import mmap, os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
size = os.fstat(fd).st_size
text = b""
while piece := os.read(fd, size):
    text += piece
assert len(text) == size and text.count(b"\n") == 80000, (len(text), size)
assert mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_READ)[:] == text
for offset in (0, 1, 4095, 4096, 1 << 20, size - 1, size, size + 5000):
    assert os.pread(fd, 5000, offset) == text[offset:offset + 5000], offset
END
}

@test "a record has at most 1 MiB: with a byte more nothing is stored, EFBIG" {
    head -c 1048576 /dev/zero | tr '\0' x >"$DIR/data"
    dd if="$DIR/data" of="$NEW" bs=3M status=none
    cmp "$S/records/data/0" "$DIR/data"
    echo x >>"$DIR/data"
    refused "File too large" cp "$DIR/data" "$NEW"
    refused "File too large" dd if="$DIR/data" of="$NEW" bs=1000 status=none
    refused "File too large" dd if="$DIR/data" of="$NEW" bs=3M status=none
    refused "File too large" dd if=/dev/zero of="$NEW" bs=1M count=5 status=none
    error_says "$NEW" write EFBIG 'at most 1048576 bytes'
    is "$(cat "$S/latest")" 1
}

@test "what an open file has refused it refuses further, until it is opened anew" {
    needs python3
    python3 - "$NEW" <<'END'
import errno, os, sys
fd = os.open(sys.argv[1], os.O_WRONLY)
os.write(fd, b"one\ntw")
def refused(text):
    try:
        return os.write(fd, text)
    except OSError as error:
        return errno.errorcode[error.errno]
written = refused(b"x" * 1048577 + b"\n") # the kernel passes on pieces, and a short count if the first ones were taken
assert written == "EFBIG" or written < 1048577, written
if written != "EFBIG":
    assert refused(b"\n" * 2) == "EFBIG"
for text in (b"\n", b"four\n", b"five"):
    assert refused(text) == "EFBIG", text
os.close(fd)
END
    is "$(data_of "$NOW" | xargs)" one
    is "$(cut -f 4 errors | grep -c EFBIG)" 1
    echo two >"$NEW"
    is "$(data_of "$NOW" | xargs)" "one two"
}

@test "many writers at once lose and mix nothing" {
    local pids=() writer
    for writer in a b c d; do
        in_background bash -c 'for i in {1..50}; do echo "$0$i" >>"$1"; done' "$writer" "$NEW"
        pids+=("$!")
    done
    wait_all "${pids[@]}"
    is "$(data_of "$NOW" | sort | uniq -c | awk '{ print $1 }' | sort | uniq -c | xargs)" "200 1"
    for writer in a b c d; do
        is "$(data_of "$NOW" | grep "^$writer" | xargs)" "$(seq -f "$writer%.0f" 1 50 | xargs)"
    done
}

@test "new cannot be read, and nothing is made or removed beside it" {
    refused "Permission denied" cat "$NEW"
    refused "Permission denied" cp "$NEW" "$DIR/copy"
    refused "Permission denied" dd if=/dev/null of="$NEW" bs=1 conv=notrunc,sync oflag=direct,append if="$NEW"
    refused "" touch "$S/records/other"
    refused "" mkdir "$S/records/other"
    refused "" rm "$NEW"
    refused "" mv "$NEW" "$S/records/old"
    refused "" put "$NOW" hello
    refused "" put "$S/records/data/0" hello
    is "$(cat "$S/latest")" 0
}

@test "a record that cannot be stored fails the write" {
    put "$S/latest" 9223372036854775807
    refused "Numerical result out of range" put "$NEW" hello
    error_says "$NEW" write ERANGE 'no numbers left'
}
